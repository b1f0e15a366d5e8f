package devhost

import (
	"net/http"
	"net/url"
	"strings"
)

// consentView is what the authorization page shows.
type consentView struct {
	App, Site string
	Scopes    []string
	User      User
	Users     []userView
	Request   string // the query of the page
	Back      string // the page's own address
	Problem   string // instead of the question
}

// consentPage asks the user at the browser whether an app may have what it asks
// for.
func (h *Host) consentPage(w http.ResponseWriter, r *http.Request) {
	a, err := h.authorizationOf(r, r.URL.RawQuery)
	if err != nil {
		h.refuseAuthorization(w, r, err)
		return
	}
	p := h.newPage(w, r, "Authorize")
	record := callOf(r)
	record.AccountID, record.Kind = p.User.AccountID, kindBrowser
	h.showConsent(w, http.StatusOK, &consentView{
		App: a.app.Name, Site: h.BaseURL(), Scopes: a.scopes, User: p.User, Users: p.Users,
		Request: r.URL.RawQuery, Back: r.URL.RequestURI(),
	}, a.redirectURI)
}

// consentForm takes the user's answer and sends the browser to the app.
func (h *Host) consentForm(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) {
		refuse(r, "the form does not read")
		return
	}
	a, err := h.authorizationOf(r, r.PostForm.Get("request"))
	accountID, ok := h.signedIn(r)
	switch {
	case err != nil:
		h.refuseAuthorization(w, r, err)
		return
	case !ok:
		h.refuseAuthorization(w, r, wordsf("nobody is signed in"))
		return
	}
	record := callOf(r)
	record.AccountID, record.Kind = accountID, kindBrowser
	to := a.decline()
	if r.PostForm.Get("answer") == "accept" {
		to = h.accept(a, accountID)
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func (h *Host) authorizationOf(r *http.Request, rawQuery string) (authorization, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return authorization{}, err
	}
	a, err := h.readAuthorization(q)
	if err == nil {
		callOf(r).App = a.app.ClientID
	}
	return a, err
}

func (h *Host) refuseAuthorization(w http.ResponseWriter, r *http.Request, err error) {
	refuse(r, err.Error())
	h.showConsent(w, http.StatusBadRequest, &consentView{Problem: err.Error()}, "")
}

// showConsent renders the page. Browsers follow the redirect that answers a form
// only to origins that form-action names, so that of leads is there.
func (h *Host) showConsent(w http.ResponseWriter, status int, v *consentView, leads string) {
	h.render(w, status, "cloudconsent.html", v, "img-src data:; form-action 'self'"+formTarget(leads))
}

// formTarget is a source for a Content-Security-Policy after a blank, or nothing.
// A host may hold what ends a source or a directive there, or stands for other
// hosts.
func formTarget(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || !isWebAddress(raw) || strings.ContainsAny(u.Host, "; ,'\"*") {
		return ""
	}
	return " " + u.Scheme + "://" + u.Host
}
