package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func newDataCenter(t *testing.T, set devhost.DataCenter) *stage {
	t.Helper()
	set.ContextPath = "/jira"
	return newStage(t, devhost.Config{DataCenter: &set})
}

func (s *stage) basic(t *testing.T, user, password string) *hostclient.Client {
	t.Helper()
	return s.hosts.Client(must(hostclient.NewBasic(s.dataCenter(t), user, store.NewSecret(password)))(t))
}

// A password works until it has been wrong too often, and is then not sent again.
func TestStoryOfPasswords(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{})
	wantWho(t, s.basic(t, "bo", "bo-password"), serverAPI, "bo")
	wantWho(t, s.basic(t, "bo", s.host.AddBasicToken("bo")), serverAPI, "bo")

	wrong := func() (*hostclient.Basic, *hostclient.Client) {
		c := must(hostclient.NewBasic(s.dataCenter(t), "bo", store.NewSecret("another word")))(t)
		return c, s.hosts.Client(c)
	}
	before := s.calls()
	for range 3 {
		_, client := wrong()
		for range 5 {
			wantRefused(t, client, serverAPI, hostclient.ErrUnauthorized, "user or password is wrong")
		}
	}
	password, client := wrong()
	for range 5 {
		wantRefused(t, client, serverAPI, hostclient.ErrCaptcha, "makes it worse")
	}
	if n := s.calls() - before; n != 4 {
		t.Errorf("%d calls with a wrong password, want one for each credential", n)
	}
	_, err := who(client, serverAPI)
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.LoginURL != s.host.BaseURL()+"/login.jsp" {
		t.Errorf("got %v, want the URL of the login page", err)
	}
	s.host.SolveCaptcha("bo")
	password.Reset()
	wantRefused(t, client, serverAPI, hostclient.ErrUnauthorized, "")
	wantWho(t, s.basic(t, "bo", "bo-password"), serverAPI, "bo")

	off := newDataCenter(t, devhost.DataCenter{BasicOff: true})
	wantRefused(t, off.basic(t, "bo", "bo-password"), serverAPI, hostclient.ErrForbidden, "use a personal access token")
}

// A personal access token is made, used, listed and revoked; it opens no pages
// outside of the REST API.
func TestStoryOfPATs(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{BasicOff: false})
	owner := s.basic(t, "bo", "bo-password")
	type token struct {
		ID       int
		RawToken string
		Name     string
	}
	const path = "/rest/pat/latest/tokens"
	made, err := hostclient.Send[token](t.Context(), owner, "POST", path, map[string]any{"name": "nightly", "expirationDuration": 30})
	if err != nil || made.RawToken == "" {
		t.Fatalf("got %+v, %v", made, err)
	}
	client := s.hosts.Client(must(hostclient.NewPAT(s.dataCenter(t), store.NewSecret(made.RawToken)))(t))
	wantWho(t, client, serverAPI, "bo")
	if len(s.sent().Header["Cookie"]) != 0 {
		t.Error("a cookie was sent with the token")
	}
	listed, err := hostclient.Get[[]token](t.Context(), client, path)
	if err != nil || len(listed) != 1 || listed[0].Name != "nightly" || listed[0].RawToken != "" {
		t.Errorf("got %+v, %v", listed, err)
	}

	address := must(s.host.AddDataCenterAttachment("bo", "report.txt", []byte("the report")))(t)
	r := must(client.NewRequest(t.Context(), "GET", below(s, address), nil))(t)
	if _, err := client.Download(r); !errors.Is(err, hostclient.ErrUnauthorized) || !strings.Contains(err.Error(), "login page") {
		t.Errorf("the file with the token: got %v, want ErrUnauthorized", err)
	}
	r = must(owner.NewRequest(t.Context(), "GET", below(s, address), nil))(t)
	answer := must(owner.Download(r))(t)
	defer answer.Body.Close()
	if text := must(io.ReadAll(answer.Body))(t); string(text) != "the report" {
		t.Errorf("the file: got %q", text)
	}

	if _, err := hostclient.Send[struct{}](t.Context(), owner, "DELETE", fmt.Sprint(path, "/", made.ID), nil); err != nil {
		t.Error(err)
	}
	wantRefused(t, client, serverAPI, hostclient.ErrUnauthorized, "has expired or was revoked")
	old := must(s.host.AddPAT("bo", "short", 1))(t)
	s.clock.advance(25 * time.Hour)
	wantRefused(t, s.hosts.Client(must(hostclient.NewPAT(s.dataCenter(t), store.NewSecret(old)))(t)), serverAPI, hostclient.ErrUnauthorized, "has expired")
}

// below returns an address of the host as a path.
func below(s *stage, address string) string { return strings.TrimPrefix(address, s.host.BaseURL()) }

func (s *stage) session(t *testing.T, password string) (*hostclient.CookieSession, *hostclient.Client) {
	t.Helper()
	c := must(hostclient.NewCookieSession(hostclient.CookieSessionConfig{
		Site: s.dataCenter(t), Username: "bo", Password: store.NewSecret(password), Clock: s.clock.now,
	}))(t)
	return c, s.hosts.Client(c)
}

// logins counts those that the host has seen.
func (s *stage) logins() int {
	n := 0
	for _, call := range s.host.Calls() {
		if call.Method == "POST" && strings.HasSuffix(call.Path, "/rest/auth/1/session") {
			n++
		}
	}
	return n
}

// A session is begun once, begun again when it has ended, and ended.
func TestStoryOfSessions(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{})
	session, client := s.session(t, "bo-password")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { wantWho(t, client, serverAPI, "bo") })
	}
	group.Wait()
	if n := s.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	if sent := s.sent().Header; sent.Get("Authorization") != "" || len(sent["Cookie"]) == 0 || !strings.Contains(sent.Get("Cookie"), "JSESSIONID=") {
		t.Errorf("sent %v", sent)
	}
	if n := strings.Count(strings.Join(s.sent().Header["Cookie"], "; "), "="); n < 3 {
		t.Errorf("%d cookies, want those of the session, the balancer and the form token", n)
	}

	s.host.ExpireSessions()
	for range 20 {
		group.Go(func() { wantWho(t, client, serverAPI, "bo") })
	}
	group.Wait()
	if n := s.logins(); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}

	issue, err := hostclient.Send[struct{ Key string }](t.Context(), client, "POST", serverAPI+"/issue", map[string]any{
		"fields": map[string]any{"project": map[string]string{"key": "DEMO"}, "issuetype": map[string]string{"name": "Task"}, "summary": "By a session"},
	})
	if err != nil || issue.Key == "" {
		t.Errorf("creating: got %+v, %v", issue, err)
	}
	if _, err := hostclient.Upload[[]struct{ Filename string }](t.Context(), client, serverAPI+"/issue/DEMO-1/attachments",
		hostclient.File{Name: "a.txt", Content: strings.NewReader("text")}); err != nil {
		t.Errorf("uploading: %v", err)
	}

	if err := session.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if err := session.Logout(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	wantWho(t, client, serverAPI, "bo")
	if n := s.logins(); n != 3 {
		t.Errorf("%d logins, want 3", n)
	}
}

// A password that is refused is not tried again, whatever is called.
func TestSessionsDoNotTryAgain(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{CaptchaAfter: 1})
	_, client := s.session(t, "another word")
	for range 5 {
		wantRefused(t, client, serverAPI, hostclient.ErrUnauthorized, "")
	}
	if n := s.calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	good, client := s.session(t, "bo-password") // the CAPTCHA waits all the same
	for range 5 {
		wantRefused(t, client, serverAPI, hostclient.ErrCaptcha, "makes it worse")
	}
	if n := s.calls(); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
	_, err := who(client, serverAPI)
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.LoginURL != s.host.BaseURL()+"/login.jsp" {
		t.Errorf("got %v, want the URL of the login page", err)
	}
	s.host.SolveCaptcha("bo")
	good.Reset()
	wantWho(t, client, serverAPI, "bo")

	off := newDataCenter(t, devhost.DataCenter{BasicOff: true})
	_, client = off.session(t, "bo-password")
	wantRefused(t, client, serverAPI, hostclient.ErrForbidden, "use a personal access token")
}

// A host that is down, or a caller who gives up, does not end the session's use.
func TestSessionsAfterFailures(t *testing.T) {
	down := true
	s := newStage(t, devhost.Config{DataCenter: &devhost.DataCenter{ContextPath: "/jira"}, Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	_, client := s.session(t, "bo-password")
	wantRefused(t, client, serverAPI, hostclient.ErrHost, "")
	down = false
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hostclient.Get[struct{}](ended, client, serverAPI+"/myself"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	wantWho(t, client, serverAPI, "bo")
}

// A resource that says 401 to a session that is alive costs no login.
func TestSessionsAreAskedFor(t *testing.T) {
	s := newStage(t, devhost.Config{DataCenter: &devhost.DataCenter{ContextPath: "/jira"}, Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/sudo") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	_, client := s.session(t, "bo-password")
	for range 5 {
		if _, err := hostclient.Get[struct{}](t.Context(), client, serverAPI+"/sudo"); !errors.Is(err, hostclient.ErrUnauthorized) {
			t.Errorf("got %v, want ErrUnauthorized", err)
		}
	}
	if n := s.logins(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	wantWho(t, client, serverAPI, "bo")
}

// An application link of OAuth 1.0a: a browser's dance, signed calls, revocation.
func TestStoryOfOAuth1(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{})
	key := must(rsaKey())(t)
	const callback = "https://app.example.com/oauth1/callback"
	if err := s.host.LinkOAuth1(devhost.OAuth1Link{ConsumerKey: "reports", PublicKey: &key.PublicKey}); err != nil {
		t.Fatal(err)
	}
	consumer := must(oauth1.New(oauth1.Config{
		BaseURL: s.host.BaseURL(), ConsumerKey: "reports", Signer: oauth1.RSASHA1(key), CallbackURL: callback, Clock: s.clock.now,
	}))(t)
	var given *oauth1.Token
	pages := must(oauth1.NewBrowser(oauth1.BrowserConfig{
		Consumer: consumer, Logger: slog.New(slog.DiscardHandler),
		Done: func(_ http.ResponseWriter, _ *http.Request, token *oauth1.Token, _ string) { given = token },
	}))(t)
	var b browser
	page := b.visit(pages.Start(), "https://app.example.com/oauth1/start").Header.Get("Location")
	b.visit(pages.Callback(), must(s.host.ConsentOAuth1(page, "bo"))(t))
	if given == nil {
		t.Fatal("no token was given")
	}
	client := s.hosts.Client(must(consumer.Credential(s.dataCenter(t), given))(t))
	wantWho(t, client, serverAPI, "bo")
	for _, query := range []string{"?expand=b&expand=a&expand=a", "?a=%20+%2B&b&c=", "?x%5B%5D=%C3%A9", "?a=1&a%3D=2"} {
		if _, err := hostclient.Get[struct{}](t.Context(), client, serverAPI+"/myself"+query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	form := must(client.NewRequest(t.Context(), "POST", serverAPI+"/issue/DEMO-1/comment", strings.NewReader(url.Values{"a": {"1", "2"}}.Encode())))(t)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	answer := must(client.Do(form))(t)
	defer answer.Body.Close()
	if err := client.CheckResponse(answer); errors.Is(err, hostclient.ErrUnauthorized) || errors.Is(err, hostclient.ErrXSRF) {
		t.Errorf("a form: %v", err)
	}

	s.clock.advance(time.Hour) // each call has a time of its own
	wantWho(t, client, serverAPI, "bo")
	s.host.RevokeOAuth1(given.Value.Reveal())
	_, err := who(client, serverAPI)
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Code != "token_rejected" || !errors.Is(err, hostclient.ErrTokenRevoked) || !errors.Is(err, hostclient.ErrUnauthorized) {
		t.Errorf("revoked: got %#v, want token_rejected", err)
	}
	if _, err := consumer.Credential(s.site(t), given); !errors.Is(err, hostclient.ErrSite) {
		t.Errorf("on the Cloud: got %v, want ErrSite", err)
	}
	elsewhere := must(hostclient.DataCenter("https://jira.example.com/jira"))(t)
	if _, err := consumer.Credential(elsewhere, given); !errors.Is(err, hostclient.ErrSite) {
		t.Errorf("elsewhere: got %v, want ErrSite", err)
	}
}

// A clock that is out of step and a key that is another are told of in words.
func TestOAuth1Refused(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{})
	key := must(rsaKey())(t)
	if err := s.host.LinkOAuth1(devhost.OAuth1Link{ConsumerKey: "reports", PublicKey: &key.PublicKey}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*oauth1.Config)
		want   string
	}{
		{"clock", func(c *oauth1.Config) { c.Clock = func() time.Time { return s.clock.now().Add(-time.Hour) } }, "timestamp_refused"},
		{"consumer", func(c *oauth1.Config) { c.ConsumerKey = "another" }, "consumer_key_unknown"},
		{"method", func(c *oauth1.Config) { c.Signer = oauth1.HMACSHA1(store.NewSecret("secret")) }, ""},
	} {
		config := oauth1.Config{BaseURL: s.host.BaseURL(), ConsumerKey: "reports", Signer: oauth1.RSASHA1(key), Clock: s.clock.now}
		c.change(&config)
		if _, err := must(oauth1.New(config))(t).RequestToken(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// An incoming application link of OAuth 2.0: the code is exchanged at once, and each
// refresh names the redirect URL.
func TestStoryOfDataCenterOAuth2(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{})
	const callback = "https://app.example.com/callback"
	link := must(s.host.LinkOAuth2(devhost.OAuth2Link{RedirectURL: callback, Scopes: []string{"READ", "WRITE"}}))(t)
	app := must(oauth2.NewDataCenter(oauth2.Config{
		ClientID: link.ClientID, ClientSecret: store.NewSecret(link.ClientSecret), RedirectURL: callback, Scopes: []string{"READ"}, Clock: s.clock.now,
	}, s.host.BaseURL()))(t)
	var given *tokenstore.Token
	var failed error
	pages := must(oauth2.NewBrowser(oauth2.BrowserConfig{
		App:    app,
		Done:   func(_ http.ResponseWriter, _ *http.Request, token *tokenstore.Token, _ string) { given = token },
		Failed: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}))(t)
	var b browser
	begin := func() string {
		return must(s.host.ConsentOAuth2(b.visit(pages.Start(), "https://app.example.com/start").Header.Get("Location"), "bo"))(t)
	}
	late := begin()
	s.clock.advance(11 * time.Second)
	b.visit(pages.Callback(), late)
	if e := (*hostclient.Error)(nil); !errors.As(failed, &e) || e.Code != "invalid_grant" {
		t.Errorf("a code after 11 seconds: got %v, want invalid_grant", failed)
	}
	b.visit(pages.Callback(), begin())
	if given == nil {
		t.Fatalf("no token was given: %v", failed)
	}
	if err := app.Save(t.Context(), "bo", given); err != nil {
		t.Fatal(err)
	}
	client := s.hosts.Client(must(app.Credential("bo", s.dataCenter(t)))(t))
	for range 5 {
		wantWho(t, client, serverAPI, "bo")
		s.clock.advance(2 * time.Hour)
	}
	_, err := hostclient.Send[struct{}](t.Context(), client, "PUT", serverAPI+"/issue/DEMO-1", map[string]any{"fields": map[string]string{"summary": "x"}})
	if !errors.Is(err, hostclient.ErrForbidden) {
		t.Errorf("without WRITE: got %v, want ErrForbidden", err)
	}
}

// A service account of a Data Center.
func TestStoryOfDataCenterServiceAccounts(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{BasicOff: true})
	account := must(s.host.AddDataCenterServiceAccount(devhost.DataCenterServiceAccount{Username: "nightly", Scopes: []string{"READ"}}))(t)
	app := must(oauth2.NewDataCenterServiceAccount(oauth2.Config{
		ClientID: account.ClientID, ClientSecret: store.NewSecret(account.ClientSecret), Scopes: []string{"READ"}, Clock: s.clock.now,
	}, s.host.BaseURL()))(t)
	client := s.hosts.Client(must(app.Credential("nightly", s.dataCenter(t)))(t))
	for range 3 {
		wantWho(t, client, serverAPI, "nightly")
		s.clock.advance(2 * time.Hour)
	}
}

// A Data Center sends retry-after: 0 with every success, which stops nothing, and a
// 429 with the time.
func TestDataCenterLimits(t *testing.T) {
	s := newDataCenter(t, devhost.DataCenter{RateLimit: &devhost.DataCenterLimit{Limit: 100, FillRate: 10, Interval: 2 * time.Second}})
	client := s.basic(t, "bo", "bo-password")
	wantWho(t, client, serverAPI, "bo")
	if s.waited() != 0 {
		t.Errorf("waited %v", s.waited())
	}
	if err := s.host.ExhaustLimit("bo"); err != nil {
		t.Fatal(err)
	}
	wantWho(t, client, serverAPI, "bo")
	if s.waited() == 0 {
		t.Error("the limit was not waited for")
	}
}
