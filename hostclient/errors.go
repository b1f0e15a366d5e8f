package hostclient

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Error is an answer of a host, or of an authorization server, that is no
// success, or that only looks like one. errors.Is tells its kind: ErrForbidden,
// ErrRateLimited and so on. Nothing secret is in it, even when the answer repeats
// the credential. It is not changed after it was returned, and so may be read
// concurrently.
type Error struct {
	// Status is the HTTP status code. It is 429 for a call that was not sent
	// because a limit that an earlier call met still holds, or because Limits
	// have no place for it.
	Status int
	// Method and URL are of the request that was answered, the last one
	// after redirects. Values of credentials in the query are blotted out.
	Method, URL string
	// Messages are the host's own words, each one line, whatever shape of
	// body they came in; of an HTML page its title. It may be empty.
	Messages []string
	// FieldErrors are what the host says of single fields, by field name. It
	// is nil when there are none.
	FieldErrors map[string]string
	// Code is OAuth's error, or oauth_problem, from an authorization server;
	// empty for others. A token endpoint says invalid_grant for a token or a
	// code that is good no more, and with the JWT bearer grant for a user who
	// is unknown, inactive or without access, a wrong base URL, or a clock out
	// of step; invalid_scope and unauthorized_client for scopes that the app
	// was not granted, ACT_AS_USER among them; access_denied for a wrong client
	// secret.
	Code string
	// RequestID is the host's name for the request, for Atlassian's support.
	RequestID string
	// RetryAfter is how long the host asks to wait, 0 when it does not say, and
	// RetryAt the time at which that is over, zero when it does not say.
	RetryAfter time.Duration
	RetryAt    time.Time
	// RateLimitReason is the limit that was hit, such as jira-burst-based.
	RateLimitReason string
	// LoginURL is where a person has to log in and pass the CAPTCHA before the
	// host takes the password again; only for ErrCaptcha.
	LoginURL string
	// Hint says what the cause is in most cases, where that is known to be
	// misleading. It may be empty.
	Hint string

	kind error // what the words and headers say, nil when they say nothing
}

// Error returns status, request, the host's messages and the hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hostclient: %s %s: %d", e.Method, e.URL, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	for i, message := range e.Messages {
		if i == maxShownMessages {
			fmt.Fprintf(&b, "; and %d more", len(e.Messages)-i)
			break
		}
		b.WriteString(": " + message)
	}
	for _, field := range sortedKeys(e.FieldErrors, maxShownMessages) {
		fmt.Fprintf(&b, "; %s: %s", field, e.FieldErrors[field])
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; try again after %s", e.RetryAfter)
	}
	if e.LoginURL != "" {
		b.WriteString("; log in at " + e.LoginURL)
	}
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	return target != nil && (target == e.kind || target == kindOf(e.Status))
}

const (
	maxErrorBody     = 64 << 10
	maxShownMessages = 5
	maxCode          = 200
)

// ReadError returns the *Error of an answer that is no success, for those who
// write credentials and talk to an authorization server: it reads the body up to
// 64 KiB, which stays the caller's to close. The query of the request's URL is not
// in it, nor any of secrets, should the answer repeat one.
func ReadError(answer *http.Response, now time.Time, secrets ...string) *Error {
	return decodeError(answer, readSome(answer), Binding{}, now, secrets...)
}

// newError reads the answer's body, up to its limit; it stays the caller's to
// close.
func newError(answer *http.Response, b Binding, now time.Time) *Error {
	return decodeError(answer, readSome(answer), b, now)
}

func readSome(answer *http.Response) []byte {
	if answer.Body == nil || answer.StatusCode < http.StatusOK { // a 101 has a connection there
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxErrorBody)) // what came is told
	return body
}

// decodeError makes an Error of an answer whose body has been read. secrets are
// what must not show in it, beside those in the request's header.
func decodeError(answer *http.Response, body []byte, b Binding, now time.Time, secrets ...string) *Error {
	hidden := sentSecrets(requestOf(answer), secrets...)
	e := errorOf(answer, b.site.origin, now, hidden)
	e.Code, e.Messages, e.FieldErrors = decodeErrorBody(answer.Header, body, hidden)
	e.Hint, e.kind = judge(evidence{e: e, header: answer.Header, binding: b, request: requestOf(answer)})
	if e.kind == ErrCaptcha {
		e.LoginURL = hidden.plain(loginURL(answer.Header), maxShownURL)
	}
	return e
}

// errorOf fills in what is known without the body.
func errorOf(answer *http.Response, o Origin, now time.Time, hidden secrets) *Error {
	e := &Error{
		Status:          answer.StatusCode,
		Method:          methodOf(requestOf(answer)),
		URL:             o.redact(requestOf(answer).URL),
		RequestID:       hidden.plain(requestID(answer.Header), maxCode),
		RetryAfter:      retryAfter(answer, now),
		RateLimitReason: hidden.plain(rateLimitReason(answer.Header), maxCode),
	}
	if e.RetryAfter > 0 {
		e.RetryAt = now.Add(e.RetryAfter)
	}
	return e
}

// requestOf returns the request of an answer, an empty one for an answer that
// was read or made by hand.
func requestOf(answer *http.Response) *http.Request {
	if answer.Request == nil {
		return new(http.Request)
	}
	return answer.Request
}

// notJSON is the error of a successful answer that cannot be read.
func notJSON(answer *http.Response, o Origin, body []byte, now time.Time) *Error {
	hidden := sentSecrets(requestOf(answer))
	e := errorOf(answer, o, now, hidden)
	e.kind = ErrNotJSON
	e.Hint = "a successful answer that is no JSON is in most cases a login page"
	if title := hidden.plain(htmlTitle(body), maxMessage); title != "" {
		e.Messages = []string{title}
	}
	return e
}

func requestID(h http.Header) string {
	for _, name := range []string{"Atl-Traceid", "X-Arequestid", "X-Request-Id"} {
		if id := h.Get(name); id != "" {
			return id
		}
	}
	return ""
}

func rateLimitReason(h http.Header) string { return h.Get("Ratelimit-Reason") }

// retryAfter reads Retry-After, in seconds or as a date, or else, for a 429,
// X-RateLimit-Reset, whose time the hosts write with and without seconds.
// The headers beginning with Beta- are information only and not read.
func retryAfter(answer *http.Response, now time.Time) time.Duration {
	value := strings.TrimSpace(answer.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(longestWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return until(at, now)
	}
	if answer.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	reset := answer.Header.Get("X-Ratelimit-Reset")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, reset); err == nil {
			return until(at, now)
		}
	}
	return 0
}

// longestWait bounds what a header can make of a duration.
const longestWait = 366 * 24 * time.Hour

func until(at, now time.Time) time.Duration { return min(max(at.Sub(now), 0), longestWait) }

// loginURL reads where a person passes the CAPTCHA. What is no link for a browser
// is not handed on.
func loginURL(h http.Header) string {
	_, link, _ := strings.Cut(h.Get(deniedReason), "login-url=")
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
