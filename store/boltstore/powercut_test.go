package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/durable"
	"github.com/atlassian-connect-go/sdk/internal/powercut"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// This file is white-box because the order of a creation's file operations
// cannot be seen from outside.

const sector = 512

// TestPowerCutInCreation opens what any power cut during a creation can leave.
// The app must start again, with the file complete or made anew.
func TestPowerCutInCreation(t *testing.T) {
	o := Options{Keys: []Key{NewKey()}}
	ring, err := newRing(o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.db")
	rec := &powercut.Recorder{}
	s, err := open(path, o, ring, rec)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	made, complete := 0, 0
	opened := make(map[string]bool)
	powercut.Images(rec.Ops, func(what string, d *powercut.Image) {
		content, ok := d.File(path)
		key := fmt.Sprint(ok, len(d.Names()), string(content))
		if opened[key] {
			return // the same image under another name
		}
		opened[key] = true
		made++
		if ok {
			complete++
		}
		openImage(t, what, path, o, d)
	})
	if complete == 0 || made == complete {
		t.Errorf("of %d images %d have the file", made, complete)
	}
	if _, ok := powercut.Certain(rec.Ops).File(path); !ok {
		t.Error("the name of the file is not on the disk when Open returns")
	}
}

// openImage puts an image on the disk and opens the file in it.
func openImage(t *testing.T, what, path string, o Options, d *powercut.Image) {
	t.Helper()
	dir := t.TempDir()
	if err := d.Write(dir); err != nil {
		t.Fatal(err)
	}
	s, err := Open(filepath.Join(dir, filepath.Base(path)), o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	_, err = s.Update(context.Background(), "tenant", func(current *store.Installation) (*store.Installation, error) {
		if current != nil {
			t.Errorf("%s: a new file has an installation", what)
		}
		return &store.Installation{ClientKey: "tenant"}, nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestUnsafeCreation shows that the images find a creation without its
// barriers.
func TestUnsafeCreation(t *testing.T) {
	r, err := newRing(Options{InsecureNoEncryption: true})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.db")
	rec := &powercut.Recorder{}
	if err := durable.Create(rec, path, func(temp string) error { return build(temp, r) }); err != nil {
		t.Fatal(err)
	}
	bad := 0
	powercut.Images(powercut.Unguarded(rec.Ops), func(_ string, d *powercut.Image) {
		content, ok := d.File(path)
		if !ok || bad > 0 {
			return
		}
		if _, err := inspect(bytes.NewReader(content), int64(len(content)), r, false); err != nil {
			bad++
		}
	})
	if bad == 0 {
		t.Error("no image of a creation without barriers is bad")
	}
}

// TestPowerCutInUpdate opens what a power cut during an update can leave. A
// commit writes its pages, waits for the disk, writes a header sector, and
// waits for the disk; the state must be the former one without the header and
// the new one with it.
func TestPowerCutInUpdate(t *testing.T) {
	t.Run("installation", func(t *testing.T) {
		powerCutInUpdate(t, func(s *Store) { putKey(t, s, "last") }, func(what string, content []byte, o Options, done bool) {
			keys := []string{"a", "b", "c"}
			if done {
				keys = append(keys, "last")
			}
			wantKeys(t, what, content, o, keys...)
		})
	})
	t.Run("token", func(t *testing.T) {
		powerCutInUpdate(t, func(s *Store) { swapToken(t, s, "c", longToken("c"), longToken("last")) }, func(what string, content []byte, o Options, done bool) {
			want := longToken("c")
			if done {
				want = longToken("last")
			}
			wantStoredToken(t, what, content, o, "c", want)
		})
	})
}

// powerCutInUpdate makes a change to a file of three installations and three
// tokens, and calls check with what a power cut may leave, and whether the
// change must be in it.
func powerCutInUpdate(t *testing.T, change func(*Store), check func(what string, content []byte, o Options, done bool)) {
	o := Options{Keys: []Key{NewKey()}}
	path := filepath.Join(t.TempDir(), "app.db")
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		putKey(t, s, key)
		swapToken(t, s, key, nil, longToken(key))
	}
	before := readFile(t, path)
	change(s)
	after := readFile(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var pages []int // places of changed sectors that are in no header
	for at := 2 * os.Getpagesize(); at < len(after); at += sector {
		if at >= len(before) || !bytes.Equal(before[at:at+sector], after[at:at+sector]) {
			pages = append(pages, at)
		}
	}
	if len(pages) < 4 || len(before) != len(after) {
		t.Fatalf("%d sectors were written and the file has %d bytes after %d", len(pages), len(after), len(before))
	}
	for k := range pages {
		first, alone, without := bytes.Clone(before), bytes.Clone(before), bytes.Clone(before)
		for i, at := range pages {
			if i < k {
				copy(first[at:at+sector], after[at:])
			}
			if i == k {
				copy(alone[at:at+sector], after[at:])
			}
			if i != k {
				copy(without[at:at+sector], after[at:])
			}
		}
		for what, content := range map[string][]byte{"first": first, "alone": alone, "without": without} {
			check(fmt.Sprintf("%s sector %d", what, k), content, o, false)
		}
	}
	all := bytes.Clone(after)
	copy(all, before[:2*os.Getpagesize()])
	check("all but the header", all, o, false)
	check("all", after, o, true)
}

func longToken(text string) *tokenstore.Token {
	return &tokenstore.Token{Access: store.NewSecret(strings.Repeat(text, 1000))}
}

func swapToken(t *testing.T, s *Store, key string, old, next *tokenstore.Token) {
	t.Helper()
	if ok, err := s.Tokens().CompareAndSwap(context.Background(), key, old, next); !ok || err != nil {
		t.Fatalf("CompareAndSwap = %t, %v, want true", ok, err)
	}
}

func wantStoredToken(t *testing.T, what string, content []byte, o Options, key string, want *tokenstore.Token) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	got, err := s.Tokens().Load(context.Background(), key)
	if err != nil || !got.Equal(want) {
		t.Errorf("%s: got another token, or %v", what, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func putKey(t *testing.T, s *Store, key string) {
	t.Helper()
	_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{
			ClientKey: key, SharedSecret: store.NewSecret(key), Description: strings.Repeat(key, 500),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantKeys(t *testing.T, what string, content []byte, o Options, keys ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var got []string
	for inst, err := range s.All(context.Background()) {
		if err != nil || inst.SharedSecret.Reveal() != inst.ClientKey {
			t.Fatalf("%s: %v", what, err)
		}
		got = append(got, inst.ClientKey)
	}
	if fmt.Sprint(got) != fmt.Sprint(keys) {
		t.Errorf("%s: the file has %q, want %q", what, got, keys)
	}
}

// TestCreationErrors makes each file operation fail: no file may appear, and
// no temporary one stay.
func TestCreationErrors(t *testing.T) {
	for _, op := range []string{"CreateTemp", "SyncFile", "Link", "SyncDir"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "app.db")
		o := Options{InsecureNoEncryption: true}
		r, err := newRing(o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := open(path, o, r, powercut.Failing{Op: op})
		if s != nil || !errors.Is(err, powercut.ErrDisk) {
			t.Errorf("%s fails: got %v, want the error", op, err)
		}
		names, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) != 0 && op != "SyncDir" {
			t.Errorf("%s fails: %v is left behind", op, names)
		}
		if s, err = Open(path, o); err != nil {
			t.Fatalf("after %s failed: %v", op, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
