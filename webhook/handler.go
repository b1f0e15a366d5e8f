package webhook

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/posted"
)

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
		e, err := q.read(w, r, v, name)
		fresh := false
		if err == nil {
			fresh, err = q.add(&job{e, r.URL.Path, handle})
		}
		if err != nil {
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
func (q *Queue) read(w http.ResponseWriter, r *http.Request, v *auth.Verifier, name string) (*Event, error) {
	if err := posted.Method(w, r); err != nil {
		return nil, err
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
	body, err := posted.Body(r, q.cfg.MaxBody)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	if err := posted.JSON(r); err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, posted.Error{Status: http.StatusBadRequest, Text: "the body is not JSON"}
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
