package descriptor

import "encoding/json"

// URLContext says what the URL of a link is relative to. The host takes the
// words in all-lower and in all-upper case.
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

func (URLContext) words() []string { return []string{"page", "addon", "product"} }

// WebItem is a link or a button in the product.
type WebItem struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the item.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is where the item leads: relative to what Context says, or
	// absolute. It may hold context parameters. An item whose target is a
	// dialog module needs none.
	URL string `json:"url,omitzero"`
	// Context is what a relative URL is relative to; ContextAddon when
	// absent.
	Context URLContext `json:"context,omitzero"`
	// Location is the place in the product.
	Location Location `json:"location,omitzero" connect:"required,max=100"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *Target `json:"target,omitzero"`
	// Icon is shown beside the text; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Tooltip is shown when the pointer is over the item.
	Tooltip Text `json:"tooltip,omitzero"`
	// StyleClasses are CSS classes, at most 1000 characters each.
	StyleClasses []string `json:"styleClasses,omitzero" connect:"each=1000,like=style"`
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

func (w *WebItem) link() link {
	return link{url: w.URL, context: w.Context, target: w.Target, cacheable: w.Cacheable}
}

func (w *WebItem) check(c *checker, path string)    { c.link(path, w.link()) }
func (w *WebItem) list(e *enumeration, path string) { e.link(path, w.link()) }

// ContentBylineItem is a link below the title of a page of Confluence.
type ContentBylineItem struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the item.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is where the item leads, as with WebItem.
	URL string `json:"url,omitzero"`
	// Context is what a relative URL is relative to; ContextAddon when
	// absent.
	Context URLContext `json:"context,omitzero"`
	// ContentPropertyKey is the key of a content property whose name, icon and
	// tooltip are shown in place of these: letters, digits and dashes, at most
	// 100.
	ContentPropertyKey string `json:"contentPropertyKey,omitzero" connect:"max=100,like=key"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *Target `json:"target,omitzero"`
	// Icon is shown beside the text; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Tooltip is shown when the pointer is over the item.
	Tooltip Text `json:"tooltip,omitzero"`
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

func (b *ContentBylineItem) link() link {
	return link{url: b.URL, context: b.Context, target: b.Target, cacheable: b.Cacheable}
}

func (b *ContentBylineItem) check(c *checker, path string)    { c.link(path, b.link()) }
func (b *ContentBylineItem) list(e *enumeration, path string) { e.link(path, b.link()) }

// KeyboardShortcut opens a module of the app at the press of keys.
type KeyboardShortcut struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of shortcuts.
	Name Text `json:"name,omitzero" connect:"required"`
	// Shortcut are one to three lower-case letters.
	Shortcut string `json:"shortcut,omitzero" connect:"required,max=3,like=shortcut"`
	// Context is where the keys count; ShortcutGlobal when absent.
	Context ShortcutContext `json:"context,omitzero"`
	// Target is what opens.
	Target ShortcutTarget `json:"target,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ShortcutTarget is what a keyboard shortcut opens.
type ShortcutTarget struct {
	// Key is that of a module of the same descriptor.
	Key string `json:"key,omitzero" connect:"required,max=1000,like=key,ref=*"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ShortcutContext is where the keys of a shortcut count. The host takes the
// words in all-lower and in all-upper case.
type ShortcutContext string

// The contexts of a shortcut.
const (
	ShortcutGlobal          ShortcutContext = "global"
	ShortcutIssueNavigation ShortcutContext = "issue_navigation"
	ShortcutIssueAction     ShortcutContext = "issue_action"
	ShortcutAgileBoard      ShortcutContext = "agile_board"
)

func (ShortcutContext) words() []string {
	return []string{"global", "issue_navigation", "issue_action", "agile_board"}
}
