package devhost

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// dcConsentView is what a page asks a user.
type dcConsentView struct {
	Who    string // the consumer or the client
	What   string // what it may do
	Action string // where the form goes, below the host's URL
	Name   string // of the field that names the request
	Value  string
	Token  string // of the session
}

// waiting finds a request token that no user has decided on.
func (o *dcOAuth1) waiting(name string, h *Host) (*oauth1Token, error) {
	t := o.tokens.all[name]
	if t == nil || t.access || t.denied || t.accountID != "" || !h.clock().Before(t.expires) {
		return nil, wordsf("The request token is unknown, expired or used.")
	}
	return t, nil
}

// decideOAuth1 writes down what a user decided on a request token, and returns
// the address the browser goes to, or the verifier when the consumer named none.
// Who declines sends the word denied back in the verifier's place.
func (h *Host) decideOAuth1(name, accountID string, allow bool) (to, verifier string, err error) {
	o := &h.dc.oauth1
	o.mu.Lock()
	defer o.mu.Unlock()
	t, err := o.waiting(name, h)
	if err != nil {
		return "", "", err
	}
	verifier = "denied"
	if allow {
		verifier = encodeHex(3)
		t.accountID, t.verifier = accountID, verifier
	} else {
		t.denied = true
	}
	if t.callback == "oob" {
		return "", verifier, nil
	}
	return withQuery(t.callback, url.Values{"oauth_token": {name}, "oauth_verifier": {verifier}}), verifier, nil
}

// withQuery adds parameters to an address, which keeps its own.
func withQuery(raw string, v url.Values) string {
	address, fragment, _ := strings.Cut(raw, "#")
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	if fragment != "" {
		fragment = "#" + fragment
	}
	return address + separator + v.Encode() + fragment
}

// authorizePage asks the user at the browser about a request token.
func (h *Host) authorizePage(w http.ResponseWriter, r *http.Request) {
	s, ok := h.browserSession(w, r)
	if !ok {
		return
	}
	name := r.URL.Query().Get("oauth_token")
	o := &h.dc.oauth1
	o.mu.Lock()
	t, err := o.waiting(name, h)
	var callback string
	var view dcConsentView
	if err == nil {
		callback = t.callback
		view = dcConsentView{
			Who: t.consumer, What: "read and change all that you may", Token: s.xsrf,
			Action: h.dc.context + oauth1Path + "authorize", Name: "oauth_token", Value: name,
		}
	}
	o.mu.Unlock()
	if err != nil {
		h.showDC(w, http.StatusBadRequest, &dcPage{Title: "Allow access", Problem: err.Error()}, "")
		return
	}
	h.showDC(w, http.StatusOK, &dcPage{Title: "Allow access", Consent: &view}, callback)
}

func (h *Host) authorizeForm(w http.ResponseWriter, r *http.Request) {
	s, ok := h.dcConsentForm(w, r)
	if !ok {
		return
	}
	allow := r.PostForm.Get("decision") == "allow"
	to, verifier, err := h.decideOAuth1(r.PostForm.Get("oauth_token"), s.accountID, allow)
	switch {
	case err != nil:
		h.showDC(w, http.StatusBadRequest, &dcPage{Title: "Allow access", Problem: err.Error()}, "")
	case to != "":
		http.Redirect(w, r, to, http.StatusFound)
	case allow:
		h.showDC(w, http.StatusOK, &dcPage{Title: "Access allowed", Message: "Your verification code is", Code: verifier}, "")
	default:
		h.showDC(w, http.StatusOK, &dcPage{Title: "Access denied", Message: "You have denied access."}, "")
	}
}

// ConsentOAuth1 does what a user does at the page of authorizeURL who lets a
// consumer in, and returns where the browser is sent then, or the verifier when
// the consumer has no callback.
func (h *Host) ConsentOAuth1(authorizeURL, username string) (string, error) {
	return h.answerOAuth1(authorizeURL, username, true)
}

// DeclineOAuth1 is ConsentOAuth1 for a user who does not let the consumer in.
func (h *Host) DeclineOAuth1(authorizeURL, username string) (string, error) {
	return h.answerOAuth1(authorizeURL, username, false)
}

func (h *Host) answerOAuth1(authorizeURL, username string, allow bool) (string, error) {
	q, u, err := h.consentOf(authorizeURL, oauth1Path+"authorize", username)
	if err != nil {
		return "", err
	}
	to, verifier, err := h.decideOAuth1(q.Get("oauth_token"), u.AccountID, allow)
	if err != nil {
		return "", fmt.Errorf("devhost: %w", err)
	}
	if to == "" {
		return verifier, nil
	}
	return to, nil
}

// consentOf reads an address of this site that a browser is to be sent to, and
// finds the user who sits there.
func (h *Host) consentOf(authorizeURL, path, username string) (url.Values, User, error) {
	if err := h.needDataCenter(); err != nil {
		return nil, User{}, err
	}
	address, query, _ := strings.Cut(authorizeURL, "?")
	if address != h.BaseURL()+path {
		return nil, User{}, fmt.Errorf("devhost: authorize URL is at %q, want %q", address, h.BaseURL()+path)
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, User{}, fmt.Errorf("devhost: authorize URL: %w", err)
	}
	u, ok := h.jira.username(username)
	if !ok {
		return nil, User{}, fmt.Errorf("devhost: user name %q is not that of an active user", username)
	}
	return q, u, nil
}
