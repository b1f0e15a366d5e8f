package hostclient_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// BenchmarkCall measures a whole call, from a new request to its closed answer,
// by Client.Do with a personal access token, limits and a time limit, against its
// floor: a bare http.Client without any of it that sends the same request with one
// header. Both go over the same base, which answers without a network. Run it with
//
//	go test -run '^$' -bench '^BenchmarkCall$' -benchtime 2000x ./hostclient
//
// As in BenchmarkSign, each iteration times 200 of both in turn. x-floor is the
// median of their ratios and must stay at or below 2.0; allocs/call and
// allocs/bare are the allocations of one call of each kind, and ns/call and
// ns/bare their median times.
func BenchmarkCall(b *testing.B) {
	const batch = 200
	do := map[string]func(*http.Request) (*http.Response, error){
		"call": benchClient(b).Do,
		"bare": (&http.Client{Transport: benchBase}).Do,
	}
	bare := func() { benchCall(b, do["bare"], "Bearer "+benchPAT) }
	whole := func() { benchCall(b, do["call"], "") }
	var ratios, calls, floors []float64
	for b.Loop() {
		floor, call := timeOf(batch, bare), timeOf(batch, whole)
		ratios = append(ratios, float64(call)/float64(floor))
		calls = append(calls, float64(call)/batch)
		floors = append(floors, float64(floor)/batch)
	}
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(calls), "ns/call")
	b.ReportMetric(median(floors), "ns/bare")
	b.ReportMetric(testing.AllocsPerRun(100, whole), "allocs/call")
	b.ReportMetric(testing.AllocsPerRun(100, bare), "allocs/bare")
}

const benchPAT = "a-personal-access-token"

var benchBase = roundTripFunc(func(r *http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody, Request: r}, nil
})

func benchClient(b *testing.B) *hostclient.Client {
	b.Helper()
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: benchBase})
	if err != nil {
		b.Fatal(err)
	}
	site, err := hostclient.DataCenter("https://jira.example.com/jira")
	if err != nil {
		b.Fatal(err)
	}
	pat, err := hostclient.NewPAT(site, store.NewSecret(benchPAT))
	if err != nil {
		b.Fatal(err)
	}
	return hosts.Client(pat)
}

// benchCall makes one call; authorization is empty for a client that has its own.
func benchCall(b *testing.B, do func(*http.Request) (*http.Response, error), authorization string) {
	const url = "https://jira.example.com/jira/rest/api/2/issue/ABC-123?fields=summary%2Cstatus"
	r, err := http.NewRequestWithContext(context.Background(), "GET", url, nil)
	if err != nil {
		b.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer, err := do(r)
	if err != nil {
		b.Fatal(err)
	}
	answer.Body.Close()
}
