package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const (
	racers      = 16
	racedRounds = 25
)

// checkOneWinner lets many swap the same token at the same time, round by
// round: one wins, and what it stored is there.
func checkOneWinner(r reporter, s tokenstore.Store) {
	var current *tokenstore.Token
	for round := range racedRounds {
		next := make([]*tokenstore.Token, racers)
		won := make([]bool, racers)
		parallel(racers, func(i int) {
			next[i] = sampleToken(round*racers + i + 1)
			if round%5 == 4 {
				next[i] = nil // all delete it, and still one alone has done so
			}
			var err error
			won[i], err = s.CompareAndSwap(context.Background(), "user", current, next[i])
			if err != nil {
				r.Errorf("CompareAndSwap: %v", err)
			}
		})
		winners := 0
		for i, ok := range won {
			if ok {
				winners++
				current = next[i]
			}
		}
		if winners != 1 {
			r.Fatalf("round %d has %d winners, want 1", round, winners)
		}
		wantToken(r, s, "user", current)
	}
}

// checkLoserSees loads the token after each lost swap: it must not be the one
// that the loser knew.
func checkLoserSees(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, sampleToken(0))
	for round := range racedRounds {
		old := sampleToken(round)
		parallel(racers, func(int) {
			ok, err := s.CompareAndSwap(context.Background(), "user", old, sampleToken(round+1))
			if err != nil {
				r.Errorf("CompareAndSwap: %v", err)
			}
			if ok {
				return
			}
			if d := tokenAt(s, "user", sampleToken(round+1)); d != "" {
				r.Errorf("Load after a lost CompareAndSwap does not give the winner's token: %s", d)
			}
		})
	}
}

// checkNoLostChange counts in a few tokens from many goroutines.
func checkNoLostChange(r reporter, s tokenstore.Store) {
	const workers, each, keys = 8, 10, 2
	parallel(workers, func(w int) {
		for n := range each {
			countToken(noFatal{r}, s, fmt.Sprint((w+n)%keys))
		}
	})
	sum := 0
	for i := range keys {
		got, err := s.Load(context.Background(), fmt.Sprint(i))
		if err != nil {
			r.Fatalf("Load: %v", err)
		}
		n, err := strconv.Atoi(got.Type)
		if err != nil {
			r.Fatalf("a counter: %v", err)
		}
		sum += n
	}
	if sum != workers*each {
		r.Errorf("%d won swaps counted to %d", workers*each, sum)
	}
}

// countToken adds one, and gives others the chance to come between.
func countToken(r reporter, s tokenstore.Store, key string) {
	for {
		old, err := s.Load(context.Background(), key)
		n := 0
		if err == nil {
			n, err = strconv.Atoi(old.Type)
		}
		if err != nil && !errors.Is(err, tokenstore.ErrNotFound) {
			r.Fatalf("Load: %v", err)
		}
		runtime.Gosched()
		next := &tokenstore.Token{Access: store.NewSecret("a"), Type: strconv.Itoa(n + 1)}
		ok, err := s.CompareAndSwap(context.Background(), key, old, next)
		if err != nil {
			r.Fatalf("CompareAndSwap: %v", err)
		}
		if ok {
			return
		}
	}
}

// checkTokenVisibility loads, from other goroutines, what a swap stored.
func checkTokenVisibility(r reporter, s tokenstore.Store) {
	const writers, each = 4, 10
	type stored struct {
		key string
		n   int
	}
	done := make(chan stored)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for at := range done {
				wantToken(r, s, at.key, sampleToken(at.n))
			}
		})
	}
	parallel(writers, func(w int) {
		for n := range each {
			at := stored{key: fmt.Sprint(w, " ", n), n: 100*w + n}
			ok, err := s.CompareAndSwap(context.Background(), at.key, nil, sampleToken(at.n))
			if !ok || err != nil {
				r.Errorf("CompareAndSwap = %t, %v", ok, err)
				continue
			}
			done <- at
		}
	})
	close(done)
	wg.Wait()
}

// checkTokenRaces uses everything at the same time, for the race detector, and
// changes all that is handed in and out.
func checkTokenRaces(r reporter, s tokenstore.Store) {
	const workers, each = 8, 15
	var won atomic.Int64
	parallel(workers, func(w int) {
		for n := range each {
			key := fmt.Sprint((w + n) % 3)
			old, err := s.Load(context.Background(), key)
			if err != nil && !errors.Is(err, tokenstore.ErrNotFound) {
				r.Errorf("Load: %v", err)
			}
			if old != nil && old.Type == "spoilt" {
				r.Errorf("Load returns what was never stored")
			}
			next := sampleToken(n % 3)
			if n%7 == 6 {
				next = nil
			}
			ok, err := s.CompareAndSwap(context.Background(), key, old, next)
			if err != nil {
				r.Errorf("CompareAndSwap: %v", err)
			}
			if ok {
				won.Add(1)
			}
			for _, t := range []*tokenstore.Token{old, next} {
				if t != nil {
					spoilToken(t)
				}
			}
		}
	})
	if won.Load() == 0 {
		r.Errorf("no swap won")
	}
}
