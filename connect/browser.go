package connect

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Browser opens a route like Public for pages outside of the host's frame that
// know their user by a cookie: an administration of the app's own, the start and
// the callback of an OAuth dance. It refuses with 403 what a browser posts, puts
// or deletes from a page of another site, by http.CrossOriginProtection: the
// cookie comes along there too. GET, HEAD and OPTIONS always pass, as a callback
// must, and so must change nothing unless they prove themselves, as a callback
// does by its state.
//
// What passes, measured with Go 1.26: a request of the same origin, and one with
// neither Sec-Fetch-Site nor Origin, which no browser of today sends; so servers
// are not kept out, and a Browser route says nothing of who they are. What does
// not: a POST from another origin or site, and that is also one that a page at
// *.atlassian.net sends the browser with. For a module that does so, the site's
// origin must be in Config.TrustedOrigins.
//
// Routes of other kinds are not affected and need no such check: their token is
// put in by the host or the app's own page, and by no browser by itself.
func (a *App) Browser(pattern string, h http.Handler) {
	given(pattern, h != nil)
	a.open(&route{kind: kindBrowser, pattern: pattern, handler: a.limited(a.sameOrigin(h))})
}

// sameOrigin refuses requests across origins.
func (a *App) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.origins.Check(r); err != nil {
			a.verifier.Refuse(w, r, crossOrigin{err})
			return
		}
		// Under no-referrer a browser sends "Origin: null" with the page's own
		// forms (Fetch standard, the Origin header), and one without
		// Sec-Fetch-Site is judged by that. Other sites learn no more than
		// before.
		w.Header().Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// crossOrigin is a request that the page of another site made a browser send.
type crossOrigin struct{ error }

func (e crossOrigin) Error() string { return "connect: " + e.error.Error() }

func (e crossOrigin) Unwrap() error { return e.error }

func (crossOrigin) HTTPStatus() int { return http.StatusForbidden }

// crossOriginProtection trusts the app's own origins, which a proxy may hide from
// it, and the others, which are written as browsers write them.
func crossOriginProtection(own []string, trusted []string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	for _, base := range own {
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("connect: BaseURL: %w", err)
		}
		if err := p.AddTrustedOrigin(u.Scheme + "://" + strings.ToLower(u.Host)); err != nil {
			return nil, fmt.Errorf("connect: BaseURL: %w", err)
		}
	}
	for _, origin := range trusted {
		u, err := url.Parse(origin)
		standard := err == nil && slices.Contains([]string{"https:443", "http:80"}, u.Scheme+":"+u.Port())
		if err != nil || origin != strings.ToLower(u.Scheme+"://"+u.Host) || !plainHost.MatchString(u.Host) || standard || secure(u) != nil {
			return nil, fmt.Errorf("connect: TrustedOrigins: %q is not an origin as browsers write it: https, a host in small letters and a port unless it is 443", origin)
		}
		if err := p.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("connect: TrustedOrigins: %w", err)
		}
	}
	return p, nil
}
