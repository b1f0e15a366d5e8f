package devhost

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// searchInput is the body of a search, and what the query parameters stand for.
type searchInput struct {
	JQL             string          `json:"jql"`
	NextPageToken   string          `json:"nextPageToken"`
	MaxResults      *int            `json:"maxResults"`
	Fields          []string        `json:"fields"`
	Expand          string          `json:"expand"`
	Properties      []string        `json:"properties"`
	FieldsByKeys    bool            `json:"fieldsByKeys"`
	FailFast        bool            `json:"failFast"`
	ReconcileIssues json.RawMessage `json:"reconcileIssues"`
}

type searchResult struct {
	Issues        []issueBody `json:"issues"`
	NextPageToken string      `json:"nextPageToken,omitempty"`
	IsLast        bool        `json:"isLast"`
}

func searchByQuery(q *query) (answer, error) {
	v := q.URL.Query()
	in := searchInput{JQL: v.Get("jql"), NextPageToken: v.Get("nextPageToken"), Fields: v["fields"]}
	if s := v.Get("maxResults"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return answer{}, faultf(http.StatusBadRequest, "maxResults is not a number.")
		}
		in.MaxResults = &n
	}
	return q.search(in)
}

func searchByBody(q *query) (answer, error) {
	var in searchInput
	if err := q.decode(&in, true); err != nil {
		return answer{}, err
	}
	return q.search(in)
}

func oldSearch(*query) (answer, error) {
	return answer{}, faultf(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
}

// search runs a query page by page. Queries without a condition are refused, as
// on Atlassian's endpoint.
func (q *query) search(in searchInput) (answer, error) {
	jql, err := parseJQL(in.JQL)
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", err)
	}
	if jql.where == nil {
		return answer{}, faultf(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	view := q.host.jira.view(q.caller.accountID)
	if err := jql.check(view); err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", err)
	}
	limit := 50
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	if limit < 1 || limit > 5000 {
		return answer{}, faultf(http.StatusBadRequest, "maxResults must be between 1 and 5000.")
	}
	start, err := readPageToken(in.NextPageToken, in.JQL)
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "%s", err)
	}
	return answer{http.StatusOK, q.page(q.visible(jql, view), in, start, limit)}, nil
}

// visible are the issues a query finds and the caller may see, in order.
func (q *query) visible(jql *jqlQuery, view *jqlView) []Issue {
	if !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return nil
	}
	issues := slices.DeleteFunc(q.host.jira.allIssues(), func(i Issue) bool { return !jql.matches(&i, view) })
	jql.sort(issues)
	return issues
}

func (q *query) page(issues []Issue, in searchInput, start, limit int) searchResult {
	start = min(start, len(issues))
	end := min(start+limit, len(issues))
	r := searchResult{Issues: []issueBody{}, IsLast: end == len(issues)}
	if !r.IsLast {
		r.NextPageToken = writePageToken(end, in.JQL)
	}
	want, render := newSelection(in.Fields), q.render()
	for n := start; n < end; n++ {
		b := render.issue(&issues[n], want)
		if len(in.Fields) == 0 { // the endpoint gives ids unless fields are named
			b.Key = ""
		}
		r.Issues = append(r.Issues, b)
	}
	return r
}

// A page token is bound to the text of its query.
func writePageToken(offset int, jql string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%x", offset, textHash(jql)))
}

func readPageToken(token, jql string) (int, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	offset, hash, ok := strings.Cut(string(b), ":")
	n, errNumber := strconv.Atoi(offset)
	if err != nil || !ok || errNumber != nil || n < 0 || hash != fmt.Sprintf("%x", textHash(jql)) {
		return 0, wordsf("The nextPageToken is invalid for this query.")
	}
	return n, nil
}

func textHash(s string) uint64 {
	f := fnv.New64a()
	f.Write([]byte(s))
	return f.Sum64()
}

// issue finds the issue of the path, if the caller may see it.
func (q *query) issue() (Issue, error) {
	i, ok := q.host.jira.issue(q.PathValue("issue"))
	if !ok || !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return Issue{}, faultf(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
	}
	return i, nil
}

func readIssue(q *query) (answer, error) {
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	want := newSelection(q.URL.Query()["fields"])
	if len(want.names) == 0 {
		want.all = true
	}
	return answer{http.StatusOK, q.render().issue(&i, want)}, nil
}

// issueInput is the body of a create or an update.
type issueInput struct {
	Fields     map[string]json.RawMessage `json:"fields"`
	Update     map[string]json.RawMessage `json:"update"`
	Properties json.RawMessage            `json:"properties"`
}

type createdBody struct {
	ID   string `json:"id"`
	Key  string `json:"key"`
	Self string `json:"self"`
}

func createIssue(q *query) (answer, error) {
	if err := q.need(CreateIssues); err != nil {
		return answer{}, err
	}
	in, err := q.issueInput()
	if err != nil {
		return answer{}, err
	}
	var i Issue
	faults := q.host.jira.apply(in.Fields, &i, true)
	if i.Summary == "" && faults["summary"] == "" {
		faults["summary"] = "You must specify a summary of the issue."
	}
	if i.Key == "" && faults["project"] == "" {
		faults["project"] = "Specify a valid project ID or key"
	}
	if _, ok := in.Fields["issuetype"]; !ok {
		faults["issuetype"] = "Specify an issue type"
	}
	if len(faults) > 0 {
		return answer{}, fieldFault(faults)
	}
	created, err := q.host.createIssue(q.caller.accountID, i, q.trace())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, createdBody{created.ID, created.Key, q.render().link("issue", created.ID)}}, nil
}

func (q *query) issueInput() (issueInput, error) {
	var in issueInput
	if err := q.decode(&in, false); err != nil {
		return in, err
	}
	if len(in.Update) > 0 {
		return in, faultf(http.StatusBadRequest, "This host knows 'fields' only, not 'update'.")
	}
	q.host.jira.fromWire(in.Fields)
	return in, nil
}

func updateIssue(q *query) (answer, error) {
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	if err := q.need(EditIssues); err != nil {
		return answer{}, err
	}
	in, err := q.issueInput()
	if err != nil {
		return answer{}, err
	}
	trial := i.clone()
	faults := q.host.jira.apply(in.Fields, &trial, false)
	if trial.Summary == "" && faults["summary"] == "" {
		faults["summary"] = "You must specify a summary of the issue."
	}
	if len(faults) > 0 {
		return answer{}, fieldFault(faults)
	}
	_, err = q.host.editIssue(q.caller.accountID, i.Key, func(i *Issue) { q.host.jira.applyLocked(in.Fields, i) }, q.trace())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func deleteIssue(q *query) (answer, error) {
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	if err := q.need(DeleteIssues); err != nil {
		return answer{}, err
	}
	if err := q.host.deleteIssue(q.caller.accountID, i.Key, q.trace()); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func listComments(q *query) (answer, error) {
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	v := q.URL.Query()
	start, err := numberParameter(v.Get("startAt"), 0, 1<<30)
	if err != nil {
		return answer{}, err
	}
	limit, err := numberParameter(v.Get("maxResults"), 100, 5000)
	if err != nil {
		return answer{}, err
	}
	if v.Get("orderBy") == "-created" {
		slices.Reverse(i.Comments)
	}
	return answer{http.StatusOK, q.render().comments(&i, start, limit)}, nil
}

func numberParameter(text string, absent, most int) (int, error) {
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, faultf(http.StatusBadRequest, "'%s' is not a number of zero or more.", text)
	}
	return min(n, most), nil
}

func addComment(q *query) (answer, error) {
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	if err := q.need(AddComments); err != nil {
		return answer{}, err
	}
	var in struct {
		Body json.RawMessage `json:"body"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	if q.host.jira.dataCenter {
		in.Body = wireDocument(in.Body)
	}
	if d, ok := parseDocument(in.Body); !ok || len(d.Content) == 0 {
		return answer{}, fieldFault(map[string]string{"comment": "Comment body is not valid!"})
	}
	c, err := q.host.addComment(q.caller.accountID, i.Key, in.Body, q.trace())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, q.render().comment(&i, &c)}, nil
}
