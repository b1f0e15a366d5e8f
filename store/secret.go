package store

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret holds a shared secret and keeps it out of sight: however a Secret, or
// a value that holds one, is formatted, logged or encoded, the text shown is
// "[redacted]", or empty for the zero Secret. Only Reveal gives the secret
// itself.
//
// The zero Secret means that there is none. A Secret is immutable and safe for
// concurrent use.
type Secret struct {
	// fmt reads unexported fields of foreign structs without calling their
	// methods, and for a verb that does not fit it even follows pointers to
	// structs. Of a pointer to a string it always prints the address.
	v *string
}

// NewSecret returns the Secret that holds text. Empty text gives the zero
// Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{v: &text}
}

// Reveal returns the secret itself, "" for the zero Secret. The bytes of that
// string are the HMAC key; Connect secrets are opaque and are never decoded.
func (s Secret) Reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.v == nil }

// Len returns the length of the secret in bytes.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal reports whether both hold the same text, in a time that depends on
// the lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns "[redacted]", or "" for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString returns what String returns, quoted.
func (s Secret) GoString() string { return fmt.Sprintf("store.Secret(%q)", s.String()) }

// Format writes the redacted form for every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// LogValue returns the redacted form.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the redacted form, for JSON and every other encoding
// that asks for text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText always fails for text that is not empty: what MarshalText
// wrote is not the secret, and reading it back as one would lose it silently.
func (s *Secret) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Secret{}
		return nil
	}
	return errors.New("store: a Secret is not read from text; use NewSecret")
}
