package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestPace(t *testing.T) {
	for _, c := range []struct {
		name   string
		config hostclient.LimitsConfig
		want   string // the waits of five calls at one moment
	}{
		{"none", hostclient.LimitsConfig{}, "[]"},
		{"two a second", hostclient.LimitsConfig{Rate: 2}, "[500ms 1s 1.5s]"},
		{"one at once", hostclient.LimitsConfig{Rate: 2, Burst: 1}, "[500ms 1s 1.5s 2s]"},
		{"rounded up", hostclient.LimitsConfig{Rate: 2.5}, "[400ms 800ms]"},
		{"less than one a second", hostclient.LimitsConfig{Rate: 0.5}, "[2s 4s 6s 8s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldWith(t, "", nil, func(*hostclient.Config) {})
			frozen, waits := newClock(), []time.Duration{}
			c.config.Clock = frozen.now
			c.config.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
			hosts := hostsWith(t, c.config)
			for range 5 {
				if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(w.site.url)), "/x"); err != nil {
					t.Fatal(err)
				}
			}
			if got := fmt.Sprint(waits); got != c.want {
				t.Errorf("waited %s, want %s", got, c.want)
			}
			other := newSite(t, "", nil)
			if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(other.url)), "/x"); err != nil || fmt.Sprint(waits) != c.want {
				t.Errorf("another tenant waited %v, %v", waits, err)
			}
		})
	}
}

func hostsWith(t *testing.T, config hostclient.LimitsConfig) *hostclient.Hosts {
	t.Helper()
	limits, err := hostclient.NewLimits(config)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: newClock().now, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

// Who does not wait gives the place in the queue back.
func TestPlacesAreGivenBack(t *testing.T) {
	s := newSite(t, "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var waits []time.Duration
	hosts := hostsWith(t, hostclient.LimitsConfig{
		Rate: 1, MaxWait: 2 * time.Second, Clock: newClock().now,
		Sleep: func(_ context.Context, d time.Duration) error {
			waits = append(waits, d)
			if len(waits) == 1 {
				cancel()
			}
			return ctx.Err()
		},
	})
	client := mustFor(t, hosts, installation(s.url))
	get := func(ctx context.Context) error {
		_, err := hostclient.Get[struct{}](ctx, client, "/x")
		return err
	}
	if err := get(ctx); err != nil {
		t.Fatal(err)
	}
	if err := get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if err := get(t.Context()); !errors.Is(err, context.Canceled) { // what Sleep returns here
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := fmt.Sprint(waits); got != "[1s 1s]" {
		t.Errorf("waited %s, want [1s 1s]", got)
	}
	s.only(t)
}

// The app's own pace does not make a call wait for longer than MaxWait either.
func TestPaceIsBounded(t *testing.T) {
	s := newSite(t, "", nil)
	sleeps := 0
	hosts := hostsWith(t, hostclient.LimitsConfig{
		Rate: 1, MaxWait: 2 * time.Second, Clock: newClock().now,
		Sleep: func(context.Context, time.Duration) error { sleeps++; return nil },
	})
	client := mustFor(t, hosts, installation(s.url))
	for i, want := range []time.Duration{0, 0, 0, 3 * time.Second, 3 * time.Second} {
		_, err := hostclient.Get[struct{}](t.Context(), client, "/x")
		var e *hostclient.Error
		switch errors.As(err, &e); {
		case want == 0 && err != nil:
			t.Errorf("call %d: %v", i, err)
		case want > 0 && (e == nil || e.RetryAfter != want || !strings.Contains(e.Hint, "own pace") || !errors.Is(err, hostclient.ErrRateLimited)):
			t.Errorf("call %d: got %v, want ErrRateLimited for %v", i, err, want)
		}
	}
	if n := len(s.requests()); n != 3 || sleeps != 2 {
		t.Errorf("%d requests and %d waits, want 3 and 2", n, sleeps)
	}
}

// A limit that is met while calls wait for their place holds for them, too.
func TestPacedCallsHeedPauses(t *testing.T) {
	s, other := newSite(t, "", nil), newSite(t, "", script(limited("jira-quota-global-based", "20")))
	var hosts *hostclient.Hosts
	var waits []time.Duration
	hosts = hostsWith(t, hostclient.LimitsConfig{
		Rate: 1, Clock: newClock().now, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, d time.Duration) error {
			waits = append(waits, d)
			if len(waits) == 1 {
				_, err := hostclient.Send[struct{}](ctx, mustFor(t, hosts, installation(other.url)), "POST", "/x", nil)
				if !errors.Is(err, hostclient.ErrRateLimited) {
					t.Error(err)
				}
			}
			return nil
		},
	})
	for range 2 {
		if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(s.url)), "/x"); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(waits); got != "[1s 20s]" {
		t.Errorf("waited %s, want [1s 20s]", got)
	}
}

func TestBudget(t *testing.T) {
	down, tired := true, newSite(t, "", nil)
	w := newWorld(t, "", nil)
	w.site.answer = func(rw http.ResponseWriter, _ *http.Request) {
		if down {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	tired.answer = w.site.answer
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{Budget: 6})})
	if err != nil {
		t.Fatal(err)
	}
	client, other := mustFor(t, hosts, installation(w.site.url)), mustFor(t, hosts, installation(tired.url))
	calls := func(s *site, c *hostclient.Client, n int) int {
		before := len(s.requests())
		for range n {
			_, _ = hostclient.Get[struct{}](t.Context(), c, "/x")
		}
		return len(s.requests()) - before
	}
	for i, c := range []struct{ calls, want int }{
		{1, 5}, // 4 repetitions
		{1, 3}, // 2
		{3, 3}, // none
	} {
		if got := calls(w.site, client, c.calls); got != c.want {
			t.Errorf("%d: %d requests, want %d", i, got, c.want)
		}
	}
	if got := calls(tired, other, 1); got != 5 {
		t.Errorf("another tenant: %d requests, want 5", got)
	}
	down = false
	for _, c := range []struct{ successes, want int }{{9, 1}, {1, 2}, {20, 3}, {1000, 5}} {
		down = false
		if got := calls(w.site, client, c.successes); got != c.successes {
			t.Errorf("%d requests, want %d", got, c.successes)
		}
		down = true
		if got := calls(w.site, client, 1); got != c.want {
			t.Errorf("after %d successes: %d requests, want %d", c.successes, got, c.want)
		}
	}
	if got := calls(w.site, client, 2); got != 3+1 { // a thousand successes fill it, and no more
		t.Errorf("at the end: %d requests, want 4", got)
	}
}

func TestNoBudget(t *testing.T) {
	w := newWorldWith(t, "", status(503, ""), func(*hostclient.Config) {})
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{Budget: -1, MaxRetries: 100})})
	if err != nil {
		t.Fatal(err)
	}
	_, err = hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(w.site.url)), "/x")
	if n := len(w.site.requests()); !errors.Is(err, hostclient.ErrHost) || n != 101 {
		t.Errorf("got %v after %d requests, want ErrHost after 101", err, n)
	}
	for i, d := range w.waits() { // the hundredth is no longer than the fifth, and none is negative
		if want := min(2*time.Second<<min(i, 4), 30*time.Second); d != want {
			t.Errorf("wait %d: %v, want %v", i, d, want)
		}
	}
}
