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
	u, err := o.parse(target)
	if err != nil {
		shown, _, _ := strings.Cut(target, "?")
		return nil, fmt.Errorf("%w: %q: %w", ErrOrigin, plain(shown, 200), err)
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
