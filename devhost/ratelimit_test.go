package devhost_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// limitHeaders are the headers of an answer that speak of limits.
func limitHeaders(h http.Header) string {
	var list []string
	for _, name := range []string{
		"Retry-After", "RateLimit-Reason", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-NearLimit",
		"RateLimit-Policy", "RateLimit", "Beta-Retry-After", "Beta-RateLimit-Reason", "X-Beta-RateLimit-Limit", "X-Beta-RateLimit-Remaining",
		"X-Beta-RateLimit-Reset", "Beta-RateLimit-Policy", "Beta-RateLimit",
	} {
		if v := h.Get(name); v != "" {
			list = append(list, name+": "+v)
		}
	}
	return strings.Join(list, "\n")
}

func TestLimitAnswers(t *testing.T) {
	h, a, _ := installed(t)
	reset := time.Date(2026, 11, 20, 12, 30, 47, 0, time.UTC)
	tests := []struct {
		name   string
		limit  devhost.RateLimit
		status int
		text   string
		want   string
	}{
		{"burst", devhost.RateLimit{Reason: devhost.LimitBurst, RetryAfter: 2}, 429, "Rate limit exceeded.",
			"Retry-After: 2\nRateLimit-Reason: jira-burst-based\nX-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-20T12:00:02Z\n" +
				"RateLimit-Policy: \"jira-burst-based\";q=100;w=1\nRateLimit: \"jira-burst-based\";r=0;t=2"},
		{"quota of the app", devhost.RateLimit{Reason: devhost.LimitQuotaOfApp, RetryAfter: 1847, Reset: reset}, 429, "Rate limit exceeded.",
			"Retry-After: 1847\nRateLimit-Reason: jira-quota-global-based\nX-RateLimit-Limit: 65000\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-20T12:30:47Z\n" +
				"RateLimit-Policy: \"global-app-quota\";q=65000;w=3600\nRateLimit: \"global-app-quota\";r=0;t=1847"},
		{"quota of the tenant, without seconds", devhost.RateLimit{Reason: devhost.LimitQuotaOfTenant, RetryAfter: -1, Reset: reset, ResetWithoutSeconds: true}, 429, "Rate limit exceeded.",
			"RateLimit-Reason: jira-quota-tenant-based\nX-RateLimit-Limit: 65000\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-20T12:30Z\n" +
				"RateLimit-Policy: \"tenant-app-quota\";q=65000;w=3600\nRateLimit: \"tenant-app-quota\";r=0;t=1847"},
		{"another reason", devhost.RateLimit{Reason: "jira-cost-based", RetryAfter: 0}, 429, "Rate limit exceeded.",
			"Retry-After: 0\nRateLimit-Reason: jira-cost-based\nX-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-20T12:00:00Z"},
		{"no reason", devhost.RateLimit{RetryAfter: 5}, 429, "Rate limit exceeded.", "Retry-After: 5\nX-RateLimit-Reset: 2026-11-20T12:00:05Z"},
		{"nothing at all", devhost.RateLimit{RetryAfter: -1}, 429, "Rate limit exceeded.", ""},
		{"unavailable", devhost.RateLimit{Reason: devhost.LimitBurst, Status: 503, RetryAfter: 7}, 503, "Service Unavailable", "Retry-After: 7"},
		{"unavailable for who knows how long", devhost.RateLimit{Status: 503, RetryAfter: -1}, 503, "Service Unavailable", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.Limit(tt.limit)
			defer h.Unlimit()
			resp := a.call("GET", myselfPath, "")
			wantBody(t, resp, tt.status, `{"errorMessages":["`+tt.text+`"],"errors":{}}`)
			if got := limitHeaders(resp.Header); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if c := lastCall(t, h); c.App != appKey || c.Status != tt.status || !strings.HasPrefix(c.Refusal, "rate limit") {
				t.Errorf("got record %+v", c)
			}
		})
	}
	resp := a.call("GET", myselfPath, "")
	readBody(t, resp, 200)
	if got := limitHeaders(resp.Header); got != "" {
		t.Errorf("without a limit: got %s", got)
	}
}

// What a limit hits and what it leaves alone.
func TestLimitMatches(t *testing.T) {
	h, a, _ := installed(t)
	gateway := bearerFor(t, h, bo, "read:jira-user")
	comment := `{"body":` + doc("x") + `}`
	const issue = "/rest/api/3/issue/"
	one, _ := h.Issue("DEMO-1")
	calls := map[string]func() int{
		"read":              func() int { return a.call("GET", issue+"DEMO-1", "").StatusCode },
		"update":            func() int { return a.call("PUT", issue+"DEMO-1", `{"fields":{"labels":[]}}`).StatusCode },
		"update by id":      func() int { return a.call("PUT", issue+one.ID, `{"fields":{"labels":[]}}`).StatusCode },
		"comment":           func() int { return a.call("POST", issue+"DEMO-1/comment", comment).StatusCode },
		"comment on DEMO-2": func() int { return a.call("POST", issue+"DEMO-2/comment", comment).StatusCode },
		"myself":            func() int { return a.call("GET", myselfPath, "").StatusCode },
		"at the gateway": func() int {
			return send(t, "GET", h.GatewayURL()+"/ex/jira/"+h.CloudID()+myselfPath, "", "Authorization", gateway).StatusCode
		},
		"refused": func() int { return a.callWith("another secret") },
	}
	if _, err := h.PutIssue(devhost.Issue{Key: "DEMO-10", Summary: "x"}); err != nil {
		t.Fatal(err)
	}
	calls["comment on DEMO-10"] = func() int { return a.call("POST", issue+"DEMO-10/comment", comment).StatusCode }
	tests := []struct {
		name  string
		limit devhost.RateLimit
		hit   string
	}{
		{"all", devhost.RateLimit{}, "read, update, update by id, comment, comment on DEMO-2, comment on DEMO-10, myself, at the gateway"},
		{"method", devhost.RateLimit{Method: "PUT"}, "update, update by id"},
		{"path", devhost.RateLimit{Path: myselfPath}, "myself, at the gateway"},
		{"path of the gateway", devhost.RateLimit{Path: "/api.atlassian.com/"}, "at the gateway"},
		{"method and path", devhost.RateLimit{Method: "GET", Path: issue}, "read"},
		{"writes to any issue", devhost.RateLimit{Reason: devhost.LimitIssueWrites}, "update, update by id, comment, comment on DEMO-2, comment on DEMO-10"},
		{"writes to one issue", devhost.RateLimit{Reason: devhost.LimitIssueWrites, Path: issue + "DEMO-1"}, "update, update by id, comment"},
		{"writes to one issue, by id", devhost.RateLimit{Reason: devhost.LimitIssueWrites, Path: issue + one.ID}, "update, update by id, comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.Limit(tt.limit)
			defer h.Unlimit()
			for name, call := range calls {
				status := call()
				hit := false
				for want := range strings.SplitSeq(tt.hit, ", ") {
					hit = hit || want == name
				}
				switch {
				case hit != (status == 429):
					t.Errorf("%s: got status %d, hit should be %v", name, status, hit)
				case name == "refused" && status != 401:
					t.Errorf("a caller nobody knows got status %d, want 401", status)
				}
			}
		})
	}
}

func TestLimitTimes(t *testing.T) {
	h, a, _ := installed(t)
	status := func() int { return a.call("GET", myselfPath, "").StatusCode }
	h.Limit(devhost.RateLimit{Times: 2})
	h.Limit(devhost.RateLimit{Times: 1, Status: 503})
	for i, want := range []int{429, 429, 503, 200, 200} {
		if got := status(); got != want {
			t.Errorf("call %d: got status %d, want %d", i, got, want)
		}
	}
	h.Limit(devhost.RateLimit{})
	for range 3 {
		if got := status(); got != 429 {
			t.Errorf("without a number: got status %d", got)
		}
	}
	h.Unlimit()
	if got := status(); got != 200 {
		t.Errorf("after Unlimit: got status %d", got)
	}
}

// Headers of limits to come do not stop anything.
func TestLimitInforms(t *testing.T) {
	h, a, _ := installed(t)
	h.Limit(devhost.RateLimit{Reason: devhost.LimitQuotaOfApp, RetryAfter: 60, Beta: true, Times: 1})
	resp := a.call("GET", myselfPath, "")
	readBody(t, resp, 200)
	want := "Beta-Retry-After: 60\nBeta-RateLimit-Reason: jira-quota-global-based\nX-Beta-RateLimit-Limit: 65000\nX-Beta-RateLimit-Remaining: 0\n" +
		"X-Beta-RateLimit-Reset: 2026-11-20T12:01:00Z\nBeta-RateLimit-Policy: \"global-app-quota\";q=65000;w=3600\nBeta-RateLimit: \"global-app-quota\";r=0;t=60"
	if got := limitHeaders(resp.Header); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	h.NearLimit(true)
	resp = a.call("GET", myselfPath, "")
	readBody(t, resp, 200)
	if got, want := limitHeaders(resp.Header), "X-RateLimit-Limit: 65000\nX-RateLimit-Remaining: 6500\nX-RateLimit-NearLimit: true"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	h.NearLimit(false)
	resp = a.call("GET", myselfPath, "")
	if got := limitHeaders(resp.Header); got != "" {
		t.Errorf("got %s", got)
	}
}

// The limits hit Assets at each of its addresses.
func TestLimitOfAssets(t *testing.T) {
	h, i, _, source := withImport(t)
	status := assetsV1 + "importsource/" + source.ID + "/configstatus"
	i.a.let(source.SchemaID, devhost.AssetsManager)
	if err := h.SetAssetsRole(source.SchemaID, bo, devhost.AssetsManager); err != nil {
		t.Fatal(err)
	}
	token := bearerFor(t, h, bo, "import:import-configuration:cmdb")
	calls := []struct {
		name, path string
		call       func(path string) *http.Response
	}{
		{"at the site", status, func(path string) *http.Response { return i.a.call("GET", path, "") }},
		{"at the plain address", gateway + status, func(path string) *http.Response { return i.call("GET", path, "") }},
		{"by the cloud id", gateway + "/ex/jira/" + h.CloudID() + status, func(path string) *http.Response {
			return send(t, "GET", h.URL()+path, "", "Authorization", token)
		}},
		{"start of an import", infoAt, func(path string) *http.Response { return i.call("GET", path, "") }},
	}
	for _, tt := range calls {
		t.Run(tt.name, func(t *testing.T) {
			defer h.Unlimit()
			for _, path := range []string{"", "/jsm/assets/", tt.path} {
				h.Limit(devhost.RateLimit{Path: path, Times: 1})
				readBody(t, tt.call(tt.path), 429)
				readBody(t, tt.call(tt.path), 200)
			}
			h.Limit(devhost.RateLimit{Path: "/rest/"})
			readBody(t, tt.call(tt.path), 200)
		})
	}
}

// A limit that only informs does not hide one that is real, whichever is older.
func TestLimitBehindABetaLimit(t *testing.T) {
	h, a, _ := installed(t)
	beta, other := devhost.RateLimit{Reason: devhost.LimitQuotaOfApp, RetryAfter: 60, Beta: true}, devhost.RateLimit{Reason: "x", RetryAfter: 9, Beta: true}
	hit := devhost.RateLimit{Reason: devhost.LimitBurst, RetryAfter: 2, Times: 1}
	for name, list := range map[string][]devhost.RateLimit{"beta first": {beta, hit, other}, "real first": {hit, beta, other}} {
		t.Run(name, func(t *testing.T) {
			defer h.Unlimit()
			for _, l := range list {
				h.Limit(l)
			}
			for _, want := range []struct {
				status int
				retry  string
			}{{429, "2"}, {200, ""}} {
				resp := a.call("GET", myselfPath, "")
				readBody(t, resp, want.status)
				if got := resp.Header.Get("Retry-After"); got != want.retry {
					t.Errorf("got Retry-After %q, want %q", got, want.retry)
				}
				if got := resp.Header.Get("Beta-Retry-After"); got != "60" {
					t.Errorf("got Beta-Retry-After %q", got)
				}
			}
		})
	}
}
