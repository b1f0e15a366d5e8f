package auth_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/auth"
)

func TestEnvironments(t *testing.T) {
	const clouds = ".services.atlassian"
	for _, c := range []struct {
		name, is, keys, fallback, authorization, hosts string
	}{
		{"", "production", "https://connect-install-keys.atlassian.com", "https://asap-distribution.us-west-2.prod.atl-asap.net",
			"https://oauth-2-authorization-server" + clouds + ".com", "*.atlassian.net *.jira.com"},
		{"production", "production", "https://connect-install-keys.atlassian.com", "https://asap-distribution.us-west-2.prod.atl-asap.net",
			"https://oauth-2-authorization-server" + clouds + ".com", "*.atlassian.net *.jira.com"},
		{"staging", "staging", "https://asap-distribution.us-west-2.staging.atl-asap.net", "https://cs-migrations--cdn.us-east-1.staging.public.atl-paas.net",
			"https://oauth-2-authorization-server.stg" + clouds + ".com", "*.jira-dev.com"},
		{"fedramp", "fedramp", "https://asap-distribution.us-west-2.prod.atl-auth-us-gov-mod.net", "https://cs-migrations--fedrampcdn.us-east-1.prod.cdn.atlassian-us-gov-mod.com",
			"https://oauth-2-authorization-server" + clouds + "-us-gov-mod.com", "*.atlassian-us-gov-mod.net"},
		{"fedramp-staging", "fedramp-staging", "https://asap-distribution.us-west-2.staging.atl-auth-us-gov-mod.net", "https://cs-migrations--fedrampcdn.us-east-1.staging.cdn.atlassian-us-gov-mod.com",
			"https://oauth-2-authorization-server.stg" + clouds + "-us-gov-mod.com", "*.atlassian-stg-fedm.net"},
	} {
		e, err := auth.EnvironmentNamed(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(e.KeyServers, " "); got != c.keys+" "+c.fallback {
			t.Errorf("%q: got key servers %s", c.name, got)
		}
		if e.Name != c.is || e.AuthorizationServer != c.authorization || strings.Join(e.Hosts, " ") != c.hosts {
			t.Errorf("%q: got %+v", c.name, e)
		}
		if _, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: e.KeyServers}); err != nil {
			t.Errorf("%q: %v", c.name, err)
		}
		if err := e.Hosts.Validate(); err != nil {
			t.Errorf("%q: %v", c.name, err)
		}
		e.Hosts[0], e.KeyServers[0] = "changed", "changed"
		if again, _ := auth.EnvironmentNamed(c.name); again.Hosts[0] == "changed" || again.KeyServers[0] == "changed" {
			t.Errorf("%q: a change of one answer shows in the next", c.name)
		}
	}
	for _, name := range []string{"Production", "prod", "bitbucket", "fedramp ", "https://x"} {
		if e, err := auth.EnvironmentNamed(name); err == nil || e.Name != "" {
			t.Errorf("%q: got %+v, want an error", name, e)
		}
	}
}

func TestHostPatterns(t *testing.T) {
	for _, c := range []struct {
		patterns, baseURL string
		ok                bool
	}{
		{"*.ATLASSIAN.net", "https://x.atlassian.net", true},
		{"*.jira.com *.atlassian.net", "https://x.atlassian.net", true},
		{"*.atlassian.net:8443", "https://x.atlassian.net:8443", true},
		{"*.atlassian.net:443", "https://x.atlassian.net", true},
		{"*.atlassian.net:8443", "https://x.atlassian.net", false},
		{"jira.example.com", "https://jira.example.com", true},
		{"jira.example.com", "https://x.jira.example.com", false},
		{"localhost:2990", "http://localhost:2990/jira", true},
		{"localhost:2990", "https://localhost:2990", true},
		{"localhost:2990", "http://localhost:2991", false},
		{"localhost:2990", "http://localhost", false},
		{"localhost", "http://localhost:80", true},
		{"jira.localhost:2990", "http://jira.localhost:2990", true},
		{"jira.localhost:2990", "http://confluence.localhost:2990", false},
		{"127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"127.0.0.1:8080", "http://127.0.0.2:8080", false},
		{"[::1]:8080", "http://[::1]:8080", true},
		{"[::1]", "http://[::1]", true},
		{"jira.example.com", "http://jira.example.com", false},
		{"10.0.0.1:8080", "http://10.0.0.1:8080", false},
		{"*.localhost", "http://x.localhost", false},
		{"*atlassian.net", "https://evilatlassian.net", false},
		{"*", "https://x.atlassian.net", false},
		{"", "https://x.atlassian.net", false},
	} {
		err := auth.HostPatterns(strings.Fields(c.patterns)).Check(c.baseURL)
		if (err == nil) != c.ok {
			t.Errorf("%s: base URL %q: got %v, want admitted %v", c.patterns, c.baseURL, err, c.ok)
		}
	}
}

func TestHostsOfAtlassian(t *testing.T) {
	for _, c := range []struct {
		baseURL string
		ok      bool
	}{
		{"https://x.atlassian.net", true},
		{"https://x.atlassian.net/wiki", true},
		{"https://x.atlassian.net/", true},
		{"https://X.Atlassian.NET", true},
		{"https://x.atlassian.net:443", true},
		{"https://x-1.atlassian.net", true},
		{"https://atlassian.net", false},
		{"https://a.b.atlassian.net", false},
		{"https://.atlassian.net", false},
		{"https://-.atlassian.net", false},
		{"https://x_y.atlassian.net", false},
		{"https://xatlassian.net", false},
		{"https://x.atlassian.net.evil.example", false},
		{"https://x.atlassian.net.", false},
		{"https://evil.example/x.atlassian.net", false},
		{"https://evil.example#x.atlassian.net", false},
		{"https://evil.example?x.atlassian.net", false},
		{"https://evil.example\\x.atlassian.net", false},
		{"https://evil.example%2F.atlassian.net", false},
		{"https://evil%EF%BC%8F.atlassian.net", false},
		{"https://evil／.atlassian.net", false},
		{"https://evil.example@x.atlassian.net", false},
		{"https://x.atlassian.net@evil.example", false},
		{"https://u:p@x.atlassian.net", false},
		{"https://@x.atlassian.net", false},
		{"http://x.atlassian.net", false},
		{"http://x.atlassian.net:443", false},
		{"ftp://x.atlassian.net", false},
		{"//x.atlassian.net", false},
		{"x.atlassian.net", false},
		{"https:x.atlassian.net", false},
		{"https://x.atlassian.net:8443", false},
		{"https://x.atlassian.net:", false},
		{"https://x.atlassian.net?", false},
		{"https://x.atlassian.net#", false},
		{"https://x.atlassian.net/wiki?x=1", false},
		{"https://x.atlassian.net/wiki#x", false},
		{"https://x.atlassian.net/a/../b", false},
		{"https://x.atlassian.net/..", false},
		{"https://x.atlassian.net/./a", false},
		{"https://x.atlassian.net//evil.example", false},
		{`https://x.atlassian.net/\evil.example`, false},
		{"https://x.atlassian.net/%2e%2e", false},
		{"https://x.atlassian.net/a b", false},
		{"https://x.atlassian.net\n", false},
		{"", false},
		{"https://", false},
	} {
		err := auth.HostPatterns{"*.atlassian.net"}.Check(c.baseURL)
		if (err == nil) != c.ok {
			t.Errorf("base URL %q: got %v, want admitted %v", c.baseURL, err, c.ok)
		}
	}
}

func TestHostPatternsValidate(t *testing.T) {
	for _, good := range []string{"*.atlassian.net", "a.example", "a.example:8443", "*.a.example:443", "localhost:1", "127.0.0.1", "[::1]:80", "[::1]"} {
		if err := (auth.HostPatterns{good}).Validate(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "*", "*.", "*a.example", "a.*.example", "*.*.example", "https://a.example", "a.example/x", "a.example?x", "a.example#", "u@a.example",
		"a b", "a.example:", ":80", "a.example:port", "::1", "*.a_b:x",
	} {
		if err := (auth.HostPatterns{"a.example", bad}).Validate(); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
	if err := (auth.HostPatterns)(nil).Validate(); err != nil {
		t.Errorf("no patterns: %v", err)
	}
}

// The property: whatever is admitted is https at one label below the domain, on
// its standard port, with nothing in it that two readers see differently.
func FuzzHostPatterns(f *testing.F) {
	for _, seed := range []string{"https://x.atlassian.net", "https://x.atlassian.net:443/wiki", "https://evil.example@x.atlassian.net", "https://evil%2f.atlassian.net", "http://x.atlassian.net\\@evil", "HTTPS://X.ATLASSIAN.NET//"} {
		f.Add(seed)
	}
	patterns := auth.HostPatterns{"*.atlassian.net"}
	f.Fuzz(func(t *testing.T, text string) {
		if patterns.Check(text) != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.User != nil || strings.ContainsAny(text, "?#@\\ %") {
			t.Fatalf("%q was admitted: %+v, %v", text, u, err)
		}
		host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
		label, ok := strings.CutSuffix(host, ".atlassian.net")
		if !ok || label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Fatalf("%q was admitted at host %q", text, u.Host)
		}
	})
}
