package lifecycle_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

// teapot is an error that wants to choose its own answer.
type teapot struct{}

func (teapot) Error() string             { return "short and stout" }
func (teapot) HTTPStatus() int           { return http.StatusTeapot }
func (teapot) RetryAfter() time.Duration { return time.Hour }

// failures are the ways in which the app's own code fails.
var failures = map[string]func() error{
	"an error":                           func() error { return errors.New("no room") },
	"an error with a status":             func() error { return teapot{} },
	"a body too long":                    func() error { return &http.MaxBytesError{Limit: 1} },
	"not found":                          func() error { return store.ErrNotFound },
	"a panic":                            func() error { panic("no room") },
	"a panic with an error":              func() error { panic(teapot{}) },
	"a panic that would end the request": func() error { panic(http.ErrAbortHandler) },
}

// failing returns hooks that all do what fail does.
func failing(fail func() error) lifecycle.Hooks {
	one := func(context.Context, *store.Installation) error { return fail() }
	return lifecycle.Hooks{
		OnInstall:    func(context.Context, *store.Installation, *store.Installation) error { return fail() },
		OnSiteImport: func(context.Context, *store.Installation, []*store.Installation) error { return fail() },
		OnUninstall:  one, OnEnable: one, OnDisable: one, OnPurge: one,
	}
}

// TestHookFails holds that a hook that fails leaves the store as it was, and
// that the same event is taken once the hook works.
func TestHookFails(t *testing.T) {
	keys := newKeyServer(t)
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			s := store.NewMemory()
			good := newApp(t, setup{keys: keys, store: s})
			good.must(event{kind: installed, second: 1, secret: "s1"})
			bad := newApp(t, setup{keys: keys, store: s, hooks: failing(fail), changed: func(string) { t.Error("told of a change") }})
			justImport := newApp(t, setup{keys: keys, store: s, hooks: lifecycle.Hooks{OnSiteImport: failing(fail).OnSiteImport}})
			j := newJournal(t)
			for _, e := range []event{
				{kind: enabled, second: 2, secret: "s1"}, {kind: disabled, second: 3, secret: "s1"},
				{kind: installed, second: 5, secret: "s2"}, {kind: installed, second: 6, secret: "s3", client: "new"},
				{kind: uninstalled, second: 7},
			} {
				r := e.request()
				got := checkRefused(t, bad, j, r, http.StatusServiceUnavailable)
				if got.header.Get("Retry-After") != "" {
					t.Errorf("%s: the hook chose Retry-After %q", e.kind, got.header.Get("Retry-After"))
				}
				if e.client == "new" {
					checkRefused(t, justImport, j, r, http.StatusServiceUnavailable)
				}
				good.must(e)
			}
		})
	}
}

// TestHookArguments holds that a hook works on copies.
func TestHookArguments(t *testing.T) {
	spoil := func(installations ...*store.Installation) {
		for _, inst := range installations {
			if inst == nil {
				continue
			}
			for _, value := range inst.Extra {
				copy(value, "!!!")
			}
			inst.Extra["more"] = []byte("1")
			inst.SharedSecret, inst.BaseURL, inst.State = store.Secret{}, "https://example.com", store.Uninstalled
			inst.ClientKey = "other"
		}
	}
	one := func(_ context.Context, inst *store.Installation) error { spoil(inst); return nil }
	spoiling := lifecycle.Hooks{
		OnInstall: func(_ context.Context, former, current *store.Installation) error {
			spoil(former, current)
			return nil
		},
		OnSiteImport: func(_ context.Context, current *store.Installation, others []*store.Installation) error {
			spoil(append(others, current)...)
			return nil
		},
		OnUninstall: one, OnEnable: one, OnDisable: one,
	}
	keys := newKeyServer(t)
	plain, spoilt := newApp(t, setup{keys: keys}), newApp(t, setup{keys: keys, hooks: spoiling})
	x := members{"x": "abcdef"}
	for _, e := range []event{
		{kind: installed, second: 1, secret: "s1", members: x}, {kind: enabled, second: 2, secret: "s1"},
		{kind: installed, second: 3, secret: "s2", members: x}, {kind: disabled, second: 4, secret: "s2"},
		{kind: installed, second: 5, secret: "s3", client: "new", members: x}, {kind: uninstalled, second: 6},
	} {
		r := e.request()
		if a, b := plain.do(r).status, spoilt.do(r).status; a != http.StatusNoContent || b != a {
			t.Fatalf("%s of second %d: got %d and %d, want 204", e.kind, e.second, a, b)
		}
		if got, want := spoilt.snapshot(), plain.snapshot(); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s of second %d: store\n got %+v\nwant %+v", e.kind, e.second, got["acme"], want["acme"])
		}
	}
}

// TestHookBeforeStore holds that a hook runs before its event can be seen.
func TestHookBeforeStore(t *testing.T) {
	s := store.NewMemory()
	var seen []string
	look := func(ctx context.Context, inst *store.Installation) error {
		current, err := s.Installation(ctx, inst.ClientKey)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		seen = append(seen, summary(current))
		return nil
	}
	a := newApp(t, setup{store: s, hooks: lifecycle.Hooks{
		OnInstall: func(ctx context.Context, _, current *store.Installation) error { return look(ctx, current) },
		OnEnable:  look, OnUninstall: look,
	}})
	a.must(event{kind: installed, second: 1, secret: "s1"}, event{kind: enabled, second: 2, secret: "s1"}, event{kind: uninstalled, second: 3})
	want := []string{"none", "installed s1 at " + siteURL, "enabled s1 at " + siteURL}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("hooks saw\n got %q\nwant %q", seen, want)
	}
}

// sabotage is a store that fails, or whose records another process changes.
type sabotage struct {
	store.Store
	before     func(clientKey string) // runs before each Update
	readFails  atomic.Bool
	writeFails atomic.Bool
	listFails  atomic.Bool
	lost       string // cannot be read; that of nobody at least
	err        error
}

func (s *sabotage) Installation(ctx context.Context, clientKey string) (*store.Installation, error) {
	if s.readFails.Load() || s.lost == clientKey || len(clientKey) > 1000 {
		return nil, s.err
	}
	return s.Store.Installation(ctx, clientKey)
}

func (s *sabotage) Update(ctx context.Context, clientKey string, change func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	if s.writeFails.Load() {
		return nil, s.err
	}
	if s.before != nil {
		s.before(clientKey)
	}
	return s.Store.Update(ctx, clientKey, change)
}

func (s *sabotage) ClientKeysAt(ctx context.Context, baseURL string) ([]string, error) {
	if s.listFails.Load() {
		return nil, s.err
	}
	return s.Store.ClientKeysAt(ctx, baseURL)
}

func (s *sabotage) All(ctx context.Context) iter.Seq2[*store.Installation, error] {
	if !s.listFails.Load() {
		return s.Store.All(ctx)
	}
	return func(yield func(*store.Installation, error) bool) {
		for inst, err := range s.Store.All(ctx) {
			if !yield(inst, err) {
				return
			}
		}
		yield(nil, s.err)
	}
}

// TestStoreFails holds that trouble with the store is the app's, whatever the
// store's error says.
func TestStoreFails(t *testing.T) {
	j := newJournal(t)
	s := &sabotage{Store: store.NewMemory(), err: errors.New("disk on fire")}
	a := newApp(t, setup{store: s, hooks: lifecycle.Hooks{OnSiteImport: j.hooks().OnSiteImport}})
	a.must(event{kind: installed, second: 1, secret: "s1"})
	events := map[string]event{
		"install":   {kind: installed, second: 5, secret: "s2"},
		"new":       {kind: installed, second: 5, secret: "s2", client: "unseen", members: members{"baseUrl": renamed}},
		"mark":      {kind: uninstalled, second: 5, client: "unseen"},
		"uninstall": {kind: uninstalled, second: 5},
		"enable":    {kind: enabled, second: 5, secret: "s1"},
		"disable":   {kind: disabled, second: 5, secret: "s1"},
	}
	for name, e := range events {
		for what, fails := range map[string]*atomic.Bool{"read": &s.readFails, "write": &s.writeFails} {
			fails.Store(true)
			t.Run(name+", "+what, func(t *testing.T) {
				checkRefused(t, a, j, e.request(), http.StatusServiceUnavailable)
			})
			fails.Store(false)
		}
	}
	t.Run("disabled without a token", func(t *testing.T) {
		s.readFails.Store(true)
		defer s.readFails.Store(false)
		r := event{kind: disabled}.request()
		r.token = ""
		checkRefused(t, a, j, r, http.StatusServiceUnavailable)
	})
	t.Run("a client key that is no question for a store", func(t *testing.T) {
		r := event{kind: disabled, client: strings.Repeat("k", 1001)}.request()
		r.token = ""
		checkRefused(t, a, j, r, http.StatusUnauthorized)
		r.body = event{kind: disabled, members: members{"clientKey": nil}}.body()
		checkRefused(t, a, j, r, http.StatusUnauthorized)
	})
	imported := event{kind: installed, second: 5, secret: "s2", client: "new"}
	t.Run("import, list", func(t *testing.T) {
		r := imported.request()
		before := summary(a.stored("new"))
		s.listFails.Store(true)
		got := a.do(r).status
		s.listFails.Store(false)
		if after := summary(a.stored("new")); got != http.StatusServiceUnavailable || after != before {
			t.Errorf("got %d and %q, want 503 and %q", got, after, before)
		}
	})
	t.Run("import, another tenant's record", func(t *testing.T) {
		s.lost = "acme"
		defer func() { s.lost = "" }()
		checkRefused(t, a, j, imported.request(), http.StatusServiceUnavailable)
	})
	a.must(imported)
	j.check("import new: in place of acme")
}

// TestStoreErrorWithStatus holds that no store chooses the answer.
func TestStoreErrorWithStatus(t *testing.T) {
	s := &sabotage{Store: store.NewMemory(), err: teapot{}}
	a := newApp(t, setup{store: s})
	s.writeFails.Store(true)
	if got := a.send(event{kind: installed, second: 1, secret: "s1"}); got != http.StatusServiceUnavailable {
		t.Errorf("write: got %d, want 503", got)
	}
	s.readFails.Store(true)
	if got := a.send(event{kind: installed, second: 1, secret: "s1"}); got != http.StatusServiceUnavailable {
		t.Errorf("read: got %d, want 503", got)
	}
	r := event{kind: disabled}.request()
	r.token = ""
	if got := a.do(r).status; got != http.StatusServiceUnavailable {
		t.Errorf("disabled without a token: got %d, want 503", got)
	}
}

// twoProcesses is a store with two lifecycles over it, as two processes have
// them; what the other sends lands between the hook and the write of the first.
func twoProcesses(t *testing.T, other func(*app)) (first *app, j *journal) {
	t.Helper()
	shared := store.NewMemory()
	keys := newKeyServer(t)
	second := newApp(t, setup{keys: keys, store: shared})
	j = newJournal(t)
	s := &sabotage{Store: shared}
	first = newApp(t, setup{keys: keys, store: s, hooks: j.hooks()})
	first.must(event{kind: installed, second: 1, secret: "s1"})
	j.take()
	s.before = func(string) { other(second) }
	return first, j
}

// between are events of which another process stores some while their hook
// runs.
var between = []struct {
	name   string
	others []event // that land between hook and write
	event  event
	status int
	want   string
	hooks  []string
}{
	{
		"an older rotation comes between", []event{event{kind: installed, second: 2, secret: "s2"}},
		event{kind: installed, second: 5, secret: "s5"}, 204, "installed s5 after s2 at " + siteURL,
		[]string{
			"install acme: installed s1 at " + siteURL + ", then installed s5 after s1 at " + siteURL,
			"install acme: installed s2 after s1 at " + siteURL + ", then installed s5 after s2 at " + siteURL,
		},
	}, {
		"a newer rotation comes between", []event{event{kind: installed, second: 9, secret: "s9"}},
		event{kind: installed, second: 5, secret: "s5"}, 401, "installed s9 after s1 at " + siteURL,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s5 after s1 at " + siteURL},
	}, {
		"an uninstall comes between", []event{event{kind: uninstalled, second: 9}},
		event{kind: installed, second: 5, secret: "s5"}, 401, "uninstalled at " + siteURL,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s5 after s1 at " + siteURL},
	}, {
		"a reinstall comes before an uninstall", []event{event{kind: uninstalled, second: 8}, event{kind: installed, second: 9, secret: "s9"}},
		event{kind: uninstalled, second: 5}, 204, "installed s9 at " + siteURL,
		[]string{"uninstall acme: installed s1 at " + siteURL},
	}, {
		"enabled comes between", []event{event{kind: enabled, second: 2, secret: "s1"}},
		event{kind: installed, second: 5, secret: "s5"}, 204, "enabled s5 after s1 at " + siteURL,
		[]string{
			"install acme: installed s1 at " + siteURL + ", then installed s5 after s1 at " + siteURL,
			"install acme: enabled s1 at " + siteURL + ", then enabled s5 after s1 at " + siteURL,
		},
	}, {
		"the same event comes between", []event{event{kind: installed, second: 5, secret: "s5"}},
		event{kind: installed, second: 5, secret: "s5"}, 204, "installed s5 after s1 at " + siteURL,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s5 after s1 at " + siteURL},
	}, {
		"an uninstall comes between a notice", []event{event{kind: uninstalled, second: 9}},
		event{kind: enabled, second: 5, secret: "s1"}, 204, "uninstalled at " + siteURL,
		[]string{"enable acme: enabled s1 at " + siteURL},
	},
}

func TestOtherProcess(t *testing.T) {
	for _, tt := range between {
		t.Run(tt.name, func(t *testing.T) {
			others := tt.others
			a, j := twoProcesses(t, func(other *app) {
				other.must(others...)
				others = nil
			})
			if got := a.send(tt.event); got != tt.status {
				t.Errorf("got %d, want %d\n%s", got, tt.status, a.log)
			}
			if got := summary(a.stored("acme")); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			j.check(tt.hooks...)
		})
	}
}

// TestOtherProcessInstallsToo lets another process store the very tenant while
// the hook of its first install runs: a tenant is never imported over itself.
func TestOtherProcessInstallsToo(t *testing.T) {
	shared := store.NewMemory()
	keys := newKeyServer(t)
	other := newApp(t, setup{keys: keys, store: shared})
	j := newJournal(t)
	hooks := j.hooks()
	onInstall := hooks.OnInstall
	hooks.OnInstall = func(ctx context.Context, former, current *store.Installation) error {
		if former == nil {
			other.must(event{kind: installed, second: 1, secret: "s1"})
		}
		return onInstall(ctx, former, current)
	}
	first := newApp(t, setup{keys: keys, store: shared, hooks: hooks})
	first.must(event{kind: installed, second: 5, secret: "s5"})
	site := " at " + siteURL
	j.check("install acme: none, then installed s5"+site, "install acme: installed s1"+site+", then installed s5 after s1"+site)
}

// TestOtherProcessNeverRests holds that an event gives up, unstored, when the
// record moves each time it is about to be written.
func TestOtherProcessNeverRests(t *testing.T) {
	second := 10
	a, j := twoProcesses(t, func(other *app) {
		second++
		other.must(event{kind: enabled, second: second, secret: "s1"})
		other.must(event{kind: disabled, second: second, secret: "s1"})
	})
	if got := a.send(event{kind: installed, second: 5, secret: "s5"}); got != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got)
	}
	if got, want := summary(a.stored("acme")), "disabled s1 at "+siteURL; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(j.take()); n != 8 {
		t.Errorf("the hook ran %d times, want 8", n)
	}
}

// TestPurgedBetween is about a record that is deleted and written anew between
// the hook and the write, by which its generation is the same again.
func TestPurgedBetween(t *testing.T) {
	shared := store.NewMemory()
	s := &sabotage{Store: shared}
	keys := newKeyServer(t)
	other := newApp(t, setup{keys: keys, store: shared})
	var formers []string
	first := newApp(t, setup{keys: keys, store: s, hooks: lifecycle.Hooks{
		OnInstall: func(_ context.Context, former, _ *store.Installation) error {
			formers = append(formers, summary(former))
			return nil
		},
	}})
	other.must(event{kind: uninstalled, second: 1})
	done := false
	s.before = func(clientKey string) {
		if done {
			return
		}
		done = true
		gone := func(*store.Installation) (*store.Installation, error) { return nil, nil }
		if _, err := shared.Update(t.Context(), clientKey, gone); err != nil {
			t.Error(err)
		}
		other.must(event{kind: installed, second: 2, secret: "s2"})
	}
	first.must(event{kind: installed, second: 3, secret: "s3"})
	if got, want := summary(first.stored("acme")), "installed s3 after s2 at "+siteURL; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"uninstalled at " + siteURL, "installed s2 at " + siteURL}; !reflect.DeepEqual(formers, want) {
		t.Errorf("hooks began from\n got %q\nwant %q", formers, want)
	}
}
