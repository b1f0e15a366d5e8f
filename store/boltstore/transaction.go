package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// errNoChange makes write end without a commit.
var errNoChange = errors.New("nothing to write")

// view runs fn in a read transaction. What fn keeps it must copy.
func (s *Store) view(ctx context.Context, fn func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.guard(func() error {
		tx, err := s.begin(false)
		if err != nil {
			return err
		}
		defer s.rollback(tx)
		return fn(tx)
	})
}

// write runs fn in the write transaction, with the totals to be updated, and
// commits both. When fn or the commit fails, nothing is stored.
func (s *Store) write(fn func(*bolt.Tx, *totals) error) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	return s.guard(func() error {
		tx, err := s.begin(true)
		if err != nil {
			return err
		}
		sum, id := s.totals, tx.ID()
		if err := s.fill(tx, &sum, fn); err != nil {
			s.rollback(tx)
			if err == errNoChange {
				return nil
			}
			return err
		}
		if err := tx.Commit(); err != nil {
			return s.failedCommit(id, err)
		}
		s.totals = sum
		return nil
	})
}

func (s *Store) fill(tx *bolt.Tx, sum *totals, fn func(*bolt.Tx, *totals) error) error {
	if err := fn(tx, sum); err != nil {
		return err
	}
	value, err := s.ring.encodeTotals(*sum)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(metaBucket)).Put([]byte(totalsKey), value)
}

// failedCommit tells a commit that left the file as it was, such as one for
// which the disk was full, from one that wrote its header but could not make
// sure that it is on the disk. After the latter nobody knows what the file
// holds, and the store must be opened again.
func (s *Store) failedCommit(id int, cause error) error {
	err := fmt.Errorf("boltstore: write %q: %w", s.path, cause)
	tx, beginErr := s.begin(false)
	if beginErr != nil {
		return errors.Join(err, beginErr)
	}
	defer s.rollback(tx)
	if tx.ID() >= id {
		s.fail(fmt.Errorf("%w; whether it is on the disk is unknown, open the file again", err))
	}
	return err
}

// guard runs fn, which uses bbolt, and turns a panic or a memory fault, which
// a file that is cut off while it is open gives, into the failure of the
// store. It never calls functions of the store's user.
func (s *Store) guard(fn func() error) (err error) {
	if err := s.failed(); err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer s.catch(&err)
	return fn()
}

// catch is deferred.
func (s *Store) catch(err *error) {
	if p := recover(); p != nil {
		s.fail(fmt.Errorf("boltstore: %q: %w: %v", s.path, ErrDamaged, p))
		*err = s.failed()
	}
}

// begin begins a transaction. Its panics are caught before txMu is free, so
// that nobody waits for a lock that bbolt lost.
func (s *Store) begin(writable bool) (tx *bolt.Tx, err error) {
	s.txMu.Lock()
	defer s.txMu.Unlock()
	defer s.catch(&err)
	if err := s.failed(); err != nil {
		return nil, err
	}
	if err := s.checkSize(); err != nil {
		return nil, err
	}
	tx, err = s.db.Begin(writable)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %q: %w", s.path, err)
	}
	return tx, nil
}

// checkSize looks whether the header pages are still there, which bbolt reads
// under locks that the end of other transactions needs.
func (s *Store) checkSize() error {
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("boltstore: %q: %w", s.path, err)
	}
	if info.Size() < 2*s.pageSize {
		s.fail(fmt.Errorf("boltstore: %q: %w: it was cut off while it was open", s.path, ErrDamaged))
		return s.failed()
	}
	return nil
}

// rollback ends a transaction without writing, unless the store has failed
// meanwhile: then bbolt's locks may never become free. It must not take txMu:
// begin waits under it while bbolt enlarges its view of the file, and bbolt
// waits for the transactions that are to end.
func (s *Store) rollback(tx *bolt.Tx) {
	if err := s.failed(); err != nil && !errors.Is(err, os.ErrClosed) {
		return
	}
	_ = tx.Rollback() // fails only for a transaction that has ended
}

// fail makes every later call return err, and reports whether it is the first
// failure.
func (s *Store) fail(err error) bool {
	s.failMu.Lock()
	defer s.failMu.Unlock()
	if s.failure != nil {
		return false
	}
	s.failure = err
	close(s.broken)
	return true
}

func (s *Store) failed() error {
	select {
	case <-s.broken:
		return s.failure
	default:
		return nil
	}
}
