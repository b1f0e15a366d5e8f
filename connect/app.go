// Package connect is the front door of a Connect app: it joins descriptor,
// lifecycle, verification, webhooks and host client into one http.Handler that
// is closed unless a route is opened.
//
// A route is opened by the kind of request it takes, so none can be without
// its check: [App.Page] for what the host shows in a frame, [App.API] for what
// the app's own page asks, [App.Webhook] for events, [App.Public] for the rest.
package connect

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/hostclient"
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
		return nil, fmt.Errorf("connect: %w", err)
	}
	if a.verifier, err = auth.NewVerifier(auth.Config{
		AppKey: cfg.Descriptor.Key, BaseURLs: cfg.baseURLs(), Installations: cfg.Store, Keys: keys,
		Leeway: cfg.Leeway, Clock: cfg.Clock, Logger: cfg.Logger, Development: cfg.Development,
	}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if a.hosts, err = hostclient.NewHosts(hostclient.Config{
		AuthorizationServer: cfg.AuthorizationServerURL, Base: cfg.Transport, Clock: cfg.Clock,
	}); err != nil {
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
	return a, nil
}

// openOwn opens the routes that every app has.
func (a *App) openOwn() error {
	described, err := a.descriptorHandler()
	if err != nil {
		return err
	}
	a.open(&route{kind: kindPublic, pattern: DescriptorPath, handler: described})
	l := a.cfg.Descriptor.Lifecycle
	for event, url := range map[lifecycle.Event]string{
		lifecycle.EventInstalled:   l.Installed,
		lifecycle.EventUninstalled: l.Uninstalled,
		lifecycle.EventEnabled:     l.Enabled,
		lifecycle.EventDisabled:    l.Disabled,
	} {
		path, err := a.ownPath(url)
		if err != nil {
			return fmt.Errorf("connect: lifecycle.%s: %w", event, err)
		}
		a.open(&route{kind: kindLifecycle, pattern: path, event: string(event), handler: a.lifecycle.Handler(event)})
	}
	a.open(&route{kind: kindPublic, pattern: "/healthz", methods: readMethods, handler: http.HandlerFunc(a.healthy)})
	a.open(&route{kind: kindPublic, pattern: "/readyz", methods: readMethods, handler: http.HandlerFunc(a.ready)})
	return nil
}

// descriptorHandler serves the descriptor for the base URL it is asked at.
func (a *App) descriptorHandler() (http.Handler, error) {
	byHost := make(map[string]http.Handler)
	for _, base := range a.cfg.baseURLs() {
		h, err := descriptor.NewHandler(a.cfg.Descriptor.WithBaseURL(base), descriptor.HandlerConfig{})
		if err != nil {
			return nil, fmt.Errorf("connect: %w", err)
		}
		if host := hostOf(base); byHost[host] == nil {
			byHost[host] = h
		}
	}
	primary := byHost[hostOf(a.cfg.BaseURL)]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Host")
		if h, ok := byHost[r.Host]; ok {
			h.ServeHTTP(w, r)
			return
		}
		primary.ServeHTTP(w, r)
	}), nil
}

// CallerFrom returns who a verified request comes from. In the handlers of
// Page, Host, API, Session and Webhook routes it is never nil.
func CallerFrom(ctx context.Context) *auth.Caller { return auth.CallerFrom(ctx) }

// Host returns the client that calls the caller's host as the app's own user;
// its AsUser calls it as a person. A caller without a live installation gets a
// client that tells so at every call.
func (a *App) Host(caller *auth.Caller) *hostclient.Client {
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

// Purge deletes the tenants whose time after the uninstall is over; see
// lifecycle.Lifecycle.Purge.
func (a *App) Purge(ctx context.Context) (int, error) { return a.lifecycle.Purge(ctx) }

// ServeHTTP serves the routes that were opened and answers 404 to all else.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.build.Do(a.buildRouter)
	a.handler.ServeHTTP(w, r)
}
