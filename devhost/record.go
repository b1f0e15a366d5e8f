package devhost

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of the record.
const (
	maxRecords    = 10_000
	maxRecordBody = 64 << 10
	maxBody       = 1 << 20 // of a request to the REST API
)

// Call is one request of a program: on Cloud to the REST APIs, at the site or at
// the gateway, to the token endpoints and the key server, to the media origin or
// for the cloud id; on a Data Center to the REST API, an attachment or the token
// endpoints. Requests to the page of AuthURL are on record too, and so is what was
// refused for a page of another origin or a path that is not in normal form; other
// pages are not. Printed by fmt or log/slog it shows neither credentials nor the
// body.
type Call struct {
	// Time is when the request came, by the host's clock.
	Time time.Time
	// Method is the HTTP method.
	Method string
	// Path is as it was sent, Query is without a token.
	Path, Query string
	// Header holds the headers as they came, credentials included.
	Header http.Header
	// Body holds at most the first 64 KiB.
	Body []byte
	// App is the key of the calling app or the id of the OAuth client, empty when
	// none was recognised.
	App string
	// AccountID is the user in whose name the call was made: the app's own user,
	// the impersonated user, or the one at the browser.
	AccountID string
	// Kind is "app", "user", "browser", "oauth", "api-token", "service-account",
	// "forge", "anonymous", "container" for a container token of Assets, on a Data
	// Center "basic", "session", "pat", "oauth1" or "oauth2", or empty without
	// recognised credentials.
	Kind string
	// Status is that of the answer.
	Status int
	// Refusal says in plain words why the host refused the call, or a credential
	// of a call that it answered as anonymous; empty when it refused nothing.
	Refusal string
}

// Delivery is one attempt of the host to tell an app of an event: a lifecycle
// event or a webhook. Printed by fmt or log/slog it shows neither the token nor
// the body, which may hold a secret.
type Delivery struct {
	// Time is when the attempt began, by the host's clock.
	Time time.Time
	// App is the key of the app that was told.
	App string
	// Event is the name of the event, such as "installed" or
	// "jira:issue_updated".
	Event string
	// URL is where it was posted.
	URL string
	// Header and Body are what was sent, the token included.
	Header http.Header
	Body   []byte
	// Identifier is the same for every attempt of one webhook; empty for
	// lifecycle events. Retry counts the repetitions, 0 for the first attempt.
	Identifier string
	Retry      int
	// Status is the app's answer, 0 when there was none.
	Status int
	// Error says what went wrong; empty after a 2xx.
	Error string
	// Again is when the webhook will be repeated; zero when it will not.
	Again time.Time
}

// recorder keeps the newest records.
type recorder struct {
	mu         sync.Mutex
	calls      []Call
	deliveries []Delivery
}

func (r *recorder) addCall(c Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = appendCapped(r.calls, c)
}

func (r *recorder) addDelivery(d Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliveries = appendCapped(r.deliveries, d)
}

// appendCapped forgets the older half when the limit is reached.
func appendCapped[T any](list []T, v T) []T {
	if len(list) >= maxRecords {
		list = slices.Clone(list[maxRecords/2:])
	}
	return append(list, v)
}

// Calls returns the calls the host answered, oldest first. At least the newest
// 5000 are kept.
func (h *Host) Calls() []Call {
	h.record.mu.Lock()
	defer h.record.mu.Unlock()
	return slices.Clone(h.record.calls)
}

// Deliveries returns the events the host sent, in the order in which the
// attempts ended. At least the newest 5000 are kept.
func (h *Host) Deliveries() []Delivery {
	h.record.mu.Lock()
	defer h.record.mu.Unlock()
	return slices.Clone(h.record.deliveries)
}

// Forget empties Calls and Deliveries.
func (h *Host) Forget() {
	h.record.mu.Lock()
	defer h.record.mu.Unlock()
	h.record.calls, h.record.deliveries = nil, nil
}

type callKey struct{}

// callOf returns the record of the request being answered.
func callOf(r *http.Request) *Call {
	if c, ok := r.Context().Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// refuse notes why a request is being refused.
func refuse(r *http.Request, reason string) { callOf(r).Refusal = reason }

// recorded keeps a record of what next answers. The body is read beforehand and
// handed on whole.
func (h *Host) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Call{
			Time: h.clock(), Method: r.Method, Path: r.URL.EscapedPath(),
			Query: withoutToken(r.URL.RawQuery), Header: r.Header.Clone(),
		}
		w.Header().Set("Atl-Traceid", hex.EncodeToString(randomBytes(16)))
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			c.Status = sw.status
			h.record.addCall(*c)
			h.logCall(c)
		}()
		limit := bodyLimit(r)
		body, err := readLimited(http.MaxBytesReader(nil, r.Body, limit+1), limit)
		if err != nil {
			c.Refusal = "body does not read: " + err.Error()
			writeJSON(sw, http.StatusRequestEntityTooLarge, errorBody{Messages: []string{"The request body is too large."}})
			return
		}
		// A part of a large body would keep all of it alive.
		c.Body = bytes.Clone(body[:min(len(body), maxRecordBody)])
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		next.ServeHTTP(sw, r)
	})
}

func (h *Host) logCall(c *Call) {
	h.log.Info("call", "method", c.Method, "path", c.Path, "app", c.App, "kind", c.Kind,
		"status", c.Status, "refusal", c.Refusal)
}

func withoutToken(rawQuery string) string {
	var kept []string
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if n, err := url.QueryUnescape(name); err == nil && (n == "jwt" || n == mediaToken) {
			continue
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&")
}

type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(b)
}
