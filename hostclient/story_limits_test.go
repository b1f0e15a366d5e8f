package hostclient_test

import (
	"errors"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// Each limit of the host is waited for by the call that meets it, and one that is
// only announced is not.
func TestStoryOfLimits(t *testing.T) {
	for _, c := range []struct {
		limit devhost.RateLimit
		write bool // whether a change meets it
	}{
		{devhost.RateLimit{Reason: devhost.LimitBurst, RetryAfter: 5}, false},
		{devhost.RateLimit{Reason: devhost.LimitIssueWrites, RetryAfter: 5}, true},
		{devhost.RateLimit{Reason: devhost.LimitQuotaOfTenant, RetryAfter: 5}, false},
		{devhost.RateLimit{Reason: devhost.LimitQuotaOfApp, RetryAfter: 5}, false},
		{devhost.RateLimit{Reason: devhost.LimitQuotaOfTenant, RetryAfter: -1, ResetWithoutSeconds: true}, false},
		{devhost.RateLimit{Status: 503, RetryAfter: 5}, false},
		{devhost.RateLimit{Reason: devhost.LimitBurst, RetryAfter: 5, Beta: true}, false},
	} {
		t.Run(c.limit.Reason, func(t *testing.T) {
			s := newStage(t, devhost.Config{})
			app := must(s.hosts.For(s.install(t, "READ", "WRITE")))(t)
			limit := c.limit
			limit.Times = 1
			if limit.ResetWithoutSeconds {
				limit.Reset = s.clock.now().Add(2 * time.Minute).Truncate(time.Minute)
			}
			s.host.Limit(limit)
			ask := func(c *hostclient.Client, write bool) error {
				if write {
					_, err := hostclient.Send[struct{}](t.Context(), c.RetryWrites(), "PUT", cloudAPI+"/issue/DEMO-1",
						map[string]any{"fields": map[string]string{"summary": "Once"}})
					return err
				}
				_, err := hostclient.Get[struct{}](t.Context(), c, cloudAPI+"/issue/DEMO-1")
				return err
			}
			err := ask(app, c.write)
			switch {
			case limit.ResetWithoutSeconds: // two minutes are longer than a call waits
				if e := (*hostclient.Error)(nil); !errors.As(err, &e) || !errors.Is(err, hostclient.ErrRateLimited) || !e.RetryAt.Equal(limit.Reset) {
					t.Errorf("got %v, want ErrRateLimited until %v", err, limit.Reset)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			want := 5750 * time.Millisecond // with the jitter that the tests have
			if limit.Beta {
				want = 0
			}
			if got := s.waited(); got != want {
				t.Errorf("waited %v, want %v", got, want)
			}
		})
	}
}

// A limit of half an hour is told at once, with the time, and the calls that it
// stops are not sent.
func TestStoryOfALongLimit(t *testing.T) {
	s := newStage(t, devhost.Config{})
	token := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	client := s.hosts.Client(must(hostclient.NewAPIToken(s.site(t), "bo@example.com", token))(t))
	s.host.Limit(devhost.RateLimit{Reason: devhost.LimitQuotaOfTenant, RetryAfter: 1847, Times: 1})
	began := s.clock.now()
	for range 3 {
		_, err := who(client, cloudAPI)
		e := (*hostclient.Error)(nil)
		if !errors.As(err, &e) || !errors.Is(err, hostclient.ErrRateLimited) || !e.RetryAt.Equal(began.Add(1847*time.Second)) || e.RateLimitReason != devhost.LimitQuotaOfTenant {
			t.Errorf("got %v, want the limit and its end", err)
		}
	}
	if n := s.calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if s.waited() != 0 {
		t.Errorf("waited %v", s.waited())
	}
	s.clock.advance(1847 * time.Second)
	wantWho(t, client, cloudAPI, bo)
}
