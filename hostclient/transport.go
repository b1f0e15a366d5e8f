package hostclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Transport is an http.RoundTripper that authorises requests to the site of its
// credential and refuses all others before anything is dialled. It signs every
// hop and every repetition of its own, so it is safe below an http.Client that
// follows redirects.
//
// A request is refused with ErrOrigin as Origin.Check says, or when its Host
// differs from its URL's; and with ErrRequest when it is a GET or HEAD with a
// body, which the hosts answer with 403. An Authorization header of the caller
// is replaced. Origin and Referer are left out, and forms and files are sent with
// "X-Atlassian-Token: no-check", for else the hosts take the call for one that a
// web page forged.
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
	// Limits paces and repeats calls, and is shared by all that call for one
	// app. Nil means that each call is sent at once, and once.
	Limits *Limits
	// RetryWrites has PUT and DELETE repeated as GET is, and POST and PATCH
	// when the host said 429 and when to try again; see Limits.
	RetryWrites bool
	// UserAgent is set on requests that say nothing of theirs. Empty leaves
	// it to Base.
	UserAgent string
}

// RoundTrip implements http.RoundTripper. The answer's Request is r, which
// holds no credential. Nor does the body of an answer that is no success, even
// when the host repeats the credential there: "[redacted]" stands in its place,
// and the answer's ContentLength is -1.
//
// An error is ErrOrigin or ErrRequest for a request that is refused, an *Error
// that is ErrRateLimited for one that the host's limits forbid for longer than
// Limits may wait, or else what the credential or Base returned; r's body is
// closed then, too.
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
func (t Transport) String() string {
	if t.Credential == nil {
		return "hostclient: transport without a credential"
	}
	return "hostclient: transport for " + t.Credential.Binding().site.origin.String()
}

// Format writes what String returns, whatever the verb.
func (t Transport) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// send is RoundTrip, but the answer's Request is what was sent.
func (t *Transport) send(r *http.Request) (*http.Response, error) {
	binding, err := t.check(r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	if t.Before != nil {
		t.Before(r)
	}
	c := call{t: t, r: r, of: partyOf(t.Credential, binding.site)}
	return c.run()
}

func (t *Transport) base() http.RoundTripper {
	if t.Base == nil {
		return http.DefaultTransport
	}
	return t.Base
}

// check refuses what must not be sent.
func (t *Transport) check(r *http.Request) (Binding, error) {
	if t.Credential == nil {
		return Binding{}, errors.New("hostclient: a Transport needs a Credential")
	}
	if f, ok := t.Credential.(failing); ok {
		return Binding{}, f.err // before the origin, which it has none of
	}
	binding := t.Credential.Binding()
	origin := &binding.site.origin
	if err := origin.Check(r.URL); err != nil {
		return Binding{}, err
	}
	if r.Host != "" && hostOf(r.URL.Scheme, r.Host) != origin.host {
		return Binding{}, fmt.Errorf("%w: the Host of the request is not its URL's", ErrOrigin)
	}
	if r.Method == http.MethodConnect {
		return Binding{}, fmt.Errorf("%w: CONNECT is for proxies", ErrRequest)
	}
	if hasBody(r) && bodiless(r.Method) {
		return Binding{}, fmt.Errorf("%w: %s with a body, which the hosts answer with 403", ErrRequest, methodOf(r))
	}
	return binding, nil
}

// once sends one attempt with body and returns its answer, whose Request is
// what was sent.
func (t *Transport) once(r *http.Request, body io.ReadCloser) (*http.Response, error) {
	out := clone(r, t.UserAgent)
	out.Body = body
	if err := t.Credential.Apply(out); err != nil {
		closeBody(out)
		return nil, err
	}
	answer, err := t.base().RoundTrip(out)
	if err != nil || answer == nil {
		return nil, err
	}
	answer.Request = out
	if c, ok := t.Credential.(Observer); ok {
		c.Observe(answer)
	}
	return answer, nil
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
	out.Header = make(http.Header, len(r.Header)+3)
	for name, values := range r.Header {
		if !ours(name) {
			out.Header[name] = values[:len(values):len(values)]
		}
	}
	if _, said := out.Header["User-Agent"]; !said && userAgent != "" {
		out.Header["User-Agent"] = copied.userAgent[:]
	}
	if _, said := out.Header[xsrfHeader]; !said && hasBody(r) && formType(r.Header) {
		out.Header[xsrfHeader] = noCheck
	}
	return out
}

// xsrfHeader is how a client that is no browser says so (Atlassian's article on
// "XSRF check failed").
const xsrfHeader = "X-Atlassian-Token"

var noCheck = []string{"no-check"}

// ours reports whether a header is the transport's to set, or none that a client
// which is no browser sends; also when its name is not in canonical form.
func ours(name string) bool {
	switch len(name) {
	case len("Authorization"):
		return strings.EqualFold(name, "Authorization")
	case len("Origin"):
		return strings.EqualFold(name, "Origin")
	case len("Referer"):
		return strings.EqualFold(name, "Referer")
	}
	return false
}

// formType reports whether a body is of a kind that a web page could send, too.
func formType(h http.Header) bool {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return strings.HasPrefix(kind, "multipart/") || kind == "application/x-www-form-urlencoded" || kind == "text/plain"
}

// closeBody closes the body of a request that is not sent.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // why it is not sent is the error to tell
	}
}

func hasBody(r *http.Request) bool { return r.Body != nil && r.Body != http.NoBody }

func bodiless(method string) bool {
	return method == "" || strings.EqualFold(method, "GET") || strings.EqualFold(method, "HEAD")
}

func methodOf(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}
