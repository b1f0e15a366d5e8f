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
	// maxPause is the longest that an authorization server is believed.
	maxPause = time.Hour
)

// grants are what this process knows of the tokens in the store.
type grants struct {
	flights singleflight.Group

	mu     sync.Mutex
	byKey  map[string]*grant
	flying int           // flights under way
	landed chan struct{} // closed when none is, nil when nobody waits
}

// grant is what is known of one token.
type grant struct {
	turn sync.Mutex // held by who finds a new token; taken before mu

	mu      sync.Mutex
	users   int               // calls that have it
	version int               // raised by whoever puts another token in the place of all before
	held    *tokenstore.Token // as it is stored, nil when that is not known
	unsaved *rotation         // a token that could not be stored
	retryAt time.Time         // no early refresh before
	failed  *failure          // of the last refresh, nil after a success
}

// failure is why a stored token cannot be renewed, and until when nobody asks again.
type failure struct {
	err    error
	stored *tokenstore.Token
	until  time.Time
}

// rotation is a token that takes the place of another.
type rotation struct{ old, next *tokenstore.Token }

// grant returns what is known of a token, which release gives back.
func (a *App) grant(key string) *grant {
	a.grants.mu.Lock()
	defer a.grants.mu.Unlock()
	g := a.grants.byKey[key]
	if g == nil {
		a.grants.makeRoom()
		g = new(grant)
		a.grants.byKey[key] = g
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users++
	return g
}

func (g *grant) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users--
}

// makeRoom forgets a grant that nobody has and that can be read from the store
// again.
func (gs *grants) makeRoom() {
	if len(gs.byKey) < maxGrants {
		return
	}
	for key, g := range gs.byKey {
		g.mu.Lock()
		idle := g.unsaved == nil && g.users == 0
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

// hold takes t for what is stored, unless the token was replaced since version.
func (g *grant) hold(version int, t *tokenstore.Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.version == version {
		g.held, g.unsaved, g.failed = t, nil, nil
	}
}

// replaced notes that t, or nothing, was put in the place of all before.
func (g *grant) replaced(t *tokenstore.Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.version++
	g.held, g.unsaved, g.failed = t, nil, nil
}

func (g *grant) now() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.version
}

// fail keeps the next calls from asking again what is known: a minute for a token
// that is dead, and as long as the server says for one that says so.
func (g *grant) fail(err error, stored *tokenstore.Token, now time.Time) {
	until := time.Time{}
	e := (*hostclient.Error)(nil)
	switch {
	case errors.As(err, &e) && e.RetryAfter > 0:
		until = now.Add(min(e.RetryAfter, maxPause))
	case errors.Is(err, hostclient.ErrReauthorize):
		until = now.Add(time.Minute)
	default:
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failed = &failure{err, stored, until}
}

// failure returns why nobody asks for the token after stored at this time.
func (g *grant) failure(stored *tokenstore.Token, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.failed; f != nil && now.Before(f.until) && f.stored.Equal(stored) {
		return f.err
	}
	return nil
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
	defer g.release()
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
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("oauth2: waiting for a token: %w", ctx.Err())
	case result := <-a.fly(ctx, key, refused):
		if result.Err == nil {
			return result.Val.(*tokenstore.Token), nil
		}
		if usable && !errors.Is(result.Err, hostclient.ErrReauthorize) && !a.unsaved(g) {
			g.pause(now.Add(refreshPause))
			return held, nil
		}
		return nil, result.Err
	}
}

// fly finds a new token apart from the caller, whose end must not lose what the
// server gave.
func (a *App) fly(ctx context.Context, key, refused string) <-chan singleflight.Result {
	return a.grants.flights.DoChan(fmt.Sprintf("%q %q", key, refused), func() (_ any, err error) {
		a.grants.begin()
		defer a.grants.end()
		defer recovered(&err)
		g := a.grant(key) // it outlasts the caller's
		defer g.release()
		return a.renew(context.WithoutCancel(ctx), g, key, refused)
	})
}

// Wait returns when no token is being renewed any more, or when ctx ends, and then
// its error. It is for the end of a process: renewals go on when those who asked for
// them are gone, and what is lost there is lost.
func (a *App) Wait(ctx context.Context) error {
	for {
		idle := a.grants.idle()
		if idle == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-idle:
		}
	}
}

// begin and end count the flights. A sync.WaitGroup would panic when one begins while
// another is waited for.
func (gs *grants) begin() {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	gs.flying++
}

func (gs *grants) end() {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	gs.flying--
	if gs.flying == 0 && gs.landed != nil {
		close(gs.landed)
		gs.landed = nil
	}
}

// idle returns what is closed when no flight is under way, nil when none is.
func (gs *grants) idle() <-chan struct{} {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if gs.flying == 0 {
		return nil
	}
	if gs.landed == nil {
		gs.landed = make(chan struct{})
	}
	return gs.landed
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
	g.turn.Lock() // flights that began for different reasons go one after the other
	defer g.turn.Unlock()
	if _, unsaved, _ := g.state(); unsaved != nil {
		if _, err := a.save(ctx, g, key, g.now(), unsaved); err != nil {
			return nil, err
		}
	}
	version := g.now()
	stored, err := a.load(ctx, key)
	if err != nil {
		return nil, err
	}
	if a.good(stored, refused) {
		g.hold(version, stored)
		return stored, nil
	}
	defer a.lock(ctx, key)()
	for range maxRounds {
		t, done, err := a.round(ctx, g, key, refused)
		if done || err != nil {
			return t, err
		}
	}
	return nil, fmt.Errorf("oauth2: token %q: others change it all the time", key)
}

// lock keeps other processes from refreshing meanwhile, where the store can. It is a
// courtesy: without it the swap decides.
func (a *App) lock(ctx context.Context, key string) (unlock func()) {
	locker, ok := a.config.Tokens.(tokenstore.Locker)
	if !ok {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	unlock, err := locker.Lock(ctx, key)
	if err != nil {
		return func() {}
	}
	return unlock
}

// good reports whether a stored token needs no successor yet.
func (a *App) good(stored *tokenstore.Token, refused string) bool {
	if stored == nil || stored.Access.Reveal() == refused {
		return false
	}
	soon, _ := due(stored, a.config.Clock())
	return !soon
}

// round loads the token and refreshes it if need be; it is not done when somebody
// else changed the token meanwhile.
func (a *App) round(ctx context.Context, g *grant, key, refused string) (t *tokenstore.Token, done bool, err error) {
	version := g.now()
	stored, err := a.load(ctx, key)
	if err != nil {
		return nil, false, err
	}
	if a.good(stored, refused) {
		g.hold(version, stored)
		return stored, true, nil
	}
	now := a.config.Clock()
	if err := g.failure(stored, now); err != nil {
		return nil, false, err
	}
	next, err := a.next(ctx, stored)
	if err == nil {
		saved, err := a.save(ctx, g, key, version, &rotation{stored, next})
		return next, saved, err
	}
	reauthorize := errors.Is(err, hostclient.ErrReauthorize)
	if reauthorize && a.overtaken(ctx, key, stored) {
		return nil, false, nil // what the winner stored is good
	}
	defer g.fail(err, stored, now) // after hold, which clears it
	if stored != nil && !reauthorize && stored.Access.Reveal() != refused {
		if _, ended := due(stored, now); !ended {
			g.hold(version, stored)
			g.pause(now.Add(refreshPause))
			return stored, true, nil // the server failed, and there is time
		}
	}
	return nil, false, err
}

// load returns the stored token, nil for none that the app could not make anew by
// itself.
func (a *App) load(ctx context.Context, key string) (*tokenstore.Token, error) {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
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
func (a *App) save(ctx context.Context, g *grant, key string, version int, r *rotation) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	saved, err := a.config.Tokens.CompareAndSwap(ctx, key, r.old, r.next)
	switch {
	case err != nil:
		if stored, again := a.config.Tokens.Load(ctx, key); again == nil && stored.Equal(r.next) {
			break // it was stored all the same
		}
		g.keep(version, r)
		return false, fmt.Errorf("oauth2: token %q was renewed and could not be stored: %w", key, err)
	case !saved:
		g.hold(version, nil)
		return false, nil
	}
	g.hold(version, r.next)
	return true, nil
}

// keep notes a token that could not be stored, unless it was replaced since.
func (g *grant) keep(version int, r *rotation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.version == version {
		g.held, g.unsaved = nil, r
	}
}

// Save stores a token that Exchange gave under a key, in the place of whatever is
// there: a later consent of the same user overrides the former one.
func (a *App) Save(ctx context.Context, key string, token *tokenstore.Token) error {
	return a.replace(ctx, a.StoreKey(key), token)
}

// Forget deletes the token of a key. Other processes may use it until a minute
// before its end, and nothing is said to the authorization server, where the user
// may revoke the consent.
func (a *App) Forget(ctx context.Context, key string) error {
	return a.replace(ctx, a.StoreKey(key), nil)
}

// StoreKey returns the key under which Config.Tokens has the token of a key: beside
// it there stand the scheme, the token endpoint and the client, so that several Apps
// can share a store and none gets another's token.
func (a *App) StoreKey(key string) string {
	return fmt.Sprintf("%s\n%s\n%s\n%s", a.scheme, a.config.TokenURL, a.config.ClientID, key)
}

func (a *App) replace(ctx context.Context, key string, next *tokenstore.Token) error {
	g := a.grant(key)
	defer g.release()
	err := a.swap(ctx, key, next)
	if err != nil {
		g.replaced(nil) // what is stored is not known
		return fmt.Errorf("oauth2: token %q: %w", key, err)
	}
	g.replaced(next.Clone())
	return nil
}

// swap puts next in the place of whatever is stored.
func (a *App) swap(ctx context.Context, key string, next *tokenstore.Token) error {
	for {
		old, err := a.config.Tokens.Load(ctx, key)
		switch {
		case errors.Is(err, tokenstore.ErrNotFound):
			old = nil
		case err != nil:
			return err
		}
		if old == nil && next == nil {
			return nil
		}
		if saved, err := a.config.Tokens.CompareAndSwap(ctx, key, old, next); saved || err != nil {
			return err
		}
	}
}
