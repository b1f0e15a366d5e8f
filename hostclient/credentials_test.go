package hostclient_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// A process that did not see the lifecycle event, and so forgets nothing, does
// not use a token from before it for the installation after it.
func TestTokensOfFormerCredentialsAreNotUsed(t *testing.T) {
	const rotated = "the-next-secret-of-tenant-one-0987654321"
	for _, c := range []struct {
		name   string
		change func(*store.Installation)
		secret string
		want   string
	}{
		{"rotated", func(i *store.Installation) { i.SharedSecret = store.NewSecret(rotated) }, rotated, "Bearer token-2"},
		{"installed anew", func(i *store.Installation) { i.SignedEventIAT = i.SignedEventIAT.Add(time.Second) }, secret, "Bearer token-2"},
		{"both", func(i *store.Installation) {
			i.SharedSecret, i.SignedEventIAT = store.NewSecret(rotated), i.SignedEventIAT.Add(time.Second)
		}, rotated, "Bearer token-2"},
		{"unchanged", func(*store.Installation) {}, secret, "Bearer token-1"},
		{"enabled", func(i *store.Installation) {
			i.NoticeIAT, i.Generation, i.UpdatedAt = i.NoticeIAT.Add(time.Second), i.Generation+1, i.UpdatedAt.Add(time.Second)
		}, secret, "Bearer token-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", nil)
			before := installation(w.site.url)
			before.SignedEventIAT = w.clock.now()
			after := before.Clone()
			c.change(after)
			w.wantAuthorization(t, mustFor(t, w.hosts, before).AsUser(accountID), "Bearer token-1")
			w.tokens.secret = c.secret
			for range 2 {
				w.wantAuthorization(t, mustFor(t, w.hosts, after).AsUser(accountID), c.want)
			}
		})
	}
}

func mustFor(t *testing.T, hosts *hostclient.Hosts, inst *store.Installation) *hostclient.Client {
	t.Helper()
	c, err := hosts.For(inst)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values keeps values where fmt cannot call their methods.
type values struct {
	hosts      hostclient.Hosts
	client     hostclient.Client
	transport  hostclient.Transport
	credential hostclient.Credential
	hostsAt    *hostclient.Hosts
	clientAt   *hostclient.Client
}

// The digest that tells credentials apart shows nowhere, neither while a token
// is asked for nor when it is kept.
func TestDigestOfTheSecretDoesNotShow(t *testing.T) {
	w := newWorldWith(t, "", nil, func(c *hostclient.Config) {
		c.Base = roundTripFunc(c.Base.RoundTrip) // fmt would look into a busy http.Transport
	})
	arrived, release := newGate(t), newGate(t)
	w.tokens.answerWith(func(rw http.ResponseWriter, _ *http.Request) {
		arrived.open()
		release.wait()
		fmt.Fprint(rw, `{"access_token":"a-token","expires_in":900,"token_type":"Bearer"}`)
	})
	user := w.client.AsUser(accountID)
	digest, err := hostclient.Credentials(installation(w.site.url))
	if err != nil {
		t.Fatal(err)
	}
	if !showsDigest(struct{ d any }{digest}, digest) {
		t.Fatal("control: a digest that shows is not noticed")
	}
	vs := values{*w.hosts, *user, *user.Transport(), user.Transport().Credential, w.hosts, user}
	ended := call(t, user, "/x", arrived)
	for _, when := range []string{"under way", "kept"} {
		for _, v := range []any{vs, &vs, vs.credential, vs.hosts, vs.hostsAt, vs.client, vs.clientAt, vs.transport} {
			if showsDigest(v, digest) {
				t.Errorf("%s: %T shows the digest", when, v)
			}
		}
		if when == "under way" {
			release.open()
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
	}
}

func showsDigest(v any, digest [sha256.Size]byte) bool {
	list := fmt.Sprint(digest)
	forms := []string{
		list[1 : len(list)-1], fmt.Sprintf("%x", digest), fmt.Sprintf("%X", digest), string(digest[:]),
		strings.Trim(fmt.Sprintf("%q", digest), "[]"), base64.StdEncoding.EncodeToString(digest[:]),
		strings.Trim(fmt.Sprintf("%q", string(digest[:])), `"`),
	}
	for _, text := range shown(v) {
		for _, form := range forms {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

// panicking is a base that panics with reason when it is told to.
type panicking struct {
	http.RoundTripper
	on     atomic.Bool
	reason func(*http.Request) any
}

func (p *panicking) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.on.Load() && r.URL.Path == "/oauth2/token" {
		panic(p.reason(r))
	}
	return p.RoundTripper.RoundTrip(r)
}

// A panic on the way to the authorization server is an error of the calls that
// wait, and the next call asks again.
func TestPanicIsAnError(t *testing.T) {
	for _, c := range []struct {
		name   string
		reason func(*http.Request) any
		want   string
	}{
		{"text", func(*http.Request) any { return "oops\nhere" }, "oops here"},
		{"error", func(*http.Request) any { return errors.New("oops") }, "oops"},
		{"nil", func(*http.Request) any { return nil }, "panic called with nil argument"},
		{"assertion", func(r *http.Request) any { _ = r.ParseForm(); return r.PostForm.Get("assertion") }, "[redacted]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := &panicking{reason: c.reason}
			w := newWorldWith(t, "", nil, func(config *hostclient.Config) {
				base.RoundTripper = config.Base
				config.Base = base
			})
			user := w.client.AsUser(accountID)
			base.on.Store(true)
			for range 2 {
				_, err := hostclient.Get[struct{}](t.Context(), user, "/x")
				if want := "hostclient: panic while asking for a user token: " + c.want; err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
			base.on.Store(false)
			w.wantAuthorization(t, user, "Bearer token-1")

			base.on.Store(true)
			w.clock.advance(900*time.Second - 4*time.Second) // the call waits for the refresh, in vain
			w.wantAuthorization(t, user, "Bearer token-1")
			base.on.Store(false)
			w.wantAuthorization(t, user, "Bearer token-1") // after a refresh that failed comes a rest
			w.wantAsked(t, "")
			w.clock.advance(4 * time.Second)
			w.wantAuthorization(t, user, "Bearer token-2")
		})
	}
}
