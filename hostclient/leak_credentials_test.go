package hostclient_test

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	xoauth2 "golang.org/x/oauth2"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// leakyToken is what no other host may see, in whatever form it is sent.
const leakyToken = "a-token-that-must-not-leak-0123456789"

// everyCredential makes each kind of credential for a host at base, which is
// without a path, and says below which path it works.
func everyCredential(t *testing.T, base string, clock *clock, rt http.RoundTripper) map[string]hostclient.Credential {
	t.Helper()
	token := store.NewSecret(leakyToken)
	cloud := hostclient.Cloud{API: base, Auth: base}
	site := must(hostclient.CloudSite(base + "/wiki"))(t)
	gateway := must(cloud.Gateway(hostclient.Jira, "cloud-1"))(t)
	api := must(cloud.APIHost())(t)
	dc := must(hostclient.DataCenter(base + "/jira"))(t)

	inst := installation(base + "/wiki")
	inst.SharedSecret = store.NewSecret(leakyToken)
	key := must(rsaKey())(t)
	consumer := must(oauth1.New(oauth1.Config{BaseURL: base + "/jira", ConsumerKey: "reports", Signer: oauth1.RSASHA1(key), Clock: clock.now}))(t)
	tokens := new(tokenstore.Memory)
	config := oauth2.Config{ClientID: "c", ClientSecret: token, RedirectURL: base + "/callback", Tokens: tokens, Clock: clock.now, Base: rt}
	own := config
	own.RedirectURL = ""
	held := func(app *oauth2.App, err error) *oauth2.App {
		must(app, err)(t)
		if err := app.Save(t.Context(), "k", &tokenstore.Token{Access: token, Refresh: token, Obtained: clock.now()}); err != nil {
			t.Fatal(err)
		}
		return app
	}
	return map[string]hostclient.Credential{
		"app user":         must(hostclient.NewAppUser(inst, clock.now))(t),
		"API token":        must(hostclient.NewAPIToken(site, "mia@example.com", token))(t),
		"scoped API token": must(hostclient.NewScopedAPIToken(gateway, "mia@example.com", token))(t),
		"password":         must(hostclient.NewBasic(dc, "mia", token))(t),
		"PAT":              must(hostclient.NewPAT(dc, token))(t),
		"session": must(hostclient.NewCookieSession(hostclient.CookieSessionConfig{
			Site: dc, Username: "mia", Password: token, Base: rt, Clock: clock.now,
		}))(t),
		"OAuth 1.0a":         must(consumer.Credential(dc, &oauth1.Token{Value: token, Secret: token}))(t),
		"3LO":                must(held(oauth2.NewCloud(config, cloud)).Credential("k", gateway))(t),
		"Data Center OAuth2": must(held(oauth2.NewDataCenter(config, base+"/jira")).Credential("k", dc))(t),
		"service account":    must(held(oauth2.NewServiceAccount(own, cloud)).Credential("k", gateway))(t),
		"DC service account": must(held(oauth2.NewDataCenterServiceAccount(own, base+"/jira")).Credential("k", dc))(t),
		"token source":       must(oauth2.FromSource(gateway, xoauth2.StaticTokenSource(&xoauth2.Token{AccessToken: leakyToken})))(t),
		"container token":    must(hostclient.NewContainerToken(api, token))(t),
		"Forge token":        must(hostclient.NewForgeToken(gateway, token, time.Time{}, nil))(t),
		"service token":      must(hostclient.NewServiceAccountToken(gateway, token))(t),
	}
}

// leaky is a host that redirects /go to a location, has sessions and pages whose
// next one is at the location, and keeps what it was asked for.
type leaky struct {
	mu       sync.Mutex
	location string
	paths    []string
	bare     []string // requests without a credential
}

func (l *leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/oauth2/token"):
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":900,"token_type":"Bearer"}`, leakyToken)
		return
	case strings.HasSuffix(r.URL.Path, "/rest/auth/1/session"):
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: leakyToken, Path: "/"})
		fmt.Fprintf(w, `{"session":{"name":"JSESSIONID","value":%q}}`, leakyToken)
		return
	case strings.HasSuffix(r.URL.Path, "/go"):
		w.Header()["Location"] = []string{l.location}
		w.WriteHeader(http.StatusTemporaryRedirect)
	case strings.HasSuffix(r.URL.Path, "/pages"):
		fmt.Fprintf(w, `{"results":[{"a":1}],"_links":{"next":%q}}`, l.location)
	default:
		fmt.Fprint(w, `{}`)
	}
	l.paths = append(l.paths, r.URL.EscapedPath())
	if r.Header.Get("Authorization") == "" && !strings.Contains(r.Header.Get("Cookie"), leakyToken) {
		l.bare = append(l.bare, r.URL.Path)
	}
}

func (l *leaky) lead(location string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.location = location
}

// started is the path of the credential's site at which a container token works,
// too.
func started(c *hostclient.Client) string {
	if strings.HasPrefix(c.Site().String(), "the API host") {
		return c.BaseURL() + "/jsm/assets/v1/imports"
	}
	return c.BaseURL()
}

// No redirect, no link to a next page and no address that a caller names takes any
// credential to another host, or to this one over another scheme or port.
func TestNoCredentialLeaks(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) { testNoCredentialLeaks(t, scheme == "https") })
	}
}

func testNoCredentialLeaks(t *testing.T, secure bool) {
	evil := newListener(t)
	host := new(leaky)
	server := httptest.NewUnstartedServer(host)
	base := &http.Transport{MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // of the test's own host
	if server.Start(); secure {
		server.Close()
		server = httptest.NewTLSServer(host)
	}
	t.Cleanup(server.Close)
	t.Cleanup(base.CloseIdleConnections)
	clock := newClock()
	hosts := must(hostclient.NewHosts(hostclient.Config{Base: base, Clock: clock.now, Limits: once(t), AuthorizationServer: server.URL}))(t)
	w := &world{site: &site{Server: server, url: server.URL}}
	shapes := append([]string{"http://SAME/go2", "http://SAME", "HTTP://SAME:80/x", "//SAME:80/x", "https://SAME:443/x"}, strayTargets...)
	clients := map[string]*hostclient.Client{
		"impersonation": must(hosts.For(installation(server.URL + "/wiki")))(t).AsUser(accountID),
	}
	for name, cred := range everyCredential(t, server.URL, clock, base) {
		clients[name] = hosts.Client(cred)
	}
	for name, client := range clients {
		ways := callers(client)
		ways["pages"] = func(t *testing.T, url string) (int, error) {
			for _, err := range hostclient.Pages[struct{}](t.Context(), client, strings.TrimSuffix(url, "/go")+"/pages") {
				if err != nil {
					return 0, err
				}
			}
			return 200, nil
		}
		for _, shape := range shapes {
			target := strings.ReplaceAll(evil.target(shape, w), "SAME", strings.TrimPrefix(strings.TrimPrefix(server.URL, "http://"), "https://"))
			if strings.HasPrefix(target, server.URL+"/") {
				continue // on the host itself, where it is judged by its path
			}
			host.lead(target)
			for how, call := range ways {
				_, _ = call(t, started(client)+"/go") // what comes of it is seen at the hosts
				if _, err := call(t, target); err == nil && how != "pages" && !strings.HasPrefix(target, "/") {
					t.Errorf("%s, %s, %s: went through", name, shape, how)
				}
			}
		}
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the other host had %d connections and saw %d requests, want none", n, len(evil.requests()))
	}
	if len(host.paths) < 1000 {
		t.Errorf("control: the host was asked %d times only", len(host.paths))
	}
	for _, path := range host.paths {
		if !strings.HasPrefix(path, "/wiki/") && !strings.HasPrefix(path, "/jira/") && !strings.HasPrefix(path, "/ex/jira/cloud-1/") && !strings.HasPrefix(path, "/jsm/assets/v1/imports/") {
			t.Errorf("%s is below none of the sites", path)
		}
	}
	if len(host.bare) > 0 {
		t.Errorf("requests went without a credential: %q", host.bare[0])
	}
}

// With a base for public hosts alone, no credential reaches a host within, neither
// with a call nor on the way to a token or a session.
func TestNoCredentialLeaksWithin(t *testing.T) {
	evil := newListener(t)
	base := hostclient.PublicBase()
	clock := newClock()
	hosts := must(hostclient.NewHosts(hostclient.Config{Base: base, Clock: clock.now, Limits: once(t), AuthorizationServer: evil.url}))(t)
	credentials := everyCredential(t, evil.url, clock, base)
	user := must(hosts.For(installation(evil.url)))(t).AsUser(accountID)
	if _, err := hostclient.Get[struct{}](t.Context(), user, "/x"); !errors.Is(err, hostclient.ErrPrivate) {
		t.Errorf("impersonation: got %v, want ErrPrivate", err)
	}
	clock.advance(24 * time.Hour) // tokens with an end are to be renewed
	for name, cred := range credentials {
		client := hosts.Client(cred)
		if _, err := hostclient.Get[struct{}](t.Context(), client, started(client)+"/x"); !errors.Is(err, hostclient.ErrPrivate) {
			t.Errorf("%s: got %v, want ErrPrivate", name, err)
		}
	}
	consumer := must(oauth1.New(oauth1.Config{BaseURL: evil.url, ConsumerKey: "reports", Signer: oauth1.RSASHA1(must(rsaKey())(t)), Base: base}))(t)
	if _, err := consumer.RequestToken(t.Context()); !errors.Is(err, hostclient.ErrPrivate) {
		t.Errorf("the dance of OAuth 1.0a: got %v, want ErrPrivate", err)
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the host within had %d connections, want none", n)
	}
}

// A download follows a link to another host, which sees nothing of any credential.
func TestDownloadsCarryNothing(t *testing.T) {
	evil := newListener(t)
	host := &leaky{location: evil.url + "/file?signed=yes"}
	server := httptest.NewServer(host)
	t.Cleanup(server.Close)
	clock := newClock()
	hosts := must(hostclient.NewHosts(hostclient.Config{Clock: clock.now, Limits: once(t)}))(t)
	credentials := everyCredential(t, server.URL, clock, nil)
	for name, cred := range credentials {
		client := hosts.Client(cred)
		r := must(client.NewRequest(t.Context(), "GET", started(client)+"/go", nil))(t)
		r.Header.Set("Cookie", "mine="+leakyToken)
		r.Header.Set("X-Mine", leakyToken)
		r.Header.Set("Authorization", "Bearer "+leakyToken)
		answer, err := client.Download(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		answer.Body.Close()
	}
	seen := evil.requests()
	if len(seen) != len(credentials) {
		t.Errorf("the other host saw %d requests, want %d", len(seen), len(credentials))
	}
	forms := []string{leakyToken, url.QueryEscape(leakyToken), base64.StdEncoding.EncodeToString([]byte("mia:" + leakyToken)), server.URL}
	for _, r := range seen {
		text := fmt.Sprint(r.RequestURI, r.Header)
		for _, form := range append(forms, "Authorization", "Cookie", "Referer", "mia@") {
			if strings.Contains(text, form) {
				t.Errorf("the other host saw %q in %s", form, text)
			}
		}
	}
}
