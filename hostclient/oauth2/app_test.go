package oauth2_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestAuthorizeURL(t *testing.T) {
	w := newWorld(t, nil)
	verifier := oauth2.Verifier()
	text := w.app.AuthorizeURL("a state", verifier)
	if strings.Contains(text, "+") || strings.Contains(text, verifier) {
		t.Errorf("%s has a plus or the verifier", text)
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.Scheme+"://"+u.Host+u.Path, w.server.URL+"/authorize"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	sum := sha256.Sum256([]byte(verifier))
	want := url.Values{
		"audience": {"api.atlassian.com"}, "client_id": {clientID}, "scope": {"read:jira-work offline_access"},
		"redirect_uri": {"https://app.example.com/callback"}, "state": {"a state"}, "response_type": {"code"}, "prompt": {"consent"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if got := u.Query(); got.Encode() != want.Encode() {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if strings.Contains(w.app.AuthorizeURL("s", ""), "code_challenge") {
		t.Error("there is a challenge of no verifier")
	}
}

func TestExchange(t *testing.T) {
	w := newWorld(t, nil)
	token, err := w.app.Exchange(t.Context(), "good-code", "the-verifier")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := w.server.forms[0].Encode(), (url.Values{
		"grant_type": {"authorization_code"}, "client_id": {clientID}, "client_secret": {clientSecret}, "code": {"good-code"},
		"redirect_uri": {"https://app.example.com/callback"}, "code_verifier": {"the-verifier"},
	}).Encode(); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
	now := w.clock.now()
	got := fmt.Sprint(token.Access.Reveal(), token.Refresh.Reveal(), token.Type, token.Expiry, token.Obtained, token.Scopes)
	if want := fmt.Sprint("access-token-1", "refresh-token-1", "Bearer", now.Add(time.Hour), now, []string{"read:jira-work", "offline_access"}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What the token endpoint says in place of a token, and what the error says of it.
func TestExchangeErrors(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(status)
			fmt.Fprint(w, strings.NewReplacer("CODE", r.PostForm.Get("code"), "SECRET", r.PostForm.Get("client_secret")).Replace(body))
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		code   string
		kind   error
	}{
		{"wrong secret", say(401, `{"error":"access_denied","error_description":"Unauthorized SECRET"}`), 401, "access_denied", hostclient.ErrUnauthorized},
		{"wrong code", say(403, `{"error":"invalid_grant","error_description":"Invalid code CODE"}`), 403, "invalid_grant", hostclient.ErrForbidden},
		{"page", say(502, `<title>Bad gateway</title>`), 502, "", hostclient.ErrHost},
		{"limit", say(429, `{}`), 429, "", hostclient.ErrRateLimited},
		{"redirect", say(307, ``), 307, "", hostclient.ErrRedirect},
		{"no token", say(200, `{"token_type":"Bearer"}`), 0, "", nil},
		{"no JSON", say(200, `SECRET`), 0, "", nil},
		{"other type", say(200, `{"access_token":"a","token_type":"mac"}`), 0, "", hostclient.ErrNoToken},
		{"line break", say(200, `{"access_token":"a\r\nb"}`), 0, "", hostclient.ErrNoToken},
		{"refresh token with a blank", say(200, `{"access_token":"a","refresh_token":"b c"}`), 0, "", hostclient.ErrNoToken},
		{"huge", say(200, `{"access_token":"`+strings.Repeat("a", 65<<10)+`"}`), 0, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.server.answerWith(c.answer)
			token, err := w.app.Exchange(t.Context(), "the-code-that-was-brought", "the-verifier-of-it")
			if err == nil || token != nil {
				t.Fatalf("got %v, %v, want an error", token, err)
			}
			var e *hostclient.Error
			if errors.As(err, &e) != (c.status != 0) || e != nil && (e.Status != c.status || e.Code != c.code) {
				t.Errorf("got %#v, want status %d and code %q", err, c.status, c.code)
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%v is not %v", err, c.kind)
			}
			if errors.Is(err, hostclient.ErrReauthorize) {
				t.Errorf("%v asks for another consent, which is just being given", err)
			}
			for _, hidden := range []string{clientSecret, "the-code-that-was-brought", "the-verifier-of-it"} {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), hidden) {
					t.Errorf("%v shows %q", err, hidden)
				}
			}
		})
	}
}

func TestConfigRefused(t *testing.T) {
	good := oauth2.Config{ClientID: "a", ClientSecret: store.NewSecret("b"), RedirectURL: "https://app.example.com/callback"}
	dc := "https://jira.example.com/jira"
	for _, c := range []struct {
		name   string
		change func(*oauth2.Config)
		base   string
		want   string
	}{
		{"good", func(*oauth2.Config) {}, dc, ""},
		{"loopback", func(c *oauth2.Config) { c.RedirectURL = "http://127.0.0.1:8080/callback" }, dc, ""},
		{"no client id", func(c *oauth2.Config) { c.ClientID = "" }, dc, "ClientID"},
		{"no secret", func(c *oauth2.Config) { c.ClientSecret = store.Secret{} }, dc, "ClientSecret"},
		{"no redirect", func(c *oauth2.Config) { c.RedirectURL = "" }, dc, "RedirectURL"},
		{"plain redirect", func(c *oauth2.Config) { c.RedirectURL = "http://app.example.com/callback" }, dc, "RedirectURL"},
		{"fragment", func(c *oauth2.Config) { c.RedirectURL += "#x" }, dc, "RedirectURL"},
		{"plain token URL", func(c *oauth2.Config) { c.TokenURL = "http://auth.example.com/token" }, dc, "TokenURL"},
		{"negative timeout", func(c *oauth2.Config) { c.Timeout = -1 }, dc, "Timeout"},
		{"plain Data Center", func(*oauth2.Config) {}, "http://jira.example.com", "base URL"},
	} {
		config := good
		c.change(&config)
		_, err := oauth2.NewDataCenter(config, c.base)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := oauth2.NewServiceAccount(good, hostclient.Cloud{}); err == nil {
		t.Error("a service account has a RedirectURL")
	}
}

// A Data Center's credential is for that Data Center alone.
func TestDataCenterKeepsToItself(t *testing.T) {
	app, err := oauth2.NewDataCenter(oauth2.Config{
		ClientID: "a", ClientSecret: store.NewSecret("b"), RedirectURL: "https://app.example.com/callback",
	}, "https://jira.example.com/jira")
	if err != nil {
		t.Fatal(err)
	}
	for base, want := range map[string]bool{
		"https://jira.example.com/jira": true, "https://jira.example.com/jira/": true,
		"https://jira.example.com": false, "https://jira.example.com/jira2": false, "https://jira.example.com.evil.example/jira": false,
		"https://other.example.com/jira": false,
	} {
		site, err := hostclient.DataCenter(base)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Credential("k", site); (err == nil) != want || err != nil && !errors.Is(err, hostclient.ErrSite) {
			t.Errorf("%s: got %v, want %v", base, err, want)
		}
	}
	cloud, err := hostclient.CloudSite("https://acme.atlassian.net")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Credential("k", cloud); !errors.Is(err, hostclient.ErrSite) {
		t.Errorf("got %v, want ErrSite", err)
	}
}

// However a value of the package is printed, no secret shows.
func TestNothingSecretShows(t *testing.T) {
	w := newWorld(t, nil)
	token := w.consent(t)
	if err := w.get(w.client); err != nil {
		t.Fatal(err)
	}
	site, err := w.cloud().Gateway(hostclient.Jira, "cloud-1")
	if err != nil {
		t.Fatal(err)
	}
	cred, err := w.app.Credential(userKey, site)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{w.app, cred, *cred, w.client, token, struct{ a *oauth2.App }{w.app}, struct{ c oauth2.Credential }{*cred}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			for _, hidden := range []string{clientSecret, "access-token-1", "refresh-token-1", fmt.Sprintf("%x", clientSecret), fmt.Sprint([]byte(clientSecret))} {
				if strings.Contains(text, hidden) {
					t.Errorf("%T %s shows %q: %s", v, verb, hidden, text)
				}
			}
		}
	}
}
