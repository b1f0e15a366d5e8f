package devhost_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	ada      = "712020:ada"
	callback = "https://app.example.com/callback?from=devhost"
)

// send makes a request to any address; headers are names and values.
func send(t *testing.T, method, address, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = nil, 0
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return do(t, r)
}

func basic(user, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
}

// wantBody checks the whole of an answer, without the line feed at its end.
func wantBody(t *testing.T, resp *http.Response, status int, want string) {
	t.Helper()
	if got := strings.TrimSuffix(readBody(t, resp, status), "\n"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// lastCall is the newest record.
func lastCall(t *testing.T, h *devhost.Host) devhost.Call {
	t.Helper()
	calls := h.Calls()
	if len(calls) == 0 {
		t.Fatal("no call is on record")
	}
	return calls[len(calls)-1]
}

func register(t *testing.T, h *devhost.Host, scopes ...string) devhost.OAuthApp {
	t.Helper()
	app, err := h.RegisterOAuthApp(devhost.OAuthApp{Name: "Reader", RedirectURLs: []string{callback}, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// authorizeURL is the address of the authorization page; pairs change or, when
// the value is "-", remove parameters.
func authorizeURL(h *devhost.Host, app devhost.OAuthApp, pairs ...string) string {
	q := url.Values{
		"audience": {"api.atlassian.com"}, "client_id": {app.ClientID}, "scope": {strings.Join(app.Scopes, " ") + " offline_access"},
		"redirect_uri": {callback}, "state": {"a state"}, "response_type": {"code"}, "prompt": {"consent"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			q.Del(pairs[i])
		}
	}
	return h.AuthURL() + "/authorize?" + q.Encode()
}

// codeOf is the code that a callback brings.
func codeOf(t *testing.T, redirect string) string {
	t.Helper()
	u, err := url.Parse(redirect)
	if err != nil {
		t.Fatal(err)
	}
	code := u.Query().Get("code")
	if code == "" {
		t.Fatalf("there is no code in %s", redirect)
	}
	return code
}

type bearerAnswer struct {
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	ExpiresIn        int    `json:"expires_in"`
	Type             string `json:"token_type"`
	Scope            string `json:"scope"`
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

// tokenRequest posts JSON to the token endpoint.
func tokenRequest(t *testing.T, h *devhost.Host, parameters map[string]string) *http.Response {
	t.Helper()
	b, err := json.Marshal(parameters)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, "POST", h.AuthURL()+"/oauth/token", string(b), "Content-Type", "application/json")
}

func codeParameters(app devhost.OAuthApp, code string) map[string]string {
	return map[string]string{
		"grant_type": "authorization_code", "client_id": app.ClientID, "client_secret": app.ClientSecret, "code": code, "redirect_uri": callback,
	}
}

func refreshParameters(app devhost.OAuthApp, token string) map[string]string {
	return map[string]string{
		"grant_type": "refresh_token", "client_id": app.ClientID, "client_secret": app.ClientSecret, "refresh_token": token,
	}
}

// granted is what an app has after a user's consent.
func granted(t *testing.T, h *devhost.Host, app devhost.OAuthApp, accountID string) bearerAnswer {
	t.Helper()
	redirect, err := h.Consent(authorizeURL(h, app), accountID)
	if err != nil {
		t.Fatal(err)
	}
	var a bearerAnswer
	readJSON(t, tokenRequest(t, h, codeParameters(app, codeOf(t, redirect))), 200, &a)
	return a
}

func TestCloudAddresses(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	if got, want := h.AuthURL(), h.URL()+"/auth.atlassian.com"; got != want {
		t.Errorf("AuthURL: got %s, want %s", got, want)
	}
	if got, want := h.GatewayURL(), h.URL()+"/api.atlassian.com"; got != want {
		t.Errorf("GatewayURL: got %s, want %s", got, want)
	}
	if len(h.CloudID()) != 36 {
		t.Errorf("CloudID: got %q", h.CloudID())
	}
	resp := send(t, "GET", h.URL()+"/_edge/tenant_info", "")
	wantBody(t, resp, 200, `{"cloudId":"`+h.CloudID()+`"}`)
	if len(resp.Header.Get("Atl-Traceid")) != 32 {
		t.Errorf("got Atl-Traceid %q", resp.Header.Get("Atl-Traceid"))
	}
	readBody(t, send(t, "POST", h.URL()+"/_edge/tenant_info", "{}"), 405)
	for _, tt := range [][2]string{
		{"http://127.0.0.1:2990", "http://localhost:2990"}, {"http://localhost:2990", "http://127.0.0.1:2990"},
		{"http://[::1]:2990", "http://localhost:2990"}, {"http://127.0.0.1", "http://localhost"}, {"https://jira.example", "https://jira.example"},
	} {
		other, err := devhost.New(devhost.Config{URL: tt[0]})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := other.MediaURL(), tt[1]+"/api.media.atlassian.com"; got != want {
			t.Errorf("MediaURL of %s: got %s, want %s", tt[0], got, want)
		}
		if other.CloudID() == h.CloudID() {
			t.Error("two hosts have the same cloud id")
		}
		other.Close()
	}
}
