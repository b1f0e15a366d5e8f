package oauth2_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const (
	clientID     = "client-1"
	clientSecret = "the-secret-of-client-1"
	userKey      = "557058:mia"
)

// clock is a clock that moves when it is told to.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanos.Store(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// server is an authorization server that rotates refresh tokens without leeway,
// and the host behind it, which takes the newest access tokens.
type server struct {
	*httptest.Server
	clock *clock

	mu       sync.Mutex
	forms    []url.Values
	calls    []*http.Request
	n        int
	refresh  string // the one that is good
	expires  map[string]time.Time
	answer   http.HandlerFunc // of the token endpoint, nil for tokens
	host     http.HandlerFunc // of the host, nil for a check of the token
	refuseAt map[string]int   // status for an access token that has ended, by path
}

func newServer(t testing.TB, c *clock) *server {
	t.Helper()
	s := &server{clock: c, expires: map[string]time.Time{}, refuseAt: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		s.serveToken(w, r)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, r)
	host := s.host
	ends, known := s.expires[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	s.mu.Unlock()
	switch {
	case host != nil:
		host(w, r)
	case !known || !s.clock.now().Before(ends):
		status := s.refuseAt[r.URL.Path]
		if status == 0 {
			status = http.StatusUnauthorized
		}
		w.WriteHeader(status)
		fmt.Fprint(w, `{"code":401,"message":"Unauthorized"}`)
	default:
		fmt.Fprint(w, `{"ok":true}`)
	}
}

func (s *server) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(s.forms, r.PostForm)
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	form := r.PostForm
	switch {
	case form.Get("client_id") != clientID || form.Get("client_secret") != clientSecret:
		refuse(w, http.StatusUnauthorized, "access_denied", "Unauthorized")
		return
	case form.Get("grant_type") == "refresh_token" && form.Get("refresh_token") != s.refresh:
		refuse(w, http.StatusForbidden, "invalid_grant", "Unknown or invalid refresh token.")
		return
	case form.Get("grant_type") == "authorization_code" && form.Get("code") != "good-code":
		refuse(w, http.StatusForbidden, "invalid_grant", "Invalid authorization code")
		return
	}
	s.n++
	access := fmt.Sprintf("access-token-%d", s.n)
	reply := map[string]any{"access_token": access, "expires_in": 3600, "token_type": "Bearer", "scope": "read:jira-work offline_access"}
	if form.Get("grant_type") != "client_credentials" {
		s.refresh = fmt.Sprintf("refresh-token-%d", s.n)
		reply["refresh_token"] = s.refresh
	}
	s.expires[access] = s.clock.now().Add(time.Hour)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, description)
}

// answerWith makes the token endpoint answer so; h is called with the lock held.
func (s *server) answerWith(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

// asked returns the grant types that the token endpoint was asked for.
func (s *server) asked() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var types []string
	for _, form := range s.forms {
		types = append(types, form.Get("grant_type"))
	}
	return strings.Join(types, " ")
}

func (s *server) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// world is a server, and an app and a client for it.
type world struct {
	clock  *clock
	server *server
	tokens tokenstore.Store
	app    *oauth2.App
	client *hostclient.Client
}

func newWorld(t testing.TB, change func(*oauth2.Config)) *world {
	t.Helper()
	w := &world{clock: newClock()}
	w.server = newServer(t, w.clock)
	w.tokens = new(tokenstore.Memory)
	w.app, w.client = w.process(t, change)
	return w
}

func (w *world) cloud() hostclient.Cloud {
	return hostclient.Cloud{API: w.server.URL, Auth: w.server.URL}
}

// process is an app of a process of its own, which shares the store with others.
func (w *world) process(t testing.TB, change func(*oauth2.Config)) (*oauth2.App, *hostclient.Client) {
	t.Helper()
	config := oauth2.Config{
		ClientID: clientID, ClientSecret: store.NewSecret(clientSecret), RedirectURL: "https://app.example.com/callback",
		Scopes: []string{"read:jira-work", "offline_access"}, Tokens: w.tokens, Clock: w.clock.now,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if change != nil {
		change(&config)
	}
	app, err := oauth2.NewCloud(config, w.cloud())
	if err != nil {
		t.Fatal(err)
	}
	return app, w.clientOf(t, app)
}

func (w *world) clientOf(t testing.TB, app *oauth2.App) *hostclient.Client {
	t.Helper()
	site, err := w.cloud().Gateway(hostclient.Jira, "cloud-1")
	if err != nil {
		t.Fatal(err)
	}
	cred, err := app.Credential(userKey, site)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: w.clock.now, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	return hosts.Client(cred)
}

// consent has the app store the token of a code.
func (w *world) consent(t testing.TB) *tokenstore.Token {
	t.Helper()
	token, err := w.app.Exchange(t.Context(), "good-code", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.Save(t.Context(), userKey, token); err != nil {
		t.Fatal(err)
	}
	return token
}

func (w *world) get(c *hostclient.Client) error {
	_, err := hostclient.Get[struct{}](context.Background(), c, "/rest/api/3/myself")
	return err
}

// stored returns the access token in the store.
func (w *world) stored(t testing.TB) string {
	t.Helper()
	token, err := w.tokens.Load(t.Context(), w.app.StoreKey(userKey))
	if err != nil {
		t.Fatal(err)
	}
	return token.Access.Reveal()
}

func secretOf(text string) store.Secret { return store.NewSecret(text) }
