package descriptor

import "encoding/json"

// Page is a page of the app inside the product: a general, admin, configure or
// post-install page.
type Page struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the link to the page and above it.
	Name Text `json:"name,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero"`
	// Location is where the link to the page is, at most 100 characters.
	// Empty means the usual place of the kind, "none" no link.
	Location string `json:"location,omitzero"`
	// Icon is shown beside the link; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Weight orders the links, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// FullPage takes away header and margins of the product. It is a member
	// of admin and configure pages only.
	FullPage bool `json:"fullPage,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Conditions must all hold for the page to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (p *Page) moduleKey() string { return p.Key }

func (p *Page) check(c *checker, path string) {
	c.name(path, p.Name)
	c.ownURL(join(path, "url"), p.URL)
	c.location(path, p.Location)
	c.icon(path, p.Icon)
	c.conditions(join(path, "conditions"), p.Conditions)
}

func (p *Page) list(e *enumeration, path string) {
	e.frame(join(path, "url"), p.URL, p.Cacheable)
	e.icon(path, p.Icon)
}

// Layout is the size of a web panel.
type Layout struct {
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero"`
	Height string `json:"height,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WebPanel is a frame inside a page of the product.
type WebPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero"`
	// Location is the place in the product, at most 100 characters.
	Location string `json:"location,omitzero"`
	// Layout is the size; nil leaves it to the host.
	Layout *Layout `json:"layout,omitzero"`
	// Tooltip is shown when the pointer is over the heading.
	Tooltip Text `json:"tooltip,omitzero"`
	// Weight orders the panels, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// SupportsNative shows the panel in Jira's mobile and desktop clients.
	SupportsNative bool `json:"supportsNative,omitzero"`
	// Conditions must all hold for the panel to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (p *WebPanel) moduleKey() string { return p.Key }

func (p *WebPanel) check(c *checker, path string) {
	c.name(path, p.Name)
	c.ownURL(join(path, "url"), p.URL)
	c.required(join(path, "location"), p.Location)
	c.location(path, p.Location)
	c.text(join(path, "tooltip"), p.Tooltip)
	if p.Layout != nil {
		c.extent(join(path, "layout"), p.Layout.Width, p.Layout.Height)
	}
	c.conditions(join(path, "conditions"), p.Conditions)
}

func (p *WebPanel) list(e *enumeration, path string) {
	e.frame(join(path, "url"), p.URL, p.Cacheable)
}

// Dialog is a frame that opens over a page of the product, when a web item or
// a script of the app asks for it by its key.
type Dialog struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero"`
	// Options are size and header; nil means the host's defaults.
	Options *DialogOptions `json:"options,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (d *Dialog) moduleKey() string { return d.Key }

func (d *Dialog) check(c *checker, path string) {
	c.anyURL(join(path, "url"), d.URL)
	if o := d.Options; o != nil {
		at := join(path, "options")
		c.word(join(at, "size"), string(o.Size), dialogSizes...)
		c.extent(at, o.Width, o.Height)
		c.text(join(at, "header"), o.Header)
	}
}

func (d *Dialog) list(e *enumeration, path string) {
	e.frame(join(path, "url"), d.URL, d.Cacheable)
}
