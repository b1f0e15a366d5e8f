package hostclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxRedirects is how many redirects on the origin a call follows.
const maxRedirects = 5

// Client calls the host of one tenant, as the app or as a user. Hosts.For makes
// them. It does not change, is safe for concurrent use, and shows nothing secret
// when it is formatted.
type Client struct {
	hosts     *Hosts
	tenant    *tenant
	transport Transport
}

func newClient(h *Hosts, t *tenant, c Credential) *Client {
	if t.err != nil {
		c = failing{t.err}
	}
	return &Client{hosts: h, tenant: t, transport: Transport{
		Base:       h.config.Base,
		Before:     h.config.Before,
		Credential: c,
		Origin:     t.origin,
		UserAgent:  h.userAgent(t),
	}}
}

// AsUser returns a client that calls the same host as the user with that
// Atlassian account id, with tokens of the JWT bearer grant. The descriptor
// must have the scope ACT_AS_USER. The scopes narrow what the token is good
// for; their order, case and repetition mean nothing, and none means all of
// the app's. It never returns nil: an empty account id, something that is no
// scope, or an installation without an oauthClientId is told by every call of
// that client, and never widens what it may do.
func (c *Client) AsUser(accountID string, scopes ...string) *Client {
	return newClient(c.hosts, c.tenant, newUser(c.hosts, c.tenant, accountID, scopes))
}

// BaseURL returns the root of the host's API as the installation has it.
func (c *Client) BaseURL() string { return c.tenant.baseURL }

// String says who calls which host; nothing secret is in it.
func (c Client) String() string { return fmt.Sprint(c.transport.Credential) }

// Format writes what String returns, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Transport returns a Transport of the caller's own with this client's
// credential and origin. It has no time limit for a call as a whole, which is
// the http.Client's to set.
func (c *Client) Transport() *Transport {
	t := c.transport
	return &t
}

// HTTP returns an http.Client of the caller's own that calls as c does, for
// libraries that want one; BaseURL is what they want beside it. It follows
// redirects on the tenant's origin, at most five, and hands other answers with a
// redirect out as they are. It keeps no cookies. Answers of any status are no
// error; CheckResponse makes one.
//
// Errors of an http.Client carry the whole URL that was called, query included:
// what is secret there ends up where they are logged. Those of Do, Get and Send
// do not. What they wrap is the same: ErrOrigin, ErrRequest, a TokenError.
func (c *Client) HTTP() *http.Client { return c.over(c.Transport()) }

// Do sends a request, as http.Client.Do does with the client that HTTP returns,
// for what Get and Send do not fit, such as a download. Answers of any status
// are no error; CheckResponse makes one. The answer's body must be closed.
//
// An error says that there is no answer. It is ErrOrigin or ErrRequest for a
// request that is refused before it is sent, a TokenError when the user's token
// was refused, the context's when that has ended, or else what the network says.
// Credentials in the URL are not shown in it.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if err := c.tenant.err; err != nil {
		closeBody(r)
		return nil, err
	}
	answer, err := c.HTTP().Do(r)
	if err != nil {
		return nil, c.tenant.origin.redactError(err)
	}
	return answer, nil
}

// CheckResponse returns nil for an answer whose status is from 200 to 299, and
// leaves its body alone. For any other answer it returns the *Error that Get and
// Send return for it; it has then read the body up to 64 KiB, and closed it. So
// answers of Do, and those that libraries have from HTTP, give the same errors;
// what a library has read or closed before is missing in Messages. A redirect
// that was not followed is ErrRedirect: whoever wants to follow it must look at
// the status before. A nil answer is an error too. Answers may be checked
// concurrently, each by one goroutine.
func (c *Client) CheckResponse(answer *http.Response) error {
	switch {
	case answer == nil:
		return errors.New("hostclient: CheckResponse: there is no answer")
	case success(answer.StatusCode):
		return nil
	}
	if answer.Body != nil {
		defer answer.Body.Close()
	}
	return newError(answer, c.tenant.origin, c.hosts.config.Clock())
}

func (c *Client) over(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: c.checkRedirect,
		Timeout:       max(c.hosts.config.Timeout, 0),
	}
}

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || c.tenant.origin.check(r.URL) != nil {
		return http.ErrUseLastResponse
	}
	return nil
}

// NewRequest returns a request to the host. path is a path with an optional
// query: it begins with one slash and is taken below the base URL, whose own
// path it may repeat, as in "/wiki/rest/api/space". An absolute URL is taken
// when it lies below the base URL. A path that lacks its slash is ErrRequest, and
// all else ErrOrigin.
//
// body may be nil for none; an io.Reader, which is sent as it is, with a
// Content-Type that the caller sets; or any other value, which is sent as JSON.
// GET and HEAD must have none. A value that is no JSON, or a method that is
// none, is ErrRequest. Nothing is sent, so a user's token is not asked for yet.
func (c *Client) NewRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if c.tenant.err != nil {
		return nil, c.tenant.err
	}
	u, err := c.tenant.origin.resolve(path)
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
	origin := c.tenant.origin
	answer, err = c.over(open{&c.transport}).Do(r)
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
// answer, the error is as NewRequest and Do have it. Nothing is sent twice.
func Send[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var v, none T
	r, err := c.NewRequest(ctx, method, path, body)
	if err != nil {
		return none, err
	}
	answer, text, err := c.call(r)
	if err != nil {
		return none, err
	}
	if _, unwanted := any(v).(struct{}); unwanted || len(bytes.TrimSpace(text)) == 0 {
		return none, nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return none, notJSON(answer, c.tenant.origin, text, c.hosts.config.Clock())
		}
		return none, fmt.Errorf("hostclient: %s %s: decoding the answer: %w", r.Method, c.tenant.origin.redact(r.URL), err)
	}
	return v, nil
}
