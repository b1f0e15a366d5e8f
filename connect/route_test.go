package connect_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// openAll opens a route of every kind.
func openAll(w *world) {
	w.Page("/page", hello)
	w.HostRequest("/host", hello)
	w.API("/api", hello)
	w.Session("/session", hello)
	w.Form("/form", hello)
	w.Browser("/browser", http.HandlerFunc(hello))
	w.CacheablePage("/cached", hello)
	w.Public("/static/", http.HandlerFunc(hello))
	w.Webhook("jira:issue_created", "/hook", func(context.Context, *webhook.Event) error { return nil })
}

func TestRoutesTakeTheirKindOfTokenAlone(t *testing.T) {
	w := newWorld(t, nil)
	openAll(w)
	url := w.serve(t).URL
	caller, err := w.Verifier().Check(mustRequest(t, "GET", url+"/page", sign(t, hashOf(t, "GET", "/page"))), 1)
	if err != nil {
		t.Fatal(err)
	}
	session, err := w.Verifier().IssueSession(caller, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []struct {
		path, method string
		takes        string
		status       int
	}{
		{"/page", "GET", "request", 200},
		{"/host", "POST", "request", 200},
		{"/hook", "POST", "request", 204},
		{"/api", "GET", "context", 200},
		{"/session", "GET", "session", 200},
		{"/form", "POST", "", 0},
		{"/browser", "POST", "any", 200},
		{"/enabled", "POST", "", 0},
		{"/disabled", "POST", "", 0},
		{"/installed", "POST", "", 0},
		{"/uninstalled", "POST", "", 0},
		{"/cached", "GET", "any", 200},
		{"/static/x", "GET", "any", 200},
	} {
		tokens := map[string]string{
			"no":      "",
			"request": sign(t, hashOf(t, route.method, route.path)),
			"context": sign(t, "context-qsh"),
			"session": session,
		}
		for kind, token := range tokens {
			t.Run(route.path+" with "+kind+" token", func(t *testing.T) {
				body := strings.NewReader("{}")
				if route.method == "GET" {
					body = nil
				}
				var got answer
				if body == nil {
					got = do(t, route.method, url+route.path, token, nil)
				} else {
					got = do(t, route.method, url+route.path, token, body)
				}
				want := http.StatusUnauthorized
				if route.takes == "any" || route.takes == kind {
					want = route.status
				}
				if got.StatusCode != want {
					t.Errorf("got %d, want %d", got.StatusCode, want)
				}
			})
		}
	}
}

func mustRequest(t *testing.T, method, url, token string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "JWT "+token)
	return r
}

func TestClosedUnlessOpened(t *testing.T) {
	w := newWorld(t, nil)
	openAll(w)
	url := w.serve(t).URL
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/pages", 404, ""},
		{"GET", "/page/", 404, ""},
		{"GET", "//page", 404, ""},
		{"GET", "/static", 404, ""},
		{"GET", "/x/../page", 404, ""},
		{"POST", "/page", 405, "GET, HEAD"},
		{"GET", "/form", 405, "POST"},
		{"HEAD", "/form", 405, "POST"},
		{"GET", "/installed", 405, "POST"},
		{"GET", "/hook", 405, "POST"},
		{"POST", "/atlassian-connect.json", 405, "GET, HEAD"},
		{"DELETE", "/healthz", 405, "GET, HEAD"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			r := mustRequest(t, c.method, url, "none")
			r.URL.Opaque = "//" + r.URL.Host + c.path // as written, not cleaned
			got := send(t, r)
			if got.StatusCode != c.status || got.Header.Get("Allow") != c.allow {
				t.Errorf("got %d, Allow %q, want %d, %q", got.StatusCode, got.Header.Get("Allow"), c.status, c.allow)
			}
		})
	}
}

func TestRoutesBelowTheBasePath(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) {
		c.BaseURL = baseURL + "/stale/app"
		c.OtherBaseURLs = []string{"https://eu.example.com/"}
	})
	w.Page("/page/{name}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(mux.Vars(r)["name"]))
	})
	w.Public("/static/", http.StripPrefix("/static/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.Path))
	})))
	w.Public("/robots.txt", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.Path))
	}))
	url := w.serve(t).URL
	hash := hashOf(t, "GET", "/page/x y?a=1")
	for _, c := range []struct{ name, path, body string }{
		{"as the host asks", "/stale/app/page/x%20y?a=1", "x y"},
		{"with the base cut off by a proxy", "/page/x%20y?a=1", "x y"},
		{"a prefix", "/stale/app/static/a/b.js", "a/b.js"},
		{"a prefix, cut", "/static/a/b.js", "a/b.js"},
		{"a prefix alone", "/stale/app/static/", ""},
		{"health", "/stale/app/healthz", "OK\n"},
		{"a public path", "/stale/app/robots.txt", "/robots.txt"},
		{"a public path, cut", "/robots.txt", "/robots.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := do(t, "GET", url+c.path, sign(t, hash), nil); got.StatusCode != 200 || got.body != c.body {
				t.Errorf("got %d %q, want 200 %q", got.StatusCode, got.body, c.body)
			}
		})
	}
	if got := do(t, "GET", url+"/stale/page/x%20y?a=1", sign(t, hash), nil); got.StatusCode != 404 {
		t.Errorf("half of the base path: got %d, want 404", got.StatusCode)
	}
}

func TestMisuseAtStartPanics(t *testing.T) {
	for name, misuse := range map[string]func(*world){
		"opened twice":      func(w *world) { w.Page("/a", hello); w.API("/a", hello) },
		"taken by the app":  func(w *world) { w.Page("/installed", hello) },
		"not a path":        func(w *world) { w.Page("a", hello) },
		"with a query":      func(w *world) { w.Page("/a?b=c", hello) },
		"unbalanced braces": func(w *world) { w.Page("/{a", hello) },
		"no handler":        func(w *world) { w.Page("/a", nil) },
		"no cached handler": func(w *world) { w.CacheablePage("/a", nil) },
		"no host handler":   func(w *world) { w.HostRequest("/a", nil) },
		"no API handler":    func(w *world) { w.API("/a", nil) },
		"no session":        func(w *world) { w.Session("/a", nil) },
		"no form":           func(w *world) { w.Form("/a", nil) },
		"no browser":        func(w *world) { w.Browser("/a", nil) },
		"no public handler": func(w *world) { w.Public("/a", nil) },
		"no webhook":        func(w *world) { w.Webhook("e", "/a", nil) },
		"after serving": func(w *world) {
			_ = w.Check()
			w.Page("/a", hello)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			defer func() {
				if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "connect: ") {
					t.Errorf("got panic %v, want one that names the package", p)
				}
			}()
			misuse(w)
		})
	}
}

func TestBodiesAreLimited(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.MaxBody = 10 })
	read := make(chan error, 1)
	reader := func(_ http.ResponseWriter, r *http.Request) {
		_, err := readAll(r)
		read <- err
	}
	w.API("/api", reader)
	w.Public("/public", http.HandlerFunc(reader))
	url := w.serve(t).URL
	for _, path := range []string{"/api", "/public"} {
		for body, fits := range map[string]bool{"0123456789": true, "0123456789a": false} {
			do(t, "POST", url+path, sign(t, "context-qsh"), strings.NewReader(body))
			if err := <-read; (err == nil) != fits {
				t.Errorf("%s, %d bytes: got %v", path, len(body), err)
			}
		}
	}
}

func TestDescriptorIsServedForTheBaseURLAsked(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) {
		c.OtherBaseURLs = []string{"https://proxy.example.com/x"}
		c.Descriptor.RegionBaseURLs = map[string]string{"EU": "https://eu.example.com"}
	})
	url := w.serve(t).URL
	for host, want := range map[string]string{
		"app.example.com":   baseURL,
		"proxy.example.com": "https://proxy.example.com/x",
		"eu.example.com":    "https://eu.example.com",
		"evil.example":      baseURL,
	} {
		r := mustRequest(t, "GET", url+connect.DescriptorPath, "none")
		r.Host = host
		got := send(t, r)
		app, err := descriptor.Parse([]byte(got.body))
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if app.BaseURL != want || app.Key != appKey || app.Lifecycle.Installed != "/installed" || !*app.APIMigrations.SignedInstall {
			t.Errorf("%s: got %+v, want base URL %s", host, app, want)
		}
		if cache := got.Header.Get("Cache-Control"); !strings.Contains(cache, "max-age") || strings.Contains(cache, "no-store") {
			t.Errorf("%s: Cache-Control %q", host, cache)
		}
	}
}

func TestDescriptorOfSeveralBaseURLsOnOneHost(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) {
		c.BaseURL = "https://apps.example.com/us"
		c.OtherBaseURLs = []string{"https://apps.example.com/eu"}
	})
	url := w.serve(t).URL
	for _, c := range []struct{ host, path, want string }{
		{"apps.example.com", "/us", "https://apps.example.com/us"},
		{"apps.example.com", "/eu", "https://apps.example.com/eu"},
		{"APPS.example.com:443", "/eu", "https://apps.example.com/eu"},
		{"10.0.0.7:8080", "/eu", "https://apps.example.com/eu"},
		{"apps.example.com", "", "https://apps.example.com/us"},
	} {
		r := mustRequest(t, "GET", url+c.path+connect.DescriptorPath, "none")
		r.Host = c.host
		app, err := descriptor.Parse([]byte(send(t, r).body))
		if err != nil || app.BaseURL != c.want {
			t.Errorf("%s%s: got %v, %v, want %s", c.host, c.path, app, err, c.want)
		}
	}
}

func TestLimitsOfTheServer(t *testing.T) {
	s := newWorld(t, nil).Server()
	if s.MaxHeaderBytes != 32<<10 || s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 15*time.Second || s.WriteTimeout == 0 || s.IdleTimeout == 0 {
		t.Errorf("got %+v", s)
	}
}
