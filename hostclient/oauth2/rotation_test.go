package oauth2_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// The token is refreshed a minute before its end, once, and stored.
func TestRefreshBeforeTheEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	for _, step := range []struct {
		advance time.Duration
		want    string
	}{
		{0, "access-token-1"},
		{59*time.Minute - time.Second, "access-token-1"},
		{time.Second, "access-token-2"},
		{0, "access-token-2"},
		{24 * time.Hour, "access-token-3"},
	} {
		w.clock.advance(step.advance)
		if err := w.get(w.client); err != nil {
			t.Fatal(err)
		}
		if got := w.server.calls[len(w.server.calls)-1].Header.Get("Authorization"); got != "Bearer "+step.want {
			t.Errorf("after %v: got %s, want %s", step.advance, got, step.want)
		}
		if got := w.stored(t); got != step.want {
			t.Errorf("after %v: stored %s, want %s", step.advance, got, step.want)
		}
	}
}

// However many wait, one refresh is made.
func TestOneRefreshForMany(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(2 * time.Hour)
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if err := w.get(w.client); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// Two processes with one store never lose the grant, and both go on, although the
// server gives a refresh token no leeway.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	patient := func(c *oauth2.Config) { c.Sleep = nil }
	_, w.client = w.process(t, patient)
	_, other := w.process(t, patient)
	for range 20 {
		w.clock.advance(2 * time.Hour)
		var group sync.WaitGroup
		for _, c := range []*hostclient.Client{w.client, other, w.client, other} {
			group.Go(func() {
				if err := w.get(c); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

// gated is a store whose CompareAndSwap can be held back or made to fail.
type gated struct {
	tokenstore.Store
	swap func(old, next *tokenstore.Token) error
}

func (g *gated) CompareAndSwap(ctx context.Context, key string, old, next *tokenstore.Token) (bool, error) {
	if g.swap != nil {
		if err := g.swap(old, next); err != nil {
			return false, err
		}
	}
	return g.Store.CompareAndSwap(ctx, key, old, next)
}

// The rotated token is stored before the host sees it.
func TestStoredBeforeUsed(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	seen := -1
	w.tokens = &gated{w.tokens, func(old, next *tokenstore.Token) error {
		seen = w.server.called()
		return nil
	}}
	_, client := w.process(t, nil)
	w.clock.advance(2 * time.Hour)
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
	if seen != 0 || w.server.called() != 1 {
		t.Errorf("the host saw %d calls before the token was stored and %d at the end, want 0 and 1", seen, w.server.called())
	}
}

// When the store fails, the call fails, the host sees nothing, and the rotated
// token is not lost: the next call stores it first.
func TestStoreFails(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	full := errors.New("disk full")
	store := &gated{Store: w.tokens}
	w.tokens = store
	_, client := w.process(t, nil)
	w.clock.advance(2 * time.Hour)
	store.swap = func(_, _ *tokenstore.Token) error { return full }
	for range 3 {
		if err := w.get(client); !errors.Is(err, full) {
			t.Fatalf("got %v, want %v", err, full)
		}
	}
	if n := w.server.called(); n != 0 {
		t.Errorf("the host saw %d calls, want none", n)
	}
	store.swap = nil
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if got := w.stored(t); got != "access-token-2" {
		t.Errorf("stored %s, want access-token-2", got)
	}
}

// A store that stores and then fails to say so costs nothing.
func TestStoredAllTheSame(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	memory := w.tokens
	w.tokens = &gated{memory, func(old, next *tokenstore.Token) error {
		_, _ = memory.CompareAndSwap(context.Background(), w.app.StoreKey(userKey), old, next)
		return errors.New("connection lost")
	}}
	_, client := w.process(t, nil)
	w.clock.advance(2 * time.Hour)
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
}

// The loser of a race takes what the winner stored, although the server has
// refused its refresh token.
func TestLoserReloads(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	_, loser := w.process(t, nil)
	w.clock.advance(2 * time.Hour)
	won := false
	w.server.answerWith(func(rw http.ResponseWriter, r *http.Request) {
		// Another process was faster: its token is stored, this one's is used up.
		if !won {
			won = true
			old, err := w.tokens.Load(context.Background(), w.app.StoreKey(userKey))
			if err != nil {
				t.Error(err)
			}
			next := old.Clone()
			next.Access, next.Expiry = secretOf("access-of-the-winner"), w.clock.now().Add(time.Hour)
			if ok, err := w.tokens.CompareAndSwap(context.Background(), w.app.StoreKey(userKey), old, next); !ok || err != nil {
				t.Errorf("got %v, %v", ok, err)
			}
			w.server.expires["access-of-the-winner"] = next.Expiry
		}
		refuse(rw, http.StatusForbidden, "invalid_grant", "Unknown or invalid refresh token.")
	})
	if err := w.get(loser); err != nil {
		t.Fatal(err)
	}
	if got := w.server.calls[0].Header.Get("Authorization"); got != "Bearer access-of-the-winner" {
		t.Errorf("got %s", got)
	}
}

// A caller who gives up does not take the refresh with him.
func TestRefreshOutlivesTheCaller(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(2 * time.Hour)
	arrived, release := make(chan struct{}), make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(release) }))
	stored := make(chan struct{})
	w.tokens = &gated{w.tokens, func(_, _ *tokenstore.Token) error { close(stored); return nil }}
	slow := &slowBase{arrived: arrived, release: release}
	_, client := w.process(t, func(c *oauth2.Config) { c.Base = slow })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := hostclient.Get[struct{}](ctx, client, "/rest/api/3/myself")
		ended <- err
	}()
	<-arrived
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	release <- struct{}{}
	<-stored
	if err := w.get(client); err != nil {
		t.Error(err)
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// slowBase holds the first request back.
type slowBase struct {
	once             sync.Once
	arrived, release chan struct{}
}

func (s *slowBase) RoundTrip(r *http.Request) (*http.Response, error) {
	s.once.Do(func() {
		close(s.arrived)
		<-s.release
	})
	return http.DefaultTransport.RoundTrip(r)
}

// What the server says of a refresh, and whether only the user can help.
func TestRefreshRefused(t *testing.T) {
	for _, c := range []struct {
		name        string
		status      int
		code        string
		reauthorize bool
	}{
		{"used, expired or revoked", 403, "invalid_grant", true},
		{"the same as others have it", 400, "invalid_grant", true},
		{"the client may not", 403, "unauthorized_client", true},
		{"wrong secret", 401, "access_denied", false},
		{"a 403 of something else", 403, "", false},
		{"down", 503, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.consent(t)
			w.clock.advance(2 * time.Hour)
			w.server.answerWith(func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, c.status, c.code, "no") })
			err := w.get(w.client)
			var e *hostclient.Error
			if !errors.As(err, &e) || e.Status != c.status || errors.Is(err, hostclient.ErrReauthorize) != c.reauthorize {
				t.Errorf("got %v, want status %d and ErrReauthorize %v", err, c.status, c.reauthorize)
			}
			if got := w.stored(t); got != "access-token-1" {
				t.Errorf("stored %s: a refusal changes nothing", got)
			}
			asked := len(w.server.forms)
			if err := w.get(w.client); err == nil || c.reauthorize != (len(w.server.forms) == asked) {
				t.Errorf("at once: got %v after %d more requests, want none for a token that is dead", err, len(w.server.forms)-asked)
			}
			w.server.answerWith(nil)
			w.clock.advance(time.Minute)
			if err := w.get(w.client); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// While a token is good, a server that is down stops nobody, and is not asked for
// each call.
func TestEarlyRefreshMayFail(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(59*time.Minute + time.Second)
	w.server.answerWith(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(503) })
	for range 5 {
		if err := w.get(w.client); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// A 401 is followed by one refresh; a missing scope by none; 403 and 404 by one
// when the token's end is past.
func TestRenewal(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(status)
			fmt.Fprint(rw, body)
		}
	}
	for _, c := range []struct {
		name    string
		host    http.HandlerFunc
		want    error
		refresh int
		calls   int
	}{
		{"refused for good", say(401, `{"code":401,"message":"Unauthorized"}`), hostclient.ErrUnauthorized, 1, 2},
		{"scope", say(401, `{"code":401,"message":"Unauthorized; scope does not match"}`), hostclient.ErrScopeMissing, 0, 1},
		{"forbidden", say(403, `{}`), hostclient.ErrForbidden, 0, 1},
		{"not found", say(404, `{}`), hostclient.ErrNotFound, 0, 1},
		{"on the site", say(403, `{"error":"Failed to parse Connect Session Auth Token"}`), hostclient.ErrUnauthorized, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.consent(t)
			w.clock.advance(time.Minute)
			w.server.host = c.host
			if err := w.get(w.client); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := len(w.server.forms) - 1; got != c.refresh || w.server.called() != c.calls {
				t.Errorf("%d refreshes and %d calls, want %d and %d", got, w.server.called(), c.refresh, c.calls)
			}
		})
	}
}

// A resource that refuses a token which was given just now costs one refresh for
// many calls.
func TestRenewalIsNotRepeated(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(time.Minute)
	w.server.host = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusUnauthorized) }
	for range 5 {
		if err := w.get(w.client); !errors.Is(err, hostclient.ErrUnauthorized) {
			t.Errorf("got %v, want ErrUnauthorized", err)
		}
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// A token that another process replaced just now is replaced here as well.
func TestRenewalTakesWhatIsStored(t *testing.T) {
	w := newWorld(t, nil)
	token := w.consent(t)
	if err := w.get(w.client); err != nil {
		t.Fatal(err)
	}
	next := token.Clone()
	next.Access = secretOf("access-of-another-process")
	if ok, err := w.tokens.CompareAndSwap(t.Context(), w.app.StoreKey(userKey), token, next); !ok || err != nil {
		t.Fatal(ok, err)
	}
	w.server.mu.Lock()
	clear(w.server.expires)
	w.server.expires["access-of-another-process"] = w.clock.now().Add(time.Hour)
	w.server.mu.Unlock()
	if err := w.get(w.client); err != nil {
		t.Error(err)
	}
	if got, want := w.server.asked(), "authorization_code"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// The gateway answers an expired token with 403 and 404 on some paths.
func TestExpiredWithAnotherStatus(t *testing.T) {
	for _, status := range []int{403, 404} {
		w := newWorld(t, nil)
		token := w.consent(t)
		unknown := token.Clone()
		unknown.Expiry = time.Time{} // a token whose end is not known
		if err := w.app.Save(t.Context(), userKey, unknown); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(2 * time.Hour)
		w.server.refuseAt["/ex/jira/cloud-1/rest/api/3/myself"] = status
		if err := w.get(w.client); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if got := w.stored(t); got != "access-token-2" {
			t.Errorf("%d: stored %s, want access-token-2", status, got)
		}
	}
}

// A refresh of a Data Center names the redirect_uri again; the Cloud's does not.
func TestRefreshParameters(t *testing.T) {
	w := newWorld(t, func(c *oauth2.Config) { c.RefreshParams = map[string][]string{"audience": {"api.atlassian.com"}} })
	w.consent(t)
	w.clock.advance(2 * time.Hour)
	if err := w.get(w.client); err != nil {
		t.Fatal(err)
	}
	if form := w.server.forms[1]; form.Has("redirect_uri") || form.Get("audience") != "api.atlassian.com" || form.Get("refresh_token") != "refresh-token-1" {
		t.Errorf("got %v", form)
	}
	if w.server.forms[0].Has("audience") {
		t.Error("the exchange has the parameters of a refresh")
	}
}

// A token that is not there, or that has no refresh token, is the user's to give.
func TestReauthorize(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.get(w.client); !errors.Is(err, hostclient.ErrReauthorize) || !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("got %v, want ErrReauthorize", err)
	}
	token := w.consent(t)
	token.Refresh = secretOf("")
	if err := w.app.Save(t.Context(), userKey, token); err != nil {
		t.Fatal(err)
	}
	if err := w.get(w.client); err != nil {
		t.Error(err)
	}
	w.clock.advance(2 * time.Hour)
	if err := w.get(w.client); !errors.Is(err, hostclient.ErrReauthorize) {
		t.Errorf("got %v, want ErrReauthorize", err)
	}
	if err := w.app.Forget(t.Context(), userKey); err != nil {
		t.Fatal(err)
	}
	if err := w.app.Forget(t.Context(), userKey); err != nil {
		t.Errorf("forgetting nothing: %v", err)
	}
	if err := w.get(w.client); !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// A service account has its tokens by itself, and anew when they are refused.
func TestServiceAccount(t *testing.T) {
	w := newWorld(t, nil)
	app, err := oauth2.NewServiceAccount(oauth2.Config{
		ClientID: clientID, ClientSecret: secretOf(clientSecret), Scopes: []string{"read:jira-work"}, Clock: w.clock.now,
	}, w.cloud())
	if err != nil {
		t.Fatal(err)
	}
	client := w.clientOf(t, app)
	for range 2 {
		if err := w.get(client); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.advance(2 * time.Hour)
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Minute)
	w.server.mu.Lock()
	clear(w.server.expires) // revoked
	w.server.mu.Unlock()
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
	if got, want := w.server.asked(), "client_credentials client_credentials client_credentials"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if got := w.server.forms[0].Get("scope"); got != "read:jira-work" {
		t.Errorf("scope %q", got)
	}
}

// A token that could not be stored is not forgotten, however many others come by.
func TestUnsavedTokensStay(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	full := errors.New("disk full")
	store := &gated{Store: w.tokens, swap: func(_, _ *tokenstore.Token) error { return full }}
	w.tokens = store
	app, client := w.process(t, nil)
	w.clock.advance(2 * time.Hour)
	if err := w.get(client); !errors.Is(err, full) {
		t.Fatalf("got %v, want %v", err, full)
	}
	for n := range 100_000 {
		if err := app.Forget(t.Context(), fmt.Sprint("user ", n)); err != nil {
			t.Fatal(err)
		}
	}
	store.swap = nil
	if err := w.get(client); err != nil {
		t.Fatal(err)
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}
