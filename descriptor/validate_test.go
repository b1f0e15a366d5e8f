package descriptor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// Documents for the rules below are written short: what matters stands in the
// place of the percent sign, and the rest makes the document whole.
const (
	topLevel   = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},%}`
	pageMember = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"generalPages":[{"key":"p","name":{"value":"P"},"url":"/p",%}]}}`
	itemMember = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"webItems":[{"key":"p","name":{"value":"P"},"location":"l",%}]}}`
	pageItem   = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"generalPages":[{"key":"page-key","name":{"value":"P"},"url":"/p"}],"dialogs":[{"key":"d","url":"/d"}],"webItems":[{"key":"p","name":{"value":"P"},"location":"l",%}]}}`
	hookMember = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"scopes":["READ"],"modules":{"webhooks":[{%}]}}`
	bodyMember = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"jiraIssueContents":[{"key":"p",%}]}}`
	sideMember = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"jiraIssueContexts":[{"key":"p","name":{"value":"P"},"icon":{"url":"/i"},%}]}}`
	macro      = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{"dynamicContentMacros":[{"key":"p","name":{"value":"P"},"url":"/p",%}]}}`
	allModules = `{"key":"app","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"modules":{%}}`
)

func x(n int) string { return strings.Repeat("x", n) }

// ruleTests has each rule with a bad example and the nearest good one.
var ruleTests = []struct {
	frame, bad, good string
	path             string
	rule             descriptor.Rule
	message          string
}{
	{`{"baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"}%}`, ``, `,"key":"a"`, "key", "required", "is missing"},
	{`{"baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"key":"%"}`, "my app", "my_app.X-1", "key", "pattern", `"my app" must be letters, digits, dots, dashes and underscores`},
	{`{"baseUrl":"https://a.example.com","lifecycle":{"installed":"/i"},"key":"%"}`, x(81), x(64), "key", "length", "has 81 characters, at most 80 are allowed"},
	{`{"key":"a","lifecycle":{"installed":"/i"}%}`, ``, `,"baseUrl":"https://a.example.com"`, "baseUrl", "required", "is missing"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "http://a.example.com", "https://a.example.com", "baseUrl", "https", "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "http://localhost.example.com", "http://localhost:8080", "baseUrl", "https", "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "http://128.0.0.1", "http://127.1.2.3:80/app", "baseUrl", "https", "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "http://[::2]", "http://[::1]:3000", "baseUrl", "https", "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "ftp://a.example.com", "HTTPS://a.example.com", "baseUrl", "https", "must be https"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "a.example.com", "https://a.example.com/base", "baseUrl", "url", "must be an absolute URL such as https://app.example.com"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "https://:443", "https://a:443", "baseUrl", "url", "must be an absolute URL such as https://app.example.com"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "https://a.example.com?x=1", "https://a.example.com/x=1", "baseUrl", "url", "must have no user, query, fragment or variable"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "https://u:p@a.example.com", "https://a.example.com", "baseUrl", "url", "must have no user, query, fragment or variable"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "https://a.example.com/{{x}}", "https://a.example.com/x", "baseUrl", "url", "must have no user, query, fragment or variable"},
	{`{"key":"a","lifecycle":{"installed":"/i"},"baseUrl":"%"}`, "https://a/" + x(191), "https://a/" + x(190), "baseUrl", "length", "has 201 characters, at most 200 are allowed"},

	{topLevel, `"name":"` + x(81) + `"`, `"name":"` + strings.Repeat("é", 80) + `"`, "name", "length", "has 81 characters, at most 80 are allowed"},
	{topLevel, `"description":"` + x(1401) + `"`, `"description":"` + x(1400) + `"`, "description", "length", "has 1401 characters, at most 1400 are allowed"},
	{topLevel, `"vendor":{"name":"` + x(101) + `"}`, `"vendor":{"name":"` + x(100) + `"}`, "vendor.name", "length", "has 101 characters, at most 100 are allowed"},
	{topLevel, `"vendor":{"url":"mailto:a@example.com"}`, `"vendor":{"url":"http://example.com"}`, "vendor.url", "url", "must begin with https:// or http://"},
	{topLevel, `"vendor":{"url":"` + x(201) + `"}`, `"vendor":{"url":"` + x(200) + `"}`, "vendor.url", "length", "has 201 characters, at most 200 are allowed"},

	{topLevel, `"authentication":{"type":"Jwt"}`, `"authentication":{"type":"JWT"}`, "authentication.type", "word", `"Jwt" is none of jwt, none; did you mean jwt?`},
	{`{"key":"a","baseUrl":"https://a.example.com"%}`, ``, `,"authentication":{"type":"none"}`, "lifecycle.installed", "installed", "is missing: with authentication of type jwt the host sends the secret there"},
	{`{"key":"a","baseUrl":"https://a.example.com","authentication":{"type":"JWT"}%}`, `,"lifecycle":{"enabled":"/e"}`, `,"lifecycle":{"installed":"/e"}`, "lifecycle.installed", "installed", "is missing: with authentication of type jwt the host sends the secret there"},
	{`{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"%"}}`, "https://a.example.com/i", "/i", "lifecycle.installed", "url", "must be relative to baseUrl, such as /page"},
	{topLevel[:len(topLevel)-2] + `"links":{}%}`, `,"cloudAppMigration":{"migrationWebhookPath":"hook"}`, `,"cloudAppMigration":{"migrationWebhookPath":"/hook"}`, "cloudAppMigration.migrationWebhookPath", "url", "should begin with a slash, because it is appended to baseUrl"},
	{`{"key":"a","baseUrl":"https://a.example.com","lifecycle":{"installed":"/i","dare-migration":"%"},"dataResidency":{"maxMigrationDurationHours":1},"regionBaseUrls":{"EU":"https://eu.example.com"}}`, "dare", "/dare", `lifecycle["dare-migration"]`, "url", "should begin with a slash, because it is appended to baseUrl"},
	{topLevel, `"regionBaseUrls":{"EU":"http://eu.example.com"}`, `"regionBaseUrls":{"EU":"https://eu.example.com"}`, "regionBaseUrls.EU", "https", "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])"},
	{topLevel, `"regionBaseUrls":{"EU":""}`, `"regionBaseUrls":{}`, "regionBaseUrls.EU", "required", "is missing"},
	{topLevel, `"translations":{"paths":{"de-DE":"de.json"}}`, `"translations":{"paths":{"de-DE":"/de.json","en-US":"https://cdn.example.net/en.json"}}`, `translations.paths["de-DE"]`, "url", "should begin with a slash, because it is appended to baseUrl"},

	{topLevel, `"scopes":["READ","Write"]`, `"scopes":["READ","write"]`, "scopes[1]", "word", `"Write" is none of NONE, READ, WRITE, DELETE, PROJECT_ADMIN, SPACE_ADMIN, ADMIN, ACT_AS_USER, ACCESS_EMAIL_ADDRESSES; did you mean WRITE?`},
	{topLevel, `"scopes":["ACT_AS_USER"],"modules":{"webhooks":[{"event":"e","url":"/e"}]}`, `"scopes":["write"],"modules":{"webhooks":[{"event":"e","url":"/e"}]}`, "scopes", "scope", "must have READ, or a scope that implies it, for modules.webhooks"},

	{allModules, `"dialogs":[{"url":"/d"}]`, `"dialogs":[{"url":"/d","key":"d"}]`, "modules.dialogs[0].key", "required", "is missing"},
	{allModules, `"dialogs":[{"url":"/d","key":"a_b"}]`, `"dialogs":[{"url":"/d","key":"a-B"}]`, "modules.dialogs[0].key", "pattern", `"a_b" must be letters, digits and dashes`},
	{allModules, `"dialogs":[{"url":"/d","key":"d"},{"url":"/d","key":"d"}]`, `"dialogs":[{"url":"/d","key":"d"},{"url":"/d","key":"D"}]`, "modules.dialogs[1].key", "unique", `"d" is already the key at modules.dialogs[0].key`},
	{allModules, `"dialogs":[{"url":"/d","key":"d"}],"configurePage":{"key":"d","name":{"value":"D"},"url":"/d"}`, `"dialogs":[{"url":"/d","key":"d"}],"configurePage":{"key":"e","name":{"value":"D"},"url":"/d"}`, "modules.dialogs[0].key", "unique", `"d" is already the key at modules.configurePage.key`},
	{allModules, `"dialogs":[{"url":"/d","key":"d"}],"jiraDesignInfoProvider":[{"key":"e"},{"key":"d"}]`, `"dialogs":[{"url":"/d","key":"d"}],"jiraDesignInfoProvider":[{"key":"e"},7,{"key":8},{}]`, "modules.jiraDesignInfoProvider[1].key", "unique", `"d" is already the key at modules.dialogs[0].key`},
	{allModules, `"dialogs":[{"url":"/d","key":"d"}],"profilePages":{"key":"d"}`, `"dialogs":[{"url":"/d","key":"d"}],"profilePages":{"key":"e"},"jiraProfileTabPanels":"d"`, "modules.profilePages.key", "unique", `"d" is already the key at modules.dialogs[0].key`},

	{pageMember, `"location":"` + x(101) + `"`, `"location":"` + x(100) + `"`, "modules.generalPages[0].location", "length", "has 101 characters, at most 100 are allowed"},
	{pageMember, `"icon":{}`, `"icon":{"url":"https://cdn.example.net/i.png"}`, "modules.generalPages[0].icon.url", "required", "is missing"},
	{pageMember, `"icon":{"url":"data:image/png;base64,AA"}`, `"icon":{"url":"/i.png"}`, "modules.generalPages[0].icon.url", "url", "must be relative to baseUrl or begin with https:// or http://"},
	{pageMember, `"conditions":[{"params":{}}]`, `"conditions":[{"condition":"user_is_admin","params":{}}]`, "modules.generalPages[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{pageMember, `"conditions":[{"condition":"user_is_admin","or":[]}]`, `"conditions":[{"or":[{"condition":"user_is_admin"}]}]`, "modules.generalPages[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{pageMember, `"conditions":[{"condition":"` + x(101) + `"}]`, `"conditions":[{"condition":"` + x(100) + `"}]`, "modules.generalPages[0].conditions[0].condition", "length", "has 101 characters, at most 100 are allowed"},
	{pageMember, `"conditions":[{"and":[{"or":[{"type":"xor","conditions":[]}]}]}]`, `"conditions":[{"and":[{"or":[{"type":"or","conditions":[]}]}]}]`, "modules.generalPages[0].conditions[0].and[0].or[0].type", "word", `"xor" is none of and, or; did you mean or?`},
	{pageMember, `"conditions":[{"type":"or","conditions":[{}]}]`, `"conditions":[{"type":"or","conditions":[{"condition":"user_is_admin"}]}]`, "modules.generalPages[0].conditions[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{allModules, `"adminPages":[{"key":"p","name":{"i18n":"n"},"url":"/p"}]`, `"adminPages":[{"key":"p","name":{"i18n":"n","value":"v"},"url":"/p"}]`, "modules.adminPages[0].name.value", "required", "is missing"},
	{allModules, `"adminPages":[{"key":"p","name":{"value":"` + x(1501) + `"},"url":"/p"}]`, `"adminPages":[{"key":"p","name":{"value":"` + x(1500) + `"},"url":"/p"}]`, "modules.adminPages[0].name.value", "length", "has 1501 characters, at most 1500 are allowed"},
	{allModules, `"adminPages":[{"key":"p","name":{"value":"v","i18n":"` + x(301) + `"},"url":"/p"}]`, `"adminPages":[{"key":"p","name":{"value":"v","i18n":"` + x(300) + `"},"url":"/p"}]`, "modules.adminPages[0].name.i18n", "length", "has 301 characters, at most 300 are allowed"},
	{allModules, `"postInstallPage":{"key":"p","name":{"value":"v"}}`, `"postInstallPage":{"key":"p","name":{"value":"v"},"url":"/p"}`, "modules.postInstallPage.url", "required", "is missing"},
	{allModules, `"configurePage":{"key":"p","name":{"value":"v"},"url":"//b.example.com/p"}`, `"configurePage":{"key":"p","name":{"value":"v"},"url":"/b.example.com/p"}`, "modules.configurePage.url", "url", "must be relative to baseUrl, such as /page"},

	{allModules, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p"}]`, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l"}]`, "modules.webPanels[0].location", "required", "is missing"},
	{allModules, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l","layout":{"width":"01234567890"}}]`, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l","layout":{"width":"0123456789"}}]`, "modules.webPanels[0].layout.width", "length", "has 11 characters, at most 10 are allowed"},
	{allModules, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l","tooltip":{"i18n":"t"}}]`, `"webPanels":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l","tooltip":{}}]`, "modules.webPanels[0].tooltip.value", "required", "is missing"},

	{allModules, `"webItems":[{"key":"p","name":{"value":"v"},"url":"/p"}]`, `"webItems":[{"key":"p","name":{"value":"v"},"url":"/p","location":"l"}]`, "modules.webItems[0].location", "required", "is missing"},
	{itemMember, `"target":{"type":"dialog"}`, `"url":"/p","target":{"type":"dialog"}`, "modules.webItems[0].url", "required", "is missing"},
	{pageItem, `"context":"page"`, `"url":"page-key","context":"page"`, "modules.webItems[0].url", "required", "is missing"},
	{itemMember, `"url":"javascript:alert(1)"`, `"url":"https://b.example.com/"`, "modules.webItems[0].url", "url", "must be relative to baseUrl or begin with https:// or http://"},
	{itemMember, `"url":"/p","context":"host"`, `"url":"p","context":"PRODUCT"`, "modules.webItems[0].context", "word", `"host" is none of page, addon, product`},
	{itemMember, `"url":"/p","target":{"type":"popup"}`, `"url":"/p","target":{"type":"INLINEDIALOG"}`, "modules.webItems[0].target.type", "word", `"popup" is none of page, dialog, inlinedialog, dialogmodule`},
	{pageItem, `"target":{"type":"dialogmodule"}`, `"target":{"type":"dialogmodule","options":{"key":"d"}}`, "modules.webItems[0].target.options.key", "required", "is missing: the target is a dialog module"},
	{itemMember, `"url":"/p","target":{"options":{"key":"` + x(101) + `"}}`, `"url":"/p","target":{"options":{"key":"` + x(100) + `"}}`, "modules.webItems[0].target.options.key", "length", "has 101 characters, at most 100 are allowed"},
	{itemMember, `"url":"/p","target":{"options":{"size":"tiny"}}`, `"url":"/p","target":{"options":{"size":"X-LARGE"}}`, "modules.webItems[0].target.options.size", "word", `"tiny" is none of small, medium, large, x-large, fullscreen, maximum`},
	{itemMember, `"url":"/p","target":{"options":{"height":"01234567890"}}`, `"url":"/p","target":{"options":{"height":"0123456789"}}`, "modules.webItems[0].target.options.height", "length", "has 11 characters, at most 10 are allowed"},
	{itemMember, `"url":"/p","target":{"options":{"header":{"i18n":"h"}}}`, `"url":"/p","target":{"options":{"header":{"value":"h"}}}`, "modules.webItems[0].target.options.header.value", "required", "is missing"},
	{itemMember, `"url":"/p","target":{"options":{"offsetX":"01234567890"}}`, `"url":"/p","target":{"options":{"offsetX":"0123456789"}}`, "modules.webItems[0].target.options.offsetX", "length", "has 11 characters, at most 10 are allowed"},
	{itemMember, `"url":"/p","target":{"options":{"offsetY":"01234567890"}}`, `"url":"/p","target":{"options":{"offsetY":"0123456789"}}`, "modules.webItems[0].target.options.offsetY", "length", "has 11 characters, at most 10 are allowed"},
	{itemMember, `"url":"/p","styleClasses":["ok","1st"]`, `"url":"/p","styleClasses":["ok","_1st"]`, "modules.webItems[0].styleClasses[1]", "pattern", `"1st" must be letters, digits, dashes and underscores, the first a letter or an underscore`},
	{itemMember, `"url":"/p","styleClasses":["` + x(1001) + `"]`, `"url":"/p","styleClasses":["` + x(1000) + `"]`, "modules.webItems[0].styleClasses[0]", "length", "has 1001 characters, at most 1000 are allowed"},

	{allModules, `"dialogs":[{"key":"d"}]`, `"dialogs":[{"key":"d","url":"https://b.example.com/d"}]`, "modules.dialogs[0].url", "required", "is missing"},
	{allModules, `"dialogs":[{"key":"d","url":"/d","options":{"size":"Small"}}]`, `"dialogs":[{"key":"d","url":"/d","options":{"size":"small"}}]`, "modules.dialogs[0].options.size", "word", `"Small" is none of small, medium, large, x-large, fullscreen, maximum; did you mean small?`},
	{allModules, `"dialogs":[{"key":"d","url":"/d","options":{"width":"01234567890"}}]`, `"dialogs":[{"key":"d","url":"/d","options":{"width":"0123456789"}}]`, "modules.dialogs[0].options.width", "length", "has 11 characters, at most 10 are allowed"},
	{allModules, `"dialogs":[{"key":"d","url":"/d","options":{"header":{"i18n":"h"}}}]`, `"dialogs":[{"key":"d","url":"/d","options":{"header":{"value":"h"}}}]`, "modules.dialogs[0].options.header.value", "required", "is missing"},

	{hookMember, `"url":"/h"`, `"url":"/h","event":"e"`, "modules.webhooks[0].event", "required", "is missing"},
	{hookMember, `"event":"e"`, `"url":"/h","event":"e"`, "modules.webhooks[0].url", "required", "is missing"},
	{hookMember, `"url":"/h","event":"` + x(101) + `"`, `"url":"/h","event":"` + x(100) + `"`, "modules.webhooks[0].event", "length", "has 101 characters, at most 100 are allowed"},
	{hookMember, `"event":"e","url":"/h","filter":"` + x(10001) + `"`, `"event":"e","url":"/h","filter":"` + x(10000) + `"`, "modules.webhooks[0].filter", "length", "has 10001 characters, at most 10000 are allowed"},
	{hookMember, `"event":"e","url":"/h","conditions":[{}]`, `"event":"e","url":"/h","conditions":[{"condition":"user_is_admin"}]`, "modules.webhooks[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},

	{sideMember, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel"}`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContexts[0].target.url", "required", "is missing"},
	{sideMember, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"dialog","url":"/p"}`, `"content":{"type":"LABEL","label":{"value":"v"}},"target":{"type":"WEB_PANEL","url":"/p"}`, "modules.jiraIssueContexts[0].target.type", "word", `"dialog" is none of web_panel`},
	{sideMember, `"content":{"type":"label","label":{"value":"v"}},"target":{"url":"/p"}`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContexts[0].target.type", "required", "is missing"},
	{sideMember, `"content":{"label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContexts[0].content.type", "required", "is missing"},
	{sideMember, `"content":{"type":"badge","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContexts[0].content.type", "word", `"badge" is none of label`},
	{sideMember, `"content":{"type":"label"},"target":{"type":"web_panel","url":"/p"}`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContexts[0].content.label", "required", "is missing"},
	{allModules, `"jiraIssueGlances":[{"key":"g","name":{"value":"v"},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, `"jiraIssueGlances":[{"key":"g","name":{"value":"v"},"icon":{"url":"/i"},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, "modules.jiraIssueGlances[0].icon", "required", "is missing"},
	{bodyMember, `"name":{"value":"v"},"icon":{"url":"/i"},"target":{"type":"web_panel","url":"/p"}`, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContents[0].tooltip", "required", "is missing"},
	{bodyMember, `"name":{"value":"v"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"}`, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContents[0].icon", "required", "is missing"},
	{bodyMember, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"},"contentPresentConditions":[{}]`, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"},"contentPresentConditions":[]`, "modules.jiraIssueContents[0].contentPresentConditions[0]", "condition", "must have either condition, or conditions, or and, or or"},

	{macro, `"bodyType":"html"`, `"bodyType":"RICH-TEXT"`, "modules.dynamicContentMacros[0].bodyType", "word", `"html" is none of multi-body-rich-text, rich-text, plain-text, none`},
	{macro, `"outputType":"float"`, `"outputType":"inline"`, "modules.dynamicContentMacros[0].outputType", "word", `"float" is none of block, inline`},
	{macro, `"height":"01234567890"`, `"height":"0123456789"`, "modules.dynamicContentMacros[0].height", "length", "has 11 characters, at most 10 are allowed"},
	{macro, `"description":{"i18n":"d"}`, `"description":{"value":"d"}`, "modules.dynamicContentMacros[0].description.value", "required", "is missing"},
	{macro, `"documentation":{"title":"t"}`, `"documentation":{"url":"https://example.com"}`, "modules.dynamicContentMacros[0].documentation.url", "required", "is missing"},
	{macro, `"documentation":{"url":"/d","title":"` + x(1001) + `"}`, `"documentation":{"url":"/d","title":"` + x(1000) + `"}`, "modules.dynamicContentMacros[0].documentation.title", "length", "has 1001 characters, at most 1000 are allowed"},
	{macro, `"documentation":{"url":"/d","altText":"` + x(1001) + `"}`, `"documentation":{"url":"/d","altText":"` + x(1000) + `"}`, "modules.dynamicContentMacros[0].documentation.altText", "length", "has 1001 characters, at most 1000 are allowed"},
	{macro, `"categories":["` + x(101) + `"]`, `"categories":["` + x(100) + `"]`, "modules.dynamicContentMacros[0].categories[0]", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"aliases":["` + x(101) + `"]`, `"aliases":["` + x(100) + `"]`, "modules.dynamicContentMacros[0].aliases[0]", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"parameters":[{"name":{"value":"v"},"type":"int"}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int"}]`, "modules.dynamicContentMacros[0].parameters[0].identifier", "required", "is missing"},
	{macro, `"parameters":[{"identifier":"Ident","name":{"value":"v"},"type":"int"}]`, `"parameters":[{"identifier":"-_a.0","name":{"value":"v"},"type":"INT"}]`, "modules.dynamicContentMacros[0].parameters[0].identifier", "pattern", `"Ident" should be lower-case letters, digits, dots, dashes and underscores`},
	{macro, `"parameters":[{"identifier":"i","type":"int"}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int"}]`, "modules.dynamicContentMacros[0].parameters[0].name", "required", "is missing"},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"}}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int"}]`, "modules.dynamicContentMacros[0].parameters[0].type", "required", "is missing"},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"date"}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"url"}]`, "modules.dynamicContentMacros[0].parameters[0].type", "word", `"date" is none of attachment, boolean, confluence-content, enum, int, label, spacekey, string, url, username`},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","description":{"i18n":"d"}}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","description":{"value":"d"}}]`, "modules.dynamicContentMacros[0].parameters[0].description.value", "required", "is missing"},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","defaultValue":"` + x(1001) + `"}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","defaultValue":"` + x(1000) + `"}]`, "modules.dynamicContentMacros[0].parameters[0].defaultValue", "length", "has 1001 characters, at most 1000 are allowed"},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","values":["` + x(1001) + `"]}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","values":["` + x(1000) + `"]}]`, "modules.dynamicContentMacros[0].parameters[0].values[0]", "length", "has 1001 characters, at most 1000 are allowed"},
	{macro, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","aliases":["` + x(101) + `"]}]`, `"parameters":[{"identifier":"i","name":{"value":"v"},"type":"int","aliases":["` + x(100) + `"]}]`, "modules.dynamicContentMacros[0].parameters[0].aliases[0]", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"editor":{}`, `"editor":{"url":"/e"}`, "modules.dynamicContentMacros[0].editor.url", "required", "is missing"},
	{macro, `"editor":{"url":"/e","insertTitle":{"i18n":"t"}}`, `"editor":{"url":"/e","insertTitle":{"value":"t"}}`, "modules.dynamicContentMacros[0].editor.insertTitle.value", "required", "is missing"},
	{macro, `"editor":{"url":"/e","editTitle":{"i18n":"t"}}`, `"editor":{"url":"/e","editTitle":{"value":"t"}}`, "modules.dynamicContentMacros[0].editor.editTitle.value", "required", "is missing"},
	{macro, `"editor":{"url":"/e","width":"01234567890"}`, `"editor":{"url":"/e","width":"0123456789"}`, "modules.dynamicContentMacros[0].editor.width", "length", "has 11 characters, at most 10 are allowed"},
	{macro, `"propertyPanel":{}`, `"propertyPanel":{"url":"/e"}`, "modules.dynamicContentMacros[0].propertyPanel.url", "required", "is missing"},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"controls":[{"type":"group","controls":[]}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[{"type":"button","key":"b","label":{"value":"l"}}]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].type", "required", "is missing"},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[{"type":"slider"}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"group","controls":[{"type":"BUTTON","key":"b","label":{"value":"l"}}]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls[0].type", "word", `"slider" is none of button, group, togglegroup, togglebutton, text`},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"text","macroParameter":"p","key":"a b"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"text","macroParameter":"p","key":"a-b"}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].key", "pattern", `"a b" must be letters, digits and dashes`},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"text","macroParameter":"p","key":"` + x(101) + `"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"text","macroParameter":"p","key":"` + x(100) + `"}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].key", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"button","key":"k","label":{"i18n":"l"}}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"button","key":"k","label":{"value":"l"}}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].label.value", "required", "is missing"},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"text","key":"k","macroParameter":"` + x(101) + `"}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"text","key":"k","macroParameter":"` + x(100) + `"}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].macroParameter", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"p","controls":[{"type":"togglebutton","key":"k","label":{"value":"l"},"macroParameterValue":"` + x(10001) + `"}]}]}`, `"propertyPanel":{"url":"/e","controls":[{"type":"togglegroup","macroParameter":"p","controls":[{"type":"togglebutton","key":"k","label":{"value":"l"},"macroParameterValue":"` + x(10000) + `"}]}]}`, "modules.dynamicContentMacros[0].propertyPanel.controls[0].controls[0].macroParameterValue", "length", "has 10001 characters, at most 10000 are allowed"},
	{macro, `"autoconvert":{}`, `"autoconvert":{"urlParameter":"u"}`, "modules.dynamicContentMacros[0].autoconvert.urlParameter", "required", "is missing"},
	{macro, `"autoconvert":{"urlParameter":"` + x(101) + `"}`, `"autoconvert":{"urlParameter":"` + x(100) + `"}`, "modules.dynamicContentMacros[0].autoconvert.urlParameter", "length", "has 101 characters, at most 100 are allowed"},
	{macro, `"autoconvert":{"urlParameter":"u","matchers":[` + strings.Repeat(`{"pattern":"p"},`, 200) + `{"pattern":"p"}]}`, `"autoconvert":{"urlParameter":"u","matchers":[` + strings.Repeat(`{"pattern":"p"},`, 199) + `{"pattern":"p"}]}`, "modules.dynamicContentMacros[0].autoconvert.matchers", "length", "has 201 items, at most 200 are allowed"},
	{macro, `"autoconvert":{"urlParameter":"u","matchers":[{}]}`, `"autoconvert":{"urlParameter":"u","matchers":[]}`, "modules.dynamicContentMacros[0].autoconvert.matchers[0].pattern", "required", "is missing"},
	{macro, `"autoconvert":{"urlParameter":"u","matchers":[{"pattern":"` + x(1025) + `"}]}`, `"autoconvert":{"urlParameter":"u","matchers":[{"pattern":"` + x(1024) + `"}]}`, "modules.dynamicContentMacros[0].autoconvert.matchers[0].pattern", "length", "has 1025 characters, at most 1024 are allowed"},
	{macro, `"imagePlaceholder":{}`, `"imagePlaceholder":{"url":"/i"}`, "modules.dynamicContentMacros[0].imagePlaceholder.url", "required", "is missing"},
	{macro, `"renderModes":{"word":{}}`, `"renderModes":{"word":{"url":"/w"}}`, "modules.dynamicContentMacros[0].renderModes.word.url", "required", "is missing"},
	{macro, `"refDataSchema":{"inputType":"` + x(256) + `"}`, `"refDataSchema":{"inputType":"` + x(255) + `"}`, "modules.dynamicContentMacros[0].refDataSchema.inputType", "length", "has 256 characters, at most 255 are allowed"},
	{macro, `"refDataSchema":{"outputType":"` + x(256) + `"}`, `"refDataSchema":{"outputType":"` + x(255) + `"}`, "modules.dynamicContentMacros[0].refDataSchema.outputType", "length", "has 256 characters, at most 255 are allowed"},

	{allModules, `"jiraIssueGlances":[{"key":"g","name":{"value":"v"},"icon":{"width":16},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, `"jiraIssueGlances":[{"key":"g","name":{"value":"v"},"icon":{"url":"/i"},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, "modules.jiraIssueGlances[0].icon.url", "required", "is missing"},
	{allModules, `"jiraIssueGlances":[{"key":"g","icon":{"url":"/i"},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, `"jiraIssueGlances":[{"key":"g","name":{"value":"v"},"icon":{"url":"/i"},"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"}}]`, "modules.jiraIssueGlances[0].name", "required", "is missing"},
	{sideMember, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"},"conditions":[{}]`, `"content":{"type":"label","label":{"value":"v"}},"target":{"type":"web_panel","url":"/p"},"conditions":[{"condition":"user_is_admin"}]`, "modules.jiraIssueContexts[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{bodyMember, `"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"}`, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"}`, "modules.jiraIssueContents[0].name", "required", "is missing"},
	{bodyMember, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"},"conditions":[{}]`, `"name":{"value":"v"},"icon":{"url":"/i"},"tooltip":{"value":"t"},"target":{"type":"web_panel","url":"/p"},"conditions":[{"condition":"user_is_admin"}]`, "modules.jiraIssueContents[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{allModules, `"dynamicContentMacros":[{"key":"p","url":"/p"}]`, `"dynamicContentMacros":[{"key":"p","url":"/p","name":{"value":"v"}}]`, "modules.dynamicContentMacros[0].name", "required", "is missing"},
	{macro, `"icon":{}`, `"icon":{"url":"/i"}`, "modules.dynamicContentMacros[0].icon.url", "required", "is missing"},
	{allModules, `"webPanels":[{"key":"p","url":"/p","location":"l"}]`, `"webPanels":[{"key":"p","url":"/p","location":"l","name":{"value":"v"}}]`, "modules.webPanels[0].name", "required", "is missing"},
	{allModules, `"webPanels":[{"key":"p","url":"/p","name":{"value":"v"},"location":"` + x(101) + `"}]`, `"webPanels":[{"key":"p","url":"/p","name":{"value":"v"},"location":"` + x(100) + `"}]`, "modules.webPanels[0].location", "length", "has 101 characters, at most 100 are allowed"},
	{allModules, `"webPanels":[{"key":"p","url":"/p","name":{"value":"v"},"location":"l","conditions":[{}]}]`, `"webPanels":[{"key":"p","url":"/p","name":{"value":"v"},"location":"l","conditions":[]}]`, "modules.webPanels[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
	{allModules, `"webItems":[{"key":"p","url":"/p","location":"l"}]`, `"webItems":[{"key":"p","url":"/p","location":"l","name":{"value":"v"}}]`, "modules.webItems[0].name", "required", "is missing"},
	{allModules, `"webItems":[{"key":"p","url":"/p","name":{"value":"v"},"location":"` + x(101) + `"}]`, `"webItems":[{"key":"p","url":"/p","name":{"value":"v"},"location":"` + x(100) + `"}]`, "modules.webItems[0].location", "length", "has 101 characters, at most 100 are allowed"},
	{itemMember, `"url":"/p","icon":{}`, `"url":"/p","icon":{"url":"/i"}`, "modules.webItems[0].icon.url", "required", "is missing"},
	{itemMember, `"url":"/p","tooltip":{"i18n":"t"}`, `"url":"/p","tooltip":{"value":"t"}`, "modules.webItems[0].tooltip.value", "required", "is missing"},
	{itemMember, `"url":"/p","conditions":[{}]`, `"url":"/p","conditions":[{"condition":"user_is_admin"}]`, "modules.webItems[0].conditions[0]", "condition", "must have either condition, or conditions, or and, or or"},
}

func TestValidateRules(t *testing.T) {
	for _, tt := range ruleTests {
		t.Run(tt.path+" "+string(tt.rule), func(t *testing.T) {
			level := descriptor.LevelError
			if strings.Contains(tt.message, "should ") {
				level = descriptor.LevelWarning
			}
			checkRule(t, "", level, tt.frame, tt.bad, tt.good, tt.path, tt.rule, tt.message)
		})
	}
}

// checkRule takes a bad example, which must break the rule and no other, and the
// nearest good one.
func checkRule(t *testing.T, p descriptor.Product, level descriptor.Level, frame, bad, good, path string, rule descriptor.Rule, message string) {
	t.Helper()
	judge := func(part string) descriptor.Findings {
		return whole(parse(t, strings.Replace(frame, "%", part, 1))).Validate(p).At(level)
	}
	if found := judge(good); len(found) > 0 {
		t.Errorf("the good example: %v", found)
	}
	found := judge(bad)
	if len(found) != 1 {
		t.Fatalf("the bad example: got %v", found)
	}
	got := *found[0]
	got.Value = ""
	if want := (descriptor.Finding{Level: level, Path: path, Rule: rule, Message: message}); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// whole fills in what every document should have and the short ones of these
// tests do not.
func whole(a *descriptor.App) *descriptor.App {
	if a.Name == "" {
		a.Name = "A"
	}
	defaults := a.WithDefaults()
	a.APIMigrations, a.Authentication = defaults.APIMigrations, defaults.Authentication
	return a
}

func TestFindings(t *testing.T) {
	long := strings.Repeat("ö", 150)
	found := (&descriptor.App{Key: "my app", Name: long, BaseURL: "http://a.example.com"}).WithDefaults().Validate("")
	want := `descriptor: 4 findings
	key: "my app" must be letters, digits, dots, dashes and underscores
	name: has 150 characters, at most 80 are allowed
	baseUrl: must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])
	lifecycle.installed: is missing: with authentication of type jwt the host sends the secret there`
	err := found.Err()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	values := make([]string, 0, len(found))
	for _, f := range found {
		values = append(values, f.Value)
	}
	if want := []string{"my app", strings.Repeat("ö", 100) + "…", "http://a.example.com", ""}; !reflect.DeepEqual(values, want) {
		t.Errorf("values: got %q, want %q", values, want)
	}
	if first, ok := errors.AsType[*descriptor.Finding](err); !ok || first.Rule != descriptor.RulePattern {
		t.Errorf("first finding: got %v", first)
	}
	warned := (&descriptor.App{Key: "a", BaseURL: "https://a.example.com", Lifecycle: descriptor.Lifecycle{Installed: "/i"}}).WithDefaults().Validate("")
	if len(warned) != 1 || warned.Err() != nil || len(warned.At(descriptor.LevelWarning)) != 1 ||
		warned.Error() != "descriptor: 1 finding\n\tname: is missing: the Marketplace asks for one" {
		t.Errorf("one warning: got %v, and as an error %v", warned, warned.Err())
	}
}

// No kind of module is forgotten: an empty module of each known kind is read
// as one object and in an array, found wanting, and written as it was. What it
// lacks stands in testdata.
func TestEveryKindIsChecked(t *testing.T) {
	var missing strings.Builder
	for _, name := range kindNames() {
		for _, form := range []string{`{}`, `[{}]`} {
			document := `{"modules":{"` + name + `":` + form + `}}`
			app := parse(t, document)
			if got := oneLine(t, app); got != document && got != `{"modules":{"`+name+`":[{}]}}` {
				t.Errorf("%s as %s: got %s", name, form, got)
			}
			if form != `{}` {
				continue
			}
			for _, f := range app.Validate("") {
				if strings.HasPrefix(f.Path, "modules.") {
					fmt.Fprintln(&missing, f)
				}
			}
		}
	}
	golden(t, "empty-modules.txt", []byte(missing.String()))
}

// kindNames are the kinds of modules that have a field.
func kindNames() []string {
	var names []string
	fields := reflect.TypeFor[descriptor.Modules]()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// A document with everything in it wrong is judged, not refused.
func TestValidateIsTotal(t *testing.T) {
	app := &descriptor.App{Modules: descriptor.Modules{
		WebItems: []descriptor.WebItem{{Target: &descriptor.Target{}}},
		Extra:    map[string]json.RawMessage{"broken": json.RawMessage("{"), "empty": nil},
	}}
	if app.Validate("").Err() == nil {
		t.Error("got nil")
	}
	if new(descriptor.App).Validate("").Err() == nil {
		t.Error("the empty document: got nil")
	}
}
