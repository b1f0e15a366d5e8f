package connect_test

import (
	"net/http"
	neturl "net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/connect"
)

// TestBrowserRoutes goes through who may ask a Browser route for what, by the
// two headers that browsers tell it with.
func TestBrowserRoutes(t *testing.T) {
	const trusted = "https://one.atlassian.net"
	w := newWorld(t, func(c *connect.Config) { c.TrustedOrigins = []string{trusted} })
	w.Browser("/admin", http.HandlerFunc(hello))
	url := w.serve(t).URL
	base, err := neturl.Parse(baseURL)
	if err != nil {
		t.Fatal(err)
	}
	ownOrigin := base.Scheme + "://" + base.Host
	for _, c := range []struct {
		name, method, site, origin string
		want                       int
	}{
		{"a server", "POST", "", "", 200},
		{"the app's own form", "POST", "same-origin", url, 200},
		{"the app's own form under no-referrer", "POST", "same-origin", "null", 200},
		{"an address that was typed", "POST", "none", "", 200},
		{"the app's own form in an old browser", "POST", "", url, 200},
		{"the same behind a proxy that hides the host", "POST", "", ownOrigin, 200},
		{"a form of another site", "POST", "cross-site", "https://evil.example", 403},
		{"a form of another site without an origin", "POST", "cross-site", "null", 403},
		{"a form of a site with the app's domain", "POST", "same-site", "https://other.example.com", 403},
		{"a form of another site in an old browser", "POST", "", "https://evil.example", 403},
		{"a form of nowhere in an old browser", "POST", "", "null", 403},
		{"a script of another site that puts", "PUT", "cross-site", "https://evil.example", 403},
		{"a script of another site that deletes", "DELETE", "cross-site", "https://evil.example", 403},
		{"a form at Atlassian that is not trusted", "POST", "cross-site", "https://two.atlassian.net", 403},
		{"a form at Atlassian that is trusted", "POST", "cross-site", trusted, 200},
		{"a site that looks like it", "POST", "cross-site", trusted + ".evil.example", 403},
		{"a site like it over plain http", "POST", "cross-site", "http://one.atlassian.net", 403},
		{"a link on another site", "GET", "cross-site", "", 200},
		{"a preflight", "OPTIONS", "cross-site", "https://evil.example", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustRequest(t, c.method, url+"/admin", "")
			r.Header = make(http.Header)
			for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			got := send(t, r)
			if got.StatusCode != c.want {
				t.Errorf("got %d, want %d", got.StatusCode, c.want)
			}
			policy := map[int]string{200: "same-origin", 403: "no-referrer"}[c.want]
			if got.Header.Get("Referrer-Policy") != policy || got.Header.Get("Content-Security-Policy") != "frame-ancestors 'none'" {
				t.Errorf("got headers %v, want referrer policy %s and none to frame it", got.Header, policy)
			}
			if c.want == 403 && got.body != "Forbidden\n" {
				t.Errorf("got body %q, want the bare status", got.body)
			}
		})
	}
	if text := w.log.String(); !strings.Contains(text, "request refused") || !strings.Contains(text, "connect: cross-origin request detected") || !strings.Contains(text, "kind=Browser") {
		t.Errorf("got log %s, want the reasons", text)
	}
}

// TestOtherRoutesTakeAnyOrigin shows that the check is of Browser routes alone:
// the host's servers and frames have origins of their own.
func TestOtherRoutesTakeAnyOrigin(t *testing.T) {
	w := newWorld(t, nil)
	openAll(w)
	url := w.serve(t).URL
	for _, c := range []struct{ method, path, token string }{
		{"POST", "/host", sign(t, hashOf(t, "POST", "/host"))},
		{"POST", "/hook", sign(t, hashOf(t, "POST", "/hook"))},
		{"POST", "/api", sign(t, "context-qsh")},
		{"POST", "/static/x", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "JWT "+c.token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://one.atlassian.net")
		if got := send(t, r); got.StatusCode >= 300 {
			t.Errorf("%s %s: got %d", c.method, c.path, got.StatusCode)
		}
	}
}

// TestBrowserPrefix shows that a Browser route is placed as a Public one.
func TestBrowserPrefix(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.BaseURL = baseURL + "/apps/one" })
	w.Browser("/admin/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }))
	w.Page("/admin/page", hello)
	url := w.serve(t).URL
	for path, want := range map[string]string{"/apps/one/admin/a/b": "/admin/a/b", "/admin/": "/admin/", "/admin/page": "Unauthorized\n"} {
		if got := do(t, "GET", url+path, "", nil); got.body != want {
			t.Errorf("%s: got %d %q, want %q", path, got.StatusCode, got.body, want)
		}
	}
}

func TestTrustedOriginsAreOrigins(t *testing.T) {
	for origin, fits := range map[string]bool{
		"https://one.atlassian.net": true, "https://one.example:8443": true, "http://localhost:2990": true, "http://127.0.0.1:2990": true,
		"https://*.atlassian.net": false, "https://one.atlassian.net/": false, "https://one.atlassian.net/x": false, "one.atlassian.net": false,
		"https://One.atlassian.net": false, "HTTPS://one.atlassian.net": false, "https://one.atlassian.net:443": false, "http://one.example": false,
		"http://localhost:80": false, "https://a@one.example": false, "null": false, "": false, "*": false, "https://": false, "https://one.example?": false,
	} {
		cfg := connect.Config{TrustedOrigins: []string{"https://good.example", origin}}
		newWorldError := func() error {
			w := newWorld(t, nil)
			cfg.BaseURL, cfg.Descriptor, cfg.Store = baseURL, w.Descriptor(), w.store
			_, err := connect.New(cfg)
			return err
		}
		if err := newWorldError(); (err == nil) != fits || err != nil && !strings.HasPrefix(err.Error(), "connect: TrustedOrigins: ") {
			t.Errorf("%q: got %v, want it taken: %v", origin, err, fits)
		}
	}
}
