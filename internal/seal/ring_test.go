package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

func ring(t *testing.T, keys ...seal.Key) *seal.Ring {
	t.Helper()
	r, err := seal.NewRing(seal.Config{Keys: keys, InsecureNoEncryption: len(keys) == 0})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSeal opens a sealed text at its place and at others.
func TestSeal(t *testing.T) {
	s := ring(t, seal.NewKey()).First()
	sealed := s.Seal([]byte("text"), "a", "b")
	if got, err := s.Open(sealed, "a", "b"); err != nil || string(got) != "text" {
		t.Errorf("at its place: %q, %v", got, err)
	}
	if bytes.Contains(sealed, []byte("text")) || bytes.Equal(sealed, s.Seal([]byte("text"), "a", "b")) {
		t.Error("a sealed text shows its text, or has the nonce of another one")
	}
	for _, place := range [][]string{{}, {"a"}, {"ab"}, {"ab", ""}, {"", "ab"}, {"b", "a"}, {"a", "b", ""}} {
		if got, err := s.Open(sealed, place...); got != nil || !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("at %q: %q, %v, want ErrDamaged", place, got, err)
		}
	}
	other := ring(t, seal.NewKey()).First()
	if got, err := other.Open(sealed, "a", "b"); got != nil || !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("with another key: %q, %v, want ErrDamaged", got, err)
	}
}

// TestPack unpacks an envelope under its name and under others.
func TestPack(t *testing.T) {
	key := seal.NewKey()
	for name, r := range map[string]*seal.Ring{"sealed": ring(t, key), "plain": ring(t)} {
		value, tag := r.Pack("kind", "name", []byte("body"))
		body, s, got, err := r.Unpack("kind", "name", value)
		if err != nil || string(body) != "body" || got != tag || s != r.First() {
			t.Errorf("%s: Unpack gives %q, %v", name, body, err)
		}
		if id, err := seal.KeyID(value); err != nil || id != s.ID() {
			t.Errorf("%s: KeyID = %q, %v, want %q", name, id, err, s.ID())
		}
		for _, place := range [][2]string{{"kind", "other"}, {"other", "name"}, {"kindn", "ame"}} {
			if _, _, _, err := r.Unpack(place[0], place[1], value); !errors.Is(err, seal.ErrDamaged) {
				t.Errorf("%s: as %q: %v, want ErrDamaged", name, place, err)
			}
		}
		if _, _, _, err := ring(t, seal.NewKey()).Unpack("kind", "name", value); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%s: with another key: %v, want ErrKey", name, err)
		}
	}
}
