package devhost_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// multipartBody is a body with one part and its type.
func multipartBody(t *testing.T, field, filename string, content []byte) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile(field, filename)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), m.FormDataContentType()
}

func TestUpload(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	auth := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	content := bytes.Repeat([]byte("0123456789"), 200<<10) // 2 MB, more than other bodies may have
	body, kind := multipartBody(t, "file", "numbers.txt", content)
	resp := send(t, "POST", h.URL()+"/rest/api/3/issue/DEMO-1/attachments", body, "Authorization", auth, "Content-Type", kind, "X-Atlassian-Token", "no-check")
	var got []struct {
		ID, Filename, Content, Self, MimeType string
		Size                                  int
		Author                                struct{ AccountID string }
	}
	readJSON(t, resp, 200, &got)
	if len(got) != 1 || got[0].Filename != "numbers.txt" || got[0].Size != len(content) || got[0].Author.AccountID != bo ||
		got[0].Content != h.URL()+"/rest/api/3/attachment/content/"+got[0].ID || got[0].Self != h.URL()+"/rest/api/3/attachment/"+got[0].ID {
		t.Fatalf("got %+v", got)
	}
	if body := readBody(t, send(t, "GET", got[0].Self, "", "Authorization", auth), 200); !strings.Contains(body, `"filename":"numbers.txt"`) {
		t.Errorf("got %s", body)
	}
	list := h.Attachments("demo-1")
	if len(list) != 1 || !bytes.Equal(list[0].Content, content) || list[0].Author != bo || !list[0].Created.Equal(h.Now()) {
		t.Errorf("got %d attachments", len(list))
	}
	body, kind = multipartBody(t, "file", "large", make([]byte, 10<<20))
	resp = send(t, "POST", h.URL()+"/rest/api/3/issue/DEMO-1/attachments", body, "Authorization", auth, "Content-Type", kind, "X-Atlassian-Token", "no-check")
	readBody(t, resp, 413)
}

func TestUploadRefused(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	auth := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	token := apiToken(t, h, devhost.APIToken{AccountID: bo, Scopes: []string{"write:jira-work"}})
	body, kind := multipartBody(t, "file", "a.txt", []byte("text"))
	const check, upload = "X-Atlassian-Token", "/rest/api/3/issue/DEMO-1/attachments"
	const mozilla = "Mozilla/5.0 (X11; Linux x86_64)"
	tests := []struct {
		name    string
		headers []string
		status  int
		reason  string
	}{
		{"no-check", []string{check, "no-check"}, 200, ""},
		{"nocheck", []string{check, "nocheck"}, 200, ""},
		{"own origin", []string{check, "no-check", "Origin", h.URL()}, 200, ""},
		{"browser at home", []string{check, "no-check", "Origin", h.URL(), "Referer", h.URL() + "/browse/DEMO-1", "User-Agent", mozilla}, 200, ""},
		{"no header", nil, 403, "X-Atlassian-Token"},
		{"another value", []string{check, "check"}, 403, "X-Atlassian-Token"},
		{"browser", []string{check, "no-check", "User-Agent", mozilla}, 403, "User-Agent"},
		{"foreign origin", []string{check, "no-check", "Origin", "https://evil.example"}, 403, "another origin"},
		{"null origin", []string{check, "no-check", "Origin", "null"}, 403, "another origin"},
		{"foreign referer", []string{check, "no-check", "Referer", "https://evil.example/x"}, 403, "another site"},
		{"own origin, foreign referer", []string{check, "no-check", "Origin", h.URL(), "Referer", "https://evil.example/x"}, 403, "another site"},
		{"cross-site", []string{check, "no-check", "Sec-Fetch-Site", "cross-site"}, 403, "another origin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := send(t, "POST", h.URL()+upload, body, append(tt.headers, "Authorization", auth, "Content-Type", kind)...)
			got := readBody(t, resp, tt.status)
			if tt.status == 403 && got != "XSRF check failed\n" {
				t.Errorf("got %q", got)
			}
			if reason := lastRefusal(h); !strings.Contains(reason, tt.reason) || (reason == "") != (tt.reason == "") {
				t.Errorf("got reason %q, want %q", reason, tt.reason)
			}
		})
	}
	// The gateway has no browsers, and looks all the same.
	gateway := h.GatewayURL() + "/ex/jira/" + h.CloudID() + upload
	readBody(t, send(t, "POST", gateway, body, "Authorization", basic(emailOfBo, token), "Content-Type", kind, check, "no-check", "Origin", "https://evil.example"), 403)
	readBody(t, send(t, "POST", gateway, body, "Authorization", basic(emailOfBo, token), "Content-Type", kind, check, "no-check"), 200)

	post := func(path, body, kind, auth string) int {
		return send(t, "POST", h.URL()+path, body, "Authorization", auth, "Content-Type", kind, check, "no-check").StatusCode
	}
	if got := post(upload, "{}", "application/json", auth); got != 415 {
		t.Errorf("JSON: got status %d", got)
	}
	if got := post(upload, body[:40], kind, auth); got != 400 {
		t.Errorf("cut short: got status %d", got)
	}
	other, otherKind := multipartBody(t, "attachment", "a.txt", []byte("text"))
	if got := post(upload, other, otherKind, auth); got != 400 {
		t.Errorf("another part: got status %d", got)
	}
	if got := post("/rest/api/3/issue/DEMO-99/attachments", body, kind, auth); got != 404 {
		t.Errorf("no issue: got status %d", got)
	}
	dara := basic("dara@example.com", apiToken(t, h, devhost.APIToken{AccountID: "712020:dara"}))
	if got := post(upload, body, kind, dara); got != 403 {
		t.Errorf("user who only looks: got status %d", got)
	}
}

func TestDownload(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	auth := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	a, err := h.Attach(devhost.Attachment{Issue: "DEMO-1", Filename: "ten.txt", Content: []byte("0123456789")})
	if err != nil {
		t.Fatal(err)
	}
	address := h.URL() + "/rest/api/3/attachment/content/" + a.ID
	resp := send(t, "GET", address, "", "Authorization", auth)
	wantBody(t, resp, 303, "")
	location := resp.Header.Get("Location")
	if !strings.HasPrefix(location, h.MediaURL()+"/file/") || strings.HasPrefix(location, h.URL()) {
		t.Fatalf("got Location %s", location)
	}
	resp = send(t, "GET", location, "")
	wantBody(t, resp, 200, "0123456789")
	wantNoPage(t, resp)
	wantNoPage(t, send(t, "GET", address+"?redirect=false", "", "Authorization", auth))
	for _, c := range h.Calls() {
		if strings.Contains(c.Query, "token=") {
			t.Errorf("the record's query holds the signature: %s", c.Query)
		}
	}
	direct := address + "?redirect=false"
	for _, tt := range []struct {
		name, address, requested string
		status                   int
		want                     string
	}{
		{"directly", direct, "", 200, "0123456789"},
		{"a range directly", direct, "bytes=2-4", 206, "234"},
		{"a range", location, "bytes=-3", 206, "789"},
		{"outside", location, "bytes=10-", 416, "invalid range: failed to overlap"},
	} {
		headers := []string{"Authorization", auth}
		if tt.address == location {
			headers = nil
		}
		if tt.requested != "" {
			headers = append(headers, "Range", tt.requested)
		}
		resp := send(t, "GET", tt.address, "", headers...)
		if got := strings.TrimSpace(readBody(t, resp, tt.status)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if h.MediaLeaks() != 0 {
		t.Errorf("got %d leaks, want none", h.MediaLeaks())
	}
	testMediaRefuses(t, h, location, auth)
	ck.advance(10 * time.Minute)
	wantBody(t, send(t, "GET", location, ""), 403, "the address has expired")

	blind := basic("blind@example.com", blindToken(t, h))
	wantBody(t, send(t, "GET", address, "", "Authorization", blind), 404, `{"errorMessages":["The attachment with id '`+a.ID+`' does not exist"],"errors":{}}`)
	readBody(t, send(t, "GET", h.URL()+"/rest/api/3/attachment/content/1", "", "Authorization", auth), 404)
	wantBody(t, send(t, "GET", address, ""), 401, loginBody)
	if err := h.DeleteIssue(ada, "DEMO-1"); err != nil {
		t.Fatal(err)
	}
	readBody(t, send(t, "GET", address, "", "Authorization", auth), 404)
}

// wantNoPage checks that no browser shows a file as a page of the site.
func wantNoPage(t *testing.T, resp *http.Response) {
	t.Helper()
	wantHeader(t, resp, "X-Content-Type-Options", "nosniff")
	wantHeader(t, resp, "Content-Security-Policy", "sandbox")
	if got := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") {
		t.Errorf("got Content-Disposition %q", got)
	}
}

func testMediaRefuses(t *testing.T, h *devhost.Host, location, auth string) {
	t.Helper()
	change := func(edit func(*url.URL, url.Values)) string {
		u, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		edit(u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for _, tt := range []struct {
		name, address string
		status        int
		body          string
	}{
		{"no signature", change(func(_ *url.URL, q url.Values) { q.Del("token") }), 403, "the signature of the address is wrong"},
		{"another signature", change(func(_ *url.URL, q url.Values) { q.Set("token", q.Get("token")[1:]) }), 403, "the signature of the address is wrong"},
		{"longer life", change(func(_ *url.URL, q url.Values) { q.Set("expires", "99999999999") }), 403, "the signature of the address is wrong"},
		{"another file", change(func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "/file/", "/file/0", 1) }), 403, "the signature of the address is wrong"},
		{"another path", change(func(u *url.URL, _ url.Values) { u.Path += "/x" }), 404, "the media origin has no such path"},
		{"the site's name", strings.Replace(location, h.MediaURL(), h.URL()+"/api.media.atlassian.com", 1), 404, "the media origin is " + h.MediaURL()},
	} {
		t.Run(tt.name, func(t *testing.T) { wantBody(t, send(t, "GET", tt.address, ""), tt.status, tt.body) })
	}
	readBody(t, send(t, "DELETE", location, ""), 405)
	for i, headers := range [][]string{{"Authorization", auth}, {"Authorization", "Bearer x"}, {"Cookie", "a=b"}} {
		wantBody(t, send(t, "GET", location, "", headers...), http.StatusBadRequest, "a credential reached the media origin")
		if got := h.MediaLeaks(); got != i+1 {
			t.Errorf("got %d leaks, want %d", got, i+1)
		}
	}
	if got := lastRefusal(h); got != "a credential reached the media origin" {
		t.Errorf("got reason %q", got)
	}
}

func TestAttach(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	for _, a := range []devhost.Attachment{{Issue: "DEMO-99", Filename: "a"}, {Issue: "DEMO-1"}} {
		if got, err := h.Attach(a); err == nil {
			t.Errorf("got %+v", got)
		}
	}
	content := []byte("one")
	a, err := h.Attach(devhost.Attachment{Issue: "demo-1", Filename: "a.json", Content: content})
	if err != nil || a.Issue != "DEMO-1" || a.ContentType != "application/json" || a.ID == "" {
		t.Fatalf("got %+v, %v", a, err)
	}
	content[0] = 'x'
	a.Filename = "b.json"
	if _, err := h.Attach(a); err != nil {
		t.Fatal(err)
	}
	if list := h.Attachments("DEMO-1"); len(list) != 1 || list[0].Filename != "b.json" || string(list[0].Content) != "one" {
		t.Errorf("got %+v", list)
	}
}
