package devhost_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	deniedBody  = `{"error":"access_denied","error_description":"Unauthorized"}`
	refreshBody = `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`
	codeBody    = `{"error":"invalid_grant","error_description":"Invalid authorization code"}`
)

func TestCodeExchange(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work")
	got := granted(t, h, app, bo)
	if got.AccessToken == "" || got.RefreshToken == "" || got.ExpiresIn != 3600 || got.Type != "Bearer" || got.Scope != "read:jira-work offline_access" {
		t.Errorf("got %+v", got)
	}
	if c := lastCall(t, h); c.App != app.ClientID || c.AccountID != bo || c.Kind != "oauth" || c.Status != 200 {
		t.Errorf("got record %+v", c)
	}
	redirect, err := h.Consent(authorizeURL(h, app, "scope", "read:jira-work"), bo)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	for name, value := range codeParameters(app, codeOf(t, redirect)) {
		form.Set(name, value)
	}
	got = bearerAnswer{}
	readJSON(t, send(t, "POST", h.AuthURL()+"/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"), 200, &got)
	if got.AccessToken == "" || got.RefreshToken != "" || got.Scope != "read:jira-work" {
		t.Errorf("without offline_access: got %+v", got)
	}
}

func TestCodeRefused(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work")
	other := register(t, h, "read:jira-work")
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot"})
	if err != nil {
		t.Fatal(err)
	}
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	pkce := []string{"code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256"}
	tests := []struct {
		name      string
		authorize []string
		change    map[string]string
		wait      time.Duration
		status    int
		body      string
		reason    string
	}{
		{"at the last moment", nil, nil, 10*time.Minute - time.Second, 200, "", ""},
		{"with the verifier", pkce, map[string]string{"code_verifier": verifier}, 0, 200, "", ""},
		{"too late", nil, nil, 10 * time.Minute, 403, codeBody, "code is unknown, used or older"},
		{"another code", nil, map[string]string{"code": "x"}, 0, 403, codeBody, "code is unknown"},
		{"another redirect", nil, map[string]string{"redirect_uri": "https://app.example.com/"}, 0, 403, codeBody, "redirect_uri"},
		{"another client", nil, map[string]string{"client_id": other.ClientID, "client_secret": other.ClientSecret}, 0, 403, codeBody, "another client's"},
		{"no verifier", pkce, nil, 0, 403, codeBody, "code_verifier"},
		{"another verifier", pkce, map[string]string{"code_verifier": verifier + "v"}, 0, 403, codeBody, "code_verifier"},
		{"verifier instead of a secret", pkce, map[string]string{"code_verifier": verifier, "client_secret": ""}, 0, 401, deniedBody, "client_secret"},
		{"no secret", nil, map[string]string{"client_secret": ""}, 0, 401, deniedBody, "client_secret"},
		{"another secret", nil, map[string]string{"client_secret": other.ClientSecret}, 0, 401, deniedBody, "client_secret"},
		{"unknown client", nil, map[string]string{"client_id": "x"}, 0, 401, deniedBody, "client_id"},
		{"service account", nil, map[string]string{"client_id": service.ClientID, "client_secret": service.ClientSecret}, 0, 403, `{"error":"unauthorized_client","error_description":"The client may not use this grant."}`, "may not use"},
		{"no grant type", nil, map[string]string{"grant_type": ""}, 0, 400, `{"error":"invalid_request","error_description":"grant_type is missing"}`, "grant_type"},
		{"another grant type", nil, map[string]string{"grant_type": "password"}, 0, 400, `{"error":"unsupported_grant_type","error_description":"grant_type \"password\" is not known"}`, "password"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			redirect, err := h.Consent(authorizeURL(h, app, tt.authorize...), bo)
			if err != nil {
				t.Fatal(err)
			}
			p := codeParameters(app, codeOf(t, redirect))
			maps.Copy(p, tt.change)
			ck.advance(tt.wait)
			resp := tokenRequest(t, h, p)
			if tt.status == 200 {
				readBody(t, resp, 200)
				// A code is good once.
				wantBody(t, tokenRequest(t, h, p), 403, codeBody)
				return
			}
			wantBody(t, resp, tt.status, tt.body)
			if got := lastRefusal(h); !strings.Contains(got, tt.reason) {
				t.Errorf("got reason %q, want %q", got, tt.reason)
			}
		})
	}
}

func TestTokenBodies(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	const form, json = "application/x-www-form-urlencoded", "application/json"
	tests := []struct{ name, kind, body, want string }{
		{"no type", "", "{}", "Content-Type"},
		{"text", "text/plain", "{}", "Content-Type"},
		{"no JSON", json, "{", "JSON object of texts"},
		{"null", json, "null", "JSON object of texts"},
		{"number", json, `{"code":1}`, "JSON object of texts"},
		{"no form", form, "%zz", "no form"},
		{"repeated", form, "code=a&code=b", "repeated"},
		{"too large", form, "code=" + strings.Repeat("a", 64<<10), "too large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, base := range []string{h.AuthURL(), h.GatewayURL()} {
				var got bearerAnswer
				readJSON(t, send(t, "POST", base+"/oauth/token", tt.body, "Content-Type", tt.kind), 400, &got)
				if got.Error != "invalid_request" || !strings.Contains(got.ErrorDescription, tt.want) {
					t.Errorf("got %+v, want %q", got, tt.want)
				}
			}
		})
	}
	readBody(t, send(t, "GET", h.AuthURL()+"/oauth/token", ""), 405)
}

// A refresh token works once, and then for ten minutes more.
func TestRefreshRotates(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work")
	first := granted(t, h, app, bo)
	refresh := func(token string) bearerAnswer {
		t.Helper()
		var a bearerAnswer
		readJSON(t, tokenRequest(t, h, refreshParameters(app, token)), 200, &a)
		if a.RefreshToken == "" || a.RefreshToken == token || a.Scope != "read:jira-work offline_access" {
			t.Errorf("got %+v", a)
		}
		return a
	}
	second := refresh(first.RefreshToken)
	ck.advance(10*time.Minute - time.Second)
	third := refresh(first.RefreshToken)
	ck.advance(time.Second)
	wantBody(t, tokenRequest(t, h, refreshParameters(app, first.RefreshToken)), 403, refreshBody)
	if got := lastRefusal(h); got != "refresh token was used more than 10 minutes ago" {
		t.Errorf("got reason %q", got)
	}
	// The late reuse took nothing from the others, nor from the access tokens.
	refresh(second.RefreshToken)
	refresh(third.RefreshToken)
	for _, a := range []bearerAnswer{first, second, third} {
		readBody(t, send(t, "GET", h.GatewayURL()+"/oauth/token/accessible-resources", "", "Authorization", "Bearer "+a.AccessToken), 200)
	}
}

func TestRefreshRefused(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work", "write:jira-work")
	other := register(t, h)
	token := granted(t, h, app, bo).RefreshToken
	wantBody(t, tokenRequest(t, h, refreshParameters(app, "x")), 403, refreshBody)
	wantBody(t, tokenRequest(t, h, refreshParameters(app, "")), 403, refreshBody)
	wantBody(t, tokenRequest(t, h, refreshParameters(other, token)), 403, refreshBody)
	p := refreshParameters(app, token)
	p["client_secret"] = "x"
	wantBody(t, tokenRequest(t, h, p), 401, deniedBody)

	p = refreshParameters(app, token)
	p["scope"] = "read:me"
	var got bearerAnswer
	readJSON(t, tokenRequest(t, h, p), 400, &got)
	if got.Error != "invalid_scope" {
		t.Errorf("got %+v", got)
	}
	p["scope"] = "read:jira-work"
	readJSON(t, tokenRequest(t, h, p), 200, &got)
	if got.Scope != "read:jira-work" || got.RefreshToken == "" {
		t.Errorf("fewer scopes: got %+v", got)
	}
	// The next token of the family has all scopes again.
	readJSON(t, tokenRequest(t, h, refreshParameters(app, got.RefreshToken)), 200, &got)
	if got.Scope != "read:jira-work write:jira-work offline_access" {
		t.Errorf("all scopes: got %+v", got)
	}

	ck.advance(90*24*time.Hour - time.Second)
	readJSON(t, tokenRequest(t, h, refreshParameters(app, got.RefreshToken)), 200, &got)
	ck.advance(90 * 24 * time.Hour)
	wantBody(t, tokenRequest(t, h, refreshParameters(app, got.RefreshToken)), 403, refreshBody)
	if got := lastRefusal(h); got != "refresh token was not used for 90 days" {
		t.Errorf("got reason %q", got)
	}

	token = granted(t, h, app, bo).RefreshToken
	if err := h.SetAccountPassword(bo, "correct horse"); err != nil {
		t.Fatal(err)
	}
	wantBody(t, tokenRequest(t, h, refreshParameters(app, token)), 403, refreshBody)
	token = granted(t, h, app, bo).RefreshToken
	if _, err := h.AddUser(devhost.User{AccountID: bo, DisplayName: "Bo", Inactive: true}); err != nil {
		t.Fatal(err)
	}
	wantBody(t, tokenRequest(t, h, refreshParameters(app, token)), 403, refreshBody)
}

func TestRevokeGrants(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app, other := register(t, h, "read:jira-work"), register(t, h, "read:jira-work")
	kept, ended := granted(t, h, other, bo), granted(t, h, app, bo)
	redirect, err := h.Consent(authorizeURL(h, app), bo)
	if err != nil {
		t.Fatal(err)
	}
	h.RevokeGrants(app.ClientID)
	wantBody(t, tokenRequest(t, h, refreshParameters(app, ended.RefreshToken)), 403, refreshBody)
	wantBody(t, tokenRequest(t, h, codeParameters(app, codeOf(t, redirect))), 403, codeBody)
	wantBody(t, send(t, "GET", h.GatewayURL()+"/oauth/token/accessible-resources", "", "Authorization", "Bearer "+ended.AccessToken), 401, `{"code":401,"message":"Unauthorized"}`)
	readBody(t, tokenRequest(t, h, refreshParameters(other, kept.RefreshToken)), 200)
}

func TestClientCredentials(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot", Scopes: []string{"read:jira-work", "read:jira-user"}})
	if err != nil {
		t.Fatal(err)
	}
	app := register(t, h, "read:jira-work")
	ask := func(base string, pairs ...string) (string, string) {
		p := url.Values{"grant_type": {"client_credentials"}, "client_id": {service.ClientID}, "client_secret": {service.ClientSecret}}
		for i := 0; i < len(pairs); i += 2 {
			p.Set(pairs[i], pairs[i+1])
		}
		resp := send(t, "POST", base+"/oauth/token", p.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		return resp.Status[:3], readBody(t, resp, resp.StatusCode)
	}
	for _, base := range []string{h.AuthURL(), h.GatewayURL()} {
		status, body := ask(base)
		if status != "200" || strings.Contains(body, "refresh_token") || !strings.Contains(body, `"scope":"read:jira-work read:jira-user"`) {
			t.Errorf("got %s: %s", status, body)
		}
	}
	if status, body := ask(h.AuthURL(), "client_secret", "x"); status != "401" || strings.TrimSpace(body) != deniedBody {
		t.Errorf("another secret: got %s: %s", status, body)
	}
	if status, body := ask(h.AuthURL(), "scope", "write:jira-work"); status != "400" || !strings.Contains(body, "invalid_scope") {
		t.Errorf("another scope: got %s: %s", status, body)
	}
	if status, body := ask(h.AuthURL(), "client_id", app.ClientID, "client_secret", app.ClientSecret); status != "403" || !strings.Contains(body, "unauthorized_client") {
		t.Errorf("3LO app: got %s: %s", status, body)
	}
	// A service account's client is not one of 3LO, whatever it holds.
	for _, grant := range []string{"refresh_token", "authorization_code"} {
		status, body := ask(h.AuthURL(), "grant_type", grant, "refresh_token", "x", "code", "x")
		if status != "403" || !strings.Contains(body, "unauthorized_client") {
			t.Errorf("%s of a service account: got %s: %s", grant, status, body)
		}
	}
	var got bearerAnswer
	readJSON(t, tokenRequest(t, h, map[string]string{"grant_type": "client_credentials", "client_id": service.ClientID, "client_secret": service.ClientSecret}), 200, &got)
	myself := h.GatewayURL() + "/ex/jira/" + h.CloudID() + "/rest/api/3/myself"
	if body := readBody(t, send(t, "GET", myself, "", "Authorization", "Bearer "+got.AccessToken), 200); !strings.Contains(body, service.AccountID) {
		t.Errorf("got %s", body)
	}
	if c := lastCall(t, h); c.Kind != "service-account" || c.App != service.ClientID || c.AccountID != service.AccountID {
		t.Errorf("got record %+v", c)
	}
	ck.advance(time.Hour)
	readBody(t, send(t, "GET", myself, "", "Authorization", "Bearer "+got.AccessToken), 401)
	if _, err := h.AddServiceAccount(devhost.ServiceAccount{}); err == nil {
		t.Error("an account without a name was added")
	}
}

// The gateway gives tokens to service accounts only. All grants are at the
// authorization server, where a code that was refused at the gateway is still good.
func TestTokensAtTheGateway(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work")
	redirect, err := h.Consent(authorizeURL(h, app), bo)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []map[string]string{
		codeParameters(app, codeOf(t, redirect)), refreshParameters(app, granted(t, h, app, bo).RefreshToken),
	} {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var got bearerAnswer
		readJSON(t, send(t, "POST", h.GatewayURL()+"/oauth/token", string(b), "Content-Type", "application/json"), 400, &got)
		if got.Error != "unsupported_grant_type" || got.AccessToken != "" {
			t.Errorf("%s: got %+v", p["grant_type"], got)
		}
		readBody(t, tokenRequest(t, h, p), 200)
	}
}
