package lifecycle_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

const day = 24 * time.Hour

// keys returns the client keys that are stored.
func (a *app) clientKeys() []string {
	a.t.Helper()
	return slices.Sorted(maps.Keys(a.snapshot()))
}

// purge calls Purge and compares what it did.
func (a *app) purge(want int, left ...string) {
	a.t.Helper()
	got, err := a.lifecycle.Purge(a.t.Context())
	if got != want || err != nil {
		a.t.Errorf("Purge: got %d, %v, want %d", got, err, want)
	}
	if got := a.clientKeys(); !slices.Equal(got, left) {
		a.t.Errorf("left: got %q, want %q", got, left)
	}
}

func TestPurge(t *testing.T) {
	for _, tt := range []struct {
		name      string
		retention time.Duration
		want      time.Duration
	}{
		{"30 days unless said otherwise", 0, 30 * day},
		{"2 hours", 2 * time.Hour, 2 * time.Hour},
		{"a year", 365 * day, 365 * day},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJournal(t)
			changed := map[string]int{}
			a := newApp(t, setup{retention: tt.retention, hooks: j.hooks(), changed: func(key string) { changed[key]++ }})
			a.must(
				event{kind: installed, second: 1, secret: "s1"},
				event{kind: installed, second: 1, secret: "s2", client: "gone"}, event{kind: uninstalled, second: 2, client: "gone"},
				event{kind: uninstalled, second: 2, client: "never"},
			)
			j.take()
			clear(changed)
			a.purge(0, "acme", "gone", "never")
			a.clock.set(now.Add(tt.want - 1))
			a.purge(0, "acme", "gone", "never")
			j.check()
			a.clock.set(now.Add(tt.want))
			a.purge(2, "acme")
			j.check("purge gone: uninstalled at "+siteURL, "purge never: uninstalled at "+siteURL)
			if want := map[string]int{"gone": 1, "never": 1}; !maps.Equal(changed, want) {
				t.Errorf("told of changes: got %v, want %v", changed, want)
			}
			a.purge(0, "acme")
			j.check()
		})
	}
}

// TestPurgeKeepsReinstalled holds that a reinstall ends the waiting, and that a
// second uninstall begins it anew: while the mark stands, an install from
// before the second uninstall is refused.
func TestPurgeKeepsReinstalled(t *testing.T) {
	a := newApp(t, setup{retention: 2 * time.Hour})
	a.must(
		event{kind: installed, second: 1, secret: "s1"}, event{kind: uninstalled, second: 2}, event{kind: installed, second: 3, secret: "s3"},
		event{kind: installed, second: 1, secret: "s2", client: "twice"}, event{kind: uninstalled, second: 2, client: "twice"},
	)
	last := 2*60*60 - 10 // seconds, just before the end of the first waiting
	a.clock.setSecond(last)
	late := event{kind: installed, second: last - 1, secret: "s3", client: "twice"}.request()
	a.must(event{kind: uninstalled, second: last, client: "twice"})
	a.clock.set(now.Add(2 * time.Hour))
	a.purge(0, "acme", "twice")
	if got := a.do(late).status; got != http.StatusUnauthorized {
		t.Errorf("an install from before the second uninstall: got %d, want 401", got)
	}
	a.clock.setSecond(last + 2*60*60)
	a.purge(1, "acme")
}

func TestPurgeHookFails(t *testing.T) {
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			broken := true
			a := newApp(t, setup{hooks: lifecycle.Hooks{OnPurge: func(_ context.Context, inst *store.Installation) error {
				if broken && inst.ClientKey == "b" {
					return fail()
				}
				return nil
			}}})
			for _, key := range []string{"a", "b", "c"} {
				a.must(event{kind: installed, second: 1, secret: "s" + key, client: key}, event{kind: uninstalled, second: 2, client: key})
			}
			a.clock.set(now.Add(30 * day))
			got, err := a.lifecycle.Purge(t.Context())
			if got != 2 || err == nil || !strings.Contains(err.Error(), `"b"`) {
				t.Errorf("got %d, %v, want 2 and an error about b", got, err)
			}
			if left := a.clientKeys(); !slices.Equal(left, []string{"b"}) {
				t.Errorf("left: got %q, want b", left)
			}
			broken = false
			a.purge(1)
		})
	}
}

// TestPurgeStoreFails holds that a store that breaks off is reported, with what
// was done before.
func TestPurgeStoreFails(t *testing.T) {
	s := &sabotage{Store: store.NewMemory(), err: errors.New("disk on fire")}
	a := newApp(t, setup{store: s})
	a.must(event{kind: uninstalled, second: 1})
	a.clock.set(now.Add(30 * day))
	s.writeFails.Store(true)
	if got, err := a.lifecycle.Purge(t.Context()); got != 0 || err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("write: got %d, %v, want 0 and the store's error", got, err)
	}
	s.writeFails.Store(false)
	s.listFails.Store(true)
	if got, err := a.lifecycle.Purge(t.Context()); got != 1 || err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("list: got %d, %v, want 1 and the store's error", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.listFails.Store(false)
	a.clock.setSecond(10)
	if got, err := a.lifecycle.Purge(ctx); got != 0 || err != nil {
		t.Errorf("nothing stored, cancelled: got %d, %v, want 0", got, err)
	}
	a.must(event{kind: uninstalled, second: 1})
	if got, err := a.lifecycle.Purge(ctx); got != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %d, %v, want the context's error", got, err)
	}
}

// TestPurgeAndReinstall lets the tenant come back through another process while
// Purge has its hook behind it: the tenant stays.
func TestPurgeAndReinstall(t *testing.T) {
	shared := store.NewMemory()
	keys := newKeyServer(t)
	other := newApp(t, setup{keys: keys, store: shared})
	s := &sabotage{Store: shared}
	j := newJournal(t)
	a := newApp(t, setup{keys: keys, store: s, hooks: j.hooks(), retention: 2 * time.Hour})
	a.must(event{kind: installed, second: 1, secret: "s1"}, event{kind: uninstalled, second: 2})
	j.take()
	later := 3 * 60 * 60
	a.clock.setSecond(later)
	other.clock.setSecond(later)
	s.before = func(string) { other.must(event{kind: installed, second: later, secret: "s2"}) }
	a.purge(0, "acme")
	j.check("purge acme: uninstalled at " + siteURL)
	if got, want := life(a.stored("acme")), "live s2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPurgeAndReinstallHere lets the tenant come back while the hook of Purge
// runs: the install waits for it and begins a new record.
func TestPurgeAndReinstallHere(t *testing.T) {
	later := 3 * 60 * 60
	var a *app
	status := make(chan int, 1)
	j := newJournal(t)
	hooks := j.hooks()
	onPurge := hooks.OnPurge
	hooks.OnPurge = func(ctx context.Context, inst *store.Installation) error {
		r := event{kind: installed, second: later, secret: "s2"}.request()
		go func() { status <- a.do(r).status }()
		return onPurge(ctx, inst)
	}
	a = newApp(t, setup{hooks: hooks, retention: 2 * time.Hour})
	a.must(event{kind: installed, second: 1, secret: "s1"}, event{kind: uninstalled, second: 2})
	a.clock.setSecond(later)
	j.take()
	if got, err := a.lifecycle.Purge(t.Context()); got != 1 || err != nil {
		t.Errorf("Purge: got %d, %v, want 1", got, err)
	}
	if got := <-status; got != http.StatusNoContent {
		t.Errorf("install: got %d, want 204", got)
	}
	j.check("purge acme: uninstalled at "+siteURL, "install acme: none, then installed s2 at "+siteURL)
}

func TestNew(t *testing.T) {
	s := store.NewMemory()
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{"https://keys.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.NewVerifier(auth.Config{AppKey: appKey, BaseURLs: []string{appURL}, Installations: s, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		edit func(*lifecycle.Config)
		want string // in the error, "" for none
	}{
		{"all that is required", func(*lifecycle.Config) {}, ""},
		{"no app key", func(c *lifecycle.Config) { c.AppKey = "" }, "app key"},
		{"no verifier", func(c *lifecycle.Config) { c.Verifier = nil }, "verifier"},
		{"no store", func(c *lifecycle.Config) { c.Store = nil }, "store"},
		{"no hosts", func(c *lifecycle.Config) { c.Hosts = nil }, "hosts"},
		{"a host pattern that is a URL", func(c *lifecycle.Config) { c.Hosts = auth.HostPatterns{"https://x.example.com"} }, "pattern"},
		{"a host pattern for all", func(c *lifecycle.Config) { c.Hosts = auth.HostPatterns{"*"} }, "pattern"},
		{"2 hours of retention", func(c *lifecycle.Config) { c.Retention = 2 * time.Hour }, ""},
		{"less retention", func(c *lifecycle.Config) { c.Retention = 2*time.Hour - 1 }, "retention"},
		{"negative retention", func(c *lifecycle.Config) { c.Retention = -1 }, "retention"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := lifecycle.Config{AppKey: appKey, Verifier: verifier, Store: s, Hosts: auth.HostPatterns{"*.atlassian.net"}}
			tt.edit(&cfg)
			l, err := lifecycle.New(cfg)
			if (err == nil) != (tt.want == "") || (l != nil) != (tt.want == "") {
				t.Fatalf("got %v, %v", l, err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to speak of the %s", err, tt.want)
			}
		})
	}
}
