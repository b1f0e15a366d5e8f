package descriptor

import "encoding/json"

// PortalSection is a frame in the customer portal: a header, a sub-header or a
// footer.
type PortalSection struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Pages are where it is shown; nil means everywhere.
	Pages []PortalPage `json:"pages,omitzero"`
	// Weight orders the sections, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the section to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalPage is a page of the customer portal. The host takes the words in
// all-lower and in all-upper case.
type PortalPage string

// The values of PortalPage.
const (
	PortalHelpCenter    PortalPage = "help_center"
	PortalHome          PortalPage = "portal"
	PortalCreateRequest PortalPage = "create_request"
	PortalViewRequest   PortalPage = "view_request"
	PortalMyRequests    PortalPage = "my_requests"
	PortalApprovals     PortalPage = "approvals"
	PortalProfile       PortalPage = "profile"
)

func (PortalPage) words() []string {
	return []string{"help_center", "portal", "create_request", "view_request", "my_requests", "approvals", "profile"}
}

// PortalPanel is a frame on a page of the customer portal, or on that of an
// organization.
type PortalPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Weight orders the panels, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the panel to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalAction is a link in the user menu or the profile of the customer
// portal.
type PortalAction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the action.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is where it leads, as with WebItem.
	URL string `json:"url,omitzero"`
	// Context is what a relative URL is relative to; ContextAddon when absent.
	Context URLContext `json:"context,omitzero"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *PortalTarget `json:"target,omitzero"`
	// Weight orders the actions, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the action to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalRequestAction is a link beside a request in the customer portal.
type PortalRequestAction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the action.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is where it leads, as with WebItem.
	URL string `json:"url,omitzero"`
	// Context is what a relative URL is relative to; ContextAddon when absent.
	Context URLContext `json:"context,omitzero"`
	// Icon is shown beside the text; nil means none.
	Icon *PortalIcon `json:"icon,omitzero"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *PortalTarget `json:"target,omitzero"`
	// Weight orders the actions, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the action to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalIcon is a picture beside a link.
type PortalIcon struct {
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=asset,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalTarget says what happens when somebody chooses a link in the customer
// portal.
type PortalTarget struct {
	// Type is PortalTargetPage when absent.
	Type PortalTargetType `json:"type,omitzero"`
	// Options are those of a dialog; nil means none.
	Options *PortalTargetOptions `json:"options,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalTargetType says how the content behind a link in the customer portal
// opens. The host takes the words in all-lower and in all-upper case.
type PortalTargetType string

// The values of PortalTargetType.
const (
	PortalTargetPage   PortalTargetType = "page"
	PortalTargetDialog PortalTargetType = "dialog"
)

func (PortalTargetType) words() []string {
	return []string{"page", "dialog"}
}

// PortalTargetOptions are the options of a dialog in the customer portal.
type PortalTargetOptions struct {
	// Size is the size of the dialog.
	Size PortalDialogSize `json:"size,omitzero"`
	// Chrome is whether the dialog has a header and buttons; nil means yes.
	Chrome *bool `json:"chrome,omitzero"`
	// Header is the text of the header.
	Header Text `json:"header,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PortalDialogSize is a size of a dialog in the customer portal. The host
// takes the words in all-lower and in all-upper case.
type PortalDialogSize string

// The values of PortalDialogSize.
const (
	PortalSizeSmall  PortalDialogSize = "small"
	PortalSizeMedium PortalDialogSize = "medium"
	PortalSizeLarge  PortalDialogSize = "large"
	PortalSizeXLarge PortalDialogSize = "x-large"
)

func (PortalDialogSize) words() []string {
	return []string{"small", "medium", "large", "x-large"}
}

// OrganizationAction is a link on the page of an organization.
type OrganizationAction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the text of the action.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is absolute or relative to the base URL. An action whose target is a
	// dialog module needs none.
	URL string `json:"url,omitzero"`
	// Tooltip is shown when the pointer is over the action.
	Tooltip Text `json:"tooltip,omitzero"`
	// Target says how the URL opens; nil means as an ordinary link.
	Target *Target `json:"target,omitzero"`
	// Weight orders the actions, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the action to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ServiceDeskView is a queue or a report of a service project.
type ServiceDeskView struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"url=frame"`
	// Group is the key of a group of the same descriptor.
	Group string `json:"group,omitzero"`
	// Weight orders the entries, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the entry to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ServiceDeskGroup is a group of queues or of reports of a service project.
type ServiceDeskGroup struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the group.
	Name Text `json:"name,omitzero" connect:"required"`
	// Weight orders the groups, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the group to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (a *PortalAction) link() link { return link{url: a.URL, context: a.Context} }

func (a *PortalAction) check(c *checker, path string)    { c.link(path, a.link()) }
func (a *PortalAction) list(e *enumeration, path string) { e.link(path, a.link()) }

func (a *PortalRequestAction) link() link { return link{url: a.URL, context: a.Context} }

func (a *PortalRequestAction) check(c *checker, path string)    { c.link(path, a.link()) }
func (a *PortalRequestAction) list(e *enumeration, path string) { e.link(path, a.link()) }

func (a *OrganizationAction) link() link { return link{url: a.URL, target: a.Target} }

func (a *OrganizationAction) check(c *checker, path string) {
	if a.URL != "" {
		c.link(path, a.link())
	}
}
func (a *OrganizationAction) list(e *enumeration, path string) { e.link(path, a.link()) }

// groups are the kinds of groups by the kind of view.
var groups = map[string]string{
	"serviceDeskQueues":  "serviceDeskQueueGroups",
	"serviceDeskReports": "serviceDeskReportGroups",
}

func (v *ServiceDeskView) check(c *checker, path string) {
	c.refer(join(path, "group"), v.Group, groups[c.kind.name])
}
