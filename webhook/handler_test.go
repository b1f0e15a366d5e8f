package webhook_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/webhook"
)

func TestEventIsReadWhole(t *testing.T) {
	clock := newTestClock()
	seen := newRecord()
	a := serveApp(t, webhook.Config{Clock: clock.Now}, seen.handle)
	got := a.want(t, http.StatusNoContent, delivery{
		id:    "id-1",
		query: hookQuery,
		body:  `{"issue":{"key":"ABC-1"}}`,
		header: http.Header{
			"X-Atlassian-Webhook-Retry": {"2"},
			"X-Atlassian-Webhook-Flow":  {"Secondary"},
			"X-Atlassian-Webhook-Trace": {"trace-1"},
		},
	})
	if got.body != "" {
		t.Errorf("the answer has the body %q, want none", got.body)
	}
	e := <-seen.events
	var body struct{ Issue struct{ Key string } }
	if err := e.Decode(&body); err != nil || body.Issue.Key != "ABC-1" {
		t.Errorf("Decode = %v, issue %q; want nil, ABC-1", err, body.Issue.Key)
	}
	if e.Caller.ClientKey != "tenant-a" || e.Caller.AccountID != "user-1" || e.Caller.Policy != auth.HostRequest {
		t.Errorf("caller = %s %s %v, want tenant-a user-1 host request", e.Caller.ClientKey, e.Caller.AccountID, e.Caller.Policy)
	}
	want := &webhook.Event{
		Name: eventName, Caller: e.Caller, Identifier: "id-1", Retry: 2, Flow: "Secondary", Trace: "trace-1",
		Query: url.Values{"project": {"ABC"}, "user_id": {"u/1"}}, Body: e.Body, ReceivedAt: clock.Now(),
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("event = %+v, want %+v", e, want)
	}
}

func TestTokenInQueryIsNotGivenOn(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	d := delivery{tenant: "tenant-a", method: http.MethodPost, query: hookQuery}
	d.query += "&jwt=" + signed(d, a.clock())
	d.sign = unsigned
	a.want(t, http.StatusNoContent, d)
	want := url.Values{"project": {"ABC"}, "user_id": {"u/1"}}
	if got := (<-seen.events).Query; !reflect.DeepEqual(got, want) {
		t.Errorf("query = %v, want %v", got, want)
	}
}

func TestRetryCount(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	for header, want := range map[string]int{
		"": 0, "0": 0, "1": 1, "5": 5, "-1": 0, "+1": 0, "many": 0, "99999999999999999999": 0,
	} {
		a.want(t, http.StatusNoContent, delivery{header: http.Header{"X-Atlassian-Webhook-Retry": {header}}})
		if got := (<-seen.events).Retry; got != want {
			t.Errorf("X-Atlassian-Webhook-Retry %q: Retry = %d, want %d", header, got, want)
		}
	}
}

func TestEventWithoutBody(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	a.want(t, http.StatusNoContent, delivery{body: none})
	e := <-seen.events
	if len(e.Body) != 0 {
		t.Errorf("body = %q, want none", e.Body)
	}
	var v any
	if err := e.Decode(&v); err == nil || !strings.Contains(err.Error(), eventName) {
		t.Errorf("Decode = %v, want an error that names the event", err)
	}
}

func unsigned(delivery, time.Time) string { return "" }

// signedByOther returns a token that names d's tenant and has the signature of
// another.
func signedByOther(d delivery, now time.Time) string {
	return token(tenants["tenant-b"], d.tenant, qshOf(d), now)
}

func forContext(d delivery, now time.Time) string {
	return token(tenants[d.tenant], d.tenant, "context-qsh", now)
}

func forOtherQuery(d delivery, now time.Time) string {
	d.query = "project=XYZ"
	return signed(d, now)
}

func ofUnknownTenant(d delivery, now time.Time) string {
	d.tenant = "tenant-x"
	return signed(d, now)
}

func signedEarlier(d delivery, now time.Time) string { return signed(d, now.Add(-4*time.Minute)) }

func TestRefusals(t *testing.T) {
	const limit = 64
	long := `"` + strings.Repeat("x", limit-1) + `"` // one byte too long
	contentType := func(v ...string) http.Header { return http.Header{"Content-Type": v} }
	tests := []struct {
		name string
		d    delivery
		want int
	}{
		{"unsigned", delivery{sign: unsigned}, 401},
		{"wrong secret", delivery{sign: signedByOther}, 401},
		{"context token", delivery{sign: forContext}, 401},
		{"token for another query", delivery{sign: forOtherQuery, query: hookQuery}, 401},
		{"unknown tenant", delivery{sign: ofUnknownTenant}, 401},
		{"expired", delivery{sign: signedEarlier}, 401},
		{"unsigned and no JSON", delivery{sign: unsigned, body: "x"}, 401},
		{"unsigned and too long, length unsaid", delivery{sign: unsigned, body: long, chunked: true}, 401},
		{"query that does not parse", delivery{query: "a=%zz"}, 400},
		{"GET", delivery{method: http.MethodGet}, 405},
		{"PUT", delivery{method: http.MethodPut}, 405},
		{"DELETE without a token", delivery{method: http.MethodDelete, sign: unsigned}, 405},
		{"too long", delivery{body: long}, 413},
		{"too long, length unsaid", delivery{body: long, chunked: true}, 413},
		{"too long, unsigned", delivery{body: long, sign: unsigned}, 401},
		{"text", delivery{header: contentType("text/plain")}, 415},
		{"form", delivery{body: "a=b", header: contentType("application/x-www-form-urlencoded")}, 415},
		{"no media type", delivery{header: contentType()}, 415},
		{"broken media type", delivery{header: contentType("application/json; charset")}, 415},
		{"other charset", delivery{header: contentType("application/json; charset=utf-16")}, 415},
		{"half an object", delivery{body: `{"issue":`}, 400},
		{"two objects", delivery{body: `{}{}`}, 400},
		{"blank", delivery{body: ` `}, 400},
	}
	seen := newRecord()
	a := serveApp(t, webhook.Config{MaxBody: limit}, seen.handle)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.d.id = "id-1" // which the last delivery has too
			got := a.want(t, test.want, test.d)
			if text := http.StatusText(test.want) + "\n"; got.body != text {
				t.Errorf("body = %q, want %q", got.body, text)
			}
			allow := ""
			if test.want == http.StatusMethodNotAllowed {
				allow = http.MethodPost
			}
			if got := got.header.Get("Allow"); got != allow {
				t.Errorf("Allow = %q, want %q", got, allow)
			}
		})
	}
	longest := `"` + strings.Repeat("x", limit-2) + `"`
	a.want(t, http.StatusNoContent, delivery{id: "id-1", body: longest, chunked: true})
	if got, want := seen.names(t, a), []string{"tenant-a/id-1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("handled %v, want %v: nothing that was refused may be queued or remembered", got, want)
	}
	if log := a.log.String(); strings.Contains(log, "eyJ") || strings.Contains(log, "secret-of") {
		t.Errorf("the log has a token or a secret: %s", log)
	}
}

func TestBodyThatBreaksOff(t *testing.T) {
	seen := newRecord()
	a := serveApp(t, webhook.Config{}, seen.handle)
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	d := delivery{tenant: "tenant-a", method: http.MethodPost}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: app\r\nAuthorization: JWT %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}",
		hookPath, signed(d, a.clock()))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("status = %d, want 400", res.StatusCode)
	}
	if got := seen.names(t, a); len(got) != 0 {
		t.Errorf("handled %v, want nothing", got)
	}
}

func TestHandlerPanicsWithoutItsParts(t *testing.T) {
	q, err := webhook.NewQueue(webhook.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Handler(nil, …) did not panic")
		}
	}()
	q.Handler(nil, eventName, newRecord().handle)
}
