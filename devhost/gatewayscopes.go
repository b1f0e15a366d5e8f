package devhost

import (
	"net/http"
	"slices"
	"strings"
)

// gatewayScopes are the OAuth scopes that resources ask for at the gateway, of
// which one is enough, by Atlassian's REST documentation. What is not here asks
// for a classic scope of Jira by the Connect scope of its row.
var gatewayScopes = map[string][]string{
	"GET /rest/api/3/myself":       {"read:jira-user"},
	"GET /rest/api/3/user":         {"read:jira-user"},
	"GET /rest/api/3/users/search": {"read:jira-user"},

	"GET /rest/agile/1.0/board":            {"read:board-scope:jira-software"},
	"GET /rest/servicedeskapi/servicedesk": {"read:servicedesk-request"},

	"GET /rest/servicedeskapi/assets/workspace":  {"read:servicedesk-request"},
	"GET /rest/servicedeskapi/insight/workspace": {"read:servicedesk-request"},

	// Version 1 of Confluence's API takes classic scopes, version 2 granular ones.
	"GET /wiki/rest/api/content":        {"read:confluence-content.all"},
	"GET /wiki/rest/api/content/{page}": {"read:confluence-content.all"},
	"POST /wiki/rest/api/content":       {"write:confluence-content"},
	"PUT /wiki/rest/api/content/{page}": {"write:confluence-content"},
	"GET /wiki/api/v2/pages":            {"read:page:confluence"},
	"GET /wiki/api/v2/pages/{page}":     {"read:page:confluence"},
	"POST /wiki/api/v2/pages":           {"write:page:confluence"},
	"PUT /wiki/api/v2/pages/{page}":     {"write:page:confluence"},
}

// neededScopes are the scopes of which one must be held; ok is false when no
// caller of the gateway may use the resource.
func (res resource) neededScopes() (scopes []string, ok bool) {
	if scopes, ok := gatewayScopes[res.pattern]; ok {
		return scopes, true
	}
	if strings.Contains(res.pattern, addonsPath) {
		return nil, false // of Connect apps alone
	}
	switch res.scope {
	case "NONE":
		return nil, true
	case "READ":
		return []string{"read:jira-work"}, true
	case "WRITE", "DELETE":
		return []string{"write:jira-work"}, true
	}
	return []string{"manage:jira-configuration"}, true
}

// checkGranted refuses callers of the gateway that lack the scope. No scope
// implies another one.
func (q *query) checkGranted(res resource) error {
	if !q.caller.gateway {
		return nil
	}
	need, ok := res.neededScopes()
	if !ok {
		return gatewayFault(http.StatusUnauthorized, scopeMismatch, "the resource is for Connect apps only")
	}
	return q.needGranted(need...)
}

// needGranted refuses callers of the gateway that hold none of the scopes, unless
// none is needed.
func (q *query) needGranted(need ...string) error {
	if len(need) == 0 || slices.ContainsFunc(need, func(s string) bool { return slices.Contains(q.caller.granted, s) }) {
		return nil
	}
	reason := "scope " + strings.Join(need, " or ") + " is missing, the call has " + strings.Join(q.caller.granted, " ")
	return gatewayFault(http.StatusUnauthorized, scopeMismatch, reason)
}
