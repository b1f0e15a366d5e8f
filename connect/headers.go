package connect

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
	"github.com/atlassian-connect-go/sdk/store"
)

// hstsValue is one year, as Atlassian's security requirements for cloud apps
// ask.
const hstsValue = "max-age=31536000"

// hardened sets the headers that every answer has: nothing may frame it, store
// it, guess its type, or learn the URL it came from. A handler may loosen what
// its own answer needs.
func (a *App) hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Strict-Transport-Security", hstsValue)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		frameBy(w, nil)
		next.ServeHTTP(w, r)
	})
}

// framed lets the verified tenant's own site frame the answer.
func framed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		frameBy(w, origins(auth.CallerFrom(r.Context()).Installation))
		next.ServeHTTP(w, r)
	})
}

// framedAnywhere lets every allowed host frame the answer, and everybody keep
// a good one for an hour.
func (a *App) framedAnywhere(next http.Handler) http.Handler {
	var sources []string
	for _, pattern := range a.cfg.AllowedHosts {
		scheme := "https://"
		if u, err := url.Parse("//" + pattern); err == nil && loopback.Host(u.Hostname()) {
			scheme = "http://"
		}
		sources = append(sources, scheme+pattern)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		frameBy(w, sources)
		w.Header().Set("Cache-Control", "public, max-age=3600")
		recorderOf(w).shared = true
		next.ServeHTTP(w, r)
	})
}

// frameBy says who may frame the answer. It holds even where a handler sets a
// policy of its own that is silent about it.
func frameBy(w http.ResponseWriter, sources []string) {
	policy := frameAncestors(sources)
	w.Header().Set("Content-Security-Policy", policy)
	recorderOf(w).ancestors = policy
}

func frameAncestors(sources []string) string {
	if len(sources) == 0 {
		return "frame-ancestors 'none'"
	}
	return "frame-ancestors " + strings.Join(sources, " ")
}

// origins returns the origins of a tenant's own pages: those of its product
// and of its custom domains. The host wrote the URLs; what is not the plain
// origin of an https site, or of this machine, is left out.
func origins(inst *store.Installation) []string {
	var found []string
	for _, raw := range []string{inst.BaseURL, inst.DisplayURL, inst.DisplayURLServicedeskHelpCenter} {
		u, err := url.Parse(raw)
		if err != nil || !plainHost.MatchString(u.Host) {
			continue
		}
		if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())) {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(found, origin) {
			found = append(found, origin)
		}
	}
	return found
}

// plainHost is a host that means nothing else inside a policy.
var plainHost = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?$`)
