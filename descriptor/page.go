package descriptor

import "encoding/json"

// Page is a page of the app inside the product: a general or post-install
// page.
type Page struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the link to the page and above it.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Location is where the link to the page is. Empty means the usual place
	// of the kind, LocationNone no link.
	Location Location `json:"location,omitzero" connect:"max=100"`
	// Icon is shown beside the link; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Weight orders the links, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
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

// AdminPage is a page in the administration of the product: an admin or
// configure page.
type AdminPage struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the link to the page and above it.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Location is where the link to the page is. Empty means the usual place
	// of the kind, LocationNone no link.
	Location Location `json:"location,omitzero" connect:"max=100"`
	// Icon is shown beside the link; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Weight orders the links, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// FullPage takes away header and margins of the product.
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

// SpaceToolsTab is a tab in the space tools of Confluence.
type SpaceToolsTab struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown on the tab.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is absolute or relative to the base URL, and may hold context
	// parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame,anywhere"`
	// Location is the section of the space tools, such as contenttools.
	Location Location `json:"location,omitzero" connect:"max=100"`
	// Weight orders the tabs, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the tab to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Dialog is a frame that opens over a page of the product, when a web item or
// a script of the app asks for it by its key.
type Dialog struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// URL is absolute or relative to the base URL, and may hold context
	// parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame,anywhere"`
	// Options are size and header; nil means the host's defaults.
	Options *DialogOptions `json:"options,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DialogOptions are the options of a dialog module.
type DialogOptions struct {
	// Size is used in place of Width and Height.
	Size DialogSize `json:"size,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
	// Chrome is whether the dialog has a header and buttons; nil means yes.
	Chrome *bool `json:"chrome,omitzero"`
	// Header is the text of the header.
	Header Text `json:"header,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
