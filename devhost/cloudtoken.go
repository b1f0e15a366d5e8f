package devhost

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// cloudTokenAnswer is what the token endpoint of Atlassian's cloud answers.
type cloudTokenAnswer struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	Type         string `json:"token_type"`
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// The refusals of the token endpoint. Those of a code and of a grant the client
// may not use are not documented; they are in the manner of the documented ones.
func accessDenied() *oauthError {
	return &oauthError{http.StatusUnauthorized, "access_denied", "Unauthorized"}
}

func badRefresh() *oauthError {
	return &oauthError{http.StatusForbidden, "invalid_grant", "Unknown or invalid refresh token."}
}

func badCode() *oauthError {
	return &oauthError{http.StatusForbidden, "invalid_grant", "Invalid authorization code"}
}

func wrongGrant() *oauthError {
	return &oauthError{http.StatusForbidden, "unauthorized_client", "The client may not use this grant."}
}

// cloudGrant answers a request for a token by a client that is authenticated, and
// of the kind named.
type cloudGrant func(r *http.Request, parameters map[string]string, kind string) (*cloudTokenAnswer, *oauthError)

// serveCloudToken is the token endpoint of OAuth 2.0 (3LO) and of service
// accounts.
func (h *Host) serveCloudToken(w http.ResponseWriter, r *http.Request) {
	h.answerCloudToken(w, r, map[string]cloudGrant{
		"authorization_code": h.exchangeCode, "refresh_token": h.refreshBearer, "client_credentials": h.serviceBearer,
	})
}

// serveServiceToken is the token endpoint at the gateway, where service accounts
// were seen to get their tokens. No other grant is known to work there; how it is
// refused is unconfirmed.
func (h *Host) serveServiceToken(w http.ResponseWriter, r *http.Request) {
	h.answerCloudToken(w, r, map[string]cloudGrant{"client_credentials": h.serviceBearer})
}

func (h *Host) answerCloudToken(w http.ResponseWriter, r *http.Request, grants map[string]cloudGrant) {
	a, err := h.cloudToken(r, grants)
	if err == nil {
		w.Header().Set("Pragma", "no-cache")
		writeJSON(w, http.StatusOK, a)
		return
	}
	if callOf(r).Refusal == "" {
		refuse(r, err.Error())
	}
	writeJSON(w, err.status, err)
}

func (h *Host) cloudToken(r *http.Request, grants map[string]cloudGrant) (*cloudTokenAnswer, *oauthError) {
	p, err := readTokenParameters(r)
	if err != nil {
		return nil, err
	}
	grant, ok := grants[p["grant_type"]]
	switch {
	case p["grant_type"] == "":
		return nil, oauthErrorf("invalid_request", "grant_type is missing")
	case !ok:
		return nil, oauthErrorf("unsupported_grant_type", "grant_type %q is not known", p["grant_type"])
	}
	kind, err := h.authenticateClient(r, p)
	if err != nil {
		return nil, err
	}
	return grant(r, p, kind)
}

// readTokenParameters reads a form or a JSON object of texts. Atlassian documents
// JSON; clients send forms as well.
func readTokenParameters(r *http.Request) (map[string]string, *oauthError) {
	b, err := readLimited(r.Body, 64<<10)
	if err != nil {
		return nil, oauthErrorf("invalid_request", "the body is too large")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	p := make(map[string]string)
	switch {
	case err == nil && kind == "application/json":
		if json.Unmarshal(b, &p) != nil || p == nil {
			return nil, oauthErrorf("invalid_request", "the body is not a JSON object of texts")
		}
	case err == nil && kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(b))
		if err != nil {
			return nil, oauthErrorf("invalid_request", "the body is no form")
		}
		for name, values := range form {
			if len(values) > 1 {
				return nil, oauthErrorf("invalid_request", "parameter %q is repeated", name)
			}
			p[name] = values[0]
		}
	default:
		return nil, oauthErrorf("invalid_request", "Content-Type must be application/json or application/x-www-form-urlencoded")
	}
	return p, nil
}

// authenticateClient proves the client by the secret in the body, which is
// always wanted, PKCE or not.
func (h *Host) authenticateClient(r *http.Request, p map[string]string) (string, *oauthError) {
	id := p["client_id"]
	kind := kindOAuth
	app, ok := h.cloud.auth.app(id)
	secret := app.ClientSecret
	if !ok {
		var service ServiceAccount
		service, ok = h.cloud.auth.service(id)
		secret, kind = service.ClientSecret, kindService
	}
	if !ok {
		refuse(r, "client_id is not that of an app or a service account")
		return "", accessDenied()
	}
	record := callOf(r)
	record.App = id
	if subtle.ConstantTimeCompare([]byte(p["client_secret"]), []byte(secret)) == 0 {
		refuse(r, "client_secret is wrong or missing")
		return "", accessDenied()
	}
	record.Kind = kind
	return kind, nil
}

func (h *Host) exchangeCode(r *http.Request, p map[string]string, kind string) (*cloudTokenAnswer, *oauthError) {
	if kind != kindOAuth {
		return nil, wrongGrant()
	}
	c, ok := h.cloud.auth.takeCode(p["code"])
	reason := ""
	switch {
	case !ok:
		reason = "code is unknown, used or older than 10 minutes"
	case c.clientID != p["client_id"]:
		reason = "code is another client's"
	case c.redirectURI != p["redirect_uri"]:
		reason = "redirect_uri is not that of the authorization"
	case c.challenge != "" && challengeOf(p["code_verifier"]) != c.challenge:
		reason = "code_verifier does not fit the code_challenge"
	default:
		return h.issueBearer(r, c.consent, c.scopes)
	}
	refuse(r, reason)
	return nil, badCode()
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return encodeSegment(sum[:])
}

func (h *Host) refreshBearer(r *http.Request, p map[string]string, kind string) (*cloudTokenAnswer, *oauthError) {
	if kind != kindOAuth {
		return nil, wrongGrant()
	}
	c, reason := h.cloud.auth.useRefresh(p["refresh_token"], p["client_id"])
	if reason != "" {
		refuse(r, reason)
		return nil, badRefresh()
	}
	scopes, err := fewerScopes(p, c.scopes)
	if err != nil {
		return nil, err
	}
	return h.issueBearer(r, c, scopes)
}

func (h *Host) serviceBearer(r *http.Request, p map[string]string, kind string) (*cloudTokenAnswer, *oauthError) {
	service, ok := h.cloud.auth.service(p["client_id"])
	if kind != kindService || !ok {
		return nil, wrongGrant()
	}
	scopes, err := fewerScopes(p, service.Scopes)
	if err != nil {
		return nil, err
	}
	callOf(r).AccountID = service.AccountID
	token := h.cloud.auth.newBearer(kindService, consent{service.ClientID, service.AccountID, scopes}, bearerLife)
	return newTokenAnswer(token, scopes), nil
}

// fewerScopes are the scopes that a request names, or all there are.
func fewerScopes(p map[string]string, all []string) ([]string, *oauthError) {
	if p["scope"] == "" {
		return all, nil
	}
	asked := strings.Fields(p["scope"])
	if err := checkScopes(asked, all); err != nil {
		return nil, oauthErrorf("invalid_scope", "%s", err)
	}
	return asked, nil
}

// issueBearer gives out an access token with some of the scopes of a consent, and
// a refresh token for all of them when offline_access is among those.
func (h *Host) issueBearer(r *http.Request, c consent, scopes []string) (*cloudTokenAnswer, *oauthError) {
	callOf(r).AccountID = c.accountID
	if u, ok := h.jira.user(c.accountID); !ok || u.Inactive {
		refuse(r, "the user is not active")
		return nil, badRefresh()
	}
	token := h.cloud.auth.newBearer(kindOAuth, consent{c.clientID, c.accountID, scopes}, bearerLife)
	a := newTokenAnswer(token, scopes)
	if slices.Contains(c.scopes, offlineAccess) {
		a.RefreshToken = h.cloud.auth.newRefresh(c)
	}
	return a, nil
}

func newTokenAnswer(token string, scopes []string) *cloudTokenAnswer {
	return &cloudTokenAnswer{AccessToken: token, ExpiresIn: int(bearerLife.Seconds()), Type: "Bearer", Scope: strings.Join(scopes, " ")}
}
