package storetest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

// This file is white-box because checks must report to something that does not
// fail the test.

// recording notes failures.
type recording struct {
	mu       sync.Mutex
	failures []string
}

func (r *recording) Helper() {}

func (r *recording) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recording) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failures runs a check and returns what it reports.
func failures(run func(r reporter)) []string {
	r := &recording{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		run(r)
	}()
	<-done
	return r.failures
}

func TestBrokenStores(t *testing.T) {
	for name, open := range brokenStores() {
		t.Run(name, func(t *testing.T) {
			wanted, _, _ := strings.Cut(name, ":")
			i := slices.IndexFunc(checks(), func(c check) bool { return c.name == wanted })
			if i < 0 {
				t.Fatalf("there is no check %q", wanted)
			}
			c := checks()[i]
			if got := failures(func(r reporter) { c.run(r, open()) }); len(got) == 0 {
				t.Errorf("the check %q does not notice", wanted)
			}
			if got := failures(func(r reporter) { c.run(r, store.NewMemory()) }); len(got) != 0 {
				t.Errorf("the check %q finds a fault in Memory: %q", wanted, got)
			}
		})
	}
}

// TestEveryCheckHasABrokenStore keeps the table above complete.
func TestEveryCheckHasABrokenStore(t *testing.T) {
	// A store that breaks these would hang, or needs the race detector.
	without := []string{"goroutine ends in change", "races"}
	for _, c := range checks() {
		found := slices.Contains(without, c.name)
		for name := range brokenStores() {
			wanted, _, _ := strings.Cut(name, ":")
			found = found || wanted == c.name
		}
		if !found {
			t.Errorf("no broken store for %q", c.name)
		}
	}
}

func TestForgetfulStore(t *testing.T) {
	lose := map[string]func(store.Store) store.Store{
		"everything": func(store.Store) store.Store { return store.NewMemory() },
		"one installation": func(s store.Store) store.Store {
			for inst := range s.All(context.Background()) {
				_, _ = s.Update(context.Background(), inst.ClientKey, fixed(nil))
				break
			}
			return s
		},
		"a secret": func(s store.Store) store.Store {
			for inst := range s.All(context.Background()) {
				inst.SharedSecret = store.NewSecret("of nobody")
				_, _ = s.Update(context.Background(), inst.ClientKey, fixed(inst))
				break
			}
			return s
		},
	}
	for name, reopen := range lose {
		if got := failures(func(r reporter) { checkDurability(r, store.NewMemory(), reopen) }); len(got) == 0 {
			t.Errorf("the durability check does not notice the loss of %s", name)
		}
	}
	keep := func(s store.Store) store.Store { return s }
	if got := failures(func(r reporter) { checkDurability(r, store.NewMemory(), keep) }); len(got) != 0 {
		t.Errorf("the durability check finds a fault in a store that loses nothing: %q", got)
	}
}

// TestSeed repeats a failing history by the seed it prints.
func TestSeed(t *testing.T) {
	open := brokenStores()["random histories: forgets renames"]
	t.Setenv("STORETEST_SEED", "12345")
	got := failures(func(r reporter) { checkHistories(r, open()) })
	if len(got) == 0 || !strings.Contains(got[0], "STORETEST_SEED=12345") || !strings.Contains(got[0], "steps:") {
		t.Fatalf("a failing history reports %q", got)
	}
	t.Setenv("STORETEST_SEED", "x")
	if got := failures(func(r reporter) { checkHistories(r, store.NewMemory()) }); len(got) != 1 || !strings.Contains(got[0], "STORETEST_SEED") {
		t.Errorf("a seed that is no number gives %q", got)
	}
}
