package devhost

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The reasons of rate limits in Jira Cloud, by Atlassian's page about them.
const (
	LimitBurst         = "jira-burst-based"
	LimitIssueWrites   = "jira-per-issue-on-write"
	LimitQuotaOfApp    = "jira-quota-global-based"
	LimitQuotaOfTenant = "jira-quota-tenant-based"
)

// RateLimit makes the host answer calls to the REST APIs as when a limit is
// reached, at the site and at the gateway, after the caller was recognised.
type RateLimit struct {
	// Reason is the RateLimit-Reason, one of the Limit constants or another text.
	// LimitIssueWrites hits writes to an issue only: all issues, or the one that
	// Path names. Empty sends no reason.
	Reason string
	// Method is the HTTP method that is hit, empty for all.
	Method string
	// Path is how the paths begin that are hit, with or without what the gateway has
	// before it, /api.atlassian.com/ex/jira/{cloudId} or for Assets
	// /api.atlassian.com alone. Empty hits all.
	Path string
	// Times is how many calls are hit. Zero means all, until Unlimit.
	Times int
	// RetryAfter is the Retry-After header in seconds; below zero there is none.
	RetryAfter int
	// Reset is the X-RateLimit-Reset header. Zero means RetryAfter from now, and
	// no header without RetryAfter.
	Reset time.Time
	// ResetWithoutSeconds writes Reset as Atlassian was seen to do at times,
	// 2006-01-02T15:04Z.
	ResetWithoutSeconds bool
	// Status is that of the answer; zero means 429. Only a 429 says why.
	Status int
	// Beta lets the calls through and puts the headers of the limit on the answer
	// with the prefixes Beta- and X-Beta-, which only inform.
	Beta bool
}

// limits are those in force, the oldest first.
type limits struct {
	mu   sync.Mutex
	list []*RateLimit
	near bool
}

// Limit begins a rate limit. Of several that fit a call the oldest counts, and
// beside it the oldest of those with Beta, which hides none. It does nothing on a
// Data Center, whose limit is DataCenter.RateLimit.
func (h *Host) Limit(l RateLimit) {
	s := &h.cloud.limits
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, &l)
}

// Unlimit ends all rate limits and what NearLimit said.
func (h *Host) Unlimit() {
	s := &h.cloud.limits
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.near = nil, false
}

// NearLimit makes answers say that less than a fifth of the quota is left, or
// that there is enough again.
func (h *Host) NearLimit(near bool) {
	s := &h.cloud.limits
	s.mu.Lock()
	defer s.mu.Unlock()
	s.near = near
}

// take counts a call against the oldest limit that hits it and against the oldest
// that only informs, each nil when there is none.
func (s *limits) take(fits func(*RateLimit) bool) (hit, beta *RateLimit, near bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hit = s.count(func(l *RateLimit) bool { return !l.Beta && fits(l) })
	beta = s.count(func(l *RateLimit) bool { return l.Beta && fits(l) })
	return hit, beta, s.near
}

// count counts a call against the oldest limit that fits. It needs s.mu.
func (s *limits) count(fits func(*RateLimit) bool) *RateLimit {
	i := slices.IndexFunc(s.list, fits)
	if i < 0 {
		return nil
	}
	l := *s.list[i]
	if s.list[i].Times == 1 {
		s.list = slices.Delete(s.list, i, i+1)
	} else if s.list[i].Times > 1 {
		s.list[i].Times--
	}
	return &l
}

// limited answers in the place of next while a limit is reached.
func (h *Host) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hit, beta, near := h.cloud.limits.take(h.fitting(r))
		if near {
			setNearLimit(w.Header())
		}
		if beta != nil {
			beta.inform(w.Header(), h.clock())
		}
		if hit != nil {
			hit.answer(w, r, h.clock())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fitting returns what finds the limits that hit a request. The issue of the
// request is looked up first, since no lock may be held for it.
func (h *Host) fitting(r *http.Request) func(*RateLimit) bool {
	full, issue := callOf(r).Path, ""
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		issue = issueOfPath(r.URL.Path)
	}
	i, _ := h.jira.issue(issue)
	return func(l *RateLimit) bool {
		if l.Method != "" && l.Method != r.Method {
			return false
		}
		if name := issueOfPath(l.Path); l.Reason == LimitIssueWrites && name != "" {
			return issue != "" && (strings.EqualFold(name, issue) || name == i.ID || strings.EqualFold(name, i.Key))
		}
		if l.Reason == LimitIssueWrites && issue == "" {
			return false
		}
		return strings.HasPrefix(r.URL.Path, l.Path) || strings.HasPrefix(full, l.Path)
	}
}

// issueOfPath is the key or id of the issue that a path of the REST API names.
func issueOfPath(path string) string {
	_, rest, ok := strings.Cut(path, "/rest/api/")
	version, rest, deeper := strings.Cut(rest, "/issue/")
	if !ok || !deeper || strings.Contains(version, "/") {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}
