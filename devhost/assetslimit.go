package devhost

import (
	"net/http"
	"time"
)

// minuteLimit counts calls within windows of a minute.
type minuteLimit struct {
	most  int // 0: no limit
	start time.Time
	used  int
}

// allows counts one call.
func (l *minuteLimit) allows(now time.Time) bool {
	if l.most == 0 {
		return true
	}
	if now.Sub(l.start) >= time.Minute {
		l.start, l.used = now, 0
	}
	l.used++
	return l.used <= l.most
}

// LimitAssets makes Assets answer 429 to a caller it knows once n calls were made
// within a minute of the host's clock, whoever made them, and begins a new
// minute; 0 takes the limit away, which is how a Host begins. Atlassian allows
// 1,000 a minute. As there, the answer has no Retry-After.
func (h *Host) LimitAssets(n int) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	h.assets.limit = minuteLimit{most: max(n, 0)}
}

// countAssetsCall is a fault when the limit of Assets is used up.
func (h *Host) countAssetsCall() error {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	if h.assets.limit.allows(h.clock()) {
		return nil
	}
	return faultf(http.StatusTooManyRequests, "Rate limit exceeded.")
}
