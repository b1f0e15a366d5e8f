package oauth1

import (
	"net/url"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// appendEncoded percent-encodes text as RFC 5849, section 3.6, has it: all but
// letters, digits, "-", ".", "_" and "~", with capital letters in the escapes.
func appendEncoded(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

func encode(text string) string { return string(appendEncoded(nil, text)) }

func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}

// pair is a name and its value, decoded.
type pair struct{ name, value string }

// parsePairs reads a query or a form: all pairs, in their order. A pair may lack
// its equals sign, and a semicolon separates nothing. It reports whether all
// escapes are whole.
func parsePairs(form string) (pairs []pair, ok bool) {
	for form != "" {
		var text string
		text, form, _ = strings.Cut(form, "&")
		if text == "" {
			continue
		}
		name, value, _ := strings.Cut(text, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, false
		}
		pairs = append(pairs, pair{name, value})
	}
	return pairs, true
}
