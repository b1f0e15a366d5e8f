package devhost_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

func TestConsent(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work")
	got, err := h.Consent(authorizeURL(h, app), bo)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if !strings.HasPrefix(got, "https://app.example.com/callback?") || q.Get("state") != "a state" || q.Get("code") == "" || q.Get("from") != "devhost" {
		t.Errorf("got %s", got)
	}
	got, err = h.Decline(authorizeURL(h, app), bo)
	if err != nil || !strings.Contains(got, "error=access_denied") || !strings.Contains(got, "state=a+state") || strings.Contains(got, "code=") {
		t.Errorf("declined: got %s, %v", got, err)
	}
}

// What is wrong with a request is said on a page and to Consent, and nobody is
// sent anywhere.
func TestAuthorizationRefused(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work", "read:me")
	challenge := strings.Repeat("A", 43)
	tests := []struct {
		name   string
		change []string
		want   string // empty: not refused
	}{
		{"as documented", nil, ""},
		{"fewer scopes", []string{"scope", "read:me"}, ""},
		{"no prompt", []string{"prompt", "-"}, ""},
		{"challenge", []string{"code_challenge", challenge, "code_challenge_method", "S256"}, ""},
		{"no audience", []string{"audience", "-"}, "audience"},
		{"another audience", []string{"audience", "example.com"}, "audience"},
		{"no client", []string{"client_id", "-"}, "client_id"},
		{"unknown client", []string{"client_id", "x"}, "client_id"},
		{"no scope", []string{"scope", "-"}, "scope is missing"},
		{"scope the app lacks", []string{"scope", "read:jira-work write:jira-work"}, `"write:jira-work"`},
		{"no redirect", []string{"redirect_uri", "-"}, "redirect_uri"},
		{"redirect below a registered one", []string{"redirect_uri", callback + "/x"}, "redirect_uri"},
		{"redirect without the query", []string{"redirect_uri", "https://app.example.com/callback"}, "redirect_uri"},
		{"no state", []string{"state", "-"}, "state"},
		{"no response type", []string{"response_type", "-"}, "response_type"},
		{"implicit", []string{"response_type", "token"}, "response_type"},
		{"another prompt", []string{"prompt", "none"}, "prompt"},
		{"plain challenge", []string{"code_challenge", challenge, "code_challenge_method", "plain"}, "code_challenge_method"},
		{"challenge without a method", []string{"code_challenge", challenge}, "code_challenge_method"},
		{"method without a challenge", []string{"code_challenge_method", "S256"}, "code_challenge is not"},
		{"short challenge", []string{"code_challenge", challenge[1:], "code_challenge_method", "S256"}, "code_challenge is not"},
	}
	b := (&browser{t: t, host: h}).as(bo)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address := authorizeURL(h, app, tt.change...)
			_, err := h.Consent(address, bo)
			resp := b.get(strings.TrimPrefix(address, h.URL()))
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				readBody(t, resp, 200)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
			if body := html.UnescapeString(readBody(t, resp, 400)); !strings.Contains(body, tt.want) || strings.Contains(body, "Accept") {
				t.Errorf("got %s", body)
			}
			if got := lastRefusal(h); !strings.Contains(got, tt.want) || resp.Header.Get("Location") != "" {
				t.Errorf("got reason %q, Location %q", got, resp.Header.Get("Location"))
			}
			// The form is judged like the page.
			form := url.Values{"request": {strings.SplitN(address, "?", 2)[1]}, "answer": {"accept"}}
			readBody(t, b.post("/auth.atlassian.com/authorize", form), 400)
		})
	}
	if _, err := h.Consent(authorizeURL(h, app)+"&state=again", bo); err == nil {
		t.Error("a repeated parameter was accepted")
	}
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot"})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := h.AddUser(devhost.User{DisplayName: "Gone", Inactive: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"", "nobody", service.AccountID, gone.AccountID} {
		if got, err := h.Consent(authorizeURL(h, app), user); err == nil {
			t.Errorf("user %q: got %s", user, got)
		}
	}
	if got, err := h.Consent("https://auth.atlassian.com/authorize?x=y", bo); err == nil {
		t.Errorf("another server's address: got %s", got)
	}
}

func TestRegisterOAuthApp(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	for name, app := range map[string]devhost.OAuthApp{
		"no name":            {RedirectURLs: []string{callback}},
		"no redirect":        {Name: "A"},
		"relative redirect":  {Name: "A", RedirectURLs: []string{"/callback"}},
		"another scheme":     {Name: "A", RedirectURLs: []string{"javascript://x/y"}},
		"redirect with hash": {Name: "A", RedirectURLs: []string{callback + "#x"}},
	} {
		if got, err := h.RegisterOAuthApp(app); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
	app := register(t, h)
	if app.ClientID == "" || len(app.ClientSecret) < 40 {
		t.Errorf("got %+v", app)
	}
	given := devhost.OAuthApp{Name: "A", ClientID: "id", ClientSecret: "secret", RedirectURLs: []string{callback}}
	if app, err := h.RegisterOAuthApp(given); err != nil || app.ClientID != "id" || app.ClientSecret != "secret" {
		t.Errorf("got %v, %v", app, err)
	}
}

var hiddenRequest = regexp.MustCompile(`name="request" value="([^"]*)"`)

// The page asks the user who is signed in, and the answer leads to the app.
func TestConsentPage(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app, err := h.RegisterOAuthApp(devhost.OAuthApp{Name: "<Reader>", RedirectURLs: []string{callback}, Scopes: []string{"read:jira-work"}})
	if err != nil {
		t.Fatal(err)
	}
	b := (&browser{t: t, host: h}).as(bo)
	resp := b.get(strings.TrimPrefix(authorizeURL(h, app), h.URL()))
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "form-action 'self' https://app.example.com") || strings.Contains(policy, "script-src") {
		t.Errorf("got policy %s", policy)
	}
	body := readBody(t, resp, 200)
	for _, want := range []string{"&lt;Reader&gt; asks for access", "<b>Bo Lindqvist</b>", "<code>read:jira-work</code>", "<code>offline_access</code>", `value="decline"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	found := hiddenRequest.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no request in %s", body)
	}
	post := func(answer string, headers ...string) *http.Response {
		return b.post("/auth.atlassian.com/authorize", url.Values{"request": {html.UnescapeString(found[1])}, "answer": {answer}}, headers...)
	}
	resp = post("decline")
	readBody(t, resp, 302)
	if got := resp.Header.Get("Location"); !strings.Contains(got, "error=access_denied") || !strings.HasPrefix(got, "https://app.example.com/callback?") {
		t.Errorf("declined: got %s", got)
	}
	readBody(t, post("accept", "Sec-Fetch-Site", "cross-site"), 403)
	readBody(t, post("accept", "Origin", "https://evil.example"), 403)
	resp = post("accept", "Sec-Fetch-Site", "same-origin")
	readBody(t, resp, 302)
	if c := lastCall(t, h); c.App != app.ClientID || c.AccountID != bo || c.Kind != "browser" || c.Refusal != "" {
		t.Errorf("got record %+v", c)
	}
	var got bearerAnswer
	readJSON(t, tokenRequest(t, h, codeParameters(app, codeOf(t, resp.Header.Get("Location")))), 200, &got)
	readBody(t, send(t, "GET", h.GatewayURL()+"/ex/jira/"+h.CloudID()+"/rest/api/3/issue/DEMO-1", "", "Authorization", "Bearer "+got.AccessToken), 200)
	if c := lastCall(t, h); c.AccountID != bo {
		t.Errorf("got record %+v", c)
	}
	b.cookie = ""
	readBody(t, post("accept"), 400)
	if got := lastRefusal(h); got != "nobody is signed in" {
		t.Errorf("got reason %q", got)
	}
}
