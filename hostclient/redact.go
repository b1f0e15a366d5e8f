package hostclient

import (
	"errors"
	"net/url"
	"strings"
)

const redacted = "[redacted]"

// redact returns u for a message: without user information, with the values
// of parameters that carry credentials blotted out, and without any query when
// u is not on the origin, for the links a host redirects to are signed.
func (o Origin) redact(u *url.URL) string {
	if u == nil {
		return "no URL"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.Opaque != "" {
		shown.Opaque = redacted
	}
	if u.Scheme == o.scheme && hostOf(u.Scheme, u.Host) == o.host {
		shown.RawQuery = redactQuery(u.RawQuery)
	}
	return plain(shown.String(), maxShownURL)
}

const maxShownURL = 1 << 10

func redactQuery(raw string) string {
	var b strings.Builder
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		name, _, valued := strings.Cut(pair, "=")
		if plainName, err := url.QueryUnescape(name); valued && (err != nil || secretParam(plainName)) {
			pair = name + "=" + redacted
		}
		b.WriteString(pair)
	}
	return b.String()
}

func secretParam(name string) bool {
	switch strings.ToLower(name) {
	case "jwt", "access_token", "refresh_token", "id_token", "token", "atl_token", "assertion",
		"client_secret", "client_assertion", "code_verifier", "secret", "password", "os_password", "code", "signature",
		"oauth_token", "oauth_token_secret", "oauth_verifier", "oauth_signature":
		return true
	}
	return false
}

// redactText returns a URL, or what was meant to be one, for a message: without
// user information, query and fragment, also where it does not parse.
func redactText(raw string) string {
	if end := strings.IndexAny(raw, "?#"); end >= 0 {
		raw = raw[:end]
	}
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		raw = redacted + raw[at:]
	}
	return plain(raw, 200)
}

var errBadRedirect = errors.New("the host redirects to what is no URL")

// redactError returns an error of an http.Client with its URL redacted.
func (o Origin) redactError(err error) error {
	var failed *url.Error
	if !errors.As(err, &failed) {
		return err
	}
	shown := &url.Error{Op: failed.Op, URL: redacted, Err: failed.Err}
	if strings.HasPrefix(failed.Err.Error(), "failed to parse Location header") {
		shown.Err = errBadRedirect // net/http repeats the link, which may be signed
	}
	if u, parseErr := url.Parse(failed.URL); parseErr == nil {
		shown.URL = o.redact(u)
	}
	return shown
}

// plain makes text of others fit for a message or a log: one line of at most
// limit bytes.
func plain(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if control(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text))
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
