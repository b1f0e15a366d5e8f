package devhost

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// dcResource is one row of the table of a Data Center's REST API.
type dcResource struct {
	method, path string // below the context path; {api} is each of apiPrefixes
	scope        string // what a token of the OAuth 2.0 provider needs
	noCheck      noCheckRule
	serve        func(*query) (answer, error)
}

// noCheckRule says who must send X-Atlassian-Token whatever the body is.
type noCheckRule int

const (
	nobodyNoCheck noCheckRule = iota
	sessionsNoCheck
	everyoneNoCheck
)

// apiPrefixes are the names of the one version of Jira's API.
var apiPrefixes = []string{"/rest/api/2", "/rest/api/latest"}

// dcResources is the REST API of a Data Center. Which scope a resource needs is
// unconfirmed where it is ADMIN or SYSTEM_ADMIN.
func dcResources() []dcResource {
	return []dcResource{
		{"GET", "{api}/serverInfo", "READ", nobodyNoCheck, dcServerInfo},
		{"GET", "{api}/myself", "READ", nobodyNoCheck, myself},
		{"GET", "{api}/user", "READ", nobodyNoCheck, dcReadUser},
		{"POST", "{api}/user", "ADMIN", nobodyNoCheck, dcCreateUser},
		{"GET", "{api}/mypermissions", "READ", nobodyNoCheck, myPermissions},
		{"GET", "{api}/project/{project}", "READ", nobodyNoCheck, readProject},
		{"GET", "{api}/search", "READ", nobodyNoCheck, dcSearchByQuery},
		{"POST", "{api}/search", "READ", nobodyNoCheck, dcSearchByBody},
		{"POST", "{api}/issue", "WRITE", nobodyNoCheck, createIssue},
		{"GET", "{api}/issue/{issue}", "READ", nobodyNoCheck, readIssue},
		{"PUT", "{api}/issue/{issue}", "WRITE", nobodyNoCheck, updateIssue},
		{"DELETE", "{api}/issue/{issue}", "WRITE", nobodyNoCheck, deleteIssue},
		{"GET", "{api}/issue/{issue}/comment", "READ", nobodyNoCheck, listComments},
		{"POST", "{api}/issue/{issue}/comment", "WRITE", nobodyNoCheck, addComment},
		{"POST", "{api}/issue/{issue}/attachments", "WRITE", everyoneNoCheck, dcAttach},
		{"GET", "{api}/attachment/{id}", "READ", nobodyNoCheck, dcReadAttachment},
		{"GET", "/rest/auth/1/session", "READ", nobodyNoCheck, readSession},
		{"GET", patPath, "READ", nobodyNoCheck, listPATs},
		{"POST", patPath, "WRITE", sessionsNoCheck, createPAT},
		{"GET", patPath + "/{token}", "READ", nobodyNoCheck, readPAT},
		{"DELETE", patPath + "/{token}", "WRITE", sessionsNoCheck, deletePAT},
		{"GET", "/rest/basicauth/1.0/config", "SYSTEM_ADMIN", nobodyNoCheck, readBasicConfig},
		{"PUT", "/rest/basicauth/1.0/config", "SYSTEM_ADMIN", nobodyNoCheck, writeBasicConfig},
		{"", "/rest/", "READ", nobodyNoCheck, unknownResource},
	}
}

// dcRESTAPI is the REST API for recognised callers.
func (h *Host) dcRESTAPI() http.Handler {
	mux := http.NewServeMux()
	for _, res := range dcResources() {
		for _, path := range res.paths() {
			mux.HandleFunc(strings.TrimSpace(res.method+" "+path), func(w http.ResponseWriter, r *http.Request) { h.serveDCResource(w, r, res) })
		}
	}
	return h.dcAuthenticated(mux)
}

func (res dcResource) paths() []string {
	rest, ok := strings.CutPrefix(res.path, "{api}")
	if !ok {
		return []string{res.path}
	}
	var list []string
	for _, prefix := range apiPrefixes {
		list = append(list, prefix+rest)
	}
	return list
}

func (h *Host) serveDCResource(w http.ResponseWriter, r *http.Request, res dcResource) {
	c := callerOf(r)
	if !dcGrants(c, res.scope) {
		f := &dcRefusal{
			status: http.StatusForbidden, body: errorBody{Messages: []string{"The access token does not have the scope " + res.scope + "."}},
			reason: "scope " + res.scope + " is missing, the call has " + strings.Join(c.scopes, " "),
		}
		f.write(w, r)
		return
	}
	if res.noCheck == everyoneNoCheck || res.noCheck == sessionsNoCheck && c.kind == kindSession {
		if f := needNoCheck(r); f != nil {
			f.write(w, r)
			return
		}
	}
	h.serveResource(w, r, resource{serve: res.serve})
}

func dcServerInfo(q *query) (answer, error) {
	b := serverInfoBody{
		BaseURL: q.base(), DisplayURL: q.base(), Version: "10.3.0", VersionNumbers: []int{10, 3, 0},
		DeploymentType: "DataCenter", BuildNumber: 10030000, ServerTime: q.host.clock().Format(jiraTime), ServerTitle: "Jira",
	}
	if q.host.dc.set.BasicOff {
		b.Version, b.VersionNumbers, b.BuildNumber = "11.0.0", []int{11, 0, 0}, 11000000
	}
	return answer{http.StatusOK, b}, nil
}

func dcReadUser(q *query) (answer, error) {
	v := q.URL.Query()
	for _, u := range q.host.Users() {
		named := v.Get("username") != "" && strings.EqualFold(u.Username, v.Get("username"))
		if b := q.render().user(u.AccountID); named || v.Get("key") != "" && b.Key == v.Get("key") {
			return answer{http.StatusOK, b}, nil
		}
	}
	return answer{}, faultf(http.StatusNotFound, "The user named '%s' does not exist", cmp.Or(v.Get("username"), v.Get("key")))
}

func dcCreateUser(q *query) (answer, error) {
	if err := q.need(Administer); err != nil {
		return answer{}, err
	}
	var in struct {
		Name     string `json:"name"`
		Password string `json:"password"`
		Email    string `json:"emailAddress"`
		Title    string `json:"displayName"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	u, err := q.host.AddUser(User{Username: in.Name, Password: in.Password, Email: in.Email, DisplayName: in.Title})
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", forPeople(err))
	}
	return answer{http.StatusCreated, q.render().user(u.AccountID)}, nil
}

// dcSearch is the search of a Data Center, by number of the first result.
type dcSearch struct {
	JQL    string   `json:"jql"`
	Start  int      `json:"startAt"`
	Limit  *int     `json:"maxResults"`
	Fields []string `json:"fields"`
}

type dcSearchResult struct {
	Start  int         `json:"startAt"`
	Limit  int         `json:"maxResults"`
	Total  int         `json:"total"`
	Issues []issueBody `json:"issues"`
}

func dcSearchByQuery(q *query) (answer, error) {
	v := q.URL.Query()
	start, err := numberParameter(v.Get("startAt"), 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	limit, err := numberParameter(v.Get("maxResults"), 50, 1000)
	if err != nil {
		return answer{}, err
	}
	return q.dcSearch(dcSearch{JQL: v.Get("jql"), Start: start, Limit: &limit, Fields: v["fields"]})
}

func dcSearchByBody(q *query) (answer, error) {
	var in dcSearch
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	return q.dcSearch(in)
}

func (q *query) dcSearch(in dcSearch) (answer, error) {
	jql, err := parseJQL(in.JQL)
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", err)
	}
	view := q.host.jira.view(q.caller.accountID)
	if err := jql.check(view); err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", err)
	}
	limit := 50
	if in.Limit != nil {
		limit = min(*in.Limit, 1000)
	}
	if in.Start < 0 || limit < 0 {
		return answer{}, faultf(http.StatusBadRequest, "startAt and maxResults must not be negative.")
	}
	found := q.visible(jql, view)
	start := min(in.Start, len(found))
	out := dcSearchResult{Start: in.Start, Limit: limit, Total: len(found), Issues: []issueBody{}}
	var want *selection
	if len(in.Fields) > 0 {
		want = newSelection(in.Fields)
	}
	render := q.render()
	for n := start; n < min(start+limit, len(found)); n++ {
		out.Issues = append(out.Issues, render.issue(&found[n], want))
	}
	return answer{http.StatusOK, out}, nil
}

// userKey is how a Data Center names a user for good. It needs j.mu.
func (j *jira) userKey(accountID string) string {
	return "JIRAUSER" + strconv.Itoa(10_000+j.userIndex(accountID))
}

// dcUser turns a user of Cloud into one of a Data Center, which has a name and a
// key and no account id.
func (r *renderer) dcUser(b *userBody, u User) {
	r.jira.mu.Lock()
	b.Key = r.jira.userKey(u.AccountID)
	r.jira.mu.Unlock()
	b.Name, b.AccountID, b.AccountType = u.Username, "", ""
	b.Self = r.link("user") + "?username=" + percentEncode(u.Username)
}

// text is a document as the API shows it: plain text on a Data Center, where
// Jira has wiki markup.
func (r *renderer) text(document json.RawMessage) json.RawMessage {
	if !r.jira.dataCenter || document == nil {
		return document
	}
	b, _ := json.Marshal(documentText(document)) // text always encodes
	return b
}

// fromWire turns the fields of a request to a Data Center into those of Cloud:
// texts become documents, and names of users account ids.
func (j *jira) fromWire(fields map[string]json.RawMessage) {
	if !j.dataCenter {
		return
	}
	for name, raw := range fields {
		switch name {
		case "description":
			fields[name] = wireDocument(raw)
		case "assignee", "reporter":
			fields[name] = j.wireUser(raw)
		}
	}
}

// wireDocument leaves what is no text as it is, to be refused.
func wireDocument(raw json.RawMessage) json.RawMessage {
	var text string
	if string(raw) == "null" || json.Unmarshal(raw, &text) != nil {
		return raw
	}
	return Document(text)
}

func (j *jira) wireUser(raw json.RawMessage) json.RawMessage {
	var t thing
	if string(raw) == "null" || json.Unmarshal(raw, &t) != nil {
		return raw
	}
	u, _ := j.username(t.Name)
	b, _ := json.Marshal(thing{AccountID: cmp.Or(u.AccountID, t.Name)}) // text always encodes
	return b
}
