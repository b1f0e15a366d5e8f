package hostclient_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

var update = flag.Bool("update", false, "write the table of credentials into doc.go")

// The table in the package's documentation is the one in the code.
func TestTableInTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	const before, after = "confirms.\n//\n", "//\n// OAuth 1.0a is in"
	head, rest, ok := strings.Cut(string(text), before)
	table, tail, closed := strings.Cut(rest, after)
	if !ok || !closed {
		t.Fatal("doc.go has no table")
	}
	var want strings.Builder
	for line := range strings.Lines(hostclient.PrintedTable()) {
		want.WriteString("//\t" + line)
	}
	if table == want.String() {
		return
	}
	if !*update {
		t.Fatalf("the table is out of date, run go test ./hostclient -run Documentation -update; want\n%s", want.String())
	}
	if err := os.WriteFile("doc.go", []byte(head+before+want.String()+after+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

const cloudID = "11223344-a1b2-3b33-c444-def123456789"

// everySite are one site of every kind.
func everySite(t *testing.T) map[string]hostclient.Site {
	t.Helper()
	must := func(s hostclient.Site, err error) hostclient.Site {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	site := must(hostclient.CloudSite("https://acme.atlassian.net"))
	gateway := must(hostclient.Gateway(hostclient.Jira, cloudID))
	api := must(hostclient.Cloud{}.APIHost())
	dc := must(hostclient.DataCenter("https://jira.example.com/jira"))
	return map[string]hostclient.Site{
		"nowhere": {}, "site": site, "gateway": gateway, "API": api, "DC": dc,
		"custom": must(hostclient.Custom("https://proxy.example.com")),
		"A:site": must(hostclient.Assets("w1", site)), "A:gateway": must(hostclient.Assets("w1", gateway)),
		"A:API": must(hostclient.Assets("w1", api)), "A:DC": must(hostclient.Assets("", dc)),
	}
}

// Sites have these addresses.
func TestSites(t *testing.T) {
	for name, want := range map[string]string{
		"nowhere": "://", "site": "https://acme.atlassian.net", "gateway": "https://api.atlassian.com/ex/jira/" + cloudID,
		"API": "https://api.atlassian.com", "DC": "https://jira.example.com/jira", "custom": "https://proxy.example.com",
		"A:site":    "https://acme.atlassian.net/jsm/assets/workspace/w1/v1",
		"A:gateway": "https://api.atlassian.com/ex/jira/" + cloudID + "/jsm/assets/workspace/w1/v1",
		"A:API":     "https://api.atlassian.com/jsm/assets/workspace/w1/v1",
		"A:DC":      "https://jira.example.com/jira/rest/assets/1.0",
	} {
		if got := everySite(t)[name].BaseURL(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// What is no site is an error that names the part that is wrong.
func TestSitesRefused(t *testing.T) {
	p := everySite(t)
	confluence, err := hostclient.Gateway(hostclient.Confluence, cloudID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		make func() (hostclient.Site, error)
		want string
	}{
		{"plain http", func() (hostclient.Site, error) { return hostclient.CloudSite("http://acme.atlassian.net") }, "not https"},
		{"no URL", func() (hostclient.Site, error) { return hostclient.DataCenter("jira") }, "not https"},
		{"user information", func() (hostclient.Site, error) { return hostclient.Custom("https://a:b@x.example") }, "user information"},
		{"another product", func() (hostclient.Site, error) { return hostclient.Gateway("bitbucket", cloudID) }, "no product"},
		{"cloud id with a slash", func() (hostclient.Site, error) { return hostclient.Gateway(hostclient.Jira, "a/../b") }, "no cloud id"},
		{"no cloud id", func() (hostclient.Site, error) { return hostclient.Gateway(hostclient.Jira, "") }, "empty"},
		{"cloud id with a dot", func() (hostclient.Site, error) { return hostclient.Gateway(hostclient.Jira, "..") }, "no cloud id"},
		{"workspace with an escape", func() (hostclient.Site, error) { return hostclient.Assets("a%2fb", p["site"]) }, "no workspace id"},
		{"no workspace", func() (hostclient.Site, error) { return hostclient.Assets("", p["gateway"]) }, "empty"},
		{"workspace on Data Center", func() (hostclient.Site, error) { return hostclient.Assets("w1", p["DC"]) }, "no workspaces"},
		{"Assets by way of Confluence", func() (hostclient.Site, error) { return hostclient.Assets("w1", confluence) }, "by way of Jira"},
		{"Assets by way of Assets", func() (hostclient.Site, error) { return hostclient.Assets("w1", p["A:API"]) }, "not reached"},
		{"Assets by way of nowhere", func() (hostclient.Site, error) { return hostclient.Assets("w1", hostclient.Site{}) }, "not reached"},
		{"gateway elsewhere", func() (hostclient.Site, error) {
			return hostclient.Cloud{}.ParseGateway("https://evil.example/ex/jira/x")
		}, "is not https://api.atlassian.com/ex/"},
		{"gateway by prefix", func() (hostclient.Site, error) {
			return hostclient.Cloud{}.ParseGateway("https://api.atlassian.com.evil.example/ex/jira/x")
		}, "is not"},
		{"gateway with a path", func() (hostclient.Site, error) {
			return hostclient.Cloud{}.ParseGateway("https://api.atlassian.com/ex/jira/x/y")
		}, "no cloud id"},
		{"alias over http", func() (hostclient.Site, error) { return p["gateway"].Serving("http://acme.atlassian.net") }, "not https"},
	} {
		if s, err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) || s != (hostclient.Site{}) {
			t.Errorf("%s: got %v, %v, want %q", c.name, s, err, c.want)
		}
	}
	parsed, err := hostclient.Cloud{}.ParseGateway("https://api.atlassian.com/ex/jira/" + cloudID + "/")
	if err != nil || parsed != p["gateway"] {
		t.Errorf("got %v, %v, want the gateway", parsed, err)
	}
}

// made are constructors of every credential of this package.
func made(t *testing.T) map[hostclient.Scheme]func(hostclient.Site) (hostclient.Credential, error) {
	t.Helper()
	token := store.NewSecret("a-token-of-some-length")
	return map[hostclient.Scheme]func(hostclient.Site) (hostclient.Credential, error){
		hostclient.SchemeAPIToken: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewAPIToken(s, "mia@example.com", token)
		},
		hostclient.SchemeScopedAPIToken: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewScopedAPIToken(s, "mia@example.com", token)
		},
		hostclient.SchemeBasic: func(s hostclient.Site) (hostclient.Credential, error) { return hostclient.NewBasic(s, "mia", token) },
		hostclient.SchemePAT:   func(s hostclient.Site) (hostclient.Credential, error) { return hostclient.NewPAT(s, token) },
		hostclient.SchemeCookieSession: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewCookieSession(hostclient.CookieSessionConfig{Site: s, Username: "mia", Password: token})
		},
		hostclient.SchemeServiceAccount: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewServiceAccountToken(s, token)
		},
		hostclient.SchemeContainerToken: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewContainerToken(s, token)
		},
		hostclient.SchemeForge: func(s hostclient.Site) (hostclient.Credential, error) {
			return hostclient.NewForgeToken(s, token, newClock().now(), nil)
		},
	}
}

// Each credential can be made for the sites that take it, and for no others.
func TestCredentialsAreMadeForTheirSites(t *testing.T) {
	const any = "custom "
	works := map[hostclient.Scheme]string{
		hostclient.SchemeAPIToken:       any + "site API A:site A:gateway A:API",
		hostclient.SchemeScopedAPIToken: any + "gateway API A:gateway A:API",
		hostclient.SchemeBasic:          any + "DC A:DC",
		hostclient.SchemePAT:            any + "DC A:DC",
		hostclient.SchemeCookieSession:  any + "DC A:DC",
		hostclient.SchemeServiceAccount: any + "gateway API A:gateway",
		hostclient.SchemeContainerToken: any + "API",
		hostclient.SchemeForge:          any + "gateway A:gateway",
	}
	for scheme, make := range made(t) {
		for name, site := range everySite(t) {
			want := strings.Contains(" "+works[scheme]+" ", " "+name+" ")
			cred, err := make(site)
			switch {
			case want && (err != nil || cred.Binding().Site() != site || cred.Binding().Scheme() != scheme):
				t.Errorf("%s on %s: got %v, %v", scheme, name, cred, err)
			case !want && !errors.Is(err, hostclient.ErrSite):
				t.Errorf("%s on %s: got %v, want ErrSite", scheme, name, err)
			}
		}
	}
}

// The sub-packages and those who write credentials ask the same table.
func TestBind(t *testing.T) {
	works := map[hostclient.Scheme]string{
		hostclient.SchemeAppUser:                  "site A:site",
		hostclient.SchemeImpersonation:            "site A:site",
		hostclient.SchemeOAuth1:                   "custom DC A:DC",
		hostclient.SchemeOAuth2:                   "custom gateway API A:gateway",
		hostclient.SchemeDataCenterOAuth2:         "custom DC A:DC",
		hostclient.SchemeDataCenterServiceAccount: "custom DC A:DC",
		hostclient.SchemeOther:                    "site gateway API DC custom A:site A:gateway A:API A:DC",
	}
	for scheme, names := range works {
		for name, site := range everySite(t) {
			want := strings.Contains(" "+names+" ", " "+name+" ")
			if _, err := site.Bind(scheme); (err == nil) != want {
				t.Errorf("%s on %s: got %v, want %v", scheme, name, err, want)
			}
		}
	}
}

// What a URL of another address of the site becomes.
func TestServing(t *testing.T) {
	w := newWorld(t, "/ex/confluence/c1", nil)
	site, err := hostclient.Cloud{API: w.site.URL}.Gateway(hostclient.Confluence, "c1")
	if err != nil {
		t.Fatal(err)
	}
	if site, err = site.Serving("https://acme.atlassian.net/wiki"); err != nil {
		t.Fatal(err)
	}
	cred, err := hostclient.NewForgeToken(site, store.NewSecret("token-of-forge"), w.clock.now().Add(1e9), w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	client := w.hosts.Client(cred)
	for _, c := range []struct{ target, want string }{
		{"/wiki/api/v2/pages?cursor=a%2Bb", "/ex/confluence/c1/wiki/api/v2/pages?cursor=a%2Bb"},
		{"https://acme.atlassian.net/wiki/rest/api/content/1", "/ex/confluence/c1/wiki/rest/api/content/1"},
		{"https://ACME.atlassian.net:443/wiki/x?y=1", "/ex/confluence/c1/wiki/x?y=1"},
		{site.BaseURL() + "/wiki/x", "/ex/confluence/c1/wiki/x"},
		{"https://acme.atlassian.net.evil.example/wiki/x", ""},
		{"https://acme.atlassian.net:8443/wiki/x", ""},
		{"http://acme.atlassian.net/wiki/x", ""},
		{"https://acme.atlassian.net/wiki/../x", ""},
		{"https://other.atlassian.net/wiki/x", ""},
		{w.site.URL + "/ex/confluence/c2/wiki/x", ""},
	} {
		r, err := client.NewRequest(t.Context(), "GET", c.target, nil)
		switch {
		case c.want == "" && !errors.Is(err, hostclient.ErrOrigin):
			t.Errorf("%s: got %v, want ErrOrigin", c.target, err)
		case c.want != "" && (err != nil || r.URL.String() != w.site.URL+c.want):
			t.Errorf("%s: got %v, %v, want %s", c.target, r, err, c.want)
		}
	}
}

// Assets by way of the site that a client calls keeps the client's credential, and
// nothing else can be reached so.
func TestAt(t *testing.T) {
	w := newWorld(t, "", nil)
	own, err := hostclient.CloudSite(w.site.url)
	if err != nil {
		t.Fatal(err)
	}
	assets, err := hostclient.Assets("w1", own)
	if err != nil {
		t.Fatal(err)
	}
	client, err := w.client.At(assets)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hostclient.Get[struct{}](t.Context(), client, "/objectschema/list?startAt=0"); err != nil {
		t.Fatal(err)
	}
	r := w.site.only(t)
	if got, want := r.RequestURI, "/jsm/assets/workspace/w1/v1/objectschema/list?startAt=0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := checkJWT(r, "", w.clock.now()); err != nil {
		t.Error(err)
	}
	for name, site := range everySite(t) {
		if c, err := w.client.At(site); !errors.Is(err, hostclient.ErrSite) {
			t.Errorf("%s: got %v, %v, want ErrSite", name, c, err)
		}
	}
}
