package descriptor_test

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestExpandURL(t *testing.T) {
	values := map[string]string{"issue.key": "DEMO-1", "odd": "a b/c?d&e+f%é{x}", "empty": ""}
	for template, want := range map[string]string{
		"":                                "",
		"/p":                              "/p",
		"/p/{issue.key}":                  "/p/DEMO-1",
		"/p/{odd}/q":                      "/p/a%20b%2Fc%3Fd%26e%2Bf%25%C3%A9%7Bx%7D/q",
		"/p?x={odd}&y={issue.key}#f":      "/p?x=a+b%2Fc%3Fd%26e%2Bf%25%C3%A9%7Bx%7D&y=DEMO-1#f",
		"/{odd}?x={odd}":                  "/a%20b%2Fc%3Fd%26e%2Bf%25%C3%A9%7Bx%7D?x=a+b%2Fc%3Fd%26e%2Bf%25%C3%A9%7Bx%7D",
		"/p/{empty}/{unknown}/q?z={none}": "/p///q?z=",
		"/p/{}":                           "/p/",
		"/p/{issue.key":                   "/p/{issue.key",
		"/p/issue.key}":                   "/p/issue.key}",
		"/p/{a{issue.key}}":               "/p/{a{issue.key}}",
	} {
		got := descriptor.ExpandURL(template, func(name string) (string, bool) {
			value, ok := values[name]
			return value, ok
		})
		if got != want {
			t.Errorf("%s: got %s, want %s", template, got, want)
		}
	}
}

// Whatever a value holds, it stays one segment of the path or one value of the
// query.
func FuzzExpandURL(f *testing.F) {
	f.Add("a b/c?d&e")
	f.Add("..")
	f.Add("\x00{}%")
	f.Fuzz(func(t *testing.T, value string) {
		got := descriptor.ExpandURL("/a/{v}/b?x={v}&y=1", func(string) (string, bool) { return value, true })
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if len(segments) != 4 || segments[1] != "a" || segments[3] != "b" {
			t.Errorf("%q has another path", got)
		}
		if inPath, err := url.PathUnescape(segments[2]); err != nil || inPath != value {
			t.Errorf("%q: got %q in the path, %v", got, inPath, err)
		}
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil || len(query) != 2 || query.Get("x") != value || query.Get("y") != "1" {
			t.Errorf("%q: got %v, %v", got, query, err)
		}
	})
}

func TestContextParameters(t *testing.T) {
	for _, tt := range []struct {
		product descriptor.Product
		kind    string
		has     []string
		not     []string
		any     bool
	}{
		{jira, "webPanels", []string{"issue.key", "board.id", "servicedesk.requestId"}, []string{"content.id"}, false},
		{confluence, "webPanels", []string{"content.id"}, []string{"issue.key"}, false},
		{"", "webPanels", []string{"content.id", "issue.key"}, nil, false},
		{jira, "jiraDashboardItems", []string{"dashboardItem.id"}, []string{"issue.key"}, false},
		{"", "generalPages", []string{"ac.*"}, nil, false},
		{jira, "assetPanels", nil, nil, true},
		{jira, "jiraBackgroundScripts", nil, nil, false},
		{"", "", nil, nil, false},
		{"", "holograms", nil, nil, false},
	} {
		names, any := descriptor.ContextParameters(tt.product, tt.kind)
		for _, name := range tt.has {
			if !slices.Contains(names, name) {
				t.Errorf("%s of %s: %s is not in %v", tt.kind, tt.product, name, names)
			}
		}
		for _, name := range tt.not {
			if slices.Contains(names, name) {
				t.Errorf("%s of %s: %s is in %v", tt.kind, tt.product, name, names)
			}
		}
		if any != tt.any || tt.has == nil && names != nil {
			t.Errorf("%s of %s: got %v, %v", tt.kind, tt.product, names, any)
		}
	}
}

// The page on context parameters is made from the code.
func TestContextParametersPage(t *testing.T) {
	const file = "CONTEXT.md"
	var b strings.Builder
	b.WriteString("# Context parameters\n\n" +
		"What the host puts in the place of a name in braces, such as `/panel?issue={issue.key}`, by kind of module.\n" +
		"`Validate` warns of other names, which become empty. The names are those of Atlassian's documentation; a host may\n" +
		"bind more. A name is a whole part of the path or the whole value of a parameter. Any condition can be asked too:\n" +
		"`{condition.user_is_admin}` becomes `true` or `false`. Macros bind their own parameters as well.\n\n" +
		"| kind of module | in Jira | in Confluence |\n|---|---|---|\n")
	for _, kind := range kindNames() {
		cells := make([]string, 0, 2)
		for _, p := range []descriptor.Product{jira, confluence} {
			names, any := descriptor.ContextParameters(p, kind)
			switch {
			case any:
				cells = append(cells, "any name")
			case len(names) == 0:
				cells = append(cells, "")
			default:
				cells = append(cells, "`"+strings.Join(names, "` `")+"`")
			}
		}
		if strings.Join(cells, "") != "" {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", kind, cells[0], cells[1])
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("%s is out of date (%v); go test ./descriptor -update writes it", file, err)
	}
}
