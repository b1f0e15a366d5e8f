package lifecycle_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

// journal writes down the hooks that ran, and fails the test when two of one
// tenant run at the same time.
type journal struct {
	t testing.TB

	mu     sync.Mutex
	lines  []string
	inside map[string]int
}

func newJournal(t testing.TB) *journal {
	return &journal{t: t, inside: make(map[string]int)}
}

// entry writes a line, and is called before and, deferred, after.
func (j *journal) entry(clientKey, format string, args ...any) (leave func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
	if j.inside[clientKey]++; j.inside[clientKey] > 1 {
		j.t.Errorf("two hooks of %s at the same time", clientKey)
	}
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.inside[clientKey]--
	}
}

// take returns the lines since the last take.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

// check compares the lines since the last take.
func (j *journal) check(want ...string) {
	j.t.Helper()
	if got := j.take(); !slices.Equal(got, want) {
		j.t.Errorf("hooks\n got %q\nwant %q", got, want)
	}
}

func (j *journal) hooks() lifecycle.Hooks {
	one := func(name string) func(context.Context, *store.Installation) error {
		return func(_ context.Context, inst *store.Installation) error {
			defer j.entry(inst.ClientKey, "%s %s: %s", name, inst.ClientKey, summary(inst))()
			return nil
		}
	}
	return lifecycle.Hooks{
		OnInstall: func(_ context.Context, former, current *store.Installation) error {
			defer j.entry(current.ClientKey, "install %s: %s, then %s", current.ClientKey, summary(former), summary(current))()
			return nil
		},
		OnSiteImport: func(_ context.Context, current *store.Installation, others []*store.Installation) error {
			var keys []string
			for _, o := range others {
				keys = append(keys, o.ClientKey)
			}
			defer j.entry(current.ClientKey, "import %s: in place of %s", current.ClientKey, strings.Join(keys, ", "))()
			return nil
		},
		OnUninstall: one("uninstall"),
		OnEnable:    one("enable"),
		OnDisable:   one("disable"),
		OnPurge:     one("purge"),
	}
}
