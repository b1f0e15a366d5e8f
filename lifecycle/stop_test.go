package lifecycle_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"reflect"
	"testing"

	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

// gate is an install hook that tells when it runs and waits to be let go on.
type gate struct {
	inside  chan struct{}
	release chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

// hooks returns hooks that wait for the gate and, if they are to heed it, for
// the context.
func (g *gate) hooks(heed bool) lifecycle.Hooks {
	return lifecycle.Hooks{OnInstall: func(ctx context.Context, _, _ *store.Installation) error {
		g.inside <- struct{}{}
		if heed {
			<-ctx.Done()
			return nil // as if the hook had not noticed
		}
		<-g.release
		return nil
	}}
}

// served is an app behind a server of its own, of which each request's begin
// and end can be waited for.
type served struct {
	*http.Server
	url  string
	came chan struct{}
	done chan struct{}
}

func serve(t *testing.T, handler http.Handler) *served {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{url: "http://" + l.Addr().String(), came: make(chan struct{}, 8), done: make(chan struct{}, 8)}
	s.Server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.came <- struct{}{}
		defer func() { s.done <- struct{}{} }()
		handler.ServeHTTP(w, r)
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

// post sends a request in the background. The channel yields its status, 0
// when there was no answer.
func (s *served) post(ctx context.Context, t *testing.T, r request) <-chan int {
	t.Helper()
	status := make(chan int, 1)
	req := r.to(s.url).WithContext(ctx)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	go func() {
		resp, err := transport.RoundTrip(req)
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	return status
}

// TestShutdown stops the server while an install is in its hook: the install
// is finished, acknowledged and stored.
func TestShutdown(t *testing.T) {
	g := newGate()
	a := newApp(t, setup{hooks: g.hooks(false)})
	s := serve(t, a.handler)
	stopping := make(chan struct{})
	s.RegisterOnShutdown(func() { close(stopping) })

	status := s.post(t.Context(), t, event{kind: installed, second: 1, secret: "s1"}.request())
	<-g.inside
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.WithoutCancel(t.Context())) }()
	<-stopping
	close(g.release)
	if got := <-status; got != http.StatusNoContent {
		t.Errorf("got %d, want 204", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got, want := life(a.stored("acme")), "live s1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHardStop closes the connections while an install is in its hook: the
// host gets no answer, and nothing is stored.
func TestHardStop(t *testing.T) {
	g := newGate()
	a := newApp(t, setup{hooks: g.hooks(true)})
	s := serve(t, a.handler)
	status := s.post(t.Context(), t, event{kind: installed, second: 1, secret: "s1"}.request())
	<-g.inside
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := <-status; got != 0 {
		t.Errorf("got %d, want no answer", got)
	}
	<-s.done
	if got := life(a.stored("acme")); got != "none" {
		t.Errorf("got %q, want nothing stored", got)
	}
}

// TestHangUp is a host that gives up while its rotation is in the hook: it goes
// on with the former secret, and so must the app.
func TestHangUp(t *testing.T) {
	first := store.NewMemory()
	newApp(t, setup{store: first}).must(event{kind: installed, second: 1, secret: "s1"})
	g := newGate()
	a := newApp(t, setup{store: first, hooks: g.hooks(true)})
	before := a.snapshot()
	s := serve(t, a.handler)
	ctx, hangUp := context.WithCancel(t.Context())
	status := s.post(ctx, t, rotation())
	<-g.inside
	hangUp()
	if got := <-status; got != 0 {
		t.Errorf("got %d, want no answer", got)
	}
	<-s.done
	if after := a.snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("store\n got %v\nwant %v", after, before)
	}
}

// TestHangUpInLine is a host that gives up while its event waits for another of
// the same tenant: the event is dropped, and those after it are served.
func TestHangUpInLine(t *testing.T) {
	g := newGate()
	a := newApp(t, setup{hooks: g.hooks(false)})
	s := serve(t, a.handler)
	first := s.post(t.Context(), t, event{kind: installed, second: 1, secret: "s1"}.request())
	<-g.inside
	<-s.came
	ctx, hangUp := context.WithCancel(t.Context())
	second := s.post(ctx, t, event{kind: installed, second: 2, secret: "s2"}.request())
	<-s.came
	hangUp()
	if got := <-second; got != 0 {
		t.Errorf("in line: got %d, want no answer", got)
	}
	<-s.done // while the first still runs
	g.release <- struct{}{}
	if got := <-first; got != http.StatusNoContent {
		t.Errorf("first: got %d, want 204", got)
	}
	third := s.post(t.Context(), t, event{kind: installed, second: 3, secret: "s3"}.request())
	<-g.inside
	g.release <- struct{}{}
	if got := <-third; got != http.StatusNoContent {
		t.Errorf("after it: got %d, want 204", got)
	}
	if got, want := life(a.stored("acme")), "live s3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
