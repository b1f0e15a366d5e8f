package descriptor

import "encoding/json"

// Webhook is an event that the app is told of. It needs the scope READ.
type Webhook struct {
	// Key identifies the module in the document: letters, digits and dashes.
	// Hosts take webhooks without one.
	Key string `json:"key,omitzero"`
	// Event is the name of the event, such as jira:issue_created.
	Event Event `json:"event,omitzero" connect:"required,max=100"`
	// URL is relative to the base URL; the host posts to it.
	URL string `json:"url,omitzero" connect:"required,url=hook"`
	// Filter is a JQL query, at most 10000 characters, that the issue of an
	// event must match. Jira only.
	Filter string `json:"filter,omitzero" connect:"max=10000"`
	// ExcludeBody asks for requests without a body.
	ExcludeBody bool `json:"excludeBody,omitzero"`
	// PropertyKeys are the entity properties that the body holds. Jira only.
	PropertyKeys []string `json:"propertyKeys,omitzero"`
	// Conditions must all hold for the request to be sent.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (w *Webhook) check(c *checker, path string) {
	c.known(join(path, "event"), string(w.Event), "an event", events)
	if c.product == Confluence && w.Filter != "" {
		c.warn(join(path, "filter"), RuleProduct, w.Filter, "counts in Jira alone")
	}
}

func (w *Webhook) list(e *enumeration, path string) {
	e.add(join(path, "url"), w.URL, Endpoint{Kind: EndpointWebhook, Method: "POST", Event: string(w.Event)})
}
