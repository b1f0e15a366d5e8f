package handshake_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/handshake"
)

func TestCheckLocal(t *testing.T) {
	good := []string{"/", "/issues", "/issues/", "/a/b.c?x=1&y=//z&next=https://x.example/", "/a#b", "/%C3%BC?q=%0A", "/...", "/a:b@c", "/" + strings.Repeat("a", 511)}
	bad := []string{
		"", "issues", "?x", "#x", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\evil", "https://evil.example", "HTTPS:/evil.example",
		"javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/a b", "/ü", "/\x7f", "/\x00",
		"/..//evil.example", "/.//evil.example", "/a//b", "/a/../b", "/a/..", "/.", "/%2e%2e/x", "/%2E/x", "/%2fevil.example", "/%5cevil.example", "/%5Cevil", "/%0d%0aSet-Cookie:x", "/%zz",
		"/%2", "/a?\\x", "/" + strings.Repeat("a", 512),
	}
	for _, target := range good {
		if err := handshake.CheckLocal(target); err != nil {
			t.Errorf("%q: got %v, want nil", target, err)
		}
	}
	for _, target := range bad {
		if err := handshake.CheckLocal(target); err == nil {
			t.Errorf("%q was taken for a local path", target)
		}
	}
}

// Whatever CheckLocal lets through stays on the site, by Go's reading of URLs.
func FuzzCheckLocal(f *testing.F) {
	for _, seed := range []string{"/", "/a?b#c", "//evil.example", "/\\evil", "/%2f", "/a/../..//x"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://app.example/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if handshake.CheckLocal(target) != nil {
			return
		}
		u, err := base.Parse(target)
		if err != nil || u.Scheme != "https" || u.Host != "app.example" || u.User != nil {
			t.Errorf("%q leads to %v (%v)", target, u, err)
		}
		if decoded := strings.Split(u.Path, "/"); slices.Contains(decoded, "..") || strings.Contains(u.Path, "//") {
			t.Errorf("%q has the path %q", target, u.Path)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest("GET", "/callback", nil), target, http.StatusSeeOther)
		if got := w.Header().Get("Location"); !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.HasPrefix(got, "/\\") {
			t.Errorf("%q is sent as %q", target, got)
		}
	})
}
