package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
	"github.com/atlassian-connect-go/sdk/store"
)

// putFunc writes what a change makes of a stored value, in the writer's
// transaction.
type putFunc func(*bolt.Tx, *totals) error

// change is an Update, or a swap of tokens, on its way.
type change struct {
	ctx         context.Context
	bucket, key string
	// prepare says what becomes of a stored value, nil for none; no putFunc
	// means nothing. It runs in the goroutine of the caller, so that a panic or
	// runtime.Goexit stays there: first before the change is queued, on what is
	// on the disk by then, and again in the writer's transaction if that has
	// changed since.
	prepare func(value []byte, first bool) (putFunc, error)
	// put is what prepare made of basis.
	basis []byte
	put   putFunc
	// turn gives the caller another basis, and answer tells whether prepare
	// took it.
	turn   chan []byte
	answer chan bool
	// outcome tells a change that was prepared what became of the transaction,
	// and one that got no turn why.
	outcome chan error
}

// edit is what an Update does to the file.
type edit struct {
	// former and next describe the record before and after, nil for none.
	former, next *stored
}

type stored struct {
	inst  *store.Installation
	value []byte
	tag   seal.Tag
	site  []byte
}

// Update implements store.Store. It calls fn with what is stored when it
// begins, and once more if another change of the record comes first. Changes
// that arrive while another write is under way are written together; each sees
// those before it, and the failure of one affects no other. When the write
// itself fails, so do all that are in it.
func (s *Store) Update(ctx context.Context, clientKey string, fn func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	if err := checkClientKey(clientKey); err != nil {
		return nil, err
	}
	var e edit
	err := s.change(ctx, recordsBucket, clientKey, func(value []byte, _ bool) (putFunc, error) {
		former, err := s.load(clientKey, value)
		if err != nil {
			return nil, err
		}
		e, err = s.edit(clientKey, former, fn)
		return func(tx *bolt.Tx, sum *totals) error { return e.put(tx, sum, clientKey) }, err
	})
	if err != nil || e.next == nil {
		return nil, err
	}
	return e.next.inst, nil
}

// change brings a change of one value to its end.
func (s *Store) change(ctx context.Context, bucket, key string, prepare func([]byte, bool) (putFunc, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &change{
		ctx: ctx, bucket: bucket, key: key, prepare: prepare,
		turn: make(chan []byte, 1), answer: make(chan bool, 1), outcome: make(chan error, 1),
	}
	value, err := s.value(ctx, bucket, key)
	if err != nil {
		return err
	}
	if err := c.take(value, true); err != nil || c.put == nil {
		return err
	}
	start, ok := s.queue.add(c)
	if !ok {
		return fmt.Errorf("boltstore: %q: %w", s.path, os.ErrClosed)
	}
	if start {
		go s.writeGroups()
	}
	return s.follow(c)
}

// follow brings a queued change to its end, in the caller's goroutine.
func (s *Store) follow(c *change) error {
	cancelled := c.ctx.Done()
	for {
		select {
		case value := <-c.turn:
			if err := c.takeTurn(value); err != nil {
				return err
			}
			cancelled = nil
		case err := <-c.outcome:
			return err
		case <-s.broken:
			select {
			case err := <-c.outcome: // both were ready
				return err
			default:
				return s.failed()
			}
		case <-cancelled:
			if s.queue.withdraw(c) {
				return c.ctx.Err()
			}
			cancelled = nil // the writer has it and will say
		}
	}
}

// takeTurn prepares c anew while the writer waits, which it must not do in
// vain: the function may fail, panic or end its goroutine.
func (c *change) takeTurn(value []byte) error {
	ok := false
	defer func() { c.answer <- ok }()
	err := c.take(value, false)
	ok = err == nil
	return err
}

// take prepares c on a stored value.
func (c *change) take(value []byte, first bool) (err error) {
	c.basis = value
	c.put, err = c.prepare(value, first)
	return err
}

func (s *Store) load(clientKey string, value []byte) (*stored, error) {
	if value == nil {
		return nil, nil
	}
	inst, t, err := s.ring.decode(clientKey, value)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %q: installation %q: %w", s.path, clientKey, err)
	}
	return &stored{inst: inst, value: value, tag: t, site: siteKey(inst.BaseURL, clientKey)}, nil
}

// edit runs fn on a copy of the former record and prepares what it returns.
func (s *Store) edit(clientKey string, former *stored, fn func(*store.Installation) (*store.Installation, error)) (edit, error) {
	var current *store.Installation
	if former != nil {
		current = former.inst
	}
	next, err := fn(current.Clone())
	if err != nil {
		return edit{}, err
	}
	if next, err = store.Next(clientKey, current, next); err != nil {
		return edit{}, err
	}
	e := edit{former: former}
	if next == nil {
		return e, nil
	}
	value, t, err := s.ring.encode(next)
	if err != nil {
		return edit{}, err
	}
	e.next = &stored{inst: next, value: value, tag: t, site: siteKey(next.BaseURL, clientKey)}
	return e, nil
}

// writeGroups is the writer.
func (s *Store) writeGroups() {
	for group := s.queue.take(); len(group) > 0; group = s.queue.take() {
		s.writeGroup(group)
		s.queue.settle()
	}
}

// writeGroup writes a group of changes in one transaction.
func (s *Store) writeGroup(group []*change) {
	pending := make(map[*change]bool, len(group)) // that nobody has told
	for _, c := range group {
		pending[c] = true
	}
	var accepted []*change
	err := s.write(func(tx *bolt.Tx, sum *totals) error {
		for len(group) > 0 {
			var round []*change
			round, group = nextRound(group)
			ok, err := s.apply(tx, sum, round, pending)
			if err != nil {
				return err
			}
			accepted = append(accepted, ok...)
		}
		if !slices.ContainsFunc(accepted, func(c *change) bool { return c.put != nil }) {
			return errNoChange
		}
		return nil
	})
	for _, c := range accepted {
		c.outcome <- err
		delete(pending, c)
	}
	for c := range pending { // what ended the transaction came before them
		c.outcome <- err
	}
}

// nextRound takes from a group the first change of every key. They do not
// depend on each other, so they may be prepared at the same time.
func nextRound(group []*change) (round, rest []*change) {
	type place struct{ bucket, key string }
	seen := make(map[place]bool, len(group))
	for _, c := range group {
		at := place{c.bucket, c.key}
		if seen[at] {
			rest = append(rest, c)
			continue
		}
		seen[at] = true
		round = append(round, c)
	}
	return round, rest
}

// apply puts what a round writes into the transaction, after those that are
// out of date have got their turn, and returns the changes that wait for the
// outcome. Those that do not are no longer pending.
func (s *Store) apply(tx *bolt.Tx, sum *totals, round []*change, pending map[*change]bool) (accepted []*change, err error) {
	var running []*change
	for _, c := range round {
		if err := c.ctx.Err(); err != nil {
			c.outcome <- err
			delete(pending, c)
			continue
		}
		value := lookup(tx, c.bucket, c.key)
		if (value == nil) == (c.basis == nil) && bytes.Equal(value, c.basis) {
			accepted = append(accepted, c)
			continue
		}
		c.turn <- copied(value)
		running = append(running, c)
	}
	for _, c := range running {
		select {
		case ok := <-c.answer:
			if ok {
				accepted = append(accepted, c)
			} else {
				delete(pending, c)
			}
		case <-s.broken:
			return nil, s.failed()
		}
	}
	for _, c := range accepted {
		if c.put == nil {
			continue
		}
		if err := c.put(tx, sum); err != nil {
			return nil, err
		}
	}
	return accepted, nil
}

// put brings the record and the index up to date.
func (e edit) put(tx *bolt.Tx, sum *totals, clientKey string) error {
	if err := e.putSite(tx, sum); err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	records := tx.Bucket([]byte(recordsBucket))
	if e.former != nil {
		sum.Records.remove(e.former.tag)
	}
	if e.next == nil {
		return records.Delete([]byte(clientKey))
	}
	sum.Records.add(e.next.tag)
	return records.Put([]byte(clientKey), e.next.value)
}

func (e edit) putSite(tx *bolt.Tx, sum *totals) error {
	if e.former != nil && e.next != nil && bytes.Equal(e.former.site, e.next.site) {
		return nil
	}
	sites := tx.Bucket([]byte(sitesBucket))
	if e.former != nil {
		sum.Sites.remove(siteTag(e.former.site))
		if err := sites.Delete(e.former.site); err != nil {
			return err
		}
	}
	if e.next == nil {
		return nil
	}
	sum.Sites.add(siteTag(e.next.site))
	return sites.Put(e.next.site, []byte{})
}
