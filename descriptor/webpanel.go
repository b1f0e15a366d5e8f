package descriptor

import "encoding/json"

// WebPanel is a frame inside a page of the product.
type WebPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Location is the place in the product.
	Location Location `json:"location,omitzero" connect:"required,max=100"`
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

// Layout is the size of a web panel.
type Layout struct {
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WebSection is a group of web items in the product. The location of an item
// in it is the key of the app and that of the section, joined by two
// underscores.
type WebSection struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the items.
	Name Text `json:"name,omitzero" connect:"required"`
	// Location is the place in the product.
	Location Location `json:"location,omitzero" connect:"required,max=100"`
	// Tooltip is shown when the pointer is over the name.
	Tooltip Text `json:"tooltip,omitzero"`
	// Weight orders the sections, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the section to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
