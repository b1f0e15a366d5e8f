package connect_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A stop finishes what was begun: the request under way and the webhook that
// was acknowledged, and nothing is taken any more.
func TestServeStopsInOrder(t *testing.T) {
	w := newWorld(t, nil)
	inPage, goOn := make(chan struct{}), make(chan struct{})
	inHook, handled := make(chan struct{}), make(chan struct{})
	w.Page("/page", func(rw http.ResponseWriter, _ *http.Request) {
		close(inPage)
		<-goOn
		_, _ = io.WriteString(rw, "done")
	})
	w.Webhook("jira:issue_created", "/hook", func(context.Context, *webhook.Event) error {
		close(inHook)
		<-goOn
		close(handled)
		return nil
	})
	l := listen(t)
	url := "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, l) }()

	if got := do(t, "POST", url+"/hook", sign(t, hashOf(t, "POST", "/hook")), strings.NewReader("{}")); got.StatusCode != 204 {
		t.Fatalf("webhook: got %d", got.StatusCode)
	}
	<-inHook
	request := mustRequest(t, "GET", url+"/page", sign(t, hashOf(t, "GET", "/page")))
	page := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(request)
		if err != nil {
			page <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		page <- string(text)
	}()
	<-inPage
	stop()
	for {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break // the listener is closed
		}
		c.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("Serve returned %v before its work was done", err)
	default:
	}
	close(goOn)
	if got := <-page; got != "done" {
		t.Errorf("the page under way: got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
	select {
	case <-handled:
	default:
		t.Error("the acknowledged webhook was not handled")
	}
}

func TestServeGivesUpInTheEnd(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.StopTimeout = time.Millisecond })
	inHook := make(chan struct{})
	w.Webhook("jira:issue_created", "/hook", func(ctx context.Context, _ *webhook.Event) error {
		close(inHook)
		<-ctx.Done()
		return ctx.Err()
	})
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, l) }()
	do(t, "POST", "http://"+l.Addr().String()+"/hook", sign(t, hashOf(t, "POST", "/hook")), strings.NewReader("{}"))
	<-inHook
	stop()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1 acknowledged") {
		t.Errorf("got %v, want the number of lost events", err)
	}
}

// A webhook that waited is handled with the secret in force by then, and not at
// all when the tenant is gone.
func TestWaitingWebhookSeesTheTenantAsItIs(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Webhooks.Workers = 1 })
	began, goOn := make(chan struct{}), make(chan struct{})
	secrets := make(chan string, 3)
	w.Webhook("jira:issue_created", "/hook", func(ctx context.Context, e *webhook.Event) error {
		if connect.CallerFrom(ctx) != e.Caller {
			t.Error("the context has another caller than the event")
		}
		secrets <- e.Caller.Installation.SharedSecret.Reveal()
		began <- struct{}{}
		<-goOn
		return nil
	})
	url := w.serve(t).URL
	change := func(f func(*store.Installation)) {
		t.Helper()
		_, err := w.store.Update(t.Context(), clientKey, func(i *store.Installation) (*store.Installation, error) {
			f(i)
			return i, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if got := do(t, "POST", url+"/hook", sign(t, hashOf(t, "POST", "/hook")), strings.NewReader("{}")); got.StatusCode != 204 {
			t.Fatalf("got %d", got.StatusCode)
		}
	}
	<-began
	change(func(i *store.Installation) { i.SharedSecret = store.NewSecret("rotated-" + secret) })
	goOn <- struct{}{}
	<-began
	change(func(i *store.Installation) { i.State, i.SharedSecret = store.Uninstalled, store.Secret{} })
	goOn <- struct{}{}
	if err := w.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(secrets)
	var got []string
	for s := range secrets {
		got = append(got, s)
	}
	if want := []string{secret, "rotated-" + secret}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(w.log.String(), "webhook dropped") {
		t.Errorf("the log does not tell: %s", w.log)
	}
}

// One delivery is one event at each route it comes to, however often it comes.
func TestRepetitionIsKnownByItsRoute(t *testing.T) {
	w := newWorld(t, nil)
	counts := map[string]*atomic.Int64{"/first": new(atomic.Int64), "/second": new(atomic.Int64)}
	for path, count := range counts {
		w.Webhook("jira:issue_created", path, func(context.Context, *webhook.Event) error {
			count.Add(1)
			return nil
		})
	}
	url := w.serve(t).URL
	for _, path := range []string{"/first", "/second", "/first", "/second"} {
		r := mustRequest(t, "POST", url+path, sign(t, hashOf(t, "POST", path)))
		r.Header.Set("X-Atlassian-Webhook-Identifier", "the same")
		if got := send(t, r); got.StatusCode != 204 {
			t.Fatalf("%s: got %d", path, got.StatusCode)
		}
	}
	if err := w.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, count := range counts {
		if n := count.Load(); n != 1 {
			t.Errorf("%s: handled %d times, want once", path, n)
		}
	}
}

func TestSettleEndsWithItsContext(t *testing.T) {
	w := newWorld(t, nil)
	goOn := make(chan struct{})
	w.Webhook("jira:issue_created", "/hook", func(context.Context, *webhook.Event) error {
		<-goOn
		return nil
	})
	if err := w.Settle(t.Context()); err != nil {
		t.Errorf("with nothing to wait for: %v", err)
	}
	do(t, "POST", w.serve(t).URL+"/hook", sign(t, hashOf(t, "POST", "/hook")), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Settle(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	if err := w.Settle(t.Context()); err != nil {
		t.Error(err)
	}
}

// failing is a listener that ends by itself.
type failing struct {
	net.Listener
	end chan struct{}
}

func (f failing) Accept() (net.Conn, error) {
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := f.Listener.Accept(); err == nil {
			accepted <- c
		}
	}()
	select {
	case c := <-accepted:
		return c, nil
	case <-f.end:
		return nil, errors.New("the network is gone")
	}
}

func TestServeStopsInOrderWhenItsListenerFails(t *testing.T) {
	w := newWorld(t, nil)
	began, goOn := make(chan struct{}), make(chan struct{})
	handled := false
	w.Webhook("jira:issue_created", "/hook", func(context.Context, *webhook.Event) error {
		close(began)
		<-goOn
		handled = true
		return nil
	})
	l := failing{listen(t), make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(t.Context(), l) }()
	do(t, "POST", "http://"+l.Addr().String()+"/hook", sign(t, hashOf(t, "POST", "/hook")), strings.NewReader("{}"))
	<-began
	close(l.end)
	close(goOn)
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "the network is gone") {
		t.Errorf("got %v", err)
	}
	if !handled {
		t.Error("the acknowledged webhook was not handled")
	}
}

// While a load balancer looks away, the app goes on and says that it is stopping.
func TestServeSaysThatItIsStopping(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.StopDelay = time.Hour })
	l := failing{listen(t), make(chan struct{})}
	url := "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, l) }()
	if got := do(t, "GET", url+"/readyz", "", nil); got.StatusCode != 200 {
		t.Fatalf("got %d", got.StatusCode)
	}
	stop()
	for do(t, "GET", url+"/readyz", "", nil).StatusCode != 503 {
	}
	close(l.end) // in place of the hour
	<-ended
}

// broken is a store that does not answer.
type broken struct{ store.Store }

func (broken) Installation(context.Context, string) (*store.Installation, error) {
	return nil, errors.New("the disk is gone")
}

func TestHealth(t *testing.T) {
	w := newWorld(t, nil)
	url := w.serve(t).URL
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := do(t, "GET", url+path, "", nil); got.StatusCode != 200 {
			t.Errorf("%s: got %d", path, got.StatusCode)
		}
	}
	if err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := do(t, "GET", url+"/readyz", "", nil); got.StatusCode != 503 {
		t.Errorf("readyz while stopping: got %d", got.StatusCode)
	}
	if got := do(t, "GET", url+"/healthz", "", nil); got.StatusCode != 200 {
		t.Errorf("healthz while stopping: got %d", got.StatusCode)
	}
}

func TestNotReadyWithoutItsStore(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Store = broken{c.Store} })
	w.Page("/page", hello)
	url := w.serve(t).URL
	if got := do(t, "GET", url+"/readyz", "", nil); got.StatusCode != 503 || strings.Contains(got.body, "disk") {
		t.Errorf("readyz: got %d %q", got.StatusCode, got.body)
	}
	if got := do(t, "GET", url+"/page", sign(t, hashOf(t, "GET", "/page")), nil); got.StatusCode != 503 {
		t.Errorf("a page: got %d, want 503: it is not the caller's fault", got.StatusCode)
	}
}

func TestDevelopmentTellsWhy(t *testing.T) {
	for _, development := range []bool{false, true} {
		w := newWorld(t, func(c *connect.Config) { c.Development = development; described(c) })
		w.Page("/page/{p}", hello)
		got := do(t, "GET", w.serve(t).URL+"/page/x", sign(t, hashOf(t, "GET", "/page/y")), nil)
		if told := strings.Contains(got.body, "GET&/page/x&"); got.StatusCode != 401 || told != development {
			t.Errorf("development %v: got %d %q", development, got.StatusCode, got.body)
		}
	}
}

func TestServeLogsFindingsInDevelopment(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Development = true; described(c) })
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Serve(ctx, listen(t)); err != nil {
		t.Fatal(err)
	}
	if text := w.log.String(); !strings.Contains(text, "no route serves GET /panel") {
		t.Errorf("got %s", text)
	}
}
