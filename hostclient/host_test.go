package hostclient_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	appKey        = "com.example.app"
	clientKey     = "jira:tenant-1"
	secret        = "the-shared-secret-of-tenant-one-1234567890"
	oauthClientID = "b3Blbi1jbGllbnQ"
	accountID     = "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077"
)

func installation(baseURL string) *store.Installation {
	return &store.Installation{
		Key:           appKey,
		ClientKey:     clientKey,
		OAuthClientID: oauthClientID,
		SharedSecret:  store.NewSecret(secret),
		BaseURL:       baseURL,
		State:         store.Enabled,
	}
}

// clock is a clock that moves when it is told to.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// site is a host product on a loopback socket, below path, that keeps what it
// was sent and answers as answer says.
type site struct {
	*httptest.Server
	url string

	mu     sync.Mutex
	seen   []*http.Request
	answer http.HandlerFunc
}

func newSite(t testing.TB, path string, answer http.HandlerFunc) *site {
	t.Helper()
	s := &site{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.url = s.URL + path
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	s.mu.Unlock()
	if s.answer == nil {
		fmt.Fprint(w, `{}`)
		return
	}
	s.answer(w, r)
}

func (s *site) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

// only returns the one request the site has seen.
func (s *site) only(t *testing.T) *http.Request {
	t.Helper()
	seen := s.requests()
	if len(seen) != 1 {
		t.Fatalf("the host saw %d requests, want 1", len(seen))
	}
	return seen[0]
}

// claims are those of both kinds of tokens.
type claims struct {
	Iss, Sub, Tnt, QSH string
	Aud                json.RawMessage
	Iat, Exp           int64
}

// verify checks a token's form, header and signature by hand.
func verify(token string) (claims, error) { return verifyWith(secret, token) }

func verifyWith(secret, token string) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("%d segments", len(parts))
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return c, err
		}
	}
	if got, want := string(raw[0]), `{"typ":"JWT","alg":"HS256"}`; got != want {
		return c, fmt.Errorf("header %s, want %s", got, want)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if !hmac.Equal(mac.Sum(nil), raw[2]) {
		return c, fmt.Errorf("bad signature")
	}
	return c, json.Unmarshal(raw[1], &c)
}

// checkJWT checks the app user's token on a request as a host below base does,
// for requests whose canonical query is the raw one.
func checkJWT(r *http.Request, base string, now time.Time) error {
	if n := len(r.Header.Values("Authorization")); n != 1 {
		return fmt.Errorf("%d Authorization headers", n)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
	if !ok {
		return fmt.Errorf("no JWT: %q", r.Header.Get("Authorization"))
	}
	c, err := verify(token)
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	sum := sha256.Sum256([]byte(r.Method + "&" + strings.TrimPrefix(path, base) + "&" + query))
	want := claims{
		Iss: appKey, Aud: json.RawMessage(`["` + clientKey + `"]`), Iat: now.Unix(), Exp: now.Unix() + 180,
		QSH: hex.EncodeToString(sum[:]),
	}
	if fmt.Sprint(c) != fmt.Sprint(want) {
		return fmt.Errorf("claims %+v, want %+v", c, want)
	}
	return nil
}

// tokenServer is an authorization server: it checks each assertion by hand and
// gives tokens named token-1, token-2 and so on.
type tokenServer struct {
	*httptest.Server
	clock  *clock
	tenant string // the base URL it expects
	secret string // with which assertions must be signed

	mu     sync.Mutex
	scopes []string // of the requests, in order
	errs   []error
	answer http.HandlerFunc // nil for tokens
}

func newTokenServer(t testing.TB, c *clock) *tokenServer {
	t.Helper()
	s := &tokenServer{clock: c, secret: secret}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.check(r)
	s.mu.Lock()
	s.scopes = append(s.scopes, r.PostForm.Get("scope"))
	if err != nil {
		s.errs = append(s.errs, err)
	}
	n, answer := len(s.scopes), s.answer
	s.mu.Unlock()
	switch {
	case err != nil:
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
	case answer != nil:
		answer(w, r)
	default:
		fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":900,"token_type":"Bearer"}`, n)
	}
}

func (s *tokenServer) check(r *http.Request) error {
	if r.Method != "POST" || r.RequestURI != "/oauth2/token" {
		return fmt.Errorf("%s %s", r.Method, r.RequestURI)
	}
	if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		return fmt.Errorf("Content-Type %q", got)
	}
	if r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != "" {
		return fmt.Errorf("header %v", r.Header)
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	if got := r.PostForm.Get("grant_type"); got != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return fmt.Errorf("grant_type %q", got)
	}
	c, err := verifyWith(s.secret, r.PostForm.Get("assertion"))
	if err != nil {
		return err
	}
	now := s.clock.now().Unix()
	if c.Iat != now || c.Exp <= now || c.Exp > now+60 {
		return fmt.Errorf("iat %d, exp %d at %d", c.Iat, c.Exp, now)
	}
	c.Iat, c.Exp = 0, 0
	want := claims{
		Iss: "urn:atlassian:connect:clientid:" + oauthClientID,
		Sub: "urn:atlassian:connect:useraccountid:" + accountID,
		Tnt: s.tenant,
		Aud: json.RawMessage(`"` + s.URL + `"`),
	}
	if fmt.Sprint(c) != fmt.Sprint(want) {
		return fmt.Errorf("claims %+v, want %+v", c, want)
	}
	return nil
}

func (s *tokenServer) answerWith(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

// asked returns the scopes of all requests so far, and fails the test when one
// was not as it must be.
func (s *tokenServer) asked(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.errs {
		t.Errorf("token request: %v", err)
	}
	return append([]string(nil), s.scopes...)
}

// gate holds handlers back until it is opened, at the latest when the test ends.
// It is to be made after the servers, which wait for their handlers to close.
type gate struct {
	once sync.Once
	ch   chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{ch: make(chan struct{})}
	t.Cleanup(g.open)
	return g
}

func (g *gate) open() { g.once.Do(func() { close(g.ch) }) }
func (g *gate) wait() { <-g.ch }

// call runs a Get beside the test, and returns when the handler has opened
// arrived or the call has ended.
func call(t *testing.T, c *hostclient.Client, path string, arrived *gate) <-chan error {
	ended := make(chan error, 1)
	go func() {
		defer arrived.open()
		_, err := hostclient.Get[struct{}](t.Context(), c, path)
		ended <- err
	}()
	arrived.wait()
	return ended
}

// world is a site, an authorization server and a client for them.
type world struct {
	clock  *clock
	site   *site
	tokens *tokenServer
	hosts  *hostclient.Hosts
	client *hostclient.Client

	mu    sync.Mutex
	slept []time.Duration
}

func newWorld(t testing.TB, basePath string, answer http.HandlerFunc) *world {
	t.Helper()
	return newWorldWith(t, basePath, answer, func(*hostclient.Config) {})
}

func newWorldWith(t testing.TB, basePath string, answer http.HandlerFunc, change func(*hostclient.Config)) *world {
	t.Helper()
	w := &world{clock: newClock()}
	w.site = newSite(t, basePath, answer)
	w.tokens = newTokenServer(t, w.clock)
	w.tokens.tenant = w.site.url
	base := &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64}
	t.Cleanup(base.CloseIdleConnections)
	config := hostclient.Config{AuthorizationServer: w.tokens.URL, Base: base, Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{})}
	change(&config)
	var err error
	if w.hosts, err = hostclient.NewHosts(config); err != nil {
		t.Fatal(err)
	}
	if w.client, err = w.hosts.For(installation(w.site.url)); err != nil {
		t.Fatal(err)
	}
	return w
}

// limits are those of a clock that moves on instead of waiting.
func (w *world) limits(t testing.TB, config hostclient.LimitsConfig) *hostclient.Limits {
	t.Helper()
	config.Clock = w.clock.now
	config.Sleep = func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		w.slept = append(w.slept, d)
		w.mu.Unlock()
		w.clock.advance(d)
		return ctx.Err()
	}
	config.Jitter = func() float64 { return 0.5 }
	limits, err := hostclient.NewLimits(config)
	if err != nil {
		t.Fatal(err)
	}
	return limits
}

// once are limits that repeat nothing, and whose time stands still.
func once(t testing.TB) *hostclient.Limits {
	t.Helper()
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{
		MaxRetries: -1, Clock: newClock().now, Sleep: func(context.Context, time.Duration) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return limits
}

// boundTo is a credential's binding to a Cloud site.
func boundTo(baseURL string) hostclient.Binding {
	site, err := hostclient.CloudSite(baseURL)
	if err != nil {
		panic(err)
	}
	binding, err := site.Bind(hostclient.SchemeOther)
	if err != nil {
		panic(err)
	}
	return binding
}

func mustParse(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
