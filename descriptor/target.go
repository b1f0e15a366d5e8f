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

func (t TargetType) is(other TargetType) bool {
	return strings.EqualFold(string(t), string(other))
}

// Target says what happens when somebody chooses a web item.
type Target struct {
	// Type is TargetPage when it is absent.
	Type TargetType `json:"type,omitzero"`
	// Options are those of the type; nil means none.
	Options *TargetOptions `json:"options,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// TargetOptions are the options of all types of target. Which of them count
// depends on the type: Size, Width, Height, Chrome and Header for a dialog,
// Key for a dialog module, and Width with the remaining ones for an inline
// dialog.
type TargetOptions struct {
	// Key is the key of a dialog module of the same descriptor, at most 100
	// characters.
	Key string `json:"key,omitzero"`
	// Size is used in place of Width and Height.
	Size DialogSize `json:"size,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero"`
	Height string `json:"height,omitzero"`
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
	OffsetX string `json:"offsetX,omitzero"`
	OffsetY string `json:"offsetY,omitzero"`
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

// DialogOptions are the options of a dialog module.
type DialogOptions struct {
	// Size is used in place of Width and Height.
	Size DialogSize `json:"size,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero"`
	Height string `json:"height,omitzero"`
	// Chrome is whether the dialog has a header and buttons; nil means yes.
	Chrome *bool `json:"chrome,omitzero"`
	// Header is the text of the header.
	Header Text `json:"header,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
