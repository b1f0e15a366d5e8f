package hostclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func seconds(n ...float64) string {
	waits := make([]time.Duration, len(n))
	for i, s := range n {
		waits[i] = time.Duration(s * float64(time.Second))
	}
	return fmt.Sprint(waits)
}

// What is repeated, after which waits. The jitter of the tests leaves a backoff as
// it is and adds three twentieths to what the host asks for.
func TestRepetition(t *testing.T) {
	reset := func(layout string) reply {
		return reply{429, map[string]string{"X-RateLimit-Reset": newClock().now().Add(time.Minute / 2).Format(layout)}}
	}
	date := newClock().now().Add(20 * time.Second).Format(http.TimeFormat)
	ask := func(status int, retryAfter string) reply {
		return reply{status, map[string]string{"Retry-After": retryAfter}}
	}
	type header = map[string]string
	for _, c := range []struct {
		name    string
		method  string
		header  http.Header
		writes  bool // Transport.RetryWrites
		replies []reply
		status  int    // at the end
		waits   string // as many as repetitions
	}{
		{"success", "GET", nil, false, nil, 200, seconds()},
		{"429 with a time", "GET", nil, false, []reply{ask(429, "3")}, 200, seconds(3.45)},
		{"429 with times", "GET", nil, false, []reply{ask(429, "3"), ask(429, "30")}, 200, seconds(3.45, 34.5)},
		{"429 with a date", "GET", nil, false, []reply{ask(429, date)}, 200, seconds(23)},
		{"429 with a date in the past", "GET", nil, false, []reply{ask(429, "Mon, 02 Jan 2006 15:04:05 GMT")}, 200, seconds(2)},
		{"429 with a reset", "GET", nil, false, []reply{reset(time.RFC3339)}, 200, seconds(34.5)},
		{"429 with a reset without seconds", "GET", nil, false, []reply{
			{429, header{"X-RateLimit-Reset": newClock().now().Add(time.Minute).Format("2006-01-02T15:04Z")}},
		}, 429, seconds()}, // a minute is more than MaxWait
		{"429 with both", "GET", nil, false, []reply{{429, header{"X-RateLimit-Reset": "2026-11-02T09:00:20Z", "Retry-After": "2"}}}, 200, seconds(2.3)},
		{"429 with 0", "GET", nil, false, []reply{ask(429, "0")}, 200, seconds(2)},
		{"429 alone", "GET", nil, false, []reply{ask(429, ""), ask(429, ""), ask(429, ""), ask(429, "")}, 200, seconds(2, 4, 8, 16)},
		{"429 for ever", "GET", nil, false, []reply{ask(429, ""), ask(429, ""), ask(429, ""), ask(429, ""), ask(429, "")}, 429, seconds(2, 4, 8, 16)},
		{"1847 seconds", "GET", nil, false, []reply{ask(429, "1847")}, 429, seconds()},
		{"as long as MaxWait", "GET", nil, false, []reply{ask(429, "30")}, 200, seconds(34.5)},
		{"longer than MaxWait", "GET", nil, false, []reply{ask(429, "31")}, 429, seconds()},
		{"limits to come, with success", "GET", nil, false, []reply{{200, header{
			"Beta-Retry-After": "20", "X-Beta-RateLimit-Reset": "2026-11-02T09:00:20Z", "X-Beta-RateLimit-Remaining": "0", "Beta-RateLimit": `"global-app-quota";r=0;t=50`,
		}}}, 200, seconds()},
		{"limits to come, with 429", "GET", nil, false, []reply{{429, header{
			"Beta-Retry-After": "20", "X-Beta-RateLimit-Reset": "2026-11-02T09:00:20Z", "Beta-RateLimit-Reason": "jira-quota-global-based",
		}}}, 200, seconds(2)},
		{"nearly at the limit", "GET", nil, false, []reply{{200, header{"X-RateLimit-NearLimit": "true", "X-RateLimit-Remaining": "0"}}}, 200, seconds()},
		{"success with 0, as Data Center has it", "GET", nil, false, []reply{ask(200, "0")}, 200, seconds()},
		{"success with a time", "GET", nil, false, []reply{ask(200, "20")}, 200, seconds()},
		{"503 alone", "GET", nil, false, []reply{ask(503, "")}, 200, seconds(2)},
		{"503 with a time", "GET", nil, false, []reply{ask(503, "10")}, 200, seconds(11.5)},
		{"503 with a reset", "GET", nil, false, []reply{{503, header{"X-RateLimit-Reset": "2026-11-02T10:00:00Z"}}}, 200, seconds(2)},
		{"503 with a long time", "GET", nil, false, []reply{ask(503, "3600")}, 503, seconds()},
		{"502 and 504", "GET", nil, false, []reply{ask(502, ""), ask(504, "")}, 200, seconds(2, 4)},
		{"500 alone", "GET", nil, false, []reply{ask(500, "")}, 500, seconds()},
		{"500 with a time", "GET", nil, false, []reply{ask(500, "4")}, 200, seconds(4.6)},
		{"400 with a time", "GET", nil, false, []reply{ask(400, "4")}, 400, seconds()},
		{"401", "GET", nil, false, []reply{ask(401, "4")}, 401, seconds()},
		{"403", "GET", nil, false, []reply{ask(403, "4")}, 403, seconds()},
		{"404", "GET", nil, false, []reply{ask(404, "4")}, 404, seconds()},
		{"409", "GET", nil, false, []reply{ask(409, "4")}, 409, seconds()},
		{"HEAD", "HEAD", nil, false, []reply{ask(503, "")}, 200, seconds(2)},
		{"OPTIONS", "OPTIONS", nil, false, []reply{ask(503, "")}, 200, seconds(2)},
		{"no method", "", nil, false, []reply{ask(503, "")}, 200, seconds(2)},

		{"PUT", "PUT", nil, false, []reply{ask(503, "")}, 503, seconds()},
		{"PUT after 429", "PUT", nil, false, []reply{ask(429, "4")}, 429, seconds()},
		{"DELETE", "DELETE", nil, false, []reply{ask(503, "")}, 503, seconds()},
		{"POST", "POST", nil, false, []reply{ask(503, "")}, 503, seconds()},
		{"POST after 429", "POST", nil, false, []reply{ask(429, "4")}, 429, seconds()},
		{"PATCH after 429", "PATCH", nil, false, []reply{ask(429, "4")}, 429, seconds()},

		{"PUT that may be", "PUT", nil, true, []reply{ask(503, ""), ask(429, "")}, 200, seconds(2, 4)},
		{"DELETE that may be", "DELETE", nil, true, []reply{ask(503, ""), ask(429, "")}, 200, seconds(2, 4)},
		{"POST that may be, after 503", "POST", nil, true, []reply{ask(503, "4")}, 503, seconds()},
		{"POST that may be, after 429", "POST", nil, true, []reply{ask(429, "")}, 429, seconds()},
		{"POST that may be, after 429 with 0", "POST", nil, true, []reply{ask(429, "0")}, 429, seconds()},
		{"POST that may be, after 429 with a time", "POST", nil, true, []reply{ask(429, "4")}, 200, seconds(4.6)},
		{"PATCH that may be, after 429 with a time", "PATCH", nil, true, []reply{ask(429, "4")}, 200, seconds(4.6)},
		{"PATCH that may be, after 503", "PATCH", nil, true, []reply{ask(503, "4")}, 503, seconds()},

		{"POST with a key", "POST", http.Header{"Idempotency-Key": {"1"}}, false, []reply{ask(503, ""), ask(429, "4")}, 200, seconds(2, 4.6)},
		{"POST with the other key", "POST", http.Header{"X-Idempotency-Key": {"1"}}, false, []reply{ask(503, "")}, 200, seconds(2)},
		{"POST with a key that is not sent", "POST", http.Header{"Idempotency-Key": {}}, false, []reply{ask(503, "")}, 200, seconds(2)},
		{"PATCH with a key", "PATCH", http.Header{"Idempotency-Key": {"1"}}, false, []reply{ask(503, "")}, 200, seconds(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", script(c.replies...))
			client := w.client
			if c.writes {
				client = client.RetryWrites()
			}
			var text io.Reader
			if c.method != "" && !strings.Contains("GET HEAD OPTIONS DELETE", c.method) {
				text = strings.NewReader("the whole text")
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, w.site.url+"/x", text)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range c.header {
				r.Header[name] = values
			}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if got := fmt.Sprint(w.waits()); answer.StatusCode != c.status || got != c.waits {
				t.Errorf("got %d after %s, want %d after %s", answer.StatusCode, got, c.status, c.waits)
			}
			if n, want := len(w.site.requests()), 1+len(w.waits()); n != want {
				t.Errorf("the host saw %d requests, want %d", n, want)
			}
		})
	}
}

// The widths of the jitter.
func TestJitter(t *testing.T) {
	for jitter, want := range map[float64]string{0: seconds(1.4, 10), 0.5: seconds(2, 11.5), 1: seconds(2.6, 13)} {
		w := newWorld(t, "", script(reply{status: 503}, limited("", "10")))
		var waits []time.Duration
		hosts := hostsWith(t, hostclient.LimitsConfig{
			Clock: w.clock.now, Jitter: func() float64 { return jitter },
			Sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
		})
		if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(w.site.url)), "/x"); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(waits); got != want {
			t.Errorf("jitter %v: waited %s, want %s", jitter, got, want)
		}
	}
}

func TestMaxRetries(t *testing.T) {
	for retries, want := range map[int]int{-1: 1, 0: 5, 1: 2, 7: 8} {
		w := newWorld(t, "", status(503, ""))
		hosts, err := hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{MaxRetries: retries})})
		if err != nil {
			t.Fatal(err)
		}
		_, err = hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(w.site.url)), "/x")
		if n := len(w.site.requests()); !errors.Is(err, hostclient.ErrHost) || n != want {
			t.Errorf("%d: got %v after %d requests, want ErrHost after %d", retries, err, n, want)
		}
	}
}

// Each repetition has the whole body, and a token of its own for its own moment.
func TestRepetitionsAreWhole(t *testing.T) {
	var w *world
	replies := script(limited("", "5"), limited("", "7"))
	w = newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if text, err := io.ReadAll(r.Body); err != nil || string(text) != `{"summary":"x"}` {
			t.Errorf("got %q, %v", text, err)
		}
		if err := checkJWT(r, "", w.clock.now()); err != nil {
			t.Error(err)
		}
		replies(rw, r)
	})
	_, err := hostclient.Send[struct{}](t.Context(), w.client.RetryWrites(), "POST", "/rest/api/3/issue", map[string]string{"summary": "x"})
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]bool{}
	for _, r := range w.site.requests() {
		tokens[r.Header.Get("Authorization")] = true
	}
	if len(tokens) != 3 {
		t.Errorf("%d tokens, want 3", len(tokens))
	}
}

// counting is a credential that counts how often it was applied.
type counting struct {
	base string
	n    *atomic.Int64
}

func (c counting) Binding() hostclient.Binding { return boundTo(c.base) }

func (c counting) Apply(r *http.Request) error {
	r.Header.Set("Authorization", fmt.Sprintf("Count %06d", c.n.Add(1)))
	return nil
}

// renewing is one that has another try.
type renewing struct{ counting }

func (renewing) Renew(*http.Request, *hostclient.Error) (bool, error) { return true, nil }

func TestEachAttemptIsAuthorised(t *testing.T) {
	for _, c := range []struct {
		name    string
		replies []reply
		want    string
		end     int
	}{
		{"repeated", []reply{{status: 503}, {status: 503}}, "Count 000001 Count 000002 Count 000003", 200},
		{"renewed", []reply{{status: 401}}, "Count 000001 Count 000002", 200},
		{"renewed once", []reply{{status: 401}, {status: 401}}, "Count 000001 Count 000002", 401},
		{"renewed and repeated", []reply{{status: 503}, {status: 404}, {status: 503}}, "Count 000001 Count 000002 Count 000003 Count 000004", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", script(c.replies...))
			client := w.hosts.Client(renewing{counting{w.site.url, new(atomic.Int64)}})
			r, err := client.NewRequest(t.Context(), "GET", "/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			var got []string
			for _, r := range w.site.requests() {
				got = append(got, r.Header.Get("Authorization"))
			}
			if strings.Join(got, " ") != c.want || answer.StatusCode != c.end {
				t.Errorf("got %d, %q, want %d, %s", answer.StatusCode, got, c.end, c.want)
			}
		})
	}
}

// A body that cannot be read again is sent once.
func TestBodyWithoutGetBodyIsSentOnce(t *testing.T) {
	for _, replies := range [][]reply{{{status: 503}}, {limited("", "3")}, {{status: 401}}} {
		w := newWorld(t, "", script(replies...))
		client := w.hosts.Client(renewing{counting{w.site.url, new(atomic.Int64)}}).RetryWrites()
		r, err := client.NewRequest(t.Context(), "PUT", "/x", io.MultiReader(strings.NewReader("text")))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != replies[0].status {
			t.Errorf("got %d, want %d", answer.StatusCode, replies[0].status)
		}
		w.site.only(t)
	}
}

func TestBodyThatFailsToRewind(t *testing.T) {
	oops := errors.New("oops")
	w := newWorld(t, "", status(503, ""))
	r, err := w.client.NewRequest(t.Context(), "PUT", "/x", strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	r.GetBody = func() (io.ReadCloser, error) { return nil, oops }
	if _, err := w.client.RetryWrites().Do(r); !errors.Is(err, oops) {
		t.Errorf("got %v, want %v", err, oops)
	}
	w.site.only(t)
}

// A wait that the context does not last for is not begun: the answer is the
// error. One during which the context ends is the context's.
func TestWaitsEndWithTheContext(t *testing.T) {
	short, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	w := newWorldWith(t, "", script(limited("jira-burst-based", "7200")), func(*hostclient.Config) {})
	hosts, err := hostclient.NewHosts(hostclient.Config{
		Clock: w.clock.now, Timeout: -1, Limits: w.limits(t, hostclient.LimitsConfig{MaxWait: 24 * time.Hour}),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := mustFor(t, hosts, installation(w.site.url))
	for i, want := range []time.Duration{2 * time.Hour, time.Hour} { // the pause, which is noted for an hour
		_, err := hostclient.Get[struct{}](short, client, "/x")
		var e *hostclient.Error
		if !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("call %d: got %v, want an Error with %v", i, err, want)
		}
	}
	if waits := w.waits(); len(waits) != 0 {
		t.Errorf("waited %v", waits)
	}
	w.site.only(t)
	if _, err := hostclient.Get[struct{}](t.Context(), client, "/x"); err != nil || len(w.waits()) != 1 {
		t.Errorf("without a deadline: got %v after %v", err, w.waits())
	}
}

func TestAWaitThatEndsEarly(t *testing.T) {
	oops := errors.New("oops") // stands for the context's
	for method, first := range map[string]reply{
		"GET":  {status: 503},                     // waits before it is repeated
		"POST": limited("jira-burst-based", "20"), // waits when it is sent once more
	} {
		s := newSite(t, "", script(first))
		hosts := hostsWith(t, hostclient.LimitsConfig{Clock: newClock().now, Sleep: func(context.Context, time.Duration) error { return oops }})
		client := mustFor(t, hosts, installation(s.url))
		_, err := hostclient.Send[struct{}](t.Context(), client, method, "/x", nil)
		if method == "POST" {
			_, err = hostclient.Send[struct{}](t.Context(), client, method, "/x", nil)
		}
		if !errors.Is(err, oops) {
			t.Errorf("%s: got %v, want what ended the wait", method, err)
		}
		s.only(t)
	}
}

// The waits of those who bring none end with the context.
func TestContextEndsAWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := newSite(t, "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	hosts, err := hostclient.NewHosts(hostclient.Config{Timeout: -1, Base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultTransport.RoundTrip(r)
		cancel()
		return answer, err
	})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hostclient.Get[struct{}](ctx, mustFor(t, hosts, installation(s.url)), "/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	s.only(t)
}

// No answer that is not handed out holds its connection while the call waits.
func TestNoConnectionIsHeldInAWait(t *testing.T) {
	body := &closer{Reader: strings.NewReader("busy")}
	n := 0
	base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if n++; n == 1 {
			return &http.Response{StatusCode: 503, Body: body, Request: r}, nil
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{Clock: newClock().now, Sleep: func(context.Context, time.Duration) error {
		if rest, err := io.ReadAll(body.Reader); !body.closed || len(rest) > 0 || err != nil {
			t.Errorf("closed %v, left %q, %v", body.closed, rest, err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := readThroughWith(t, &hostclient.Transport{Base: base, Credential: headerOnly("Bearer a-token"), Limits: limits}); got != "" || n != 2 {
		t.Errorf("got %q after %d requests", got, n)
	}
}

func TestRepetitionsShareAConnection(t *testing.T) {
	evil := newListener(t)
	evil.site.answer = script(reply{status: 503}, reply{status: 503}, limited("", "1"), reply{status: 504})
	w := newWorld(t, "", nil)
	if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, w.hosts, installation(evil.url)), "/x"); err != nil {
		t.Fatal(err)
	}
	if requests, conns := len(evil.requests()), evil.connections(); requests != 5 || conns != 1 {
		t.Errorf("%d requests over %d connections, want 5 over 1", requests, conns)
	}
}

// A host that takes no connections gets a few more tries, whatever the method.
func TestFailuresToConnectAreRepeated(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	for _, method := range []string{"GET", "POST"} {
		w := newWorld(t, "", nil)
		_, err := hostclient.Send[struct{}](t.Context(), mustFor(t, w.hosts, installation("http://"+address)), method, "/x", nil)
		var op *net.OpError
		if got := fmt.Sprint(w.waits()); !errors.As(err, &op) || got != seconds(0.5, 1, 2, 4) {
			t.Errorf("%s: got %v after %s, want a failure to dial after %s", method, err, got, seconds(0.5, 1, 2, 4))
		}
	}
}

func TestFailuresThatAreNotRepeated(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err error
		n   int
	}{
		"no such name":        {dial(&net.DNSError{Name: "acme.net", IsNotFound: true}), 1},
		"private address":     {dial(fmt.Errorf("%w: 10.0.0.1", hostclient.ErrPrivate)), 1},
		"while reading":       {&net.OpError{Op: "read", Net: "tcp", Err: errors.New("reset")}, 1},
		"control: name later": {dial(&net.DNSError{Name: "acme.net", IsTemporary: true}), 5},
	} {
		w := newWorld(t, "", nil)
		n := 0
		rt := &hostclient.Transport{
			Credential: headerOnly("Bearer a-token"), Limits: w.limits(t, hostclient.LimitsConfig{}),
			Base: roundTripFunc(func(*http.Request) (*http.Response, error) { n++; return nil, c.err }),
		}
		r, err := http.NewRequest("GET", "https://acme.atlassian.net/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rt.RoundTrip(r); !errors.Is(err, c.err) || n != c.n {
			t.Errorf("%s: got %v after %d attempts, want %v after %d", name, err, n, c.err, c.n)
		}
	}
}

// A connection that breaks after the request was written is not tried again: the
// host may have done what it was asked for.
func TestBrokenAnswersAreNotRepeated(t *testing.T) {
	w := newWorld(t, "", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := hostclient.Send[struct{}](t.Context(), w.client.RetryWrites(), "PUT", "/x", map[string]int{})
	if err == nil {
		t.Error("no error")
	}
	w.site.only(t)
}

// What a credential was shown of an answer is read in full by the caller, and
// ends as it came.
func TestPeekedBodiesAreWhole(t *testing.T) {
	oops := errors.New("oops")
	long := strings.Repeat("0123456789", 20<<10)
	for name, c := range map[string]struct {
		body io.Reader
		want string
		err  error
	}{
		"short":                   {strings.NewReader("text"), "text", nil},
		"empty":                   {strings.NewReader(""), "", nil},
		"long":                    {strings.NewReader(long), long, nil},
		"fails at once":           {iotest.ErrReader(oops), "", oops},
		"fails early":             {io.MultiReader(strings.NewReader("text"), iotest.ErrReader(oops)), "text", oops},
		"fails late":              {io.MultiReader(strings.NewReader(long), iotest.ErrReader(oops)), long, oops},
		"fails just at the limit": {io.MultiReader(strings.NewReader(long[:64<<10]), iotest.ErrReader(oops)), long[:64<<10], oops},
	} {
		t.Run(name, func(t *testing.T) {
			body := &closer{Reader: c.body}
			rt := &hostclient.Transport{
				Credential: refusedCredential{headerOnly("Bearer a-token")},
				Base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 403, Body: body, Request: r}, nil
				}),
			}
			r, err := http.NewRequest("GET", "https://acme.atlassian.net/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := rt.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 2 { // an error stays one
				var got bytes.Buffer
				_, err := got.ReadFrom(answer.Body)
				if want := c.want; !errors.Is(err, c.err) || i == 0 && got.String() != want {
					t.Errorf("got %d bytes, %v, want %d, %v", got.Len(), err, len(want), c.err)
				}
			}
			answer.Body.Close()
			if !body.closed {
				t.Error("the body is open")
			}
		})
	}
}

// refusedCredential looks at refusals and has no other try.
type refusedCredential struct{ headerOnly }

func (refusedCredential) Renew(_ *http.Request, refused *hostclient.Error) (bool, error) {
	return false, nil
}

// An error of Renew takes the place of the answer.
func TestErrorOfARenewal(t *testing.T) {
	body := &closer{Reader: strings.NewReader("text")}
	rt := &hostclient.Transport{
		Credential: hopelessCredential{headerOnly("Bearer a-token")},
		Base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 401, Body: body, Request: r}, nil
		}),
	}
	r, err := http.NewRequest("GET", "https://acme.atlassian.net/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.RoundTrip(r); !errors.Is(err, hostclient.ErrReauthorize) || !body.closed {
		t.Errorf("got %v, closed %v, want ErrReauthorize", err, body.closed)
	}
}

type hopelessCredential struct{ headerOnly }

func (hopelessCredential) Renew(*http.Request, *hostclient.Error) (bool, error) {
	return false, hostclient.ErrReauthorize
}

// The time limit of a call lasts to the end of the answer's body.
func TestTimeoutOfABody(t *testing.T) {
	release := newGate(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		release.wait()
	}))
	t.Cleanup(s.Close)
	t.Cleanup(release.open) // before the server closes
	hosts, err := hostclient.NewHosts(hostclient.Config{Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = hostclient.Get[struct{}](t.Context(), mustFor(t, hosts, installation(s.URL)), "/x")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}
