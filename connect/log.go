package connect

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// logged writes a line for each request and keeps a handler's panic from
// leaving more than a 500.
func (a *App) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.cfg.Clock()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				a.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
					slog.String("panic", redact.Text(fmt.Sprint(p))), slog.String("stack", redact.Text(string(debug.Stack()))))
				if rec.status == 0 && !rec.hijacked {
					broken(rec)
					p = nil
				}
			}
			if rec.status == 0 && p == nil && !rec.hijacked {
				rec.begin(http.StatusOK) // an empty answer, which net/http sends now
			}
			a.logRequest(r, rec, slog.Duration("took", a.cfg.Clock().Sub(began)))
			if p != nil {
				panic(http.ErrAbortHandler) // the answer is broken off, as its beginning is sent
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// broken answers in the place of a handler that could not.
func broken(rec *recorder) {
	h := rec.Header()
	h.Set("Cache-Control", "no-store")
	for _, name := range []string{"Etag", "Last-Modified", "Content-Encoding", "Content-Length"} {
		h.Del(name)
	}
	http.Error(rec, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

var knownMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// logRequest leaves out what a stranger can fill: the query, which may hold a
// token, the path of what no route serves, and invented methods.
func (a *App) logRequest(r *http.Request, rec *recorder, took slog.Attr) {
	method := r.Method
	if !slices.Contains(knownMethods, method) {
		method = "OTHER"
	}
	attrs := []slog.Attr{slog.String("method", method), slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes), took}
	level := slog.LevelInfo
	switch {
	case rec.route != nil:
		attrs = append(attrs, slog.String("route", rec.route.pattern), slog.String("kind", string(rec.route.kind)))
		if rec.route.quiet && rec.status < 500 {
			level = slog.LevelDebug
		}
	case a.cfg.Development:
		attrs = append(attrs, slog.String("path", redact.Text(r.URL.Path)))
	}
	if rec.clientKey != "" {
		attrs = append(attrs, slog.String("client_key", rec.clientKey))
	}
	a.cfg.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}
