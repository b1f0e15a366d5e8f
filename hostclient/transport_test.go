package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestCallersAuthorizationIsReplaced(t *testing.T) {
	w := newWorld(t, "", nil)
	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
		r, err := http.NewRequest("GET", w.site.url+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header[name] = []string{"Basic bWluZQ=="}
		answer, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		seen := w.site.requests()
		if err := checkJWT(seen[len(seen)-1], "", w.clock.now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := r.Header[name]; len(got) != 1 || got[0] != "Basic bWluZQ==" || len(r.Header) != 1 {
			t.Errorf("the caller's request was changed: %v", r.Header)
		}
		if sent := fmt.Sprint(answer.Request.Header); strings.Contains(sent, "JWT ") {
			t.Errorf("the answer's request holds the credential: %s", sent)
		}
	}
}

func TestRefusedBeforeDial(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   error
	}{
		{"host header", func(r *http.Request) { r.Host = "evil.example" }, hostclient.ErrOrigin},
		{"GET with a body", func(r *http.Request) { r.Method = "GET" }, hostclient.ErrRequest},
		{"get with a body", func(r *http.Request) { r.Method = "get" }, hostclient.ErrRequest},
		{"no method with a body", func(r *http.Request) { r.Method = "" }, hostclient.ErrRequest},
		{"HEAD with a body", func(r *http.Request) { r.Method = "HEAD" }, hostclient.ErrRequest},
		{"CONNECT", func(r *http.Request) { r.Method = "CONNECT" }, hostclient.ErrRequest},
		{"other host", func(r *http.Request) { r.URL.Host, r.Host = "127.0.0.1:1", "127.0.0.1:1" }, hostclient.ErrOrigin},
		{"dot segment", func(r *http.Request) { r.URL.Path = "/a/../b" }, hostclient.ErrOrigin},
		{"ended context", func(r *http.Request) { *r = *r.WithContext(ended()) }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", nil)
			body := &closer{Reader: strings.NewReader("text")}
			r, err := http.NewRequest("POST", w.site.url+"/x", body)
			if err != nil {
				t.Fatal(err)
			}
			c.change(r)
			answer, err := w.client.Transport().RoundTrip(r)
			if answer != nil || !errors.Is(err, c.want) {
				t.Errorf("got %v, %v, want %v", answer, err, c.want)
			}
			if !body.closed {
				t.Error("the body is open")
			}
			if n := len(w.site.requests()); n != 0 {
				t.Errorf("the host saw %d requests, want none", n)
			}
		})
	}
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestTransportWithoutCredential(t *testing.T) {
	s := newSite(t, "", nil)
	client := http.Client{Transport: &hostclient.Transport{}}
	if _, err := client.Get(s.url + "/x"); err == nil {
		t.Error("a Transport without a credential sends requests")
	}
}

// headerCredential is a credential as others may write it.
type headerCredential struct{ base string }

func (h headerCredential) Binding() hostclient.Binding { return boundTo(h.base) }

func (h headerCredential) Apply(r *http.Request) error {
	r.Header.Add("X-Extra", h.base)
	r.URL.RawQuery = "changed"
	return nil
}

func TestTransportKeepsRequests(t *testing.T) {
	s := newSite(t, "", nil)
	client := http.Client{Transport: &hostclient.Transport{Credential: headerCredential{s.url}, UserAgent: "tests/1"}}
	r, err := http.NewRequest("GET", s.url+"/x?a=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	extra := make([]string, 1, 4) // room for Add to write where the caller can see it
	extra[0] = "mine"
	r.Header["X-Extra"] = extra
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := fmt.Sprint(r.URL.RawQuery, r.Header, extra[:2]); got != fmt.Sprint("a=1", http.Header{"X-Extra": {"mine"}}, []string{"mine", ""}) {
		t.Errorf("the caller's request was changed: %s", got)
	}
	seen := s.only(t)
	if got, want := fmt.Sprint(seen.Header["X-Extra"], seen.UserAgent()), fmt.Sprint([]string{"mine", s.url}, "tests/1"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Before sees each request that the checks let through, and no credential.
func TestBefore(t *testing.T) {
	var seen []string
	w := newWorldWith(t, "", nil, func(config *hostclient.Config) {
		config.Before = func(r *http.Request) {
			seen = append(seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
		}
	})
	for _, path := range []string{"/x", "/y"} {
		if _, err := hostclient.Get[struct{}](t.Context(), w.client, path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.client.HTTP().Get("http://elsewhere.invalid/z"); err == nil {
		t.Error("another host was called")
	}
	if got, want := fmt.Sprint(seen), "[GET /x  GET /y ]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := len(w.site.requests()); n != 2 {
		t.Errorf("the host saw %d requests, want 2", n)
	}
}

func TestUserAgent(t *testing.T) {
	for _, c := range []struct {
		name, config string
		header       http.Header
		want         string
	}{
		{"default", "", nil, "atlassian-connect-go/devel (com.example.app)"},
		{"configured", "mine/2", nil, "mine/2"},
		{"the caller's", "mine/2", http.Header{"User-Agent": {"call/3"}}, "call/3"},
		{"none", "", http.Header{"User-Agent": {""}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldWith(t, "", nil, func(config *hostclient.Config) { config.UserAgent = c.config })
			r, err := w.client.NewRequest(t.Context(), "GET", "/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range c.header {
				r.Header[name] = values
			}
			answer, err := w.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if got := w.site.only(t).UserAgent(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestContextEndsCall(t *testing.T) {
	arrived, release := make(chan struct{}), newGate(t)
	w := newWorld(t, "", func(http.ResponseWriter, *http.Request) {
		close(arrived)
		release.wait()
	})
	t.Cleanup(release.open) // before the servers close
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := hostclient.Get[struct{}](ctx, w.client, "/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
