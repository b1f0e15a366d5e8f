package hostclient_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// parties are two credentials of one kind at one host.
var parties = map[string]func(t *testing.T, url, token string) (cred hostclient.Credential, path string){
	"container tokens": func(t *testing.T, url, token string) (hostclient.Credential, string) {
		api := must(hostclient.Cloud{API: url}.APIHost())(t)
		return must(hostclient.NewContainerToken(api, store.NewSecret(token)))(t), "/jsm/assets/v1/imports/info"
	},
	"PATs": func(t *testing.T, url, token string) (hostclient.Credential, string) {
		return must(hostclient.NewPAT(must(hostclient.DataCenter(url))(t), store.NewSecret(token)))(t), "/rest/api/2/myself"
	},
}

// Where a host serves many customers, or counts by user, the limit of one does not
// stop another, and that of one credential stops all of its clients.
func TestLimitsCountByParty(t *testing.T) {
	for name, make := range parties {
		for _, reason := range []string{"jira-quota-tenant-based", "jira-burst-based", ""} {
			t.Run(name+"/"+reason, func(t *testing.T) {
				host := newSite(t, "", script(limited(reason, "1847")))
				w := &world{clock: newClock()}
				hosts := must(hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: w.limits(t, hostclient.LimitsConfig{})}))(t)
				first, path := make(t, host.url, "the-token-of-one")
				second, _ := make(t, host.url, "the-token-of-another")
				for i, c := range []struct {
					cred hostclient.Credential
					want error
					sent int
				}{{first, hostclient.ErrRateLimited, 1}, {first, hostclient.ErrRateLimited, 1}, {second, nil, 2}, {first, hostclient.ErrRateLimited, 2}} {
					_, err := hostclient.Get[struct{}](t.Context(), hosts.Client(c.cred), path)
					if n := len(host.requests()); !errors.Is(err, c.want) || n != c.sent {
						t.Errorf("call %d: got %v after %d requests, want %v after %d", i, err, n, c.want, c.sent)
					}
				}
			})
		}
	}
}

// The quota of an app on the Cloud is none of a Data Center's or a custom site's.
func TestGlobalQuotaIsTheClouds(t *testing.T) {
	w := newWorld(t, "", script(limited("jira-quota-global-based", "1847")))
	cloud, other := newSite(t, "", nil), newSite(t, "", nil)
	pat, _ := parties["PATs"](t, other.url, "a-token-of-a-customer")
	custom := must(hostclient.NewPAT(must(hostclient.Custom(other.url))(t), store.NewSecret("another-token")))(t)
	for i, c := range []struct {
		client *hostclient.Client
		want   error
	}{
		{w.client, hostclient.ErrRateLimited},
		{w.hosts.Client(pat), nil},
		{w.hosts.Client(custom), nil},
		{mustFor(t, w.hosts, installation(cloud.url)), hostclient.ErrRateLimited},
	} {
		if _, err := hostclient.Get[struct{}](t.Context(), c.client, "/x"); !errors.Is(err, c.want) {
			t.Errorf("call %d: got %v, want %v", i, err, c.want)
		}
	}
	if n := len(cloud.requests()); n != 0 {
		t.Errorf("the other Cloud site saw %d requests", n)
	}
}

// A call that meets a new pause after each wait ends with an error that says when.
func TestHeldAgainAndAgain(t *testing.T) {
	w := &world{clock: newClock()}
	host := newSite(t, "", limited("jira-burst-based", "20").ServeHTTP)
	pat, path := parties["PATs"](t, host.url, "the-token-of-one")
	var limits *hostclient.Limits
	renew := func() { // another call, on the same endpoint, meets the limit anew
		rt := &hostclient.Transport{Credential: pat, Limits: limits}
		answer, err := rt.RoundTrip(must(http.NewRequest("POST", host.url+path, nil))(t))
		if err == nil {
			answer.Body.Close()
		}
	}
	waits := 0
	limits = must(hostclient.NewLimits(hostclient.LimitsConfig{
		Clock: w.clock.now, Jitter: func() float64 { return 0 },
		Sleep: func(_ context.Context, d time.Duration) error {
			if waits++; waits > 100 {
				return errors.New("waited without end")
			}
			w.clock.advance(d)
			renew()
			return nil
		},
	}))(t)
	renew()
	hosts := must(hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: limits}))(t)
	_, err := hostclient.Send[struct{}](t.Context(), hosts.Client(pat), "POST", path, nil)
	var e *hostclient.Error
	if !errors.As(err, &e) || !errors.Is(err, hostclient.ErrRateLimited) || e.RetryAfter != 20*time.Second || !strings.Contains(e.Hint, "it was not sent: ") {
		t.Errorf("got %v, want ErrRateLimited that says when", err)
	}
	if waits == 0 || waits > 8 { // 4 times the 30 seconds of MaxWait
		t.Errorf("waited %d times, want some and an end", waits)
	}
}

// The error of a call that was sent and may not be again does not say that it was
// not sent.
func TestHintAfterARepetition(t *testing.T) {
	w := &world{clock: newClock()}
	host := newSite(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			limited("jira-quota-tenant-based", "1847").ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
	})
	pat, path := parties["PATs"](t, host.url, "the-token-of-one")
	var limits *hostclient.Limits
	limits = must(hostclient.NewLimits(hostclient.LimitsConfig{
		Clock: w.clock.now, Jitter: func() float64 { return 0 },
		Sleep: func(_ context.Context, d time.Duration) error {
			w.clock.advance(d)
			rt := &hostclient.Transport{Credential: pat, Limits: limits}
			answer := must(rt.RoundTrip(must(http.NewRequest("POST", host.url+"/other", nil))(t)))(t)
			return answer.Body.Close()
		},
	}))(t)
	hosts := must(hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: limits}))(t)
	_, err := hostclient.Get[struct{}](t.Context(), hosts.Client(pat), path)
	var e *hostclient.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "it was not sent once more") || len(host.requests()) != 2 {
		t.Errorf("got %v after %d requests, want an error that says it was not sent once more", err, len(host.requests()))
	}
}
