package auth_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

// routes has the path of the route with each policy.
var routes = map[auth.Policy]string{
	auth.HostRequest:     "/host",
	auth.ContextToken:    "/context",
	auth.SignedLifecycle: "/lifecycle",
	auth.Session:         "/session",
	auth.Notice:          "/notice",
	auth.Form:            "/form",
	auth.Policy(0):       "/zero",
	auth.Policy(99):      "/unknown",
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) unix() int64 { return c.Now().Unix() }

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logText is a log that may be written and read at once.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns what was logged since the last call.
func (l *logText) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.b.String()
	l.b.Reset()
	return text
}

// world is an app on a socket, with its store and the host's key server.
type world struct {
	t        testing.TB
	clock    *clock
	store    *store.Memory
	keys     *keyHost
	log      *logText
	verifier *auth.Verifier
	server   *httptest.Server
	ran      atomic.Int64 // how often a handler ran
	caller   atomic.Pointer[auth.Caller]
}

func newWorld(t testing.TB, edit ...func(*auth.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), store: store.NewMemory(), keys: newKeyHost(t), log: new(logText)}
	w.keys.publish(kid, pemOf(t, &hostKey().PublicKey))
	w.install(tenant, secret)
	w.install(neighbour, secret2)
	cfg := auth.Config{
		AppKey:        appKey,
		BaseURLs:      []string{baseURL},
		Installations: w.store,
		Keys:          newKeyServer(t, w.clock, w.keys.URL),
		Clock:         w.clock.Now,
		Logger:        slog.New(slog.NewJSONHandler(w.log, nil)),
	}
	for _, e := range edit {
		e(&cfg)
	}
	var err error
	if w.verifier, err = auth.NewVerifier(cfg); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewUnstartedServer(w)
	w.server.Config.MaxHeaderBytes = 4 << 20
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// ServeHTTP serves the routes, each with its own policy.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	handler := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.ran.Add(1)
		w.caller.Store(auth.CallerFrom(r.Context()))
		_, _ = io.WriteString(rw, r.PostFormValue("page"))
	})
	for policy, path := range routes {
		if strings.HasPrefix(r.URL.Path, path) {
			w.verifier.Require(policy)(handler).ServeHTTP(rw, r)
			return
		}
	}
	http.NotFound(rw, r)
}

func (w *world) install(clientKey, secret string) {
	w.change(clientKey, func(i *store.Installation) {
		i.SharedSecret = store.NewSecret(secret)
		i.State = store.Enabled
	})
}

func (w *world) change(clientKey string, edit func(*store.Installation)) {
	w.t.Helper()
	_, err := w.store.Update(context.Background(), clientKey, func(i *store.Installation) (*store.Installation, error) {
		if i == nil {
			i = &store.Installation{ClientKey: clientKey, Key: appKey, BaseURL: "https://x.atlassian.net", ProductType: "jira"}
		}
		edit(i)
		return i, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// rotate gives the tenant a new secret now; the old one counts for window.
func (w *world) rotate(clientKey, secret string, window time.Duration) {
	w.change(clientKey, func(i *store.Installation) {
		i.PreviousSecret, i.SharedSecret = i.SharedSecret, store.NewSecret(secret)
		i.RotatedAt = w.clock.Now()
		i.RotatedIAT = w.clock.Now().Truncate(time.Second)
		i.PreviousSecretUntil = w.clock.Now().Add(window)
	})
}

// contents is all that is in the store, as text.
func (w *world) contents() string {
	var b strings.Builder
	for i, err := range w.store.All(context.Background()) {
		if err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%#v %s %s\n", *i, i.SharedSecret.Reveal(), i.PreviousSecret.Reveal())
	}
	return b.String()
}

// fire sends the shot and returns the answer: its status, and all of it but
// the date as text.
func (w *world) fire(s *shot) (int, string) {
	w.t.Helper()
	r, _ := s.request(w.t, w.server.URL)
	return w.send(r)
}

func (w *world) send(r *http.Request) (int, string) {
	w.t.Helper()
	resp, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	lines := []string{resp.Proto + " " + resp.Status}
	for name, values := range resp.Header {
		if name != "Date" {
			lines = append(lines, name+": "+strings.Join(values, "|"))
		}
	}
	slices.Sort(lines[1:])
	return resp.StatusCode, strings.Join(lines, "\n") + "\n\n" + string(body)
}

// admit fails the test unless the shot is let through.
func (w *world) admit(s *shot) *auth.Caller {
	w.t.Helper()
	before := w.ran.Load()
	status, answer := w.fire(s)
	if status != http.StatusOK || w.ran.Load() != before+1 {
		w.t.Fatalf("a good request was refused: %s\nlog: %s", answer, w.log.take())
	}
	return w.caller.Load()
}

// check checks the shot without a socket.
func (w *world) check(s *shot, p auth.Policy) (*auth.Caller, error) {
	w.t.Helper()
	r, _ := s.request(w.t, "http://app.example.com")
	return w.verifier.Check(r, p)
}

// keyHost is the host's key server.
type keyHost struct {
	*httptest.Server
	fetches atomic.Int64
	mu      sync.Mutex
	pems    map[string]string
	answer  http.HandlerFunc // in place of the keys, if not nil
}

func newKeyHost(t testing.TB) *keyHost {
	t.Helper()
	k := &keyHost{pems: make(map[string]string)}
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k
}

func (k *keyHost) publish(kid, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pems[kid] = text
}

func (k *keyHost) withdraw(kid string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.pems, kid)
}

// instead makes the server answer with h; nil gives the keys back.
func (k *keyHost) instead(h http.HandlerFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answer = h
}

func (k *keyHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.fetches.Add(1)
	k.mu.Lock()
	text, ok := k.pems[strings.TrimPrefix(r.URL.Path, "/")]
	answer := k.answer
	k.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case !ok:
		http.NotFound(w, r)
	default:
		_, _ = io.WriteString(w, text)
	}
}

func newKeyServer(t testing.TB, c *clock, urls ...string) *auth.KeyServer {
	t.Helper()
	k, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: urls, Clock: c.Now, Transport: &http.Transport{}})
	if err != nil {
		t.Fatal(err)
	}
	// The clock stands, so nobody's turn would come.
	auth.SetWait(k, func(context.Context, time.Duration) error { return nil })
	return k
}

func pemOf(t testing.TB, key any) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: derOf(t, key)}))
}

func derOf(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

var _ auth.Keys = (*auth.KeyServer)(nil)

// fixedKeys knows one key without a server.
type fixedKeys struct{ key *rsa.PublicKey }

func (k fixedKeys) Key(_ context.Context, id string) (*rsa.PublicKey, error) {
	if id != kid {
		return nil, auth.ErrUnknownKey
	}
	return k.key, nil
}
