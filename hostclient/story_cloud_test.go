package hostclient_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// An app calls as itself and as a user.
func TestStoryOfAnApp(t *testing.T) {
	s := newStage(t, devhost.Config{})
	inst := s.install(t, "READ", "ACT_AS_USER")
	app := must(s.hosts.For(inst))(t)
	own, _ := s.host.Installation(appKey)
	wantWho(t, app, cloudAPI, own.AccountID)
	wantWho(t, app.AsUser(bo), cloudAPI, bo)
	wantWho(t, app.AsUser(bo, "READ"), cloudAPI, bo)

	s.clock.advance(time.Minute)
	s.host.RevokeTokens(appKey) // a new token is had by itself
	wantWho(t, app.AsUser(bo), cloudAPI, bo)
	s.clock.advance(time.Hour)
	wantWho(t, app.AsUser(bo), cloudAPI, bo)

	if _, err := hostclient.Send[struct{}](t.Context(), app, "DELETE", cloudAPI+"/issue/DEMO-1", nil); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("without the scope: got %v, want ErrScopeMissing", err)
	}
	if _, err := who(app.AsUser("712020:nobody"), cloudAPI); !errors.As(err, new(*hostclient.Error)) || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("nobody: got %v, want invalid_grant", err)
	}
	other := inst.Clone()
	other.SharedSecret = store.NewSecret("another secret than the host's, as long")
	stranger := must(s.hosts.For(other))(t)
	wantRefused(t, stranger, cloudAPI, hostclient.ErrUnauthorized, "shared secret")
	_, err := who(stranger.AsUser(bo), cloudAPI)
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Code != "invalid_grant" {
		t.Errorf("got %v, want invalid_grant", err)
	}
}

// A user's classic API token works on the site, one with scopes behind the gateway.
func TestStoryOfAPITokens(t *testing.T) {
	s := newStage(t, devhost.Config{})
	classic := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	scoped := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: bo, Scopes: []string{"read:jira-user"}}))(t))
	site, gateway := s.site(t), s.gateway(t, hostclient.Jira)
	client := func(c *hostclient.APIToken, err error) *hostclient.Client { return s.hosts.Client(must(c, err)(t)) }

	wantWho(t, client(hostclient.NewAPIToken(site, "bo@example.com", classic)), cloudAPI, bo)
	wantWho(t, client(hostclient.NewAPIToken(site, "BO@example.com", classic)), cloudAPI, bo)
	wantWho(t, client(hostclient.NewScopedAPIToken(gateway, "bo@example.com", scoped)), cloudAPI, bo)

	wantRefused(t, client(hostclient.NewAPIToken(site, "bo@example.com", scoped)), cloudAPI, hostclient.ErrUnauthorized, "through the gateway only")
	wantRefused(t, client(hostclient.NewAPIToken(site, "chen@example.com", classic)), cloudAPI, hostclient.ErrUnauthorized, "not the token's owner's")
	wantRefused(t, client(hostclient.NewScopedAPIToken(gateway, "bo@example.com", classic)), cloudAPI, hostclient.ErrUnauthorized, "no scopes")
	wantRefused(t, client(hostclient.NewAPIToken(site, "bo@example.com", store.NewSecret("the password of bo"))), cloudAPI, hostclient.ErrUnauthorized, "")
	if _, err := hostclient.NewAPIToken(gateway, "bo@example.com", classic); !errors.Is(err, hostclient.ErrSite) {
		t.Errorf("got %v, want ErrSite", err)
	}

	// Where anybody may read, a bad token gives an empty list with 200.
	bad := client(hostclient.NewAPIToken(site, "bo@example.com", store.NewSecret("no token at all")))
	_, err := hostclient.Get[struct{}](t.Context(), bad, cloudAPI+"/serverInfo")
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Status != 200 || !errors.Is(err, hostclient.ErrAnonymous) {
		t.Errorf("got %v, want ErrAnonymous with 200", err)
	}
	scopeless := client(hostclient.NewScopedAPIToken(gateway, "bo@example.com", scoped))
	before := s.calls()
	if _, err := hostclient.Get[struct{}](t.Context(), scopeless, cloudAPI+"/issue/DEMO-1"); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("got %v, want ErrScopeMissing", err)
	}
	if n := s.calls() - before; n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	s.clock.advance(366 * 24 * time.Hour)
	wantRefused(t, client(hostclient.NewAPIToken(site, "bo@example.com", classic)), cloudAPI, hostclient.ErrUnauthorized, "has expired")
}

// A web app has a user consent, keeps the token, finds the sites and calls them for
// months.
func TestStoryOf3LO(t *testing.T) {
	s := newStage(t, devhost.Config{})
	const callback = "https://app.example.com/callback"
	registered := must(s.host.RegisterOAuthApp(devhost.OAuthApp{
		Name: "Reports", RedirectURLs: []string{callback}, Scopes: []string{"read:jira-user", "read:jira-work", "read:page:confluence"},
	}))(t)
	tokens := new(tokenstore.Memory)
	app := must(oauth2.NewCloud(oauth2.Config{
		ClientID: registered.ClientID, ClientSecret: store.NewSecret(registered.ClientSecret), RedirectURL: callback,
		Scopes: []string{"read:jira-user", "read:page:confluence", "offline_access"}, Tokens: tokens, Clock: s.clock.now,
	}, s.cloud()))(t)
	pages := must(oauth2.NewBrowser(oauth2.BrowserConfig{App: app, Logger: slog.New(slog.DiscardHandler), Done: func(w http.ResponseWriter, r *http.Request, token *tokenstore.Token, returnTo string) {
		if err := app.Save(r.Context(), bo, token); err != nil {
			t.Error(err)
		}
		http.Redirect(w, r, returnTo, http.StatusSeeOther)
	}}))(t)

	var b browser
	consent := func() string {
		consentPage := b.visit(pages.Start(), "https://app.example.com/start?return_to=/reports").Header.Get("Location")
		back := must(s.host.Consent(consentPage, bo))(t)
		if to := b.visit(pages.Callback(), back).Header.Get("Location"); to != "/reports" {
			t.Fatalf("ended at %q, want /reports", to)
		}
		return back
	}
	back := consent()
	if answer := b.visit(pages.Callback(), back); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("the callback once more: got %s, want 400", answer.Status)
	}

	sites := must(app.Resources(t.Context(), bo))(t)
	if len(sites) != 2 || sites[0].ID != s.host.CloudID() || sites[1].ID != sites[0].ID || sites[0].Serves(hostclient.Jira) == sites[1].Serves(hostclient.Jira) {
		t.Fatalf("got %+v, want the site twice, once for each product", sites)
	}
	jira := s.hosts.Client(must(app.Credential(bo, must(sites[0].Site(hostclient.Jira))(t)))(t))
	wiki := s.hosts.Client(must(app.Credential(bo, must(sites[0].Site(hostclient.Confluence))(t)))(t))
	for range 40 { // each time the token has ended, and the refresh token is as old
		wantWho(t, jira, cloudAPI, bo)
		if _, err := hostclient.Get[struct{}](t.Context(), wiki, "/wiki/api/v2/pages"); err != nil {
			t.Fatal(err)
		}
		s.clock.advance(24 * time.Hour)
	}
	if _, err := hostclient.Get[struct{}](t.Context(), jira, cloudAPI+"/issue/DEMO-1"); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("got %v, want ErrScopeMissing", err)
	}

	// A token whose end is not known is sent when it has ended: Jira then says 401,
	// and Confluence 404.
	for _, call := range []func() error{
		func() error { _, err := who(jira, cloudAPI); return err },
		func() error {
			_, err := hostclient.Get[struct{}](t.Context(), wiki, "/wiki/api/v2/pages")
			return err
		},
	} {
		unknown := must(tokens.Load(t.Context(), app.StoreKey(bo)))(t)
		unknown.Expiry = time.Time{}
		if err := app.Save(t.Context(), bo, unknown); err != nil {
			t.Fatal(err)
		}
		s.clock.advance(2 * time.Hour)
		if err := call(); err != nil {
			t.Errorf("with a token that has ended: %v", err)
		}
	}
	s.host.RevokeGrants(registered.ClientID)
	s.clock.advance(time.Minute)
	wantRefused(t, jira, cloudAPI, hostclient.ErrReauthorize, "")
	consent()
	wantWho(t, jira, cloudAPI, bo)
	s.clock.advance(91 * 24 * time.Hour)
	wantRefused(t, jira, cloudAPI, hostclient.ErrReauthorize, "")

	declined := must(s.host.Decline(b.visit(pages.Start(), "https://app.example.com/start").Header.Get("Location"), bo))(t)
	if answer := b.visit(pages.Callback(), declined); answer.StatusCode != http.StatusForbidden {
		t.Errorf("declined: got %s, want 403", answer.Status)
	}
}

// A browser cannot be led into an authorization that somebody else began.
func TestBrowserOfOAuth2IsBound(t *testing.T) {
	s := newStage(t, devhost.Config{})
	const callback = "https://app.example.com/callback"
	registered := must(s.host.RegisterOAuthApp(devhost.OAuthApp{Name: "Reports", RedirectURLs: []string{callback}, Scopes: []string{"read:jira-user"}}))(t)
	app := must(oauth2.NewCloud(oauth2.Config{
		ClientID: registered.ClientID, ClientSecret: store.NewSecret(registered.ClientSecret), RedirectURL: callback,
		Scopes: []string{"read:jira-user"}, Clock: s.clock.now,
	}, s.cloud()))(t)
	var ended error
	done := 0
	pages := must(oauth2.NewBrowser(oauth2.BrowserConfig{
		App:    app,
		Done:   func(http.ResponseWriter, *http.Request, *tokenstore.Token, string) { done++ },
		Failed: func(_ http.ResponseWriter, _ *http.Request, err error) { ended = err },
	}))(t)
	begin := func(b *browser) string {
		return must(s.host.Consent(b.visit(pages.Start(), "https://app.example.com/start").Header.Get("Location"), bo))(t)
	}
	var mine, other browser
	theirs := begin(&other)
	own := begin(&mine)
	state := func(back string) string {
		_, rest, _ := strings.Cut(back, "state=")
		value, _, _ := strings.Cut(rest, "&")
		return value
	}
	for _, c := range []struct {
		name, target string
		b            *browser
		want         error
	}{
		{"another's", theirs, &mine, oauth2.ErrState},
		{"no cookie", own, &browser{}, oauth2.ErrState},
		{"another's code", strings.Replace(theirs, state(theirs), state(own), 1), &mine, nil}, // bound to the verifier
		{"no state", callback + "?code=x", &mine, oauth2.ErrState},
		{"two states", own + "&state=x", &mine, oauth2.ErrRequest},
		{"two codes", own + "&code=x", &mine, oauth2.ErrRequest},
		{"used", own, &mine, oauth2.ErrState},
	} {
		ended = nil
		c.b.visit(pages.Callback(), c.target)
		if c.want == nil && ended == nil || c.want != nil && !errors.Is(ended, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, ended, c.want)
		}
	}
	for _, c := range []struct{ name, query string }{
		{"another host", "?return_to=https://evil.example/"}, {"slashes", "?return_to=//evil.example/"}, {"backslashes", `?return_to=/\evil.example/`},
	} {
		ended = nil
		mine.visit(pages.Start(), "https://app.example.com/start"+c.query)
		if !errors.Is(ended, oauth2.ErrRequest) {
			t.Errorf("%s: got %v, want ErrRequest", c.name, ended)
		}
	}
	late := begin(&mine)
	s.clock.advance(time.Hour)
	if mine.visit(pages.Callback(), late); !errors.Is(ended, oauth2.ErrState) {
		t.Errorf("late: got %v, want ErrState", ended)
	}
	if done != 0 {
		t.Errorf("%d tokens were given", done)
	}
	if mine.visit(pages.Callback(), begin(&mine)); done != 1 {
		t.Errorf("control: %v, %d tokens", ended, done)
	}
}

// A service account has its tokens by itself.
func TestStoryOfServiceAccounts(t *testing.T) {
	s := newStage(t, devhost.Config{})
	account := must(s.host.AddServiceAccount(devhost.ServiceAccount{Name: "Nightly", Scopes: []string{"read:jira-user", "read:jira-work"}}))(t)
	config := oauth2.Config{ClientID: account.ClientID, ClientSecret: store.NewSecret(account.ClientSecret), Clock: s.clock.now}
	gateway := s.gateway(t, hostclient.Jira)
	for _, endpoint := range []string{"", s.host.AuthURL() + "/oauth/token"} {
		config.TokenURL = endpoint
		app := must(oauth2.NewServiceAccount(config, s.cloud()))(t)
		client := s.hosts.Client(must(app.Credential("nightly", gateway))(t))
		wantWho(t, client, cloudAPI, account.AccountID)
		s.clock.advance(2 * time.Hour)
		wantWho(t, client, cloudAPI, account.AccountID)
	}
	config.ClientSecret = store.NewSecret("another secret")
	app := must(oauth2.NewServiceAccount(config, s.cloud()))(t)
	_, err := who(s.hosts.Client(must(app.Credential("nightly", gateway))(t)), cloudAPI)
	if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Code != "access_denied" || errors.Is(err, hostclient.ErrReauthorize) {
		t.Errorf("wrong secret: got %v, want access_denied", err)
	}
	token := must(s.host.AddAPIToken(devhost.APIToken{AccountID: account.AccountID, Scopes: []string{"read:jira-user"}}))(t)
	wantWho(t, s.hosts.Client(must(hostclient.NewServiceAccountToken(gateway, store.NewSecret(token)))(t)), cloudAPI, account.AccountID)
}

// A Forge remote calls with the token that it was handed, until its end.
func TestStoryOfForge(t *testing.T) {
	s := newStage(t, devhost.Config{})
	token := store.NewSecret(must(s.host.ForgeToken(bo, 5*time.Minute, "read:jira-user"))(t))
	site := must(s.cloud().ParseGateway(s.host.GatewayURL() + "/ex/jira/" + s.host.CloudID()))(t)
	client := s.hosts.Client(must(hostclient.NewForgeToken(site, token, s.clock.now().Add(5*time.Minute), s.clock.now))(t))
	wantWho(t, client, cloudAPI, bo)
	if _, err := hostclient.Get[struct{}](t.Context(), client, cloudAPI+"/issue/DEMO-1"); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("got %v, want ErrScopeMissing", err)
	}
	unknown := s.hosts.Client(must(hostclient.NewForgeToken(site, token, time.Time{}, s.clock.now))(t))
	s.clock.advance(5 * time.Minute)
	before := s.calls()
	if _, err := who(client, cloudAPI); !errors.Is(err, hostclient.ErrExpired) || s.calls() != before {
		t.Errorf("after its end: got %v and %d calls, want ErrExpired and none", err, s.calls()-before)
	}
	wantRefused(t, unknown, cloudAPI, hostclient.ErrUnauthorized, "")
	if _, err := hostclient.NewForgeToken(s.site(t), token, time.Time{}, nil); !errors.Is(err, hostclient.ErrSite) {
		t.Errorf("got %v, want ErrSite", err)
	}
}

// A bearer token that is sent to the site all the same is told of in words.
func TestBearerOnTheSite(t *testing.T) {
	s := newStage(t, devhost.Config{})
	token := store.NewSecret(must(s.host.ForgeToken(bo, time.Hour, "read:jira-user"))(t))
	site := must(hostclient.Custom(s.host.BaseURL()))(t)
	client := s.hosts.Client(must(hostclient.NewForgeToken(site, token, time.Time{}, nil))(t))
	wantRefused(t, client, cloudAPI, hostclient.ErrUnauthorized, "a bearer token was sent to a Cloud site")
}

// The cloud id is had without a credential.
func TestStoryOfTheCloudID(t *testing.T) {
	s := newStage(t, devhost.Config{})
	id, err := s.hosts.CloudID(t.Context(), s.host.BaseURL()+"/wiki")
	if err != nil || id != s.host.CloudID() {
		t.Errorf("got %q, %v, want %q", id, err, s.host.CloudID())
	}
	if call := s.sent(); call.Header.Get("Authorization") != "" || call.Path != "/_edge/tenant_info" {
		t.Errorf("sent %s with %v", call.Path, call.Header)
	}
}
