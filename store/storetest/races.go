package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/atlassian-connect-go/sdk/store"
)

// parallel runs n calls of fn at the same time and waits for all.
func parallel(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

// putAll stores a sample under each of the keys, numbered by its place, all at
// the same time.
func putAll(r reporter, s store.Store, keys ...string) {
	parallel(len(keys), func(i int) { put(noFatal{r}, s, sample(keys[i], i)) })
}

// checkAtomic counts in one record from many goroutines.
func checkAtomic(r reporter, s store.Store) {
	const workers, each = 16, 20
	parallel(workers, func(int) {
		for range each {
			_, err := s.Update(context.Background(), "counter", count)
			if err != nil {
				r.Errorf("Update: %v", err)
			}
		}
	})
	got, err := s.Installation(context.Background(), "counter")
	if err != nil {
		r.Fatalf("Installation: %v", err)
	}
	if want := strconv.Itoa(workers * each); got.Description != want || strconv.FormatUint(got.Generation, 10) != want {
		r.Errorf("%s updates counted to %s and generation %d", want, got.Description, got.Generation)
	}
}

// count adds one, and gives others the chance to come between.
func count(current *store.Installation) (*store.Installation, error) {
	if current == nil {
		current = &store.Installation{ClientKey: "counter", Description: "0"}
	}
	n, err := strconv.Atoi(current.Description)
	if err != nil {
		return nil, err
	}
	runtime.Gosched()
	current.Description = strconv.Itoa(n + 1)
	return current, nil
}

// checkNeighbours makes changes that fail in every way beside others, which a
// store may write together, on the same and on other records.
func checkNeighbours(r reporter, s store.Store) {
	const n = 60
	refusal := errors.New("refused")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	parallel(n, func(i int) {
		key := fmt.Sprintf("tenant %d", i)
		switch i % 5 {
		case 0:
			put(noFatal{r}, s, sample(key, i))
		case 1:
			_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
				return sample(key, i), refusal
			})
			if err != refusal {
				r.Errorf("Update of a refusing change: %v", err)
			}
		case 2:
			if p := panicking(s, key); p != "boom" {
				r.Errorf("a panic came out of Update as %v", p)
			}
		case 3:
			if _, err := s.Update(context.Background(), "counter", count); err != nil {
				r.Errorf("Update: %v", err)
			}
		case 4:
			if _, err := s.Update(ended, "counter", count); !errors.Is(err, context.Canceled) {
				r.Errorf("Update under an ended context: %v", err)
			}
		}
	})
	for i := range n {
		key := fmt.Sprintf("tenant %d", i)
		if i%5 == 0 {
			want(r, s, with(sample(key, i), 1))
		} else {
			wantNone(r, s, key)
		}
	}
	got, err := s.Installation(context.Background(), "counter")
	if err != nil || got.Generation != n/5 {
		r.Errorf("the counter is at %v, %v, want generation %d", describe(got), err, n/5)
	}
}

// noFatal is a reporter for goroutines that must not end the test.
type noFatal struct{ reporter }

func (f noFatal) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// checkVisibility reads, from other goroutines, what an Update returned.
func checkVisibility(r reporter, s store.Store) {
	const readers = 4
	stored := make(chan *store.Installation)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for inst := range stored {
				got, err := s.Installation(context.Background(), inst.ClientKey)
				if d := differences(got, inst); err != nil || d != "" {
					r.Errorf("Installation after Update returned: %v; %s", err, d)
				}
				keys, err := s.ClientKeysAt(context.Background(), inst.BaseURL)
				if err != nil || len(keys) != 1 || keys[0] != inst.ClientKey {
					r.Errorf("ClientKeysAt after Update returned = %q, %v, want %q", keys, err, inst.ClientKey)
				}
			}
		})
	}
	parallel(readers, func(w int) {
		for n := range 20 {
			got, err := s.Update(context.Background(), fmt.Sprint(w, " ", n), func(*store.Installation) (*store.Installation, error) {
				return sample(fmt.Sprint(w, " ", n), 100*w+n), nil
			})
			if err != nil {
				r.Errorf("Update: %v", err)
				continue
			}
			stored <- got
		}
	})
	close(stored)
	wg.Wait()
}

// checkRaces uses everything at the same time, for the race detector, and
// changes all that is handed in and out.
func checkRaces(r reporter, s store.Store) {
	const workers, each = 8, 25
	ctx := context.Background()
	parallel(workers, func(w int) {
		for n := range each {
			key := fmt.Sprint((w + n) % 5)
			given := sample(key, n%3)
			got, err := s.Update(ctx, key, func(current *store.Installation) (*store.Installation, error) {
				if current != nil {
					spoil(current)
				}
				if n%7 == 6 {
					return nil, nil
				}
				return given, nil
			})
			if err != nil {
				r.Errorf("Update: %v", err)
			}
			spoil(given)
			if got != nil {
				spoil(got)
			}
			readAll(r, s, key, n)
		}
	})
}

func readAll(r reporter, s store.Store, key string, n int) {
	ctx := context.Background()
	got, err := s.Installation(ctx, key)
	switch {
	case err == nil:
		if got.Description == "spoilt" {
			r.Errorf("Installation returns what was never stored")
		}
		spoil(got)
	case !errors.Is(err, store.ErrNotFound):
		r.Errorf("Installation: %v", err)
	}
	if _, err := s.ClientKeysAt(ctx, sample("", n%3).BaseURL); err != nil {
		r.Errorf("ClientKeysAt: %v", err)
	}
	for inst, err := range s.All(ctx) {
		if err != nil {
			r.Errorf("All: %v", err)
			return
		}
		spoil(inst)
	}
}
