package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// Code names the rule that a refused request broke.
type Code string

// The codes. Each is one reason, for logs and tests; the caller of the app
// never learns it.
const (
	CodePolicy      Code = "policy"      // the route has no policy
	CodeBadQuery    Code = "bad_query"   // the raw query does not parse
	CodeNoToken     Code = "no_token"    // no token where the policy takes one
	CodeManyTokens  Code = "many_tokens" // more than one token
	CodeMalformed   Code = "malformed"   // not three strict segments of strict JSON
	CodeAlgorithm   Code = "algorithm"   // not the algorithm of the policy
	CodeKeyID       Code = "key_id"      // a kid that is missing or cannot be one
	CodeUnknownKey  Code = "unknown_key" // a kid no key server knows
	CodeIssuer      Code = "issuer"      // the issuer cannot be one of the policy
	CodeAudience    Code = "audience"    // not for this app
	CodeTenant      Code = "tenant"      // no such installation
	CodeUninstalled Code = "uninstalled" // the tenant has uninstalled the app
	CodeSecret      Code = "secret"      // the stored secret is too short
	CodeSignature   Code = "signature"   // the signature does not fit
	CodeExpired     Code = "expired"     // past exp
	CodeEarly       Code = "early"       // before iat or nbf
	CodeLifetime    Code = "lifetime"    // iat or exp missing, or too far apart
	CodeQSH         Code = "qsh"         // the token is for another request
	CodeMismatch    Code = "mismatch"    // the body is not of the token's tenant, or not for this app
	CodeStale       Code = "stale"       // a lifecycle event older than one already applied
)

// Error says why a request was refused. It is the caller's fault; an error of
// any other type from Check is the app's own trouble (its store, its key
// server) and must be answered so that the host tries again.
//
// It holds what a developer needs to mend the cause and never the token or a
// secret. Fields that do not apply are zero. What is in it was not verified.
type Error struct {
	// Code is the rule that was broken.
	Code Code
	// Policy is the policy the request was checked against.
	Policy Policy
	// Detail is a sentence for the app's developer.
	Detail string
	// ClientKey is the tenant the token claims to be of.
	ClientKey string
	// Canonical holds, for CodeQSH, the canonical requests that were tried.
	Canonical []string
	// TokenQSH is the hash in the token, for CodeQSH.
	TokenQSH string
	// Audience and WantAudience are what the token says and what would do,
	// for CodeAudience.
	Audience, WantAudience []string
	// Skew is, for CodeExpired, how long ago the token ended and, for
	// CodeEarly, how far in the future it begins.
	Skew time.Duration
}

// maxShown is how many characters of what a caller sent are shown.
const maxShown = 1024

// Error returns the reason in one line, with long parts cut short and all that
// looks like a token replaced.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "auth: %s: %s", e.Policy, e.Code)
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.ClientKey != "" {
		fmt.Fprintf(&b, ", issuer %.*q", maxShown, e.ClientKey)
	}
	if len(e.Canonical) > 0 {
		fmt.Fprintf(&b, ", canonical request %.*q, token says %.*q", maxShown, e.Canonical, maxShown, e.TokenQSH)
	}
	if len(e.WantAudience) > 0 {
		fmt.Fprintf(&b, ", audience %.*q, want one of %q", maxShown, e.Audience, e.WantAudience)
	}
	if e.Skew != 0 {
		fmt.Fprintf(&b, ", by %v", e.Skew)
	}
	return redact.Text(b.String())
}

// HTTPStatus returns 400 for a query that does not parse and 401 for all else.
func (e *Error) HTTPStatus() int {
	if e.Code == CodeBadQuery {
		return http.StatusBadRequest
	}
	return http.StatusUnauthorized
}

// trouble is a failure of the app's own. Whatever status the error of a store
// or a source of keys has in itself, it is not the answer to our caller.
type trouble struct{ error }

func (t trouble) Unwrap() error { return t.error }

func (trouble) HTTPStatus() int { return http.StatusServiceUnavailable }

// Status returns the answer that err asks for: the status of the first error
// in its chain with a method HTTPStatus, 413 for a body over its limit, and 503
// for any other error, which is never the caller's fault: Jira repeats a call
// after a 503 and after no 4xx that says "refused".
func Status(err error) int {
	var own interface{ HTTPStatus() int }
	if errors.As(err, &own) {
		return own.HTTPStatus()
	}
	var size *http.MaxBytesError
	if errors.As(err, &size) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}
