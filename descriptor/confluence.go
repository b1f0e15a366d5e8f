package descriptor

import (
	"encoding/json"
	"strings"
)

// Blueprint is a template for pages of Confluence.
type Blueprint struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the dialog for new content.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown in the dialog for new content.
	Description Text `json:"description,omitzero"`
	// Icon is shown in the dialog for new content; nil means none.
	Icon *Icon `json:"icon,omitzero"`
	// Template is where the content comes from.
	Template BlueprintTemplate `json:"template,omitzero" connect:"required"`
	// CreateResult is what comes after; ResultEdit when absent.
	CreateResult CreateResult `json:"createResult,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// BlueprintTemplate is where the content of a blueprint comes from.
type BlueprintTemplate struct {
	// URL is relative to the base URL; the host itself fetches it and takes
	// Confluence storage format.
	URL string `json:"url,omitzero" connect:"required,url=call"`
	// BlueprintContext is where the values of its variables come from; nil means
	// nowhere.
	BlueprintContext *BlueprintContext `json:"blueprintContext,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// BlueprintContext is where the values of the variables of a template come
// from.
type BlueprintContext struct {
	// URL is relative to the base URL; the host posts to it.
	URL string `json:"url,omitzero" connect:"required,url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CreateResult is what comes after a page was made from a blueprint. The host
// takes the words in all-lower and in all-upper case.
type CreateResult string

// The values of CreateResult.
const (
	ResultEdit CreateResult = "edit"
	ResultView CreateResult = "view"
)

func (CreateResult) words() []string {
	return []string{"edit", "view"}
}

// ContentExtractionType is the type of a value that is taken from a content
// property. The host takes the words in all-lower and in all-upper case.
type ContentExtractionType string

// The values of ContentExtractionType.
const (
	ContentNumber ContentExtractionType = "number"
	ContentString ContentExtractionType = "string"
	ContentText   ContentExtractionType = "text"
	ContentDate   ContentExtractionType = "date"
)

func (ContentExtractionType) words() []string {
	return []string{"number", "string", "text", "date"}
}

// ContentProperty makes values in properties of content searchable by CQL.
type ContentProperty struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// KeyConfigurations are the properties.
	KeyConfigurations []ContentKeyConfiguration `json:"keyConfigurations,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ContentKeyConfiguration says what is searched in one content property.
type ContentKeyConfiguration struct {
	// PropertyKey is the key of the property, at most 100 characters.
	PropertyKey string `json:"propertyKey,omitzero" connect:"required,max=100"`
	// Extractions are the values.
	Extractions []ContentExtraction `json:"extractions,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ContentExtraction is one value in a content property.
type ContentExtraction struct {
	// ObjectName is the path of the value, joined by dots, at most 1000
	// characters.
	ObjectName string `json:"objectName,omitzero" connect:"required,max=1000"`
	// Type is the type of the value.
	Type ContentExtractionType `json:"type,omitzero" connect:"required"`
	// Alias is the name in queries.
	Alias string `json:"alias,omitzero"`
	// UISupport shows the value in the search by fields; nil means not.
	UISupport *FieldUISupport `json:"uiSupport,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FieldUISupport shows a value of a content property in the search by fields.
type FieldUISupport struct {
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// ValueType selects the input field.
	ValueType CQLValueType `json:"valueType,omitzero" connect:"required"`
	// DefaultOperator is the operator at first, at most 100 characters.
	DefaultOperator string `json:"defaultOperator,omitzero" connect:"max=100"`
	// DataURI is where the values to choose from come from.
	DataURI string `json:"dataUri,omitzero"`
	// Tooltip is shown when the pointer is over the field.
	Tooltip Text `json:"tooltip,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CQLValueType selects the input field for a value in a search. The host takes
// the words in all-lower and in all-upper case.
type CQLValueType string

// The values of CQLValueType.
const (
	CQLSpace       CQLValueType = "space"
	CQLLabel       CQLValueType = "label"
	CQLUser        CQLValueType = "user"
	CQLContentID   CQLValueType = "contentid"
	CQLContentType CQLValueType = "contenttype"
	CQLDate        CQLValueType = "date"
	CQLString      CQLValueType = "string"
	CQLNumber      CQLValueType = "number"
)

func (CQLValueType) words() []string {
	return []string{"space", "label", "user", "contentid", "contenttype", "date", "string", "number"}
}

// CustomContent is a type of content beside pages, blog posts and comments.
type CustomContent struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to people.
	Description Text `json:"description,omitzero"`
	// UISupport says how the content is shown.
	UISupport CustomContentUI `json:"uiSupport,omitzero" connect:"required"`
	// APISupport says where the content may be.
	APISupport CustomContentAPI `json:"apiSupport,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CustomContentUI says how custom content is shown.
type CustomContentUI struct {
	// ContentViewComponent is the page that shows a piece.
	ContentViewComponent ComponentReference `json:"contentViewComponent,omitzero" connect:"required"`
	// ListViewComponent is the page that lists the pieces; nil means the host's
	// own.
	ListViewComponent *ComponentReference `json:"listViewComponent,omitzero"`
	// EditComponent is the page for adding and changing a piece; nil means none.
	EditComponent *ComponentReference `json:"editComponent,omitzero"`
	// Icons are its pictures.
	Icons CustomContentIcons `json:"icons,omitzero" connect:"required"`
	// EditComponentTitlePlaceholder is shown in the empty title.
	EditComponentTitlePlaceholder Text `json:"editComponentTitlePlaceholder,omitzero"`
	// EditComponentSubmitButtonLabel is the text of the button that saves.
	EditComponentSubmitButtonLabel Text `json:"editComponentSubmitButtonLabel,omitzero"`
	// EditComponentCancelButtonLabel is the text of the button that does not.
	EditComponentCancelButtonLabel Text `json:"editComponentCancelButtonLabel,omitzero"`
	// Breadcrumbs say what stands above a piece; nil means nothing of its own.
	Breadcrumbs *Breadcrumbs `json:"breadcrumbs,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ComponentReference names a general page.
type ComponentReference struct {
	// AddonKey is the key of the app that has it, at most 100 characters; empty
	// means the same.
	AddonKey string `json:"addonKey,omitzero" connect:"max=100"`
	// ModuleKey is the key of the page, at most 100 characters.
	ModuleKey string `json:"moduleKey,omitzero" connect:"required,max=100"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (r *ComponentReference) check(c *checker, path string) {
	if r.AddonKey == "" || r.AddonKey == c.app.Key {
		c.refer(join(path, "moduleKey"), r.ModuleKey, "generalPages")
	}
}

// CustomContentIcons are the pictures of custom content.
type CustomContentIcons struct {
	// Item stands for a piece.
	Item Icon `json:"item,omitzero" connect:"required"`
	// Create is shown in the dialog for new content, at least 48 by 48 pixels;
	// nil means Item.
	Create *Icon `json:"create,omitzero"`
	// List is shown in the sidebar, at least 20 by 20 pixels; nil means Item.
	List *Icon `json:"list,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Breadcrumbs say what stands above a piece of custom content.
type Breadcrumbs struct {
	// Relations are the relations that lead upwards.
	Relations []BreadcrumbRelation `json:"relations,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// BreadcrumbRelation is a relation that leads upwards.
type BreadcrumbRelation struct {
	// Name is the name of the relation, at most 100 characters.
	Name string `json:"name,omitzero" connect:"max=100"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CustomContentAPI says where custom content may be and how it is kept.
type CustomContentAPI struct {
	// SupportedContainerTypes are the types of content that may hold it, at most
	// 100 characters each: space, page, blogpost, or ac:, the key of an app, a
	// colon and the key of a module.
	SupportedContainerTypes []string `json:"supportedContainerTypes,omitzero" connect:"required,each=100"`
	// SupportedChildTypes are the types that it may hold, at most 100 characters
	// each.
	SupportedChildTypes []string `json:"supportedChildTypes,omitzero" connect:"each=100"`
	// SupportedSpacePermissions are permissions, at most 100 characters each.
	SupportedSpacePermissions []string `json:"supportedSpacePermissions,omitzero" connect:"each=100"`
	// BodyType is StorageBody when absent.
	BodyType ContentBodyType `json:"bodyType,omitzero"`
	// PreventDuplicateTitle refuses a title that is there already.
	PreventDuplicateTitle bool `json:"preventDuplicateTitle,omitzero"`
	// Indexing says whether the content is searched; nil means no.
	Indexing *Indexing `json:"indexing,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (a *CustomContentAPI) check(c *checker, path string) {
	for _, list := range []struct {
		name  string
		types []string
	}{{"supportedContainerTypes", a.SupportedContainerTypes}, {"supportedChildTypes", a.SupportedChildTypes}} {
		for i, typ := range list.types {
			if key, own := strings.CutPrefix(typ, "ac:"+c.app.Key+":"); own {
				c.refer(index(join(path, list.name), i), key, "customContent")
			}
		}
	}
}

// ContentBodyType is the form in which custom content is kept. The host takes
// the words in all-lower and in all-upper case.
type ContentBodyType string

// The values of ContentBodyType.
const (
	StorageBody ContentBodyType = "storage"
	RawBody     ContentBodyType = "raw"
)

func (ContentBodyType) words() []string {
	return []string{"storage", "raw"}
}

// PublishCondition decides whether a page may be published.
type PublishCondition struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// ErrorMessage is shown when it may not.
	ErrorMessage Text `json:"errorMessage,omitzero" connect:"required"`
	// Dialog is shown when it may not; nil means the message alone.
	Dialog *PublishDialog `json:"dialog,omitzero"`
	// Context is what the dialog's URL is relative to; ContextAddon when absent.
	Context URLContext `json:"context,omitzero"`
	// Conditions must all hold for the condition to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PublishDialog is shown when a page may not be published.
type PublishDialog struct {
	// URL is where its content is, relative to what the context says.
	URL string `json:"url,omitzero"`
	// Width and Height are pixels or percentages, at most 10 characters.
	Width  string `json:"width,omitzero" connect:"max=10"`
	Height string `json:"height,omitzero" connect:"max=10"`
	// Header is the text of the header.
	Header Text `json:"header,omitzero"`
	// Conditions must all hold for the dialog to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (p *PublishCondition) check(c *checker, path string) {
	if p.Dialog != nil {
		c.link(join(path, "dialog"), link{url: p.Dialog.URL, context: p.Context})
	}
}

func (p *PublishCondition) list(e *enumeration, path string) {
	if p.Dialog != nil {
		e.link(join(path, "dialog"), link{url: p.Dialog.URL, context: p.Context})
	}
}
