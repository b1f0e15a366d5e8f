package devhost_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// newDC starts a Data Center at a fixed time.
func newDC(t *testing.T, set devhost.DataCenter) (*devhost.Host, *clock) {
	t.Helper()
	h, _, ck := newHost(t, devhost.Config{DataCenter: &set})
	return h, ck
}

// dcCall is a call to a Data Center. Path is below the base URL.
type dcCall struct {
	method, path, body string
	basic              string // user name and password
	bearer             string
	cookies            []*http.Cookie
	header             map[string]string
}

func (c dcCall) request(t *testing.T, h *devhost.Host) *http.Request {
	t.Helper()
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	var body *strings.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r, err := http.NewRequest(method, h.BaseURL()+c.path, nil)
	if body != nil {
		r, err = http.NewRequest(method, h.BaseURL()+c.path, body)
		r.Header.Set("Content-Type", "application/json")
	}
	if err != nil {
		t.Fatal(err)
	}
	if name, password, ok := strings.Cut(c.basic, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	return r
}

func (c dcCall) do(t *testing.T, h *devhost.Host) *http.Response {
	t.Helper()
	return do(t, c.request(t, h))
}

// wantHeader compares one header of an answer; "" means that it is not there.
func wantHeader(t *testing.T, resp *http.Response, name, want string) {
	t.Helper()
	if got := resp.Header.Get(name); got != want {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}

const (
	dcMyself          = "/rest/api/2/myself"
	dcNobody          = `{"message":"Client must be authenticated to access this resource.","status-code":401}`
	adaBasic, boBasic = "ada:ada-password", "bo:bo-password"
	xsrfFailure       = "XSRF check failed"
)

func TestDataCenterConfig(t *testing.T) {
	limit := devhost.DataCenterLimit{Limit: 1, FillRate: 1}
	people := func(list ...devhost.User) []devhost.User { return list }
	tests := []struct {
		name  string
		set   devhost.DataCenter
		users []devhost.User
		want  string
	}{
		{"path without a slash", devhost.DataCenter{ContextPath: "jira"}, nil, "context path"},
		{"path that ends in one", devhost.DataCenter{ContextPath: "/jira/"}, nil, "context path"},
		{"path with a query", devhost.DataCenter{ContextPath: "/jira?"}, nil, "context path"},
		{"path up", devhost.DataCenter{ContextPath: "/a/.."}, nil, "context path"},
		{"negative life", devhost.DataCenter{CodeLife: -1}, nil, "CodeLife is negative"},
		{"negative count", devhost.DataCenter{CaptchaAfter: -1}, nil, "CaptchaAfter is negative"},
		{"limit without an interval", devhost.DataCenter{RateLimit: &limit}, nil, "whole seconds"},
		{"no user name", devhost.DataCenter{}, people(devhost.User{DisplayName: "X"}), "needs a Username"},
		{"colon in a user name", devhost.DataCenter{}, people(devhost.User{DisplayName: "X", Username: "a:b"}), "holds a colon"},
		{"the same user name", devhost.DataCenter{}, people(devhost.User{DisplayName: "X", Username: "x"}, devhost.User{DisplayName: "Y", Username: "X"}), "is taken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := devhost.New(devhost.Config{DataCenter: &tt.set, Users: tt.users})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
		})
	}
}

// A Data Center has no Connect apps, and Cloud nothing of a Data Center.
func TestDataCenterIsNotCloud(t *testing.T) {
	dc, _ := newDC(t, devhost.DataCenter{})
	app := newApp(t, dc)
	_, err := dc.Install(t.Context(), app.descriptor())
	_, errAdopt := dc.Adopt([]byte(tinyDescriptor))
	for _, err := range []error{err, errAdopt} {
		if err == nil || !strings.Contains(err.Error(), "no Connect apps") {
			t.Errorf("got %v", err)
		}
	}
	if len(app.taken()) > 0 {
		t.Error("the app was told")
	}
	readBody(t, dcCall{path: "/keys/x"}.do(t, dc), 404)
	readBody(t, dcCall{path: "/all.js"}.do(t, dc), 404)

	cloud, _, _ := newHost(t, devhost.Config{})
	_, err = cloud.AddPAT("ada", "x", 0)
	_, errConsent := cloud.ConsentOAuth2(cloud.BaseURL(), "ada")
	_, errLink := cloud.LinkOAuth2(devhost.OAuth2Link{})
	_, errAccount := cloud.AddDataCenterServiceAccount(devhost.DataCenterServiceAccount{})
	for _, err := range []error{err, errConsent, errLink, errAccount, cloud.LinkOAuth1(devhost.OAuth1Link{}), cloud.ExhaustLimit("ada")} {
		if err == nil || !strings.Contains(err.Error(), "not a Data Center") {
			t.Errorf("got %v", err)
		}
	}
	if got := cloud.AddBasicToken("ada"); got != "" {
		t.Errorf("got a token %q", got)
	}
	readBody(t, dcCall{path: "/rest/auth/1/session", basic: adaBasic}.do(t, cloud), 401)
}

// The site is below its context path, at its old and its new address.
func TestContextPath(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	if got, want := h.BaseURL(), h.URL()+"/jira"; got != want {
		t.Fatalf("got base URL %s, want %s", got, want)
	}
	readBody(t, dcCall{path: dcMyself, basic: adaBasic}.do(t, h), 200)
	for path, status := range map[string]int{"/rest/api/2/myself": 404, "/jirarest/api/2/myself": 404, "/jira/%2e%2e/rest": 400, "/jira/rest//api/2/myself": 400} {
		r, err := http.NewRequest("GET", h.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("ada", "ada-password")
		if got := do(t, r).StatusCode; got != status {
			t.Errorf("%s: got status %d, want %d", path, got, status)
		}
	}
	if err := h.Rename(t.Context(), "http://localhost:8090"); err != nil {
		t.Fatal(err)
	}
	if got, want := h.BaseURL(), "http://localhost:8090/jira"; got != want {
		t.Errorf("got base URL %s, want %s", got, want)
	}
}

// The resources of a Data Center, one after the other on one site.
func TestDataCenterREST(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	const api = "/rest/api/2/"
	tests := []struct {
		name, method, path, body, basic string
		status                          int
		want                            []string
	}{
		{"server info", "GET", api + "serverInfo", "", boBasic, 200, []string{`"deploymentType":"DataCenter"`, `"baseUrl":"` + h.URL() + `/jira"`, `"version":"10.3.0"`}},
		{"myself", "GET", api + "myself", "", boBasic, 200, []string{`{"self":"` + h.URL() + `/jira/rest/api/2/user?username=bo","key":"JIRAUSER10001","name":"bo","emailAddress":"bo@example.com"`}},
		{"latest", "GET", "/rest/api/latest/myself", "", boBasic, 200, []string{`"name":"bo"`}},
		{"version of Cloud", "GET", "/rest/api/3/myself", "", boBasic, 404, []string{"does not have GET"}},
		{"user by name", "GET", api + "user?username=CHEN", "", boBasic, 200, []string{`"name":"chen"`}},
		{"user by key", "GET", api + "user?key=JIRAUSER10002", "", boBasic, 200, []string{`"name":"chen"`}},
		{"no such user", "GET", api + "user?username=nobody", "", boBasic, 404, []string{"The user named 'nobody' does not exist"}},
		{"user without a name", "GET", api + "user", "", boBasic, 404, nil},
		{"project", "GET", api + "project/OPS", "", boBasic, 200, []string{`"key":"OPS"`}},
		{"search", "GET", api + "search?jql=assignee=bo&maxResults=2&startAt=1&fields=summary", "", boBasic, 200, []string{`"startAt":1,"maxResults":2,"total":4,"issues":[{`, `"fields":{"summary":"`}},
		{"search for all", "POST", api + "search", `{"jql":"","maxResults":1}`, boBasic, 200, []string{`"total":12`, `"maxResults":1`}},
		{"search beyond", "POST", api + "search", `{"startAt":99}`, boBasic, 200, []string{`"total":12,"issues":[]`}},
		{"search before the start", "POST", api + "search", `{"startAt":-1}`, boBasic, 400, nil},
		{"search in a wrong way", "GET", api + "search?jql=x+%3D", "", boBasic, 400, nil},
		{"create", "POST", api + "issue", `{"fields":{"project":{"key":"OPS"},"summary":"Made","issuetype":{"name":"Bug"},"description":"Plain\ntext","assignee":{"name":"chen"}}}`, boBasic, 201, []string{`"key":"OPS-5"`, h.URL() + `/jira/rest/api/2/issue/`}},
		{"what was made", "GET", api + "issue/OPS-5", "", boBasic, 200, []string{`"description":"Plain\ntext"`, `"name":"chen"`}},
		{"update", "PUT", api + "issue/OPS-5", `{"fields":{"description":null,"assignee":null}}`, boBasic, 204, nil},
		{"what was updated", "GET", api + "issue/OPS-5", "", boBasic, 200, []string{`"description":null`, `"assignee":null`}},
		{"to nobody", "PUT", api + "issue/OPS-5", `{"fields":{"assignee":{"name":"nobody"}}}`, boBasic, 400, []string{"User 'nobody' cannot be assigned issues."}},
		{"comment", "POST", api + "issue/OPS-5/comment", `{"body":"Said"}`, boBasic, 201, []string{`"body":"Said"`, `"name":"bo"`}},
		{"comments", "GET", api + "issue/OPS-5/comment", "", boBasic, 200, []string{`"body":"Said"`, `"total":1`}},
		{"no permission", "PUT", api + "issue/OPS-5", `{"fields":{}}`, "dara:dara-password", 403, []string{"Edit Issues"}},
		{"create user as a member", "POST", api + "user", `{"name":"eve"}`, boBasic, 403, nil},
		{"create user", "POST", api + "user", `{"name":"eve","password":"p","displayName":"Eve"}`, adaBasic, 201, []string{`"name":"eve"`}},
		{"create user twice", "POST", api + "user", `{"name":"EVE","password":"p","displayName":"Eve"}`, adaBasic, 400, []string{"is taken"}},
		{"who was created", "GET", api + "myself", "", "eve:p", 200, []string{`"name":"eve"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readBody(t, dcCall{method: tt.method, path: tt.path, body: tt.body, basic: tt.basic}.do(t, h), tt.status)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %s, want %s in it", got, want)
				}
			}
			if strings.Contains(got, "accountId") || strings.Contains(got, "password") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Nothing that holds a secret shows it.
func TestDataCenterSecretsDoNotShow(t *testing.T) {
	const secret = "a-secret-of-the-instance"
	for _, value := range []any{
		devhost.User{DisplayName: "seen-name", Username: "x", Password: secret},
		[]devhost.User{{DisplayName: "seen-name", Password: secret}},
		devhost.OAuth2Link{ClientID: "seen-name", ClientSecret: secret},
		devhost.DataCenterServiceAccount{ClientID: "seen-name", ClientSecret: secret},
	} {
		var b strings.Builder
		slog.New(slog.NewJSONHandler(&b, nil)).Info("value", "value", value)
		slog.New(slog.NewTextHandler(&b, nil)).Info("value", "value", value)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&b, verb+"\n", value)
		}
		if got := b.String(); leaks(got, secret) || !strings.Contains(got, "seen-name") {
			t.Errorf("%T: got %s", value, got)
		}
	}
}

// The middleware stands before the REST API and the token endpoints, with the
// context path in its sight.
func TestDataCenterMiddleware(t *testing.T) {
	var seen []string
	busy := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.URL.Path)
			http.Error(w, "busy", http.StatusServiceUnavailable)
		})
	}
	h, _, _ := newHost(t, devhost.Config{DataCenter: &devhost.DataCenter{ContextPath: "/jira"}, Middleware: busy})
	for _, path := range []string{dcMyself, tokenPath, servlet + "request-token", "/secure/attachment/1/x"} {
		readBody(t, dcCall{path: path, basic: boBasic}.do(t, h), 503)
	}
	readBody(t, dcCall{path: "/login.jsp"}.do(t, h), 200)
	if len(seen) != 4 || seen[0] != "/jira"+dcMyself {
		t.Errorf("got %q", seen)
	}
	if calls := h.Calls(); len(calls) != 4 || calls[0].Status != 503 || calls[0].Path != "/jira"+dcMyself {
		t.Errorf("got %+v", calls)
	}
}
