package descriptor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const (
	jira       = descriptor.Jira
	confluence = descriptor.Confluence
	warning    = descriptor.LevelWarning
	fault      = descriptor.LevelError
)

// module is a document with one module of a kind, whose members stand in the
// place of the percent sign after its key and name.
func module(kind string) string {
	return strings.Replace(allModules, "%", `"`+kind+`":[{"key":"m","name":{"value":"M"},%}]`, 1)
}

// single is the same for a kind of which an app has one.
func single(kind string) string {
	return strings.Replace(allModules, "%", `"`+kind+`":{"key":"m","name":{"value":"M"},%}`, 1)
}

const color = `{"color":"#fff"}`

// look is a theme's look and feel with one part replaced.
func look(part, by string) string {
	hover := `{"color":"#fff","hoverOrFocus":{"backgroundColor":"rgb(0, 82, 204)"}}`
	pair := `{"color":"#fff","backgroundColor":"#0052CC"}`
	box := `{"padding":"0 10px","borderRadius":"3px"}`
	parts := map[string]string{
		"bordersAndDividers": color, "headings": color, "links": color, "menus": hover,
		"header":  `{"backgroundColor":"#fff","button":` + pair + `,"primaryNavigation":` + hover + `,"secondaryNavigation":` + hover + `,"search":` + pair + `}`,
		"content": `{"screen":{"gutterTop":"0","gutterBottom":"none","gutterLeft":"small","gutterRight":"default"},"container":` + box + `,"header":` + box + `,"body":` + box + `}`,
	}
	parts[part] = by
	var members []string
	for _, name := range []string{"bordersAndDividers", "headings", "header", "links", "menus", "content"} {
		members = append(members, `"`+name+`":`+parts[name])
	}
	return `"lookAndFeel":{` + strings.Join(members, ",") + `}`
}

func screen(members string) string {
	box := `{"padding":"0","borderRadius":"0"}`
	return look("content", `{"screen":{`+members+`},"container":`+box+`,"header":`+box+`,"body":`+box+`}`)
}

// documentRules are the rules about the document as a whole and about what its
// parts say of one another, each with a bad example and the nearest good one.
var documentRules = []struct {
	product          descriptor.Product
	level            descriptor.Level
	frame, bad, good string
	path             string
	rule             descriptor.Rule
	message          string
}{
	// The top.
	{"", warning, `{"baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"key":"%"}`, x(65), x(64), "key", "length", "has 65 characters, and some pages of Atlassian's say that at most 64 are allowed"},
	{"", warning, `{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"https://a.example.com%"}`, "/", "", "baseUrl", "url", "ends in a slash, and every relative URL begins with one"},
	{"", warning, topLevel, `"baseURL":"x"`, `"version":"1"`, "baseURL", "unknown", "is not a member that the host knows here; did you mean baseUrl?"},
	{"", warning, topLevel, `"flavour":"x"`, `"$schema":"https://example.com/s.json"`, "flavour", "unknown", "is not a member that the host knows here"},
	{"", warning, topLevel, `"vendor":{"name":"V","uri":"x"}`, `"vendor":{"name":"V","url":"https://v.example.com"}`, "vendor.uri", "unknown", "is not a member that the host knows here; did you mean url?"},
	{"", fault, topLevel, `"apiMigrations":{"signed-instal":true}`, `"apiMigrations":{"signed-install":true}`, `apiMigrations["signed-instal"]`, "unknown", "is not a member that the host takes here; did you mean signed-install?"},
	{"", warning, topLevel, `"apiMigrations":{"signed-install":false}`, `"apiMigrations":{"signed-install":true}`, `apiMigrations["signed-install"]`, "migration", "should be true: hosts sign installs since October 2021 in any case"},
	{"", warning, topLevel, `"apiMigrations":{"context-qsh":false}`, `"apiMigrations":{"context-qsh":true}`, `apiMigrations["context-qsh"]`, "migration", "should be true: hosts insist on it since June 2021"},
	{"", warning, topLevel, `"apiMigrations":{"gdpr":false}`, `"apiMigrations":{"gdpr":true}`, "apiMigrations.gdpr", "migration", "should be true: hosts send account ids in any case"},
	{"", warning, topLevel, `"translations":{"paths":{"german":"/de.json"}}`, `"translations":{"paths":{"de-DE":"/de.json"}}`, "translations.paths.german", "pattern", `"german" is not a locale such as de-DE`},
	{"", fault, topLevel, `"translations":{"paths":{"de-DE":""}}`, `"translations":{"paths":{}}`, `translations.paths["de-DE"]`, "required", "is missing"},

	// Scopes.
	{"", warning, topLevel, `"scopes":["READ","read"]`, `"scopes":["READ","WRITE"]`, "scopes[1]", "unique", "READ is there already"},
	{"", warning, topLevel, `"scopes":["NONE","READ"]`, `"scopes":["NONE"]`, "scopes[0]", "redundant", "NONE means nothing beside other scopes"},
	{confluence, fault, topLevel, `"scopes":["READ","PROJECT_ADMIN"]`, `"scopes":["READ","SPACE_ADMIN"]`, "scopes[1]", "product", "PROJECT_ADMIN is a scope of jira, and the document is for confluence"},
	{jira, fault, topLevel, `"scopes":["space_admin"]`, `"scopes":["project_admin"]`, "scopes[0]", "product", "SPACE_ADMIN is a scope of confluence, and the document is for jira"},

	// Regions.
	{"", warning, topLevel, `"regionBaseUrls":{"EUR":"https://eu.example.com"}`, `"regionBaseUrls":{"EU":"https://eu.example.com"}`, "regionBaseUrls.EUR", "residency", `"EUR" is none of the realms EU, US, AU, DE, SG, CA, IN, KR, JP, GB, CH; did you mean EU?`},
	{"", fault, topLevel, `"regionBaseUrls":{"EU":"https://a/` + x(191) + `"}`, `"regionBaseUrls":{"EU":"https://a/` + x(190) + `"}`, "regionBaseUrls.EU", "length", "has 201 characters, at most 200 are allowed"},
	{"", fault, topLevel, `"dataResidency":{"maxMigrationDurationHours":-1}`, `"dataResidency":{"maxMigrationDurationHours":0}`, "dataResidency.maxMigrationDurationHours", "residency", "must not be negative"},
	{"", warning, topLevel, `"dataResidency":{"maxMigrationDurationHours":1}`, `"dataResidency":{}`, `lifecycle["dare-migration"]`, "residency", "is missing: dataResidency gives the terms of moves that the host has no way to ask for"},
	{"", warning, `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i","dare-migration":"/d"},"regionBaseUrls":{"EU":"https://eu.example.com"}%}`, "", `,"dataResidency":{"maxMigrationDurationHours":1}`, "dataResidency.maxMigrationDurationHours", "residency", `is missing: lifecycle["dare-migration"] says that the app moves between realms`},
	{"", warning, `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i","dare-migration":"/d"},"dataResidency":{"maxMigrationDurationHours":1}%}`, "", `,"regionBaseUrls":{"EU":"https://eu.example.com"}`, "regionBaseUrls", "residency", `is missing: lifecycle["dare-migration"] says that the app moves between realms`},

	// Products and kinds.
	{confluence, fault, allModules, `"jiraIssueTypes":[{"key":"t","name":{"value":"T"},"description":{"value":"D"},"type":"standard"}]`, `"dialogs":[]`, "modules.jiraIssueTypes[0]", "product", "is a kind of module of jira, and the document is for confluence"},
	{"", fault, allModules, `"jiraTimeTrackingProviders":{"key":"t","name":{"value":"T"}},"confluenceThemes":{"key":"c","name":{"value":"C"}}`, `"jiraTimeTrackingProviders":{"key":"t","name":{"value":"T"}}`, "modules.confluenceThemes[0]", "product", "is a kind of module of confluence, and the document is for jira"},
	{"", fault, allModules, `"webPanel":[]`, `"webPanels":[]`, "modules.webPanel", "unknown", "is not a kind of module; did you mean webPanels?"},
	{"", warning, allModules, `"holograms":[]`, `"jiraDesignInfoProvider":[]`, "modules.holograms", "unknown", "is not a kind of module that this version knows"},
	{"", fault, pageMember, `"fullPage":true`, `"cacheable":true`, "modules.generalPages[0].fullPage", "unknown", "is not a member that the host takes here"},
	{"", warning, module("webPanels"), `"url":"/p","location":"l","cacheble":true`, `"url":"/p","location":"l","cacheable":true`, "modules.webPanels[0].cacheble", "unknown", "is not a member that the host knows here; did you mean cacheable?"},

	// References.
	{"", fault, pageItem, `"target":{"type":"dialogmodule","options":{"key":"e"}}`, `"target":{"type":"dialogmodule","options":{"key":"d"}}`, "modules.webItems[0].target.options.key", "reference", `"e" is not the key of a module in dialogs; did you mean d?`},
	{"", fault, pageItem, `"target":{"type":"dialogmodule","options":{"key":"page-key"}}`, `"target":{"type":"dialogmodule","options":{"key":"d"}}`, "modules.webItems[0].target.options.key", "reference", `"page-key" is the key at modules.generalPages[0].key, and must be one in dialogs`},
	{"", fault, pageItem, `"url":"pagekey","context":"page"`, `"url":"page-key","context":"page"`, "modules.webItems[0].url", "reference", `"pagekey" is not the key of a module in generalPages or adminPages or configurePage or postInstallPage or jiraProjectPages or spaceToolsTabs; did you mean page-key?`},
	{"", fault, pageItem, `"url":"/pagekey?x=1","context":"page"`, `"url":"/page-key?x=1","context":"page"`, "modules.webItems[0].url", "reference", `"pagekey" is not the key of a module in generalPages or adminPages or configurePage or postInstallPage or jiraProjectPages or spaceToolsTabs; did you mean page-key?`},
	{"", fault, pageItem, `"url":"pages","context":"page"`, `"url":"page-key","context":"page"`, "modules.webItems[0].url", "reference", `"pages" is not the key of a module in generalPages or adminPages or configurePage or postInstallPage or jiraProjectPages or spaceToolsTabs`},
	{"", fault, strings.Replace(pageItem, `"dialogs"`, `"profilePages":[{"key":"profile"}],"dialogs"`, 1), `"url":"profil","context":"page"`, `"url":"profile","context":"page"`, "modules.webItems[0].url", "reference", `"profil" is not the key of a module in generalPages or adminPages or configurePage or postInstallPage or jiraProjectPages or spaceToolsTabs`},
	{"", fault, macro, `"parameters":[{"identifier":"A","name":{"value":"v"},"type":"int"}]`, `"parameters":[{"identifier":"a","name":{"value":"v"},"type":"int"}]`, "modules.dynamicContentMacros[0].parameters[0].identifier", "pattern", `"A" must be lower-case letters, digits, dots, dashes and underscores`},
	{"", warning, hookMember, `"url":"/h","event":"page_created","key":"a_b"`, `"url":"/h","event":"page_created","key":"a-b"`, "modules.webhooks[0].key", "pattern", `"a_b" should be letters, digits and dashes`},
	{"", fault, allModules, `"dialogs":[{"key":"k","url":"/d"},{"key":"k","url":"/d"}]`, `"dialogs":[{"key":"k","url":"/d"}]`, "modules.dialogs[1].key", "unique", `"k" is already the key at modules.dialogs[0].key`},
	{"", warning, module("webPanels"), `"url":"/p","location":"l","tooltip":{"value":""}`, `"url":"/p","location":"l","tooltip":{}`, "modules.webPanels[0].tooltip.value", "required", "is empty"},
	{"", fault, `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"apiVersion":%}`, `-1`, `2`, "apiVersion", "word", "must not be negative"},
	{"", fault, allModules, `"keyboardShortcuts":[{"key":"k","name":{"value":"K"},"shortcut":"gx","target":{"key":"dd"}}],"dialogs":[{"key":"d","url":"/d"}]`, `"keyboardShortcuts":[{"key":"k","name":{"value":"K"},"shortcut":"gx","target":{"key":"d"}}],"dialogs":[{"key":"d","url":"/d"}]`, "modules.keyboardShortcuts[0].target.key", "reference", `"dd" is not the key of any module; did you mean d?`},
	{"", fault, allModules, `"jiraTimeTrackingProviders":[{"key":"t","name":{"value":"T"},"adminPageKey":"b"}],"adminPages":[{"key":"a","name":{"value":"A"},"url":"/a"}]`, `"jiraTimeTrackingProviders":[{"key":"t","name":{"value":"T"},"adminPageKey":"a"}],"adminPages":[{"key":"a","name":{"value":"A"},"url":"/a"}]`, "modules.jiraTimeTrackingProviders[0].adminPageKey", "reference", `"b" is not the key of a module in adminPages; did you mean a?`},
	{"", fault, allModules, `"serviceDeskQueues":[{"key":"q","name":{"value":"Q"},"group":"r"}],"serviceDeskReportGroups":[{"key":"r","name":{"value":"R"}}]`, `"serviceDeskQueues":[{"key":"q","name":{"value":"Q"},"group":"r"}],"serviceDeskQueueGroups":[{"key":"r","name":{"value":"R"}}]`, "modules.serviceDeskQueues[0].group", "reference", `"r" is the key at modules.serviceDeskReportGroups[0].key, and must be one in serviceDeskQueueGroups`},
	{"", fault, allModules, `"serviceDeskReports":[{"key":"q","name":{"value":"Q"},"group":"nowhere"}]`, `"serviceDeskReports":[{"key":"q","name":{"value":"Q"}}]`, "modules.serviceDeskReports[0].group", "reference", `"nowhere" is not the key of a module in serviceDeskReportGroups`},
	{"", fault, pageMember, `"location":"app__menu/sub"`, `"location":"other-app__menu"`, "modules.generalPages[0].location", "reference", `"menu" is not the key of a module in webSections`},
	{jira, fault, pageMember, `"conditions":[{"condition":"has_project_permission","params":{"permission":"app__review"}}]`, `"conditions":[{"condition":"has_project_permission","params":{"permission":"EDIT_ISSUES"}}]`, "modules.generalPages[0].conditions[0].params.permission", "reference", `"review" is not the key of a module in jiraProjectPermissions or jiraGlobalPermissions`},
	{"", fault, module("customContent"), `"uiSupport":{"contentViewComponent":{"moduleKey":"v"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":["space"]}`, `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":["space"]}`, "modules.customContent[0].uiSupport.contentViewComponent.moduleKey", "reference", `"v" is not the key of a module in generalPages`},
	{"", fault, module("customContent"), `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":["ac:app:n"]}`, `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":["ac:app:m","ac:b:n"]}`, "modules.customContent[0].apiSupport.supportedContainerTypes[0]", "reference", `"n" is not the key of a module in customContent; did you mean m?`},

	{"", fault, `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i%"}}`, `%zz`, `%20`, "lifecycle.installed", "url", "is not a URL: invalid URL escape \"%zz\""},
	{"", fault, module("webPanels"), `"location":"l","url":"/p/{issue.key}\n"`, `"location":"l","url":"/p/{issue.key}"`, "modules.webPanels[0].url", "url", "is not a URL: net/url: invalid control character in URL"},

	// Context parameters.
	{"", fault, module("webPanels"), `"location":"l","url":"/p/{issue.key"`, `"location":"l","url":"/p/{issue.key}"`, "modules.webPanels[0].url", "variable", "has braces that do not pair"},
	{"", fault, module("webPanels"), `"location":"l","url":"/p/issue.key}"`, `"location":"l","url":"/p/issue.key"`, "modules.webPanels[0].url", "variable", "has braces that do not pair"},
	{jira, warning, module("webPanels"), `"location":"l","url":"/p/{isue.key}"`, `"location":"l","url":"/p/{issue.key}"`, "modules.webPanels[0].url", "variable", "{isue.key} is not bound in modules.webPanels, and will be empty; did you mean issue.key?"},
	{confluence, warning, module("webPanels"), `"location":"l","url":"/p/{issue.key}"`, `"location":"l","url":"/p/{content.id}"`, "modules.webPanels[0].url", "variable", "{issue.key} is not bound in modules.webPanels, and will be empty"},
	{"", warning, module("webPanels"), `"location":"l","url":"/p?i=${issue.key}"`, `"location":"l","url":"/p?i={issue.key}"`, "modules.webPanels[0].url", "variable", "${issue.key} is the old way to write it; hosts take {issue.key}"},
	{"", warning, module("webPanels"), `"location":"l","url":"/p-{issue.key}"`, `"location":"l","url":"/p/{issue.key}?p={project.id}&i={issue.id}#x"`, "modules.webPanels[0].url", "variable", "{issue.key} must be a whole part of the path, or the whole value of a parameter"},
	{"", warning, module("webPanels"), `"location":"l","url":"/p?{issue.key}"`, `"location":"l","url":"/p?i={issue.key}"`, "modules.webPanels[0].url", "variable", "{issue.key} must be a whole part of the path, or the whole value of a parameter"},
	{jira, warning, module("webPanels"), `"location":"l","url":"/p?a={condition.user_is_the_logged_in_user}"`, `"location":"l","url":"/p?a={condition.user_is_admin}&b={condition.has_project_permission(permission=BROWSE)}"`, "modules.webPanels[0].url", "variable", "the condition user_is_the_logged_in_user cannot be asked in a URL"},
	{jira, warning, module("webPanels"), `"location":"l","url":"/p?a={condition.user_is_admn}"`, `"location":"l","url":"/p?a={condition.user_is_admin}"`, "modules.webPanels[0].url", "word", `"user_is_admn" is not a condition that Atlassian documents for jira; did you mean user_is_admin?`},
	{"", warning, pageMember, `"cacheable":true,"params":{},"icon":{"url":"/i/{issue.key}"}`, `"cacheable":true,"icon":{"url":"/i"}`, "modules.generalPages[0].icon.url", "variable", "{issue.key} is not bound here: this URL takes no context parameters"},
	{"", warning, strings.Replace(allModules, "%", `"dialogs":[{"key":"d","url":"/d?i={issue.key}"%}]`, 1), `,"cacheable":true`, ``, "modules.dialogs[0].url", "cacheable", "{issue.key} will not be bound: the host takes the URL of a cacheable page as it is written"},
	{"", warning, module("jiraReports"), `"description":{"value":"d"},"url":"/r/{issue.key}"`, `"description":{"value":"d"},"url":"/r/{project.key}"`, "modules.jiraReports[0].url", "variable", "{issue.key} is not bound in modules.jiraReports, and will be empty"},
	{"", warning, strings.Replace(module("jiraBackgroundScripts"), `"name":{"value":"M"},`, "", 1), `"location":{"type":"dashboard"},"url":"/r/{issue.key}"`, `"location":{"type":"dashboard"},"url":"/r"`, "modules.jiraBackgroundScripts[0].url", "variable", "{issue.key} is not bound in modules.jiraBackgroundScripts, and will be empty"},
	{"", warning, module("dynamicContentMacros"), `"url":"/m?a={tpye}","parameters":[{"identifier":"type","name":{"value":"T"},"type":"string"}]`, `"url":"/m?a={type}","parameters":[{"identifier":"type","name":{"value":"T"},"type":"string"}]`, "modules.dynamicContentMacros[0].url", "variable", "{tpye} is not bound in modules.dynamicContentMacros, and will be empty; did you mean type?"},
	{"", warning, `{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i%"}}`, `/{issue.key}`, ``, "lifecycle.installed", "variable", "{issue.key} is not bound here: this URL takes no context parameters"},
	{"", warning, module("webItems"), `"location":"l","context":"product","url":"/browse/{isue.key}"`, `"location":"l","context":"product","url":"/browse/{issue.key}"`, "modules.webItems[0].url", "variable", "{isue.key} is not bound in modules.webItems, and will be empty; did you mean issue.key?"},
	{jira, warning, module("jiraIssueFields"), `"description":{"value":"d"},"type":"single_select","template":{"type":"link","url":"https://b.example.com/{option.name}"}`, `"description":{"value":"d"},"type":"single_select","template":{"type":"link","url":"https://b.example.com/{option.id}"}`, "modules.jiraIssueFields[0].template.url", "variable", "{option.name} is not bound in modules.jiraIssueFields, and will be empty"},
	{"", fault, module("jiraIssueFields"), `"description":{"value":"d"},"type":"single_select","template":{"type":"link","url":"ftp://b.example.com/"}`, `"description":{"value":"d"},"type":"single_select","template":{"type":"link","url":"browse"}`, "modules.jiraIssueFields[0].template.url", "url", "must begin with https:// or http://"},

	{"", warning, module("generalPages"), `"url":"/p?x={ac.}"`, `"url":"/p?x={ac.mine}"`, "modules.generalPages[0].url", "variable", "{ac.} is not bound in modules.generalPages, and will be empty; did you mean ac.*?"},
	{"", fault, module("webPanels"), `"location":"l","url":"/p/{a{issue.key}}"`, `"location":"l","url":"/p/{issue.key}"`, "modules.webPanels[0].url", "variable", "has braces that do not pair"},
	{"", fault, module("webItems"), `"location":"l","context":"product"`, `"location":"l","context":"product","url":"/browse"`, "modules.webItems[0].url", "required", "is missing"},
	{"", fault, module("webItems"), `"location":"l","target":{"type":"dialogmodule","options":{}}`, `"location":"l","url":"/p"`, "modules.webItems[0].target.options.key", "required", "is missing: the target is a dialog module"},
	{"", fault, module("customContent"), `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"app"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":[]}`, `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":[]}`, "modules.customContent[0].uiSupport.contentViewComponent.moduleKey", "reference", `"v" is not the key of a module in generalPages`},
	{"", fault, module("customContent"), `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":[],"supportedChildTypes":["ac:app:n"]}`, `"uiSupport":{"contentViewComponent":{"moduleKey":"v","addonKey":"other"},"icons":{"item":{"url":"/i"}}},"apiSupport":{"supportedContainerTypes":[],"supportedChildTypes":["ac:app:m"]}`, "modules.customContent[0].apiSupport.supportedChildTypes[0]", "reference", `"n" is not the key of a module in customContent; did you mean m?`},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"p","controls":[{"type":"togglebutton","key":"k","label":{"value":"l"}}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"p","controls":[{"type":"togglebutton","key":"k","label":{"value":"l"},"macroParameterValue":""}]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls[0].macroParameterValue", "required", "is missing: a control of type togglebutton has one"},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"group"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls", "required", "is missing: a control of type group has one"},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"text","key":"k"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"text","key":"k","macroParameter":"p"}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].macroParameter", "required", "is missing: a control of type text has one"},
	{"", fault, module("serviceDeskOrganizationActions"), `"url":"ftp://a.example.com/x"`, `"target":{"type":"page"}`, "modules.serviceDeskOrganizationActions[0].url", "url", "must be relative to baseUrl or begin with https:// or http://"},
	{"", fault, allModules, `"adminPages":[{"key":"p","name":{"value":"P"},"url":"/p","fullpage":true}]`, `"adminPages":[{"key":"p","name":{"value":"P"},"url":"/p","fullPage":true}]`, "modules.adminPages[0].fullpage", "unknown", "is not a member that the host takes here; did you mean fullPage?"},
	{"", fault, module("automationActions"), `"webhook":{"url":"/w"},"configForm":{"url":"/c","x":1}`, `"webhook":{"url":"/w"},"configForm":{"url":"/c"}`, "modules.automationActions[0].configForm.x", "unknown", "is not a member that the host takes here"},
	{"", fault, single("jiraDeploymentGating"), `"callback":{"type":"jwt","url":"/g","x":1}`, `"callback":{"type":"jwt","url":"/g"}`, "modules.jiraDeploymentGating[0].callback.x", "unknown", "is not a member that the host takes here"},
	{"", fault, module("serviceDeskPortalRequestViewActions"), `"url":"/u","icon":{"url":"/i","width":16}`, `"url":"/u","icon":{"url":"/i"}`, "modules.serviceDeskPortalRequestViewActions[0].icon.width", "unknown", "is not a member that the host takes here"},
	{"", warning, macro, `"imagePlaceholder":{"url":"/i/{page.id}"}`, `"imagePlaceholder":{"url":"/i"}`, "modules.dynamicContentMacros[0].imagePlaceholder.url", "variable", "{page.id} is not bound here: this URL takes no context parameters"},
	{"", warning, single("jiraDevelopmentTool"), `"url":"https://t.example.com/{issue.key}","capabilities":["commit"],"application":{"value":"A"},"logoUrl":"/l.png"`, `"url":"https://t.example.com/","capabilities":["commit"],"application":{"value":"A"},"logoUrl":"/l.png"`, "modules.jiraDevelopmentTool.url", "variable", "{issue.key} is not bound here: this URL takes no context parameters"},
	{"", warning, allModules, `"cacheable":true,"dialogs":[{"key":"d","url":"/d"}]`, `"dialogs":[{"key":"d","url":"/d"}]`, "modules.cacheable", "unknown", "is not a kind of module that this version knows"},
	{"", warning, topLevel, `"vendor":{"version":"1"}`, `"version":"1"`, "vendor.version", "unknown", "is not a member that the host knows here"},

	// Events and conditions.
	{jira, warning, hookMember, `"url":"/h","event":"issue_created"`, `"url":"/h","event":"jira:issue_created"`, "modules.webhooks[0].event", "word", `"issue_created" is not an event that Atlassian documents for jira`},
	{confluence, warning, hookMember, `"url":"/h","event":"page_creted"`, `"url":"/h","event":"page_created"`, "modules.webhooks[0].event", "word", `"page_creted" is not an event that Atlassian documents for confluence; did you mean page_created?`},
	{"", warning, hookMember, `"url":"/h","event":"e"`, `"url":"/h","event":"page_created"`, "modules.webhooks[0].event", "word", `"e" is not an event that Atlassian documents for either product`},
	{confluence, warning, hookMember, `"url":"/h","event":"page_created","filter":"a = b"`, `"url":"/h","event":"page_created"`, "modules.webhooks[0].filter", "product", "counts in Jira alone"},
	{jira, warning, pageMember, `"conditions":[{"condition":"has_space"}]`, `"conditions":[{"condition":"voting_enabled"}]`, "modules.generalPages[0].conditions[0].condition", "word", `"has_space" is not a condition that Atlassian documents for jira`},
	{"", warning, pageMember, `"conditions":[{"and":[],"invert":true}]`, `"conditions":[{"condition":"user_is_admin","invert":true}]`, "modules.generalPages[0].conditions[0].invert", "redundant", "counts for a single condition alone"},

	// What the tags say, one for each form of rule in a new place.
	{"", fault, single("jiraDevelopmentTool"), `"url":"https://t.example.com","capabilities":["commits"],"application":{"value":"A"},"logoUrl":"/l.png"`, `"url":"https://t.example.com","capabilities":["COMMIT"],"application":{"value":"A"},"logoUrl":"https://t.example.com/l.png"`, "modules.jiraDevelopmentTool.capabilities[0]", "word", `"commits" is none of commit, branch, pull_request; did you mean commit?`},
	{"", warning, single("jiraDeploymentGating"), `"callback":{"type":"jwt","url":"gate"}`, `"callback":{"type":"JWT","url":"/gate"}`, "modules.jiraDeploymentGating[0].callback.url", "url", "should begin with a slash, because it is appended to baseUrl"},
	{"", fault, single("jiraOperationsInfoProvider"), `"homeUrl":"https://o.example.com","actions":{"fetchWorkspaces":{"templateUrl":"/f"}}`, `"homeUrl":"https://o.example.com","actions":{"fetchWorkspaces":{"templateUrl":"/f"},"searchContainers":{"templateUrl":"/s"}}`, "modules.jiraOperationsInfoProvider[0].actions.searchContainers", "required", "is missing"},
	{"", fault, single("jiraRemoteLinkInfoProvider"), `"homeUrl":"https://o.example.com","actions":[{"actionId":"a","actionLabel":{"value":{"value":"A"}}}]`, `"homeUrl":"https://o.example.com","actions":[{"actionId":"a","actionLabel":{"value":{"value":"A"}},"templateUrl":"/t/{any.thing}"}]`, "modules.jiraRemoteLinkInfoProvider[0].actions[0].templateUrl", "required", "is missing"},
	{"", fault, module("keyboardShortcuts"), `"shortcut":"G","target":{"key":"m"}`, `"shortcut":"gx","target":{"key":"m"}`, "modules.keyboardShortcuts[0].shortcut", "pattern", `"G" must be one to three lower-case letters`},
	{"", fault, strings.Replace(allModules, "%", `"jiraJqlFunctions":[{"key":"f","name":"f","url":"/f","types":["issue"],"operators":["in"]%}]`, 1), ``, `,"arguments":[]`, "modules.jiraJqlFunctions[0].arguments", "required", "is missing"},
	{"", fault, strings.Replace(allModules, "%", `"jiraJqlFunctions":[{"key":"f","name":"f","url":"/f","types":["issue"],"operators":["in"],"arguments":[{"name":"a"%}]}]`, 1), ``, `,"required":false`, "modules.jiraJqlFunctions[0].arguments[0].required", "required", "is missing"},
	{"", fault, module("jiraWorkflowValidators"), `"expression":"true","errorMessage":{"i18n":"x"}`, `"expression":"true","errorMessage":{"expression":"'no'"}`, "modules.jiraWorkflowValidators[0].errorMessage", "required", "must have either expression or value"},
	{"", fault, module("jiraWorkflowPostFunctions"), `"triggered":{"url":"https://b.example.com/t"}`, `"triggered":{"url":"/t"}`, "modules.jiraWorkflowPostFunctions[0].triggered.url", "url", "must be relative to baseUrl, such as /page"},
	{"", fault, module("automationActions"), `"webhook":{"url":"/w","method":"POST"}`, `"webhook":{"url":"/w"}`, "modules.automationActions[0].webhook.method", "unknown", "is not a member that the host takes here"},
	{"", fault, module("serviceDeskPortalUserMenuActions"), `"url":"/u","target":{"type":"inlinedialog"}`, `"url":"/u","target":{"type":"dialog"}`, "modules.serviceDeskPortalUserMenuActions[0].target.type", "word", `"inlinedialog" is none of page, dialog`},
	{"", warning, module("staticContentMacros"), `"url":"m"`, `"url":"/m","renderingMethod":"POST"`, "modules.staticContentMacros[0].url", "url", "should begin with a slash, because it is appended to baseUrl"},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","controls":[]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"p","controls":[]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].macroParameter", "required", "is missing: a control of type togglegroup has one"},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"togglebutton","key":"k","label":{"value":"l"},"macroParameterValue":"v"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"BUTTON","key":"k","label":{"value":"l"}}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].type", "word", `"togglebutton" is none of button, group, togglegroup, text`},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[{"type":"text","key":"k","macroParameter":"p"}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[{"type":"button","key":"k","label":{"value":"l"}}]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls[0].type", "word", `"text" is none of button`},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"TOGGLEGROUP","macroParameter":"p","controls":[{"type":"button","key":"k","label":{"value":"l"}}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"TOGGLEGROUP","macroParameter":"p","controls":[]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls[0].type", "word", `"button" is none of togglebutton`},
	{"", fault, macro, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"P","controls":[]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"text","key":"k","macroParameter":"P"}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].macroParameter", "pattern", `"P" must be lower-case letters, digits, dots, dashes and underscores`},
	{"", fault, module("webItems"), `"url":"/p","location":"l","styleClasses":["a",""]`, `"url":"/p","location":"l","styleClasses":["a"]`, "modules.webItems[0].styleClasses[1]", "required", "is empty"},
	{"", fault, single("jiraDevelopmentTool"), `"url":"https://t.example.com","capabilities":[""],"application":{"value":"A"},"logoUrl":"/l.png"`, `"url":"https://t.example.com","capabilities":[],"application":{"value":"A"},"logoUrl":"/l.png"`, "modules.jiraDevelopmentTool.capabilities[0]", "required", "is empty"},
	{"", fault, module("jiraWorkflowValidators"), `"expression":"true","errorMessage":{"expression":""}`, `"expression":"true","errorMessage":{"value":"no"}`, "modules.jiraWorkflowValidators[0].errorMessage", "required", "is missing"},
	{"", warning, module("jiraWorkflowValidators"), `"expression":"true","errorMessage":{"expression":"'no'","value":"no"}`, `"expression":"true","errorMessage":{"expression":"'no'"}`, "modules.jiraWorkflowValidators[0].errorMessage", "redundant", "has both expression and value, of which one counts"},
	{"", fault, module("confluenceThemes"), look("links", `{"color":"hsl(05, 5%, 5%)"}`), look("links", `{"color":"hsl(5, 5%, 5%)"}`), "modules.confluenceThemes[0].lookAndFeel.links.color", "pattern", `"hsl(05, 5%, 5%)" must be a colour of CSS, such as #0052cc or rgb(0, 82, 204), and not by name`},
	{"", fault, module("publishConditions"), `"errorMessage":{"value":"e"},"dialog":{"width":"10px"}`, `"errorMessage":{"value":"e"},"dialog":{"url":"/d"}`, "modules.publishConditions[0].dialog.url", "required", "is missing"},
	{"", fault, module("contentBylineItems"), `"url":"/b","contentPropertyKey":"a.b"`, `"url":"/b","contentPropertyKey":"a-b"`, "modules.contentBylineItems[0].contentPropertyKey", "pattern", `"a.b" must be letters, digits and dashes`},
	{"", fault, module("confluenceThemes"), look("links", `{"color":"red"}`), look("links", color), "modules.confluenceThemes[0].lookAndFeel.links.color", "pattern", `"red" must be a colour of CSS, such as #0052cc or rgb(0, 82, 204), and not by name`},
	{"", fault, module("confluenceThemes"), look("menus", `{"color":"#fff","hoverOrFocus":{"color":"#000"}}`), look("menus", `{"color":"#fff","hoverOrFocus":{"backgroundColor":"hsla(210, 50%, 40%, 0.5)"}}`), "modules.confluenceThemes[0].lookAndFeel.menus.hoverOrFocus.backgroundColor", "required", "is missing"},
	{"", fault, module("confluenceThemes"), screen(`"gutterTop":"10","gutterBottom":"none","gutterLeft":"small","gutterRight":"default"`), screen(`"gutterTop":"10px","gutterBottom":"none","gutterLeft":"small","gutterRight":"default"`), "modules.confluenceThemes[0].lookAndFeel.content.screen.gutterTop", "pattern", `"10" must be none, default or a length of CSS, such as 10px`},
	{"", fault, module("confluenceThemes"), screen(`"background":"url(x); color: red","gutterTop":"0","gutterBottom":"0","gutterLeft":"small","gutterRight":"default"`), screen(`"background":"url(x)","gutterTop":"0","gutterBottom":"0","gutterLeft":"small","gutterRight":"default"`), "modules.confluenceThemes[0].lookAndFeel.content.screen.background", "pattern", `"url(x); color: red" must be a value of CSS without semicolons, bars and braces`},
}

func TestDocumentRules(t *testing.T) {
	for _, tt := range documentRules {
		t.Run(tt.path+" "+string(tt.rule), func(t *testing.T) {
			checkRule(t, tt.product, tt.level, tt.frame, tt.bad, tt.good, tt.path, tt.rule, tt.message)
		})
	}
}

// Every rule of the package has a bad example somewhere.
func TestEveryRuleHasAnExample(t *testing.T) {
	seen := map[descriptor.Rule]bool{descriptor.RuleMarketplace: true} // in TestFindings
	for _, tt := range ruleTests {
		seen[tt.rule] = true
	}
	for _, tt := range documentRules {
		seen[tt.rule] = true
	}
	for _, rule := range []descriptor.Rule{
		descriptor.RuleRequired, descriptor.RuleLength, descriptor.RulePattern, descriptor.RuleWord, descriptor.RuleURL,
		descriptor.RuleHTTPS, descriptor.RuleUnique, descriptor.RuleScope, descriptor.RuleInstalled, descriptor.RuleCondition,
		descriptor.RuleUnknown, descriptor.RuleProduct, descriptor.RuleReference, descriptor.RuleVariable, descriptor.RuleCacheable,
		descriptor.RuleMigration, descriptor.RuleResidency, descriptor.RuleRedundant, descriptor.RuleMarketplace,
	} {
		if !seen[rule] {
			t.Errorf("the rule %s has no example", rule)
		}
	}
}

// Opt-ins that are missing are told of one by one.
func TestMissingMigrations(t *testing.T) {
	app := parse(t, `{"key":"a","name":"A","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"authentication":{"type":"JWT"}}`)
	want := `descriptor: 3 findings
	apiMigrations["signed-install"]: is missing, and should be true: hosts sign installs since October 2021 in any case
	apiMigrations.gdpr: is missing, and should be true: hosts send account ids in any case
	apiMigrations["context-qsh"]: is missing, and should be true: hosts insist on it since June 2021`
	if got := app.Validate(""); got.Error() != want || got.Err() != nil {
		t.Errorf("got %v, and as an error %v", got, got.Err())
	}
	if got := app.WithDefaults().Validate(""); len(got) != 0 {
		t.Errorf("with defaults: got %v", got)
	}
}

// Two webhooks may have one key, and a webhook that of another module.
func TestWebhooksShareKeys(t *testing.T) {
	app := whole(parse(t, strings.Replace(hookMember, "%", `"url":"/h","event":"page_created","key":"k"},{"url":"/i","event":"page_created","key":"k"`, 1)))
	if found := app.Validate(""); len(found) != 0 {
		t.Errorf("got %v", found)
	}
}

func TestMissingAuthentication(t *testing.T) {
	app := whole(parse(t, strings.Replace(topLevel, "%", `"links":{}`, 1)))
	app.Authentication = descriptor.Authentication{}
	if got, want := app.Validate("").Error(), "descriptor: 1 finding\n\tauthentication: is missing: the host asks for {\"type\": \"jwt\"}"; got != want {
		t.Errorf("got %s", got)
	}
	app.Authentication.Type, app.APIMigrations = descriptor.AuthNone, descriptor.APIMigrations{}
	if got := app.Validate(""); len(got) != 0 {
		t.Errorf("without tokens: got %v", got)
	}
}

func TestUnknownProduct(t *testing.T) {
	app := whole(parse(t, strings.Replace(topLevel, "%", `"links":{}`, 1)))
	if found := app.Validate("JIRA"); len(found) != 0 {
		t.Errorf("in capitals: got %v", found)
	}
	got := app.Validate("bitbucket").Err()
	if got == nil || !strings.Contains(got.Error(), `the document cannot be for "bitbucket": the products are jira and confluence`) {
		t.Errorf("got %v", got)
	}
}

func TestProduct(t *testing.T) {
	for document, want := range map[string]descriptor.Product{
		`{}`:                                                         jira[:0],
		`{"scopes":["READ"]}`:                                        "",
		`{"scopes":["project_admin"]}`:                               jira,
		`{"scopes":["SPACE_ADMIN","READ"]}`:                          confluence,
		`{"modules":{"generalPages":[]}}`:                            "",
		`{"modules":{"jiraReports":[{}]}}`:                           jira,
		`{"modules":{"blueprints":[{}]}}`:                            confluence,
		`{"modules":{"blueprints":[{}],"jiraReports":[{}]}}`:         "",
		`{"modules":{"blueprints":[{}]},"scopes":["PROJECT_ADMIN"]}`: confluence,
		`{"modules":{"generalPages":[{}],"adminPages":[{}]},"scopes":["ADMIN"]}`: "",
	} {
		if got := parse(t, document).Product(); got != want {
			t.Errorf("%s: got %q, want %q", document, got, want)
		}
	}
}

func ExampleFindings_Locate() {
	document := []byte(`{
  "key": "hello", "name": "Hello", "baseUrl": "{{baseUrl}}",
  "lifecycle": {"installed": "/installed"},
  "modules": {
    "webPanels": [{"key": "panel", "name": {"value": "Hello"}, "url": "panel"}]
  }
}`)
	app, err := descriptor.Template{BaseURL: "https://app.example.com"}.Parse(document)
	if err != nil {
		fmt.Println(err)
		return
	}
	found := app.WithDefaults().Validate(descriptor.Jira)
	if err := found.Locate(document); err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range found {
		fmt.Printf("%s: %s: %v\n", f.Position("atlassian-connect.json"), f.Level, f)
	}

	// Output:
	// atlassian-connect.json:5:71: warning: modules.webPanels[0].url: should begin with a slash, because it is appended to baseUrl
	// atlassian-connect.json:5:19: error: modules.webPanels[0].location: is missing
}
