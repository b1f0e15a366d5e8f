package descriptor

import "encoding/json"

// EntityType is the sort of entity that has a property. The host takes the
// words in all-lower and in all-upper case.
type EntityType string

// The values of EntityType.
const (
	EntityIssue   EntityType = "issue"
	EntityUser    EntityType = "user"
	EntityProject EntityType = "project"
)

func (EntityType) words() []string {
	return []string{"issue", "user", "project"}
}

// ExtractionType is the type of a value that is taken from a property. The
// host takes the words in all-lower and in all-upper case.
type ExtractionType string

// The values of ExtractionType.
const (
	ExtractNumber ExtractionType = "number"
	ExtractText   ExtractionType = "text"
	ExtractString ExtractionType = "string"
	ExtractUser   ExtractionType = "user"
	ExtractDate   ExtractionType = "date"
)

func (ExtractionType) words() []string {
	return []string{"number", "text", "string", "user", "date"}
}

// EntityProperty makes values in properties of entities searchable by JQL.
type EntityProperty struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// EntityType is the sort of entity; EntityIssue when absent.
	EntityType EntityType `json:"entityType,omitzero"`
	// KeyConfigurations are the properties.
	KeyConfigurations []KeyConfiguration `json:"keyConfigurations,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// KeyConfiguration says what is searched in one property.
type KeyConfiguration struct {
	// PropertyKey is the key of the property.
	PropertyKey string `json:"propertyKey,omitzero" connect:"required"`
	// Extractions are the values.
	Extractions []Extraction `json:"extractions,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Extraction is one value in a property.
type Extraction struct {
	// ObjectName is the path of the value in the property, joined by dots.
	ObjectName string `json:"objectName,omitzero" connect:"required"`
	// Type is the type of the value.
	Type ExtractionType `json:"type,omitzero" connect:"required"`
	// Alias is the name in queries.
	Alias string `json:"alias,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueFieldType is the type of an issue field. The host takes the words in
// all-lower and in all-upper case.
type IssueFieldType string

// The values of IssueFieldType.
const (
	FieldString       IssueFieldType = "string"
	FieldText         IssueFieldType = "text"
	FieldRichText     IssueFieldType = "rich_text"
	FieldSingleSelect IssueFieldType = "single_select"
	FieldMultiSelect  IssueFieldType = "multi_select"
	FieldNumber       IssueFieldType = "number"
	FieldReadOnly     IssueFieldType = "read_only"
)

func (IssueFieldType) words() []string {
	return []string{"string", "text", "rich_text", "single_select", "multi_select", "number", "read_only"}
}

// IssueField is a field that the app adds to issues.
type IssueField struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown beside the field.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown below the field.
	Description Text `json:"description,omitzero" connect:"required"`
	// Type is the type of the field.
	Type IssueFieldType `json:"type,omitzero" connect:"required"`
	// Property is where a read-only field has its value; nil means none.
	Property *FieldProperty `json:"property,omitzero"`
	// Template says how the options of a select field are shown; nil means as
	// text.
	Template *FieldTemplate `json:"template,omitzero"`
	// Extractions make values in the options of a select field searchable.
	Extractions []FieldExtraction `json:"extractions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FieldPropertyType is the type of the value of a read-only field. The host
// takes the words in all-lower and in all-upper case.
type FieldPropertyType string

// The values of FieldPropertyType.
const (
	PropertyNumber FieldPropertyType = "number"
	PropertyString FieldPropertyType = "string"
	PropertyDate   FieldPropertyType = "date"
)

func (FieldPropertyType) words() []string {
	return []string{"number", "string", "date"}
}

// FieldProperty is the issue property with the value of a read-only field.
type FieldProperty struct {
	// Key is the key of the property.
	Key string `json:"key,omitzero" connect:"required"`
	// Path is the place of the value in the property, joined by dots.
	Path string `json:"path,omitzero" connect:"required"`
	// Type is the type of the value.
	Type FieldPropertyType `json:"type,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FieldTemplateType says how the options of a select field are shown. The host
// takes the words in all-lower and in all-upper case.
type FieldTemplateType string

// The values of FieldTemplateType.
const (
	TemplateLink FieldTemplateType = "link"
)

func (FieldTemplateType) words() []string {
	return []string{"link"}
}

// FieldTemplate shows the options of a select field as links.
type FieldTemplate struct {
	// Type is TemplateLink.
	Type FieldTemplateType `json:"type,omitzero" connect:"required"`
	// URL is absolute or relative to the host's base URL, and may hold context
	// parameters.
	URL string `json:"url,omitzero" connect:"required,url=template"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// FieldExtraction is one value in the options of a select field.
type FieldExtraction struct {
	// Path is the place of the value in the option, joined by dots.
	Path string `json:"path,omitzero" connect:"required"`
	// Name is the name in queries.
	Name string `json:"name,omitzero"`
	// Type is the type of the value.
	Type ExtractionType `json:"type,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// IssueTypeLevel is the level of an issue type. The host takes the words in
// all-lower and in all-upper case.
type IssueTypeLevel string

// The values of IssueTypeLevel.
const (
	IssueTypeStandard IssueTypeLevel = "standard"
	IssueTypeSubtask  IssueTypeLevel = "subtask"
)

func (IssueTypeLevel) words() []string {
	return []string{"standard", "subtask"}
}

// IssueType is a type of issues.
type IssueType struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to administrators.
	Description Text `json:"description,omitzero" connect:"required"`
	// Type is the level.
	Type IssueTypeLevel `json:"type,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// PermissionCategory is a group of project permissions. The host takes the
// words in all-lower and in all-upper case.
type PermissionCategory string

// The values of PermissionCategory.
const (
	PermissionProjects          PermissionCategory = "projects"
	PermissionIssues            PermissionCategory = "issues"
	PermissionVotersAndWatchers PermissionCategory = "voters_and_watchers"
	PermissionComments          PermissionCategory = "comments"
	PermissionAttachments       PermissionCategory = "attachments"
	PermissionTimeTracking      PermissionCategory = "time_tracking"
	PermissionOther             PermissionCategory = "other"
)

func (PermissionCategory) words() []string {
	return []string{"projects", "issues", "voters_and_watchers", "comments", "attachments", "time_tracking", "other"}
}

// ProjectPermission is a permission that administrators grant in permission
// schemes. Its name in the conditions of a descriptor is the key of the app
// and that of the module, joined by two underscores.
type ProjectPermission struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to administrators.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown below the permission's name.
	Description Text `json:"description,omitzero" connect:"required"`
	// Category is the group; PermissionOther when absent.
	Category PermissionCategory `json:"category,omitzero"`
	// Conditions must all hold for the permission to be shown.
	Conditions []Condition `json:"conditions,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DefaultGrant is who has a global permission at first. The host takes the
// words in all-lower and in all-upper case.
type DefaultGrant string

// The values of DefaultGrant.
const (
	GrantNone               DefaultGrant = "none"
	GrantJiraAdministrators DefaultGrant = "jira-administrators"
	GrantAll                DefaultGrant = "all"
)

func (DefaultGrant) words() []string {
	return []string{"none", "jira-administrators", "all"}
}

// GlobalPermission is a permission that administrators grant for the whole
// site. Its name in conditions is made as that of a ProjectPermission.
type GlobalPermission struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to administrators.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown below the permission's name.
	Description Text `json:"description,omitzero" connect:"required"`
	// DefaultGrants are those who have the permission at first.
	DefaultGrants []DefaultGrant `json:"defaultGrants,omitzero"`
	// AnonymousAllowed is whether it can be granted to everybody; nil means yes.
	AnonymousAllowed *bool `json:"anonymousAllowed,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// JQLType is a type of fields that a JQL function is good for. The host takes
// the words in all-lower and in all-upper case.
type JQLType string

// The values of JQLType.
const (
	JQLIssue              JQLType = "issue"
	JQLProject            JQLType = "project"
	JQLProjectCategory    JQLType = "project_category"
	JQLProjectType        JQLType = "project_type"
	JQLHierarchyLevel     JQLType = "hierarchy_level"
	JQLVersion            JQLType = "version"
	JQLComponent          JQLType = "component"
	JQLUser               JQLType = "user"
	JQLGroup              JQLType = "group"
	JQLTeam               JQLType = "team"
	JQLProjectRole        JQLType = "project_role"
	JQLPriority           JQLType = "priority"
	JQLResolution         JQLType = "resolution"
	JQLIssueType          JQLType = "issue_type"
	JQLStatus             JQLType = "status"
	JQLStatusCategory     JQLType = "status_category"
	JQLCascadingOption    JQLType = "cascading_option"
	JQLOption             JQLType = "option"
	JQLSavedFilter        JQLType = "saved_filter"
	JQLIssueSecurityLevel JQLType = "issue_security_level"
	JQLIssueRestriction   JQLType = "issue_restriction"
	JQLLabel              JQLType = "label"
	JQLAttachment         JQLType = "attachment"
	JQLIssueList          JQLType = "issue_list"
	JQLIssueLinkType      JQLType = "issue_link_type"
	JQLDate               JQLType = "date"
	JQLText               JQLType = "text"
	JQLNumber             JQLType = "number"
	JQLDuration           JQLType = "duration"
	JQLURL                JQLType = "url"
)

func (JQLType) words() []string {
	return []string{"issue", "project", "project_category", "project_type", "hierarchy_level", "version", "component", "user", "group", "team", "project_role", "priority", "resolution", "issue_type", "status", "status_category", "cascading_option", "option", "saved_filter", "issue_security_level", "issue_restriction", "label", "attachment", "issue_list", "issue_link_type", "date", "text", "number", "duration", "url"}
}

// JQLOperator is an operator of JQL. The host takes the words in all-lower and
// in all-upper case.
type JQLOperator string

// The values of JQLOperator.
const (
	JQLEqual          JQLOperator = "eq"
	JQLNotEqual       JQLOperator = "neq"
	JQLGreater        JQLOperator = "gt"
	JQLGreaterOrEqual JQLOperator = "gte"
	JQLLess           JQLOperator = "lt"
	JQLLessOrEqual    JQLOperator = "lte"
	JQLIn             JQLOperator = "in"
	JQLNotIn          JQLOperator = "not_in"
	JQLContains       JQLOperator = "contains"
	JQLNotContains    JQLOperator = "not_contains"
	JQLIs             JQLOperator = "is"
	JQLIsNot          JQLOperator = "is_not"
)

func (JQLOperator) words() []string {
	return []string{"eq", "neq", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "not_contains", "is", "is_not"}
}

// JQLFunction is a function that people use in JQL.
type JQLFunction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is the word in a query.
	Name string `json:"name,omitzero" connect:"required"`
	// URL is relative to the base URL; the host posts the clause to it and gets
	// a fragment of JQL.
	URL string `json:"url,omitzero" connect:"required,url=post"`
	// Types are the types of fields that the function is good for.
	Types []JQLType `json:"types,omitzero" connect:"required"`
	// Operators are those that may stand before the function.
	Operators []JQLOperator `json:"operators,omitzero" connect:"required"`
	// Arguments are those of the function; an empty list, not nil, for none.
	Arguments []JQLArgument `json:"arguments,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// JQLArgument is an argument of a JQL function.
type JQLArgument struct {
	// Name is shown to people.
	Name string `json:"name,omitzero" connect:"required"`
	// Required is whether the argument must be given; it must not be nil.
	Required *bool `json:"required,omitzero" connect:"required"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}
