package hostclient_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestParseOrigin(t *testing.T) {
	for _, c := range []struct{ baseURL, want string }{
		{"https://acme.atlassian.net", "https://acme.atlassian.net"},
		{"https://acme.atlassian.net/", "https://acme.atlassian.net"},
		{"https://ACME.atlassian.net:443/wiki/", "https://acme.atlassian.net/wiki"},
		{"https://acme.atlassian.net:8443/wiki", "https://acme.atlassian.net:8443/wiki"},
		{"http://localhost:2990/jira", "http://localhost:2990/jira"},
		{"http://127.0.0.1:80", "http://127.0.0.1"},
		{"http://[::1]:2990", "http://[::1]:2990"},
		{"http://jira.localhost:2990", "http://jira.localhost:2990"},
	} {
		got, err := hostclient.ParseOrigin(c.baseURL)
		if err != nil || got.String() != c.want {
			t.Errorf("ParseOrigin(%q) = %s, %v, want %s", c.baseURL, got, err, c.want)
		}
	}
}

func TestParseOriginRefuses(t *testing.T) {
	for _, baseURL := range []string{
		"", "acme.atlassian.net", "//acme.atlassian.net", "/wiki", "https://", "https:///wiki", "https:acme",
		"http://acme.atlassian.net", "http://127.0.0.1.example.com", "http://notlocalhost", "http://10.0.0.1", "ftp://localhost",
		"https://user@acme.atlassian.net", "https://acme.atlassian.net?x=1", "https://acme.atlassian.net?",
		"https://acme.atlassian.net#x", "https://acme.atlassian.net:", "https://:443",
		"https://acme.atlassian.net/a/../b", "https://acme.atlassian.net//wiki", "https://acme.atlassian.net/wiki//",
		"https://acme.atlassian.net/w%69ki", "https://acme.atlassian.net/w iki", `https://acme.atlassian.net/a\b`,
		"https://acme%2enet", "https://äcme.net", "https://[fe80::1%25lo]", "https://acme.net:port", "https://acme net",
	} {
		if got, err := hostclient.ParseOrigin(baseURL); err == nil {
			t.Errorf("ParseOrigin(%q) = %s, want an error", baseURL, got)
		}
	}
}

func TestOriginCheck(t *testing.T) {
	for _, c := range []struct {
		name, baseURL, url string
		ok                 bool
	}{
		{"below", "https://acme.net/wiki", "https://acme.net/wiki/rest/api?x=1", true},
		{"the base itself", "https://acme.net/wiki", "https://acme.net/wiki", true},
		{"host in capitals", "https://acme.net", "https://ACME.net/x", true},
		{"the port said", "https://acme.net", "https://acme.net:443/x", true},
		{"no path", "https://acme.net", "https://acme.net", true},
		{"fragment", "https://acme.net", "https://acme.net/x#../y", true},
		{"dots in a name", "https://acme.net", "https://acme.net/.well-known/a..b/..c/d./e...", true},
		{"escapes", "https://acme.net", "https://acme.net/a%20b/%C3%A4/100%25/c;v=1", true},
		{"escaped slash", "https://acme.net", "https://acme.net/a%2Fb", true},

		{"http", "https://acme.net", "http://acme.net/x", false},
		{"https for http", "http://localhost", "https://localhost/x", false},
		{"other host", "https://acme.net", "https://evil.net/x", false},
		{"longer host", "https://acme.net", "https://acme.net.evil.net/x", false},
		{"sibling", "https://acme.net", "https://beta.acme.net/x", false},
		{"trailing dot", "https://acme.net", "https://acme.net./x", false},
		{"other port", "https://acme.net", "https://acme.net:8443/x", false},
		{"the other scheme's port", "https://acme.net", "https://acme.net:80/x", false},
		{"no number for a port", "https://acme.net", "https://acme.net:/x", false},
		{"user", "https://acme.net", "https://acme.net@evil.net/x", false},
		{"user on the host", "https://acme.net", "https://u:p@acme.net/x", false},
		{"beside the base", "https://acme.net/wiki", "https://acme.net/rest", false},
		{"longer base", "https://acme.net/wiki", "https://acme.net/wikipedia", false},
		{"base with a parameter", "https://acme.net/wiki", "https://acme.net/wiki;x/rest", false},
		{"base in escapes", "https://acme.net/wiki", "https://acme.net/%77iki/rest", false},
		{"base in capitals", "https://acme.net/wiki", "https://acme.net/WIKI/rest", false},
		{"climbing", "https://acme.net/wiki", "https://acme.net/wiki/../rest", false},
		{"climbing at the end", "https://acme.net/wiki", "https://acme.net/wiki/..", false},
		{"one dot", "https://acme.net", "https://acme.net/./x", false},
		{"escaped dots", "https://acme.net", "https://acme.net/%2e%2e/x", false},
		{"half escaped dots", "https://acme.net", "https://acme.net/.%2E/x", false},
		{"dots escaped twice", "https://acme.net", "https://acme.net/%252e%252e/x", false},
		{"dots escaped thrice", "https://acme.net", "https://acme.net/%25252e./x", false},
		{"dots behind an escaped slash", "https://acme.net", "https://acme.net/a%2f..%2fx", false},
		{"backslashes escaped twice", "https://acme.net", "https://acme.net/a%255c..%255cb", false},
		{"escaped twice", "https://acme.net", "https://acme.net/a%2520b", true},
		{"escaped without end", "https://acme.net", "https://acme.net/a" + "%25" + strings.Repeat("25", 1<<20), false},
		{"slash escaped twice", "https://acme.net", "https://acme.net/a%252f..%252fx", false},
		{"dots with a parameter", "https://acme.net", "https://acme.net/..;/x", false},
		{"dots with an escaped parameter", "https://acme.net", "https://acme.net/..%3bv=1/x", false},
		{"backslash", "https://acme.net", `https://acme.net/a\b`, false},
		{"escaped backslash", "https://acme.net", "https://acme.net/a%5cb", false},
		{"dots between backslashes", "https://acme.net", "https://acme.net/a%5c..%5cb", false},
		{"empty segment", "https://acme.net", "https://acme.net//evil.net/x", false},
		{"empty segment inside", "https://acme.net", "https://acme.net/a//b", false},
		{"empty segment by escape", "https://acme.net", "https://acme.net/%2fevil.net", false},
		{"line break", "https://acme.net", "https://acme.net/a%0d%0aX:y", false},
		{"null", "https://acme.net", "https://acme.net/a%00", false},
		{"delete", "https://acme.net", "https://acme.net/a%7f", false},
		{"overlong dot", "https://acme.net", "https://acme.net/%c0%ae%c0%ae/x", false},
		{"blank in the query", "https://acme.net", "https://acme.net/x?a=b c", false},
		{"umlaut in the query", "https://acme.net", "https://acme.net/x?a=ä", false},
		{"opaque", "https://acme.net", "https:acme.net/x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			origin, err := hostclient.ParseOrigin(c.baseURL)
			if err != nil {
				t.Fatal(err)
			}
			err = origin.Check(mustParse(t, c.url))
			if (err == nil) != c.ok || err != nil && !errors.Is(err, hostclient.ErrOrigin) {
				t.Errorf("Check(%s): %v, want ok = %v", c.url, err, c.ok)
			}
		})
	}
}

func TestOriginCheckOfBuiltURLs(t *testing.T) {
	origin, err := hostclient.ParseOrigin("https://acme.net")
	if err != nil {
		t.Fatal(err)
	}
	for name, u := range map[string]*url.URL{
		"nil":                nil,
		"opaque beside host": {Scheme: "https", Host: "acme.net", Opaque: "//evil.net/x"},
		"relative path":      {Scheme: "https", Host: "acme.net", Path: "x"},
		"star":               {Scheme: "https", Host: "acme.net", Path: "*"},
		"line break in path": {Scheme: "https", Host: "acme.net", Path: "/a\r\nb"},
		"line break in query": {
			Scheme: "https", Host: "acme.net", Path: "/a", RawQuery: "b\r\nc",
		},
	} {
		if err := origin.Check(u); !errors.Is(err, hostclient.ErrOrigin) {
			t.Errorf("%s: %v, want ErrOrigin", name, err)
		}
	}
	if err := (hostclient.Origin{}).Check(&url.URL{}); !errors.Is(err, hostclient.ErrOrigin) {
		t.Errorf("zero origin: %v, want ErrOrigin", err)
	}
}
