package boltstore

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/store"
)

// This file is white-box because a million installations are written faster
// when many share a transaction.

// spread gives the client keys an order that is not that of their numbers.
func spread(n int) uint32 { return uint32(n) * 2654435761 }

func benchInstallation(n int) *store.Installation {
	return &store.Installation{
		Key: "com.example.app", ClientKey: fmt.Sprintf("%08x-4b1f-4a7c-9d21-%012d", spread(n), n),
		OAuthClientID: "eyJob3N0S2V5IjoiMTIzNDU2Nzg5MCIsImFkZG9uS2V5IjoiY29tLmV4YW1wbGUuYXBwIn0",
		BaseURL:       fmt.Sprintf("https://site-%d.atlassian.net", n), ProductType: "jira",
		DisplayURL: fmt.Sprintf("https://site-%d.atlassian.net", n), EventType: "installed",
		SharedSecret: store.NewSecret("ATCOa" + strings.Repeat("s", 160)), State: store.Enabled,
		CreatedAt: time.Unix(1.7e9, 0), UpdatedAt: time.Unix(1.7e9, 0), SignedEventIAT: time.Unix(1.7e9, 0), Generation: 1,
	}
}

// BenchmarkInstalls compares durable installs of new tenants one at a time with
// 64 at a time, in a new file each round, and reports how many times as many
// are done in the same time. Both kinds take turns, so that they meet the same
// file and the same disk.
func BenchmarkInstalls(b *testing.B) {
	const alone, together, turns = 50, 64 * 8, 4
	var one, many time.Duration
	for b.Loop() {
		s, err := Open(filepath.Join(b.TempDir(), "app.db"), Options{Keys: []Key{NewKey()}})
		if err != nil {
			b.Fatal(err)
		}
		next := new(atomic.Int64)
		installs(b, s, next, 64, together) // warm up
		for range turns {
			one += installs(b, s, next, 1, alone)
			many += installs(b, s, next, 64, together)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	perOne := float64(one.Nanoseconds()) / float64(b.N*turns*alone)
	perMany := float64(many.Nanoseconds()) / float64(b.N*turns*together)
	b.ReportMetric(perOne, "alone-ns/install")
	b.ReportMetric(perMany, "together-ns/install")
	b.ReportMetric(perOne/perMany, "times-the-rate")
}

// installs makes that many installs from a number of goroutines.
func installs(b *testing.B, s *Store, next *atomic.Int64, workers, count int) time.Duration {
	b.Helper()
	start := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range count / workers {
				inst := benchInstallation(int(next.Add(1)))
				_, err := s.Update(context.Background(), inst.ClientKey, func(*store.Installation) (*store.Installation, error) {
					return inst, nil
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// fillBench writes installations from 0 up to n, many in a transaction.
func fillBench(b *testing.B, s *Store, n int) {
	b.Helper()
	// Client keys in the order of their bytes fill one page after another.
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(spread(a), spread(b)) })
	for group := range slices.Chunk(order, 20_000) {
		err := s.write(func(tx *bolt.Tx, sum *totals) error {
			for _, i := range group {
				inst := benchInstallation(i)
				value, t, err := s.ring.encode(inst)
				if err != nil {
					return err
				}
				e := edit{next: &stored{inst: inst, value: value, tag: t, site: siteKey(inst.BaseURL, inst.ClientKey)}}
				if err := e.put(tx, sum, inst.ClientKey); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup compares a lookup of a random installation among 1 000 with
// one among 1 000 000, and reports the ratio, the heap, and what Open takes.
func BenchmarkLookup(b *testing.B) {
	sizes := []int{1_000, 1_000_000}
	opening, stores := make([]time.Duration, len(sizes)), make([]*Store, len(sizes))
	for i, n := range sizes {
		path, o := filepath.Join(b.TempDir(), "app.db"), Options{Keys: []Key{NewKey()}}
		s, err := Open(path, o)
		if err != nil {
			b.Fatal(err)
		}
		fillBench(b, s, n)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		runtime.GC() // of what filling took
		start := time.Now()
		if stores[i], err = Open(path, o); err != nil {
			b.Fatal(err)
		}
		opening[i] = time.Since(start)
		defer func() { _ = stores[i].Close() }()
		lookups(b, stores[i], n, 20_000) // brings the pages into memory
	}
	var spent [2]time.Duration
	b.ResetTimer()
	for b.Loop() {
		for i, n := range sizes {
			spent[i] += lookups(b, stores[i], n, 20_000)
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	per := func(i int) float64 { return float64(spent[i].Nanoseconds()) / float64(b.N) / 20_000 }
	b.ReportMetric(per(0), "of-1000-ns")
	b.ReportMetric(per(1), "of-1000000-ns")
	b.ReportMetric(per(1)/per(0), "times-as-long")
	b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "heap-MiB")
	b.ReportMetric(opening[1].Seconds(), "open-1000000-s")
}

func lookups(b *testing.B, s *Store, n, count int) time.Duration {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	keys := make([]string, count)
	for i := range keys {
		keys[i] = benchInstallation(rnd.IntN(n)).ClientKey
	}
	start := time.Now()
	for _, key := range keys {
		inst, err := s.Installation(context.Background(), key)
		if err != nil || inst.SharedSecret.IsZero() {
			b.Fatalf("installation %q: %v", key, err)
		}
	}
	return time.Since(start)
}
