package descriptor_test

import (
	"encoding/json"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestScopeImplies(t *testing.T) {
	all := []descriptor.Scope{
		descriptor.None, descriptor.Read, descriptor.Write, descriptor.Delete, descriptor.ProjectAdmin,
		descriptor.SpaceAdmin, descriptor.Admin, descriptor.ActAsUser, descriptor.AccessEmailAddresses,
	}
	// A row for each scope, a column for each needed one, in the order above.
	want := map[descriptor.Scope]string{
		descriptor.None:                 "x        ",
		descriptor.Read:                 "xx       ",
		descriptor.Write:                "xxx      ",
		descriptor.Delete:               "xxxx     ",
		descriptor.ProjectAdmin:         "xxxxx    ",
		descriptor.SpaceAdmin:           "xxxx x   ",
		descriptor.Admin:                "xxxxxxx  ",
		descriptor.ActAsUser:            "x      x ",
		descriptor.AccessEmailAddresses: "x       x",
		"OTHER":                         "x        ",
	}
	for scope, row := range want {
		for i, needed := range all {
			if got, want := scope.Implies(needed), row[i] == 'x'; got != want {
				t.Errorf("%s implies %s: got %v, want %v", scope, needed, got, want)
			}
			if got, want := (descriptor.Scopes{scope}).Allow(needed), row[i] == 'x'; got != want {
				t.Errorf("[%s] allows %s: got %v, want %v", scope, needed, got, want)
			}
		}
	}
}

func TestScopesAllow(t *testing.T) {
	tests := []struct {
		name   string
		scopes descriptor.Scopes
		needed descriptor.Scope
		want   bool
	}{
		{"no scopes", nil, descriptor.Read, false},
		{"no scopes, nothing needed", nil, descriptor.None, true},
		{"the second one", descriptor.Scopes{descriptor.ActAsUser, descriptor.Write}, descriptor.Read, true},
		{"lower case held", descriptor.Scopes{"project_admin"}, descriptor.Delete, true},
		{"lower case needed", descriptor.Scopes{descriptor.Read}, "read", true},
		{"mixed case held", descriptor.Scopes{"Admin"}, descriptor.Read, false},
		{"unknown needed", descriptor.Scopes{descriptor.Admin}, "OTHER", false},
		{"unknown held and needed", descriptor.Scopes{"OTHER"}, "OTHER", true},
	}
	for _, tt := range tests {
		if got := tt.scopes.Allow(tt.needed); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestScopeSpelling(t *testing.T) {
	const document = `{"scopes":["read","WRITE","act_as_user","Read","x_y","read-it"]}`
	app := parse(t, document)
	if got, want := app.Scopes[0], descriptor.Read; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := oneLine(t, app), `{"scopes":["READ","WRITE","ACT_AS_USER","Read","X_Y","read-it"]}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := oneLine(t, descriptor.Scopes{"delete"}), `["DELETE"]`; got != want {
		t.Errorf("a scope from code: got %s, want %s", got, want)
	}
	var s descriptor.Scope
	if err := json.Unmarshal([]byte(`"space_admin"`), &s); err != nil || s != descriptor.SpaceAdmin {
		t.Errorf("got %q, %v", s, err)
	}
}
