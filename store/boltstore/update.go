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
// caller, so that a panic or runtime.Goexit stays there, while the writer
// waits for the answer.
type change struct {
	ctx       context.Context
	clientKey string
	// turn gives the caller the stored value, nil for none.
	turn chan []byte
	// answer is what the caller made of it.
	answer chan edit
	// outcome tells an accepted change what became of the transaction, and a
	// change that got no turn why.
	outcome chan error
}

// edit is what a change does to the file.
type edit struct {
	ok bool
	// former and next describe the record before and after, nil for none.
	former, next *stored
}

type stored struct {
	inst  *store.Installation
	value []byte
	tag   tag
	site  []byte
}

// Update implements store.Store. Changes that arrive while another write is
// under way are written together; each sees those before it, and the failure
// of one affects no other. When the write itself fails, so do all that are in
// it.
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
		ctx: ctx, clientKey: clientKey,
		turn: make(chan []byte, 1), answer: make(chan edit, 1), outcome: make(chan error, 1),
	}
	start, ok := s.queue.add(c)
	if !ok {
		return nil, fmt.Errorf("boltstore: %q: %w", s.path, os.ErrClosed)
	}
	if start {
		go s.writeGroups()
	}
	return s.follow(c, fn)
}

// follow brings a queued change to its end, in the caller's goroutine.
func (s *Store) follow(c *change, fn func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	cancelled := c.ctx.Done()
	for {
		select {
		case value := <-c.turn:
			return s.takeTurn(c, value, fn)
		case err := <-c.outcome:
			return nil, err
		case <-s.broken:
			return nil, s.failed()
		case <-cancelled:
			if s.queue.withdraw(c) {
				return nil, c.ctx.Err()
			}
			cancelled = nil // the writer has it and will say
		}
	}
}

// takeTurn runs the caller's function and waits for the write.
func (s *Store) takeTurn(c *change, value []byte, fn func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	var e edit
	answered := false
	defer func() {
		if !answered {
			c.answer <- edit{} // fn failed, panicked or ended its goroutine
		}
	}()
	former, err := s.load(c.clientKey, value)
	if err != nil {
		return nil, err
	}
	if e, err = s.edit(c.clientKey, former, fn); err != nil {
		return nil, err
	}
	answered = true
	c.answer <- e
	select {
	case err = <-c.outcome:
	case <-s.broken:
		select { // both may be ready
		case err = <-c.outcome:
		default:
			err = s.failed()
		}
	}
	if err != nil || e.next == nil {
		return nil, err
	}
	return e.next.inst, nil
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
	e := edit{ok: true, former: former}
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
	}
}

// writeGroup writes a group of changes in one transaction.
func (s *Store) writeGroup(group []*change) {
	pending := group
	var accepted []*change
	err := s.write(func(tx *bolt.Tx, sum *totals) error {
		for len(pending) > 0 {
			c := pending[0]
			pending = pending[1:]
			ok, err := s.apply(tx, sum, c)
			if ok {
				accepted = append(accepted, c)
			}
			if err != nil {
				return err
			}
		}
		if len(accepted) == 0 {
			return errNoChange
		}
		return nil
	})
	for _, c := range accepted {
		c.outcome <- err
	}
	for _, c := range pending { // got no turn, which needs an error
		c.outcome <- err
	}
}

// apply gives c its turn and puts its edit into the transaction. It reports
// whether c waits for the outcome.
func (s *Store) apply(tx *bolt.Tx, sum *totals, c *change) (bool, error) {
	if err := c.ctx.Err(); err != nil {
		c.outcome <- err
		return false, nil
	}
	c.turn <- bucketValue(tx, c.clientKey)
	var e edit
	select {
	case e = <-c.answer:
	case <-s.broken:
		return false, s.failed()
	}
	if !e.ok {
		return false, nil
	}
	return true, e.put(tx, sum, c.clientKey)
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
