package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/posted"
	"github.com/atlassian-connect-go/sdk/store"
)

const maxBody = 64 << 10

// Handler returns the handler of the route that the descriptor names for the
// event. It takes POST with a JSON body of at most 64 KiB and answers 204 once
// the event is stored, or when there is nothing to do; 401 to what is not
// proven to be the host's, 400, 405, 413 and 415 to what is no event, and 503
// when the app could not do its part. It panics when there is no such event.
func (l *Lifecycle) Handler(event Event) http.Handler {
	switch event {
	case EventInstalled, EventUninstalled, EventEnabled, EventDisabled:
	default:
		panic(fmt.Sprintf("lifecycle: no event is named %q", string(event)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clientKey, changed, err := l.handle(w, r, event)
		if err != nil {
			l.verifier.Refuse(w, r, err)
			return
		}
		l.log.LogAttrs(r.Context(), slog.LevelInfo, "lifecycle event",
			slog.String("event", string(event)), slog.String("client_key", clientKey), slog.Bool("changed", changed))
		w.WriteHeader(http.StatusNoContent)
	})
}

// handle verifies the request, reads it and applies it.
func (l *Lifecycle) handle(w http.ResponseWriter, r *http.Request, event Event) (clientKey string, changed bool, err error) {
	if err := cmp.Or(posted.Method(w, r), posted.JSON(r)); err != nil {
		return "", false, err
	}
	policy := auth.Notice
	if event == EventInstalled || event == EventUninstalled {
		policy = auth.SignedLifecycle
	}
	caller, refusal := l.verifier.Check(r, policy)
	doubt := doubtful(event, refusal)
	if refusal != nil && doubt == nil {
		return "", false, refusal
	}
	body, err := posted.Body(r, maxBody)
	if err != nil {
		return "", false, err
	}
	p, err := decode(body)
	if err != nil {
		return "", false, err
	}
	if doubt != nil {
		return p.ClientKey, false, l.afterUninstall(r.Context(), p, doubt)
	}
	if err := l.check(p, event, caller); err != nil {
		return "", false, err
	}
	switch event {
	case EventInstalled:
		changed, err = l.install(r.Context(), l.signed(p, caller, body))
	case EventUninstalled:
		changed, err = l.uninstall(r.Context(), l.signed(p, caller, body))
	default:
		changed, err = l.notice(r.Context(), event, caller)
	}
	return caller.ClientKey, changed, err
}

// doubtful returns the refusal of a disabled notification that the host may
// have sent together with uninstalled and that came second: the secret that
// would verify it is gone. It returns nil for what is plainly refused.
func doubtful(event Event, refusal error) *auth.Error {
	var e *auth.Error
	if event != EventDisabled || !errors.As(refusal, &e) {
		return nil
	}
	if e.Code != auth.CodeNoToken && e.Code != auth.CodeUninstalled {
		return nil
	}
	return e
}

// afterUninstall lets a refused disabled notification of an uninstalled tenant
// pass, with nothing done. Its token, if it has one, must name that tenant.
func (l *Lifecycle) afterUninstall(ctx context.Context, p *payload, refusal *auth.Error) error {
	claimed := &auth.Caller{Policy: refusal.Policy, ClientKey: cmp.Or(refusal.ClientKey, p.ClientKey)}
	if err := l.check(p, EventDisabled, claimed); err != nil {
		return err
	}
	inst, err := l.store.Installation(ctx, p.ClientKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return refusal
	case err != nil:
		return ownError{err}
	case inst.State != store.Uninstalled:
		return refusal
	}
	return nil
}
