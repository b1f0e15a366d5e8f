package descriptor

import "encoding/json"

// IssueContentType is the type of the content of an issue glance or context.
// The host takes the word in all-lower and in all-upper case.
type IssueContentType string

// ContentLabel is the one type of content.
const ContentLabel IssueContentType = "label"

func (IssueContentType) words() []string { return []string{"label"} }

// IssueLabel is the content of an issue glance or context: the text beside
// its icon.
type IssueLabel struct {
	// Type is ContentLabel.
	Type IssueContentType `json:"type,omitzero" connect:"required"`
	// Label is the text.
	Label Text `json:"label,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueTargetType is the type of the target of an issue module. The host
// takes the word in all-lower and in all-upper case.
type IssueTargetType string

// TargetWebPanel is the one type of target of an issue module.
const TargetWebPanel IssueTargetType = "web_panel"

func (IssueTargetType) words() []string { return []string{"web_panel"} }

// IssueTarget is what opens from an issue module.
type IssueTarget struct {
	// Type is TargetWebPanel.
	Type IssueTargetType `json:"type,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueContext is a panel behind a label beside an issue, also one of the older
// kind that was called a glance.
type IssueContext struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero" connect:"required"`
	// Icon is shown beside the label. The host asks for one.
	Icon *Icon `json:"icon,omitzero" connect:"required"`
	// Content is the label.
	Content IssueLabel `json:"content,omitzero" connect:"required"`
	// Target is the panel.
	Target IssueTarget `json:"target,omitzero" connect:"required"`
	// JiraNativeAppsEnabled shows the module in Jira's mobile and desktop
	// clients.
	JiraNativeAppsEnabled bool `json:"jiraNativeAppsEnabled,omitzero"`
	// Conditions must all hold for the module to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueContent is a panel below the description of an issue, behind a button.
type IssueContent struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero" connect:"required"`
	// Icon is shown on the button. The host asks for one.
	Icon *Icon `json:"icon,omitzero" connect:"required"`
	// Tooltip is shown on the button. The host asks for one.
	Tooltip Text `json:"tooltip,omitzero" connect:"required"`
	// Target is the panel.
	Target IssueTarget `json:"target,omitzero" connect:"required"`
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
