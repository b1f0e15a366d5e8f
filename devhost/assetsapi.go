package devhost

import (
	"net/http"
	"slices"
	"strings"
)

// assetsResource is one row of the table of the Assets API.
type assetsResource struct {
	method, path string // path is below the workspace; "{id}" stands for a segment
	scope        string // what a Connect app needs
	granular     string // what a client of OAuth 2.0 needs instead
	serve        func(*query) (answer, error)
}

// assetsResources is the Assets API as far as this host has it. Which Connect
// scope Atlassian asks for is not documented; the rows follow what a call does.
var assetsResources = []assetsResource{
	{"GET", "objectschema/list", "READ", "read:cmdb-schema:jira", listSchemas},
	{"POST", "objectschema/create", "WRITE", "write:cmdb-schema:jira", createSchema},
	{"GET", "objectschema/{id}", "READ", "read:cmdb-schema:jira", readSchema},
	{"GET", "objectschema/{id}/objecttypes/flat", "READ", "read:cmdb-type:jira", listObjectTypes},
	{"GET", "objecttype/{id}", "READ", "read:cmdb-type:jira", readObjectType},
	{"GET", "objecttype/{id}/attributes", "READ", "read:cmdb-attribute:jira", listAttributes},
	{"POST", "object/create", "WRITE", "write:cmdb-object:jira", createObject},
	{"POST", "object/aql", "READ", "read:cmdb-object:jira", searchObjects},
	{"GET", "aql/objects", "READ", "read:cmdb-object:jira", oldSearchObjects},
	{"GET", "object/{id}", "READ", "read:cmdb-object:jira", readObject},
	{"PUT", "object/{id}", "WRITE", "write:cmdb-object:jira", updateObject},
	{"DELETE", "object/{id}", "DELETE", "delete:cmdb-object:jira", deleteObject},
	{"POST", "importsource/{id}/token", "WRITE", importScope, createContainerToken},
	{"GET", "importsource/{id}/configstatus", "READ", importScope, readImportStatus},
	{"PUT", "importsource/{id}/mapping", "WRITE", importScope, putMapping},
	{"PATCH", "importsource/{id}/mapping", "WRITE", importScope, patchMapping},
	{"POST", "importsource/{id}/executions", "WRITE", importScope, startImport},
	{"PUT", "importsource/{id}/executions/{execution}/progress", "WRITE", importScope, submitProgress},
	{"POST", "importsource/{id}/executions/{execution}/data", "WRITE", importScope, submitResults},
	{"GET", "importsource/{id}/executions/{execution}/status", "READ", importScope, readExecution},
	{"DELETE", "importsource/{id}/executions/{execution}", "WRITE", importScope, cancelImport},
}

const importScope = "import:import-configuration:cmdb"

// answerAssets answers a call to the Assets API by a caller who is known, by
// whichever address and credential the call came. path is what follows the
// workspace's /v1/, such as "object/12".
func answerAssets(q *query, workspaceID, path string) (answer, error) {
	id := q.host.AssetsWorkspaceID()
	here := id != "" && id == workspaceID
	if q.caller.kind == kindContainer && (!here || !strings.HasPrefix(path, "importsource/"+q.caller.source+"/")) {
		return answer{}, unauthorized("a container token is good for its own import source only")
	}
	if err := q.host.countAssetsCall(); err != nil {
		return answer{}, err
	}
	if !here {
		return answer{}, faultf(http.StatusNotFound, "There is no Assets workspace '%s'.", workspaceID)
	}
	res := findAssetsResource(q.Request, path)
	if res == nil {
		return answer{}, faultf(http.StatusNotFound, "This host's Assets does not have %s %s.", q.Method, path)
	}
	scope := res.scope
	if slices.Contains(q.caller.scopes, res.granular) {
		scope = "NONE"
	}
	if q.caller.gateway {
		if err := q.needGranted(res.granular); err != nil {
			return answer{}, err
		}
		return res.serve(q)
	}
	return q.run(resource{scope: scope, serve: res.serve})
}

// findAssetsResource finds the row for a request and sets the path values. Rows
// without a variable come before those they compete with.
func findAssetsResource(r *http.Request, path string) *assetsResource {
	segments := strings.Split(path, "/")
	for i := range assetsResources {
		res := &assetsResources[i]
		pattern := strings.Split(res.path, "/")
		if res.method != r.Method || len(pattern) != len(segments) || !slices.EqualFunc(pattern, segments, fits) {
			continue
		}
		for n, name := range pattern {
			if isVariable(name) {
				r.SetPathValue(strings.Trim(name, "{}"), segments[n])
			}
		}
		return res
	}
	return nil
}

func fits(pattern, segment string) bool {
	return pattern == segment || (isVariable(pattern) && segment != "")
}

func isVariable(pattern string) bool { return strings.HasPrefix(pattern, "{") }

// assetsOnSite is the Assets API at the site itself. That it can be reached there
// with a Connect JWT is likely, since the token's hash is bound to the site, but
// Atlassian does not say so.
func assetsOnSite(q *query) (answer, error) {
	return answerAssets(q, q.PathValue("workspace"), q.PathValue("path"))
}

type jsmPage[T any] struct {
	Size       int      `json:"size"`
	Start      int      `json:"start"`
	Limit      int      `json:"limit"`
	IsLastPage bool     `json:"isLastPage"`
	Links      jsmLinks `json:"_links"`
	Values     []T      `json:"values"`
}

type jsmLinks struct {
	Self    string `json:"self"`
	Base    string `json:"base"`
	Context string `json:"context"`
}

type workspaceBody struct {
	WorkspaceID string `json:"workspaceId"`
}

// listWorkspaces is where the id of the workspace is found. A site without Jira
// Service Management does not have it; one whose plan lacks Assets lists none.
func listWorkspaces(q *query) (answer, error) {
	if q.host.assets.noJSM {
		return unknownResource(q)
	}
	v := q.URL.Query()
	start, err := numberParameter(v.Get("start"), 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	limit, err := numberParameter(v.Get("limit"), 50, 100)
	if err != nil {
		return answer{}, err
	}
	page := jsmPage[workspaceBody]{
		Start: start, Limit: limit, IsLastPage: true, Values: []workspaceBody{},
		Links: jsmLinks{Self: q.base() + q.URL.Path, Base: q.base()},
	}
	if id := q.host.AssetsWorkspaceID(); id != "" && start == 0 && limit > 0 {
		page.Values = append(page.Values, workspaceBody{id})
		page.Size = 1
	}
	return answer{http.StatusOK, page}, nil
}
