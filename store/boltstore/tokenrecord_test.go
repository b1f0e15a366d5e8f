package boltstore

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// This file is white-box because the form of a stored token is private.

// TestTokenForms reads tokens that were changed by hand.
func TestTokenForms(t *testing.T) {
	key, other := NewKey(), NewKey()
	r := testRing(t, Options{Keys: []Key{key, other}})
	want := &tokenstore.Token{Access: store.NewSecret("a")}
	value, _, err := r.encodeToken("user", want)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, _, err := r.encodeToken("other", want)
	if err != nil {
		t.Fatal(err)
	}
	_, exchanged, _ := bytes.Cut(elsewhere, []byte("\n"))
	packed := func(kind string, sealed []byte) []byte {
		v, _ := r.Pack(kind, "user", sealed)
		return v
	}
	sealed := func(text string) []byte { return r.First().Seal([]byte(text), tokenKind, "user") }
	for _, c := range []struct {
		name  string
		value []byte
		want  error
		text  string
	}{
		{"as it was", value, nil, ""},
		{"packed again", packed(tokenKind, sealed(`{"access":"YQ=="}`)), nil, ""},
		{"of another key", elsewhere, ErrDamaged, "changed"},
		{"of another key, packed for this one", packed(tokenKind, exchanged), ErrDamaged, "unsealed"},
		{"sealed for a file", packed(tokenKind, r.First().Seal([]byte(`{"access":"YQ=="}`), "token in a file", "user")), ErrDamaged, "unsealed"},
		{"sealed under another key", packed(tokenKind, testRing(t, Options{Keys: []Key{other}}).First().Seal([]byte(`{"access":"YQ=="}`), tokenKind, "user")), ErrDamaged, "another key"},
		{"of another kind", packed(recordKind, sealed(`{"access":"YQ=="}`)), ErrDamaged, "changed"},
		{"no token", packed(tokenKind, sealed(`{}`)), ErrDamaged, "neither"},
		{"unknown member", packed(tokenKind, sealed(`{"access":"YQ==","s3cret":1}`)), ErrDamaged, "not that of a token"},
		{"empty", nil, ErrDamaged, "first line"},
	} {
		got, _, err := r.decodeToken("user", c.value)
		if c.text == "" {
			if err != nil || !got.Equal(want) {
				t.Errorf("%s: got %v, want the token", c.name, err)
			}
			continue
		}
		if got != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
}

// TestEveryByteOfAToken changes each bit of a stored token.
func TestEveryByteOfAToken(t *testing.T) {
	for _, o := range []Options{{Keys: []Key{NewKey()}}, {InsecureNoEncryption: true}} {
		r := testRing(t, o)
		value, _, err := r.encodeToken("user", &tokenstore.Token{Access: store.NewSecret("a")})
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(value) {
			changed := bytes.Clone(value)
			changed[bit/8] ^= 1 << (bit % 8)
			if got, _, err := r.decodeToken("user", changed); err == nil || got != nil {
				t.Errorf("bit %d of %d was changed without notice", bit, 8*len(value))
			}
		}
	}
}
