// Package qsh computes the canonical form of a request and its hash, the qsh
// claim of a Connect token, as the host computes them.
//
// The hash covers method, path and query and never the body. Where Atlassian's
// text and its two implementations differ, this package does what the host's
// Java code does: names sort by their encoded form, the values of one name by
// their decoded text in UTF-16 order.
package qsh

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Context is the qsh claim of a context token, which stands for no request.
const Context = "context-qsh"

// TokenParam is the query parameter that carries a token and is not hashed.
const TokenParam = "jwt"

// maxParams is how many parameters net/url takes before it refuses a query.
const maxParams = 10000

// Param is one parameter of a query, decoded.
type Param struct{ Name, Value string }

// ParseQuery splits a raw query into its parameters, in order. It refuses
// exactly what url.ParseQuery refuses: a parameter that is skipped there would
// be hashed but never seen by a handler.
func ParseQuery(raw string) ([]Param, error) {
	if raw == "" {
		return nil, nil
	}
	n := strings.Count(raw, "&") + 1
	if n > maxParams {
		return nil, errors.New("qsh: the query has too many parameters")
	}
	if strings.IndexByte(raw, ';') >= 0 {
		return nil, errors.New("qsh: the query has a bare semicolon")
	}
	params := make([]Param, 0, n)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var err error
		if name, err = unescape(name); err != nil {
			return nil, errors.New("qsh: the query has a broken escape")
		}
		if value, err = unescape(value); err != nil {
			return nil, errors.New("qsh: the query has a broken escape")
		}
		params = append(params, Param{name, value})
	}
	return params, nil
}

// unescape is url.QueryUnescape, quick for text without escapes, as tokens are.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// Canonical returns the canonical request: the method, the path below the
// base and the parameters, which it reorders. The path is taken as it is given:
// escaped where the sender hashes it escaped.
func Canonical(method, path string, params []Param) string {
	var b strings.Builder
	n := len(method) + len(path) + 8
	for _, p := range params {
		n += len(p.Name) + len(p.Value) + len(p.Value)/2 + 2
	}
	b.Grow(n)
	b.WriteString(strings.ToUpper(method))
	b.WriteByte('&')
	writePath(&b, path)
	b.WriteByte('&')
	writeQuery(&b, params)
	return b.String()
}

// Sum returns the hash of a canonical request: 64 lower-case hex digits.
func Sum(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

// Below returns path without the prefix base, and whether path is base or lies
// below it. A base of "" or "/" holds every path.
func Below(path, base string) (string, bool) {
	base = strings.TrimSuffix(base, "/")
	rest, ok := strings.CutPrefix(path, base)
	if !ok || rest != "" && rest[0] != '/' {
		return path, false
	}
	return rest, true
}

func writePath(b *strings.Builder, path string) {
	if !strings.HasPrefix(path, "/") {
		b.WriteByte('/')
	}
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	for {
		before, after, found := strings.Cut(path, "&")
		b.WriteString(before)
		if !found {
			return
		}
		b.WriteString("%26")
		path = after
	}
}

func writeQuery(b *strings.Builder, params []Param) {
	type encoded struct{ name, value string }
	var few [16]encoded // enough for any page URL of the host
	pairs := few[:0]
	for _, p := range params {
		if p.Name != TokenParam {
			pairs = append(pairs, encoded{encode(p.Name), p.Value})
		}
	}
	slices.SortStableFunc(pairs, func(a, c encoded) int {
		if n := strings.Compare(a.name, c.name); n != 0 {
			return n
		}
		return compareUTF16(a.value, c.value)
	})
	for i, p := range pairs {
		switch {
		case i > 0 && pairs[i-1].name == p.name:
			b.WriteByte(',')
		case i > 0:
			b.WriteByte('&')
			fallthrough
		default:
			b.WriteString(p.name)
			b.WriteByte('=')
		}
		writeEncoded(b, p.value)
	}
}

// compareUTF16 orders as comparing UTF-16 code units does: as bytes do, but
// that the characters from U+E000 to U+FFFF, whose UTF-8 begins with EE or EF,
// come after those beyond them, which are surrogate pairs.
func compareUTF16(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		if rank(a[i]) < rank(b[i]) {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

func rank(lead byte) int {
	if lead == 0xEE || lead == 0xEF {
		return int(lead) + 0x100
	}
	return int(lead)
}

func encode(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || !unreserved(byte(r)) }) < 0 {
		return s
	}
	var b strings.Builder
	writeEncoded(&b, s)
	return b.String()
}

func writeEncoded(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}

// unreserved reports the characters that RFC 3986 leaves bare.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}
