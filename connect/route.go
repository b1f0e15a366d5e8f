package connect

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// kind says which requests a route takes.
type kind string

const (
	kindPage      kind = "page"
	kindCacheable kind = "cacheable page"
	kindHost      kind = "host"
	kindAPI       kind = "API"
	kindSession   kind = "session"
	kindWebhook   kind = "webhook"
	kindLifecycle kind = "lifecycle"
	kindPublic    kind = "public"
)

var readMethods = []string{http.MethodGet, http.MethodHead}

// route is an opened route.
type route struct {
	kind    kind
	pattern string
	// methods are the methods it takes, nil for those the handler takes.
	methods []string
	// event is the event of a webhook or a lifecycle route.
	event   string
	handler http.Handler
}

// Page opens a route for a page that the host shows in a frame: GET and HEAD,
// with a token for this very request. The answer may be framed by the caller's
// own site alone and is not stored by browsers.
//
// Here and below, pattern is a path below the base URL, with variables in
// braces as gorilla/mux has them, read by mux.Vars. A bad pattern and one that
// is opened already panic, since they are there at every start.
func (a *App) Page(pattern string, h http.HandlerFunc) {
	a.open(&route{kind: kindPage, pattern: pattern, methods: readMethods,
		handler: a.limited(a.verifier.Require(auth.HostRequest)(framed(h)))})
}

// CacheablePage opens a route for a page of a module with cacheable set, which
// the host requests without a token, so it must hold nothing of any tenant: it
// is public, and may be framed by every allowed host. The page learns who looks
// at it from its context token.
func (a *App) CacheablePage(pattern string, h http.HandlerFunc) {
	a.open(&route{kind: kindCacheable, pattern: pattern, methods: readMethods, handler: a.framedAnywhere(h)})
}

// HostRequest opens a route for what the host's own servers ask for, by any
// method and with a token for this very request: post functions, macros that
// are rendered by the server, actions of providers.
func (a *App) HostRequest(pattern string, h http.HandlerFunc) {
	a.open(&route{kind: kindHost, pattern: pattern, handler: a.limited(a.verifier.Require(auth.HostRequest)(framed(h)))})
}

// API opens a route for what the app's own page asks of it, by any method, with
// the token of AP.context.getToken in the header "Authorization: JWT …". Since
// no browser adds that header by itself, other sites cannot forge such a call.
func (a *App) API(pattern string, h http.HandlerFunc) {
	a.open(&route{kind: kindAPI, pattern: pattern, handler: a.limited(a.verifier.Require(auth.ContextToken)(h))})
}

// Session opens a route like API for a token of auth.Verifier.IssueSession.
func (a *App) Session(pattern string, h http.HandlerFunc) {
	a.open(&route{kind: kindSession, pattern: pattern, handler: a.limited(a.verifier.Require(auth.Session)(h))})
}

// Webhook opens the route of a webhook for the event that the descriptor names
// with this URL. The host has its answer before h runs; see package webhook.
func (a *App) Webhook(event, pattern string, h webhook.Func) {
	a.open(&route{kind: kindWebhook, pattern: pattern, event: event, handler: a.webhooks.Handler(a.verifier, event, h)})
}

// Public opens a route to everybody, without any check. A pattern that ends in
// a slash holds all that begins with it.
func (a *App) Public(pattern string, h http.Handler) {
	a.open(&route{kind: kindPublic, pattern: pattern, handler: h})
}

func (a *App) open(r *route) {
	if a.router != nil {
		panic("connect: " + r.pattern + " is opened after the first request")
	}
	if !strings.HasPrefix(r.pattern, "/") || strings.ContainsAny(r.pattern, "?#") {
		panic(fmt.Sprintf("connect: %q is not a path", r.pattern))
	}
	if err := mux.NewRouter().Path(r.pattern).GetError(); err != nil {
		panic(fmt.Sprintf("connect: %q: %v", r.pattern, err))
	}
	for _, other := range a.routes {
		if other.pattern == r.pattern {
			panic(fmt.Sprintf("connect: %q is opened twice, as %s and as %s", r.pattern, other.kind, r.kind))
		}
	}
	a.routes = append(a.routes, r)
}

func (r *route) isPrefix() bool {
	return r.kind == kindPublic && strings.HasSuffix(r.pattern, "/")
}

// limited bounds the body that the handler can read.
func (a *App) limited(h http.Handler) http.Handler { return http.MaxBytesHandler(h, a.cfg.MaxBody) }

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
			if r.isPrefix() {
				router.PathPrefix(base + r.pattern).Handler(http.StripPrefix(base, r.served())).Name(base + " " + r.pattern)
				continue
			}
			router.Path(base + r.pattern).Handler(r.served()).Name(base + " " + r.pattern)
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
		note(w, r)
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

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
