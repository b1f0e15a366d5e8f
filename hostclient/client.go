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

// Client calls the host of one tenant, as the app or as a user. It is safe for
// concurrent use and shows nothing secret when it is formatted.
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
		Credential: c,
		Origin:     t.origin,
		UserAgent:  h.userAgent(t),
	}}
}

// AsUser returns a client that calls the same host as the user with that
// Atlassian account id, with tokens of the JWT bearer grant. The descriptor
// must have the scope ACT_AS_USER. The scopes narrow what the token is good
// for; their order, case and repetition mean nothing, and none means all of
// the app's. An empty account id or something that is no scope is told by every
// call of that client, and never widens what it may do.
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
// credential and origin.
func (c *Client) Transport() *Transport {
	t := c.transport
	return &t
}

// HTTP returns an http.Client of the caller's own that calls as c does, for
// libraries that want one. It follows redirects on the tenant's origin, at most
// five, and hands other answers with a redirect out as they are. It keeps no
// cookies. Its errors show URLs whole, as all of net/http does; those of Do do
// not.
func (c *Client) HTTP() *http.Client { return c.over(c.Transport()) }

// Do sends a request, as http.Client.Do does with the client that HTTP returns.
// Answers of any status are no error. Credentials in the URL are not shown in
// errors.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	answer, err := c.HTTP().Do(r)
	if err != nil {
		return nil, c.tenant.origin.redactError(err)
	}
	return answer, nil
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
// when it lies below the base URL. All else is ErrOrigin.
//
// body may be nil for none; an io.Reader, which is sent as it is, with a
// Content-Type that the caller sets; or any other value, which is sent as JSON.
// GET and HEAD must have none.
func (c *Client) NewRequest(ctx context.Context, method, path string, body any) (*http.Request, error) {
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
	if !success(answer.StatusCode) {
		return nil, nil, newError(answer, origin, c.hosts.config.Clock())
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
// the answer. An answer that is no success is an *Error.
func Get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return Send[T](ctx, c, http.MethodGet, path, nil)
}

// Send sends body to path, both as NewRequest takes them, and decodes the JSON
// of the answer. An answer without a body gives the zero T, and so does any
// success when T is struct{}; json.RawMessage is the JSON as it came. An
// answer that is no success is an *Error, one that is no JSON an *Error of the
// kind ErrNotJSON, and one larger than Config.MaxResponse is ErrTooLarge.
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
