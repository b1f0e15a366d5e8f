package devhost

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// headerNoCheck passes the check against forged requests.
const headerNoCheck = "X-Atlassian-Token"

// checkXSRF refuses what a page of another site could have sent: a form in the
// name of a session without the header that says not to check, and whatever looks
// like a browser without coming from a page of this site. Only calls that change
// something are checked.
func (h *Host) checkXSRF(r *http.Request, session bool) *dcRefusal {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions:
		return nil
	case !h.fromOwnPage(r):
		return xsrfRefusal("looks like a browser, and not like one at a page of this site")
	case session && isForm(r) && !saysNoCheck(r):
		return xsrfRefusal("a form in the name of a session without " + headerNoCheck)
	}
	return nil
}

// needNoCheck is for resources that want the header whatever the body is.
func needNoCheck(r *http.Request) *dcRefusal {
	if saysNoCheck(r) {
		return nil
	}
	return xsrfRefusal("without " + headerNoCheck)
}

func xsrfRefusal(why string) *dcRefusal {
	return &dcRefusal{status: http.StatusForbidden, body: "XSRF check failed", reason: "XSRF check: " + why}
}

// saysNoCheck takes the older spelling too.
func saysNoCheck(r *http.Request) bool {
	v := r.Header.Get(headerNoCheck)
	return strings.EqualFold(v, "no-check") || strings.EqualFold(v, "nocheck")
}

// isForm reports whether a page can make a browser send such a body without
// asking. A body without a type counts.
func isForm(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		return r.ContentLength != 0
	}
	t, _, err := mime.ParseMediaType(kind)
	return err != nil || t == "application/x-www-form-urlencoded" || t == "multipart/form-data" || t == "text/plain"
}

// fromOwnPage judges by the user agent and by what browsers say of the page.
func (h *Host) fromOwnPage(r *http.Request) bool {
	origin, referer := r.Header.Get("Origin"), r.Header.Get("Referer")
	for _, from := range []string{origin, referer} {
		if from != "" && !sameOrigin(from, h.BaseURL()) {
			return false
		}
	}
	browser := strings.Contains(r.UserAgent(), "Mozilla/")
	return !browser || origin != "" || referer != ""
}

func sameOrigin(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Host != "" && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host)
}
