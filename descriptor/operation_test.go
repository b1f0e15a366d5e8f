package descriptor_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestOperationFor(t *testing.T) {
	for _, tt := range []struct {
		method, path, want, scope string
	}{
		{"GET", "/rest/api/3/issue/DEMO-1", "/rest/api/3/issue/{}", "READ"},
		{"HEAD", "/rest/api/3/issue/DEMO-1", "/rest/api/3/issue/{}", "READ"},
		{"GET", "/rest/api/2/issue/DEMO-1", "/rest/api/3/issue/{}", "READ"},
		{"PUT", "/rest/api/latest/issue/10001", "/rest/api/3/issue/{}", "WRITE"},
		{"DELETE", "/rest/api/3/issue/DEMO-1/", "/rest/api/3/issue/{}", "DELETE"},
		{"POST", "/rest/api/3/issue", "/rest/api/3/issue", "WRITE"},
		{"GET", "/rest/api/3/issue/createmeta", "/rest/api/3/issue/createmeta", "READ"},
		{"POST", "/rest/api/3/project", "/rest/api/3/project", "PROJECT_ADMIN"},
		{"GET", "/rest/agile/1.0/board/3/sprint", "/rest/agile/1.0/board/{}/sprint", "READ"},
		{"GET", "/wiki/api/v2/pages/1", "/wiki/api/v2/pages/{}", "READ"},
		{"DELETE", "/wiki/api/v2/pages/1", "/wiki/api/v2/pages/{}", "DELETE"},
		{"PUT", "/rest/atlassian-connect/1/addons/a/properties/p", "/rest/atlassian-connect/1/addons/{}/properties/{}", "NONE"},
	} {
		o, ok := descriptor.OperationFor(tt.method, tt.path)
		if !ok || o.Path != tt.want || string(o.Scope) != tt.scope || o.Inaccessible {
			t.Errorf("%s %s: got %+v, %v", tt.method, tt.path, o, ok)
		}
	}
	for _, unknown := range [][2]string{
		{"GET", "/"}, {"GET", ""}, {"GET", "/rest/api/3/holograms"}, {"PATCH", "/rest/api/3/issue/DEMO-1"},
		{"GET", "/rest/api/3/issue//comment"}, {"GET", "/rest/api/3/issue/DEMO-1/comment/1/2/3"}, {"GET", "/rest/api/{}/issue"},
	} {
		if o, ok := descriptor.OperationFor(unknown[0], unknown[1]); ok {
			t.Errorf("%v: got %+v", unknown, o)
		}
	}
	if o, ok := descriptor.OperationFor("GET", "/rest/api/3/users/search"); !ok || !o.Inaccessible || o.Allowed(descriptor.Scopes{descriptor.Admin}) {
		t.Errorf("an operation that is closed: got %+v, %v", o, ok)
	}
}

// The table says nothing twice, and uses scopes that exist.
func TestOperationsTable(t *testing.T) {
	data, err := os.ReadFile("operations.tsv")
	if err != nil {
		t.Fatal(err)
	}
	seen, count := map[string]bool{}, 0
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		count++
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || !strings.HasPrefix(fields[1], "/") || seen[fields[0]+fields[1]] {
			t.Fatalf("line %d: %q", i+1, line)
		}
		seen[fields[0]+fields[1]] = true
		app := descriptor.App{Scopes: descriptor.Scopes{descriptor.Scope(fields[2])}}
		for _, f := range app.Validate("") {
			if fields[2] != "INACCESSIBLE" && f.Rule == descriptor.RuleWord {
				t.Errorf("line %d: %v", i+1, f)
			}
		}
		path := strings.ReplaceAll(fields[1], "{}", "x-1")
		if o, ok := descriptor.OperationFor(fields[0], path); !ok || o.Method != fields[0] || o.Path != fields[1] {
			t.Errorf("%s %s: got %+v, %v", fields[0], path, o, ok)
		}
	}
	if count < 1000 {
		t.Errorf("%d operations", count)
	}
}

func ExampleOperationFor() {
	o, ok := descriptor.OperationFor("PUT", "/rest/api/3/issue/DEMO-1")
	fmt.Println(o.Scope, ok, o.Allowed(descriptor.Scopes{descriptor.Read}))

	// Output:
	// WRITE true false
}
