package lifecycle_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

// histories are what a host did, in this order, with the end that decision by
// iat must reach in whatever order its events arrive.
var histories = []struct {
	name   string
	events []event
	want   string // "live" with a secret, or "uninstalled"
}{
	{"install to reinstall", []event{
		{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"},
		{kind: installed, second: 10, secret: "s2"}, {kind: disabled, second: 20, secret: "s2"},
		{kind: uninstalled, second: 21}, {kind: installed, second: 30, secret: "s3"},
	}, "live s3"},
	{"install to uninstall", []event{
		{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"},
		{kind: installed, second: 10, secret: "s2"}, {kind: disabled, second: 20, secret: "s2"},
		{kind: uninstalled, second: 20},
	}, "uninstalled"},
	{"one secret for two lives", []event{
		{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"}, {kind: uninstalled, second: 3},
		{kind: installed, second: 4, secret: "s1"}, {kind: disabled, second: 6, secret: "s1"},
	}, "live s1"},
	{"a flapping admin", []event{
		{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 2}, {kind: installed, second: 3, secret: "s2"},
		{kind: uninstalled, second: 4}, {kind: installed, second: 5, secret: "s3"},
	}, "live s3"},
}

// life says where a tenant stands in the terms of histories.
func life(inst *store.Installation) string {
	switch {
	case inst == nil:
		return "none"
	case inst.Live():
		return "live " + nameOf(inst.SharedSecret)
	}
	return string(inst.State)
}

func requests(events []event) []request {
	var all []request
	for _, e := range events {
		all = append(all, e.request())
	}
	return all
}

// permutations yields every order of the numbers below n.
func permutations(n int) func(yield func([]int) bool) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var permute func(k int, yield func([]int) bool) bool
	permute = func(k int, yield func([]int) bool) bool {
		if k == n {
			return yield(order)
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			if !permute(k+1, yield) {
				return false
			}
			order[k], order[i] = order[i], order[k]
		}
		return true
	}
	return func(yield func([]int) bool) { permute(0, yield) }
}

// resettable is a store that a test can empty between two runs over the same
// socket.
type resettable struct{ store.Store }

// TestOrders delivers each history in every order there is, in process since
// there are so many.
func TestOrders(t *testing.T) {
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			r := &resettable{store.NewMemory()}
			j := newJournal(t)
			a := newApp(t, setup{store: r, hooks: j.hooks()})
			a.client = &http.Client{Transport: inProcess{a.handler}}
			all := requests(h.events)
			for order := range permutations(len(all)) {
				r.Store = store.NewMemory()
				a.checkOrder(h.events, all, order, j)
				if got := life(a.stored("acme")); got != h.want {
					t.Errorf("delivered as %v: got %q, want %q", order, got, h.want)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// checkOrder delivers one order and holds what is true of each step: the last
// signed event never goes back, a notice is never older than one applied to the
// same life, and the hooks tell one story.
func (a *app) checkOrder(events []event, all []request, order []int, j *journal) {
	a.t.Helper()
	var last, notice, begin int // seconds
	for _, i := range order {
		e := events[i]
		before := a.stored("acme")
		status := a.do(all[i]).status
		after := a.stored("acme")
		changed := !reflect.DeepEqual(before, after)
		signed := e.kind == installed || e.kind == uninstalled
		want := http.StatusNoContent
		switch {
		case e.kind == installed && e.second <= last:
			want = http.StatusUnauthorized
		case signed:
			if changed != (e.second > last) {
				a.t.Errorf("%v: %s of second %d: changed %v, and %d was applied", order, e.kind, e.second, changed, last)
			}
		case before == nil || !before.Live() && e.kind == enabled:
			want = http.StatusUnauthorized
		case !before.Live():
		case nameOf(before.SharedSecret) != e.secret:
			want = http.StatusUnauthorized
		case changed != (e.second >= notice && e.second >= begin):
			a.t.Errorf("%v: %s of second %d: changed %v, with a notice of %d and a life from %d", order, e.kind, e.second, changed, notice, begin)
		}
		if status != want {
			a.t.Errorf("%v: %s of second %d: got %d, want %d", order, e.kind, e.second, status, want)
		}
		if changed && signed {
			if e.kind == installed && before != nil && !before.Live() {
				begin, notice = last+1, 0
			}
			last = e.second
		} else if changed {
			notice = e.second
		}
		if lines := j.take(); len(lines) != 0 && !changed {
			a.t.Errorf("%v: %s of second %d changed nothing and ran %q", order, e.kind, e.second, lines)
		}
	}
}

// TestParallel delivers each history at once.
func TestParallel(t *testing.T) {
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			r := &resettable{store.NewMemory()}
			a := newApp(t, setup{store: r, hooks: newJournal(t).hooks()})
			all := requests(h.events)
			for range 40 {
				r.Store = store.NewMemory()
				a.parallel(all)
				if got := life(a.stored("acme")); got != h.want {
					t.Fatalf("got %q, want %q", got, h.want)
				}
			}
		})
	}
}

// parallel sends requests at once and returns the statuses.
func (a *app) parallel(all []request) []int {
	a.t.Helper()
	statuses := make([]int, len(all))
	var wg sync.WaitGroup
	for i, r := range all {
		wg.Go(func() { statuses[i] = a.do(r).status })
	}
	wg.Wait()
	return statuses
}

// TestDisabledAndUninstalledTogether is what the host does at an uninstall.
func TestDisabledAndUninstalledTogether(t *testing.T) {
	both := requests([]event{{kind: disabled, second: 5, secret: "s1"}, {kind: uninstalled, second: 5}})
	r := &resettable{}
	a := newApp(t, setup{store: r, hooks: newJournal(t).hooks()})
	install := event{kind: installed, second: 1, secret: "s1"}.request()
	begin := func() {
		t.Helper()
		r.Store = store.NewMemory()
		if got := a.do(install).status; got != http.StatusNoContent {
			t.Fatalf("installed: got %d, want 204", got)
		}
	}
	check := func(name string, statuses ...int) {
		t.Helper()
		if got := summary(a.stored("acme")); got != "uninstalled at "+siteURL {
			t.Errorf("%s: got %q", name, got)
		}
		for _, got := range statuses {
			if got != http.StatusNoContent {
				t.Errorf("%s: got %d, want 204", name, statuses)
			}
		}
	}
	begin()
	check("disabled first", a.do(both[0]).status, a.do(both[1]).status)
	begin()
	check("uninstalled first", a.do(both[1]).status, a.do(both[0]).status)
	for range 50 {
		begin()
		check("in parallel", a.parallel(both)...)
	}
}

// TestReplay is about an installed event that comes twice.
func TestReplay(t *testing.T) {
	a, j := tenantWithJournal(t)
	r := rotation()
	if got := a.do(r).status; got != http.StatusNoContent {
		t.Fatalf("got %d, want 204", got)
	}
	j.take()
	before := a.snapshot()
	if got := a.do(r).status; got != http.StatusNoContent {
		t.Errorf("the same again: got %d, want 204", got)
	}
	j.check()
	if after := a.snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("the same again changed the store\n got %v\nwant %v", after, before)
	}

	forged := r
	forged.body = event{kind: installed, second: 5, secret: "evil"}.body()
	checkRefused(t, a, j, forged, http.StatusUnauthorized)
	forged.body = r.body + " "
	checkRefused(t, a, j, forged, http.StatusUnauthorized)
	forged.body = event{kind: installed, second: 5, secret: "s2", members: members{"baseUrl": renamed}}.body()
	checkRefused(t, a, j, forged, http.StatusUnauthorized)
	another := r
	another.token = signRS256(map[string]any{
		"iss": "acme", "iat": at(5).Unix(), "exp": at(901).Unix(), "aud": appURL, "qsh": requestHash(r.path),
	})
	checkRefused(t, a, j, another, http.StatusUnauthorized)

	a.must(event{kind: enabled, second: 6, secret: "s2"})
	if got := a.do(r).status; got != http.StatusNoContent {
		t.Errorf("the same again after enabled: got %d, want 204", got)
	}
	if got, want := summary(a.stored("acme")), "enabled s2 after s1 at "+siteURL; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	a.must(event{kind: uninstalled, second: 7})
	j.take()
	checkRefused(t, a, j, r, http.StatusUnauthorized)
	a.must(event{kind: installed, second: 8, secret: "s3"})
	j.take()
	checkRefused(t, a, j, r, http.StatusUnauthorized)
}

// TestManyAtOnce sends fifty installs of one tenant at once: the latest wins,
// none that was refused leaves a trace, and the hooks tell one unbroken story.
func TestManyAtOnce(t *testing.T) {
	const n = 50
	var mu sync.Mutex
	var formers, nexts []string
	j := newJournal(t)
	hooks := lifecycle.Hooks{OnInstall: func(_ context.Context, former, current *store.Installation) error {
		defer j.entry("acme", "install")()
		for range 1000 {
			runtime.Gosched() // the others may come in, if anything lets them
		}
		mu.Lock()
		defer mu.Unlock()
		formers, nexts = append(formers, life(former)), append(nexts, life(current))
		return nil
	}}
	a := newApp(t, setup{hooks: hooks})
	var events []event
	for i := range n {
		events = append(events, event{kind: installed, second: i + 1, secret: fmt.Sprintf("n%d", i+1)})
	}
	taken := 0
	for i, status := range a.parallel(requests(events)) {
		switch status {
		case http.StatusNoContent:
			taken++
		case http.StatusUnauthorized:
			if i == n-1 {
				t.Error("the latest install was refused")
			}
		default:
			t.Errorf("install %d: got %d", i+1, status)
		}
	}
	inst := a.stored("acme")
	if got, want := life(inst), fmt.Sprintf("live n%d", n); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if inst.Generation != uint64(taken) || len(nexts) != taken {
		t.Errorf("%d were taken, with %d writes and %d hooks", taken, inst.Generation, len(nexts))
	}
	for i, former := range formers {
		if want := append([]string{"none"}, nexts...)[i]; former != want {
			t.Errorf("hook %d began from %q, want %q", i, former, want)
		}
	}
}

// TestManyTenantsAtOnce mixes the events of several tenants: none disturbs
// another.
func TestManyTenantsAtOnce(t *testing.T) {
	j := newJournal(t)
	a := newApp(t, setup{hooks: j.hooks()})
	var events []event
	for i := range 8 {
		client := fmt.Sprintf("c%d", i)
		site := members{"baseUrl": fmt.Sprintf("https://c%d.atlassian.net", i)}
		events = append(events,
			event{kind: installed, second: 1, secret: "a" + client, client: client, members: site},
			event{kind: installed, second: 2, secret: "b" + client, client: client, members: site},
			event{kind: uninstalled, second: 3 + i%2*10, client: client, members: site},
			event{kind: installed, second: 9, secret: "d" + client, client: client, members: site},
		)
	}
	a.parallel(requests(events))
	for i := range 8 {
		client := fmt.Sprintf("c%d", i)
		want := "live d" + client
		if i%2 == 1 {
			want = "uninstalled"
		}
		if got := life(a.stored(client)); got != want {
			t.Errorf("%s: got %q, want %q", client, got, want)
		}
	}
	if n := len(a.snapshot()); n != 8 {
		t.Errorf("got %d tenants, want 8", n)
	}
	for _, line := range j.take() {
		if strings.HasPrefix(line, "import") {
			t.Errorf("no site was imported, and %q", line)
		}
	}
}
