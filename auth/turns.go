package auth

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The kid comes from whoever calls, so no caller may make us ask the key
// servers more often than 10 times in any 10 seconds. Of these, 7 are for all
// keys alike and 3 are kept for keys that have proven good.
const (
	openPerSecond, openBurst         = 0.4, 3
	reservedPerSecond, reservedBurst = 0.1, 2

	// patience is how long a key waits for its turns, all in all, and
	// patienceStep how often it looks. The host waits 5 seconds for us.
	patience     = 3 * time.Second
	patienceStep = 100 * time.Millisecond
	maxWaiting   = 64

	// comeAgain is what those are told who had no turn: by then, two more
	// requests may be made.
	comeAgain = 5 * time.Second
)

// errAbandoned says that all who asked for a key left before its turn.
var errAbandoned = errors.New("auth: key server: nobody waits for the key any more")

// busyError says that there was no turn.
type busyError struct{}

func (busyError) Error() string {
	return "auth: key server: too many unknown keys are being asked for"
}

// RetryAfter returns when to try again.
func (busyError) RetryAfter() time.Duration { return comeAgain }

// turns says who may ask the key servers. Who waits for a turn gets one by lot,
// so nothing is gained by coming first.
type turns struct {
	clock func() time.Time
	// wait returns after d, or the context's error if that ends earlier.
	wait func(ctx context.Context, d time.Duration) error

	mu             sync.Mutex
	open, reserved *rate.Limiter
	waiting        []*waiter
}

type waiter struct{ drawn bool }

func newTurns(clock func() time.Time) *turns {
	return &turns{
		clock:    clock,
		wait:     sleep,
		open:     rate.NewLimiter(openPerSecond, openBurst),
		reserved: rate.NewLimiter(reservedPerSecond, reservedBurst),
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// takeReserved takes one of the turns that are kept back, if there is one.
func (t *turns) takeReserved() bool { return t.reserved.AllowN(t.clock(), 1) }

// take takes a turn, and waits for it if it must and left allows. It returns
// how much of left is left. The time is counted in steps, not read from the
// clock, so that it ends also where the clock stands.
func (t *turns) take(ctx context.Context, left time.Duration) (time.Duration, error) {
	w, err := t.join(left >= patienceStep)
	if w == nil {
		return left, err
	}
	for left >= patienceStep {
		if t.wait(ctx, patienceStep) != nil {
			t.leave(w)
			return 0, errAbandoned
		}
		left -= patienceStep
		if t.draw(w) {
			return left, nil
		}
	}
	if t.leave(w) {
		return 0, nil
	}
	return 0, busyError{}
}

// join takes a turn at once, returning neither waiter nor error, or joins those
// who wait.
func (t *turns) join(mayWait bool) (*waiter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 && t.open.AllowN(t.clock(), 1) {
		return nil, nil
	}
	if !mayWait || len(t.waiting) >= maxWaiting {
		return nil, busyError{}
	}
	w := new(waiter)
	t.waiting = append(t.waiting, w)
	return w, nil
}

// draw gives the turns there are to some who wait, and reports whether w has
// been given one by now.
func (t *turns) draw(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.waiting) > 0 && t.open.AllowN(t.clock(), 1) {
		i := rand.IntN(len(t.waiting))
		t.waiting[i].drawn = true
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	return w.drawn
}

// leave ends the waiting of w, and reports whether it was given a turn.
func (t *turns) leave(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	return w.drawn
}
