// Package auth says who is calling: it is the one place where a token is
// parsed and a request is admitted or refused.
//
// A [Verifier] checks a request against a [Policy] and answers with the
// [Caller], or with an [*Error] when the request is to be refused. Require does
// the same for an http.Handler.
package auth

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	// minSecret is the least length of an HMAC key for SHA-256 (RFC 7518,
	// section 3.2).
	minSecret = 32

	rereadInterval = time.Second
)

// Installations is the part of a store that a Verifier reads: an installation
// by its client key, store.ErrNotFound when there is none.
type Installations interface {
	Installation(ctx context.Context, clientKey string) (*store.Installation, error)
}

// Keys gives the public keys that sign lifecycle events. ErrUnknownKey, alone
// or wrapped, says that there is no such key. KeyServer is the usual one.
type Keys interface {
	Key(ctx context.Context, kid string) (*rsa.PublicKey, error)
}

// Config says what a Verifier verifies against.
type Config struct {
	// AppKey is the app's key in its descriptor. Required.
	AppKey string
	// BaseURLs are the base URLs the app may be installed with: the one of
	// the descriptor, those of its regions, those of its proxies. Their paths
	// are cut off before a request is hashed. At least one is required.
	BaseURLs []string
	// Installations is where tenants are looked up. Required.
	Installations Installations
	// Keys gives the keys for SignedLifecycle. Required.
	Keys Keys
	// Leeway is how far the host's clock may be off; 0 is 30 seconds, and
	// negative is none.
	Leeway time.Duration
	// MaxLife is the longest life of a token that is admitted; 0 is one hour.
	MaxLife time.Duration
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// Logger receives the reason of every refusal; nil discards it.
	Logger *slog.Logger
	// Development sends the reason of a refusal to the caller too. It must be
	// off where others than the developer can reach the app.
	Development bool
}

// Verifier checks requests. Use NewVerifier to make one. It is safe for
// concurrent use.
type Verifier struct {
	appKey        string
	baseURLs      []string
	basePaths     []string
	installations Installations
	keys          Keys
	leeway        time.Duration
	maxLife       time.Duration
	clock         func() time.Time
	log           *slog.Logger
	development   bool

	mu     sync.Mutex
	reread map[string]time.Time // when a tenant was read again last
}

// NewVerifier returns a Verifier.
func NewVerifier(cfg Config) (*Verifier, error) {
	switch {
	case cfg.AppKey == "":
		return nil, errors.New("auth: the app key is empty")
	case len(cfg.BaseURLs) == 0:
		return nil, errors.New("auth: there is no base URL")
	case cfg.Installations == nil:
		return nil, errors.New("auth: there is no store of installations")
	case cfg.Keys == nil:
		return nil, errors.New("auth: there is no source of keys")
	}
	v := &Verifier{
		appKey:        cfg.AppKey,
		installations: cfg.Installations,
		keys:          cfg.Keys,
		leeway:        max(orDefault(cfg.Leeway, 30*time.Second), 0),
		maxLife:       orDefault(cfg.MaxLife, time.Hour),
		clock:         cfg.Clock,
		log:           cfg.Logger,
		development:   cfg.Development,
		reread:        make(map[string]time.Time),
	}
	if v.clock == nil {
		v.clock = time.Now
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	for _, raw := range cfg.BaseURLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return nil, fmt.Errorf("auth: base URL %q is not a scheme, a host and a path", raw)
		}
		v.baseURLs = append(v.baseURLs, strings.TrimSuffix(raw, "/"))
		if path := strings.TrimSuffix(u.Path, "/"); !slices.Contains(v.basePaths, path) {
			v.basePaths = append(v.basePaths, path)
		}
	}
	return v, nil
}

// Check says who a request comes from. The error is an *Error when the request
// is to be refused, and any other when the app itself could not decide, because
// its store or its key server failed; Status turns both into an answer.
//
// Check reads the body only of a URL-encoded form that is posted to a
// HostRequest route without a token elsewhere, and leaves it in r.PostForm.
func (v *Verifier) Check(r *http.Request, p Policy) (*Caller, error) {
	rule, ok := p.lookup()
	if !ok {
		return nil, &Error{Code: CodePolicy, Policy: p, Detail: "the route has no policy"}
	}
	params, err := qsh.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Code: CodeBadQuery, Policy: p, Detail: err.Error()}
	}
	raw, err := findToken(r, params, rule)
	if err != nil {
		var count errTokens
		if errors.As(err, &count) {
			return nil, &Error{Code: count.code, Policy: p, Detail: "a request needs exactly one token"}
		}
		return nil, err
	}
	t, err := parseToken(raw)
	if err != nil {
		return nil, &Error{Code: CodeMalformed, Policy: p, Detail: err.Error()}
	}
	if refusal := v.checkClaims(t, rule, r, params); refusal != nil {
		refusal.Policy = p
		refusal.ClientKey = t.claims.Issuer
		return nil, refusal
	}
	caller := &Caller{
		Policy:     p,
		ClientKey:  t.claims.Issuer,
		AccountID:  t.claims.Subject,
		License:    license(params, rule, t),
		IssuedAt:   time.Unix(t.claims.IssuedAt, 0),
		ExpiresAt:  time.Unix(t.claims.Expires, 0),
		RawContext: json.RawMessage(t.claims.Context),
	}
	if rule.key == sessionSecret {
		caller.ClientKey = t.claims.Audience[0]
	}
	err = v.checkSignature(r.Context(), t, rule, caller)
	var refusal *Error
	if errors.As(err, &refusal) {
		refusal.Policy = p
		refusal.ClientKey = caller.ClientKey
	}
	if err != nil {
		return nil, err
	}
	if rule.key == keyServer {
		caller.BaseURL = t.claims.Audience[0]
		caller.TokenDigest = sha256.Sum256([]byte(raw))
	}
	return caller, nil
}

// checkClaims checks what can be said of a token without its key.
func (v *Verifier) checkClaims(t *token, rule row, r *http.Request, params []qsh.Param) *Error {
	if t.header.Algorithm != rule.alg {
		return &Error{Code: CodeAlgorithm, Detail: fmt.Sprintf("the token is signed with %.16q, want %s", t.header.Algorithm, rule.alg)}
	}
	if refusal := v.checkTimes(&t.claims); refusal != nil {
		return refusal
	}
	if refusal := v.checkParties(t, rule); refusal != nil {
		return refusal
	}
	return v.checkQSH(t.claims.QSH, rule.qsh, r, params)
}

func (v *Verifier) checkTimes(c *claims) *Error {
	if c.IssuedAt <= 0 || c.Expires <= 0 {
		return &Error{Code: CodeLifetime, Detail: "iat and exp are required"}
	}
	issued, expires := time.Unix(c.IssuedAt, 0), time.Unix(c.Expires, 0)
	if life := expires.Sub(issued); life <= 0 || life > v.maxLife {
		return &Error{Code: CodeLifetime, Detail: fmt.Sprintf("the token's life of %v is not in (0, %v]", life, v.maxLife)}
	}
	now := v.clock()
	if late := now.Sub(expires); late >= v.leeway {
		return &Error{Code: CodeExpired, Detail: "the token has expired", Skew: late}
	}
	begins := issued
	if notBefore := time.Unix(c.NotBefore, 0); c.NotBefore != 0 && notBefore.After(begins) {
		begins = notBefore
	}
	if early := begins.Sub(now); early > v.leeway {
		return &Error{Code: CodeEarly, Detail: "the token is not valid yet; is a clock wrong?", Skew: early}
	}
	return nil
}

// checkParties checks who made the token and for whom.
func (v *Verifier) checkParties(t *token, rule row) *Error {
	c := &t.claims
	if rule.key == sessionSecret {
		if c.Issuer != v.appKey {
			return &Error{Code: CodeIssuer, Detail: "the token was not made by this app"}
		}
		if len(c.Audience) != 1 || c.Audience[0] == "" {
			return &Error{Code: CodeAudience, Detail: "a session is for one tenant", Audience: c.Audience}
		}
		return nil
	}
	if c.Issuer == "" || c.Issuer == v.appKey {
		return &Error{Code: CodeIssuer, Detail: "the issuer must be a client key; a token this app made for the host is not taken back"}
	}
	if rule.key != keyServer {
		return nil // these tokens carry no audience: the secret is of one tenant and one app
	}
	if !validKeyID(t.header.KeyID) {
		return &Error{Code: CodeKeyID, Detail: "the key id is missing or cannot be one"}
	}
	if len(c.Audience) != 1 || !slices.Contains(v.baseURLs, strings.TrimSuffix(c.Audience[0], "/")) {
		return &Error{Code: CodeAudience, Detail: "the token is for another base URL", Audience: c.Audience, WantAudience: v.baseURLs}
	}
	return nil
}

// checkQSH checks that the token is for this request. The host hashes the
// decoded path when it calls an app, and Atlassian's libraries the raw one, so
// both are tried.
func (v *Verifier) checkQSH(got string, rule qshRule, r *http.Request, params []qsh.Param) *Error {
	switch rule {
	case qshAbsent:
		if got != "" {
			return &Error{Code: CodeQSH, Detail: "a session has no qsh"}
		}
		return nil
	case qshContext:
		if got != qsh.Context {
			return &Error{Code: CodeQSH, Detail: "the route takes context tokens, whose qsh is " + qsh.Context}
		}
		return nil
	}
	if got == "" || got == qsh.Context {
		return &Error{Code: CodeQSH, Detail: "the route takes tokens for one request, and this one has no hash of a request"}
	}
	var tried []string
	for _, path := range v.hashedPaths(r.URL) {
		canonical := qsh.Canonical(r.Method, path, params)
		if subtle.ConstantTimeCompare([]byte(qsh.Sum(canonical)), []byte(got)) == 1 {
			return nil
		}
		tried = append(tried, canonical)
	}
	return &Error{Code: CodeQSH, Detail: "the token is for another request", Canonical: tried, TokenQSH: got}
}

// hashedPaths returns the paths the host may have hashed for u: below the
// paths of the base URLs it lies under, or as it is where a proxy has cut the
// base off already; each decoded first, then raw if that differs.
func (v *Verifier) hashedPaths(u *url.URL) []string {
	var paths []string
	raw := u.EscapedPath()
	for _, base := range v.basePaths {
		if rest, ok := qsh.Below(u.Path, base); ok {
			paths = append(paths, rest)
		}
		if rest, ok := qsh.Below(raw, base); ok && raw != u.Path {
			paths = append(paths, rest)
		}
	}
	if len(paths) == 0 {
		paths = append(paths, u.Path)
		if raw != u.Path {
			paths = append(paths, raw)
		}
	}
	return paths
}

// checkSignature checks the signature with the key the rule names and fills in
// the caller's installation.
func (v *Verifier) checkSignature(ctx context.Context, t *token, rule row, caller *Caller) error {
	if rule.key == keyServer {
		key, err := v.keys.Key(ctx, t.header.KeyID)
		if errors.Is(err, ErrUnknownKey) {
			return &Error{Code: CodeUnknownKey, Detail: "no key server knows the key that signed the token"}
		}
		if err != nil {
			return err
		}
		if jwt.SigningMethodRS256.Verify(t.signed, t.signature, key) != nil {
			return &Error{Code: CodeSignature, Detail: "the signature does not fit the host's key"}
		}
		return nil
	}
	inst, err := v.tenant(ctx, caller.ClientKey)
	if err != nil {
		return err
	}
	if !v.signedFor(inst, t, rule) {
		generation := inst.Generation
		if inst, err = v.tenantAgain(ctx, caller.ClientKey); err != nil {
			return err
		}
		if inst == nil || inst.Generation == generation || !v.signedFor(inst, t, rule) {
			return &Error{Code: CodeSignature, Detail: "the signature does not fit the tenant's shared secret"}
		}
	}
	caller.Installation = inst
	return nil
}

func (v *Verifier) tenant(ctx context.Context, clientKey string) (*store.Installation, error) {
	inst, err := v.installations.Installation(ctx, clientKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, &Error{Code: CodeTenant, Detail: "no such installation; was the app's data lost, or is the host of another environment?"}
	case err != nil:
		return nil, fmt.Errorf("auth: %w", err)
	case !inst.Live():
		return nil, &Error{Code: CodeUninstalled, Detail: "the tenant has uninstalled the app"}
	case inst.SharedSecret.Len() < minSecret:
		return nil, &Error{Code: CodeSecret, Detail: fmt.Sprintf("the stored secret has less than %d bytes", minSecret)}
	}
	return inst, nil
}

// tenantAgain reads the tenant once more, for a rotation that another instance
// has just stored; nil when it did so less than a second ago, so that bad
// tokens do not double the reads.
func (v *Verifier) tenantAgain(ctx context.Context, clientKey string) (*store.Installation, error) {
	now := v.clock()
	v.mu.Lock()
	last, seen := v.reread[clientKey]
	allowed := !seen || now.Sub(last) >= rereadInterval
	if allowed {
		if len(v.reread) >= 4096 {
			clear(v.reread)
		}
		v.reread[clientKey] = now
	}
	v.mu.Unlock()
	if !allowed {
		return nil, nil
	}
	return v.tenant(ctx, clientKey)
}

// signedFor reports whether the token is signed with a secret of inst that the
// rule takes.
func (v *Verifier) signedFor(inst *store.Installation, t *token, rule row) bool {
	if rule.key == sessionSecret {
		key, err := v.sessionKey(inst)
		return err == nil && verifyHMAC(t, key)
	}
	if verifyHMAC(t, []byte(inst.SharedSecret.Reveal())) {
		return true
	}
	if !rule.previous || inst.PreviousSecret.Len() < minSecret {
		return false
	}
	inTime := v.clock().Before(inst.PreviousSecretUntil) && time.Unix(t.claims.IssuedAt, 0).Before(inst.RotatedAt)
	return inTime && verifyHMAC(t, []byte(inst.PreviousSecret.Reveal()))
}

func verifyHMAC(t *token, key []byte) bool {
	return jwt.SigningMethodHS256.Verify(t.signed, t.signature, key) == nil
}

// license reads the licence state from where the host puts it: the signed
// query, or the context of a context token.
func license(params []qsh.Param, rule row, t *token) License {
	if rule.qsh == qshComputed {
		for _, p := range params {
			if p.Name == "lic" {
				switch l := License(p.Value); l {
				case LicenseActive, LicenseNone:
					return l
				}
			}
		}
		return LicenseUnknown
	}
	if rule.qsh != qshContext {
		return LicenseUnknown
	}
	context, err := (&Caller{RawContext: json.RawMessage(t.claims.Context)}).Context()
	switch {
	case err != nil || context.License == nil:
		return LicenseUnknown
	case context.License.Active:
		return LicenseActive
	}
	return LicenseNone
}
