package descriptor

import (
	"encoding/json"
	"strings"
)

// TargetType says how the content behind a web item opens. The host takes the
// words in all-lower and in all-upper case.
type TargetType string

// The types of target.
const (
	// TargetPage opens the URL in place of the page. It is the default.
	TargetPage TargetType = "page"
	// TargetDialog opens the URL in a modal dialog.
	TargetDialog TargetType = "dialog"
	// TargetInlineDialog opens the URL in a dialog beside the item.
	TargetInlineDialog TargetType = "inlinedialog"
	// TargetDialogModule opens the dialog module that Options.Key names; the
	// item then needs no URL.
	TargetDialogModule TargetType = "dialogmodule"
)

func (TargetType) words() []string { return []string{"page", "dialog", "inlinedialog", "dialogmodule"} }

// Target says what happens when somebody chooses a web item.
type Target struct {
	// Type is TargetPage when it is absent.
	Type TargetType `json:"type,omitzero"`
	// Options are those of the type; nil means none.
	Options *TargetOptions `json:"options,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// opensModule reports whether a dialog module opens. t may be nil.
func (t *Target) opensModule() bool { return t != nil && same(t.Type, TargetDialogModule) }

func (t *Target) check(c *checker, path string) {
	if !t.opensModule() {
		return
	}
	at := join(join(path, "options"), "key")
	if t.Options == nil || t.Options.Key == "" {
		c.add(at, RuleRequired, "", "is missing: the target is a dialog module")
		return
	}
	c.refer(at, t.Options.Key, "dialogs")
}

// TargetOptions are the options of all types of target. Which of them count
// depends on the type: Size, Width, Height, Chrome and Header for a dialog,
// Key for a dialog module, and Width with the remaining ones for an inline
// dialog.
type TargetOptions struct {
	// Key is the key of a dialog module of the same descriptor, at most 100
	// characters.
	Key string `json:"key,omitzero" connect:"max=100"`
	// Size is used in place of Width and Height.
	Size DialogSize `json:"size,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
	// Chrome is whether the dialog has a header and buttons; nil means yes.
	Chrome *bool `json:"chrome,omitzero"`
	// Header is the text of the header.
	Header Text `json:"header,omitzero"`
	// OnHover opens the dialog when the pointer is over the item.
	OnHover *bool `json:"onHover,omitzero"`
	// OnTop opens the dialog above the item, if there is room.
	OnTop *bool `json:"onTop,omitzero"`
	// IsRelativeToMouse opens the dialog where the pointer is.
	IsRelativeToMouse *bool `json:"isRelativeToMouse,omitzero"`
	// CloseOthers closes the other dialogs.
	CloseOthers *bool `json:"closeOthers,omitzero"`
	// Persistent keeps the dialog open whatever CloseOthers says elsewhere.
	Persistent *bool `json:"persistent,omitzero"`
	// OffsetX and OffsetY move the dialog, in pixels, at most 10 characters.
	OffsetX string `json:"offsetX,omitzero" connect:"max=10"`
	OffsetY string `json:"offsetY,omitzero" connect:"max=10"`
	// ShowDelay is the time in milliseconds before the dialog opens.
	ShowDelay *int `json:"showDelay,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DialogSize is a size of a dialog by name. The host takes the words in
// all-lower and in all-upper case.
type DialogSize string

// The sizes of a dialog.
const (
	SizeSmall      DialogSize = "small"
	SizeMedium     DialogSize = "medium"
	SizeLarge      DialogSize = "large"
	SizeXLarge     DialogSize = "x-large"
	SizeFullscreen DialogSize = "fullscreen"
	SizeMaximum    DialogSize = "maximum"
)

func (DialogSize) words() []string {
	return []string{"small", "medium", "large", "x-large", "fullscreen", "maximum"}
}

// link is the URL of a web item, or of another module that opens as one does.
type link struct {
	url       string
	context   URLContext
	target    *Target
	cacheable bool
}

// link checks where a link leads.
func (c *checker) link(path string, l link) {
	at := join(path, "url")
	switch {
	case l.url == "" && l.target.opensModule():
	case l.context == "" || same(l.context, ContextAddon):
		c.required(at, l.url)
		c.url(at, l.url, urlRule{role: roleFrame, anywhere: true}, l.cacheable)
	case same(l.context, ContextPage):
		c.required(at, l.url)
		c.refer(at, pageKey(l.url), "generalPages", "adminPages", "configurePage", "postInstallPage",
			"jiraProjectPages", "spaceToolsTabs")
	default:
		c.required(at, l.url)
		c.variables(at, l.url)
	}
}

// link lists the URL of a link, if the app serves it.
func (n *enumeration) link(path string, l link) {
	own := l.context == "" || same(l.context, ContextAddon)
	switch at := join(path, "url"); {
	case l.target.opensModule() || !own:
	case isAbsolute(l.url):
		n.add(at, l.url, Endpoint{Kind: EndpointPublic})
	default:
		n.add(at, l.url, Endpoint{Kind: EndpointFrame, Cacheable: l.cacheable})
	}
}

// pageKey is the key in a URL that leads to a page module: what comes before
// the parameters.
func pageKey(url string) string {
	key := strings.TrimPrefix(url, "/")
	if i := strings.IndexAny(key, "/?#"); i >= 0 {
		key = key[:i]
	}
	return key
}
