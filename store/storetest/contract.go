package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/store"
)

func checkAbsence(r reporter, s store.Store) {
	wantNone(r, s, "nobody")
	wantNone(r, s, "")
	wantNone(r, s, strings.Repeat("long", 20_000))
	wantSite(r, s, "https://nowhere.example")
	if got := keysOf(all(r, s)); len(got) != 0 {
		r.Errorf("All of an empty store yields %q", got)
	}
	put(r, s, sample("somebody", 1))
	wantNone(r, s, "some")
	wantNone(r, s, "somebody2")
	wantNone(r, s, "")
}

func checkEveryField(r reporter, s store.Store) {
	full := sample("tenant", 1)
	got := put(r, s, full.Clone())
	if d := differences(got, with(full, 1)); d != "" {
		r.Errorf("Update returns another installation: %s", d)
	}
	want(r, s, with(full, 1))
	if got := all(r, s); len(got) != 1 || differences(got[0], with(full, 1)) != "" {
		r.Errorf("All yields another installation")
	}
	bare := &store.Installation{ClientKey: "tenant"}
	put(r, s, bare.Clone())
	want(r, s, with(bare, 2))
}

// spoil changes everything in inst that can be changed in place.
func spoil(inst *store.Installation) {
	for k, v := range inst.Extra {
		for i := range v {
			v[i] = 'X'
		}
		inst.Extra[k+"!"] = v
	}
	inst.Description = "spoilt"
	inst.BaseURL = "https://spoilt.example"
}

func checkCopiesIn(r reporter, s store.Store) {
	given := sample("tenant", 1)
	saved := with(given, 1)
	put(r, s, given)
	spoil(given)
	want(r, s, saved)
	wantSite(r, s, saved.BaseURL, "tenant")
}

func checkCopiesOut(r reporter, s store.Store) {
	saved := with(sample("tenant", 1), 1)
	spoil(put(r, s, sample("tenant", 1)))
	want(r, s, saved)
	got, err := s.Installation(context.Background(), "tenant")
	if err != nil {
		r.Fatalf("Installation: %v", err)
	}
	spoil(got)
	want(r, s, saved)
	for _, inst := range all(r, s) {
		spoil(inst)
	}
	want(r, s, saved)
	_, _ = s.Update(context.Background(), "tenant", func(current *store.Installation) (*store.Installation, error) {
		spoil(current)
		return nil, errors.New("no")
	})
	want(r, s, saved)
	keys, _ := s.ClientKeysAt(context.Background(), saved.BaseURL)
	for i := range keys {
		keys[i] = "spoilt"
	}
	wantSite(r, s, saved.BaseURL, "tenant")
}

func checkGeneration(r reporter, s store.Store) {
	for n := range 5 {
		inst := sample("tenant", 1)
		inst.Generation = 77
		if got := put(r, s, inst); got.Generation != uint64(n+1) {
			r.Errorf("Update number %d returns generation %d", n+1, got.Generation)
		}
		want(r, s, with(inst, uint64(n+1)))
	}
	_, err := s.Update(context.Background(), "tenant", func(current *store.Installation) (*store.Installation, error) {
		if current.Generation != 5 {
			r.Errorf("change was given generation %d, want 5", current.Generation)
		}
		return current, nil
	})
	if err != nil {
		r.Fatalf("Update: %v", err)
	}
	want(r, s, with(sample("tenant", 1), 6))
	remove(r, s, "tenant")
	put(r, s, sample("tenant", 1))
	want(r, s, with(sample("tenant", 1), 1))
}

func checkFailedChange(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	refusal := errors.New("refused")
	for _, key := range []string{"tenant", "nobody"} {
		got, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
			return sample(key, 2), refusal
		})
		if got != nil || err != refusal {
			r.Errorf("Update(%q) whose change fails = %v, %v, want nil and the error as it is", key, describe(got), err)
		}
	}
	want(r, s, with(sample("tenant", 1), 1))
	wantNone(r, s, "nobody")
	wantSite(r, s, sample("", 2).BaseURL)
}

func checkPanic(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	for _, key := range []string{"tenant", "nobody"} {
		if got := panicking(s, key); got != "boom" {
			r.Errorf("a panic in change came out of Update as %v, want boom", got)
		}
	}
	want(r, s, with(sample("tenant", 1), 1))
	wantNone(r, s, "nobody")
	put(r, s, sample("tenant", 2))
	want(r, s, with(sample("tenant", 2), 2))
}

// panicking returns the panic that came out of an Update.
func panicking(s store.Store, clientKey string) (p any) {
	defer func() { p = recover() }()
	_, _ = s.Update(context.Background(), clientKey, func(current *store.Installation) (*store.Installation, error) {
		if current != nil {
			spoil(current)
		}
		panic("boom")
	})
	return nil
}

func checkGoexit(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Update(context.Background(), "tenant", func(*store.Installation) (*store.Installation, error) {
			runtime.Goexit()
			return nil, nil
		})
	}()
	<-done
	want(r, s, with(sample("tenant", 1), 1))
	put(r, s, sample("tenant", 2))
	want(r, s, with(sample("tenant", 2), 2))
}

func checkWrongClientKey(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	for _, c := range []struct{ asked, returned string }{
		{"tenant", "other"}, {"other", "tenant"}, {"tenant", ""}, {"", ""}, {"", "tenant"},
	} {
		_, err := s.Update(context.Background(), c.asked, func(*store.Installation) (*store.Installation, error) {
			return sample(c.returned, 2), nil
		})
		if err == nil || errors.Is(err, store.ErrNotFound) {
			r.Errorf("Update(%q) with client key %q = %v, want an error that is not ErrNotFound", c.asked, c.returned, err)
		}
	}
	want(r, s, with(sample("tenant", 1), 1))
	wantNone(r, s, "other")
	wantNone(r, s, "")
}

func checkDeletion(r reporter, s store.Store) {
	remove(r, s, "nobody")
	wantNone(r, s, "nobody")
	put(r, s, sample("a", 1))
	put(r, s, sample("b", 1))
	remove(r, s, "a")
	wantNone(r, s, "a")
	want(r, s, with(sample("b", 1), 1))
	wantSite(r, s, sample("", 1).BaseURL, "b")
	_, _ = s.Update(context.Background(), "a", func(current *store.Installation) (*store.Installation, error) {
		if current != nil {
			r.Errorf("change was given the deleted installation")
		}
		return nil, nil
	})
	remove(r, s, "b")
	if got := keysOf(all(r, s)); len(got) != 0 {
		r.Errorf("All yields the deleted %q", got)
	}
}

func checkCancellation(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := s.Installation(ctx, "tenant")
	wantCanceled(r, "Installation", got != nil, err)
	got, err = s.Update(ctx, "tenant", func(*store.Installation) (*store.Installation, error) {
		r.Errorf("Update called change although the context had ended")
		return sample("tenant", 2), nil
	})
	wantCanceled(r, "Update", got != nil, err)
	keys, err := s.ClientKeysAt(ctx, sample("", 1).BaseURL)
	wantCanceled(r, "ClientKeysAt", keys != nil, err)
	n := 0
	for got, err := range s.All(ctx) {
		n++
		wantCanceled(r, "All", got != nil, err)
	}
	if n != 1 {
		r.Errorf("All yields %d pairs under an ended context, want the error alone", n)
	}
	want(r, s, with(sample("tenant", 1), 1))
	checkCancellationInLoop(r, s)
}

func wantCanceled(r reporter, method string, result bool, err error) {
	r.Helper()
	if result || !errors.Is(err, context.Canceled) {
		r.Errorf("%s under an ended context returns a result (%t) and error %v, want only context.Canceled", method, result, err)
	}
}

func checkCancellationInLoop(r reporter, s store.Store) {
	putAll(r, s, numbers(5)...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	n := 0
	for inst, err := range s.All(ctx) {
		if last != nil {
			r.Errorf("All goes on after an error")
		}
		if (inst == nil) == (err == nil) {
			r.Errorf("All yields %v beside error %v", describe(inst), err)
		}
		last = err
		n++
		cancel()
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		r.Errorf("All yields %d pairs and error %v after its context ended at the first, want 2 and context.Canceled", n, last)
	}
}

// checkCancellationInChange ends the context when the change is under way:
// either outcome is right, but Update must tell which.
func checkCancellationInChange(r reporter, s store.Store) {
	put(r, s, sample("tenant", 1))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got, err := s.Update(ctx, "tenant", func(*store.Installation) (*store.Installation, error) {
		cancel()
		return sample("tenant", 2), nil
	})
	switch {
	case err == nil:
		if d := differences(got, with(sample("tenant", 2), 2)); d != "" {
			r.Errorf("Update returns another installation: %s", d)
		}
		want(r, s, with(sample("tenant", 2), 2))
	case errors.Is(err, context.Canceled):
		want(r, s, with(sample("tenant", 1), 1))
	default:
		r.Errorf("Update: %v", err)
	}
}

func checkOrder(r reporter, s store.Store) {
	var keys []string
	for n := range 200 {
		keys = append(keys, fmt.Sprintf("%d", n*7919%200))
	}
	keys = append(keys, "\x00", "\xff", "\xff\xff", "Z", "a", "a\x00", "aa", "é", "\U0001F600")
	putAll(r, s, keys...)
	slices.Sort(keys)
	got := keysOf(all(r, s))
	if !slices.Equal(got, keys) {
		r.Errorf("All yields %d client keys not in byte order: %q", len(got), got)
	}
}

func checkBreak(r reporter, s store.Store) {
	putAll(r, s, numbers(150)...)
	seq := s.All(context.Background())
	for _, stop := range []int{0, 1, 63, 64, 65, 149} {
		n := 0
		for inst, err := range seq {
			if err != nil || inst.ClientKey != fmt.Sprintf("%03d", n) {
				r.Fatalf("All yields %v, %v at place %d", describe(inst), err, n)
			}
			if n == stop {
				break
			}
			n++
		}
	}
	put(r, s, sample("after", 1))
	want(r, s, with(sample("after", 1), 1))
}

// checkCallsInLoop changes the store while it is gone through. Only what is
// not changed meanwhile must be seen.
func checkCallsInLoop(r reporter, s store.Store) {
	const n = 150
	putAll(r, s, numbers(n)...)
	seen := make(map[string]int)
	i, last := 0, ""
	for inst, err := range s.All(context.Background()) {
		if err != nil {
			r.Fatalf("All: %v", err)
		}
		if inst.ClientKey <= last {
			r.Errorf("All yields %q after %q", inst.ClientKey, last)
		}
		last = inst.ClientKey
		seen[last]++
		if i++; i%10 == 0 {
			stir(r, s, last)
		}
	}
	for _, key := range numbers(n) {
		if seen[key] != 1 {
			r.Errorf("All yields %s %d times, want once", key, seen[key])
		}
	}
}

// stir makes changes around the record that All has just yielded.
func stir(r reporter, s store.Store, key string) {
	put(r, s, sample(key, 1000))
	want(r, s, with(sample(key, 1000), 2))
	wantSite(r, s, sample("", 1000).BaseURL, key)
	put(r, s, sample(key+" new", 1001))
	remove(r, s, key)
	wantNone(r, s, key)
}

func checkSites(r reporter, s store.Store) {
	const a, b = "https://a.example", "https://a.example/wiki"
	at := func(key, url string) {
		inst := sample(key, 1)
		inst.BaseURL = url
		put(r, s, inst)
	}
	at("2", a)
	at("1", a)
	at("3", b)
	wantSite(r, s, a, "1", "2")
	wantSite(r, s, b, "3")
	for _, other := range []string{"", "https://a.exampl", a + "/", "HTTPS://a.example"} {
		wantSite(r, s, other)
	}
	at("1", b) // renamed
	wantSite(r, s, a, "2")
	wantSite(r, s, b, "1", "3")
	at("1", b) // as it was
	wantSite(r, s, b, "1", "3")
	remove(r, s, "3")
	wantSite(r, s, b, "1")
	at("1", a) // and back
	wantSite(r, s, a, "1", "2")
	wantSite(r, s, b)
	at("4", "")
	wantSite(r, s, "", "4")
	remove(r, s, "1")
	remove(r, s, "2")
	remove(r, s, "4")
	wantSite(r, s, a)
	wantSite(r, s, "")
}

func checkOddKeys(r reporter, s store.Store) {
	keys := []string{
		"a", "A", "a ", " a", "a\x00", "\x00", "\x00\x00", "a\x00b", "/", "..", "../a", "a/b", "%00", "\n", "\t",
		"\xff", "\xff\xfe", "\xc3\x28", "é", "e\u0301", "\u202e", "日本", "jira:12345", "0", "null",
		"meta", "installations", "sites", "schema", `"`, `'; DROP TABLE installations; --`, strings.Repeat("k", 4096),
		strings.Repeat("k", 4095),
	}
	putAll(r, s, keys...)
	for n, key := range keys {
		want(r, s, with(sample(key, n), 1))
		wantSite(r, s, sample("", n).BaseURL, key)
	}
	slices.Sort(keys)
	if got := keysOf(all(r, s)); !slices.Equal(got, keys) {
		r.Errorf("All yields other client keys than were stored: %q", got)
	}
	parallel(len(keys), func(i int) { remove(noFatal{r}, s, keys[i]) })
	for _, key := range keys {
		wantNone(r, s, key)
	}
}

// checkSeparators uses pairs of base URL and client key that give the same
// text when they are put together with a separator between.
func checkSeparators(r reporter, s store.Store) {
	for _, sep := range []string{"", "\x00", "\n", "/", "|", ":", " ", "\t", "\x1f", "\u00ff"} {
		long, brief := sample("k", 1), sample("x"+sep+"k", 2)
		long.BaseURL, brief.BaseURL = "https://a.example"+sep+"x", "https://a.example"
		put(r, s, long)
		put(r, s, brief)
		wantSite(r, s, long.BaseURL, "k")
		wantSite(r, s, brief.BaseURL, "x"+sep+"k")
		remove(r, s, "k")
		wantSite(r, s, long.BaseURL)
		wantSite(r, s, brief.BaseURL, "x"+sep+"k")
		remove(r, s, "x"+sep+"k")
	}
}
