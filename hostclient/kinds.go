package hostclient

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Requests that were never sent.
var (
	// ErrOrigin says that a request would have gone elsewhere than to the
	// origin its credential is bound to.
	ErrOrigin = errors.New("hostclient: outside of the origin")
	// ErrRequest says that the host would refuse or misread a request.
	ErrRequest = errors.New("hostclient: malformed request")
	// ErrNotInstalled says that a tenant cannot be called: it is uninstalled
	// or has no secret.
	ErrNotInstalled = errors.New("hostclient: not installed")
)

// Kinds of answers, for errors.Is on an Error. An answer has the kind of its
// status and, where its words or headers say more, another one too.
var (
	// ErrRedirect is a redirect that was not followed, because it leads off
	// the origin or is one too many.
	ErrRedirect = errors.New("hostclient: redirect not followed")
	// ErrUnauthorized is 401: the credential itself was refused.
	ErrUnauthorized = errors.New("hostclient: unauthorized")
	// ErrForbidden is 403: the credential is good and not enough.
	ErrForbidden = errors.New("hostclient: forbidden")
	// ErrScopeMissing is an answer, 401 or 403 by status, that names a
	// missing scope as the cause. A new token does not cure it.
	ErrScopeMissing = errors.New("hostclient: scope missing")
	// ErrAnonymous is an answer that the host gave to nobody, because it did
	// not take the credential: its status may be 200.
	ErrAnonymous = errors.New("hostclient: the host took the caller for nobody")
	// ErrCaptcha says that the host wants a person to log in, at
	// Error.LoginURL, before it takes the password again. Trying again makes
	// it worse.
	ErrCaptcha = errors.New("hostclient: CAPTCHA")
	// ErrXSRF says that the host took the call for one that a web page forged.
	ErrXSRF = errors.New("hostclient: XSRF check failed")
	// ErrTokenRevoked says that a token is good no more, by the host's words.
	ErrTokenRevoked = errors.New("hostclient: token revoked")
	// ErrReauthorize says that only the user can cure it, by giving consent
	// once more: the refresh token is expired, revoked or used.
	ErrReauthorize = errors.New("hostclient: the user must authorize again")
	// ErrNoToken is a success of a token endpoint that holds no usable token.
	ErrNoToken = errors.New("hostclient: no token")
	// ErrNotFound is 404. The hosts also answer so for what the caller may
	// not see.
	ErrNotFound = errors.New("hostclient: not found")
	// ErrConflict is 409, or a 400 by which Confluence refuses a stale
	// version: read again, reapply, and send again.
	ErrConflict = errors.New("hostclient: conflict")
	// ErrGone is 410: the host has removed this resource of its API.
	ErrGone = errors.New("hostclient: gone")
	// ErrRateLimited is 429. RetryAfter, RetryAt and RateLimitReason say more.
	ErrRateLimited = errors.New("hostclient: rate limited")
	// ErrHost is any 5xx: the host failed.
	ErrHost = errors.New("hostclient: the host failed")
	// ErrNotJSON is a successful answer that is no JSON, in most cases a
	// login page.
	ErrNotJSON = errors.New("hostclient: not JSON")
	// ErrTooLarge says that an answer is larger than Config.MaxResponse.
	ErrTooLarge = errors.New("hostclient: answer too large")
)

// byStatus is the one table from a status to a kind. The first row that fits
// counts.
var byStatus = []struct {
	from, to int
	kind     error
}{
	{300, 399, ErrRedirect},
	{401, 401, ErrUnauthorized},
	{403, 403, ErrForbidden},
	{404, 404, ErrNotFound},
	{409, 409, ErrConflict},
	{410, 410, ErrGone},
	{429, 429, ErrRateLimited},
	{500, 599, ErrHost},
}

func kindOf(status int) error {
	for _, row := range byStatus {
		if row.from <= status && status <= row.to {
			return row.kind
		}
	}
	return nil
}

// evidence is what an answer is judged by.
type evidence struct {
	e       *Error
	header  http.Header
	binding Binding
	request *http.Request
}

// clue is one row of the table of what is known to mislead: the first one whose
// conditions all hold says what kind the answer is, if it is another one than its
// status says, and what the cause is in most cases. Words are compared in lower
// case.
type clue struct {
	status  int                      // 0 for any
	words   string                   // among the messages or the code
	header  func(h http.Header) bool // nil for any
	schemes []Scheme                 // nil for any
	sites   []siteKind               // nil for any
	path    string                   // below which the request went
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

// toLogin reports whether a redirect leads to a page where a person logs in: of
// Jira, of Confluence, of Atlassian's account, or one that is called so.
func toLogin(h http.Header) bool {
	u, err := url.Parse(h.Get("Location"))
	if err != nil {
		return false
	}
	for segment := range strings.SplitSeq(strings.ToLower(u.Path), "/") {
		if segment == "login" || segment == "login.jsp" || segment == "login.action" {
			return true
		}
	}
	return strings.EqualFold(u.Hostname(), "id.atlassian.com")
}

var (
	connectSchemes  = []Scheme{SchemeAppUser, SchemeImpersonation}
	passwordSchemes = []Scheme{SchemeBasic, SchemeCookieSession}
	basicSchemes    = []Scheme{SchemeAPIToken, SchemeScopedAPIToken}
	assetsSites     = []siteKind{assetsOnSite, assetsOnGateway, assetsOnAPI, assetsOnDataCenter}
)

const (
	scopeHint  = "the host names a missing scope: add it to the descriptor, or ask for it with AsUser"
	grantHint  = "the host names a missing scope, which no fresh token cures: add it to the app, and have the user consent again"
	assetsHint = "Assets asks for a role of its own beside scopes: the app's user, or the user it acts for, must have one in the object schema"
)

// clues stand from the surest to the vaguest.
var clues = []clue{
	{header: captcha, kind: ErrCaptcha, hint: "too many passwords were wrong: a person has to log in and pass the CAPTCHA, until then every try makes it worse"},
	{status: 401, words: "scope does not match", schemes: connectSchemes, kind: ErrScopeMissing, hint: scopeHint},
	{status: 401, words: "scope does not match", kind: ErrScopeMissing, hint: grantHint},
	{status: 403, words: "request not in an authorized api scope", kind: ErrScopeMissing, hint: scopeHint},
	{status: 403, words: "failed to parse connect session auth token", schemes: connectSchemes, kind: ErrUnauthorized, hint: "the site takes a bearer token only from the JWT bearer grant of a Connect app"},
	{status: 403, words: "failed to parse connect session auth token", kind: ErrUnauthorized, hint: "a bearer token was sent to a Cloud site, which takes it for one of a Connect app: tokens of OAuth 2.0 (3LO) go through the gateway, and personal access tokens are Data Center's"},
	{words: "basic authentication with passwords is deprecated", kind: ErrUnauthorized, hint: "Cloud takes no passwords: use an API token"},
	{status: 403, words: "xsrf check failed", kind: ErrXSRF, hint: "the host takes the call for one that a web page forged: send X-Atlassian-Token: no-check, and no Origin, Referer or User-Agent of a browser"},
	{words: "unknown or invalid refresh token", kind: ErrReauthorize, hint: "the refresh token is expired, revoked or was used before"},
	{words: "token_rejected", kind: ErrTokenRevoked, hint: "the user or an administrator revoked the token, or it is five years old"},
	{words: "token_revoked", kind: ErrTokenRevoked},
	{words: "token_expired", kind: ErrTokenRevoked},
	{words: "timestamp_refused", hint: "this machine's clock and the host's differ by minutes"},
	{words: "consumer_key_unknown", hint: "no application link has this consumer key"},
	{words: "signature_invalid", hint: "the application link has another public key, or a proxy changes the URL on the way"},
	{status: 400, words: "version must be incremented", kind: ErrConflict},
	{header: anonymous, kind: ErrAnonymous, hint: "the host did not take the credential and answered as to nobody: lists are empty and things are missing"},
	{status: 302, header: toLogin, kind: ErrUnauthorized, hint: "the host sends to its login page: the credential is not good for this path, or no more"},
	{status: 401, schemes: basicSchemes, sites: []siteKind{cloudSite}, hint: "the e-mail address is not the token's owner's, the token has expired, or it has scopes: those work through the gateway only"},
	{status: 401, schemes: basicSchemes, sites: []siteKind{gatewaySite, assetsOnGateway}, hint: "the token has no scopes, which works on the site only, or has expired, or the e-mail address is not its owner's"},
	{status: 401, schemes: connectSchemes, sites: assetsSites, hint: assetsHint},
	{status: 403, sites: assetsSites, hint: assetsHint},
	{status: 403, path: "/jsm/assets/", hint: assetsHint},
	{status: 401, schemes: passwordSchemes, hint: "user or password is wrong, or the host takes no passwords any more, as Jira 11 does not at first: use a personal access token"},
	{status: 401, schemes: []Scheme{SchemePAT}, hint: "the token has expired or was revoked"},
	{status: 401, schemes: connectSchemes, hint: "the host refuses the token: the clock, the shared secret or the app key is out of step, or the app is not installed there any more"},
	{status: 403, schemes: connectSchemes, hint: "the descriptor lacks a scope, or the app's user or the impersonated user lacks the permission"},
	{status: 404, hint: "it does not exist, or the caller may not see it"},
}

// judge finds the first clue that fits.
func judge(ev evidence) (kind error, hint string) {
	text := strings.ToLower(strings.Join(append([]string{ev.e.Code}, ev.e.Messages...), "\n"))
	for _, c := range clues {
		if c.fits(ev, text) {
			return c.kind, c.hint
		}
	}
	if 300 <= ev.e.Status && ev.e.Status <= 399 {
		return nil, "a redirect off the site's base URL is not followed; for a renamed site the host sends a new installed event"
	}
	return nil, ""
}

func (c *clue) fits(ev evidence, text string) bool {
	return (c.status == 0 || c.status == ev.e.Status) &&
		(c.words == "" || strings.Contains(text, c.words)) &&
		(c.header == nil || c.header(ev.header)) &&
		(c.schemes == nil || slices.Contains(c.schemes, ev.binding.scheme)) &&
		(c.sites == nil || slices.Contains(c.sites, ev.binding.site.kind)) &&
		(c.path == "" || ev.request.URL != nil && strings.Contains(ev.request.URL.Path, c.path))
}

func success(status int) bool {
	return http.StatusOK <= status && status < http.StatusMultipleChoices
}
