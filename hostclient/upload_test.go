package hostclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strings"
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
