package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// unguarded is content that the race detector watches.
type unguarded struct {
	reads int
	left  int
}

func (u *unguarded) Read(p []byte) (int, error) {
	u.reads++
	if u.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), u.left)
	u.left -= n
	return n, nil
}

// A host may refuse a file at once. Afterwards nobody reads it any more, so it is
// the caller's again.
func TestUploadRefusedEarly(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(rw, `{"errorMessages":["too large"]}`)
	})
	for range 20 {
		content := &unguarded{left: 64 << 20}
		_, err := hostclient.Upload[count](t.Context(), w.client, "/p", hostclient.File{Name: "a", Content: content})
		var refused *hostclient.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusRequestEntityTooLarge || fmt.Sprint(refused.Messages) != "[too large]" {
			t.Fatalf("got %v, want 413", err)
		}
		content.reads, content.left = 0, 0
	}
}

// slow is content that is in the middle of a Read, of its second piece, when the
// host answers, and notes who comes too early or too late.
type slow struct {
	t        *testing.T
	reads    int
	begun    *gate
	hold     *gate
	reading  atomic.Bool
	returned atomic.Bool
}

func (s *slow) Read(p []byte) (int, error) {
	if s.returned.Load() {
		s.t.Error("the content is read after the call")
		return 0, io.EOF
	}
	s.reading.Store(true)
	defer s.reading.Store(false)
	switch s.reads++; s.reads {
	case 1:
		return len(p), nil // enough for net/http to send the header
	case 2:
		s.begun.open()
		s.hold.wait()
		yield()
	}
	return copy(p, "0123456789"), nil
}

func (s *slow) Seek(int64, int) (int64, error) {
	if s.reading.Load() {
		s.t.Error("the content is moved while it is read")
	}
	return 0, nil
}

// yield lets others go first.
func yield() {
	for range 10_000 {
		runtime.Gosched()
	}
}

// opening is a credential that has another try, and opens a gate before it.
type opening struct {
	boundCredential
	gate *gate
}

func (o opening) Apply(r *http.Request) error { r.Header.Set("Authorization", "Bearer x"); return nil }

func (o opening) Renew(*http.Request, *hostclient.Error) (bool, error) {
	o.gate.open()
	return true, nil
}

// Between two attempts, and after the last one, the files belong to nobody who
// still reads.
func TestUploadWaitsForItsFiles(t *testing.T) {
	content := &slow{t: t}
	w := newWorld(t, "", func(rw http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(rw).EnableFullDuplex(); err != nil { // or it would read on first
			t.Error(err)
		}
		content.begun.wait()
		rw.WriteHeader(http.StatusUnauthorized)
	})
	content.begun, content.hold = newGate(t), newGate(t)
	client := w.hosts.Client(opening{boundCredential{boundTo(w.site.url)}, content.hold})
	_, err := hostclient.Upload[count](t.Context(), client, "/p", hostclient.File{Name: "a", Content: content})
	content.returned.Store(true)
	yield()
	if !errors.Is(err, hostclient.ErrUnauthorized) || len(w.site.requests()) != 2 {
		t.Errorf("got %v after %d requests, want ErrUnauthorized after 2", err, len(w.site.requests()))
	}
}

// A body that is closed, or that another one has taken the place of, reads nothing.
func TestUploadBodyEnds(t *testing.T) {
	w := newWorld(t, "", nil)
	for _, c := range []struct {
		name string
		end  func(*http.Request) error
	}{
		{"closed", func(r *http.Request) error { return r.Body.Close() }},
		{"read anew", func(r *http.Request) error { _, err := r.GetBody(); return err }},
	} {
		content := strings.NewReader("0123456789")
		r, err := w.client.NewUpload(t.Context(), "POST", "/p", hostclient.File{Name: "a", Content: content})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Body.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := c.end(r); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if got := content.Len(); got != 10 {
			t.Errorf("%s: %d bytes of the content are left, want 10", c.name, got)
		}
	}
}

// A Read that hangs does not keep a call alive whose context has ended.
func TestUploadEndsWithItsContext(t *testing.T) {
	for _, early := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		var hold *gate
		w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
			beginning := make([]byte, 1000)
			_, _ = io.ReadFull(r.Body, beginning)
			if early {
				rw.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			cancel()
			_, _ = io.Copy(io.Discard, r.Body)
		})
		hold = newGate(t)
		reached := newGate(t)
		content := &gated{io.MultiReader(strings.NewReader(strings.Repeat("x", 10_000)), readerFunc(func([]byte) (int, error) {
			reached.open()
			return 0, io.EOF
		})), hold, strings.NewReader("")}
		go func() {
			reached.wait()
			if early {
				cancel()
			}
		}()
		_, err := hostclient.Upload[count](ctx, w.client, "/p", hostclient.File{Name: "a", Content: content})
		if err == nil {
			t.Errorf("early answer %t: got no error", early)
		}
		hold.open()
		cancel()
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Whatever becomes of an upload, no goroutine stays behind.
func TestUploadLeavesNoGoroutine(t *testing.T) {
	status := atomic.Int32{}
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if status.Load() == http.StatusOK {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		rw.WriteHeader(int(status.Load()))
	})
	quiet := func() int {
		w.client.HTTP().CloseIdleConnections()
		w.site.CloseClientConnections()
		return runtime.NumGoroutine()
	}
	before := quiet()
	for i := range 50 {
		for _, code := range []int32{http.StatusOK, http.StatusRequestEntityTooLarge, http.StatusUnauthorized} {
			status.Store(code)
			content := io.Reader(&unguarded{left: 1 << 20})
			if i%5 == 0 {
				content = io.MultiReader(content, iotest.ErrReader(errStuck))
			}
			_, _ = hostclient.Upload[struct{}](t.Context(), w.client, "/p", hostclient.File{Name: "a", Content: content})
		}
		if _, err := w.client.NewUpload(t.Context(), "POST", "/p", hostclient.File{Name: "a", Content: zeros{}}); err != nil {
			t.Fatal(err) // and it is not sent
		}
	}
	for quiet() > before { // the connections' own end in their own time, those of uploads never
		runtime.Gosched()
	}
}
