package devhost

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type serverInfoBody struct {
	BaseURL        string `json:"baseUrl"`
	DisplayURL     string `json:"displayUrl"`
	Version        string `json:"version"`
	VersionNumbers []int  `json:"versionNumbers"`
	DeploymentType string `json:"deploymentType"`
	BuildNumber    int    `json:"buildNumber"`
	ServerTime     string `json:"serverTime"`
	ServerTitle    string `json:"serverTitle"`
}

func serverInfo(q *query) (answer, error) {
	return answer{http.StatusOK, serverInfoBody{
		BaseURL: q.base(), DisplayURL: q.base(), Version: "1001.0.0-SNAPSHOT", VersionNumbers: []int{1001, 0, 0},
		DeploymentType: "Cloud", BuildNumber: 100300, ServerTime: q.host.clock().Format(jiraTime), ServerTitle: "Jira",
	}}, nil
}

func myself(q *query) (answer, error) {
	u := q.render().user(q.caller.accountID)
	if u == nil {
		return answer{}, faultf(http.StatusUnauthorized, "The user does not exist.")
	}
	u.Locale = "en_US"
	return answer{http.StatusOK, u}, nil
}

func readUser(q *query) (answer, error) {
	u := q.render().user(q.URL.Query().Get("accountId"))
	if u == nil {
		return answer{}, faultf(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return answer{http.StatusOK, u}, nil
}

func readProject(q *query) (answer, error) {
	p, ok := q.host.jira.project(q.PathValue("project"))
	if !ok || !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return answer{}, faultf(http.StatusNotFound, "No project could be found with key '%s'.", q.PathValue("project"))
	}
	return answer{http.StatusOK, q.render().project(p.key)}, nil
}

type permissionBody struct {
	Key  Permission `json:"key"`
	Name string     `json:"name"`
	Type string     `json:"type"`
	Have bool       `json:"havePermission"`
}

type myPermissionsBody struct {
	Permissions map[Permission]permissionBody `json:"permissions"`
}

func myPermissions(q *query) (answer, error) {
	asked := q.URL.Query().Get("permissions")
	if asked == "" {
		return answer{}, faultf(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	body := myPermissionsBody{Permissions: make(map[Permission]permissionBody)}
	for name := range strings.SplitSeq(asked, ",") {
		p := Permission(strings.TrimSpace(name))
		if permissionTitles[p] == "" {
			return answer{}, faultf(http.StatusBadRequest, "Unrecognized permission: %s", p)
		}
		body.Permissions[p] = permissionBody{
			Key: p, Name: permissionTitles[p], Type: permissionType(p), Have: q.host.jira.allowed(q.caller.accountID, p),
		}
	}
	return answer{http.StatusOK, body}, nil
}

func permissionType(p Permission) string {
	if p == Administer {
		return "GLOBAL"
	}
	return "PROJECT"
}

type permissionCheck struct {
	AccountID          string              `json:"accountId"`
	GlobalPermissions  []Permission        `json:"globalPermissions"`
	ProjectPermissions []projectPermission `json:"projectPermissions"`
}

type projectPermission struct {
	Permissions []Permission `json:"permissions"`
	Projects    []int64      `json:"projects"`
	Issues      []int64      `json:"issues"`
}

type permissionGrants struct {
	Global  []Permission   `json:"globalPermissions"`
	Project []projectGrant `json:"projectPermissions"`
}

type projectGrant struct {
	Permission Permission `json:"permission"`
	Projects   []int64    `json:"projects"`
	Issues     []int64    `json:"issues"`
}

// checkPermissions answers for the caller, and for any user when an app or an
// administrator asks.
func checkPermissions(q *query) (answer, error) {
	var in permissionCheck
	if err := q.decode(&in, true); err != nil {
		return answer{}, err
	}
	who := cmp.Or(in.AccountID, q.caller.accountID)
	if who != q.caller.accountID && q.caller.kind != kindApp && !q.host.jira.allowed(q.caller.accountID, Administer) {
		return answer{}, faultf(http.StatusForbidden, "Only administrators may ask for the permissions of other users.")
	}
	if _, ok := q.host.jira.user(who); !ok {
		return answer{}, faultf(http.StatusBadRequest, "The user '%s' does not exist.", who)
	}
	out := permissionGrants{Global: []Permission{}, Project: []projectGrant{}}
	for _, p := range in.GlobalPermissions {
		if p != Administer {
			return answer{}, faultf(http.StatusBadRequest, "Unrecognized permission: %s", p)
		}
		if q.host.jira.allowed(who, p) {
			out.Global = append(out.Global, p)
		}
	}
	for _, ask := range in.ProjectPermissions {
		for _, p := range ask.Permissions {
			if permissionTitles[p] == "" || p == Administer {
				return answer{}, faultf(http.StatusBadRequest, "Unrecognized permission: %s", p)
			}
			out.Project = append(out.Project, q.host.jira.grant(who, p, ask))
		}
	}
	return answer{http.StatusOK, out}, nil
}

// grant keeps the projects and issues that exist and on which the user has the
// permission.
func (j *jira) grant(accountID string, p Permission, ask projectPermission) projectGrant {
	g := projectGrant{Permission: p, Projects: []int64{}, Issues: []int64{}}
	if !j.allowed(accountID, p) {
		return g
	}
	for _, id := range ask.Projects {
		if _, ok := j.project(formatID(id)); ok {
			g.Projects = append(g.Projects, id)
		}
	}
	for _, id := range ask.Issues {
		if _, ok := j.issue(formatID(id)); ok {
			g.Issues = append(g.Issues, id)
		}
	}
	slices.Sort(g.Projects)
	slices.Sort(g.Issues)
	return g
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
