package hostclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
)

// resolve turns what a caller names into a URL on the origin.
func (o Origin) resolve(target string) (*url.URL, error) {
	if slashless(target) {
		return nil, fmt.Errorf("%w: %q: begin the path with a slash", ErrRequest, redactText(target))
	}
	u, err := o.parse(target)
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrOrigin, redactText(target), err)
	}
	if err := o.Check(u); err != nil {
		return nil, err
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func (o Origin) parse(target string) (*url.URL, error) {
	if !absolute(target) {
		if !strings.HasPrefix(target, "/") {
			return nil, errors.New("neither a path from a slash on nor an absolute URL")
		}
		target = o.root() + o.prefix(target) + target
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil, errors.New("does not parse") // the reason repeats the URL
	}
	return u, nil
}

// slashless reports whether target is a path, or a query or nothing, that lacks
// its slash. What a browser or a server could take for a host or a scheme is not.
func slashless(target string) bool {
	if strings.HasPrefix(target, "/") || strings.HasPrefix(target, ".") {
		return false
	}
	segment := target
	if end := strings.IndexAny(target, "/?#"); end >= 0 {
		segment = target[:end]
	}
	return !strings.ContainsFunc(segment, notInName)
}

func notInName(r rune) bool {
	return r >= 0x80 || r != '-' && r != '_' && r != '.' && !alphanumeric(byte(r))
}

func absolute(target string) bool {
	for _, scheme := range []string{"http://", "https://"} {
		if len(target) >= len(scheme) && strings.EqualFold(target[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// prefix returns what must stand before path, nothing when it names the
// origin's path itself.
func (o Origin) prefix(path string) string {
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	if _, ok := qsh.Below(path, o.path); ok {
		return ""
	}
	return o.path
}
