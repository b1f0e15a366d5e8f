package webhook

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// Event is one delivery of a webhook. It belongs to the handler that is given
// it.
//
// The token of a delivery proves the sender and covers the method and the URL.
// It covers neither the body nor the headers: what Identifier, Retry, Flow,
// Trace and Body say is as trustworthy as the connection it came over.
type Event struct {
	// Name is the event the route was registered for, as in the descriptor:
	// "jira:issue_updated".
	Name string
	// Caller is the tenant and, if somebody caused the event, the user, as
	// they were when the event came in. It is never nil.
	Caller *auth.Caller
	// Identifier is the delivery's id, unique within the tenant and the same
	// when it is repeated (Atlassian's Jira webhook documentation); empty
	// where the host sends none, as Confluence.
	Identifier string
	// Retry is how often this delivery was repeated before; 0 where the host
	// does not say.
	Retry int
	// Flow is "Primary", or "Secondary" for the fallout of a bulk change;
	// empty where the host does not say.
	Flow string
	// Trace is the X-Atlassian-Webhook-Trace header of the app's own call
	// that caused the event, to break loops with; empty when there was none.
	Trace string
	// Query holds the parameters of the webhook's URL, without the token.
	Query url.Values
	// Body is the event as JSON, empty when the descriptor excludes it.
	Body json.RawMessage
	// ReceivedAt is when the event came in, by the queue's clock.
	ReceivedAt time.Time
}

// Decode reads the body into v as json.Unmarshal does. It fails for an event
// without a body.
func (e *Event) Decode(v any) error {
	if err := json.Unmarshal(e.Body, v); err != nil {
		return fmt.Errorf("webhook: %s: %w", e.Name, err)
	}
	return nil
}
