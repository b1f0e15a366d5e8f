package posted_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/posted"
)

// status returns what the answer to err would be, 0 for nil.
func status(err error) int {
	var own posted.Error
	var size *http.MaxBytesError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &own):
		return own.HTTPStatus()
	case errors.As(err, &size):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

func TestMethod(t *testing.T) {
	for method, want := range map[string]int{"POST": 0, "GET": 405, "HEAD": 405, "PUT": 405, "post": 405, "OPTIONS": 405} {
		w := httptest.NewRecorder()
		err := posted.Method(w, &http.Request{Method: method})
		if got, allow := status(err), w.Header().Get("Allow"); got != want || (allow == "POST") != (want != 0) {
			t.Errorf("%s: got %d, Allow %q, want %d", method, got, allow, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for media, want := range map[string]int{
		"application/json":                   0,
		"Application/JSON; charset=UTF-8":    0,
		`application/json; charset="utf-8"`:  0,
		"application/json; charset=latin1":   415,
		"application/json; charset=":         415,
		"application/x-www-form-urlencoded":  415,
		"text/plain":                         415,
		"application/jsonp":                  415,
		"application/json, application/json": 415,
		"":                                   415,
	} {
		if got := status(posted.JSON(&http.Request{Header: http.Header{"Content-Type": {media}}})); got != want {
			t.Errorf("%q: got %d, want %d", media, got, want)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestBody(t *testing.T) {
	for _, c := range []struct {
		name     string
		body     io.Reader
		declared int64
		want     int
	}{
		{"fits", strings.NewReader("12345"), 5, 0},
		{"fits, length unsaid", strings.NewReader("12345"), -1, 0},
		{"too long", strings.NewReader("123456"), 6, 413},
		{"too long, length unsaid", strings.NewReader("123456"), -1, 413},
		{"broken off", failing{io.ErrUnexpectedEOF}, 5, 400},
		{"too slow", failing{fmt.Errorf("read: %w", os.ErrDeadlineExceeded)}, 5, 408},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := posted.Body(&http.Request{Body: io.NopCloser(c.body), ContentLength: c.declared}, 5)
			if status(err) != c.want || err == nil && string(got) != "12345" {
				t.Errorf("got %q, %v, want %d", got, err, c.want)
			}
		})
	}
}
