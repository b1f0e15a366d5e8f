package hostclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects on the origin a call follows.
const maxRedirects = 5

// Client calls one host with one credential: as the app or as a user, by
// Hosts.For, or with whatever Hosts.Client is given. It does not change, is safe
// for concurrent use, and shows nothing secret when it is formatted.
type Client struct {
	hosts     *Hosts
	tenant    *tenant // nil for what is not an app's
	site      Site    // below which paths are taken, in the credential's own
	binding   Binding
	transport Transport
	do, open  *http.Client
}

func newClient(h *Hosts, t *tenant, cred Credential) *Client {
	c := &Client{hosts: h, tenant: t, binding: cred.Binding(), transport: Transport{
		Base:       h.config.Base,
		Before:     h.config.Before,
		Credential: cred,
		Limits:     h.config.Limits,
		UserAgent:  h.userAgent(t),
	}}
	c.site = c.binding.site
	c.connect()
	return c
}

// connect makes the http.Clients of c anew, after a change of its own transport.
func (c *Client) connect() {
	c.do, c.open = c.over(&c.transport), c.over(open{&c.transport})
}

// with returns a copy of c after change.
func (c *Client) with(change func(*Client)) *Client {
	copied := *c
	change(&copied)
	copied.connect()
	return &copied
}

// AsUser returns a client that calls the same host as the user with that
// Atlassian account id, with tokens of the JWT bearer grant. The descriptor
// must have the scope ACT_AS_USER. The scopes narrow what the token is good
// for; their order, case and repetition mean nothing, and none means all of
// the app's. It never returns nil: an empty account id, something that is no
// scope, an installation without an oauthClientId, or a client that is not an
// app's, is told by every call of that client, and never widens what it may do.
func (c *Client) AsUser(accountID string, scopes ...string) *Client {
	if c.tenant == nil {
		if err := c.failure(); err != nil {
			return Failing(err)
		}
		return Failing(fmt.Errorf("hostclient: AsUser: %s cannot act for a user", c.binding))
	}
	user := newClient(c.hosts, c.tenant, newUser(c.hosts, c.tenant, accountID, scopes))
	return user.with(func(u *Client) { u.site, u.transport.RetryWrites = c.site, c.transport.RetryWrites })
}

// At returns a client that calls with the same credential, and takes paths below
// site, which must lie in the credential's own: Assets by way of the host that c
// calls. Else it is ErrSite.
func (c *Client) At(site Site) (*Client, error) {
	if err := c.failure(); err != nil {
		return nil, err
	}
	if _, err := site.Bind(c.binding.scheme); err != nil {
		return nil, err
	}
	if !c.binding.site.origin.Contains(site.origin) {
		return nil, fmt.Errorf("%w: %s is not below %s, to which the credential is bound", ErrSite, site, c.binding.site)
	}
	return c.with(func(c *Client) { c.site = site }), nil
}

// RetryWrites returns a client whose PUT and DELETE are repeated as GET is, and
// whose POST and PATCH are after a 429 that says when to try again. It is for
// calls that may be made twice; see Limits.
func (c *Client) RetryWrites() *Client {
	return c.with(func(c *Client) { c.transport.RetryWrites = true })
}

// Site returns where the client calls.
func (c *Client) Site() Site { return c.site }

// BaseURL returns the root of the host's API: of an app's client as the
// installation has it.
func (c *Client) BaseURL() string {
	if c.tenant != nil && c.site == c.tenant.site {
		return c.tenant.baseURL
	}
	return c.site.BaseURL()
}

// failure returns why a client calls nobody, or nil.
func (c *Client) failure() error {
	if f, ok := c.transport.Credential.(failing); ok {
		return f.err
	}
	return nil
}

// String says who calls which host; nothing secret is in it.
func (c Client) String() string { return fmt.Sprint(c.transport.Credential) }

// Format writes what String returns, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Transport returns a Transport of the caller's own with this client's
// credential. It has no time limit for a call as a whole, which is
// the http.Client's to set.
func (c *Client) Transport() *Transport {
	t := c.transport
	return &t
}

// HTTP returns an http.Client of the caller's own that calls as c does, for
// libraries that want one, or anything with a Do; BaseURL is what they want beside
// it. It follows redirects on the credential's site, at most five and none to a login
// page, and hands other answers with a redirect out as they are. It keeps no cookies. Answers of any
// status are no error; CheckResponse makes one.
//
// Errors of an http.Client carry the whole URL that was called, query included:
// what is secret there ends up where they are logged. Those of Do, Get and Send
// do not. What they wrap is the same: ErrOrigin, ErrRequest, an Error.
func (c *Client) HTTP() *http.Client {
	client := c.over(c.Transport())
	client.Timeout = max(c.hosts.config.Timeout, 0)
	return client
}

// Do sends a request, as http.Client.Do does with the client that HTTP returns,
// for what Get and Send do not fit. Answers of any status are no error;
// CheckResponse makes one. The answer's body must be closed.
//
// An error says that there is no answer. It is ErrOrigin or ErrRequest for a
// request that is refused before it is sent, an *Error when the credential had
// no token to send or a limit of the host still holds, the context's when that
// has ended, or else what the network says. Credentials in the URL are not shown
// in it.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if err := c.failure(); err != nil {
		closeBody(r)
		return nil, err
	}
	answer, err := c.within(c.do, r)
	if err != nil {
		return nil, c.binding.site.origin.redactError(err)
	}
	return answer, nil
}

// CheckResponse returns nil for an answer whose status is from 200 to 299, and
// leaves its body alone, unless the host says in a header that it did not take
// the credential and answered as to nobody, which is ErrAnonymous. For any other
// answer it returns the *Error that Get and Send return for it; it has then read
// the body up to 64 KiB, and closed it. So answers of Do, and those that libraries
// have from HTTP, give the same errors; what a library has read or closed before
// is missing in Messages. A redirect that was not followed is ErrRedirect: whoever
// wants to follow it must look at the status before. A nil answer is an error too.
// Answers may be checked concurrently, each by one goroutine.
func (c *Client) CheckResponse(answer *http.Response) error {
	switch {
	case answer == nil:
		return errors.New("hostclient: CheckResponse: there is no answer")
	case success(answer.StatusCode) && !anonymous(answer.Header):
		return nil
	}
	if answer.Body != nil {
		defer answer.Body.Close()
	}
	if success(answer.StatusCode) {
		return decodeError(answer, nil, c.binding, c.hosts.config.Clock())
	}
	return newError(answer, c.binding, c.hosts.config.Clock())
}

func (c *Client) over(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: c.checkRedirect,
	}
}

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || loginPage(r.URL) || c.binding.site.origin.check(r.URL) != nil {
		return http.ErrUseLastResponse
	}
	return nil
}

// resolve turns what a caller names into a URL on the credential's site: what the
// host itself names by another address of its own is taken below the client's
// site.
func (c *Client) resolve(target string) (*url.URL, error) {
	if !absolute(target) {
		return c.site.origin.resolve(target)
	}
	if rest, ok := c.site.alias.rest(target); ok {
		return c.site.origin.resolve(rest)
	}
	return c.binding.site.origin.resolve(target)
}

// NewRequest returns a request to the host. path is a path with an optional
// query: it begins with one slash and is taken below the base URL, whose own
// path it may repeat, as in "/wiki/rest/api/space". An absolute URL is taken
// when it lies on the credential's site, or below an address by which the host
// knows itself, see Site.Serving, which is replaced by the base URL. A path that lacks its slash is ErrRequest, and
// all else ErrOrigin.
//
// body may be nil for none; an io.Reader, which is sent as it is, with a
// Content-Type that the caller sets; or any other value, which is sent as JSON.
// GET and HEAD must have none. A value that is no JSON, or a method that is
// none, is ErrRequest. Nothing is sent, so a user's token is not asked for yet.
func (c *Client) NewRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if err := c.failure(); err != nil {
		return nil, err
	}
	u, err := c.resolve(path)
	if err != nil {
		return nil, err
	}
	reader, isJSON, err := encode(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), reader)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	r.Header.Set("Accept", "application/json")
	if isJSON {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

func encode(body any) (r io.Reader, isJSON bool, err error) {
	switch b := body.(type) {
	case nil:
		return nil, false, nil
	case io.Reader:
		return b, false, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return bytes.NewReader(text), true, nil
}

// open is a Transport whose answers name the request that was sent, so that
// its credential can be kept out of errors.
type open struct{ t *Transport }

func (o open) RoundTrip(r *http.Request) (*http.Response, error) { return o.t.send(r) }

// call sends r and returns the body of a success; answer is closed.
func (c *Client) call(r *http.Request) (answer *http.Response, body []byte, err error) {
	origin := c.binding.site.origin
	answer, err = c.within(c.open, r)
	if err != nil {
		return nil, nil, origin.redactError(err)
	}
	defer answer.Body.Close()
	if err := c.CheckResponse(answer); err != nil {
		return nil, nil, err
	}
	body, err = io.ReadAll(http.MaxBytesReader(nil, answer.Body, c.hosts.config.MaxResponse))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, nil, fmt.Errorf("%w: %s %s: more than %d bytes", ErrTooLarge, r.Method, origin.redact(r.URL), tooLarge.Limit)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("hostclient: %s %s: %w", r.Method, origin.redact(r.URL), err)
	}
	return answer, body, nil
}

// Get asks the host for path, as NewRequest takes it, and decodes the JSON of
// the answer. It is Send without a body; the errors are the same, and with any
// of them comes the zero T.
func Get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return Send[T](ctx, c, http.MethodGet, path, nil)
}

// Send sends body to path, both as NewRequest takes them, and decodes the JSON
// of the answer. An answer without a body gives the zero T, and so does any
// success when T is struct{}; json.RawMessage is the JSON as it came.
//
// An answer that is no success is an *Error, one that is no JSON an *Error of
// the kind ErrNotJSON, and one larger than Config.MaxResponse is ErrTooLarge;
// JSON that does not fit T is what encoding/json says of it. When there is no
// answer, the error is as NewRequest and Do have it. See Limits for what is
// repeated.
func Send[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var none T
	r, err := c.NewRequest(ctx, method, path, body)
	if err != nil {
		return none, err
	}
	return decoded[T](c, r)
}
