package hostclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// LimitsConfig says how calls are paced and repeated. The zero LimitsConfig is
// what Atlassian's page on rate limiting asks for.
type LimitsConfig struct {
	// MaxRetries is the most repetitions of one call. 0 means 4, and a
	// negative value none.
	MaxRetries int
	// MaxWait is the most that one call waits at a time; a host that asks for
	// more gets no second try, and the caller an error with the time. 0 means
	// 30 seconds.
	MaxWait time.Duration
	// Budget is how many repetitions one tenant may have in reserve: each takes
	// one, and each call that succeeds gives back a tenth. It keeps an app from
	// multiplying the load on a host that fails. 0 means 20, and a negative
	// value no limit.
	Budget int
	// Rate is the most calls a second to one tenant, kept by waiting before
	// they are sent. 0 means no limit of the app's own.
	Rate float64
	// Burst is how many calls may go at once within Rate. 0 means Rate,
	// rounded up.
	Burst int
	// Clock tells the time, and must be safe for concurrent use. Nil means
	// time.Now.
	Clock func() time.Time
	// Sleep waits, and returns the context's error when that ends first. Nil
	// means by a timer.
	Sleep func(context.Context, time.Duration) error
	// Jitter returns a number from 0 to 1 by which waits differ. Nil means a
	// random one. It must be safe for concurrent use, as Sleep must be.
	Jitter func() float64
}

// Limits keeps to the limits of hosts for all the calls of an app, as
// Atlassian's page on rate limiting asks: what one call is told, the others heed.
// It is safe for concurrent use.
//
// A 429 stops what its RateLimit-Reason names until the time it names: all calls
// of the app for a global quota, those to one tenant for its quota, those to one
// endpoint of it, by method, for a burst, and changes of one issue for the limit
// on writes to an issue. Calls that fall into the pause wait, or get an *Error that
// is ErrRateLimited and holds the time, without being sent, when the wait is
// longer than MaxWait or than their context lasts.
//
// Repeated are GET, HEAD and OPTIONS, and requests with an Idempotency-Key as
// net/http knows them, after 429, 502, 503 and 504, after any other 5xx that says
// when to try again, and after a failure to connect, which any request may be
// repeated after. With Transport.RetryWrites, PUT and DELETE are treated alike,
// and POST and PATCH repeated after a 429 that says when. A body must be one that
// http.Request.GetBody reads anew.
//
// Retry-After and X-RateLimit-Reset are the least that is waited, up to a third
// more the most. Without them it is 2, 4, 8 and 16 seconds, give or take a third.
// Headers whose name begins with Beta- or X-Beta- tell of limits to come and slow
// nothing down.
type Limits struct {
	config LimitsConfig

	mu      sync.Mutex
	app     pause
	tenants map[Origin]*tenantLimits // those with something to know
	prune   int                      // the number of tenants at which to look for old ones
}

// pause is a time until which calls wait, and why.
type pause struct {
	until  time.Time
	reason string
}

// tenantLimits is what is known of one tenant.
type tenantLimits struct {
	tenant  pause
	parts   map[string]pause // by endpoint or issue
	spent   float64          // of the budget
	limiter *rate.Limiter
	used    time.Time
}

const (
	firstBackoff = 2 * time.Second
	maxBackoff   = 30 * time.Second
	dialBackoff  = 500 * time.Millisecond
	refund       = 0.1
	pruneAt      = 1024
	pruneAge     = time.Hour
)

// NewLimits returns Limits for config. The error names the field that is wrong.
func NewLimits(config LimitsConfig) (*Limits, error) {
	if config.MaxWait < 0 || config.Rate < 0 || config.Burst < 0 {
		return nil, errors.New("hostclient: MaxWait, Rate and Burst must not be negative")
	}
	orDefault(&config.MaxRetries, 4)
	orDefault(&config.MaxWait, 30*time.Second)
	orDefault(&config.Budget, 20)
	orDefault(&config.Burst, max(int(config.Rate+0.999), 1))
	config.Clock = orNow(config.Clock)
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	if config.Jitter == nil {
		config.Jitter = rand.Float64
	}
	return &Limits{config: config, tenants: map[Origin]*tenantLimits{}, prune: pruneAt}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// paused returns the latest pause after done that a call falls into.
func (l *Limits) paused(key Origin, r *http.Request, done time.Time) pause {
	now := l.config.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	latest := pause{until: done}
	look := func(p pause) {
		if p.until.After(latest.until) {
			latest = p
		}
	}
	look(l.app)
	if t := l.tenants[key]; t != nil {
		look(t.tenant)
		if len(t.parts) > 0 {
			look(t.parts[endpointOf(r)])
			look(t.parts[issueOf(r)])
		}
	}
	if !latest.until.After(now) || latest.until.Equal(done) {
		return pause{}
	}
	return latest
}

// pace takes a place in the tenant's queue and returns how long to wait for it,
// and how to give it back.
func (l *Limits) pace(key Origin) (wait time.Duration, giveBack func()) {
	if l.config.Rate == 0 {
		return 0, nil
	}
	now := l.config.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(key, now)
	if t.limiter == nil {
		t.limiter = rate.NewLimiter(rate.Limit(l.config.Rate), l.config.Burst)
	}
	place := t.limiter.ReserveN(now, 1)
	return place.DelayFrom(now), func() { place.CancelAt(now) }
}

// note remembers what a 429 says, which came in answer to r.
func (l *Limits) note(key Origin, r *http.Request, reason string, wait time.Duration) {
	if wait <= 0 {
		return
	}
	now := l.config.Clock()
	p := pause{until: now.Add(wait), reason: reason}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case strings.HasSuffix(reason, "-quota-global-based"):
		l.app = later(l.app, p)
	case strings.HasSuffix(reason, "-quota-tenant-based"):
		t := l.tenant(key, now)
		t.tenant = later(t.tenant, p)
	case strings.Contains(reason, "-per-issue-") && issueOf(r) != "":
		l.tenant(key, now).stop(issueOf(r), p, now)
	default: // a burst, and what nobody has named
		l.tenant(key, now).stop(endpointOf(r), p, now)
	}
}

// spend takes a repetition out of the tenant's budget, if it has one left.
func (l *Limits) spend(key Origin) bool {
	if l.config.Budget < 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(key, l.config.Clock())
	if t.spent+1 > float64(l.config.Budget) {
		return false
	}
	t.spent++
	return true
}

// succeeded gives a part of a repetition back.
func (l *Limits) succeeded(key Origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.tenants[key]; t != nil {
		t.spent = max(t.spent-refund, 0)
	}
}

// tenant returns what is known of a tenant, to be changed. It is called with the
// lock held.
func (l *Limits) tenant(key Origin, now time.Time) *tenantLimits {
	t := l.tenants[key]
	if t == nil {
		l.dropOld(now)
		t = &tenantLimits{parts: map[string]pause{}}
		l.tenants[key] = t
	}
	t.used = now
	return t
}

// dropOld forgets tenants that nothing happened to for long, whenever their
// number has doubled.
func (l *Limits) dropOld(now time.Time) {
	if len(l.tenants) < l.prune {
		return
	}
	for key, t := range l.tenants {
		if now.Sub(t.used) > pruneAge && !t.tenant.until.After(now) {
			delete(l.tenants, key)
		}
	}
	l.prune = max(2*len(l.tenants), pruneAt)
}

// stop pauses an endpoint or an issue, and forgets pauses that are over.
func (t *tenantLimits) stop(part string, p pause, now time.Time) {
	for name, old := range t.parts {
		if !old.until.After(now) {
			delete(t.parts, name)
		}
	}
	t.parts[part] = later(t.parts[part], p)
}

func later(a, b pause) pause {
	if b.until.After(a.until) {
		return b
	}
	return a
}

// endpointOf names what a burst limit counts: the method, and the path with
// everything that looks like the name of a single thing left out.
func endpointOf(r *http.Request) string {
	segments := strings.Split(r.URL.Path, "/")
	for i, segment := range segments {
		if i > 0 && single(segments[i-1], segment) {
			segments[i] = "*"
		}
	}
	return methodOf(r) + " " + strings.Join(segments, "/")
}

// single reports whether a segment of a path names one thing among many: it has a
// digit that is not the version of an API.
func single(before, segment string) bool {
	if !strings.ContainsAny(segment, "0123456789") {
		return false
	}
	version := before == "api" || before == "agile" || strings.HasPrefix(segment, "v") && len(segment) <= 3 || strings.Contains(segment, ".")
	return !version
}

// issueOf names the issue that a request changes, "" for none.
func issueOf(r *http.Request) string {
	if bodiless(r.Method) || r.Method == http.MethodOptions {
		return ""
	}
	_, rest, ok := strings.Cut(r.URL.Path, "/issue/")
	if !ok {
		return ""
	}
	issue, _, _ := strings.Cut(rest, "/")
	return "issue " + issue
}
