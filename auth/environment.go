package auth

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// Environment is one of Atlassian's separate worlds: the servers and the hosts
// that belong together. An app lives in one, chosen by its configuration; a
// request never chooses it.
type Environment struct {
	// Name is the environment's name: production, staging, fedramp or
	// fedramp-staging for Atlassian's own.
	Name string
	// KeyServers are the roots of the servers of the public keys that sign
	// lifecycle events, in the order in which they are asked.
	KeyServers []string
	// AuthorizationServer is the root of the server that gives out tokens for
	// user impersonation.
	AuthorizationServer string
	// Hosts says where tenants may live.
	Hosts HostPatterns
}

// EnvironmentNamed returns Atlassian's environment of that name. The empty
// name is production. The addresses are those that Atlassian's own framework
// for Node.js uses; in production the key server of Atlassian's documentation
// is asked first.
func EnvironmentNamed(name string) (Environment, error) {
	switch name {
	case "", "production":
		return Environment{
			Name: "production",
			KeyServers: []string{
				"https://connect-install-keys.atlassian.com",
				"https://asap-distribution.us-west-2.prod.atl-asap.net",
			},
			AuthorizationServer: "https://oauth-2-authorization-server.services.atlassian.com",
			Hosts:               HostPatterns{"*.atlassian.net", "*.jira.com"},
		}, nil
	case "staging":
		return Environment{
			Name: "staging",
			KeyServers: []string{
				"https://asap-distribution.us-west-2.staging.atl-asap.net",
				"https://cs-migrations--cdn.us-east-1.staging.public.atl-paas.net",
			},
			AuthorizationServer: "https://oauth-2-authorization-server.stg.services.atlassian.com",
			Hosts:               HostPatterns{"*.jira-dev.com"},
		}, nil
	case "fedramp":
		return Environment{
			Name: "fedramp",
			KeyServers: []string{
				"https://asap-distribution.us-west-2.prod.atl-auth-us-gov-mod.net",
				"https://cs-migrations--fedrampcdn.us-east-1.prod.cdn.atlassian-us-gov-mod.com",
			},
			AuthorizationServer: "https://oauth-2-authorization-server.services.atlassian-us-gov-mod.com",
			Hosts:               HostPatterns{"*.atlassian-us-gov-mod.net"},
		}, nil
	case "fedramp-staging":
		return Environment{
			Name: "fedramp-staging",
			KeyServers: []string{
				"https://asap-distribution.us-west-2.staging.atl-auth-us-gov-mod.net",
				"https://cs-migrations--fedrampcdn.us-east-1.staging.cdn.atlassian-us-gov-mod.com",
			},
			AuthorizationServer: "https://oauth-2-authorization-server.stg.services.atlassian-us-gov-mod.com",
			Hosts:               HostPatterns{"*.atlassian-stg-fedm.net"},
		}, nil
	}
	return Environment{}, fmt.Errorf("auth: no environment is named %q; there are production, staging, fedramp and fedramp-staging", name)
}

// HostPatterns says at which hosts tenants may live. A pattern is a host name,
// a host name with a port, or "*." before a domain, which stands for one label:
// "*.atlassian.net" matches "x.atlassian.net" and neither "atlassian.net" nor
// "a.b.atlassian.net". The letters' case does not matter. A pattern without a port means the scheme's own port.
type HostPatterns []string

// Check reports whether baseURL may be a tenant's: https at one of the hosts,
// with nothing but a plain path behind it. Plain http is taken only where a
// pattern spells out a loopback address, localhost or a name below it, for a
// host on the developer's own machine.
func (p HostPatterns) Check(baseURL string) error {
	u, err := url.Parse(baseURL)
	if err != nil {
		return fmt.Errorf("base URL %q is not a URL", baseURL)
	}
	if u.User != nil || u.Opaque != "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.ContainsAny(baseURL, "?#") {
		return fmt.Errorf("base URL %q is not a scheme, a host and a path", baseURL)
	}
	if path := u.EscapedPath(); path != u.Path || strings.Contains(path+"/", "/../") ||
		strings.Contains(path+"/", "/./") || strings.Contains(path, "//") || strings.Contains(path, `\`) {
		return fmt.Errorf("base URL %q has a path that is not plain", baseURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())) {
		return fmt.Errorf("base URL %q is not https", baseURL)
	}
	for _, pattern := range p {
		if matchHost(pattern, u) {
			return nil
		}
	}
	return fmt.Errorf("base URL %q is at none of the allowed hosts %q", baseURL, []string(p))
}

func matchHost(pattern string, u *url.URL) bool {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	wantHost, wantPort := strings.ToLower(pattern), ""
	if h, p, err := net.SplitHostPort(wantHost); err == nil {
		wantHost, wantPort = h, p
	}
	standard := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if cmp.Or(port, standard) != cmp.Or(wantPort, standard) {
		return false
	}
	if domain, ok := strings.CutPrefix(wantHost, "*."); ok {
		label, ok := strings.CutSuffix(host, "."+domain)
		return ok && domain != "" && u.Scheme == "https" && hostLabel.MatchString(label)
	}
	return host == strings.Trim(wantHost, "[]")
}

// hostLabel is one label of a host name.
var hostLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Validate reports a pattern that can match nothing.
func (p HostPatterns) Validate() error {
	for _, pattern := range p {
		example, wild := strings.CutPrefix(pattern, "*.")
		if wild {
			example = "a." + example
		}
		if (HostPatterns{pattern}).Check("https://"+example) != nil || strings.ContainsAny(example, "*/") {
			return fmt.Errorf("auth: host pattern %q is not a host, a host:port or *.domain", pattern)
		}
	}
	return nil
}
