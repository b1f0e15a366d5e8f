package handshake

import (
	"errors"
	"net/url"
	"strings"
)

// maxLocal bounds a path, which travels in a cookie.
const maxLocal = 512

// CheckLocal returns nil if target is a path of this site, with or without a
// query, that no browser takes for a place elsewhere, so that a stranger who
// chooses it cannot lead a user astray. It begins with one slash and has neither
// backslashes nor control characters, blanks or letters beyond ASCII, which must
// be escaped; nor empty or dot segments, escaped or not. It has at most 512
// bytes.
func CheckLocal(target string) error {
	if err := checkLocal(target); err != nil {
		return errors.New("handshake: the path to return to " + err.Error())
	}
	return nil
}

func checkLocal(target string) error {
	switch {
	case len(target) > maxLocal:
		return errors.New("is too long")
	case !strings.HasPrefix(target, "/"):
		return errors.New("does not begin with a slash")
	case strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }):
		return errors.New("has a character that must be escaped")
	}
	path := target
	if end := strings.IndexAny(target, "?#"); end >= 0 {
		path = target[:end]
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return errors.New("has a broken escape")
	}
	return checkSegments(decoded)
}

func checkSegments(decoded string) error {
	if strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return errors.New("has an escaped backslash or control character")
	}
	segments := strings.Split(decoded, "/")[1:]
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return errors.New("has an empty segment or a dot segment")
		}
	}
	return nil
}
