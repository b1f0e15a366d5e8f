package hostclient

import (
	"net/http"
	"strings"
	"unicode"
)

// endpointOf names what a burst limit counts: the method, and the path with
// everything left out that looks like the name of a single thing.
func endpointOf(r *http.Request) string {
	segments := strings.Split(strings.TrimSuffix(r.URL.Path, "/"), "/")
	named := make([]string, len(segments))
	for i, segment := range segments {
		named[i] = segment
		if i > 0 && single(segments[:i], segment) {
			named[i] = "*"
		}
	}
	return methodOf(r) + " " + strings.Join(named, "/")
}

// single reports whether a segment of a path, after others, names one thing among
// many: an id, a key of an issue, a project or a space, an account, an app. The
// hosts' own words in a path are of letters, with a small one among them.
func single(before []string, segment string) bool {
	last := before[len(before)-1]
	switch {
	case segment == "", last == "rest": // the name of an API, as in /rest/oauth2
		return false
	case apiVersion(before, segment):
		return false
	case last == "properties":
		return true
	}
	return strings.ContainsAny(segment, "0123456789.~:@%") || !strings.ContainsFunc(segment, unicode.IsLower)
}

// apiVersion reports whether a segment is the version of an API: the 3 of
// /rest/api/3, the 1.0 of /rest/agile/1.0, or v2.
func apiVersion(before []string, segment string) bool {
	if n := len(before); n >= 2 && before[n-2] == "rest" && digits(strings.ReplaceAll(segment, ".", "")) {
		return true
	}
	return len(segment) <= 3 && segment[0] == 'v' && digits(segment[1:])
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// issueOf names the issue that a request changes, "" for none. The service desk
// calls its issues requests.
func issueOf(r *http.Request) string {
	if bodiless(r.Method) || r.Method == http.MethodOptions {
		return ""
	}
	for _, word := range []string{"/issue/", "/request/"} {
		_, rest, _ := strings.Cut(r.URL.Path, word)
		issue, _, _ := strings.Cut(rest, "/")
		if strings.ContainsAny(issue, "0123456789") { // as against /issue/bulk
			return "issue " + strings.ToUpper(issue)
		}
	}
	return ""
}
