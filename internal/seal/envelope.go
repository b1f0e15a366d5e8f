package seal

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Pack puts a line in front of body that says the schema and the first key,
// and authenticates body as what is stored as kind under name:
//
//	1.<key id>.<tag>
//	<body>
func (r *Ring) Pack(kind, name string, body []byte) ([]byte, Tag) {
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

// Unpack returns the body that Pack was given, which is a part of value, the
// sealer of its key, and its tag.
func (r *Ring) Unpack(kind, name string, value []byte) ([]byte, *Sealer, Tag, error) {
	id, want, body, err := splitEnvelope(value)
	if err != nil {
		return nil, nil, Tag{}, err
	}
	s, err := r.sealer(id)
	if err != nil {
		return nil, nil, Tag{}, err
	}
	got := s.tag(kind, name, body)
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return nil, nil, Tag{}, fmt.Errorf("%w: a stored %s was changed", ErrDamaged, kind)
	}
	return body, s, got, nil
}

// KeyID returns the ID of the key that a packed value names, without looking
// whether the value is authentic.
func KeyID(value []byte) (string, error) {
	id, _, _, err := splitEnvelope(value)
	return id, err
}

func splitEnvelope(value []byte) (id string, t Tag, body []byte, err error) {
	line, body, ok := bytes.Cut(value, []byte{'\n'})
	version, rest, ok2 := bytes.Cut(line, []byte{'.'})
	keyID, text, ok3 := bytes.Cut(rest, []byte{'.'})
	if !ok || !ok2 || !ok3 {
		return "", Tag{}, nil, fmt.Errorf("%w: a stored value has no valid first line", ErrDamaged)
	}
	if _, err := ParseSchema(version, schema); err != nil {
		return "", Tag{}, nil, err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != tagSize || bytes.ContainsAny(text, "\r\n") {
		return "", Tag{}, nil, fmt.Errorf("%w: a stored value has no valid tag", ErrDamaged)
	}
	if !validKeyID(string(keyID)) {
		return "", Tag{}, nil, fmt.Errorf("%w: a stored value names no valid key", ErrDamaged)
	}
	return string(keyID), Tag(raw), body, nil
}

func validKeyID(id string) bool {
	raw, err := hex.DecodeString(id)
	return id == plainID || err == nil && len(raw) == keyIDSize && hex.EncodeToString(raw) == id
}

// ParseSchema reads the text of a schema number from 1 to newest.
func ParseSchema(text []byte, newest uint64) (uint64, error) {
	n, err := strconv.ParseUint(string(text), 10, 32)
	switch {
	case err != nil || strconv.FormatUint(n, 10) != string(text) || n == 0:
		return 0, fmt.Errorf("%w: a stored value has no valid schema number", ErrDamaged)
	case n > newest:
		return 0, fmt.Errorf("written by a newer version of this package: it has schema %d, this version knows %d", n, newest)
	}
	return n, nil
}
