package auth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// basePath says which path the host may have hashed for a path of the app's.
type basePath struct {
	name   string
	bases  []string
	target string // what the app sees
	hashed string // what the host signed
	ok     bool
}

func basePaths() []basePath {
	return []basePath{
		{"no path", []string{"https://a.example"}, "/page", "/page", true},
		{"root with a slash", []string{"https://a.example/"}, "/page", "/page", true},
		{"root page", []string{"https://a.example"}, "/", "/", true},
		{"below the base", []string{"https://a.example/app"}, "/app/page", "/page", true},
		{"below the base, which has a slash", []string{"https://a.example/app/"}, "/app/page", "/page", true},
		{"the base itself", []string{"https://a.example/app"}, "/app", "/", true},
		{"the base itself with a slash", []string{"https://a.example/app"}, "/app/", "/", true},
		{"base not cut", []string{"https://a.example/app"}, "/app/page", "/app/page", false},
		{"proxy has cut the base", []string{"https://a.example/app"}, "/page", "/page", true},
		{"begins like the base", []string{"https://a.example/app"}, "/apple", "/apple", true},
		{"begins like the base and is cut as text", []string{"https://a.example/app"}, "/apple", "/le", false},
		{"cut once only", []string{"https://a.example/app"}, "/app/app/page", "/page", false},
		{"cut once", []string{"https://a.example/app"}, "/app/app/page", "/app/page", true},
		{"deep base", []string{"https://a.example/x/y"}, "/x/y/page", "/page", true},
		{"half of a deep base", []string{"https://a.example/x/y"}, "/x/page", "/page", false},
		{"first of two", []string{"https://a.example/eu", "https://a.example/us"}, "/eu/page", "/page", true},
		{"second of two", []string{"https://a.example/eu", "https://a.example/us"}, "/us/page", "/page", true},
		{"neither of two", []string{"https://a.example/eu", "https://a.example/us"}, "/de/page", "/page", false},
		{"one without and one with a path", []string{"https://a.example", "https://b.example/app"}, "/app/page", "/page", true},
		{"the same, as the first sees it", []string{"https://a.example", "https://b.example/app"}, "/app/page", "/app/page", true},
		{"one base in the other", []string{"https://a.example/x", "https://a.example/x/y"}, "/x/y/page", "/page", true},
		{"one slash behind is ignored", []string{"https://a.example"}, "/page/", "/page", true},
		{"two slashes behind are not", []string{"https://a.example"}, "/page//", "/page", false},
		{"escaped, hashed decoded", []string{"https://a.example"}, "/a%20b", "/a b", true},
		{"escaped, hashed raw", []string{"https://a.example"}, "/a%20b", "/a%20b", true},
		{"escaped slash, hashed decoded", []string{"https://a.example"}, "/a%2Fb", "/a/b", true},
		{"escaped slash, hashed raw", []string{"https://a.example"}, "/a%2Fb", "/a%2Fb", true},
		{"escapes in small letters, hashed in capitals", []string{"https://a.example"}, "/a%2fb", "/a%2Fb", false},
		{"escaped twice, hashed decoded twice", []string{"https://a.example"}, "/a%2520b", "/a b", false},
		{"umlaut, hashed decoded", []string{"https://a.example"}, "/%C3%BC", "/ü", true},
		{"umlaut, hashed raw", []string{"https://a.example"}, "/%C3%BC", "/%C3%BC", true},
		{"ampersand", []string{"https://a.example"}, "/a&b", "/a%26b", true},
		{"below the base, escaped, hashed decoded", []string{"https://a.example/app"}, "/app/a%20b", "/a b", true},
		{"below the base, escaped, hashed raw", []string{"https://a.example/app"}, "/app/a%20b", "/a%20b", true},
		{"base with an escape, hashed raw", []string{"https://a.example/my%20app"}, "/my%20app/a%20b", "/a%20b", true},
		{"base with an escape, hashed decoded", []string{"https://a.example/my%20app"}, "/my%20app/a%20b", "/a b", true},
		{"cut by a proxy, escaped, hashed raw", []string{"https://a.example/app"}, "/a%20b", "/a%20b", true},
		{"cut by a proxy, escaped, hashed decoded", []string{"https://a.example/app"}, "/a%20b", "/a b", true},
		{"dots stay", []string{"https://a.example"}, "/a/../b", "/b", false},
		{"dots stay as they are", []string{"https://a.example"}, "/a/../b", "/a/../b", true},
	}
}

func TestBaseURLPaths(t *testing.T) {
	for _, c := range basePaths() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(cfg *auth.Config) { cfg.BaseURLs = c.bases })
			s := hostRequest(w.clock.unix())
			s.path, s.query = c.target, "x=1"
			s.claims.set("qsh", quoted(sumHex("GET&"+c.hashed+"&x=1")))
			want := auth.CodeQSH
			if c.ok {
				want = ""
			}
			if _, err := w.check(s, auth.HostRequest); codeOf(err) != want {
				t.Errorf("got %v, want code %q", err, want)
			}
		})
	}
}

func TestAudiences(t *testing.T) {
	bases := []string{"https://app.example.com/", "https://eu.example.com/app", "https://proxy.example.net:8443"}
	w := newWorld(t, func(cfg *auth.Config) { cfg.BaseURLs = bases })
	for _, c := range []struct{ aud, base string }{
		{`"https://app.example.com"`, "https://app.example.com"},
		{`"https://app.example.com/"`, "https://app.example.com"},
		{`["https://app.example.com"]`, "https://app.example.com"},
		{`"https://eu.example.com/app"`, "https://eu.example.com/app"},
		{`["https://eu.example.com/app/"]`, "https://eu.example.com/app"},
		{`"https://proxy.example.net:8443"`, "https://proxy.example.net:8443"},
		{`"https://eu.example.com"`, ""},
		{`"https://app.example.com/app"`, ""},
		{`"https://proxy.example.net"`, ""},
		{`"app.example.com"`, ""},
	} {
		s := lifecycleEvent(w.clock.unix())
		s.claims.set("aud", c.aud)
		caller, err := w.check(s, auth.SignedLifecycle)
		if c.base == "" {
			if codeOf(err) != auth.CodeAudience {
				t.Errorf("audience %s: got %v, want code audience", c.aud, err)
			}
			continue
		}
		if err != nil || caller.BaseURL != c.base {
			t.Errorf("audience %s: got %+v, %v, want base URL %s", c.aud, caller, err, c.base)
		}
	}
}

// TestPostedForm shows that a handler reads a form as if nobody had before,
// both as values and as a body.
func TestPostedForm(t *testing.T) {
	w := newWorld(t)
	w.admit(macroPost(w.clock.unix()))
	if status, answer := w.fire(macroPost(w.clock.unix())); status != http.StatusOK || !strings.HasSuffix(answer, "\n\n1") {
		t.Errorf("got %s, want the form's value 1 in the answer", answer)
	}
	for _, place := range []string{"form", "header", "query"} {
		s := macroPost(w.clock.unix())
		s.place, s.body = place, "page=1&page=2"
		r, token := s.request(t, baseURL)
		if _, err := w.verifier.Check(r, auth.HostRequest); err != nil {
			t.Fatalf("token in the %s: %v", place, err)
		}
		if got := r.PostForm["page"]; len(got) != 2 || got[0] != "1" || got[1] != "2" {
			t.Errorf("token in the %s: got pages %q, want 1 and 2", place, got)
		}
		want := s.body
		if place == "form" {
			want += "&jwt=" + token
		}
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != want {
			t.Errorf("token in the %s: got body %q, %v, want %q", place, body, err, want)
		}
		if got := r.FormValue("xdm_c"); got != "channel-hello" {
			t.Errorf("token in the %s: got query value %q", place, got)
		}
	}
}

// TestFormReadBefore shows that a form parsed by somebody else is looked at too.
func TestFormReadBefore(t *testing.T) {
	w := newWorld(t)
	r, _ := macroPost(w.clock.unix()).request(t, baseURL)
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.verifier.Check(r, auth.HostRequest); err != nil {
		t.Errorf("got %v, want the form's token taken", err)
	}
}

// TestBodyIsLeftAlone shows that no other body is touched.
func TestBodyIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	for policy, s := range map[auth.Policy]*shot{
		auth.HostRequest: macroPost(w.clock.unix()), auth.ContextToken: contextToken(w.clock.unix()), auth.SignedLifecycle: lifecycleEvent(w.clock.unix()),
	} {
		s.place, s.method, s.body = "header", http.MethodPost, "not to be read %zz"
		if policy == auth.HostRequest {
			s.contentType = "application/json"
		} else {
			s.contentType = "application/x-www-form-urlencoded"
		}
		r, _ := s.request(t, baseURL)
		body := &watched{Reader: strings.NewReader(s.body)}
		r.Body = body
		if _, err := w.verifier.Check(r, policy); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		if body.read || r.PostForm != nil {
			t.Errorf("%s: the body was read", policy)
		}
	}
}

// watched is a body that knows whether it was read.
type watched struct {
	io.Reader
	read bool
}

func (w *watched) Read(p []byte) (int, error) {
	w.read = true
	return w.Reader.Read(p)
}

func (w *watched) Close() error { return nil }

func TestNewVerifierRefuses(t *testing.T) {
	good := func() auth.Config {
		return auth.Config{AppKey: appKey, BaseURLs: []string{baseURL}, Installations: new(readings), Keys: fixedKeys{}}
	}
	if _, err := auth.NewVerifier(good()); err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"https://app.example.com/a.b/..c/d..", "https://app.example.com/my%20app", "http://localhost:8080"} {
		cfg := good()
		cfg.BaseURLs, cfg.Leeway = []string{base}, 5*time.Minute
		if _, err := auth.NewVerifier(cfg); err != nil {
			t.Errorf("base URL %q: %v", base, err)
		}
	}
	for name, spoil := range map[string]func(*auth.Config){
		"no app key":       func(c *auth.Config) { c.AppKey = "" },
		"no base URL":      func(c *auth.Config) { c.BaseURLs = nil },
		"no store":         func(c *auth.Config) { c.Installations = nil },
		"no keys":          func(c *auth.Config) { c.Keys = nil },
		"negative life":    func(c *auth.Config) { c.MaxLife = -time.Second },
		"long life":        func(c *auth.Config) { c.MaxLife = time.Hour + time.Second },
		"empty base URL":   func(c *auth.Config) { c.BaseURLs = []string{baseURL, ""} },
		"base URL no host": func(c *auth.Config) { c.BaseURLs = []string{"https:///x"} },
		"base URL a path":  func(c *auth.Config) { c.BaseURLs = []string{"/x"} },
		"base URL ftp":     func(c *auth.Config) { c.BaseURLs = []string{"ftp://app.example.com"} },
		"base URL query":   func(c *auth.Config) { c.BaseURLs = []string{baseURL + "?x=1"} },
		"empty query":      func(c *auth.Config) { c.BaseURLs = []string{baseURL + "?"} },
		"fragment":         func(c *auth.Config) { c.BaseURLs = []string{baseURL + "#x"} },
		"empty fragment":   func(c *auth.Config) { c.BaseURLs = []string{baseURL + "#"} },
		"user":             func(c *auth.Config) { c.BaseURLs = []string{"https://u:p@app.example.com"} },
		"long leeway":      func(c *auth.Config) { c.Leeway = 5*time.Minute + 1 },
		"variable":         func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/{x}"} },
		"escaped brace":    func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/%7Bx"} },
		"variable host":    func(c *auth.Config) { c.BaseURLs = []string{"https://{x}.example.com"} },
		"dots":             func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/a/../b"} },
		"dots at the end":  func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/.."} },
		"one dot":          func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/./b"} },
		"escaped dots":     func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/%2e%2E/b"} },
		"backslash":        func(c *auth.Config) { c.BaseURLs = []string{baseURL + `/a\b`} },
		"backslash host":   func(c *auth.Config) { c.BaseURLs = []string{`https://app.example.com\@evil.example`} },
		"escaped slash":    func(c *auth.Config) { c.BaseURLs = []string{baseURL + "/a%5Cb"} },
		"not a URL":        func(c *auth.Config) { c.BaseURLs = []string{"https://a b"} },
	} {
		cfg := good()
		spoil(&cfg)
		if v, err := auth.NewVerifier(cfg); err == nil || v != nil {
			t.Errorf("%s: got %v, %v, want an error", name, v, err)
		}
	}
}

// TestDefaults runs a verifier with nothing but what is required, on the clock
// on the wall.
func TestDefaults(t *testing.T) {
	w := newWorld(t)
	v, err := auth.NewVerifier(auth.Config{AppKey: appKey, BaseURLs: []string{baseURL}, Installations: w.store, Keys: fixedKeys{&hostKey().PublicKey}})
	if err != nil {
		t.Fatal(err)
	}
	for policy, good := range map[auth.Policy]func(int64) *shot{auth.HostRequest: hostRequest, auth.SignedLifecycle: lifecycleEvent} {
		r, _ := good(time.Now().Unix()).request(t, baseURL)
		if _, err := v.Check(r, policy); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		old, _ := good(time.Now().Unix()-3600).request(t, baseURL)
		rec := httptest.NewRecorder()
		v.Require(policy)(http.NotFoundHandler()).ServeHTTP(rec, old)
		if rec.Code != http.StatusUnauthorized {
			t.Errorf("%s of an hour ago: got status %d, want 401", policy, rec.Code)
		}
	}
}

// TestLeewaySetting shows the leeway and the longest life that were asked for.
func TestLeewaySetting(t *testing.T) {
	for _, c := range []struct {
		leeway, life time.Duration
		iat, exp     int64 // from now
		want         auth.Code
	}{
		{-1, 0, -180, 1, ""},
		{-1, 0, -180, 0, auth.CodeExpired},
		{-1, 0, 1, 60, auth.CodeEarly},
		{time.Minute, 0, -180, -59, ""},
		{time.Minute, 0, -180, -60, auth.CodeExpired},
		{0, 3 * time.Minute, 0, 180, ""},
		{0, 3 * time.Minute, 0, 181, auth.CodeLifetime},
		{0, time.Hour, 0, 3600, ""},
	} {
		w := newWorld(t, func(cfg *auth.Config) { cfg.Leeway, cfg.MaxLife = c.leeway, c.life })
		s := hostRequest(w.clock.unix())
		s.claims.set("iat", number(w.clock.unix()+c.iat))
		s.claims.set("exp", number(w.clock.unix()+c.exp))
		if _, err := w.check(s, auth.HostRequest); codeOf(err) != c.want {
			t.Errorf("leeway %v, life %v, iat %+d, exp %+d: got %v, want code %q", c.leeway, c.life, c.iat, c.exp, err, c.want)
		}
	}
}
