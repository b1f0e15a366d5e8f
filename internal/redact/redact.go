// Package redact takes tokens and secrets out of text that is to be logged or
// shown.
package redact

import (
	"regexp"
	"strings"
)

// Mark is what stands in place of a credential.
const Mark = "[redacted]"

var (
	// A JWT, or most of one: two base64url segments, of which the first begins
	// as `{"`, or a brace and white space, does, and whatever hangs on to them.
	token = regexp.MustCompile(`e(?:yJ|yA|wo|w0|wk)[A-Za-z0-9_-]{6,}(\.|%2[eE])[A-Za-z0-9_-]*((\.|%2[eE])[A-Za-z0-9_-]*)*`)
	// A private key in PEM, also one that is cut short or has its line breaks
	// escaped.
	pem = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
	// A credential in a header.
	header = regexp.MustCompile(`\b((?i:jwt|bearer|basic) )[A-Za-z0-9._~+/=-]{8,}`)
	// What follows those words in ordinary text.
	word = regexp.MustCompile(`^[a-z-]+\.?$`)
)

// Text returns s with everything that looks like a token, or is named as a
// credential, replaced by Mark.
func Text(s string) string {
	s = token.ReplaceAllString(s, Mark)
	s = pem.ReplaceAllString(s, Mark)
	s = named(s)
	return header.ReplaceAllStringFunc(s, func(found string) string {
		scheme, credential, _ := strings.Cut(found, " ")
		if word.MatchString(credential) {
			return found
		}
		return scheme + " " + Mark
	})
}
