package descriptor_test

import (
	"slices"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestEndpointsJira(t *testing.T) {
	const (
		life, frame, hook = descriptor.EndpointLifecycle, descriptor.EndpointFrame, descriptor.EndpointWebhook
		remote, public    = descriptor.EndpointRemote, descriptor.EndpointPublic
		dare, icon        = `lifecycle["dare-migration"]`, "/static/icon.svg"
		glance            = "/glance?issue={issue.key}"
	)
	want := []descriptor.Endpoint{
		{Path: "lifecycle.installed", URL: "/installed", Route: "/installed", Method: "POST", Kind: life, Event: "installed"},
		{Path: "lifecycle.uninstalled", URL: "/uninstalled", Route: "/uninstalled", Method: "POST", Kind: life, Event: "uninstalled"},
		{Path: "lifecycle.enabled", URL: "/enabled", Route: "/enabled", Method: "POST", Kind: life, Event: "enabled"},
		{Path: "lifecycle.disabled", URL: "/disabled", Route: "/disabled", Method: "POST", Kind: life, Event: "disabled"},
		{Path: dare, URL: "/dare", Route: "/dare/schedule", Method: "POST", Kind: remote, Event: "dare-migration/schedule"},
		{Path: dare, URL: "/dare", Route: "/dare/start", Method: "POST", Kind: remote, Event: "dare-migration/start"},
		{Path: dare, URL: "/dare", Route: "/dare/status", Method: "GET", Kind: remote, Event: "dare-migration/status"},
		{Path: dare, URL: "/dare", Route: "/dare/commit", Method: "POST", Kind: remote, Event: "dare-migration/commit"},
		{Path: dare, URL: "/dare", Route: "/dare/rollback", Method: "POST", Kind: remote, Event: "dare-migration/rollback"},
		{Path: "modules.generalPages[0].url", URL: "/overview?tab=all", Route: "/overview", Method: "GET", Kind: frame, Module: "generalPages", Key: "overview", Cacheable: true},
		{Path: "modules.generalPages[0].icon.url", URL: icon, Route: icon, Method: "GET", Kind: public, Module: "generalPages", Key: "overview"},
		{Path: "modules.adminPages[0].url", URL: "/admin", Route: "/admin", Method: "GET", Kind: frame, Module: "adminPages", Key: "admin"},
		{Path: "modules.configurePage.url", URL: "/configure", Route: "/configure", Method: "GET", Kind: frame, Module: "configurePage", Key: "configure"},
		{Path: "modules.postInstallPage.url", URL: "/start", Route: "/start", Method: "GET", Kind: frame, Module: "postInstallPage", Key: "start"},
		{Path: "modules.webPanels[0].url", URL: "/panel/{issue.key}?project={project.id}", Route: "/panel/{issue.key}", Method: "GET", Kind: frame, Module: "webPanels", Key: "panel"},
		{Path: "modules.webItems[0].icon.url", URL: icon, Route: icon, Method: "GET", Kind: public, Module: "webItems", Key: "ask"},
		{Path: "modules.webItems[0].url", URL: "/ask/{issue.key}", Route: "/ask/{issue.key}", Method: "GET", Kind: frame, Module: "webItems", Key: "ask"},
		{Path: "modules.dialogs[0].url", URL: "/dialog", Route: "/dialog", Method: "GET", Kind: frame, Module: "dialogs", Key: "dialog"},
		{Path: "modules.webhooks[0].url", URL: "/hooks/issue?issue={issue.key}", Route: "/hooks/issue", Method: "POST", Kind: hook, Module: "webhooks", Event: "jira:issue_updated"},
		{Path: "modules.webhooks[1].url", URL: "/hooks/comment", Route: "/hooks/comment", Method: "POST", Kind: hook, Module: "webhooks", Key: "comments", Event: "comment_created"},
		{Path: "modules.jiraIssueGlances[0].icon.url", URL: icon, Route: icon, Method: "GET", Kind: public, Module: "jiraIssueGlances", Key: "glance"},
		{Path: "modules.jiraIssueGlances[0].target.url", URL: glance, Route: "/glance", Method: "GET", Kind: frame, Module: "jiraIssueGlances", Key: "glance"},
		{Path: "modules.jiraIssueContexts[0].icon.url", URL: icon, Route: icon, Method: "GET", Kind: public, Module: "jiraIssueContexts", Key: "context"},
		{Path: "modules.jiraIssueContexts[0].target.url", URL: glance, Route: "/glance", Method: "GET", Kind: frame, Module: "jiraIssueContexts", Key: "context"},
		{Path: "modules.jiraIssueContents[0].icon.url", URL: icon, Route: icon, Method: "GET", Kind: public, Module: "jiraIssueContents", Key: "content"},
		{Path: "modules.jiraIssueContents[0].target.url", URL: glance, Route: "/glance", Method: "GET", Kind: frame, Module: "jiraIssueContents", Key: "content"},
		{Path: `translations.paths["de-DE"]`, URL: "/i18n/de.json", Route: "/i18n/de.json", Method: "GET", Kind: public},
		{Path: "cloudAppMigration.migrationWebhookPath", URL: "/migration", Route: "/migration", Method: "POST", Kind: remote},
	}
	compareEndpoints(t, jiraApp().Endpoints(), want)
}

func TestEndpointsConfluence(t *testing.T) {
	const at, module, key = "modules.dynamicContentMacros[0].", "dynamicContentMacros", "chart"
	want := []descriptor.Endpoint{
		{Path: "lifecycle.installed", URL: "/installed", Route: "/installed", Method: "POST", Kind: descriptor.EndpointLifecycle, Event: "installed"},
		{Path: at + "url", URL: "/chart?page={page.id}&type={type}", Route: "/chart", Method: "GET", Kind: descriptor.EndpointFrame, Module: module, Key: key},
		{Path: at + "icon.url", URL: "/chart.png", Route: "/chart.png", Method: "GET", Kind: descriptor.EndpointPublic, Module: module, Key: key},
		{Path: at + "editor.url", URL: "/editor", Route: "/editor", Method: "GET", Kind: descriptor.EndpointFrame, Module: module, Key: key, Cacheable: true},
		{Path: at + "propertyPanel.url", URL: "/properties", Route: "/properties", Method: "GET", Kind: descriptor.EndpointFrame, Module: module, Key: key},
		{Path: at + "imagePlaceholder.url", URL: "/placeholder", Route: "/placeholder", Method: "GET", Kind: descriptor.EndpointImage, Module: module, Key: key},
		{Path: at + "renderModes.default.url", URL: "/static", Route: "/static", Method: "GET", Kind: descriptor.EndpointRemote, Module: module, Key: key},
		{Path: at + "renderModes.pdf.url", URL: "/static/pdf", Route: "/static/pdf", Method: "GET", Kind: descriptor.EndpointRemote, Module: module, Key: key},
	}
	compareEndpoints(t, confluenceApp().Endpoints(), want)
}

func compareEndpoints(t *testing.T, got, want []descriptor.Endpoint) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%d: missing %+v", i, want[i])
		case i >= len(want):
			t.Errorf("%d: surplus %+v", i, got[i])
		case got[i] != want[i]:
			t.Errorf("%d: got  %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestEndpointOfDocumentation(t *testing.T) {
	app := confluenceApp()
	app.Modules = descriptor.Modules{DynamicContentMacros: []descriptor.DynamicContentMacro{{
		Key: "m", Documentation: &descriptor.Link{URL: "/help#top"},
	}}}
	compareEndpoints(t, app.Endpoints()[1:], []descriptor.Endpoint{{
		Path: "modules.dynamicContentMacros[0].documentation.url", URL: "/help#top", Route: "/help", Method: "GET",
		Kind: descriptor.EndpointPublic, Module: "dynamicContentMacros", Key: "m",
	}})
}

// Which URLs are the app's own, and which path they have.
func TestEndpointRoutes(t *testing.T) {
	const base = "https://a.example.com/base/"
	tests := []struct {
		name, url, route string
	}{
		{"relative", "/p", "/p"},
		{"root", "/", "/"},
		{"query", "/p?x={issue.key}#f", "/p"},
		{"fragment", "/p#f?x", "/p"},
		{"only a query", "?x=1", "/"},
		{"without a slash", "p/q", "/p/q"},
		{"variables", "/p/{project.key}/{issue.key}.html?a={b}", "/p/{project.key}/{issue.key}.html"},
		{"condition in a variable", "/p/{condition.x(a=b)}/q", "/p/{condition.x(a=b)}/q"},
		{"absolute below the base", "https://a.example.com/base/p?q", "/p"},
		{"absolute, other case of the host", "HTTPS://A.example.com/base/p", "/p"},
		{"the base itself", "https://a.example.com/base", "/"},
		{"the base with a query", "https://a.example.com/base?q", "/"},
		{"other case of the path", "https://a.example.com/Base/p", ""},
		{"longer word", "https://a.example.com/based/p", ""},
		{"other port", "https://a.example.com:444/base/p", ""},
		{"other scheme", "http://a.example.com/base/p", ""},
		{"other host", "https://a.example.com.evil.net/base/p", ""},
		{"other path", "https://a.example.com/p", ""},
		{"without a scheme", "//a.example.com/base/p", ""},
		{"no server", "mailto:a@example.com", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := &descriptor.App{BaseURL: base, Modules: descriptor.Modules{Dialogs: []descriptor.Dialog{{Key: "d", URL: tt.url}}}}
			var want []descriptor.Endpoint
			if tt.route != "" {
				want = []descriptor.Endpoint{{
					Path: "modules.dialogs[0].url", URL: tt.url, Route: tt.route, Method: "GET",
					Kind: descriptor.EndpointFrame, Module: "dialogs", Key: "d",
				}}
			}
			compareEndpoints(t, app.Endpoints(), want)
		})
	}
	app := &descriptor.App{Modules: descriptor.Modules{Dialogs: []descriptor.Dialog{{URL: "https://a.example.com/p"}}}}
	if got := app.Endpoints(); got != nil {
		t.Errorf("without a base URL: got %+v", got)
	}
}

func TestEndpointsOfWebItems(t *testing.T) {
	tests := []struct {
		name string
		item descriptor.WebItem
		want descriptor.EndpointKind
	}{
		{"relative", descriptor.WebItem{URL: "/p"}, descriptor.EndpointFrame},
		{"said to be the app's", descriptor.WebItem{URL: "/p", Context: "ADDON"}, descriptor.EndpointFrame},
		{"of the product", descriptor.WebItem{URL: "/p", Context: descriptor.ContextProduct}, ""},
		{"a page's key", descriptor.WebItem{URL: "p", Context: descriptor.ContextPage}, ""},
		{"a plain link into the app", descriptor.WebItem{URL: "https://a.example.com/p"}, descriptor.EndpointPublic},
		{"a plain link elsewhere", descriptor.WebItem{URL: "https://b.example.com/p"}, ""},
		{"a dialog", descriptor.WebItem{URL: "/p", Target: &descriptor.Target{Type: descriptor.TargetDialog}}, descriptor.EndpointFrame},
		{"a dialog module", descriptor.WebItem{URL: "/p", Target: &descriptor.Target{Type: "DIALOGMODULE"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := &descriptor.App{BaseURL: "https://a.example.com", Modules: descriptor.Modules{WebItems: []descriptor.WebItem{tt.item}}}
			var want []descriptor.EndpointKind
			if tt.want != "" {
				want = append(want, tt.want)
			}
			var got []descriptor.EndpointKind
			for _, e := range app.Endpoints() {
				got = append(got, e.Kind)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestEndpointSigned(t *testing.T) {
	tests := []struct {
		endpoint descriptor.Endpoint
		want     bool
	}{
		{descriptor.Endpoint{Kind: descriptor.EndpointLifecycle}, true},
		{descriptor.Endpoint{Kind: descriptor.EndpointFrame}, true},
		{descriptor.Endpoint{Kind: descriptor.EndpointFrame, Cacheable: true}, false},
		{descriptor.Endpoint{Kind: descriptor.EndpointWebhook}, true},
		{descriptor.Endpoint{Kind: descriptor.EndpointRemote}, true},
		{descriptor.Endpoint{Kind: descriptor.EndpointImage}, false},
		{descriptor.Endpoint{Kind: descriptor.EndpointPublic}, false},
	}
	for _, tt := range tests {
		if got := tt.endpoint.Signed(); got != tt.want {
			t.Errorf("%+v: got %v, want %v", tt.endpoint, got, tt.want)
		}
	}
}
