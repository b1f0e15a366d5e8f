package hostclient

import (
	"net/http"
	"strings"
)

// nextLink returns the target of the Link header whose relation is next, as it
// stands there, and "" for none (RFC 8288).
func nextLink(h http.Header) string {
	for _, value := range h["Link"] {
		for _, link := range splitOutside(value, ',') {
			if target, ok := linkTo(link, "next"); ok {
				return target
			}
		}
	}
	return ""
}

// linkTo returns the target of one link if it has the relation.
func linkTo(link, relation string) (string, bool) {
	parts := splitOutside(link, ';')
	target, open := strings.CutPrefix(strings.TrimSpace(parts[0]), "<")
	target, closed := strings.CutSuffix(target, ">")
	if !open || !closed {
		return "", false
	}
	for _, param := range parts[1:] {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for rel := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, relation) {
				return target, true
			}
		}
		return "", false // further rel parameters count for nothing
	}
	return "", false
}

// splitOutside splits a header's value at sep, except within quotes and angle
// brackets.
func splitOutside(value string, sep byte) []string {
	var parts []string
	begin, until := 0, byte(0) // until ends what is quoted
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case until == '"' && c == '\\':
			i++
		case c == until:
			until = 0
		case until != 0:
		case c == '"':
			until = '"'
		case c == '<':
			until = '>'
		case c == sep:
			parts = append(parts, value[begin:i])
			begin = i + 1
		}
	}
	return append(parts, value[begin:])
}
