package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func lockChecks() []tokenCheck {
	return []tokenCheck{
		{"lock excludes", checkLockExcludes},
		{"lock of one key", checkLockOfOneKey},
		{"lock holds up nothing else", checkLockHoldsUpNothing},
		{"lock cancellation", checkLockCancellation},
		{"lock freed twice", checkLockFreedTwice},
	}
}

func lock(r reporter, s tokenstore.Store, key string) (unlock func()) {
	r.Helper()
	unlock, err := s.(tokenstore.Locker).Lock(context.Background(), key)
	if err != nil {
		r.Fatalf("Lock(%q): %v", short(key), err)
	}
	return unlock
}

// checkLockExcludes counts who holds a lock at the same time.
func checkLockExcludes(r reporter, s tokenstore.Store) {
	var holders, held atomic.Int64
	parallel(8, func(int) {
		for range 5 {
			unlock := lock(noFatal{r}, s, "user")
			if n := holders.Add(1); n != 1 {
				r.Errorf("%d hold the lock at the same time", n)
			}
			held.Add(1)
			runtime.Gosched()
			holders.Add(-1)
			unlock()
		}
	})
	if held.Load() != 40 {
		r.Errorf("the lock was held %d times, want 40", held.Load())
	}
}

// checkLockOfOneKey takes the locks of more keys while it holds one.
func checkLockOfOneKey(r reporter, s tokenstore.Store) {
	for _, key := range []string{"a", "b", "A", "a ", "\x00", "../a", "\xff"} {
		defer lock(r, s, key)()
	}
}

// checkLockHoldsUpNothing uses a token whose lock is held.
func checkLockHoldsUpNothing(r reporter, s tokenstore.Store) {
	defer lock(r, s, "user")()
	swap(r, s, "user", nil, sampleToken(1))
	wantToken(r, s, "user", sampleToken(1))
	swap(r, s, "user", sampleToken(1), nil)
}

func checkLockCancellation(r reporter, s tokenstore.Store) {
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := s.(tokenstore.Locker).Lock(ended, "user"); !errors.Is(err, context.Canceled) {
		r.Fatalf("Lock under an ended context: %v", err)
	}
	unlock := lock(r, s, "user")
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() {
		_, err := s.(tokenstore.Locker).Lock(ctx, "user")
		result <- err
	}()
	runtime.Gosched()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		r.Errorf("Lock whose context ends while it waits: %v", err)
	}
	unlock()
	lock(r, s, "user")()
	if _, err := s.(tokenstore.Locker).Lock(context.Background(), ""); err == nil {
		r.Errorf("Lock takes an empty key")
	}
}

// checkLockFreedTwice frees a lock again when somebody else holds it.
func checkLockFreedTwice(r reporter, s tokenstore.Store) {
	first := lock(r, s, "user")
	first()
	second := lock(r, s, "user")
	first()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error)
	go func() {
		third, err := s.(tokenstore.Locker).Lock(ctx, "user")
		if err == nil {
			third()
		}
		result <- err
	}()
	for range 1000 {
		runtime.Gosched()
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		r.Errorf("a lock that was freed by its former holder: Lock gives %v, want context.Canceled", err)
	}
	second()
}
