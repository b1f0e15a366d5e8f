package boltstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// fill stores n different installations at the same time, some on the same
// site and some large, and returns all by client key.
func fill(t *testing.T, s *boltstore.Store, n int) map[string]*store.Installation {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			inst := &store.Installation{
				Key: "app", ClientKey: fmt.Sprintf("tenant-%d", i), BaseURL: fmt.Sprintf("https://site-%d.example", i/2),
				State: store.Installed, SharedSecret: store.NewSecret(fmt.Sprintf("shared secret of %d", i)),
				SignedEventIAT: time.Unix(int64(i)*1e6, 0).UTC(),
				Extra:          map[string]json.RawMessage{"n": json.RawMessage(fmt.Sprint(i))},
			}
			if i%20 == 0 {
				inst.Description = strings.Repeat("large ", 1500)
			}
			_, err := s.Update(context.Background(), inst.ClientKey, func(*store.Installation) (*store.Installation, error) {
				return inst, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return collect(t, s)
}

// collect returns everything in the store.
func collect(t *testing.T, s store.Store) map[string]*store.Installation {
	t.Helper()
	got, err := readAll(s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func readAll(s store.Store) (map[string]*store.Installation, error) {
	out := make(map[string]*store.Installation)
	for inst, err := range s.All(context.Background()) {
		if err != nil {
			return nil, err
		}
		out[inst.ClientKey] = inst
	}
	return out, nil
}

// diff says how got differs from want.
func diff(got, want map[string]*store.Installation) string {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		switch {
		case got[key] == nil:
			return fmt.Sprintf("%s is missing", key)
		case !reflect.DeepEqual(got[key], want[key]):
			return fmt.Sprintf("%s is another", key)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("there are %d installations instead of %d", len(got), len(want))
	}
	return ""
}

// state is all that a file holds.
type state struct {
	insts  map[string]*store.Installation
	tokens map[string]*tokenstore.Token
}

func stateOf(t *testing.T, s *boltstore.Store) state {
	t.Helper()
	return state{insts: collect(t, s), tokens: collectTokens(t, s)}
}

// diffState says how got differs from want.
func diffState(got, want state) string {
	if d := diff(got.insts, want.insts); d != "" {
		return d
	}
	return diffTokens(got.tokens, want.tokens)
}

// sampleFile returns the path, content and state of a closed file that has
// lived: it has free pages and branch pages, and both its header pages belong
// to states that differ.
func sampleFile(t *testing.T, o boltstore.Options) (string, []byte, state) {
	t.Helper()
	path := temp(t)
	s := open(t, path, o)
	fill(t, s, 60)
	fillTokens(t, s)
	swap(t, s, tokenKeys[3], testToken(tokenKeys[3]), nil)
	swap(t, s, tokenKeys[9], testToken(tokenKeys[9]), testToken("rotated"))
	for _, key := range []string{"tenant-7", "tenant-40", "tenant-55"} {
		_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	install(t, s, "last", "the last secret")
	want := stateOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content, want
}

// checkDamaged opens a file with that content. It must be refused, or hold
// exactly what was stored, by every way to read it, and stay usable.
func checkDamaged(t *testing.T, path string, content []byte, o boltstore.Options, want state) (refused bool) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, o)
	if err != nil {
		return true
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if d := diffState(stateOf(t, s), want); d != "" {
		t.Errorf("opened although %s", d)
	}
	ctx := context.Background()
	for _, key := range []string{"last", "tenant-0", "tenant-59", "tenant-7"} {
		got, err := s.Installation(ctx, key)
		if !reflect.DeepEqual(got, want.insts[key]) || (err == nil) != (want.insts[key] != nil) {
			t.Errorf("opened although %s gives %v", key, err)
		}
	}
	keys, err := s.ClientKeysAt(ctx, "https://site-2.example")
	if err != nil || !slices.Equal(keys, []string{"tenant-4", "tenant-5"}) {
		t.Errorf("opened although the index gives %q, %v", keys, err)
	}
	return false
}

// TestDamage changes a file in many ways.
func TestDamage(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	path, content, want := sampleFile(t, o)
	if checkDamaged(t, path, content, o, want) {
		t.Fatal("the file is refused as it is")
	}
	pageSize := os.Getpagesize()
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	other := bytes.Clone(content)
	refusals, tries := 0, 0
	try := func(name string, damage func(b []byte) []byte) {
		copy(other, content)
		tries++
		if checkDamaged(t, path, damage(other), o, want) {
			refusals++
		}
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, name)
		}
	}
	flip := func(at int) {
		bit := byte(1) << rnd.IntN(8)
		try(fmt.Sprintf("bit %02x of byte %d", bit, at), func(b []byte) []byte { b[at] ^= bit; return b })
	}
	for page := 0; page < len(content); page += pageSize {
		for range 8 { // heads and elements
			flip(page + rnd.IntN(96))
		}
		for range 2 { // anywhere
			flip(page + rnd.IntN(pageSize))
		}
		try(fmt.Sprintf("zeros from %d", page), func(b []byte) []byte { clear(b[page : page+pageSize]); return b })
		try(fmt.Sprintf("ones from %d", page), func(b []byte) []byte {
			copy(b[page:], bytes.Repeat([]byte{0xff}, pageSize))
			return b
		})
		from := rnd.IntN(len(content)/pageSize) * pageSize
		try(fmt.Sprintf("page at %d over %d", from, page), func(b []byte) []byte {
			copy(b[page:page+pageSize], content[from:])
			return b
		})
	}
	for range 40 {
		n := rnd.IntN(len(content))
		try(fmt.Sprintf("cut at %d", n), func(b []byte) []byte { return b[:n] })
		at := rnd.IntN(len(content) - 64)
		try(fmt.Sprintf("64 random bytes at %d", at), func(b []byte) []byte {
			for i := range 64 {
				b[at+i] = byte(rnd.Uint32())
			}
			return b
		})
	}
	if refusals == 0 || refusals == tries {
		t.Errorf("%d of %d damaged files were refused", refusals, tries)
	}
}

// TestCutAtPages cuts the file at every page.
func TestCutAtPages(t *testing.T) {
	o := boltstore.Options{InsecureNoEncryption: true}
	path, content, want := sampleFile(t, o)
	for n := 0; n < len(content); n += os.Getpagesize() {
		checkDamaged(t, path, content[:n], o, want)
		checkDamaged(t, path, content[:n+1], o, want)
	}
	wantOpenError(t, writeFile(t, content[:4*os.Getpagesize()]), o, boltstore.ErrDamaged, "cut off")
}

func writeFile(t *testing.T, content []byte) string {
	t.Helper()
	path := temp(t)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFormerPages puts single pages of the state one change before into the
// file, as a disk that lost a write does.
func TestFormerPages(t *testing.T) {
	o := boltstore.Options{InsecureNoEncryption: true}
	path, former, _ := sampleFile(t, o)
	s := open(t, path, o)
	install(t, s, "tenant-4", "rotated")
	install(t, s, "tenant-5", "rotated")
	install(t, s, "tenant-5", "rotated again")
	_, err := s.Update(context.Background(), "tenant-5", func(i *store.Installation) (*store.Installation, error) {
		i.BaseURL = "https://site-2.example"
		return i, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Update(context.Background(), "tenant-4", func(i *store.Installation) (*store.Installation, error) {
		i.BaseURL = "https://site-2.example"
		return i, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	swap(t, s, tokenKeys[4], testToken(tokenKeys[4]), testToken("rotated"))
	swap(t, s, tokenKeys[4], testToken("rotated"), testToken("rotated again"))
	swap(t, s, tokenKeys[20], testToken(tokenKeys[20]), nil)
	want := stateOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	pageSize := os.Getpagesize()
	for page := 2 * pageSize; page < len(former); page += pageSize {
		mixed := bytes.Clone(content)
		if copy(mixed[page:page+pageSize], former[page:]); bytes.Equal(mixed, content) {
			continue
		}
		if checkDamaged(t, path, mixed, o, want) {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no file with a former page was refused")
	}
}

// TestLostHeader damages the newer header: the state before is intact, but an
// acknowledged change is not in it.
func TestLostHeader(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	_, content, want := sampleFile(t, o)
	rollback := o
	rollback.InsecureAcceptRollback = true
	outcomes := make(map[string]int)
	for _, page := range []int{0, 1} {
		misplaced := bytes.Clone(content)
		misplaced[page*os.Getpagesize()] ^= 2 // the page's own number
		path := writeFile(t, misplaced)
		wantOpenError(t, path, o, boltstore.ErrDamaged, "InsecureAcceptRollback")
		if d := diffState(stateOf(t, open(t, path, rollback)), want); d != "" {
			t.Errorf("with a wrong page number %s", d)
		}

		damaged := bytes.Clone(content)
		damaged[page*os.Getpagesize()+40] ^= 1
		path = writeFile(t, damaged)
		wantOpenError(t, path, o, boltstore.ErrDamaged, "InsecureAcceptRollback")
		s := open(t, path, rollback)
		got := stateOf(t, s)
		outcomes[diffState(got, want)]++
		install(t, s, "later", "secret")
		got.insts["later"], _ = s.Installation(context.Background(), "later")
		swap(t, s, tokenKeys[3], nil, testToken("later"))
		got.tokens[tokenKeys[3]] = testToken("later")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if d := diffState(stateOf(t, open(t, path, o)), got); d != "" {
			t.Errorf("after the file was repaired by a write: %s", d)
		}
	}
	if outcomes[""] != 1 || outcomes["last is missing"] != 1 {
		t.Errorf("the two headers give %v, want the last state and the one before", outcomes)
	}
	for _, page := range []int{0, 1} { // one in the place of the other
		copied := bytes.Clone(content)
		copy(copied[page*os.Getpagesize():][:os.Getpagesize()], content[(1-page)*os.Getpagesize():])
		wantOpenError(t, writeFile(t, copied), o, boltstore.ErrDamaged, "InsecureAcceptRollback")
		copied[page*os.Getpagesize()] = byte(page) // with the number of its place
		wantOpenError(t, writeFile(t, copied), o, boltstore.ErrDamaged, "InsecureAcceptRollback")
	}
	for _, page := range []int{0, 1} {
		copy(content[page*os.Getpagesize():], make([]byte, 100))
	}
	wantOpenError(t, writeFile(t, content), rollback, boltstore.ErrDamaged, "not a file of this package")
}

// TestCutWhileOpen cuts an open file off under readers and writers. Memory
// that the file no longer backs ends a process unless it is caught.
func TestCutWhileOpen(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	for _, keep := range []int64{0, 1, 3} {
		path := temp(t)
		s, err := boltstore.Open(path, o)
		if err != nil {
			t.Fatal(err)
		}
		want := fill(t, s, 60)
		fillTokens(t, s)
		if err := os.Truncate(path, keep*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				key := fmt.Sprintf("tenant-%d", i)
				if i%2 == 0 {
					got, err := s.Installation(context.Background(), key)
					wantDamage(t, reflect.DeepEqual(got, want[key]), err)
					return
				}
				_, err := s.Update(context.Background(), key, func(i *store.Installation) (*store.Installation, error) {
					return i, nil
				})
				wantDamage(t, false, err)
			})
		}
		wg.Wait()
		_, err = readAll(s)
		wantDamage(t, false, err)
		token, err := s.Tokens().Load(context.Background(), tokenKeys[0])
		wantDamage(t, token.Equal(testToken(tokenKeys[0])), err)
		_, err = s.Tokens().CompareAndSwap(context.Background(), tokenKeys[0], testToken(tokenKeys[0]), nil)
		wantDamage(t, false, err)
		_, err = s.ClientKeysAt(context.Background(), "https://site-1.example")
		wantDamage(t, false, err)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wantOpenError(t, path, o, boltstore.ErrDamaged, "damaged")
	}
}

func wantDamage(t *testing.T, right bool, err error) {
	t.Helper()
	if !errors.Is(err, boltstore.ErrDamaged) && (err != nil || !right) {
		t.Errorf("a file that is cut off gives %v, want ErrDamaged or right data", err)
	}
}

// FuzzInspect changes bytes of a file and looks for what inspection does not
// survive.
func FuzzInspect(f *testing.F) {
	o := boltstore.Options{InsecureNoEncryption: true}
	path := f.TempDir() + "/app.db"
	s, err := boltstore.Open(path, o)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 40 {
		key := fmt.Sprint(i)
		_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
			return &store.Installation{ClientKey: key, Description: strings.Repeat("d", 300)}, nil
		})
		if err != nil {
			f.Fatal(err)
		}
		if ok, err := s.Tokens().CompareAndSwap(context.Background(), key, nil, testToken(key)); !ok || err != nil {
			f.Fatal(ok, err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	if err := boltstore.Inspect(bytes.NewReader(content), int64(len(content)), o); err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(4096*3+8), []byte{0xff, 0xff})
	f.Add(uint32(4096*5), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		damaged := bytes.Clone(content)
		copy(damaged[int(at)%len(damaged):], patch)
		err := boltstore.Inspect(bytes.NewReader(damaged), int64(len(damaged)), o)
		if err != nil && !errors.Is(err, boltstore.ErrDamaged) && !errors.Is(err, boltstore.ErrKey) &&
			!strings.Contains(err.Error(), "newer version") {
			t.Errorf("a damaged file gives %v", err)
		}
	})
}
