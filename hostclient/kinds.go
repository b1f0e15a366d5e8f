package hostclient

import (
	"errors"
	"net/http"
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

func success(status int) bool {
	return http.StatusOK <= status && status < http.StatusMultipleChoices
}
