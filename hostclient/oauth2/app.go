package oauth2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// Config says which client an App is. A constructor copies it.
type Config struct {
	// ClientID and ClientSecret are those of the developer console, or of the
	// Data Center's incoming application link.
	ClientID     string
	ClientSecret store.Secret
	// RedirectURL is where the authorization server leads the browser back to,
	// exactly as it is registered: https, or http on a loopback host. Service
	// accounts have none.
	RedirectURL string
	// Scopes are what is asked for. On the Cloud offline_access among them gives
	// a refresh token; on a Data Center they are READ, WRITE, ADMIN and
	// SYSTEM_ADMIN, each of which includes the former.
	Scopes []string
	// Tokens is where tokens live. Nil means in memory.
	Tokens tokenstore.Store
	// RefreshParams are further parameters of each refresh. One project found
	// scopes to shrink unless it sent scope and audience again, which is not
	// documented.
	RefreshParams url.Values
	// TokenURL takes the place of the token endpoint that is known for the kind
	// of App. Empty means that one.
	TokenURL string
	// Base sends all requests to the authorization server. It must be safe for
	// concurrent use and must not follow redirects. Nil means
	// http.DefaultTransport; hostclient.PublicBase is for Data Centers that
	// customers name.
	Base http.RoundTripper
	// UserAgent names the app in them. Empty means this library.
	UserAgent string
	// Timeout bounds one request for a token. 0 means 30 seconds.
	Timeout time.Duration
	// Clock tells the time, and must be safe for concurrent use. Nil means
	// time.Now.
	Clock func() time.Time
	// Sleep waits, and returns the context's error when that ends first: for at
	// most a bit more than a second in all, when a refresh is refused, for
	// another process to store the token that it was faster to have. Nil means
	// by a timer.
	Sleep func(context.Context, time.Duration) error
}

// String says whose client it is; the secret is not in it.
func (c Config) String() string { return fmt.Sprintf("oauth2: client %q", c.ClientID) }

// Format writes what String returns, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// App is one client of one authorization server. It is safe for concurrent use and
// shows nothing secret when it is formatted.
type App struct {
	config Config
	client oauth2.Config
	secret func() string // a function, into which fmt never looks
	scheme hostclient.Scheme
	cloud  hostclient.Cloud
	base   hostclient.Origin       // of the Data Center whose tokens they are
	params []oauth2.AuthCodeOption // of the authorize URL
	own    bool                    // tokens are the app's own: no user is needed for a new one
	http   *http.Client
	hosts  *hostclient.Hosts
	grants grants
}

// NewCloud returns the App of a client of Atlassian's Cloud. A zero cloud is
// production. The error names the field that is wrong.
//
// The client is the app's own, in whose name the users consent: Atlassian forbids
// apps to have customers register clients of theirs ("Security requirements for
// cloud apps").
func NewCloud(config Config, cloud hostclient.Cloud) (*App, error) {
	auth := cloud.Auth
	if auth == "" {
		auth = hostclient.ProductionAuth
	}
	auth = strings.TrimSuffix(auth, "/")
	return newApp(config, &App{
		scheme: hostclient.SchemeOAuth2, cloud: cloud,
		client: oauth2.Config{Endpoint: oauth2.Endpoint{AuthURL: auth + "/authorize", TokenURL: auth + "/oauth/token"}},
		params: []oauth2.AuthCodeOption{
			oauth2.SetAuthURLParam("audience", "api.atlassian.com"), oauth2.SetAuthURLParam("prompt", "consent"),
		},
	})
}

// NewDataCenter returns the App of an incoming application link of a Data Center
// at baseURL, which has its context path. Codes of a Data Center live ten seconds,
// and a refresh must name the RedirectURL again, which is done.
func NewDataCenter(config Config, baseURL string) (*App, error) {
	base, err := hostclient.ParseOrigin(baseURL)
	if err != nil {
		return nil, err
	}
	endpoint := base.String() + "/rest/oauth2/latest/"
	return newApp(config, &App{
		scheme: hostclient.SchemeDataCenterOAuth2, base: base,
		client: oauth2.Config{Endpoint: oauth2.Endpoint{AuthURL: endpoint + "authorize", TokenURL: endpoint + "token"}},
	})
}

// NewServiceAccount returns the App of a service account of the Cloud, which has
// tokens by its client credentials and needs no user. A zero cloud is production.
// Its token endpoint is {API}/oauth/token, as a client in use has it; the metadata
// of the authorization server names {Auth}/oauth/token for the same grant, which
// Config.TokenURL can select.
func NewServiceAccount(config Config, cloud hostclient.Cloud) (*App, error) {
	api, err := cloud.APIHost()
	if err != nil {
		return nil, err
	}
	return newApp(config, &App{
		scheme: hostclient.SchemeServiceAccount, cloud: cloud, own: true,
		client: oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: api.BaseURL() + "/oauth/token"}},
	})
}

// NewDataCenterServiceAccount is NewServiceAccount for a Data Center of version 11
// or later, at baseURL.
func NewDataCenterServiceAccount(config Config, baseURL string) (*App, error) {
	base, err := hostclient.ParseOrigin(baseURL)
	if err != nil {
		return nil, err
	}
	return newApp(config, &App{
		scheme: hostclient.SchemeDataCenterServiceAccount, own: true, base: base,
		client: oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: base.String() + "/rest/oauth2/latest/token"}},
	})
}

// newApp checks config and fills the rest of a in.
func newApp(config Config, a *App) (*App, error) {
	if config.TokenURL == "" {
		config.TokenURL = a.client.Endpoint.TokenURL
	}
	if err := check(config, a); err != nil {
		return nil, err
	}
	if config.Tokens == nil {
		config.Tokens = new(tokenstore.Memory)
	}
	if config.Base == nil {
		config.Base = http.DefaultTransport
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	if config.UserAgent == "" {
		config.UserAgent = "atlassian-connect-go"
	}
	secret := config.ClientSecret.Reveal()
	config.Scopes = slices.Clone(config.Scopes)
	config.RefreshParams = cloneValues(config.RefreshParams)
	a.config, a.secret = config, func() string { return secret }
	a.client.ClientID, a.client.RedirectURL, a.client.Scopes = config.ClientID, config.RedirectURL, config.Scopes
	a.client.Endpoint.TokenURL = config.TokenURL
	// The library would else try the one-time code twice, each way.
	a.client.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	a.http = a.newHTTP()
	a.grants.byKey = map[string]*grant{}
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: config.Base, Clock: config.Clock, UserAgent: config.UserAgent})
	a.hosts = hosts
	return a, err
}

func cloneValues(v url.Values) url.Values {
	copied := url.Values{}
	for name, values := range v {
		copied[name] = slices.Clone(values)
	}
	return copied
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func check(config Config, a *App) error {
	switch {
	case config.ClientID == "" || config.ClientSecret.Reveal() == "":
		return errors.New("oauth2: ClientID and ClientSecret must not be empty: the token endpoints want both, PKCE or not")
	case config.Timeout < 0:
		return errors.New("oauth2: Timeout must not be negative")
	case a.own && config.RedirectURL != "":
		return errors.New("oauth2: a service account has no RedirectURL")
	}
	for name, text := range map[string]string{"RedirectURL": config.RedirectURL, "TokenURL": config.TokenURL, "AuthURL": a.client.Endpoint.AuthURL} {
		if a.own && name != "TokenURL" {
			continue
		}
		if err := checkURL(text); err != nil {
			return fmt.Errorf("oauth2: %s %w", name, err)
		}
	}
	return nil
}

// checkURL returns nil for a URL on whose way nobody listens.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("does not parse") // the reason repeats the URL
	case u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())):
		return errors.New("is neither https nor http on a loopback host")
	case u.User != nil || u.Fragment != "":
		return errors.New("has user information or a fragment")
	}
	return nil
}

// String says whose client it is.
func (a *App) String() string { return a.config.String() + " at " + a.config.TokenURL }

// Format writes what String returns, whatever the verb.
func (a *App) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// Verifier returns a new secret of PKCE (RFC 7636), for AuthorizeURL and Exchange.
func Verifier() string { return oauth2.GenerateVerifier() }

// AuthorizeURL returns the page where the user gives consent. state is bound to
// the browser that is sent there and compared when it comes back, which Browser
// does. The verifier's challenge is sent along, unless the verifier is empty.
// Blanks are written as %20, for some servers refuse a plus.
func (a *App) AuthorizeURL(state, verifier string) string {
	params := slices.Clone(a.params)
	if verifier != "" {
		params = append(params, oauth2.S256ChallengeOption(verifier))
	}
	return strings.ReplaceAll(a.client.AuthCodeURL(state, params...), "+", "%20")
}

// Exchange turns the code that a browser brought into a token, which Save keeps. A
// code is good once, and ten seconds on a Data Center. verifier is the one of
// AuthorizeURL. An answer that gives no token is a *hostclient.Error: its Code
// access_denied stands for a wrong client secret, invalid_grant for a code that
// is good no more.
func (a *App) Exchange(ctx context.Context, code, verifier string) (*tokenstore.Token, error) {
	if a.own {
		return nil, errors.New("oauth2: a service account exchanges no codes")
	}
	var params []oauth2.AuthCodeOption
	if verifier != "" {
		params = append(params, oauth2.VerifierOption(verifier))
	}
	return a.request(ctx, []string{code, verifier}, func(ctx context.Context) (*oauth2.Token, error) {
		client := a.client
		client.ClientSecret = a.secret()
		return client.Exchange(ctx, code, params...)
	})
}

// refresh makes a token of the former one's refresh token.
func (a *App) refresh(ctx context.Context, old *tokenstore.Token) (*tokenstore.Token, error) {
	refresh := old.Refresh.Reveal()
	return a.request(ctx, []string{refresh}, func(ctx context.Context) (*oauth2.Token, error) {
		client := a.client
		client.ClientSecret = a.secret()
		return client.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	})
}

// credentials makes a token of a service account.
func (a *App) credentials(ctx context.Context) (*tokenstore.Token, error) {
	return a.request(ctx, nil, func(ctx context.Context) (*oauth2.Token, error) {
		client := clientcredentials.Config{
			ClientID: a.config.ClientID, ClientSecret: a.secret(), TokenURL: a.config.TokenURL,
			Scopes: a.config.Scopes, AuthStyle: oauth2.AuthStyleInParams,
		}
		return client.Token(ctx)
	})
}
