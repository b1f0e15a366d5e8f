package descriptor

import "encoding/json"

// TabPanel is a tab below an issue, beside comments and history, or on the page
// of a project.
type TabPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown on the tab.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Weight orders the tabs, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the tab to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ProjectAdminTabPanel is a tab in the settings of a project.
type ProjectAdminTabPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown on the tab.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Location is the group of tabs: projectgroup1 to projectgroup4.
	Location Location `json:"location,omitzero"`
	// Weight orders the tabs, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the tab to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ProjectPage is a page in the navigation of a project.
type ProjectPage struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the link to the page and above it.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// IconURL is the picture beside the link, absolute or relative to the base
	// URL.
	IconURL string `json:"iconUrl,omitzero" connect:"url=asset,anywhere"`
	// Weight orders the links, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the page to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// SearchRequestView is a way to show the issues that a search found.
type SearchRequestView struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of views.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Description says what the view shows.
	Description Text `json:"description,omitzero"`
	// Weight orders the views, the lightest first; nil means 100.
	Weight *int `json:"weight,omitzero"`
	// Conditions must all hold for the view to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Params are handed to the product.
	Params map[string]Param `json:"params,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Report is a page in the list of reports of a project.
type Report struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the list of reports.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Description is shown in the list of reports.
	Description Text `json:"description,omitzero" connect:"required"`
	// ReportCategory is the group in the list; ReportOther when absent.
	ReportCategory ReportCategory `json:"reportCategory,omitzero"`
	// ThumbnailURL is the picture in the list, relative to the base URL.
	ThumbnailURL string `json:"thumbnailUrl,omitzero" connect:"url=asset,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ReportCategory is a group of reports. The host takes the words in all-lower
// and in all-upper case.
type ReportCategory string

// The values of ReportCategory.
const (
	ReportAgile              ReportCategory = "agile"
	ReportIssueAnalysis      ReportCategory = "issue_analysis"
	ReportForecastManagement ReportCategory = "forecast_management"
	ReportOther              ReportCategory = "other"
)

func (ReportCategory) words() []string {
	return []string{"agile", "issue_analysis", "forecast_management", "other"}
}

// DashboardItem is a gadget that people put on their dashboards.
type DashboardItem struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown in the directory of gadgets.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Description is shown in the directory of gadgets.
	Description Text `json:"description,omitzero" connect:"required"`
	// ThumbnailURL is the picture in the directory, absolute or relative to the
	// base URL.
	ThumbnailURL string `json:"thumbnailUrl,omitzero" connect:"required,url=asset,anywhere"`
	// Configurable says that the item has settings.
	Configurable bool `json:"configurable,omitzero"`
	// Refreshable says that the item can be loaded anew.
	Refreshable bool `json:"refreshable,omitzero"`
	// Conditions must all hold for the item to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// BackgroundScript is a frame without content, whose script runs beside a page
// of Jira.
type BackgroundScript struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// URL is relative to the base URL and holds no context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Location is where the script runs.
	Location ScriptLocation `json:"location,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ScriptLocation is where a background script runs.
type ScriptLocation struct {
	// Type is the page.
	Type ScriptPage `json:"type,omitzero" connect:"required"`
	// ShouldReloadOnRefresh loads the script anew with the page; nil means the
	// default of the host.
	ShouldReloadOnRefresh *bool `json:"shouldReloadOnRefresh,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ScriptPage is a page beside which a background script runs. The host takes
// the words in all-lower and in all-upper case.
type ScriptPage string

// The values of ScriptPage.
const (
	ScriptIssueView ScriptPage = "issue_view"
	ScriptDashboard ScriptPage = "dashboard"
)

func (ScriptPage) words() []string {
	return []string{"issue_view", "dashboard"}
}

// AssetPanel is a panel beside an object of Assets.
type AssetPanel struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown above the panel.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// TimeTrackingProvider makes the app the one that tracks time.
type TimeTrackingProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to administrators.
	Name Text `json:"name,omitzero" connect:"required"`
	// AdminPageKey is the key of the admin page for its settings.
	AdminPageKey string `json:"adminPageKey,omitzero" connect:"ref=adminPages"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
