package tokenstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/powercut"
	"github.com/atlassian-connect-go/sdk/internal/seal"
	"github.com/atlassian-connect-go/sdk/store"
)

// This file is white-box because the form of a file is private, and the order
// of the file operations of a change cannot be seen from outside.

func testRing(t testing.TB, keys ...Key) *seal.Ring {
	t.Helper()
	r, err := seal.NewRing(seal.Config{Keys: keys, InsecureNoEncryption: len(keys) == 0})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func secretToken(text string) *Token { return &Token{Access: store.NewSecret(text)} }

// contentOf returns a content with a token for each of the keys.
func contentOf(t testing.TB, r *seal.Ring, keys ...string) *content {
	t.Helper()
	c := &content{sealer: r.First()}
	for _, key := range keys {
		var err error
		if c, err = c.with(r.First(), key, secretToken("of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestTokenBinding moves sealed tokens to where they do not belong, in a file
// that is authentic as a whole. What they are bound to must tell by itself.
func TestTokenBinding(t *testing.T) {
	key, other := NewKey(), NewKey()
	r := testRing(t, key, other)
	path := filepath.Join(t.TempDir(), "tokens")
	c := contentOf(t, r, "a", "b")
	a, b := c.entries[0].Sealed, c.entries[1].Sealed
	elsewhere := r.First().Seal([]byte(`{"access":"YQ=="}`), "token", "a") // as boltstore seals
	foreign := testRing(t, other).First().Seal([]byte(`{"access":"YQ=="}`), tokenKind, "a")
	for name, sealed := range map[string][]byte{
		"of another key":       b,
		"of another store":     elsewhere,
		"under another key":    foreign,
		"cut off":              a[:len(a)-1],
		"empty":                {},
		"changed":              append(bytes.Clone(a[:len(a)-1]), a[len(a)-1]^1),
		"no token":             r.First().Seal([]byte("{}"), tokenKind, "a"),
		"a token of no form":   r.First().Seal([]byte("s3cret"), tokenKind, "a"),
		"with another version": r.First().Seal([]byte(`{"access":"YQ==","s3cret":1}`), tokenKind, "a"),
	} {
		c.entries[0].Sealed = sealed
		text, err := c.encode(r)
		if err != nil {
			t.Fatal(err)
		}
		read, err := decode(r, text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := read.token("a")
		if got != nil || !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, %v, want ErrDamaged", name, got, err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := OpenFile(path, Options{Keys: []Key{key, other}}); f != nil || !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: OpenFile: %v, want ErrDamaged", name, err)
		}
		if got, err := read.token("b"); err != nil || !got.Equal(secretToken("of b")) {
			t.Errorf("%s: the other token: %v", name, err)
		}
	}
}

// TestContentForms reads files that are authentic and not of this form.
func TestContentForms(t *testing.T) {
	r := testRing(t, NewKey())
	for name, body := range map[string]string{
		"no body": "", "no JSON": "s3cret", "unknown member": `{"tokens":[],"s3cret":1}`, "member twice": `{"tokens":[],"tokens":[]}`,
		"empty key":    `{"tokens":[{"key":"","sealed":""}]}`,
		"the same key": `{"tokens":[{"key":"YQ==","sealed":""},{"key":"YQ==","sealed":""}]}`,
		"out of order": `{"tokens":[{"key":"Yg==","sealed":""},{"key":"YQ==","sealed":""}]}`,
	} {
		text, _ := r.Pack(fileKind, "", []byte(body))
		if c, err := decode(r, text); c != nil || !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want ErrDamaged", name, err)
		}
	}
	text, _ := r.Pack("another kind", "", []byte(`{"tokens":[]}`))
	if _, err := decode(r, text); !errors.Is(err, ErrDamaged) {
		t.Errorf("of another kind: %v, want ErrDamaged", err)
	}
}

// TestFullFile refuses a change that would make a file too large to be read.
func TestFullFile(t *testing.T) {
	r := testRing(t)
	c := contentOf(t, r, "a")
	c.entries[0].Sealed = make([]byte, maxFile)
	if _, err := c.encode(r); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v, want an error", err)
	}
}

// TestPowerCut opens what any power cut during a creation and changes can
// leave: no file yet, or one whole state after another.
func TestPowerCut(t *testing.T) {
	key := NewKey()
	o := Options{Keys: []Key{key}}
	path := filepath.Join(t.TempDir(), "tokens")
	rec := &powercut.Recorder{}
	f, err := openFile(path, o, rec)
	if err != nil {
		t.Fatal(err)
	}
	created := len(rec.Ops)
	var old *Token
	states := map[string]bool{"": true} // the tokens that a file may hold
	for n := range 3 {
		next := secretToken(strings.Repeat(fmt.Sprint(n), 1500))
		if ok, err := f.CompareAndSwap(t.Context(), "user", old, next); !ok || err != nil {
			t.Fatalf("CompareAndSwap = %t, %v", ok, err)
		}
		wantCertain(t, rec.Ops, path, f.ring, next)
		states[next.Access.Reveal()] = true
		old = next
	}
	seen := make(map[string]bool)
	missing, whole := 0, make(map[string]bool)
	powercut.Images(rec.Ops, func(what string, d *powercut.Image) {
		text, ok := d.File(path)
		if !ok {
			missing++
		}
		if !ok || seen[string(text)] {
			return
		}
		seen[string(text)] = true
		c, err := decode(f.ring, text)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got, err := c.token("user")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		whole[accessOf(got)] = true
	})
	if len(whole) != len(states) || missing == 0 {
		t.Errorf("the images have %d states and %d times no file, want %d states and some without", len(whole), missing, len(states))
	}
	if _, ok := powercut.Certain(rec.Ops[:created]).File(path); !ok {
		t.Error("the name of the file is not on the disk when OpenFile returns")
	}
}

func accessOf(t *Token) string {
	if t == nil {
		return ""
	}
	return t.Access.Reveal()
}

// wantCertain checks what is on the disk when CompareAndSwap has returned.
func wantCertain(t *testing.T, ops []powercut.Op, path string, r *seal.Ring, want *Token) {
	t.Helper()
	text, _ := powercut.Certain(ops).File(path)
	c, err := decode(r, text)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.token("user"); err != nil || !got.Equal(want) {
		t.Errorf("a change is not on the disk when CompareAndSwap returns: %v", err)
	}
}

// TestUnsafeChange shows that the images find a change without its barriers.
func TestUnsafeChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	rec := &powercut.Recorder{}
	f, err := openFile(path, Options{InsecureNoEncryption: true}, rec)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := f.CompareAndSwap(t.Context(), "user", nil, secretToken(strings.Repeat("a", 2000))); !ok || err != nil {
		t.Fatal(ok, err)
	}
	bad := 0
	powercut.Images(powercut.Unguarded(rec.Ops), func(_ string, d *powercut.Image) {
		if text, ok := d.File(path); ok {
			if _, err := decode(f.ring, text); err != nil {
				bad++
			}
		}
	})
	if bad == 0 {
		t.Error("no image of a change without barriers is bad")
	}
}

// TestDiskErrors makes each file operation fail: a change is reported as not
// made, and it is told when that is not known.
func TestDiskErrors(t *testing.T) {
	for _, op := range []string{"CreateTemp", "SyncFile", "Link", "SyncDir"} {
		path := filepath.Join(t.TempDir(), "tokens")
		if f, err := openFile(path, Options{InsecureNoEncryption: true}, powercut.Failing{Op: op}); f != nil || !errors.Is(err, powercut.ErrDisk) {
			t.Errorf("%s fails in a creation: %v, want the error", op, err)
		}
	}
	for _, op := range []string{"CreateTemp", "SyncFile", "Rename", "SyncDir"} {
		dir := t.TempDir()
		f, err := OpenFile(filepath.Join(dir, "tokens"), Options{InsecureNoEncryption: true})
		if err != nil {
			t.Fatal(err)
		}
		f.files = powercut.Failing{Op: op}
		ok, err := f.CompareAndSwap(t.Context(), "user", nil, secretToken("a"))
		if ok || !errors.Is(err, powercut.ErrDisk) {
			t.Errorf("%s fails: CompareAndSwap = %t, %v, want false and the error", op, ok, err)
		}
		got, loadErr := f.Load(t.Context(), "user")
		if unknown := strings.Contains(fmt.Sprint(err), "is unknown"); unknown != (loadErr == nil) || unknown != (got != nil) {
			t.Errorf("%s fails: the error is %v, and Load gives %v, %v", op, err, got, loadErr)
		}
		if temps, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(temps) != 0 {
			t.Errorf("%s fails: %q is left behind, %v", op, temps, err)
		}
	}
}

// TestForeignLockFile replaces a lock file between its opening and its lock,
// as a holder does that frees it.
func TestForeignLockFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	file, err := tryLockFile(path)
	if err != nil || file == nil {
		t.Fatal(file, err)
	}
	if second, err := tryLockFile(path); second != nil || err != nil {
		t.Errorf("a held lock was taken again: %v, %v", second, err)
	}
	if ok, err := stillAt(path, file); !ok || err != nil {
		t.Errorf("stillAt = %t, %v, want true", ok, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if ok, err := stillAt(path, file); ok || err != nil {
		t.Errorf("after its removal stillAt = %t, %v, want false", ok, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if ok, err := stillAt(path, file); ok || err != nil {
		t.Errorf("with another file in its place stillAt = %t, %v, want false", ok, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}
