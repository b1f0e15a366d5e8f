package devhost

import (
	"net/http"
	"strings"
)

// isUpload reports whether a request is one that a form of another site could
// make as well, and whose body may be longer than others.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/attachments") && strings.Contains(r.URL.Path, "/rest/api/")
}

func bodyLimit(r *http.Request) int64 {
	if isUpload(r) {
		return maxUpload
	}
	return maxBody
}

// denyCrossOrigin answers what a page of another site made the browser send.
func denyCrossOrigin(w http.ResponseWriter, r *http.Request) {
	refuse(r, "request of a page of another origin")
	text := "cross-origin request refused"
	if isUpload(r) {
		text = xsrfFailed
	}
	http.Error(w, text, http.StatusForbidden)
}

const xsrfFailed = "XSRF check failed"

// checkXSRF is Atlassian's check of requests that a form could make: a header
// that forms cannot set, and nothing that looks like a browser on another site.
func (q *query) checkXSRF() error {
	token := q.Header.Get("X-Atlassian-Token")
	var home, foreign bool
	for _, name := range []string{"Origin", "Referer"} {
		if from := q.Header.Get(name); from != "" {
			own := sameHost(from, q.Host)
			home, foreign = home || own, foreign || !own
		}
	}
	reason := ""
	switch {
	case token != "no-check" && token != "nocheck":
		reason = "header X-Atlassian-Token is not no-check"
	case foreign:
		reason = "Origin or Referer is that of another site"
	case strings.Contains(q.UserAgent(), "Mozilla") && !home:
		reason = "User-Agent is that of a browser, without an Origin or Referer of this site"
	default:
		return nil
	}
	return &fault{status: http.StatusForbidden, reason: reason, body: plainText(xsrfFailed)}
}
