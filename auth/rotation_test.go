package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestPreviousSecret(t *testing.T) {
	w := newWorld(t)
	old := hostRequest(w.clock.unix())
	w.clock.advance(time.Second)
	w.rotate(tenant, secret2, time.Minute)
	w.admit(old)
	fresh := hostRequest(w.clock.unix())
	fresh.sign = hs256(secret2)
	w.admit(fresh)
	w.clock.advance(time.Minute - time.Nanosecond)
	w.admit(old)
	w.clock.advance(time.Nanosecond)
	if status, _ := w.fire(old); status != http.StatusUnauthorized {
		t.Errorf("at the window's end: got status %d, want 401", status)
	}
	w.admit(fresh)
}

// TestPreviousSecretByTheHostsClock has the app's clock go wrong against the
// host's. Whether a token is from before the rotation is a matter of the host's
// clock alone, to its whole second.
func TestPreviousSecretByTheHostsClock(t *testing.T) {
	for _, c := range []struct {
		name string
		skew time.Duration // of the app's clock against the host's
		made time.Duration // of the token, from the rotation
		want auth.Code
	}{
		{"same clocks, before", 0, -time.Second, ""},
		{"same clocks, in the same second", 0, 0, ""},
		{"same clocks, after", 0, time.Second, auth.CodeSignature},
		{"app behind, before", -20 * time.Second, -time.Second, ""},
		{"app behind, in the same second", -20 * time.Second, 0, ""},
		{"app behind, after", -20 * time.Second, time.Second, auth.CodeSignature},
		{"app ahead, before", 20 * time.Second, -time.Second, ""},
		{"app ahead, in the same second", 20 * time.Second, 0, ""},
		{"app ahead, after", 20 * time.Second, 5 * time.Second, auth.CodeSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			host := w.clock.Now()
			w.clock.advance(c.skew + 700*time.Millisecond)
			w.rotate(tenant, secret2, time.Minute)
			w.change(tenant, func(i *store.Installation) { i.RotatedIAT = host })
			s := hostRequest(host.Add(c.made).Unix())
			if _, err := w.check(s, auth.HostRequest); codeOf(err) != c.want {
				t.Errorf("got %v, want code %q", err, c.want)
			}
		})
	}
}

// readings is a store that counts its readings, changes things between them and
// fails when told.
type readings struct {
	*store.Memory
	count  atomic.Int64
	before func(reading int64)
	err    error
}

func (r *readings) Installation(ctx context.Context, clientKey string) (*store.Installation, error) {
	n := r.count.Add(1)
	if r.before != nil {
		r.before(n)
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.Memory.Installation(ctx, clientKey)
}

func newReadings(t *testing.T) (*world, *readings) {
	r := new(readings)
	w := newWorld(t, func(cfg *auth.Config) {
		r.Memory = cfg.Installations.(*store.Memory)
		cfg.Installations = r
	})
	return w, r
}

// TestRotationElsewhere has another instance rotate the secret right after the
// tenant was read: the token with the new secret is admitted all the same.
func TestRotationElsewhere(t *testing.T) {
	for _, late := range []bool{false, true} {
		w, r := newReadings(t)
		if late { // the first reading sees what was before
			r.before = func(n int64) {
				if n == 2 {
					w.rotate(tenant, secret2, 0)
				}
			}
		}
		s := hostRequest(w.clock.unix())
		s.sign = hs256(secret2)
		_, err := w.check(s, auth.HostRequest)
		if want := map[bool]auth.Code{true: "", false: auth.CodeSignature}[late]; codeOf(err) != want {
			t.Errorf("rotated meanwhile %v: got %v, want code %q", late, err, want)
		}
		if got := r.count.Load(); got != 2 {
			t.Errorf("rotated meanwhile %v: got %d readings, want 2", late, got)
		}
	}
}

// TestRereadsAreBounded fires a thousand bad tokens within a second: only one
// of them makes the store be read twice.
func TestRereadsAreBounded(t *testing.T) {
	w, r := newReadings(t)
	bad := func(clientKey string) {
		t.Helper()
		s := hostRequest(w.clock.unix())
		s.claims.set("iss", quoted(clientKey))
		s.sign = hs256("nobody's secret, though long enough")
		if _, err := w.check(s, auth.HostRequest); codeOf(err) != auth.CodeSignature {
			t.Fatalf("got %v, want code signature", err)
		}
	}
	for range 1000 {
		bad(tenant)
	}
	if got := r.count.Load(); got != 1001 {
		t.Errorf("got %d readings, want 1001", got)
	}
	bad(neighbour)
	if got := r.count.Load(); got != 1003 {
		t.Errorf("another tenant: got %d readings, want 1003", got)
	}
	w.clock.advance(time.Second)
	bad(tenant)
	if got := r.count.Load(); got != 1005 {
		t.Errorf("a second later: got %d readings, want 1005", got)
	}
}

func TestRereadFindsNoTenant(t *testing.T) {
	w, r := newReadings(t)
	r.before = func(n int64) {
		if n == 2 {
			gone(false)(w, nil)
		}
	}
	s := hostRequest(w.clock.unix())
	s.sign = hs256(secret2)
	if _, err := w.check(s, auth.HostRequest); codeOf(err) != auth.CodeUninstalled {
		t.Errorf("got %v, want code uninstalled", err)
	}
}

// insolent is an error of a store that has a status of its own.
type insolent struct{}

func (insolent) Error() string   { return "the store wants a password" }
func (insolent) HTTPStatus() int { return http.StatusUnauthorized }

// TestStoreTrouble shows that a store that cannot say is our fault, whatever
// its error says, and that only absence is absence.
func TestStoreTrouble(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
	}{
		{errors.New("disk full"), http.StatusServiceUnavailable},
		{context.DeadlineExceeded, http.StatusServiceUnavailable},
		{insolent{}, http.StatusServiceUnavailable},
		{store.ErrNotFound, http.StatusUnauthorized},
		{fmt.Errorf("wrapped: %w", store.ErrNotFound), http.StatusUnauthorized},
	} {
		w, r := newReadings(t)
		w.admit(hostRequest(w.clock.unix()))
		r.err = c.err
		for policy, good := range map[auth.Policy]func(int64) *shot{auth.HostRequest: hostRequest, auth.ContextToken: contextToken, auth.Session: session} {
			ran := w.ran.Load()
			status, _ := w.fire(good(w.clock.unix()))
			if status != c.status || w.ran.Load() != ran {
				t.Errorf("%v on a route for %q: got status %d, want %d and no handler", c.err, policy, status, c.status)
			}
		}
	}
}

// TestContextEnds shows that a request given up is not a refused one.
func TestContextEnds(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for policy, s := range map[auth.Policy]*shot{auth.HostRequest: hostRequest(w.clock.unix()), auth.SignedLifecycle: lifecycleEvent(w.clock.unix())} {
		r, _ := s.request(t, baseURL)
		_, err := w.verifier.Check(r.WithContext(ctx), policy)
		if !errors.Is(err, context.Canceled) || auth.Status(err) != http.StatusServiceUnavailable {
			t.Errorf("%s: got %v, want context.Canceled", policy, err)
		}
	}
}
