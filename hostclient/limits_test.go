package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// reply is one answer of a host that follows a script.
type reply struct {
	status int
	header map[string]string
}

func (r reply) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	for name, value := range r.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(r.status)
	fmt.Fprint(w, `{}`)
}

// script answers with one reply after the other, and with success after the last.
func script(replies ...reply) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		next := reply{status: http.StatusOK}
		if len(replies) > 0 {
			next, replies = replies[0], replies[1:]
		}
		mu.Unlock()
		next.ServeHTTP(w, r)
	}
}

// limited is a 429 for a reason, with a time.
func limited(reason, retryAfter string) reply {
	header := map[string]string{}
	if reason != "" {
		header["RateLimit-Reason"] = reason
	}
	if retryAfter != "" {
		header["Retry-After"] = retryAfter
	}
	return reply{http.StatusTooManyRequests, header}
}

func (w *world) waits() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]time.Duration(nil), w.slept...)
}

// pauseCalls are calls after one that was answered with 429, which changed
// issue ABC-1 of the first tenant.
var pauseCalls = []struct {
	name, method, path string
	who                string
}{
	{"the same", "PUT", "/rest/api/3/issue/ABC-1", "tenant"},
	{"the same, as a user", "PUT", "/rest/api/3/issue/ABC-1", "user"},
	{"other issue", "PUT", "/rest/api/3/issue/ABC-2", "tenant"},
	{"other endpoint of the issue", "POST", "/rest/api/3/issue/abc-1/comment", "tenant"},
	{"other method", "DELETE", "/rest/api/3/issue/ABC-2", "tenant"},
	{"reading the issue", "GET", "/rest/api/3/issue/ABC-1", "tenant"},
	{"other endpoint", "GET", "/rest/api/3/myself", "tenant"},
	{"other tenant", "PUT", "/rest/api/3/issue/ABC-1", "other tenant"},
	{"other app", "PUT", "/rest/api/3/issue/ABC-1", "other app"},
}

// What a 429 stops depends on its reason. What it stops waits for the time it
// names, and three twentieths more by the jitter of the tests.
func TestWhatAPauseStops(t *testing.T) {
	everything := []string{
		"the same", "the same, as a user", "other issue", "other endpoint of the issue", "other method", "reading the issue",
		"other endpoint", "other tenant",
	}
	tenant := everything[:len(everything)-1]
	endpoint := []string{"the same", "the same, as a user", "other issue"}
	issue := []string{"the same", "the same, as a user", "other endpoint of the issue"}
	for _, c := range []struct {
		reason string
		stops  []string
	}{
		{"jira-quota-global-based", everything},
		{"confluence-quota-global-based", everything},
		{"jira-quota-tenant-based", tenant},
		{"confluence-quota-tenant-based", tenant},
		{"jira-burst-based", endpoint},
		{"confluence-burst-based", endpoint},
		{"jira-per-issue-on-write", issue},
		{"jira-cost-based", endpoint},
		{"jira-max-concurrent-threads-across-all-instances-per-tenant-per-user", endpoint},
		{"", endpoint},
	} {
		for _, next := range pauseCalls {
			t.Run(c.reason+"/"+next.name, func(t *testing.T) {
				var want []time.Duration
				for _, name := range c.stops {
					if name == next.name {
						want = []time.Duration{11500 * time.Millisecond}
					}
				}
				w := newWorld(t, "", script(limited(c.reason, "10")))
				if _, err := hostclient.Send[struct{}](t.Context(), w.client, "PUT", "/rest/api/3/issue/ABC-1", nil); !errors.Is(err, hostclient.ErrRateLimited) {
					t.Fatalf("got %v, want ErrRateLimited", err)
				}
				client, sites := pausedClient(t, w, next.who)
				if _, err := hostclient.Send[struct{}](t.Context(), client, next.method, next.path, nil); err != nil {
					t.Fatal(err)
				}
				if got := w.waits(); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("waited %v, want %v", got, want)
				}
				requests := 0
				for _, s := range sites {
					requests += len(s.requests())
				}
				if requests != 2 {
					t.Errorf("the hosts saw %d requests, want 2", requests)
				}
			})
		}
	}
}

// pausedClient returns a client that shares something with w's, and all sites.
func pausedClient(t *testing.T, w *world, who string) (*hostclient.Client, []*site) {
	switch who {
	case "user":
		return w.client.AsUser(accountID), []*site{w.site}
	case "other tenant":
		other := newSite(t, "", nil)
		return mustFor(t, w.hosts, installation(other.url)), []*site{w.site, other}
	case "other app":
		hosts, err := hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{})})
		if err != nil {
			t.Fatal(err)
		}
		return mustFor(t, hosts, installation(w.site.url)), []*site{w.site}
	}
	return w.client, []*site{w.site}
}

// A customer's own server cannot stop an app's calls to others.
func TestNoDataCenterStopsOthers(t *testing.T) {
	w := newWorld(t, "", nil)
	clientOf := func(s *site) *hostclient.Client {
		place, err := hostclient.DataCenter(s.url)
		if err != nil {
			t.Fatal(err)
		}
		pat, err := hostclient.NewPAT(place, store.NewSecret("a-token-of-a-customer"))
		if err != nil {
			t.Fatal(err)
		}
		return w.hosts.Client(pat)
	}
	first, second := newSite(t, "", script(limited("jira-quota-global-based", "1847"))), newSite(t, "", nil)
	stopped := clientOf(first)
	for _, c := range []struct {
		client *hostclient.Client
		path   string
		want   error
	}{
		{stopped, "/x", hostclient.ErrRateLimited},
		{clientOf(second), "/x", nil},
		{w.client, "/x", nil},
		{stopped, "/y", hostclient.ErrRateLimited},
	} {
		if _, err := hostclient.Get[struct{}](t.Context(), c.client, c.path); !errors.Is(err, c.want) {
			t.Errorf("got %v, want %v", err, c.want)
		}
	}
	first.only(t)
	second.only(t)
}

// A pause that is too long to wait for is an error at once, for the call that is
// told of it and for those after it, which are not sent.
func TestLongPause(t *testing.T) {
	w := newWorld(t, "", script(limited("jira-quota-tenant-based", "1847")))
	told := w.clock.now()
	want := hostclient.Error{
		Status: 429, RetryAfter: 1847 * time.Second, RetryAt: told.Add(1847 * time.Second), RateLimitReason: "jira-quota-tenant-based",
	}
	for i, moment := range []time.Duration{0, 0, 847 * time.Second} {
		w.clock.advance(moment)
		want.RetryAfter -= moment
		_, err := hostclient.Get[struct{}](t.Context(), w.client, "/rest/x?token=hidden")
		var e *hostclient.Error
		if !errors.As(err, &e) || !errors.Is(err, hostclient.ErrRateLimited) {
			t.Fatalf("call %d: got %v, want ErrRateLimited", i, err)
		}
		got := hostclient.Error{Status: e.Status, RetryAfter: e.RetryAfter, RetryAt: e.RetryAt, RateLimitReason: e.RateLimitReason}
		if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
			t.Errorf("call %d: got %#v, want %#v", i, got, want)
		}
		if e.Method+" "+e.URL != "GET "+w.site.url+"/rest/x?token=[redacted]" || strings.Contains(e.Hint, "not sent") != (i > 0) {
			t.Errorf("call %d: got %v", i, e)
		}
	}
	w.site.only(t)
	if waits := w.waits(); len(waits) != 0 {
		t.Errorf("waited %v", waits)
	}
	w.clock.advance(1000 * time.Second)
	if _, err := hostclient.Get[struct{}](t.Context(), w.client, "/rest/x"); err != nil {
		t.Error(err)
	}
}

// A host that fails and says when to come back stops no other calls.
func TestFailuresAreNoPause(t *testing.T) {
	w := newWorld(t, "", script(reply{503, map[string]string{"Retry-After": "1847"}}))
	for _, want := range []error{hostclient.ErrHost, nil} {
		if _, err := hostclient.Get[struct{}](t.Context(), w.client, "/x"); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	if n := len(w.site.requests()); n != 2 {
		t.Errorf("the host saw %d requests, want 2", n)
	}
}

// Of two times that calls are told at once, the later one holds.
func TestTheLaterPauseHolds(t *testing.T) {
	for _, reason := range []string{"jira-quota-global-based", "jira-quota-tenant-based", "jira-burst-based"} {
		arrived, release := newGate(t), newGate(t)
		w := newWorld(t, "", nil)
		w.site.answer = func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" { // the first to come is the last to be answered
				arrived.open()
				release.wait()
				limited(reason, "5").ServeHTTP(rw, r)
				return
			}
			limited(reason, "1847").ServeHTTP(rw, r)
		}
		slow := make(chan error, 1)
		go func() {
			_, err := hostclient.Send[struct{}](t.Context(), w.client, "POST", "/x?slow", nil)
			slow <- err
		}()
		arrived.wait()
		want := func() {
			_, err := hostclient.Send[struct{}](t.Context(), w.client, "POST", "/x", nil)
			var e *hostclient.Error
			if !errors.As(err, &e) || e.RetryAfter != 1847*time.Second {
				t.Errorf("%s: got %v, want 1847 seconds", reason, err)
			}
		}
		want()
		release.open()
		if err := <-slow; !errors.Is(err, hostclient.ErrRateLimited) {
			t.Errorf("%s: got %v, want ErrRateLimited", reason, err)
		}
		want()
		if n := len(w.site.requests()); n != 2 {
			t.Errorf("%s: the host saw %d requests, want 2", reason, n)
		}
	}
}

// A call that is not sent closes its body.
func TestPausedCallClosesItsBody(t *testing.T) {
	w := newWorld(t, "", script(limited("jira-quota-tenant-based", "1847")))
	_, _ = hostclient.Get[struct{}](t.Context(), w.client, "/x")
	body := &closer{Reader: strings.NewReader("text")}
	r, err := w.client.NewRequest(t.Context(), "POST", "/x", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Do(r); !errors.Is(err, hostclient.ErrRateLimited) || !body.closed {
		t.Errorf("got %v, closed %v, want ErrRateLimited", err, body.closed)
	}
	w.site.only(t)
}

// What a host says is believed for an hour, although the error has it all.
func TestPausesAreBounded(t *testing.T) {
	w := newWorld(t, "", script(limited("jira-quota-global-based", "86400")))
	hosts, err := hostclient.NewHosts(hostclient.Config{
		Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{MaxWait: time.Millisecond}),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := mustFor(t, hosts, installation(w.site.url))
	for _, c := range []struct {
		advance    time.Duration
		retryAfter time.Duration // 0 for a success
		requests   int
	}{
		{0, 24 * time.Hour, 1},
		{0, time.Hour, 1},
		{time.Hour - time.Second, time.Second, 1},
		{time.Second, 0, 2},
	} {
		w.clock.advance(c.advance)
		_, err := hostclient.Get[struct{}](t.Context(), client, "/x")
		var e *hostclient.Error
		if errors.As(err, &e); (e == nil) != (c.retryAfter == 0) || e != nil && e.RetryAfter != c.retryAfter {
			t.Errorf("got %v, want %v", err, c.retryAfter)
		}
		if n := len(w.site.requests()); n != c.requests {
			t.Errorf("%d requests, want %d", n, c.requests)
		}
	}
}

// What one call is told a thousand others heed, each for itself, also by a clock
// that stands still.
func TestThousandHeedAPause(t *testing.T) {
	const calls = 1000
	var mu sync.Mutex
	waits := map[time.Duration]int{}
	frozen := newClock()
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{
		Clock: frozen.now, Jitter: func() float64 { return 1 },
		Sleep: func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			waits[d]++
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldWith(t, "", script(limited("jira-quota-tenant-based", "20")), func(c *hostclient.Config) { c.Limits = limits })
	if _, err := hostclient.Send[struct{}](t.Context(), w.client, "POST", "/x", nil); !errors.Is(err, hostclient.ErrRateLimited) {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			if _, err := hostclient.Get[struct{}](t.Context(), w.client, fmt.Sprintf("/rest/api/3/issue/A-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, want := fmt.Sprint(waits), "map[26s:1000]"; got != want {
		t.Errorf("waited %s, want %s", got, want)
	}
	if n := len(w.site.requests()); n != 1+calls {
		t.Errorf("the host saw %d requests, want %d", n, 1+calls)
	}
}

// A thousand goroutines call with one client, which meets every limit and paces
// itself. Each call comes to its end, and each is signed for itself.
func TestThousandCalls(t *testing.T) {
	const calls = 1000
	var n int
	var mu sync.Mutex
	frozen, waits := newClock(), 0
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{
		MaxRetries: 50, Budget: -1, Rate: 1e4, Burst: 50, Clock: frozen.now,
		Sleep: func(context.Context, time.Duration) error { mu.Lock(); defer mu.Unlock(); waits++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		i := n
		mu.Unlock()
		switch {
		case i%50 == 0:
			limited([]string{"jira-burst-based", "jira-quota-tenant-based", "jira-quota-global-based", ""}[i/50%4], "1").ServeHTTP(w, r)
		case i%71 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprintf(w, `{"path":%q}`, r.URL.Path)
		}
	})
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: frozen.now, Limits: limits, AuthorizationServer: w.tokens.URL, Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	app := mustFor(t, hosts, installation(w.site.url))
	user := app.AsUser(accountID)
	var group sync.WaitGroup
	for i := range calls {
		client, path := app, fmt.Sprintf("/rest/api/3/issue/A-%d", i)
		if i%2 == 0 {
			client = user
		}
		group.Go(func() {
			got, err := hostclient.Get[struct{ Path string }](t.Context(), client, path)
			if err != nil || got.Path != path {
				t.Errorf("got %q, %v, want %s", got.Path, err, path)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, r := range w.site.requests() {
		seen[r.Header.Get("Authorization")] = true
	}
	if len(seen) != calls/2+1 { // of the app one for each path, of the user one
		t.Errorf("%d different credentials, want %d", len(seen), calls/2+1)
	}
	if waits == 0 {
		t.Error("nobody waited")
	}
}

// Tenants of which nothing holds any more are forgotten, and those that give no
// trouble are never remembered.
func TestLimitsForget(t *testing.T) {
	c := newClock()
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{Clock: c.now, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	code, wait := 200, "60"
	base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		header := http.Header{"Retry-After": {wait}, "Ratelimit-Reason": {"jira-burst-based"}}
		return &http.Response{StatusCode: code, Header: header, Body: http.NoBody, Request: r}, nil
	})
	call := func(tenant int, path string) {
		cred := headerCredential{fmt.Sprintf("https://t%d.example", tenant)}
		r, err := http.NewRequest("GET", cred.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = (&hostclient.Transport{Base: base, Credential: cred, Limits: limits}).RoundTrip(r)
	}
	for i := range 100 {
		call(i, "/x")
	}
	wantKnown(t, limits, 0, 0)
	code, wait = 429, "0"
	call(0, "/x")
	wantKnown(t, limits, 0, 0)
	wait = "60"
	for i := range 1024 {
		call(i, "/x")
	}
	wantKnown(t, limits, 1024, 1024)
	c.advance(time.Hour)
	call(1024, "/x") // an hour may still hold
	wantKnown(t, limits, 1025, 1025)
	for i := 1025; i < 2050; i++ {
		c.advance(time.Second)
		call(i, "/x")
	}
	wantKnown(t, limits, 1026, 1026) // the old ones went when 2050 were there to be kept
	for i := range 500 {
		call(2049, fmt.Sprintf("/%c%c", 'a'+i/26, 'a'+i%26))
	}
	wantKnown(t, limits, 1026, 1526)
	c.advance(2 * time.Minute)
	call(2049, "/y")
	wantKnown(t, limits, 1026, 1026)
}

func wantKnown(t *testing.T, l *hostclient.Limits, tenants, parts int) {
	t.Helper()
	if gotTenants, gotParts := l.Known(); gotTenants != tenants || gotParts != parts {
		t.Errorf("%d tenants and %d parts of them, want %d and %d", gotTenants, gotParts, tenants, parts)
	}
}

func TestEndpoints(t *testing.T) {
	for path, want := range map[string]string{
		"/rest/api/3/myself":                                                                 "/rest/api/3/myself",
		"/rest/api/3/myself/":                                                                "/rest/api/3/myself",
		"/rest/api/latest/serverInfo":                                                        "/rest/api/latest/serverInfo",
		"/rest/api/2/issue/ABC-123":                                                          "/rest/api/2/issue/*",
		"/rest/api/3/issue/10001/comment/5":                                                  "/rest/api/3/issue/*/comment/*",
		"/rest/api/3/issue/bulk":                                                             "/rest/api/3/issue/bulk",
		"/rest/api/3/issue/ABC-1/properties/my.prop":                                         "/rest/api/3/issue/*/properties/*",
		"/rest/api/3/issue/ABC-1/properties/flag":                                            "/rest/api/3/issue/*/properties/*",
		"/rest/api/3/project/ABC":                                                            "/rest/api/3/project/*",
		"/rest/api/3/project/A_B/components":                                                 "/rest/api/3/project/*/components",
		"/rest/api/3/project/search":                                                         "/rest/api/3/project/search",
		"/rest/api/3/search/jql":                                                             "/rest/api/3/search/jql",
		"/rest/api/3/user/557058:f58131cb-b67d-43c7":                                         "/rest/api/3/user/*",
		"/rest/api/3/user/5b10a2844c20165700ede21g":                                          "/rest/api/3/user/*",
		"/rest/api/3/field/customfield_10010/option":                                         "/rest/api/3/field/*/option",
		"/rest/agile/1.0/board/7/sprint":                                                     "/rest/agile/1.0/board/*/sprint",
		"/rest/auth/1/session":                                                               "/rest/auth/1/session",
		"/rest/oauth2/latest/token":                                                          "/rest/oauth2/latest/token",
		"/rest/servicedeskapi/servicedesk/4/queue/9":                                         "/rest/servicedeskapi/servicedesk/*/queue/*",
		"/rest/servicedeskapi/request/HELP-1":                                                "/rest/servicedeskapi/request/*",
		"/rest/atlassian-connect/1/addons/com.example.app/properties/x":                      "/rest/atlassian-connect/1/addons/*/properties/*",
		"/wiki/api/v2/pages/123456":                                                          "/wiki/api/v2/pages/*",
		"/wiki/api/v2/spaces/65538/pages":                                                    "/wiki/api/v2/spaces/*/pages",
		"/wiki/rest/api/content/123/child/page":                                              "/wiki/rest/api/content/*/child/page",
		"/wiki/rest/api/space/DS/content":                                                    "/wiki/rest/api/space/*/content",
		"/wiki/rest/api/space/~mia":                                                          "/wiki/rest/api/space/*",
		"/jira/rest/api/2/issue/ABC-1":                                                       "/jira/rest/api/2/issue/*",
		"/ex/jira/6cc42e6b-39a2-4c8f-a0bb-6ff1e5a0f0ea/rest/api/3/issue/A-1":                 "/ex/jira/*/rest/api/3/issue/*",
		"/jsm/assets/workspace/6cc42e6b-39a2-4c8f-a0bb-6ff1e5a0f0ea/v1/object/88":            "/jsm/assets/workspace/*/v1/object/*",
		"/jsm/assets/workspace/6cc42e6b-39a2-4c8f-a0bb-6ff1e5a0f0ea/v1/objectschema/3/attrs": "/jsm/assets/workspace/*/v1/objectschema/*/attrs",
		"/rest/assets/1.0/object/88":                                                         "/rest/assets/1.0/object/*",
		"/rest/pat/latest/tokens/7":                                                          "/rest/pat/latest/tokens/*",
		"/secure/attachment/10042/file.png":                                                  "/secure/attachment/*/*",
		"/":                                                                                  "",
		"":                                                                                   "",
	} {
		r := &http.Request{Method: "PUT", URL: mustParse(t, "https://acme.net"+path)}
		if got := hostclient.Endpoint(r); got != "PUT "+want {
			t.Errorf("%s: got %s, want PUT %s", path, got, want)
		}
	}
}

func TestIssues(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"PUT", "/rest/api/3/issue/ABC-1", "issue ABC-1"},
		{"DELETE", "/rest/api/3/issue/abc-1", "issue ABC-1"},
		{"POST", "/jira/rest/api/2/issue/10001/comment", "issue 10001"},
		{"POST", "/rest/servicedeskapi/request/HELP-1/comment", "issue HELP-1"},
		{"PUT", "/rest/agile/1.0/issue/ABC-1/estimation", "issue ABC-1"},
		{"POST", "/rest/api/3/issue/bulk", ""},
		{"POST", "/rest/api/3/issue", ""},
		{"POST", "/rest/api/3/issueLink", ""},
		{"GET", "/rest/api/3/issue/ABC-1", ""},
		{"", "/rest/api/3/issue/ABC-1", ""},
		{"HEAD", "/rest/api/3/issue/ABC-1", ""},
		{"OPTIONS", "/rest/api/3/issue/ABC-1", ""},
	} {
		r := &http.Request{Method: c.method, URL: mustParse(t, "https://acme.net"+c.path)}
		if got := hostclient.Issue(r); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestLimitsConfig(t *testing.T) {
	for _, c := range []struct {
		config hostclient.LimitsConfig
		want   string // none for a good one
	}{
		{hostclient.LimitsConfig{MaxWait: -1}, "hostclient: MaxWait must not be negative"},
		{hostclient.LimitsConfig{Rate: -1}, "hostclient: Rate must be a number and not negative"},
		{hostclient.LimitsConfig{Rate: math.NaN()}, "hostclient: Rate must be a number and not negative"},
		{hostclient.LimitsConfig{Rate: math.Inf(1)}, "hostclient: Rate must be a number and not negative"},
		{hostclient.LimitsConfig{Burst: -1}, "hostclient: Burst must not be negative"},
		{hostclient.LimitsConfig{Rate: math.MaxFloat64}, ""},
		{hostclient.LimitsConfig{MaxRetries: -1, Budget: -1}, ""},
	} {
		limits, err := hostclient.NewLimits(c.config)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want || (limits == nil) != (err != nil) {
			t.Errorf("%+v: got %v, %v, want %q", c.config, limits, err, c.want)
		}
	}
}
