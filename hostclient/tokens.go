package hostclient

import (
	"container/list"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

const (
	// earlyRefresh is how long before its end a token is replaced. Short
	// tokens are replaced in the last quarter of their life.
	earlyRefresh = 60 * time.Second
	// lastMoments is what a token must have left to be sent without waiting
	// for its successor.
	lastMoments = 5 * time.Second
	// refreshPause is the rest after an early refresh that failed.
	refreshPause = 5 * time.Second
)

// token is a user token. It does not change, and is used by pointer, which
// fmt does not follow.
type token struct {
	value                     string
	asked, refreshAt, expires time.Time
}

func newToken(value string, asked time.Time, life time.Duration) *token {
	expires := asked.Add(life)
	return &token{value: value, asked: asked, expires: expires, refreshAt: expires.Add(-min(earlyRefresh, life/4))}
}

// userKey tells user tokens apart. All of it counts: an account id alone is the
// same on many sites, and a token from before a rotation or a new installation
// is none for after it, whichever process learned of the event. What holds a
// userKey is kept behind a function, for a digest of a secret is not to be
// printed, and fmt never looks into one.
type userKey struct {
	clientKey, oauthClientID, baseURL string
	credentials                       [sha256.Size]byte // see tenant.credentials
	accountID, scopes                 string
}

// tokenCache keeps user tokens in memory, at most max of them, the ones used
// last, and sees to it that a token is asked for once, however many wait.
type tokenCache struct {
	max     int
	timeout time.Duration
	clock   func() time.Time
	flights singleflight.Group
	seed    maphash.Seed

	mu     sync.Mutex
	recent list.List // of *entry, the last used in front
	byKey  map[userKey]*list.Element
	// epochs counts what was forgotten, so that a token that was being asked
	// for meanwhile is not kept. Tenants share them by hash, lest the counts
	// of tenants long gone pile up; a neighbour's token is then asked for
	// once more, nothing else.
	epochs [1024]uint64
}

type entry struct {
	key     userKey
	token   *token
	retryAt time.Time // no early refresh before
}

func newTokenCache(limit int, timeout time.Duration, clock func() time.Time) *tokenCache {
	return &tokenCache{
		max: limit, timeout: timeout, clock: clock,
		seed: maphash.MakeSeed(), byKey: map[userKey]*list.Element{},
	}
}

// token returns the token for k, from fetch if need be. fetch runs apart from
// ctx, whose end ends the waiting alone. While a good token is at hand nobody
// waits.
func (c *tokenCache) token(ctx context.Context, k userKey, fetch func(context.Context) (*token, error)) (*token, error) {
	held, due := c.lookup(k)
	if held != nil && !due {
		return held, nil
	}
	next := c.refresh(ctx, k, fetch)
	if held != nil && held.expires.Sub(c.clock()) > lastMoments {
		return held, nil
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("hostclient: waiting for a user token: %w", ctx.Err())
	case result := <-next:
		if result.Err == nil {
			return result.Val.(*token), nil
		}
		if held != nil && held.expires.After(c.clock()) {
			return held, nil
		}
		return nil, result.Err
	}
}

// refresh asks for a new token, or joins those who do.
func (c *tokenCache) refresh(ctx context.Context, k userKey, fetch func(context.Context) (*token, error)) <-chan singleflight.Result {
	epoch := c.epoch(k.clientKey)
	return c.flights.DoChan(fmt.Sprintf("%d %q", epoch, k), func() (_ any, err error) {
		defer c.recovered(k, &err)
		if held, due := c.lookup(k); held != nil && !due {
			return held, nil // the flight before this one landed just now
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
		defer cancel()
		fresh, err := fetch(ctx)
		if err != nil {
			c.pause(k)
			return nil, err
		}
		c.keep(k, fresh, epoch)
		return fresh, nil
	})
}

// recovered makes an error of a panic, which would end the process: those who
// wait are not on its stack. It is to be deferred.
func (c *tokenCache) recovered(k userKey, err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("hostclient: panic while asking for a user token: %s", plain(redact.Text(fmt.Sprint(reason)), maxMessage))
		c.pause(k)
	}
}

// lookup returns a token that is valid still, or nil, and whether it is time
// to replace it.
func (c *tokenCache) lookup(k userKey) (held *token, due bool) {
	now := c.clock()
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.byKey[k]
	if element == nil {
		return nil, false
	}
	e := element.Value.(*entry)
	if !e.token.expires.After(now) {
		c.remove(element)
		return nil, false
	}
	c.recent.MoveToFront(element)
	return e.token, !now.Before(e.token.refreshAt) && !now.Before(e.retryAt)
}

func (c *tokenCache) keep(k userKey, t *token, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != *c.epochOf(k.clientKey) {
		return
	}
	if element := c.byKey[k]; element != nil {
		c.remove(element)
	}
	c.byKey[k] = c.recent.PushFront(&entry{key: k, token: t})
	for c.recent.Len() > c.max {
		c.remove(c.recent.Back())
	}
}

func (c *tokenCache) pause(k userKey) {
	until := c.clock().Add(refreshPause)
	c.mu.Lock()
	defer c.mu.Unlock()
	if element := c.byKey[k]; element != nil {
		element.Value.(*entry).retryAt = until
	}
}

// drop forgets a token that the host refused, unless another has taken its place,
// and reports whether it did either. One that was given just now stays: a resource
// that refuses it would else cost a token for each call.
func (c *tokenCache) drop(k userKey, value string) bool {
	now := c.clock()
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.byKey[k]
	if element == nil || element.Value.(*entry).token.value != value {
		return true
	}
	if now.Sub(element.Value.(*entry).token.asked) < freshFor {
		return false
	}
	c.remove(element)
	return true
}

// freshFor is how long after it was asked for a token is not taken for one that
// has ended.
const freshFor = 30 * time.Second

// forget drops all tokens of a tenant, and those under way.
func (c *tokenCache) forget(clientKey string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.epochOf(clientKey)++
	for k, element := range c.byKey {
		if k.clientKey == clientKey {
			c.remove(element)
		}
	}
}

func (c *tokenCache) epoch(clientKey string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.epochOf(clientKey)
}

// epochOf and remove are called with the lock held.
func (c *tokenCache) epochOf(clientKey string) *uint64 {
	return &c.epochs[maphash.String(c.seed, clientKey)%uint64(len(c.epochs))]
}

func (c *tokenCache) remove(element *list.Element) {
	delete(c.byKey, element.Value.(*entry).key)
	c.recent.Remove(element)
}
