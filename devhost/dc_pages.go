package devhost

import (
	"net/http"
	"net/url"
	"strings"
)

// dcPage is what a page of a Data Center shows.
type dcPage struct {
	Title   string
	Context string // the context path
	Problem string
	Message string
	Code    string // something to copy
	Login   *loginView
	Consent *dcConsentView
}

type loginView struct {
	Destination string
	Action      string
}

// showDC renders a page. leads is an address to which the page's form may lead
// the browser in the end; empty means none but this site's.
func (h *Host) showDC(w http.ResponseWriter, status int, p *dcPage, leads string) {
	p.Context = h.dc.context
	w.Header().Set("Referrer-Policy", "same-origin") // the check against forged requests reads it
	h.render(w, status, "datacenter.html", p, "img-src data:; form-action 'self'"+formTarget(leads))
}

// toLogin sends whoever is not signed in to the login page, from where they come
// back. Jira answers so for pages, and for files, whatever a client takes a
// redirect for.
func (h *Host) toLogin(w http.ResponseWriter, r *http.Request) {
	to := url.Values{"permissionViolation": {"true"}, "os_destination": {r.URL.RequestURI()}}
	http.Redirect(w, r, h.BaseURL()+"/login.jsp?"+to.Encode(), http.StatusFound)
}

// browserSession returns the session of a page's visitor; false means that the
// browser was sent to the login page.
func (h *Host) browserSession(w http.ResponseWriter, r *http.Request) (dcSession, bool) {
	s, why := h.session(r)
	if why != "" {
		h.toLogin(w, r)
		return s, false
	}
	return s, true
}

// dcConsentForm reads the form of a page for the session it was shown to; false
// means that it was answered.
func (h *Host) dcConsentForm(w http.ResponseWriter, r *http.Request) (dcSession, bool) {
	if !form(w, r) {
		return dcSession{}, false
	}
	s, why := h.session(r)
	if why != "" || !sameText(s.xsrf, r.PostForm.Get("atl_token")) {
		xsrfRefusal("the token of the form is not the session's").write(w, r)
		return s, false
	}
	return s, true
}

func (h *Host) loginPage(w http.ResponseWriter, r *http.Request) {
	h.showLogin(w, http.StatusOK, "", localPath(r.URL.Query().Get("os_destination")))
}

func (h *Host) showLogin(w http.ResponseWriter, status int, problem, destination string) {
	h.showDC(w, status, &dcPage{
		Title: "Log in", Problem: problem,
		Login: &loginView{Destination: destination, Action: h.dc.context + "/login.jsp"},
	}, "")
}

// loginForm signs a browser in. Doing so solves a CAPTCHA that is waiting, for
// here the user could.
func (h *Host) loginForm(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) {
		return
	}
	destination := localPath(r.PostForm.Get("os_destination"))
	u, outcome := h.dcLogin(r.PostForm.Get("os_username"), r.PostForm.Get("os_password"), true)
	if outcome != dcLoginGood {
		w.Header().Set(headerLoginReason, reasonAuthFailed)
		h.showLogin(w, http.StatusOK, "Your username and password are incorrect.", destination)
		return
	}
	h.startSession(w, u.AccountID)
	http.Redirect(w, r, h.dc.context+destination, http.StatusFound)
}

// localPath is a path of this site below the context path, or its root.
func localPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// dcIndex says who is signed in.
func (h *Host) dcIndex(w http.ResponseWriter, r *http.Request) {
	s, ok := h.browserSession(w, r)
	if !ok {
		return
	}
	u, _ := h.jira.user(s.accountID)
	h.showDC(w, http.StatusOK, &dcPage{Title: "Jira", Message: "You are signed in as " + u.DisplayName + ", by the name", Code: u.Username}, "")
}
