package devhost

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limitPolicy is what the structured headers call a limit, and how large it is:
// the default quota of an app and the default rate of a resource.
type limitPolicy struct {
	name          string // empty for limits without structured headers
	quota, window int
}

func policyOf(reason string) limitPolicy {
	switch {
	case strings.HasSuffix(reason, "-quota-global-based"):
		return limitPolicy{"global-app-quota", 65000, 3600}
	case strings.HasSuffix(reason, "-quota-tenant-based"):
		return limitPolicy{"tenant-app-quota", 65000, 3600}
	case reason == LimitBurst:
		return limitPolicy{"jira-burst-based", 100, 1}
	case reason == LimitIssueWrites:
		return limitPolicy{"", 20, 2}
	}
	return limitPolicy{"", 100, 1}
}

// answer refuses a call. A limit without a reason, Retry-After and Reset sends
// none of the headers, as old gateways do.
func (l *RateLimit) answer(w http.ResponseWriter, r *http.Request, now time.Time) {
	status := cmp.Or(l.Status, http.StatusTooManyRequests)
	refuse(r, strings.TrimSpace("rate limit "+l.Reason))
	text := "Rate limit exceeded."
	if status == http.StatusTooManyRequests {
		for _, pair := range l.headers(now) {
			w.Header().Set(pair[0], pair[1])
		}
	} else {
		text = http.StatusText(status)
		if l.RetryAfter >= 0 {
			w.Header().Set("Retry-After", strconv.Itoa(l.RetryAfter))
		}
	}
	writeJSON(w, status, errorBody{Messages: []string{text}})
}

// headers are those of a 429.
func (l *RateLimit) headers(now time.Time) [][2]string {
	var list [][2]string
	add := func(name, value string) { list = append(list, [2]string{name, value}) }
	reset := l.Reset
	if l.RetryAfter >= 0 {
		add("Retry-After", strconv.Itoa(l.RetryAfter))
		if reset.IsZero() {
			reset = now.Add(time.Duration(l.RetryAfter) * time.Second)
		}
	}
	if !reset.IsZero() {
		add("X-RateLimit-Reset", l.resetText(reset))
	}
	if l.Reason == "" {
		return list
	}
	p := policyOf(l.Reason)
	add("RateLimit-Reason", l.Reason)
	add("X-RateLimit-Limit", strconv.Itoa(p.quota))
	add("X-RateLimit-Remaining", "0")
	if p.name != "" {
		add("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, p.name, p.quota, p.window))
		wait := max(0, int(reset.Sub(now)/time.Second))
		if reset.IsZero() {
			wait = p.window
		}
		add("RateLimit", fmt.Sprintf(`"%s";r=0;t=%d`, p.name, wait))
	}
	return list
}

func (l *RateLimit) resetText(t time.Time) string {
	if l.ResetWithoutSeconds {
		return t.UTC().Format("2006-01-02T15:04Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// inform puts the headers of a limit that is to come on an answer: X-RateLimit-
// becomes X-Beta-RateLimit-, and all others get Beta- in front.
func (l *RateLimit) inform(header http.Header, now time.Time) {
	for _, pair := range l.headers(now) {
		name := "Beta-" + pair[0]
		if rest, ok := strings.CutPrefix(pair[0], "X-"); ok {
			name = "X-Beta-" + rest
		}
		header.Set(name, pair[1])
	}
}

func setNearLimit(header http.Header) {
	p := policyOf(LimitQuotaOfApp)
	header.Set("X-RateLimit-NearLimit", "true")
	header.Set("X-RateLimit-Limit", strconv.Itoa(p.quota))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(p.quota/10))
}
