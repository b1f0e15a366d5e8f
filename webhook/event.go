package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// Event is one delivery of a webhook.
type Event struct {
	// Name is the event the route was registered for, as in the descriptor:
	// "jira:issue_updated".
	Name string
	// Caller is the tenant and, if somebody caused the event, the user.
	Caller *auth.Caller
	// Identifier is the delivery's id, unique within the tenant and the same
	// when it is repeated; empty where the host sends none, as Confluence.
	Identifier string
	// Retry is how often this delivery was repeated before.
	Retry int
	// Flow is "Primary", or "Secondary" for the fallout of a bulk change;
	// empty where the host does not say.
	Flow string
	// Trace is the X-Atlassian-Webhook-Trace header of the app's own call
	// that caused the event, to break loops with; empty when there was none.
	Trace string
	// Query holds the parameters of the webhook's URL, without the token.
	Query url.Values
	// Body is the event as JSON, empty when the descriptor excludes it. The
	// token proves the sender and does not cover the body.
	Body json.RawMessage
	// ReceivedAt is when the event came in.
	ReceivedAt time.Time
}

// Decode reads the body into v.
func (e *Event) Decode(v any) error {
	if err := json.Unmarshal(e.Body, v); err != nil {
		return fmt.Errorf("webhook: %s: %w", e.Name, err)
	}
	return nil
}

type requestError struct {
	status int
	text   string
}

func (e requestError) Error() string   { return "webhook: " + e.text }
func (e requestError) HTTPStatus() int { return e.status }

// Handler returns the handler of a webhook's route. It answers 204 as soon as
// the event waits in the queue, or when it came before, and 503 with
// Retry-After when the queue is full or drained; all else that it answers means
// that the event was not the host's or no event.
func (q *Queue) Handler(v *auth.Verifier, name string, handle Func) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
		}
		e, err := q.read(v, name, r)
		if err != nil {
			v.Refuse(w, r, err)
			return
		}
		fresh, err := q.add(e, handle)
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

// read verifies the request and makes an Event of it.
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
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, q.cfg.MaxBody))
	if err != nil {
		return nil, bodyError(err)
	}
	if len(body) > 0 {
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
			return nil, requestError{http.StatusUnsupportedMediaType, "the body is not JSON"}
		}
		if !json.Valid(body) {
			return nil, requestError{http.StatusBadRequest, "the body is not JSON"}
		}
	}
	query := r.URL.Query()
	query.Del("jwt")
	retry, _ := strconv.Atoi(r.Header.Get("X-Atlassian-Webhook-Retry")) // 0 where it is absent
	return &Event{
		Name:       name,
		Caller:     caller,
		Identifier: r.Header.Get("X-Atlassian-Webhook-Identifier"),
		Retry:      max(retry, 0),
		Flow:       r.Header.Get("X-Atlassian-Webhook-Flow"),
		Trace:      r.Header.Get("X-Atlassian-Webhook-Trace"),
		Query:      query,
		Body:       body,
		ReceivedAt: q.cfg.Clock(),
	}, nil
}

func bodyError(err error) error {
	var size *http.MaxBytesError
	if errors.As(err, &size) {
		return err
	}
	return requestError{http.StatusBadRequest, "the body broke off"}
}
