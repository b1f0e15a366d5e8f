package oauth1

import (
	"cmp"
	"slices"
	"strings"
)

// target is what a request is made to, as it is on the wire.
type target struct {
	method string
	scheme string
	host   string // with its port, if it names one
	path   string // escaped
}

// baseString returns the text that is signed, by RFC 5849, section 3.4.1. of
// are the pairs of the query and of a form in the body; protocol are those of the
// Authorization header, of which realm is left out. oauth_signature never counts.
// The order of the pairs means nothing.
func baseString(t target, of, protocol []pair) string {
	encoded := make([]pair, 0, len(of)+len(protocol))
	for _, p := range of {
		if p.name != "oauth_signature" {
			encoded = append(encoded, pair{encode(p.name), encode(p.value)})
		}
	}
	for _, p := range protocol {
		if p.name != "oauth_signature" && p.name != "realm" {
			encoded = append(encoded, pair{encode(p.name), encode(p.value)})
		}
	}
	// By name, then by value: joined texts sort otherwise, for "=" is greater
	// than a digit.
	slices.SortFunc(encoded, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var normalized []byte
	for i, p := range encoded {
		if i > 0 {
			normalized = append(normalized, '&')
		}
		normalized = append(append(append(normalized, p.name...), '='), p.value...)
	}
	b := appendEncoded(nil, strings.ToUpper(t.method))
	b = appendEncoded(append(b, '&'), t.uri())
	return string(appendEncoded(append(b, '&'), string(normalized)))
}

// uri returns the base string URI of section 3.4.1.2.
func (t target) uri() string {
	scheme, host, path := strings.ToLower(t.scheme), strings.ToLower(t.host), t.path
	host = strings.TrimSuffix(host, ":")
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}
