package oauth2

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const (
	// earlyRefresh is how long before its end a token is replaced. Short tokens
	// are replaced in the last quarter of their life.
	earlyRefresh = 60 * time.Second
	// refreshPause is the rest after an early refresh that failed.
	refreshPause = 5 * time.Second
	// maxGrants is the most tokens kept beside the store.
	maxGrants = 10_000
	// maxRounds is how often a refresh begins anew because another was faster.
	maxRounds = 4
)

// grants are what this process knows of the tokens in the store.
type grants struct {
	flights singleflight.Group

	mu    sync.Mutex
	byKey map[string]*grant
}

// grant is what is known of one token.
type grant struct {
	mu      sync.Mutex
	held    *tokenstore.Token // as it is stored, nil when that is not known
	unsaved *rotation         // a token that could not be stored
	retryAt time.Time         // no early refresh before
}

// rotation is a token that takes the place of another.
type rotation struct{ old, next *tokenstore.Token }

func (a *App) grant(key string) *grant {
	a.grants.mu.Lock()
	defer a.grants.mu.Unlock()
	g := a.grants.byKey[key]
	if g == nil {
		a.grants.makeRoom()
		g = new(grant)
		a.grants.byKey[key] = g
	}
	return g
}

// makeRoom forgets a grant that can be read from the store again.
func (gs *grants) makeRoom() {
	if len(gs.byKey) < maxGrants {
		return
	}
	for key, g := range gs.byKey {
		g.mu.Lock()
		idle := g.unsaved == nil
		g.mu.Unlock()
		if idle {
			delete(gs.byKey, key)
			return
		}
	}
}

func (g *grant) state() (held *tokenstore.Token, unsaved *rotation, retryAt time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held, g.unsaved, g.retryAt
}

func (g *grant) hold(t *tokenstore.Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held, g.unsaved = t, nil
}

// due reports whether it is time to replace a token, and whether it has ended. A
// token of unknown life is used until it is refused.
func due(t *tokenstore.Token, now time.Time) (soon, ended bool) {
	if t.Expiry.IsZero() {
		return false, false
	}
	early := min(earlyRefresh, t.Expiry.Sub(t.Obtained)/4)
	return !now.Before(t.Expiry.Add(-early)), !now.Before(t.Expiry)
}

// access returns a token that is good by all that is known, and that is not the
// one that the host refused, if refused is not empty.
func (a *App) access(ctx context.Context, key, refused string) (*tokenstore.Token, error) {
	g := a.grant(key)
	held, unsaved, retryAt := g.state()
	now := a.config.Clock()
	usable := false
	if held != nil && unsaved == nil && held.Access.Reveal() != refused {
		soon, ended := due(held, now)
		if !soon || !ended && now.Before(retryAt) {
			return held, nil
		}
		usable = !ended
	}
	flight := a.grants.flights.DoChan(fmt.Sprintf("%q %q", key, refused), func() (_ any, err error) {
		defer recovered(&err)
		// Longer than its requests: what they gave must be stored.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxRounds*a.config.Timeout)
		defer cancel()
		return a.renew(ctx, g, key, refused)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("oauth2: waiting for a token: %w", ctx.Err())
	case result := <-flight:
		if result.Err == nil {
			return result.Val.(*tokenstore.Token), nil
		}
		if usable && !a.unsaved(g) {
			g.pause(now.Add(refreshPause))
			return held, nil
		}
		return nil, result.Err
	}
}

// recovered makes an error of a panic, which would end the process: those who
// wait are not on its stack. It is to be deferred.
func recovered(err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("oauth2: panic while asking for a token: %T", reason)
	}
}

func (a *App) unsaved(g *grant) bool {
	_, unsaved, _ := g.state()
	return unsaved != nil
}

func (g *grant) pause(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retryAt = until
}

// renew finds a good token: in the store, where another process may have put it,
// or by a refresh.
func (a *App) renew(ctx context.Context, g *grant, key, refused string) (*tokenstore.Token, error) {
	if locker, ok := a.config.Tokens.(tokenstore.Locker); ok {
		unlock, err := locker.Lock(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("oauth2: token %q: %w", key, err)
		}
		defer unlock()
	}
	if _, unsaved, _ := g.state(); unsaved != nil {
		if _, err := a.save(ctx, g, key, unsaved); err != nil {
			return nil, err
		}
	}
	for range maxRounds {
		t, done, err := a.round(ctx, g, key, refused)
		if done || err != nil {
			return t, err
		}
	}
	return nil, fmt.Errorf("oauth2: token %q: others change it all the time", key)
}

// round loads the token and refreshes it if need be; it is not done when somebody
// else changed the token meanwhile.
func (a *App) round(ctx context.Context, g *grant, key, refused string) (t *tokenstore.Token, done bool, err error) {
	stored, err := a.load(ctx, key)
	if err != nil {
		return nil, false, err
	}
	if stored != nil && stored.Access.Reveal() != refused {
		if soon, _ := due(stored, a.config.Clock()); !soon {
			g.hold(stored)
			return stored, true, nil
		}
	}
	next, err := a.next(ctx, stored)
	if err != nil {
		if errors.Is(err, hostclient.ErrReauthorize) && a.overtaken(ctx, key, stored) {
			return nil, false, nil // what the winner stored is good
		}
		return nil, false, err
	}
	saved, err := a.save(ctx, g, key, &rotation{stored, next})
	return next, saved, err
}

// load returns the stored token, nil for none that the app could not make anew by
// itself.
func (a *App) load(ctx context.Context, key string) (*tokenstore.Token, error) {
	stored, err := a.config.Tokens.Load(ctx, key)
	switch {
	case errors.Is(err, tokenstore.ErrNotFound) && a.own:
		return nil, nil
	case errors.Is(err, tokenstore.ErrNotFound):
		return nil, fmt.Errorf("%w: there is no token %q: %w", hostclient.ErrReauthorize, key, err)
	case err != nil:
		return nil, fmt.Errorf("oauth2: token %q: %w", key, err)
	}
	return stored, nil
}

// next asks the server for the token after old.
func (a *App) next(ctx context.Context, old *tokenstore.Token) (*tokenstore.Token, error) {
	if a.own {
		return a.credentials(ctx)
	}
	if old.Refresh.Reveal() == "" {
		return nil, fmt.Errorf("%w: the token has ended and has no refresh token, which the scope offline_access gives", hostclient.ErrReauthorize)
	}
	next, err := a.refresh(ctx, old)
	if e := (*hostclient.Error)(nil); errors.As(err, &e) && hopeless(e.Code) {
		return nil, fmt.Errorf("%w: %w", hostclient.ErrReauthorize, err)
	}
	if err != nil {
		return nil, err
	}
	if len(next.Scopes) == 0 {
		next.Scopes = old.Scopes
	}
	return next, nil
}

// hopeless reports whether only the user can help, by OAuth's code: the status
// tells too little, and access_denied is a wrong client secret here.
func hopeless(code string) bool { return code == "invalid_grant" || code == "unauthorized_client" }

// overtaken reports whether another process was faster. A server without leeway
// has then disabled the refresh token before the new one is stored, which is a
// matter of moments.
func (a *App) overtaken(ctx context.Context, key string, known *tokenstore.Token) bool {
	if known == nil || known.Refresh.Reveal() == "" {
		return false
	}
	for _, pause := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, time.Second} {
		if a.config.Sleep(ctx, pause) != nil {
			return false
		}
		stored, err := a.config.Tokens.Load(ctx, key)
		if err != nil || !stored.Equal(known) {
			return err == nil
		}
	}
	return false
}

// save stores a token before it is used. False without an error means that
// somebody else was faster. With an error the token is kept, and stored before
// anything else is done with this grant.
func (a *App) save(ctx context.Context, g *grant, key string, r *rotation) (bool, error) {
	saved, err := a.config.Tokens.CompareAndSwap(ctx, key, r.old, r.next)
	switch {
	case err != nil:
		if stored, again := a.config.Tokens.Load(ctx, key); again == nil && stored.Equal(r.next) {
			break // it was stored all the same
		}
		g.mu.Lock()
		g.held, g.unsaved = nil, r
		g.mu.Unlock()
		return false, fmt.Errorf("oauth2: token %q was renewed and could not be stored: %w", key, err)
	case !saved:
		g.hold(nil)
		return false, nil
	}
	g.hold(r.next)
	return true, nil
}

// Save stores a token that Exchange gave under a key, in the place of whatever is
// there: a later consent of the same user overrides the former one.
func (a *App) Save(ctx context.Context, key string, token *tokenstore.Token) error {
	return a.replace(ctx, key, token)
}

// Forget deletes the token of a key. Nothing is said to the authorization server,
// where the user may revoke the consent.
func (a *App) Forget(ctx context.Context, key string) error { return a.replace(ctx, key, nil) }

func (a *App) replace(ctx context.Context, key string, next *tokenstore.Token) error {
	g := a.grant(key)
	for {
		old, err := a.config.Tokens.Load(ctx, key)
		switch {
		case errors.Is(err, tokenstore.ErrNotFound):
			old = nil
		case err != nil:
			return fmt.Errorf("oauth2: token %q: %w", key, err)
		}
		if old == nil && next == nil {
			g.hold(nil)
			return nil
		}
		saved, err := a.config.Tokens.CompareAndSwap(ctx, key, old, next)
		if err != nil {
			return fmt.Errorf("oauth2: token %q: %w", key, err)
		}
		if saved {
			g.hold(next.Clone())
			return nil
		}
	}
}
