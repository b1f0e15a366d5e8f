package descriptor

import "encoding/json"

// Webhook is an event that the app is told of. It needs the scope READ.
type Webhook struct {
	// Key identifies the module in the document: letters, digits and dashes.
	// Hosts take webhooks without one.
	Key string `json:"key,omitzero"`
	// Event is the name of the event, at most 100 characters, such as
	// jira:issue_created. Names differ between the products and are not
	// checked.
	Event string `json:"event,omitzero"`
	// URL is relative to the base URL; the host posts to it.
	URL string `json:"url,omitzero"`
	// Filter is a JQL query, at most 10000 characters, that the issue of an
	// event must match. Jira only.
	Filter string `json:"filter,omitzero"`
	// ExcludeBody asks for requests without a body.
	ExcludeBody bool `json:"excludeBody,omitzero"`
	// PropertyKeys are the entity properties that the body holds. Jira only.
	PropertyKeys []string `json:"propertyKeys,omitzero"`
	// Conditions must all hold for the request to be sent.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (w *Webhook) moduleKey() string { return w.Key }

func (w *Webhook) check(c *checker, path string) {
	c.required(join(path, "event"), w.Event)
	c.length(join(path, "event"), w.Event, 100)
	c.ownURL(join(path, "url"), w.URL)
	c.length(join(path, "filter"), w.Filter, 10000)
	c.conditions(join(path, "conditions"), w.Conditions)
}

func (w *Webhook) list(e *enumeration, path string) {
	e.webhook(join(path, "url"), w.URL, w.Event)
}
