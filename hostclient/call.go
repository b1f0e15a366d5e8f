package hostclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// call is one request on its way through a Transport, with all its attempts.
type call struct {
	t       *Transport
	r       *http.Request
	site    Site
	retries int
	renewed bool
	waited  time.Time // the end of the pauses that were waited for
}

// run sends the request until an answer is to be handed out.
func (c *call) run() (*http.Response, error) {
	body := c.r.Body
	for {
		if err := c.admit(); err != nil {
			if body != nil {
				_ = body.Close() // why it is not sent is the error to tell
			}
			return nil, err
		}
		answer, err := c.t.once(c.r, body)
		again, verdict := c.judge(answer, err)
		if verdict != nil {
			return nil, verdict
		}
		if !again {
			return answer, err
		}
		if answer != nil {
			drain(answer)
		}
		if body, err = c.rewind(); err != nil {
			return nil, err
		}
	}
}

// judge decides whether the request is sent again, and waits for the time to do
// so. An error takes the place of the answer, which is closed then.
func (c *call) judge(answer *http.Response, err error) (again bool, verdict error) {
	switch {
	case err != nil:
		again, verdict = c.afterFailure(err)
	case answer == nil:
		return false, nil
	case refusal(answer.StatusCode) && !c.renewed:
		again, verdict = c.afterRefusal(answer)
	case c.t.Limits == nil:
		return false, nil
	case success(answer.StatusCode):
		c.t.Limits.succeeded(c.site.origin)
		return false, nil
	default:
		again, verdict = c.afterAnswer(answer)
	}
	if verdict != nil && answer != nil && answer.Body != nil {
		answer.Body.Close()
	}
	return again, verdict
}

func refusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound
}

// afterRefusal asks the credential whether it has another try. What it reads of
// the answer's body can be read again.
func (c *call) afterRefusal(answer *http.Response) (again bool, err error) {
	renewer, ok := c.t.Credential.(Renewer)
	if !ok {
		return false, nil
	}
	peeked, err := io.ReadAll(io.LimitReader(answer.Body, maxErrorBody))
	rest := answer.Body
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(peeked), errorReader{err}, rest), rest}
	refused := decodeError(answer, peeked, c.t.Credential.Binding(), c.now())
	again, err = renewer.Renew(answer.Request, refused)
	if !again || err != nil || !c.rewindable() {
		return false, err
	}
	c.renewed = true
	return true, nil
}

// errorReader fails with its error, once, or ends at once when there is none.
type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return 0, io.EOF
}

// afterFailure repeats what could not have reached the host.
func (c *call) afterFailure(err error) (again bool, verdict error) {
	if c.t.Limits == nil || !undialled(err) || !c.mayRetry() {
		return false, nil
	}
	return c.wait(min(dialBackoff<<c.retries, maxBackoff))
}

// undialled reports whether no connection came about, for a reason that may
// pass.
func undialled(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	switch {
	case errors.Is(err, ErrPrivate), errors.As(err, &name) && name.IsNotFound:
		return false
	}
	return errors.As(err, &op) && op.Op == "dial"
}

// afterAnswer keeps to what the host says of its limits.
func (c *call) afterAnswer(answer *http.Response) (again bool, err error) {
	l := c.t.Limits
	announced := retryAfter(answer.Header, c.now())
	if answer.StatusCode == http.StatusTooManyRequests {
		l.note(c.site.origin, c.r, plain(answer.Header.Get("RateLimit-Reason"), 200), announced)
	}
	if !c.repeatable(answer.StatusCode, announced > 0) || announced > l.config.MaxWait || !c.mayRetry() {
		return false, nil
	}
	jitter := l.config.Jitter()
	d := time.Duration(float64(announced) * (1 + jitter*0.3))
	if announced == 0 {
		d = time.Duration(float64(min(firstBackoff<<c.retries, maxBackoff)) * (0.7 + jitter*0.6))
	}
	return c.wait(d)
}

// repeatable reports whether a request may be sent again after a status.
func (c *call) repeatable(status int, announced bool) bool {
	switch {
	case status == http.StatusTooManyRequests && announced && c.t.RetryWrites:
		return true
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout,
		status >= 500 && announced:
		return c.idempotent()
	}
	return false
}

// idempotent reports whether sending the request twice does what once does.
func (c *call) idempotent() bool {
	switch methodOf(c.r) {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	case http.MethodPut, http.MethodDelete:
		if c.t.RetryWrites {
			return true
		}
	}
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if _, said := c.r.Header[name]; said {
			return true
		}
	}
	return false
}

func (c *call) mayRetry() bool {
	l := c.t.Limits
	return c.retries < l.config.MaxRetries && c.rewindable() && l.spend(c.site.origin)
}

func (c *call) rewindable() bool { return !hasBody(c.r) || c.r.GetBody != nil }

func (c *call) rewind() (io.ReadCloser, error) {
	if !hasBody(c.r) {
		return c.r.Body, nil
	}
	body, err := c.r.GetBody()
	if err != nil {
		return nil, fmt.Errorf("hostclient: reading the body again: %w", err)
	}
	return body, nil
}

// wait waits before a repetition, unless the call's context ends before.
func (c *call) wait(d time.Duration) (again bool, err error) {
	if !c.outlives(d) {
		return false, nil
	}
	until := c.now().Add(d)
	if err := c.t.Limits.config.Sleep(c.r.Context(), d); err != nil {
		return false, fmt.Errorf("hostclient: waiting to call again: %w", err)
	}
	c.retries++
	c.waited = until
	return true, nil
}

// outlives reports whether the call's context lasts for d.
func (c *call) outlives(d time.Duration) bool {
	end, bounded := c.r.Context().Deadline()
	return !bounded || time.Until(end) > d
}

// admit waits until the limits let the request through.
func (c *call) admit() error {
	l := c.t.Limits
	if l == nil {
		return nil
	}
	for {
		p := l.paused(c.site.origin, c.r, c.waited)
		if p.until.IsZero() {
			break
		}
		d := p.until.Sub(c.now())
		if err := c.hold(d, time.Duration(float64(d)*(1+0.3*l.config.Jitter())), p.reason); err != nil {
			return err
		}
		c.waited = p.until
	}
	d, giveBack := l.pace(c.site.origin)
	if d == 0 {
		return nil
	}
	if err := c.hold(d, d, "the app's own pace"); err != nil {
		giveBack()
		return err
	}
	return nil
}

// hold waits for d, of which least is the part that counts, or says when the
// call may go.
func (c *call) hold(least, d time.Duration, reason string) error {
	l := c.t.Limits
	if least > l.config.MaxWait || !c.outlives(d) {
		return &Error{
			Status: http.StatusTooManyRequests, Method: methodOf(c.r), URL: c.site.origin.redact(c.r.URL),
			RetryAfter: least, RetryAt: c.now().Add(least), RateLimitReason: reason,
			Hint: "it was not sent: the limit that an earlier call met still holds",
		}
	}
	if err := l.config.Sleep(c.r.Context(), d); err != nil {
		return fmt.Errorf("hostclient: waiting for the host's limits: %w", err)
	}
	return nil
}

func (c *call) now() time.Time {
	if c.t.Limits == nil {
		return time.Now()
	}
	return c.t.Limits.config.Clock()
}

// drain makes the connection of an answer free that nobody wants.
func drain(answer *http.Response) {
	if answer.Body != nil {
		_, _ = io.CopyN(io.Discard, answer.Body, maxErrorBody) // all the same: it is closed
		answer.Body.Close()
	}
}
