package descriptor

import (
	"encoding/json"
	"strings"
)

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

func (ParameterType) words() []string {
	return []string{"attachment", "boolean", "confluence-content", "enum", "int",
		"label", "spacekey", "string", "url", "username"}
}

// MacroParameter is one thing that the author of a page can set.
type MacroParameter struct {
	// Identifier names the parameter in URLs: lower-case letters, digits,
	// dots, dashes and underscores.
	Identifier string `json:"identifier,omitzero" connect:"required,like=identifier"`
	// Name is shown to the author.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to the author.
	Description Text `json:"description,omitzero"`
	// Type selects the input field.
	Type ParameterType `json:"type,omitzero" connect:"required"`
	// Required, Multiple and Hidden describe the input field.
	Required bool `json:"required,omitzero"`
	Multiple bool `json:"multiple,omitzero"`
	Hidden   bool `json:"hidden,omitzero"`
	// DefaultValue has at most 1000 characters; nil means none.
	DefaultValue *string `json:"defaultValue,omitzero" connect:"max=1000"`
	// Values are the choices of an enum, at most 1000 characters each.
	Values []string `json:"values,omitzero" connect:"each=1000"`
	// Aliases are other names for the parameter, at most 100 characters each.
	Aliases []string `json:"aliases,omitzero" connect:"each=100"`
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
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// InsertTitle and EditTitle are shown above the page.
	InsertTitle Text `json:"insertTitle,omitzero"`
	EditTitle   Text `json:"editTitle,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
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
	URL string `json:"url,omitzero" connect:"required,url=frame"`
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

func (ControlType) words() []string {
	return []string{"button", "group", "togglegroup", "togglebutton", "text"}
}

// Control is a control in a property panel. Which fields count depends on the
// type.
type Control struct {
	// Type says what the control is.
	Type ControlType `json:"type,omitzero" connect:"required"`
	// Key identifies the control: letters, digits and dashes, at most 100.
	Key string `json:"key,omitzero" connect:"max=100,like=key"`
	// Label is the text on a button.
	Label Text `json:"label,omitzero"`
	// MacroParameter is the parameter that the control sets, at most 100
	// characters.
	MacroParameter string `json:"macroParameter,omitzero" connect:"max=100"`
	// MacroParameterValue is what a toggle button sets it to, at most 10000
	// characters; nil means that there is none.
	MacroParameterValue *string `json:"macroParameterValue,omitzero" connect:"max=10000"`
	// Controls are the parts of a group.
	Controls []Control `json:"controls,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Autoconvert turns pasted addresses into a macro.
type Autoconvert struct {
	// URLParameter is the macro parameter that receives the address, at most
	// 100 characters.
	URLParameter string `json:"urlParameter,omitzero" connect:"required,max=100"`
	// Matchers are the patterns of addresses, at most 200.
	Matchers []Matcher `json:"matchers,omitzero" connect:"most=200"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Matcher is a pattern of addresses.
type Matcher struct {
	// Pattern has at most 1024 characters.
	Pattern string `json:"pattern,omitzero" connect:"required,max=1024"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ImagePlaceholder is a picture that stands for a macro in the editor of the
// page. The host adds the macro's parameters to the URL.
type ImagePlaceholder struct {
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=image,anywhere"`
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
	URL string `json:"url,omitzero" connect:"required,url=call"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// RefDataSchema names the data that macros hand to one another.
type RefDataSchema struct {
	// OutputType and InputType have at most 255 characters.
	OutputType string `json:"outputType,omitzero" connect:"max=255"`
	InputType  string `json:"inputType,omitzero" connect:"max=255"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// controlNeeds are the members that a control must have, by its type.
var controlNeeds = map[ControlType]struct{ key, label, macroParameter, value, controls bool }{
	ControlButton:       {key: true, label: true},
	ControlGroup:        {controls: true},
	ControlToggleGroup:  {macroParameter: true, controls: true},
	ControlToggleButton: {key: true, label: true, value: true},
	ControlText:         {key: true, macroParameter: true},
}

var controlParts = map[ControlType][]string{
	"":                 {"button", "group", "togglegroup", "text"},
	ControlGroup:       {"button"},
	ControlToggleGroup: {"togglebutton"},
}

func (p *PropertyPanel) check(c *checker, path string) { c.parts(path, "", p.Controls) }

func (c *checker) parts(path string, holder ControlType, controls []Control) {
	words, limited := controlParts[holder]
	for i := range controls {
		if t := string(controls[i].Type); limited && lists(controls[i].Type.words(), t) {
			c.word(join(index(join(path, "controls"), i), "type"), t, words)
		}
	}
}

func (n *Control) check(c *checker, path string) {
	typ := ControlType(strings.ToLower(string(n.Type)))
	needs := controlNeeds[typ]
	c.parts(path, typ, n.Controls)
	if typ == ControlToggleGroup && n.MacroParameter != "" {
		c.form(join(path, "macroParameter"), n.MacroParameter, forms["identifier"])
	}
	for _, member := range []struct {
		name          string
		needed, given bool
	}{
		{"key", needs.key, n.Key != ""},
		{"label", needs.label, n.Label.given()},
		{"macroParameter", needs.macroParameter, n.MacroParameter != ""},
		{"macroParameterValue", needs.value, n.MacroParameterValue != nil},
		{"controls", needs.controls, n.Controls != nil},
	} {
		if member.needed && !member.given {
			c.add(join(path, member.name), RuleRequired, "", "is missing: a control of type %s has one", n.Type)
		}
	}
}
