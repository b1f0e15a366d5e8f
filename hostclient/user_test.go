package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// authorization calls the host and returns the header that arrived there.
func (w *world) authorization(t *testing.T, c *hostclient.Client) string {
	t.Helper()
	if _, err := hostclient.Get[struct{}](t.Context(), c, "/rest/api/3/myself"); err != nil {
		t.Fatal(err)
	}
	seen := w.site.requests()
	return seen[len(seen)-1].Header.Get("Authorization")
}

func (w *world) wantAuthorization(t *testing.T, c *hostclient.Client, want string) {
	t.Helper()
	if got := w.authorization(t, c); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func (w *world) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	if got := w.tokens.asked(t); !slices.Equal(got, want) {
		t.Errorf("scopes of the token requests: %q, want %q", got, want)
	}
}

func TestUserToken(t *testing.T) {
	w := newWorld(t, "/wiki", nil)
	user := w.client.AsUser(accountID)
	for range 3 {
		w.wantAuthorization(t, user, "Bearer token-1")
		w.wantAuthorization(t, w.client.AsUser(accountID), "Bearer token-1")
	}
	w.wantAsked(t, "")
}

func TestUserScopes(t *testing.T) {
	w := newWorld(t, "", nil)
	for _, c := range []struct {
		scopes []string
		want   string
	}{
		{nil, "Bearer token-1"},
		{[]string{"READ"}, "Bearer token-2"},
		{[]string{"write", "READ", "read"}, "Bearer token-3"},
		{[]string{"READ", "WRITE"}, "Bearer token-3"},
		{[]string{"read"}, "Bearer token-2"},
	} {
		w.wantAuthorization(t, w.client.AsUser(accountID, c.scopes...), c.want)
	}
	w.wantAsked(t, "", "READ", "READ WRITE")
}

func TestUserRefused(t *testing.T) {
	w := newWorld(t, "", nil)
	inst := installation(w.site.url)
	inst.OAuthClientID = ""
	bare, err := w.hosts.For(inst)
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*hostclient.Client{
		"no account":         w.client.AsUser(""),
		"empty scope":        w.client.AsUser(accountID, ""),
		"two scopes in one":  w.client.AsUser(accountID, "READ WRITE"),
		"umlaut":             w.client.AsUser(accountID, "LÖSCHEN"),
		"no oauth client id": bare.AsUser(accountID),
	} {
		if _, err := hostclient.Get[struct{}](t.Context(), client, "/x"); err == nil {
			t.Errorf("%s: the call went through", name)
		}
	}
	if n := len(w.site.requests()) + len(w.tokens.asked(t)); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

// Whatever tells two users' tokens apart must tell them apart in the cache.
func TestUserTokensAreNotShared(t *testing.T) {
	w := newWorld(t, "", nil)
	other := newSite(t, "", nil)
	w.wantAuthorization(t, w.client.AsUser(accountID), "Bearer token-1")

	inst := installation(w.site.url)
	inst.ClientKey = "jira:tenant-2"
	second, err := w.hosts.For(inst)
	if err != nil {
		t.Fatal(err)
	}
	w.wantAuthorization(t, second.AsUser(accountID), "Bearer token-2")
	w.wantAuthorization(t, w.client.AsUser(accountID), "Bearer token-1")

	moved, err := w.hosts.For(installation(other.url))
	if err != nil {
		t.Fatal(err)
	}
	w.tokens.tenant = other.url
	if _, err := hostclient.Get[struct{}](t.Context(), moved.AsUser(accountID), "/x"); err != nil {
		t.Fatal(err)
	}
	if got, want := other.only(t).Header.Get("Authorization"), "Bearer token-3"; got != want {
		t.Errorf("after a move: got %q, want %q", got, want)
	}
}

func TestThousandCallersOneTokenRequest(t *testing.T) {
	const callers = 1000
	w := newWorld(t, "", nil)
	var started, done sync.WaitGroup
	started.Add(callers)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		started.Wait()
		fmt.Fprint(rw, `{"access_token":"the-one","expires_in":900,"token_type":"Bearer"}`)
	})
	for range callers {
		done.Go(func() {
			user := w.client.AsUser(accountID, "READ")
			started.Done()
			if _, err := hostclient.Get[struct{}](t.Context(), user, "/x"); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	w.wantAsked(t, "READ")
	seen := w.site.requests()
	if len(seen) != callers {
		t.Errorf("%d calls arrived, want %d", len(seen), callers)
	}
	for _, r := range seen {
		if got := r.Header.Get("Authorization"); got != "Bearer the-one" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestEarlyRefresh(t *testing.T) {
	w := newWorld(t, "", nil)
	user := w.client.AsUser(accountID)
	w.wantAuthorization(t, user, "Bearer token-1")
	w.clock.advance(900*time.Second - 61*time.Second)
	w.wantAuthorization(t, user, "Bearer token-1")
	w.wantAsked(t, "")

	release := newGate(t)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		release.wait()
		fmt.Fprint(rw, `{"access_token":"fresh","expires_in":900,"token_type":"Bearer"}`)
	})
	w.clock.advance(time.Second)
	for range 5 { // nobody waits while the old token is good
		w.wantAuthorization(t, user, "Bearer token-1")
	}
	release.open()
	w.eventually(t, user, "Bearer fresh")
	w.wantAsked(t, "", "")
}

// eventually calls until the refresh that is under way has landed.
func (w *world) eventually(t *testing.T, c *hostclient.Client, want string) {
	t.Helper()
	for range 10_000 {
		got := w.authorization(t, c)
		if got == want {
			return
		}
		if got != "Bearer token-1" {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	t.Fatalf("the refresh never landed")
}

func TestEarlyRefreshFails(t *testing.T) {
	w := newWorld(t, "", nil)
	user := w.client.AsUser(accountID)
	w.wantAuthorization(t, user, "Bearer token-1")
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "down", http.StatusServiceUnavailable) })

	w.clock.advance(900*time.Second - 4*time.Second) // the last moments: the call waits for the refresh
	w.wantAuthorization(t, user, "Bearer token-1")
	w.wantAsked(t, "", "")
	w.wantAuthorization(t, user, "Bearer token-1") // and not again at once
	w.wantAsked(t, "", "")

	w.clock.advance(4 * time.Second)
	_, err := hostclient.Get[struct{}](t.Context(), user, "/x")
	var refused *hostclient.Error
	if !errors.As(err, &refused) || refused.Status != 503 || !errors.Is(err, hostclient.ErrHost) {
		t.Errorf("after its end: %v, want an Error with 503", err)
	}
}

func TestShortTokensAreRefreshedInTime(t *testing.T) {
	w := newWorld(t, "", nil)
	user := w.client.AsUser(accountID)
	n := 0
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(rw, `{"access_token":"short-%d","expires_in":"20","token_type":"bearer"}`, n)
	})
	w.wantAuthorization(t, user, "Bearer short-1")
	w.clock.advance(14 * time.Second)
	w.wantAuthorization(t, user, "Bearer short-1")
	w.wantAsked(t, "")
	w.clock.advance(2 * time.Second) // 4 s are left
	w.wantAuthorization(t, user, "Bearer short-2")
}

func TestTokenOfUnknownLifeIsNotKept(t *testing.T) {
	w := newWorld(t, "", nil)
	user := w.client.AsUser(accountID)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(rw, `{"access_token":"once","token_type":"Bearer"}`)
	})
	w.wantAuthorization(t, user, "Bearer once")
	w.wantAuthorization(t, user, "Bearer once")
	w.wantAsked(t, "", "")
}

func TestTokenIsReplacedOn401(t *testing.T) {
	var revoked atomic.Bool
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if revoked.Load() && r.Header.Get("Authorization") == "Bearer token-1" {
			rw.WriteHeader(http.StatusUnauthorized)
		}
	})
	user := w.client.AsUser(accountID)
	w.wantAuthorization(t, user, "Bearer token-1")
	revoked.Store(true)
	w.clock.advance(time.Minute)
	if _, err := hostclient.Get[struct{}](t.Context(), user, "/x"); err != nil {
		t.Error(err)
	}
	w.wantAuthorization(t, user, "Bearer token-2")
	w.wantAsked(t, "", "")
}

// A host that refuses the fresh token, too, is asked no third time, and while the
// token is fresh no second time.
func TestTokenIsReplacedOnce(t *testing.T) {
	for _, c := range []struct {
		body string
		want error
		sent int
	}{
		{`{}`, hostclient.ErrUnauthorized, 4},
		{`{"code":401,"message":"Unauthorized; scope does not match"}`, hostclient.ErrScopeMissing, 3},
	} {
		w := newWorld(t, "", status(401, c.body))
		for _, later := range []time.Duration{0, time.Minute, time.Second} {
			w.clock.advance(later)
			if _, err := hostclient.Get[struct{}](t.Context(), w.client.AsUser(accountID), "/x"); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		}
		if n := len(w.site.requests()); n != c.sent {
			t.Errorf("%s: %d requests, want %d", c.body, n, c.sent)
		}
	}
}

func TestLate401DropsNothing(t *testing.T) {
	arrived, release := newGate(t), newGate(t)
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-1" {
			return
		}
		if r.URL.Path == "/slow" {
			arrived.open()
			release.wait()
		}
		rw.WriteHeader(http.StatusUnauthorized)
	})
	t.Cleanup(release.open) // also before the servers made after it close
	user := w.client.AsUser(accountID)
	slow := call(t, user, "/slow", arrived)
	w.clock.advance(time.Minute)
	w.wantAuthorization(t, user, "Bearer token-2")
	release.open()
	if err := <-slow; err != nil {
		t.Error(err)
	}
	w.wantAuthorization(t, user, "Bearer token-2")
}

func TestForget(t *testing.T) {
	w := newWorld(t, "", nil)
	user := w.client.AsUser(accountID)
	w.wantAuthorization(t, user, "Bearer token-1")
	w.hosts.Forget("jira:another")
	w.wantAuthorization(t, user, "Bearer token-1")
	w.hosts.Forget(clientKey)
	w.wantAuthorization(t, user, "Bearer token-2")
}

func TestForgetWhileATokenIsUnderWay(t *testing.T) {
	w := newWorld(t, "", nil)
	arrived, release := newGate(t), newGate(t)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		arrived.open()
		release.wait()
		fmt.Fprint(rw, `{"access_token":"late","expires_in":900,"token_type":"Bearer"}`)
	})
	user := w.client.AsUser(accountID)
	early := call(t, user, "/x", arrived)
	w.hosts.Forget(clientKey)
	w.tokens.answerWith(nil)
	w.wantAuthorization(t, user, "Bearer token-2") // does not join the request of before
	w.hosts.Forget(clientKey)
	release.open()
	if err := <-early; err != nil {
		t.Errorf("the caller of before: %v", err)
	}
	w.wantAuthorization(t, user, "Bearer token-3")
}

func TestCallerLeavesAndTheTokenStays(t *testing.T) {
	w := newWorld(t, "", nil)
	arrived, release := make(chan struct{}), newGate(t)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		close(arrived)
		release.wait()
		fmt.Fprint(rw, `{"access_token":"kept","expires_in":900,"token_type":"Bearer"}`)
	})
	user := w.client.AsUser(accountID)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := hostclient.Get[struct{}](ctx, user, "/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	release.open()
	w.wantAuthorization(t, user, "Bearer kept")
	w.wantAsked(t, "")
}

func TestCacheIsBounded(t *testing.T) {
	w := newWorldWith(t, "", nil, func(c *hostclient.Config) { c.MaxTokens = 2 })
	call := func(scope, want string) {
		t.Helper()
		w.wantAuthorization(t, w.client.AsUser(accountID, scope), want)
	}
	call("A", "Bearer token-1")
	call("B", "Bearer token-2")
	call("A", "Bearer token-1")
	call("C", "Bearer token-3") // B was used least recently
	call("A", "Bearer token-1")
	call("C", "Bearer token-3")
	call("B", "Bearer token-4")
}

func TestTokenTimeout(t *testing.T) {
	w := newWorldWith(t, "", nil, func(c *hostclient.Config) { c.TokenTimeout = time.Millisecond })
	release := newGate(t)
	w.tokens.answerWith(func(http.ResponseWriter, *http.Request) { release.wait() })
	if _, err := hostclient.Get[struct{}](t.Context(), w.client.AsUser(accountID), "/x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

// tokenError is what an Error says of a token that was not given.
type tokenError struct {
	Status            int
	Code, Description string
	RetryAfter        time.Duration
}

func TestTokenErrors(t *testing.T) {
	elsewhere := newSite(t, "", nil)
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   tokenError
		kind   error
	}{
		{"invalid grant", status(400, `{"error":"invalid_grant","error_description":"user is\r\ninactive"}`),
			tokenError{Status: 400, Code: "invalid_grant", Description: "user is  inactive"}, nil},
		{"gateway", status(403, `{"code":403,"message":"Forbidden by policy"}`),
			tokenError{Status: 403, Description: "Forbidden by policy"}, hostclient.ErrForbidden},
		{"limit", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			status(429, `{"error":"slow_down"}`)(w, r)
		}, tokenError{Status: 429, Code: "slow_down", RetryAfter: 7 * time.Second}, hostclient.ErrRateLimited},
		{"page", status(502, `<html><title>Bad gateway</title>`), tokenError{Status: 502, Description: "Bad gateway"}, hostclient.ErrHost},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url, http.StatusTemporaryRedirect)
		},
			tokenError{Status: 307}, hostclient.ErrRedirect},
		{"error with 200", status(200, `{"error":"invalid_client"}`), tokenError{Status: 200, Code: "invalid_client"}, nil},
		{"no token", status(200, `{"expires_in":900}`), tokenError{Status: 200, Description: "the answer has no access_token"}, nil},
		{"line break", status(200, `{"access_token":"a\r\nb"}`), tokenError{Status: 200, Description: "the access_token does not fit into a header"}, nil},
		{"other type", status(200, `{"access_token":"a","token_type":"mac"}`), tokenError{Status: 200, Description: "the token is not a bearer token"}, nil},
		{"no JSON", status(200, "token"), tokenError{Status: 200, Description: "the answer is no JSON of a token"}, nil},
		{"huge", status(200, `{"access_token":"a"}`+strings.Repeat(" ", 64<<10)), tokenError{Status: 200, Description: "the answer is too large"}, nil},
		{"echo", func(w http.ResponseWriter, r *http.Request) {
			status(400, `{"error":"invalid_grant","error_description":"bad assertion `+r.PostForm.Get("assertion")+`"}`)(w, r)
		}, tokenError{Status: 400, Code: "invalid_grant", Description: "bad assertion [redacted]"}, nil},
		{"echo in a page", func(w http.ResponseWriter, r *http.Request) { status(400, r.PostForm.Get("assertion"))(w, r) },
			tokenError{Status: 400, Description: "[redacted]"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", nil)
			w.tokens.answerWith(c.answer)
			_, err := hostclient.Get[struct{}](t.Context(), w.client.AsUser(accountID), "/x")
			var e *hostclient.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an Error", err)
			}
			got := tokenError{e.Status, e.Code, strings.Join(e.Messages, "; "), e.RetryAfter}
			if got != c.want || e.Method != "POST" || e.URL != w.tokens.URL+"/oauth2/token" {
				t.Errorf("got %+v of %s %s\nwant %+v", got, e.Method, e.URL, c.want)
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("%v is not %v", err, c.kind)
			}
			if n := len(w.site.requests()) + len(elsewhere.requests()); n != 0 {
				t.Errorf("%d other requests were sent, want none", n)
			}
			w.wantAsked(t, "")
		})
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}
