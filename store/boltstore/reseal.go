package boltstore

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// Reseal seals everything in the file that is not sealed under the first key
// anew. When it has returned nil, the other keys are not needed to open the
// file any more. Installations keep their generation. It may run while the
// store is used; when it fails or ctx ends, a part may have been resealed, and
// it can be called again. In a file without encryption it does nothing of
// effect.
func (s *Store) Reseal(ctx context.Context) error {
	after := ""
	for {
		page, err := s.recordsAfter(ctx, after)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := s.resealPage(page); err != nil {
			return err
		}
		after = page[len(page)-1].key
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.write(func(tx *bolt.Tx, sum *totals) error { return s.ring.putMeta(tx, *sum) })
}

// resealPage reseals those of the records that need it, as they are by now.
func (s *Store) resealPage(page []keyValue) error {
	return s.write(func(tx *bolt.Tx, sum *totals) error {
		changed := false
		for _, kv := range page {
			value := copied(tx.Bucket([]byte(recordsBucket)).Get([]byte(kv.key)))
			id, _, _, err := splitEnvelope(value)
			if value == nil || err == nil && id == s.ring.first.id {
				continue
			}
			if err := s.reseal(tx, sum, kv.key, value); err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			return errNoChange
		}
		return nil
	})
}

func (s *Store) reseal(tx *bolt.Tx, sum *totals, clientKey string, value []byte) error {
	former, err := s.load(clientKey, value)
	if err != nil {
		return err
	}
	value, t, err := s.ring.encode(former.inst)
	if err != nil {
		return err
	}
	sum.Records.remove(former.tag)
	sum.Records.add(t)
	return tx.Bucket([]byte(recordsBucket)).Put([]byte(clientKey), value)
}
