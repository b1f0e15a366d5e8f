package connect_test

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store"
)

const ada, bo = "712020:ada", "712020:bo"

// formWorld is an app with forms, installed in two hosts.
type formWorld struct {
	t          *testing.T
	app        *connect.App
	url        string
	clock      *connecttest.Clock
	one, other *connecttest.Host
	log        *journal
	saved      []string // by whom and what
}

// settingsPage has a form that posts to /settings/save.
var settingsPage = template.Must(template.New("").Parse(`<form method="post" action="settings/save">{{.}}<input name="days"></form>`))

func newFormWorld(t *testing.T, change func(*connect.Config)) *formWorld {
	t.Helper()
	w := &formWorld{t: t, clock: connecttest.NewClock(time.Now()), log: new(journal)}
	host := func() *connecttest.Host { return connecttest.NewHostConfig(t, devhost.Config{Clock: w.clock.Now}) }
	w.one, w.other = host(), host()
	server := httptest.NewUnstartedServer(nil)
	w.url = "http://" + server.Listener.Addr().String()
	cfg := connect.Config{
		BaseURL: w.url, Store: store.NewMemory(), Clock: w.clock.Now, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
		Descriptor: &descriptor.App{
			Key: appKey, Name: "Hello", Scopes: descriptor.Scopes{descriptor.Read},
			Modules: descriptor.Modules{GeneralPages: []descriptor.Page{{Key: "settings", Name: descriptor.Plain("Settings"), URL: "/settings"}}},
		},
		InstallKeysURLs:        []string{w.one.KeyServerURL(), w.other.KeyServerURL()},
		AuthorizationServerURL: w.one.AuthorizationServerURL(),
		AllowedHosts:           []string{w.one.HostPattern(), w.other.HostPattern()},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.app, err = connect.New(cfg); err != nil {
		t.Fatal(err)
	}
	w.app.Page("/settings", w.show)
	w.app.Form("/settings/save", w.save)
	w.app.Form("/settings/reset", w.save)
	w.app.API("/api", hello)
	w.app.Session("/session", hello)
	if err := w.app.Check(); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = w.app
	server.Start()
	t.Cleanup(server.Close)
	for _, h := range []*connecttest.Host{w.one, w.other} {
		if _, err := h.Install(t.Context(), w.url+connect.DescriptorPath); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *formWorld) show(rw http.ResponseWriter, r *http.Request) {
	field, err := w.app.FormField(connect.CallerFrom(r.Context()), "/settings/save")
	if err != nil {
		http.Error(rw, err.Error(), http.StatusForbidden)
		return
	}
	_ = settingsPage.Execute(rw, field)
}

// save notes what was posted and shows the page again.
func (w *formWorld) save(rw http.ResponseWriter, r *http.Request) {
	c := connect.CallerFrom(r.Context())
	note := c.ClientKey + " " + c.AccountID + " " + r.PostFormValue("days")
	if file, header, err := r.FormFile("upload"); err == nil {
		text, _ := io.ReadAll(file)
		note += fmt.Sprintf(" %s of %d bytes", header.Filename, len(text))
	}
	w.saved = append(w.saved, note)
	w.show(rw, r)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="atl_token" value="([A-Za-z0-9._-]+)">`)

// opened returns the token of the form on the page that the user is shown.
func (w *formWorld) opened(h *connecttest.Host, accountID string) string {
	w.t.Helper()
	return w.tokenIn(send(w.t, h.PageRequest(appKey, "settings", accountID, devhost.Context{})))
}

func (w *formWorld) tokenIn(page answer) string {
	w.t.Helper()
	found := hiddenField.FindStringSubmatch(page.body)
	if page.StatusCode != http.StatusOK || found == nil {
		w.t.Fatalf("got %d %q, want a page with a form", page.StatusCode, page.body)
	}
	return found[1]
}

// request posts a form.
func (w *formWorld) request(path string, form url.Values) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func filled(token string) url.Values { return url.Values{auth.FormField: {token}, "days": {"7"}} }

// TestFormStory opens a page in a frame, posts its form and the one on the page
// that comes back, as two users of one site and one of another.
func TestFormStory(t *testing.T) {
	w := newFormWorld(t, nil)
	type user struct {
		host    *connecttest.Host
		account string
	}
	for _, u := range []user{{w.one, ada}, {w.one, bo}, {w.other, ada}} {
		token := w.opened(u.host, u.account)
		for turn := range 2 {
			w.saved = nil
			page := send(t, w.request("/settings/save", filled(token)))
			if want := u.host.ClientKey(appKey) + " " + u.account + " 7"; len(w.saved) != 1 || w.saved[0] != want {
				t.Errorf("got %q, want %q once: %s", w.saved, want, w.log)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "frame-ancestors " + u.host.URL(), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			} {
				if got := page.Header.Get(name); got != want {
					t.Errorf("turn %d: %s: got %q, want %q", turn, name, got, want)
				}
			}
			w.clock.Advance(20 * time.Minute)
			token = w.tokenIn(page)
		}
	}
	if text := w.log.String(); !strings.Contains(text, "kind=Form") || !strings.Contains(text, "client_key="+w.one.ClientKey(appKey)) || strings.Contains(text, "eyJ") {
		t.Errorf("got log %s", text)
	}
}

// TestFormWithAFile posts files of up to MaxBody, which may be more than the
// limit of package auth.
func TestFormWithAFile(t *testing.T) {
	w := newFormWorld(t, func(c *connect.Config) { c.MaxBody = 12 << 20 })
	for _, size := range []int{3 << 20, 11 << 20} {
		w.saved = nil
		w.tokenIn(send(t, w.withFile(w.opened(w.one, ada), size)))
		if want := fmt.Sprintf("%s %s 7 a.bin of %d bytes", w.one.ClientKey(appKey), ada, size); len(w.saved) != 1 || w.saved[0] != want {
			t.Errorf("got %q, want %q", w.saved, want)
		}
	}
}

// withFile posts a form in parts, with a file of that size.
func (w *formWorld) withFile(token string, size int) *http.Request {
	w.t.Helper()
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for _, field := range [][2]string{{auth.FormField, token}, {"days", "7"}} {
		if err := parts.WriteField(field[0], field[1]); err != nil {
			w.t.Fatal(err)
		}
	}
	file, err := parts.CreateFormFile("upload", "a.bin")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := file.Write(make([]byte, size)); err != nil {
		w.t.Fatal(err)
	}
	if err := parts.Close(); err != nil {
		w.t.Fatal(err)
	}
	r := w.request("/settings/save", nil)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b.Bytes())), int64(b.Len())
	r.Header.Set("Content-Type", parts.FormDataContentType())
	return r
}

// reopened is a token of the app's own, open for editing; it is signed as it
// was, which fits what is edited no more, or by another key.
func reopened(t *testing.T, token string) connecttest.Token {
	t.Helper()
	parts := strings.Split(token, ".")
	claims, err := connecttest.ReadMembers(decoded(t, parts[1]))
	if err != nil {
		t.Fatal(err)
	}
	return connecttest.Token{
		Alg: "none", RawSignature: &parts[2], Claims: claims,
		Header: connecttest.Members{{Name: "alg", Value: "HS256"}, {Name: "typ", Value: "JWT"}},
	}
}

// TestFormRefusals posts the same form with one thing spoiled, each time after
// the good one. Nobody's settings change, and the log has the reason.
func TestFormRefusals(t *testing.T) {
	const form = "/settings/save"
	posted := func(edit func(w *formWorld, form url.Values)) func(*formWorld, string) *http.Request {
		return func(w *formWorld, token string) *http.Request {
			fields := filled(token)
			edit(w, fields)
			return w.request(form, fields)
		}
	}
	forged := func(edit func(w *formWorld, token connecttest.Token) connecttest.Token) func(*formWorld, string) *http.Request {
		return func(w *formWorld, token string) *http.Request {
			return w.request(form, filled(edit(w, reopened(w.t, token)).String()))
		}
	}
	later := func(change func(w *formWorld)) func(*formWorld, string) *http.Request {
		return func(w *formWorld, token string) *http.Request {
			change(w)
			return w.request(form, filled(token))
		}
	}
	session := func(w *formWorld) string {
		w.t.Helper()
		caller, err := w.app.Verifier().Check(w.one.PageRequest(appKey, "settings", ada, devhost.Context{}), auth.HostRequest)
		if err != nil {
			w.t.Fatal(err)
		}
		token, err := w.app.Verifier().IssueSession(caller, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		return token
	}
	must := func(w *formWorld, err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		spoil  func(w *formWorld, token string) *http.Request
		status int
		reason string // in the log
	}{
		{"no token", posted(func(_ *formWorld, f url.Values) { f.Del(auth.FormField) }), 401, "no_token"},
		{"gotten", func(w *formWorld, token string) *http.Request {
			r := w.request(form, filled(token))
			r.Method = http.MethodGet
			return r
		}, 405, "status=405"},
		{"asked for by HEAD", func(w *formWorld, token string) *http.Request {
			r := w.request(form+"?"+filled(token).Encode(), nil)
			r.Method = http.MethodHead
			return r
		}, 405, "status=405"},
		{"put", func(w *formWorld, token string) *http.Request {
			r := w.request(form, filled(token))
			r.Method = http.MethodPut
			return r
		}, 405, "status=405"},
		{"another tenant", forged(func(w *formWorld, token connecttest.Token) connecttest.Token {
			return token.WithClaim("aud", w.other.ClientKey(appKey))
		}), 401, "signature"},
		{"another user", forged(func(_ *formWorld, token connecttest.Token) connecttest.Token { return token.WithClaim("sub", bo) }), 401, "signature"},
		{"another form", func(w *formWorld, token string) *http.Request { return w.request("/settings/reset", filled(token)) }, 401, "qsh"},
		{"expired", later(func(w *formWorld) { w.clock.Advance(30*time.Minute + 30*time.Second) }), 401, "expired"},
		{"life made longer", forged(func(w *formWorld, token connecttest.Token) connecttest.Token {
			return token.WithClaim("exp", w.clock.Now().Unix()+3000)
		}), 401, "signature"},
		{"alg none", forged(func(_ *formWorld, token connecttest.Token) connecttest.Token {
			return token.WithHeader("alg", "none").SignedBy("none", nil)
		}), 401, "algorithm"},
		{"alg RS256", forged(func(w *formWorld, token connecttest.Token) connecttest.Token {
			token.RawSignature = nil
			return token.WithHeader("alg", "RS256").SignedBy("RS256", w.one.Key)
		}), 401, "algorithm"},
		{"signed with the shared secret", forged(func(w *formWorld, token connecttest.Token) connecttest.Token {
			token.RawSignature = nil
			return token.SignedBy("HS256", w.one.Secret(appKey))
		}), 401, "signature"},
		{"a session", posted(func(w *formWorld, f url.Values) { f.Set(auth.FormField, session(w)) }), 401, "qsh"},
		{"a context token", posted(func(w *formWorld, f url.Values) {
			f.Set(auth.FormField, w.one.ContextToken(appKey, ada, devhost.Context{}).String())
		}), 401, "issuer"},
		{"a token of the host for this request", posted(func(w *formWorld, f url.Values) {
			f.Set(auth.FormField, w.one.RequestToken(appKey, http.MethodPost, w.url+form, ada).String())
		}), 401, "issuer"},
		{"a token of the host in the header", func(w *formWorld, _ string) *http.Request {
			r := w.request(form, url.Values{"days": {"7"}})
			r.Header.Set("Authorization", "JWT "+w.one.RequestToken(appKey, http.MethodPost, w.url+form, ada).String())
			return r
		}, 401, "many_tokens"},
		{"token in the header", func(w *formWorld, token string) *http.Request {
			r := w.request(form, url.Values{"days": {"7"}})
			r.Header.Set("Authorization", "JWT "+token)
			return r
		}, 401, "many_tokens"},
		{"token in the query", func(w *formWorld, token string) *http.Request {
			return w.request(form+"?"+url.Values{auth.FormField: {token}}.Encode(), url.Values{"days": {"7"}})
		}, 401, "many_tokens"},
		{"token in the query too", func(w *formWorld, token string) *http.Request {
			return w.request(form+"?"+url.Values{auth.FormField: {token}}.Encode(), filled(token))
		}, 401, "many_tokens"},
		{"repeated token", posted(func(_ *formWorld, f url.Values) { f.Add(auth.FormField, f.Get(auth.FormField)) }), 401, "many_tokens"},
		{"uninstalled", later(func(w *formWorld) { must(w, w.one.Uninstall(w.t.Context(), appKey)) }), 401, "uninstalled"},
		{"secret rotated", later(func(w *formWorld) {
			_, err := w.one.Rotate(w.t.Context(), appKey)
			must(w, err)
		}), 401, "signature"},
		{"oversized", posted(func(_ *formWorld, f url.Values) { f.Set("text", strings.Repeat("x", 1<<20)) }), 413, "too large"},
		{"form token as a token of the API", func(w *formWorld, token string) *http.Request {
			return mustRequest(w.t, http.MethodGet, w.url+"/api", token)
		}, 401, "issuer"},
		{"form token as a session", func(w *formWorld, token string) *http.Request {
			return mustRequest(w.t, http.MethodGet, w.url+"/session", token)
		}, 401, "qsh"},
		{"form token as that of a page", func(w *formWorld, token string) *http.Request {
			return mustRequest(w.t, http.MethodGet, w.url+"/settings", token)
		}, 401, "issuer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newFormWorld(t, nil)
			token := w.opened(w.one, ada)
			w.tokenIn(send(t, w.request(form, filled(token))))
			w.saved = nil
			got := send(t, c.spoil(w, token))
			if got.StatusCode != c.status || len(w.saved) > 0 {
				t.Errorf("got %d and saved %q, want %d and nothing", got.StatusCode, w.saved, c.status)
			}
			if want := http.StatusText(c.status) + "\n"; got.body != want && got.Request.Method != http.MethodHead {
				t.Errorf("got body %q, want %q", got.body, want)
			}
			if got := got.Header.Get("Content-Security-Policy"); got != "frame-ancestors 'none'" {
				t.Errorf("got policy %q, want none to frame it", got)
			}
			if text := w.log.String(); !strings.Contains(text, c.reason) || strings.Contains(text, "eyJ") {
				t.Errorf("got log %s, want %s in it and no token", text, c.reason)
			}
		})
	}
}

// TestFormLife posts forms at the end of another life.
func TestFormLife(t *testing.T) {
	w := newFormWorld(t, func(c *connect.Config) { c.FormLife = time.Minute; c.Leeway = -1 })
	token := w.opened(w.one, ada)
	w.clock.Advance(59 * time.Second)
	if got := send(t, w.request("/settings/save", filled(token))); got.StatusCode != 200 {
		t.Errorf("before the end: got %d", got.StatusCode)
	}
	w.clock.Advance(time.Second)
	if got := send(t, w.request("/settings/save", filled(token))); got.StatusCode != 401 {
		t.Errorf("at the end: got %d", got.StatusCode)
	}
	for life, fits := range map[time.Duration]bool{0: true, time.Second: true, time.Hour: true, time.Hour + 1: false, time.Second - 1: false, -1: false} {
		_, err := connect.New(connect.Config{BaseURL: baseURL, Descriptor: &descriptor.App{Key: appKey}, Store: store.NewMemory(), FormLife: life})
		if (err == nil) != fits {
			t.Errorf("FormLife %v: got %v", life, err)
		}
	}
}

// TestFormTokenNeedsItsRoute tells a mistyped form at once, and not when it is
// posted; and gives nobody a form who could not post it.
func TestFormTokenNeedsItsRoute(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.BaseURL = baseURL + "/apps/one" })
	w.Page("/settings", hello)
	w.Form("/settings/save", hello)
	w.Form("/issues/{key:[A-Z]+-[0-9]+}/close", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, mux.Vars(r)["key"]) })
	w.Public("/open/", http.HandlerFunc(hello))
	url := w.serve(t).URL
	caller, err := w.Verifier().Check(mustRequest(t, "GET", url+"/settings", sign(t, hashOf(t, "GET", "/settings"))), auth.HostRequest)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"/settings", "/setings/save", "/open/x", "/issues/1/close", "settings/save", "", "/apps/one/settings/save", "/settings/save?atl_token=x", "/%zz"} {
		if token, err := w.FormToken(caller, form); err == nil || token != "" {
			t.Errorf("form %q: got %q, %v, want an error", form, token, err)
		}
		if field, err := w.FormField(caller, form); err == nil || field != "" {
			t.Errorf("form %q: got %q, %v, want an error", form, field, err)
		}
	}
	if _, err := w.FormToken(nil, "/settings/save"); err == nil {
		t.Error("nobody: got a token, want an error")
	}
	caller.AccountID = ""
	if _, err := w.FormToken(caller, "/settings/save"); err == nil {
		t.Error("anonymous: got a token, want an error")
	}
	caller.AccountID = ada
	token, err := w.FormToken(caller, "/issues/ABC-1/close?quietly=1")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/apps/one/issues/ABC-1/close?quietly=1": 200, "/issues/ABC-1/close?quietly=1": 200,
		"/apps/one/issues/ABC-2/close?quietly=1": 401, "/apps/one/issues/ABC-1/close": 401, "/apps/one/issues/ABC-1/close?quietly=0": 401,
	} {
		r := mustRequest(t, "POST", url+path, "")
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		r.Body = io.NopCloser(strings.NewReader(filled(token).Encode()))
		if got := send(t, r); got.StatusCode != want || want == 200 && got.body != "ABC-1" {
			t.Errorf("%s: got %d %q, want %d", path, got.StatusCode, got.body, want)
		}
	}
}
