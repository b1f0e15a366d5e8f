package devhost_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

type oauthAnswer struct {
	Token       string `json:"access_token"`
	Expires     int    `json:"expires_in"`
	Type        string `json:"token_type"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func TestTokenEndpointAssertions(t *testing.T) {
	h, a, ck := installed(t)
	now := ck.Now().Unix()
	if _, err := h.AddUser(devhost.User{AccountID: "712020:gone", DisplayName: "Gone", Inactive: true}); err != nil {
		t.Fatal(err)
	}
	inst, _ := h.Installation(appKey)
	tests := []struct {
		name  string
		edit  map[string]any // nil values remove a claim
		scope string
		code  string // empty: granted
		text  string
	}{
		{"good", nil, "", "", ""},
		{"scope", nil, "READ", "", ""},
		{"scopes", nil, "READ WRITE", "", ""},
		{"exp exactly 60 s ahead", map[string]any{"exp": now + 60}, "", "", ""},
		{"exp 61 s ahead", map[string]any{"exp": now + 61}, "", "invalid_grant", "at most"},
		{"no exp", map[string]any{"exp": nil}, "", "invalid_grant", "no exp"},
		{"expired", map[string]any{"iat": now - 60, "exp": now}, "", "invalid_grant", "expired"},
		{"no iat", map[string]any{"iat": nil}, "", "invalid_grant", "no iat"},
		{"iat ahead", map[string]any{"iat": now + 1}, "", "invalid_grant", "ahead"},
		{"no iss", map[string]any{"iss": nil}, "", "invalid_grant", "no iss"},
		{"iss is the app key", map[string]any{"iss": appKey}, "", "invalid_grant", "must begin with"},
		{"iss of nobody", map[string]any{"iss": "urn:atlassian:connect:clientid:nobody"}, "", "invalid_client", "no app"},
		{"iss is the client key", map[string]any{"iss": "urn:atlassian:connect:clientid:" + inst.ClientKey}, "", "invalid_client", "no app"},
		{"no sub", map[string]any{"sub": nil}, "", "invalid_grant", "no sub"},
		{"sub by user key", map[string]any{"sub": "urn:atlassian:connect:userkey:bo"}, "", "invalid_grant", "must begin with"},
		{"bare account id", map[string]any{"sub": "712020:bo"}, "", "invalid_grant", "must begin with"},
		{"unknown user", map[string]any{"sub": "urn:atlassian:connect:useraccountid:nobody"}, "", "invalid_grant", "does not exist"},
		{"inactive user", map[string]any{"sub": "urn:atlassian:connect:useraccountid:712020:gone"}, "", "invalid_grant", "not active"},
		{"app's own user", map[string]any{"sub": "urn:atlassian:connect:useraccountid:" + inst.AccountID}, "", "invalid_grant", "impersonated"},
		{"no tnt", map[string]any{"tnt": nil}, "", "invalid_grant", "no tnt"},
		{"tnt with a slash", map[string]any{"tnt": h.URL() + "/"}, "", "invalid_grant", "tnt is"},
		{"tnt of another site", map[string]any{"tnt": "https://x.atlassian.net"}, "", "invalid_grant", "tnt is"},
		{"no aud", map[string]any{"aud": nil}, "", "invalid_grant", "no aud"},
		{"aud is the token endpoint", map[string]any{"aud": h.AuthorizationServerURL() + "/oauth2/token"}, "", "invalid_grant", "aud is"},
		{"aud is Atlassian's", map[string]any{"aud": "https://oauth-2-authorization-server.services.atlassian.com"}, "", "invalid_grant", "aud is"},
		{"scope in lower case", nil, "read", "invalid_scope", "upper case"},
		{"scope the app lacks", nil, "READ ADMIN", "invalid_scope", "does not have"},
		{"unknown scope", nil, "EVERYTHING", "invalid_scope", "is not a scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := a.assertion("712020:bo")
			maps.Copy(c, tt.edit)
			maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
			resp := a.exchange(c, tt.scope)
			want := http.StatusBadRequest
			switch tt.code {
			case "":
				want = http.StatusOK
			case "invalid_client":
				want = http.StatusUnauthorized
			}
			var got oauthAnswer
			readJSON(t, resp, want, &got)
			if got.Error != tt.code || !strings.Contains(got.Description, tt.text) {
				t.Errorf("got %+v, want error %q that says %q", got, tt.code, tt.text)
			}
			if tt.code == "" && (got.Token == "" || got.Expires != 900 || got.Type != "Bearer") {
				t.Errorf("got %+v", got)
			}
			if tt.code != "" && (got.Token != "" || lastRefusal(h) == "") {
				t.Errorf("refused, yet got token %q; reason %q", got.Token, lastRefusal(h))
			}
		})
	}
}

func TestTokenEndpointRequests(t *testing.T) {
	h, a, _ := installed(t)
	const form = "application/x-www-form-urlencoded"
	good := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion":  {jwt(a.secret(), a.assertion("712020:bo"))},
	}
	with := func(name string, values ...string) string {
		v := maps.Clone(good)
		v[name] = values
		return v.Encode()
	}
	forged := jwt("another secret, long enough to be one", a.assertion("712020:bo"))
	unsigned := strings.TrimRight(good.Get("assertion"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
	tests := []struct {
		name, method, kind, body string
		status                   int
		code                     string
	}{
		{"good", "POST", form, good.Encode(), 200, ""},
		{"good with charset", "POST", form + "; charset=utf-8", good.Encode(), 200, ""},
		{"JSON", "POST", "application/json", good.Encode(), 400, "invalid_request"},
		{"no content type", "POST", "", good.Encode(), 400, "invalid_request"},
		{"no grant type", "POST", form, with("grant_type"), 400, "invalid_request"},
		{"another grant", "POST", form, with("grant_type", "client_credentials"), 400, "unsupported_grant_type"},
		{"no assertion", "POST", form, with("assertion"), 400, "invalid_request"},
		{"two assertions", "POST", form, with("assertion", "a", "b"), 400, "invalid_request"},
		{"two scopes", "POST", form, with("scope", "READ", "WRITE"), 400, "invalid_request"},
		{"forged", "POST", form, with("assertion", forged), 400, "invalid_grant"},
		{"unsigned", "POST", form, with("assertion", unsigned), 400, "invalid_grant"},
		{"garbage", "POST", form, with("assertion", "garbage"), 400, "invalid_grant"},
		{"a token for the host", "POST", form, with("assertion", jwt(a.secret(), a.appClaims(myselfPath))), 400, "invalid_grant"},
		{"no form", "POST", form, "%zz", 400, "invalid_request"},
		{"too large", "POST", form, "a=" + strings.Repeat("a", 64<<10), 400, "invalid_request"},
		{"GET", "GET", form, "", 405, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, h.AuthorizationServerURL()+"/oauth2/token", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.kind != "" {
				r.Header.Set("Content-Type", tt.kind)
			}
			resp := do(t, r)
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || !strings.Contains(string(b), tt.code) {
				t.Errorf("got status %d and %s, want %d and %q", resp.StatusCode, b, tt.status, tt.code)
			}
		})
	}
}

func TestActAsUserIsNeeded(t *testing.T) {
	for _, scopes := range [][]string{{"READ", "WRITE"}, {"ADMIN"}} {
		h, a, _ := newHost(t, devhost.Config{})
		a.set("scopes", scopes)
		if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
			t.Fatal(err)
		}
		var got oauthAnswer
		readJSON(t, a.exchange(a.assertion("712020:bo"), ""), 400, &got)
		if got.Error != "unauthorized_client" {
			t.Errorf("scopes %v: got %+v", scopes, got)
		}
	}
}

func TestAssertionAfterRename(t *testing.T) {
	h, a, _ := installed(t)
	old := a.assertion("712020:bo")
	if err := h.Rename(t.Context(), "http://renamed.example:8080"); err != nil {
		t.Fatal(err)
	}
	readBody(t, a.exchange(old, ""), 400)
	readBody(t, a.exchange(a.assertion("712020:bo"), ""), 200)
}
