package connect

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
)

// recorder notes what is answered, and has the last word on two headers.
type recorder struct {
	http.ResponseWriter
	status   int // 0 until the answer has begun
	bytes    int64
	hijacked bool

	route     *route
	clientKey string
	// ancestors is the policy that is added to an answer whose handler said
	// nothing about who may frame it.
	ancestors string
	// shared allows caches of everybody to keep a good answer.
	shared bool
}

// recorderOf returns the recorder below w, which a handler may have wrapped.
func recorderOf(w http.ResponseWriter) *recorder {
	for w != nil {
		if rec, ok := w.(*recorder); ok {
			return rec
		}
		under, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = under.Unwrap()
	}
	return new(recorder) // a note nobody reads
}

// begin settles the headers before the first byte of a final answer.
func (r *recorder) begin(status int) {
	if r.status != 0 || status < 200 {
		return
	}
	r.status = status
	h := r.Header()
	if !framingSaid(h.Values("Content-Security-Policy")) {
		h.Add("Content-Security-Policy", r.ancestors)
	}
	if r.shared && status != http.StatusOK && status != http.StatusNotModified {
		h.Set("Cache-Control", "no-store")
	}
}

func framingSaid(policies []string) bool {
	for _, policy := range policies {
		for directive := range strings.SplitSeq(policy, ";") {
			if name, _, _ := strings.Cut(strings.TrimSpace(directive), " "); strings.EqualFold(name, "frame-ancestors") {
				return true
			}
		}
	}
	return false
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.begin(status)
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.begin(http.StatusOK)
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom lets net/http copy a file the short way.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.begin(http.StatusOK)
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}

// Flush implements http.Flusher.
func (r *recorder) Flush() { _ = r.FlushError() }

// FlushError is Flush for http.ResponseController.
func (r *recorder) FlushError() error {
	r.begin(http.StatusOK)
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, rw, err
}

// Unwrap lets http.ResponseController reach what is below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
