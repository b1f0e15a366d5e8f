package tokenstore

import (
	"fmt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

var (
	// ErrDamaged says that a file, or a token in it, is not what this package
	// wrote: it is empty, cut off, changed, gone, or not a file of this package
	// at all. It is the same error as that of package boltstore.
	ErrDamaged = seal.ErrDamaged
	// ErrKey says that a file was sealed in another way than it is being
	// opened: under a key that was not given, or not at all. It is the same
	// error as that of package boltstore.
	ErrKey = seal.ErrKey
)

// Key is a 256-bit key that seals a file, and the same type as that of package
// boltstore. However a Key, or a value that holds one, is formatted, logged or
// encoded, the text shown is "[redacted]", or empty for the zero Key, which is
// no key and is refused. A Key is immutable and safe for concurrent use.
//
// Its method Reveal gives the key itself in base64, as ParseKey reads it. ID
// gives a name of the key in 16 hexadecimal characters, which tells nothing
// about it and is shown in errors. IsZero tells the zero Key, and
// UnmarshalText reads what ParseKey reads.
type Key = seal.Key

// NewKey returns a key of 256 random bits. Keep what its Reveal returns apart
// from the file: without the key the file cannot be read.
func NewKey() Key { return seal.NewKey() }

// ParseKey reads a key of 32 bytes from standard base64 with padding (44
// characters) or from hexadecimal (64 characters). White space around it is
// ignored, since keys are often read from files. Errors never repeat the text.
func ParseKey(text string) (Key, error) {
	k, err := seal.ParseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("tokenstore: %w", err)
	}
	return k, nil
}
