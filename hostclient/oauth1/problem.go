package oauth1

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/atlassian-connect-go/sdk/internal/redact"
	"github.com/atlassian-connect-go/sdk/store"
)

// ProblemError says that a server refused a request of OAuth 1.0a. Nothing
// secret is in it, even when the server repeats it. It is not changed after it
// was returned.
type ProblemError struct {
	// Status is the HTTP status code. Servers also send a problem with 200.
	Status int
	// Problem is the server's oauth_problem, empty when it sent none. It is one
	// word, such as timestamp_refused, and kept as it came when it is unknown.
	// The words are those of the OAuth Problem Reporting extension; which of
	// them a Jira sends is unconfirmed.
	Problem string
	// Advice is oauth_problem_advice, and what the server says of parameters
	// that are absent or of times and versions that it takes. It may be empty.
	Advice string
	// Server is the URL that was called, without a query; empty from ProblemOf.
	Server string
}

// Error returns all fields in one line, with the hint.
func (e *ProblemError) Error() string {
	text := fmt.Sprintf("oauth1: refused with status %d", e.Status)
	if e.Server != "" {
		text = fmt.Sprintf("oauth1: %s refused with status %d", e.Server, e.Status)
	}
	for _, more := range []string{e.Problem, e.Advice} {
		if more != "" {
			text += ": " + more
		}
	}
	if hint := e.Hint(); hint != "" {
		text += " (" + hint + ")"
	}
	return text
}

// Hint says what the cause is in most cases, or is empty.
func (e *ProblemError) Hint() string {
	if e.Problem != "" {
		return hints[e.Problem]
	}
	switch {
	case e.Status >= 300 && e.Status < 400:
		return "redirects are not followed: BaseURL must be Jira's own base URL"
	case e.Status == http.StatusNotFound:
		return "is BaseURL right, with the context path, and does that Jira have OAuth 1.0a?"
	}
	return ""
}

// hints are by the words of the OAuth Problem Reporting extension.
var hints = map[string]string{
	"additional_authorization_required": "the user must allow it once more",
	"consumer_key_refused":              "the server does not serve this consumer at this time",
	"consumer_key_rejected":             "the application link is disabled, or of another kind",
	"consumer_key_unknown":              "no application link has this consumer key",
	"nonce_used":                        "the request was sent twice: sign each sending anew",
	"parameter_absent":                  "the server misses a parameter; a proxy may have taken the Authorization header away",
	"parameter_rejected":                "the server does not take a parameter; is the callback one that the application link allows?",
	"permission_denied":                 "the user did not allow it",
	"permission_unknown":                "the user has not decided yet",
	"signature_invalid":                 "the application link has another public key, or a proxy or a wrong BaseURL changes what was signed",
	"signature_method_rejected":         "the application link takes another signature method",
	"timestamp_refused":                 "the clocks of this machine and the server are out of step",
	"token_expired":                     "the token is over: the user must go through the dance again",
	"token_rejected":                    "the token is over, revoked or unknown: the user must go through the dance again",
	"token_revoked":                     "the token was revoked: the user must go through the dance again",
	"token_used":                        "a temporary token is good for one exchange",
	"user_refused":                      "the user did not allow it",
	"verifier_invalid":                  "the verifier is not the one that Jira gave the user",
	"version_rejected":                  "the server speaks another version of OAuth",
}

// ProblemOf returns the problem that an answer of any kind reports, by a form in
// its body or by its WWW-Authenticate header, and nil if it reports none. body is
// as much of it as was read. Who has sent a credential that the server may repeat
// takes it out of body before.
func ProblemOf(status int, header http.Header, body []byte) *ProblemError {
	return problemOf(status, header, body, strings.NewReplacer())
}

// problemOf takes what must not show out of all that the server says.
func problemOf(status int, header http.Header, body []byte, clean *strings.Replacer) *ProblemError {
	form, err := parseForm(body)
	if err != nil || form.Get("oauth_problem") == "" {
		form = challenge(header)
	}
	if form.Get("oauth_problem") == "" {
		return nil
	}
	for _, values := range form {
		values[0] = clean.Replace(values[0])
	}
	return &ProblemError{Status: status, Problem: shown(form.Get("oauth_problem"), 100), Advice: advice(form)}
}

func advice(form url.Values) string {
	var said []string
	for _, p := range []struct{ name, words string }{
		{"oauth_problem_advice", ""},
		{"oauth_parameters_absent", "absent: "},
		{"oauth_acceptable_timestamps", "acceptable times: "},
		{"oauth_acceptable_versions", "acceptable versions: "},
	} {
		if value := form.Get(p.name); value != "" {
			said = append(said, p.words+shown(value, 300))
		}
	}
	return strings.Join(said, "; ")
}

// cleaner takes out what was sent, should the server repeat it.
func cleaner(tokenSecret store.Secret, sent []pair) *strings.Replacer {
	var table []string
	for _, p := range append([]pair{{"", tokenSecret.Reveal()}}, sent...) {
		if p.value != "" && p.name != "oauth_callback" {
			once := encode(p.value) // as in a header, and twice as in a base string
			table = append(table, p.value, redact.Mark, once, redact.Mark, encode(once), redact.Mark)
		}
	}
	return strings.NewReplacer(table...)
}

// parseForm reads a form of an answer.
func parseForm(body []byte) (url.Values, error) {
	pairs, ok := parsePairs(strings.TrimSpace(string(body[:min(len(body), maxAnswer)])))
	if !ok {
		return nil, errors.New("a broken escape")
	}
	form := url.Values{}
	for _, p := range pairs {
		form.Add(p.name, p.value)
	}
	return form, nil
}

// challenge reads the parameters of the scheme OAuth.
func challenge(header http.Header) url.Values {
	form := url.Values{}
	for _, line := range header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(line, " ")
		if !strings.EqualFold(scheme, "OAuth") {
			continue
		}
		for _, text := range strings.Split(rest, ",") {
			name, quoted, _ := strings.Cut(strings.TrimSpace(text), "=")
			value, err := url.PathUnescape(strings.Trim(quoted, `"`))
			if err == nil {
				form.Add(name, value)
			}
		}
	}
	return form
}

// shown makes text of others fit for a message: one line of at most limit bytes.
func shown(text string, limit int) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return redact.Text(text)
}
