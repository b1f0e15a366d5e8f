package devhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
)

// errorBody is the shape of Jira's errors.
type errorBody struct {
	Messages []string          `json:"errorMessages"`
	Errors   map[string]string `json:"errors"`
}

func (e errorBody) MarshalJSON() ([]byte, error) {
	type plain errorBody
	if e.Messages == nil {
		e.Messages = []string{}
	}
	if e.Errors == nil {
		e.Errors = map[string]string{}
	}
	return json.Marshal(plain(e))
}

// answer is what a resource answers: a status and a body, nil for none. A body
// that is an http.HandlerFunc writes the whole answer itself.
type answer struct {
	status int
	body   any
}

// fault is an answer that refuses.
type fault struct {
	status int
	body   any
	reason string
	header http.Header // may be nil
}

// plainText is the body of a fault that is no JSON.
type plainText string

func (f *fault) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), f.header)
	if text, ok := f.body.(plainText); ok {
		http.Error(w, string(text), f.status)
		return
	}
	writeJSON(w, f.status, f.body)
}

func (f *fault) Error() string { return f.reason }

// faultf is a fault with one message of Jira's shape.
func faultf(status int, format string, args ...any) *fault {
	text := fmt.Sprintf(format, args...)
	return &fault{status: status, body: errorBody{Messages: []string{text}}, reason: text}
}

// fieldFault is a 400 about single fields.
func fieldFault(fields map[string]string) *fault {
	var parts []string
	for name, text := range fields {
		parts = append(parts, name+": "+text)
	}
	return &fault{status: http.StatusBadRequest, body: errorBody{Errors: fields}, reason: strings.Join(parts, "; ")}
}

// query is one call to the REST API by a recognised caller.
type query struct {
	*http.Request
	caller *caller
	host   *Host
}

// base is the site's base URL as links in answers use it.
func (q *query) base() string {
	if q.caller.app.BaseURL != "" {
		return q.caller.app.BaseURL
	}
	return q.host.BaseURL()
}

func (q *query) render() *renderer { return q.host.renderer(q.base(), q.seesEmail()) }

// seesEmail reports whether addresses are shown: to people, and to apps with the
// scope for it.
func (q *query) seesEmail() bool {
	return !q.caller.limited || grants(q.caller.app.Scopes, "ACCESS_EMAIL_ADDRESSES")
}

// need is nil when the caller's user has a permission.
func (q *query) need(p Permission) error {
	if q.host.jira.allowed(q.caller.accountID, p) {
		return nil
	}
	return faultf(http.StatusForbidden, "You do not have the permission '%s'.", permissionTitles[p])
}

func (q *query) trace() string {
	t := q.Header.Get(headerTrace)
	if len(t) > 1024 || strings.ContainsFunc(t, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return t
}

// decode reads the JSON body into v.
func (q *query) decode(v any, strict bool) error {
	d := json.NewDecoder(q.Body)
	if strict {
		d.DisallowUnknownFields()
	}
	err := d.Decode(v)
	if err == nil {
		_, err = d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("text after the JSON value")
	}
	f := faultf(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
	f.reason = "body: " + err.Error()
	return f
}

// resource is one row of the table of the REST API.
type resource struct {
	pattern string
	scope   string // what an app needs
	serve   func(*query) (answer, error)
}

// resources is the REST API: method and path, the scope Atlassian's REST
// documentation asks for, and what answers.
func (h *Host) resources() []resource {
	const api = "/rest/api/3/"
	return append(h.cloudResources(), []resource{
		{"GET " + api + "serverInfo", "READ", serverInfo},
		{"GET " + api + "myself", "READ", myself},
		{"GET " + api + "user", "READ", readUser},
		{"GET " + api + "mypermissions", "READ", myPermissions},
		{"POST " + api + "permissions/check", "READ", checkPermissions},
		{"GET " + api + "project/{project}", "READ", readProject},
		{"GET " + api + "search/jql", "READ", searchByQuery},
		{"POST " + api + "search/jql", "READ", searchByBody},
		{api + "search", "READ", oldSearch},
		{"/rest/api/2/search", "READ", oldSearch},
		{"POST " + api + "issue", "WRITE", createIssue},
		{"GET " + api + "issue/{issue}", "READ", readIssue},
		{"PUT " + api + "issue/{issue}", "WRITE", updateIssue},
		{"DELETE " + api + "issue/{issue}", "DELETE", deleteIssue},
		{"GET " + api + "issue/{issue}/comment", "READ", listComments},
		{"POST " + api + "issue/{issue}/comment", "WRITE", addComment},
		{"GET " + addonsPath + "{addon}", "READ", readAddon},
		{"GET " + addonsPath + "{addon}/properties", "READ", listProperties},
		{"GET " + addonsPath + "{addon}/properties/{property}", "READ", readProperty},
		{"PUT " + addonsPath + "{addon}/properties/{property}", "WRITE", writeProperty},
		{"DELETE " + addonsPath + "{addon}/properties/{property}", "DELETE", deleteProperty},
		{"GET /rest/servicedeskapi/assets/workspace", "READ", listWorkspaces},
		{"GET /rest/servicedeskapi/insight/workspace", "READ", listWorkspaces}, // the former name
		{"/jsm/assets/workspace/{workspace}/v1/{path...}", "NONE", assetsOnSite},
		{"/jsm/", "NONE", unknownResource},
		{"/rest/", "NONE", unknownResource},
	}...)
}

// restAPI is the REST API with all its checks.
func (h *Host) restAPI() http.Handler { return orderly(h.admitted(h.identify, h.restMux())) }

// restMux is the REST API behind the checks of who calls.
func (h *Host) restMux() http.Handler {
	mux := http.NewServeMux()
	for _, res := range h.resources() {
		mux.HandleFunc(res.pattern, func(w http.ResponseWriter, r *http.Request) { h.serveResource(w, r, res) })
	}
	return h.limited(mux)
}

func (h *Host) serveResource(w http.ResponseWriter, r *http.Request, res resource) {
	q := &query{Request: r, caller: callerOf(r), host: h}
	a, err := q.run(res)
	var f *fault
	switch {
	case err == nil:
	case errors.As(err, &f):
		refuse(r, f.reason)
		f.write(w)
		return
	default:
		refuse(r, err.Error())
		a = answer{http.StatusInternalServerError, errorBody{Messages: []string{err.Error()}}}
	}
	if serve, ok := a.body.(http.HandlerFunc); ok {
		serve(w, r)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	writeJSON(w, a.status, a.body)
}

// run checks the scope and lets the resource answer.
func (q *query) run(res resource) (answer, error) {
	if q.caller.limited && !grants(q.caller.scopes, res.scope) {
		f := faultf(http.StatusForbidden, "Request not in an authorized API scope")
		f.reason = fmt.Sprintf("scope %s is missing, the call has %v", res.scope, q.caller.scopes)
		return answer{}, f
	}
	if err := q.checkGranted(res); err != nil {
		return answer{}, err
	}
	return res.serve(q)
}

func unknownResource(q *query) (answer, error) {
	return answer{}, faultf(http.StatusNotFound, "This host does not have %s %s.", q.Method, q.URL.Path)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
