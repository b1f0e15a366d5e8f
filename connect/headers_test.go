package connect_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestSecurityHeaders(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.AllowedHosts = []string{"*.atlassian.net", "127.0.0.1:2990"} })
	openAll(w)
	url := w.serve(t).URL
	own := "frame-ancestors https://one.atlassian.net https://jira.one.example"
	for _, c := range []struct{ name, method, path, token, ancestors, cache string }{
		{"page", "GET", "/page", sign(t, hashOf(t, "GET", "/page")), own, "no-store"},
		{"host route", "POST", "/host", sign(t, hashOf(t, "POST", "/host")), own, "no-store"},
		{"refused page", "GET", "/page", "", "frame-ancestors 'none'", "no-store"},
		{"API", "GET", "/api", sign(t, "context-qsh"), "frame-ancestors 'none'", "no-store"},
		{"cacheable page", "GET", "/cached", "", "frame-ancestors https://*.atlassian.net http://127.0.0.1:2990", "public, max-age=3600"},
		{"public", "GET", "/static/a", "", "frame-ancestors 'none'", "no-store"},
		{"not found", "GET", "/nothing", "", "frame-ancestors 'none'", "no-store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := do(t, c.method, url+c.path, c.token, nil).Header
			for name, want := range map[string]string{
				"Content-Security-Policy":   c.ancestors,
				"Cache-Control":             c.cache,
				"Strict-Transport-Security": "max-age=31536000",
				"X-Content-Type-Options":    "nosniff",
				"Referrer-Policy":           "no-referrer",
				"X-Frame-Options":           "",
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

// What the host wrote into an installation cannot loosen the policy.
func TestFrameAncestorsTakePlainOriginsOnly(t *testing.T) {
	w := newWorld(t, nil)
	w.Page("/page", hello)
	url := w.serve(t).URL
	for display, want := range map[string]string{
		"":                                    "https://one.atlassian.net",
		"https://one.atlassian.net":           "https://one.atlassian.net",
		"https://jira.one.example:8443/x":     "https://one.atlassian.net https://jira.one.example:8443",
		"http://jira.one.example":             "https://one.atlassian.net",
		"https://*":                           "https://one.atlassian.net",
		"https://a; script-src *":             "https://one.atlassian.net",
		"https://a b":                         "https://one.atlassian.net",
		"javascript:alert(1)":                 "https://one.atlassian.net",
		"https://user@x.example":              "https://one.atlassian.net https://x.example",
		"https://x.example,https://y.example": "https://one.atlassian.net",
		"http://localhost:2990":               "https://one.atlassian.net http://localhost:2990",
	} {
		_, err := w.store.Update(t.Context(), clientKey, func(i *store.Installation) (*store.Installation, error) {
			i.DisplayURL = display
			return i, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := do(t, "GET", url+"/page", sign(t, hashOf(t, "GET", "/page")), nil).Header.Get("Content-Security-Policy")
		if got != "frame-ancestors "+want {
			t.Errorf("display URL %q: got %q, want %q", display, got, want)
		}
	}
}

func TestHandlerMayLoosenItsOwnAnswer(t *testing.T) {
	w := newWorld(t, nil)
	w.Public("/logo.svg", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
	}))
	if got := do(t, "GET", w.serve(t).URL+"/logo.svg", "", nil).Header.Get("Cache-Control"); got != "public, max-age=60" {
		t.Errorf("got %q", got)
	}
}

// A handler that sets a policy about other things keeps the one about frames.
func TestHandlersPolicyKeepsTheFrames(t *testing.T) {
	w := newWorld(t, nil)
	own := "frame-ancestors https://one.atlassian.net https://jira.one.example"
	for path, policies := range map[string][]string{
		"/replaced": {"default-src 'self'"},
		"/removed":  nil,
		"/said":     {"default-src 'self'; Frame-Ancestors https://x.example"},
	} {
		w.Page(path, func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Security-Policy"] = policies })
	}
	url := w.serve(t).URL
	for path, want := range map[string]string{
		"/replaced": "default-src 'self' | " + own,
		"/removed":  own,
		"/said":     "default-src 'self'; Frame-Ancestors https://x.example",
	} {
		got := do(t, "GET", url+path, sign(t, hashOf(t, "GET", path)), nil).Header.Values("Content-Security-Policy")
		if strings.Join(got, " | ") != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// What went wrong on a page that everybody may keep is kept by nobody.
func TestErrorsAreNotKept(t *testing.T) {
	w := newWorld(t, nil)
	w.CacheablePage("/fails", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	w.CacheablePage("/panics", func(w http.ResponseWriter, _ *http.Request) { panic("no") })
	w.CacheablePage("/works", hello)
	url := w.serve(t).URL
	for path, want := range map[string]string{"/fails": "no-store", "/panics": "no-store", "/works": "public, max-age=3600"} {
		if got := do(t, "GET", url+path, "", nil).Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// What net/http can do with an answer, it can do behind an App.
func TestWriterIsWhole(t *testing.T) {
	w := newWorld(t, nil)
	w.Public("/flushed", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("beginning"))
		w.(http.Flusher).Flush()
		panic("in the middle")
	}))
	w.Public("/controlled", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		panic("after the header")
	}))
	w.Public("/taken", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))
		_ = conn.Close()
	}))
	w.Public("/copied", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader("all of it"))
	}))
	url := w.serve(t).URL
	for _, path := range []string{"/flushed", "/controlled"} {
		resp, err := http.Get(url + path)
		if err != nil {
			continue // broken off before the header came through
		}
		if text, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: got a whole answer %q, want one that is broken off", path, text)
		}
		resp.Body.Close()
	}
	if got := do(t, "GET", url+"/taken", "", nil); got.StatusCode != 204 {
		t.Errorf("taken: got %d", got.StatusCode)
	}
	if got := do(t, "GET", url+"/copied", "", nil); got.body != "all of it" || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("copied: got %q", got.body)
	}
	for _, line := range []string{"bytes=9 ", "route=/copied"} {
		if !strings.Contains(w.log.String(), line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

// The log says what is needed and no more than a stranger may write into it.
func TestRequestLog(t *testing.T) {
	for _, development := range []bool{false, true} {
		w := newWorld(t, func(c *connect.Config) { c.Development = development })
		url := w.serve(t).URL
		do(t, "GET", url+"/nobody-serves-this", "", nil)
		do(t, strings.Repeat("M", 5000), url+"/healthz", "", nil)
		do(t, "GET", url+"/healthz", "", nil)
		text := w.log.String()
		if got := strings.Contains(text, "nobody-serves-this"); got != development {
			t.Errorf("development %v: path of a 404 in the log: %v", development, got)
		}
		if strings.Contains(text, "MMM") || strings.Contains(text, "status=200") {
			t.Errorf("got %s", text)
		}
	}
}

func TestLogHasNoTokens(t *testing.T) {
	w := newWorld(t, nil)
	openAll(w)
	w.Public("/boom", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		panic("broken by " + r.Header.Get("Authorization"))
	}))
	url := w.serve(t).URL
	token := sign(t, hashOf(t, "GET", "/page"))
	for _, path := range []string{"/page?jwt=" + token, "/page?x=1&jwt=" + token, "/" + token, "/static/" + token, "/page?JWT=" + token} {
		do(t, "GET", url+path, "", nil)
	}
	if got := do(t, "GET", url+"/boom", token, nil); got.StatusCode != 500 || got.body != "Internal Server Error\n" {
		t.Errorf("a panic: got %d %q", got.StatusCode, got.body)
	}
	text := w.log.String()
	for _, part := range append(strings.Split(token, "."), secret) {
		if strings.Contains(text, part) {
			t.Errorf("the log holds %q:\n%s", part, text)
		}
	}
	for _, want := range []string{"route=/page", "kind=Page", "client_key=tenant-1", "status=200", "status=401", "status=404", "handler panicked", "method=GET"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q:\n%s", want, text)
		}
	}
}
