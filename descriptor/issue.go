package descriptor

import "encoding/json"

// IssueContentType is the type of the content of an issue glance or context.
// The host takes the word in all-lower and in all-upper case.
type IssueContentType string

// ContentLabel is the one type of content.
const ContentLabel IssueContentType = "label"

// IssueLabel is the content of an issue glance or context: the text beside
// its icon.
type IssueLabel struct {
	// Type is ContentLabel.
	Type IssueContentType `json:"type,omitzero"`
	// Label is the text.
	Label Text `json:"label,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueTargetType is the type of the target of an issue module. The host
// takes the word in all-lower and in all-upper case.
type IssueTargetType string

// TargetWebPanel is the one type of target of an issue module.
const TargetWebPanel IssueTargetType = "web_panel"

// IssueTarget is what opens from an issue module.
type IssueTarget struct {
	// Type is TargetWebPanel.
	Type IssueTargetType `json:"type,omitzero"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueGlance is a panel behind a label beside an issue, the kind that
// IssueContext replaced.
type IssueGlance struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero"`
	// Icon is shown beside the label. The host asks for one.
	Icon *Icon `json:"icon,omitzero"`
	// Content is the label.
	Content IssueLabel `json:"content,omitzero"`
	// Target is the panel.
	Target IssueTarget `json:"target,omitzero"`
	// JiraNativeAppsEnabled shows the module in Jira's mobile and desktop
	// clients.
	JiraNativeAppsEnabled bool `json:"jiraNativeAppsEnabled,omitzero"`
	// Conditions must all hold for the module to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (g *IssueGlance) moduleKey() string { return g.Key }

func (g *IssueGlance) check(c *checker, path string) {
	c.name(path, g.Name)
	c.needIcon(path, g.Icon)
	c.label(join(path, "content"), g.Content)
	c.issueTarget(join(path, "target"), g.Target)
	c.conditions(join(path, "conditions"), g.Conditions)
}

func (g *IssueGlance) list(e *enumeration, path string) {
	e.icon(path, g.Icon)
	e.frame(join(join(path, "target"), "url"), g.Target.URL, false)
}

// IssueContext is a panel behind a label beside an issue.
type IssueContext struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero"`
	// Icon is shown beside the label. The host asks for one.
	Icon *Icon `json:"icon,omitzero"`
	// Content is the label.
	Content IssueLabel `json:"content,omitzero"`
	// Target is the panel.
	Target IssueTarget `json:"target,omitzero"`
	// JiraNativeAppsEnabled shows the module in Jira's mobile and desktop
	// clients.
	JiraNativeAppsEnabled bool `json:"jiraNativeAppsEnabled,omitzero"`
	// Conditions must all hold for the module to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (x *IssueContext) moduleKey() string { return x.Key }

func (x *IssueContext) check(c *checker, path string) { (*IssueGlance)(x).check(c, path) }

func (x *IssueContext) list(e *enumeration, path string) { (*IssueGlance)(x).list(e, path) }

// IssueContent is a panel below the description of an issue, behind a button.
type IssueContent struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero"`
	// Icon is shown on the button. The host asks for one.
	Icon *Icon `json:"icon,omitzero"`
	// Tooltip is shown on the button. The host asks for one.
	Tooltip Text `json:"tooltip,omitzero"`
	// Target is the panel.
	Target IssueTarget `json:"target,omitzero"`
	// JiraNativeAppsEnabled shows the module in Jira's mobile and desktop
	// clients.
	JiraNativeAppsEnabled bool `json:"jiraNativeAppsEnabled,omitzero"`
	// Conditions must all hold for the module to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// ContentPresentConditions show the panel without the button when they
	// all hold.
	ContentPresentConditions []Condition `json:"contentPresentConditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (i *IssueContent) moduleKey() string { return i.Key }

func (i *IssueContent) check(c *checker, path string) {
	c.name(path, i.Name)
	c.needIcon(path, i.Icon)
	c.needText(join(path, "tooltip"), i.Tooltip)
	c.issueTarget(join(path, "target"), i.Target)
	c.conditions(join(path, "conditions"), i.Conditions)
	c.conditions(join(path, "contentPresentConditions"), i.ContentPresentConditions)
}

func (i *IssueContent) list(e *enumeration, path string) {
	e.icon(path, i.Icon)
	e.frame(join(join(path, "target"), "url"), i.Target.URL, false)
}
