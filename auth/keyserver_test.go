package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// TestOneFetchForAll has a thousand callers ask for a key nobody has yet. The
// key server answers only when all of them are on their way.
func TestOneFetchForAll(t *testing.T) {
	const callers = 1000
	c, host := newClock(), newKeyHost(t)
	text := pemOf(t, &hostKey().PublicKey)
	var coming atomic.Int64
	all := make(chan struct{})
	host.instead(func(w http.ResponseWriter, _ *http.Request) {
		<-all
		_, _ = w.Write([]byte(text))
	})
	keys := newKeyServer(t, c, host.URL)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if coming.Add(1) == callers {
				close(all)
			}
			if key, err := keys.Key(t.Context(), kid); err != nil || !key.Equal(&hostKey().PublicKey) {
				t.Errorf("got %v, %v, want the key", key, err)
			}
		})
	}
	wg.Wait()
	if got := host.fetches.Load(); got != 1 {
		t.Errorf("got %d fetches, want 1", got)
	}
}

// TestFloodOfUnknownKeys asks for 10 000 keys that do not exist in ten seconds,
// a hundred at a time, while events with the known key go on being verified.
func TestFloodOfUnknownKeys(t *testing.T) {
	const steps, callers = 100, 100
	var keys *auth.KeyServer
	w := newWorld(t, func(cfg *auth.Config) { keys = cfg.Keys.(*auth.KeyServer) })
	w.admit(lifecycleEvent(w.clock.unix()))
	w.clock.advance(time.Minute)
	before := w.keys.fetches.Load()
	for step := range steps {
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				if key, err := keys.Key(t.Context(), fmt.Sprintf("unknown-%d-%d", step, i)); err == nil || key != nil {
					t.Errorf("step %d, key %d: got %v, want an error", step, i, key)
				}
			})
		}
		wg.Wait()
		if step%10 == 0 {
			w.admit(lifecycleEvent(w.clock.unix()))
		}
		w.clock.advance(10 * time.Second / steps)
	}
	if got := w.keys.fetches.Load() - before; got < 1 || got > 10 {
		t.Errorf("got %d fetches, want 1 to 10", got)
	}
}

func TestMissIsForgotten(t *testing.T) {
	c, host := newClock(), newKeyHost(t)
	keys := newKeyServer(t, c, host.URL)
	for range 3 {
		if _, err := keys.Key(t.Context(), kid); !errors.Is(err, auth.ErrUnknownKey) {
			t.Fatalf("got %v, want ErrUnknownKey", err)
		}
	}
	if got := host.fetches.Load(); got != 1 {
		t.Errorf("got %d fetches within the minute, want 1", got)
	}
	host.publish(kid, pemOf(t, &hostKey().PublicKey))
	c.advance(59 * time.Second)
	if _, err := keys.Key(t.Context(), kid); !errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("got %v before the minute is over, want ErrUnknownKey", err)
	}
	c.advance(time.Second)
	if _, err := keys.Key(t.Context(), kid); err != nil {
		t.Errorf("got %v after a minute, want the key", err)
	}
}

func TestKeyGrowsStale(t *testing.T) {
	c, host := newClock(), newKeyHost(t)
	host.publish(kid, pemOf(t, &hostKey().PublicKey))
	keys := newKeyServer(t, c, host.URL)
	get := func() error {
		t.Helper()
		_, err := keys.Key(t.Context(), kid)
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	c.advance(24*time.Hour - time.Second)
	if err := get(); err != nil || host.fetches.Load() != 1 {
		t.Errorf("fresh: got %v and %d fetches, want no error and 1", err, host.fetches.Load())
	}
	host.instead(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) })
	c.advance(time.Second)
	if err := get(); err != nil || host.fetches.Load() != 2 {
		t.Errorf("stale: got %v and %d fetches, want no error and 2", err, host.fetches.Load())
	}
	c.advance(7*24*time.Hour - time.Second)
	if err := get(); err != nil {
		t.Errorf("at the end of the stale time: got %v, want no error", err)
	}
	c.advance(time.Second)
	if err := get(); err == nil || errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("beyond the stale time: got %v, want the server's trouble", err)
	}
	host.instead(nil)
	if err := get(); err != nil {
		t.Errorf("server is back: got %v, want the key", err)
	}
	host.withdraw(kid)
	c.advance(24 * time.Hour)
	if err := get(); !errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("withdrawn: got %v, want ErrUnknownKey", err)
	}
}

func TestNoStaleUse(t *testing.T) {
	c, host := newClock(), newKeyHost(t)
	host.publish(kid, pemOf(t, &hostKey().PublicKey))
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{host.URL}, Clock: c.Now, FreshFor: time.Hour, StaleFor: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Key(t.Context(), kid); err != nil {
		t.Fatal(err)
	}
	host.instead(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) })
	c.advance(time.Hour)
	if _, err := keys.Key(t.Context(), kid); err == nil {
		t.Error("got a key an hour old, want an error")
	}
}

// answer is something a key server says that is no key.
type answer struct {
	name  string
	serve http.HandlerFunc
}

// badAnswers are all that a key server can say instead of a key; elsewhere is
// another server it may lead to.
func badAnswers(t *testing.T, elsewhere string) []answer {
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pemOf(t, &hostKey().PublicKey)
	return []answer{
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"500", status(500)}, {"503", status(503)}, {"403", status(403)}, {"410", status(410)}, {"204", status(204)}, {"429", status(429)},
		{"500 with a key", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, good, http.StatusInternalServerError) }},
		{"empty", text("")},
		{"html", text("<html><body>sign in</body></html>")},
		{"garbage", text("\x00\x01\x02")},
		{"huge", text(strings.Repeat("\n", 20<<10) + good)},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}},
		{"cut short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(good[:100]))
			panic(http.ErrAbortHandler)
		}},
		{"PEM of nothing", text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")},
		{"PEM of another type", text(strings.ReplaceAll(good, "PUBLIC KEY", "CERTIFICATE"))},
		{"PEM without its borders", text(strings.Split(good, "-----")[2])},
		{"elliptic curve key", text(pemOf(t, &curve.PublicKey))},
		{"1024-bit key", text(pemOf(t, &small.PublicKey))},
		{"redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path, http.StatusFound)
		}},
		{"redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
	}
}

// TestKeyServerTrouble has the key server answer everything but a key. No event
// is admitted or called forged, nothing is remembered, and the same event is
// admitted when the server is well again.
func TestKeyServerTrouble(t *testing.T) {
	var strayed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer elsewhere.Close()
	for _, c := range badAnswers(t, elsewhere.URL) {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.keys.instead(c.serve)
			stored := w.contents()
			ran := w.ran.Load()
			status, _ := w.fire(lifecycleEvent(w.clock.unix()))
			if status != http.StatusServiceUnavailable || w.ran.Load() != ran {
				t.Errorf("got status %d, want 503 and no handler", status)
			}
			if _, err := w.check(lifecycleEvent(w.clock.unix()), auth.SignedLifecycle); errors.As(err, new(*auth.Error)) || err == nil {
				t.Errorf("got %v, want an error that is not the caller's fault", err)
			}
			if got := w.contents(); got != stored {
				t.Errorf("the store changed to %s", got)
			}
			w.keys.instead(nil)
			w.clock.advance(20 * time.Second) // to be allowed to ask again
			w.admit(lifecycleEvent(w.clock.unix()))
		})
	}
	if got := strayed.Load(); got != 0 {
		t.Errorf("got %d requests at the other host, want none", got)
	}
}

func TestRedirectOnTheSameHost(t *testing.T) {
	c, host := newClock(), newKeyHost(t)
	text := pemOf(t, &hostKey().PublicKey)
	host.instead(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+kid {
			http.Redirect(w, r, "/moved/"+kid, http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(text))
	})
	if _, err := newKeyServer(t, c, host.URL).Key(t.Context(), kid); err != nil {
		t.Errorf("got %v, want the key", err)
	}
}

// TestRedirectLoop shows that a server that leads in circles is left soon.
func TestRedirectLoop(t *testing.T) {
	host := newKeyHost(t)
	host.instead(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	if _, err := newKeyServer(t, newClock(), host.URL).Key(t.Context(), kid); err == nil || errors.Is(err, auth.ErrUnknownKey) {
		t.Errorf("got %v, want the server's trouble", err)
	}
	if got := host.fetches.Load(); got != 4 {
		t.Errorf("got %d fetches, want 4", got)
	}
}

// TestSlowKeyServer has a key server that takes the connection and never
// answers, on a clock that runs as fast as it is waited for.
func TestSlowKeyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var peers []net.Conn
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			peers = append(peers, theirs)
			go func() { _, _ = theirs.Read(make([]byte, 4096)) }()
			return ours, nil
		}}
		keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{"http://127.0.0.1:1"}, Transport: transport})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = keys.Key(t.Context(), kid)
		if err == nil || errors.Is(err, auth.ErrUnknownKey) {
			t.Errorf("got %v, want the server's trouble", err)
		}
		if got := time.Since(start); got != 2*time.Second {
			t.Errorf("got an answer after %v, want 2s", got)
		}
		for _, p := range peers {
			_ = p.Close()
		}
		transport.CloseIdleConnections()
	})
}

func TestSecondServer(t *testing.T) {
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	for _, c := range []struct {
		name          string
		first, second http.HandlerFunc // nil serves keys
		inFirst, in2  bool             // whether it has the key
		want          error            // nil a key, ErrUnknownKey, or errTrouble
		fetches       int64
	}{
		{"first has it", nil, nil, true, true, nil, 1},
		{"only the second has it", nil, nil, false, true, nil, 2},
		{"first is down", down, nil, true, true, nil, 2},
		{"nobody has it", nil, nil, false, false, auth.ErrUnknownKey, 2},
		{"first has none and second is down", nil, down, false, true, errTrouble, 2},
		{"first is down and second has none", down, nil, true, false, errTrouble, 2},
		{"both are down", down, down, true, true, errTrouble, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := newKeyHost(t), newKeyHost(t)
			if c.inFirst {
				one.publish("a/"+kid, pemOf(t, &hostKey().PublicKey))
			}
			if c.in2 {
				two.publish("a/"+kid, pemOf(t, &hostKey().PublicKey))
			}
			one.instead(c.first)
			two.instead(c.second)
			_, err := newKeyServer(t, newClock(), one.URL, two.URL+"/").Key(t.Context(), "a/"+kid)
			switch {
			case c.want == errTrouble && (err == nil || errors.Is(err, auth.ErrUnknownKey)),
				c.want != errTrouble && !errors.Is(err, c.want):
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := one.fetches.Load() + two.fetches.Load(); got != c.fetches {
				t.Errorf("got %d fetches, want %d", got, c.fetches)
			}
		})
	}
}

// errTrouble stands for any error that does not say there is no such key.
var errTrouble = errors.New("trouble")

// TestLeavingCaller shows that a caller who gives up does not take the key from
// those who wait with it.
func TestLeavingCaller(t *testing.T) {
	host := newKeyHost(t)
	text := pemOf(t, &hostKey().PublicKey)
	asked, answer := make(chan struct{}), make(chan struct{})
	host.instead(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(text))
	})
	keys := newKeyServer(t, newClock(), host.URL)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := keys.Key(ctx, kid)
		left <- err
	}()
	<-asked
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left: got %v, want context.Canceled", err)
	}
	stayed := make(chan error)
	go func() {
		_, err := keys.Key(t.Context(), kid)
		stayed <- err
	}()
	close(answer)
	if err := <-stayed; err != nil {
		t.Errorf("the one who stayed: got %v, want the key", err)
	}
	if got := host.fetches.Load(); got != 1 {
		t.Errorf("got %d fetches, want 1", got)
	}
}

func TestNewKeyServerRefuses(t *testing.T) {
	for _, urls := range [][]string{
		nil, {""}, {"example.com"}, {"http://example.com"}, {"ftp://example.com"}, {"https://"}, {"https://u@example.com"},
		{"https://example.com?x=1"}, {"https://example.com#x"}, {"https://example.com", "http://example.com"}, {"http://localhost.example.com"},
	} {
		if _, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: urls}); err == nil {
			t.Errorf("NewKeyServer(%q): got no error", urls)
		}
	}
	for _, url := range []string{"https://example.com", "https://example.com/keys/", "http://localhost:1", "http://127.0.0.1:1/keys", "http://[::1]:1"} {
		if _, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{url}}); err != nil {
			t.Errorf("NewKeyServer(%q): %v", url, err)
		}
	}
}

// TestKeyIDStaysBelowTheRoot shows where a key is asked for, and that an id
// that would lead elsewhere is not asked for at all.
func TestKeyIDStaysBelowTheRoot(t *testing.T) {
	host := newKeyHost(t)
	var path atomic.Value
	host.instead(func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.RequestURI)
		w.WriteHeader(http.StatusNotFound)
	})
	for id, want := range map[string]string{
		"abc": "/root/abc", "issuer/abc": "/root/issuer/abc", "a.b_c-d": "/root/a.b_c-d", "a/..b": "/root/a/..b",
		"..": "", "../abc": "", "a/../../b": "", "/abc": "", "a//b": "", "a%2Fb": "", "a?b": "", "a#b": "", "a b": "", "": "", "http://x/y": "",
	} {
		path.Store("")
		_, err := newKeyServer(t, newClock(), host.URL+"/root/").Key(t.Context(), id)
		if got := path.Load(); got != want || !errors.Is(err, auth.ErrUnknownKey) {
			t.Errorf("key %q: asked for %q with error %v, want %q and ErrUnknownKey", id, got, err, want)
		}
	}
}
