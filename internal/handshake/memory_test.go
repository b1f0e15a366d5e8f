package handshake_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/handshake"
)

// Two finish at once: one of them is refused.
func TestOnceAtOnce(t *testing.T) {
	s := newSite(t, handshake.Config{})
	b := s.browser(t)
	state := b.begin("x")
	c := b.cookies()[0]
	var group sync.WaitGroup
	got := make([]error, 8)
	for i := range got {
		group.Go(func() {
			r := httptest.NewRequest("GET", "/finish", nil)
			r.AddCookie(c)
			_, got[i] = s.handshakes.Finish(httptest.NewRecorder(), r, state)
		})
	}
	group.Wait()
	taken := 0
	for _, err := range got {
		if err == nil {
			taken++
		} else if !errors.Is(err, handshake.ErrUsed) {
			t.Errorf("got %v, want ErrUsed", err)
		}
	}
	if taken != 1 {
		t.Errorf("it was finished %d times, want once", taken)
	}
}

// What is forgotten to make room cannot be finished again either.
func TestMemoryIsBounded(t *testing.T) {
	at := newClock()
	s := newSite(t, handshake.Config{Clock: at.Now, TTL: time.Minute})
	s.handshakes.Remember(2)
	early := s.browser(t)
	unfinished := early.begin("early")
	var kept []*http.Cookie
	var states []string
	for range 4 {
		at.forward(time.Second)
		b := s.browser(t)
		states = append(states, b.begin("x"))
		kept = append(kept, b.cookies()...)
		b.finish(states[len(states)-1], "x")
	}
	for i, want := range []error{handshake.ErrExpired, handshake.ErrExpired, handshake.ErrUsed, handshake.ErrUsed} {
		b := s.browser(t)
		b.plant(kept[i])
		b.refused(states[i], want)
	}
	early.refused(unfinished, handshake.ErrExpired)
	b := s.browser(t)
	b.finish(b.begin("new"), "new")
}

// What would be too old anyway is forgotten.
func TestMemoryIsFreed(t *testing.T) {
	at := newClock()
	s := newSite(t, handshake.Config{Clock: at.Now, TTL: time.Minute})
	for range 3 {
		b := s.browser(t)
		b.finish(b.begin("x"), "x")
	}
	at.forward(time.Minute)
	b := s.browser(t)
	b.finish(b.begin("x"), "x")
	if got := s.handshakes.Remembered(); got != 2 {
		t.Errorf("got %d entries in map and heap, want one in each", got)
	}
}

// A handshake that is over makes room, even where the browser kept its cookie.
func TestExpiredCookiesAreCleared(t *testing.T) {
	at := newClock()
	s := newSite(t, handshake.Config{Clock: at.Now, TTL: time.Minute})
	b := s.browser(t)
	old := b.begin("old")
	at.forward(time.Minute)
	current := b.begin("current")
	if got := b.cookies(); len(got) != 1 {
		t.Errorf("got %d cookies, want 1", len(got))
	}
	b.refused(old, handshake.ErrUnknown)
	b.finish(current, "current")
}

func TestParallelIsBounded(t *testing.T) {
	at := newClock()
	b := newSite(t, handshake.Config{Clock: at.Now}).browser(t)
	b.plant(&http.Cookie{Name: "test-0123456789012345678901", Value: "damaged", Path: "/"}, // ours by its name
		&http.Cookie{Name: "test-mode", Value: "dark", Path: "/"})
	var states []string
	for i := range 7 {
		at.forward(time.Second)
		states = append(states, b.begin(fmt.Sprint(i)))
	}
	if got := b.cookies(); len(got) != 5+1 {
		t.Errorf("got %d cookies, want 5 and the site's own", len(got))
	}
	b.refused(states[0], handshake.ErrUnknown)
	b.refused(states[1], handshake.ErrUnknown)
	for i, state := range states[2:] {
		b.finish(state, fmt.Sprint(i+2))
	}
	if got := b.cookies(); len(got) != 1 || got[0].Name != "test-mode" {
		t.Errorf("got %v, want the site's own cookie", got)
	}
}
