package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

const (
	histories = 2000
	// historyWorkers live their histories at the same time in one store, each
	// under client keys of its own.
	historyWorkers = 64
	historySteps   = 10
)

// seed returns the seed of this run.
func seed(r reporter) uint64 {
	text := os.Getenv("STORETEST_SEED")
	if text == "" {
		return rand.Uint64()
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		r.Fatalf("STORETEST_SEED: %v", err)
	}
	return n
}

// checkHistories compares a store with a map through random histories.
func checkHistories(r reporter, s store.Store) {
	base := seed(r)
	var next atomic.Int64
	var failed atomic.Bool
	parallel(historyWorkers, func(int) {
		for !failed.Load() {
			n := next.Add(1)
			if n > histories {
				return
			}
			h := newHistory(s, base, n)
			if err := h.run(); err != nil {
				failed.Store(true)
				r.Errorf("history %d, STORETEST_SEED=%d: %v\nsteps:\n\t%s", n, base, err, strings.Join(h.log, "\n\t"))
			}
		}
	})
	if failed.Load() {
		return
	}
	if got := keysOf(all(r, s)); len(got) != 0 {
		r.Errorf("All yields %q after every history deleted its installations", got)
	}
}

// history is a sequence of random steps and what the store must hold by now.
type history struct {
	s      store.Store
	rnd    *rand.Rand
	prefix string
	model  map[string]*store.Installation
	log    []string
}

func newHistory(s store.Store, base uint64, n int64) *history {
	return &history{
		s:      s,
		rnd:    rand.New(rand.NewPCG(base, uint64(n))),
		prefix: fmt.Sprintf("%d\x00", n),
		model:  make(map[string]*store.Installation),
	}
}

func (h *history) run() error {
	for range historySteps {
		if err := h.step(); err != nil {
			return err
		}
	}
	if err := h.compare(); err != nil {
		return err
	}
	for key := range maps.Clone(h.model) {
		if err := h.update("delete", key, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) key() string { return h.prefix + strconv.Itoa(h.rnd.IntN(4)) }

func (h *history) site() string { return "https://" + h.prefix + strconv.Itoa(h.rnd.IntN(3)) }

func (h *history) step() error {
	key := h.key()
	switch h.rnd.IntN(12) {
	case 0, 1, 2, 3:
		inst := &store.Installation{
			ClientKey: key, BaseURL: h.site(), State: store.Enabled,
			Description:  strconv.Itoa(h.rnd.IntN(1000)),
			SharedSecret: store.NewSecret(strings.Repeat("s", 1+h.rnd.IntN(40))),
			UpdatedAt:    time.Unix(h.rnd.Int64N(1e10), h.rnd.Int64N(1e9)),
		}
		return h.update("put", key, inst, nil)
	case 4:
		inst := h.model[key].Clone()
		if inst != nil {
			inst.BaseURL = h.site()
			inst.SharedSecret, inst.PreviousSecret = store.Secret{}, inst.SharedSecret
		}
		return h.update("rename", key, inst, nil)
	case 5:
		return h.update("delete", key, nil, nil)
	case 6:
		return h.update("fail", key, sample(key, 1), errors.New("refused"))
	case 7:
		return h.unwanted(key)
	case 8, 9:
		return h.lookup(key)
	case 10:
		return h.lookupSite(h.site())
	}
	if h.rnd.IntN(16) == 0 {
		return h.iterate()
	}
	return h.lookup(key)
}

// update makes one change and checks what it was given and what came of it.
func (h *history) update(what, key string, next *store.Installation, failure error) error {
	h.log = append(h.log, fmt.Sprintf("%s %q", what, key))
	former := h.model[key]
	var diff string
	got, err := h.s.Update(context.Background(), key, func(current *store.Installation) (*store.Installation, error) {
		diff = differences(current, former)
		return next.Clone(), failure
	})
	if diff != "" {
		return fmt.Errorf("change was given another installation: %s", diff)
	}
	if err != failure {
		return fmt.Errorf("got error %v, want %v", err, failure)
	}
	if failure != nil {
		return nil
	}
	delete(h.model, key)
	if next != nil {
		generation := uint64(1)
		if former != nil {
			generation = former.Generation + 1
		}
		h.model[key] = with(next, generation)
	}
	if d := differences(got, h.model[key]); d != "" {
		return fmt.Errorf("another installation was returned: %s", d)
	}
	return nil
}

// unwanted makes changes that must come to nothing.
func (h *history) unwanted(key string) error {
	switch h.rnd.IntN(3) {
	case 0:
		h.log = append(h.log, fmt.Sprintf("panic %q", key))
		if p := panicking(h.s, key); p != "boom" {
			return fmt.Errorf("a panic came out as %v", p)
		}
	case 1:
		h.log = append(h.log, fmt.Sprintf("canceled %q", key))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := h.s.Update(ctx, key, func(*store.Installation) (*store.Installation, error) { return sample(key, 1), nil })
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("an update under an ended context: %v", err)
		}
	case 2:
		h.log = append(h.log, fmt.Sprintf("wrong client key %q", key))
		_, err := h.s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
			return sample(key+"!", 1), nil
		})
		if err == nil {
			return errors.New("a wrong client key was taken")
		}
	}
	return h.lookup(key)
}

func (h *history) lookup(key string) error {
	h.log = append(h.log, fmt.Sprintf("lookup %q", key))
	got, err := h.s.Installation(context.Background(), key)
	if h.model[key] == nil {
		if got != nil || !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("lookup of %q = %v, %v, want ErrNotFound", key, describe(got), err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("lookup of %q: %w", key, err)
	}
	if d := differences(got, h.model[key]); d != "" {
		return fmt.Errorf("lookup of %q: %s", key, d)
	}
	return nil
}

func (h *history) lookupSite(baseURL string) error {
	h.log = append(h.log, fmt.Sprintf("lookup site %q", baseURL))
	var want []string
	for key, inst := range h.model {
		if inst.BaseURL == baseURL {
			want = append(want, key)
		}
	}
	slices.Sort(want)
	got, err := h.s.ClientKeysAt(context.Background(), baseURL)
	if err != nil || !slices.Equal(got, want) {
		return fmt.Errorf("lookup of site %q = %q, %v, want %q", baseURL, got, err, want)
	}
	return nil
}

// iterate goes through the whole store and picks the history's own records.
func (h *history) iterate() error {
	h.log = append(h.log, "iterate")
	var got []string
	for inst, err := range h.s.All(context.Background()) {
		if err != nil {
			return fmt.Errorf("iteration: %w", err)
		}
		if !strings.HasPrefix(inst.ClientKey, h.prefix) {
			continue
		}
		got = append(got, inst.ClientKey)
		if d := differences(inst, h.model[inst.ClientKey]); d != "" {
			return fmt.Errorf("iteration yields %q: %s", inst.ClientKey, d)
		}
	}
	if want := slices.Sorted(maps.Keys(h.model)); !slices.Equal(got, want) {
		return fmt.Errorf("iteration yields %q, want %q", got, want)
	}
	return nil
}

// compare looks at everything the history knows of.
func (h *history) compare() error {
	for i := range 4 {
		if err := h.lookup(h.prefix + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	for i := range 3 {
		if err := h.lookupSite("https://" + h.prefix + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// checkDurability compares a store with a map when it is opened again after
// random changes.
func checkDurability(r reporter, s store.Store, reopen func(store.Store) store.Store) {
	base := seed(r)
	const writers, rounds = 16, 5
	hs := make([]*history, writers)
	for i := range hs {
		hs[i] = newHistory(s, base, int64(i))
	}
	for round := range rounds {
		parallel(writers, func(i int) {
			h := hs[i]
			h.s = s
			for range historySteps {
				if err := h.step(); err != nil {
					r.Errorf("STORETEST_SEED=%d: %v", base, err)
					return
				}
			}
		})
		s = reopen(s)
		total := 0
		for _, h := range hs {
			h.s = s
			total += len(h.model)
			if err := errors.Join(h.compare(), h.iterate()); err != nil {
				r.Fatalf("after reopening %d times, STORETEST_SEED=%d: %v", round+1, base, err)
			}
		}
		if got := len(all(r, s)); got != total {
			r.Fatalf("after reopening %d times, STORETEST_SEED=%d: All yields %d installations, want %d", round+1, base, got, total)
		}
	}
}
