package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// kind says which requests a route takes, by the name of the method that opens
// it.
type kind string

const (
	kindPage      kind = "Page"
	kindCacheable kind = "CacheablePage"
	kindHost      kind = "HostRequest"
	kindAPI       kind = "API"
	kindSession   kind = "Session"
	kindForm      kind = "Form"
	kindWebhook   kind = "Webhook"
	kindLifecycle kind = "lifecycle"
	kindPublic    kind = "Public"
	kindBrowser   kind = "Browser"
	kindOwn       kind = "app"
)

var readMethods = []string{http.MethodGet, http.MethodHead}

// route is an opened route.
type route struct {
	kind    kind
	pattern string
	// methods are the methods it takes, nil for those the handler takes.
	methods []string
	// event is the event of a webhook or a lifecycle route.
	event string
	// quiet keeps requests that went well out of the log.
	quiet   bool
	handler http.Handler
}

// Page opens a route for a page that the host shows in a frame: GET and HEAD,
// with a token for this very request. The answer may be framed by the caller's
// own site alone, also when h sets a Content-Security-Policy of its own, unless
// that has a frame-ancestors directive; and browsers do not store it.
//
// The token is good for the path as the host sees it, decoded once.
//
// Here and below, pattern is a path below the base URL, with variables in
// braces as gorilla/mux has them, read by mux.Vars. A bad pattern, one that is
// opened already and a nil h panic, since they are there at every start.
func (a *App) Page(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindPage, pattern: pattern, methods: readMethods, handler: a.verified(auth.HostRequest, framed(h))})
}

// CacheablePage opens a route for a page of a module with cacheable set, which
// the host requests without a token, so it must hold nothing of any tenant: it
// is public, may be framed by every allowed host, and is kept by caches for an
// hour unless h says otherwise. The page learns who looks at it from its
// context token.
func (a *App) CacheablePage(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindCacheable, pattern: pattern, methods: readMethods, handler: a.limited(a.framedAnywhere(h))})
}

// HostRequest opens a route for what the host's own servers ask for, by any
// method and with a token for this very request: post functions, macros that
// are rendered by the server, actions of providers.
func (a *App) HostRequest(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindHost, pattern: pattern, handler: a.verified(auth.HostRequest, framed(h))})
}

// API opens a route for what the app's own page asks of it, by any method, with
// the token of AP.context.getToken in the header "Authorization: JWT …". Since
// no browser adds that header by itself, other sites cannot forge such a call.
func (a *App) API(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindAPI, pattern: pattern, handler: a.verified(auth.ContextToken, h)})
}

// Session opens a route like API for a session of the app's own. A page makes
// one by app.Verifier().IssueSession(caller, 0) and hands it to its script,
// which sends it as "Authorization: JWT …".
func (a *App) Session(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindSession, pattern: pattern, handler: a.verified(auth.Session, h)})
}

// Webhook opens the route of a webhook for the event that the descriptor names
// with this URL. The host has its answer before h runs; see package webhook.
// When its turn comes, h gets the tenant as it is by then, with the secret in
// force; an event of a tenant that has uninstalled the app meanwhile is dropped.
func (a *App) Webhook(event descriptor.Event, pattern string, h webhook.Func) {
	given(pattern, h != nil)
	name := string(event)
	a.open(&route{kind: kindWebhook, pattern: pattern, event: name, handler: a.webhooks.Handler(a.verifier, name, a.current(h))})
}

// Public opens a route to everybody, without any check. A pattern that ends in
// a slash holds all that begins with it. The path of a base URL is cut off
// before h sees the request. The answer has "Cache-Control: no-store" unless h
// sets another. What knows its user by a cookie belongs to Browser.
func (a *App) Public(pattern string, h http.Handler) {
	given(pattern, h != nil)
	a.open(&route{kind: kindPublic, pattern: pattern, handler: a.limited(h)})
}

// given panics when a route has no handler.
func given(pattern string, is bool) {
	if !is {
		panic("connect: the handler of " + pattern + " is nil")
	}
}

// open is add for what is written in a program.
func (a *App) open(r *route) {
	if err := a.add(r); err != nil {
		panic(err.Error())
	}
}

func (a *App) add(r *route) error {
	switch {
	case a.router != nil:
		return fmt.Errorf("connect: %s is opened after the first request", r.pattern)
	case !strings.HasPrefix(r.pattern, "/") || strings.ContainsAny(r.pattern, "?#"):
		return fmt.Errorf("connect: %q is not a path", r.pattern)
	}
	if err := mux.NewRouter().Path(r.pattern).GetError(); err != nil {
		return fmt.Errorf("connect: %q: %w", r.pattern, err)
	}
	for _, base := range a.basePaths() {
		if _, below := qsh.Below(r.pattern, base); below && base != "" {
			return fmt.Errorf("connect: %s lies below %s, the path of a base URL: a request for it could mean two routes", r.pattern, base)
		}
	}
	for _, other := range a.routes {
		if other.pattern == r.pattern {
			return fmt.Errorf("connect: %s is opened twice, by %s and by %s", r.pattern, other.kind, r.kind)
		}
	}
	a.routes = append(a.routes, r)
	return nil
}

// isPublic reports whether the route takes requests without a token of the host,
// at whole paths or below a prefix.
func (r *route) isPublic() bool { return r.kind == kindPublic || r.kind == kindBrowser }

func (r *route) isPrefix() bool { return r.isPublic() && strings.HasSuffix(r.pattern, "/") }

// verified lets through what the policy admits, with its body limited, and
// tells the log who it was.
func (a *App) verified(p auth.Policy, next http.Handler) http.Handler {
	return a.limited(a.verifier.Require(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorderOf(w).clientKey = auth.CallerFrom(r.Context()).ClientKey
		next.ServeHTTP(w, r)
	})))
}

// limited bounds the body that the handler can read.
func (a *App) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// net/http closes the connection of a body that is too long, if it
		// is told through its own writer.
		r2 := *r
		r2.Body = http.MaxBytesReader(recorderOf(w).ResponseWriter, r.Body, a.cfg.MaxBody)
		next.ServeHTTP(w, &r2)
	})
}

// current makes h see the tenant as it is when h runs, which may be minutes
// after the event was verified.
func (a *App) current(h webhook.Func) webhook.Func {
	return func(ctx context.Context, e *webhook.Event) error {
		inst, err := a.cfg.Store.Installation(ctx, e.Caller.ClientKey)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err != nil || !inst.Live() {
			a.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "webhook dropped: the tenant has uninstalled the app",
				slog.String("event", e.Name), slog.String("client_key", e.Caller.ClientKey))
			return nil
		}
		event, caller := *e, *e.Caller
		caller.Installation = inst
		event.Caller = &caller
		return h(auth.WithCaller(ctx, &caller), &event)
	}
}

// buildRouter makes the router of the opened routes: below the path of each
// base URL and, for a proxy that cuts that path off, without it. Whole paths
// come before prefixes, and long prefixes before short ones.
func (a *App) buildRouter() {
	sorted := slices.Clone(a.routes)
	slices.SortStableFunc(sorted, func(x, y *route) int {
		switch {
		case x.isPrefix() != y.isPrefix():
			if x.isPrefix() {
				return 1
			}
			return -1
		case x.isPrefix():
			return len(y.pattern) - len(x.pattern)
		}
		return 0
	})
	// The path is matched as it was hashed: decoded and not cleaned.
	router := mux.NewRouter().SkipClean(true)
	for _, base := range a.basePaths() {
		for _, r := range sorted {
			handler := r.served()
			if r.isPublic() {
				handler = http.StripPrefix(base, handler)
			}
			at := router.Path
			if r.isPrefix() {
				at = router.PathPrefix
			}
			at(base + r.pattern).Handler(handler).Name(base + " " + r.pattern)
		}
	}
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
	})
	a.router = router
	a.handler = a.logged(a.hardened(router))
}

// served is the handler that the router calls.
func (r *route) served() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		recorderOf(w).route = r
		if r.methods != nil && !slices.Contains(r.methods, req.Method) {
			w.Header().Set("Allow", strings.Join(r.methods, ", "))
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		r.handler.ServeHTTP(w, req)
	})
}

// basePaths returns the paths of the base URLs, longest first, and the empty
// one last.
func (a *App) basePaths() []string {
	paths := []string{""}
	for _, base := range a.cfg.baseURLs() {
		u, err := url.Parse(base)
		if err == nil && !slices.Contains(paths, u.Path) {
			paths = append(paths, u.Path)
		}
	}
	slices.SortFunc(paths, func(x, y string) int { return len(y) - len(x) })
	return paths
}

// ownPath returns the path of a URL of the descriptor below the base URL.
func (a *App) ownPath(raw string) (string, error) {
	path, ok := qsh.Below(raw, a.cfg.BaseURL)
	path, _, _ = strings.Cut(path, "?")
	if !ok && !strings.HasPrefix(raw, "/") || path == "" {
		return "", fmt.Errorf("%q is not below the base URL", raw)
	}
	return path, nil
}
