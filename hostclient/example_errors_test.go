package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// exampleTokens calls host as a Cloud site with an API token of one's own.
func exampleTokens(host *httptest.Server, config hostclient.Config) *hostclient.Client {
	site, err := hostclient.CloudSite(host.URL)
	if err != nil {
		log.Fatal(err)
	}
	token, err := hostclient.NewAPIToken(site, "mia@example.com", store.NewSecret("an API token"))
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(config)
	if err != nil {
		log.Fatal(err)
	}
	return hosts.Client(token)
}

// An error tells its kind, and what the cause is in most cases where the answer
// itself misleads: here a success that is none.
func ExampleError() {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
		fmt.Fprint(w, `{"issues":[]}`)
	}))
	defer host.Close()

	_, err := hostclient.Get[struct{ Issues []any }](context.Background(), exampleTokens(host, hostclient.Config{}), "/rest/api/3/search/jql")
	var e *hostclient.Error
	if errors.As(err, &e) && errors.Is(err, hostclient.ErrAnonymous) {
		fmt.Println(e.Status)
		fmt.Println(e.Hint)
	}
	// Output:
	// 200
	// the host did not take the credential and answered as to nobody: lists are empty and things are missing
}

// A host may ask for more patience than a request handler has. The error is there at
// once, for this call and for those after it, and says when to come back.
func ExampleLimits() {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("RateLimit-Reason", "jira-quota-tenant-based")
		w.Header().Set("Retry-After", "1847")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer host.Close()
	clock := func() time.Time { return time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC) }
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{MaxWait: 5 * time.Second, Clock: clock})
	if err != nil {
		log.Fatal(err)
	}

	client := exampleTokens(host, hostclient.Config{Limits: limits, Clock: clock})
	for range 2 {
		_, err := hostclient.Get[struct{}](context.Background(), client, "/rest/api/3/myself")
		var e *hostclient.Error
		if errors.As(err, &e) && errors.Is(err, hostclient.ErrRateLimited) {
			fmt.Printf("%s until %s; %q\n", e.RateLimitReason, e.RetryAt.Format(time.TimeOnly), e.Hint)
		}
	}
	// Output:
	// jira-quota-tenant-based until 09:30:47; ""
	// jira-quota-tenant-based until 09:30:47; "it was not sent: the limit that an earlier call met still holds"
}
