package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// install stores an installation with both secrets.
func install(t *testing.T, s *boltstore.Store, clientKey, secret string) {
	t.Helper()
	_, err := s.Update(context.Background(), clientKey, func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{
			Key: "app", ClientKey: clientKey, BaseURL: "https://" + clientKey + ".example", State: store.Enabled,
			SharedSecret: store.NewSecret(secret), PreviousSecret: store.NewSecret("former " + secret),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantSecret checks both secrets of an installation.
func wantSecret(t *testing.T, s *boltstore.Store, clientKey, secret string) {
	t.Helper()
	got, err := s.Installation(context.Background(), clientKey)
	if err != nil {
		t.Fatal(err)
	}
	if got.SharedSecret.Reveal() != secret || got.PreviousSecret.Reveal() != "former "+secret {
		t.Errorf("%s has another secret than was stored", clientKey)
	}
}

func TestOptions(t *testing.T) {
	k := boltstore.NewKey()
	for _, c := range []struct {
		name    string
		options boltstore.Options
		want    string
	}{
		{"no key", boltstore.Options{}, "Keys is empty"},
		{"zero key", boltstore.Options{Keys: []boltstore.Key{k, {}}}, "Keys[1] is the zero Key"},
		{"both", boltstore.Options{Keys: []boltstore.Key{k}, InsecureNoEncryption: true}, "exclude each other"},
	} {
		path := temp(t)
		if s, err := boltstore.Open(path, c.options); err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file was made: %v", c.name, err)
		}
	}
}

// TestKeys opens files that were sealed in one way in another.
func TestKeys(t *testing.T) {
	a, b, c := boltstore.NewKey(), boltstore.NewKey(), boltstore.NewKey()
	plain := boltstore.Options{InsecureNoEncryption: true}
	sealed := func(keys ...boltstore.Key) boltstore.Options { return boltstore.Options{Keys: keys} }
	for _, test := range []struct {
		name          string
		written, read boltstore.Options
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
		for _, records := range []int{0, 2} {
			t.Run(fmt.Sprint(test.name, " ", records), func(t *testing.T) {
				path := temp(t)
				s := open(t, path, test.written)
				for n := range records {
					install(t, s, fmt.Sprint(n), "secret")
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if test.want != "" {
					wantOpenError(t, path, test.read, boltstore.ErrKey, test.want)
					return
				}
				s = open(t, path, test.read)
				for n := range records {
					wantSecret(t, s, fmt.Sprint(n), "secret")
				}
			})
		}
	}
}

func wantOpenError(t *testing.T, path string, o boltstore.Options, kind error, text string) {
	t.Helper()
	s, err := boltstore.Open(path, o)
	if s != nil {
		_ = s.Close()
		t.Fatalf("Open succeeded, want an error with %q", text)
	}
	if !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), path) || kind != nil && !errors.Is(err, kind) {
		t.Errorf("got error %v, want %v with %q and the path", err, kind, text)
	}
}

func TestSecretsAreSealed(t *testing.T) {
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
		install(t, s, "tenant", "abcabcabcabcabcabcabcabc")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := bytes.Contains(content, []byte("abcabcabc")) || bytes.Contains(content, []byte("YWJjYWJjYWJj"))
		if got != c.want {
			t.Errorf("%s: the secret is in the file: %t, want %t", c.name, got, c.want)
		}
		if !bytes.Contains(content, []byte("https://tenant.example")) {
			t.Errorf("%s: the base URL is not in the file", c.name)
		}
	}
}

func TestReseal(t *testing.T) {
	former, next := boltstore.NewKey(), boltstore.NewKey()
	path := temp(t)
	s := open(t, path, boltstore.Options{Keys: []boltstore.Key{former}})
	const n = 150
	for i := range 3 {
		install(t, s, fmt.Sprint(i), "secret")
	}
	_ = fill(t, s, n)
	fillTokens(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next, former}})
	install(t, s, "1", "newer")
	swap(t, s, tokenKeys[1], testToken(tokenKeys[1]), testToken("newer"))
	before := stateOf(t, s)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Reseal(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Reseal under an ended context: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, path, boltstore.Options{Keys: []boltstore.Key{next}}, boltstore.ErrKey, former.ID())
	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next, former}})
	for range 2 {
		if err := s.Reseal(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, path, boltstore.Options{Keys: []boltstore.Key{former}}, boltstore.ErrKey, next.ID())
	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next}})
	if d := diffState(stateOf(t, s), before); d != "" {
		t.Error(d)
	}
	wantSecret(t, s, "1", "newer")
	wantSecret(t, s, "2", "secret")
}

// TestResealBesideUpdates rotates the key of a store in use.
func TestResealBesideUpdates(t *testing.T) {
	former, next := boltstore.NewKey(), boltstore.NewKey()
	path := temp(t)
	s := open(t, path, boltstore.Options{Keys: []boltstore.Key{former}})
	_ = fill(t, s, 100)
	fillTokens(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next, former}})
	done := make(chan error)
	go func() { done <- s.Reseal(context.Background()) }()
	for i, key := range tokenKeys {
		if i%3 == 0 {
			swap(t, s, key, testToken(key), testToken("newer"))
		}
	}
	want := state{insts: fill(t, s, 100), tokens: collectTokens(t, s)}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if d := diffState(stateOf(t, s), want); d != "" {
		t.Error(d)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path, boltstore.Options{Keys: []boltstore.Key{next}})
	if d := diffState(stateOf(t, s), want); d != "" {
		t.Error(d)
	}
}

func TestFileMode(t *testing.T) {
	path := temp(t)
	open(t, path, boltstore.Options{InsecureNoEncryption: true})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the file has mode %o, want 600", got)
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(names) != 0 {
		t.Errorf("files were left behind: %q, %v", names, err)
	}
}

func TestLocked(t *testing.T) {
	path := temp(t)
	o := boltstore.Options{InsecureNoEncryption: true, LockTimeout: -1}
	s := open(t, path, o)
	wantOpenError(t, path, o, boltstore.ErrLocked, "in use")
	install(t, s, "tenant", "secret")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantSecret(t, open(t, path, o), "tenant", "secret")
}

// TestLockWait opens a file that is closed while Open waits.
func TestLockWait(t *testing.T) {
	path := temp(t)
	o := boltstore.Options{InsecureNoEncryption: true, LockTimeout: 1 << 40}
	s := open(t, path, o)
	done := make(chan error)
	go func() {
		second, err := boltstore.Open(path, o)
		if err == nil {
			err = second.Close()
		}
		done <- err
	}()
	install(t, s, "tenant", "secret")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestParallelCreation opens one new file many times: each success must see
// what the one before stored.
func TestParallelCreation(t *testing.T) {
	path := temp(t)
	o := boltstore.Options{InsecureNoEncryption: true, LockTimeout: 1 << 40}
	const n = 8
	errs := make(chan error)
	for i := range n {
		go func() {
			errs <- func() error {
				s, err := boltstore.Open(path, o)
				if err != nil {
					return err
				}
				_, err = s.Update(context.Background(), fmt.Sprint(i), func(*store.Installation) (*store.Installation, error) {
					return &store.Installation{ClientKey: fmt.Sprint(i)}, nil
				})
				return errors.Join(err, s.Close())
			}()
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := len(collect(t, open(t, path, o))); got != n {
		t.Errorf("%d installations are left of %d", got, n)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, temp(t), boltstore.Options{InsecureNoEncryption: true})
	install(t, s, "tenant", "secret")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	_, installationErr := s.Installation(ctx, "tenant")
	_, updateErr := s.Update(ctx, "tenant", func(*store.Installation) (*store.Installation, error) {
		t.Error("a closed store calls change")
		return nil, nil
	})
	_, sitesErr := s.ClientKeysAt(ctx, "https://tenant.example")
	var allErr error
	for _, err := range s.All(ctx) {
		allErr = err
	}
	_, loadErr := s.Tokens().Load(ctx, "user")
	_, swapErr := s.Tokens().CompareAndSwap(ctx, "user", nil, testToken("user"))
	for name, err := range map[string]error{
		"Load": loadErr, "CompareAndSwap": swapErr, "Installation": installationErr, "Update": updateErr, "ClientKeysAt": sitesErr, "All": allErr, "Reseal": s.Reseal(ctx),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s of a closed store: %v, want os.ErrClosed", name, err)
		}
	}
}

// TestCloseInUse closes a store while it is used: each update either took
// place or says that the store is closed.
func TestCloseInUse(t *testing.T) {
	path := temp(t)
	o := boltstore.Options{InsecureNoEncryption: true}
	s := open(t, path, o)
	const n = 16
	begun, results := make(chan bool, n), make(chan map[string]bool)
	for i := range n {
		go func() {
			acknowledged := make(map[string]bool)
			for j := 0; ; j++ {
				key := fmt.Sprint(i, " ", j)
				_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
					return &store.Installation{ClientKey: key}, nil
				})
				if err == nil {
					_, err = s.Installation(context.Background(), key)
					acknowledged[key] = true
				}
				if err != nil {
					if !errors.Is(err, os.ErrClosed) {
						t.Errorf("while closing: %v", err)
					}
					break
				}
				if j == 0 {
					begun <- true
				}
			}
			results <- acknowledged
		}()
	}
	for range n {
		<-begun
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	total := 0
	reopened := open(t, path, o)
	for range n {
		for key := range <-results {
			total++
			if _, err := reopened.Installation(context.Background(), key); err != nil {
				t.Errorf("acknowledged installation %q: %v", key, err)
			}
		}
	}
	if got := len(collect(t, reopened)); got != total {
		t.Errorf("the file has %d installations, want the %d acknowledged ones", got, total)
	}
}

// TestReadersBesideGrowth reads all the time while the file grows, so that
// bbolt has to enlarge its view of it, for which it waits for the readers.
func TestReadersBesideGrowth(t *testing.T) {
	s := open(t, temp(t), boltstore.Options{InsecureNoEncryption: true})
	install(t, s, "tenant", "secret")
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !done.Load() {
				if _, err := s.Installation(context.Background(), "tenant"); err != nil {
					t.Error(err)
					return
				}
				if _, err := s.ClientKeysAt(context.Background(), "https://tenant.example"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range 40 {
		key := fmt.Sprint(n)
		_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
			return &store.Installation{ClientKey: key, Description: strings.Repeat("d", 100<<10)}, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	wg.Wait()
	if got := len(collect(t, s)); got != 41 {
		t.Errorf("the store has %d installations, want 41", got)
	}
}

type foreignFile struct {
	name string
	make func(t *testing.T, path string)
	kind error
	want string
}

func foreignFiles() []foreignFile {
	boltFile := func(change func(*bolt.Tx) error) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(change), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	content := func(b []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []foreignFile{
		{"empty", content(nil), boltstore.ErrDamaged, "empty"},
		{"one byte", content([]byte{1}), boltstore.ErrDamaged, "not a file of this package"},
		{"text", content(bytes.Repeat([]byte("hello\n"), 10_000)), boltstore.ErrDamaged, "not a file of this package"},
		{"zeros", content(make([]byte, 1<<16)), boltstore.ErrDamaged, "not a file of this package"},
		{"new bbolt", boltFile(func(*bolt.Tx) error { return nil }), boltstore.ErrDamaged, "another program"},
		{"foreign bbolt", boltFile(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket([]byte("settings"))
			return errors.Join(err, b.Put([]byte("k"), []byte("v")))
		}), boltstore.ErrDamaged, "another program"},
		{"foreign meta bucket", boltFile(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket([]byte("meta"))
			return errors.Join(err, b.Put([]byte("k"), []byte("v")))
		}), boltstore.ErrDamaged, "no schema number"},
		{"newer schema", boltFile(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucket([]byte("meta"))
			return errors.Join(err, b.Put([]byte("schema"), []byte("3")))
		}), nil, "newer version"},
		{"folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil, "not a regular file"},
		{"dangling link", func(t *testing.T, path string) {
			if err := os.Symlink(path+".gone", path); err != nil {
				t.Fatal(err)
			}
		}, fs.ErrNotExist, "app.db"},
	}
}

func TestForeignFiles(t *testing.T) {
	for _, c := range foreignFiles() {
		t.Run(c.name, func(t *testing.T) {
			path := temp(t)
			c.make(t, path)
			before, _ := os.ReadFile(path)
			wantOpenError(t, path, boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}, c.kind, c.want)
			wantOpenError(t, path, boltstore.Options{InsecureNoEncryption: true}, c.kind, c.want)
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("Open changed the file")
			}
		})
	}
}

func TestNoFolder(t *testing.T) {
	wantOpenError(t, filepath.Join(t.TempDir(), "none", "app.db"),
		boltstore.Options{InsecureNoEncryption: true}, fs.ErrNotExist, "create")
}

// TestLimits tries what is too large to be stored.
func TestLimits(t *testing.T) {
	s := open(t, temp(t), boltstore.Options{InsecureNoEncryption: true})
	for _, c := range []struct {
		name string
		inst store.Installation
		want string
	}{
		{"client key", store.Installation{ClientKey: strings.Repeat("k", 16<<10+1)}, "client key has 16385 bytes"},
		{"record", store.Installation{ClientKey: "k", Description: strings.Repeat("d", 1<<20)}, "more than 1048576"},
		{"text", store.Installation{ClientKey: "k", Description: "\xff"}, "UTF-8"},
	} {
		_, err := s.Update(context.Background(), c.inst.ClientKey, func(*store.Installation) (*store.Installation, error) {
			return &c.inst, nil
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
	if got := len(collect(t, s)); got != 0 {
		t.Errorf("%d installations were stored", got)
	}
	large := store.Installation{
		ClientKey: strings.Repeat("k", 16<<10), Description: strings.Repeat("d", 1<<20-1<<10), BaseURL: strings.Repeat("u", 100),
	}
	for range 3 {
		_, err := s.Update(context.Background(), large.ClientKey, func(*store.Installation) (*store.Installation, error) {
			return &large, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := collect(t, s)[large.ClientKey]; got == nil || got.Description != large.Description {
		t.Error("a large installation did not come back")
	}
}

// TestFullDisk checks that a group whose write fails is refused as a whole,
// and that the store goes on.
func TestFullDisk(t *testing.T) {
	path := temp(t)
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	s := open(t, path, o)
	want := fill(t, s, 50)
	s.LimitSize(64 << 10)
	const n = 40
	failures := make(chan error)
	for i := range n {
		go func() {
			_, err := s.Update(context.Background(), fmt.Sprint("large ", i), func(*store.Installation) (*store.Installation, error) {
				return &store.Installation{ClientKey: fmt.Sprint("large ", i), Description: strings.Repeat("d", 100<<10)}, nil
			})
			failures <- err
		}()
	}
	for range n {
		if err := <-failures; err == nil || !strings.Contains(err.Error(), "maximum") {
			t.Errorf("an update beyond the end of the disk: %v", err)
		}
	}
	large := &tokenstore.Token{Access: store.NewSecret(strings.Repeat("a", 100<<10))}
	if ok, err := s.Tokens().CompareAndSwap(context.Background(), "large", nil, large); ok || err == nil || !strings.Contains(err.Error(), "maximum") {
		t.Errorf("a swap beyond the end of the disk = %t, %v", ok, err)
	}
	if _, err := s.Tokens().Load(context.Background(), "large"); !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("after it Load: %v, want ErrNotFound", err)
	}
	if d := diff(collect(t, s), want); d != "" {
		t.Error(d)
	}
	s.LimitSize(0)
	install(t, s, "later", "secret")
	want["later"], _ = s.Installation(context.Background(), "later")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if d := diff(collect(t, open(t, path, o)), want); d != "" {
		t.Error(d)
	}
}
