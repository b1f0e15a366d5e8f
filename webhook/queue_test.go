package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/webhook"
)

func TestNewQueueRefusesWrongConfig(t *testing.T) {
	tests := []struct {
		want string
		cfg  webhook.Config
	}{
		{"Workers is negative", webhook.Config{Workers: -1}},
		{"Length is negative", webhook.Config{Length: -1}},
		{"Bytes is negative", webhook.Config{Bytes: -1}},
		{"MaxBody is negative", webhook.Config{MaxBody: -1}},
		{"Timeout is negative", webhook.Config{Timeout: -1}},
		{"Remember is negative", webhook.Config{Remember: -1}},
		{"RememberCount is negative", webhook.Config{RememberCount: -1}},
		{"RetryAfter is negative", webhook.Config{RetryAfter: -1}},
		{"MaxBody is more than Bytes", webhook.Config{Bytes: 10, MaxBody: 11}},
	}
	for _, test := range tests {
		if _, err := webhook.NewQueue(test.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("NewQueue = %v, want an error with %q", err, test.want)
		}
	}
}

func TestLargestBodyIsNeverMoreThanBytes(t *testing.T) {
	a := serveApp(t, webhook.Config{Bytes: 8}, newRecord().handle)
	a.want(t, http.StatusRequestEntityTooLarge, delivery{body: `"1234567"`})
	a.want(t, http.StatusNoContent, delivery{body: `"123456"`})
}

func TestAcknowledgedBeforeHandled(t *testing.T) {
	g := newGate()
	defer g.open()
	a := serveApp(t, webhook.Config{Workers: 1}, g.handle)
	a.want(t, http.StatusNoContent, delivery{id: "1"})
	a.want(t, http.StatusNoContent, delivery{id: "2"}) // while the first is being handled
	for _, want := range []string{"1", "2"} {
		if got := g.next().Identifier; got != want {
			t.Errorf("handled %s, want %s", got, want)
		}
		g.leave <- struct{}{}
	}
}

func TestRepetitions(t *testing.T) {
	a := delivery{tenant: "tenant-a", id: "1"}
	other := delivery{tenant: "tenant-b", id: "1"}
	second := delivery{tenant: "tenant-a", id: "2"}
	nameless := delivery{tenant: "tenant-a"}
	tests := []struct {
		name  string
		sent  []delivery
		times []string
	}{
		{"the same twice", []delivery{a, a, a}, []string{"tenant-a/1"}},
		{"the same at another tenant", []delivery{a, other, a, other}, []string{"tenant-a/1", "tenant-b/1"}},
		{"another of the tenant", []delivery{a, second, a}, []string{"tenant-a/1", "tenant-a/2"}},
		{"without an identifier", []delivery{nameless, nameless}, []string{"tenant-a/", "tenant-a/"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := newRecord()
			app := serveApp(t, webhook.Config{Workers: 1}, seen.handle)
			for _, d := range test.sent {
				app.want(t, http.StatusNoContent, d)
			}
			if got := seen.names(t, app); !reflect.DeepEqual(got, test.times) {
				t.Errorf("handled %v, want %v", got, test.times)
			}
			repeated := len(test.sent) - len(test.times)
			if got := strings.Count(app.log.String(), "webhook repeated"); got != repeated {
				t.Errorf("the log tells of %d repetitions, want %d", got, repeated)
			}
		})
	}
}

func TestRepetitionsAreRememberedForATime(t *testing.T) {
	clock := newTestClock()
	seen := newRecord()
	a := serveApp(t, webhook.Config{Workers: 1, Remember: time.Hour, Clock: clock.Now}, seen.handle)
	for _, after := range []time.Duration{0, time.Hour - 1, 1, time.Hour - 1, time.Hour} {
		clock.Move(after)
		a.want(t, http.StatusNoContent, delivery{id: "1"})
	}
	// Handled at 0, 1h and 3h-1ns: a repetition does not prolong the memory.
	if got := seen.names(t, a); len(got) != 3 {
		t.Errorf("handled %d times, want 3", len(got))
	}
}

func TestRepetitionsAreRememberedUpToACount(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{Workers: 1, RememberCount: 2}, seen.handle)
	for _, id := range []string{"1", "2", "2", "1", "3", "3", "2", "1"} {
		a.want(t, http.StatusNoContent, delivery{id: id})
	}
	want := []string{"tenant-a/1", "tenant-a/2", "tenant-a/3", "tenant-a/1"}
	if got := seen.names(t, a); !reflect.DeepEqual(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

func TestWhatWasNotTakenIsNotRemembered(t *testing.T) {
	g := newGate()
	defer g.open()
	a := serveApp(t, webhook.Config{Workers: 1, Length: 1}, g.handle)
	a.want(t, http.StatusNoContent, delivery{id: "1"})
	g.next()
	a.want(t, http.StatusNoContent, delivery{id: "2"})
	a.want(t, http.StatusServiceUnavailable, delivery{id: "3"})
	a.want(t, http.StatusNoContent, delivery{id: "2"}) // known although there is no room
	g.leave <- struct{}{}
	g.next()
	a.want(t, http.StatusNoContent, delivery{id: "3"})
	g.open()
	if got := g.next().Identifier; got != "3" {
		t.Errorf("handled %s, want 3", got)
	}
}

func TestFullByLength(t *testing.T) {
	g := newGate()
	defer g.open()
	a := serveApp(t, webhook.Config{Workers: 1, Length: 2, RetryAfter: 1500 * time.Millisecond}, g.handle)
	a.want(t, http.StatusNoContent, delivery{})
	g.next()
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-a"})
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-b"})
	got := a.want(t, http.StatusServiceUnavailable, delivery{tenant: "tenant-c"})
	if got := got.header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After = %q, want 2: whole seconds, never too early", got)
	}
	a.want(t, http.StatusUnauthorized, delivery{sign: unsigned}) // verified first
}

func TestFullByBytes(t *testing.T) {
	g := newGate()
	defer g.open()
	a := serveApp(t, webhook.Config{Workers: 1, Bytes: 10}, g.handle)
	a.want(t, http.StatusNoContent, delivery{body: `"12345678"`})
	g.next() // which does not wait any more
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-a", body: `"1234"`})
	got := a.want(t, http.StatusServiceUnavailable, delivery{tenant: "tenant-b", body: `"123"`})
	if got := got.header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After = %q, want 30", got)
	}
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-b", body: `"12"`})
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-c", body: none})
	g.leave <- struct{}{}
	g.next() // leaves its six bytes free
	a.want(t, http.StatusNoContent, delivery{tenant: "tenant-a", body: `"1234"`})
}

// TestShares shows that a tenant gets half of the room that the others leave.
func TestShares(t *testing.T) {
	tests := []struct {
		name string
		cfg  webhook.Config
	}{
		{"of the length", webhook.Config{Workers: 1, Length: 16}},
		{"of the bytes", webhook.Config{Workers: 1, Bytes: 32}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newGate()
			defer g.open()
			a := serveApp(t, test.cfg, g.handle)
			a.want(t, http.StatusNoContent, delivery{})
			g.next()
			for _, step := range []struct {
				begun  int // events that wait no more when the tenant sends
				tenant string
				want   int
			}{{0, "tenant-a", 8}, {1, "tenant-a", 1}, {0, "tenant-b", 4}, {0, "tenant-c", 2}, {0, "tenant-a", 0}} {
				for range step.begun {
					g.leave <- struct{}{}
					g.next()
				}
				if got := a.fill(t, step.tenant); got != step.want {
					t.Errorf("%d events of %s were taken, want %d", got, step.tenant, step.want)
				}
			}
		})
	}
}

// fill sends events of two bytes until one is not taken, and returns how many
// were.
func (a *app) fill(t *testing.T, tenant string) int {
	t.Helper()
	for taken := 0; ; taken++ {
		switch got := a.send(t, delivery{tenant: tenant}); got.status {
		case http.StatusNoContent:
		case http.StatusServiceUnavailable:
			return taken
		default:
			t.Fatalf("status = %d, want 204 or 503", got.status)
		}
	}
}

// TestTenantsTakeTurns has one worker and a tenant whose events came first.
func TestTenantsTakeTurns(t *testing.T) {
	g := newGate()
	defer g.open()
	a := serveApp(t, webhook.Config{Workers: 1}, g.handle)
	a.want(t, http.StatusNoContent, delivery{id: "0"})
	g.next()
	for _, sent := range []string{"a/1", "a/2", "a/3", "a/4", "b/1", "b/2", "c/1"} {
		tenant, id, _ := strings.Cut(sent, "/")
		a.want(t, http.StatusNoContent, delivery{tenant: "tenant-" + tenant, id: id})
	}
	g.open()
	for _, want := range []string{"a/1", "b/1", "c/1", "a/2", "b/2", "a/3", "a/4"} {
		if got := name(g.next()); got != "tenant-"+want {
			t.Errorf("handled %s, want tenant-%s", got, want)
		}
	}
}

func TestOneWorkerKeepsTheOrder(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{Workers: 1}, seen.handle)
	var want []string
	for i := range 100 {
		a.want(t, http.StatusNoContent, delivery{id: fmt.Sprint(i)})
		want = append(want, fmt.Sprintf("tenant-a/%d", i))
	}
	if got := seen.names(t, a); !reflect.DeepEqual(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

func TestWorkersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		defer g.open()
		a := newApp(t, webhook.Config{Workers: 3}, g.handle)
		for range 10 {
			a.want(t, http.StatusNoContent, delivery{})
		}
		for left := 10; left > 0; left-- {
			synctest.Wait() // until all that can begin has begun
			if got, want := len(g.entered), min(left, 3); got != want {
				t.Errorf("with %d events left %d are being handled, want %d", left, got, want)
			}
			g.next()
			g.leave <- struct{}{}
		}
	})
}

func TestContextOfTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			caller *auth.Caller
			event  *webhook.Event
			lasted time.Duration
			err    error
		}
		result := make(chan seen, 1)
		a := newApp(t, webhook.Config{Timeout: 7 * time.Second}, func(ctx context.Context, e *webhook.Event) error {
			began := time.Now()
			<-ctx.Done()
			result <- seen{auth.CallerFrom(ctx), e, time.Since(began), ctx.Err()}
			return nil
		})
		a.want(t, http.StatusNoContent, delivery{})
		got := <-result
		if got.caller == nil || got.caller != got.event.Caller || got.caller.ClientKey != "tenant-a" {
			t.Errorf("CallerFrom = %+v, want the event's", got.caller)
		}
		if got.lasted != 7*time.Second || !errors.Is(got.err, context.DeadlineExceeded) {
			t.Errorf("the context ended after %v with %v, want 7s and its deadline", got.lasted, got.err)
		}
	})
}

type brokenError struct{ text string }

func (e *brokenError) Error() string { return e.text }

// TestHandlerThatFails shows that nothing a handler does stops the queue or
// gives a secret away.
func TestHandlerThatFails(t *testing.T) {
	const bearer = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
	tests := []struct {
		name   string
		logged string
		fail   func(e *webhook.Event) error
	}{
		{"error", "it broke", func(*webhook.Event) error { return errors.New("it broke") }},
		{"error with a token", "calling the host", func(*webhook.Event) error { return errors.New("calling the host with JWT " + bearer) }},
		{"error with the event", "Caller:", func(e *webhook.Event) error { return fmt.Errorf("%+v %+v", e, e.Caller.Installation) }},
		{"error that panics", "nil", func(*webhook.Event) error { return (*brokenError)(nil) }},
		{"panic", "panicked: it broke", func(*webhook.Event) error { panic("it broke") }},
		{"panic with a token", "panicked: ", func(*webhook.Event) error { panic(errors.New("with JWT " + bearer)) }},
		{"panic with nil", "panicked: ", func(*webhook.Event) error { panic(nil) }},
		{"end of the goroutine", "ended its goroutine", func(*webhook.Event) error { runtime.Goexit(); return nil }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := newRecord()
			a := serveApp(t, webhook.Config{Workers: 1}, func(ctx context.Context, e *webhook.Event) error {
				if e.Identifier == "bad" {
					return test.fail(e)
				}
				return seen.handle(ctx, e)
			})
			a.want(t, http.StatusNoContent, delivery{id: "bad"})
			a.want(t, http.StatusNoContent, delivery{id: "good"})
			if got, want := seen.names(t, a), []string{"tenant-a/good"}; !reflect.DeepEqual(got, want) {
				t.Errorf("handled %v, want %v", got, want)
			}
			log := a.log.String()
			for _, want := range []string{"webhook failed", test.logged, eventName, "tenant-a", `"bad"`} {
				if !strings.Contains(log, want) {
					t.Errorf("the log has no %q: %s", want, log)
				}
			}
			for _, secret := range []string{"eyJ", "secret-of"} {
				if strings.Contains(log, secret) {
					t.Errorf("the log has %q: %s", secret, log)
				}
			}
		})
	}
}

// TestBurst sends events as fast as they go, each until it is acknowledged, to
// a queue that has no room at times.
func TestBurst(t *testing.T) {
	const senders, each = 50, 100
	seen := newRecord()
	a := serveApp(t, webhook.Config{Length: 16}, seen.handle)
	var wait sync.WaitGroup
	for s := range senders {
		tenant := fmt.Sprintf("tenant-%c", 'a'+s%3)
		wait.Go(func() {
			for i := range each {
				d := delivery{tenant: tenant, id: fmt.Sprintf("%d-%d", s, i)}
				status := a.send(t, d).status
				for status == http.StatusServiceUnavailable {
					status = a.send(t, d).status
				}
				if status != http.StatusNoContent {
					t.Errorf("status = %d, want 204", status)
				}
			}
		})
	}
	wait.Wait()
	times := make(map[string]int)
	for _, name := range seen.names(t, a) {
		times[name]++
	}
	if len(times) != senders*each {
		t.Errorf("%d different events were handled, want %d", len(times), senders*each)
	}
	for name, n := range times {
		if n != 1 {
			t.Errorf("%s was handled %d times, want once", name, n)
		}
	}
}
