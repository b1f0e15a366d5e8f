package hostclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// uploaded is one file as a host sees it.
type uploaded struct{ field, name, kind, content string }

// formOf reads the files of an upload as a host does. The error is nil only for a
// form that is whole.
func formOf(r *http.Request) (files []uploaded, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := form.NextRawPart()
		if err == io.EOF {
			_, err = io.Copy(io.Discard, r.Body) // behind the form comes nothing but the end of the body
			return files, err
		}
		if err != nil {
			return files, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return files, err
		}
		// Not part.FileName, which cuts paths off.
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return files, err
		}
		files = append(files, uploaded{part.FormName(), params["filename"], part.Header.Get("Content-Type"), string(content)})
	}
}

// takeUpload is a host that takes files, and answers with their number.
func takeUpload(t *testing.T, keep *[]uploaded) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header["X-Atlassian-Token"]; !slices.Equal(got, []string{"no-check"}) {
			t.Errorf("X-Atlassian-Token %q, want no-check", got)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		files, err := formOf(r)
		if err != nil {
			t.Errorf("the form: %v", err)
		}
		*keep = files
		fmt.Fprintf(w, `{"count":%d}`, len(files))
	}
}

type count struct{ Count int }

func TestUpload(t *testing.T) {
	const quotes = "a \"b\" \\c; name=x.txt"
	var got []uploaded
	w := newWorld(t, "/jira", takeUpload(t, &got))
	v, err := hostclient.Upload[count](t.Context(), w.client, "/rest/api/3/issue/A-1/attachments",
		hostclient.File{Name: "a.txt", Content: strings.NewReader("one")},
		hostclient.File{Name: quotes, Content: strings.NewReader(""), ContentType: "text/plain; charset=utf-8", Field: `fi"eld`},
		hostclient.File{Name: "Bücher 日本.pdf", Content: iotest.OneByteReader(strings.NewReader("two\r\n--x"))},
		hostclient.File{Name: "../up/a.txt", Content: bytes.NewReader([]byte{0, 255, '\r', '\n'})},
	)
	if err != nil || v.Count != 4 {
		t.Errorf("got %+v, %v, want 4", v, err)
	}
	want := []uploaded{
		{"file", "a.txt", "application/octet-stream", "one"},
		{`fi"eld`, quotes, "text/plain; charset=utf-8", ""},
		{"file", "Bücher 日本.pdf", "application/octet-stream", "two\r\n--x"},
		{"file", "../up/a.txt", "application/octet-stream", "\x00\xff\r\n"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	r := w.site.only(t)
	if r.Method != "POST" || r.RequestURI != "/jira/rest/api/3/issue/A-1/attachments" || r.Header.Get("Accept") != "application/json" {
		t.Errorf("got %s %s, %v", r.Method, r.RequestURI, r.Header)
	}
}

func TestNewUpload(t *testing.T) {
	var got []uploaded
	w := newWorld(t, "", takeUpload(t, &got))
	r, err := w.client.NewUpload(t.Context(), "PUT", "/x", hostclient.File{Name: "a", Content: strings.NewReader("b")})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-ExperimentalApi", "opt-in")
	answer, err := w.client.HTTP().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if r := w.site.only(t); r.Method != "PUT" || r.Header.Get("X-ExperimentalApi") != "opt-in" || len(got) != 1 || got[0].content != "b" {
		t.Errorf("got %s, %v, %q", r.Method, r.Header, got)
	}
}

func TestUploadRefuses(t *testing.T) {
	w := newWorld(t, "", nil)
	file := func(name, field, kind string) hostclient.File {
		return hostclient.File{Name: name, Field: field, ContentType: kind, Content: strings.NewReader("x")}
	}
	for _, c := range []struct {
		name string
		file []hostclient.File
		path string
		want error
	}{
		{"no file", nil, "/x", hostclient.ErrRequest},
		{"no name", []hostclient.File{file("", "", "")}, "/x", hostclient.ErrRequest},
		{"no content", []hostclient.File{{Name: "a"}}, "/x", hostclient.ErrRequest},
		{"a second one without", []hostclient.File{file("a", "", ""), {}}, "/x", hostclient.ErrRequest},
		{"CRLF in the name", []hostclient.File{file("a\r\nX-Evil: 1", "", "")}, "/x", hostclient.ErrRequest},
		{"LF in the field", []hostclient.File{file("a", "f\n", "")}, "/x", hostclient.ErrRequest},
		{"CR in the type", []hostclient.File{file("a", "", "text/plain\r")}, "/x", hostclient.ErrRequest},
		{"NUL in the name", []hostclient.File{file("a\x00", "", "")}, "/x", hostclient.ErrRequest},
		{"a name that is no UTF-8", []hostclient.File{file("a\xff", "", "")}, "/x", hostclient.ErrRequest},
		{"another origin", []hostclient.File{file("a", "", "")}, "https://evil.example/x", hostclient.ErrOrigin},
		{"no slash", []hostclient.File{file("a", "", "")}, "x", hostclient.ErrRequest},
	} {
		if _, err := hostclient.Upload[count](t.Context(), w.client, c.path, c.file...); !errors.Is(err, c.want) || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := w.client.NewUpload(t.Context(), "A B", "/x", file("a", "", "")); !errors.Is(err, hostclient.ErrRequest) {
		t.Errorf("a method that is none: %v, want ErrRequest", err)
	}
	if _, err := hostclient.Upload[count](t.Context(), hostclient.Failing(nil), "/x", file("a", "", "")); err != hostclient.ErrNotInstalled {
		t.Errorf("got %v, want ErrNotInstalled", err)
	}
	if n := len(w.site.requests()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

// gated is content whose end is held back.
type gated struct {
	begin io.Reader
	hold  *gate
	end   io.Reader
}

func (g *gated) Read(p []byte) (int, error) {
	if n, err := g.begin.Read(p); n > 0 || err != io.EOF {
		return n, err
	}
	g.hold.wait()
	return g.end.Read(p)
}

// The host has the beginning of a file before its end is read.
func TestUploadIsStreamed(t *testing.T) {
	var hold *gate
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		beginning := make([]byte, 64<<10)
		if _, err := io.ReadFull(r.Body, beginning); err != nil {
			t.Errorf("reading the beginning: %v", err)
		}
		hold.open()
		rest, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading the rest: %v", err)
		}
		fmt.Fprintf(rw, `{"count":%d}`, strings.Count(string(beginning)+string(rest), "x"))
	})
	hold = newGate(t)
	content := &gated{strings.NewReader(strings.Repeat("x", 128<<10)), hold, strings.NewReader("xyz")}
	v, err := hostclient.Upload[count](t.Context(), w.client, "/p", hostclient.File{Name: "a", Content: content})
	if want := 128<<10 + 1; err != nil || v.Count < want || v.Count > want+100 { // a boundary may have one, too
		t.Errorf("got %+v, %v, want %d", v, err, want)
	}
}

// zeros is content without an end but for its limit.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A file of 64 MiB takes less than a fiftieth of that in memory.
func TestUploadKeepsMemorySmall(t *testing.T) {
	const size = 64 << 20
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(rw, `{"count":%d}`, n)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v, err := hostclient.Upload[count](t.Context(), w.client, "/p", hostclient.File{Name: "a", Content: io.LimitReader(zeros{}, size)})
	runtime.ReadMemStats(&after)
	if err != nil || v.Count < size {
		t.Errorf("got %+v, %v, want %d", v, err, size)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > size/50 {
		t.Errorf("%d bytes were allocated on the way", took)
	}
}

// renewing is a credential whose first token is refused.
type renewing struct {
	boundCredential
	renewed atomic.Bool
}

type boundCredential struct{ binding hostclient.Binding }

func (b boundCredential) Binding() hostclient.Binding { return b.binding }

func (c *renewing) Apply(r *http.Request) error {
	r.Header.Set("Authorization", fmt.Sprintf("Bearer renewed-%t", c.renewed.Load()))
	return nil
}

func (c *renewing) Renew(*http.Request, *hostclient.Error) (bool, error) {
	return !c.renewed.Swap(true), nil
}

// A refused token, a limit with a time, and a redirect on the site have the files
// sent again from where they began.
func TestUploadIsSentAgain(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name  string
		after int // bytes that the host reads before it refuses; -1 for all
	}{{"before the body", 0}, {"in the middle", 100}, {"after the body", -1}} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusTemporaryRedirect} {
			t.Run(fmt.Sprintf("%d %s", status, c.name), func(t *testing.T) {
				var got []uploaded
				take, tries := takeUpload(t, &got), 0
				w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
					if tries++; tries > 1 {
						take(rw, r)
						return
					}
					n := int64(c.after)
					if n < 0 {
						n = 1 << 30
					}
					_, _ = io.CopyN(io.Discard, r.Body, n)
					rw.Header().Set("Retry-After", "1")
					rw.Header().Set("Location", "/p")
					rw.WriteHeader(status)
				})
				long := strings.Repeat("0123456789", 50_000)
				if _, err := file.WriteAt([]byte(long), 0); err != nil {
					t.Fatal(err)
				}
				if _, err := file.Seek(7, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				client := w.hosts.Client(&renewing{boundCredential: boundCredential{boundTo(w.site.url)}}).RetryWrites()
				v, err := hostclient.Upload[count](t.Context(), client, "/p",
					hostclient.File{Name: "a", Content: file}, hostclient.File{Name: "b", Content: strings.NewReader("whole")})
				if err != nil || v.Count != 2 || tries != 2 {
					t.Fatalf("got %+v, %v after %d tries, want 2 after 2", v, err, tries)
				}
				if got[0].content != long[7:] || got[1].content != "whole" {
					t.Errorf("got %d and %d bytes, want %d and 5", len(got[0].content), len(got[1].content), len(long)-7)
				}
			})
		}
	}
}

// What cannot be read again is sent once, and the refusal is the answer.
func TestUploadOfAStreamIsSentOnce(t *testing.T) {
	pipe, end, err := os.Pipe() // an io.Seeker that cannot seek
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	end.Close()
	for name, content := range map[string]io.Reader{"a reader": io.LimitReader(zeros{}, 10), "a pipe": pipe} {
		w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			rw.WriteHeader(http.StatusUnauthorized)
		})
		client := w.hosts.Client(&renewing{boundCredential: boundCredential{boundTo(w.site.url)}})
		_, err := hostclient.Upload[count](t.Context(), client, "/p",
			hostclient.File{Name: "a", Content: strings.NewReader("x")}, hostclient.File{Name: "b", Content: content})
		if !errors.Is(err, hostclient.ErrUnauthorized) || len(w.site.requests()) != 1 {
			t.Errorf("%s: got %v after %d requests, want ErrUnauthorized after 1", name, err, len(w.site.requests()))
		}
	}
}

// unseekable can be asked where it stands, and not be moved.
type unseekable struct{ *strings.Reader }

var errStuck = errors.New("stuck")

func (u unseekable) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		return 0, errStuck
	}
	return u.Reader.Seek(offset, whence)
}

func TestUploadThatCannotGoBack(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusUnauthorized) })
	client := w.hosts.Client(&renewing{boundCredential: boundCredential{boundTo(w.site.url)}})
	_, err := hostclient.Upload[count](t.Context(), client, "/p", hostclient.File{Name: "a.txt", Content: unseekable{strings.NewReader("x")}})
	if !errors.Is(err, errStuck) || !strings.Contains(err.Error(), `"a.txt"`) {
		t.Errorf("got %v, want the file and what Seek says", err)
	}
}

// A file that cannot be read to its end is no shorter file to the host.
func TestUploadOfABrokenFile(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, size := range []int64{0, 10, 100_000, 5_000_000} {
		seen := make(chan error, 1)
		w := newWorld(t, "", func(_ http.ResponseWriter, r *http.Request) {
			_, err := formOf(r)
			seen <- err
		})
		_, err := hostclient.Upload[count](t.Context(), w.client, "/p",
			hostclient.File{Name: "a.txt", Content: io.MultiReader(io.LimitReader(zeros{}, size), iotest.ErrReader(broken))})
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), `"a.txt"`) {
			t.Errorf("%d bytes: got %v, want the file and its error", size, err)
		}
		w.site.Close() // waits for the handler
		select {
		case err := <-seen:
			if err == nil {
				t.Errorf("%d bytes: the host saw a whole form", size)
			}
		default: // it saw not even the header
		}
	}
}

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

// The form is the same to those who read it by the book.
func TestUploadIsAForm(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		var names []string
		for _, f := range r.MultipartForm.File["file"] {
			names = append(names, f.Filename)
		}
		if got := fmt.Sprint(names); got != "[a b]" {
			t.Errorf("got %s, want [a b]", got)
		}
	})
	_, err := hostclient.Upload[struct{}](t.Context(), w.client, "/p",
		hostclient.File{Name: "a", Content: strings.NewReader("1")}, hostclient.File{Name: "b", Content: strings.NewReader("2")})
	if err != nil {
		t.Error(err)
	}
	kind, params, err := mime.ParseMediaType(w.site.only(t).Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || multipart.NewWriter(io.Discard).SetBoundary(params["boundary"]) != nil {
		t.Errorf("got %s, %v, %v", kind, params, err)
	}
}
