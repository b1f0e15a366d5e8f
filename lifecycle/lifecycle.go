// Package lifecycle keeps the installations of a store in step with what the
// host says of them: installed, enabled, disabled, uninstalled. No order in
// which those events arrive, late, twice, at once or forged, can bring a tenant
// back or take one away.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

// Event is a lifecycle event of the host, named as in its eventType.
type Event string

// The events. The host signs EventInstalled and EventUninstalled with its own key
// and waits for the answer to the first; the other two are notifications.
const (
	EventInstalled   Event = "installed"
	EventUninstalled Event = "uninstalled"
	EventEnabled     Event = "enabled"
	EventDisabled    Event = "disabled"
)

const (
	defaultGrace     = 3 * time.Minute
	defaultRetention = 30 * 24 * time.Hour
	// minRetention outlives every token: while a mark of the uninstall is
	// kept, no token from before it can install the app again.
	minRetention = 2 * time.Hour
)

// Hooks are what an app does at the events of its tenants. A nil hook does
// nothing.
//
// A hook runs before its event is stored. When it fails or panics the store
// stays as it was and the host is answered 503, so the host does not start to
// use a secret that the app does not have. When the store then fails, or
// another process changes the tenant meanwhile, the hook runs again: it must
// bear that. The hooks of one tenant never run at the same time within one
// Lifecycle. They should take well under a second, since the host waits a few
// seconds for its answer; ctx ends when the host hangs up. The installations
// are copies.
type Hooks struct {
	// OnInstall runs for every installed event that changes something: a new
	// tenant, a new secret, a new base URL, a reinstall. former is nil for a
	// tenant never seen, and has the state Uninstalled for one that comes
	// back.
	OnInstall func(ctx context.Context, former, current *store.Installation) error
	// OnSiteImport runs, after OnInstall, when a new client key arrives from
	// the base URL of other tenants that are still live: the site was
	// replaced by an import, and those tenants are dead without an
	// uninstalled event. Nothing of theirs is handed over.
	OnSiteImport func(ctx context.Context, current *store.Installation, others []*store.Installation) error
	// OnUninstall runs when a live tenant uninstalls the app.
	OnUninstall func(ctx context.Context, former *store.Installation) error
	// OnEnable and OnDisable run for the notifications. The host sends them
	// late, in any order, or not at all.
	OnEnable, OnDisable func(ctx context.Context, current *store.Installation) error
	// OnPurge runs in Purge before the mark of an uninstalled tenant is
	// deleted: the time to delete the tenant's data. Let one process call
	// Purge: against a reinstall that another process stores at this very
	// moment only the mark is safe, not what the hook deletes.
	OnPurge func(ctx context.Context, former *store.Installation) error
}

// Config says how a Lifecycle works.
type Config struct {
	// AppKey is the app's key in its descriptor. Required.
	AppKey string
	// Verifier admits the events. Required.
	Verifier *auth.Verifier
	// Store keeps the installations. Required.
	Store store.Store
	// Hosts says where tenants may live. Required.
	Hosts auth.HostPatterns
	// Hooks are the app's own steps.
	Hooks Hooks
	// Changed, if not nil, is called with the client key after each event
	// that was stored, to drop what was cached for the tenant.
	Changed func(clientKey string)
	// SecretGrace is how long the secret before a rotation still verifies
	// requests that the host signed before it; 0 is 3 minutes, the life of
	// the host's tokens, and negative is not at all. Lifecycle events are
	// never verified with it.
	SecretGrace time.Duration
	// Retention is how long after an uninstall Purge leaves a tenant alone;
	// 0 is 30 days. Less than 2 hours is refused, since the mark must outlive
	// every token from before the uninstall: twice the longest life a
	// Verifier takes unless told otherwise. An uninstalled event of a tenant
	// already uninstalled begins the time anew.
	Retention time.Duration
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// Logger receives a line for each event; nil discards it.
	Logger *slog.Logger
}

// Lifecycle applies the host's events to a store. Use New to make one. It is
// safe for concurrent use.
type Lifecycle struct {
	appKey    string
	verifier  *auth.Verifier
	store     store.Store
	hosts     auth.HostPatterns
	hooks     Hooks
	changed   func(string)
	grace     time.Duration
	retention time.Duration
	clock     func() time.Time
	log       *slog.Logger
	locks     keyedLocks
}

// New returns a Lifecycle.
func New(cfg Config) (*Lifecycle, error) {
	switch {
	case cfg.AppKey == "":
		return nil, errors.New("lifecycle: the app key is empty")
	case cfg.Verifier == nil:
		return nil, errors.New("lifecycle: there is no verifier")
	case cfg.Store == nil:
		return nil, errors.New("lifecycle: there is no store")
	case len(cfg.Hosts) == 0:
		return nil, errors.New("lifecycle: there are no allowed hosts")
	}
	if err := cfg.Hosts.Validate(); err != nil {
		return nil, fmt.Errorf("lifecycle: %w", err)
	}
	l := &Lifecycle{
		appKey:    cfg.AppKey,
		verifier:  cfg.Verifier,
		store:     cfg.Store,
		hosts:     cfg.Hosts,
		hooks:     cfg.Hooks,
		changed:   cfg.Changed,
		grace:     cfg.SecretGrace,
		retention: cfg.Retention,
		clock:     cfg.Clock,
		log:       cfg.Logger,
	}
	if l.changed == nil {
		l.changed = func(string) {}
	}
	if l.grace == 0 {
		l.grace = defaultGrace
	}
	if l.retention == 0 {
		l.retention = defaultRetention
	}
	if l.retention < minRetention {
		return nil, fmt.Errorf("lifecycle: a retention of %v is less than %v: a token from before an uninstall could undo it", l.retention, minRetention)
	}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	return l, nil
}

// Purge deletes the tenants that uninstalled the app longer ago than the
// retention, each after its OnPurge hook, and returns how many. A tenant whose
// hook fails stays for the next call, and the others go on; the errors come
// back joined. Call it from time to time, a day being often enough.
func (l *Lifecycle) Purge(ctx context.Context) (int, error) {
	var (
		purged   int
		failures error
	)
	for inst, err := range l.store.All(ctx) {
		if err != nil {
			return purged, errors.Join(failures, fmt.Errorf("lifecycle: purge: %w", err))
		}
		if !l.due(inst) {
			continue
		}
		done, err := l.purge(ctx, inst.ClientKey)
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("lifecycle: purge %q: %w", inst.ClientKey, err))
		}
		if done {
			purged++
		}
	}
	return purged, failures
}

func (l *Lifecycle) due(inst *store.Installation) bool {
	return inst.State == store.Uninstalled && !l.clock().Before(inst.UninstalledAt.Add(l.retention))
}

func (l *Lifecycle) purge(ctx context.Context, clientKey string) (bool, error) {
	return l.transition(ctx, clientKey, func(current *store.Installation) (*step, error) {
		if current == nil || !l.due(current) {
			return nil, nil
		}
		return &step{hook: func() error {
			return call(l.hooks.OnPurge, ctx, current.Clone())
		}}, nil
	})
}
