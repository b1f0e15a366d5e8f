package auth_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
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

// These tests run on the clock of a synctest bubble, which moves on when
// everybody waits. No socket can be in one, so the key servers are at the other
// end of a Transport.

// bubbleHost is a key server without a socket.
type bubbleHost struct {
	mu      sync.Mutex
	pems    map[string]string
	fetched []string    // the last segment of each request's path
	times   []time.Time // when it was made
	answer  func(*http.Request) (*http.Response, error)
}

func newBubbleHost(t *testing.T, kids ...string) *bubbleHost {
	h := &bubbleHost{pems: make(map[string]string)}
	for _, kid := range kids {
		h.pems[kid] = pemOf(t, &hostKey().PublicKey)
	}
	return h
}

func (h *bubbleHost) RoundTrip(r *http.Request) (*http.Response, error) {
	id := strings.TrimPrefix(r.URL.Path, "/")
	h.mu.Lock()
	h.fetched, h.times = append(h.fetched, id), append(h.times, time.Now())
	text, answer := h.pems[id], h.answer
	h.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}
	if text == "" {
		resp.StatusCode = http.StatusNotFound
	}
	return resp, nil
}

func (h *bubbleHost) keyServer(t *testing.T, urls ...string) *auth.KeyServer {
	t.Helper()
	k, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: urls, Transport: h})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// requests returns which keys were asked for so far.
func (h *bubbleHost) requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.fetched...)
}

// mostIn returns the largest number of requests in any stretch of time so long,
// its ends included.
func (h *bubbleHost) mostIn(stretch time.Duration) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	most := 0
	for i, from := range h.times {
		n := 0
		for _, at := range h.times[i:] {
			if !at.After(from.Add(stretch)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// use takes the turns that are free at once.
func use(t *testing.T, k *auth.KeyServer, n int) {
	t.Helper()
	for i := range n {
		if _, err := k.Key(t.Context(), fmt.Sprintf("used-%d", i)); !errors.Is(err, auth.ErrUnknownKey) {
			t.Fatalf("turn %d: got %v, want ErrUnknownKey", i, err)
		}
	}
}

// retryAfter returns what the error says of coming again, 0 for nothing.
func retryAfter(err error) time.Duration {
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		return later.RetryAfter()
	}
	return 0
}

// TestWaitingForATurn finds the budget used: the key comes when there is a turn
// again, within three seconds.
func TestWaitingForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t, kid)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		start := time.Now()
		if _, err := k.Key(t.Context(), kid); err != nil {
			t.Errorf("got %v, want the key", err)
		}
		if took := time.Since(start); took != 2500*time.Millisecond {
			t.Errorf("got the key after %v, want 2.5s", took)
		}
	})
}

// TestNoTurn has two keys wait for the one turn that comes within three
// seconds: the other is told to come again.
func TestNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		start := time.Now()
		errs := make(chan error, 2)
		for _, id := range []string{"a", "b"} {
			go func() {
				_, err := k.Key(t.Context(), id)
				errs <- err
			}()
		}
		if err := <-errs; !errors.Is(err, auth.ErrUnknownKey) {
			t.Errorf("got %v, want ErrUnknownKey for one", err)
		}
		err := <-errs
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("waited %v, want 3s", took)
		}
		if errors.Is(err, auth.ErrUnknownKey) || retryAfter(err) != 5*time.Second || auth.Status(err) != http.StatusServiceUnavailable {
			t.Errorf("got %v with Retry-After %v and status %d, want a 503 with 5s", err, retryAfter(err), auth.Status(err))
		}
	})
}

// TestExhaustionIsSaid shows the answer at the app's own socket.
func TestExhaustionIsSaid(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		s := lifecycleEvent(w.clock.unix())
		s.header.set("kid", quoted(fmt.Sprintf("made-up-%d", i)))
		if status, _ := w.fire(s); status != http.StatusUnauthorized {
			t.Fatalf("event %d: got status %d, want 401", i, status)
		}
	}
	status, answer := w.fire(lifecycleEvent(w.clock.unix()))
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, "\nRetry-After: 5\n") {
		t.Errorf("got %s, want 503 with Retry-After: 5", answer)
	}
}

// TestTurnsAreByLot has twenty keys queue up for one turn, sixty times. With
// turns by lot, it goes to both halves of the queue.
func TestTurnsAreByLot(t *testing.T) {
	const queue, rounds = 20, 60
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		var early, late int
		for round := range rounds {
			before := len(h.requests())
			var wg sync.WaitGroup
			for i := range queue {
				wg.Go(func() { _, _ = k.Key(t.Context(), fmt.Sprintf("%d-%d", round, i)) })
				synctest.Wait() // i is in the queue, behind all before it
			}
			wg.Wait()
			for _, id := range h.requests()[before:] {
				var of, i int
				if _, err := fmt.Sscanf(id, "%d-%d", &of, &i); err != nil || of != round {
					t.Fatalf("got a request for %q in round %d", id, round)
				}
				if i < queue/2 {
					early++
				} else {
					late++
				}
			}
		}
		if early == 0 || late == 0 {
			t.Errorf("got %d turns in the first half of the queue and %d in the second, want some in both", early, late)
		}
	})
}

// TestQueueIsBounded has 65 keys wait: the last is refused at once. Then the
// caller of one gives up, which makes room.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := k.Key(ctx, "leaves")
			left <- err
		}()
		for i := range 63 {
			wg.Go(func() { _, _ = k.Key(t.Context(), fmt.Sprintf("waits-%d", i)) })
		}
		synctest.Wait()
		start := time.Now()
		if _, err := k.Key(t.Context(), "one-too-many"); retryAfter(err) == 0 || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want a refusal at once", err, time.Since(start))
		}
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: got %v, want context.Canceled", err)
		}
		synctest.Wait()
		wg.Go(func() {
			if _, err := k.Key(t.Context(), "has-room"); err != nil && time.Since(start) == 0 {
				t.Errorf("got %v at once, want a place in the queue", err)
			}
		})
		wg.Wait()
	})
}

// TestLateCallerIsNotAbandoned has a caller join the wait for a key whose first
// caller then leaves.
func TestLateCallerIsNotAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t, kid)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := k.Key(ctx, kid); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: got %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		time.Sleep(time.Second)
		wg.Go(func() {
			if _, err := k.Key(t.Context(), kid); err != nil {
				t.Errorf("the second: got %v, want the key", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
	})
}

// TestAbandonedTurn has the last caller of a key leave and another come before
// the wait for its turn has noticed. The other waits for a turn of its own.
func TestAbandonedTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t, kid)
		k := h.keyServer(t, "https://one.example")
		use(t, k, 3)
		notice := make(chan struct{})
		auth.SetWait(k, func(ctx context.Context, d time.Duration) error {
			<-notice
			time.Sleep(d)
			return ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := k.Key(ctx, kid); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: got %v, want context.Canceled", err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		wg.Go(func() {
			if _, err := k.Key(t.Context(), kid); err != nil {
				t.Errorf("the second: got %v, want the key", err)
			}
		})
		synctest.Wait()
		close(notice)
		wg.Wait()
	})
}

// TestNewcomerQueues shows that nobody who comes takes a turn past those who
// wait for it.
func TestNewcomerQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newBubbleHost(t).keyServer(t, "https://one.example")
		use(t, k, 3)
		time.Sleep(50 * time.Millisecond) // the one who waits looks between the turns
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = k.Key(t.Context(), "waits") })
		time.Sleep(2460 * time.Millisecond) // the turn is there, and nobody has looked
		start := time.Now()
		if _, err := k.Key(t.Context(), "newcomer"); time.Since(start) == 0 {
			t.Errorf("got %v at once, want a place in the queue", err)
		}
		wg.Wait()
	})
}

// TestReserve floods the key server with made-up keys for a day and more. The
// key that has verified a signature is fetched again all the same, at once, and
// in no ten seconds are there more than ten requests.
func TestReserve(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h := newBubbleHost(t, kid)
			k := h.keyServer(t, "https://one.example", "https://two.example")
			if _, err := k.Key(t.Context(), kid); err != nil {
				t.Fatal(err)
			}
			if trusted {
				k.Trusted(kid)
			}
			time.Sleep(24*time.Hour + 7*24*time.Hour) // neither fresh nor stale
			var wg sync.WaitGroup
			for second := range 30 {
				for i := range 300 {
					wg.Go(func() { _, _ = k.Key(t.Context(), fmt.Sprintf("flood-%d-%d", second, i)) })
				}
				synctest.Wait()
				if second == 15 {
					start := time.Now()
					_, err := k.Key(t.Context(), kid)
					if got := err == nil && time.Since(start) == 0; got != trusted {
						t.Errorf("trusted %v: got %v after %v", trusted, err, time.Since(start))
					}
				}
				time.Sleep(time.Second)
			}
			wg.Wait()
			if got := h.mostIn(10 * time.Second); got < 7 || got > 10 {
				t.Errorf("trusted %v: got %d requests in ten seconds, want 7 to 10", trusted, got)
			}
		})
	}
}

// TestReserveIsBounded shows that the reserve is within the ten requests, also
// when the good key's servers fail.
func TestReserveIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t, kid)
		h.answer = func(*http.Request) (*http.Response, error) { return nil, errors.New("down") }
		k := h.keyServer(t, "https://one.example", "https://two.example")
		k.Trusted(kid)
		var wg sync.WaitGroup
		for i := range 600 {
			wg.Go(func() { _, _ = k.Key(t.Context(), kid) })
			wg.Go(func() { _, _ = k.Key(t.Context(), fmt.Sprintf("flood-%d", i)) })
			time.Sleep(50 * time.Millisecond)
		}
		wg.Wait()
		if got := h.mostIn(10 * time.Second); got < 7 || got > 10 {
			t.Errorf("got %d requests in ten seconds, want 7 to 10", got)
		}
	})
}

// TestStaleKeyDoesNotWait shows that a stale key serves at once when there is no
// turn to ask for a fresh one.
func TestStaleKeyDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t, kid)
		k := h.keyServer(t, "https://one.example")
		if _, err := k.Key(t.Context(), kid); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		use(t, k, 3)
		start := time.Now()
		if _, err := k.Key(t.Context(), kid); err != nil || time.Since(start) != 0 {
			t.Errorf("got %v after %v, want the stale key at once", err, time.Since(start))
		}
	})
}

// TestVerifierTrusts shows that a key is trusted once a signature has been
// verified with it, and not before.
func TestVerifierTrusts(t *testing.T) {
	keys := &trustLog{fixedKeys: fixedKeys{&hostKey().PublicKey}}
	w := newWorld(t, func(cfg *auth.Config) { cfg.Keys = keys })
	forged := lifecycleEvent(w.clock.unix())
	forged.sign = rs256(evilKey())
	unknown := lifecycleEvent(w.clock.unix())
	unknown.header.set("kid", `"made-up"`)
	for _, s := range []*shot{forged, unknown} {
		if status, _ := w.fire(s); status != http.StatusUnauthorized {
			t.Fatalf("got status %d, want 401", status)
		}
	}
	if len(keys.trusted) != 0 {
		t.Errorf("got %q trusted by bad signatures, want none", keys.trusted)
	}
	w.admit(lifecycleEvent(w.clock.unix()))
	if len(keys.trusted) != 1 || keys.trusted[0] != kid {
		t.Errorf("got %q trusted, want %s", keys.trusted, kid)
	}
}

// trustLog notes what is trusted.
type trustLog struct {
	fixedKeys
	trusted []string
}

func (k *trustLog) Trusted(kid string) { k.trusted = append(k.trusted, kid) }

// TestUnknownKeyLosesTrust has a trusted key withdrawn. It has no more part in
// the reserve.
func TestUnknownKeyLosesTrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newBubbleHost(t)
		k := h.keyServer(t, "https://one.example")
		k.Trusted(kid)
		if _, err := k.Key(t.Context(), kid); !errors.Is(err, auth.ErrUnknownKey) {
			t.Fatalf("got %v, want ErrUnknownKey", err)
		}
		time.Sleep(time.Minute)
		use(t, k, 3)
		start := time.Now()
		_, err := k.Key(t.Context(), kid)
		if took := time.Since(start); !errors.Is(err, auth.ErrUnknownKey) || took == 0 {
			t.Errorf("got %v after %v, want ErrUnknownKey after a wait", err, took)
		}
	})
}

// TestHangingServer has the first key server take the request and say nothing:
// the key of the second arrives after the time limit of the first.
func TestHangingServer(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{0: 2 * time.Second, 300 * time.Millisecond: 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			h := newBubbleHost(t, kid)
			h.answer = func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == "one.example" {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				body := io.NopCloser(strings.NewReader(h.pems[kid]))
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
			}
			k, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{"https://one.example", "https://two.example"}, Transport: h, ServerTimeout: limit})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if key, err := k.Key(t.Context(), kid); err != nil || !key.Equal(&hostKey().PublicKey) {
				t.Errorf("got %v, %v, want the key", key, err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("got the key after %v, want %v", took, want)
			}
		})
	}
	if _, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{"https://one.example"}, ServerTimeout: -1}); err == nil {
		t.Error("negative time limit: got no error")
	}
}

// TestPanickingTransport shows that a panic on the way to the key server is the
// app's trouble and not its end.
func TestPanickingTransport(t *testing.T) {
	var well atomic.Bool
	good := http.DefaultTransport
	keys := func(w *world) *auth.KeyServer {
		k, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{w.keys.URL}, Clock: w.clock.Now, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !well.Load() {
				panic("transport")
			}
			return good.RoundTrip(r)
		})})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	var lazy lazyKeys
	w := newWorld(t, func(cfg *auth.Config) { cfg.Keys = &lazy })
	lazy.Keys = keys(w)
	if status, answer := w.fire(lifecycleEvent(w.clock.unix())); status != http.StatusServiceUnavailable {
		t.Errorf("got %s, want 503", answer)
	}
	if log := w.log.take(); !strings.Contains(log, "panic: transport") {
		t.Errorf("got log %s, want the panic in it", log)
	}
	well.Store(true)
	w.admit(lifecycleEvent(w.clock.unix()))
}

// lazyKeys are keys that are known later.
type lazyKeys struct{ auth.Keys }

func (l *lazyKeys) Key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	return l.Keys.Key(ctx, kid)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestOneFetchForNoKey has a thousand callers ask for a key that does not
// exist: each server is asked once.
func TestOneFetchForNoKey(t *testing.T) {
	const callers = 1000
	for servers := 1; servers <= 2; servers++ {
		host := newKeyHost(t)
		coming, all := make(chan struct{}, callers), make(chan struct{})
		host.instead(func(w http.ResponseWriter, r *http.Request) {
			<-all
			http.NotFound(w, r)
		})
		second := httptest.NewServer(host)
		t.Cleanup(second.Close)
		k := newKeyServer(t, newClock(), []string{host.URL, second.URL}[:servers]...)
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				coming <- struct{}{}
				if _, err := k.Key(t.Context(), "no-such-key"); !errors.Is(err, auth.ErrUnknownKey) {
					t.Errorf("got %v, want ErrUnknownKey", err)
				}
			})
		}
		for range callers {
			<-coming
		}
		close(all)
		wg.Wait()
		if got := host.fetches.Load(); got != int64(servers) {
			t.Errorf("%d servers: got %d fetches, want %d", servers, got, servers)
		}
	}
}
