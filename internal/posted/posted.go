// Package posted reads what a host posts to an app: JSON in UTF-8, up to a
// limit. What is refused is an Error with the status of the answer.
package posted

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
)

// Error is a request that is not a post of JSON.
type Error struct {
	Status int
	Text   string
}

// Error names what was wrong with the request.
func (e Error) Error() string { return "posted: " + e.Text }

// HTTPStatus returns the status of the answer.
func (e Error) HTTPStatus() int { return e.Status }

// Method refuses every method but POST, and names that one in the answer.
func Method(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		return nil
	}
	w.Header().Set("Allow", http.MethodPost)
	return Error{http.StatusMethodNotAllowed, "the method is not POST"}
}

// JSON refuses a body that does not say that it is JSON in UTF-8.
func JSON(r *http.Request) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := params["charset"]
	if err != nil || media != "application/json" || named && !strings.EqualFold(charset, "utf-8") {
		return Error{http.StatusUnsupportedMediaType, "the body is not JSON in UTF-8"}
	}
	return nil
}

// Body reads the whole body, up to limit bytes. A longer one is an
// *http.MaxBytesError, and gives no body.
func Body(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, &http.MaxBytesError{Limit: limit}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var size *http.MaxBytesError
	switch {
	case err == nil || errors.As(err, &size):
		return body, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		// Jira repeats after this status and not after a 400.
		return nil, Error{http.StatusRequestTimeout, "the body did not come in time"}
	}
	return nil, Error{http.StatusBadRequest, "the body broke off"}
}
