package oauth1_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

// app is a web app with the two pages.
type app struct {
	*httptest.Server
	jira    *jira
	granted []*oauth1.Token
	failed  []error
}

type setup struct {
	secure  bool
	config  func(*oauth1.Config)
	browser func(*oauth1.BrowserConfig)
}

func newApp(t *testing.T, j *jira, s setup) *app {
	t.Helper()
	mux := http.NewServeMux()
	a := &app{Server: httptest.NewUnstartedServer(mux), jira: j}
	if s.secure {
		a.StartTLS()
	} else {
		a.Start()
	}
	t.Cleanup(a.Close)
	b, err := oauth1.NewBrowser(a.config(j, s))
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/oauth/start", b.Start())
	mux.Handle("/oauth/callback", b.Callback())
	return a
}

func (a *app) config(j *jira, s setup) oauth1.BrowserConfig {
	consumer := j.consumer(func(c *oauth1.Config) {
		c.CallbackURL = a.URL + "/oauth/callback"
		if s.config != nil {
			s.config(c)
		}
	})
	config := oauth1.BrowserConfig{
		Consumer: consumer,
		Done: func(w http.ResponseWriter, r *http.Request, token *oauth1.Token, returnTo string) {
			a.granted = append(a.granted, token)
			fmt.Fprintf(w, "granted, go to %q", returnTo)
		},
		Failed: func(w http.ResponseWriter, r *http.Request, err error) {
			a.failed = append(a.failed, err)
			http.Error(w, "failed", http.StatusTeapot)
		},
	}
	if s.browser != nil {
		s.browser(&config)
	}
	return config
}

// person is a browser with its own cookies.
type person struct {
	*http.Client
	t   *testing.T
	app *app
}

func (a *app) person(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *a.Client()
	client.Jar = jar
	return &person{&client, t, a}
}

func (p *person) visit(path string) (status int, text string) {
	p.t.Helper()
	answer, err := p.Get(p.app.URL + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// leave begins a dance and agrees, but does not come back: it returns where
// Jira leads to.
func (p *person) leave() (callback string) {
	p.t.Helper()
	stop := *p.Client
	stop.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/oauth/callback" {
			callback = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	answer, err := stop.Get(p.app.URL + "/oauth/start")
	if err != nil {
		p.t.Fatal(err)
	}
	answer.Body.Close()
	if callback == "" {
		p.t.Fatalf("the browser was not led back: %s, %v", answer.Status, p.app.failed)
	}
	return callback
}

func (p *person) cookies() []*http.Cookie { return p.Jar.Cookies(p.url()) }

func (p *person) url() *url.URL {
	u, err := url.Parse(p.app.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	return u
}

// refused visits a callback and wants want, with no token asked for.
func (p *person) refused(callback string, want error) {
	p.t.Helper()
	exchanges := p.app.jira.exchanges()
	failed := len(p.app.failed)
	if status, text := p.visit(callback); status != http.StatusTeapot {
		p.t.Fatalf("got %d %s", status, text)
	}
	if err := p.app.failed[failed]; !errors.Is(err, want) {
		p.t.Errorf("got %v, want %v", err, want)
	}
	if got := p.app.jira.exchanges(); got != exchanges {
		p.t.Error("the token was asked for")
	}
}

// exchanges counts how often a token was asked for.
func (j *jira) exchanges() (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, call := range j.seen {
		if strings.HasSuffix(call, "/access-token") {
			n++
		}
	}
	return n
}

func TestBrowser(t *testing.T) {
	for _, secure := range []bool{false, true} {
		j := newJira(t)
		a := newApp(t, j, setup{secure: secure})
		p := a.person(t)
		if status, text := p.visit("/oauth/start?return_to=" + url.QueryEscape("/issues/A-1?tab=x&y=1")); status != 200 || text != `granted, go to "/issues/A-1?tab=x&y=1"` {
			t.Fatalf("got %d %s, %v", status, text, a.failed)
		}
		check(t, j, j.consumer(), a.granted[0], request(t, "GET", j.URL+"/jira/rest/x", "", ""))
		if left := p.cookies(); len(left) > 0 {
			t.Errorf("got %v left, want no cookies", left)
		}
	}
}

func TestBrowserWithHMAC(t *testing.T) {
	j := newJira(t)
	j.public, j.secret = nil, "shared"
	a := newApp(t, j, setup{})
	if status, text := a.person(t).visit("/oauth/start"); status != 200 || text != `granted, go to ""` {
		t.Fatalf("got %d %s, %v", status, text, a.failed)
	}
	check(t, j, j.consumer(), a.granted[0], request(t, "GET", j.URL+"/jira/rest/x", "", ""))
}

func TestCallbackRefuses(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{})
	t.Run("without a cookie", func(t *testing.T) {
		attacker, victim := a.person(t), a.person(t)
		victim.refused(attacker.leave(), oauth1.ErrState)
	})
	t.Run("with the cookie of another dance", func(t *testing.T) {
		attacker, victim := a.person(t), a.person(t)
		own := victim.leave()
		victim.refused(attacker.leave(), oauth1.ErrState)
		if status, _ := victim.visit(own); status != 200 {
			t.Errorf("the victim's own dance: got %d, %v", status, a.failed)
		}
	})
	t.Run("with the cookie renamed", func(t *testing.T) {
		attacker, victim := a.person(t), a.person(t)
		victim.leave()
		callback := attacker.leave()
		victim.Jar.SetCookies(victim.url(), []*http.Cookie{{Name: attacker.cookies()[0].Name, Value: victim.cookies()[0].Value, Path: "/"}})
		victim.refused(callback, oauth1.ErrState)
	})
	t.Run("again", func(t *testing.T) {
		p := a.person(t)
		callback, kept := p.leave(), p.cookies()
		if status, _ := p.visit(callback); status != 200 {
			t.Fatal(status, a.failed)
		}
		p.refused(callback, oauth1.ErrState)
		p.Jar.SetCookies(p.url(), kept)
		p.refused(callback, oauth1.ErrState)
	})
	t.Run("late", func(t *testing.T) {
		p := a.person(t)
		callback := p.leave()
		j.clock.forward(10 * time.Minute)
		p.refused(callback, oauth1.ErrState)
	})
	t.Run("without a token", func(t *testing.T) {
		p := a.person(t)
		callback := p.leave()
		_, verifier, _ := strings.Cut(callback, "&")
		p.refused("/oauth/callback?"+verifier, oauth1.ErrState)
		p.refused("/oauth/callback", oauth1.ErrState)
		p.refused("/oauth/callback?oauth_problem=user_refused", oauth1.ErrState)
		if status, _ := p.visit(callback); status != 200 {
			t.Errorf("got %d, %v", status, a.failed)
		}
	})
	t.Run("malformed", func(t *testing.T) {
		p := a.person(t)
		callback := p.leave()
		p.refused(callback+"&oauth_token=x", oauth1.ErrRequest)
		p.refused(callback+"&oauth_verifier=x", oauth1.ErrRequest)
		p.refused(callback+"&%zz", oauth1.ErrRequest)
		if status, _ := p.visit(callback); status != 200 {
			t.Errorf("got %d, %v", status, a.failed)
		}
	})
	t.Run("without a verifier", func(t *testing.T) {
		p := a.person(t)
		token, _, _ := strings.Cut(p.leave(), "&")
		p.refused(token, oauth1.ErrRequest)
	})
}

// Two tabs: each token goes with its own verifier.
func TestVerifiersMixedUp(t *testing.T) {
	a := newApp(t, newJira(t), setup{})
	p := a.person(t)
	first, second := p.leave(), p.leave()
	token, _, _ := strings.Cut(first, "&")
	_, verifier, _ := strings.Cut(second, "&")
	if status, _ := p.visit(token + "&" + verifier); status != http.StatusTeapot {
		t.Fatalf("got %d", status)
	}
	wantProblem(t, a.failed[0], "permission_denied", 401)
	if status, _ := p.visit(second); status != 200 || len(a.granted) != 1 {
		t.Errorf("the other tab: got %d, %v", status, a.failed)
	}
}

func TestUserRefuses(t *testing.T) {
	j := newJira(t)
	j.user = ""
	a := newApp(t, j, setup{})
	p := a.person(t)
	p.refused(p.leave(), oauth1.ErrRefused)
	if left := p.cookies(); len(left) > 0 {
		t.Errorf("got %v left, want no cookies", left)
	}
	for word, want := range map[string]error{"user_refused": oauth1.ErrRefused, "permission_denied": oauth1.ErrRefused} {
		token, _, _ := strings.Cut(p.leave(), "&")
		p.refused(token+"&oauth_problem="+word, want)
	}
	token, _, _ := strings.Cut(p.leave(), "&")
	if status, _ := p.visit(token + "&oauth_verifier=x&oauth_problem=token_expired"); status != http.StatusTeapot || j.exchanges() > 0 {
		t.Errorf("got %d", status)
	}
	wantProblem(t, a.failed[len(a.failed)-1], "token_expired", 200)
}

// Where several links share a key and a site, none ends what another began, even
// when a server hands out another's token.
func TestDancesOfOtherLinks(t *testing.T) {
	key := func(c *oauth1.BrowserConfig) { c.Key = []byte("0123456789abcdef0123456789abcdef") }
	j := newJira(t)
	first := newApp(t, j, setup{browser: key})
	for _, c := range []struct {
		name  string
		other *app
		taken bool
	}{
		{"the same link in another process", newApp(t, j, setup{browser: key}), true},
		{"another Jira", newApp(t, newJira(t), setup{browser: key}), false},
		{"another consumer of the same Jira", newApp(t, j, setup{browser: key, config: func(c *oauth1.Config) { c.ConsumerKey = "other" }}), false},
		{"the same link with a key of its own", newApp(t, j, setup{}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := first.person(t)
			callback := p.leave()
			moved := &person{p.Client, t, c.other} // cookies do not tell ports apart
			if !c.taken {
				moved.refused(callback, oauth1.ErrState)
			} else if status, _ := moved.visit(callback); status != 200 {
				t.Errorf("got %d, %v", status, c.other.failed)
			}
		})
	}
}

func TestReturnTo(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{})
	for _, bad := range []string{
		"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)", "evil", "/a/../../x",
		"/%2f/evil.example", "/" + strings.Repeat("x", 600),
	} {
		calls := len(j.seen)
		a.person(t).refused("/oauth/start?return_to="+url.QueryEscape(bad), oauth1.ErrRequest)
		if len(j.seen) != calls {
			t.Errorf("%q: Jira was called", bad)
		}
	}
	a.person(t).refused("/oauth/start?return_to=/a&return_to=/b", oauth1.ErrRequest)
}

func TestPages(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{secure: true})
	client := a.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/oauth/start", 303, ""}, {"POST", "/oauth/start", 303, ""}, {"HEAD", "/oauth/start", 405, "GET, POST"},
		{"GET", "/oauth/callback", 418, ""}, {"POST", "/oauth/callback", 405, "GET"}, {"HEAD", "/oauth/callback", 405, "GET"},
	} {
		answer, err := client.Do(request(t, c.method, a.URL+c.path, "", ""))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status || answer.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: got %d, allowed %q", c.method, c.path, answer.StatusCode, answer.Header.Get("Allow"))
		}
		if c.allow == "" && (answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Referrer-Policy") != "no-referrer") {
			t.Errorf("%s %s: got the header %v", c.method, c.path, answer.Header)
		}
		if c.status != 303 {
			continue
		}
		cookie := answer.Cookies()[0]
		if !strings.HasPrefix(cookie.Name, "__Host-oauth1-") || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 {
			t.Errorf("got the cookie %v", cookie)
		}
		if to := answer.Header.Get("Location"); !strings.HasPrefix(to, j.URL+"/jira/plugins/servlet/oauth/authorize?oauth_token=temporary") {
			t.Errorf("the browser is led to %s", to)
		}
	}
}

// What fails at Jira is told to Failed, and no cookie is set.
func TestStartFails(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{})
	for _, body := range []string{"oauth_problem=consumer_key_unknown", "oauth_callback_confirmed=true&oauth_token=" + strings.Repeat("x", 257)} {
		j.answer = func(w http.ResponseWriter, _ url.Values) { fmt.Fprint(w, body) }
		p := a.person(t)
		if status, _ := p.visit("/oauth/start"); status != http.StatusTeapot || len(p.cookies()) > 0 {
			t.Errorf("got %d and %v", status, p.cookies())
		}
	}
	wantProblem(t, a.failed[0], "consumer_key_unknown", 200)
}

// The plain page tells a user what to do, and the log the rest.
func TestPlainPage(t *testing.T) {
	var log bytes.Buffer
	j := newJira(t)
	a := newApp(t, j, setup{browser: func(c *oauth1.BrowserConfig) {
		c.Failed, c.Logger = nil, slog.New(slog.NewTextHandler(&log, nil))
	}})
	for _, c := range []struct {
		path, word, shown, logged string
		status                    int
	}{
		{"/oauth/callback?oauth_token=forged-hushhush&oauth_verifier=forged-hushhush", "", "begin again", "has not begun it", 400},
		{"/oauth/start?return_to=//evil.example/hushhush", "", "begin again", "path to return to", 400},
		{"/oauth/start", "consumer_key_unknown", "did not grant", "consumer_key_unknown", 502},
	} {
		log.Reset()
		j.answer = func(w http.ResponseWriter, _ url.Values) { problem(w, c.word, "") }
		status, text := a.person(t).visit(c.path)
		if status != c.status || !strings.Contains(text, c.shown) || strings.Contains(text, "hushhush") || strings.Contains(text, "unknown") {
			t.Errorf("%s: got %d %s", c.path, status, text)
		}
		if !strings.Contains(log.String(), c.logged) || strings.Contains(log.String(), "hushhush") {
			t.Errorf("%s: logged %s", c.path, log.String())
		}
	}
	j.answer, j.user = nil, ""
	if status, text := a.person(t).visit("/oauth/start"); status != 403 || !strings.Contains(text, "did not allow") {
		t.Errorf("got %d %s", status, text)
	}
}

func TestBrowserConfigRefused(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{})
	good := a.config(j, setup{})
	for _, c := range []struct {
		name   string
		change func(*oauth1.BrowserConfig)
	}{
		{"Consumer", func(c *oauth1.BrowserConfig) { c.Consumer = nil }},
		{"CallbackURL", func(c *oauth1.BrowserConfig) { c.Consumer = j.consumer() }},
		{"Done", func(c *oauth1.BrowserConfig) { c.Done = nil }},
		{"Key", func(c *oauth1.BrowserConfig) { c.Key = []byte("short") }},
		{"TTL", func(c *oauth1.BrowserConfig) { c.TTL = -time.Second }},
	} {
		config := good
		c.change(&config)
		if _, err := oauth1.NewBrowser(config); err == nil || !strings.Contains(err.Error(), c.name) {
			t.Errorf("got %v, want an error on %s", err, c.name)
		}
	}
}

// However a value is shown, its secrets are not.
func TestNothingShows(t *testing.T) {
	key := testKey()
	secret := store.NewSecret("secret-hushhush")
	rsaSigner, hmacSigner := oauth1.RSASHA1(key), oauth1.HMACSHA1(secret)
	j := newJira(t)
	a := newApp(t, j, setup{})
	config := a.config(j, setup{browser: func(c *oauth1.BrowserConfig) { c.Key = []byte("key-hushhush-0123456789abcdef0123456789") }})
	browser, err := oauth1.NewBrowser(config)
	if err != nil {
		t.Fatal(err)
	}
	consumerConfig := j.config()
	consumerConfig.Signer = hmacSigner
	consumer := j.consumer(func(c *oauth1.Config) { c.Signer = hmacSigner })
	var all bytes.Buffer
	texts, jsons := slog.New(slog.NewTextHandler(&all, nil)), slog.New(slog.NewJSONHandler(&all, nil))
	for _, v := range []any{
		rsaSigner, &rsaSigner, hmacSigner, &hmacSigner, struct{ S oauth1.Signer }{rsaSigner}, consumerConfig, &consumerConfig, j.config(), consumer, *consumer,
		config, &config, browser, *browser, oauth1.Token{Value: secret, Secret: secret, SessionHandle: secret}, &oauth1.TemporaryToken{Value: secret, Secret: secret},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&all, verb+"\n", v)
		}
		texts.Info("x", "v", v)
		jsons.Info("x", "v", v)
	}
	for name, hidden := range map[string]string{
		"a secret": "hushhush", "a secret in hex": fmt.Sprintf("%x", "secret-hushhush"), "the cookies' key": fmt.Sprint([]byte("key-hushhush"))[1:20],
		"the private key": key.D.String(), "the private key in hex": fmt.Sprintf("%x", key.D), "a prime": key.Primes[0].String(),
	} {
		if strings.Contains(all.String(), hidden) {
			t.Errorf("%s shows", name)
		}
	}
}

// The dance's own context ends with the browser's.
func TestBrowserGoesAway(t *testing.T) {
	j := newJira(t)
	a := newApp(t, j, setup{})
	b, err := oauth1.NewBrowser(a.config(j, setup{}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.Start().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/oauth/start", nil).WithContext(ctx))
	if !errors.Is(a.failed[0], context.Canceled) {
		t.Errorf("got %v", a.failed[0])
	}
}
