package hostclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// FuzzPath is about the host path. The property: whatever the text, either no
// request is made, or it goes to the tenant's own host and below its base path,
// as the host itself reads it, with a token for just that.
func FuzzPath(f *testing.F) {
	for _, shape := range strayTargets {
		f.Add(shape)
	}
	for _, seed := range []string{
		"/", "/wiki", "/wiki/rest/api?a=1&b=2", "/rest/api/a%20b", "/wiki/..%2f..", "/%252e%252e/", "/..;/x", "/a;b/c",
		"/x?jwt=1", "/x?a=%zz", "/x#frag", "/ü?ü=%C3%BC", "http://HOST/wiki/x", "/wiki%2f..%2f", "/.%00./", "/%c0%ae%c0%ae/",
	} {
		f.Add(seed)
	}
	h := newPathHost(f)
	f.Fuzz(func(t *testing.T, target string) {
		target = strings.ReplaceAll(target, "HOST", strings.TrimPrefix(h.server.URL, "http://"))
		_, err := hostclient.Get[struct{}](t.Context(), h.client, target)
		r := h.last()
		if r == nil {
			if err == nil {
				t.Fatalf("%q: no error and no request", target)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: %v, but the host saw %s", target, err, r.RequestURI)
		}
		h.check(t, target, r)
	})
}

// pathHost keeps the last request as its server read it.
type pathHost struct {
	server *httptest.Server
	client *hostclient.Client
	clock  *clock

	mu   sync.Mutex
	seen *http.Request
}

func newPathHost(f *testing.F) *pathHost {
	f.Helper()
	h := &pathHost{clock: newClock()}
	h.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.seen = r
	}))
	f.Cleanup(h.server.Close)
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: h.clock.now, Timeout: -1})
	if err != nil {
		f.Fatal(err)
	}
	if h.client, err = hosts.For(installation(h.server.URL + "/wiki")); err != nil {
		f.Fatal(err)
	}
	return h
}

func (h *pathHost) last() *http.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.seen
	h.seen = nil
	return r
}

func (h *pathHost) check(t *testing.T, target string, r *http.Request) {
	t.Helper()
	if want := strings.TrimPrefix(h.server.URL, "http://"); r.Host != want {
		t.Errorf("%q: Host %s, want %s", target, r.Host, want)
	}
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	for what, p := range map[string]string{
		"as sent":             raw,
		"decoded":             r.URL.Path,
		"cleaned":             path.Clean(r.URL.Path),
		"cleaned by others":   path.Clean(strings.ReplaceAll(r.URL.Path, `\`, "/")),
		"without parameters":  path.Clean(withoutParameters(r.URL.Path)),
		"with slashes merged": path.Clean(strings.ReplaceAll(r.URL.Path, "//", "/")),
	} {
		if p != "/wiki" && !strings.HasPrefix(p, "/wiki/") {
			t.Errorf("%q: the path is %q %s", target, p, what)
		}
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
	if !ok {
		t.Fatalf("%q: no token", target)
	}
	if _, err := verify(token); err != nil {
		t.Errorf("%q: %v", target, err)
	}
}

func withoutParameters(p string) string {
	segments := strings.Split(p, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

// FuzzErrorBody: whatever the host says, the messages are few, short, of one
// line and without the credential; nor is it in the body that a caller reads.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"errorMessages":["one"],"errors":{"a":"b"}}`, `{"errors":[{"title":"x","detail":null}]}`, `{"data":{"errors":[{"message":{"translation":"x"}}]}}`,
		"<title>x</title>", "text\r\nmore", `[[[["deep"]]]]`, `{"errors":{"a":{"b":[1]}}}`, "<TITLE\u0130>x</title", `"\ud800"`, "TOKEN",
		`{"error":"TOKEN","error_description":"TOKEN"}`, "oauth_problem=TOKEN&oauth_problem_advice=a%20b", `{"errors":{"TOKEN":"TOKEN"},"i18nErrorMessage":{"i18nKey":"k"}}`,
		"TOKTOKENEN", "<title>TOKEN&amp;TOKEN</title>", `{"errors":{"a":["TOKEN"]}}`,
	} {
		f.Add(403, []byte(seed))
	}
	cred := carrying{authorization: "Basic " + basic("mia", password), cookie: "JSESSIONID=F00DFACE1234"}
	var answer []byte
	var code int
	base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		rec.Header().Set("X-Request-Id", string(answer))
		rec.Header().Set("RateLimit-Reason", string(answer))
		rec.WriteHeader(code)
		_, _ = rec.Write(answer)
		return rec.Result(), nil
	})
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: base, Clock: newClock().now, Timeout: -1, Limits: once(f)})
	if err != nil {
		f.Fatal(err)
	}
	client := hosts.Client(cred)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		code = 400 + (status%200+200)%200
		for _, secret := range []string{password, basic("mia", password), "F00DFACE1234"} {
			for _, form := range []string{secret, inJSON(secret), plainJSON.Replace(secret), html.EscapeString(secret), url.QueryEscape(secret)} {
				answer = bytes.ReplaceAll(body, []byte("TOKEN"), []byte(form))
				_, err := hostclient.Get[struct{}](t.Context(), client, "/x")
				var e *hostclient.Error
				if !errors.As(err, &e) {
					t.Fatalf("status %d: got %v, want an Error", code, err)
				}
				text := err.Error()
				if len(text) > 16<<10 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
					t.Errorf("%d bytes: %q", len(text), text)
				}
				if len(e.Messages) > 50 || len(e.FieldErrors) > 50 {
					t.Errorf("%d messages, %d fields", len(e.Messages), len(e.FieldErrors))
				}
				read, _ := readThrough(t, cred, base)
				wantHidden(t, fmt.Sprintf("%v %+v %s", e, *e, read), secret)
			}
		}
	})
}
