package hostclient_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	ada = "712020:ada" // an administrator of the demonstration site
	bo  = "712020:bo"
)

// stage is a host product for the stories of credentials, and Hosts whose clock
// moves on instead of waiting.
type stage struct {
	*world
	host *devhost.Host
}

// rsaKey takes long to make.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newStage(t *testing.T, config devhost.Config) *stage {
	t.Helper()
	s := &stage{world: &world{clock: newClock()}}
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	config.Clock, config.SigningKey = s.clock.now, key
	if s.host, err = devhost.New(config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.host.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.host.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.hosts, err = hostclient.NewHosts(hostclient.Config{
		AuthorizationServer: s.host.AuthorizationServerURL(), Clock: s.clock.now, Limits: s.limits(t, hostclient.LimitsConfig{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) cloud() hostclient.Cloud {
	return hostclient.Cloud{API: s.host.GatewayURL(), Auth: s.host.AuthURL()}
}

// site, gateway and dataCenter are where the host is reached.
func (s *stage) site(t *testing.T) hostclient.Site {
	return must(hostclient.CloudSite(s.host.BaseURL()))(t)
}

func (s *stage) gateway(t *testing.T, product hostclient.Product) hostclient.Site {
	return must(must(s.cloud().Gateway(product, s.host.CloudID()))(t).Serving(s.host.BaseURL()))(t)
}

func (s *stage) dataCenter(t *testing.T) hostclient.Site {
	return must(hostclient.DataCenter(s.host.BaseURL()))(t)
}

// must ends the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// install has the host know an app, without one that runs.
func (s *stage) install(t *testing.T, scopes ...string) *store.Installation {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"key": appKey, "name": "An app", "baseUrl": "http://127.0.0.1:1", "authentication": map[string]string{"type": "jwt"},
		"lifecycle": map[string]string{"installed": "/installed"}, "scopes": scopes, "apiMigrations": map[string]bool{"signed-install": true, "context-qsh": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	inst, err := s.host.Adopt(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.host.Enable(t.Context(), appKey); err != nil && !errors.As(err, new(*devhost.CallbackError)) {
		t.Fatal(err)
	}
	return &store.Installation{
		Key: inst.AppKey, ClientKey: inst.ClientKey, OAuthClientID: inst.OAuthClientID, BaseURL: inst.BaseURL,
		SharedSecret: store.NewSecret(inst.SharedSecret), State: store.Enabled,
	}
}

// myself is who the host takes the caller for.
type myself struct {
	AccountID string `json:"accountId"`
	Name      string `json:"name"` // on a Data Center
}

// who asks the host, by the path of its API.
func who(c *hostclient.Client, api string) (string, error) {
	me, err := hostclient.Get[myself](context.Background(), c, api+"/myself")
	if me.AccountID == "" {
		return me.Name, err
	}
	return me.AccountID, err
}

const (
	cloudAPI  = "/rest/api/3"
	serverAPI = "/rest/api/2"
)

// wantWho fails unless the host takes the caller for someone.
func wantWho(t *testing.T, c *hostclient.Client, api, want string) {
	t.Helper()
	if got, err := who(c, api); err != nil || got != want {
		t.Errorf("%s: got %q, %v, want %q", c, got, err, want)
	}
}

// wantRefused fails unless the call is refused as kind, with words of the hint.
func wantRefused(t *testing.T, c *hostclient.Client, api string, kind error, hint string) {
	t.Helper()
	_, err := who(c, api)
	var e *hostclient.Error
	if !errors.Is(err, kind) || hint != "" && (!errors.As(err, &e) || !strings.Contains(e.Hint, hint)) {
		t.Errorf("%s: got %v, want %v with the hint %q", c, err, kind, hint)
	}
}

// calls returns how many calls the host has recorded.
func (s *stage) calls() int { return len(s.host.Calls()) }

// sent is what the host saw of the last call.
func (s *stage) sent() devhost.Call {
	calls := s.host.Calls()
	return calls[len(calls)-1]
}

// browser is one that keeps cookies and follows no redirect.
type browser struct {
	jar map[string]*http.Cookie
}

// visit serves a page to the browser and returns the answer.
func (b *browser) visit(h http.Handler, target string) *http.Response {
	r, rec := httptest.NewRequest(http.MethodGet, target, nil), httptest.NewRecorder()
	for _, cookie := range b.jar {
		r.AddCookie(cookie)
	}
	h.ServeHTTP(rec, r)
	answer := rec.Result()
	for _, cookie := range answer.Cookies() {
		if b.jar == nil {
			b.jar = map[string]*http.Cookie{}
		}
		b.jar[cookie.Name] = cookie
		if cookie.MaxAge < 0 {
			delete(b.jar, cookie.Name)
		}
	}
	return answer
}

// waited says for how long in all calls have waited.
func (s *stage) waited() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum time.Duration
	for _, d := range s.slept {
		sum += d
	}
	return sum
}
