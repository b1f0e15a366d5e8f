package devhost

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// The cookies of a Data Center. The sticky one belongs to the load balancer in
// front of its nodes; its name differs from site to site.
const (
	dcSessionCookie = "JSESSIONID"
	dcXSRFCookie    = "atlassian.xsrf.token"
	dcStickyCookie  = "ROUTEID"
	dcNode          = ".node1"
)

// dcSession is a session of a user.
type dcSession struct {
	id, accountID string
	xsrf          string // the token of the site's own forms
	used          time.Time
}

// dcSessions are the sessions by their ids.
type dcSessions struct {
	mu   sync.Mutex
	byID fading[*dcSession]
}

// startSession opens a session and sets its cookies.
func (h *Host) startSession(w http.ResponseWriter, accountID string) *dcSession {
	now := h.clock()
	s := &dcSession{
		id: strings.ToUpper(encodeHex(16)), accountID: accountID,
		xsrf: "B" + strings.ToUpper(encodeHex(8)) + "_lin", used: now,
	}
	all := &h.dc.sessions
	all.mu.Lock()
	all.byID.put(s.id, s, func(s *dcSession) bool { return h.sessionOver(s, now) })
	all.mu.Unlock()
	h.setDCCookie(w, dcSessionCookie, s.id, h.dc.cookiePath())
	h.setDCCookie(w, dcXSRFCookie, s.xsrf, h.dc.cookiePath())
	h.setDCCookie(w, dcStickyCookie, dcNode, "/")
	return s
}

func (h *Host) setDCCookie(w http.ResponseWriter, name, value, path string) {
	c := &http.Cookie{
		Name: name, Value: value, Path: path, HttpOnly: name == dcSessionCookie,
		Secure: strings.HasPrefix(h.BaseURL(), "https:"),
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (d *dcSite) cookiePath() string {
	if d.context == "" {
		return "/"
	}
	return d.context
}

func (h *Host) sessionOver(s *dcSession, now time.Time) bool {
	return !now.Before(s.used.Add(h.dc.set.SessionLife))
}

// session returns the session of a request, and in plain words why there is
// none. A request without the load balancer's cookie reaches a node that does not
// know the session. Being used prolongs a session.
func (h *Host) session(r *http.Request) (s dcSession, why string) {
	c, err := r.Cookie(dcSessionCookie)
	if err != nil {
		return s, "no session cookie"
	}
	if sticky, err := r.Cookie(dcStickyCookie); err != nil || sticky.Value != dcNode {
		return s, "without the cookie " + dcStickyCookie + " the request goes to a node that does not know the session"
	}
	now := h.clock()
	all := &h.dc.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	found := all.byID.all[c.Value]
	switch {
	case found == nil:
		return s, "session is unknown"
	case h.sessionOver(found, now):
		delete(all.byID.all, c.Value)
		return s, "session has expired"
	}
	if _, ok := h.jira.activeUser(found.accountID); !ok {
		return s, "user of the session is not active"
	}
	found.used = now
	return *found, ""
}

// endSession closes a session and takes its cookies back.
func (h *Host) endSession(w http.ResponseWriter, s dcSession) {
	h.dc.sessions.mu.Lock()
	delete(h.dc.sessions.byID.all, s.id)
	h.dc.sessions.mu.Unlock()
	h.setDCCookie(w, dcSessionCookie, "", h.dc.cookiePath())
	h.setDCCookie(w, dcXSRFCookie, "", h.dc.cookiePath())
}

// ExpireSessions ends every session at once, so that a test can see how a client
// logs in again. On Cloud there are none.
func (h *Host) ExpireSessions() {
	if h.dc == nil {
		return
	}
	h.dc.sessions.mu.Lock()
	defer h.dc.sessions.mu.Unlock()
	clear(h.dc.sessions.byID.all)
}
