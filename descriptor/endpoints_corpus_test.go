package descriptor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// What the corpus has an app serve, of every kind of module, as it stands in
// testdata: who requests which path, by which method and with or without a
// token.
func TestEndpointsOfTheCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	var b strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, filepath.Base(file))
		for _, e := range parse(t, string(data)).Endpoints() {
			token := "without a token"
			if e.Signed() {
				token = "with a token"
			}
			fmt.Fprintf(&b, "  %s %s, %s, %s, %s\n", e.Method, e.Route, e.Kind, token, e.Path)
		}
	}
	golden(t, "endpoints.txt", []byte(b.String()))
}

// Endpoints of modules in forms that the corpus does not have.
func TestEndpointsOfOtherForms(t *testing.T) {
	app := parse(t, `{"baseUrl":"https://a.example.com","lifecycle":{"dare-migration":"/dare/"},"modules":{
		"staticContentMacros":[{"key":"m","url":"/m","renderingMethod":"POST"}],
		"webItems":[{"key":"w","url":"item"}],
		"serviceDeskOrganizationActions":[{"key":"o"}]}}`)
	var got []string
	for _, e := range app.Endpoints() {
		got = append(got, e.Method+" "+e.Route)
	}
	if got, want := strings.Join(got, ", "), "POST /dare/schedule, POST /dare/start, GET /dare/status, POST /dare/commit, POST /dare/rollback, GET /item, POST /m"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What somebody writes to keep the checker busy is told of in few words: each
// of these took minutes when the work grew with the square of the document.
func TestHostileDocuments(t *testing.T) {
	many := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, ",")
	}
	for name, tt := range map[string]struct {
		document string
		most     int // findings, 0 for any number
	}{
		"variables":        {`{"modules":{"webPanels":[{"key":"p","url":"/` + strings.Repeat("{a}/", 100_000) + `"}]}}`, 20},
		"references":       {`{"modules":{"keyboardShortcuts":[` + many(12_000, `{"key":"k%d","target":{"key":"nowhere-%[1]d"}}`) + `]}}`, 0},
		"kinds":            {`{"modules":{` + many(30_000, `"kind-%d":0`) + `}}`, 0},
		"conditions":       {`{"modules":{"webItems":[{"conditions":[` + many(20_000, `{"condition":"c_%d"}`) + `]}]}}`, 0},
		"members":          {`{` + many(30_000, `"member%d":0`) + `}`, 0},
		"one long key":     {`{"key":"` + strings.Repeat(" ", 1_000_000) + `"}`, 20},
		"braces":           {`{"name":"` + strings.Repeat("{", 1_000_000) + `"}`, 20},
		"dollars":          {`{"name":"` + strings.Repeat("${addon.", 120_000) + `"}`, 20},
		"nested, in a way": {`{"modules":{"webItems":[{"conditions":` + strings.Repeat(`[{"or":`, 40) + `[]` + strings.Repeat(`}]`, 40) + `}]}}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			app, err := descriptor.Template{}.Parse([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			found := app.Validate("")
			if err := found.Locate([]byte(tt.document)); err != nil {
				t.Fatal(err)
			}
			if tt.most > 0 && len(found) > tt.most {
				t.Errorf("%d findings", len(found))
			}
			hints := 0
			for _, f := range found {
				if len(f.Message) > 2000 || len(f.Value) > 500 {
					t.Errorf("a finding of %d bytes", len(f.Message)+len(f.Value))
				}
				if strings.Contains(f.Message, "did you mean") {
					hints++
				}
			}
			if hints > 100 {
				t.Errorf("%d hints", hints)
			}
		})
	}
}

// However much else is wrong, a misspelt kind stays an error.
func TestMisspeltKindIsAlwaysAnError(t *testing.T) {
	members := make([]string, 200)
	for i := range members {
		members[i] = fmt.Sprintf(`"zz%d":1`, i)
	}
	app := whole(parse(t, strings.Replace(topLevel, "%", `"vendor":{`+strings.Join(members, ",")+`},"modules":{"webPanel":[]}`, 1)))
	if err := app.Validate("").Err(); err == nil || !strings.Contains(err.Error(), "did you mean webPanels?") {
		t.Errorf("got %v", err)
	}
}
