package qsh_test

import (
	"cmp"
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
)

func canonical(t *testing.T, method, path, rawQuery string) string {
	t.Helper()
	params, err := qsh.ParseQuery(rawQuery)
	if err != nil {
		t.Fatalf("ParseQuery(%q): %v", rawQuery, err)
	}
	return qsh.Canonical(method, path, params)
}

func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count   int `json:"count"`
		Vectors []struct {
			Name, Method, URL, BaseURL, Canonical, QSH string
		} `json:"vectors"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 58 || file.Count != 58 {
		t.Fatalf("got %d vectors, want 58", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			target, rawQuery, _ := strings.Cut(v.URL, "?")
			path := strings.TrimPrefix(target, v.BaseURL)
			got := canonical(t, v.Method, path, rawQuery)
			if got != v.Canonical {
				t.Errorf("canonical\n got %s\nwant %s", got, v.Canonical)
			}
			if sum := qsh.Sum(got); sum != v.QSH {
				t.Errorf("hash: got %s, want %s", sum, v.QSH)
			}
		})
	}
}

func TestCanonicalCorners(t *testing.T) {
	for _, c := range []struct{ name, method, path, query, want string }{
		{"method is upper-cased", "get", "/a", "", "GET&/a&"},
		{"no path", "GET", "", "", "GET&/&"},
		{"leading slash is put back", "GET", "ffe", "", "GET&/ffe&"},
		{"one trailing slash goes", "GET", "/a//", "", "GET&/a/&"},
		{"ampersand in the path", "GET", "/a&b&c", "", "GET&/a%26b%26c&"},
		{"dots and escapes stay", "GET", "/a/../b//%2f", "", "GET&/a/../b//%2f&"},
		{"names sort encoded", "GET", "/", "a[x]=1&aZ=2", "GET&/&a%5Bx%5D=1&aZ=2"},
		{"astral before the last of the plane", "GET", "/", "v=%EF%BD%A1&v=%F0%9F%98%80", "GET&/&v=%F0%9F%98%80,%EF%BD%A1"},
		{"only the exact token name is dropped", "GET", "/", "JWT=1&jwt=2&jwt2=3", "GET&/&JWT=1&jwt2=3"},
		{"no value", "GET", "/", "a&b=", "GET&/&a=&b="},
		{"empty pairs", "GET", "/", "&&a=1&", "GET&/&a=1"},
		{"equals in a value", "GET", "/", "a=b=c", "GET&/&a=b%3Dc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := canonical(t, c.method, c.path, c.query); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseQueryRefuses(t *testing.T) {
	for _, raw := range []string{"a=1;b=2", "a=%", "a=%zz", "%q=1", strings.Repeat("a&", 10001)} {
		if got, err := qsh.ParseQuery(raw); err == nil {
			t.Errorf("ParseQuery(%.20q) = %d parameters, want an error", raw, len(got))
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		path, base, rest string
		ok               bool
	}{
		{"/wiki/rest", "/wiki", "/rest", true},
		{"/wiki", "/wiki", "", true},
		{"/wiki/rest", "/wiki/", "/rest", true},
		{"/wikipedia", "/wiki", "/wikipedia", false},
		{"/rest", "", "/rest", true},
		{"/rest", "/", "/rest", true},
		{"/rest", "/wiki", "/rest", false},
	} {
		if rest, ok := qsh.Below(c.path, c.base); rest != c.rest || ok != c.ok {
			t.Errorf("Below(%q, %q) = %q, %v, want %q, %v", c.path, c.base, rest, ok, c.rest, c.ok)
		}
	}
}

// The properties: a query is accepted exactly when net/url accepts it, the
// canonical form does not depend on the order of the parameters or on how they
// were escaped, and nothing but the token parameter is left out.
func FuzzCanonical(f *testing.F) {
	f.Add("/rest/api", "b=2&a=1&a=0&jwt=x.y.z")
	f.Add("/x&y", "director=%e5%ae%ae%e5%b4%8e%20%e9%a7%bf&a[b]=1")
	f.Add("", "v=%EF%BD%A1&v=%F0%9F%98%80&v=%ff&=&c=+")
	f.Fuzz(func(t *testing.T, path, raw string) {
		params, err := qsh.ParseQuery(raw)
		values, urlErr := url.ParseQuery(raw)
		if (err == nil) != (urlErr == nil) {
			t.Fatalf("ParseQuery(%q): %v, but net/url says %v", raw, err, urlErr)
		}
		if err != nil {
			return
		}
		got := qsh.Canonical("GET", path, params)
		slices.Reverse(params)
		if again := qsh.Canonical("GET", path, params); again != got {
			t.Errorf("order matters: %q, then %q", got, again)
		}
		again, err := qsh.ParseQuery(values.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if c := qsh.Canonical("GET", path, again); c != got {
			t.Errorf("escaping matters: %q, then %q", got, c)
		}
		if !validValues(values) {
			return // such text has no place in the order of UTF-16
		}
		if want := "GET&" + slowPath(path) + "&" + slowQuery(values); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func validValues(values url.Values) bool {
	for name, vs := range values {
		if !utf8.ValidString(name + strings.Join(vs, "")) {
			return false
		}
	}
	return true
}

func slowPath(path string) string {
	if !strings.HasPrefix(path, "/") {
		if path == "" {
			return "/"
		}
		path = "/" + path
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ReplaceAll(path, "&", "%26")
}

// slowQuery says the rule a second time, by other means.
func slowQuery(values url.Values) string {
	escape := func(s string) string {
		return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(s))
	}
	values.Del(qsh.TokenParam)
	var pairs []string
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(escape(a), escape(b)) })
	for _, name := range names {
		vs := values[name]
		slices.SortFunc(vs, func(a, b string) int {
			if n := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))); n != 0 {
				return n
			}
			return cmp.Compare(a, b)
		})
		for i := range vs {
			vs[i] = escape(vs[i])
		}
		pairs = append(pairs, escape(name)+"="+strings.Join(vs, ","))
	}
	return strings.Join(pairs, "&")
}
