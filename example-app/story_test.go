package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

const (
	ada  = "712020:ada"  // administers the site
	bo   = "712020:bo"   // works
	dara = "712020:dara" // looks only
	none = "712020:none" // sees nothing
)

// TestMain keeps the app's log out of the tests' output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// story is the app and the host beside each other, talking over sockets.
type story struct {
	t    *testing.T
	host *connecttest.Host
	app  *connect.App
	url  string
}

// begin starts both, with the app not yet installed.
func begin(t *testing.T) *story {
	t.Helper()
	return beginAt(t, connecttest.NewHost(t))
}

func beginAt(t *testing.T, host *connecttest.Host) *story {
	t.Helper()
	if _, err := host.AddUser(devhost.User{AccountID: none, DisplayName: "No One", Permissions: []devhost.Permission{}}); err != nil {
		t.Fatal(err)
	}
	st, err := boltstore.Open(filepath.Join(t.TempDir(), "app.db"), boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	app, err := newApp(settings{BaseURL: url}.at(host.Host), st)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return &story{t, host, app, url}
}

func (s *story) install() {
	s.t.Helper()
	if _, err := s.host.Install(s.t.Context(), s.url+connect.DescriptorPath); err != nil {
		s.t.Fatal(err)
	}
}

// send sends a request and expects this status.
func (s *story) send(r *http.Request, status int) string {
	s.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != status {
		s.t.Errorf("%s %s: got %d %s, want %d", r.Method, r.URL.Path, resp.StatusCode, text, status)
	}
	return string(text)
}

// page is the list as the user sees it in the frame.
func (s *story) page(user string) string {
	s.t.Helper()
	return s.send(s.host.PageRequest(appKey, "stale", user, devhost.Context{}), http.StatusOK)
}

// api calls the app as its own page does.
func (s *story) api(user, method, path string, body any, status int) string {
	s.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.send(s.host.ContextRequest(appKey, method, path, user, devhost.Context{}, text), status)
}

// settle waits until the host has delivered its webhooks and the app has
// handled them.
func (s *story) settle() {
	s.t.Helper()
	if err := errors.Join(s.host.Settle(s.t.Context()), s.app.Settle(s.t.Context())); err != nil {
		s.t.Fatal(err)
	}
}

func (s *story) want(text string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func (s *story) wantNot(text string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			s.t.Errorf("%q should not be in:\n%s", part, text)
		}
	}
}

func (s *story) installation() *store.Installation {
	s.t.Helper()
	inst, err := s.app.Store().Installation(s.t.Context(), s.host.ClientKey(appKey))
	if err != nil {
		s.t.Fatal(err)
	}
	return inst
}

// The whole life of an installation.
func TestStory(t *testing.T) {
	s := begin(t)

	// It is installed by the URL of its descriptor.
	s.install()
	if got := s.installation(); got.State != store.Enabled || got.BaseURL != s.host.BaseURL() {
		t.Fatalf("after the install: %v at %s", got.State, got.BaseURL)
	}

	// Its page lists what has rested, found as the app's own user.
	page := s.page(bo)
	s.want(page, "Dark colours for the dashboard", "DEMO-8", "for 30 days or more", s.host.AllJSURL())
	s.wantNot(page, "DEMO-1<", "DEMO-6") // touched lately; done
	if calls := s.calls("POST", "/rest/api/3/search/jql"); len(calls) != 1 || calls[0].Kind != "app" || calls[0].Status != 200 {
		t.Errorf("the search: %+v", calls)
	}

	// Its API answers the page with a context token, and the app comments as
	// the user who asks.
	s.want(s.api(bo, "GET", "/api/stale", nil, 200), "DEMO-5")
	s.api(bo, "POST", "/api/remind", map[string]string{"key": "DEMO-5"}, http.StatusNoContent)
	issue, _ := s.host.Issue("DEMO-5")
	if n := len(issue.Comments); n != 1 || issue.Comments[0].Author != bo {
		t.Fatalf("comments on DEMO-5: %+v", issue.Comments)
	}
	s.wantNot(s.page(bo), "DEMO-5")

	// A webhook takes off the list what somebody else touches.
	s.want(s.page(ada), "OPS-2")
	if _, err := s.host.EditIssue(ada, "OPS-2", func(i *devhost.Issue) { i.Priority = "Highest" }); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.wantNot(s.page(ada), "OPS-2")
	s.want(s.page(ada), "DEMO-2")
	if _, err := s.host.AddComment(ada, "DEMO-2", devhost.Document("Done last week.")); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.wantNot(s.page(ada), "DEMO-2")

	// The administrator configures it, in the app's properties.
	s.want(s.send(s.host.PageRequest(appKey, "configure", ada, devhost.Context{}), 200), `value="30"`)
	s.api(ada, "POST", "/api/settings", map[string]int{"days": 90}, http.StatusNoContent)
	s.want(s.page(ada), "for 90 days or more", "DEMO-3")
	s.wantNot(s.page(ada), "DEMO-8")

	// After a rotation of the secret a page opened before still works, and so
	// does all that is signed anew.
	before := s.host.PageRequest(appKey, "stale", ada, devhost.Context{})
	old := s.installation().SharedSecret
	if _, err := s.host.Rotate(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if s.installation().SharedSecret.Equal(old) {
		t.Error("the secret was not rotated")
	}
	s.send(before, http.StatusOK)
	s.api(ada, "POST", "/api/remind", map[string]string{"key": "DEMO-3"}, http.StatusNoContent)

	// It is disabled and uninstalled, and then nobody is let in.
	late := s.host.PageRequest(appKey, "stale", ada, devhost.Context{})
	if err := s.host.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if got := s.installation().State; got != store.Disabled {
		t.Errorf("after disable: %v", got)
	}
	clientKey := s.host.ClientKey(appKey)
	if err := s.host.Uninstall(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	s.send(late, http.StatusUnauthorized)
	inst, err := s.app.Store().Installation(t.Context(), clientKey)
	if err != nil || inst.State != store.Uninstalled || !inst.SharedSecret.IsZero() {
		t.Errorf("after uninstall: %+v, %v", inst, err)
	}

	// And it can come back.
	s.install()
	s.want(s.page(bo), "for 30 days or more") // the properties went with the app
}

// calls returns the calls the app made.
func (s *story) calls(method, path string) []devhost.Call {
	var found []devhost.Call
	for _, c := range s.host.Calls() {
		if c.Method == method && c.Path == path {
			found = append(found, c)
		}
	}
	return found
}

func TestNobodySeesMoreThanJiraShowsThem(t *testing.T) {
	s := begin(t)
	s.install()
	s.want(s.page(bo), "DEMO-5")
	for name, user := range map[string]string{"without permission": none, "anonymous": ""} {
		t.Run(name, func(t *testing.T) {
			page := s.page(user)
			s.want(page, "No stale issues")
			s.wantNot(page, "DEMO-5")
		})
	}
}

func TestNobodyDoesMoreThanTheyMay(t *testing.T) {
	s := begin(t)
	s.install()
	remind := map[string]string{"key": "DEMO-5"}
	s.want(s.api(dara, "POST", "/api/remind", remind, http.StatusForbidden), "does not let you")
	s.want(s.api("", "POST", "/api/remind", remind, http.StatusForbidden), "Sign in")
	s.want(s.api(bo, "POST", "/api/settings", map[string]int{"days": 5}, http.StatusForbidden), "Only administrators")
	s.want(s.api("", "POST", "/api/settings", map[string]int{"days": 5}, http.StatusForbidden), "Only administrators")
	s.want(s.page(ada), "for 30 days or more")
	if issue, _ := s.host.Issue("DEMO-5"); len(issue.Comments) != 0 {
		t.Errorf("got %+v", issue.Comments)
	}
}

func TestBadAsking(t *testing.T) {
	s := begin(t)
	s.install()
	for _, days := range []int{0, -1, 3651} {
		s.api(ada, "POST", "/api/settings", map[string]int{"days": days}, http.StatusBadRequest)
	}
	s.api(ada, "POST", "/api/settings", "thirty", http.StatusBadRequest)
	s.api(ada, "GET", "/api/settings", nil, http.StatusMethodNotAllowed)
	s.api(ada, "POST", "/api/remind", map[string]string{"key": "DEMO-999"}, http.StatusNotFound)
	s.api(ada, "POST", "/api/remind", map[string]string{"key": "../../2/myself"}, http.StatusBadRequest)
}

// What the host would not do is said in the frame, in a page of the app's.
func TestErrorPage(t *testing.T) {
	down := false
	host := connecttest.NewHostConfig(t, devhost.Config{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	s := beginAt(t, host)
	s.install()
	down = true
	page := s.send(s.host.PageRequest(appKey, "stale", ada, devhost.Context{}), http.StatusBadGateway)
	s.want(page, "Jira did not answer as it should", s.host.AllJSURL())
}

// Every URL in the descriptor is routed, and every route is described.
func TestDescriptorFitsTheRoutes(t *testing.T) {
	s := begin(t)
	if err := s.app.Check(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsTouchedWhileTheListLoadsIsLookedForAgain(t *testing.T) {
	b := newBoard()
	var loads atomic.Int64
	load := func(context.Context) (staleList, error) {
		if loads.Add(1) == 1 {
			b.touched("tenant", "A-1") // after Jira has answered
		}
		return staleList{Issues: []staleIssue{{Key: "A-1"}, {Key: "A-2"}}}, nil
	}
	for range 3 {
		if _, err := b.list(t.Context(), "tenant", load); err != nil {
			t.Fatal(err)
		}
	}
	if n := loads.Load(); n != 2 {
		t.Errorf("got %d loads, want 2", n)
	}
	b.touched("tenant", "A-1")
	b.touched("another", "A-2")
	list, err := b.list(t.Context(), "tenant", load)
	if err != nil || len(list.Issues) != 1 || list.Issues[0].Key != "A-2" {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestListIsLoadedOnceForAllAndAgainAfterAFailure(t *testing.T) {
	b := newBoard()
	var loads atomic.Int64
	goOn := make(chan struct{})
	load := func(context.Context) (staleList, error) {
		<-goOn
		if loads.Add(1) == 1 {
			return staleList{}, errors.New("Jira is away")
		}
		return staleList{Days: 7}, nil
	}
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			list, err := b.list(t.Context(), "tenant", load)
			if (err == nil) == (list.Days == 0) {
				t.Errorf("got %+v, %v", list, err)
			}
		})
	}
	close(goOn)
	waiting.Wait()
	for range 3 {
		if list, err := b.list(t.Context(), "tenant", load); err != nil || list.Days != 7 {
			t.Errorf("got %+v, %v", list, err)
		}
	}
	if n := loads.Load(); n != 2 {
		t.Errorf("got %d loads, want one that failed and one that did not", n)
	}
}

func TestDemoRunsAndStops(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- demo(ctx, settings{Addr: "127.0.0.1:0", DevhostAddr: "127.0.0.1:0"}, in)
		in.Close()
	}()
	text := make([]byte, 1024)
	n, err := io.ReadAtLeast(out, text, 40)
	if err != nil {
		t.Fatalf("the demo said nothing: %v, %v", err, <-ended)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, rest, _ := strings.Cut(string(text[:n]), "Open   ")
	url, _, _ := strings.Cut(rest, "\n")
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(page), "Stale issues") {
		t.Errorf("the small Jira shows %v, %s", err, page)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
}
