package devhost

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// DataCenterLimit is the rate limiting of a Data Center: every user has a bucket
// of tokens, of which each call takes one.
type DataCenterLimit struct {
	// Limit is how many tokens a full bucket has, at least 1.
	Limit int
	// FillRate is how many tokens are added each Interval, at least 1.
	FillRate int
	// Interval is in whole seconds, at least one.
	Interval time.Duration
	// SessionsEscape lets callers with the cookie of a session go uncounted and
	// without the headers, for the host takes them for people at a browser.
	SessionsEscape bool
}

func (l *DataCenterLimit) check() error {
	if l != nil && (l.Limit < 1 || l.FillRate < 1 || l.Interval < time.Second || l.Interval%time.Second != 0) {
		return errors.New("devhost: data center: a rate limit needs Limit and FillRate of 1 or more and an Interval of whole seconds")
	}
	return nil
}

// dcLimits are the buckets by account id. The zero setting limits nothing.
type dcLimits struct {
	set     DataCenterLimit
	mu      sync.Mutex
	buckets map[string]*dcBucket
}

type dcBucket struct {
	tokens int
	filled time.Time // when tokens were last added
}

// bucket returns the bucket of a user as full as it is now. It needs l.mu.
func (l *dcLimits) bucket(accountID string, now time.Time) *dcBucket {
	if l.buckets == nil {
		l.buckets = make(map[string]*dcBucket)
	}
	b := l.buckets[accountID]
	if b == nil {
		b = &dcBucket{tokens: l.set.Limit, filled: now}
		l.buckets[accountID] = b
	}
	if steps := now.Sub(b.filled) / l.set.Interval; steps > 0 {
		b.filled = b.filled.Add(steps * l.set.Interval)
		b.tokens = min(l.set.Limit, b.tokens+int(min(int64(steps), math.MaxInt32))*l.set.FillRate)
	}
	return b
}

// take takes a token. wait is how long there is none; 0 means that the call may
// go on.
func (l *dcLimits) take(accountID string, now time.Time) (left int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(accountID, now)
	if b.tokens == 0 {
		return 0, b.filled.Add(l.set.Interval).Sub(now)
	}
	b.tokens--
	return b.tokens, 0
}

// countCall sets the headers of the rate limit, which every answer to a
// recognised caller has, and refuses the call when the bucket is empty. The body
// is unconfirmed.
func (h *Host) countCall(w http.ResponseWriter, c *caller) *dcRefusal {
	l := &h.dc.limits
	if l.set.Limit == 0 || l.set.SessionsEscape && c.kind == kindSession {
		return nil
	}
	left, wait := l.take(c.accountID, h.clock())
	hd := w.Header()
	hd.Set("X-RateLimit-Limit", strconv.Itoa(l.set.Limit))
	hd.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	hd.Set("X-RateLimit-FillRate", strconv.Itoa(l.set.FillRate))
	hd.Set("X-RateLimit-Interval-Seconds", strconv.Itoa(int(l.set.Interval/time.Second)))
	hd.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	if wait == 0 {
		return nil
	}
	return &dcRefusal{status: http.StatusTooManyRequests, body: dcMessage{"Rate limit exceeded.", http.StatusTooManyRequests}, reason: "rate limit"}
}

// ExhaustLimit empties a user's bucket on a Data Center, so that the next call is
// answered 429 until the Interval is over. The error says that there is no rate
// limiting or no such user.
func (h *Host) ExhaustLimit(username string) error {
	if err := h.needDataCenter(); err != nil {
		return err
	}
	u, ok := h.jira.username(username)
	switch {
	case h.dc.set.RateLimit == nil:
		return errors.New("devhost: rate limiting is off: set DataCenter.RateLimit")
	case !ok:
		return fmt.Errorf("devhost: user name %q is not that of an active user", username)
	}
	l, now := &h.dc.limits, h.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(u.AccountID, now)
	b.tokens, b.filled = 0, now
	return nil
}
