package hostclient

import (
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// shortestSecret is the least that a secret has to be long to be blotted out of
// an answer: the host's words would suffer from shorter ones.
const shortestSecret = 6

// secrets are texts that must not show, the longest first.
type secrets []string

// sentSecrets returns what a request carried that opens the host's door, and more.
func sentSecrets(r *http.Request, more ...string) secrets {
	return withForms(slices.Concat(carried(r), more))
}

func carried(r *http.Request) []string {
	var list []string
	value := r.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(value, " ")
	switch strings.ToLower(scheme) {
	case "bearer", "jwt":
		list = append(list, rest)
	case "basic":
		list = append(list, rest)
		if pair, err := base64.StdEncoding.DecodeString(rest); err == nil {
			_, password, _ := strings.Cut(string(pair), ":")
			list = append(list, password)
		}
	case "oauth":
		list = append(list, oauthSecrets(rest)...)
	default:
		list = append(list, value, rest)
	}
	for _, cookie := range r.Cookies() {
		list = append(list, cookie.Value)
	}
	return list
}

// oauthSecrets returns what of an OAuth 1.0a header is secret, as the header has
// it and decoded.
func oauthSecrets(header string) []string {
	var list []string
	for pair := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "oauth_token", "oauth_signature", "oauth_verifier":
			value = strings.Trim(value, `"`)
			list = append(list, value)
			if decoded, err := url.PathUnescape(value); err == nil {
				list = append(list, decoded)
			}
		}
	}
	return list
}

// withForms returns a list with each secret in the forms in which an answer may
// repeat it: plain, and escaped as JSON, HTML and URLs are. Short ones are left
// out.
func withForms(list []string) secrets {
	var all secrets
	for _, secret := range list {
		if len(secret) < shortestSecret {
			continue
		}
		all = append(all, secret, html.EscapeString(secret), url.QueryEscape(secret), url.PathEscape(secret))
		quoted := quote(secret)
		for _, text := range []string{secret, inJSON.Replace(secret), quoted[1 : len(quoted)-1]} {
			all = append(all, text, inScripts.Replace(text), strings.ReplaceAll(text, "/", `\/`))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// inJSON escapes what JSON must have escaped, and inScripts what writers of it
// escape for pages beside that.
var (
	inJSON    = strings.NewReplacer(`"`, `\"`, `\`, `\\`)
	inScripts = strings.NewReplacer("=", `\u003d`, "'", `\u0027`)
)

// plain is the function plain for a text in which no secret may show.
func (s secrets) plain(text string, limit int) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return plain(text, limit)
}

// scrubAnswer has the body of an answer that is no success read without the
// credential, should the host repeat it: libraries make such bodies part of
// their errors. The length of what will be read is then not known before.
func scrubAnswer(answer *http.Response, sent *http.Request) {
	if success(answer.StatusCode) || answer.StatusCode < http.StatusOK ||
		answer.Body == nil || answer.Body == http.NoBody || sent.Method == http.MethodHead {
		return
	}
	hidden := sentSecrets(sent)
	if len(hidden) == 0 {
		return
	}
	answer.Body = &scrubbed{ReadCloser: answer.Body, secrets: func() secrets { return hidden }}
	answer.ContentLength = -1
	answer.Header.Del("Content-Length")
}

// scrubbed is a body without the secrets. It is not safe for concurrent reads, as
// other bodies are not.
type scrubbed struct {
	io.ReadCloser
	secrets func() secrets // a function, as key is
	raw     []byte         // what may be the beginning of a secret
	clean   []byte         // what is to be handed out
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
	hidden, piece := s.secrets(), make([]byte, 4<<10)
	n, err := s.ReadCloser.Read(piece)
	s.err = err
	raw := append(s.raw, piece[:n]...)
	for _, secret := range hidden {
		raw = bytes.ReplaceAll(raw, []byte(secret), []byte(redacted))
	}
	keep, whole := beginning(raw, hidden)
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
func beginning(raw []byte, hidden secrets) (keep, whole int) {
	for _, secret := range hidden {
		end := raw[max(len(raw)-len(secret)+1, 0):]
		for {
			at := bytes.IndexByte(end, secret[0])
			if at < 0 || len(end)-at <= keep {
				break
			}
			end = end[at:]
			if strings.HasPrefix(secret, string(end)) {
				keep, whole = len(end), len(secret)
				break
			}
			end = end[1:]
		}
	}
	return keep, whole
}
