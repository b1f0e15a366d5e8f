package descriptor

import "encoding/json"

// Action is something that the host does with a provider at a URL.
type Action struct {
	// TemplateURL is absolute or relative to the base URL, and may hold
	// parameters of the action.
	TemplateURL string `json:"templateUrl,omitzero" connect:"required,url=action,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// BuildInfoProvider gives Jira the builds of an issue.
type BuildInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are reserved: Jira has none for builds. Nil means none.
	Actions *NoActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// NoActions are the actions of a provider that has none.
type NoActions struct {
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DeploymentInfoProvider gives Jira the deployments of an issue.
type DeploymentInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what people do from Jira; nil means none.
	Actions *DeploymentActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DeploymentActions are the actions of a deployment provider; a nil one is
// absent.
type DeploymentActions struct {
	// ListDeployments opens a list.
	ListDeployments *Action `json:"listDeployments,omitzero" connect:"url=browser"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FeatureFlagInfoProvider gives Jira the feature flags of an issue.
type FeatureFlagInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what people do from Jira; nil means none.
	Actions *FeatureFlagActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FeatureFlagActions are the actions of a feature flag provider; a nil one is
// absent.
type FeatureFlagActions struct {
	// LinkFlag opens a page for linking a flag.
	LinkFlag *Action `json:"linkFlag,omitzero" connect:"url=browser"`
	// CreateFlag opens a page for a new flag.
	CreateFlag *Action `json:"createFlag,omitzero" connect:"url=browser"`
	// ListFlags opens a list.
	ListFlags *Action `json:"listFlags,omitzero" connect:"url=browser"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DevelopmentTool gives Jira the commits, branches and pull requests of an
// issue.
type DevelopmentTool struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// URL is the address of the tool.
	URL string `json:"url,omitzero" connect:"required,url=link"`
	// Capabilities are what the tool knows.
	Capabilities []Capability `json:"capabilities,omitzero" connect:"required"`
	// Application is the name of the product behind the tool.
	Application Text `json:"application,omitzero" connect:"required"`
	// LogoURL is a picture of 16 by 16 pixels.
	LogoURL string `json:"logoUrl,omitzero" connect:"required,url=asset,anywhere"`
	// Actions are what people do from Jira; nil means none.
	Actions *DevelopmentActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Capability is something that a development tool knows. The host takes the
// words in all-lower and in all-upper case.
type Capability string

// The values of Capability.
const (
	CapabilityCommit      Capability = "commit"
	CapabilityBranch      Capability = "branch"
	CapabilityPullRequest Capability = "pull_request"
)

func (Capability) words() []string {
	return []string{"commit", "branch", "pull_request"}
}

// DevelopmentActions are the actions of a development tool; a nil one is
// absent.
type DevelopmentActions struct {
	// CreateBranch opens a page for a new branch.
	CreateBranch *Action `json:"createBranch,omitzero" connect:"url=browser"`
	// SearchConnectedWorkspaces finds workspaces.
	SearchConnectedWorkspaces *Action `json:"searchConnectedWorkspaces,omitzero" connect:"url=call"`
	// SearchRepositories finds repositories.
	SearchRepositories *Action `json:"searchRepositories,omitzero" connect:"url=call"`
	// AssociateRepository is told of a repository that joined a project.
	AssociateRepository *Action `json:"associateRepository,omitzero" connect:"url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// RemoteLinkInfoProvider gives Jira remote links of an issue.
type RemoteLinkInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what people do with a link.
	Actions []RemoteLinkAction `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// RemoteLinkAction is something that people do with a remote link.
type RemoteLinkAction struct {
	// ActionID names the action.
	ActionID string `json:"actionId,omitzero" connect:"required"`
	// ActionLabel is shown to people.
	ActionLabel ActionLabel `json:"actionLabel,omitzero" connect:"required"`
	// TemplateURL may hold attributes of the link.
	TemplateURL string `json:"templateUrl,omitzero" connect:"required,url=browser,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ActionLabel is the text of a remote link action.
type ActionLabel struct {
	// Value is the text.
	Value Text `json:"value,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// SecurityInfoProvider gives Jira vulnerabilities.
type SecurityInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what Jira asks for; nil means none.
	Actions *SecurityActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// SecurityActions are the requests of Jira to a security provider; a nil one
// is absent.
type SecurityActions struct {
	// FetchWorkspaces asks for workspaces.
	FetchWorkspaces *Action `json:"fetchWorkspaces,omitzero" connect:"url=post"`
	// FetchContainers asks for containers.
	FetchContainers *Action `json:"fetchContainers,omitzero" connect:"url=post"`
	// SearchContainers finds containers.
	SearchContainers *Action `json:"searchContainers,omitzero" connect:"url=call"`
	// OnEntityAssociated is told of an entity that joined.
	OnEntityAssociated *Action `json:"onEntityAssociated,omitzero" connect:"url=post"`
	// OnEntityDisassociated is told of an entity that left.
	OnEntityDisassociated *Action `json:"onEntityDisassociated,omitzero" connect:"url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// OperationsInfoProvider gives Jira incidents and reviews.
type OperationsInfoProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what Jira asks for; nil means none.
	Actions *OperationsActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// OperationsActions are the requests of Jira to an operations provider; a nil
// one is absent.
type OperationsActions struct {
	// FetchWorkspaces asks for workspaces.
	FetchWorkspaces Action `json:"fetchWorkspaces,omitzero" connect:"required,url=post"`
	// SearchContainers finds containers.
	SearchContainers Action `json:"searchContainers,omitzero" connect:"required,url=call"`
	// OnEntityAssociated is told of an entity that joined.
	OnEntityAssociated *Action `json:"onEntityAssociated,omitzero" connect:"url=post"`
	// OnEntityDisassociated is told of an entity that left.
	OnEntityDisassociated *Action `json:"onEntityDisassociated,omitzero" connect:"url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DevOpsComponentProvider gives Jira components of DevOps tools.
type DevOpsComponentProvider struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// HomeURL is the provider's home page.
	HomeURL string `json:"homeUrl,omitzero" connect:"required,url=link"`
	// LogoURL is a picture.
	LogoURL string `json:"logoUrl,omitzero" connect:"url=asset,anywhere"`
	// DocumentationURL leads to help.
	DocumentationURL string `json:"documentationUrl,omitzero" connect:"url=link"`
	// Actions are what Jira asks for; nil means none.
	Actions *ComponentActions `json:"actions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// ComponentActions are the requests of Jira to a component provider; a nil one
// is absent.
type ComponentActions struct {
	// Associate joins a component.
	Associate Action `json:"associate,omitzero" connect:"required,url=post"`
	// Disassociate parts a component.
	Disassociate Action `json:"disassociate,omitzero" connect:"required,url=post"`
	// OnEntityAssociated is told of an entity that joined.
	OnEntityAssociated *Action `json:"onEntityAssociated,omitzero" connect:"url=post"`
	// OnEntityDisassociated is told of an entity that left.
	OnEntityDisassociated *Action `json:"onEntityDisassociated,omitzero" connect:"url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DeploymentGating is told of decisions about deployments.
type DeploymentGating struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Callback is where the host posts them.
	Callback GatingCallback `json:"callback,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// GatingCallback is where the host posts decisions about deployments.
type GatingCallback struct {
	// Type is CallbackJWT.
	Type CallbackType `json:"type,omitzero" connect:"required"`
	// URL is absolute or relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=post,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CallbackType says how a callback is authenticated. The host takes the words
// in all-lower and in all-upper case.
type CallbackType string

// The values of CallbackType.
const (
	CallbackJWT CallbackType = "jwt"
)

func (CallbackType) words() []string {
	return []string{"jwt"}
}

// AutomationAction is a step that people put into rules of Jira Automation.
type AutomationAction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Webhook is where the step runs.
	Webhook AutomationWebhook `json:"webhook,omitzero" connect:"required"`
	// ConfigForm is the page for its settings; nil means none.
	ConfigForm *AutomationForm `json:"configForm,omitzero"`
	// Requires is what the rule must have at hand.
	Requires []AutomationInput `json:"requires,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// AutomationWebhook is where a step of Jira Automation runs.
type AutomationWebhook struct {
	// URL is relative to the base URL; the host posts to it.
	URL string `json:"url,omitzero" connect:"required,url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// AutomationForm is the page for the settings of a step.
type AutomationForm struct {
	// URL is relative to the base URL.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// AutomationInput is something that a rule must have at hand. The host takes
// the words in all-lower and in all-upper case.
type AutomationInput string

// The values of AutomationInput.
const (
	AutomationComment AutomationInput = "comment"
	AutomationIssue   AutomationInput = "issue"
	AutomationUser    AutomationInput = "user"
)

func (AutomationInput) words() []string {
	return []string{"comment", "issue", "user"}
}
