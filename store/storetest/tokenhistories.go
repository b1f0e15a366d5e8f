package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const (
	tokenHistoryWorkers = 16
	tokenHistorySteps   = 25
)

// tokenHistory is a sequence of random steps and what the store must hold by
// now.
type tokenHistory struct {
	s      tokenstore.Store
	rnd    *rand.Rand
	prefix string
	model  map[string]*tokenstore.Token
	log    []string
}

func newTokenHistories(s tokenstore.Store, base uint64) []*tokenHistory {
	all := make([]*tokenHistory, tokenHistoryWorkers)
	for i := range all {
		all[i] = &tokenHistory{
			s: s, rnd: rand.New(rand.NewPCG(base, uint64(i))), prefix: fmt.Sprintf("%d\x00", i),
			model: make(map[string]*tokenstore.Token),
		}
	}
	return all
}

// checkTokenHistories compares a store with maps through random histories, each
// with keys of its own, at the same time.
func checkTokenHistories(r reporter, s tokenstore.Store) {
	base := seed(r)
	runTokenHistories(r, base, newTokenHistories(s, base))
}

func runTokenHistories(r reporter, base uint64, all []*tokenHistory) {
	parallel(len(all), func(i int) {
		h := all[i]
		for range tokenHistorySteps {
			if err := h.step(); err != nil {
				r.Errorf("history %d, STORETEST_SEED=%d: %v\nsteps:\n\t%s", i, base, err, strings.Join(h.log, "\n\t"))
				return
			}
		}
		if err := h.compare(); err != nil {
			r.Errorf("history %d, STORETEST_SEED=%d: %v\nsteps:\n\t%s", i, base, err, strings.Join(h.log, "\n\t"))
		}
	})
}

func (h *tokenHistory) token() *tokenstore.Token {
	return &tokenstore.Token{
		Access: store.NewSecret(strings.Repeat("a", 1+h.rnd.IntN(40))), Refresh: store.NewSecret(strconv.Itoa(h.rnd.IntN(10))),
		Expiry: time.Unix(h.rnd.Int64N(1e10), h.rnd.Int64N(1e9)),
	}
}

func (h *tokenHistory) step() error {
	key := h.prefix + strconv.Itoa(h.rnd.IntN(3))
	current := h.model[key]
	switch h.rnd.IntN(8) {
	case 0, 1, 2:
		return h.swap("swap", key, current.Clone(), h.token())
	case 3:
		return h.swap("delete", key, current.Clone(), nil)
	case 4:
		return h.swap("swap of another", key, h.token(), h.token())
	case 5:
		return h.swap("swap of none", key, nil, h.token())
	case 6:
		h.log = append(h.log, fmt.Sprintf("canceled %q", key))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if ok, err := h.s.CompareAndSwap(ctx, key, current, h.token()); ok || !errors.Is(err, context.Canceled) {
			return fmt.Errorf("a swap under an ended context = %t, %v", ok, err)
		}
	}
	return h.lookup(key)
}

// swap makes one change and checks whether it had to win.
func (h *tokenHistory) swap(what, key string, old, next *tokenstore.Token) error {
	h.log = append(h.log, fmt.Sprintf("%s %q", what, key))
	want := old.Equal(h.model[key])
	ok, err := h.s.CompareAndSwap(context.Background(), key, old, next.Clone())
	if err != nil || ok != want {
		return fmt.Errorf("CompareAndSwap = %t, %v, want %t", ok, err, want)
	}
	if ok {
		delete(h.model, key)
		if next != nil {
			h.model[key] = next
		}
	}
	return h.lookup(key)
}

func (h *tokenHistory) lookup(key string) error {
	h.log = append(h.log, fmt.Sprintf("lookup %q", key))
	if d := tokenAt(h.s, key, h.model[key]); d != "" {
		return fmt.Errorf("lookup of %q: %s", key, d)
	}
	return nil
}

// compare looks at everything the history knows of.
func (h *tokenHistory) compare() error {
	for i := range 3 {
		if err := h.lookup(h.prefix + strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// checkTokenDurability compares a store with maps when it is opened again
// after random changes.
func checkTokenDurability(r reporter, s tokenstore.Store, reopen func(tokenstore.Store) tokenstore.Store) {
	base := seed(r)
	all := newTokenHistories(s, base)
	for round := range 2 {
		runTokenHistories(r, base, all)
		s = reopen(s)
		for i, h := range all {
			h.s = s
			if err := h.compare(); err != nil {
				r.Fatalf("after reopening %d times, STORETEST_SEED=%d, history %d: %v", round+1, base, i, err)
			}
		}
	}
}
