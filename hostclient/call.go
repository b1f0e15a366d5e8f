package hostclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// call is one request on its way through a Transport, with all its attempts.
type call struct {
	t       *Transport
	r       *http.Request
	of      party
	retries int
	renewed bool
	held    time.Duration // before it was sent, in all
	waited  time.Time     // pauses up to then are over, also for a clock that stands still
}

// The waits before repetitions of which the host says nothing (Atlassian's page on
// rate limiting).
const (
	firstBackoff = 2 * time.Second
	dialBackoff  = firstBackoff / 4
	maxBackoff   = 30 * time.Second
)

// maxHolds is how often MaxWait a call waits in all before it is sent, when others
// meet the same limit again and again.
const maxHolds = 4

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
		wait, again, verdict := c.judge(answer, err)
		if !again && verdict == nil {
			return answer, err
		}
		drain(answer) // before the wait, which needs no connection
		if verdict == nil {
			verdict = c.rest(wait)
		}
		if verdict != nil {
			return nil, verdict
		}
		if body, err = c.rewind(); err != nil {
			return nil, err
		}
	}
}

// judge decides whether the request is sent again, and after what time. An error
// takes the place of the answer.
func (c *call) judge(answer *http.Response, err error) (wait time.Duration, again bool, verdict error) {
	switch {
	case err != nil:
		wait, again = c.afterFailure(err)
	case answer == nil: // what a base must not return is http.Client's to tell
	case refusal(answer.StatusCode) && !c.renewed:
		again, verdict = c.afterRefusal(answer)
	case c.t.Limits == nil:
	case success(answer.StatusCode):
		c.t.Limits.succeeded(c.of)
	default:
		wait, again = c.afterAnswer(answer)
	}
	return wait, again, verdict
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
	refused := decodeError(answer, peek(answer), c.t.Credential.Binding(), c.now())
	again, err = renewer.Renew(answer.Request, refused)
	if !again || err != nil || !c.rewindable() {
		return false, err
	}
	c.renewed = true
	return true, nil
}

// peek reads the beginning of an answer's body, which stays as it was for whoever
// reads it next, the error included with which it may end.
func peek(answer *http.Response) []byte {
	if answer.Body == nil {
		return nil
	}
	rest := answer.Body
	peeked, err := io.ReadAll(io.LimitReader(rest, maxErrorBody))
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(peeked), failingReader{err}, rest), rest}
	return peeked
}

// failingReader fails with its error, or ends at once when there is none.
type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// afterFailure repeats what could not have reached the host.
func (c *call) afterFailure(err error) (wait time.Duration, again bool) {
	if c.t.Limits == nil || !undialled(err) {
		return 0, false
	}
	return c.backoff(dialBackoff)
}

// undialled reports whether no connection came about, for a reason that may
// pass.
func undialled(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	if errors.Is(err, ErrPrivate) || errors.As(err, &name) && name.IsNotFound {
		return false
	}
	return errors.As(err, &op) && op.Op == "dial"
}

// afterAnswer keeps to what the host says of its limits.
func (c *call) afterAnswer(answer *http.Response) (wait time.Duration, again bool) {
	l, announced := c.t.Limits, retryAfter(answer, c.now())
	if answer.StatusCode == http.StatusTooManyRequests {
		reason := sentSecrets(answer.Request).plain(rateLimitReason(answer.Header), maxCode)
		l.note(c.of, c.r, reason, announced)
	}
	switch {
	case !c.repeatable(answer.StatusCode, announced > 0):
		return 0, false
	case announced > 0:
		wait = spread(announced, 1, l.config.Jitter())
		return wait, c.mayRepeat(announced, wait)
	}
	return c.backoff(firstBackoff)
}

// backoff returns the wait that doubles with each repetition.
func (c *call) backoff(first time.Duration) (wait time.Duration, again bool) {
	least := first
	for range c.retries {
		least = min(2*least, maxBackoff)
	}
	wait = spread(least, 0.7, c.t.Limits.config.Jitter())
	return wait, c.mayRepeat(least, wait)
}

// spread multiplies a wait by a number that begins with least; the widths are
// those of Atlassian's page on rate limiting.
func spread(d time.Duration, least, jitter float64) time.Duration {
	return time.Duration(math.Round(float64(d) * (least + jitter*(1.3-least))))
}

// repeatable reports whether a request may be sent again after a status.
func (c *call) repeatable(status int, announced bool) bool {
	switch {
	case status == http.StatusTooManyRequests && announced && c.t.RetryWrites:
		return true
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway,
		status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout,
		status >= http.StatusInternalServerError && announced:
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
	// net/http takes a name without a value for the same.
	_, said := c.r.Header["Idempotency-Key"]
	_, saidToo := c.r.Header["X-Idempotency-Key"]
	return said || saidToo
}

// mayRepeat reports whether there is another repetition, of which least is the
// wait that counts, and d what it comes to.
func (c *call) mayRepeat(least, d time.Duration) bool {
	l := c.t.Limits
	return c.retries < l.config.MaxRetries && least <= l.config.MaxWait &&
		c.rewindable() && c.outlives(d) && l.spend(c.of)
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

// rest waits before a repetition. There is no wait after a renewal.
func (c *call) rest(d time.Duration) error {
	if d == 0 {
		return nil
	}
	until := c.now().Add(d)
	if err := c.t.Limits.config.Sleep(c.r.Context(), d); err != nil {
		return fmt.Errorf("hostclient: waiting to call again: %w", err)
	}
	c.retries++
	c.waited = until
	return nil
}

// outlives reports whether the call's context lasts for d. Contexts end by the
// machine's clock, whatever clock the limits have.
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
	if err := c.heed(); err != nil || l.config.Rate == 0 {
		return err
	}
	d, giveBack := l.pace(c.of)
	if d == 0 {
		return nil
	}
	if err := c.hold(d, d, pause{}); err != nil {
		giveBack()
		return err
	}
	return c.heed() // another call may have met a limit meanwhile
}

// heed waits for the end of the pauses that the request falls into.
func (c *call) heed() error {
	l := c.t.Limits
	for {
		p := l.paused(c.of, c.r, c.waited)
		if p == (pause{}) {
			return nil
		}
		d := p.until.Sub(c.now())
		if err := c.hold(d, spread(d, 1, l.config.Jitter()), p); err != nil {
			return err
		}
		c.waited = p.until
	}
}

// hold waits for d before the request is sent, of which least is the part that
// counts, or says when it may go. The zero pause stands for the app's own pace.
func (c *call) hold(least, d time.Duration, p pause) error {
	l := c.t.Limits
	if least > l.config.MaxWait || c.held > maxHolds*l.config.MaxWait || !c.outlives(d) {
		hint := "it was not sent: "
		if c.retries > 0 || c.renewed {
			hint = "it was not sent once more, after an answer that asked for it: "
		}
		if p == (pause{}) {
			hint += "the app's own pace, LimitsConfig.Rate, has no place for it before"
		} else {
			hint += "the limit that an earlier call met still holds"
		}
		return &Error{
			Status: http.StatusTooManyRequests, Method: methodOf(c.r), URL: c.of.site.origin.redact(c.r.URL),
			RetryAfter: least, RetryAt: c.now().Add(least), RateLimitReason: p.reason, Hint: hint,
		}
	}
	c.held += d
	if err := l.config.Sleep(c.r.Context(), d); err != nil {
		return fmt.Errorf("hostclient: waiting for the limits: %w", err)
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
	if answer == nil || answer.Body == nil {
		return
	}
	_, _ = io.CopyN(io.Discard, answer.Body, maxErrorBody) // all the same: it is closed
	answer.Body.Close()
}
