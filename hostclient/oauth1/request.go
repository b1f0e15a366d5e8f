package oauth1

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxForm bounds the form in a body, which is held in memory to be signed.
const maxForm = 8 << 20

// parts returns what of r is signed.
func parts(r *http.Request) (target, []pair, error) {
	t, err := targetOf(r)
	if err != nil {
		return target{}, nil, err
	}
	pairs, ok := parsePairs(r.URL.RawQuery)
	if !ok {
		return target{}, nil, errors.New("the query has a broken escape")
	}
	form, err := formOf(r)
	if err != nil {
		return target{}, nil, err
	}
	pairs = append(pairs, form...)
	for _, p := range pairs {
		// A server refuses parameters that are said twice.
		if strings.HasPrefix(p.name, "oauth_") {
			return target{}, nil, errors.New("the query or the form has a parameter of OAuth's own")
		}
	}
	return t, pairs, nil
}

func targetOf(r *http.Request) (target, error) {
	if r.URL == nil || r.URL.Opaque != "" || r.URL.Host == "" {
		return target{}, errors.New("the URL has no host or no path of its own")
	}
	t := target{method: r.Method, scheme: r.URL.Scheme, host: r.Host, path: r.URL.EscapedPath()}
	if t.method == "" {
		t.method = http.MethodGet
	}
	if t.host == "" {
		t.host = r.URL.Host
	}
	if strings.ContainsFunc(t.host, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '%' || c == '/' }) {
		// It would be sent in another form than it is signed in.
		return target{}, errors.New("the host is not in its ASCII form")
	}
	return t, nil
}

// formOf returns the pairs of a form in the body, by section 3.4.1.3.1, whatever
// the method, and leaves the body unread.
func formOf(r *http.Request) ([]pair, error) {
	if r.Body == nil || r.Body == http.NoBody || !isForm(r.Header.Get("Content-Type")) {
		return nil, nil
	}
	if r.GetBody == nil {
		return nil, errors.New("the form in the body must be read twice, to be signed and to be sent: the request needs GetBody")
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, fmt.Errorf("the form in the body: %w", err)
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxForm+1))
	if err != nil {
		return nil, fmt.Errorf("the form in the body: %w", err)
	}
	if len(text) > maxForm {
		return nil, fmt.Errorf("the form in the body is larger than %d bytes", maxForm)
	}
	pairs, ok := parsePairs(string(text))
	if !ok {
		return nil, errors.New("the form in the body has a broken escape")
	}
	return pairs, nil
}

func isForm(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}
