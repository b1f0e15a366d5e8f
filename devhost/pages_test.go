package devhost_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// browser keeps the cookie of the host, as a browser does.
type browser struct {
	t      *testing.T
	host   *devhost.Host
	cookie string
}

func (b *browser) send(r *http.Request) *http.Response {
	b.t.Helper()
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	resp := do(b.t, r)
	for _, c := range resp.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			b.t.Errorf("cookie %v is not HttpOnly and SameSite=Lax", c)
		}
		b.cookie = c.Name + "=" + c.Value
	}
	return resp
}

func (b *browser) get(path string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.host.URL()+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.send(r)
}

func (b *browser) post(path string, form url.Values, headers ...string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.host.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.send(r)
}

func (b *browser) as(accountID string) *browser {
	b.t.Helper()
	readBody(b.t, b.post("/devhost/user", url.Values{"accountId": {accountID}}), http.StatusSeeOther)
	return b
}

var outside = regexp.MustCompile(`(?i)(?:src|href|action)="((?:https?:)?//[^"]*)"`)

func TestPages(t *testing.T) {
	h, a, _ := installed(t)
	tests := []struct {
		name, path string
		status     int
		want       []string
	}{
		{"index", "/", 200, []string{">Ada Bergmann (administrator)<", ">Bo Lindqvist<", "DEMO-7", "Time zone of due dates", "3 months ago", "Tiny", "/plugins/servlet/ac/tiny.app/page", ">Configure<", "Set up", "Install by descriptor URL"}},
		{"issue", "/browse/DEMO-3", 200, []string{"Export of a report", "Confirmed, it is the page size.", "Bo Lindqvist", "Glance", "/plugins/servlet/ac/tiny.app/glance?issue=DEMO-3"}},
		{"no issue", "/browse/DEMO-99", 404, []string{"There is no such issue", `<a href="/">To the issues`}},
		{"activity", "/activity", 200, []string{"<code>installed /app/installed</code>", "<code>enabled /app/enabled</code>", "204"}},
		{"frame", "/plugins/servlet/ac/tiny.app/page?issue=DEMO-3", 200, []string{`src="` + a.base() + "/page?issue=DEMO-3", `referrerpolicy="no-referrer"`, "allow-scripts", `data-origin="` + a.srv.URL + `"`, "&jwt=", "channel-tiny.app__page", ">DEMO-3</a> / Tiny / A page</p>"}},
		{"frame with a value", "/plugins/servlet/ac/tiny.app/path?board.id=7", 200, []string{a.base() + "/in/7/x?xdm_e="}},
		{"cacheable frame", "/plugins/servlet/ac/tiny.app/cached?issue=DEMO-3", 200, []string{`src="` + a.base() + "/cached?a={issue.key}" + `"`}},
		{"no such module", "/plugins/servlet/ac/tiny.app/none", 404, []string{`The app Tiny has no page "none".`, `<a href="/">To the issues`}},
		{"no such app", "/plugins/servlet/ac/none/none", 404, []string{`There is no app "none" on this site.`, `<a href="/">To the issues`}},
		{"nothing", "/nothing/<b>", 404, []string{"There is no page at /nothing/<b>.", `<a href="/">To the issues`}},
		{"style", "/static/style.css", 200, []string{"iframe.app"}},
		{"a file that is not meant to be served", "/static/layout.html", 404, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &browser{t: t, host: h}
			resp := b.get(tt.path)
			body := readBody(t, resp, tt.status)
			page := html.UnescapeString(body)
			if tt.name == "cacheable frame" { // braces are escaped in the attribute
				page, _ = url.PathUnescape(page)
			}
			for _, want := range tt.want {
				if !strings.Contains(page, want) {
					t.Errorf("got %s\nwant %s", page, want)
				}
			}
			if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
				return
			}
			csp := resp.Header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("got policy %q, want %q in it", csp, want)
				}
			}
			for _, m := range outside.FindAllStringSubmatch(body, -1) {
				if !strings.HasPrefix(html.UnescapeString(m[1]), a.srv.URL) {
					t.Errorf("the page refers to %s", m[1])
				}
			}
			if strings.Contains(page, "<script>") || strings.Contains(page, "onclick") {
				t.Error("the page has an inline script, which its policy forbids")
			}
		})
	}
	t.Run("frame of the app only", func(t *testing.T) {
		csp := (&browser{t: t, host: h}).get("/plugins/servlet/ac/tiny.app/page").Header.Get("Content-Security-Policy")
		if !strings.HasSuffix(csp, "frame-src "+a.srv.URL) {
			t.Errorf("got policy %q", csp)
		}
	})
}

// What is shown of an app depends on what it offers and on whether it is enabled.
func TestPagesOfApps(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	text := map[string]any{"value": "Glance"}
	glance := map[string]any{
		"key": "glance", "name": text, "icon": map[string]any{"url": "/icon.svg"},
		"content": map[string]any{"type": "label", "label": text}, "target": map[string]any{"type": "web_panel", "url": "/glance"},
	}
	page := map[string]any{"key": "tiny", "name": map[string]any{"value": "Tiny"}, "url": "/page"}
	tests := []struct {
		name            string
		modules         map[string]any
		disabled        bool
		path            string
		status          int
		want, forbidden []string
	}{
		{"no modules", map[string]any{}, false, "/", 200, []string{">No pages.<"}, nil},
		{"a panel alone", map[string]any{"jiraIssueGlances": glance}, false, "/", 200, []string{"No pages of its own; it adds to issues."}, nil},
		{"a page", map[string]any{"generalPages": page}, false, "/", 200, []string{framePath}, []string{"No pages"}},
		{"a page of the app's name", map[string]any{"generalPages": page}, false, framePath, 200, []string{"/ Tiny</p>"}, []string{"/ Tiny / Tiny"}},
		{"a page of a disabled app", map[string]any{"generalPages": page}, true, framePath, 404, []string{"The app Tiny is disabled.", `<a href="/">To the issues`}, []string{"devhost:", "<iframe"}},
		{"disabled", map[string]any{"generalPages": page}, true, "/", 200, []string{">disabled<"}, []string{framePath, "No pages"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a.set("modules", tt.modules)
			if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
				t.Fatal(err)
			}
			if tt.disabled {
				if err := h.Disable(t.Context(), appKey); err != nil {
					t.Fatal(err)
				}
			}
			body := html.UnescapeString(readBody(t, (&browser{t: t, host: h}).get(tt.path), tt.status))
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("got %s\nwant %s", body, want)
				}
			}
			for _, no := range tt.forbidden {
				if strings.Contains(body, no) {
					t.Errorf("got %s\nwant no %s", body, no)
				}
			}
		})
	}
}

const framePath = "/plugins/servlet/ac/tiny.app/tiny"

// The activity page tells failures from what is in order, and says once who
// called.
func TestActivity(t *testing.T) {
	h, a, _ := installed(t)
	properties := "/rest/atlassian-connect/1/addons/tiny.app/properties/"
	tests := []struct {
		name, who, path string
		status          int
		want            string
		bad             bool
	}{
		{"own call", "", myselfPath, 200, ">tiny.app</td>", false},
		{"for a user", bo, myselfPath, 200, ">tiny.app for Bo Lindqvist</td>", false},
		{"a property that was never set", "", properties + "none", 404, "Property with key none not found.", false},
		{"an issue that is not there", "", "/rest/api/3/issue/DEMO-99", 404, ">tiny.app</td>", true},
		{"a property of another app", "", "/rest/atlassian-connect/1/addons/other/properties/none", 403, ">tiny.app</td>", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call := a.call
			if tt.who != "" {
				call = a.asUser(tt.who, "")
			}
			h.Forget()
			readBody(t, call("GET", tt.path, ""), tt.status)
			body := html.UnescapeString(readBody(t, (&browser{t: t, host: h}).get("/activity"), 200))
			if !strings.Contains(body, tt.want) || !strings.Contains(body, "<code>GET "+tt.path+"</code>") {
				t.Errorf("got %s\nwant %s", body, tt.want)
			}
			if bad := strings.Contains(body, `<tr class="bad">`); bad != tt.bad {
				t.Errorf("marked as a failure: got %v, want %v", bad, tt.bad)
			}
		})
	}
}

func TestTextIsEscaped(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	const evil = `<script>alert(1)</script>"'`
	a.set("name", evil)
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.PutIssue(devhost.Issue{Key: "DEMO-1", Summary: evil, Description: devhost.Document(evil)}); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, host: h}
	for _, path := range []string{"/", "/browse/DEMO-1", "/plugins/servlet/ac/tiny.app/page?issue=" + url.QueryEscape(evil), "/plugins/servlet/ac/" + url.PathEscape("<script>x") + "/x"} {
		body, err := io.ReadAll(b.get(path).Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "<script>") {
			t.Errorf("%s: text of an app or an issue is not escaped", path)
		}
	}
}

func TestForms(t *testing.T) {
	h, a, _ := installed(t)
	b := &browser{t: t, host: h}
	b.get("/")
	before := a.secret()
	readBody(t, b.post("/devhost/apps/tiny.app/rotate", nil), 303)
	if a.secret() == before {
		t.Error("rotate: the secret is the same")
	}
	for _, action := range []string{"disable", "enable", "upgrade", "import"} {
		readBody(t, b.post("/devhost/apps/tiny.app/"+action, nil), 303)
		inst, _ := h.Installation(appKey)
		if inst.Enabled != (action != "disable") {
			t.Errorf("%s: got %+v", action, inst)
		}
	}
	readBody(t, b.post("/devhost/apps/tiny.app/explode", nil), 502)
	readBody(t, b.post("/devhost/issues/DEMO-1/comment", url.Values{"text": {"By hand"}, "back": {"/browse/DEMO-1"}}), 303)
	if body := readBody(t, b.get("/browse/DEMO-1"), 200); !strings.Contains(body, "By hand") {
		t.Error("the comment is not on the page")
	}
	readBody(t, b.post("/devhost/issues/DEMO-1/status", url.Values{"status": {"Done"}}), 303)
	if i, _ := h.Issue("DEMO-1"); i.Status != "Done" {
		t.Errorf("got status %s", i.Status)
	}
	readBody(t, b.post("/devhost/issues/DEMO-1/status", url.Values{"status": {"Sleeping"}}), 400)
	readBody(t, b.post("/devhost/apps/tiny.app/uninstall", nil), 303)
	readBody(t, b.post("/devhost/install", url.Values{"url": {a.srv.URL + "/nowhere"}}), 502)
	readBody(t, b.post("/devhost/install", url.Values{"url": {a.descriptor()}}), 303)
	if len(h.Installations()) != 1 {
		t.Error("the app is not installed")
	}
	for back, want := range map[string]string{"//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "/activity": "/activity"} {
		resp := b.post("/devhost/user", url.Values{"accountId": {bo}, "back": {back}})
		if got := resp.Header.Get("Location"); got != want {
			t.Errorf("back to %q: got %q, want %q", back, got, want)
		}
	}
}

// Only administrators change apps, and nobody does from another origin.
func TestFormsRefused(t *testing.T) {
	h, a, _ := installed(t)
	inst, _ := h.Installation(appKey)
	b := (&browser{t: t, host: h}).as(bo)
	readBody(t, b.post("/devhost/apps/tiny.app/uninstall", nil), 403)
	readBody(t, b.post("/devhost/install", url.Values{"url": {a.descriptor()}}), 403)
	readBody(t, b.as("712020:dara").post("/devhost/issues/DEMO-1/comment", url.Values{"text": {"x"}}), 403)
	readBody(t, b.post("/devhost/issues/DEMO-1/explode", nil), 403)
	readBody(t, b.post("/devhost/user", url.Values{"accountId": {inst.AccountID}}), 400)
	b.as("712020:ada")
	foreign := [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.example"}, {"Origin", a.srv.URL}, {"Origin", "null"},
	}
	for _, headers := range foreign {
		for _, path := range []string{"/devhost/apps/tiny.app/uninstall", "/devhost/user", "/devhost/context-token", "/rest/api/3/issue"} {
			readBody(t, b.post(path, nil, headers...), 403)
		}
	}
	readBody(t, (&browser{t: t, host: h}).post("/devhost/apps/tiny.app/uninstall", nil), 403)
	if _, ok := h.Installation(appKey); !ok {
		t.Error("the app was uninstalled")
	}
}

// The host page makes calls for the app's page: as the user, within the scopes
// of the app.
func TestBrowserCalls(t *testing.T) {
	h, _, _ := installed(t)
	b := (&browser{t: t, host: h}).as("712020:ada")
	call := func(method, path, body string, headers ...string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(method, h.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body == "" {
			r.Body, r.ContentLength = nil, 0
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return b.send(r)
	}
	if body := readBody(t, call("GET", myselfPath, "", "AP-App-Key", appKey, "Sec-Fetch-Site", "same-origin"), 200); !strings.Contains(body, "Ada Bergmann") || strings.Contains(body, "ada@") {
		t.Errorf("got %s", body)
	}
	if body := readBody(t, call("GET", myselfPath, ""), 200); !strings.Contains(body, "ada@example.com") {
		t.Errorf("without an app: got %s", body)
	}
	readBody(t, call("DELETE", "/rest/api/3/issue/DEMO-2", "", "AP-App-Key", appKey), 403)
	readBody(t, call("DELETE", "/rest/api/3/issue/DEMO-2", ""), 204)
	readBody(t, call("GET", "/rest/atlassian-connect/1/addons/tiny.app/properties", "", "AP-App-Key", appKey), 200)
	readBody(t, call("PUT", "/rest/atlassian-connect/1/addons/tiny.app/properties/x", "1", "AP-App-Key", appKey), 403)
	readBody(t, call("GET", myselfPath, "", "AP-App-Key", "other"), 401)
	for _, site := range []string{"cross-site", "same-site"} {
		readBody(t, call("GET", myselfPath, "", "Sec-Fetch-Site", site), 401)
	}
	b.cookie = strings.ReplaceAll(b.cookie, "ada", "nobody")
	readBody(t, call("GET", myselfPath, ""), 401)
}

func TestContextTokenForPage(t *testing.T) {
	h, a, _ := installed(t)
	b := (&browser{t: t, host: h}).as(bo)
	post := func(body string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, h.URL()+"/devhost/context-token", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return b.send(r)
	}
	var got struct{ Token string }
	readJSON(t, post(`{"app":"tiny.app","issue":"DEMO-1"}`), 200, &got)
	if c := readToken(t, got.Token, a.secret()); c.Sub != bo || c.QSH != "context-qsh" || !strings.Contains(string(c.Context), "DEMO-1") {
		t.Errorf("got claims %+v", c)
	}
	readBody(t, post(`{"app":"other"}`), 404)
	readBody(t, post(`x`), 400)
	if err := h.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	readBody(t, post(`{"app":"tiny.app"}`), 404)
	b.cookie = ""
	readBody(t, post(`{"app":"tiny.app"}`), 400)
}

// The script is told the host's origins and offers what it says it offers. That
// it runs is for a browser to show.
func TestAllJS(t *testing.T) {
	h, a, _ := installed(t)
	resp := do(t, a.request("GET", "/all.js", ""))
	if got := resp.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("got type %q", got)
	}
	body := readBody(t, resp, 200)
	origins, err := json.Marshal([]string{h.URL()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"const hosts = " + string(origins) + ";", "e.source !== window.parent", "hosts.includes(e.origin)",
		"hello", "getToken:", "getContext:", "getCurrentUser:", "request", "resize:", "sizeToParent:", "create:", "reload:", "window.AP = AP;",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the script lacks %q", want)
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(body, pair[:1]) != strings.Count(body, pair[1:]) {
			t.Errorf("the script's %s do not pair", pair)
		}
	}
	if strings.Contains(body, "HOST_ORIGINS") || strings.Contains(body, `postMessage(answer, "*")`) {
		t.Error("the script was not told the origins, or talks to any")
	}
	if got := h.AllJSURL(); got != h.URL()+"/all.js" {
		t.Errorf("AllJSURL: got %q", got)
	}
	if err := h.Rename(t.Context(), "http://renamed.example"); err != nil {
		t.Fatal(err)
	}
	if body := readBody(t, do(t, a.request("GET", "/all.js", "")), 200); !strings.Contains(body, `,"http://renamed.example"];`) {
		t.Error("after a rename the script does not know the new origin")
	}
}
