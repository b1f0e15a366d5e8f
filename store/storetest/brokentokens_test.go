package storetest

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

type (
	token    = tokenstore.Token
	loadFunc = func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error)
	swapFunc = func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error)
)

// brokenTokens is a Memory with a method replaced.
type brokenTokens struct {
	*tokenstore.Memory
	load loadFunc
	swap swapFunc
}

func (b brokenTokens) Load(ctx context.Context, key string) (*token, error) {
	if b.load != nil {
		return b.load(b.Memory, ctx, key)
	}
	return b.Memory.Load(ctx, key)
}

func (b brokenTokens) CompareAndSwap(ctx context.Context, key string, old, next *token) (bool, error) {
	if b.swap != nil {
		return b.swap(b.Memory, ctx, key, old, next)
	}
	return b.Memory.CompareAndSwap(ctx, key, old, next)
}

func loading(f loadFunc) func() tokenstore.Store {
	return func() tokenstore.Store { return brokenTokens{Memory: &tokenstore.Memory{}, load: f} }
}

func swapping(f swapFunc) func() tokenstore.Store {
	return func() tokenstore.Store { return brokenTokens{Memory: &tokenstore.Memory{}, swap: f} }
}

// comparing opens stores that find tokens equal as same says.
func comparing(same func(stored, old *token) bool) func() tokenstore.Store {
	return swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
		current, err := m.Load(ctx, key)
		if err != nil && !errors.Is(err, tokenstore.ErrNotFound) {
			return false, err
		}
		if current != nil && same(current, old) {
			old = current
		}
		return m.CompareAndSwap(ctx, key, old, next)
	})
}

// without opens stores that do not compare what forget takes away.
func without(forget func(*token)) func() tokenstore.Store {
	return comparing(func(stored, old *token) bool {
		if old == nil {
			return false
		}
		a, b := stored.Clone(), old.Clone()
		forget(a)
		forget(b)
		return a.Equal(b)
	})
}

// brokenTokenStores returns stores that break one rule each, by the name of a
// check that must notice.
func brokenTokenStores() map[string]func() tokenstore.Store {
	all := make(map[string]func() tokenstore.Store)
	for _, some := range []map[string]func() tokenstore.Store{
		brokenLoads(), brokenComparisons(), brokenSwaps(), brokenTokenRaces(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// brokenLoads returns stores that read wrongly.
func brokenLoads() map[string]func() tokenstore.Store {
	edited := func(edit func(*token)) func() tokenstore.Store {
		return loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			t, err := m.Load(ctx, key)
			if t != nil {
				edit(t)
			}
			return t, err
		})
	}
	return map[string]func() tokenstore.Store{
		"absence: nil without an error": loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			t, err := m.Load(ctx, key)
			if errors.Is(err, tokenstore.ErrNotFound) {
				err = nil
			}
			return t, err
		}),
		"absence: folds the case": loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			return m.Load(ctx, strings.ToLower(key))
		}),
		"every field: drops the OAuth 1.0a secret": edited(func(t *token) { t.Secret = store.Secret{} }),
		"every field: drops nanoseconds":           edited(func(t *token) { t.Expiry = t.Expiry.Truncate(time.Second) }),
		"every field: local time":                  edited(func(t *token) { t.Expiry = t.Expiry.In(time.FixedZone("here", 60)) }),
		"bad keys: finds nothing": loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			if tokenstore.CheckKey(key) != nil {
				return nil, tokenstore.ErrNotFound
			}
			return m.Load(ctx, key)
		}),
		"odd keys: cuts at NUL": loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			if cut, _, _ := strings.Cut(key, "\x00"); cut != "" {
				key = cut
			}
			return m.Load(ctx, key)
		}),
		"cancellation: reads on": loading(func(m *tokenstore.Memory, ctx context.Context, key string) (*token, error) {
			return m.Load(context.WithoutCancel(ctx), key)
		}),
	}
}

// brokenComparisons returns stores that take other tokens for equal, or equal
// ones for others.
func brokenComparisons() map[string]func() tokenstore.Store {
	return map[string]func() tokenstore.Store{
		"absent only: none is equal to any": comparing(func(_, old *token) bool { return old == nil }),
		"absent only: stores beside none": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if _, err := m.Load(ctx, key); errors.Is(err, tokenstore.ErrNotFound) {
				old = nil
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"equal only: compares nothing":          comparing(func(_, old *token) bool { return old != nil }),
		"equal only: without the refresh token": without(func(t *token) { t.Refresh = store.Secret{} }),
		"equal only: without the secret":        without(func(t *token) { t.Secret = store.Secret{} }),
		"equal only: without the expiry":        without(func(t *token) { t.Expiry = time.Time{} }),
		"equal only: without when it came":      without(func(t *token) { t.Obtained = time.Time{} }),
		"equal only: without the scopes":        without(func(t *token) { t.Scopes = nil }),
		"equal only: sorted scopes":             without(func(t *token) { slices.Sort(t.Scopes) }),
		"equal only: seconds":                   without(func(t *token) { t.Expiry = t.Expiry.Truncate(time.Second) }),
		"by content: by zone": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if old != nil && old.Expiry.Format("Z07") == "-02" {
				return false, nil
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"by content: every token once": swapping(onlyNew),
	}
}

// onlyNew refuses to store what is stored.
func onlyNew(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
	if next != nil && next.Equal(old) {
		return false, nil
	}
	return m.CompareAndSwap(ctx, key, old, next)
}

// brokenSwaps returns stores that write wrongly.
func brokenSwaps() map[string]func() tokenstore.Store {
	return map[string]func() tokenstore.Store{
		"copies in: keeps what it is given":   func() tokenstore.Store { return &sharingTokens{tokens: map[string]*token{}} },
		"copies out: hands out what it keeps": func() tokenstore.Store { return &sharingTokens{tokens: map[string]*token{}} },
		"deletion: keeps the token": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if next == nil {
				next = old
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"deletion: of nothing fails": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if old == nil && next == nil {
				return false, tokenstore.ErrNotFound
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"deletion: of everything": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			ok, err := m.CompareAndSwap(ctx, key, old, next)
			if other, _ := m.Load(ctx, "other"); ok && next == nil && other != nil {
				return m.CompareAndSwap(ctx, "other", other, nil)
			}
			return ok, err
		}),
		"bad tokens: leaves them out": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if tokenstore.Check(key, next) != nil {
				return false, nil
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"bad tokens: deletes instead": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if err := tokenstore.Check(key, next); err != nil {
				_, _ = m.CompareAndSwap(ctx, key, old, nil)
				return false, err
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
		"cancellation: writes on": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			return m.CompareAndSwap(context.WithoutCancel(ctx), key, old, next)
		}),
		"random histories: an expiry in a year that ends in 7 is lost": swapping(func(m *tokenstore.Memory, ctx context.Context, key string, old, next *token) (bool, error) {
			if next != nil && next.Expiry.UTC().Year()%10 == 7 {
				next = next.Clone()
				next.Expiry = time.Time{}
			}
			return m.CompareAndSwap(ctx, key, old, next)
		}),
	}
}

// brokenTokenRaces returns stores that are right as long as one uses them.
func brokenTokenRaces() map[string]func() tokenstore.Store {
	return map[string]func() tokenstore.Store{
		"one winner: looks before it locks":     func() tokenstore.Store { return &lateTokens{} },
		"no lost change: looks before it locks": func() tokenstore.Store { return &lateTokens{} },
		"loser sees the winner: says no too early": func() tokenstore.Store {
			return &hastyTokens{}
		},
		"visibility: late": func() tokenstore.Store { return &lazyTokens{} },
	}
}

// sharingTokens keeps what it is given and hands out what it keeps.
type sharingTokens struct {
	mu     sync.Mutex
	tokens map[string]*token
}

func (s *sharingTokens) Load(_ context.Context, key string) (*token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tokens[key]; t != nil {
		t.Expiry, t.Obtained = t.Expiry.UTC(), t.Obtained.UTC()
		return t, nil
	}
	return nil, tokenstore.ErrNotFound
}

func (s *sharingTokens) CompareAndSwap(_ context.Context, key string, old, next *token) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tokens[key].Equal(old) {
		return false, nil
	}
	s.tokens[key] = next
	return true, nil
}

// lateTokens compares, lets others come between, and writes.
type lateTokens struct{ tokenstore.Memory }

func (l *lateTokens) CompareAndSwap(ctx context.Context, key string, old, next *token) (bool, error) {
	current, _ := l.Memory.Load(ctx, key)
	if !current.Equal(old) {
		return false, nil
	}
	for range 50 {
		runtime.Gosched()
	}
	for {
		if ok, err := l.Memory.CompareAndSwap(ctx, key, current, next); ok || err != nil {
			return ok, err
		}
		current, _ = l.Memory.Load(ctx, key)
	}
}

// hastyTokens tells the losers before the winner's token can be seen.
type hastyTokens struct {
	tokenstore.Memory
	mu      sync.Mutex
	winning map[string]bool
}

func (h *hastyTokens) CompareAndSwap(ctx context.Context, key string, old, next *token) (bool, error) {
	h.mu.Lock()
	taken := h.winning[key]
	h.winning = map[string]bool{key: true}
	h.mu.Unlock()
	if taken {
		return false, nil
	}
	for range 50 {
		runtime.Gosched()
	}
	ok, err := h.Memory.CompareAndSwap(ctx, key, old, next)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.winning[key] = false
	return ok, err
}

// lazyTokens shows a change only after the next one.
type lazyTokens struct {
	tokenstore.Memory
	mu      sync.Mutex
	pending func()
}

func (l *lazyTokens) CompareAndSwap(_ context.Context, key string, old, next *token) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending != nil {
		l.pending()
	}
	l.pending = func() { _, _ = l.Memory.CompareAndSwap(context.Background(), key, old, next) }
	return true, nil
}

func TestBrokenTokenStores(t *testing.T) {
	testBrokenTokens(t, tokenChecks(), brokenTokenStores(), func() tokenstore.Store { return &tokenstore.Memory{} })
}

// testBrokenTokens shows that the checks notice the broken stores, each the
// one named for it, and find no fault in a good one.
func testBrokenTokens(t *testing.T, checks []tokenCheck, broken map[string]func() tokenstore.Store, good func() tokenstore.Store) {
	for name, open := range broken {
		t.Run(name, func(t *testing.T) {
			wanted, _, _ := strings.Cut(name, ":")
			i := slices.IndexFunc(checks, func(c tokenCheck) bool { return c.name == wanted })
			if i < 0 {
				t.Fatalf("there is no check %q", wanted)
			}
			if got := failures(func(r reporter) { checks[i].run(r, open()) }); len(got) == 0 {
				t.Errorf("the check %q does not notice", wanted)
			}
			if got := failures(func(r reporter) { checks[i].run(r, good()) }); len(got) != 0 {
				t.Errorf("the check %q finds a fault in a good store: %q", wanted, got)
			}
		})
	}
}

// TestEveryTokenCheckHasABrokenStore keeps the tables complete.
func TestEveryTokenCheckHasABrokenStore(t *testing.T) {
	// A store that breaks these would hang, or needs the race detector.
	without := []string{"races", "lock of one key", "lock holds up nothing else"}
	broken := brokenTokenStores()
	maps.Copy(broken, brokenLocks())
	for _, c := range append(tokenChecks(), lockChecks()...) {
		found := slices.Contains(without, c.name)
		for name := range broken {
			wanted, _, _ := strings.Cut(name, ":")
			found = found || wanted == c.name
		}
		if !found {
			t.Errorf("no broken store for %q", c.name)
		}
	}
}

func TestForgetfulTokenStore(t *testing.T) {
	keep := func(s tokenstore.Store) tokenstore.Store { return s }
	lose := func(tokenstore.Store) tokenstore.Store { return &tokenstore.Memory{} }
	if got := failures(func(r reporter) { checkTokenDurability(r, &tokenstore.Memory{}, lose) }); len(got) == 0 {
		t.Error("the durability check does not notice the loss of everything")
	}
	if got := failures(func(r reporter) { checkTokenDurability(r, &tokenstore.Memory{}, keep) }); len(got) != 0 {
		t.Errorf("the durability check finds a fault in a store that loses nothing: %q", got)
	}
}

// lockingTokens is a Memory with locks for whole keys.
type lockingTokens struct {
	tokenstore.Memory
	mu   sync.Mutex
	held map[string]chan struct{}
	// forgetful, deaf and loose break one rule each: they let everyone in, do
	// not look at the context before they begin, and free what is another's.
	forgetful, deaf, loose bool
}

func (l *lockingTokens) Lock(ctx context.Context, key string) (func(), error) {
	if err := tokenstore.CheckKey(key); err != nil {
		return nil, err
	}
	if l.forgetful {
		return func() {}, nil
	}
	if err := ctx.Err(); err != nil && !l.deaf {
		return nil, err
	}
	for {
		l.mu.Lock()
		other := l.held[key]
		if other == nil {
			mine := make(chan struct{})
			if l.held == nil {
				l.held = make(map[string]chan struct{})
			}
			l.held[key] = mine
			l.mu.Unlock()
			return func() { l.unlock(key, mine) }, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *lockingTokens) unlock(key string, mine chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held := l.held[key]; held == mine || l.loose && held != nil {
		delete(l.held, key)
		close(held)
	}
}

func brokenLocks() map[string]func() tokenstore.Store {
	return map[string]func() tokenstore.Store{
		"lock excludes: lets everyone in":             func() tokenstore.Store { return &lockingTokens{forgetful: true} },
		"lock cancellation: begins in spite of it":    func() tokenstore.Store { return &lockingTokens{deaf: true} },
		"lock freed twice: frees what is another's":   func() tokenstore.Store { return &lockingTokens{loose: true} },
		"lock cancellation: knows nothing of waiting": func() tokenstore.Store { return &lockingTokens{forgetful: true} },
	}
}

func TestBrokenLocks(t *testing.T) {
	testBrokenTokens(t, lockChecks(), brokenLocks(), func() tokenstore.Store { return &lockingTokens{} })
	for _, c := range lockChecks() {
		if got := failures(func(r reporter) { c.run(r, &lockingTokens{}) }); len(got) != 0 {
			t.Errorf("the check %q finds a fault in a good store: %q", c.name, got)
		}
	}
}
