package devhost

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Where the OAuth 2.0 provider of a Data Center lives below the base URL.
const (
	oauth2Path    = "/rest/oauth2/latest/"
	oauth2Consent = "/plugins/servlet/oauth2/consent"
	oauth2Waiting = 10 * time.Minute // for a user's decision; unconfirmed
)

// OAuth2Link is an incoming application link of the OAuth 2.0 provider. Printed
// by fmt or log/slog it does not show the secret.
type OAuth2Link struct {
	// ClientID and ClientSecret are what the client proves itself with.
	// LinkOAuth2 makes them when empty.
	ClientID     string
	ClientSecret string `json:"-"`
	// RedirectURL is where browsers are sent back to, exactly. A real instance
	// wants https unless a system property lifts that; this one takes http too.
	RedirectURL string
	// Scopes are what the client may be granted: READ, WRITE, ADMIN and
	// SYSTEM_ADMIN, each of which includes those before it.
	Scopes []string
}

type shownOAuth2Link OAuth2Link

// Format prints the link without its secret, for every verb.
func (l OAuth2Link) Format(s fmt.State, verb rune) { printAs(s, verb, l.shown()) }

// LogValue returns the link without its secret.
func (l OAuth2Link) LogValue() slog.Value { return slog.AnyValue(l.shown()) }

func (l OAuth2Link) shown() shownOAuth2Link {
	l.ClientSecret = redact(l.ClientSecret)
	return shownOAuth2Link(l)
}

// oauth2Request is what a client asks a user for.
type oauth2Request struct {
	clientID, redirect, state string
	scopes                    []string
	challenge, method         string // of PKCE; empty without it
	accountID                 string // who consented, once it is a code
	expires                   time.Time
}

// oauth2Grant is what a client has been granted, with its newest tokens.
type oauth2Grant struct {
	clientID, redirect, accountID string
	scopes                        []string
	access, refresh               string // refresh is empty for a service account
	accessExpires, refreshExpires time.Time
}

// dcOAuth2 is the OAuth 2.0 provider.
type dcOAuth2 struct {
	mu       sync.Mutex
	links    map[string]OAuth2Link
	accounts map[string]DataCenterServiceAccount // by client id
	waiting  fading[oauth2Request]               // by id of the consent page
	codes    fading[oauth2Request]
	access   fading[*oauth2Grant]
	refresh  fading[*oauth2Grant]
}

// prepare needs o.mu.
func (o *dcOAuth2) prepare() {
	if o.links == nil {
		o.links, o.accounts = make(map[string]OAuth2Link), make(map[string]DataCenterServiceAccount)
	}
}

// LinkOAuth2 sets up an incoming application link on a Data Center, or replaces
// the one with the same client id, and returns it with id and secret.
func (h *Host) LinkOAuth2(l OAuth2Link) (OAuth2Link, error) {
	switch {
	case h.dc == nil:
		return OAuth2Link{}, errNotDataCenter
	case !isWebAddress(l.RedirectURL):
		return OAuth2Link{}, fmt.Errorf("devhost: RedirectURL %q is not an http or https address", l.RedirectURL)
	}
	if err := checkDCScopes(l.Scopes); err != nil {
		return OAuth2Link{}, err
	}
	if l.ClientID == "" {
		l.ClientID = encodeHex(16)
	}
	if l.ClientSecret == "" {
		l.ClientSecret = encodeHex(32)
	}
	l.Scopes = slices.Clone(l.Scopes)
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prepare()
	o.links[l.ClientID] = l
	return l, nil
}

// UnlinkOAuth2 removes an application link. Its codes and tokens are invalid at
// once.
func (h *Host) UnlinkOAuth2(clientID string) {
	if h.dc == nil {
		return
	}
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.links, clientID)
	o.waiting.drop(func(q oauth2Request) bool { return q.clientID == clientID })
	o.codes.drop(func(q oauth2Request) bool { return q.clientID == clientID })
	o.access.drop(func(g *oauth2Grant) bool { return g.clientID == clientID })
	o.refresh.drop(func(g *oauth2Grant) bool { return g.clientID == clientID })
}

func checkDCScopes(scopes []string) error {
	if len(scopes) == 0 {
		return errors.New("devhost: Scopes is empty")
	}
	for _, s := range scopes {
		if !slices.Contains(dcScopes, s) {
			return fmt.Errorf("devhost: no such scope %q, want READ, WRITE, ADMIN or SYSTEM_ADMIN", s)
		}
	}
	return nil
}

// scopesWithin reads a scope parameter. Without one, all that may be had is
// meant, which is unconfirmed.
func scopesWithin(parameter string, may []string) ([]string, bool) {
	asked := strings.Fields(parameter)
	if len(asked) == 0 {
		return may, true
	}
	holder := &caller{kind: kindOAuth2, scopes: may}
	for _, s := range asked {
		if !slices.Contains(dcScopes, s) || !dcGrants(holder, s) {
			return nil, false
		}
	}
	return asked, true
}

// oauth2Caller finds the user of an access token.
func (h *Host) oauth2Caller(token string) (c *caller, why string) {
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	g := o.access.all[token]
	switch {
	case g == nil:
		return nil, "bearer token is neither a personal access token nor an access token of this site"
	case !h.clock().Before(g.accessExpires):
		return nil, "access token has expired"
	}
	return &caller{kind: kindOAuth2, accountID: g.accountID, scopes: g.scopes}, ""
}

// startConsent judges an authorize request and keeps it for the consent page.
// What is wrong with the client or its address is an error for the browser to
// show; what is wrong with the rest goes back to the client by to.
func (h *Host) startConsent(q url.Values) (id, to string, err error) {
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	link, ok := o.links[q.Get("client_id")]
	switch {
	case !ok:
		return "", "", wordsf("There is no application link with this client id.")
	case q.Get("redirect_uri") != link.RedirectURL:
		return "", "", wordsf("redirect_uri is not the one of the application link.")
	}
	request := oauth2Request{
		clientID: link.ClientID, redirect: link.RedirectURL, state: q.Get("state"),
		challenge: q.Get("code_challenge"), method: q.Get("code_challenge_method"), expires: h.clock().Add(oauth2Waiting),
	}
	request.scopes, ok = scopesWithin(q.Get("scope"), link.Scopes)
	switch {
	case q.Get("response_type") != "code":
		return "", request.answer("error", "unsupported_response_type"), nil
	case !ok:
		return "", request.answer("error", "invalid_scope"), nil
	case !request.goodChallenge():
		return "", request.answer("error", "invalid_request"), nil
	}
	id = encodeHex(16)
	o.waiting.put(id, request, overAt(h.clock()))
	return id, "", nil
}

// overAt finds the requests and codes that have expired.
func overAt(now time.Time) func(oauth2Request) bool {
	return func(q oauth2Request) bool { return !now.Before(q.expires) }
}

// answer is the redirect address with a parameter, and the client's state.
func (q *oauth2Request) answer(name, value string) string {
	v := url.Values{name: {value}}
	if q.state != "" {
		v.Set("state", q.state)
	}
	return withQuery(q.redirect, v)
}

// goodChallenge fills in the method, which is plain when only a challenge is
// given, and judges both.
func (q *oauth2Request) goodChallenge() bool {
	switch {
	case q.challenge == "":
		return q.method == ""
	case q.method == "":
		q.method = "plain"
	}
	return (q.method == "plain" || q.method == "S256") && goodVerifier(q.challenge)
}

// goodVerifier judges length and characters; a challenge by S256 has 43.
func goodVerifier(v string) bool {
	return len(v) >= 43 && len(v) <= 127 && !strings.ContainsFunc(v, func(r rune) bool { return r > 127 || !isUnreserved(byte(r)) })
}

// proves reports whether a verifier belongs to the challenge.
func (q *oauth2Request) proves(verifier string) bool {
	switch q.method {
	case "plain":
		return sameText(q.challenge, verifier)
	case "S256":
		sum := sha256.Sum256([]byte(verifier))
		return sameText(q.challenge, encodeSegment(sum[:]))
	}
	return verifier == ""
}

// decideOAuth2 writes down what a user decided and returns where the browser
// goes. A request is decided once.
func (h *Host) decideOAuth2(id, accountID string, allow bool) (string, error) {
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	request, ok := o.waiting.all[id]
	delete(o.waiting.all, id)
	switch {
	case !ok || !h.clock().Before(request.expires):
		return "", wordsf("The request is unknown, expired or decided.")
	case !allow:
		return request.answer("error", "access_denied"), nil
	}
	code := encodeHex(20)
	request.accountID, request.expires = accountID, h.clock().Add(h.dc.set.CodeLife)
	o.codes.put(code, request, overAt(h.clock()))
	return request.answer("code", code), nil
}

// authorize2Page is where a client sends the browser. It leads to the consent
// page.
func (h *Host) authorize2Page(w http.ResponseWriter, r *http.Request) {
	id, to, err := h.startConsent(r.URL.Query())
	switch {
	case err != nil:
		refuse(r, err.Error())
		h.showDC(w, http.StatusBadRequest, &dcPage{Title: "Allow access", Problem: err.Error()}, "")
	case to != "":
		refuse(r, "sent back with an error")
		http.Redirect(w, r, to, http.StatusFound)
	default:
		http.Redirect(w, r, h.BaseURL()+oauth2Consent+"?request="+id, http.StatusFound)
	}
}

func (h *Host) consent2Page(w http.ResponseWriter, r *http.Request) {
	s, ok := h.browserSession(w, r)
	if !ok {
		return
	}
	id := r.URL.Query().Get("request")
	h.dc.oauth2.mu.Lock()
	request, ok := h.dc.oauth2.waiting.all[id]
	h.dc.oauth2.mu.Unlock()
	if !ok {
		h.showDC(w, http.StatusBadRequest, &dcPage{Title: "Allow access", Problem: "The request is unknown, expired or decided."}, "")
		return
	}
	h.showDC(w, http.StatusOK, &dcPage{Title: "Allow access", Consent: &dcConsentView{
		Who: request.clientID, What: "have the scopes " + strings.Join(request.scopes, ", ") + " in your name",
		Action: h.dc.context + oauth2Consent, Name: "request", Value: id, Token: s.xsrf,
	}}, request.redirect)
}

func (h *Host) consent2Form(w http.ResponseWriter, r *http.Request) {
	s, ok := h.dcConsentForm(w, r)
	if !ok {
		return
	}
	to, err := h.decideOAuth2(r.PostForm.Get("request"), s.accountID, r.PostForm.Get("decision") == "allow")
	if err != nil {
		h.showDC(w, http.StatusBadRequest, &dcPage{Title: "Allow access", Problem: err.Error()}, "")
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// ConsentOAuth2 does what a user does who is sent to authorizeURL and lets the
// client in. It returns where the browser is sent then, with a code that must be
// exchanged within DataCenter.CodeLife; a faulty request is sent back with an
// error instead.
func (h *Host) ConsentOAuth2(authorizeURL, username string) (string, error) {
	return h.answerOAuth2(authorizeURL, username, true)
}

// DeclineOAuth2 is ConsentOAuth2 for a user who does not let the client in.
func (h *Host) DeclineOAuth2(authorizeURL, username string) (string, error) {
	return h.answerOAuth2(authorizeURL, username, false)
}

func (h *Host) answerOAuth2(authorizeURL, username string, allow bool) (string, error) {
	q, u, err := h.consentOf(authorizeURL, oauth2Path+"authorize", username)
	if err != nil {
		return "", err
	}
	id, to, err := h.startConsent(q)
	if err == nil && to == "" {
		to, err = h.decideOAuth2(id, u.AccountID, allow)
	}
	if err != nil {
		return "", fmt.Errorf("devhost: %w", err)
	}
	return to, nil
}
