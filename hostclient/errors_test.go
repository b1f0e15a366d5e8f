package hostclient_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// failed calls a host that gives that answer.
func failed(t *testing.T, answer http.HandlerFunc) *hostclient.Error {
	t.Helper()
	w := newWorld(t, "", answer)
	_, err := hostclient.Send[struct{}](t.Context(), w.client, "PUT", "/rest/x?a=1&access_token=hidden&JWT2=3", nil)
	var e *hostclient.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an Error", err)
	}
	if got, want := e.Method+" "+e.URL, "PUT "+w.site.url+"/rest/x?a=1&access_token=[redacted]&JWT2=3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	return e
}

// kinds are all that errors.Is can tell of an answer.
var kinds = []error{
	hostclient.ErrRedirect, hostclient.ErrUnauthorized, hostclient.ErrForbidden, hostclient.ErrScopeMissing,
	hostclient.ErrAnonymous, hostclient.ErrCaptcha, hostclient.ErrXSRF, hostclient.ErrTokenRevoked, hostclient.ErrReauthorize,
	hostclient.ErrNoToken, hostclient.ErrNotFound, hostclient.ErrConflict, hostclient.ErrGone, hostclient.ErrRateLimited,
	hostclient.ErrHost, hostclient.ErrNotJSON, hostclient.ErrTooLarge, hostclient.ErrOrigin, hostclient.ErrRequest,
	hostclient.ErrNotInstalled, hostclient.ErrPrivate, hostclient.ErrSite, hostclient.ErrExpired,
}

func TestErrorKinds(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   []error
		hint   string
	}{
		{300, "", []error{hostclient.ErrRedirect}, "not followed"},
		{400, "", nil, ""},
		{400, `{"message":"Version must be incremented on update. Current version is: 3"}`, []error{hostclient.ErrConflict}, "read it again"},
		{401, "", []error{hostclient.ErrUnauthorized}, "the clock, the shared secret"},
		{401, `{"code":401,"message":"Unauthorized; scope does not match"}`,
			[]error{hostclient.ErrUnauthorized, hostclient.ErrScopeMissing}, "missing scope"},
		{403, "", []error{hostclient.ErrForbidden}, "lacks a scope, or the app's user"},
		{403, "Request not in an authorized API scope", []error{hostclient.ErrForbidden, hostclient.ErrScopeMissing}, "missing scope"},
		{403, `{"error":"Failed to parse Connect Session Auth Token"}`,
			[]error{hostclient.ErrForbidden, hostclient.ErrUnauthorized}, "JWT bearer grant"},
		{404, "", []error{hostclient.ErrNotFound}, "may not see it"},
		{404, "scope does not match", []error{hostclient.ErrNotFound}, "may not see it"},
		{409, "", []error{hostclient.ErrConflict}, ""},
		{410, "", []error{hostclient.ErrGone}, ""},
		{418, "", nil, ""},
		{429, "", []error{hostclient.ErrRateLimited}, ""},
		{500, "", []error{hostclient.ErrHost}, ""},
		{503, "", []error{hostclient.ErrHost}, ""},
		{599, "", []error{hostclient.ErrHost}, ""},
	} {
		t.Run(fmt.Sprint(c.status, c.body), func(t *testing.T) {
			e := failed(t, status(c.status, c.body))
			if e.Status != c.status {
				t.Errorf("status %d", e.Status)
			}
			var got []error
			for _, kind := range kinds {
				if errors.Is(e, kind) {
					got = append(got, kind)
				}
			}
			for _, want := range c.want {
				if !errors.Is(e, want) {
					t.Errorf("%v is not %v", e, want)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("kinds %v, want %v", got, c.want)
			}
			if (c.hint == "") != (e.Hint == "") || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("hint %q, want %q", e.Hint, c.hint)
			}
		})
	}
}

func TestErrorBodies(t *testing.T) {
	for _, c := range []struct {
		name, body string
		messages   []string
		fields     map[string]string
	}{
		{"Jira", `{"errorMessages":["one","two"],"errors":{"summary":"is required","parent":"is none"}}`,
			[]string{"one", "two"}, map[string]string{"summary": "is required", "parent": "is none"}},
		{"Jira, fields alone", `{"errorMessages":[],"errors":{"summary":"is required"}}`, nil, map[string]string{"summary": "is required"}},
		{"Jira, one text", `{"errorMessages":"one"}`, []string{"one"}, nil},
		{"Jira, fields of any kind", `{"errors":{"a":{"b":1},"c":2}}`, nil, map[string]string{"a": `{"b":1}`, "c": "2"}},
		{"service desk", `{"errorMessage":"no such queue","i18nErrorMessage":{"i18nKey":"k","parameters":[]}}`, []string{"no such queue"}, nil},
		{"Confluence 1", `{"statusCode":400,"data":{"authorized":true,"valid":false,"errors":[{"message":{"key":"k","args":[],"translation":"title taken"}}],"successful":false},"message":"java.lang.Oops: bad"}`,
			[]string{"java.lang.Oops: bad", "title taken"}, nil},
		{"Confluence 1, key alone", `{"data":{"errors":[{"message":{"key":"title.taken"}}]}}`, []string{"title.taken"}, nil},
		{"Confluence 2", `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":"no page 5"}]}`, []string{"Not Found", "no page 5"}, nil},
		{"Confluence 2, code alone", `{"errors":[{"status":404,"code":"NOT_FOUND","title":null}]}`, []string{"NOT_FOUND"}, nil},
		{"gateway", `{"code":401,"message":"Unauthorized"}`, []string{"Unauthorized"}, nil},
		{"service desk, key alone", `{"i18nErrorMessage":{"i18nKey":"no.such.queue","parameters":[]}}`, []string{"no.such.queue"}, nil},
		{"one message", `{"errorMessage":"oops"}`, []string{"oops"}, nil},
		{"fields in a list", `{"errorMessages":[],"errors":["one",{"message":"two"}]}`, []string{"one", "two"}, nil},
		{"site", `{"error":"Failed to parse Connect Session Auth Token"}`, []string{"Failed to parse Connect Session Auth Token"}, nil},
		{"error as an object", `{"error":{"message":"oops"}}`, []string{"oops"}, nil},
		{"OAuth 1.0a", "oauth_problem=permission_denied&oauth_problem_advice=Ask%20again", []string{"Ask again"}, nil},
		{"OAuth 1.0a, broken", "oauth_problem=%zz", []string{"oauth_problem=%zz"}, nil},
		{"OAuth", `{"error":"invalid_scope","error_description":"not granted"}`, []string{"not granted"}, nil},
		{"list of texts", `["one","two","one"]`, []string{"one", "two"}, nil},
		{"text in JSON", `"one"`, []string{"one"}, nil},
		{"text", " Client must be\nauthenticated. ", []string{"Client must be authenticated."}, nil},
		{"page", "<!DOCTYPE html>\n<html><HEAD><Title lang=en> Oops &amp; sorry </Title>", []string{"Oops & sorry"}, nil},
		{"page without a title", "<html><body>secret things", nil, nil},
		{"broken title", "<title", nil, nil},
		{"unended title", "<title>x", nil, nil},
		{"control characters", "a\x1b[31mb\x00c\u0085d", []string{"a [31mb c d"}, nil},
		{"not UTF-8", "a\xffb", []string{"a\uFFFDb"}, nil},
		{"number", "5", nil, nil},
		{"null", "null", nil, nil},
		{"cut off", `{"errorMessages":["one`, []string{`{"errorMessages":["one`}, nil},
		{"long", strings.Repeat("x", 2000), []string{strings.Repeat("x", 1024) + "…"}, nil},
		{"deep", strings.Repeat("[", 8000) + `"x"` + strings.Repeat("]", 8000), nil, nil},
		{"nothing", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := failed(t, status(400, c.body))
			if !reflect.DeepEqual(e.Messages, c.messages) || !reflect.DeepEqual(e.FieldErrors, c.fields) {
				t.Errorf("got %q, %q\nwant %q, %q", e.Messages, e.FieldErrors, c.messages, c.fields)
			}
		})
	}
}

func TestErrorBodyIsCapped(t *testing.T) {
	const most = 64 << 20 // more than the sockets hold
	sent := make(chan int, 1)
	e := failed(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		block, n := []byte(strings.Repeat("x", 32<<10)), 0
		for n < most { // until the client hangs up
			m, err := w.Write(block)
			if n += m; err != nil {
				break
			}
		}
		sent <- n
	})
	if len(e.Messages) != 1 || len(e.Messages[0]) > 1100 {
		t.Errorf("%d messages", len(e.Messages))
	}
	if n := <-sent; n >= most {
		t.Error("the client read it all")
	}
}

func TestErrorHeaders(t *testing.T) {
	now := newClock().now()
	for _, c := range []struct {
		name   string
		header map[string]string
		want   hostclient.Error
	}{
		{"seconds", map[string]string{"Retry-After": "1847", "RateLimit-Reason": "jira-quota-global-based"},
			hostclient.Error{RetryAfter: 1847 * time.Second, RateLimitReason: "jira-quota-global-based"}},
		{"date", map[string]string{"Retry-After": now.Add(90 * time.Second).Format(http.TimeFormat)}, hostclient.Error{RetryAfter: 90 * time.Second}},
		{"past date", map[string]string{"Retry-After": now.Add(-time.Hour).Format(http.TimeFormat)}, hostclient.Error{}},
		{"negative", map[string]string{"Retry-After": "-5"}, hostclient.Error{}},
		{"too much", map[string]string{"Retry-After": "9223372036854775807"}, hostclient.Error{RetryAfter: 366 * 24 * time.Hour}},
		{"reset", map[string]string{"X-RateLimit-Reset": now.Add(time.Minute).Format(time.RFC3339)}, hostclient.Error{RetryAfter: time.Minute}},
		{"reset without seconds", map[string]string{"X-RateLimit-Reset": now.Add(time.Minute).Format("2006-01-02T15:04Z")}, hostclient.Error{RetryAfter: time.Minute}},
		{"both", map[string]string{"Retry-After": "3", "X-RateLimit-Reset": now.Add(time.Minute).Format(time.RFC3339)}, hostclient.Error{RetryAfter: 3 * time.Second}},
		{"information only", map[string]string{"Beta-Retry-After": "5", "X-Beta-RateLimit-Reset": now.Add(time.Minute).Format(time.RFC3339)}, hostclient.Error{}},
		{"nonsense", map[string]string{"Retry-After": "soon"}, hostclient.Error{}},
		{"request id", map[string]string{"X-AREQUESTID": "100x200x1"}, hostclient.Error{RequestID: "100x200x1"}},
		{"trace id", map[string]string{"Atl-TraceId": "abc", "X-Request-Id": "def"}, hostclient.Error{RequestID: "abc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := failed(t, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range c.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(429)
			})
			got := hostclient.Error{RetryAfter: e.RetryAfter, RateLimitReason: e.RateLimitReason, RequestID: e.RequestID}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	e := &hostclient.Error{
		Status: 403, Method: "GET", URL: "https://acme.net/x",
		Messages: []string{"1", "2", "3", "4", "5", "6"}, FieldErrors: map[string]string{"b": "B", "a": "A"}, Hint: "hint",
		RetryAfter: 1847 * time.Second,
	}
	want := "hostclient: GET https://acme.net/x: 403 Forbidden: 1: 2: 3: 4: 5; and 1 more; a: A; b: B; try again after 30m47s (hint)"
	if e.Error() != want {
		t.Errorf("got %s\nwant %s", e, want)
	}
}

// What OAuth 1.0a's problem reporting extension says, in a body or a header.
func TestOAuthProblems(t *testing.T) {
	for _, c := range []struct {
		name, header, body string
		code, message      string
	}{
		{"nothing", "", "", "", ""},
		{"a body without", "", "error=x", "", "error=x"},
		{"another scheme", `Basic realm="x", oauth_problem="token_rejected"`, "", "", ""},
		{"body", "", "oauth_problem=token_rejected", "token_rejected", ""},
		{"header", `OAuth realm="https%3A%2F%2Fh", oauth_problem="token_rejected",oauth_problem_advice="ask%20again"`, "<html>", "token_rejected", "ask again"},
		{"header without quotes", `oauth oauth_problem=nonce_used`, "", "nonce_used", ""},
		{"body before header", `OAuth oauth_problem="nonce_used"`, "oauth_problem=user_refused", "user_refused", ""},
		{"unknown", "", "oauth_problem=moon_phase&oauth_problem_advice=wait%0Atwo+weeks", "moon_phase", "wait two weeks"},
		{"absent", "", "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce%26oauth_token", "parameter_absent", "absent: oauth_nonce&oauth_token"},
		{"times", "", "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2", "timestamp_refused", "acceptable times: 1-2"},
		{"versions", "", "oauth_problem=version_rejected&oauth_acceptable_versions=1.0-1.0", "version_rejected", "acceptable versions: 1.0-1.0"},
		{"broken escape", "", "oauth_problem=token_rejected&x=%", "", "oauth_problem=token_rejected&x=%"},
		{"long", "", "oauth_problem=" + strings.Repeat("x", 300), strings.Repeat("x", 200) + "…", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := failed(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("WWW-Authenticate", c.header)
				}
				w.WriteHeader(401)
				fmt.Fprint(w, c.body)
			})
			if got := strings.Join(e.Messages, "; "); e.Code != c.code || got != c.message {
				t.Errorf("got %q, %q, want %q, %q", e.Code, got, c.code, c.message)
			}
		})
	}
}
