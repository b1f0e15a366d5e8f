package auth_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

// post posts a URL-encoded form to a path of the app.
func (w *world) post(path string, form url.Values) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(r)
}

// TestForm is the way of a form: its token is issued for who sees the page, is
// taken back from the posted form, and the next page's form has its own.
func TestForm(t *testing.T) {
	w := newWorld(t)
	issue := func(c *auth.Caller, form string, life time.Duration) url.Values {
		t.Helper()
		token, err := w.verifier.IssueForm(c, form, life)
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{auth.FormField: {token}, "page": {"7"}}
	}
	form := issue(w.admit(pageFrame(w.clock.unix())), "/form", 0)
	status, answer := w.post("/form", form)
	if status != http.StatusOK || !strings.HasSuffix(answer, "\n\n7") {
		t.Fatalf("got %s, want the field of the form: %s", answer, w.log.take())
	}
	c := w.caller.Load()
	if c.Policy != auth.Form || c.ClientKey != tenant || c.AccountID != accountID || c.Installation.ClientKey != tenant || c.ExpiresAt.Sub(c.IssuedAt) != 30*time.Minute {
		t.Errorf("got %+v", c)
	}
	if status, _ := w.post("/form", form); status != http.StatusOK {
		t.Errorf("posted twice: got status %d, want 200", status)
	}
	if status, _ := w.post("/form/other", form); status != http.StatusUnauthorized {
		t.Errorf("posted elsewhere: got status %d, want 401", status)
	}
	next := issue(c, "/form/other?a=1&b=x+y", time.Hour)
	w.clock.advance(30*time.Minute + 30*time.Second)
	if status, _ := w.post("/form", form); status != http.StatusUnauthorized {
		t.Errorf("at its end: got status %d, want 401", status)
	}
	if status, _ := w.post("/form/other?b=x%20y&a=1", next); status != http.StatusOK {
		t.Errorf("the next one: got status %d, want 200", status)
	}
	w.rotate(tenant, secret2, time.Hour)
	if status, _ := w.post("/form/other?a=1&b=x+y", next); status != http.StatusUnauthorized {
		t.Errorf("after a rotation: got status %d, want 401", status)
	}
}

// TestFormSaysNoLicence shows that a parameter of the app's own is not taken
// for one of the host.
func TestFormSaysNoLicence(t *testing.T) {
	w := newWorld(t)
	s := formPost(w.clock.unix())
	s.query = "lic=active"
	s.rehash()
	if got := w.admit(s).License; got != auth.LicenseUnknown {
		t.Errorf("got licence %q, want unknown", got)
	}
}

// TestFormBelowABasePath posts a form below the path of the base URL, and with
// that path cut off by a proxy: its name is the same.
func TestFormBelowABasePath(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config) { cfg.BaseURLs = []string{baseURL + "/apps/one"} })
	token, err := w.verifier.IssueForm(w.admit(contextToken(w.clock.unix())), "/form/a%20b", 0)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]auth.Code{
		"/apps/one/form/a%20b": "", "/form/a%20b": "", "/apps/two/form/a%20b": auth.CodeQSH, "/form/a%2520b": auth.CodeQSH,
	} {
		r := httptest.NewRequest(http.MethodPost, baseURL+path, strings.NewReader(url.Values{auth.FormField: {token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if _, err := w.verifier.Check(r, auth.Form); codeOf(err) != want {
			t.Errorf("%s: got %v, want code %q", path, err, want)
		}
	}
}

func TestIssueFormRefuses(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config) { cfg.MaxLife = 10 * time.Minute })
	good := func() *auth.Caller { return w.admit(pageFrame(w.clock.unix())) }
	for _, life := range []time.Duration{0, time.Second, 10 * time.Minute} {
		if _, err := w.verifier.IssueForm(good(), "/form", life); err != nil {
			t.Errorf("life %v: %v", life, err)
		}
	}
	for _, life := range []time.Duration{-1, time.Second - 1, 10*time.Minute + 1, time.Hour} {
		if token, err := w.verifier.IssueForm(good(), "/form", life); err == nil || token != "" {
			t.Errorf("life %v: got a token, want an error", life)
		}
	}
	for name, spoil := range map[string]func(*auth.Caller){
		"anonymous":       func(c *auth.Caller) { c.AccountID = "" },
		"no installation": func(c *auth.Caller) { c.Installation = nil },
		"uninstalled":     func(c *auth.Caller) { c.Installation.State = store.Uninstalled },
		"short secret":    func(c *auth.Caller) { c.Installation.SharedSecret = store.NewSecret(secret[:31]) },
	} {
		c := good()
		spoil(c)
		if token, err := w.verifier.IssueForm(c, "/form", 0); err == nil || token != "" {
			t.Errorf("%s: got a token, want an error", name)
		}
	}
	if _, err := w.verifier.IssueForm(nil, "/form", 0); err == nil {
		t.Error("nobody: got a token, want an error")
	}
	for _, form := range []string{
		"", "form", "?a=1", "//evil.example/form", "https://app.example.com/form", "/form#x", "/form/../other", "/form/%2e%2e/other",
		"/form?a=%zz", "/form?a;b", "/form?atl_token=x", "/form?a=1&jwt=x", "/form\x00",
	} {
		if token, err := w.verifier.IssueForm(good(), form, 0); err == nil || token != "" || !strings.HasPrefix(err.Error(), "auth: the form ") {
			t.Errorf("form %q: got %v, want an error", form, err)
		}
	}
}

// TestFormAndAnotherCredential lets a site in development keep its password: no
// second token comes with it.
func TestFormAndAnotherCredential(t *testing.T) {
	w := newWorld(t)
	s := formPost(w.clock.unix())
	s.extra.Set("Authorization", "Basic dXNlcjpwYXNz")
	w.admit(s)
}

// TestFormStaysReadable shows what a handler finds behind Check, in every way it
// may read.
func TestFormStaysReadable(t *testing.T) {
	w := newWorld(t)
	for name, good := range map[string]func(int64) *shot{"URL-encoded": formPost, "multipart": filePost} {
		for _, before := range []string{"nothing", "ParseForm", "ParseMultipartForm"} {
			r, _ := good(w.clock.unix()).request(t, baseURL)
			switch before {
			case "ParseForm":
				_ = r.ParseForm()
			case "ParseMultipartForm":
				_ = r.ParseMultipartForm(1 << 20)
			}
			if _, err := w.verifier.Check(r, auth.Form); err != nil {
				t.Errorf("%s, %s before: %v", name, before, err)
				continue
			}
			if got := r.PostForm.Get("page") + r.FormValue("page") + r.PostFormValue("page"); got != "111" {
				t.Errorf("%s, %s before: got %q, want the field in every form", name, before, got)
			}
			if name == "URL-encoded" {
				continue
			}
			file, header, err := r.FormFile("upload")
			if err != nil {
				t.Errorf("%s, %s before: %v", name, before, err)
				continue
			}
			if text, err := io.ReadAll(file); err != nil || string(text) != "of a file" || header.Filename != "a.txt" {
				t.Errorf("%s, %s before: got file %q with %q, %v", name, before, header.Filename, text, err)
			}
		}
	}
	r, _ := formPost(w.clock.unix()).request(t, baseURL)
	if _, err := w.verifier.Check(r, auth.Form); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r.Body); err != nil || !strings.HasPrefix(string(text), "page=1&atl_token=") {
		t.Errorf("got body %q, %v, want it as it was sent", text, err)
	}
}

// TestFormSizes goes to the limits of a form, from both sides.
func TestFormSizes(t *testing.T) {
	const blind, most = 256 << 10, 512 << 10
	w := newWorld(t, func(cfg *auth.Config) { cfg.MaxForm = most })
	padded := func(s *shot, size int) *shot {
		if s.place == "field" {
			s.body += strings.Repeat("x", size-len(joined(s.body, "atl_token="+url.QueryEscape(s.token()))))
			return s
		}
		token := part(`name="atl_token"`, s.token())
		pad := strings.Repeat("x", size-len(token)-len(s.body)-len(part(`name="pad"`, "")))
		s.body = part(`name="pad"`, pad) + s.body
		return s
	}
	behind := func(s *shot) *shot { // the token comes last
		s.place, s.body = "nowhere", strings.TrimSuffix(s.body, lastBoundary)+part(`name="atl_token"`, s.token())+lastBoundary
		s.body = strings.Replace(s.body, part(`name="upload"; filename="a.txt"`, "of a file"), "", 1)
		return s
	}
	now := w.clock.unix()
	for _, c := range []struct {
		name string
		shot *shot
		want int
	}{
		{"a form", padded(formPost(now), blind), http.StatusOK},
		{"a form too large", padded(formPost(now), blind+1), http.StatusRequestEntityTooLarge},
		{"parts", padded(filePost(now), most), http.StatusOK},
		{"parts too large", padded(filePost(now), most+1), http.StatusRequestEntityTooLarge},
		{"parts with the token last", behind(padded(filePost(now), blind-16<<10)), http.StatusOK},
		{"parts with the token too late", behind(padded(filePost(now), blind+16<<10)), http.StatusRequestEntityTooLarge},
	} {
		for _, chunked := range []bool{false, true} {
			r, _ := c.shot.request(t, w.server.URL)
			if chunked {
				r.Body, r.ContentLength, r.GetBody = io.NopCloser(io.MultiReader(r.Body)), -1, nil
			}
			ran := w.ran.Load()
			status, _ := w.send(r)
			if status != c.want || (w.ran.Load() != ran) != (c.want == http.StatusOK) {
				t.Errorf("%s, chunked %v: got status %d, handler ran %v, want %d", c.name, chunked, status, w.ran.Load() != ran, c.want)
			}
		}
	}
}

// TestFormOfAStrangerIsNotKept shows that of a form in parts no more is read
// than its token takes, before that is verified.
func TestFormOfAStrangerIsNotKept(t *testing.T) {
	w := newWorld(t)
	s := filePost(w.clock.unix())
	s.sign = hs256(secret2)
	r, _ := s.request(t, baseURL)
	start, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	rest := &watched{Reader: strings.NewReader(strings.Repeat("x", 1<<20))}
	start = append(bytes.TrimSuffix(start, []byte(lastBoundary)), strings.Repeat("x", 16<<10)...)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(start), rest))
	if _, err := w.verifier.Check(r, auth.Form); codeOf(err) != auth.CodeSignature {
		t.Errorf("got %v, want code signature", err)
	}
	if rest.read || r.MultipartForm != nil {
		t.Errorf("the form of a stranger was read: %v, %v", rest.read, r.MultipartForm)
	}
}

// TestFormFiles shows that files on disk are there for the handler and gone
// afterwards, and gone at once when the form is refused.
func TestFormFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	onDisk := func() int {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	w := newWorld(t)
	large := func() *shot {
		s := filePost(w.clock.unix())
		s.body = strings.Replace(s.body, "of a file", strings.Repeat("x", 2<<20), 1)
		return s
	}
	during := -1
	h := w.verifier.Require(auth.Form)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { during = onDisk() }))
	r, _ := large().request(t, baseURL)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if after := onDisk(); during != 1 || after != 0 {
		t.Errorf("got %d files while the handler ran and %d afterwards, want 1 and none", during, after)
	}
	twice := large()
	twice.body = strings.TrimSuffix(twice.body, lastBoundary) + part(`name="atl_token"`, "x") + lastBoundary
	r, _ = twice.request(t, baseURL)
	if _, err := w.verifier.Check(r, auth.Form); codeOf(err) != auth.CodeManyTokens || onDisk() != 0 {
		t.Errorf("got %v and %d files, want code many_tokens and none", err, onDisk())
	}
	api := w.verifier.Require(auth.ContextToken)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseMultipartForm(1 << 10)
		during = onDisk()
	}))
	s := contextToken(w.clock.unix())
	s.method, s.body, s.contentType = http.MethodPost, large().body, large().contentType
	r, _ = s.request(t, baseURL)
	api.ServeHTTP(httptest.NewRecorder(), r)
	if after := onDisk(); during != 1 || after != 0 {
		t.Errorf("another policy: got %d files while the handler ran and %d afterwards, want 1 and none", during, after)
	}
}

// TestFormTrouble shows that a disk that takes no file is our fault, and so many
// fields that nobody wants to read them the caller's.
func TestFormTrouble(t *testing.T) {
	w := newWorld(t)
	s := filePost(w.clock.unix())
	s.body = strings.Replace(s.body, "of a file", strings.Repeat("x", 2<<20), 1)
	r, _ := s.request(t, baseURL)
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	_, err := w.verifier.Check(r, auth.Form)
	if !errors.Is(err, os.ErrNotExist) || auth.Status(err) != http.StatusServiceUnavailable {
		t.Errorf("got %v, want a missing directory and status 503", err)
	}

	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	if err := errors.Join(parts.SetBoundary(boundary), parts.WriteField("page", "1")); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		if err := parts.WriteField(fmt.Sprint("field", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	many := filePost(w.clock.unix())
	many.body = b.String()
	r, _ = many.request(t, baseURL)
	if _, err := w.verifier.Check(r, auth.Form); auth.Status(err) != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, want status 413", err)
	}
}

// FuzzForm: whatever a form in parts looks like, it is admitted only if
// net/http finds one token in it, the one that was signed, and nothing that
// another reader could take for one.
func FuzzForm(f *testing.F) {
	w := newWorld(f)
	s := filePost(w.clock.unix())
	token := part(`name="atl_token"`, s.token())
	f.Add(token + s.body)
	f.Add(s.body)
	f.Add(part(`name="page"`, "1") + token + lastBoundary)
	f.Add(token + part(`name="atl_token"; filename="x"`, "y") + lastBoundary)
	f.Add(token + token + lastBoundary)
	f.Add(strings.ReplaceAll(token+s.body, "\r\n", "\n"))
	f.Add(strings.Replace(token, "\r\n\r\n", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", 1) + lastBoundary)
	f.Add(strings.Replace(token, `"atl_token"`, `"x"; name*=utf-8''atl_token`, 1) + lastBoundary)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, baseURL+"/form", strings.NewReader(body))
		r.Header.Set("Content-Type", s.contentType)
		caller, err := w.verifier.Check(r, auth.Form)
		if err != nil {
			if caller != nil {
				t.Fatalf("got %+v beside %v", caller, err)
			}
			return
		}
		if got := r.MultipartForm.Value[auth.FormField]; len(got) != 1 || got[0] != s.token() || caller.AccountID != accountID {
			t.Fatalf("admitted %+v by the fields %q", caller, got)
		}
		if len(r.MultipartForm.File[auth.FormField]) > 0 || r.PostForm.Get("jwt") != "" {
			t.Fatalf("admitted with a second token: %+v", r.MultipartForm)
		}
	})
}
