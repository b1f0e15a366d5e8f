package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// requestError is a request that is no event at all.
type requestError struct {
	status int
	text   string
}

func (e requestError) Error() string   { return "webhook: " + e.text }
func (e requestError) HTTPStatus() int { return e.status }

// busyError is an event that was not taken and may come again.
type busyError struct {
	reason string
	after  time.Duration
}

func (e busyError) Error() string             { return "webhook: " + e.reason }
func (e busyError) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (e busyError) RetryAfter() time.Duration { return e.after }

// Handler returns the handler of a webhook's route, which takes the event of
// that name. It answers 204 as soon as the event waits in the queue, or when it
// came before; 503 with Retry-After when there is no room or the queue is
// drained, and 503 when the app could not verify the request; 401 to what is
// not proven to be the host's; and 400, 405, 413 and 415 to what is no event.
// Jira repeats a delivery after a 503 and not after the others (Atlassian's
// Jira webhook documentation); Confluence repeats none.
//
// Any number of routes may share a queue. Handler panics when v or handle is
// nil.
func (q *Queue) Handler(v *auth.Verifier, name string, handle Func) http.Handler {
	if v == nil || handle == nil {
		panic("webhook: " + name + ": the verifier or the function is nil")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := q.read(v, name, r)
		fresh := false
		if err == nil {
			fresh, err = q.add(&job{e, handle})
		}
		if err != nil {
			if r.Method != http.MethodPost {
				w.Header().Set("Allow", http.MethodPost)
			}
			v.Refuse(w, r, err)
			return
		}
		if !fresh {
			q.log.LogAttrs(r.Context(), slog.LevelInfo, "webhook repeated",
				slog.String("event", name), slog.String("client_key", e.Caller.ClientKey), slog.Int("retry", e.Retry))
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// read verifies the request and makes an Event of it. Of a request that is not
// the host's it reads no body.
func (q *Queue) read(v *auth.Verifier, name string, r *http.Request) (*Event, error) {
	if r.Method != http.MethodPost {
		return nil, requestError{http.StatusMethodNotAllowed, "the method is not POST"}
	}
	if r.ContentLength > q.cfg.MaxBody {
		return nil, &http.MaxBytesError{Limit: q.cfg.MaxBody}
	}
	caller, err := v.Check(r, auth.HostRequest)
	if err != nil {
		return nil, err
	}
	body, err := q.body(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query() // Check has refused what does not parse
	query.Del("jwt")
	return &Event{
		Name:       name,
		Caller:     caller,
		Identifier: r.Header.Get("X-Atlassian-Webhook-Identifier"),
		Retry:      retries(r.Header.Get("X-Atlassian-Webhook-Retry")),
		Flow:       r.Header.Get("X-Atlassian-Webhook-Flow"),
		Trace:      r.Header.Get("X-Atlassian-Webhook-Trace"),
		Query:      query,
		Body:       body,
	}, nil
}

// body reads the body, which is empty or JSON in UTF-8.
func (q *Queue) body(r *http.Request) (json.RawMessage, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, q.cfg.MaxBody))
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &size):
		return nil, err
	case err != nil:
		return nil, requestError{http.StatusBadRequest, "the body broke off"}
	case len(body) == 0:
		return nil, nil
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset, named := params["charset"]
	if err != nil || media != "application/json" || named && !strings.EqualFold(charset, "utf-8") {
		return nil, requestError{http.StatusUnsupportedMediaType, "the body is not JSON in UTF-8"}
	}
	if !json.Valid(body) {
		return nil, requestError{http.StatusBadRequest, "the body is not JSON"}
	}
	return body, nil
}

// retries reads the count of repetitions; what is no count is none.
func retries(header string) int {
	n, err := strconv.ParseUint(header, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
