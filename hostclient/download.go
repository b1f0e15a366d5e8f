package hostclient

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// maxMediaHops is how many redirects outside of the site a download follows.
const maxMediaHops = 3

// Download sends r, which NewRequest made, and returns the answer with its body,
// which must be closed, when it is a success. Jira and Confluence keep files on
// another host and redirect there with a link that is signed: the redirect is
// followed without the credential, without cookies, and with nothing of r's header
// but Accept, Range and If-Range. The link may lead to any https host, and to http
// on this machine when the site itself is there; Config.PublicOnly guards the
// addresses.
//
// The body is not limited; a negative Config.Timeout lets it last. An answer that
// is no success is an *Error; a redirect to a login page is ErrUnauthorized, as an
// expired token gives outside of the REST API. The link does not show in errors.
func (c *Client) Download(r *http.Request) (*http.Response, error) {
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	location, leads := mediaLink(answer)
	if !leads || toLogin(answer.Header) {
		if err := c.CheckResponse(answer); err != nil {
			return nil, err
		}
		return answer, nil
	}
	drain(answer)
	return c.media(r, location)
}

// media follows a signed link without the credential.
func (c *Client) media(asked *http.Request, location *url.URL) (*http.Response, error) {
	for range maxMediaHops {
		if err := c.checkMedia(location); err != nil {
			return nil, err
		}
		r := mediaRequest(asked, location)
		r.Header.Set("User-Agent", c.transport.UserAgent)
		answer, err := c.hosts.bare().Do(r)
		if err != nil {
			return nil, c.binding.site.origin.redactError(err)
		}
		next, leads := mediaLink(answer)
		if leads {
			drain(answer)
			location = next
			continue
		}
		if !success(answer.StatusCode) {
			defer answer.Body.Close()
			return nil, newError(answer, Binding{}, c.hosts.config.Clock())
		}
		return answer, nil
	}
	return nil, fmt.Errorf("%w: a download was redirected more than %d times", ErrRedirect, maxMediaHops)
}

// checkMedia refuses links that a credential-less request must not go to either.
func (c *Client) checkMedia(u *url.URL) error {
	local := c.binding.site.origin.scheme == "http" && u.Scheme == "http" && loopback.Host(u.Hostname())
	switch {
	case u.User != nil, u.Opaque != "", u.Hostname() == "":
		return fmt.Errorf("%w: the link to a download is none", ErrOrigin)
	case u.Scheme != "https" && !local:
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

func mediaRequest(asked *http.Request, location *url.URL) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: location, Host: location.Host, Header: http.Header{}}).WithContext(asked.Context())
	for _, name := range []string{"Accept", "Range", "If-Range"} {
		if values, ok := asked.Header[name]; ok {
			r.Header[name] = values
		}
	}
	return r
}
