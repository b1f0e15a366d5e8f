package descriptor_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

func jiraApp() *descriptor.App {
	return &descriptor.App{
		Key:         "com.example.reviews",
		Name:        "Reviews",
		Description: "Asks people to review an issue.",
		BaseURL:     "https://reviews.example.com/jira",
		Vendor:      descriptor.Vendor{Name: "Example", URL: "https://example.com"},
		Links:       map[string]string{"self": "https://reviews.example.com/jira/atlassian-connect.json", "homepage": "https://example.com/reviews"},
		Lifecycle: descriptor.Lifecycle{
			Installed: "/installed", Uninstalled: "/uninstalled", Enabled: "/enabled", Disabled: "/disabled",
			DareMigration: "/dare",
		},
		Scopes:            descriptor.Scopes{descriptor.Read, descriptor.Write, descriptor.ActAsUser},
		APIVersion:        3,
		EnableLicensing:   true,
		APIMigrations:     descriptor.APIMigrations{GDPR: new(true), ContextQSH: new(true)},
		Translations:      descriptor.Translations{Paths: map[string]string{"de-DE": "/i18n/de.json", "en-US": "https://cdn.example.net/en.json"}},
		RegionBaseURLs:    map[string]string{"EU": "https://eu.reviews.example.com", "US": "https://us.reviews.example.com"},
		DataResidency:     descriptor.DataResidency{MaxMigrationDurationHours: 12},
		CloudAppMigration: descriptor.CloudAppMigration{MigrationWebhookPath: "/migration"},
		EditionsEnabled:   true,
		Modules:           jiraModules(),
		Extra:             map[string]json.RawMessage{"version": json.RawMessage(`"1.2.3"`)},
	}
}

func jiraModules() descriptor.Modules {
	label := descriptor.IssueLabel{Type: descriptor.ContentLabel, Label: descriptor.Plain("Reviews")}
	panel := descriptor.IssueTarget{Type: descriptor.TargetWebPanel, URL: "/glance?issue={issue.key}"}
	icon := &descriptor.Icon{URL: "/static/icon.svg", Width: 16, Height: 16}
	return descriptor.Modules{
		GeneralPages: []descriptor.Page{{
			Key: "overview", Name: descriptor.Text{Value: "Reviews", I18n: "overview.name"}, URL: "/overview?tab=all",
			Location: "system.top.navigation.bar", Icon: icon, Weight: new(0), Cacheable: true,
			Conditions: []descriptor.Condition{
				{Condition: "user_is_logged_in"},
				{Type: descriptor.OperatorOr, Conditions: []descriptor.Condition{
					{Condition: "user_is_admin", Invert: true},
					{And: []descriptor.Condition{{Condition: "addon_is_licensed"}, {Condition: "has_global_permission", Params: map[string]descriptor.Param{"permission": {Text: "BROWSE"}}}}},
				}},
				{Or: []descriptor.Condition{{Condition: "entity_property_equal_to", Params: map[string]descriptor.Param{"value": {Raw: json.RawMessage("true")}}}}},
			},
			Params: map[string]descriptor.Param{"b": {Text: "2"}, "a": {Text: "1"}},
		}},
		AdminPages:      []descriptor.AdminPage{{Key: "admin", Name: descriptor.Plain("Administration"), URL: "/admin", FullPage: true}},
		ConfigurePage:   &descriptor.AdminPage{Key: "configure", Name: descriptor.Plain("Configure"), URL: "/configure"},
		PostInstallPage: &descriptor.Page{Key: "start", Name: descriptor.Plain("Get started"), URL: "/start"},
		WebPanels: []descriptor.WebPanel{{
			Key: "panel", Name: descriptor.Plain("Reviews"), URL: "/panel/{issue.key}?project={project.id}",
			Location: "atl.jira.view.issue.right.context", Layout: &descriptor.Layout{Width: "100%", Height: "200px"},
			Tooltip: descriptor.Plain("Who reviews this"), Weight: new(50), SupportsNative: true,
		}},
		WebItems: []descriptor.WebItem{
			{
				Key: "ask", Name: descriptor.Plain("Ask for a review"), URL: "/ask/{issue.key}", Location: "operations-operations",
				Target: &descriptor.Target{Type: descriptor.TargetDialog, Options: &descriptor.TargetOptions{
					Size: descriptor.SizeXLarge, Chrome: new(false), Header: descriptor.Plain("Ask"),
				}},
				StyleClasses: []string{"ask-button"}, Icon: icon,
			},
			{
				Key: "open", Name: descriptor.Plain("Open"), Location: "operations-operations",
				Target: &descriptor.Target{Type: descriptor.TargetDialogModule, Options: &descriptor.TargetOptions{Key: "dialog"}},
			},
			{Key: "board", Name: descriptor.Plain("Board"), URL: "/boards", Context: descriptor.ContextProduct, Location: "top"},
		},
		Dialogs: []descriptor.Dialog{{
			Key: "dialog", URL: "/dialog",
			Options: &descriptor.DialogOptions{Width: "400px", Height: "300px", Header: descriptor.Plain("Review")},
		}},
		Webhooks: []descriptor.Webhook{
			{Event: "jira:issue_updated", URL: "/hooks/issue?issue={issue.key}", Filter: "project = DEMO", PropertyKeys: []string{"reviews"}},
			{Key: "comments", Event: "comment_created", URL: "/hooks/comment", ExcludeBody: true},
		},
		JiraIssueGlances:  []descriptor.IssueContext{{Key: "glance", Name: descriptor.Plain("Reviews"), Icon: icon, Content: label, Target: panel}},
		JiraIssueContexts: []descriptor.IssueContext{{Key: "context", Name: descriptor.Plain("Reviews"), Icon: icon, Content: label, Target: panel, JiraNativeAppsEnabled: true}},
		JiraIssueContents: []descriptor.IssueContent{{
			Key: "content", Name: descriptor.Plain("Review"), Icon: icon, Tooltip: descriptor.Plain("Show the review"), Target: panel,
			ContentPresentConditions: []descriptor.Condition{{Condition: "user_is_logged_in"}},
		}},
		Extra: map[string]json.RawMessage{"jiraRumours": json.RawMessage(`[{"key":"report","name":{"value":"Report"},"url":"/report","description":{"value":"All"}}]`)},
	}
}

func confluenceApp() *descriptor.App {
	return &descriptor.App{
		Key:            "com.example.charts",
		BaseURL:        "https://charts.example.com",
		Authentication: descriptor.Authentication{Type: descriptor.AuthJWT},
		Lifecycle:      descriptor.Lifecycle{Installed: "/installed"},
		Scopes:         descriptor.Scopes{descriptor.Read, descriptor.SpaceAdmin},
		Modules: descriptor.Modules{
			DynamicContentMacros: []descriptor.DynamicContentMacro{{
				Key: "chart", Name: descriptor.Plain("Chart"), URL: "/chart?page={page.id}&type={type}",
				Description: descriptor.Plain("Draws a chart."), Icon: &descriptor.Icon{URL: "/chart.png"},
				Documentation: &descriptor.Link{URL: "https://example.com/help", Title: "Help"},
				Categories:    []string{"visuals"}, Aliases: []string{"graph"},
				BodyType: descriptor.BodyPlainText, OutputType: descriptor.OutputInline, Width: "200px", Height: "100px",
				Parameters: []descriptor.MacroParameter{{
					Identifier: "type", Name: descriptor.Plain("Type"), Type: descriptor.ParameterEnum, Required: true,
					DefaultValue: new("bar"), Values: []string{"bar", "line"}, Indexing: &descriptor.Indexing{Enabled: true},
				}},
				Editor: &descriptor.MacroEditor{URL: "/editor", InsertTitle: descriptor.Plain("New chart"), Cacheable: true},
				PropertyPanel: &descriptor.PropertyPanel{URL: "/properties", Controls: []descriptor.Control{
					{Type: descriptor.ControlToggleGroup, MacroParameter: "type", Controls: []descriptor.Control{
						{Type: descriptor.ControlToggleButton, Key: "bar", Label: descriptor.Plain("Bar"), MacroParameterValue: new("bar")},
					}},
				}},
				Autoconvert:      &descriptor.Autoconvert{URLParameter: "url", Matchers: []descriptor.Matcher{{Pattern: "https://charts.example.com/c/{}"}}},
				ImagePlaceholder: &descriptor.ImagePlaceholder{URL: "/placeholder", Width: 100, ApplyChrome: true},
				RenderModes:      &descriptor.RenderModes{Default: &descriptor.StaticMacro{URL: "/static"}, PDF: &descriptor.StaticMacro{URL: "/static/pdf"}},
				RefDataSchema:    &descriptor.RefDataSchema{OutputType: "table"},
				Featured:         true,
			}},
		},
	}
}

// The same descriptor as a Go value and as a document: writing gives the
// document, byte for byte, and reading gives the value.
func TestGoldenDocuments(t *testing.T) {
	for name, app := range map[string]*descriptor.App{"jira.json": jiraApp(), "confluence.json": confluenceApp()} {
		t.Run(name, func(t *testing.T) {
			got, err := app.JSON()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
			for range 20 {
				if again, _ := app.Clone().JSON(); string(again) != string(got) {
					t.Fatal("the bytes are not stable")
				}
			}
			read, err := descriptor.Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			// Raw JSON was indented by the writing; in one line both are alike.
			if got, want := oneLine(t, read), oneLine(t, app); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			read.Extra, read.Modules.Extra, app.Extra, app.Modules.Extra = nil, nil, nil, nil
			if !reflect.DeepEqual(read, app) {
				t.Errorf("reading gave\n%+v\nwant\n%+v", read, app)
			}
			if err := app.WithDefaults().Validate("").Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The served form of both documents, with its defaults.
func TestGoldenDefaults(t *testing.T) {
	for name, app := range map[string]*descriptor.App{"jira.served.json": jiraApp(), "confluence.served.json": confluenceApp()} {
		got, err := app.WithDefaults().JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
	}
}

func oneLine(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
