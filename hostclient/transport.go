package hostclient

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Credential is what opens a host's door. Implementations must be safe for
// concurrent use and must show nothing secret when they are formatted.
type Credential interface {
	// Apply authorises r, whose URL lies in origin. It may change r's header,
	// which belongs to the call alone, and nothing else of r. It is called
	// once for every hop, on the URL that is sent. It must honour r.Context()
	// if it waits. Its error ends the request before anything is sent.
	Apply(r *http.Request, origin Origin) error
}

// Rejecter is a Credential that wants to know of answers with the status 401.
type Rejecter interface {
	Credential
	// Rejected is called with a request that Apply authorised and that the
	// host answered with 401. It must not touch the answer's body.
	Rejected(r *http.Request, answer *http.Response)
}

// Transport is an http.RoundTripper that authorises requests to one origin
// and refuses all others before anything is dialled. It signs every hop of its
// own, so it is safe below an http.Client that follows redirects.
//
// A request is refused with ErrOrigin as Origin.Check says, or when its Host
// differs from its URL's; and with ErrRequest when it is a GET or HEAD with a
// body, which the hosts answer with 403. An Authorization header of the
// caller is replaced.
//
// The fields must not change while the Transport is in use. It is safe for
// concurrent use.
type Transport struct {
	// Base sends the requests. Nil means http.DefaultTransport.
	Base http.RoundTripper
	// Before is called with each request that the checks let through, before
	// the credential is in it. It must not change the request, and must be
	// safe for concurrent use. Nil means nobody is called.
	Before func(*http.Request)
	// Credential authorises them. It must not be nil.
	Credential Credential
	// Origin is where they may go. The zero Origin refuses all.
	Origin Origin
	// UserAgent is set on requests that say nothing of theirs. Empty leaves
	// it to Base.
	UserAgent string
}

// RoundTrip implements http.RoundTripper. The answer's Request is r, which
// holds no credential. Nor does the body of an answer that is no success, even
// when the host repeats the credential there: "[redacted]" stands in its place,
// and the answer's ContentLength is -1.
//
// An error is ErrOrigin or ErrRequest for a request that is refused, or else
// what the credential or Base returned; r's body is closed then, too.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.send(r)
	if answer != nil {
		scrubAnswer(answer, answer.Request)
		answer.Request = r
	}
	return answer, err
}

// CloseIdleConnections closes those of Base, which other Transports may share,
// if Base has a method of that name.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// String says what the transport is for; no credential is in it.
func (t Transport) String() string { return "hostclient: transport for " + t.Origin.String() }

// Format writes what String returns, whatever the verb.
func (t Transport) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// send is RoundTrip, but the answer's Request is what was sent.
func (t *Transport) send(r *http.Request) (*http.Response, error) {
	out, err := t.prepare(r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	if t.Before != nil {
		t.Before(r)
	}
	answer, err := t.base().RoundTrip(out)
	if err != nil || answer == nil {
		return nil, err
	}
	answer.Request = out
	if c, ok := t.Credential.(Rejecter); ok && answer.StatusCode == http.StatusUnauthorized {
		c.Rejected(out, answer)
	}
	return answer, nil
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// prepare checks r and returns the authorised copy to send.
func (t *Transport) prepare(r *http.Request) (*http.Request, error) {
	if t.Credential == nil {
		return nil, errors.New("hostclient: a Transport needs a Credential")
	}
	if f, ok := t.Credential.(failing); ok {
		return nil, f.err // before the origin, which it has none of
	}
	if err := t.Origin.Check(r.URL); err != nil {
		return nil, err
	}
	if r.Host != "" && hostOf(r.URL.Scheme, r.Host) != t.Origin.host {
		return nil, fmt.Errorf("%w: the Host of the request is not its URL's", ErrOrigin)
	}
	if r.Method == http.MethodConnect {
		return nil, fmt.Errorf("%w: CONNECT is for proxies", ErrRequest)
	}
	if r.Body != nil && r.Body != http.NoBody && bodiless(r.Method) {
		return nil, fmt.Errorf("%w: %s with a body", ErrRequest, methodOf(r))
	}
	out := clone(r, t.UserAgent)
	if err := t.Credential.Apply(out, t.Origin); err != nil {
		return nil, err
	}
	return out, nil
}

// clone copies what the transport or a credential may write to, without the
// caller's Authorization. It costs one allocation beside the header's.
func clone(r *http.Request, userAgent string) *http.Request {
	copied := &struct {
		request   http.Request
		url       url.URL
		userAgent [1]string
	}{*r, *r.URL, [1]string{userAgent}}
	out := &copied.request
	out.URL = &copied.url
	out.Header = make(http.Header, len(r.Header)+2)
	for name, values := range r.Header {
		if strings.EqualFold(name, "Authorization") {
			continue // also one that is not in canonical form
		}
		out.Header[name] = values[:len(values):len(values)]
	}
	if _, said := out.Header["User-Agent"]; !said && userAgent != "" {
		out.Header["User-Agent"] = copied.userAgent[:]
	}
	return out
}

// closeBody closes the body of a request that is not sent.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // why it is not sent is the error to tell
	}
}

func bodiless(method string) bool {
	return method == "" || strings.EqualFold(method, "GET") || strings.EqualFold(method, "HEAD")
}

func methodOf(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// newBase returns the transport of those who bring none.
func newBase() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
	}
}
