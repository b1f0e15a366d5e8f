package hostclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
)

// File is one file of an upload.
type File struct {
	// Name is the file's name, and must not be empty.
	Name string
	// Content is what is in it. It is read once, as it is sent, and never held
	// as a whole. If all of the files' are an io.Seeker, the upload may be
	// repeated when its token was refused; a Content that is an io.Closer stays
	// the caller's to close.
	Content io.Reader
	// ContentType is the kind of the content. Empty means
	// application/octet-stream.
	ContentType string
	// Field is the name of the part. Empty means "file", which is what Jira
	// and Confluence want.
	Field string
}

// Upload sends files to path as a multipart form, by POST, and decodes the JSON
// of the answer, as Send does. The files are streamed, and the request says
// "X-Atlassian-Token: no-check", without which the hosts refuse it.
func Upload[T any](ctx context.Context, c *Client, path string, files ...File) (T, error) {
	var none T
	r, err := c.NewUpload(ctx, http.MethodPost, path, files...)
	if err != nil {
		return none, err
	}
	return decoded[T](c, r)
}

// NewUpload returns the request that Upload sends, for uploads that need another
// method or further headers, as the service desk's X-ExperimentalApi.
func (c *Client) NewUpload(ctx context.Context, method, path string, files ...File) (*http.Request, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: an upload needs a file", ErrRequest)
	}
	for _, f := range files {
		if f.Name == "" || f.Content == nil || strings.ContainsFunc(f.Name+f.Field+f.ContentType, control) {
			return nil, fmt.Errorf("%w: a file needs a name and content, and no control characters", ErrRequest)
		}
	}
	u := &upload{files: files}
	boundary := multipart.NewWriter(io.Discard).Boundary()
	r, err := c.NewRequest(ctx, method, path, io.Reader(u.stream(boundary)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	r.Header[xsrfHeader] = noCheck
	if u.remember() {
		r.GetBody = func() (io.ReadCloser, error) {
			if err := u.rewind(); err != nil {
				return nil, err
			}
			return u.stream(boundary), nil
		}
	}
	return r, nil
}

// upload is the files of a request, and where each began.
type upload struct {
	files   []File
	starts  []int64
	current *lazyPipe
}

// remember notes where the files begin, and reports whether all can be read again
// from there.
func (u *upload) remember() bool {
	for _, f := range u.files {
		seeker, ok := f.Content.(io.Seeker)
		if !ok {
			return false
		}
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err != nil {
			return false // a pipe, for one, is a Seeker that cannot seek
		}
		u.starts = append(u.starts, start)
	}
	return true
}

// rewind goes back to the beginning of the files, which nobody reads any more.
func (u *upload) rewind() error {
	if err := u.current.Close(); err != nil {
		return err
	}
	u.current.wait()
	for i, f := range u.files {
		if _, err := f.Content.(io.Seeker).Seek(u.starts[i], io.SeekStart); err != nil {
			return fmt.Errorf("hostclient: file %q: %w", f.Name, err)
		}
	}
	return nil
}

// stream returns a body that is made as it is read.
func (u *upload) stream(boundary string) io.ReadCloser {
	u.current = &lazyPipe{ended: make(chan struct{}), write: func(w io.Writer) error {
		m := multipart.NewWriter(w)
		if err := m.SetBoundary(boundary); err != nil {
			return err
		}
		for _, f := range u.files {
			part, err := m.CreatePart(f.header())
			if err != nil {
				return err
			}
			if _, err := io.Copy(part, f.Content); err != nil {
				return fmt.Errorf("hostclient: file %q: %w", f.Name, err)
			}
		}
		return m.Close()
	}}
	return u.current
}

// header is that of the file's part.
func (f File) header() textproto.MIMEHeader {
	field, kind := f.Field, f.ContentType
	orDefault(&field, "file")
	orDefault(&kind, "application/octet-stream")
	escape := strings.NewReplacer("\\", "\\\\", `"`, `\"`).Replace
	return textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, escape(field), escape(f.Name))},
		"Content-Type":        {kind},
	}
}

// lazyPipe is the reading end of an io.Pipe whose writer begins with the first
// read, so that a body that nobody reads leaves no goroutine behind.
type lazyPipe struct {
	write func(io.Writer) error
	ended chan struct{} // closed when write has returned

	mu     sync.Mutex
	r      *io.PipeReader
	closed bool
}

func (p *lazyPipe) Read(b []byte) (int, error) {
	r, err := p.open()
	if err != nil {
		return 0, err
	}
	return r.Read(b)
}

func (p *lazyPipe) open() (*io.PipeReader, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, errors.New("hostclient: the body is closed")
	case p.r != nil:
		return p.r, nil
	}
	r, w := io.Pipe()
	p.r = r
	go func() {
		defer close(p.ended)
		_ = w.CloseWithError(p.write(w)) // never fails
	}()
	return r, nil
}

// Close makes the writer end at its next write. It does not wait for it.
func (p *lazyPipe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.r == nil {
		return nil
	}
	return p.r.Close()
}

// wait waits until nothing is written any more. It is called after Close.
func (p *lazyPipe) wait() {
	p.mu.Lock()
	begun := p.r != nil
	p.mu.Unlock()
	if begun {
		<-p.ended
	}
}

// decoded sends r and decodes the JSON of the answer.
func decoded[T any](c *Client, r *http.Request) (T, error) {
	var v, none T
	answer, text, err := c.call(r)
	if err != nil {
		return none, err
	}
	if _, unwanted := any(v).(struct{}); unwanted || len(strings.TrimSpace(string(text))) == 0 {
		return none, nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return none, notJSON(answer, c.binding.site.origin, text, c.hosts.config.Clock())
		}
		return none, fmt.Errorf("hostclient: %s %s: decoding the answer: %w", r.Method, c.binding.site.origin.redact(r.URL), err)
	}
	return v, nil
}
