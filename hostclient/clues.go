package hostclient

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// evidence is what an answer is judged by.
type evidence struct {
	e       *Error
	header  http.Header
	binding Binding
	request *http.Request
}

// clue is one row of the table of what is known to mislead: the first one whose
// conditions all hold says what kind the answer is, if it is another one than its
// status says, and what the cause is in most cases.
type clue struct {
	status  int                 // 0 for any
	code    string              // Error.Code, "" for any
	words   string              // among the messages, in lower case
	when    func(evidence) bool // nil for any
	schemes []Scheme            // nil for any
	sites   []siteKind          // nil for any
	kind    error
	hint    string
}

// The headers by which Jira's login filter tells what became of a credential.
const (
	loginReason  = "X-Seraph-Loginreason"
	deniedReason = "X-Authentication-Denied-Reason"
)

func captcha(h http.Header) bool {
	return strings.HasPrefix(strings.ToUpper(h.Get(deniedReason)), "CAPTCHA")
}

func asksForCaptcha(ev evidence) bool { return captcha(ev.header) }

// anonymous reports whether the login filter refused the credential; the answer
// may be a 200 all the same.
func anonymous(h http.Header) bool {
	for _, reason := range h[loginReason] {
		reason = strings.ToUpper(reason)
		if strings.Contains(reason, "AUTHENTICATED_FAILED") || strings.Contains(reason, "AUTHENTICATION_DENIED") {
			return true
		}
	}
	return false
}

// asNobody reports whether the answer is one to nobody. A 401 refuses the
// credential itself.
func asNobody(ev evidence) bool {
	return ev.e.Status != http.StatusUnauthorized && anonymous(ev.header)
}

// elsewhere reports whether an answer is a redirect.
func elsewhere(ev evidence) bool { return 300 <= ev.e.Status && ev.e.Status <= 399 }

func login(ev evidence) bool { return elsewhere(ev) && toLogin(ev.header) }

// toLogin reports whether an answer leads to a login page.
func toLogin(h http.Header) bool {
	u, err := url.Parse(h.Get("Location"))
	return err == nil && loginPage(u)
}

// loginPage reports whether a URL is that of a page where a person logs in: of
// Jira, of Confluence, of Atlassian's account, or one that is called so.
func loginPage(u *url.URL) bool {
	for segment := range strings.SplitSeq(strings.ToLower(u.Path), "/") {
		if segment == "login" || segment == "login.jsp" || segment == "login.action" {
			return true
		}
	}
	return strings.EqualFold(u.Hostname(), "id.atlassian.com")
}

func assetsPath(ev evidence) bool {
	return ev.request.URL != nil && strings.Contains(ev.request.URL.Path, "/jsm/assets/")
}

var (
	connectSchemes  = []Scheme{SchemeAppUser, SchemeImpersonation}
	passwordSchemes = []Scheme{SchemeBasic, SchemeCookieSession}
	tokenSchemes    = []Scheme{SchemeAPIToken, SchemeScopedAPIToken}
	assetsSites     = []siteKind{assetsOnSite, assetsOnGateway, assetsOnAPI, assetsOnDataCenter}
)

const (
	scopeHint   = "the host names a missing scope: add it to the descriptor, or ask for it with AsUser"
	grantHint   = "the host names a missing scope, which no fresh token cures: add it to the app, and have the user consent again"
	noPasswords = "the host takes no passwords any more, as Jira 11 does not at first: use a personal access token"
	assetsHint  = "Assets asks for a role of its own beside scopes: the app's user, or the user it acts for, must have one in the object schema"
)

// clues stand from the surest to the vaguest.
var clues = []clue{
	{when: asksForCaptcha, kind: ErrCaptcha, hint: "too many passwords were wrong: a person has to log in and pass the CAPTCHA, until then every try makes it worse"},

	{status: 401, words: "scope does not match", schemes: connectSchemes, kind: ErrScopeMissing, hint: scopeHint},
	{status: 401, words: "scope does not match", kind: ErrScopeMissing, hint: grantHint},
	{status: 403, words: "request not in an authorized api scope", kind: ErrScopeMissing, hint: scopeHint},
	{status: 403, words: "failed to parse connect session auth token", schemes: connectSchemes, kind: ErrUnauthorized, hint: "the site takes a bearer token only from the JWT bearer grant of a Connect app"},
	{status: 403, words: "failed to parse connect session auth token", kind: ErrUnauthorized, hint: "a bearer token was sent to a Cloud site, which takes it for one of a Connect app: tokens of OAuth 2.0 (3LO) go through the gateway, and personal access tokens are Data Center's"},
	{words: "basic authentication has been disabled", hint: noPasswords},
	{words: "basic authentication with passwords is deprecated", kind: ErrUnauthorized, hint: "Cloud takes no passwords: use an API token"},
	{status: 403, words: "xsrf check failed", kind: ErrXSRF, hint: "the host takes the call for one that a web page forged: send X-Atlassian-Token: no-check, and no Origin, Referer or User-Agent of a browser"},
	{status: 400, words: "version must be incremented", kind: ErrConflict, hint: "somebody else has changed it: read it again, apply the change to what is there, and send the next version number"},

	{code: "invalid_grant", words: "unknown or invalid refresh token", kind: ErrReauthorize, hint: "the refresh token is expired, revoked or was used before, or the user has changed the password"},
	{code: "invalid_grant", hint: "the code, the refresh token or the assertion is good no more, or was not good for this user, client or redirect address; a clock that is out of step does it, too"},
	{status: 401, code: "access_denied", hint: "the client secret is wrong"},
	{code: "token_rejected", kind: ErrTokenRevoked, hint: "the user or an administrator revoked the token, or it is five years old: the user must authorize again"},
	{code: "token_revoked", kind: ErrTokenRevoked, hint: "the user or an administrator revoked the token: the user must authorize again"},
	{code: "token_expired", kind: ErrTokenRevoked, hint: "the token's life is over: the user must authorize again"},
	{code: "additional_authorization_required", kind: ErrReauthorize, hint: "the user must authorize once more"},
	{code: "token_used", hint: "a temporary token is good for one exchange"},
	{code: "timestamp_refused", hint: "this machine's clock and the host's are out of step by minutes"},
	{code: "nonce_used", hint: "the request was sent twice: sign each sending anew"},
	{code: "consumer_key_unknown", hint: "no application link has this consumer key"},
	{code: "consumer_key_rejected", hint: "the application link is disabled, or of another kind"},
	{code: "consumer_key_refused", hint: "the host does not serve this consumer at this time"},
	{code: "signature_invalid", hint: "the application link has another public key, or a proxy or a wrong base URL changes what was signed"},
	{code: "signature_method_rejected", hint: "the application link takes another signature method"},
	{code: "parameter_absent", hint: "the host misses a parameter: a proxy may have taken the Authorization header away"},
	{code: "parameter_rejected", hint: "the host does not take a parameter: is the callback one that the application link allows?"},
	{code: "permission_denied", hint: "the user did not allow it"},
	{code: "user_refused", hint: "the user did not allow it"},
	{code: "permission_unknown", hint: "the user has not decided yet"},
	{code: "verifier_invalid", hint: "the verifier is not the one that the host gave the user"},
	{code: "version_rejected", hint: "the host speaks another version of OAuth"},

	{when: asNobody, kind: ErrAnonymous, hint: "the host did not take the credential and answered as to nobody: lists are empty and things are missing"},
	{when: login, kind: ErrUnauthorized, hint: "the host sends to its login page: the credential is not good for this path, or no more"},
	{when: elsewhere, hint: "a redirect off the site's base URL is not followed; for a renamed site the host sends a new installed event"},

	{status: 401, schemes: tokenSchemes, sites: []siteKind{cloudSite}, hint: "the e-mail address is not the token's owner's, the token has expired, or it has scopes: those work through the gateway only"},
	{status: 401, schemes: tokenSchemes, sites: []siteKind{gatewaySite, assetsOnGateway}, hint: "the token has no scopes, which works on the site only, or has expired, or the e-mail address is not its owner's"},
	{status: 401, schemes: connectSchemes, sites: assetsSites, hint: assetsHint},
	{status: 403, sites: assetsSites, hint: assetsHint},
	{status: 403, when: assetsPath, hint: assetsHint},
	{status: 401, schemes: passwordSchemes, hint: "user or password is wrong, or " + noPasswords},
	{status: 401, schemes: []Scheme{SchemePAT}, hint: "the token has expired or was revoked"},
	{status: 401, schemes: []Scheme{SchemeContainerToken}, hint: "a newer token of the import source has taken its place"},
	{status: 401, schemes: connectSchemes, hint: "the host refuses the token: the clock, the shared secret or the app key is out of step, or the app is not installed there any more"},
	{status: 403, schemes: connectSchemes, hint: "the descriptor lacks a scope, or the app's user or the impersonated user lacks the permission"},
	{status: 404, hint: "it does not exist, or the caller may not see it"},
}

// judge finds the first clue that fits.
func judge(ev evidence) (hint string, kind error) {
	if i := ev.clue(); i >= 0 {
		return clues[i].hint, clues[i].kind
	}
	return "", nil
}

// clue returns the number of the row that counts, -1 for none.
func (ev evidence) clue() int {
	text := strings.ToLower(strings.Join(ev.e.Messages, "\n"))
	return slices.IndexFunc(clues, func(c clue) bool { return c.fits(ev, text) })
}

func (c clue) fits(ev evidence, text string) bool {
	return (c.status == 0 || c.status == ev.e.Status) &&
		(c.code == "" || c.code == ev.e.Code) &&
		(c.words == "" || strings.Contains(text, c.words)) &&
		(c.schemes == nil || slices.Contains(c.schemes, ev.binding.scheme)) &&
		(c.sites == nil || slices.Contains(c.sites, ev.binding.site.kind)) &&
		(c.when == nil || c.when(ev))
}
