package devhost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

func TestDataCenterLimit(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{RateLimit: &devhost.DataCenterLimit{Limit: 3, FillRate: 2, Interval: 10 * time.Second}})
	call := dcCall{path: dcMyself, basic: boBasic}
	check := func(status int, left, wait string) {
		t.Helper()
		resp := call.do(t, h)
		got := strings.TrimSpace(readBody(t, resp, status))
		for name, want := range map[string]string{
			"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": left, "X-RateLimit-FillRate": "2",
			"X-RateLimit-Interval-Seconds": "10", "Retry-After": wait,
		} {
			wantHeader(t, resp, name, want)
		}
		if want := `{"message":"Rate limit exceeded.","status-code":429}`; status == 429 && got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	check(200, "2", "0")
	check(200, "1", "0")
	check(200, "0", "0")
	check(429, "0", "10")
	ck.advance(2500 * time.Millisecond)
	check(429, "0", "8")
	ck.advance(7500 * time.Millisecond)
	check(200, "1", "0")
	ck.advance(time.Hour)
	check(200, "2", "0")

	readBody(t, dcCall{path: dcMyself, basic: adaBasic}.do(t, h), 200) // a bucket of her own
	if err := h.ExhaustLimit("bo"); err != nil {
		t.Fatal(err)
	}
	check(429, "0", "10")
	call = dcCall{path: dcMyself, cookies: login(t, h, "bo")}
	check(429, "0", "10")
	ck.advance(10 * time.Second)
	check(200, "1", "0")
	wantHeader(t, dcCall{path: dcMyself}.do(t, h), "X-RateLimit-Limit", "")
	wantHeader(t, dcCall{path: dcMyself, basic: "bo:wrong"}.do(t, h), "X-RateLimit-Limit", "")
	if err := h.ExhaustLimit("nobody"); err == nil {
		t.Error("got no error for nobody")
	}
}

// Callers with a session are taken for people, if the setting says so.
func TestSessionsEscapeLimit(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{RateLimit: &devhost.DataCenterLimit{Limit: 1, FillRate: 1, Interval: time.Second, SessionsEscape: true}})
	call := dcCall{path: dcMyself, cookies: login(t, h, "bo")}
	for range 3 {
		resp := call.do(t, h)
		readBody(t, resp, 200)
		wantHeader(t, resp, "X-RateLimit-Limit", "")
	}
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 200)
	readBody(t, dcCall{path: dcMyself, basic: boBasic}.do(t, h), 429)
}

func TestNoLimit(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	resp := dcCall{path: dcMyself, basic: boBasic}.do(t, h)
	readBody(t, resp, 200)
	wantHeader(t, resp, "X-RateLimit-Limit", "")
	wantHeader(t, resp, "Retry-After", "")
	if err := h.ExhaustLimit("bo"); err == nil {
		t.Error("got no error without a limit")
	}
}
