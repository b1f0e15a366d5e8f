package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

const (
	keySize  = 32
	redacted = "[redacted]"
)

// Key is a 256-bit key that seals a file. However a Key, or a value that holds
// one, is formatted, logged or encoded, the text shown is "[redacted]", or
// empty for the zero Key; only Reveal gives the key itself.
//
// The zero Key is no key and is refused. A Key is immutable and safe
// for concurrent use.
type Key struct {
	// fmt reads unexported fields of foreign structs without calling their
	// methods, and for a verb that does not fit it even follows pointers to
	// arrays. Of a pointer to a string it always prints the address.
	v *string
}

// NewKey returns a key of 256 random bits. Keep what its Reveal returns where
// the app's other secrets are: without the key the file cannot be read.
func NewKey() Key {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // crypto/rand.Read never returns an error
	return newKey(raw)
}

// ParseKey reads a key of 32 bytes from standard base64 with padding (44
// characters) or from hexadecimal (64 characters). White space around it is
// ignored, since keys are often read from files. Errors have no prefix and never
// repeat the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	raw, err := decodeKey(text)
	if err != nil {
		return Key{}, err
	}
	if bytes.Equal(raw, make([]byte, keySize)) {
		return Key{}, errors.New("the key consists of zeros only")
	}
	return newKey(raw), nil
}

func newKey(raw []byte) Key {
	text := string(raw)
	return Key{v: &text}
}

func decodeKey(text string) ([]byte, error) {
	var raw []byte
	var err error
	switch len(text) {
	case 0:
		return nil, errors.New("the key is empty")
	case hex.EncodedLen(keySize):
		if raw, err = hex.DecodeString(text); err != nil {
			return nil, errors.New("the key has the length of 32 bytes in hexadecimal but holds other characters")
		}
	case base64.StdEncoding.EncodedLen(keySize):
		if raw, err = base64.StdEncoding.Strict().DecodeString(text); err != nil {
			return nil, errors.New("the key has the length of 32 bytes in base64 but is not standard base64")
		}
	default:
		return nil, fmt.Errorf("the key has %d characters; 32 bytes are 44 characters of base64 or 64 of hexadecimal", len(text))
	}
	if len(raw) != keySize {
		return nil, fmt.Errorf("the key has %d bytes instead of %d", len(raw), keySize)
	}
	return raw, nil
}

// Reveal returns the key itself in base64, as ParseKey reads it, and "" for
// the zero Key.
func (k Key) Reveal() string {
	if k.v == nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(*k.v))
}

// ID returns a name of the key in 16 hexadecimal characters, the one that is
// written in front of what the key sealed and shown in errors. It tells
// nothing about the key. The ID of the zero Key is "".
func (k Key) ID() string {
	if k.v == nil {
		return ""
	}
	return hex.EncodeToString(k.derive("boltstore key id", keyIDSize))
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.v == nil }

// derive returns size bytes that are bound to purpose, so that sealing and
// authentication never share a key. The purposes bear the name of the first
// store that used them, whose files must stay readable.
func (k Key) derive(purpose string, size int) []byte {
	out, err := hkdf.Key(sha256.New, []byte(*k.v), nil, purpose, size)
	if err != nil {
		panic("seal: deriving a key: " + err.Error()) // only for a size above 8160
	}
	return out
}

// String returns "[redacted]", or "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return redacted
}

// GoString returns what String returns, quoted.
func (k Key) GoString() string { return fmt.Sprintf("seal.Key(%q)", k.String()) }

// Format writes the redacted form for every verb.
func (k Key) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, k.GoString())
		return
	}
	_, _ = io.WriteString(f, k.String())
}

// LogValue returns the redacted form.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns the redacted form, for JSON and every other encoding
// that asks for text.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what ParseKey reads; the redacted form is refused.
func (k *Key) UnmarshalText(text []byte) error {
	parsed, err := ParseKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}
