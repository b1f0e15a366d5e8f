package descriptor

import (
	"encoding/json"
	"strings"
)

// URLContext says what the URL of a web item is relative to. The host takes
// the words in all-lower and in all-upper case.
type URLContext string

// The contexts of a URL.
const (
	// ContextAddon is relative to the base URL of the app. It is the default.
	ContextAddon URLContext = "addon"
	// ContextPage takes the URL as the key of a page module.
	ContextPage URLContext = "page"
	// ContextProduct is relative to the base URL of the product.
	ContextProduct URLContext = "product"
)

func (u URLContext) addon() bool {
	return u == "" || strings.EqualFold(string(u), string(ContextAddon))
}

// WebItem is a link or a button in the product.
type WebItem struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the item.
	Name Text `json:"name,omitzero"`
	// URL is where the item leads: relative to what Context says, or
	// absolute. It may hold context parameters. An item whose target is a
	// dialog module needs none.
	URL string `json:"url,omitzero"`
	// Context is what a relative URL is relative to; ContextAddon when
	// absent.
	Context URLContext `json:"context,omitzero"`
	// Location is the place in the product, at most 100 characters.
	Location string `json:"location,omitzero"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *Target `json:"target,omitzero"`
	// Icon is shown beside the text; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Tooltip is shown when the pointer is over the item.
	Tooltip Text `json:"tooltip,omitzero"`
	// StyleClasses are CSS classes, at most 1000 characters each.
	StyleClasses []string `json:"styleClasses,omitzero"`
	// Weight orders the items, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Conditions must all hold for the item to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (w *WebItem) moduleKey() string { return w.Key }

func (w *WebItem) opensModule() bool {
	return w.Target != nil && w.Target.Type.is(TargetDialogModule)
}

func (w *WebItem) check(c *checker, path string) {
	c.name(path, w.Name)
	c.required(join(path, "location"), w.Location)
	c.location(path, w.Location)
	c.word(join(path, "context"), string(w.Context), contexts...)
	switch {
	case w.URL == "" && w.opensModule():
	case w.Context.addon():
		c.anyURL(join(path, "url"), w.URL)
	default:
		c.required(join(path, "url"), w.URL)
	}
	c.target(join(path, "target"), w.Target)
	c.icon(path, w.Icon)
	c.text(join(path, "tooltip"), w.Tooltip)
	c.styleClasses(join(path, "styleClasses"), w.StyleClasses)
	c.conditions(join(path, "conditions"), w.Conditions)
}

func (w *WebItem) list(e *enumeration, path string) {
	e.icon(path, w.Icon)
	switch {
	case w.opensModule() || !w.Context.addon():
	case isAbsolute(w.URL):
		e.public(join(path, "url"), w.URL)
	default:
		e.frame(join(path, "url"), w.URL, w.Cacheable)
	}
}
