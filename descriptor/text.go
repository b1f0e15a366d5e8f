package descriptor

import "encoding/json"

// Text is a text that people read, with a key for its translations.
type Text struct {
	// Value is the text itself, at most 1500 characters. The host takes it
	// where no translation exists.
	Value string `json:"value,omitzero" connect:"max=1500"`
	// Empty is set for a text that is there and whose value is empty; reading
	// sets it. Without it a Text with neither value nor key is absent, and an
	// empty object in a document is read as that.
	Empty bool `json:"-"`
	// I18n is the key of the text in the translation files, at most 300
	// characters.
	I18n string `json:"i18n,omitzero" connect:"max=300"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Plain returns a Text without translations: Text{Value: value}.
func Plain(value string) Text { return Text{Value: value} }

func (t Text) given() bool { return t.Value != "" || t.Empty || t.I18n != "" || t.Extra != nil }

func (t *Text) check(c *checker, path string) {
	switch at := join(path, "value"); {
	case t.Value != "":
	case t.Empty:
		c.warn(at, RuleRequired, "", "is empty")
	default:
		c.add(at, RuleRequired, "", "is missing")
	}
}

// plainText is a Text as it stands in a document.
type plainText struct {
	Value *string                    `json:"value,omitzero"`
	I18n  string                     `json:"i18n,omitzero"`
	Extra map[string]json.RawMessage `json:",embed"`
}

// Icon is a picture beside a name.
type Icon struct {
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=asset,anywhere"`
	// Width and Height are in pixels; 0 is absent.
	Width  int `json:"width,omitzero"`
	Height int `json:"height,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Link is an address with a title.
type Link struct {
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=asset,anywhere"`
	// Title and AltText have at most 1000 characters.
	Title   string `json:"title,omitzero" connect:"max=1000"`
	AltText string `json:"altText,omitzero" connect:"max=1000"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Param is one value of a map of parameters. Parameters are nearly always
// text; anything else is kept as it was read.
type Param struct {
	// Text is the value when Raw is nil.
	Text string
	// Raw is a value that is not a JSON string. It is written instead of
	// Text when it is not nil.
	Raw json.RawMessage
}

// MarshalJSON gives Raw, or Text as a JSON string when Raw is nil.
func (p Param) MarshalJSON() ([]byte, error) {
	if p.Raw != nil {
		return p.Raw, nil
	}
	return marshal(p.Text)
}

// UnmarshalJSON takes any JSON value: a string becomes Text, everything else
// Raw.
func (p *Param) UnmarshalJSON(data []byte) error {
	*p = Param{}
	if len(data) > 0 && data[0] == '"' {
		return unmarshal(data, &p.Text)
	}
	p.Raw = append(json.RawMessage{}, data...)
	return nil
}
