package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/atlassian-connect-go/sdk/store"
)

type changeFunc = func(*store.Installation) (*store.Installation, error)

// broken is a Memory with some methods replaced.
type broken struct {
	*store.Memory
	lookup func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error)
	update func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error)
	all    func(m *store.Memory, ctx context.Context) iter.Seq2[*store.Installation, error]
	sites  func(m *store.Memory, ctx context.Context, url string) ([]string, error)
}

func (b broken) Installation(ctx context.Context, key string) (*store.Installation, error) {
	if b.lookup != nil {
		return b.lookup(b.Memory, ctx, key)
	}
	return b.Memory.Installation(ctx, key)
}

func (b broken) Update(ctx context.Context, key string, change func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	if b.update != nil {
		return b.update(b.Memory, ctx, key, change)
	}
	return b.Memory.Update(ctx, key, change)
}

func (b broken) All(ctx context.Context) iter.Seq2[*store.Installation, error] {
	if b.all != nil {
		return b.all(b.Memory, ctx)
	}
	return b.Memory.All(ctx)
}

func (b broken) ClientKeysAt(ctx context.Context, url string) ([]string, error) {
	if b.sites != nil {
		return b.sites(b.Memory, ctx, url)
	}
	return b.Memory.ClientKeysAt(ctx, url)
}

func fixed(inst *store.Installation) changeFunc {
	return func(*store.Installation) (*store.Installation, error) { return inst, nil }
}

// sharing keeps what it is given and hands out what it keeps.
type sharing struct {
	mu    sync.Mutex
	insts map[string]*store.Installation
}

func (s *sharing) install(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
	var given *store.Installation
	got, err := m.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
		next, err := change(current)
		given = next
		return next, err
	})
	if err == nil && given != nil {
		given.Generation = got.Generation
		s.mu.Lock()
		defer s.mu.Unlock()
		s.insts[key] = given
		return given, nil
	}
	return got, err
}

func (s *sharing) lookup(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
	got, err := m.Installation(ctx, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.insts[key] != nil {
		return s.insts[key], nil
	}
	return got, err
}

// brokenStores returns stores that break one rule each, by the name of a check
// that must notice.
func brokenStores() map[string]func() store.Store {
	all := make(map[string]func() store.Store)
	for _, some := range []map[string]func() store.Store{
		brokenLookups(), brokenUpdates(), brokenFailures(), brokenIterations(), brokenIndexes(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// breaking opens stores that are broken as b is.
func breaking(b broken) func() store.Store {
	return func() store.Store {
		b := b
		b.Memory = store.NewMemory()
		return b
	}
}

func newSharing() store.Store {
	s := &sharing{insts: map[string]*store.Installation{}}
	return broken{Memory: store.NewMemory(), lookup: s.lookup, update: s.install}
}

// brokenLookups returns stores that read wrongly.
func brokenLookups() map[string]func() store.Store {
	return map[string]func() store.Store{
		"absence: nil without an error": breaking(broken{lookup: func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
			got, err := m.Installation(ctx, key)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return got, err
		}}),
		"absence: finds by prefix": breaking(broken{lookup: func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
			for inst := range m.All(ctx) {
				if strings.HasPrefix(inst.ClientKey, key) {
					return inst, nil
				}
			}
			return m.Installation(ctx, key)
		}}),
		"every field: drops a secret": breaking(broken{lookup: func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
			got, err := m.Installation(ctx, key)
			if got != nil {
				got.PreviousSecret = store.Secret{}
			}
			return got, err
		}}),
		"every field: merges": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			return m.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
				next, err := change(current.Clone())
				if next != nil && current != nil && next.Description == "" {
					next.Description = current.Description
				}
				return next, err
			})
		}}),
		"copies in: keeps what it is given":   newSharing,
		"copies out: hands out what it keeps": newSharing,
		"generation: takes the caller's": breaking(broken{lookup: func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
			got, err := m.Installation(ctx, key)
			if got != nil {
				got.Generation = 77
			}
			return got, err
		}}),
		"odd client keys: folds the case": breaking(broken{
			lookup: func(m *store.Memory, ctx context.Context, key string) (*store.Installation, error) {
				for inst := range m.All(ctx) {
					if strings.EqualFold(inst.ClientKey, key) {
						return inst, nil
					}
				}
				return m.Installation(ctx, key)
			}}),
	}
}

// brokenUpdates returns stores that write wrongly.
func brokenUpdates() map[string]func() store.Store {
	return map[string]func() store.Store{
		"deletion: only marks": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			return m.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
				next, err := change(current)
				if next == nil && err == nil && current != nil {
					current.State = store.Uninstalled
					return current, nil
				}
				return next, err
			})
		}}),
		"cancellation: ignores the context": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			return m.Update(context.WithoutCancel(ctx), key, change)
		}}),
		"cancellation in change: says no and stores": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			got, err := m.Update(ctx, key, change)
			if err == nil && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return got, err
		}}),
		"atomic update: reads before it locks":         breaking(broken{update: lateLock}),
		"neighbours in one write: loses to each other": func() store.Store { return newFateful() },
		"visibility: late": func() store.Store {
			return newLate()
		},
	}
}

// brokenFailures returns stores that deal wrongly with a change that fails.
func brokenFailures() map[string]func() store.Store {
	return map[string]func() store.Store{
		"failed change: stores it": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			var failure error
			got, err := m.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
				var next *store.Installation
				next, failure = change(current)
				return next, nil
			})
			if failure != nil {
				return nil, failure
			}
			return got, err
		}}),
		"failed change: hides the error": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			got, err := m.Update(ctx, key, change)
			if err != nil {
				err = errors.New("update failed")
			}
			return got, err
		}}),
		"panic in change: swallows it": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (_ *store.Installation, err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v", p)
				}
			}()
			return m.Update(ctx, key, change)
		}}),
		"panic in change: stores what was edited": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			current, _ := m.Installation(ctx, key)
			defer func() {
				if p := recover(); p != nil {
					_, _ = m.Update(ctx, key, fixed(current))
					panic(p)
				}
			}()
			return m.Update(ctx, key, func(*store.Installation) (*store.Installation, error) { return change(current) })
		}}),
		"wrong client key: stores it": breaking(broken{update: func(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
			return m.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
				next, err := change(current)
				if next != nil {
					next.ClientKey = key
				}
				return next, err
			})
		}}),
	}
}

// brokenIterations returns stores that iterate wrongly.
func brokenIterations() map[string]func() store.Store {
	return map[string]func() store.Store{
		"cancellation: empty All": breaking(broken{all: func(m *store.Memory, ctx context.Context) iter.Seq2[*store.Installation, error] {
			return func(yield func(*store.Installation, error) bool) {
				for inst, err := range m.All(ctx) {
					if err != nil || !yield(inst, nil) {
						return
					}
				}
			}
		}}),
		"order: by length": breaking(broken{all: func(m *store.Memory, ctx context.Context) iter.Seq2[*store.Installation, error] {
			return func(yield func(*store.Installation, error) bool) {
				var insts []*store.Installation
				for inst := range m.All(ctx) {
					insts = append(insts, inst)
				}
				slices.SortStableFunc(insts, func(a, b *store.Installation) int { return len(a.ClientKey) - len(b.ClientKey) })
				for _, inst := range insts {
					if !yield(inst, nil) {
						return
					}
				}
			}
		}}),
		"break: goes on": breaking(broken{all: func(m *store.Memory, ctx context.Context) iter.Seq2[*store.Installation, error] {
			return func(yield func(*store.Installation, error) bool) {
				for inst, err := range m.All(ctx) {
					yield(inst, err)
				}
			}
		}}),
		"calls in the loop: yields again": breaking(broken{all: func(m *store.Memory, ctx context.Context) iter.Seq2[*store.Installation, error] {
			return func(yield func(*store.Installation, error) bool) {
				for inst, err := range m.All(ctx) {
					if !yield(inst, err) {
						return
					}
					if now, _ := m.Installation(ctx, inst.ClientKey); now == nil && !yield(inst, nil) {
						return
					}
				}
			}
		}}),
	}
}

// brokenIndexes returns stores that find sites wrongly.
func brokenIndexes() map[string]func() store.Store {
	return map[string]func() store.Store{
		"sites: forgets renames": func() store.Store { return newIndexed(func(url, key string) string { return url + "\n" + key }, false) },
		"separators: joined by NUL": func() store.Store {
			return newIndexed(func(url, key string) string { return url + "\x00" + key }, true)
		},
		"separators: joined by nothing": func() store.Store { return newIndexed(func(url, key string) string { return url + key }, true) },
		"random histories: forgets renames": func() store.Store {
			return newIndexed(func(url, key string) string { return url + "\n" + key }, false)
		},
	}
}

// lateLock reads the record, lets others come between, and writes.
func lateLock(m *store.Memory, ctx context.Context, key string, change changeFunc) (*store.Installation, error) {
	current, err := m.Installation(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	next, err := change(current)
	if err != nil {
		return nil, err
	}
	for range 50 {
		runtime.Gosched()
	}
	return m.Update(ctx, key, fixed(next))
}

// indexed keeps an index of joined texts, of which it removes, if tidy, the
// one before.
type indexed struct {
	*store.Memory
	mu    sync.Mutex
	join  func(url, key string) string
	tidy  bool
	index map[string]string // joined text to client key
}

func newIndexed(join func(url, key string) string, tidy bool) *indexed {
	return &indexed{Memory: store.NewMemory(), join: join, tidy: tidy, index: map[string]string{}}
}

func (x *indexed) Update(ctx context.Context, key string, change func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	var former *store.Installation
	got, err := x.Memory.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
		former = current.Clone()
		return change(current)
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil && former != nil && (x.tidy || got == nil) {
		delete(x.index, x.join(former.BaseURL, key))
	}
	if got != nil {
		x.index[x.join(got.BaseURL, key)] = key
	}
	return got, err
}

func (x *indexed) ClientKeysAt(ctx context.Context, url string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	var keys []string
	for joined, key := range x.index {
		if joined == x.join(url, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// fateful loses what was stored before a failed update and fails all after it,
// as a store does that lets one change of a group spoil the group.
type fateful struct {
	*store.Memory
	mu   sync.Mutex
	last error
}

func newFateful() *fateful { return &fateful{Memory: store.NewMemory()} }

func (f *fateful) Update(ctx context.Context, key string, change func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil {
		return nil, f.last
	}
	got, err := f.Memory.Update(ctx, key, change)
	if f.last = err; err != nil {
		for inst := range f.Memory.All(context.Background()) {
			_, _ = f.Memory.Update(context.Background(), inst.ClientKey, fixed(nil))
		}
	}
	return got, err
}

// late shows an update only after the next one.
type late struct {
	*store.Memory
	mu      sync.Mutex
	pending func()
}

func newLate() *late { return &late{Memory: store.NewMemory()} }

func (l *late) Update(ctx context.Context, key string, change func(*store.Installation) (*store.Installation, error)) (*store.Installation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending != nil {
		l.pending()
	}
	current, _ := l.Memory.Installation(ctx, key)
	next, err := change(current.Clone())
	if err != nil {
		return nil, err
	}
	if next, err = store.Next(key, current, next); err != nil {
		return nil, err
	}
	l.pending = func() { _, _ = l.Memory.Update(context.Background(), key, fixed(next)) }
	return next.Clone(), nil
}
