package tokenstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/storetest"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func temp(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "tokens")
}

func open(t testing.TB, path string, o tokenstore.Options) *tokenstore.File {
	t.Helper()
	f, err := tokenstore.OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func sealed(keys ...tokenstore.Key) tokenstore.Options { return tokenstore.Options{Keys: keys} }

var plain = tokenstore.Options{InsecureNoEncryption: true}

func put(t testing.TB, s tokenstore.Store, key string, old, next *tokenstore.Token) {
	t.Helper()
	if ok, err := s.CompareAndSwap(context.Background(), key, old, next); !ok || err != nil {
		t.Fatalf("CompareAndSwap(%q) = %t, %v, want true", key, ok, err)
	}
}

// wantToken checks what a store holds, nil for nothing.
func wantToken(t testing.TB, s tokenstore.Store, key string, want *tokenstore.Token) {
	t.Helper()
	got, err := s.Load(context.Background(), key)
	if want == nil && errors.Is(err, tokenstore.ErrNotFound) {
		return
	}
	if err != nil || !got.Equal(want) {
		t.Errorf("Load(%q) = %v, %v, want %v", key, got, err, want)
	}
}

func wantOpenError(t testing.TB, path string, o tokenstore.Options, kind error, text string) {
	t.Helper()
	f, err := tokenstore.OpenFile(path, o)
	if f != nil || err == nil {
		t.Errorf("OpenFile succeeded, want an error with %q", text)
		return
	}
	if !strings.Contains(err.Error(), text) || !strings.HasPrefix(err.Error(), "tokenstore: ") || kind != nil && !errors.Is(err, kind) {
		t.Errorf("got error %v, want %v with %q", err, kind, text)
	}
}

func TestFile(t *testing.T) {
	o := sealed(tokenstore.NewKey())
	var path string
	storetest.RunTokensDurable(t, func(t *testing.T) tokenstore.Store {
		path = temp(t)
		return open(t, path, o)
	}, func(t *testing.T, _ tokenstore.Store) tokenstore.Store { return open(t, path, o) })
}

func TestOptions(t *testing.T) {
	k := tokenstore.NewKey()
	for _, c := range []struct {
		name    string
		options tokenstore.Options
		want    string
	}{
		{"no key", tokenstore.Options{}, "Keys is empty"},
		{"zero key", sealed(k, tokenstore.Key{}), "Keys[1] is the zero Key"},
		{"both", tokenstore.Options{Keys: []tokenstore.Key{k}, InsecureNoEncryption: true}, "exclude each other"},
	} {
		path := temp(t)
		wantOpenError(t, path, c.options, nil, c.want)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file was made: %v", c.name, err)
		}
	}
	wantOpenError(t, filepath.Join(t.TempDir(), "none", "tokens"), plain, fs.ErrNotExist, "none")
}

// TestKeys opens files that were sealed in one way in another.
func TestKeys(t *testing.T) {
	a, b, c := tokenstore.NewKey(), tokenstore.NewKey(), tokenstore.NewKey()
	for _, test := range []struct {
		name          string
		written, read tokenstore.Options
		want          string
	}{
		{"same key", sealed(a), sealed(a), ""},
		{"new key in front", sealed(a), sealed(b, a), ""},
		{"new key behind", sealed(a), sealed(a, b), ""},
		{"plain twice", plain, plain, ""},
		{"other key", sealed(a), sealed(b), a.ID()},
		{"other keys", sealed(a, b), sealed(b, c), a.ID()},
		{"sealed opened plain", sealed(a), plain, "InsecureNoEncryption gives none"},
		{"plain opened sealed", plain, sealed(a), "written with InsecureNoEncryption"},
	} {
		for _, filled := range []bool{false, true} {
			path := temp(t)
			f := open(t, path, test.written)
			var want *tokenstore.Token
			if filled {
				want = sample(1)
				put(t, f, "user", nil, want)
			}
			if test.want != "" {
				wantOpenError(t, path, test.read, tokenstore.ErrKey, test.want)
				continue
			}
			wantToken(t, open(t, path, test.read), "user", want)
		}
	}
}

// TestKeyChange changes the key by Reseal, and by a change of one token.
func TestKeyChange(t *testing.T) {
	former, next := tokenstore.NewKey(), tokenstore.NewKey()
	for name, change := range map[string]func(f *tokenstore.File) error{
		"Reseal": func(f *tokenstore.File) error { return f.Reseal(context.Background()) },
		"CompareAndSwap": func(f *tokenstore.File) error {
			_, err := f.CompareAndSwap(context.Background(), "third", nil, sample(3))
			return err
		},
	} {
		path := temp(t)
		f := open(t, path, sealed(former))
		put(t, f, "first", nil, sample(1))
		put(t, f, "second", nil, sample(2))
		beside := open(t, path, sealed(former, next))
		f = open(t, path, sealed(next, former))
		wantToken(t, f, "first", sample(1))
		if err := change(f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantOpenError(t, path, sealed(former), tokenstore.ErrKey, next.ID())
		f = open(t, path, sealed(next))
		wantToken(t, f, "first", sample(1))
		wantToken(t, f, "second", sample(2))
		wantToken(t, beside, "second", sample(2))
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := open(t, temp(t), plain).Reseal(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Reseal under an ended context: %v", err)
	}
}

// TestFileIsSealed looks for secrets in the file, the folder and the errors.
func TestFileIsSealed(t *testing.T) {
	for _, c := range []struct {
		name    string
		options tokenstore.Options
		want    bool
	}{
		{"sealed", sealed(tokenstore.NewKey()), false},
		{"plain", plain, true},
	} {
		path := temp(t)
		// The base64 form of three bytes at the beginning stays the same, also
		// in base64 of base64.
		secret := store.NewSecret(strings.Repeat("abc", 20))
		put(t, open(t, path, c.options), "user", nil, &tokenstore.Token{Access: secret})
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		once := base64.StdEncoding.EncodeToString([]byte(secret.Reveal()))
		got := bytes.Contains(content, []byte(secret.Reveal()))
		for i := range 3 { // wherever it stands in the outer base64
			twice := base64.StdEncoding.EncodeToString([]byte(once[i : i+39]))
			got = got || bytes.Contains(content, []byte(once[:20])) || bytes.Contains(content, []byte(twice))
		}
		if got != c.want {
			t.Errorf("%s: the secret is in the file: %t, want %t", c.name, got, c.want)
		}
	}
}

func TestFileMode(t *testing.T) {
	path := temp(t)
	f := open(t, path, plain)
	put(t, f, "user", nil, sample(1))
	unlock, err := f.Lock(context.Background(), "user")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(names) != 3 {
		t.Fatalf("there are %q, %v, want the file and two locks", names, err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v, want 0600", name, info.Mode(), err)
		}
	}
	unlock()
	if names, err = filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(names) != 2 {
		t.Errorf("after unlock there are %q, %v, want the file and one lock", names, err)
	}
	if names, err = filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(names) != 0 {
		t.Errorf("files were left behind: %q, %v", names, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, path, plain, nil, "0640")
}

// TestWideMode narrows the mode of a sealed file with the next change.
func TestWideMode(t *testing.T) {
	path, o := temp(t), sealed(tokenstore.NewKey())
	put(t, open(t, path, o), "user", nil, sample(1))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, path, o), "user", sample(1), sample(2))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
}

// TestSymbolicLink opens a file by a link, which must stay one.
func TestSymbolicLink(t *testing.T) {
	path := temp(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, link, plain, fs.ErrNotExist, "link")
	f := open(t, path, plain)
	put(t, open(t, link, plain), "user", nil, sample(1))
	wantToken(t, f, "user", sample(1))
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is now %v, %v", info.Mode(), err)
	}
	folder := t.TempDir()
	wantOpenError(t, folder, plain, nil, "not a regular file")
}

// TestRelativePath changes the folder of the process after a file was opened.
func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	f := open(t, "tokens", plain)
	put(t, f, "user", nil, sample(1))
	t.Chdir(t.TempDir())
	wantToken(t, f, "user", sample(1))
	put(t, f, "user", sample(1), sample(2))
}
