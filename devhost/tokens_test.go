package devhost_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// readToken checks the signature of a token of the host and returns its claims.
func readToken(t *testing.T, token, secret string) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("got token %q", token)
	}
	var c claims
	if err := decodePart(parts[1], &c); err != nil {
		t.Fatal(err)
	}
	if got := jwtSignature(parts[0]+"."+parts[1], secret); got != parts[2] {
		t.Errorf("token is not signed with the shared secret")
	}
	return c
}

func TestFrameURL(t *testing.T) {
	h, a, ck := installed(t)
	inst, _ := h.Installation(appKey)
	standard := "&xdm_e=" + url.QueryEscape(h.URL()) + "&xdm_c=channel-tiny.app__%s&cp=&xdm_deprecated_addon_key_do_not_use=tiny.app&lic=%l&cv=1.1.0-devhost"
	fill := func(module, licence string) string {
		return strings.NewReplacer("%s", module, "%l", licence).Replace(standard)
	}
	tests := []struct {
		name, module string
		context      devhost.Context
		licensed     bool
		want         string // after the base URL, before the token
	}{
		{"issue", "page", devhost.Context{Issue: "DEMO-3"}, true, "/page?issue=DEMO-3&board=" + fill("page", "active")},
		{"unlicensed", "page", devhost.Context{Issue: "DEMO-3"}, false, "/page?issue=DEMO-3&board=" + fill("page", "none")},
		{"no such issue", "page", devhost.Context{Issue: "NONE-1"}, true, "/page?issue=&board=" + fill("page", "active")},
		{"value in the query", "page", devhost.Context{Values: map[string]string{"board.id": "a b&c+d/é"}}, true, "/page?issue=&board=a+b%26c%2Bd%2F%C3%A9" + fill("page", "active")},
		{"value in the path", "path", devhost.Context{Values: map[string]string{"board.id": "a b/é"}}, true, "/in/a%20b%2F%C3%A9/x?" + fill("path", "active")[1:]},
		{"no variables", "configure", devhost.Context{}, true, "/configure?" + fill("configure", "active")[1:]},
		{"target", "glance", devhost.Context{}, true, "/glance?" + fill("glance", "active")[1:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := h.SetLicensed(appKey, tt.licensed); err != nil {
				t.Fatal(err)
			}
			got, err := h.FrameURL(appKey, tt.module, "712020:bo", tt.context)
			if err != nil {
				t.Fatal(err)
			}
			raw, token, ok := strings.Cut(got, "&jwt=")
			if !ok || raw != a.base()+tt.want {
				t.Errorf("got  %s\nwant %s", raw, a.base()+tt.want)
			}
			u, err := url.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			c := readToken(t, token, inst.SharedSecret)
			now := ck.Now().Unix()
			if c.Iss != inst.ClientKey || c.Sub != "712020:bo" || c.Aud != "" || c.Iat != now || c.Exp != now+180 {
				t.Errorf("got claims %+v", c)
			}
			// The host hashes the decoded path when it calls an app.
			if want := hashOf("GET", strings.TrimPrefix(u.Path, "/app"), u.Query()); c.QSH != want {
				t.Errorf("got qsh %s, want %s", c.QSH, want)
			}
		})
	}
	t.Run("cacheable", func(t *testing.T) {
		got, err := h.FrameURL(appKey, "cached", "712020:bo", devhost.Context{Issue: "DEMO-3"})
		if want := a.base() + "/cached?a={issue.key}"; err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
	t.Run("anonymous", func(t *testing.T) {
		got, err := h.FrameURL(appKey, "configure", "", devhost.Context{})
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ := strings.Cut(got, "&jwt=")
		if c := readToken(t, token, inst.SharedSecret); c.Sub != "" {
			t.Errorf("got sub %q, want none", c.Sub)
		}
	})
	for _, bad := range [][2]string{{appKey, "none"}, {appKey, ""}, {"other", "page"}} {
		if got, err := h.FrameURL(bad[0], bad[1], "", devhost.Context{}); err == nil {
			t.Errorf("%q: got %q, want an error", bad, got)
		}
	}
	if err := h.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if got, err := h.FrameURL(appKey, "page", "", devhost.Context{}); err == nil {
		t.Errorf("disabled app: got %q, want an error", got)
	}
}

func TestModules(t *testing.T) {
	h, _, _ := installed(t)
	got, err := h.Modules(appKey)
	if want := []string{"configure", "page", "path", "cached", "glance"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestContextToken(t *testing.T) {
	h, _, ck := installed(t)
	inst, _ := h.Installation(appKey)
	nobody, err := h.AddUser(devhost.User{DisplayName: "Nobody", Permissions: []devhost.Permission{}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, user          string
		context             devhost.Context
		wantIssue, wantProj string
	}{
		{"issue", "712020:bo", devhost.Context{Issue: "OPS-2"}, "OPS-2", "OPS"},
		{"project", "712020:bo", devhost.Context{Project: "DEMO"}, "", "DEMO"},
		{"nowhere", "712020:bo", devhost.Context{}, "", ""},
		{"no such issue", "712020:bo", devhost.Context{Issue: "OPS-99"}, "", ""},
		{"issue the user may not see", nobody.AccountID, devhost.Context{Issue: "OPS-2"}, "", ""},
		{"anonymous", "", devhost.Context{Issue: "OPS-2"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := h.SignContext(appKey, tt.user, tt.context)
			if err != nil {
				t.Fatal(err)
			}
			c := readToken(t, token, inst.SharedSecret)
			now := ck.Now().Unix()
			if c.QSH != "context-qsh" || c.Iss != inst.ClientKey || c.Sub != tt.user || c.Iat != now || c.Exp != now+180 {
				t.Errorf("got claims %+v", c)
			}
			var place struct {
				Jira struct {
					Issue, Project struct{ ID, Key string }
				}
				License struct{ Active bool }
			}
			if err := json.Unmarshal(c.Context, &place); err != nil {
				t.Fatal(err)
			}
			if place.Jira.Issue.Key != tt.wantIssue || place.Jira.Project.Key != tt.wantProj || !place.License.Active {
				t.Errorf("got context %s", c.Context)
			}
		})
	}
}
