package connect_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/webhook"
)

func onEvent(context.Context, *webhook.Event) error { return nil }

// described gives the app a module of each kind that Check looks at.
func described(c *connect.Config) {
	text := descriptor.Text{Value: "Hello"}
	c.Descriptor.Modules = descriptor.Modules{
		GeneralPages: []descriptor.Page{{Key: "page", Name: text, URL: "/page/{project.key}?issue={issue.key}"}},
		WebPanels:    []descriptor.WebPanel{{Key: "panel", Name: text, URL: "/panel", Location: "atl.jira.view.issue.right.context", Cacheable: true}},
		Webhooks:     []descriptor.Webhook{{Event: "jira:issue_created", URL: "/hook?key={issue.key}"}},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(*world)
		want []string // parts of the findings, none for none
	}{
		{"all routed", func(w *world) {
			w.Page("/page/{project}", hello)
			w.CacheablePage("/panel", hello)
			w.Webhook("jira:issue_created", "/hook", onEvent)
		}, nil},
		{"nothing routed", func(*world) {}, []string{
			"modules.generalPages[0].url: no route serves GET /page/{project.key}",
			"modules.webPanels[0].url: no route serves GET /panel",
			"modules.webhooks[0].url: no route serves POST /hook",
		}},
		{"wrong kinds", func(w *world) {
			w.API("/page/{project}", hello)
			w.Page("/panel", hello)
			w.API("/hook", hello)
		}, []string{
			"/page/{project.key} is served by API, want Page or HostRequest",
			"/panel is served by Page, want CacheablePage",
			"/hook is served by API, want Webhook or HostRequest",
		}},
		{"wrong event", func(w *world) {
			w.Page("/page/{project}", hello)
			w.CacheablePage("/panel", hello)
			w.Webhook("jira:issue_updated", "/hook", onEvent)
		}, []string{
			"/hook is for jira:issue_created, and its route for jira:issue_updated",
			"modules.webhooks: the descriptor has no webhook for the route /hook and the event jira:issue_updated",
		}},
		{"a webhook too many", func(w *world) {
			w.Page("/page/{project}", hello)
			w.CacheablePage("/panel", hello)
			w.Webhook("jira:issue_created", "/hook", onEvent)
			w.Webhook("jira:issue_deleted", "/gone", onEvent)
		}, []string{"modules.webhooks: the descriptor has no webhook for the route /gone and the event jira:issue_deleted"}},
		{"a public page", func(w *world) {
			w.Public("/page/", http.HandlerFunc(hello))
			w.CacheablePage("/panel", hello)
			w.Webhook("jira:issue_created", "/hook", onEvent)
		}, []string{"/page/{project.key} is served by Public"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, described)
			c.open(w)
			err := w.Check()
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			if err != nil && strings.Count(err.Error(), "\n") != len(c.want) {
				t.Errorf("got %v, want %d findings", err, len(c.want))
			}
		})
	}
}

func TestCheckValidatesTheDescriptor(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Descriptor.Key = "no spaces allowed" })
	if err := w.Check(); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("got %v", err)
	}
}

func TestCheckPorts(t *testing.T) {
	for base, want := range map[string]bool{
		"https://a.example": true, "https://a.example:443": true, "https://a.example:8080": true,
		"https://a.example:8443": false, "http://127.0.0.1:4711": true,
	} {
		err := newWorld(t, func(c *connect.Config) { c.BaseURL = base }).Check()
		if (err == nil) != want {
			t.Errorf("%s: got %v", base, err)
		}
	}
}

func TestCheckBelowABasePath(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) {
		described(c)
		c.BaseURL = baseURL + "/a/b"
	})
	w.Page("/page/{project}", hello)
	w.CacheablePage("/panel", hello)
	w.Webhook("jira:issue_created", "/hook", onEvent)
	if err := w.Check(); err != nil {
		t.Error(err)
	}
}

// Which kinds of route serve which kinds of endpoint.
func TestCheckKinds(t *testing.T) {
	open := map[string]func(w *world, pattern string){
		"Page":          func(w *world, p string) { w.Page(p, hello) },
		"CacheablePage": func(w *world, p string) { w.CacheablePage(p, hello) },
		"HostRequest":   func(w *world, p string) { w.HostRequest(p, hello) },
		"API":           func(w *world, p string) { w.API(p, hello) },
		"Session":       func(w *world, p string) { w.Session(p, hello) },
		"Form":          func(w *world, p string) { w.Form(p, hello) },
		"Browser":       func(w *world, p string) { w.Browser(p, http.HandlerFunc(hello)) },
		"Webhook":       func(w *world, p string) { w.Webhook(descriptor.EventIssueCreated, p, onEvent) },
		"Public":        func(w *world, p string) { w.Public(p, http.HandlerFunc(hello)) },
	}
	text := descriptor.Plain("Text")
	for name, c := range map[string]struct {
		modules  descriptor.Modules
		pattern  string
		servedBy string
	}{
		"a page":           {descriptor.Modules{GeneralPages: []descriptor.Page{{Key: "m", Name: text, URL: "/m"}}}, "/m", "Page HostRequest"},
		"a cacheable page": {descriptor.Modules{GeneralPages: []descriptor.Page{{Key: "m", Name: text, URL: "/m", Cacheable: true}}}, "/m", "CacheablePage"},
		"a post function": {descriptor.Modules{JiraWorkflowPostFunctions: []descriptor.WorkflowPostFunction{{
			Key: "m", Name: text, Triggered: descriptor.WorkflowTrigger{URL: "/m"}}}}, "/m", "HostRequest"},
		"a JQL function": {descriptor.Modules{JiraJQLFunctions: []descriptor.JQLFunction{{
			Key: "m", Name: "f", URL: "/m/{project.id}", Types: []descriptor.JQLType{descriptor.JQLIssue}, Operators: []descriptor.JQLOperator{descriptor.JQLIn}, Arguments: []descriptor.JQLArgument{}}}},
			"/m/{x}", "HostRequest"},
		"an action in a window": {descriptor.Modules{JiraDeploymentInfoProvider: &descriptor.DeploymentInfoProvider{
			Key: "m", Name: text, HomeURL: "https://example.com", Actions: &descriptor.DeploymentActions{ListDeployments: &descriptor.Action{TemplateURL: baseURL + "/m?i={issue.key}"}}}},
			"/m", "Public CacheablePage Browser"},
		"an action in a window with a token": {descriptor.Modules{JiraDeploymentInfoProvider: &descriptor.DeploymentInfoProvider{
			Key: "m", Name: text, HomeURL: "https://example.com", Actions: &descriptor.DeploymentActions{ListDeployments: &descriptor.Action{TemplateURL: "/m?jwt={jwt}"}}}},
			"/m", "Page HostRequest"},
		"a picture": {descriptor.Modules{JiraProjectPages: []descriptor.ProjectPage{{Key: "m", Name: text, URL: "https://elsewhere.example.com", IconURL: "/m"}}}, "/m", "Public CacheablePage Browser"},
		"a webhook": {descriptor.Modules{Webhooks: []descriptor.Webhook{{Event: descriptor.EventIssueCreated, URL: "/m"}}}, "/m", "Webhook HostRequest"},
	} {
		for kind, openRoute := range open {
			w := newWorld(t, func(cfg *connect.Config) { cfg.Descriptor.Modules = c.modules })
			openRoute(w, c.pattern)
			refused := false
			for _, f := range w.Findings() {
				refused = refused || f.Rule == connect.RuleRoute && strings.HasPrefix(f.Path, "modules.") && f.Path != "modules.webhooks"
			}
			if want := !strings.Contains(" "+c.servedBy+" ", " "+kind+" "); refused != want {
				t.Errorf("%s by %s: refused %v, want %v: %v", name, kind, refused, want, w.Findings())
			}
		}
	}
}

// Findings have levels: what the host refuses is an error of Check, the rest is
// not.
func TestFindingsHaveLevels(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) {
		c.Descriptor.Modules.GeneralPages = []descriptor.Page{{Key: "p", Name: descriptor.Plain("P"), URL: "/p?x={isue.key}"}}
	})
	w.Page("/p", hello)
	if err := w.Check(); err != nil {
		t.Error(err)
	}
	found := w.Findings()
	if len(found) != 1 || found[0].Level != descriptor.LevelWarning || found[0].Rule != descriptor.RuleVariable {
		t.Errorf("got %v", found)
	}
}

// Routes may ask for numbers or keys, stand beside others that fit too, or be
// written without the escapes of the descriptor.
func TestCheckFindsRoutes(t *testing.T) {
	for _, c := range []struct {
		name, url string
		open      func(*world)
	}{
		{"numbers alone", "/content/{project.id}", func(w *world) { w.Page("/content/{id:[0-9]+}", hello) }},
		{"keys alone", "/issues/{issue.key}", func(w *world) { w.Page("/issues/{key:[A-Z]+-[0-9]+}", hello) }},
		{"both", "/p/{project.key}/{issue.id}", func(w *world) { w.Page("/p/{key:[A-Z]+}/{id:[0-9]+}", hello) }},
		{"long numbers", "/p/{issue.id}", func(w *world) { w.Page("/p/{id:[0-9]{4,}}", hello) }},
		{"beside another", "/{project.key}", func(w *world) { w.API("/x", hello); w.Page("/{key}", hello) }},
		{"escaped", "/a%20page", func(w *world) { w.Page("/a page", hello) }},
	} {
		w := newWorld(t, func(cfg *connect.Config) {
			cfg.Descriptor.Modules.GeneralPages = []descriptor.Page{{Key: "p", Name: descriptor.Plain("P"), URL: c.url}}
		})
		c.open(w)
		if err := w.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Webhooks of one URL, told apart by its query, go to one route.
func TestCheckWebhooksOfOneURL(t *testing.T) {
	w := newWorld(t, func(cfg *connect.Config) {
		cfg.Descriptor.Modules.Webhooks = []descriptor.Webhook{
			{Event: descriptor.EventIssueCreated, URL: "/hook?e=created"}, {Event: descriptor.EventIssueUpdated, URL: "/hook?e=updated"},
		}
	})
	w.HostRequest("/hook", hello)
	if err := w.Check(); err != nil {
		t.Error(err)
	}
}

// A webhook route is found beside another that takes other values.
func TestCheckFindsWebhookRoutes(t *testing.T) {
	w := newWorld(t, func(cfg *connect.Config) {
		cfg.Descriptor.Modules.Webhooks = []descriptor.Webhook{{Event: descriptor.EventIssueCreated, URL: "/hook/{issue.id}"}}
	})
	w.Webhook(descriptor.EventIssueCreated, "/hook/{id:[0-9]+}", onEvent)
	w.HostRequest("/hook/{any}", hello)
	if err := w.Check(); err != nil {
		t.Error(err)
	}
}

func TestCheckPortsOfRegions(t *testing.T) {
	w := newWorld(t, func(cfg *connect.Config) {
		cfg.Descriptor.RegionBaseURLs = map[string]string{"EU": "https://eu.example.com:8443"}
		cfg.OtherBaseURLs = []string{"https://other.example.com:9000"}
	})
	err := w.Check()
	if err == nil || !strings.Contains(err.Error(), "regionBaseUrls.EU: https://eu.example.com:8443: the host fetches") ||
		!strings.Contains(err.Error(), "baseUrl: https://other.example.com:9000: the host fetches") {
		t.Errorf("got %v", err)
	}
}

// A lifecycle callback that is served by the route of another event.
func TestCheckLifecycleEvents(t *testing.T) {
	w := newWorld(t, func(cfg *connect.Config) {
		cfg.Descriptor.Lifecycle = descriptor.Lifecycle{Installed: "/in", Uninstalled: "/out"}
	})
	if err := w.Check(); err != nil {
		t.Error(err)
	}
}
