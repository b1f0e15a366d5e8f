package descriptor

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// url checks a URL by what it is for. An empty one is another rule's concern.
func (c *checker) url(path, raw string, r urlRule, cacheable bool) {
	if raw == "" {
		return
	}
	switch {
	case r.role == roleLink || r.role == roleTemplate:
		if isAbsolute(raw) && !isHTTP(raw) {
			c.add(path, RuleURL, raw, "must begin with https:// or http://")
		}
	case isAbsolute(raw) && !r.anywhere:
		c.add(path, RuleURL, raw, "must be relative to baseUrl, such as /page")
	case isAbsolute(raw) && !isHTTP(raw):
		c.add(path, RuleURL, raw, "must be relative to baseUrl or begin with https:// or http://")
	case !isAbsolute(raw) && !strings.HasPrefix(raw, "/"):
		c.warn(path, RuleURL, raw, "should begin with a slash, because it is appended to baseUrl")
	}
	// What stands in the braces is put in escaped.
	if _, err := url.Parse(ExpandURL(raw, noValue)); err != nil {
		c.add(path, RuleURL, raw, "is not a URL: %v", errors.Unwrap(err))
	}
	switch {
	case r.role == roleLink || r.role == roleAsset || r.role == roleImage || r.role == roleLifecycle:
		if variables, _ := variablesOf(raw); len(variables) > 0 {
			c.warn(path, RuleVariable, raw, "{%s} is not bound here: this URL takes no context parameters", variables[0].name)
		}
	case cacheable:
		if variables, _ := variablesOf(raw); len(variables) > 0 {
			c.warn(path, RuleCacheable, raw, "{%s} will not be bound: the host takes the URL of a cacheable page as it is written", variables[0].name)
		}
	default:
		c.variables(path, raw)
	}
}

func noValue(string) (string, bool) { return "", false }

// baseURL checks a URL that relative ones are appended to. An empty one is
// another rule's concern.
func (c *checker) baseURL(path, raw string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		c.add(path, RuleURL, raw, "must be an absolute URL such as https://app.example.com")
	case u.User != nil || strings.ContainsAny(raw, "?#{}"):
		c.add(path, RuleURL, raw, "must have no user, query, fragment or variable")
	case u.Scheme == "https", u.Scheme == "http" && loopback.Host(u.Hostname()):
		if strings.HasSuffix(raw, "/") {
			c.warn(path, RuleURL, raw, "ends in a slash, and every relative URL begins with one")
		}
	case u.Scheme == "http":
		c.add(path, RuleHTTPS, raw, "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])")
	default:
		c.add(path, RuleHTTPS, raw, "must be https")
	}
}

func isHTTP(url string) bool {
	scheme, rest, ok := strings.Cut(url, "://")
	return ok && rest != "" && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// isAbsolute reports whether a URL names its server, or has a scheme without
// servers such as mailto.
func isAbsolute(url string) bool {
	return strings.HasPrefix(url, "//") || !strings.HasPrefix(url, "/") && schemePattern.MatchString(url)
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
