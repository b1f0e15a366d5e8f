package descriptor

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The context parameters of URLs, by what the page around the module has. The
// names are those of Atlassian's pages on context parameters and of the
// documentation of the modules; CONTEXT.md has them in a table.
var (
	contextIssue   = []string{"issue.id", "issue.key", "issuetype.id"}
	contextProject = []string{"project.id", "project.key"}
	contextJira    = slices.Concat(contextIssue, contextProject, []string{
		"version.id", "component.id", "profileUser.name", "profileUser.key", "profileUser.accountId",
		"board.id", "board.type", "board.screen", "board.mode", "sprint.id", "sprint.state",
	}, contextDashboard, contextServiceDesk)
	contextDashboard   = []string{"dashboard.id", "dashboardItem.id", "dashboardItem.key", "dashboardItem.viewType"}
	contextServiceDesk = []string{"servicedesk.requestId", "servicedesk.serviceDeskId", "servicedesk.requestTypeId"}
	contextConfluence  = []string{
		"content.id", "content.version", "content.type", "content.plugin", "space.id", "space.key",
		"page.id", "page.version", "page.type", "user.id", "user.key",
	}
)

// contextSets are the context parameters by the name of a set, as the tags of
// Modules have it, and by product. A set that is missing for a product is
// empty; "any" takes every name.
var contextSets = map[string]map[Product][]string{
	"none": {},
	"all":  {Jira: contextJira, Confluence: contextConfluence},
	// A page is opened from anywhere, also with values that the app itself
	// hands over.
	"pages": {
		Jira: slices.Concat(contextJira, []string{"ac.*"}),
		Confluence: slices.Concat(contextConfluence, []string{
			"ac.*", "customcontent.create", "dialog.create",
		}),
	},
	"issue":       {Jira: slices.Concat(contextIssue, contextProject)},
	"project":     {Jira: slices.Concat(contextProject, []string{"board.id", "version.id", "component.id"})},
	"dashboard":   {Jira: contextDashboard},
	"servicedesk": {Jira: slices.Concat(contextServiceDesk, contextProject, contextIssue)},
	"condition":   {Jira: slices.Concat([]string{"condition.id", "condition.config"}, contextProject, contextIssue)},
	"validator":   {Jira: slices.Concat([]string{"validator.id", "validator.config"}, contextProject, contextIssue)},
	"postfunction": {Jira: slices.Concat([]string{"postFunction.id", "postFunction.config"},
		contextProject, contextIssue)},
	"option": {Jira: slices.Concat([]string{"option.id", "option.key", "option.properties"},
		contextIssue[:2], contextProject, []string{"user.id", "user.name", "user.accountId"})},
	"action": {Jira: []string{"issue.key", "issue.summary", "issue.flags", "issue.deployments", "tenant.url", "jwt"}},
	"macro": {Confluence: {
		"page.id", "page.title", "page.type", "page.version", "space.id", "space.key", "user.id", "user.key",
		"output.type", "macro.id", "macro.localId", "macro.hash", "macro.body", "macro.truncated", "dialog.create",
		"content.id", "content.type", "content.version",
	}},
	"events": {
		Jira: slices.Concat(contextIssue, contextProject, []string{
			"version.id", "mergedVersion.id", "board.id", "sprint.id",
			"modifiedUser.name", "modifiedUser.key", "modifiedUser.accountId",
		}),
		Confluence: contextConfluence,
	},
}

// ContextParameters returns the names of the context parameters that the host
// binds in the URLs of a kind of module, such as webPanels; "" stands for the
// rest of the document, where there are none. A name that ends in .* stands for
// all that begin so. Macros bind their own parameters as well. The kind "any"
// parameters are nil and any is true where the host says no names. For an empty
// product, those of both are returned.
//
// The names are those of Atlassian's documentation, some of it old; a host may
// bind more.
func ContextParameters(p Product, kind string) (names []string, any bool) {
	k, ok := kindByName[kind]
	if !ok {
		return nil, false
	}
	if k.vars == "any" {
		return nil, true
	}
	for _, product := range []Product{Jira, Confluence} {
		if (p == "" || p == product) && (k.product == "" || k.product == product) {
			for _, name := range contextSets[k.vars][product] {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names, false
}

// notInline are the conditions that cannot be used in a URL, by Atlassian's
// page on context parameters.
var notInline = []string{
	"user_is_the_logged_in_user", "following_target_user", "tiny_url_supported", "viewing_content", "viewing_own_profile",
}

// inlineCondition is the name of a condition in a URL with its parameters,
// such as condition.has_project_permission(permission=BROWSE).
var inlineCondition = regexp.MustCompile(`^condition\.([a-z_.]+)(?:\([^()]*\))?$`)

// variable is a context parameter in a URL.
type variable struct {
	// name is what stands in the braces.
	name string
	// start and end are the places of the braces, the end behind the last.
	start, end int
}

// variablesOf are the context parameters in a URL in order; ok is false when
// braces do not pair.
func variablesOf(url string) (found []variable, ok bool) {
	for i := 0; i < len(url); {
		at := strings.IndexAny(url[i:], "{}")
		if at < 0 {
			break
		}
		at += i
		if url[at] == '}' {
			return found, false
		}
		length := strings.IndexAny(url[at+1:], "{}")
		if length < 0 || url[at+1+length] == '{' {
			return found, false
		}
		end := at + 1 + length
		found = append(found, variable{url[at+1 : end], at, end + 1})
		i = end + 1
	}
	return found, true
}

// ExpandURL puts values in the place of the context parameters of a URL, as a
// host does: percent-encoded in the path, form-encoded in the query, where a
// space becomes a plus sign. A parameter for which value is not ok is empty.
// Braces that do not pair stay as they are.
func ExpandURL(template string, value func(name string) (v string, ok bool)) string {
	variables, ok := variablesOf(template)
	if !ok || len(variables) == 0 {
		return template
	}
	query := strings.IndexByte(template, '?')
	var b strings.Builder
	last := 0
	for _, x := range variables {
		b.WriteString(template[last:x.start])
		last = x.end
		v, ok := value(x.name)
		switch {
		case !ok:
		case query >= 0 && x.start > query:
			b.WriteString(url.QueryEscape(v))
		default:
			b.WriteString(strings.ReplaceAll(url.QueryEscape(v), "+", "%20"))
		}
	}
	return b.String() + template[last:]
}

// maxUnbound is how many context parameters of one URL are told of.
const maxUnbound = 5

// variables checks the context parameters of a URL of the module that is being
// checked.
func (c *checker) variables(path, url string) {
	variables, ok := variablesOf(url)
	if !ok {
		c.add(path, RuleVariable, url, "has braces that do not pair")
		return
	}
	if len(variables) == 0 {
		return
	}
	names, any := c.parameters()
	query, before := strings.IndexByte(url, '?'), len(c.findings)
	for _, x := range variables {
		if len(c.findings) >= before+maxUnbound {
			return
		}
		switch {
		case x.start > 0 && url[x.start-1] == '$':
			c.warn(path, RuleVariable, url, "${%s} is the old way to write it; hosts take {%s}", x.name, x.name)
		case !wholePart(url, query, x):
			c.warn(path, RuleVariable, url, "{%s} must be a whole part of the path, or the whole value of a parameter", x.name)
		case !any && !binds(names, x.name):
			c.unbound(path, url, x.name, names)
		}
	}
}

// parameters are those of the module that is being checked.
func (c *checker) parameters() (names []string, any bool) {
	found, ok := c.bound[c.kind.name]
	if !ok {
		found.names, found.any = ContextParameters(c.product, c.kind.name)
		c.bound[c.kind.name] = found
	}
	return append(found.names[:len(found.names):len(found.names)], c.own...), found.any
}

// bound is what ContextParameters returns.
type bound struct {
	names []string
	any   bool
}

// unbound warns of a parameter that has no value.
func (c *checker) unbound(path, url, name string, names []string) {
	if m := inlineCondition.FindStringSubmatch(name); m != nil {
		if slices.Contains(notInline, m[1]) {
			c.warn(path, RuleVariable, url, "the condition %s cannot be asked in a URL", m[1])
			return
		}
		c.known(path, m[1], "a condition", conditionNames)
		return
	}
	where := "here"
	if c.kind.name != "" {
		where = "in modules." + c.kind.name
	}
	c.warn(path, RuleVariable, url, "{%s} is not bound %s, and will be empty%s", name, where, c.suggest(name, names))
}

// binds reports whether one of the names is that of a parameter.
func binds(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		prefix, open := strings.CutSuffix(n, "*")
		return n == name || open && strings.HasPrefix(name, prefix) && len(name) > len(prefix)
	})
}

// wholePart reports whether a parameter is a whole segment of a path or the
// whole value of a query parameter; query is where the query begins.
func wholePart(url string, query int, x variable) bool {
	inQuery := query >= 0 && query < x.start
	before, after := "/", "/?#"
	if inQuery {
		before, after = "=", "&#"
	}
	return x.start > 0 && strings.IndexByte(before, url[x.start-1]) >= 0 &&
		(x.end == len(url) || strings.IndexByte(after, url[x.end]) >= 0)
}
