package boltstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/storetest"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// tokenKeys are the keys of fillTokens: more than are resealed at a time.
var tokenKeys = func() []string {
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = fmt.Sprintf("user-%02d", i)
	}
	return keys
}()

func testToken(text string) *tokenstore.Token {
	return &tokenstore.Token{
		Access: store.NewSecret("access of " + text), Refresh: store.NewSecret(strings.Repeat("refresh of "+text, 3)),
		Type: "bearer", Scopes: []string{"offline_access"}, Expiry: time.Unix(1.7e9, 5).UTC(),
	}
}

func swap(t testing.TB, s *boltstore.Store, key string, old, next *tokenstore.Token) {
	t.Helper()
	if ok, err := s.Tokens().CompareAndSwap(context.Background(), key, old, next); !ok || err != nil {
		t.Fatalf("CompareAndSwap(%q) = %t, %v, want true", key, ok, err)
	}
}

// fillTokens stores a token under each of tokenKeys at the same time.
func fillTokens(t *testing.T, s *boltstore.Store) {
	t.Helper()
	var wg sync.WaitGroup
	for _, key := range tokenKeys {
		wg.Go(func() {
			if ok, err := s.Tokens().CompareAndSwap(context.Background(), key, nil, testToken(key)); !ok || err != nil {
				t.Errorf("CompareAndSwap(%q) = %t, %v", key, ok, err)
			}
		})
	}
	wg.Wait()
}

// collectTokens returns what is stored under tokenKeys.
func collectTokens(t *testing.T, s *boltstore.Store) map[string]*tokenstore.Token {
	t.Helper()
	out := make(map[string]*tokenstore.Token)
	for _, key := range tokenKeys {
		token, err := s.Tokens().Load(context.Background(), key)
		if err == nil {
			out[key] = token
		} else if !errors.Is(err, tokenstore.ErrNotFound) {
			t.Fatal(err)
		}
	}
	return out
}

func diffTokens(got, want map[string]*tokenstore.Token) string {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !got[key].Equal(want[key]) {
			return fmt.Sprintf("token %s is another, or missing", key)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("there are %d tokens instead of %d", len(got), len(want))
	}
	return ""
}

func TestTokensContract(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	var path string
	var s *boltstore.Store
	storetest.RunTokensDurable(t, func(t *testing.T) tokenstore.Store {
		path = temp(t)
		s = open(t, path, o)
		return s.Tokens()
	}, func(t *testing.T, _ tokenstore.Store) tokenstore.Store {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, path, o)
		return s.Tokens()
	})
}

// TestTokensBesideInstallations stores both under the same keys at the same
// time. They must not mix.
func TestTokensBesideInstallations(t *testing.T) {
	s := open(t, temp(t), boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}})
	var wg sync.WaitGroup
	for i := range 30 {
		key := fmt.Sprintf("tenant-%d", i)
		wg.Go(func() {
			if ok, err := s.Tokens().CompareAndSwap(context.Background(), key, nil, testToken(key)); !ok || err != nil {
				t.Errorf("CompareAndSwap = %t, %v", ok, err)
			}
		})
	}
	want := fill(t, s, 30)
	wg.Wait()
	for key := range want {
		swap(t, s, key, testToken(key), testToken("rotated"))
	}
	if d := diff(collect(t, s), want); d != "" {
		t.Error(d)
	}
	for key := range want {
		_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Tokens().Load(context.Background(), key); err != nil || !got.Equal(testToken("rotated")) {
			t.Errorf("after the installation was deleted: %v", err)
		}
	}
}

func TestTokensAreSealed(t *testing.T) {
	for _, c := range []struct {
		name    string
		options boltstore.Options
		want    bool
	}{
		{"sealed", boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}, false},
		{"plain", boltstore.Options{InsecureNoEncryption: true}, true},
	} {
		path := temp(t)
		s := open(t, path, c.options)
		// The base64 form of three bytes at the beginning stays the same.
		token := &tokenstore.Token{Access: store.NewSecret("abcabcabcabc"), Refresh: store.NewSecret("abcabcabcabc"),
			Secret: store.NewSecret("abcabcabcabc"), Scopes: []string{"offline_access"}}
		swap(t, s, "user", nil, token)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"abcabcabc", "YWJjYWJjYWJj", "offline_access"} {
			if got := bytes.Contains(content, []byte(form)); got != c.want && form != "abcabcabc" {
				t.Errorf("%s: %q is in the file: %t, want %t", c.name, form, got, c.want)
			}
		}
	}
}

// formerFile returns the path of a file that was written before this package
// knew tokens: two installations under childKey.
func formerFile(t *testing.T) string {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the file has the byte order of other machines")
	}
	content, err := os.ReadFile("testdata/before-tokens.bolt")
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, content)
}

// schemaOf returns the schema number of a closed file, and whether it has
// tokens.
func schemaOf(t *testing.T, path string) (number string, tokens bool) {
	t.Helper()
	rewrite(t, path, func(tx *bolt.Tx) error {
		number = string(tx.Bucket([]byte("meta")).Get([]byte("schema")))
		tokens = tx.Bucket([]byte("tokens")) != nil
		return nil
	})
	return number, tokens
}

// rewrite changes a closed file without this package.
func rewrite(t *testing.T, path string, change func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestFileBeforeTokens opens a file of an earlier version, which that version
// must be able to open again as long as no token is stored.
func TestFileBeforeTokens(t *testing.T) {
	k, err := boltstore.ParseKey(childKey)
	if err != nil {
		t.Fatal(err)
	}
	next := boltstore.NewKey()
	path := formerFile(t)
	s := open(t, path, boltstore.Options{Keys: []boltstore.Key{k}})
	for _, key := range []string{"a", "b"} {
		got, err := s.Installation(context.Background(), key)
		if err != nil || got.SharedSecret.Reveal() != "secret of "+key || got.PreviousSecret.Reveal() != "former secret of "+key {
			t.Errorf("installation %q: %v", key, err)
		}
	}
	if got := collectTokens(t, s); len(got) != 0 {
		t.Errorf("it has %d tokens", len(got))
	}
	for _, old := range []*tokenstore.Token{testToken("x"), nil} { // no change of either
		if ok, err := s.Tokens().CompareAndSwap(context.Background(), "x", old, nil); ok != (old == nil) || err != nil {
			t.Errorf("CompareAndSwap = %t, %v", ok, err)
		}
	}
	install(t, s, "c", "secret")
	wantSchema(t, s, path, "1", false)

	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next, k}})
	if err := s.Reseal(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantSchema(t, s, path, "1", false)

	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{k, next}})
	fillTokens(t, s)
	want := stateOf(t, s)
	wantSchema(t, s, path, "2", true)

	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next, k}})
	if d := diffState(stateOf(t, s), want); d != "" {
		t.Error(d)
	}
	if err := s.Reseal(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, key := range tokenKeys {
		swap(t, s, key, testToken(key), nil)
	}
	wantSchema(t, s, path, "2", true)
	open(t, path, boltstore.Options{Keys: []boltstore.Key{next}})
}

// wantSchema closes s and looks at its file.
func wantSchema(t *testing.T, s *boltstore.Store, path, want string, tokens bool) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, has := schemaOf(t, path); got != want || has != tokens {
		t.Errorf("the file has schema %q and tokens: %t, want %q and %t", got, has, want, tokens)
	}
}

// TestTamperedTokens changes a closed file in ways that leave it a good bbolt
// file.
func TestTamperedTokens(t *testing.T) {
	for _, o := range []boltstore.Options{{Keys: []boltstore.Key{boltstore.NewKey()}}, {InsecureNoEncryption: true}} {
		path := temp(t)
		s := open(t, path, o)
		fillTokens(t, s)
		former := tokenValue(t, s, path, tokenKeys[1])
		s = open(t, path, o)
		swap(t, s, tokenKeys[1], testToken(tokenKeys[1]), testToken("rotated"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a, b := []byte(tokenKeys[1]), []byte(tokenKeys[2])
		for name, change := range map[string]func(tx *bolt.Tx, tokens *bolt.Bucket) error{
			"a token is deleted": func(_ *bolt.Tx, tokens *bolt.Bucket) error { return tokens.Delete(a) },
			"a token is a former one": func(_ *bolt.Tx, tokens *bolt.Bucket) error {
				return tokens.Put(a, former)
			},
			"a deleted token is back": func(_ *bolt.Tx, tokens *bolt.Bucket) error { return tokens.Put([]byte("user-1"), former) },
			"two tokens are exchanged": func(_ *bolt.Tx, tokens *bolt.Bucket) error {
				x, y := bytes.Clone(tokens.Get(a)), bytes.Clone(tokens.Get(b))
				return errors.Join(tokens.Put(a, y), tokens.Put(b, x))
			},
			"an installation is a token": func(tx *bolt.Tx, tokens *bolt.Bucket) error {
				return tx.Bucket([]byte("installations")).Put(a, bytes.Clone(tokens.Get(a)))
			},
			"a token is empty":         func(_ *bolt.Tx, tokens *bolt.Bucket) error { return tokens.Put(a, nil) },
			"the tokens are gone":      func(tx *bolt.Tx, _ *bolt.Bucket) error { return tx.DeleteBucket([]byte("tokens")) },
			"the schema has no tokens": func(tx *bolt.Tx, _ *bolt.Bucket) error { return putSchema(tx, "1") },
			"tokens and schema are gone": func(tx *bolt.Tx, _ *bolt.Bucket) error {
				return errors.Join(tx.DeleteBucket([]byte("tokens")), putSchema(tx, "1"))
			},
			"there is another bucket": func(tx *bolt.Tx, _ *bolt.Bucket) error {
				_, err := tx.CreateBucket([]byte("tokens2"))
				return err
			},
		} {
			path := writeFile(t, content)
			open(t, path, o) // as it is
			path = writeFile(t, content)
			rewrite(t, path, func(tx *bolt.Tx) error { return change(tx, tx.Bucket([]byte("tokens"))) })
			t.Log(name)
			wantOpenError(t, path, o, boltstore.ErrDamaged, "damaged")
		}
	}
}

func putSchema(tx *bolt.Tx, number string) error {
	return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte(number))
}

// tokenValue closes s and returns a stored value.
func tokenValue(t *testing.T, s *boltstore.Store, path, key string) (value []byte) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, func(tx *bolt.Tx) error {
		value = bytes.Clone(tx.Bucket([]byte("tokens")).Get([]byte(key)))
		return nil
	})
	return value
}
