package descriptor

import (
	"encoding/json"
	"slices"
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

// DynamicContentMacro is a macro of Confluence that the app draws in a frame.
type DynamicContentMacro struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of macros.
	Name Text `json:"name,omitzero"`
	// URL is relative to the base URL and may hold context parameters and
	// the macro's own parameters.
	URL string `json:"url,omitzero"`
	// Description is shown in the list of macros.
	Description Text `json:"description,omitzero"`
	// Icon is shown in the list of macros; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Documentation is a link to help; nil means none.
	Documentation *Link `json:"documentation,omitzero"`
	// Categories and Aliases help people find the macro, at most 100
	// characters each.
	Categories []string `json:"categories,omitzero"`
	Aliases    []string `json:"aliases,omitzero"`
	// BodyType is BodyNone when it is absent.
	BodyType BodyType `json:"bodyType,omitzero"`
	// OutputType is OutputBlock when it is absent.
	OutputType OutputType `json:"outputType,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero"`
	Height string `json:"height,omitzero"`
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

// ParameterType is the type of a macro parameter. The host takes the words in
// all-lower and in all-upper case.
type ParameterType string

// The types of macro parameter.
const (
	ParameterAttachment ParameterType = "attachment"
	ParameterBoolean    ParameterType = "boolean"
	ParameterContent    ParameterType = "confluence-content"
	ParameterEnum       ParameterType = "enum"
	ParameterInt        ParameterType = "int"
	ParameterLabel      ParameterType = "label"
	ParameterSpaceKey   ParameterType = "spacekey"
	ParameterString     ParameterType = "string"
	ParameterURL        ParameterType = "url"
	ParameterUsername   ParameterType = "username"
)

// MacroParameter is one thing that the author of a page can set.
type MacroParameter struct {
	// Identifier names the parameter in URLs: lower-case letters, digits,
	// dots, dashes and underscores.
	Identifier string `json:"identifier,omitzero"`
	// Name is shown to the author.
	Name Text `json:"name,omitzero"`
	// Description is shown to the author.
	Description Text `json:"description,omitzero"`
	// Type selects the input field.
	Type ParameterType `json:"type,omitzero"`
	// Required, Multiple and Hidden describe the input field.
	Required bool `json:"required,omitzero"`
	Multiple bool `json:"multiple,omitzero"`
	Hidden   bool `json:"hidden,omitzero"`
	// DefaultValue has at most 1000 characters; nil means none.
	DefaultValue *string `json:"defaultValue,omitzero"`
	// Values are the choices of an enum, at most 1000 characters each.
	Values []string `json:"values,omitzero"`
	// Aliases are other names for the parameter, at most 100 characters each.
	Aliases []string `json:"aliases,omitzero"`
	// Indexing says whether the value is searched; nil means no.
	Indexing *Indexing `json:"indexing,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Indexing says whether the value of a macro parameter is searched.
type Indexing struct {
	// Enabled means that it is.
	Enabled bool `json:"enabled,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// MacroEditor is the app's own page for setting the parameters of a macro.
type MacroEditor struct {
	// URL is relative to the base URL.
	URL string `json:"url,omitzero"`
	// InsertTitle and EditTitle are shown above the page.
	InsertTitle Text `json:"insertTitle,omitzero"`
	EditTitle   Text `json:"editTitle,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero"`
	Height string `json:"height,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PropertyPanel are controls of a macro in the editor of the page.
type PropertyPanel struct {
	// URL is relative to the base URL: a page without content, whose script
	// answers the controls.
	URL string `json:"url,omitzero"`
	// Cacheable makes the host take the URL exactly as it is written: without
	// parameters and without a token.
	Cacheable bool `json:"cacheable,omitzero"`
	// Controls are shown in the panel.
	Controls []Control `json:"controls,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ControlType is the type of a control in a property panel. The host takes
// the words in all-lower and in all-upper case.
type ControlType string

// The types of control.
const (
	// ControlButton has Key and Label.
	ControlButton ControlType = "button"
	// ControlGroup has Controls, which are buttons.
	ControlGroup ControlType = "group"
	// ControlToggleGroup has MacroParameter and Controls, which are toggle
	// buttons.
	ControlToggleGroup ControlType = "togglegroup"
	// ControlToggleButton has Key, Label and MacroParameterValue.
	ControlToggleButton ControlType = "togglebutton"
	// ControlText has Key and MacroParameter.
	ControlText ControlType = "text"
)

// Control is a control in a property panel. Which fields count depends on the
// type.
type Control struct {
	// Type says what the control is.
	Type ControlType `json:"type,omitzero"`
	// Key identifies the control: letters, digits and dashes, at most 100.
	Key string `json:"key,omitzero"`
	// Label is the text on a button.
	Label Text `json:"label,omitzero"`
	// MacroParameter is the parameter that the control sets, at most 100
	// characters.
	MacroParameter string `json:"macroParameter,omitzero"`
	// MacroParameterValue is what a toggle button sets it to, at most 10000
	// characters; nil means that there is none.
	MacroParameterValue *string `json:"macroParameterValue,omitzero"`
	// Controls are the parts of a group.
	Controls []Control `json:"controls,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Autoconvert turns pasted addresses into a macro.
type Autoconvert struct {
	// URLParameter is the macro parameter that receives the address, at most
	// 100 characters.
	URLParameter string `json:"urlParameter,omitzero"`
	// Matchers are the patterns of addresses, at most 200.
	Matchers []Matcher `json:"matchers,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Matcher is a pattern of addresses.
type Matcher struct {
	// Pattern has at most 1024 characters.
	Pattern string `json:"pattern,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ImagePlaceholder is a picture that stands for a macro in the editor of the
// page. The host adds the macro's parameters to the URL.
type ImagePlaceholder struct {
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero"`
	// Width and Height are in pixels; 0 is absent.
	Width  int `json:"width,omitzero"`
	Height int `json:"height,omitzero"`
	// ApplyChrome puts the usual frame of a macro around the picture.
	ApplyChrome bool `json:"applyChrome,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// RenderModes are static versions of a macro for exports.
type RenderModes struct {
	// Default stands for every mode that has no version of its own.
	Default *StaticMacro `json:"default,omitzero"`
	// PDF, Word and Email are the versions for one mode; nil means none.
	PDF   *StaticMacro `json:"pdf,omitzero"`
	Word  *StaticMacro `json:"word,omitzero"`
	Email *StaticMacro `json:"email,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// StaticMacro is a static version of a macro.
type StaticMacro struct {
	// URL is relative to the base URL; the host itself fetches it and takes
	// Confluence storage format.
	URL string `json:"url,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// RefDataSchema names the data that macros hand to one another.
type RefDataSchema struct {
	// OutputType and InputType have at most 255 characters.
	OutputType string `json:"outputType,omitzero"`
	InputType  string `json:"inputType,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (m *DynamicContentMacro) moduleKey() string { return m.Key }

func (m *DynamicContentMacro) check(c *checker, path string) {
	c.name(path, m.Name)
	c.ownURL(join(path, "url"), m.URL)
	c.text(join(path, "description"), m.Description)
	c.icon(path, m.Icon)
	if m.Documentation != nil {
		c.link(join(path, "documentation"), *m.Documentation)
	}
	c.lengths(join(path, "categories"), m.Categories, 100)
	c.lengths(join(path, "aliases"), m.Aliases, 100)
	c.word(join(path, "bodyType"), string(m.BodyType), bodyTypes...)
	c.word(join(path, "outputType"), string(m.OutputType), outputTypes...)
	c.extent(path, m.Width, m.Height)
	for i, p := range m.Parameters {
		p.check(c, index(join(path, "parameters"), i))
	}
	m.checkParts(c, path)
}

func (m *DynamicContentMacro) checkParts(c *checker, path string) {
	if e := m.Editor; e != nil {
		at := join(path, "editor")
		c.ownURL(join(at, "url"), e.URL)
		c.text(join(at, "insertTitle"), e.InsertTitle)
		c.text(join(at, "editTitle"), e.EditTitle)
		c.extent(at, e.Width, e.Height)
	}
	if p := m.PropertyPanel; p != nil {
		at := join(path, "propertyPanel")
		c.ownURL(join(at, "url"), p.URL)
		checkControls(c, join(at, "controls"), p.Controls)
	}
	if a := m.Autoconvert; a != nil {
		a.check(c, join(path, "autoconvert"))
	}
	if p := m.ImagePlaceholder; p != nil {
		c.anyURL(join(join(path, "imagePlaceholder"), "url"), p.URL)
	}
	for _, mode := range m.RenderModes.all() {
		c.ownURL(join(join(join(path, "renderModes"), mode.name), "url"), mode.macro.URL)
	}
	if r := m.RefDataSchema; r != nil {
		at := join(path, "refDataSchema")
		c.length(join(at, "outputType"), r.OutputType, 255)
		c.length(join(at, "inputType"), r.InputType, 255)
	}
}

func (p *MacroParameter) check(c *checker, path string) {
	c.required(join(path, "identifier"), p.Identifier)
	c.pattern(join(path, "identifier"), p.Identifier, identifierPattern)
	c.name(path, p.Name)
	c.text(join(path, "description"), p.Description)
	c.required(join(path, "type"), string(p.Type))
	c.word(join(path, "type"), string(p.Type), parameterTypes...)
	if p.DefaultValue != nil {
		c.length(join(path, "defaultValue"), *p.DefaultValue, 1000)
	}
	c.lengths(join(path, "values"), p.Values, 1000)
	c.lengths(join(path, "aliases"), p.Aliases, 100)
}

func (a *Autoconvert) check(c *checker, path string) {
	c.required(join(path, "urlParameter"), a.URLParameter)
	c.length(join(path, "urlParameter"), a.URLParameter, 100)
	if n := len(a.Matchers); n > 200 {
		c.add(join(path, "matchers"), RuleLength, "", "has %d patterns, at most 200 are allowed", n)
	}
	for i, m := range a.Matchers {
		at := join(index(join(path, "matchers"), i), "pattern")
		c.required(at, m.Pattern)
		c.length(at, m.Pattern, 1024)
	}
}

func checkControls(c *checker, path string, controls []Control) {
	for i, control := range controls {
		at := index(path, i)
		c.required(join(at, "type"), string(control.Type))
		c.word(join(at, "type"), string(control.Type), controlTypes...)
		c.pattern(join(at, "key"), control.Key, moduleKeyPattern)
		c.length(join(at, "key"), control.Key, 100)
		c.text(join(at, "label"), control.Label)
		c.length(join(at, "macroParameter"), control.MacroParameter, 100)
		if v := control.MacroParameterValue; v != nil {
			c.length(join(at, "macroParameterValue"), *v, 10000)
		}
		checkControls(c, join(at, "controls"), control.Controls)
	}
}

// renderMode is a static version of a macro with the name of its mode.
type renderMode struct {
	name  string
	macro *StaticMacro
}

// all returns the versions that there are; r may be nil.
func (r *RenderModes) all() []renderMode {
	if r == nil {
		return nil
	}
	modes := []renderMode{{"default", r.Default}, {"pdf", r.PDF}, {"word", r.Word}, {"email", r.Email}}
	return slices.DeleteFunc(modes, func(m renderMode) bool { return m.macro == nil })
}

func (m *DynamicContentMacro) list(e *enumeration, path string) {
	e.frame(join(path, "url"), m.URL, m.Cacheable)
	e.icon(path, m.Icon)
	if m.Documentation != nil {
		e.public(join(join(path, "documentation"), "url"), m.Documentation.URL)
	}
	if m.Editor != nil {
		e.frame(join(join(path, "editor"), "url"), m.Editor.URL, m.Editor.Cacheable)
	}
	if m.PropertyPanel != nil {
		e.frame(join(join(path, "propertyPanel"), "url"), m.PropertyPanel.URL, m.PropertyPanel.Cacheable)
	}
	if m.ImagePlaceholder != nil {
		e.image(join(join(path, "imagePlaceholder"), "url"), m.ImagePlaceholder.URL)
	}
	for _, mode := range m.RenderModes.all() {
		e.remote(join(join(join(path, "renderModes"), mode.name), "url"), mode.macro.URL)
	}
}
