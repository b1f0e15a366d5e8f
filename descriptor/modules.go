package descriptor

import (
	"encoding/json"
	"iter"
	"reflect"
	"strings"
)

// Modules are the extensions of the product, by kind.
//
// Reading takes one object and an array of objects for every kind, because
// hosts and documents differ in this. Writing gives one object for the kinds
// of which an app has one, unless InArrays says otherwise, and an array for the
// others.
type Modules struct {
	// Kinds of both products.

	// GeneralPages are pages in the navigation of the product.
	GeneralPages []Page `json:"generalPages,omitzero" vars:"pages"`
	// AdminPages are pages in the administration of the product.
	AdminPages []AdminPage `json:"adminPages,omitzero" vars:"none"`
	// ConfigurePage is the page behind the Configure button of the app.
	ConfigurePage *AdminPage `json:"configurePage,omitzero" vars:"none"`
	// PostInstallPage is the page behind the Get started button of the app.
	PostInstallPage *Page `json:"postInstallPage,omitzero" vars:"none"`
	// WebPanels are frames inside pages of the product.
	WebPanels []WebPanel `json:"webPanels,omitzero" vars:"all"`
	// WebItems are links and buttons in the product.
	WebItems []WebItem `json:"webItems,omitzero" vars:"all"`
	// WebSections are groups of web items.
	WebSections []WebSection `json:"webSections,omitzero" vars:"none"`
	// Dialogs are frames that open over a page of the product.
	Dialogs []Dialog `json:"dialogs,omitzero" vars:"pages"`
	// KeyboardShortcuts open modules of the app at the press of keys.
	KeyboardShortcuts []KeyboardShortcut `json:"keyboardShortcuts,omitzero" vars:"none"`
	// Webhooks are the events that the app is told of.
	Webhooks []Webhook `json:"webhooks,omitzero" vars:"events"`

	// Kinds of Jira.

	// JiraIssueGlances are panels behind a label beside an issue. Atlassian
	// replaced them by JiraIssueContexts.
	JiraIssueGlances []IssueContext `json:"jiraIssueGlances,omitzero" vars:"issue" product:"jira"`
	// JiraIssueContexts are panels behind a label beside an issue.
	JiraIssueContexts []IssueContext `json:"jiraIssueContexts,omitzero" vars:"issue" product:"jira"`
	// JiraIssueContents are panels below the description of an issue.
	JiraIssueContents []IssueContent `json:"jiraIssueContents,omitzero" vars:"issue" product:"jira"`
	// JiraIssueTabPanels are tabs below an issue.
	JiraIssueTabPanels []TabPanel `json:"jiraIssueTabPanels,omitzero" vars:"issue" product:"jira"`
	// JiraProjectPages are pages in the navigation of a project.
	JiraProjectPages []ProjectPage `json:"jiraProjectPages,omitzero" vars:"project" product:"jira"`
	// JiraProjectTabPanels are tabs on the page of a project.
	JiraProjectTabPanels []TabPanel `json:"jiraProjectTabPanels,omitzero" vars:"project" product:"jira"`
	// JiraProjectAdminTabPanels are tabs in the settings of a project.
	JiraProjectAdminTabPanels []ProjectAdminTabPanel `json:"jiraProjectAdminTabPanels,omitzero" vars:"project" product:"jira"`
	// JiraReports are pages in the list of reports of a project.
	JiraReports []Report `json:"jiraReports,omitzero" vars:"project" product:"jira"`
	// JiraSearchRequestViews are ways to show the issues that a search found.
	JiraSearchRequestViews []SearchRequestView `json:"jiraSearchRequestViews,omitzero" vars:"none" product:"jira"`
	// JiraDashboardItems are gadgets for dashboards.
	JiraDashboardItems []DashboardItem `json:"jiraDashboardItems,omitzero" vars:"dashboard" product:"jira"`
	// JiraBackgroundScripts are frames without content beside a page of Jira.
	JiraBackgroundScripts []BackgroundScript `json:"jiraBackgroundScripts,omitzero" vars:"none" product:"jira"`
	// JiraEntityProperties make values in properties of entities searchable.
	JiraEntityProperties []EntityProperty `json:"jiraEntityProperties,omitzero" vars:"none" product:"jira"`
	// JiraIssueFields are fields that the app adds to issues.
	JiraIssueFields []IssueField `json:"jiraIssueFields,omitzero" vars:"option" product:"jira"`
	// JiraIssueTypes are types of issues.
	JiraIssueTypes []IssueType `json:"jiraIssueTypes,omitzero" vars:"none" product:"jira"`
	// JiraProjectPermissions are permissions in a project.
	JiraProjectPermissions []ProjectPermission `json:"jiraProjectPermissions,omitzero" vars:"none" product:"jira"`
	// JiraGlobalPermissions are permissions for the whole site.
	JiraGlobalPermissions []GlobalPermission `json:"jiraGlobalPermissions,omitzero" vars:"none" product:"jira"`
	// JiraJQLFunctions are functions that people use in JQL.
	JiraJQLFunctions []JQLFunction `json:"jiraJqlFunctions,omitzero" vars:"none" product:"jira"`
	// JiraTimeTrackingProviders make the app the one that tracks time.
	JiraTimeTrackingProviders []TimeTrackingProvider `json:"jiraTimeTrackingProviders,omitzero" vars:"none" product:"jira"`
	// JiraWorkflowConditions decide whether somebody sees a transition.
	JiraWorkflowConditions []WorkflowCondition `json:"jiraWorkflowConditions,omitzero" vars:"condition" product:"jira"`
	// JiraWorkflowValidators decide whether a transition may run.
	JiraWorkflowValidators []WorkflowValidator `json:"jiraWorkflowValidators,omitzero" vars:"validator" product:"jira"`
	// JiraWorkflowPostFunctions are told of transitions that have run.
	JiraWorkflowPostFunctions []WorkflowPostFunction `json:"jiraWorkflowPostFunctions,omitzero" vars:"postfunction" product:"jira"`
	// JiraBuildInfoProvider gives Jira the builds of an issue.
	JiraBuildInfoProvider *BuildInfoProvider `json:"jiraBuildInfoProvider,omitzero" vars:"action" product:"jira"`
	// JiraDeploymentInfoProvider gives Jira the deployments of an issue.
	JiraDeploymentInfoProvider *DeploymentInfoProvider `json:"jiraDeploymentInfoProvider,omitzero" vars:"action" product:"jira"`
	// JiraDeploymentGating is told of decisions about deployments.
	JiraDeploymentGating []DeploymentGating `json:"jiraDeploymentGating,omitzero" vars:"none" product:"jira" form:"object"`
	// JiraDevelopmentTool gives Jira commits, branches and pull requests.
	JiraDevelopmentTool *DevelopmentTool `json:"jiraDevelopmentTool,omitzero" vars:"action" product:"jira"`
	// JiraDevOpsComponentProvider gives Jira components of DevOps tools.
	JiraDevOpsComponentProvider []DevOpsComponentProvider `json:"jiraDevOpsComponentProvider,omitzero" vars:"action" product:"jira" form:"object"`
	// JiraFeatureFlagInfoProvider gives Jira feature flags.
	JiraFeatureFlagInfoProvider *FeatureFlagInfoProvider `json:"jiraFeatureFlagInfoProvider,omitzero" vars:"action" product:"jira"`
	// JiraOperationsInfoProvider gives Jira incidents and reviews.
	JiraOperationsInfoProvider []OperationsInfoProvider `json:"jiraOperationsInfoProvider,omitzero" vars:"action" product:"jira" form:"object"`
	// JiraRemoteLinkInfoProvider gives Jira remote links of an issue.
	JiraRemoteLinkInfoProvider []RemoteLinkInfoProvider `json:"jiraRemoteLinkInfoProvider,omitzero" vars:"any" product:"jira" form:"object"`
	// JiraSecurityInfoProvider gives Jira vulnerabilities.
	JiraSecurityInfoProvider []SecurityInfoProvider `json:"jiraSecurityInfoProvider,omitzero" vars:"action" product:"jira" form:"object"`
	// AutomationActions are steps for rules of Jira Automation.
	AutomationActions []AutomationAction `json:"automationActions,omitzero" vars:"none" product:"jira"`
	// AssetPanels are panels beside objects of Assets.
	AssetPanels []AssetPanel `json:"assetPanels,omitzero" vars:"any" product:"jira"`
	// ServiceDeskPortalHeaders are frames at the top of the customer portal.
	ServiceDeskPortalHeaders []PortalSection `json:"serviceDeskPortalHeaders,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalSubHeaders are frames below the title of the customer
	// portal.
	ServiceDeskPortalSubHeaders []PortalSection `json:"serviceDeskPortalSubHeaders,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalFooters are frames at the bottom of the customer portal.
	ServiceDeskPortalFooters []PortalSection `json:"serviceDeskPortalFooters,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalRequestCreatePropertyPanels are frames on the form for a
	// new request.
	ServiceDeskPortalRequestCreatePropertyPanels []PortalPanel `json:"serviceDeskPortalRequestCreatePropertyPanels,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalRequestViewPanels are frames beside a request.
	ServiceDeskPortalRequestViewPanels []PortalPanel `json:"serviceDeskPortalRequestViewPanels,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalRequestViewDetailsPanels are frames in the details of a
	// request.
	ServiceDeskPortalRequestViewDetailsPanels []PortalPanel `json:"serviceDeskPortalRequestViewDetailsPanels,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalRequestViewActions are links beside a request.
	ServiceDeskPortalRequestViewActions []PortalRequestAction `json:"serviceDeskPortalRequestViewActions,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalProfilePanels are frames on the profile of a customer.
	ServiceDeskPortalProfilePanels []PortalPanel `json:"serviceDeskPortalProfilePanels,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalProfileActions are links on the profile of a customer.
	ServiceDeskPortalProfileActions []PortalAction `json:"serviceDeskPortalProfileActions,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskPortalUserMenuActions are links in the menu of a customer.
	ServiceDeskPortalUserMenuActions []PortalAction `json:"serviceDeskPortalUserMenuActions,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskOrganizationPanels are frames on the page of an organization.
	ServiceDeskOrganizationPanels []PortalPanel `json:"serviceDeskOrganizationPanels,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskOrganizationActions are links on the page of an organization.
	ServiceDeskOrganizationActions []OrganizationAction `json:"serviceDeskOrganizationActions,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskQueues are queues of a service project.
	ServiceDeskQueues []ServiceDeskView `json:"serviceDeskQueues,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskQueueGroups are groups of queues.
	ServiceDeskQueueGroups []ServiceDeskGroup `json:"serviceDeskQueueGroups,omitzero" vars:"none" product:"jira"`
	// ServiceDeskReports are reports of a service project.
	ServiceDeskReports []ServiceDeskView `json:"serviceDeskReports,omitzero" vars:"servicedesk" product:"jira"`
	// ServiceDeskReportGroups are groups of reports.
	ServiceDeskReportGroups []ServiceDeskGroup `json:"serviceDeskReportGroups,omitzero" vars:"none" product:"jira"`

	// Kinds of Confluence.

	// DynamicContentMacros are macros that the app draws in a frame.
	DynamicContentMacros []DynamicContentMacro `json:"dynamicContentMacros,omitzero" vars:"macro" product:"confluence"`
	// StaticContentMacros are macros whose content the host fetches.
	StaticContentMacros []StaticContentMacro `json:"staticContentMacros,omitzero" vars:"macro" product:"confluence"`
	// ContentBylineItems are links below the title of a page.
	ContentBylineItems []ContentBylineItem `json:"contentBylineItems,omitzero" vars:"all" product:"confluence"`
	// SpaceToolsTabs are tabs in the space tools.
	SpaceToolsTabs []SpaceToolsTab `json:"spaceToolsTabs,omitzero" vars:"all" product:"confluence"`
	// Blueprints are templates for pages.
	Blueprints []Blueprint `json:"blueprints,omitzero" vars:"none" product:"confluence"`
	// CustomContent are types of content of the app's own.
	CustomContent []CustomContent `json:"customContent,omitzero" vars:"none" product:"confluence"`
	// ConfluenceContentProperties make values in properties of content
	// searchable.
	ConfluenceContentProperties []ContentProperty `json:"confluenceContentProperties,omitzero" vars:"none" product:"confluence"`
	// ConfluenceThemes are looks of Confluence.
	ConfluenceThemes []Theme `json:"confluenceThemes,omitzero" vars:"all" product:"confluence"`
	// PublishConditions decide whether a page may be published.
	PublishConditions []PublishCondition `json:"publishConditions,omitzero" vars:"all" product:"confluence"`

	// InArrays names the kinds of which an app has one that are written as an
	// array all the same. Reading fills it from the document. Of some kinds of
	// providers Atlassian does not say which form it takes, nor whether an app
	// may have several: these are slices, and one of them is written as an
	// object.
	InArrays []string `json:"-"`
	// Extra holds the kinds that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// A new kind of module is a struct, a field in Modules and, where its rules do
// not fit into tags, methods check and list on the struct.

// kind is a kind of module: a field of Modules.
type kind struct {
	name string
	// field is the number of the field.
	field int
	// product has the kind; empty means that both have.
	product Product
	// single is set for a kind of which an app has one.
	single bool
	// object is set for a kind of which one is written as an object.
	object bool
	// vars is the set of context parameters in its URLs; see contextSets.
	vars string
}

// kinds are the kinds of modules that this package knows, in the order of
// Modules.
var kinds = func() []kind {
	var all []kind
	for i, typ := 0, reflect.TypeFor[Modules](); i < typ.NumField(); i++ {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, kind{
			name: name, field: i, product: Product(f.Tag.Get("product")),
			single: f.Type.Kind() == reflect.Pointer, vars: f.Tag.Get("vars"),
			object: f.Type.Kind() == reflect.Pointer || f.Tag.Get("form") == "object",
		})
	}
	return all
}()

// kindByName finds a kind.
var kindByName = func() map[string]kind {
	byName := make(map[string]kind, len(kinds))
	for _, k := range kinds {
		byName[k.name] = k
	}
	return byName
}()

// namesOfKinds are the names of the kinds.
var namesOfKinds = func() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}()

// kindsElsewhere are kinds that Atlassian's documentation names, or did, and
// that this package has no type for. They are kept in Extra.
var kindsElsewhere = []string{"jiraDesignInfoProvider", "jiraProfileTabPanels", "profilePages"}

// moduleKey is the key of the module that v, a struct, is.
func moduleKey(v reflect.Value) string { return v.FieldByName("Key").String() }

// each calls f for every module of a known kind with its path. The value is
// the struct, and can be addressed.
func (m *Modules) each(f func(k kind, path string, v reflect.Value)) {
	all := reflect.ValueOf(m).Elem()
	for _, k := range kinds {
		field, path := all.Field(k.field), join("modules", k.name)
		switch {
		case k.single && !field.IsNil():
			f(k, path, field.Elem())
		case !k.single:
			for i := range field.Len() {
				f(k, index(path, i), field.Index(i))
			}
		}
	}
}

// used are the kinds of which the document has modules, in the order of
// Modules.
func (m *Modules) used() iter.Seq[kind] {
	return func(yield func(kind) bool) {
		all := reflect.ValueOf(m).Elem()
		for _, k := range kinds {
			field := all.Field(k.field)
			if empty := field.Kind() == reflect.Slice && field.Len() == 0; !field.IsNil() && !empty && !yield(k) {
				return
			}
		}
	}
}
