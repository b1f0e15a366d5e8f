package hostclient_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

func BenchmarkCall(b *testing.B) {
	const batch = 200
	base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody, Request: r}, nil
	})
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{})
	if err != nil {
		b.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: base, Limits: limits, UserAgent: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	site, _ := hostclient.DataCenter("https://jira.example.com/jira")
	pat, err := hostclient.NewPAT(site, store.NewSecret("a-personal-access-token"))
	if err != nil {
		b.Fatal(err)
	}
	client := hosts.Client(pat)
	r, err := http.NewRequest("GET", "https://jira.example.com/jira/rest/api/2/issue/ABC-123?fields=summary", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	bare := &http.Client{Transport: base}
	br := r.Clone(b.Context())
	call := func(do func(*http.Request) (*http.Response, error), r *http.Request) func() {
		return func() {
			a, err := do(r)
			if err != nil {
				b.Fatal(err)
			}
			a.Body.Close()
		}
	}
	floor := call(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("Authorization", "Bearer a-personal-access-token")
		return bare.Do(r)
	}, br)
	whole := call(client.Do, r)
	b.ReportMetric(testing.AllocsPerRun(100, floor), "allocs/bare")
	b.ReportMetric(testing.AllocsPerRun(100, whole), "allocs/call")
	var ratios, calls, bares []float64
	for b.Loop() {
		f := timeOf(batch, floor)
		w := timeOf(batch, whole)
		ratios = append(ratios, float64(w)/float64(f))
		calls = append(calls, float64(w)/batch)
		bares = append(bares, float64(f)/batch)
	}
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(calls), "ns/call")
	b.ReportMetric(median(bares), "ns/bare")
	b.ReportMetric(testing.AllocsPerRun(100, floor), "allocs/bare")
	b.ReportMetric(testing.AllocsPerRun(100, whole), "allocs/call")
	_ = time.Now
}
