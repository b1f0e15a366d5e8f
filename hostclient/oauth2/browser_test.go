package oauth2_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// started begins an authorization and returns the browser's cookies and the state.
func started(t *testing.T, b *oauth2.Browser) ([]*http.Cookie, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	b.Start().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "https://app.example.com/start", nil))
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != http.StatusSeeOther {
		t.Fatalf("got %d to %v, %v", rec.Code, u, err)
	}
	return rec.Result().Cookies(), u.Query().Get("state")
}

func callback(b *oauth2.Browser, cookies []*http.Cookie, query string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://app.example.com/callback"+query, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	b.Callback().ServeHTTP(rec, r)
	return rec
}

// What was begun with one server or client is not ended with another, under the same
// key; and the cookie is one that only this site can set.
func TestBrowsersDoNotMix(t *testing.T) {
	w := newWorld(t, nil)
	var failed error
	key := []byte(strings.Repeat("k", 32))
	browser := func(app *oauth2.App) *oauth2.Browser {
		b, err := oauth2.NewBrowser(oauth2.BrowserConfig{
			App: app, Key: key,
			Done:   func(http.ResponseWriter, *http.Request, *tokenstore.Token, string) {},
			Failed: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	other, _ := w.process(t, func(c *oauth2.Config) { c.ClientID = "another" })
	elsewhere, _ := w.process(t, func(c *oauth2.Config) { c.TokenURL = w.server.URL + "/other/token" })
	own := browser(w.app)
	for name, b := range map[string]*oauth2.Browser{"another client": browser(other), "another server": browser(elsewhere)} {
		cookies, state := started(t, b)
		if callback(own, cookies, "?code=good-code&state="+url.QueryEscape(state)); !errors.Is(failed, oauth2.ErrState) {
			t.Errorf("%s: got %v, want ErrState", name, failed)
		}
	}
	cookies, state := started(t, own)
	if c := cookies[0]; !c.Secure || !c.HttpOnly || !strings.HasPrefix(c.Name, "__Host-") || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", c)
	}
	failed = nil
	// The state counts before anything else: a refusal of a stranger is none.
	if callback(own, nil, "?error=access_denied&state="+url.QueryEscape(state)); !errors.Is(failed, oauth2.ErrState) {
		t.Errorf("a refusal without the cookie: got %v, want ErrState", failed)
	}
	if callback(own, cookies, "?error=access_denied&state="+url.QueryEscape(state)); !errors.Is(failed, oauth2.ErrRefused) {
		t.Errorf("a refusal: got %v, want ErrRefused", failed)
	}
	if _, err := oauth2.NewBrowser(oauth2.BrowserConfig{App: w.app}); err == nil {
		t.Error("a Browser without Done")
	}
}
