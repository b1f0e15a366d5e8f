package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/store"
)

// change is an Update on its way. Its function runs in the goroutine of the
// caller, so that a panic or runtime.Goexit stays there: once before the change
// is queued, on what is stored by then, and again in the writer's transaction
// if the record has changed since.
type change struct {
	ctx       context.Context
	clientKey string
	fn        func(*store.Installation) (*store.Installation, error)
	// edit is what fn made of basis, the stored value, nil for none.
	basis []byte
	edit  edit
	// turn gives the caller another basis, and answer tells whether there is
	// an edit for it.
	turn   chan []byte
	answer chan bool
	// outcome tells a change that has an edit what became of the transaction,
	// and one that got no turn why.
	outcome chan error
}

// edit is what a change does to the file.
type edit struct {
	// former and next describe the record before and after, nil for none.
	former, next *stored
}

type stored struct {
	inst  *store.Installation
	value []byte
	tag   tag
	site  []byte
}

// Update implements store.Store. It calls fn with what is stored when it
// begins, and once more if another change of the record comes first. Changes
// that arrive while another write is under way are written together; each sees
// those before it, and the failure of one affects no other. When the write
// itself fails, so do all that are in it.
func (s *Store) Update(ctx context.Context, clientKey string, fn func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.failed(); err != nil {
		return nil, err
	}
	if err := checkClientKey(clientKey); err != nil {
		return nil, err
	}
	c := &change{
		ctx: ctx, clientKey: clientKey, fn: fn,
		turn: make(chan []byte, 1), answer: make(chan bool, 1), outcome: make(chan error, 1),
	}
	value, err := s.value(ctx, clientKey)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(c, value); err != nil {
		return nil, err
	}
	start, ok := s.queue.add(c)
	if !ok {
		return nil, fmt.Errorf("boltstore: %q: %w", s.path, os.ErrClosed)
	}
	if start {
		go s.writeGroups()
	}
	if err := s.follow(c); err != nil || c.edit.next == nil {
		return nil, err
	}
	return c.edit.next.inst, nil
}

// follow brings a queued change to its end, in the caller's goroutine.
func (s *Store) follow(c *change) error {
	cancelled := c.ctx.Done()
	for {
		select {
		case value := <-c.turn:
			if err := s.takeTurn(c, value); err != nil {
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
func (s *Store) takeTurn(c *change, value []byte) error {
	ok := false
	defer func() { c.answer <- ok }()
	err := s.prepare(c, value)
	ok = err == nil
	return err
}

// prepare runs the change's function on a stored value.
func (s *Store) prepare(c *change, value []byte) error {
	former, err := s.load(c.clientKey, value)
	if err != nil {
		return err
	}
	c.basis = value
	c.edit, err = s.edit(c.clientKey, former, c.fn)
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
		if len(accepted) == 0 {
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

// nextRound takes from a group the first change of every client key. They do
// not depend on each other, so their functions may run at the same time.
func nextRound(group []*change) (round, rest []*change) {
	seen := make(map[string]bool, len(group))
	for _, c := range group {
		if seen[c.clientKey] {
			rest = append(rest, c)
			continue
		}
		seen[c.clientKey] = true
		round = append(round, c)
	}
	return round, rest
}

// apply puts the edits of a round into the transaction, after those that are
// out of date have got their turn, and returns the changes that wait for the
// outcome. Those that do not are no longer pending.
func (s *Store) apply(tx *bolt.Tx, sum *totals, round []*change, pending map[*change]bool) (accepted []*change, err error) {
	records := tx.Bucket([]byte(recordsBucket))
	var running []*change
	for _, c := range round {
		if err := c.ctx.Err(); err != nil {
			c.outcome <- err
			delete(pending, c)
			continue
		}
		value := records.Get([]byte(c.clientKey))
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
		if err := c.edit.put(tx, sum, c.clientKey); err != nil {
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
