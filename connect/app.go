// Package connect is the front door of a Connect app: it joins descriptor,
// lifecycle, verification, webhooks and host client into one http.Handler that
// is closed unless a route is opened.
//
// A route is opened by the kind of request it takes, so none can be without
// its check: [App.Page] for what the host shows in a frame, [App.API] for what
// the app's own page asks, [App.Form] for the forms on it, [App.Webhook] for
// events, [App.Browser] for pages outside of the frame, [App.Public] for the
// rest.
package connect

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// App is a Connect app. Use New to make one, open its routes, and then serve
// it. Serving is safe for concurrent use; opening routes is not, and is over
// with the first request.
type App struct {
	cfg       Config
	verifier  *auth.Verifier
	lifecycle *lifecycle.Lifecycle
	webhooks  *webhook.Queue
	hosts     *hostclient.Hosts
	origins   *http.CrossOriginProtection

	routes   []*route
	build    sync.Once
	router   *mux.Router
	handler  http.Handler
	stopping atomic.Bool
}

// New returns an App with its descriptor, its lifecycle and its health routes
// open and all else closed.
func New(cfg Config) (*App, error) {
	cfg, err := cfg.settled()
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg}
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: cfg.InstallKeysURLs, Transport: cfg.Transport, Clock: cfg.Clock})
	if err != nil {
		return nil, fmt.Errorf("connect: InstallKeysURLs: %w", err)
	}
	if a.verifier, err = auth.NewVerifier(auth.Config{
		AppKey: cfg.Descriptor.Key, BaseURLs: cfg.baseURLs(), Installations: cfg.Store, Keys: keys,
		Leeway: cfg.Leeway, MaxForm: cfg.MaxBody, Clock: cfg.Clock, Logger: cfg.Logger, Development: cfg.Development,
	}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if a.origins, err = crossOriginProtection(cfg.baseURLs(), cfg.TrustedOrigins); err != nil {
		return nil, err
	}
	hosts := hostclient.Config{AuthorizationServer: cfg.AuthorizationServerURL, Base: cfg.Transport, Limits: cfg.Limits, Clock: cfg.Clock}
	if cfg.Development {
		hosts.Before = (&scopeWatch{scopes: cfg.Descriptor.Scopes, logger: cfg.Logger}).before
	}
	if a.hosts, err = hostclient.NewHosts(hosts); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if a.lifecycle, err = lifecycle.New(lifecycle.Config{
		AppKey: cfg.Descriptor.Key, Verifier: a.verifier, Store: cfg.Store, Hosts: cfg.AllowedHosts,
		Hooks: cfg.Hooks, Changed: a.hosts.Forget, SecretGrace: cfg.SecretGrace, Retention: cfg.Retention,
		Clock: cfg.Clock, Logger: cfg.Logger,
	}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	queue := cfg.Webhooks
	queue.Clock, queue.Logger = cfg.Clock, cfg.Logger
	if a.webhooks, err = webhook.NewQueue(queue); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := a.openOwn(); err != nil {
		return nil, err
	}
	if u, err := url.Parse(cfg.BaseURL); cfg.Development && err == nil && !loopback.Host(u.Hostname()) {
		cfg.Logger.Warn("development mode is on for an app that others can reach: it tells callers why they are refused")
	}
	return a, nil
}

// openOwn opens the routes that every app has.
func (a *App) openOwn() error {
	described, err := a.descriptorHandler()
	if err != nil {
		return err
	}
	l := a.cfg.Descriptor.Lifecycle
	routes := []*route{
		{kind: kindOwn, pattern: DescriptorPath, handler: described},
		{kind: kindOwn, pattern: "/healthz", methods: readMethods, quiet: true, handler: http.HandlerFunc(a.healthy)},
		{kind: kindOwn, pattern: "/readyz", methods: readMethods, quiet: true, handler: http.HandlerFunc(a.ready)},
	}
	for _, callback := range []struct {
		event lifecycle.Event
		url   string
	}{
		{lifecycle.EventInstalled, l.Installed},
		{lifecycle.EventUninstalled, l.Uninstalled},
		{lifecycle.EventEnabled, l.Enabled},
		{lifecycle.EventDisabled, l.Disabled},
	} {
		path, err := a.ownPath(callback.url)
		if err != nil {
			return fmt.Errorf("connect: lifecycle.%s: %w", callback.event, err)
		}
		routes = append(routes, &route{
			kind: kindLifecycle, pattern: path, event: string(callback.event), handler: a.lifecycle.Handler(callback.event),
		})
	}
	for _, r := range routes {
		if err := a.add(r); err != nil {
			return err
		}
	}
	return nil
}

// descriptorHandler serves the descriptor for the base URL it is asked at: the
// one whose host and path the request has, or else whose path, or else the
// first.
func (a *App) descriptorHandler() (http.Handler, error) {
	type variant struct {
		host, path string
		handler    http.Handler
	}
	var variants []variant
	for _, base := range a.cfg.baseURLs() {
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		h, err := descriptor.NewHandler(a.cfg.Descriptor.WithBaseURL(base), descriptor.HandlerConfig{})
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		variants = append(variants, variant{plainAuthority(u.Host), u.Path, h})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		best, most := variants[0], -1
		for _, v := range variants {
			score := 0
			if v.host == plainAuthority(r.Host) {
				score += 2
			}
			if r.URL.Path == v.path+DescriptorPath {
				score++
			}
			if score > most {
				best, most = v, score
			}
		}
		w.Header().Add("Vary", "Host")
		best.handler.ServeHTTP(w, r)
	}), nil
}

// plainAuthority returns a host as it is compared: in lower case and without
// the port that its scheme has anyway.
func plainAuthority(host string) string {
	host = strings.ToLower(host)
	for _, port := range []string{":443", ":80"} {
		host = strings.TrimSuffix(host, port)
	}
	return host
}

// CallerFrom returns who a verified request comes from. In the handlers of
// Page, HostRequest, API, Session, Form and Webhook routes it is never nil; in
// those of Public, Browser and CacheablePage routes it is.
func CallerFrom(ctx context.Context) *auth.Caller { return auth.CallerFrom(ctx) }

// Host returns the client that calls the caller's host as the app's own user;
// its AsUser calls it as a person. A caller without a live installation gets a
// client that tells so at every call.
//
// The client signs with the tenant's secret as it was when the request was
// verified. Work that goes on for longer takes a new one from HostOf.
func (a *App) Host(caller *auth.Caller) *hostclient.Client {
	if caller == nil {
		return hostclient.Failing(fmt.Errorf("%w: the request has no caller", hostclient.ErrNotInstalled))
	}
	client, err := a.hosts.For(caller.Installation)
	if err != nil {
		return hostclient.Failing(err)
	}
	return client
}

// HostOf returns the client that calls the host of the tenant with that client
// key as the app's own user, for work that no request is behind.
// store.ErrNotFound and hostclient.ErrNotInstalled tell, wrapped, that there
// is no such tenant and that it has uninstalled the app.
func (a *App) HostOf(ctx context.Context, clientKey string) (*hostclient.Client, error) {
	inst, err := a.cfg.Store.Installation(ctx, clientKey)
	if err != nil {
		return nil, fmt.Errorf("connect: client key %q: %w", clientKey, err)
	}
	return a.hosts.For(inst)
}

// Verifier returns what admits the app's requests, to issue sessions with and
// for handlers outside of the App.
func (a *App) Verifier() *auth.Verifier { return a.verifier }

// Store returns the store of the Config.
func (a *App) Store() store.Store { return a.cfg.Store }

// AllJSURL returns the address of the client script that the app's pages load.
func (a *App) AllJSURL() string { return a.cfg.AllJSURL }

// Descriptor returns a copy of the descriptor as it is served.
func (a *App) Descriptor() *descriptor.App { return a.cfg.Descriptor.Clone() }

// Settle waits until the webhooks that were acknowledged are handled, for tests.
func (a *App) Settle(ctx context.Context) error { return a.webhooks.Settle(ctx) }

// Purge deletes the tenants whose time after the uninstall, Config.Retention, is
// over, and returns how many; see lifecycle.Lifecycle.Purge. An app calls it
// about once a day: nothing else deletes them.
func (a *App) Purge(ctx context.Context) (int, error) { return a.lifecycle.Purge(ctx) }

// ServeHTTP serves the routes that were opened and answers 404 to all else.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.build.Do(a.buildRouter)
	a.handler.ServeHTTP(w, r)
}
