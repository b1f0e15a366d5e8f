package hostclient

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// maxMediaHops is how many redirects outside of the site a download follows.
const maxMediaHops = 3

// Download sends r, a GET or HEAD that NewRequest made, and returns the answer with
// its body, which must be closed, when it is a success. Jira and Confluence keep
// files on another host and redirect there with a link that is signed: the redirect
// is followed without the credential, without cookies, and with nothing of r's
// header but Range and If-Range. The link may lead to any https host, and to http
// on this machine when the site itself is there; PublicBase guards the
// addresses. Any kind of content is asked for, unless r's Accept is another one
// than NewRequest sets.
//
// The body is not limited; a negative Config.Timeout lets it last. An answer that
// is no success is an *Error; a redirect to a login page is ErrUnauthorized, as an
// expired token gives outside of the REST API. A link that is not followed is
// ErrOrigin or ErrRedirect. The link does not show in errors. A proxy that asks for
// a login with a success cannot be told from a file that is a page: its Content-Type
// is text/html.
func (c *Client) Download(r *http.Request) (*http.Response, error) {
	answer, err := c.Do(forFile(r))
	if err != nil {
		return nil, err
	}
	location, leads := mediaLink(answer)
	switch {
	case !leads, toLogin(answer.Header), !bodiless(r.Method), c.binding.site.origin.check(location) == nil:
		if err := c.CheckResponse(answer); err != nil {
			return nil, err
		}
		return answer, nil
	}
	drain(answer)
	return c.media(r, requestOf(answer).URL, location)
}

// forFile returns r for a file: what NewRequest asks for is JSON.
func forFile(r *http.Request) *http.Request {
	if r.Header.Get("Accept") != "application/json" {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "*/*")
	return r
}

// media follows a signed link without the credential.
func (c *Client) media(asked *http.Request, from, to *url.URL) (*http.Response, error) {
	for range maxMediaHops {
		if err := checkMedia(from, to); err != nil {
			return nil, err
		}
		answer, err := c.hosts.bare().Do(c.mediaRequest(asked, to))
		if err != nil {
			return nil, Origin{}.redactError(err) // of no origin, as all of the query is secret
		}
		next, leads := mediaLink(answer)
		if !leads {
			return c.checkFile(answer)
		}
		drain(answer)
		from, to = to, next
	}
	return nil, fmt.Errorf("%w: a download was redirected more than %d times", ErrRedirect, maxMediaHops)
}

// checkMedia refuses links that a request without a credential must not follow
// either.
func checkMedia(from, to *url.URL) error {
	local := from.Scheme == "http" && to.Scheme == "http" && loopback.Host(to.Hostname())
	switch {
	case to.User != nil, to.Opaque != "", to.Hostname() == "":
		return fmt.Errorf("%w: the link to a download is none", ErrOrigin)
	case to.Scheme != "https" && !local:
		return fmt.Errorf("%w: the link to a download is not https", ErrOrigin)
	}
	return nil
}

// mediaLink returns where an answer redirects to.
func mediaLink(answer *http.Response) (*url.URL, bool) {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false
	}
	u, err := answer.Location()
	return u, err == nil
}

func (c *Client) mediaRequest(asked *http.Request, to *url.URL) *http.Request {
	r := (&http.Request{Method: methodOf(asked), URL: to, Host: to.Host, Header: http.Header{}}).WithContext(asked.Context())
	r.Header.Set("User-Agent", c.transport.UserAgent)
	for _, name := range []string{"Range", "If-Range"} {
		if values, ok := asked.Header[name]; ok {
			r.Header[name] = values
		}
	}
	return r
}

// checkFile makes an error of an answer that is no success, without the signature
// of its link, should the host repeat that.
func (c *Client) checkFile(answer *http.Response) (*http.Response, error) {
	if success(answer.StatusCode) {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, ReadError(answer, c.hosts.config.Clock(), linkSecrets(requestOf(answer).URL)...)
}

// linkSecrets returns the query of a signed link and its values, as they stand there
// and decoded, the longest first.
func linkSecrets(link *url.URL) []string {
	secrets := []string{link.RawQuery}
	for pair := range strings.SplitSeq(link.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
	}
	for _, values := range link.Query() {
		secrets = append(secrets, values...)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}
