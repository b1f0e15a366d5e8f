// Package seal keeps what stores write into files secret and whole: keys, the
// sealing of texts, and the envelopes that authenticate what is stored.
//
// Its errors have no prefix; the store puts its own in front, with the file.
package seal

import (
	"errors"
	"fmt"
)

var (
	// ErrDamaged says that what was read is not what was written.
	ErrDamaged = errors.New("the file is damaged")
	// ErrKey says that what was read was sealed in another way than it is
	// being opened: under a key that was not given, or not at all.
	ErrKey = errors.New("the keys do not fit the file")
)

// Config says which keys a Ring has.
type Config struct {
	// Keys are the keys that open. The first one seals. Without any,
	// InsecureNoEncryption must be set.
	Keys []Key
	// InsecureNoEncryption leaves everything in the clear, with checksums. It
	// excludes Keys.
	InsecureNoEncryption bool
}

// Ring holds the keys of an open file by ID. It is safe for concurrent use.
type Ring struct {
	first *Sealer
	byID  map[string]*Sealer
}

// NewRing returns the Ring that c describes, and refuses a zero Key.
func NewRing(c Config) (*Ring, error) {
	if c.InsecureNoEncryption {
		if len(c.Keys) > 0 {
			return nil, errors.New("the fields Keys and InsecureNoEncryption exclude each other")
		}
		plain := &Sealer{id: plainID}
		return &Ring{first: plain, byID: map[string]*Sealer{plainID: plain}}, nil
	}
	if len(c.Keys) == 0 {
		return nil, errors.New("the field Keys is empty: give a key, or say InsecureNoEncryption")
	}
	r := &Ring{byID: make(map[string]*Sealer)}
	for i, k := range c.Keys {
		if k.IsZero() {
			return nil, fmt.Errorf("the field Keys[%d] is the zero Key", i)
		}
		s, err := newSealer(k)
		if err != nil {
			return nil, err
		}
		if r.first == nil {
			r.first = s
		}
		r.byID[s.id] = s
	}
	return r, nil
}

// First returns the sealer of the first key.
func (r *Ring) First() *Sealer { return r.first }

// sealer returns the sealer with that ID.
func (r *Ring) sealer(id string) (*Sealer, error) {
	if s, ok := r.byID[id]; ok {
		return s, nil
	}
	switch {
	case id == plainID:
		return nil, fmt.Errorf("%w: it was written with InsecureNoEncryption and no key was used", ErrKey)
	case r.first.id == plainID:
		return nil, fmt.Errorf("%w: it is sealed under the key %s and InsecureNoEncryption gives none", ErrKey, id)
	}
	return nil, fmt.Errorf("%w: it is sealed under the key %s, which is not among those given", ErrKey, id)
}
