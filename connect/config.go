package connect

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// AtlassianAllJS is the address of Atlassian's client script for app pages.
const AtlassianAllJS = "https://connect-cdn.atl-paas.net/all.js"

// DescriptorPath is where an App serves its descriptor, below its base URL.
const DescriptorPath = "/atlassian-connect.json"

// Config says what an App is and where it lives. BaseURL, Descriptor and Store
// are required; every other field has a default that is right in production.
type Config struct {
	// BaseURL is where the host reaches the app: https, or http on the
	// machine itself. It may have a path.
	BaseURL string
	// OtherBaseURLs are further base URLs the app may be installed with: of
	// regions, of proxies, of a former address. A descriptor that is asked
	// for at one of them names that one. No route's pattern may lie below the
	// path of any of them.
	OtherBaseURLs []string
	// Descriptor is the app's descriptor. The App works on a copy of it, with
	// the base URL and, where they are empty, the lifecycle URLs filled in.
	Descriptor *descriptor.App
	// Store keeps the installations. It stays the caller's to close.
	Store store.Store

	// Environment names the one of Atlassian's environments that the app
	// lives in: production (also for ""), staging, fedramp or
	// fedramp-staging. It selects the three fields that follow; each that is
	// set takes the place of what the environment has.
	Environment string
	// InstallKeysURLs are the servers of the keys that sign installations.
	InstallKeysURLs []string
	// AuthorizationServerURL is the server of tokens for impersonation.
	AuthorizationServerURL string
	// AllowedHosts says where tenants may live; see auth.HostPatterns.
	AllowedHosts []string

	// AllJSURL is the address of the client script; empty is AtlassianAllJS.
	AllJSURL string
	// Hooks are the app's own steps at lifecycle events.
	Hooks lifecycle.Hooks
	// Webhooks bounds the queue of webhooks; its Clock and Logger are taken
	// from this Config.
	Webhooks webhook.Config
	// SecretGrace and Retention are those of lifecycle.Config.
	SecretGrace, Retention time.Duration
	// Leeway is how far the host's clock may be off; see auth.Config.
	Leeway time.Duration
	// MaxBody is the largest request body that a page, API, form or host route
	// reads, in bytes; 0 is 10 MiB.
	MaxBody int64
	// FormLife is how long a form may lie open before it is posted, from one
	// second to one hour; 0 is 30 minutes.
	FormLife time.Duration
	// TrustedOrigins are the origins besides its own from whose pages a browser
	// may post to a Browser route, such as "https://one.example.com"; see
	// App.Browser. There are no patterns, and none is trusted unless it is here.
	TrustedOrigins []string
	// StopDelay is how long Serve goes on at its end while readyz says that
	// the app is stopping, so that a load balancer sees it before
	// connections are refused; 0 is not at all.
	StopDelay time.Duration
	// StopTimeout is how long Serve waits at its end for requests and
	// webhooks under way; 0 is 20 seconds.
	StopTimeout time.Duration
	// Transport carries all requests of the app to hosts, key servers and
	// authorization servers; nil is a transport with sane limits.
	Transport http.RoundTripper
	// Limits paces and repeats the app's calls to hosts; nil is what Atlassian's
	// page on rate limiting asks for, see hostclient.Limits.
	Limits *hostclient.Limits
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// Logger receives a line for each request and whatever goes wrong, with
	// tokens and secrets taken out; nil is slog.Default().
	Logger *slog.Logger
	// Development answers refused requests with the reason, logs the paths
	// that no route serves and the calls to hosts for which the descriptor
	// lacks the scope, and makes Serve log all Findings. It must be off where
	// others than the developer can reach the app.
	Development bool
}

// settled returns the config with its defaults filled in, or what is wrong
// with it.
func (cfg Config) settled() (Config, error) {
	switch {
	case cfg.Descriptor == nil:
		return cfg, errors.New("connect: there is no descriptor")
	case cfg.Store == nil:
		return cfg, errors.New("connect: there is no store")
	case cfg.MaxBody < 0:
		return cfg, errors.New("connect: MaxBody is negative")
	case cfg.FormLife != 0 && (cfg.FormLife < time.Second || cfg.FormLife > time.Hour):
		return cfg, fmt.Errorf("connect: FormLife, %v, is not in [1s, 1h]", cfg.FormLife)
	case cfg.StopTimeout < 0 || cfg.StopDelay < 0:
		return cfg, errors.New("connect: StopTimeout or StopDelay is negative")
	}
	if err := unservable(cfg.Descriptor); err != nil {
		return cfg, err
	}
	env, err := auth.EnvironmentNamed(cfg.Environment)
	if err != nil {
		return cfg, fmt.Errorf("connect: %w", err)
	}
	if len(cfg.InstallKeysURLs) == 0 {
		cfg.InstallKeysURLs = env.KeyServers
	}
	if cfg.AuthorizationServerURL == "" {
		cfg.AuthorizationServerURL = env.AuthorizationServer
	}
	if len(cfg.AllowedHosts) == 0 {
		cfg.AllowedHosts = env.Hosts
	}
	if cfg.AllJSURL == "" {
		cfg.AllJSURL = AtlassianAllJS
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 10 << 20
	}
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 20 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if err := auth.HostPatterns(cfg.AllowedHosts).Validate(); err != nil {
		return cfg, fmt.Errorf("connect: AllowedHosts: %w", err)
	}
	if u, err := url.Parse(cfg.AllJSURL); err != nil || u.Host == "" || secure(u) != nil {
		return cfg, fmt.Errorf("connect: AllJSURL %q is not an https URL", cfg.AllJSURL)
	}
	return cfg.located()
}

// located returns the config with its base URLs in order and the descriptor
// that is served.
func (cfg Config) located() (Config, error) {
	var err error
	if cfg.BaseURL, err = baseURL("BaseURL", cfg.BaseURL); err != nil {
		return cfg, err
	}
	others := make([]string, 0, len(cfg.OtherBaseURLs))
	for _, raw := range cfg.OtherBaseURLs {
		other, err := baseURL("OtherBaseURLs", raw)
		if err != nil {
			return cfg, err
		}
		others = append(others, other)
	}
	cfg.OtherBaseURLs = others
	for realm, raw := range cfg.Descriptor.RegionBaseURLs {
		if _, err := baseURL("the descriptor's regionBaseUrls."+realm, raw); err != nil {
			return cfg, err
		}
	}
	cfg.Descriptor = describe(cfg)
	return cfg, nil
}

// unservable reports a descriptor that makes the host speak in ways that this
// SDK refuses.
func unservable(d *descriptor.App) error {
	off := func(opt *bool) bool { return opt != nil && !*opt }
	switch {
	case !d.Authentication.UsesJWT():
		return fmt.Errorf("connect: the descriptor's authentication is %q: this SDK takes requests with tokens only", d.Authentication.Type)
	case off(d.APIMigrations.SignedInstall):
		return errors.New("connect: the descriptor's apiMigrations.signed-install is false: this SDK takes signed installs only")
	case off(d.APIMigrations.ContextQSH):
		return errors.New("connect: the descriptor's apiMigrations.context-qsh is false: this SDK takes context tokens that say what they are")
	}
	return nil
}

// plainPath is the path of a base URL: nothing in it can be written in two
// ways, or means something to the router.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?$`)

// baseURL returns a base URL without its trailing slash.
func baseURL(name, raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(raw, "?#") || !plainPath.MatchString(u.EscapedPath()) {
		return "", fmt.Errorf("connect: %s %q is not a scheme, a host and a plain path", name, raw)
	}
	if err := secure(u); err != nil {
		return "", fmt.Errorf("connect: %s %q %w", name, raw, err)
	}
	return strings.TrimSuffix(raw, "/"), nil
}

// secure refuses all but https, and http on this machine.
func secure(u *url.URL) error {
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())) {
		return errors.New("is not https")
	}
	return nil
}

// baseURLs returns all base URLs, the first being that of the descriptor.
func (cfg Config) baseURLs() []string {
	urls := append([]string{cfg.BaseURL}, cfg.OtherBaseURLs...)
	for _, realm := range slices.Sorted(maps.Keys(cfg.Descriptor.RegionBaseURLs)) {
		urls = append(urls, strings.TrimSuffix(cfg.Descriptor.RegionBaseURLs[realm], "/"))
	}
	var distinct []string
	for _, u := range urls {
		if !slices.Contains(distinct, u) {
			distinct = append(distinct, u)
		}
	}
	return distinct
}

// describe returns the descriptor that is served.
func describe(cfg Config) *descriptor.App {
	d := cfg.Descriptor.WithBaseURL(cfg.BaseURL)
	for _, field := range []struct {
		url      *string
		fallback string
	}{
		{&d.Lifecycle.Installed, "/installed"},
		{&d.Lifecycle.Uninstalled, "/uninstalled"},
		{&d.Lifecycle.Enabled, "/enabled"},
		{&d.Lifecycle.Disabled, "/disabled"},
	} {
		if *field.url == "" {
			*field.url = field.fallback
		}
	}
	return d.WithDefaults()
}
