// Package redact takes tokens out of text that is to be logged or shown.
package redact

import "regexp"

// Mark is what stands in place of a credential.
const Mark = "[redacted]"

var (
	// A JWT, or most of one: two base64url segments, of which the first begins
	// as `{"`, or a brace and white space, does, and whatever hangs on to them.
	token = regexp.MustCompile(`e(?:yJ|yA|wo|w0|wk)[A-Za-z0-9_-]{6,}(\.|%2[eE])[A-Za-z0-9_-]*((\.|%2[eE])[A-Za-z0-9_-]*)*`)
	// The value of a parameter, or of a JSON member, that carries a credential.
	named = regexp.MustCompile(`(?i)\b((?:jwt|acpt|access_token|refresh_token|id_token|client_secret|assertion|sharedsecret|password|code)(?:=|\\?"\s*:\s*\\?"))[^&\s"\\]+`)
	// A credential in a header.
	header = regexp.MustCompile(`\b((?i:jwt|bearer|basic) )[A-Za-z0-9._~+/=-]{8,}`)
)

// Text returns s with everything that looks like a token, or is named as a
// credential, replaced by Mark.
func Text(s string) string {
	s = token.ReplaceAllString(s, Mark)
	s = named.ReplaceAllString(s, "${1}"+Mark)
	return header.ReplaceAllString(s, "${1}"+Mark)
}
