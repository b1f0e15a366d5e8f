package descriptor

import (
	"cmp"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// EndpointKind says who requests an endpoint, and with which token.
type EndpointKind string

// The kinds of endpoint.
const (
	// EndpointLifecycle is a callback of installation, posted by the host.
	// Its Event is installed, uninstalled, enabled or disabled; the first
	// two carry a token signed with the host's own key, the others one made
	// with the shared secret.
	EndpointLifecycle EndpointKind = "lifecycle"
	// EndpointFrame is a page in a frame, fetched by a browser with a token
	// in the query.
	EndpointFrame EndpointKind = "frame"
	// EndpointWebhook is an event, posted by the host.
	EndpointWebhook EndpointKind = "webhook"
	// EndpointRemote is any other request that the host itself makes: static
	// versions of macros, data residency, migration from a self-managed
	// product.
	EndpointRemote EndpointKind = "remote"
	// EndpointImage is the placeholder picture of a macro. It may come with
	// a token, and is of use without one.
	EndpointImage EndpointKind = "image"
	// EndpointPublic is fetched without a token: icons, translations, plain
	// links.
	EndpointPublic EndpointKind = "public"
)

// Endpoint is a URL of the descriptor that the app has to serve.
type Endpoint struct {
	// Path is the JSON path of the URL in the document, such as
	// modules.webPanels[0].url.
	Path string
	// URL is the URL as the document has it.
	URL string
	// Route is the path of the URL below the base URL: it begins with a
	// slash, ends before the query, and keeps variables such as {issue.key}
	// in their braces.
	Route string
	// Method is the HTTP method, GET or POST. What answers GET should answer
	// HEAD too.
	Method string
	// Kind says who requests the URL.
	Kind EndpointKind
	// Module is the kind of module in the document, such as webPanels; it is
	// empty outside modules.
	Module string
	// Key is the key of the module, empty outside modules.
	Key string
	// Event is the event of a webhook or a callback: jira:issue_created,
	// installed, dare-migration/schedule.
	Event string
	// Cacheable is set for frames that the host requests without parameters
	// and without a token.
	Cacheable bool
}

// Signed reports whether every request for the endpoint carries a token, so
// that one without must be refused: everything but public ones, images and
// cacheable frames. With authentication of type none there are no tokens, and
// Signed then speaks of what would be.
func (e Endpoint) Signed() bool {
	return !e.Cacheable && e.Kind != EndpointPublic && e.Kind != EndpointImage
}

// Endpoints lists the URLs of the document that the app has to serve, in the
// order of the document. Relative URLs count, and absolute ones below the base
// URL. Left out are URLs of other servers, web items that lead into the
// product, to a page module or to a dialog module (the module itself is
// listed), links and vendor, and the kinds of modules that this package does
// not know. A URL that two places name is listed twice.
//
// The document need not be valid: what is missing is not listed.
func (a *App) Endpoints() []Endpoint {
	e := &enumeration{app: a}
	e.lifecycle(&a.Lifecycle)
	a.Modules.each(func(kind, path string, mod module) {
		e.module, e.key = kind, mod.moduleKey()
		mod.list(e, path)
	})
	e.module, e.key = "", ""
	for _, locale := range slices.Sorted(maps.Keys(a.Translations.Paths)) {
		e.public(join("translations.paths", locale), a.Translations.Paths[locale])
	}
	e.add("cloudAppMigration.migrationWebhookPath", a.CloudAppMigration.MigrationWebhookPath,
		Endpoint{Kind: EndpointRemote, Method: http.MethodPost})
	return e.found
}

// enumeration collects endpoints, all of one module at a time.
type enumeration struct {
	app         *App
	module, key string
	found       []Endpoint
}

// add lists e, if its URL is the app's own.
func (n *enumeration) add(path, url string, e Endpoint) {
	route, ok := n.app.route(url)
	if !ok {
		return
	}
	e.Path, e.URL, e.Module, e.Key = path, url, n.module, n.key
	e.Route = cmp.Or(e.Route, route)
	e.Method = cmp.Or(e.Method, http.MethodGet)
	n.found = append(n.found, e)
}

func (n *enumeration) frame(path, url string, cacheable bool) {
	n.add(path, url, Endpoint{Kind: EndpointFrame, Cacheable: cacheable})
}

func (n *enumeration) webhook(path, url, event string) {
	n.add(path, url, Endpoint{Kind: EndpointWebhook, Method: http.MethodPost, Event: event})
}

func (n *enumeration) remote(path, url string) { n.add(path, url, Endpoint{Kind: EndpointRemote}) }

func (n *enumeration) image(path, url string) { n.add(path, url, Endpoint{Kind: EndpointImage}) }

func (n *enumeration) public(path, url string) { n.add(path, url, Endpoint{Kind: EndpointPublic}) }

func (n *enumeration) icon(path string, icon *Icon) {
	if icon != nil {
		n.public(join(join(path, "icon"), "url"), icon.URL)
	}
}

func (n *enumeration) lifecycle(l *Lifecycle) {
	for _, c := range l.callbacks() {
		n.add(join("lifecycle", c.event), c.url,
			Endpoint{Kind: EndpointLifecycle, Method: http.MethodPost, Event: c.event})
	}
	base, ok := n.app.route(l.DareMigration)
	if !ok {
		return
	}
	for _, step := range []struct{ name, method string }{
		{"schedule", http.MethodPost}, {"start", http.MethodPost}, {"status", http.MethodGet},
		{"commit", http.MethodPost}, {"rollback", http.MethodPost},
	} {
		n.add(join("lifecycle", "dare-migration"), l.DareMigration, Endpoint{
			Kind: EndpointRemote, Method: step.method, Event: "dare-migration/" + step.name,
			Route: strings.TrimRight(base, "/") + "/" + step.name,
		})
	}
}

// callback is the URL of a lifecycle event.
type callback struct{ event, url string }

func (l *Lifecycle) callbacks() []callback {
	return []callback{
		{"installed", l.Installed}, {"uninstalled", l.Uninstalled},
		{"enabled", l.Enabled}, {"disabled", l.Disabled},
	}
}

// route is the path of a URL below the base URL. It is not ok for an empty
// URL and for one of another server.
func (a *App) route(url string) (route string, ok bool) {
	if url == "" {
		return "", false
	}
	if isAbsolute(url) {
		if url, ok = cutBase(url, a.BaseURL); !ok {
			return "", false
		}
	}
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	return "/" + strings.TrimPrefix(url, "/"), true
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// isAbsolute reports whether a URL names its server, or has a scheme without
// servers such as mailto.
func isAbsolute(url string) bool {
	return strings.HasPrefix(url, "//") || schemePattern.MatchString(url)
}

// cutBase takes the base URL off an absolute URL. Scheme and host are the same
// in any case of letters, the path is not.
func cutBase(url, base string) (string, bool) {
	base = strings.TrimRight(base, "/")
	if base == "" || len(url) < len(base) {
		return "", false
	}
	head, rest := url[:len(base)], url[len(base):]
	origin := len(base)
	if i := strings.Index(base, "://"); i >= 0 {
		if j := strings.IndexByte(base[i+3:], '/'); j >= 0 {
			origin = i + 3 + j
		}
	}
	if !strings.EqualFold(head[:origin], base[:origin]) || head[origin:] != base[origin:] {
		return "", false
	}
	return rest, rest == "" || strings.IndexByte("/?#", rest[0]) >= 0
}
