// Package boltstore keeps installations in one file, with their secrets
// sealed. The method Tokens of a Store keeps rotating OAuth tokens in the same
// file.
//
// The file is a bbolt database that one process at a time has open. Every
// change is on disk when Update returns; changes that come at the same time
// share one write to the disk.
//
// # Sealing
//
// Shared secrets are sealed with AES-256-GCM under the first of the keys given
// to Open, each bound to its app key, client key, field and generation, and
// every record as a whole is authenticated with HMAC-SHA-256 under the same
// key. Fields that are not secrets stand in the file as readable JSON. Tokens
// are sealed whole, each bound to its key. To change the key, open the file with the new key in front of the old one, call
// Reseal, and leave the old key out from then on. Space in the file that is no
// longer used keeps former secrets, sealed as they were, until it is written
// over.
//
// A file that was written with InsecureNoEncryption is not opened with keys,
// because the plain secrets would stay in its unused space: copy its
// installations and tokens into a new file.
//
// # Damage
//
// Open reads the whole file, which takes a few microseconds for each
// installation and token, and refuses it when anything in it is not what was
// last written: a page, a record, an index entry, a token, or their number. What changes under an open file is
// found when it is read, and from then on every method fails. Damage is an
// error that wraps ErrDamaged, and never a panic, a wrong secret or an
// installation that seems not to exist. The one thing that no file can tell by
// itself is that all of it was replaced by an older copy.
//
// # Speed
//
// go test -run '^$' -bench . ./store/boltstore shows it. On two cores and a
// disk that takes 0.2 ms to make a write sure, one durable install takes
// 0.45 ms, 64 at a time are 9 times as fast, a lookup takes 10 µs among 1 000
// installations and 13 µs among 1 000 000, with less than 10 MiB of heap, and
// Open takes 3 s for 1 000 000.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/atlassian-connect-go/sdk/internal/durable"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	defaultLockTimeout = 5 * time.Second
	// pageOfRecords is how many records one transaction reads or reseals when
	// all are gone through.
	pageOfRecords = 64
)

// Options says how a file is opened.
type Options struct {
	// Keys are the keys that open the file. The first one seals what is
	// written. Without any, InsecureNoEncryption must be set.
	Keys []Key
	// InsecureNoEncryption keeps the secrets as plain text in the file. It
	// excludes Keys.
	InsecureNoEncryption bool
	// InsecureAcceptRollback opens a file one of whose two header pages is
	// invalid with the other one. When the damage hit the newer header, the
	// last change before it is gone as if it never was, although it had been
	// acknowledged: an installation, the rotation of a secret, or a new token,
	// in whose place is one that the host no longer takes.
	InsecureAcceptRollback bool
	// LockTimeout is how long Open waits for another process to close the
	// file. Zero means 5 seconds, and less than zero not to wait.
	LockTimeout time.Duration
}

// Store is a store.Store in a file. Use Open to get one. It is safe for
// concurrent use.
//
// Client keys of up to 16 KiB and installations of up to 1 MiB can be stored,
// and text must be valid UTF-8, except for client keys and secrets. Times come
// back in UTC.
type Store struct {
	path string
	ring *ring
	file *os.File
	db   *bolt.DB

	pageSize int64

	// txMu guards the beginning of transactions, where bbolt takes locks that
	// it keeps when it panics.
	txMu sync.Mutex
	// broken is closed after failure was set.
	broken  chan struct{}
	failMu  sync.Mutex
	failure error

	// writeMu is held for a whole write transaction and guards totals.
	writeMu sync.Mutex
	totals  totals

	queue queue
}

var _ store.Store = (*Store)(nil)

// Open opens the file at path, or creates it, with mode 0600, when nothing is
// there. Creation is safe: the file appears under its name complete or not at
// all, and never in place of another; if the process dies meanwhile, a
// temporary file whose name begins with a dot may stay behind and may be
// deleted. The file system must have hard links.
//
// Open waits for a file that is in use, as LockTimeout says, and then fails
// with ErrLocked. It fails with ErrKey when the file was sealed otherwise than
// o says, and with ErrDamaged when the file is damaged, empty, or not one of
// this package.
func Open(path string, o Options) (*Store, error) {
	r, err := newRing(o)
	if err != nil {
		return nil, err
	}
	return open(path, o, r, durable.OS{})
}

func open(path string, o Options, r *ring, f durable.Files) (*Store, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := durable.Create(f, path, func(temp string) error { return build(temp, r) }); err != nil {
			return nil, fmt.Errorf("boltstore: create %q: %w", path, err)
		}
	}
	s := &Store{path: path, ring: r, broken: make(chan struct{})}
	if err := s.open(o); err != nil {
		return nil, fmt.Errorf("boltstore: open %q: %w", path, err)
	}
	return s, nil
}

// open gives bbolt the file after it has been locked and inspected.
func (s *Store) open(o Options) (err error) {
	timeout := o.LockTimeout
	if timeout == 0 {
		timeout = defaultLockTimeout
	}
	db, err := openBolt(s.path, &bolt.Options{
		Timeout:      max(timeout, time.Nanosecond),
		FreelistType: bolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(path string, _ int, _ os.FileMode) (*os.File, error) {
			s.file, s.totals, err = openInspected(path, timeout, s.ring, o.InsecureAcceptRollback)
			return s.file, err
		},
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("%w by another process", ErrLocked)
	}
	if err != nil && s.file != nil {
		_ = s.file.Close() // bbolt has closed it, unless it panicked
	}
	if err == nil {
		s.db, s.pageSize = db, int64(db.Info().PageSize)
	}
	return err
}

// openInspected returns the open file, locked where the platform lets one file
// be locked twice, and inspected.
func openInspected(path string, timeout time.Duration, r *ring, acceptRollback bool) (_ *os.File, t totals, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, t, err
	}
	if !info.Mode().IsRegular() {
		return nil, t, errors.New("it is not a regular file")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, t, err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // nothing was written
		}
	}()
	if err = lock(f, timeout); err != nil {
		return nil, t, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, t, err
	}
	if t, err = inspect(f, info.Size(), r, acceptRollback); err != nil {
		return nil, t, err
	}
	return f, t, nil
}

// openBolt turns a panic of bbolt into an error. None is expected after
// inspect, unless the file changes at the same time.
func openBolt(path string, o *bolt.Options) (db *bolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return bolt.Open(path, 0o600, o)
}

// Close waits for the changes that were begun, then closes the file, so that
// another process may open it. Every later call of another method fails with
// an error that wraps os.ErrClosed. A second Close does nothing.
func (s *Store) Close() error {
	if !s.queue.close() {
		return nil
	}
	select {
	case <-s.queue.idle():
	case <-s.broken:
	}
	s.txMu.Lock() // nothing begins between the mark and bbolt's end
	first := s.fail(fmt.Errorf("boltstore: %q: %w", s.path, os.ErrClosed))
	s.txMu.Unlock()
	if first {
		return s.closeBolt()
	}
	// bbolt may hold locks that no one frees, so it is left as it is. Its view
	// of the file keeps the lock that other processes wait for.
	if err := errors.Join(durable.Unlock(s.file), s.file.Close()); err != nil {
		return fmt.Errorf("boltstore: close %q: %w", s.path, err)
	}
	return nil
}

func (s *Store) closeBolt() error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("boltstore: close %q: %w", s.path, err)
	}
	return nil
}

// Installation implements store.Store.
func (s *Store) Installation(ctx context.Context, clientKey string) (*store.Installation, error) {
	value, err := s.value(ctx, recordsBucket, clientKey)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, store.ErrNotFound
	}
	return s.decode(clientKey, value)
}

// value returns what is stored in a bucket, nil when there is nothing.
func (s *Store) value(ctx context.Context, bucket, key string) (value []byte, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		value = copied(lookup(tx, bucket, key))
		return nil
	})
	return value, err
}

// lookup returns what is stored in a bucket, which may not be there, for the
// length of the transaction.
func lookup(tx *bolt.Tx, bucket, key string) []byte {
	b := tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	return b.Get([]byte(key))
}

// copied returns a copy of a value, which bbolt lends for the length of a
// transaction, and keeps nil.
func copied(value []byte) []byte {
	if value == nil {
		return nil
	}
	return append([]byte{}, value...)
}

func (s *Store) decode(clientKey string, value []byte) (*store.Installation, error) {
	inst, _, err := s.ring.decode(clientKey, value)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %q: installation %q: %w", s.path, clientKey, err)
	}
	return inst, nil
}

// ClientKeysAt implements store.Store.
func (s *Store) ClientKeysAt(ctx context.Context, baseURL string) (keys []string, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		keys = clientKeys(tx, baseURL)
		return nil
	})
	return keys, err
}

// All implements store.Store. It reads some records at a time and keeps no
// transaction open while the loop's body runs.
func (s *Store) All(ctx context.Context) iter.Seq2[*store.Installation, error] {
	return func(yield func(*store.Installation, error) bool) {
		after := ""
		for {
			page, err := s.valuesAfter(ctx, recordsBucket, after)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, kv := range page {
				inst, err := s.decode(kv.key, kv.value)
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(inst, nil) {
					return
				}
			}
			after = page[len(page)-1].key
		}
	}
}

type keyValue struct {
	key   string
	value []byte
}

// valuesAfter returns the next values of a bucket, which may not be there,
// after that key.
func (s *Store) valuesAfter(ctx context.Context, bucket, after string) (page []keyValue, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek([]byte(after))
		if string(k) == after {
			k, v = c.Next()
		}
		for ; k != nil && len(page) < pageOfRecords; k, v = c.Next() {
			page = append(page, keyValue{key: string(k), value: copied(v)})
		}
		return nil
	})
	return page, err
}
