package hostclient

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// shortestSecret is the least that a secret has to be long to be blotted out of
// an answer: the host's words would suffer from shorter ones.
const shortestSecret = 6

// sentSecrets returns what a request carried that opens the host's door, the
// longest first.
func sentSecrets(r *http.Request) []string {
	var secrets []string
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "basic":
		secrets = append(secrets, rest)
		if pair, err := base64.StdEncoding.DecodeString(rest); err == nil {
			_, password, _ := strings.Cut(string(pair), ":")
			secrets = append(secrets, password)
		}
	case "oauth":
		secrets = append(secrets, oauthSecrets(rest)...)
	default:
		secrets = append(secrets, rest)
	}
	for _, cookie := range r.Cookies() {
		secrets = append(secrets, cookie.Value)
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < shortestSecret })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

// oauthSecrets returns the token and the signature of an OAuth 1.0a header, as it
// has them and decoded.
func oauthSecrets(header string) []string {
	var secrets []string
	for pair := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		value = strings.Trim(value, `"`)
		if name != "oauth_token" && name != "oauth_signature" {
			continue
		}
		secrets = append(secrets, value)
		if decoded, err := url.PathUnescape(value); err == nil && decoded != value {
			secrets = append(secrets, decoded)
		}
	}
	return secrets
}

// scrub removes from body what the request carried.
func scrub(body []byte, sent *http.Request) []byte {
	for _, secret := range sentSecrets(sent) {
		body = replace(body, secret)
	}
	return body
}

func replace(body []byte, secret string) []byte {
	if len(secret) < shortestSecret {
		return body
	}
	return bytes.ReplaceAll(body, []byte(secret), []byte(redacted))
}

// scrubAnswer has the body of an answer that is no success read without the
// credential, should the host repeat it: libraries make such bodies part of
// their errors. The length of what will be read is then not known before.
func scrubAnswer(answer *http.Response, sent *http.Request) {
	if success(answer.StatusCode) || answer.StatusCode < http.StatusOK ||
		answer.Body == nil || answer.Body == http.NoBody || sent.Method == http.MethodHead {
		return
	}
	secrets := sentSecrets(sent)
	if len(secrets) == 0 {
		return
	}
	answer.Body = &scrubbed{ReadCloser: answer.Body, secrets: func() []string { return secrets }}
	answer.ContentLength = -1
	answer.Header.Del("Content-Length")
}

// scrubbed is a body without the secrets. It is not safe for concurrent reads, as
// other bodies are not.
type scrubbed struct {
	io.ReadCloser
	secrets func() []string // a function, as key is
	raw     []byte          // what may be the beginning of a secret
	clean   []byte          // what is to be handed out
	err     error
}

func (s *scrubbed) Read(p []byte) (int, error) {
	for len(s.clean) == 0 && s.err == nil && len(p) > 0 {
		s.fill()
	}
	n := copy(p, s.clean)
	s.clean = s.clean[n:]
	if len(s.clean) > 0 {
		return n, nil
	}
	return n, s.err
}

// fill moves what it reads to clean, except for an end that the next piece could
// make a secret.
func (s *scrubbed) fill() {
	secrets, piece := s.secrets(), make([]byte, 4<<10)
	n, err := s.ReadCloser.Read(piece)
	s.err = err
	raw := append(s.raw, piece[:n]...)
	for _, secret := range secrets {
		raw = bytes.ReplaceAll(raw, []byte(secret), []byte(redacted))
	}
	keep, whole := beginning(raw, secrets)
	end := raw[len(raw)-keep:]
	switch {
	case err == nil:
		s.raw = bytes.Clone(end)
		raw = raw[:len(raw)-keep]
	case 2*keep > whole: // cut off
		raw = append(raw[:len(raw)-keep], redacted...)
	}
	s.clean = raw
}

// beginning returns how much of raw's end is the beginning of a secret, and how
// long that secret is.
func beginning(raw []byte, secrets []string) (keep, whole int) {
	for _, secret := range secrets {
		n := min(len(raw), len(secret)-1)
		for !strings.HasPrefix(secret, string(raw[len(raw)-n:])) {
			n--
		}
		if n > keep {
			keep, whole = n, len(secret)
		}
	}
	return keep, whole
}
