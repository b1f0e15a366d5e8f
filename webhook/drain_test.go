package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/atlassian-connect-go/sdk/webhook"
)

// drain drains the app on a goroutine of its own.
func (a *app) drain(ctx context.Context) <-chan error {
	result := make(chan error, 1)
	go func() { result <- a.queue.Drain(ctx) }()
	return result
}

// Every test in a bubble shows as well that no goroutine is left: the bubble
// fails when one does not end.

func TestDrainWaitsForWhatWasAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		defer g.open()
		a := newApp(t, webhook.Config{Workers: 2}, g.handle)
		for range 5 {
			a.want(t, http.StatusNoContent, delivery{})
		}
		first, second := a.drain(t.Context()), a.drain(t.Context())
		for left := 5; left > 0; left-- {
			synctest.Wait()
			if len(first)+len(second) > 0 {
				t.Fatalf("Drain returned with %d events left", left)
			}
			got := a.want(t, http.StatusServiceUnavailable, delivery{})
			if got := got.header.Get("Retry-After"); got != "30" {
				t.Errorf("Retry-After = %q, want 30", got)
			}
			g.leave <- struct{}{}
		}
		for _, result := range []<-chan error{first, second, a.drain(t.Context())} {
			if err := <-result; err != nil {
				t.Errorf("Drain = %v, want nil", err)
			}
		}
		if got := len(g.entered); got != 5 {
			t.Errorf("%d events were handled, want 5", got)
		}
	})
}

func TestDrainAnIdleQueue(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{ended, t.Context(), ended} {
		if err := a.queue.Drain(ctx); err != nil {
			t.Errorf("Drain = %v, want nil", err)
		}
	}
	a.want(t, http.StatusServiceUnavailable, delivery{})
	a.want(t, http.StatusUnauthorized, delivery{sign: unsigned})
	if got := seen.names(t, a); len(got) != 0 {
		t.Errorf("handled %v, want nothing", got)
	}
}

func TestDrainOutOfPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 10)
		a := newApp(t, webhook.Config{Workers: 2}, func(ctx context.Context, _ *webhook.Event) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil
		})
		for range 7 {
			a.want(t, http.StatusNoContent, delivery{})
		}
		ctx, cancel := context.WithCancel(t.Context())
		result := a.drain(ctx)
		synctest.Wait()
		cancel()
		err := <-result
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), " 7 ") {
			t.Errorf("Drain = %v, want context.Canceled and the number 7", err)
		}
		if err := a.queue.Drain(t.Context()); err != nil { // waits for the handlers
			t.Errorf("second Drain = %v, want nil", err)
		}
		if got := len(ended); got != 2 {
			t.Fatalf("%d events were begun, want 2: one for each worker", got)
		}
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the handler's context ended with %v, want context.Canceled", err)
			}
		}
		a.want(t, http.StatusServiceUnavailable, delivery{})
	})
}

// TestDrainDoesNotWaitForStubbornHandlers has a handler that does not look at
// its context.
func TestDrainDoesNotWaitForStubbornHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		defer g.open()
		a := newApp(t, webhook.Config{Workers: 1}, g.handle)
		a.want(t, http.StatusNoContent, delivery{})
		a.want(t, http.StatusNoContent, delivery{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, want := range []string{" 2 ", " 1 "} { // what waited was given up by the first
			if err := a.queue.Drain(ctx); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Drain = %v, want the number%s", err, want)
			}
		}
		g.open()
		if err := a.queue.Drain(t.Context()); err != nil {
			t.Errorf("Drain = %v, want nil", err)
		}
		if got := len(g.entered); got != 1 {
			t.Errorf("%d events were begun, want 1", got)
		}
	})
}

// TestDrainDuringDeliveries stops an app in the middle of a stream of events
// over sockets: all that were acknowledged are handled, and no other.
func TestDrainDuringDeliveries(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	counts := make(chan int, 8)
	for range cap(counts) {
		go func() {
			taken := 0
			for a.send(t, delivery{}).status == http.StatusNoContent {
				taken++
			}
			counts <- taken
		}()
	}
	<-seen.events // the stream flows
	if err := a.queue.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	handled, want := 1+len(seen.events), 0
	for range cap(counts) {
		want += <-counts
	}
	if handled != want {
		t.Errorf("%d events were handled by the end of Drain, want %d, which were acknowledged", handled, want)
	}
}
