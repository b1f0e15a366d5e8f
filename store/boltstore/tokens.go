package boltstore

import (
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const tokenKind = "token"

// Tokens returns a store of rotating OAuth tokens in the same file. They are
// durable, sealed as a whole under the same keys, each bound to its key, and
// resealed by Reseal; what this package says of damage holds for them too.
// Their keys stand in the file as they are.
//
// Tokens and installations know nothing of each other: who deletes an
// installation deletes what tokens belong to it. With the first token the file
// becomes one that earlier versions of this package, which know no tokens,
// refuse to open.
func (s *Store) Tokens() tokenstore.Store { return tokens{s} }

type tokens struct{ s *Store }

// Load implements tokenstore.Store.
func (t tokens) Load(ctx context.Context, key string) (*tokenstore.Token, error) {
	if err := tokenstore.CheckKey(key); err != nil {
		return nil, err
	}
	value, err := t.s.value(ctx, tokensBucket, key)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, tokenstore.ErrNotFound
	}
	token, _, err := t.s.token(key, value)
	return token, err
}

// errLost ends a swap whose old token is not the stored one.
var errLost = errors.New("another token is stored")

// CompareAndSwap implements tokenstore.Store.
func (t tokens) CompareAndSwap(ctx context.Context, key string, old, next *tokenstore.Token) (bool, error) {
	if err := tokenstore.Check(key, next); err != nil {
		return false, err
	}
	w := swap{s: t.s, key: key, old: old, next: next}
	err := t.s.change(ctx, tokensBucket, key, w.prepare)
	if errors.Is(err, errLost) {
		return false, nil
	}
	return err == nil && !w.lost, err
}

// swap is one CompareAndSwap.
type swap struct {
	s         *Store
	key       string
	old, next *tokenstore.Token
	// lost is set when the stored token is not old.
	lost bool
}

// prepare implements change.prepare. The first value is one that is on the
// disk, and a swap that loses to it has lost. Later ones are on their way
// there: a swap that loses to them must not say so before they have arrived,
// and waits with nothing to write.
func (w *swap) prepare(value []byte, first bool) (putFunc, error) {
	current, former, err := w.s.token(w.key, value)
	if err != nil {
		return nil, err
	}
	if w.lost = !current.Equal(w.old); w.lost {
		if first {
			return nil, errLost
		}
		return nil, nil
	}
	if current == nil && w.next == nil {
		return nil, nil
	}
	return w.put(former)
}

// put returns what replaces the token with the former tag, nil for none.
func (w *swap) put(former *seal.Tag) (putFunc, error) {
	var value []byte
	var t seal.Tag
	if w.next != nil {
		var err error
		if value, t, err = w.s.ring.encodeToken(w.key, w.next); err != nil {
			return nil, err
		}
	}
	return func(tx *bolt.Tx, sum *totals) error {
		b, err := makeTokens(tx)
		if err != nil {
			return fmt.Errorf("boltstore: %w", err)
		}
		if former != nil {
			sum.Tokens.remove(*former)
		}
		if value == nil {
			return b.Delete([]byte(w.key))
		}
		sum.Tokens.add(t)
		return b.Put([]byte(w.key), value)
	}, nil
}

// token returns the token that a value holds and its tag, both nil for none.
func (s *Store) token(key string, value []byte) (*tokenstore.Token, *seal.Tag, error) {
	if value == nil {
		return nil, nil, nil
	}
	token, t, err := s.ring.decodeToken(key, value)
	if err != nil {
		return nil, nil, fmt.Errorf("boltstore: %q: token %q: %w", s.path, key, err)
	}
	return token, &t, nil
}

// encodeToken returns the value to be stored for a token under its key, and
// the tag in it.
func (r *ring) encodeToken(key string, t *tokenstore.Token) ([]byte, seal.Tag, error) {
	text, err := t.Reveal()
	if err != nil {
		return nil, seal.Tag{}, err
	}
	value, tag := r.Pack(tokenKind, key, r.First().Seal(text, tokenKind, key))
	return value, tag, nil
}

// decodeToken returns the token that encodeToken made value of, and the tag.
func (r *ring) decodeToken(key string, value []byte) (*tokenstore.Token, seal.Tag, error) {
	body, s, tag, err := r.Unpack(tokenKind, key, value)
	if err != nil {
		return nil, seal.Tag{}, err
	}
	text, err := s.Open(body, tokenKind, key)
	if err != nil {
		return nil, seal.Tag{}, err
	}
	t, err := tokenstore.Parse(text)
	if err != nil {
		return nil, seal.Tag{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return t, tag, nil
}
