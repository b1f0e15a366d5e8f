package devhost

import (
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// dcTokenError is an error of the token endpoint. The instance explains nothing;
// the reason is in Calls.
type dcTokenError struct {
	Code   string `json:"error"`
	reason string
}

func tokenErrorf(code, format string, args ...any) *dcTokenError {
	return &dcTokenError{code, fmt.Sprintf(format, args...)}
}

type dcTokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	CreatedAt    int64  `json:"created_at"`
}

// serveToken2 is the token endpoint of the OAuth 2.0 provider. It answers every
// error with 400.
func (h *Host) serveToken2(w http.ResponseWriter, r *http.Request) {
	a, err := h.grantToken2(r)
	if err != nil {
		callOf(r).Query = "" // it may hold a secret in the wrong place
		refuse(r, err.Code+": "+err.reason)
		writeJSON(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, a)
}

func (h *Host) grantToken2(r *http.Request) (*dcTokenAnswer, *dcTokenError) {
	v, err := readForm2(r)
	if err != nil {
		return nil, err
	}
	switch v.Get("grant_type") {
	case "authorization_code":
		return h.exchangeDCCode(v)
	case "refresh_token":
		return h.refreshGrant(v)
	case "client_credentials":
		return h.serviceToken(v)
	}
	return nil, tokenErrorf("unsupported_grant_type", "grant_type is %q", v.Get("grant_type"))
}

func readForm2(r *http.Request) (url.Values, *dcTokenError) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, tokenErrorf("invalid_request", "Content-Type must be application/x-www-form-urlencoded")
	}
	b, err := readLimited(r.Body, maxForm)
	if err != nil {
		return nil, tokenErrorf("invalid_request", "the body is too large")
	}
	v, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, tokenErrorf("invalid_request", "the body is no form")
	}
	for name, values := range v {
		if len(values) > 1 {
			return nil, tokenErrorf("invalid_request", "parameter %q is repeated", name)
		}
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret"} {
		if v.Get(name) == "" {
			return nil, tokenErrorf("invalid_request", "%s is missing", name)
		}
	}
	return v, nil
}

// client proves a client by its secret. It needs o.mu.
func (o *dcOAuth2) client(v url.Values) *dcTokenError {
	link, ok := o.links[v.Get("client_id")]
	if !ok || !sameText(link.ClientSecret, v.Get("client_secret")) {
		return tokenErrorf("invalid_client", "client id or secret is wrong")
	}
	return nil
}

// exchangeDCCode uses a code up, whatever comes of it.
func (h *Host) exchangeDCCode(v url.Values) (*dcTokenAnswer, *dcTokenError) {
	o, now := &h.dc.oauth2, h.clock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.client(v); err != nil {
		return nil, err
	}
	request, ok := o.codes.all[v.Get("code")]
	if ok && request.clientID == v.Get("client_id") {
		delete(o.codes.all, v.Get("code"))
	}
	switch {
	case !ok || request.clientID != v.Get("client_id"):
		return nil, tokenErrorf("invalid_grant", "the code is unknown, used or another client's")
	case !now.Before(request.expires):
		return nil, tokenErrorf("invalid_grant", "the code has expired, codes are good for %s", h.dc.set.CodeLife)
	case v.Get("redirect_uri") != request.redirect:
		return nil, tokenErrorf("invalid_grant", "redirect_uri is not that of the authorize request")
	case !request.proves(v.Get("code_verifier")):
		return nil, tokenErrorf("invalid_grant", "code_verifier does not belong to the code_challenge")
	}
	return h.issueGrant(&oauth2Grant{
		clientID: request.clientID, redirect: request.redirect, accountID: request.accountID, scopes: request.scopes,
	}, true), nil
}

// refreshGrant replaces both tokens of a grant. The client must send
// redirect_uri again.
func (h *Host) refreshGrant(v url.Values) (*dcTokenAnswer, *dcTokenError) {
	o, now := &h.dc.oauth2, h.clock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.client(v); err != nil {
		return nil, err
	}
	g := o.refresh.all[v.Get("refresh_token")]
	switch {
	case g == nil || g.clientID != v.Get("client_id"):
		return nil, tokenErrorf("invalid_grant", "the refresh token is unknown, superseded or another client's")
	case v.Get("redirect_uri") == "":
		return nil, tokenErrorf("invalid_grant", "redirect_uri is missing")
	case v.Get("redirect_uri") != g.redirect:
		return nil, tokenErrorf("invalid_grant", "redirect_uri is not that of the authorize request")
	case !now.Before(g.refreshExpires):
		return nil, tokenErrorf("invalid_grant", "the refresh token has expired")
	}
	delete(o.access.all, g.access)
	delete(o.refresh.all, g.refresh)
	return h.issueGrant(g, true), nil
}

// issueGrant gives a grant new tokens. It needs o.mu.
func (h *Host) issueGrant(g *oauth2Grant, refreshable bool) *dcTokenAnswer {
	o, now := &h.dc.oauth2, h.clock()
	over := func(g *oauth2Grant) bool {
		return !now.Before(g.accessExpires) && !now.Before(g.refreshExpires)
	}
	g.access, g.accessExpires = encodeHex(32), now.Add(h.dc.set.AccessTokenLife)
	o.access.put(g.access, g, over)
	if refreshable {
		g.refresh, g.refreshExpires = encodeHex(32), now.Add(h.dc.set.RefreshTokenLife)
		o.refresh.put(g.refresh, g, over)
	}
	return &dcTokenAnswer{
		AccessToken: g.access, TokenType: "bearer", ExpiresIn: int(h.dc.set.AccessTokenLife / time.Second),
		RefreshToken: g.refresh, CreatedAt: now.Unix(),
	}
}

// DataCenterServiceAccount is an account for programs, as Data Center 11 has
// them. It gets tokens by client_credentials and cannot sign in. Printed by fmt
// or log/slog it does not show the secret.
type DataCenterServiceAccount struct {
	// Username names the account; it must not be taken. DisplayName is how the
	// site shows it, the user name when empty.
	Username, DisplayName string
	// Scopes are what the account's tokens may have, see OAuth2Link.
	Scopes []string
	// Permissions are those of User.
	Permissions []Permission
	// AccountID, ClientID and ClientSecret are filled in.
	AccountID    string
	ClientID     string
	ClientSecret string `json:"-"`
}

type shownDCServiceAccount DataCenterServiceAccount

// Format prints the account without its secret, for every verb.
func (a DataCenterServiceAccount) Format(s fmt.State, verb rune) { printAs(s, verb, a.shown()) }

// LogValue returns the account without its secret.
func (a DataCenterServiceAccount) LogValue() slog.Value { return slog.AnyValue(a.shown()) }

func (a DataCenterServiceAccount) shown() shownDCServiceAccount {
	a.ClientSecret = redact(a.ClientSecret)
	return shownDCServiceAccount(a)
}

// AddDataCenterServiceAccount adds an account for programs to a Data Center and
// returns it with its client id and its secret.
func (h *Host) AddDataCenterServiceAccount(a DataCenterServiceAccount) (DataCenterServiceAccount, error) {
	if err := h.needDataCenter(); err != nil {
		return DataCenterServiceAccount{}, err
	}
	if err := checkDCScopes(a.Scopes); err != nil {
		return DataCenterServiceAccount{}, err
	}
	if a.DisplayName == "" {
		a.DisplayName = a.Username
	}
	u, err := h.AddUser(User{Username: a.Username, DisplayName: a.DisplayName, Permissions: a.Permissions})
	if err != nil {
		return DataCenterServiceAccount{}, err
	}
	a.Scopes, a.Permissions = slices.Clone(a.Scopes), u.Permissions
	a.AccountID, a.ClientID, a.ClientSecret = u.AccountID, encodeHex(16), encodeHex(32)
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prepare()
	o.accounts[a.ClientID] = a
	return a, nil
}

// serviceToken grants a service account a token, which cannot be refreshed.
func (h *Host) serviceToken(v url.Values) (*dcTokenAnswer, *dcTokenError) {
	o := &h.dc.oauth2
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.accounts[v.Get("client_id")]
	if !ok || !sameText(a.ClientSecret, v.Get("client_secret")) {
		return nil, tokenErrorf("invalid_client", "client id or secret is wrong")
	}
	scopes, ok := scopesWithin(v.Get("scope"), a.Scopes)
	if !ok {
		return nil, tokenErrorf("invalid_scope", "scope %q is not within %v", v.Get("scope"), a.Scopes)
	}
	return h.issueGrant(&oauth2Grant{clientID: a.ClientID, accountID: a.AccountID, scopes: scopes}, false), nil
}
