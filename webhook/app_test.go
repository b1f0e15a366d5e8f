package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

const (
	eventName = "jira:issue_updated"
	hookPath  = "/hooks/issue"
	hookQuery = "project=ABC&user_id=u%2F1" // in the order of the hash
)

// tenants are installed in every app of these tests; the key is the client key.
var tenants = map[string]string{
	"tenant-a": "secret-of-tenant-a-0123456789abcdef",
	"tenant-b": "secret-of-tenant-b-0123456789abcdef",
	"tenant-c": "secret-of-tenant-c-0123456789abcdef",
}

// noKeys is the source of keys of an app that no lifecycle event reaches.
type noKeys struct{}

func (noKeys) Key(context.Context, string) (*rsa.PublicKey, error) { return nil, auth.ErrUnknownKey }

// app has one webhook route.
type app struct {
	queue   *webhook.Queue
	handler http.Handler
	log     *lockedBuffer
	clock   func() time.Time

	// base is the root of its server; empty where the handler is called
	// directly.
	base   string
	client *http.Client
}

// newApp returns an app without a server, for tests inside a bubble of package
// synctest, which no socket may be in.
func newApp(t *testing.T, cfg webhook.Config, handle webhook.Func) *app {
	t.Helper()
	a := &app{log: new(lockedBuffer), clock: cfg.Clock}
	if a.clock == nil {
		a.clock = time.Now
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(a.log, nil))
	installations := store.NewMemory()
	for key, secret := range tenants {
		_, err := installations.Update(t.Context(), key, func(*store.Installation) (*store.Installation, error) {
			return &store.Installation{ClientKey: key, SharedSecret: store.NewSecret(secret), State: store.Enabled}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	verifier, err := auth.NewVerifier(auth.Config{
		AppKey: "app", BaseURLs: []string{"https://app.example.com"},
		Installations: installations, Keys: noKeys{}, Clock: cfg.Clock, Logger: cfg.Logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	if a.queue, err = webhook.NewQueue(cfg); err != nil {
		t.Fatal(err)
	}
	a.handler = a.queue.Handler(verifier, eventName, handle)
	return a
}

// serveApp returns an app with a server on a loopback socket. At the end of the
// test it is drained, which every handler must let happen: a gate is opened by
// then.
func serveApp(t *testing.T, cfg webhook.Config, handle webhook.Func) *app {
	t.Helper()
	a := newApp(t, cfg, handle)
	mux := http.NewServeMux()
	mux.Handle(hookPath, a.handler)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		if err := a.queue.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	a.base, a.client = server.URL, server.Client()
	a.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	return a
}

// delivery is a webhook as the host sends it; each test changes what it is
// about.
type delivery struct {
	tenant string // tenant-a if empty
	id     string
	body   string // {} if empty, and no body if it is none
	method string
	query  string
	header http.Header
	// sign makes the token; nil makes the right one.
	sign func(d delivery, now time.Time) string
	// chunked sends the body without its length.
	chunked bool
}

// none stands for an empty body.
const none = "none"

// request returns the delivery as a request to the server at base.
func (d delivery) request(base string, now time.Time) *http.Request {
	var body io.Reader = strings.NewReader(d.body)
	switch {
	case d.body == none:
		body = http.NoBody
	case d.chunked:
		body = io.MultiReader(body)
	}
	r, err := http.NewRequest(d.method, base+hookPath+"?"+d.query, body)
	if err != nil {
		panic(err) // the tests' own mistake
	}
	if d.body != none {
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	if d.id != "" {
		r.Header.Set("X-Atlassian-Webhook-Identifier", d.id)
	}
	if token := d.sign(d, now); token != "" {
		r.Header.Set("Authorization", "JWT "+token)
	}
	for name, values := range d.header {
		r.Header[name] = values
	}
	return r
}

// answer is what the app said.
type answer struct {
	status int
	header http.Header
	body   string
}

// send delivers d and returns the answer. It may be called from any goroutine.
func (a *app) send(t *testing.T, d delivery) answer {
	t.Helper()
	d.tenant = orElse(d.tenant, "tenant-a")
	d.body = orElse(d.body, "{}")
	d.method = orElse(d.method, http.MethodPost)
	if d.sign == nil {
		d.sign = signed
	}
	r := d.request(a.base, a.clock())
	if a.base == "" {
		w := httptest.NewRecorder()
		a.handler.ServeHTTP(w, r)
		return answer{w.Code, w.Header(), w.Body.String()}
	}
	res, err := a.client.Do(r)
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// want sends d and ends the test unless the answer has that status.
func (a *app) want(t *testing.T, status int, d delivery) answer {
	t.Helper()
	got := a.send(t, d)
	if got.status != status {
		t.Fatalf("%s %s: status = %d, want %d", d.tenant, d.id, got.status, status)
	}
	return got
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// signed returns the token of the host for d.
func signed(d delivery, now time.Time) string {
	return token(tenants[d.tenant], d.tenant, qshOf(d), now)
}

// qshOf returns the hash of d, whose query is in its canonical form.
func qshOf(d delivery) string {
	sum := sha256.Sum256([]byte(d.method + "&" + hookPath + "&" + d.query))
	return hex.EncodeToString(sum[:])
}

func token(secret, issuer, qsh string, now time.Time) string {
	claims := fmt.Sprintf(`{"iss":%q,"sub":"user-1","iat":%d,"exp":%d,"qsh":%q}`, issuer, now.Unix(), now.Unix()+180, qsh)
	text := encode(`{"alg":"HS256","typ":"JWT"}`) + "." + encode(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encode(string(mac.Sum(nil)))
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// gate is a handler that waits for the test at every event.
type gate struct {
	entered chan *webhook.Event
	leave   chan struct{}
	opened  sync.Once
}

func newGate() *gate {
	return &gate{entered: make(chan *webhook.Event, 1000), leave: make(chan struct{})}
}

func (g *gate) handle(_ context.Context, e *webhook.Event) error {
	g.entered <- e
	<-g.leave
	return nil
}

// next waits until an event is being handled and returns it.
func (g *gate) next() *webhook.Event { return <-g.entered }

// open lets all events through from now on.
func (g *gate) open() { g.opened.Do(func() { close(g.leave) }) }

// record is a handler that keeps the events it is given.
type record struct{ events chan *webhook.Event }

func newRecord() *record { return &record{make(chan *webhook.Event, 10_000)} }

func (r *record) handle(_ context.Context, e *webhook.Event) error {
	r.events <- e
	return nil
}

// names drains the app and returns the tenants and identifiers of the events
// that were handled, in order.
func (r *record) names(t *testing.T, a *app) []string {
	t.Helper()
	if err := a.queue.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for len(r.events) > 0 {
		names = append(names, name(<-r.events))
	}
	return names
}

// name is tenant-a/1 for the event 1 of tenant-a.
func name(e *webhook.Event) string { return e.Caller.ClientKey + "/" + e.Identifier }

// lockedBuffer is a bytes.Buffer that is safe for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// testClock is a clock that stands still until it is moved.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newTestClock() *testClock { return &testClock{now: time.Unix(1_700_000_000, 0)} }

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
