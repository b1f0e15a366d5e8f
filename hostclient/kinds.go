package hostclient

import (
	"errors"
	"net/http"
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

// Kinds of answers, for errors.Is on an Error or a TokenError. An answer has
// the kind of its status and, where the host's words say more, another one too.
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
	// ErrNotFound is 404. The hosts also answer so for what the caller may
	// not see.
	ErrNotFound = errors.New("hostclient: not found")
	// ErrConflict is 409, or a 400 by which Confluence refuses a stale
	// version: read again, reapply, and send again.
	ErrConflict = errors.New("hostclient: conflict")
	// ErrGone is 410: the host has removed this resource of its API.
	ErrGone = errors.New("hostclient: gone")
	// ErrRateLimited is 429. RetryAfter and RateLimitReason say more.
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
	hint     string
}{
	{300, 399, ErrRedirect, "a redirect off the tenant's base URL is not followed; for a renamed site the host sends a new installed event"},
	{401, 401, ErrUnauthorized, "the host refuses the token: the clock, the shared secret or the app key is out of step, or the app is not installed there any more"},
	{403, 403, ErrForbidden, "the descriptor lacks a scope, or the app's user or the impersonated user lacks the permission"},
	{404, 404, ErrNotFound, "it does not exist, or the caller may not see it"},
	{409, 409, ErrConflict, ""},
	{410, 410, ErrGone, ""},
	{429, 429, ErrRateLimited, ""},
	{500, 599, ErrHost, ""},
}

// byWords tells apart what has the same status, by the host's own words in
// lower case.
var byWords = []struct {
	status int
	words  string
	kind   error
	hint   string
}{
	{401, "scope does not match", ErrScopeMissing, scopeHint},
	{403, "request not in an authorized api scope", ErrScopeMissing, scopeHint},
	{403, "failed to parse connect session auth token", ErrUnauthorized, "the site takes a bearer token only from the JWT bearer grant of a Connect app"},
	{400, "version must be incremented", ErrConflict, ""},
}

const scopeHint = "the host names a missing scope: add it to the descriptor, or ask for it with AsUser"

func kindOf(status int) (hint string, kind error) {
	for _, row := range byStatus {
		if row.from <= status && status <= row.to {
			return row.hint, row.kind
		}
	}
	return "", nil
}

func kindByWords(status int, messages []string) (hint string, kind error) {
	text := strings.ToLower(strings.Join(messages, "\n"))
	for _, row := range byWords {
		if row.status == status && strings.Contains(text, row.words) {
			return row.hint, row.kind
		}
	}
	return "", nil
}

func success(status int) bool {
	return http.StatusOK <= status && status < http.StatusMultipleChoices
}
