package descriptor

import "encoding/json"

// Theme is a look of Confluence.
type Theme struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of themes.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown in the list of themes.
	Description Text `json:"description,omitzero"`
	// Icon is shown in the list of themes, 110 by 70 pixels; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Routes are pages of the app in place of Confluence's own; nil means
	// none.
	Routes *ThemeRoutes `json:"routes,omitzero"`
	// RouteOverride says that Routes are used; nil means the host's default.
	RouteOverride *bool `json:"routeOverride,omitzero"`
	// AvailableGlobally offers the theme for the whole site; nil means the
	// host's default.
	AvailableGlobally *bool `json:"availableGlobally,omitzero"`
	// LookAndFeel are colours and sizes; nil means the host's own.
	LookAndFeel *LookAndFeel `json:"lookAndFeel,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeRoutes are pages of the app in place of Confluence's own.
type ThemeRoutes struct {
	// SpaceView is shown in place of the home page of a space; nil means not.
	SpaceView *ThemeRoute `json:"spaceview,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeRoute is a page of the app in place of one of Confluence's own.
type ThemeRoute struct {
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// LookAndFeel are the colours and sizes of a theme. Colours are #rgb, #rrggbb,
// rgb(), rgba(), hsl() or hsla(); names of colours are not taken.
type LookAndFeel struct {
	// BordersAndDividers are the lines.
	BordersAndDividers ThemeColor `json:"bordersAndDividers,omitzero" connect:"required"`
	// Headings are the headings of the content.
	Headings ThemeColor `json:"headings,omitzero" connect:"required"`
	// Header is the bar at the top.
	Header ThemeHeader `json:"header,omitzero" connect:"required"`
	// Links are the links of the content.
	Links ThemeColor `json:"links,omitzero" connect:"required"`
	// Menus are the menus.
	Menus ThemeNavigation `json:"menus,omitzero" connect:"required"`
	// Content are pages and blog posts.
	Content ThemeContent `json:"content,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeColor is the colour of one thing.
type ThemeColor struct {
	// Color is the colour.
	Color string `json:"color,omitzero" connect:"required,like=color"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemePair are the colours of a thing and what is behind it.
type ThemePair struct {
	// BackgroundColor is the colour behind.
	BackgroundColor string `json:"backgroundColor,omitzero" connect:"required,like=color"`
	// Color is the colour of the text.
	Color string `json:"color,omitzero" connect:"required,like=color"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeHover are the colours of a thing while the pointer is over it.
type ThemeHover struct {
	// BackgroundColor is the colour behind.
	BackgroundColor string `json:"backgroundColor,omitzero" connect:"required,like=color"`
	// Color is the colour of the text; empty means the same as without.
	Color string `json:"color,omitzero" connect:"like=color"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeNavigation are the colours of a menu or of links in the header.
type ThemeNavigation struct {
	// Color is the colour of the text.
	Color string `json:"color,omitzero" connect:"required,like=color"`
	// HoverOrFocus are the colours while the pointer is over it.
	HoverOrFocus ThemeHover `json:"hoverOrFocus,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeHeader is the look of the bar at the top.
type ThemeHeader struct {
	// BackgroundColor is the colour of the bar.
	BackgroundColor string `json:"backgroundColor,omitzero" connect:"required,like=color"`
	// Button is the button in the bar.
	Button ThemePair `json:"button,omitzero" connect:"required"`
	// PrimaryNavigation are the links in the bar.
	PrimaryNavigation ThemeNavigation `json:"primaryNavigation,omitzero" connect:"required"`
	// SecondaryNavigation are the links in the second bar.
	SecondaryNavigation ThemeNavigation `json:"secondaryNavigation,omitzero" connect:"required"`
	// Search is the field for searching.
	Search ThemePair `json:"search,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeContent is the look of pages and blog posts.
type ThemeContent struct {
	// Screen is what lies behind everything.
	Screen ThemeScreen `json:"screen,omitzero" connect:"required"`
	// Container is the box around the whole.
	Container ThemeBox `json:"container,omitzero" connect:"required"`
	// Header is the box around the title.
	Header ThemeBox `json:"header,omitzero" connect:"required"`
	// Body is the box around the text.
	Body ThemeBox `json:"body,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeBackground is what is behind a part of a page. The fields are the
// properties of CSS of the same names, without semicolons, bars and braces.
type ThemeBackground struct {
	Background           string `json:"background,omitzero" connect:"like=css"`
	BackgroundAttachment string `json:"backgroundAttachment,omitzero" connect:"like=css"`
	BackgroundBlendMode  string `json:"backgroundBlendMode,omitzero" connect:"like=css"`
	BackgroundClip       string `json:"backgroundClip,omitzero" connect:"like=css"`
	BackgroundColor      string `json:"backgroundColor,omitzero" connect:"like=color"`
	BackgroundImage      string `json:"backgroundImage,omitzero" connect:"like=css"`
	BackgroundOrigin     string `json:"backgroundOrigin,omitzero" connect:"like=css"`
	BackgroundPosition   string `json:"backgroundPosition,omitzero" connect:"like=css"`
	BackgroundRepeat     string `json:"backgroundRepeat,omitzero" connect:"like=css"`
	BackgroundSize       string `json:"backgroundSize,omitzero" connect:"like=extent"`
}

// ThemeBox is a box of a page.
type ThemeBox struct {
	ThemeBackground
	// Padding is one to four lengths of CSS.
	Padding string `json:"padding,omitzero" connect:"required,like=lengths"`
	// BorderRadius is one to four lengths of CSS.
	BorderRadius string `json:"borderRadius,omitzero" connect:"required,like=lengths"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeScreen is what lies behind everything.
type ThemeScreen struct {
	ThemeBackground
	// Layer is a second background; nil means none.
	Layer *ThemeLayer `json:"layer,omitzero"`
	// GutterTop and GutterBottom are lengths of CSS, none or default.
	GutterTop    string `json:"gutterTop,omitzero" connect:"required,like=gutter"`
	GutterBottom string `json:"gutterBottom,omitzero" connect:"required,like=gutter"`
	// GutterLeft and GutterRight are none, default, small, medium or large.
	GutterLeft  string `json:"gutterLeft,omitzero" connect:"required,like=side"`
	GutterRight string `json:"gutterRight,omitzero" connect:"required,like=side"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ThemeLayer is a second background of the screen.
type ThemeLayer struct {
	ThemeBackground
	// Width and Height are lengths of CSS.
	Width  string `json:"width,omitzero" connect:"required,like=length"`
	Height string `json:"height,omitzero" connect:"required,like=length"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
