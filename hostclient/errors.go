package hostclient

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is an answer of the host that is no success. errors.Is tells its kind:
// ErrForbidden, ErrRateLimited and so on. Nothing secret is in it, even when
// the host's answer repeats the credential. It is not changed after it was
// returned, and so may be read concurrently.
type Error struct {
	// Status is the HTTP status code.
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
	// RequestID is the host's name for the request, for Atlassian's support.
	RequestID string
	// RetryAfter is how long the host asks to wait, 0 when it does not say.
	RetryAfter time.Duration
	// RateLimitReason is the limit that was hit, such as jira-burst-based.
	RateLimitReason string
	// Hint says what the cause is in most cases, where that is known to be
	// misleading. It may be empty.
	Hint string

	kind error // what the words say, nil when they say nothing
}

// Error returns status, request and the host's messages in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hostclient: %s %s: %d", e.Method, e.URL, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
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
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	_, byStatus := kindOf(e.Status)
	return target != nil && (target == e.kind || target == byStatus)
}

const (
	maxErrorBody     = 64 << 10
	maxShownMessages = 5
)

// newError reads the answer's body, up to its limit; it stays the caller's to
// close.
func newError(answer *http.Response, o Origin, now time.Time) *Error {
	e := errorOf(answer, o, now)
	var body []byte
	if answer.Body != nil && answer.StatusCode >= http.StatusOK { // a 101 has a connection there
		body, _ = io.ReadAll(io.LimitReader(answer.Body, maxErrorBody)) // what came is told
	}
	e.Messages, e.FieldErrors = decodeErrorBody(scrub(body, requestOf(answer)))
	e.Hint, _ = kindOf(e.Status)
	if hint, kind := kindByWords(e.Status, e.Messages); kind != nil {
		e.Hint, e.kind = hint, kind
	}
	return e
}

// errorOf fills in what is known without the body.
func errorOf(answer *http.Response, o Origin, now time.Time) *Error {
	return &Error{
		Status:          answer.StatusCode,
		Method:          methodOf(requestOf(answer)),
		URL:             o.redact(requestOf(answer).URL),
		RequestID:       requestID(answer.Header),
		RetryAfter:      retryAfter(answer.Header, now),
		RateLimitReason: plain(answer.Header.Get("RateLimit-Reason"), 200),
	}
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
	e := errorOf(answer, o, now)
	e.kind = ErrNotJSON
	e.Hint = "a successful answer that is no JSON is in most cases a login page"
	if title := htmlTitle(scrub(body, answer.Request)); title != "" {
		e.Messages = []string{title}
	}
	return e
}

func requestID(h http.Header) string {
	for _, name := range []string{"Atl-Traceid", "X-Arequestid", "X-Request-Id"} {
		if id := h.Get(name); id != "" {
			return plain(id, 200)
		}
	}
	return ""
}

// retryAfter reads Retry-After, in seconds or as a date, or else
// X-RateLimit-Reset, whose time the hosts write with and without seconds.
// The headers beginning with Beta- are information only and not read.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	reset := h.Get("X-Ratelimit-Reset")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, reset); err == nil {
			return min(max(at.Sub(now), 0), maxWait)
		}
	}
	return 0
}

// maxWait bounds what a header can make of a duration.
const maxWait = 366 * 24 * time.Hour
