package lifecycle_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	appKey  = "com.example.app"
	appURL  = "https://app.example.com"
	siteURL = "https://acme.atlassian.net"
	keyID   = "keys/2026-03"
)

// start is second 0 of the tests; now is where their clocks stand.
var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now   = start.Add(time.Minute)
)

// hostKey is the key that the host signs with. One serves all tests, since
// making one takes long.
var hostKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// at returns the time of a second of the test.
func at(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }

// secret returns a shared secret that can be told by its name.
func secret(name string) string { return "ATCO-" + name + "-0123456789abcdefghijklmnopqrstuvwxyz" }

// nameOf returns the name of a secret, "" when there is none.
func nameOf(s store.Secret) string {
	if s.IsZero() {
		return ""
	}
	_, rest, _ := strings.Cut(s.Reveal(), "-")
	name, _, _ := strings.Cut(rest, "-")
	return name
}

// members are the members of a body; nil takes one away.
type members map[string]any

// event is an event as the host sends it. What is zero takes the usual value.
type event struct {
	kind   lifecycle.Event
	second int    // the iat
	client string // default "acme"
	secret string // installed: the name of the new secret; notices: of the one that signs
	members
}

func (e event) clientKey() string {
	if e.client == "" {
		return "acme"
	}
	return e.client
}

func (e event) body() string {
	m := members{
		"key": appKey, "clientKey": e.clientKey(), "baseUrl": siteURL,
		"productType": "jira", "eventType": string(e.kind),
	}
	if e.kind == lifecycle.EventInstalled {
		m["sharedSecret"] = secret(e.secret)
	}
	maps.Copy(m, e.members)
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return string(mustJSON(m))
}

func (e event) token() string {
	claims := map[string]any{
		"iss": e.clientKey(), "iat": at(e.second).Unix(), "exp": at(e.second + 900).Unix(),
		"qsh": requestHash(path(e.kind)),
	}
	if e.kind == lifecycle.EventInstalled || e.kind == lifecycle.EventUninstalled {
		claims["aud"], claims["sub"] = appURL, "account-of-token"
		return signRS256(claims)
	}
	return signHS256(claims, secret(e.secret))
}

// request is an event ready to be sent, as often as wanted.
type request struct {
	method, path, query, contentType, token, body string
	chunked                                       bool
}

func (e event) request() request {
	return request{
		method: http.MethodPost, path: path(e.kind), contentType: "application/json",
		token: e.token(), body: e.body(),
	}
}

// to returns the request to the app at url.
func (r request) to(url string) *http.Request {
	var body io.Reader = strings.NewReader(r.body)
	if r.chunked {
		body = io.MultiReader(body)
	}
	req, err := http.NewRequest(r.method, url+r.path+r.query, body)
	if err != nil {
		panic(err)
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "JWT "+r.token)
	}
	return req
}

func path(kind lifecycle.Event) string { return "/hooks/" + string(kind) }

func requestHash(path string) string { return hashOf("POST&" + path + "&") }

func hashOf(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(sum[:])
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func segment(v any) string { return base64.RawURLEncoding.EncodeToString(mustJSON(v)) }

func signRS256(claims map[string]any) string {
	signed := segment(map[string]any{"typ": "JWT", "alg": "RS256", "kid": keyID}) + "." + segment(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, hostKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func signHS256(claims map[string]any, key string) string {
	signed := segment(map[string]any{"typ": "JWT", "alg": "HS256"}) + "." + segment(claims)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// keyServer publishes hostKey, unless it is down.
type keyServer struct {
	*httptest.Server
	down atomic.Bool
}

func newKeyServer(t testing.TB) *keyServer {
	t.Helper()
	key := publicKey()
	k := new(keyServer)
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		key.ServeHTTP(w, r)
	}))
	t.Cleanup(k.Close)
	return k
}

// publicKey serves the public half of hostKey under its id.
func publicKey() http.Handler {
	der, err := x509.MarshalPKIXPublicKey(&hostKey().PublicKey)
	if err != nil {
		panic(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+keyID, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) })
	return mux
}

// clock is a clock that stands still until it is set.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := new(clock)
	c.set(now)
	return c
}

func (c *clock) set(t time.Time)   { c.at.Store(&t) }
func (c *clock) time() time.Time   { return *c.at.Load() }
func (c *clock) setSecond(sec int) { c.set(at(sec)) }

// setup says what is special about an app. A nil store is a new Memory.
type setup struct {
	store       store.Store
	keys        *keyServer
	hooks       lifecycle.Hooks
	changed     func(string)
	grace       time.Duration
	retention   time.Duration
	development bool
}

// app is an app under test, with its lifecycle routes on a socket.
type app struct {
	t         testing.TB
	lifecycle *lifecycle.Lifecycle
	verifier  *auth.Verifier
	store     store.Store
	keys      *keyServer
	clock     *clock
	handler   http.Handler
	server    *httptest.Server
	client    *http.Client
	log       *logText

	mu        sync.Mutex
	sensitive map[string]bool
}

func newApp(t testing.TB, s setup) *app {
	t.Helper()
	a := &app{t: t, store: s.store, keys: s.keys, clock: newClock(), log: new(logText), sensitive: make(map[string]bool)}
	if a.store == nil {
		a.store = store.NewMemory()
	}
	if a.keys == nil {
		a.keys = newKeyServer(t)
	}
	logger := slog.New(slog.NewTextHandler(a.log, nil))
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{a.keys.URL}, Clock: a.clock.time})
	if err != nil {
		t.Fatal(err)
	}
	a.verifier, err = auth.NewVerifier(auth.Config{
		AppKey: appKey, BaseURLs: []string{appURL}, Installations: a.store, Keys: keys,
		Clock: a.clock.time, Logger: logger, Development: s.development,
	})
	if err != nil {
		t.Fatal(err)
	}
	a.lifecycle, err = lifecycle.New(lifecycle.Config{
		AppKey: appKey, Verifier: a.verifier, Store: a.store, Hosts: auth.HostPatterns{"*.atlassian.net", "*.jira.com"},
		Hooks: s.hooks, Changed: s.changed, SecretGrace: s.grace, Retention: s.retention,
		Clock: a.clock.time, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	a.handler = routes(a.lifecycle)
	a.server = httptest.NewServer(a.handler)
	a.client = a.server.Client()
	t.Cleanup(func() {
		a.server.Close()
		a.checkSecrecy("the log", a.log.String())
	})
	return a
}

// inProcess calls a handler without a socket, for tests of very many requests.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// routes mounts the four handlers.
func routes(l *lifecycle.Lifecycle) http.Handler {
	mux := http.NewServeMux()
	for _, kind := range []lifecycle.Event{
		lifecycle.EventInstalled, lifecycle.EventUninstalled, lifecycle.EventEnabled, lifecycle.EventDisabled,
	} {
		mux.Handle(path(kind), l.Handler(kind))
	}
	return mux
}

// checkSecrecy fails the test if text shows a token or a secret that was sent.
func (a *app) checkSecrecy(where, text string) {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for s := range a.sensitive {
		if strings.Contains(text, s) {
			a.t.Errorf("%s shows %.60s…", where, s)
		}
	}
}

// keepsSecret has the log and every answer searched for the parts of a request
// that nobody may see: the token, its signature, the secrets.
func (a *app) keepsSecret(r request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.token != "" {
		a.sensitive[r.token] = true
		a.sensitive[r.token[strings.LastIndexByte(r.token, '.'):]] = true
	}
	for rest := r.body; ; {
		_, after, found := strings.Cut(rest, "ATCO-")
		if !found {
			return
		}
		value, _, _ := strings.Cut(after, `"`)
		a.sensitive[value] = true
		rest = after
	}
}

// answer is what the app answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// text returns all of the answer that a caller sees, but the date.
func (a answer) text() string {
	var b strings.Builder
	header := a.header.Clone()
	header.Del("Date")
	_ = header.Write(&b)
	return http.StatusText(a.status) + "\n" + b.String() + "\n" + a.body
}

// do sends a request.
func (a *app) do(r request) answer {
	a.t.Helper()
	a.keepsSecret(r)
	resp, err := a.client.Do(r.to(a.server.URL))
	if err != nil {
		a.t.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Error(err)
	}
	got := answer{resp.StatusCode, resp.Header, string(text)}
	a.checkSecrecy("the answer", got.text())
	return got
}

// send sends an event and returns the status.
func (a *app) send(e event) int {
	a.t.Helper()
	return a.do(e.request()).status
}

// must sends events that are to be taken.
func (a *app) must(events ...event) {
	a.t.Helper()
	for _, e := range events {
		if got := a.send(e); got != http.StatusNoContent {
			a.t.Fatalf("%s of second %d: got %d, want 204\n%s", e.kind, e.second, got, a.log)
		}
	}
}

// stored returns the record of a tenant, nil when there is none.
func (a *app) stored(clientKey string) *store.Installation {
	a.t.Helper()
	return a.snapshot()[clientKey]
}

// snapshot returns all that is stored.
func (a *app) snapshot() map[string]*store.Installation {
	a.t.Helper()
	return snapshot(a.t, a.store)
}

func snapshot(t testing.TB, s store.Store) map[string]*store.Installation {
	t.Helper()
	all := make(map[string]*store.Installation)
	for inst, err := range s.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[inst.ClientKey] = inst
	}
	return all
}

// summary says in a line where a tenant stands.
func summary(inst *store.Installation) string {
	if inst == nil {
		return "none"
	}
	s := string(inst.State)
	if name := nameOf(inst.SharedSecret); name != "" {
		s += " " + name
	}
	if name := nameOf(inst.PreviousSecret); name != "" {
		s += " after " + name
	}
	return s + " at " + inst.BaseURL
}

// logText is a log that may be read while it is written.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logText) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}
