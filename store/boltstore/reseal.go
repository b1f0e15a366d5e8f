package boltstore

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

// Reseal seals everything in the file that is not sealed under the first key
// anew. When it has returned nil, the other keys are not needed to open the
// file any more. Installations keep their generation. It may run while the
// store is used; when it fails or ctx ends, a part may have been resealed, and
// it can be called again. In a file without encryption it does nothing of
// effect.
func (s *Store) Reseal(ctx context.Context) error {
	if err := s.resealBucket(ctx, recordsBucket, s.resealRecord); err != nil {
		return err
	}
	if err := s.resealBucket(ctx, tokensBucket, s.resealToken); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.write(func(tx *bolt.Tx, sum *totals) error { return s.ring.putMeta(tx, *sum) })
}

// resealFunc returns a value sealed anew and brings the totals up to date.
type resealFunc func(sum *totals, key string, value []byte) ([]byte, error)

func (s *Store) resealBucket(ctx context.Context, bucket string, reseal resealFunc) error {
	after := ""
	for {
		page, err := s.valuesAfter(ctx, bucket, after)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := s.resealPage(bucket, page, reseal); err != nil {
			return err
		}
		after = page[len(page)-1].key
	}
}

// resealPage reseals those of the values that need it, as they are by now.
func (s *Store) resealPage(bucket string, page []keyValue, reseal resealFunc) error {
	return s.write(func(tx *bolt.Tx, sum *totals) error {
		changed := false
		for _, kv := range page {
			value := copied(lookup(tx, bucket, kv.key))
			id, err := seal.KeyID(value)
			if value == nil || err == nil && id == s.ring.First().ID() {
				continue
			}
			if value, err = reseal(sum, kv.key, value); err != nil {
				return err
			}
			if err := tx.Bucket([]byte(bucket)).Put([]byte(kv.key), value); err != nil {
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

func (s *Store) resealRecord(sum *totals, clientKey string, value []byte) ([]byte, error) {
	former, err := s.load(clientKey, value)
	if err != nil {
		return nil, err
	}
	value, t, err := s.ring.encode(former.inst)
	if err != nil {
		return nil, err
	}
	sum.Records.remove(former.tag)
	sum.Records.add(t)
	return value, nil
}

func (s *Store) resealToken(sum *totals, key string, value []byte) ([]byte, error) {
	token, former, err := s.token(key, value)
	if err != nil {
		return nil, err
	}
	value, t, err := s.ring.encodeToken(key, token)
	if err != nil {
		return nil, err
	}
	sum.Tokens.remove(*former)
	sum.Tokens.add(t)
	return value, nil
}
