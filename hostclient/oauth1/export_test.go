package oauth1

import "net/http"

// BaseOf gives tests the text that is signed, from its parts.
func BaseOf(method, scheme, host, path string, of, protocol [][2]string) string {
	return baseString(target{method, scheme, host, path}, pairs(of), pairs(protocol))
}

// BaseString gives tests the text that is signed for r.
func BaseString(r *http.Request, protocol [][2]string) (string, error) {
	t, of, err := parts(r)
	if err != nil {
		return "", err
	}
	return baseString(t, of, pairs(protocol)), nil
}

// ParsePairs gives tests the pairs of a query.
func ParsePairs(query string) ([][2]string, bool) {
	parsed, ok := parsePairs(query)
	var out [][2]string
	for _, p := range parsed {
		out = append(out, [2]string{p.name, p.value})
	}
	return out, ok
}

func pairs(in [][2]string) []pair {
	var out []pair
	for _, p := range in {
		out = append(out, pair{p[0], p[1]})
	}
	return out
}
