package auth_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestCallerOfHostRequest(t *testing.T) {
	w := newWorld(t)
	c := w.admit(pageFrame(w.clock.unix()))
	if c.Policy != auth.HostRequest || c.ClientKey != tenant || c.AccountID != accountID || c.License != auth.LicenseActive {
		t.Errorf("got %+v", c)
	}
	if !c.IssuedAt.Equal(w.clock.Now()) || c.ExpiresAt.Sub(c.IssuedAt) != 3*time.Minute {
		t.Errorf("got times %v and %v", c.IssuedAt, c.ExpiresAt)
	}
	if c.Installation == nil || c.Installation.ClientKey != tenant || c.Installation.BaseURL != "https://x.atlassian.net" {
		t.Errorf("got installation %+v", c.Installation)
	}
	if c.BaseURL != "" || c.TokenDigest != [32]byte{} || string(c.RawContext) != "{}" {
		t.Errorf("got base URL %q, digest %x, context %s", c.BaseURL, c.TokenDigest, c.RawContext)
	}
	c.Installation.ClientKey = "changed"
	if again := w.admit(pageFrame(w.clock.unix())); again.Installation.ClientKey != tenant {
		t.Error("a change of one caller's installation shows in the next")
	}
}

func TestCallerOfNobody(t *testing.T) {
	w := newWorld(t)
	for _, spoil := range []func(*world, *shot){noClaim("sub"), claim("sub", `""`), claim("sub", `null`)} {
		s := hostRequest(w.clock.unix())
		s.claims.drop("context")
		spoil(w, s)
		c := w.admit(s)
		if c.AccountID != "" || c.RawContext != nil {
			t.Errorf("got account %q and context %s, want none", c.AccountID, c.RawContext)
		}
		if got, err := c.Context(); err != nil || got != (auth.Context{}) {
			t.Errorf("got context %+v, %v, want the zero Context", got, err)
		}
	}
}

func TestCallerOfLifecycleEvent(t *testing.T) {
	w := newWorld(t)
	s := lifecycleEvent(w.clock.unix())
	s.claims.set("iss", `"jira:not-yet-installed"`)
	s.claims.set("aud", `["https://app.example.com/"]`)
	token := s.token() // RS256 signs the same text to the same bytes
	c := w.admit(s)
	if c.ClientKey != "jira:not-yet-installed" || c.Installation != nil || c.BaseURL != baseURL || c.AccountID != accountID {
		t.Errorf("got %+v", c)
	}
	if c.TokenDigest != sha256.Sum256([]byte(token)) {
		t.Errorf("got digest %x, want that of the token", c.TokenDigest)
	}
}

func TestLicense(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]auth.License{
		"lic=active": auth.LicenseActive, "lic=none": auth.LicenseNone, "": auth.LicenseUnknown, "lic=": auth.LicenseUnknown,
		"lic=ACTIVE": auth.LicenseUnknown, "LIC=active": auth.LicenseUnknown, "lic=other": auth.LicenseUnknown,
	} {
		s := hostRequest(w.clock.unix())
		s.query = query
		s.rehash()
		if got := w.admit(s).License; got != want {
			t.Errorf("query %q: got licence %q, want %q", query, got, want)
		}
	}
	twice := hostRequest(w.clock.unix())
	twice.query = "lic=none&lic=active"
	twice.claims.set("qsh", quoted(sumHex("GET&/host&lic=active,none")))
	if got := w.admit(twice).License; got != auth.LicenseUnknown {
		t.Errorf("said twice: got licence %q, want unknown", got)
	}
	for text, want := range map[string]auth.License{
		`{"license":{"active":true}}`: auth.LicenseActive, `{"license":{"active":false}}`: auth.LicenseNone, `{"license":{}}`: auth.LicenseNone,
		`{"license":null}`: auth.LicenseUnknown, `{}`: auth.LicenseUnknown, `null`: auth.LicenseUnknown, `"active"`: auth.LicenseUnknown,
		`{"License":{"active":true}}`: auth.LicenseUnknown, `{"license":{"Active":true}}`: auth.LicenseNone, `{"license":"active"}`: auth.LicenseUnknown,
	} {
		s := contextToken(w.clock.unix())
		s.claims.set("context", text)
		s.query = "lic=active" // not signed, so it says nothing
		if got := w.admit(s).License; got != want {
			t.Errorf("context %s: got licence %q, want %q", text, got, want)
		}
	}
	s := session(w.clock.unix())
	s.query = "lic=active"
	if got := w.admit(s).License; got != auth.LicenseUnknown {
		t.Errorf("session: got licence %q, want unknown", got)
	}
}

func TestCallerContext(t *testing.T) {
	w := newWorld(t)
	jira, err := w.admit(contextToken(w.clock.unix())).Context()
	if err != nil {
		t.Fatal(err)
	}
	if i := jira.Jira.Issue; i.ID != "10001" || i.Key != "TST-1" || i.IssueType.ID != "1" {
		t.Errorf("got issue %+v", i)
	}
	if p := jira.Jira.Project; p.ID != "10000" || p.Key != "TST" || jira.License == nil || !jira.License.Active {
		t.Errorf("got %+v", jira)
	}
	s := contextToken(w.clock.unix())
	const text = `{"confluence":{"macro":{"id":"m"},"content":{"id":"7","type":"page","version":"3"},"space":{"id":"8","key":"DS"}},"url":"https://x.atlassian.net/wiki"}`
	s.claims.set("context", text)
	c := w.admit(s)
	confluence, err := c.Context()
	if err != nil || confluence.Confluence.Content.ID != "7" || confluence.Confluence.Content.Type != "page" || confluence.Confluence.Content.Version != "3" ||
		confluence.Confluence.Space.ID != "8" || confluence.Confluence.Space.Key != "DS" || confluence.URL != "https://x.atlassian.net/wiki" {
		t.Errorf("got %+v, %v", confluence, err)
	}
	if string(c.RawContext) != text {
		t.Errorf("got raw context %s, want %s", c.RawContext, text)
	}
	s.claims.set("context", `{"jira":[]}`)
	if _, err := w.admit(s).Context(); err == nil || !strings.HasPrefix(err.Error(), "auth: context claim: ") {
		t.Errorf("got %v, want an error", err)
	}
}

func TestCallerFrom(t *testing.T) {
	if c := auth.CallerFrom(context.Background()); c != nil {
		t.Errorf("got %+v from an empty context, want nil", c)
	}
	want := &auth.Caller{ClientKey: "x"}
	if got := auth.CallerFrom(auth.WithCaller(context.Background(), want)); got != want {
		t.Errorf("got %+v, want the caller", got)
	}
}

func TestSession(t *testing.T) {
	w := newWorld(t)
	opened := w.admit(pageFrame(w.clock.unix()))
	// call sends the token to the session route and returns the status.
	call := func(token string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "JWT "+token)
		status, _ := w.send(r)
		return status
	}
	token, err := w.verifier.IssueSession(opened, 0)
	if err != nil {
		t.Fatal(err)
	}
	if status := call(token); status != http.StatusOK {
		t.Fatalf("got status %d, want 200: %s", status, w.log.take())
	}
	c := w.caller.Load()
	if c.Policy != auth.Session || c.ClientKey != tenant || c.AccountID != accountID || c.Installation.ClientKey != tenant || c.ExpiresAt.Sub(c.IssuedAt) != 15*time.Minute {
		t.Errorf("got %+v", c)
	}
	next, err := w.verifier.IssueSession(c, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.advance(15*time.Minute + 29*time.Second)
	if status := call(token); status != http.StatusOK {
		t.Errorf("within the leeway: got status %d, want 200", status)
	}
	w.clock.advance(time.Second)
	if status := call(token); status != http.StatusUnauthorized {
		t.Errorf("at its end: got status %d, want 401", status)
	}
	if status := call(next); status != http.StatusOK {
		t.Errorf("the next one: got status %d, want 200", status)
	}
	w.rotate(tenant, secret2, time.Hour)
	if status := call(next); status != http.StatusUnauthorized {
		t.Errorf("after a rotation: got status %d, want 401", status)
	}
}

func TestIssueSessionRefuses(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config) { cfg.MaxLife = 10 * time.Minute })
	good := func() *auth.Caller { return w.admit(pageFrame(w.clock.unix())) }
	for _, life := range []time.Duration{0, time.Second, 90 * time.Second, 10 * time.Minute} {
		if _, err := w.verifier.IssueSession(good(), life); err != nil {
			t.Errorf("life %v: %v", life, err)
		}
	}
	for _, life := range []time.Duration{-1, time.Nanosecond, time.Second - 1, 10*time.Minute + 1, time.Hour, -time.Hour} {
		if token, err := w.verifier.IssueSession(good(), life); err == nil || token != "" {
			t.Errorf("life %v: got a session, want an error", life)
		}
	}
	for name, spoil := range map[string]func(*auth.Caller){
		"anonymous":       func(c *auth.Caller) { c.AccountID = "" },
		"no installation": func(c *auth.Caller) { c.Installation = nil },
		"uninstalled":     func(c *auth.Caller) { c.Installation.State = store.Uninstalled },
		"no secret":       func(c *auth.Caller) { c.Installation.SharedSecret = store.Secret{} },
		"short secret":    func(c *auth.Caller) { c.Installation.SharedSecret = store.NewSecret(secret[:31]) },
	} {
		c := good()
		spoil(c)
		if token, err := w.verifier.IssueSession(c, 0); err == nil || token != "" {
			t.Errorf("%s: got a session, want an error", name)
		}
	}
	if _, err := w.verifier.IssueSession(nil, 0); err == nil {
		t.Error("nobody: got a session, want an error")
	}
	if _, err := w.verifier.IssueSession(w.admit(lifecycleEvent(w.clock.unix())), 0); err == nil {
		t.Error("lifecycle event: got a session, want an error")
	}
}
