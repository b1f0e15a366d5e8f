package connect

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// recorder notes what is answered, for the log.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	route  *route
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what is below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// note tells the log which route serves the request.
func note(w http.ResponseWriter, r *route) {
	if rec, ok := w.(*recorder); ok {
		rec.route = r
	}
}

// logged writes a line for each request and keeps a handler's panic from
// leaving more than a 500. The query is not logged, for the token is in it,
// and neither is a path that no route has.
func (a *App) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.cfg.Clock()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				a.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
					slog.String("panic", redact.Text(fmt.Sprint(p))), slog.String("stack", redact.Text(string(debug.Stack()))))
				if rec.status == 0 {
					http.Error(rec, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
					p = nil
				}
			}
			if rec.status == 0 && p == nil {
				rec.status = http.StatusOK
			}
			attrs := []slog.Attr{slog.String("method", r.Method), slog.Int("status", rec.status),
				slog.Int64("bytes", rec.bytes), slog.Duration("took", a.cfg.Clock().Sub(began))}
			if rec.route != nil {
				attrs = append(attrs, slog.String("route", rec.route.pattern), slog.String("kind", string(rec.route.kind)))
			}
			a.cfg.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
			if p != nil {
				panic(http.ErrAbortHandler) // the answer is broken off, as its beginning is sent
			}
		}()
		next.ServeHTTP(rec, r)
	})
}
