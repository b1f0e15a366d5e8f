package devhost

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Where the authorization server lives below the host's URL, and what it asks
// for, by Atlassian's documentation of user impersonation.
const (
	authPath        = "/authorization"
	grantJWTBearer  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	clientPrefix    = "urn:atlassian:connect:clientid:"
	accountPrefix   = "urn:atlassian:connect:useraccountid:"
	accessTokenLife = 900 * time.Second
	assertionLife   = 60 * time.Second

	// accessTokenMemory is how long the host knows that a token was its own.
	accessTokenMemory = 24 * time.Hour
)

// oauthError is an error of the token endpoint.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func oauthErrorf(code, format string, args ...any) *oauthError {
	status := http.StatusBadRequest
	if code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return &oauthError{status, code, fmt.Sprintf(format, args...)}
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	Type        string `json:"token_type"`
}

// serveToken is the token endpoint.
func (h *Host) serveToken(w http.ResponseWriter, r *http.Request) {
	a, err := h.grantToken(r)
	if err == nil {
		w.Header().Set("Pragma", "no-cache")
		writeJSON(w, http.StatusOK, a)
		return
	}
	refuse(r, err.Error())
	writeJSON(w, err.status, err)
}

func (h *Host) grantToken(r *http.Request) (*tokenAnswer, *oauthError) {
	form, err := readTokenForm(r)
	if err != nil {
		return nil, err
	}
	t, perr := parseAppToken(form.Get("assertion"))
	if perr != nil {
		return nil, oauthErrorf("invalid_grant", "assertion: %s", perr)
	}
	inst, err := h.assertionClient(t)
	if err != nil {
		return nil, err
	}
	record := callOf(r)
	record.App = inst.AppKey
	accountID, err := h.checkAssertion(t, inst)
	if err != nil {
		return nil, err
	}
	record.AccountID, record.Kind = accountID, kindUser
	scopes, err := grantedScopes(form, inst)
	if err != nil {
		return nil, err
	}
	return h.issueToken(inst.AppKey, accountID, scopes), nil
}

// readTokenForm reads the form, in which each parameter may occur once.
func readTokenForm(r *http.Request) (url.Values, *oauthError) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, oauthErrorf("invalid_request", "Content-Type must be application/x-www-form-urlencoded")
	}
	b, err := readLimited(r.Body, 64<<10)
	if err != nil {
		return nil, oauthErrorf("invalid_request", "the body is too large")
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return nil, oauthErrorf("invalid_request", "the body is no form")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, oauthErrorf("invalid_request", "parameter %q is repeated", name)
		}
	}
	switch {
	case form.Get("grant_type") == "":
		return nil, oauthErrorf("invalid_request", "grant_type is missing")
	case form.Get("grant_type") != grantJWTBearer:
		return nil, oauthErrorf("unsupported_grant_type", "grant_type must be %s", grantJWTBearer)
	case form.Get("assertion") == "":
		return nil, oauthErrorf("invalid_request", "assertion is missing")
	}
	return form, nil
}

// assertionClient finds the app by the client id in iss and proves it by the
// signature.
func (h *Host) assertionClient(t *appToken) (Installation, *oauthError) {
	iss, err := t.text("iss")
	if err != nil {
		return Installation{}, oauthErrorf("invalid_grant", "assertion: %s", err)
	}
	id, ok := strings.CutPrefix(iss, clientPrefix)
	if !ok {
		return Installation{}, oauthErrorf("invalid_grant", "assertion iss must begin with %s", clientPrefix)
	}
	key, ok := h.clientApp(id)
	if !ok {
		return Installation{}, oauthErrorf("invalid_client", "no app has the client id %q", id)
	}
	inst, err := h.signer(key, t)
	if err != nil {
		return Installation{}, oauthErrorf("invalid_grant", "assertion: %s", err)
	}
	if !inst.Enabled {
		return Installation{}, oauthErrorf("invalid_client", "app %q is disabled", key)
	}
	return inst, nil
}

func (h *Host) clientApp(oauthClientID string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, a := range h.apps {
		if a.OAuthClientID == oauthClientID && (a.installed || a.pending != "") {
			return key, true
		}
	}
	return "", false
}

// checkAssertion judges the claims of an assertion whose signature is good, and
// returns the account it is about.
func (h *Host) checkAssertion(t *appToken, inst Installation) (string, *oauthError) {
	err := h.checkAssertionTimes(t)
	if err == nil {
		err = wantClaim(t, "aud", h.AuthorizationServerURL())
	}
	if err == nil {
		err = wantClaim(t, "tnt", inst.BaseURL)
	}
	if err != nil {
		return "", oauthErrorf("invalid_grant", "assertion: %s", err)
	}
	sub, err := t.text("sub")
	if err != nil {
		return "", oauthErrorf("invalid_grant", "assertion: %s", err)
	}
	accountID, ok := strings.CutPrefix(sub, accountPrefix)
	if !ok {
		return "", oauthErrorf("invalid_grant", "assertion sub must begin with %s", accountPrefix)
	}
	u, ok := h.jira.user(accountID)
	if !ok || u.Inactive || u.Type == "app" {
		return "", oauthErrorf("invalid_grant", "user %q does not exist, is not active or cannot be impersonated", accountID)
	}
	if !slices.Contains(inst.Scopes, "ACT_AS_USER") {
		return "", oauthErrorf("unauthorized_client", "app %q does not have the scope ACT_AS_USER", inst.AppKey)
	}
	return accountID, nil
}

// checkAssertionTimes allows an exp at most 60 seconds ahead of the host's clock
// and no leeway beyond it.
func (h *Host) checkAssertionTimes(t *appToken) error {
	now := h.clock()
	if err := t.checkTimes(now, 2*assertionLife, 0); err != nil {
		return err
	}
	exp, err := timeMember(t.claims, "exp")
	if err != nil {
		return err
	}
	if ahead := exp.Sub(now); ahead > assertionLife {
		return fmt.Errorf("token exp is %s ahead of the host's clock, at most %s is allowed", ahead, assertionLife)
	}
	return nil
}

func wantClaim(t *appToken, name, want string) error {
	got, err := t.text(name)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("token %s is %q, want %q", name, got, want)
	}
	return nil
}

// grantedScopes are the scopes asked for, or all of the app's.
func grantedScopes(form url.Values, inst Installation) ([]string, *oauthError) {
	if _, ok := form["scope"]; !ok {
		return slices.Clone(inst.Scopes), nil
	}
	var scopes []string
	for _, s := range strings.Fields(form.Get("scope")) {
		if _, ok := scopeRank[s]; !ok {
			return nil, oauthErrorf("invalid_scope", "%q is not a scope; names are in upper case", s)
		}
		if !grants(inst.Scopes, s) {
			return nil, oauthErrorf("invalid_scope", "app %q does not have the scope %s", inst.AppKey, s)
		}
		scopes = append(scopes, s)
	}
	return scopes, nil
}

func (h *Host) issueToken(appKey, accountID string, scopes []string) *tokenAnswer {
	now := h.clock()
	value := encodeSegment(randomBytes(32))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens.put(value, accessToken{appKey: appKey, accountID: accountID, scopes: scopes, expires: now.Add(accessTokenLife)},
		func(t accessToken) bool { return now.Sub(t.expires) > accessTokenMemory })
	return &tokenAnswer{AccessToken: value, ExpiresIn: int(accessTokenLife.Seconds()), Type: "Bearer"}
}

// RevokeTokens makes every access token of an app invalid at once, so that a
// test can see how the app gets new ones.
func (h *Host) RevokeTokens(appKey string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for value, t := range h.tokens.all {
		if t.appKey == appKey {
			t.revoked = true
			h.tokens.all[value] = t
		}
	}
}
