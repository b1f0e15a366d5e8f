package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

type callerKey struct{}

// WithCaller returns a context that holds the caller.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller that Require put into the request's context,
// nil when there is none.
func CallerFrom(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// Require returns a middleware that lets through what Check admits, with the
// Caller in the request's context, and answers all else by Refuse. Files of a
// multipart form that next, or Check, has read are removed once next returns.
func (v *Verifier) Require(p Policy) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			caller, err := v.Check(r, p)
			if err != nil {
				v.Refuse(w, r, err)
				return
			}
			// net/http removes the files of its own request, and not those of
			// a copy.
			r = r.WithContext(WithCaller(r.Context(), caller))
			defer removeFiles(r)
			next.ServeHTTP(w, r)
		})
	}
}

// Refuse answers a request that could not be served because of err, with the
// status that Status gives it and the bare text of that status, whatever the
// reason; the reason goes to the log. An error with a method RetryAfter sets
// that header. The log shows up to 256 bytes of the path, and a method that is
// none of RFC 9110 or PATCH as OTHER.
func (v *Verifier) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := Status(err)
	level := slog.LevelWarn
	if status >= 500 {
		level = slog.LevelError
	}
	v.log.LogAttrs(r.Context(), level, "request refused",
		slog.String("method", knownMethod(r.Method)), slog.String("path", cut(redact.Text(r.URL.Path), maxPath)), slog.Int("status", status), slog.String("reason", redact.Text(err.Error())))

	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", fmt.Sprintf("JWT realm=%q", v.appKey))
	}
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(max(later.RetryAfter().Seconds(), 1)))))
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = fmt.Fprintln(w, http.StatusText(status))
	if v.development {
		_, _ = fmt.Fprintln(w, redact.Text(err.Error()))
	}
}

// maxPath is how many bytes of a path are logged.
const maxPath = 256

// cut returns the first max bytes of s at most, and no half characters.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	return strings.ToValidUTF8(s[:max], "")
}

// knownMethod returns the method, which may be any word of the caller's.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "OTHER"
}
