package descriptor_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestDiff(t *testing.T) {
	const base = `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"scopes":["WRITE"],%}`
	for _, tt := range []struct {
		name          string
		before, after string
		changes       []string
		bump          descriptor.Bump
		approval      []string
		breaks        []string
	}{
		{"the same", `"name":"N"`, `"name":"N"`, nil, "none", nil, nil},
		{"spelt otherwise", `"authentication":{"type":"JWT"},"modules":{"configurePage":[{"key":"c"}],"webhooks":{"event":"e"}}`, `"authentication":{"type":"jwt"},"modules":{"configurePage":{"key":"c"},"webhooks":[{"event":"e"}]}`, nil, "none", nil, nil},
		{"an opt-in", `"name":"N"`, `"name":"N","apiMigrations":{"gdpr":true}`, []string{`+ apiMigrations: {"gdpr":true}`}, "micro", nil, nil},
		{"a key in another kind", `"modules":{"jiraIssueFields":[{"key":"f"}]}`, `"modules":{"dialogs":[{"key":"f"}]}`,
			[]string{`+ modules.dialogs["f"]: {"key":"f"}`, `- modules.jiraIssueFields["f"]: {"key":"f"}`}, "micro", nil,
			[]string{"the module f of jiraIssueFields is gone, and so is what sites made with it"}},
		{"a field of another type", `"modules":{"jiraIssueFields":[{"key":"f","type":"string"},{"key":"g","type":"TEXT"}]}`, `"modules":{"jiraIssueFields":[{"key":"f","type":"number"},{"key":"g","type":"text"}]}`,
			[]string{`~ modules.jiraIssueFields["f"].type: "string" -> "number"`, `~ modules.jiraIssueFields["g"].type: "TEXT" -> "text"`}, "micro", nil,
			[]string{"the field f was of type string, and what sites have in it stays so"}},
		{"keys that are there twice", `"modules":{"dialogs":[{"key":"x"},{"key":"x","url":"/1"}]}`, `"modules":{"dialogs":[{"key":"x"},{"key":"x","url":"/2"}]}`,
			[]string{`~ modules.dialogs: [{"key":"x"},{"key":"x","url":"/1"}] -> [{"key":"x"},{"key":"x","url":"/2"}]`}, "micro", nil, nil},
		{"a name", `"name":"N"`, `"name":"M & O"`, []string{`~ name: "N" -> "M & O"`}, "micro", nil, nil},
		{"added and removed", `"name":"N"`, `"description":"D"`, []string{`+ description: "D"`, `- name: "N"`}, "micro", nil, nil},
		{"a module by its key", `"modules":{"dialogs":[{"key":"x","url":"/x"},{"key":"y","url":"/y"}]}`, `"modules":{"dialogs":[{"key":"y","url":"/z"},{"key":"w","url":"/w"}]}`,
			[]string{`+ modules.dialogs["w"]: {"key":"w","url":"/w"}`, `- modules.dialogs["x"]: {"key":"x","url":"/x"}`, `~ modules.dialogs["y"].url: "/y" -> "/z"`}, "micro", nil, nil},
		{"the first module of its kind", ``, `"modules":{"dialogs":[{"key":"x"}]}`, []string{`+ modules.dialogs["x"]: {"key":"x"}`}, "micro", nil, nil},
		{"an empty list", ``, `"modules":{"dialogs":[]}`, []string{`+ modules.dialogs: []`}, "micro", nil, nil},
		{"modules without keys", `"modules":{"webhooks":[{"event":"e","url":"/e"}]}`, `"modules":{"webhooks":[]}`, []string{`~ modules.webhooks: [{"event":"e","url":"/e"}] -> []`}, "micro", nil, nil},
		{"numbers keep their digits", `"x":1.0`, `"x":1.00`, []string{`~ x: 1.0 -> 1.00`}, "micro", nil, nil},
		{"a scope that is implied", `"name":"N"`, `"name":"N","x":1`, []string{`+ x: 1`}, "micro", nil, nil},
		{"licensing", ``, `"enableLicensing":true`, []string{`+ enableLicensing: true`}, "minor", []string{"enableLicensing makes the app a paid one"}, nil},
		{"no more licensing", `"enableLicensing":true`, ``, []string{`- enableLicensing: true`}, "micro", nil, nil},
		{"a new apiVersion", `"apiVersion":1`, `"apiVersion":2`, []string{`~ apiVersion: 1 -> 2`}, "major", []string{"apiVersion changes from 1 to 2"}, nil},
		{"an odd apiVersion", ``, `"apiVersion":-3`, []string{`+ apiVersion: -3`}, "major", []string{"apiVersion changes from 1 to -3"}, nil},
		{"apiVersion 1 said out loud", ``, `"apiVersion":1`, []string{`+ apiVersion: 1`}, "micro", nil, nil},
		{"a field is gone", `"modules":{"jiraIssueFields":[{"key":"f"}],"dialogs":[{"key":"d"}]}`, `"modules":{}`,
			[]string{`- modules.dialogs["d"]: {"key":"d"}`, `- modules.jiraIssueFields["f"]: {"key":"f"}`}, "micro", nil,
			[]string{"the module f of jiraIssueFields is gone, and so is what sites made with it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := func(part string) *descriptor.App {
				return parse(t, strings.Replace(strings.Replace(base, ",%", map[bool]string{true: ",%", false: "%"}[part != ""], 1), "%", part, 1))
			}
			compareDifference(t, read(tt.before), read(tt.after), tt.changes, tt.bump, tt.approval, tt.breaks)
		})
	}
}

func TestDiffOfScopes(t *testing.T) {
	for _, tt := range []struct {
		before, after string
		bump          descriptor.Bump
		approval      []string
	}{
		{`["WRITE"]`, `["READ","WRITE"]`, "micro", nil},
		{`["read","write"]`, `["READ","WRITE"]`, "none", nil},
		{`["ADMIN"]`, `["READ"]`, "micro", nil},
		{`["READ"]`, `["WRITE","ACT_AS_USER"]`, "minor", []string{"the scope WRITE is new", "the scope ACT_AS_USER is new"}},
		{`["PROJECT_ADMIN"]`, `["SPACE_ADMIN"]`, "minor", []string{"the scope SPACE_ADMIN is new"}},
		{`["READ","WRITE"]`, `["WRITE","READ","READ"]`, "none", nil},
		{`[]`, `["WRITE","write"]`, "minor", []string{"the scope WRITE is new"}},
		{`[]`, `["NONE"]`, "micro", nil},
		{`[]`, `["NONSENSE"]`, "micro", nil},
	} {
		before, after := parse(t, `{"scopes":`+tt.before+`}`), parse(t, `{"scopes":`+tt.after+`}`)
		d, err := descriptor.Diff(before, after)
		if err != nil || d.Bump != tt.bump || !slices.Equal(d.Approval, tt.approval) {
			t.Errorf("%s to %s: got %+v, %v", tt.before, tt.after, d, err)
		}
	}
}

func TestDiffOfIdentity(t *testing.T) {
	before := &descriptor.App{Key: "a", BaseURL: "https://a.example.com"}
	after := &descriptor.App{Key: "b", BaseURL: "https://b.example.com"}
	compareDifference(t, before, after,
		[]string{`~ baseUrl: "https://a.example.com" -> "https://b.example.com"`, `~ key: "a" -> "b"`}, "micro", nil,
		[]string{
			"another key is another app: no site gets it as an upgrade",
			"another baseUrl reaches a site with its next upgrade; until then it calls the old one",
		})
}

func TestDiffRefuses(t *testing.T) {
	broken := &descriptor.App{Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}
	for _, pair := range [][2]*descriptor.App{{broken, {}}, {{}, broken}} {
		if d, err := descriptor.Diff(pair[0], pair[1]); err == nil || d != nil {
			t.Errorf("got %+v, %v", d, err)
		}
	}
}

func compareDifference(t *testing.T, before, after *descriptor.App, changes []string, bump descriptor.Bump, approval, breaks []string) {
	t.Helper()
	d, err := descriptor.Diff(before, after)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Changes {
		got = append(got, c.String())
	}
	if !slices.Equal(got, changes) {
		t.Errorf("changes:\ngot  %q\nwant %q", got, changes)
	}
	if d.Bump != bump || !slices.Equal(d.Approval, approval) || !slices.Equal(d.Breaks, breaks) {
		t.Errorf("got %s, %q, %q, want %s, %q, %q", d.Bump, d.Approval, d.Breaks, bump, approval, breaks)
	}
}

func TestDiffShortens(t *testing.T) {
	d, err := descriptor.Diff(&descriptor.App{}, &descriptor.App{Name: strings.Repeat("ö", 200)})
	if err != nil || len(d.Changes) != 1 {
		t.Fatalf("got %+v, %v", d, err)
	}
	if got, want := d.Changes[0].String(), `+ name: "`+strings.Repeat("ö", 99)+"…"; got != want {
		t.Errorf("got %s", got)
	}
}

func ExampleDiff() {
	before := &descriptor.App{Key: "hello", Scopes: descriptor.Scopes{descriptor.Read}}
	after := &descriptor.App{Key: "hello", Scopes: descriptor.Scopes{descriptor.Write}}
	d, err := descriptor.Diff(before, after)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Changes[0])
	fmt.Println(d.Bump, d.Approval)

	// Output:
	// ~ scopes: ["READ"] -> ["WRITE"]
	// minor [the scope WRITE is new]
}
