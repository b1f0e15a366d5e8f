package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/redact"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	maxHeader         = 32 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
)

// Server returns a server of the app with its limits: 32 KiB of headers, read
// in 5 seconds, a request read in 15, an answer written in 60.
func (a *App) Server() *http.Server {
	return &http.Server{
		Handler:           a,
		MaxHeaderBytes:    maxHeader,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(redacting{a.cfg.Logger.Handler()}, slog.LevelWarn),
	}
}

// redacting takes tokens out of the lines that net/http logs.
type redacting struct{ slog.Handler }

func (h redacting) Handle(ctx context.Context, r slog.Record) error {
	r.Message = redact.Text(r.Message)
	return h.Handler.Handle(ctx, r)
}

// ListenAndServe listens at addr and then does what Serve does.
func (a *App) ListenAndServe(ctx context.Context, addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return a.Serve(ctx, l)
}

// Serve serves the app on l until ctx ends. Then it stops in order: readyz
// says so, for StopDelay; no connection is taken any more; requests under way
// are finished and webhooks that were acknowledged are handled, for StopTimeout
// all in all. It returns nil after an orderly stop and closes l in any case. A
// listener that fails stops the app in the same order, and its error comes
// back. An App is served once.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	if a.cfg.Development {
		for _, f := range a.Findings() {
			a.cfg.Logger.Warn("descriptor: "+f.Error(), slog.String("level", string(f.Level)), slog.String("rule", string(f.Rule)))
		}
	}
	server := a.Server()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	a.cfg.Logger.Info("serving", slog.String("app", a.cfg.Descriptor.Key), slog.String("addr", l.Addr().String()),
		slog.String("descriptor", a.cfg.BaseURL+DescriptorPath))
	var failed error
	select {
	case failed = <-ended:
	case <-ctx.Done():
		a.stopping.Store(true)
		a.cfg.Logger.Info("stopping", slog.Duration("at_most", a.cfg.StopDelay+a.cfg.StopTimeout))
		failed = linger(ended, a.cfg.StopDelay)
	}
	if failed != nil {
		failed = fmt.Errorf("connect: %w", failed)
	}
	a.stopping.Store(true)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.cfg.StopTimeout)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		err = fmt.Errorf("connect: requests were cut off: %w", errors.Join(err, server.Close()))
	}
	return errors.Join(failed, err, a.Drain(patience))
}

// linger waits for d, or until the server ends by itself.
func linger(ended <-chan error, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	}
}

// Drain takes no more webhooks and waits until those that were acknowledged are
// handled, for those who run a server of their own; see webhook.Queue.Drain.
func (a *App) Drain(ctx context.Context) error {
	a.stopping.Store(true)
	return a.webhooks.Drain(ctx)
}

func (a *App) healthy(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK) }

// ready answers whether the app can do its work: it is not stopping, and its
// store answers.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	if a.stopping.Load() {
		status = http.StatusServiceUnavailable
	} else if _, err := a.cfg.Store.Installation(r.Context(), "readyz"); err != nil && !errors.Is(err, store.ErrNotFound) {
		a.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "the store does not answer", slog.String("error", redact.Text(err.Error())))
		status = http.StatusServiceUnavailable
	}
	answer(w, status)
}

func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, http.StatusText(status))
}
