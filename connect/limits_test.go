package connect_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/hostclient"
)

// busy is a host that answers 503 to each call but the last.
type busy struct{ left int }

func (b *busy) RoundTrip(*http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}
	if b.left--; b.left >= 0 {
		answer.StatusCode = http.StatusServiceUnavailable
	}
	return answer, nil
}

// The limits of the configuration are those of the app's calls.
func TestLimits(t *testing.T) {
	var slept []time.Duration
	limits, err := hostclient.NewLimits(hostclient.LimitsConfig{
		MaxRetries: 2, Jitter: func() float64 { return 0.5 },
		Sleep: func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for left, works := range map[int]bool{2: true, 3: false} {
		w := newWorld(t, func(c *connect.Config) { c.Transport, c.Limits = &busy{left}, limits })
		host, err := w.HostOf(t.Context(), clientKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hostclient.Get[struct{}](t.Context(), host, "/x"); (err == nil) != works {
			t.Errorf("after %d failures: got %v, want success %v", left, err, works)
		}
	}
	if len(slept) != 4 {
		t.Errorf("slept %v, want four times", slept)
	}
}
