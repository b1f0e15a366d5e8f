package hostclient

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
	"github.com/atlassian-connect-go/sdk/internal/qsh"
)

// Origin is the part of the web that a credential may be shown to: a scheme, a
// host, a port and a path prefix. The zero Origin holds nothing: no request
// goes there. Origins are plain values that do not change, comparable with ==
// and safe for concurrent use; ParseOrigin makes them.
type Origin struct {
	scheme string
	host   string // lower case, with the port when it is not the scheme's
	path   string // "" or a path without a trailing slash
}

// ParseOrigin returns the Origin of a tenant's base URL. The URL must be
// https, or http on a loopback host, and consist of scheme, host, port and a
// plain path alone. A trailing slash means nothing. Anything else is an error
// that names the URL, without user information and query.
func ParseOrigin(baseURL string) (Origin, error) {
	o, err := parseOrigin(baseURL)
	if err != nil {
		return Origin{}, fmt.Errorf("hostclient: base URL %w", err)
	}
	return o, nil
}

// parseOrigin is ParseOrigin with errors that go on where the name of a setting
// ends.
func parseOrigin(baseURL string) (Origin, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		err = errors.New("does not parse") // the reason repeats the URL
	} else {
		err = checkBaseURL(u)
	}
	if err != nil {
		return Origin{}, fmt.Errorf("%q %w", redactText(baseURL), err)
	}
	path := strings.TrimSuffix(u.Path, "/")
	return Origin{scheme: u.Scheme, host: hostOf(u.Scheme, u.Host), path: path}, nil
}

func checkBaseURL(u *url.URL) error {
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())):
		return errors.New("is not https")
	case u.User != nil:
		return errors.New("has user information")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("has a query or a fragment")
	}
	if err := checkHost(u); err != nil {
		return err
	}
	if u.EscapedPath() != u.Path || strings.Contains(u.Path, "%") {
		return errors.New("has a path that needs escapes")
	}
	if err := checkPath(u.Path); err != nil {
		return fmt.Errorf("is no base URL: %w", err)
	}
	return nil
}

// String returns the origin as a URL without a trailing slash, and "://" for
// the zero Origin.
func (o Origin) String() string { return o.root() + o.path }

func (o Origin) root() string { return o.scheme + "://" + o.host }

// Check returns nil if a request for u goes to the origin and no server on the
// way can take it for one that goes elsewhere, and an error that is ErrOrigin
// otherwise. Refused are another scheme, host or port, a path that is not below
// the origin's, user information, and paths with dot segments, empty segments,
// backslashes, control characters or text that is not UTF-8, plain or under one
// or more layers of percent-encoding as each of them is dangerous; and queries
// that would not survive on a request line. A fragment is never sent and is
// not looked at.
func (o Origin) Check(u *url.URL) error {
	if err := o.check(u); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrOrigin, o.redact(u), err)
	}
	return nil
}

func (o Origin) check(u *url.URL) error {
	switch {
	case o.host == "":
		return errors.New("the origin is empty")
	case u == nil:
		return errors.New("there is no URL")
	case u.Opaque != "":
		return errors.New("the URL has no path of its own")
	case u.User != nil:
		return errors.New("the URL has user information")
	case u.Scheme != o.scheme || hostOf(u.Scheme, u.Host) != o.host:
		return fmt.Errorf("not on %s", o.root())
	}
	if _, ok := qsh.Below(u.EscapedPath(), o.path); !ok {
		return fmt.Errorf("not below %s", o.path)
	}
	if err := checkPath(u.Path); err != nil {
		return err
	}
	return checkRawQuery(u.RawQuery)
}

// hostOf brings a host to the form in which hosts are compared. What is
// written unusually, as "host:" or "host:0443", stays different.
func hostOf(scheme, host string) string {
	host = strings.ToLower(host)
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

func checkHost(u *url.URL) error {
	host := u.Hostname()
	if host == "" || strings.HasSuffix(u.Host, ":") {
		return errors.New("has no host")
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return nil
	}
	for _, c := range []byte(host) {
		if c != '.' && c != '-' && c != '_' && !alphanumeric(c) {
			return errors.New("has a host that is not a plain name")
		}
	}
	return nil
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// checkPath looks at a path that is decoded once.
func checkPath(path string) error {
	if harmless(path) {
		return nil
	}
	if err := checkSegments(path); err != nil {
		return err
	}
	switch {
	case strings.Contains(path, "//"):
		return errors.New("the path has an empty segment")
	case strings.IndexByte(path, '\\') >= 0:
		return errors.New("the path has a backslash")
	case strings.IndexFunc(path, control) >= 0:
		return errors.New("the path has a control character")
	case !utf8.ValidString(path):
		// An overlong form of a dot or a slash is not UTF-8 either.
		return errors.New("the path is not UTF-8")
	}
	return nil
}

// harmless reports, at a glance, most of the paths that checkPath accepts.
func harmless(path string) bool {
	var last byte = '/'
	for i := range len(path) {
		c := path[i]
		switch {
		case alphanumeric(c), c == '-', c == '_':
		case c == '.' && last != '/':
		case c == '/' && (last != '/' || i == 0):
		default:
			return false
		}
		last = c
	}
	return true
}

func control(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 }

// maxLayers is how often a path may be percent-encoded over itself.
const maxLayers = 4

// checkSegments refuses segments that a server would climb with, also under
// further encodings, for a proxy may decode once more than the host.
func checkSegments(path string) error {
	for range maxLayers {
		if err := checkDots(path); err != nil {
			return err
		}
		if strings.IndexByte(path, '%') < 0 {
			return nil
		}
		decoded := decodeLoosely(path)
		if decoded == path {
			return nil
		}
		path = decoded
	}
	return errors.New("the path is escaped too often")
}

func checkDots(path string) error {
	for path != "" {
		var segment string
		end := strings.IndexAny(path, `/\`)
		if end < 0 {
			segment, path = path, ""
		} else {
			segment, path = path[:end], path[end+1:]
		}
		// Java servers cut a segment at its first semicolon.
		if name, _, _ := strings.Cut(segment, ";"); name == "." || name == ".." {
			return errors.New("the path has a dot segment")
		}
	}
	return nil
}

// decodeLoosely decodes the escapes that are whole and keeps the rest.
func decodeLoosely(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func checkRawQuery(raw string) error {
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f {
			return errors.New("the query has a character that must be escaped")
		}
	}
	return nil
}
