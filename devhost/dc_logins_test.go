package devhost_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	wrongPassword   = "<html><head><title>Unauthorized</title></head><body><p>Basic Authentication Failure - Reason : AUTHENTICATED_FAILED</p></body></html>\n"
	captchaPassword = "<html><head><title>Forbidden</title></head><body><p>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</p></body></html>\n"
)

func TestBasic(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	if _, err := h.AddUser(devhost.User{DisplayName: "Gone", Username: "gone", Password: "p", Inactive: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddUser(devhost.User{DisplayName: "Colon", Username: "colon", Password: "a:b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddUser(devhost.User{DisplayName: "No password", Username: "none"}); err != nil {
		t.Fatal(err)
	}
	encode := func(pair string) string { return base64.StdEncoding.EncodeToString([]byte(pair)) }
	tests := []struct {
		name, header string
		status       int
		body         string // of a refusal
		reason       string // header
	}{
		{"good", "Basic " + encode(boBasic), 200, "", "OK"},
		{"user names ignore the case", "Basic " + encode("BO:bo-password"), 200, "", "OK"},
		{"scheme too", "basic " + encode(boBasic), 200, "", "OK"},
		{"colon in the password", "Basic " + encode("colon:a:b"), 200, "", "OK"},
		{"wrong password", "Basic " + encode("bo:wrong"), 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"no such user", "Basic " + encode("nobody:x"), 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"inactive user", "Basic " + encode("gone:p"), 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"user without a password", "Basic " + encode("none:"), 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"no colon", "Basic " + encode("bo"), 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"not Base64", "Basic bo:bo-password", 401, wrongPassword, "AUTHENTICATED_FAILED"},
		{"no credential", "", 401, dcNobody, ""},
		{"another scheme", "JWT x", 401, dcNobody, ""},
		{"an unknown bearer", "Bearer x", 401, dcNobody, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := dcCall{path: dcMyself}.request(t, h)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			resp := do(t, r)
			if got := strings.TrimSpace(readBody(t, resp, tt.status)); tt.body != "" && got != strings.TrimSpace(tt.body) {
				t.Errorf("got %q, want %q", got, tt.body)
			}
			wantHeader(t, resp, "X-Seraph-LoginReason", tt.reason)
			switch {
			case tt.body == dcNobody:
				wantHeader(t, resp, "WWW-Authenticate", `OAuth realm="`+strings.NewReplacer(":", "%3A", "/", "%2F").Replace(h.BaseURL())+`"`)
			case tt.status == 401:
				wantHeader(t, resp, "Content-Type", "text/html;charset=UTF-8")
			default:
				wantHeader(t, resp, "X-AUSERNAME", map[bool]string{true: "colon", false: "bo"}[strings.HasPrefix(tt.name, "colon")])
			}
			if tt.status == 401 && (lastRefusal(h) == "" || len(resp.Cookies()) > 0) {
				t.Errorf("refusal %q, cookies %v", lastRefusal(h), resp.Cookies())
			}
		})
	}
	r := dcCall{path: dcMyself, basic: boBasic, cookies: login(t, h, "bo")}.request(t, h)
	r.Header.Add("Authorization", r.Header.Get("Authorization"))
	readBody(t, do(t, r), 401)
}

// After too many wrong passwords no password login is good until the user was at
// a browser, and the login page is named.
func TestCaptcha(t *testing.T) {
	solve := map[string]func(*testing.T, *devhost.Host){
		"SolveCaptcha": func(t *testing.T, h *devhost.Host) { h.SolveCaptcha("bo") },
		"browser": func(t *testing.T, h *devhost.Host) {
			form := url.Values{"os_username": {"bo"}, "os_password": {"wrong"}, "os_destination": {"/"}}
			if resp := postForm(t, h, "/login.jsp", form); len(resp.Cookies()) > 0 || resp.StatusCode != 200 {
				t.Errorf("a wrong password at the browser: got status %d, cookies %v", resp.StatusCode, resp.Cookies())
			}
			form.Set("os_password", "bo-password")
			resp := postForm(t, h, "/login.jsp", form)
			readBody(t, resp, 302)
			wantHeader(t, resp, "Location", "/jira/")
		},
	}
	for name, solve := range solve {
		t.Run(name, func(t *testing.T) {
			h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
			session := dcCall{method: "POST", path: "/rest/auth/1/session", body: `{"username":"bo","password":"bo-password"}`}
			token := h.AddBasicToken("bo")
			for range 3 {
				readBody(t, dcCall{path: dcMyself, basic: "bo:wrong"}.do(t, h), 401)
			}
			for _, c := range []dcCall{{path: dcMyself, basic: boBasic}, {path: dcMyself, basic: "bo:wrong"}, session} {
				resp := c.do(t, h)
				want := strings.TrimSpace(captchaPassword)
				if c.method == "POST" {
					want = `{"errorMessages":["Login failed"],"errors":{}}`
				}
				if got := strings.TrimSpace(readBody(t, resp, 403)); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				wantHeader(t, resp, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED")
				wantHeader(t, resp, "X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url="+h.BaseURL()+"/login.jsp")
			}
			readBody(t, dcCall{path: dcMyself, basic: adaBasic}.do(t, h), 200)
			readBody(t, dcCall{path: dcMyself, basic: "bo:" + token}.do(t, h), 200)
			solve(t, h)
			readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 200)
			readBody(t, session.do(t, h), 200)
		})
	}
}

// Failures are counted in a row, by any way of giving a password.
func TestCaptchaCounts(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{CaptchaAfter: 2})
	wrong := dcCall{method: "POST", path: "/rest/auth/1/session", body: `{"username":"bo","password":"wrong"}`}
	readBody(t, wrong.do(t, h), 401)
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 200) // begins anew
	readBody(t, wrong.do(t, h), 401)
	readBody(t, dcCall{path: dcMyself, basic: "BO:wrong"}.do(t, h), 401)
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 403)
}

func TestBasicToken(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	token := h.AddBasicToken("bo")
	if token == "" || h.AddBasicToken("nobody") != "" {
		t.Fatalf("got tokens %q and %q", token, h.AddBasicToken("nobody"))
	}
	readBody(t, dcCall{path: dcMyself, basic: "bo:" + token}.do(t, h), 200)
	readBody(t, dcCall{path: dcMyself, basic: "ada:" + token}.do(t, h), 401)
	readBody(t, dcCall{path: dcMyself, bearer: token}.do(t, h), 401)
	login := `{"username":"bo","password":"` + token + `"}`
	readBody(t, dcCall{method: "POST", path: "/rest/auth/1/session", body: login}.do(t, h), 401)
}

// Jira 11 takes no passwords until an administrator turns them on again.
func TestBasicOff(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{BasicOff: true})
	const off = `{"message":"Basic Authentication has been disabled on this instance."}`
	login := dcCall{method: "POST", path: "/rest/auth/1/session", body: `{"username":"bo","password":"bo-password"}`}
	pat, err := h.AddPAT("ada", "first", 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]dcCall{
		"password": {path: dcMyself, basic: boBasic}, "token": {path: dcMyself, basic: "bo:" + h.AddBasicToken("bo")},
		"login": login, "session": {path: "/rest/auth/1/session", bearer: pat}, "logout": {method: "DELETE", path: "/rest/auth/1/session"},
	} {
		resp := c.do(t, h)
		if got := strings.TrimSpace(readBody(t, resp, 403)); got != off {
			t.Errorf("%s: got %s, want %s", name, got, off)
		}
	}
	if got := readBody(t, dcCall{path: "/rest/api/2/serverInfo", bearer: pat}.do(t, h), 200); !strings.Contains(got, `"version":"11.0.0"`) {
		t.Errorf("got %s", got)
	}

	const config = "/rest/basicauth/1.0/config"
	if got := strings.TrimSpace(readBody(t, dcCall{path: config, bearer: pat}.do(t, h), 200)); got != `{"block-requests":true,"allowed-paths":[],"allowed-users":[]}` {
		t.Errorf("got %s", got)
	}
	put := func(body string, status int) {
		t.Helper()
		readBody(t, dcCall{method: "PUT", path: config, bearer: pat, body: body}.do(t, h), status)
	}
	put(`{"allowed-users":["bo"]}`, 200)
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 200)
	readBody(t, dcCall{path: dcMyself, basic: "chen:chen-password"}.do(t, h), 403)
	put(`{"allowed-users":[],"allowed-paths":["/rest/api/2/my*"]}`, 200)
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 200)
	readBody(t, dcCall{path: "/rest/api/2/serverInfo", basic: boBasic}.do(t, h), 403)
	put(`{"block-requests":false}`, 200)
	readBody(t, login.do(t, h), 200)
	put(`{"block":1}`, 400)
	member := dcCall{method: "PUT", path: config, basic: boBasic, body: `{}`}
	readBody(t, member.do(t, h), 403)
}

// postForm posts a form as a page of the site does.
func postForm(t *testing.T, h *devhost.Host, path string, form url.Values, cookies ...*http.Cookie) *http.Response {
	t.Helper()
	return dcCall{method: "POST", path: path, body: form.Encode(), cookies: cookies, header: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": h.URL(), "Sec-Fetch-Site": "same-origin",
	}}.do(t, h)
}
