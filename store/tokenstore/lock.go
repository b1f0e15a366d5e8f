package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/durable"
)

// The waits between two looks at a lock that another process has.
const (
	firstLockRetry = time.Millisecond
	lastLockRetry  = 50 * time.Millisecond
)

const (
	keepFile   = false
	removeFile = true
)

// Lock implements Locker, by a lock file for every key in use.
func (f *File) Lock(ctx context.Context, key string) (unlock func(), err error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(key))
	return f.lock(ctx, f.path+"."+hex.EncodeToString(hash[:16])+".lock", removeFile)
}

// lock takes the lock that a file at path stands for: first among the
// goroutines that use f, who take turns, then among all who open the file.
func (f *File) lock(ctx context.Context, path string, remove bool) (unlock func(), err error) {
	done, err := f.turns.take(ctx, path)
	if err != nil {
		return nil, err
	}
	file, err := lockFile(ctx, path)
	if err != nil {
		done()
		return nil, err
	}
	return sync.OnceFunc(func() {
		if remove {
			_ = os.Remove(path) // what stays is empty and does no harm
		}
		_ = file.Close() // frees the lock, and nothing was written
		done()
	}), nil
}

// lockFile returns the lock file at path, open and locked.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	for wait := firstLockRetry; ; wait = min(2*wait, lastLockRetry) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file, err := tryLockFile(path)
		if file != nil || err != nil {
			return file, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// tryLockFile returns nil without an error if somebody else has the lock. Who
// has it may remove the file, so a lock is good only if the file is still the
// one at path.
func tryLockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: %w", err)
	}
	ok, err := durable.TryLock(file)
	if ok && err == nil {
		ok, err = stillAt(path, file)
	}
	if ok && err == nil {
		return file, nil
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("tokenstore: %q: %w", path, err)
	}
	return nil, nil
}

func stillAt(path string, file *os.File) (bool, error) {
	there, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	ours, err := file.Stat()
	return err == nil && os.SameFile(there, ours), err
}

// turns lets goroutines have something one after another, by name. Its zero
// value is ready for use.
type turns struct {
	mu     sync.Mutex
	byName map[string]*turn
}

type turn struct {
	free  chan struct{} // holds one value while it is nobody's turn
	users int           // who wait, and who has it
}

// take waits for the turn and returns what ends it.
func (t *turns) take(ctx context.Context, name string) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mine := t.enter(name)
	select {
	case <-mine.free:
		return func() {
			mine.free <- struct{}{}
			t.leave(name)
		}, nil
	case <-ctx.Done():
		t.leave(name)
		return nil, ctx.Err()
	}
}

func (t *turns) enter(name string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.byName[name]
	if mine == nil {
		mine = &turn{free: make(chan struct{}, 1)}
		mine.free <- struct{}{}
		if t.byName == nil {
			t.byName = make(map[string]*turn)
		}
		t.byName[name] = mine
	}
	mine.users++
	return mine
}

func (t *turns) leave(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.byName[name]
	if mine.users--; mine.users == 0 {
		delete(t.byName, name)
	}
}
