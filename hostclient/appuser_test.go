package hostclient_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestAppUserToken(t *testing.T) {
	for _, c := range []struct{ base, path, uri string }{
		{"", "/rest/api/3/myself", "/rest/api/3/myself"},
		{"", "/rest/api/3/issue/A-1?expand=names&fields=summary%2Cstatus", "/rest/api/3/issue/A-1?expand=names&fields=summary%2Cstatus"},
		{"", "/rest/a%20b%2Fc", "/rest/a%20b%2Fc"},
		{"/wiki", "/rest/api/space", "/wiki/rest/api/space"},
		{"/wiki", "/wiki/rest/api/space?limit=5", "/wiki/rest/api/space?limit=5"},
	} {
		t.Run(c.base+c.path, func(t *testing.T) {
			w := newWorld(t, c.base, nil)
			if _, err := hostclient.Get[struct{}](t.Context(), w.client, c.path); err != nil {
				t.Fatal(err)
			}
			r := w.site.only(t)
			if r.RequestURI != c.uri {
				t.Errorf("got %s, want %s", r.RequestURI, c.uri)
			}
			if err := checkJWT(r, c.base, w.clock.now()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every vector of Atlassian and others, signed by the transport for a tenant at
// the vector's base URL.
func TestAppUserVectors(t *testing.T) {
	raw, err := os.ReadFile("../internal/qsh/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct{ Name, Method, URL, BaseURL, QSH string }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			base := "https://tenant.example" + mustParse(t, v.BaseURL).Path
			r, err := http.NewRequest(v.Method, base+withoutJWT(strings.TrimPrefix(v.URL, v.BaseURL)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := sentQSH(t, base, r); got != v.QSH {
				t.Errorf("qsh %s, want %s", got, v.QSH)
			}
		})
	}
	if len(file.Vectors) != 58 {
		t.Errorf("%d vectors, want 58", len(file.Vectors))
	}
}

// withoutJWT takes away the token, which our requests carry in a header.
func withoutJWT(target string) string {
	path, query, _ := strings.Cut(target, "?")
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		if pair != "" && !strings.HasPrefix(pair, "jwt=") {
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// sentQSH returns the hash in the token with which r leaves a transport.
func sentQSH(t *testing.T, baseURL string, r *http.Request) string {
	t.Helper()
	cred, err := hostclient.NewAppUser(installation(baseURL), nil)
	if err != nil {
		t.Fatal(err)
	}
	var qsh string
	rt := &hostclient.Transport{Credential: cred, Base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		c, err := verify(strings.TrimPrefix(r.Header.Get("Authorization"), "JWT "))
		if err != nil {
			t.Error(err)
		}
		qsh = c.QSH
		return &http.Response{StatusCode: 204, Body: http.NoBody}, nil
	})}
	if _, err := rt.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	return qsh
}

func TestAppUserRefusesQueries(t *testing.T) {
	w := newWorld(t, "", nil)
	for name, query := range map[string]string{
		"broken escape":        "a=%zz",
		"semicolon":            "a=1;b=2",
		"a token of its own":   "jwt=a.b.c",
		"the same, in escapes": "%6awt=a.b.c",
	} {
		for who, client := range map[string]*hostclient.Client{"app": w.client, "user": w.client.AsUser(accountID)} {
			_, err := hostclient.Get[struct{}](t.Context(), client, "/rest?"+query)
			if !errors.Is(err, hostclient.ErrRequest) {
				t.Errorf("%s, %s: %v, want ErrRequest", who, name, err)
			}
		}
	}
	if n := len(w.site.requests()); n != 0 {
		t.Errorf("the host saw %d requests, want none", n)
	}
}

// A Transport of the caller's own keeps to the tenant's origin.
func TestCredentialOnAnotherOrigin(t *testing.T) {
	other := newSite(t, "", nil)
	w := newWorld(t, "", nil)
	for who, client := range map[string]*hostclient.Client{"app": w.client, "user": w.client.AsUser(accountID)} {
		transport := client.Transport()
		if _, err := (&http.Client{Transport: transport}).Get(other.url + "/x"); !errors.Is(err, hostclient.ErrOrigin) {
			t.Errorf("%s: %v, want ErrOrigin", who, err)
		}
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("the other host saw %d requests, want none", n)
	}
}

func TestForRefuses(t *testing.T) {
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*store.Installation)
		want   error // nil for any
	}{
		{"uninstalled", func(i *store.Installation) { i.State = store.Uninstalled }, hostclient.ErrNotInstalled},
		{"no secret", func(i *store.Installation) { i.SharedSecret = store.Secret{} }, hostclient.ErrNotInstalled},
		{"no state", func(i *store.Installation) { i.State = "" }, hostclient.ErrNotInstalled},
		{"no app key", func(i *store.Installation) { i.Key = "" }, nil},
		{"no client key", func(i *store.Installation) { i.ClientKey = "" }, nil},
		{"no base URL", func(i *store.Installation) { i.BaseURL = "" }, nil},
		{"plain http", func(i *store.Installation) { i.BaseURL = "http://acme.atlassian.net" }, nil},
	} {
		inst := installation("https://acme.atlassian.net")
		c.change(inst)
		client, err := hosts.For(inst)
		if err == nil || client != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, client, err, c.want)
		}
	}
	if _, err := hosts.For(nil); !errors.Is(err, hostclient.ErrNotInstalled) {
		t.Errorf("nil: %v, want ErrNotInstalled", err)
	}
	if _, err := hosts.For(installation("https://acme.atlassian.net")); err != nil {
		t.Errorf("control: %v", err)
	}
}

func TestNewHostsRefuses(t *testing.T) {
	const limits = "TokenTimeout, MaxResponse and MaxTokens must not be negative"
	for _, c := range []struct {
		name   string
		config hostclient.Config
		want   string
	}{
		{"plain http", hostclient.Config{AuthorizationServer: "http://auth.example"}, `AuthorizationServer "http://auth.example" is not https`},
		{"no URL", hostclient.Config{AuthorizationServer: "auth"}, `AuthorizationServer "auth" is not https`},
		{"no host", hostclient.Config{AuthorizationServer: "https:///x"}, `AuthorizationServer "https:///x" has no host`},
		{"strange host", hostclient.Config{AuthorizationServer: "https://a!b"}, `AuthorizationServer "https://a!b" has a host that is not a plain name`},
		{"query", hostclient.Config{AuthorizationServer: "https://auth.example?x=hidden"}, `AuthorizationServer "https://auth.example" has a query or a fragment`},
		{"user", hostclient.Config{AuthorizationServer: "https://me:hidden@auth.example"}, `AuthorizationServer "[redacted]@auth.example" has user information`},
		{"no port", hostclient.Config{AuthorizationServer: "https://me:hidden@auth.example:x"}, `AuthorizationServer "[redacted]@auth.example:x" does not parse`},
		{"escapes", hostclient.Config{AuthorizationServer: "https://auth.example/%61"}, `AuthorizationServer "https://auth.example/%61" has a path that needs escapes`},
		{"dots", hostclient.Config{AuthorizationServer: "https://auth.example/a/.."}, `AuthorizationServer "https://auth.example/a/.." is no base URL: the path has a dot segment`},
		{"negative limit", hostclient.Config{MaxResponse: -1}, limits},
		{"negative count", hostclient.Config{MaxTokens: -1}, limits},
		{"negative time", hostclient.Config{TokenTimeout: -1}, limits},
		{"agent of two lines", hostclient.Config{UserAgent: "a\r\nb"}, "UserAgent has a control character"},
	} {
		if hosts, err := hostclient.NewHosts(c.config); err == nil || err.Error() != "hostclient: "+c.want {
			t.Errorf("%s: %v, %v\nwant %s", c.name, hosts, err, c.want)
		}
	}
}
