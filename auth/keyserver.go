package auth

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// ErrUnknownKey says that no key server knows the key asked for.
var ErrUnknownKey = errors.New("auth: no such key")

const (
	defaultServerTimeout = 2 * time.Second

	keyBodyLimit = 16 << 10
	minKeyBits   = 2048

	maxKeyID     = 128
	keyIDLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

	maxKeys   = 256
	maxMisses = 4096
)

// KeyServerConfig says how a KeyServer asks.
type KeyServerConfig struct {
	// URLs are the roots of the key servers, asked in this order; https, or
	// http for a loopback host. At least one is required.
	URLs []string
	// Transport is what the requests go through; nil is
	// http.DefaultTransport.
	Transport http.RoundTripper
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// FreshFor is how long a key is used without asking again; 0 is 24 hours.
	// Atlassian gives every new key a new id, so this only bounds how long a
	// key that was withdrawn still counts.
	FreshFor time.Duration
	// StaleFor is how long after that a key is still used while the servers
	// do not answer; 0 is 7 days, and negative is not at all.
	StaleFor time.Duration
	// MissFor is how long it is remembered that a key does not exist; 0 is
	// one minute.
	MissFor time.Duration
	// ServerTimeout is how long one server may take for its answer before the
	// next is asked; 0 is 2 seconds. The host itself waits about 5 seconds
	// for the answer to an event.
	ServerTimeout time.Duration
}

// KeyServer fetches the public keys that sign lifecycle events: the resource
// named by the key id below a server's root is the key as PEM. For all who wait
// for the same key it asks once: each server in turn, until one has the key. A
// redirect is followed on the same host only, up to three times, and belongs to
// its request. It is safe for concurrent use.
//
// It makes at most ten requests in any ten seconds, whatever the callers send.
// Up to seven of them are for whoever asks. When these are used, up to 64 keys
// wait up to three seconds for a turn, which is given by lot; who has none gets
// an error with a method RetryAfter, which Refuse makes a 503 with that header.
// The other three are kept for the keys that Trusted named, so that a flood of
// invented key ids does not keep a good key from being fetched again.
type KeyServer struct {
	urls                        []*url.URL
	client                      *http.Client
	clock                       func() time.Time
	freshFor, staleFor, missFor time.Duration

	turns  *turns
	flight singleflight.Group

	mu      sync.Mutex
	keys    map[string]cachedKey
	misses  map[string]time.Time // until when
	trusted map[string]bool
	wanted  map[string]*want
}

// want is who waits for a key at present.
type want struct {
	callers int
	ctx     context.Context // ends with the last of them
	end     context.CancelFunc
}

type cachedKey struct {
	key     *rsa.PublicKey
	fetched time.Time
}

// NewKeyServer returns a KeyServer.
func NewKeyServer(cfg KeyServerConfig) (*KeyServer, error) {
	if len(cfg.URLs) == 0 {
		return nil, errors.New("auth: a key server needs at least one URL")
	}
	if cfg.ServerTimeout < 0 {
		return nil, errors.New("auth: the time limit for key servers is negative")
	}
	k := &KeyServer{
		clock:    cfg.Clock,
		freshFor: orDefault(cfg.FreshFor, 24*time.Hour),
		staleFor: max(orDefault(cfg.StaleFor, 7*24*time.Hour), 0),
		missFor:  orDefault(cfg.MissFor, time.Minute),
		keys:     make(map[string]cachedKey),
		misses:   make(map[string]time.Time),
		trusted:  make(map[string]bool),
		wanted:   make(map[string]*want),
		client: &http.Client{
			Transport:     cfg.Transport,
			Timeout:       orDefault(cfg.ServerTimeout, defaultServerTimeout),
			CheckRedirect: sameHostOnly,
		},
	}
	if k.clock == nil {
		k.clock = time.Now
	}
	k.turns = newTurns(k.clock)
	for _, raw := range cfg.URLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
			return nil, fmt.Errorf("auth: key server %q is not a URL with a host and at most a path", raw)
		}
		if u.Scheme != "https" && (u.Scheme != "http" || !loopback.Host(u.Hostname())) {
			return nil, fmt.Errorf("auth: key server %q is not https", raw)
		}
		k.urls = append(k.urls, u)
	}
	return k, nil
}

func sameHostOnly(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Host != first.Host || req.URL.Scheme != first.Scheme || len(via) > 3 {
		return errors.New("auth: the key server redirects elsewhere")
	}
	return nil
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// validKeyID reports whether kid has the form of a key id, which cannot leave
// the server's root: at most 128 letters, digits, dots, hyphens and underscores,
// in segments as Atlassian's key ids may have them, none of dots alone.
func validKeyID(kid string) bool {
	if len(kid) > maxKeyID {
		return false
	}
	for segment := range strings.SplitSeq(kid, "/") {
		if strings.Trim(segment, ".") == "" || strings.Trim(segment, keyIDLetters) != "" {
			return false
		}
	}
	return true
}

// Key returns the key with the id kid. ErrUnknownKey, wrapped, says that there
// is none; any other error that the servers could not be asked, or that ctx
// ended.
func (k *KeyServer) Key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	if !validKeyID(kid) {
		return nil, fmt.Errorf("%w: the key id is not well formed", ErrUnknownKey)
	}
	if key, known, err := k.cached(kid); known {
		return key, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := k.join(ctx, kid)
	defer k.leave(kid, w)
	for {
		result := k.flight.DoChan(kid, func() (any, error) { return k.fly(w.ctx, kid) })
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case r := <-result:
			switch {
			case errors.Is(r.Err, errAbandoned):
				continue // by those who came earlier, not by this caller
			case r.Err != nil:
				return nil, r.Err
			}
			return r.Val.(*rsa.PublicKey), nil
		}
	}
}

// Trusted says that a signature was verified with the key kid: from now on it
// is fetched again from a budget of its own. A Verifier calls it.
func (k *KeyServer) Trusted(kid string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.trusted[kid] && len(k.trusted) >= maxKeys {
		clear(k.trusted)
	}
	k.trusted[kid] = true
}

// join notes that one more caller waits for the key.
func (k *KeyServer) join(ctx context.Context, kid string) *want {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.wanted[kid]
	if w == nil {
		w = new(want)
		w.ctx, w.end = context.WithCancel(context.WithoutCancel(ctx))
		k.wanted[kid] = w
	}
	w.callers++
	return w
}

func (k *KeyServer) leave(kid string, w *want) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w.callers--; w.callers == 0 {
		w.end()
		delete(k.wanted, kid)
	}
}

// fly gets the key for all who wait for it. It runs outside any handler, where
// a panic, of a Transport for one, would end the process.
func (k *KeyServer) fly(ctx context.Context, kid string) (key *rsa.PublicKey, err error) {
	defer func() {
		if p := recover(); p != nil {
			key, err = nil, fmt.Errorf("auth: key server: panic: %v", p)
		}
	}()
	if key, known, err := k.cached(kid); known {
		return key, err
	}
	return k.refresh(ctx, kid)
}

// cached answers from memory, if it can.
func (k *KeyServer) cached(kid string) (key *rsa.PublicKey, known bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock()
	if c, ok := k.keys[kid]; ok && now.Sub(c.fetched) < k.freshFor {
		return c.key, true, nil
	}
	if until, ok := k.misses[kid]; ok && now.Before(until) {
		return nil, true, fmt.Errorf("%w: %q", ErrUnknownKey, kid)
	}
	return nil, false, nil
}

// refresh asks the servers in turn and remembers what they say. While they
// cannot say, a stale key serves.
func (k *KeyServer) refresh(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	key, err := k.ask(ctx, kid)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.clock()
	switch {
	case err == nil:
		if len(k.keys) >= maxKeys {
			clear(k.keys)
		}
		k.keys[kid] = cachedKey{key, now}
		delete(k.misses, kid)
		return key, nil
	case errors.Is(err, ErrUnknownKey):
		if len(k.misses) >= maxMisses {
			clear(k.misses)
		}
		k.misses[kid] = now.Add(k.missFor)
		delete(k.keys, kid)
		delete(k.trusted, kid)
		return nil, err
	}
	if c, ok := k.keys[kid]; ok && now.Sub(c.fetched) < k.freshFor+k.staleFor {
		return c.key, nil
	}
	return nil, err
}

// standing says whether the key has proven good, and whether a stale one would
// serve.
func (k *KeyServer) standing(kid string) (trusted, stale bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, ok := k.keys[kid]
	return k.trusted[kid], ok && k.clock().Sub(c.fetched) < k.freshFor+k.staleFor
}

// ask returns the key from the first server that has it. Only when all say
// that there is none is it unknown.
func (k *KeyServer) ask(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	trusted, stale := k.standing(kid)
	left := patience
	if stale {
		left = 0
	}
	var trouble error
	for _, server := range k.urls {
		if !trusted || !k.turns.takeReserved() {
			var err error
			if left, err = k.turns.take(ctx, left); err != nil {
				return nil, errors.Join(trouble, err)
			}
		}
		// The fetch outlives callers that leave: others may wait for it too.
		key, err := k.fetch(context.WithoutCancel(ctx), server, kid)
		if err == nil {
			return key, nil
		}
		if !errors.Is(err, ErrUnknownKey) {
			trouble = errors.Join(trouble, err)
		}
	}
	if trouble != nil {
		return nil, trouble
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownKey, kid)
}

func (k *KeyServer) fetch(ctx context.Context, server *url.URL, kid string) (*rsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.JoinPath(strings.Split(kid, "/")...).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("auth: key server: %w", err)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("auth: key server: %w", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, ErrUnknownKey
	default:
		return nil, fmt.Errorf("auth: key server %s: status %d", server.Host, resp.StatusCode)
	}
	text, err := io.ReadAll(http.MaxBytesReader(nil, resp.Body, keyBodyLimit))
	if err != nil {
		return nil, fmt.Errorf("auth: key server %s: %w", server.Host, err)
	}
	key, err := parsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("auth: key server %s: %w", server.Host, err)
	}
	return key, nil
}

func parsePublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("the answer is not a public key in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the answer is not a public key")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, fmt.Errorf("the key is not RSA of at least %d bits", minKeyBits)
	}
	return key, nil
}
