package connect

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// The rules of findings about routes, beside those of package descriptor.
const (
	// RuleRoute is a URL of the descriptor that no route serves as it must be
	// served, or a webhook route that the descriptor has no webhook for.
	RuleRoute descriptor.Rule = "route"
	// RulePort is a base URL at a port where the host does not ask.
	RulePort descriptor.Rule = "port"
)

// Check compares the descriptor with the routes. It returns nil, or an error of
// type descriptor.Findings with everything that is wrong at once: what the host
// would refuse in the descriptor, a URL in it that no route serves or that one
// of another kind serves, a webhook route that the descriptor has no webhook
// for. Call it when all routes are open, from a test or before serving. No route
// can be opened after it.
func (a *App) Check() error { return a.Findings().Err() }

// Findings are what Check finds, and warnings too: what works in a way that is
// hardly meant.
func (a *App) Findings() descriptor.Findings {
	a.build.Do(a.buildRouter)
	found := append(a.cfg.Descriptor.Validate(""), a.checkPorts()...)
	endpoints := a.cfg.Descriptor.Endpoints()
	for _, e := range endpoints {
		if message := a.checkEndpoint(e); message != "" {
			found = append(found, finding(e.Path, RuleRoute, e.URL, message))
		}
	}
	for _, r := range a.routes {
		if r.kind == kindWebhook && !slices.ContainsFunc(endpoints, func(e descriptor.Endpoint) bool {
			return e.Kind == descriptor.EndpointWebhook && e.Event == r.event && slices.Contains(a.reached(e), r)
		}) {
			found = append(found, finding("modules.webhooks", RuleRoute, r.event,
				fmt.Sprintf("the descriptor has no webhook for the route %s and the event %s", r.pattern, r.event)))
		}
	}
	return found
}

func finding(path string, rule descriptor.Rule, value, message string) *descriptor.Finding {
	return &descriptor.Finding{Level: descriptor.LevelError, Path: path, Rule: rule, Value: value, Message: message}
}

// fetchedPorts are the ports at which the host asks for a descriptor, by
// Atlassian's page on the app descriptor.
var fetchedPorts = []string{"", "80", "443", "8080"}

// checkPorts finds base URLs at ports that the host does not ask at. A host on
// this machine does.
func (a *App) checkPorts() (found descriptor.Findings) {
	for _, base := range a.cfg.baseURLs() {
		path := "baseUrl"
		for realm, url := range a.cfg.Descriptor.RegionBaseURLs {
			if base != a.cfg.BaseURL && strings.TrimSuffix(url, "/") == base {
				path = "regionBaseUrls." + realm
			}
		}
		if u, err := url.Parse(base); err == nil && !loopback.Host(u.Hostname()) && !slices.Contains(fetchedPorts, u.Port()) {
			found = append(found, finding(path, RulePort, base,
				fmt.Sprintf("%s: the host fetches descriptors from ports 80, 443 and 8080 only", base)))
		}
	}
	return found
}

// checkEndpoint says what is wrong with the route of an endpoint.
func (a *App) checkEndpoint(e descriptor.Endpoint) string {
	r := a.serves(e)
	if r == nil {
		return fmt.Sprintf("no route serves %s %s", e.Method, e.Route)
	}
	want := kindsFor(e)
	switch {
	case !slices.Contains(want, r.kind):
		return fmt.Sprintf("%s is served by %s, want %s", e.Route, r.kind, either(want))
	case r.methods != nil && !slices.Contains(r.methods, e.Method):
		return fmt.Sprintf("%s is served, and not for %s", e.Route, e.Method)
	case (r.kind == kindWebhook || r.kind == kindLifecycle) && r.event != e.Event:
		return fmt.Sprintf("%s is for %s, and its route for %s", e.Route, e.Event, r.event)
	}
	return ""
}

// kindsFor returns the kinds of route that can serve the endpoint.
func kindsFor(e descriptor.Endpoint) []kind {
	switch {
	case e.Kind == descriptor.EndpointLifecycle:
		return []kind{kindLifecycle}
	case e.Kind == descriptor.EndpointWebhook:
		// Several webhooks of one URL go to one route, which tells them apart.
		return []kind{kindWebhook, kindHost}
	case e.Kind == descriptor.EndpointFrame && e.Cacheable:
		return []kind{kindCacheable}
	case e.Kind == descriptor.EndpointFrame:
		return []kind{kindPage, kindHost}
	case e.Kind == descriptor.EndpointRemote:
		return []kind{kindHost, kindPage}
	case e.Kind == descriptor.EndpointBrowser && e.Signed():
		return []kind{kindPage, kindHost}
	case e.Kind == descriptor.EndpointImage:
		return []kind{kindPublic, kindCacheable, kindBrowser, kindPage, kindHost}
	}
	return []kind{kindPublic, kindCacheable, kindBrowser}
}

func either(kinds []kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, " or ")
}

// samples give values that may stand in the place of context parameters: routes
// may ask for numbers or for keys.
var samples = []func(name string) string{
	func(name string) string {
		switch {
		case strings.HasSuffix(name, ".id"):
			return "10001"
		case name == "issue.key":
			return "ABC-1"
		case strings.HasSuffix(name, ".key"):
			return "ABC"
		}
		return "x"
	},
	func(string) string { return "x" },
	func(string) string { return "1" },
	func(string) string { return "A" },
	func(string) string { return "ABC-1" },
}

// reached returns the routes that the router picks for the endpoint with
// samples in place of the variables.
func (a *App) reached(e descriptor.Endpoint) []*route {
	var found []*route
	for _, sample := range samples {
		path := descriptor.ExpandURL(e.Route, func(name string) (string, bool) { return sample(name), true })
		if r := a.routed(e.Method, path); r != nil && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found
}

// serves returns the route of the endpoint: one that fits, if there is any.
func (a *App) serves(e descriptor.Endpoint) *route {
	found := a.reached(e)
	if len(found) == 0 {
		return nil
	}
	if i := slices.IndexFunc(found, func(r *route) bool { return slices.Contains(kindsFor(e), r.kind) }); i >= 0 {
		return found[i]
	}
	return found[0]
}

// routed returns the route that the router picks for a path below the base
// URL, which is escaped.
func (a *App) routed(method, escaped string) *route {
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return nil
	}
	u, err := url.Parse(a.cfg.BaseURL)
	if err != nil {
		return nil
	}
	u.Path += path
	var match mux.RouteMatch
	if !a.router.Match(&http.Request{Method: method, URL: u, Host: u.Host}, &match) || match.Route == nil {
		return nil
	}
	_, pattern, _ := strings.Cut(match.Route.GetName(), " ")
	for _, r := range a.routes {
		if r.pattern == pattern {
			return r
		}
	}
	return nil
}
