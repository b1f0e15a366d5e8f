package devhost

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// offlineAccess asks for a refresh token. It stands in no developer console.
const offlineAccess = "offline_access"

// authorization is what an app asks a user for.
type authorization struct {
	app         OAuthApp
	scopes      []string
	redirectURI string
	state       string
	challenge   string
}

// readAuthorization judges the query of the authorization page. Nothing is sent
// to a redirect_uri as long as anything is wrong; Atlassian shows a page as well.
func (h *Host) readAuthorization(q url.Values) (authorization, error) {
	for name, values := range q {
		if len(values) > 1 {
			return authorization{}, fmt.Errorf("parameter %q is repeated", name)
		}
	}
	app, ok := h.cloud.auth.app(q.Get("client_id"))
	a := authorization{app: app, scopes: strings.Fields(q.Get("scope")), redirectURI: q.Get("redirect_uri"), state: q.Get("state"), challenge: q.Get("code_challenge")}
	switch {
	case !ok:
		return a, fmt.Errorf("client_id %q is not that of an app", q.Get("client_id"))
	case !slices.Contains(app.RedirectURLs, a.redirectURI):
		return a, fmt.Errorf("redirect_uri %q is not registered", a.redirectURI)
	case q.Get("audience") != "api.atlassian.com":
		return a, fmt.Errorf("audience is %q, want api.atlassian.com", q.Get("audience"))
	case q.Get("response_type") != "code":
		return a, fmt.Errorf("response_type is %q, want code", q.Get("response_type"))
	case q.Has("prompt") && q.Get("prompt") != "consent":
		return a, fmt.Errorf("prompt is %q, want consent", q.Get("prompt"))
	case a.state == "":
		return a, wordsf("state is missing")
	}
	if err := checkChallenge(q); err != nil {
		return a, err
	}
	return a, checkScopes(a.scopes, append([]string{offlineAccess}, app.Scopes...))
}

func checkScopes(asked, allowed []string) error {
	if len(asked) == 0 {
		return wordsf("scope is missing")
	}
	for _, s := range asked {
		if !slices.Contains(allowed, s) {
			return fmt.Errorf("scope %q is not one of the app's", s)
		}
	}
	return nil
}

// challengeText is a SHA-256 in base64url, by RFC 7636.
var challengeText = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func checkChallenge(q url.Values) error {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case challenge == "" && method == "":
		return nil
	case method != "S256":
		return fmt.Errorf("code_challenge_method is %q, want S256", method)
	case !challengeText.MatchString(challenge):
		return wordsf("code_challenge is not a SHA-256 in base64url")
	}
	return nil
}

// accept gives the app what it asked for and returns the callback.
func (h *Host) accept(a authorization, accountID string) string {
	code := h.cloud.auth.accept(consent{a.app.ClientID, accountID, a.scopes}, a.redirectURI, a.challenge)
	return a.callback("code", code)
}

// decline returns the callback that says that the user did not want to.
func (a authorization) decline() string {
	return a.callback("error", "access_denied", "error_description", "User did not authorize the request")
}

// callback is the redirect_uri with parameters and the state added.
func (a authorization) callback(pairs ...string) string {
	u, err := url.Parse(a.redirectURI)
	if err != nil { // RegisterOAuthApp has parsed it
		return a.redirectURI
	}
	q := u.Query()
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	q.Set("state", a.state)
	u.RawQuery = q.Encode()
	return u.String()
}

// Consent does what a user does at the authorization page who accepts: it judges
// authorizeURL, an address below AuthURL, and returns the address of the callback
// to which the browser would be sent. The error is what the page would say.
func (h *Host) Consent(authorizeURL, accountID string) (string, error) {
	a, err := h.openAuthorization(authorizeURL, accountID)
	if err != nil {
		return "", err
	}
	return h.accept(a, accountID), nil
}

// Decline is Consent for a user who does not accept.
func (h *Host) Decline(authorizeURL, accountID string) (string, error) {
	a, err := h.openAuthorization(authorizeURL, accountID)
	if err != nil {
		return "", err
	}
	return a.decline(), nil
}

func (h *Host) openAuthorization(authorizeURL, accountID string) (authorization, error) {
	raw, ok := strings.CutPrefix(authorizeURL, h.AuthURL()+"/authorize?")
	if !ok {
		return authorization{}, fmt.Errorf("devhost: %q is not the authorization page %s/authorize", authorizeURL, h.AuthURL())
	}
	if u, ok := h.jira.user(accountID); !ok || u.Inactive || u.Type == "app" {
		return authorization{}, fmt.Errorf("devhost: user %q cannot sign in", accountID)
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return authorization{}, fmt.Errorf("devhost: %w", err)
	}
	a, err := h.readAuthorization(q)
	if err != nil {
		return authorization{}, fmt.Errorf("devhost: authorization refused: %w", err)
	}
	return a, nil
}
