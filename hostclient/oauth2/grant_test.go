package oauth2_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	xoauth2 "golang.org/x/oauth2"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// Apps that share a store and a key do not share tokens: neither of another server,
// nor of another client, nor of a service account.
func TestAppsDoNotShareTokens(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	other := newServer(t, w.clock)
	config := oauth2.Config{ClientID: clientID, ClientSecret: secretOf(clientSecret), RedirectURL: "https://app.example.com/callback", Tokens: w.tokens, Clock: w.clock.now}
	dc, err := oauth2.NewDataCenter(config, other.URL)
	if err != nil {
		t.Fatal(err)
	}
	site, err := hostclient.DataCenter(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := dc.Credential(userKey, site)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.get(hosts.Client(cred)); !errors.Is(err, hostclient.ErrReauthorize) {
		t.Errorf("another server: got %v, want ErrReauthorize", err)
	}
	if n := other.called() + len(other.forms); n != 0 {
		t.Errorf("the other server had %d requests, want none", n)
	}
	_, client := w.process(t, func(c *oauth2.Config) { c.ClientID = "another" })
	if err := w.get(client); !errors.Is(err, hostclient.ErrReauthorize) {
		t.Errorf("another client: got %v, want ErrReauthorize", err)
	}
	config.RedirectURL = ""
	account, err := oauth2.NewServiceAccount(config, w.cloud())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.get(w.clientOf(t, account)); err != nil {
		t.Fatal(err)
	}
	if got, want := w.server.asked(), "authorization_code client_credentials"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// A consent that is saved or forgotten while a token is being renewed is what counts
// afterwards.
func TestSaveAndForgetCount(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace func(*world) error
		want    string
	}{
		{"forget", func(w *world) error { return w.app.Forget(context.Background(), userKey) }, ""},
		{"save", func(w *world) error {
			return w.app.Save(context.Background(), userKey, &tokenstore.Token{Access: secretOf("a-new-consent"), Obtained: w.clock.now(), Expiry: w.clock.now().Add(time.Hour)})
		}, "a-new-consent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			store := &gated{Store: w.tokens}
			w.tokens = store
			w.app, w.client = w.process(t, nil)
			w.consent(t)
			w.clock.advance(2 * time.Hour)
			var once atomic.Bool
			store.swap = func(old, next *tokenstore.Token) error {
				if old == nil || next == nil || !once.CompareAndSwap(false, true) {
					return nil
				}
				return c.replace(w) // between the refresh and its swap
			}
			_ = w.get(w.client)
			store.swap = nil
			w.server.mu.Lock()
			w.server.expires["a-new-consent"] = w.clock.now().Add(time.Hour)
			w.server.mu.Unlock()
			err := w.get(w.client)
			if c.want == "" {
				if !errors.Is(err, tokenstore.ErrNotFound) {
					t.Errorf("got %v, want ErrNotFound", err)
				}
				return
			}
			if got := w.server.calls[len(w.server.calls)-1].Header.Get("Authorization"); err != nil || got != "Bearer "+c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

// A dead grant is asked for once a minute, and a server that names a time is left
// alone until then.
func TestServersAreLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		pause  time.Duration
	}{
		{"dead", func(rw http.ResponseWriter, _ *http.Request) { refuse(rw, 403, "invalid_grant", "no") }, time.Minute},
		{"limited", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "600")
			rw.WriteHeader(429)
		}, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.consent(t)
			w.clock.advance(2 * time.Hour)
			w.server.answerWith(c.answer)
			for n, want := range []int{2, 2, 3} {
				for range 20 {
					if err := w.get(w.client); err == nil {
						t.Fatal("the token was renewed")
					}
				}
				if got := len(w.server.forms); got != want {
					t.Errorf("round %d: %d requests, want %d", n, got, want)
				}
				w.clock.advance(c.pause - time.Second)
				if n == 1 {
					w.clock.advance(time.Second)
				}
			}
			w.consent2(t)
			if err := w.get(w.client); err != nil {
				t.Errorf("after a new consent: %v", err)
			}
		})
	}
}

// consent2 is consent with a server that answers again.
func (w *world) consent2(t testing.TB) {
	t.Helper()
	w.server.answerWith(nil)
	w.consent(t)
}

// A missing scope is looked for in the store, where another process may have put a
// consent with more.
func TestScopesOfAnotherProcess(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	if err := w.get(w.client); err != nil {
		t.Fatal(err)
	}
	w.server.host = func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer access-token-1" {
			rw.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(rw, `{"code":401,"message":"Unauthorized; scope does not match"}`)
		}
	}
	if err := w.get(w.client); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("got %v, want ErrScopeMissing", err)
	}
	other, _ := w.process(t, nil)
	token, err := other.Exchange(t.Context(), "good-code", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(t.Context(), userKey, token); err != nil {
		t.Fatal(err)
	}
	if err := w.get(w.client); err != nil {
		t.Error(err)
	}
	if got, want := w.server.asked(), "authorization_code authorization_code"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// What a server gave once is not lost over the form of its answer.
func TestOddTokens(t *testing.T) {
	for _, c := range []struct {
		life, kind string
		want       time.Duration
	}{
		{`3600`, "application/json", time.Hour}, {`"3600"`, "application/json", time.Hour}, {`3600.5`, "text/plain", time.Hour},
		{`3.6e3`, "", time.Hour}, {`"1h"`, "application/json", 0}, {`""`, "text/html", 0}, {`true`, "application/json", 0},
		{`null`, "application/json", 0}, {`-5`, "application/json", 0}, {`0`, "application/json", 0}, {`1e20`, "application/json", 366 * 24 * time.Hour},
	} {
		w := newWorld(t, nil)
		w.server.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", c.kind)
			fmt.Fprintf(rw, `{"access_token":"a-token","refresh_token":"b-token","token_type":"Bearer","expires_in":%s}`, c.life)
		})
		token, err := w.app.Exchange(t.Context(), "good-code", "")
		if err != nil || token.Access.Reveal() != "a-token" || token.Refresh.Reveal() != "b-token" {
			t.Errorf("%s as %s: got %v", c.life, c.kind, err)
			continue
		}
		if want := w.clock.now().Add(c.want); c.want == 0 && !token.Expiry.IsZero() || c.want != 0 && !token.Expiry.Equal(want) {
			t.Errorf("%s: ends at %v, want %v later", c.life, token.Expiry, c.want)
		}
	}
}

// A token beside an error, and what a source of others was told, do not show.
func TestTokensOfOthersDoNotShow(t *testing.T) {
	w := newWorld(t, nil)
	w.server.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(500)
		fmt.Fprint(rw, "access_token=NEW-ACCESS&refresh_token=NEW-REFRESH")
	})
	_, err := w.app.Exchange(t.Context(), "good-code", "")
	if err == nil || strings.Contains(err.Error(), "NEW-") {
		t.Errorf("got %v", err)
	}
	site, err := w.cloud().Gateway(hostclient.Jira, "cloud-1")
	if err != nil {
		t.Fatal(err)
	}
	cred, err := oauth2.FromSource(site, told{})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.get(hosts.Client(cred)); !errors.Is(err, hostclient.ErrNoToken) || strings.Contains(err.Error(), "SECRET") || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("got %v, want ErrNoToken", err)
	}
}

// told is a source whose error repeats what was sent.
type told struct{}

func (told) Token() (*xoauth2.Token, error) {
	return nil, &xoauth2.RetrieveError{
		Response: &http.Response{Status: "400 Bad Request", StatusCode: 400}, Body: []byte("refresh_token=SECRET"), ErrorCode: "invalid_grant", ErrorDescription: "SECRET",
	}
}

// Wait waits for what is under way.
func TestWait(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(2 * time.Hour)
	arrived, release := make(chan struct{}), make(chan struct{})
	app, client := w.process(t, func(c *oauth2.Config) { c.Base = &slowBase{arrived: arrived, release: release} })
	if err := app.Wait(t.Context()); err != nil {
		t.Errorf("with nothing under way: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		_, _ = hostclient.Get[struct{}](ctx, client, "/x") // it gives up
		close(ended)
	}()
	<-arrived
	cancel()
	<-ended
	gone, stop := context.WithCancel(t.Context())
	stop()
	if err := app.Wait(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	close(release)
	if err := app.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if got := w.stored(t); got != "access-token-2" {
		t.Errorf("stored %s, want access-token-2", got)
	}
}

// Waiting while others begin and end, again and again, harms nobody.
func TestWaitAmongFlights(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				if err := w.app.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 25 {
				w.clock.advance(2 * time.Hour)
				if err := w.get(w.client); err != nil && !errors.Is(err, hostclient.ErrUnauthorized) && !errors.Is(err, hostclient.ErrReauthorize) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// A server that is limited while the token has some time left is left alone, too.
func TestLimitedServerBeforeTheEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.consent(t)
	w.clock.advance(59*time.Minute + time.Second)
	w.server.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "600")
		rw.WriteHeader(429)
	})
	for range 5 {
		if err := w.get(w.client); err != nil {
			t.Error(err)
		}
		w.clock.advance(10 * time.Second)
	}
	if got, want := w.server.asked(), "authorization_code refresh_token"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

// Changes to what a constructor was given mean nothing.
func TestConfigIsCopied(t *testing.T) {
	params := url.Values{"audience": {"one"}}
	w := newWorld(t, func(c *oauth2.Config) { c.RefreshParams = params })
	params["audience"][0] = "two"
	params.Set("more", "x")
	w.consent(t)
	w.clock.advance(2 * time.Hour)
	if err := w.get(w.client); err != nil {
		t.Fatal(err)
	}
	if form := w.server.forms[1]; form.Get("audience") != "one" || form.Has("more") {
		t.Errorf("sent %v", form)
	}
}

func TestServes(t *testing.T) {
	for _, c := range []struct {
		scopes           string
		jira, confluence bool
	}{
		{"read:jira-work", true, false}, {"read:page:confluence", false, true}, {"read:servicedesk-request", true, false},
		{"read:cmdb-object:jira", true, false}, {"read:confluence-content.all read:me offline_access", false, true},
		{"read:me offline_access", false, false}, {"read:jira-user read:page:confluence", true, true}, {"", false, false},
	} {
		r := oauth2.Resource{Scopes: strings.Fields(c.scopes)}
		if r.Serves(hostclient.Jira) != c.jira || r.Serves(hostclient.Confluence) != c.confluence {
			t.Errorf("%s: got %v, %v", c.scopes, r.Serves(hostclient.Jira), r.Serves(hostclient.Confluence))
		}
	}
}

// Another user of the app in the same browser does not end what one began.
func TestBrowserOfAnotherUser(t *testing.T) {
	w := newWorld(t, nil)
	user := "alice"
	var failed error
	done := 0
	pages, err := oauth2.NewBrowser(oauth2.BrowserConfig{
		App: w.app, User: func(*http.Request) string { return user },
		Done:   func(http.ResponseWriter, *http.Request, *tokenstore.Token, string) { done++ },
		Failed: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		then string
		want error
	}{{"bob", oauth2.ErrState}, {"alice", nil}} {
		user, failed = "alice", nil
		cookies, state := started(t, pages)
		user = c.then
		callback(pages, cookies, "?code=good-code&state="+url.QueryEscape(state))
		if !errors.Is(failed, c.want) {
			t.Errorf("%s: got %v, want %v", c.then, failed, c.want)
		}
	}
	if done != 1 {
		t.Errorf("%d tokens, want 1", done)
	}
}
