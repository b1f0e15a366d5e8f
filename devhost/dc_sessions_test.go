package devhost_test

import (
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const sessionPath = "/rest/auth/1/session"

// login opens a session and returns its cookies.
func login(t *testing.T, h *devhost.Host, name string) []*http.Cookie {
	t.Helper()
	resp := dcCall{method: "POST", path: sessionPath, body: `{"username":"` + name + `","password":"` + name + `-password"}`}.do(t, h)
	readBody(t, resp, 200)
	return resp.Cookies()
}

func without(cookies []*http.Cookie, name string) []*http.Cookie {
	return slices.DeleteFunc(slices.Clone(cookies), func(c *http.Cookie) bool { return c.Name == name })
}

func TestSessionResource(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	good := dcCall{method: "POST", path: sessionPath, body: `{"username":"bo","password":"bo-password"}`}
	resp := dcCall{method: "POST", path: sessionPath, body: `{"username":"bo","password":"wrong"}`}.do(t, h)
	if got := strings.TrimSpace(readBody(t, resp, 401)); got != `{"errorMessages":["Login failed"],"errors":{}}` || len(resp.Cookies()) > 0 {
		t.Errorf("got %s and cookies %v", got, resp.Cookies())
	}
	wantHeader(t, resp, "X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
	readBody(t, good.do(t, h), 200)
	ck.advance(time.Hour)

	resp = good.do(t, h)
	cookies := resp.Cookies()
	wantHeader(t, resp, "X-Seraph-LoginReason", "OK")
	want := `{"session":{"name":"JSESSIONID","value":"` + cookies[0].Value + `"},"loginInfo":{"failedLoginCount":1,"loginCount":2,` +
		`"lastFailedLoginTime":"2026-11-20T12:00:00.000+0000","previousLoginTime":"2026-11-20T12:00:00.000+0000"}}`
	if got := strings.TrimSpace(readBody(t, resp, 200)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var names []string
	for _, c := range cookies {
		names = append(names, c.Name+" "+c.Path)
	}
	if want := []string{"JSESSIONID /jira", "atlassian.xsrf.token /jira", "ROUTEID /"}; !slices.Equal(names, want) {
		t.Errorf("got cookies %q, want %q", names, want)
	}
	if !cookies[0].HttpOnly || cookies[0].Secure {
		t.Errorf("got %v", cookies[0])
	}

	current := dcCall{path: sessionPath, cookies: cookies}
	got := readBody(t, current.do(t, h), 200)
	if !strings.HasPrefix(got, `{"self":"`+h.BaseURL()+`/rest/api/latest/user?username=bo","name":"bo","loginInfo":{`) {
		t.Errorf("got %s", got)
	}
	readBody(t, dcCall{path: dcMyself, cookies: cookies}.do(t, h), 200)
	if got := h.Calls(); got[len(got)-1].Kind != "session" || got[len(got)-1].AccountID != bo {
		t.Errorf("got %+v", got[len(got)-1])
	}

	out := dcCall{method: "DELETE", path: sessionPath, cookies: cookies}
	resp = out.do(t, h)
	readBody(t, resp, 204)
	if c := resp.Cookies()[0]; c.Name != "JSESSIONID" || c.MaxAge >= 0 {
		t.Errorf("got %v", c)
	}
	for _, c := range []dcCall{current, out, {path: dcMyself, cookies: cookies}, {path: sessionPath}} {
		if got := strings.TrimSpace(readBody(t, c.do(t, h), 401)); got != dcNobody {
			t.Errorf("%s %s: got %s", c.method, c.path, got)
		}
	}
}

func TestLoginRequests(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	readBody(t, dcCall{method: "POST", path: sessionPath, body: "username=bo&password=bo-password", header: form}.do(t, h), 415)
	readBody(t, dcCall{method: "POST", path: sessionPath, body: "{"}.do(t, h), 400)
	readBody(t, dcCall{method: "POST", path: sessionPath, body: "{}"}.do(t, h), 401)
}

// A session lasts as long as it is used, and ends when it is told to.
func TestSessionEnds(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{SessionLife: time.Hour})
	cookies := login(t, h, "bo")
	c := dcCall{path: dcMyself, cookies: cookies}
	for range 3 {
		ck.advance(time.Hour - time.Second)
		readBody(t, c.do(t, h), 200)
	}
	ck.advance(time.Hour)
	if got := strings.TrimSpace(readBody(t, c.do(t, h), 401)); got != dcNobody || lastRefusal(h) != "session has expired" {
		t.Errorf("got %s, refusal %q", got, lastRefusal(h))
	}
	c.cookies = login(t, h, "bo")
	readBody(t, c.do(t, h), 200)
	h.ExpireSessions()
	readBody(t, c.do(t, h), 401)

	c.cookies = login(t, h, "bo")
	u, _ := h.User(bo)
	u.Inactive = true
	if _, err := h.AddUser(u); err != nil {
		t.Fatal(err)
	}
	readBody(t, c.do(t, h), 401)
}

// All cookies must come back, not only the one with the session.
func TestStickyCookie(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	cookies := login(t, h, "bo")
	readBody(t, dcCall{path: dcMyself, cookies: without(cookies, "atlassian.xsrf.token")}.do(t, h), 200)
	readBody(t, dcCall{path: dcMyself, cookies: without(cookies, "ROUTEID")}.do(t, h), 401)
	readBody(t, dcCall{path: dcMyself, cookies: without(cookies, "JSESSIONID")}.do(t, h), 401)
	forged := append(without(cookies, "JSESSIONID"), &http.Cookie{Name: "JSESSIONID", Value: "FORGED"})
	readBody(t, dcCall{path: dcMyself, cookies: forged}.do(t, h), 401)
}

// Basic leaves a session behind, as browsers and careless clients find.
func TestBasicOpensSession(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	resp := dcCall{path: dcMyself, basic: boBasic}.do(t, h)
	readBody(t, dcCall{path: dcMyself, cookies: resp.Cookies()}.do(t, h), 200)
	again := dcCall{path: dcMyself, basic: boBasic, cookies: resp.Cookies()}.do(t, h)
	if len(again.Cookies()) > 0 {
		t.Errorf("got %v, want the session to go on", again.Cookies())
	}
}

func TestAuthType(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	cookies := login(t, h, "bo")
	for _, tt := range []struct {
		kind      string
		c         dcCall
		status    int
		name      string
		challenge string
	}{
		{"", dcCall{basic: adaBasic, cookies: cookies}, 200, "ada", ""},
		{"any", dcCall{basic: adaBasic, cookies: cookies}, 200, "ada", ""},
		{"cookie", dcCall{basic: adaBasic, cookies: cookies}, 200, "bo", ""},
		{"basic", dcCall{basic: adaBasic, cookies: cookies}, 200, "ada", ""},
		{"cookie", dcCall{basic: adaBasic}, 401, "", "OAuth realm="},
		{"basic", dcCall{cookies: cookies}, 401, "", `Basic realm="protected-area"`},
		{"none", dcCall{basic: adaBasic, cookies: cookies}, 401, "", "OAuth realm="},
	} {
		tt.c.path = dcMyself + "?os_authType=" + tt.kind
		resp := tt.c.do(t, h)
		readBody(t, resp, tt.status)
		wantHeader(t, resp, "X-AUSERNAME", tt.name)
		if got := resp.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, tt.challenge) {
			t.Errorf("%s: got challenge %q", tt.kind, got)
		}
	}
}

// upload is a form with a file, and its content type.
func upload(t *testing.T) (body, kind string) {
	t.Helper()
	var b strings.Builder
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile("file", "a b.txt")
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("content"))
	m.Close()
	return b.String(), m.FormDataContentType()
}

func TestXSRF(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	cookies := login(t, h, "bo")
	body, kind := upload(t)
	const attach, comment, text = "/rest/api/2/issue/OPS-1/attachments", "/rest/api/2/issue/OPS-1/comment", `{"body":"x"}`
	const form, json = "application/x-www-form-urlencoded", "application/json"
	browser := "Mozilla/5.0 (X11; Linux x86_64)"
	tests := []struct {
		name   string
		c      dcCall
		header map[string]string
		status int
	}{
		{"JSON with a session", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": json}, 201},
		{"form with a session", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": form}, 403},
		{"form with a session, charset", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": form + "; charset=utf-8"}, 403},
		{"text with a session", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": "text/plain"}, 403},
		{"no type with a session", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": ""}, 403},
		{"form with a session and the header", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": form, "X-Atlassian-Token": "no-check"}, 201},
		{"form with a session and another value", dcCall{path: comment, body: text, cookies: cookies}, map[string]string{"Content-Type": form, "X-Atlassian-Token": "yes"}, 403},
		{"form with Basic", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Content-Type": form}, 201},
		{"file with a session", dcCall{path: attach, body: body, cookies: cookies}, map[string]string{"Content-Type": kind}, 403},
		{"file with a session, old spelling", dcCall{path: attach, body: body, cookies: cookies}, map[string]string{"Content-Type": kind, "X-Atlassian-Token": "nocheck"}, 200},
		{"file with Basic", dcCall{path: attach, body: body, basic: boBasic}, map[string]string{"Content-Type": kind}, 403},
		{"file with Basic and the header", dcCall{path: attach, body: body, basic: boBasic}, map[string]string{"Content-Type": kind, "X-Atlassian-Token": "no-check"}, 200},
		{"no file", dcCall{path: attach, body: text, basic: boBasic}, map[string]string{"X-Atlassian-Token": "no-check"}, 415},
		{"browser", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"User-Agent": browser, "X-Atlassian-Token": "no-check"}, 403},
		{"browser at an own page", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"User-Agent": browser, "Referer": h.URL() + "/jira/x"}, 201},
		{"foreign origin", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Origin": "https://evil.example", "X-Atlassian-Token": "no-check"}, 403},
		{"foreign referer", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Referer": "https://evil.example/", "X-Atlassian-Token": "no-check"}, 403},
		{"own origin, foreign referer", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Origin": h.URL(), "Referer": "https://evil.example/"}, 403},
		{"no origin at all", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Origin": "null"}, 403},
		{"other scheme", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Origin": strings.Replace(h.URL(), "http:", "https:", 1)}, 403},
		{"other port", dcCall{path: comment, body: text, basic: boBasic}, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		{"login from a browser", dcCall{path: sessionPath, body: `{"username":"bo","password":"bo-password"}`}, map[string]string{"User-Agent": browser}, 403},
		{"login from a foreign page", dcCall{path: sessionPath, body: `{"username":"bo","password":"bo-password"}`}, map[string]string{"Origin": "https://evil.example"}, 403},
		{"token with a session", dcCall{path: "/rest/pat/latest/tokens", body: `{"name":"x"}`, cookies: cookies}, nil, 403},
		{"token with a session and the header", dcCall{path: "/rest/pat/latest/tokens", body: `{"name":"x"}`, cookies: cookies}, map[string]string{"X-Atlassian-Token": "no-check"}, 201},
		{"token with Basic", dcCall{path: "/rest/pat/latest/tokens", body: `{"name":"x"}`, basic: boBasic}, nil, 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.method, tt.c.header = "POST", tt.header
			resp := tt.c.do(t, h)
			got := readBody(t, resp, tt.status)
			if tt.status == 403 && got != xsrfFailure {
				t.Errorf("got %q, want %q", got, xsrfFailure)
			}
		})
	}
	read := dcCall{path: dcMyself, cookies: cookies, header: map[string]string{"User-Agent": browser, "Origin": "https://evil.example"}}
	readBody(t, read.do(t, h), 200)
}

// Files are outside the REST API: a bearer token does not count there and ends at
// the login page.
func TestSecureAttachment(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	address, err := h.AddDataCenterAttachment("bo", "report 1.txt", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(address, h.BaseURL())
	if path != "/secure/attachment/10000/report%201.txt" {
		t.Fatalf("got address %s", address)
	}
	pat, err := h.AddPAT("bo", "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	loginURL := h.BaseURL() + "/login.jsp?os_destination=" + url.QueryEscape(path) + "&permissionViolation=true"
	for _, tt := range []struct {
		name   string
		c      dcCall
		status int
		to     string
	}{
		{"Basic", dcCall{basic: boBasic}, 200, ""},
		{"session", dcCall{cookies: login(t, h, "bo")}, 200, ""},
		{"PAT", dcCall{bearer: pat}, 302, loginURL},
		{"nobody", dcCall{}, 302, loginURL},
		{"unknown bearer", dcCall{bearer: "x"}, 302, loginURL},
		{"wrong password", dcCall{basic: "bo:wrong"}, 401, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.path = path
			resp := tt.c.do(t, h)
			if got := readBody(t, resp, tt.status); tt.status == 200 && got != "content" {
				t.Errorf("got %q", got)
			}
			wantHeader(t, resp, "Location", tt.to)
			if tt.status == 200 {
				wantNoPage(t, resp)
			}
		})
	}
	if _, err := h.AddUser(devhost.User{Username: "blind", Password: "x", DisplayName: "Sees nothing", Permissions: []devhost.Permission{}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, "/rest/api/2/attachment/10000"} {
		readBody(t, dcCall{path: path, basic: "blind:x"}.do(t, h), 404)
	}
	readBody(t, dcCall{path: "/secure/attachment/10000/other.txt", basic: boBasic}.do(t, h), 404)
	readBody(t, dcCall{path: "/secure/attachment/9/report.txt", basic: boBasic}.do(t, h), 404)
	if got := readBody(t, dcCall{path: "/rest/api/2/attachment/10000", bearer: pat}.do(t, h), 200); !strings.Contains(got, `"content":"`+address+`"`) {
		t.Errorf("got %s, want the address %s", got, address)
	}
	readBody(t, dcCall{path: "/rest/api/2/attachment/9", bearer: pat}.do(t, h), 404)
}

// What is uploaded can be fetched at the address the answer names.
func TestDataCenterUpload(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	body, kind := upload(t)
	var files []struct{ Filename, Content string }
	readJSON(t, dcCall{method: "POST", path: "/rest/api/2/issue/OPS-1/attachments", body: body, basic: boBasic,
		header: map[string]string{"Content-Type": kind, "X-Atlassian-Token": "no-check"}}.do(t, h), 200, &files)
	if len(files) != 1 || files[0].Filename != "a b.txt" {
		t.Fatalf("got %+v", files)
	}
	got := readBody(t, dcCall{path: strings.TrimPrefix(files[0].Content, h.BaseURL()), basic: boBasic}.do(t, h), 200)
	if got != "content" {
		t.Errorf("got %q", got)
	}
}

// The login page leads on within the site only.
func TestLoginDestination(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	for to, want := range map[string]string{
		"/plugins/servlet/oauth/authorize?oauth_token=x": "/jira/plugins/servlet/oauth/authorize?oauth_token=x",
		"//evil.example/": "/jira/", "https://evil.example/": "/jira/", `/\evil.example`: "/jira/", "": "/jira/",
	} {
		resp := postForm(t, h, "/login.jsp", url.Values{"os_username": {"bo"}, "os_password": {"bo-password"}, "os_destination": {to}})
		readBody(t, resp, 302)
		wantHeader(t, resp, "Location", want)
	}
	page := dcCall{path: "/", cookies: login(t, h, "bo")}
	if got := readBody(t, page.do(t, h), 200); !strings.Contains(got, "Bo Lindqvist") {
		t.Errorf("got %s", got)
	}
	if got := readBody(t, dcCall{path: "/login.jsp?os_destination=%2Fa%22b"}.do(t, h), 200); !strings.Contains(got, `value="/a&#34;b"`) {
		t.Errorf("got %s", got)
	}
	foreign := dcCall{method: "POST", path: "/login.jsp", body: "os_username=bo&os_password=bo-password", header: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"}}
	readBody(t, foreign.do(t, h), 403)
}
