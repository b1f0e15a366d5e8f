package devhost

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxActivity is how many lines the activity page shows.
const maxActivity = 200

const secondsLayout = "2 Jan 15:04:05"

func (h *Host) activityPage(w http.ResponseWriter, r *http.Request) {
	p := h.newPage(w, r, "Activity")
	p.Activity = h.activity()
	h.show(w, http.StatusOK, p, "")
}

// activity merges calls and deliveries, newest first.
func (h *Host) activity() []activityView {
	type line struct {
		at   int64
		view activityView
	}
	var lines []line
	for _, c := range h.Calls() {
		lines = append(lines, line{c.Time.UnixNano(), h.callView(&c)})
	}
	for _, d := range h.Deliveries() {
		lines = append(lines, line{d.Time.UnixNano(), deliveryView(&d)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.at, a.at) })
	views := make([]activityView, min(len(lines), maxActivity))
	for i := range views {
		views[i] = lines[i].view
	}
	return views
}

func (h *Host) callView(c *Call) activityView {
	return activityView{
		When: c.Time.UTC().Format(secondsLayout), Direction: "in", What: c.Method + " " + c.Path,
		Who: h.callerText(c), Status: c.Status, Detail: c.Refusal, Bad: c.Status >= 400 && !isLookup(c),
	}
}

// isLookup reports whether a call asked for an app property that is not there,
// which is how apps find out that it was never set.
func isLookup(c *Call) bool {
	_, rest, ok := strings.Cut(strings.TrimPrefix(c.Path, addonsPath), "/")
	return ok && strings.HasPrefix(c.Path, addonsPath) && strings.HasPrefix(rest, "properties/") &&
		c.Method == http.MethodGet && c.Status == http.StatusNotFound
}

// callerText names the app, and the user when the app did not call as itself.
func (h *Host) callerText(c *Call) string {
	user := h.displayName(c.AccountID)
	switch {
	case c.Kind == kindApp || user == "":
		return c.App
	case c.App == "":
		return user
	}
	return c.App + " for " + user
}

func deliveryView(d *Delivery) activityView {
	v := activityView{
		When: d.Time.UTC().Format(secondsLayout), Direction: "out", What: d.Event,
		Who: d.App, Status: d.Status, Detail: d.Error, Bad: d.Error != "",
	}
	if u, err := url.Parse(d.URL); err == nil {
		v.What += " " + u.EscapedPath()
	}
	return v
}
