package boltstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
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
	// plainID stands for the key in a file without encryption. Hexadecimal
	// has no "p", so it is no key's ID.
	plainID = "plain"
)

type tag [tagSize]byte

// sealer seals with one key. Without one it only adds checksums: aead is nil
// and the tag has no secret in it.
type sealer struct {
	id     string
	aead   cipher.AEAD
	macKey []byte
}

func newSealer(k Key) (*sealer, error) {
	block, err := aes.NewCipher(k.derive("boltstore seal", keySize))
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	return &sealer{id: k.ID(), aead: aead, macKey: k.derive("boltstore authenticate", keySize)}, nil
}

// tag authenticates body as what is stored as kind under name.
func (s *sealer) tag(kind, name string, body []byte) (t tag) {
	h := hmac.New(sha256.New, s.macKey)
	h.Write(joined(strconv.Itoa(schema), kind, name))
	h.Write(body)
	h.Sum(t[:0])
	return t
}

// ring holds the sealers of an open file by ID; the first one seals.
type ring struct {
	first *sealer
	byID  map[string]*sealer
}

func newRing(o Options) (*ring, error) {
	if o.InsecureNoEncryption {
		if len(o.Keys) > 0 {
			return nil, errors.New("boltstore: Keys and InsecureNoEncryption exclude each other")
		}
		plain := &sealer{id: plainID}
		return &ring{first: plain, byID: map[string]*sealer{plainID: plain}}, nil
	}
	if len(o.Keys) == 0 {
		return nil, errors.New("boltstore: Keys is empty: give a key, or say InsecureNoEncryption")
	}
	r := &ring{byID: make(map[string]*sealer)}
	for i, k := range o.Keys {
		if k.IsZero() {
			return nil, fmt.Errorf("boltstore: Keys[%d] is the zero Key", i)
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

// sealer returns the sealer with that ID.
func (r *ring) sealer(id string) (*sealer, error) {
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

// pack puts a line in front of body that says the schema and the key, and
// authenticates body as what is stored as kind under name:
//
//	1.<key id>.<tag>
//	<body>
func (r *ring) pack(kind, name string, body []byte) ([]byte, tag) {
	t := r.first.tag(kind, name, body)
	out := make([]byte, 0, len(body)+80)
	out = strconv.AppendInt(out, schema, 10)
	out = append(out, '.')
	out = append(out, r.first.id...)
	out = append(out, '.')
	out = base64.RawURLEncoding.AppendEncode(out, t[:])
	out = append(out, '\n')
	return append(out, body...), t
}

// unpack returns the body that pack was given, which is a part of value, the
// sealer of its key, and its tag.
func (r *ring) unpack(kind, name string, value []byte) ([]byte, *sealer, tag, error) {
	id, want, body, err := splitEnvelope(value)
	if err != nil {
		return nil, nil, tag{}, err
	}
	s, err := r.sealer(id)
	if err != nil {
		return nil, nil, tag{}, err
	}
	got := s.tag(kind, name, body)
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return nil, nil, tag{}, fmt.Errorf("%w: a stored %s was changed", ErrDamaged, kind)
	}
	return body, s, got, nil
}

func splitEnvelope(value []byte) (id string, t tag, body []byte, err error) {
	line, body, ok := bytes.Cut(value, []byte{'\n'})
	version, rest, ok2 := bytes.Cut(line, []byte{'.'})
	keyID, text, ok3 := bytes.Cut(rest, []byte{'.'})
	if !ok || !ok2 || !ok3 {
		return "", tag{}, nil, fmt.Errorf("%w: a stored value has no valid first line", ErrDamaged)
	}
	if err := checkSchema(version); err != nil {
		return "", tag{}, nil, err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != tagSize || bytes.ContainsAny(text, "\r\n") {
		return "", tag{}, nil, fmt.Errorf("%w: a stored value has no valid tag", ErrDamaged)
	}
	if !validKeyID(string(keyID)) {
		return "", tag{}, nil, fmt.Errorf("%w: a stored value names no valid key", ErrDamaged)
	}
	return string(keyID), tag(raw), body, nil
}

func validKeyID(id string) bool {
	raw, err := hex.DecodeString(id)
	return id == plainID || err == nil && len(raw) == keyIDSize && hex.EncodeToString(raw) == id
}

// checkSchema accepts the text of this package's schema number alone.
func checkSchema(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 32)
	switch {
	case err != nil || strconv.FormatUint(n, 10) != string(text) || n == 0:
		return fmt.Errorf("%w: a stored value has no valid schema number", ErrDamaged)
	case n > schema:
		return fmt.Errorf("written by a newer version of this package: it has schema %d, this version knows %d", n, schema)
	}
	return nil
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
