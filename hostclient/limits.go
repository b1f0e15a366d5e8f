package hostclient

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
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
	// MaxWait is the longest wait that one call accepts at a time, before up to
	// a third is added so that not all come back at once. A call that would
	// have to wait longer is not repeated, or not sent, and its error has the
	// time. 0 means 30 seconds.
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
	// means by a timer. It must be safe for concurrent use, as Clock and Jitter
	// must be.
	Sleep func(context.Context, time.Duration) error
	// Jitter returns a number from 0 to 1 by which waits differ. Nil means a
	// random one.
	Jitter func() float64
}

// Limits keeps to the limits of hosts for all the calls of an app, as
// Atlassian's page on rate limiting asks: what one call is told, the others heed.
// It is safe for concurrent use.
//
// A 429 stops what its RateLimit-Reason names until the time it names: all calls
// of the app for a global quota, those to one tenant for its quota, those to one
// endpoint of it, by method, for a burst or a reason of another name, and changes
// of one issue for the limit on writes to an issue. A tenant is what a credential
// is bound to; where a host serves many customers or counts by user, which are the
// API host and Data Centers, it is the credential itself. Calls that fall into the pause wait, or get an *Error that is
// ErrRateLimited and holds the time, without being sent, when the wait is longer
// than MaxWait or than their context lasts. No pause is believed for longer than
// an hour, over which the hosts count their quotas, and none of a Data Center or
// a custom site stops the calls to others.
//
// Repeated are GET, HEAD and OPTIONS, and requests with an Idempotency-Key as
// net/http knows them, after 429, 502, 503 and 504, after any other 5xx that says
// when to try again, and after a failure to connect, which any request may be
// repeated after. With Transport.RetryWrites, PUT and DELETE are treated alike,
// and POST and PATCH repeated after a 429 that says when. A body must be one that
// http.Request.GetBody reads anew. What is not repeated is handed out as it came.
//
// Retry-After is the least that is waited, or X-RateLimit-Reset on a 429 without
// it, and up to a third more the most. Without them, or when the time is 0, it is
// 2, 4, 8 and 16 seconds, give or take a third; a failure to connect is tried
// again after a quarter of that. Headers whose name begins with Beta- or X-Beta-
// tell of limits to come and slow nothing down.
type Limits struct {
	config LimitsConfig

	mu      sync.Mutex
	app     pause
	tenants map[partyKey]*tenantLimits // those with something to know
	prune   int                        // the number of tenants at which to look for old ones
}

// pause is a time until which calls wait, and why.
type pause struct {
	until  time.Time
	reason string
}

// tenantLimits is what is known of one tenant.
type tenantLimits struct {
	all     pause
	parts   map[string]pause // by endpoint or issue
	spent   int              // of the budget, as repetition counts
	limiter *rate.Limiter
	used    time.Time
}

const (
	repetition = 10 // what one takes from the budget, of which a success gives back 1
	pruneAt    = 1024
	// longestPause is that of the hosts' quotas, which count by the hour. After
	// it nothing that is known of a tenant holds any more.
	longestPause = time.Hour
)

// NewLimits returns Limits for config. The error names the field that is wrong.
func NewLimits(config LimitsConfig) (*Limits, error) {
	switch {
	case config.MaxWait < 0:
		return nil, errors.New("hostclient: MaxWait must not be negative")
	case !(config.Rate >= 0) || math.IsInf(config.Rate, 1): // also when it is no number
		return nil, errors.New("hostclient: Rate must be a number and not negative")
	case config.Burst < 0:
		return nil, errors.New("hostclient: Burst must not be negative")
	}
	orDefault(&config.MaxRetries, 4)
	orDefault(&config.MaxWait, 30*time.Second)
	orDefault(&config.Budget, 20)
	orDefault(&config.Burst, int(min(max(math.Ceil(config.Rate), 1), math.MaxInt32)))
	config.Clock = orNow(config.Clock)
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	if config.Jitter == nil {
		config.Jitter = rand.Float64
	}
	return &Limits{config: config, tenants: map[partyKey]*tenantLimits{}, prune: pruneAt}, nil
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

// paused returns the longest pause after done that a call falls into, the zero
// pause for none.
func (l *Limits) paused(of party, r *http.Request, done time.Time) pause {
	longest := l.known(of, r)
	if !longest.until.After(done) || !longest.until.After(l.config.Clock()) {
		return pause{}
	}
	return longest
}

// known returns the longest pause noted for a call, whether or not it is over.
func (l *Limits) known(of party, r *http.Request) pause {
	l.mu.Lock()
	defer l.mu.Unlock()
	var p pause
	if of.site.ofCloud() { // the quota is the Cloud's
		p = l.app
	}
	t := l.tenants[of.key()]
	if t == nil {
		return p
	}
	p = later(p, t.all)
	if len(t.parts) > 0 {
		p = later(later(p, t.parts[endpointOf(r)]), t.parts[issueOf(r)])
	}
	return p
}

func later(a, b pause) pause {
	if b.until.After(a.until) {
		return b
	}
	return a
}

// note remembers what a 429 says, which came in answer to r.
func (l *Limits) note(of party, r *http.Request, reason string, wait time.Duration) {
	if wait <= 0 {
		return
	}
	now := l.config.Clock()
	p := pause{until: now.Add(min(wait, longestPause)), reason: reason}
	global := strings.HasSuffix(reason, "-quota-global-based")
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case global && of.site.ofCloud():
		l.app = later(l.app, p)
	case global, strings.HasSuffix(reason, "-quota-tenant-based"):
		t := l.tenant(of.key(), now)
		t.all = later(t.all, p)
	case strings.Contains(reason, "-per-issue-") && issueOf(r) != "":
		l.tenant(of.key(), now).stop(issueOf(r), p, now)
	default: // a burst, and what nobody has named
		l.tenant(of.key(), now).stop(endpointOf(r), p, now)
	}
}

// party is who calls where, as limits count.
type party struct {
	site  Site
	owner Credential // nil where the site alone counts
}

// partyKey is a party as a key: what is at the same place counts together.
type partyKey struct {
	origin Origin
	owner  Credential
}

func (p party) key() partyKey { return partyKey{p.site.origin, p.owner} }

// partyOf returns who a credential makes the caller. Only pointers are safe to
// compare.
func partyOf(c Credential, site Site) party {
	switch site.kind {
	case apiSite, assetsOnAPI, dataCenterSite, assetsOnDataCenter:
		if reflect.TypeOf(c).Kind() == reflect.Pointer {
			return party{site, c}
		}
	}
	return party{site: site}
}

// ofCloud reports whether a site is known to be Atlassian's, so that what it says
// of the whole app is to be believed.
func (s Site) ofCloud() bool {
	switch s.kind {
	case cloudSite, gatewaySite, apiSite, assetsOnSite, assetsOnGateway, assetsOnAPI:
		return true
	}
	return false
}

// pace takes a place in the tenant's queue and returns how long to wait for it,
// and how to give it back.
func (l *Limits) pace(of party) (wait time.Duration, giveBack func()) {
	now := l.config.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(of.key(), now)
	if t.limiter == nil {
		t.limiter = rate.NewLimiter(rate.Limit(l.config.Rate), l.config.Burst)
	}
	place := t.limiter.ReserveN(now, 1)
	return place.DelayFrom(now), func() { place.CancelAt(l.config.Clock()) }
}

// spend takes a repetition out of the tenant's budget, if it has one left.
func (l *Limits) spend(of party) bool {
	if l.config.Budget < 0 {
		return true
	}
	now := l.config.Clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tenant(of.key(), now)
	if t.spent > (l.config.Budget-1)*repetition {
		return false
	}
	t.spent += repetition
	return true
}

// succeeded gives a part of a repetition back.
func (l *Limits) succeeded(of party) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.tenants[of.key()]; t != nil {
		t.spent = max(t.spent-1, 0)
	}
}

// tenant returns what is known of a tenant, to be changed. It is called with the
// lock held.
func (l *Limits) tenant(key partyKey, now time.Time) *tenantLimits {
	t := l.tenants[key]
	if t == nil {
		l.dropOld(now)
		t = &tenantLimits{parts: map[string]pause{}}
		l.tenants[key] = t
	}
	t.used = now
	return t
}

// dropOld forgets tenants of which nothing holds any more, whenever their number
// has doubled.
func (l *Limits) dropOld(now time.Time) {
	if len(l.tenants) < l.prune {
		return
	}
	for key, t := range l.tenants {
		if now.Sub(t.used) > longestPause {
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
