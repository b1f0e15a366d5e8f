package descriptor

import (
	"cmp"
	"maps"
	"net/http"
	"reflect"
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
	// EndpointBrowser is opened by a browser in a window of its own, with a
	// token only where the URL has the parameter {jwt}.
	EndpointBrowser EndpointKind = "browser"
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
	switch e.Kind {
	case EndpointPublic, EndpointImage:
		return false
	case EndpointBrowser:
		return strings.Contains(e.URL, "{jwt}")
	}
	return !e.Cacheable
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
	n := &enumeration{app: a, shapes: shapes()}
	n.structure("", reflect.ValueOf(a).Elem(), "")
	return n.found
}

// enumeration collects endpoints, all of one module at a time.
type enumeration struct {
	app         *App
	shapes      map[reflect.Type]*shape
	module, key string
	found       []Endpoint
}

// listed is a struct with endpoints that do not show in its tags.
type listed interface {
	list(e *enumeration, path string)
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

// roleEndpoints say who requests a URL in a role.
var roleEndpoints = map[urlRole]Endpoint{
	roleFrame:   {Kind: EndpointFrame},
	roleCall:    {Kind: EndpointRemote},
	rolePost:    {Kind: EndpointRemote, Method: http.MethodPost},
	roleImage:   {Kind: EndpointImage},
	roleAsset:   {Kind: EndpointPublic},
	roleBrowser: {Kind: EndpointBrowser},
}

// structure lists the URLs of a struct by their roles. The role of those
// inside that have none of their own is around.
func (n *enumeration) structure(path string, v reflect.Value, around urlRole) {
	s := n.shapes[v.Type()]
	for i := range s.members {
		m := &s.members[i]
		role := m.rule.url.role
		if role == roleAction {
			role = around
		}
		e := roleEndpoints[role]
		e.Cacheable = e.Kind == EndpointFrame && s.cacheable >= 0 && v.Field(s.cacheable).Bool()
		if f := v.FieldByIndex(m.index); !f.IsZero() {
			n.value(join(path, m.name), f, role, e)
		}
	}
	if own, ok := v.Addr().Interface().(listed); ok {
		own.list(n, path)
	}
}

func (n *enumeration) value(path string, v reflect.Value, role urlRole, e Endpoint) {
	switch v.Kind() {
	case reflect.String:
		if e.Kind != "" {
			n.add(path, v.String(), e)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			n.value(path, v.Elem(), role, e)
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[Param]() {
			n.structure(path, v, role)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		for i := range v.Len() {
			n.structure(index(path, i), v.Index(i), role)
		}
	case reflect.Map:
		texts, _ := v.Interface().(map[string]string)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			n.value(join(path, name), reflect.ValueOf(texts[name]), role, e)
		}
	}
}

// list lists the modules, which have no tags.
func (m *Modules) list(n *enumeration, _ string) {
	m.each(func(k kind, path string, v reflect.Value) {
		n.module, n.key = k.name, moduleKey(v)
		n.structure(path, v, "")
	})
	n.module, n.key = "", ""
}

func (l *Lifecycle) list(n *enumeration, path string) {
	for _, c := range []struct{ event, url string }{
		{"installed", l.Installed}, {"uninstalled", l.Uninstalled},
		{"enabled", l.Enabled}, {"disabled", l.Disabled},
	} {
		n.add(join(path, c.event), c.url,
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
		n.add(join(path, "dare-migration"), l.DareMigration, Endpoint{
			Kind: EndpointRemote, Method: step.method, Event: "dare-migration/" + step.name,
			Route: strings.TrimRight(base, "/") + "/" + step.name,
		})
	}
}
