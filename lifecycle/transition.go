package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/atlassian-connect-go/sdk/store"
)

// step is what an event does to a tenant: a hook to run and the record to
// store if it succeeds, nil to delete.
type step struct {
	next *store.Installation
	hook func() error
}

// errMoved says that the tenant changed while a hook ran.
var errMoved = errors.New("lifecycle: the tenant changed meanwhile")

const maxTries = 8

// transition takes one tenant from its state to the next: decide, hook, store.
// decide gets the present record, nil when there is none, and returns nil for
// nothing to do. What was decided is stored only if the record is still the
// one it was decided on, within one step of the store; otherwise all begins
// again. It reports whether anything was stored.
func (l *Lifecycle) transition(ctx context.Context, clientKey string, decide func(*store.Installation) (*step, error)) (bool, error) {
	unlock, err := l.locks.lock(ctx, clientKey)
	if err != nil {
		return false, err
	}
	defer unlock()
	for range maxTries {
		current, err := l.store.Installation(ctx, clientKey)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, ownError{err}
		}
		s, err := decide(current)
		if s == nil || err != nil {
			return false, err
		}
		if err := guard(s.hook); err != nil {
			return false, err
		}
		_, err = l.store.Update(ctx, clientKey, func(now *store.Installation) (*store.Installation, error) {
			if !same(now, current) {
				return nil, errMoved
			}
			return s.next, nil
		})
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return false, ownError{err}
		}
		l.changed(clientKey)
		return true, nil
	}
	return false, errMoved
}

// same reports whether two readings gave the same record. Generations begin
// anew after a deletion; the time of the signed event does not.
func same(a, b *store.Installation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Generation == b.Generation && a.SignedEventIAT.Equal(b.SignedEventIAT)
}

// ownError hides what the error of a store or a hook can do: it is the app's
// own trouble, never an answer of its own choice.
type ownError struct{ err error }

func (e ownError) Error() string { return e.err.Error() }

// guard runs a hook and turns a panic into an error.
func guard(hook func() error) (err error) {
	if hook == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("lifecycle: hook panicked: %v", p)
		}
	}()
	if err := hook(); err != nil {
		return fmt.Errorf("lifecycle: hook: %w", ownError{err})
	}
	return nil
}

func call(hook func(context.Context, *store.Installation) error, ctx context.Context, inst *store.Installation) error {
	if hook == nil {
		return nil
	}
	return hook(ctx, inst)
}

// keyedLocks is a lock for each client key. The zero value is ready.
type keyedLocks struct {
	mu    sync.Mutex
	byKey map[string]*keyedLock
}

type keyedLock struct {
	held  chan struct{} // holds one value while the lock is held
	users int
}

// lock waits until the key is free or ctx ends.
func (k *keyedLocks) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.byKey == nil {
		k.byKey = make(map[string]*keyedLock)
	}
	l := k.byKey[key]
	if l == nil {
		l = &keyedLock{held: make(chan struct{}, 1)}
		k.byKey[key] = l
	}
	l.users++
	k.mu.Unlock()

	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.byKey, key)
		}
	}
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
