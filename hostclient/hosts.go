package hostclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// ProductionAuthorizationServer is where Atlassian's production sites have
// their user tokens from, as Atlassian's frameworks for Connect apps name it.
const ProductionAuthorizationServer = "https://oauth-2-authorization-server.services.atlassian.com"

// Config says how hosts are called. The zero Config is good for Atlassian's
// production. NewHosts copies it, so that changes afterwards mean nothing.
type Config struct {
	// AuthorizationServer is the base URL of the server that gives user
	// tokens: https, or http on a loopback host. Empty means
	// ProductionAuthorizationServer.
	AuthorizationServer string
	// Base sends all requests, to hosts and authorization server. It must
	// be safe for concurrent use and must not follow redirects. Nil means a
	// transport with time limits for dialling, the TLS handshake and the
	// first byte of an answer; PublicBase is for hosts that customers name.
	Base http.RoundTripper
	// Before is called with each request to a host that is about to be sent;
	// see Transport. Nil means nobody is.
	Before func(*http.Request)
	// Limits paces and repeats calls. Nil means Limits of these Hosts' own, as
	// the zero LimitsConfig has them.
	Limits *Limits
	// UserAgent takes the place of the default, which names this library,
	// its version and the app key.
	UserAgent string
	// Clock tells the time for tokens, and must be safe for concurrent use.
	// Nil means time.Now.
	Clock func() time.Time
	// Timeout bounds a call from its beginning to the last byte of the
	// answer's body. 0 means 60 seconds, a negative value no limit.
	Timeout time.Duration
	// TokenTimeout bounds one request for a user token. 0 means 10 seconds.
	TokenTimeout time.Duration
	// MaxResponse is the most bytes of an answer that Get and Send read. 0
	// means 16 MiB.
	MaxResponse int64
	// MaxTokens is the most user tokens kept at a time; those used least
	// recently make room. 0 means 10,000.
	MaxTokens int
}

// Hosts makes clients for the tenants of one app, which share user tokens and
// connections. It is safe for concurrent use.
type Hosts struct {
	config  Config
	version string
	server  *authorizationServer
	tokens  func() *tokenCache // see userKey
}

// NewHosts returns Hosts for config. It calls nobody and starts nothing, so
// there is nothing to close. An error names the field of config that is wrong.
func NewHosts(config Config) (*Hosts, error) {
	if config.TokenTimeout < 0 || config.MaxResponse < 0 || config.MaxTokens < 0 {
		return nil, errors.New("hostclient: TokenTimeout, MaxResponse and MaxTokens must not be negative")
	}
	if strings.ContainsFunc(config.UserAgent, control) {
		return nil, errors.New("hostclient: UserAgent has a control character")
	}
	if config.AuthorizationServer == "" {
		config.AuthorizationServer = ProductionAuthorizationServer
	}
	if config.Base == nil {
		config.Base = newBase()
	}
	config.Clock = orNow(config.Clock)
	if err := config.defaultLimits(); err != nil {
		return nil, err
	}
	orDefault(&config.Timeout, 60*time.Second)
	orDefault(&config.TokenTimeout, 10*time.Second)
	orDefault(&config.MaxResponse, 16<<20)
	orDefault(&config.MaxTokens, 10_000)
	server, err := newAuthorizationServer(config.AuthorizationServer, config.Base, config.Clock)
	if err != nil {
		return nil, err
	}
	tokens := newTokenCache(config.MaxTokens, config.TokenTimeout, config.Clock)
	return &Hosts{
		config: config, version: version(), server: server,
		tokens: func() *tokenCache { return tokens },
	}, nil
}

// For returns the client that calls the tenant's host as the app's own user.
// The error is ErrNotInstalled for a nil inst, and for a tenant that is
// uninstalled or has no secret; an installation without app key or client key,
// or with a base URL that ParseOrigin refuses, is an error too. Clients are cheap, and know nothing of changes to the installation:
// take a new one for each piece of work.
func (h *Hosts) For(inst *store.Installation) (*Client, error) {
	t, err := newTenant(inst)
	if err != nil {
		return nil, err
	}
	return newClient(h, t, newAppUser(t, h.config.Clock)), nil
}

// Client returns the client that calls the site to which a credential is bound. A
// nil c gives a client that calls nobody.
func (h *Hosts) Client(c Credential) *Client {
	if c == nil {
		return Failing(errors.New("hostclient: Client needs a credential"))
	}
	return newClient(h, nil, c)
}

func (c *Config) defaultLimits() (err error) {
	if c.Limits == nil {
		c.Limits, err = NewLimits(LimitsConfig{Clock: c.Clock})
	}
	return err
}

// Forget drops the user tokens of a tenant, also those that are being asked
// for at this moment, and so frees their memory. It is to be called when the
// tenant was installed anew or uninstalled. Other processes of the app need not
// be told: a token serves the shared secret and the signed event it was asked
// with, and no installation with others. A client key without tokens means
// nothing to do.
func (h *Hosts) Forget(clientKey string) { h.tokens().forget(clientKey) }

// String returns the authorization server's address; no token is in it.
func (h Hosts) String() string { return "hostclient: hosts with " + h.server.base }

// Format writes what String returns, whatever the verb.
func (h Hosts) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

func (h *Hosts) userAgent(t *tenant) string {
	if h.config.UserAgent != "" {
		return h.config.UserAgent
	}
	product := "atlassian-connect-go/" + h.version
	if t == nil {
		return product
	}
	return product + " (" + comment(t.appKey) + ")"
}

// comment keeps of an app key what may stand in a header's comment.
func comment(appKey string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 || !alphanumeric(byte(r)) && !strings.ContainsRune(".-_", r) {
			return '_'
		}
		return r
	}, appKey)
}

const modulePath = "github.com/atlassian-connect-go/sdk"

// version returns the version of this module in the running program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
