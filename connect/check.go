package connect

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// Check compares the descriptor with the routes. It returns everything that is
// wrong at once, joined: what the host would refuse in the descriptor, a URL in
// it that no route serves or that one of another kind serves, a webhook route
// that the descriptor has no webhook for. Call it when all routes are open,
// from a test or before serving. No route can be opened after it.
func (a *App) Check() error {
	a.build.Do(a.buildRouter)
	findings := []error{a.cfg.Descriptor.Validate(), a.checkPorts()}
	endpoints := a.cfg.Descriptor.Endpoints()
	for _, e := range endpoints {
		findings = append(findings, a.checkEndpoint(e))
	}
	for _, r := range a.routes {
		if r.kind == kindWebhook && !slices.ContainsFunc(endpoints, func(e descriptor.Endpoint) bool {
			return e.Kind == descriptor.EndpointWebhook && e.Event == r.event && a.serves(e) == r
		}) {
			findings = append(findings, fmt.Errorf("connect: the webhook route %s for %s: the descriptor has no such webhook", r.pattern, r.event))
		}
	}
	return errors.Join(findings...)
}

// fetchedPorts are the ports at which the host asks for a descriptor, by
// Atlassian's page on the app descriptor.
var fetchedPorts = []string{"", "80", "443", "8080"}

// checkPorts finds base URLs at ports that the host does not ask at. A host on
// this machine does.
func (a *App) checkPorts() error {
	var findings []error
	for _, base := range a.cfg.baseURLs() {
		if u, err := url.Parse(base); err == nil && !loopback.Host(u.Hostname()) && !slices.Contains(fetchedPorts, u.Port()) {
			findings = append(findings, fmt.Errorf("connect: base URL %s: the host fetches descriptors from ports 80, 443 and 8080 only", base))
		}
	}
	return errors.Join(findings...)
}

func (a *App) checkEndpoint(e descriptor.Endpoint) error {
	r := a.serves(e)
	if r == nil {
		return fmt.Errorf("connect: %s: no route serves %s %s", e.Path, e.Method, e.Route)
	}
	want := kindsFor(e)
	switch {
	case !slices.Contains(want, r.kind):
		return fmt.Errorf("connect: %s: %s is served by %s, want %s", e.Path, e.Route, r.kind, either(want))
	case r.methods != nil && !slices.Contains(r.methods, e.Method):
		return fmt.Errorf("connect: %s: %s is served, and not for %s", e.Path, e.Route, e.Method)
	case (r.kind == kindWebhook || r.kind == kindLifecycle) && r.event != e.Event:
		return fmt.Errorf("connect: %s: %s is for %s, and its route for %s", e.Path, e.Route, e.Event, r.event)
	}
	return nil
}

// kindsFor returns the kinds of route that can serve the endpoint.
func kindsFor(e descriptor.Endpoint) []kind {
	switch {
	case e.Kind == descriptor.EndpointLifecycle && !slices.Contains(ownEvents, e.Event):
		return []kind{kindHost} // a data residency move
	case e.Kind == descriptor.EndpointLifecycle:
		return []kind{kindLifecycle}
	case e.Kind == descriptor.EndpointWebhook:
		return []kind{kindWebhook}
	case e.Kind == descriptor.EndpointFrame && e.Cacheable:
		return []kind{kindCacheable}
	case e.Kind == descriptor.EndpointFrame:
		return []kind{kindPage, kindHost}
	case e.Kind == descriptor.EndpointRemote:
		return []kind{kindHost, kindPage}
	case e.Kind == descriptor.EndpointImage:
		return []kind{kindPublic, kindCacheable, kindPage, kindHost}
	}
	return []kind{kindPublic, kindCacheable}
}

var ownEvents = []string{"installed", "uninstalled", "enabled", "disabled"}

func either(kinds []kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, " or ")
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// serves returns the route that the router picks for the endpoint, with
// something in place of the variables.
func (a *App) serves(e descriptor.Endpoint) *route {
	u, err := url.Parse(a.cfg.BaseURL)
	if err != nil {
		return nil
	}
	base := u.Path
	u.Path = base + variable.ReplaceAllString(e.Route, "x")
	var match mux.RouteMatch
	if !a.router.Match(&http.Request{Method: e.Method, URL: u, Host: u.Host}, &match) || match.Route == nil {
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
