package connect_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
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
