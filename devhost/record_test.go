package devhost_test

import (
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// A record holds the beginning of a body, and keeps no more than that alive.
func TestRecordOfALargeBody(t *testing.T) {
	const kept = 64 << 10
	h, _, _ := newHost(t, devhost.Config{})
	for _, size := range []int{10, kept, 900 << 10} {
		body := strings.Repeat("x", size)
		readBody(t, send(t, "POST", h.URL()+"/rest/api/3/issue", body), 401)
		got := lastCall(t, h).Body
		if string(got) != body[:min(size, kept)] {
			t.Errorf("body of %d bytes: got %d bytes, or others", size, len(got))
		}
		if cap(got) > 2*kept {
			t.Errorf("body of %d bytes: the record keeps %d bytes alive", size, cap(got))
		}
	}
}
