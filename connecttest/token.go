package connecttest

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Member is one member of a JSON object.
type Member struct {
	Name  string
	Value any
}

// Members is a JSON object whose members keep their order and may repeat, so
// that a test can write what no careful encoder would.
type Members []Member

// With returns the members with one of them replaced, or added at the end.
// The receiver stays as it is.
func (m Members) With(name string, value any) Members {
	out := slices.Clone(m)
	for i := range out {
		if out[i].Name == name {
			out[i].Value = value
			return out
		}
	}
	return append(out, Member{name, value})
}

// Without returns the members without those of a name.
func (m Members) Without(name string) Members {
	return slices.DeleteFunc(slices.Clone(m), func(e Member) bool { return e.Name == name })
}

// And returns the members with one more at the end, even when there is one of
// that name already.
func (m Members) And(name string, value any) Members {
	return append(slices.Clone(m), Member{name, value})
}

// Value returns the first member of a name, and nil when there is none.
func (m Members) Value(name string) any {
	for _, e := range m {
		if e.Name == name {
			return e.Value
		}
	}
	return nil
}

// MarshalJSON writes the members in their order.
func (m Members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(e.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Token says how a token is written. The methods of Host return well-formed
// ones; a test edits a copy to make a hostile one and calls String.
type Token struct {
	// Alg is the algorithm the signature is really made with: HS256, HS384,
	// HS512, RS256, RS384, RS512, or none for an empty signature.
	Alg string
	// Key is a string or []byte for HS…, a *rsa.PrivateKey for RS…, and unused
	// for none.
	Key any
	// Header and Claims are what the token says.
	Header, Claims Members
	// RawHeader and RawClaims, when not empty, are taken as the JSON text of the
	// segment instead.
	RawHeader, RawClaims string
	// RawSignature, when not nil, is taken as the third segment, as it is.
	RawSignature *string
	// Segments, when not nil, gets the three segments, signed and encoded, and
	// returns those the token is joined from.
	Segments func([]string) []string
}

// WithClaim returns the token with a claim replaced or added.
func (t Token) WithClaim(name string, value any) Token {
	t.Claims = t.Claims.With(name, value)
	return t
}

// WithoutClaim returns the token without a claim.
func (t Token) WithoutClaim(name string) Token {
	t.Claims = t.Claims.Without(name)
	return t
}

// WithHeader returns the token with a header member replaced or added. What the
// header calls alg does not change how the token is signed.
func (t Token) WithHeader(name string, value any) Token {
	t.Header = t.Header.With(name, value)
	return t
}

// WithoutHeader returns the token without a header member.
func (t Token) WithoutHeader(name string) Token {
	t.Header = t.Header.Without(name)
	return t
}

// SignedBy returns the token signed by another algorithm and key, of which the
// header says nothing yet.
func (t Token) SignedBy(alg string, key any) Token {
	t.Alg, t.Key = alg, key
	return t
}

// String writes and signs the token. It panics when the key does not fit the
// algorithm or a value has no JSON, which is an error in the test.
func (t Token) String() string {
	signed := segment(t.Header, t.RawHeader) + "." + segment(t.Claims, t.RawClaims)
	sig, err := signature(t.Alg, t.Key, signed)
	if err != nil {
		panic(err)
	}
	third := base64.RawURLEncoding.EncodeToString(sig)
	if t.RawSignature != nil {
		third = *t.RawSignature
	}
	segments := append(strings.Split(signed, "."), third)
	if t.Segments != nil {
		segments = t.Segments(segments)
	}
	return strings.Join(segments, ".")
}

func segment(m Members, raw string) string {
	text := []byte(raw)
	if raw == "" {
		var err error
		if text, err = json.Marshal(m); err != nil {
			panic(fmt.Errorf("connecttest: %w", err))
		}
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

func signature(alg string, key any, text string) ([]byte, error) {
	if alg == "none" {
		return nil, nil
	}
	if len(alg) != 5 || hashes[alg[2:]] == 0 {
		return nil, fmt.Errorf("connecttest: algorithm %q is not known", alg)
	}
	switch hash := hashes[alg[2:]]; alg[:2] {
	case "RS":
		return signRSA(hash, key, text)
	case "HS":
		return signHMAC(hash, key, text)
	}
	return nil, fmt.Errorf("connecttest: algorithm %q is not known", alg)
}

func signRSA(hash crypto.Hash, key any, text string) ([]byte, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errKey
	}
	h := hash.New()
	h.Write([]byte(text))
	return rsa.SignPKCS1v15(rand.Reader, private, hash, h.Sum(nil))
}

func signHMAC(hash crypto.Hash, key any, text string) ([]byte, error) {
	secret, ok := key.([]byte)
	if s, isText := key.(string); isText {
		secret, ok = []byte(s), true
	}
	if !ok {
		return nil, errKey
	}
	h := hmac.New(hash.New, secret)
	h.Write([]byte(text))
	return h.Sum(nil), nil
}

var errKey = errors.New("connecttest: the key does not fit the algorithm")

// ReadMembers reads a JSON object as Members: the order is kept, numbers become
// json.Number, and everything inside becomes json.RawMessage where it is an
// object or a list.
func ReadMembers(b []byte) (Members, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("connecttest: not a JSON object")
	}
	var m Members
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("connecttest: %w", err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, fmt.Errorf("connecttest: %w", err)
		}
		value, err := plainValue(raw)
		if err != nil {
			return nil, err
		}
		m = append(m, Member{name.(string), value}) // names of members are texts
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("connecttest: %w", err)
	}
	return m, nil
}

func plainValue(raw json.RawMessage) (any, error) {
	if raw[0] == '{' || raw[0] == '[' {
		return raw, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
