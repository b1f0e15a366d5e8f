package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

const (
	// schema is the version of everything this package writes.
	schema    = 1
	keyIDSize = 8
	tagSize   = sha256.Size
	// plainID stands for the key where nothing is encrypted. Hexadecimal has
	// no "p", so it is no key's ID.
	plainID = "plain"
)

// Tag authenticates what is stored. It is an HMAC, and without encryption a
// mere checksum.
type Tag [tagSize]byte

// MarshalText writes t in hexadecimal.
func (t Tag) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Tag) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != tagSize {
		return errors.New("a tag is 64 hexadecimal characters")
	}
	*t = Tag(raw)
	return nil
}

// Sealer seals with one key. Without one it only adds checksums: aead is nil
// and the tag has no secret in it.
type Sealer struct {
	id     string
	aead   cipher.AEAD
	macKey []byte
}

func newSealer(k Key) (*Sealer, error) {
	block, err := aes.NewCipher(k.derive("boltstore seal", keySize))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{id: k.ID(), aead: aead, macKey: k.derive("boltstore authenticate", keySize)}, nil
}

// ID returns the ID of the key, "plain" without encryption.
func (s *Sealer) ID() string { return s.id }

// Seal returns text sealed, and bound to where it stands, of which place is
// the full name: the key's ID, the nonce and the ciphertext. Without
// encryption it is the text itself.
func (s *Sealer) Seal(text []byte, place ...string) []byte {
	if s.aead == nil {
		return append([]byte{}, text...)
	}
	id, _ := hex.DecodeString(s.id) // ID wrote it
	return s.aead.Seal(id, nil, text, binding(place))
}

// Open undoes Seal. It fails with ErrDamaged for what another key sealed, or
// what was sealed for another place.
func (s *Sealer) Open(sealed []byte, place ...string) ([]byte, error) {
	if s.aead == nil {
		return append([]byte{}, sealed...), nil
	}
	if len(sealed) < keyIDSize || hex.EncodeToString(sealed[:keyIDSize]) != s.id {
		return nil, fmt.Errorf("%w: it is sealed under another key than what it stands in", ErrDamaged)
	}
	text, err := s.aead.Open(nil, nil, sealed[keyIDSize:], binding(place))
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be unsealed", ErrDamaged)
	}
	return text, nil
}

// binding is the associated data of a sealed text.
func binding(place []string) []byte {
	return joined(append([]string{strconv.Itoa(schema)}, place...)...)
}

// tag authenticates body as what is stored as kind under name.
func (s *Sealer) tag(kind, name string, body []byte) (t Tag) {
	h := hmac.New(sha256.New, s.macKey)
	h.Write(joined(strconv.Itoa(schema), kind, name))
	h.Write(body)
	h.Sum(t[:0])
	return t
}

// joined writes parts one after another, each with its length in front, so
// that different parts never give the same bytes.
func joined(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}
