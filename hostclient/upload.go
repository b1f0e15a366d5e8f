package hostclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// File is one file of an upload.
type File struct {
	// Name is the file's name: UTF-8 without control characters, and not empty.
	Name string
	// Content is what is in it, from where it stands. It is read as it is sent,
	// and never held as a whole; an error of it ends the call, and the host gets
	// no whole upload. If all of the files' are an io.Seeker, the upload may be
	// repeated, as when its token was refused. A Content that is an io.Closer
	// stays the caller's to close.
	Content io.Reader
	// ContentType is the kind of the content. Empty means
	// application/octet-stream.
	ContentType string
	// Field is the name of the part. Empty means "file", which is what Jira
	// and Confluence want.
	Field string
}

// Upload sends files to path as a multipart form, by POST, and decodes the JSON
// of the answer, as Send does. The files are streamed, with
// "X-Atlassian-Token: no-check", without which the hosts refuse them. The host may
// answer before it has all of them. When Upload returns, nothing of the files is
// read any more, unless ctx or Config.Timeout ended the call.
func Upload[T any](ctx context.Context, c *Client, path string, files ...File) (T, error) {
	var none T
	if limit := c.hosts.config.Timeout; limit > 0 { // that of the http.Client ends with the answer
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = bounded
	}
	r, u, err := c.newUpload(ctx, http.MethodPost, path, files)
	if err != nil {
		return none, err
	}
	defer u.stop(ctx)
	return decoded[T](c, r)
}

// NewUpload returns the request that Upload sends, for uploads that need another
// method or further headers, as the service desk's X-ExperimentalApi. It must be
// sent by c, or by what its HTTP or Transport returns. As with any request, its
// files may still be read for a while after an early answer.
func (c *Client) NewUpload(ctx context.Context, method, path string, files ...File) (*http.Request, error) {
	r, _, err := c.newUpload(ctx, method, path, files)
	return r, err
}

func (c *Client) newUpload(ctx context.Context, method, path string, files []File) (*http.Request, *upload, error) {
	if len(files) == 0 {
		return nil, nil, fmt.Errorf("%w: an upload needs a file", ErrRequest)
	}
	for _, f := range files {
		if err := f.check(); err != nil {
			return nil, nil, err
		}
	}
	u, err := newUpload(files)
	if err != nil {
		return nil, nil, err
	}
	r, err := c.NewRequest(ctx, method, path, io.Reader(u.body(ctx)))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Content-Type", u.contentType)
	if u.remember() {
		r.GetBody = func() (io.ReadCloser, error) { return u.again(ctx) }
	}
	return r, u, nil
}

func (f File) check() error {
	words := f.Name + f.Field + f.ContentType
	switch {
	case f.Name == "" || f.Content == nil:
		return fmt.Errorf("%w: a file of an upload needs a name and content", ErrRequest)
	case strings.ContainsFunc(words, control) || !utf8.ValidString(words):
		return fmt.Errorf("%w: file %q: name, field and type must be UTF-8 without control characters", ErrRequest, plain(f.Name, 100))
	}
	return nil
}

// upload is the files of a request and what stands around them.
type upload struct {
	contentType string
	files       []File
	starts      []int64  // where the files begin
	frames      [][]byte // before, between and behind the files
	current     *uploadBody
}

func newUpload(files []File) (*upload, error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	u := &upload{contentType: form.FormDataContentType(), files: files}
	for _, f := range files {
		if _, err := form.CreatePart(f.header()); err != nil {
			return nil, fmt.Errorf("%w: file %q: %w", ErrRequest, plain(f.Name, 100), err)
		}
		u.frames = append(u.frames, bytes.Clone(frame.Bytes()))
		frame.Reset()
	}
	if err := form.Close(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	u.frames = append(u.frames, frame.Bytes())
	return u, nil
}

// header is that of the file's part.
func (f File) header() textproto.MIMEHeader {
	field, kind := f.Field, f.ContentType
	orDefault(&field, "file")
	orDefault(&kind, "application/octet-stream")
	return textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(field, f.Name)},
		"Content-Type":        {kind},
	}
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

// again takes the files away from the body there was, and returns another one.
func (u *upload) again(ctx context.Context) (io.ReadCloser, error) {
	if err := u.stop(ctx); err != nil {
		return nil, err
	}
	for i, f := range u.files {
		if _, err := f.Content.(io.Seeker).Seek(u.starts[i], io.SeekStart); err != nil {
			return nil, fmt.Errorf("file %q: %w", plain(f.Name, 100), err)
		}
	}
	return u.body(ctx), nil
}

// stop returns when the files are read no more, at the latest with an error when
// ctx ends: net/http reads a request's body also after its answer.
func (u *upload) stop(ctx context.Context) error {
	_ = u.current.Close() // never fails
	if err := u.current.take(ctx); err != nil {
		return err
	}
	<-u.current.taken
	return nil
}

// body returns the form, from its beginning.
func (u *upload) body(ctx context.Context) *uploadBody {
	var parts []io.Reader
	for i, f := range u.files {
		parts = append(parts, bytes.NewReader(u.frames[i]), content{f})
	}
	parts = append(parts, bytes.NewReader(u.frames[len(u.files)]))
	u.current = &uploadBody{ctx: ctx, form: io.MultiReader(parts...), taken: make(chan struct{}, 1)}
	return u.current
}

// content reads a file, and says which one it was that failed.
type content struct{ File }

func (c content) Read(b []byte) (int, error) {
	n, err := c.Content.Read(b)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("hostclient: file %q: %w", plain(c.Name, 100), err)
	}
	return n, err
}
