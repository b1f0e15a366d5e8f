package descriptor

import (
	"encoding/json"
	"net/http"
)

// BodyType is the type of the body of a macro. The host takes the words in
// all-lower and in all-upper case.
type BodyType string

// The types of body.
const (
	// BodyNone is a macro without a body. It is the default.
	BodyNone BodyType = "none"
	// BodyPlainText is a body of plain text.
	BodyPlainText BodyType = "plain-text"
	// BodyRichText is a body of formatted text.
	BodyRichText BodyType = "rich-text"
	// BodyMultiRichText is several bodies of formatted text.
	BodyMultiRichText BodyType = "multi-body-rich-text"
)

func (BodyType) words() []string {
	return []string{"multi-body-rich-text", "rich-text", "plain-text", "none"}
}

// OutputType says how a macro stands in the text around it. The host takes
// the words in all-lower and in all-upper case.
type OutputType string

// The types of output.
const (
	// OutputBlock is a paragraph of its own. It is the default.
	OutputBlock OutputType = "block"
	// OutputInline is part of a line.
	OutputInline OutputType = "inline"
)

func (OutputType) words() []string {
	return []string{"block", "inline"}
}

// DynamicContentMacro is a macro of Confluence that the app draws in a frame.
type DynamicContentMacro struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of macros.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters and
	// the macro's own parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Description is shown in the list of macros.
	Description Text `json:"description,omitzero"`
	// Icon is shown in the list of macros; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Documentation is a link to help; nil means none.
	Documentation *Link `json:"documentation,omitzero"`
	// Categories and Aliases help people find the macro, at most 100
	// characters each.
	Categories []string `json:"categories,omitzero" connect:"each=100"`
	Aliases    []string `json:"aliases,omitzero" connect:"each=100"`
	// BodyType is BodyNone when it is absent.
	BodyType BodyType `json:"bodyType,omitzero"`
	// OutputType is OutputBlock when it is absent.
	OutputType OutputType `json:"outputType,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
	// Parameters are what an author can set.
	Parameters []MacroParameter `json:"parameters,omitzero"`
	// Editor is the app's own page for setting them; nil means the host's.
	Editor *MacroEditor `json:"editor,omitzero"`
	// PropertyPanel are controls in the editor of the page; nil means none.
	PropertyPanel *PropertyPanel `json:"propertyPanel,omitzero"`
	// Autoconvert turns pasted addresses into the macro; nil means none.
	Autoconvert *Autoconvert `json:"autoconvert,omitzero"`
	// ImagePlaceholder is shown in the editor of the page; nil means the
	// host's own.
	ImagePlaceholder *ImagePlaceholder `json:"imagePlaceholder,omitzero"`
	// RenderModes are static versions for exports; nil means none.
	RenderModes *RenderModes `json:"renderModes,omitzero"`
	// RefDataSchema names the data that macros hand to one another; nil
	// means none.
	RefDataSchema *RefDataSchema `json:"refDataSchema,omitzero"`
	// Featured gives the macro a place of its own in the editor's menu.
	Featured bool `json:"featured,omitzero"`
	// Hidden keeps the macro out of the list of macros.
	Hidden bool `json:"hidden,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (m *DynamicContentMacro) variables() []string { return identifiers(m.Parameters) }

// StaticContentMacro is a macro of Confluence whose content the host fetches
// from the app, in Confluence storage format.
type StaticContentMacro struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of macros.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters and
	// the macro's own parameters.
	URL string `json:"url,omitzero" connect:"required"`
	// Description is shown in the list of macros.
	Description Text `json:"description,omitzero"`
	// Icon is shown in the list of macros; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Documentation is a link to help; nil means none.
	Documentation *Link `json:"documentation,omitzero"`
	// Categories and Aliases help people find the macro, at most 100
	// characters each.
	Categories []string `json:"categories,omitzero" connect:"each=100"`
	Aliases    []string `json:"aliases,omitzero" connect:"each=100"`
	// BodyType is StaticBodyNone when it is absent.
	BodyType StaticBodyType `json:"bodyType,omitzero"`
	// OutputType is OutputBlock when it is absent.
	OutputType OutputType `json:"outputType,omitzero"`
	// Parameters are what an author can set.
	Parameters []MacroParameter `json:"parameters,omitzero"`
	// Editor is the app's own page for setting them; nil means the host's.
	Editor *MacroEditor `json:"editor,omitzero"`
	// PropertyPanel are controls in the editor of the page; nil means none.
	PropertyPanel *PropertyPanel `json:"propertyPanel,omitzero"`
	// Autoconvert turns pasted addresses into the macro; nil means none.
	Autoconvert *Autoconvert `json:"autoconvert,omitzero"`
	// ImagePlaceholder is shown in the editor of the page; nil means the
	// host's own.
	ImagePlaceholder *ImagePlaceholder `json:"imagePlaceholder,omitzero"`
	// RenderingMethod is how the host fetches the content; RenderGet when
	// absent.
	RenderingMethod RenderingMethod `json:"renderingMethod,omitzero"`
	// Featured gives the macro a place of its own in the editor's menu.
	Featured bool `json:"featured,omitzero"`
	// Hidden keeps the macro out of the list of macros.
	Hidden bool `json:"hidden,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (m *StaticContentMacro) variables() []string { return identifiers(m.Parameters) }

func (m *StaticContentMacro) check(c *checker, path string) {
	c.url(join(path, "url"), m.URL, urlRule{role: roleCall}, false)
}

func (m *StaticContentMacro) list(e *enumeration, path string) {
	method := http.MethodGet
	if same(m.RenderingMethod, RenderPost) {
		method = http.MethodPost
	}
	e.add(join(path, "url"), m.URL, Endpoint{Kind: EndpointRemote, Method: method})
}

// StaticBodyType is the type of the body of a static macro. The host takes the
// words in all-lower and in all-upper case.
type StaticBodyType string

// The values of StaticBodyType.
const (
	StaticBodyNone      StaticBodyType = "none"
	StaticBodyPlainText StaticBodyType = "plain-text"
	StaticBodyRichText  StaticBodyType = "rich-text"
)

func (StaticBodyType) words() []string { return []string{"rich-text", "plain-text", "none"} }

// RenderingMethod is the HTTP method by which the host fetches a static macro.
// The host takes the words in all-lower and in all-upper case.
type RenderingMethod string

// The values of RenderingMethod.
const (
	// RenderGet fetches by GET; a body in the URL is cut at 128 characters.
	RenderGet RenderingMethod = "get"
	// RenderPost fetches by POST, with the body of the macro in that of the
	// request.
	RenderPost RenderingMethod = "post"
)

func (RenderingMethod) words() []string { return []string{"get", "post"} }

// identifiers are the names by which parameters stand in URLs.
func identifiers(parameters []MacroParameter) []string {
	names := make([]string, len(parameters))
	for i, p := range parameters {
		names[i] = p.Identifier
	}
	return names
}
