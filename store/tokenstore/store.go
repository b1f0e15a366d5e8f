// Package tokenstore says where rotating OAuth tokens live.
//
// A host that rotates refresh tokens disables the one that was used, so a
// token that is lost, or overwritten by an older one, sends the user back to
// the consent screen. A [Store] therefore changes a token only by comparing it
// with the one that the caller knows: of two that refresh at the same time one
// wins, and the other loads what the winner stored.
//
// [Memory] forgets everything when the process ends. [File] keeps tokens in a
// sealed file that several processes may use, for command line tools and small
// services; the method Tokens of a boltstore.Store keeps them beside an app's
// installations. RunTokens of package storetest proves that a store of your
// own keeps the contract.
package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

const (
	// MaxKey is how many bytes the key of a token may have.
	MaxKey = 4096
	// MaxToken is how many bytes a token may take in the form that Reveal
	// gives it. Tokens of the hosts take a few thousand.
	MaxToken = 256 << 10
)

// ErrNotFound says that no token has the key asked for.
var ErrNotFound = errors.New("tokenstore: no such token")

var errParse = errors.New("tokenstore: the text is not that of a token")

// Store keeps tokens by key. A key is any text that is not empty and has at
// most MaxKey bytes; who uses a store decides what goes into it, such as the
// client, the site and the user. Other keys are refused with an error that is
// not ErrNotFound.
//
// Absence is told by ErrNotFound, alone or wrapped; any other error means that
// the store could not say. A store that lost or cannot read a token must
// return such an error and never ErrNotFound.
//
// All methods are safe for concurrent use. A change is visible to every call
// that begins after CompareAndSwap returned. A context that ends before a
// change has begun to be written leaves the store as it was and gives the
// context's error; after that the call waits for the outcome and reports it.
//
// The values handed out belong to the caller, and the store keeps nothing that
// it was given: both sides work on copies.
type Store interface {
	// Load returns the token with that key. Times come back in UTC, to the
	// nanosecond, and without a monotonic reading.
	Load(ctx context.Context, key string) (*Token, error)

	// CompareAndSwap replaces the token with that key by next if it is equal
	// to old, as Token.Equal says, in one step that no other change of the key
	// comes between. A nil old stands for no token, and a nil next deletes it.
	//
	// It returns true when the change is made, and on disk if the store calls
	// itself durable. It returns false without an error when what is stored is
	// not equal to old: somebody else was first, and has finished, so that a
	// Load that begins now returns what there is instead. With an error it is
	// unknown whether the change was made, unless the error says so: load the
	// token before anything is done with it.
	//
	// A next that Check refuses is an error, and nothing is changed.
	CompareAndSwap(ctx context.Context, key string, old, next *Token) (bool, error)
}

// Locker is what a Store implements beside its methods if it can keep other
// processes from refreshing a token meanwhile. It is a courtesy, which saves a
// refresh that would lose: CompareAndSwap alone decides.
type Locker interface {
	// Lock waits until no one else, in this process or another one, holds the
	// lock of that key, or until ctx ends, and then gives the context's error.
	// It holds up neither Load nor CompareAndSwap, nor the locks of other
	// keys. unlock frees the lock; more than one call does nothing. The end of
	// the process frees it as well.
	Lock(ctx context.Context, key string) (unlock func(), err error)
}

// CheckKey is the step that every Load begins with, for those who write a
// Store: it refuses a key that is empty or too long.
func CheckKey(key string) error {
	if key == "" {
		return errors.New("tokenstore: the key is empty")
	}
	if len(key) > MaxKey {
		return fmt.Errorf("tokenstore: the key has %d bytes, more than %d", len(key), MaxKey)
	}
	return nil
}

// Check is the step that every CompareAndSwap begins with, for those who write
// a Store: it refuses a bad key, and a token that not every store could give
// back: one without a secret, which would only overwrite a good one, one with
// text that is not UTF-8 or a year beyond 9999, and one larger than MaxToken.
// A nil next, a deletion, passes.
func Check(key string, next *Token) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if next == nil {
		return nil
	}
	_, err := next.Reveal()
	return err
}

// check refuses what Reveal cannot write or Parse would not give back.
func (t *Token) check() error {
	if t.Access.IsZero() && t.Refresh.IsZero() {
		return errors.New("tokenstore: the token has neither Access nor Refresh; to delete it, give nil")
	}
	for _, text := range append([]string{t.Type}, t.Scopes...) {
		if !utf8.ValidString(text) {
			return errors.New("tokenstore: the type or a scope of the token is not valid UTF-8")
		}
	}
	for _, at := range []time.Time{t.Expiry, t.Obtained} {
		if year := at.UTC().Year(); year < 1 || year > 9999 {
			return fmt.Errorf("tokenstore: the token has a time in the year %d", year)
		}
	}
	return nil
}
