package hostclient

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// sentToken returns the credential that a request carried, without its scheme,
// or nothing.
func sentToken(r *http.Request) string {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token
}

// scrub removes from body the credential that the request carried.
func scrub(body []byte, sent *http.Request) []byte {
	token := sentToken(sent)
	if token == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(token), []byte(redacted))
}

// scrubAnswer has the body of an answer that is no success read without the
// credential, should the host repeat it: libraries make such bodies part of
// their errors. The length of what will be read is then not known before.
func scrubAnswer(answer *http.Response, sent *http.Request) {
	token := sentToken(sent)
	if token == "" || success(answer.StatusCode) || answer.StatusCode < http.StatusOK ||
		answer.Body == nil || answer.Body == http.NoBody || sent.Method == http.MethodHead {
		return
	}
	answer.Body = &scrubbed{ReadCloser: answer.Body, token: func() []byte { return []byte(token) }}
	answer.ContentLength = -1
	answer.Header.Del("Content-Length")
}

// scrubbed is a body without the token. It is not safe for concurrent reads, as
// other bodies are not.
type scrubbed struct {
	io.ReadCloser
	token func() []byte // a function, as key is
	raw   []byte        // what may be the beginning of the token
	clean []byte        // what is to be handed out
	err   error
}

func (s *scrubbed) Read(p []byte) (int, error) {
	for len(s.clean) == 0 && s.err == nil && len(p) > 0 {
		s.fill()
	}
	n := copy(p, s.clean)
	s.clean = s.clean[n:]
	if len(s.clean) > 0 {
		return n, nil
	}
	return n, s.err
}

// fill moves what it reads to clean, except for an end that the next piece could
// make the token.
func (s *scrubbed) fill() {
	token, piece := s.token(), make([]byte, 4<<10)
	n, err := s.ReadCloser.Read(piece)
	s.err = err
	raw := bytes.ReplaceAll(append(s.raw, piece[:n]...), token, []byte(redacted))
	keep := min(len(raw), len(token)-1)
	for !bytes.HasPrefix(token, raw[len(raw)-keep:]) {
		keep--
	}
	end := raw[len(raw)-keep:]
	switch {
	case err == nil:
		s.raw = bytes.Clone(end)
		raw = raw[:len(raw)-keep]
	case 2*keep > len(token): // cut off
		raw = append(raw[:len(raw)-keep], redacted...)
	}
	s.clean = raw
}
