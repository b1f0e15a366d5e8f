package devhost

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// contextQSH is the fixed hash text of a context token.
const contextQSH = "context-qsh"

// requestHash is the query string hash of a request: the SHA-256 of its
// canonical form, in lower-case hex.
func requestHash(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(sum[:])
}

// canonicalRequest joins method, relative path and sorted query to the text that
// is hashed. path is taken as it is: escaped for calls to the host, decoded for
// calls to an app. base is the path of the side being called and is cut off.
func canonicalRequest(method, path, base, rawQuery string) (string, error) {
	query, err := canonicalQuery(rawQuery)
	if err != nil {
		return "", err
	}
	return strings.ToUpper(method) + "&" + canonicalPath(path, base) + "&" + query, nil
}

// canonicalPath cuts base as plain text, as Atlassian's implementations do, and
// removes one trailing slash.
func canonicalPath(path, base string) string {
	path = strings.TrimPrefix(path, strings.TrimSuffix(base, "/"))
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ReplaceAll(path, "&", "%26")
}

// queryName is one parameter name with all its values.
type queryName struct {
	encoded string
	values  []string
}

func canonicalQuery(rawQuery string) (string, error) {
	names, err := groupQuery(rawQuery)
	if err != nil {
		return "", err
	}
	slices.SortFunc(names, func(a, b *queryName) int { return cmp.Compare(a.encoded, b.encoded) })
	pairs := make([]string, len(names))
	for i, n := range names {
		slices.SortStableFunc(n.values, compareUTF16)
		for j, v := range n.values {
			n.values[j] = percentEncode(v)
		}
		pairs[i] = n.encoded + "=" + strings.Join(n.values, ",")
	}
	return strings.Join(pairs, "&"), nil
}

// groupQuery reads the pairs of a query and gathers the values of each name. The
// parameter that carries the token is left out.
func groupQuery(rawQuery string) ([]*queryName, error) {
	var names []*queryName
	byName := make(map[string]*queryName)
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if pair == "" {
			continue
		}
		name, value, err := splitPair(pair)
		if err != nil {
			return nil, err
		}
		if name == "jwt" {
			continue
		}
		n := byName[name]
		if n == nil {
			n = &queryName{encoded: percentEncode(name)}
			byName[name] = n
			names = append(names, n)
		}
		n.values = append(n.values, value)
	}
	return names, nil
}

func splitPair(pair string) (name, value string, err error) {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, errName := url.QueryUnescape(rawName)
	value, errValue := url.QueryUnescape(rawValue)
	if err := errors.Join(errName, errValue); err != nil {
		return "", "", fmt.Errorf("query does not parse: %w", err)
	}
	return name, value, nil
}

// percentEncode leaves only the unreserved characters of RFC 3986 bare.
func percentEncode(s string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}

// compareUTF16 orders text by UTF-16 code units, as Java and JavaScript do.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
