package boltstore

import (
	"fmt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

// Key is a 256-bit key that seals a file. However a Key, or a value that holds
// one, is formatted, logged or encoded, the text shown is "[redacted]", or
// empty for the zero Key, which is no key and is refused by Open. A Key is
// immutable and safe for concurrent use.
//
// Its method Reveal gives the key itself in base64, as ParseKey reads it. ID
// gives a name of the key in 16 hexadecimal characters, which tells nothing
// about it: the one that is written in front of what the key sealed and shown
// in errors. IsZero tells the zero Key, and UnmarshalText reads what ParseKey
// reads. Package tokenstore has the same type.
type Key = seal.Key

// NewKey returns a key of 256 random bits. Keep what its Reveal returns where
// the app's other secrets are: without the key the file cannot be read.
func NewKey() Key { return seal.NewKey() }

// ParseKey reads a key of 32 bytes from standard base64 with padding (44
// characters) or from hexadecimal (64 characters). White space around it is
// ignored, since keys are often read from files. Errors never repeat the text.
func ParseKey(text string) (Key, error) {
	k, err := seal.ParseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("boltstore: %w", err)
	}
	return k, nil
}
