package devhost

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"
)

// This test is inside the package: the canonical request is not seen outside.
func TestCanonicalRequestVectors(t *testing.T) {
	b, err := os.ReadFile("testdata/qsh.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Count   int `json:"count"`
		Vectors []struct {
			Name, Method, URL, BaseURL, Canonical, QSH string
		} `json:"vectors"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 58 || file.Count != 58 {
		t.Fatalf("got %d vectors, want 58", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			u, err := url.Parse(v.URL)
			if err != nil {
				t.Fatal(err)
			}
			base, err := url.Parse(v.BaseURL)
			if err != nil {
				t.Fatal(err)
			}
			got, err := canonicalRequest(v.Method, u.EscapedPath(), base.EscapedPath(), u.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			if got != v.Canonical {
				t.Errorf("canonical request\n got %q\nwant %q", got, v.Canonical)
			}
			if sum := requestHash(got); sum != v.QSH {
				t.Errorf("hash: got %s, want %s", sum, v.QSH)
			}
		})
	}
}

func TestCanonicalRequestOrder(t *testing.T) {
	tests := []struct{ name, method, path, base, query, want string }{
		{"values in the order of UTF-16", "get", "/p", "", "a=%EF%BD%A1&a=%F0%9F%98%80", "GET&/p&a=%F0%9F%98%80,%EF%BD%A1"},
		{"names in encoded order", "GET", "/p", "", "a-b=1&a%5Bb=2", "GET&/p&a%5Bb=2&a-b=1"},
		{"values in decoded order", "GET", "/p", "", "a=%3A1&a=.1", "GET&/p&a=.1,%3A1"},
		{"plus is a space", "GET", "/p", "", "a=b+c", "GET&/p&a=b%20c"},
		{"no value", "GET", "/p", "", "a&b=", "GET&/p&a=&b="},
		{"token left out", "GET", "/p", "", "a=1&jwt=x&JWT=y", "GET&/p&JWT=y&a=1"},
		{"base is cut", "POST", "/app/hook/", "/app", "", "POST&/hook&"},
		{"base is the whole path", "POST", "/app", "/app/", "", "POST&/&"},
		{"ampersand in the path", "GET", "/a&b", "", "", "GET&/a%26b&"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := canonicalRequest(tt.method, tt.path, tt.base, tt.query)
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{"a=%zz", "%=1", "a=%f"} {
		if got, err := canonicalRequest("GET", "/", "", bad); err == nil {
			t.Errorf("query %q: got %q, want an error", bad, got)
		}
	}
}
