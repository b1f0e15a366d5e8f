// Package auth says who is calling: it is the one place where a token is
// parsed and a request is admitted or refused.
//
// A [Verifier] checks a request against a [Policy] and answers with the
// [Caller], or with an [*Error] when the request is to be refused. Require does
// the same for an http.Handler.
package auth

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	// minSecret is the least length of an HMAC key for SHA-256 (RFC 7518,
	// section 3.2).
	minSecret = 32

	maxClientKey = 255

	maxLeeway = 5 * time.Minute

	rereadInterval = time.Second
	maxReread      = 4096
)

// Installations is the part of a store that a Verifier reads: an installation
// by its client key, store.ErrNotFound when there is none.
type Installations interface {
	Installation(ctx context.Context, clientKey string) (*store.Installation, error)
}

// Keys gives the public keys that sign lifecycle events. ErrUnknownKey, alone
// or wrapped, says that there is no such key. It may be called from several
// goroutines at once. KeyServer is the usual one.
//
// Keys that have a method Trusted(kid string) too are told by it of each key
// that has verified a signature, so that they can tell the host's own keys from
// ids that somebody made up.
type Keys interface {
	Key(ctx context.Context, kid string) (*rsa.PublicKey, error)
}

// truster is the optional part of Keys.
type truster interface{ Trusted(kid string) }

// Config says what a Verifier verifies against.
type Config struct {
	// AppKey is the app's key in its descriptor. Required.
	AppKey string
	// BaseURLs are the base URLs the app may be installed with: the one of
	// the descriptor, those of its regions, those of its proxies. Their paths
	// are cut off before a request is hashed; they have no braces, backslashes
	// or segments of dots. At least one is required.
	BaseURLs []string
	// Installations is where tenants are looked up. Required.
	Installations Installations
	// Keys gives the keys for SignedLifecycle. Required.
	Keys Keys
	// Leeway is how far the host's clock may be off; 0 is 30 seconds,
	// negative is none, and more than 5 minutes is an error: by so much every
	// token would live longer.
	Leeway time.Duration
	// MaxLife is the longest life of a token that is admitted, and of a
	// session or a form token; 0 is one hour, and more is an error: package
	// lifecycle counts on no token being good for longer.
	MaxLife time.Duration
	// MaxForm is the largest multipart form, in bytes and with its files, that
	// is read on a Form route once its token is verified; 0 is 10 MiB.
	MaxForm int64
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
	bases         []*url.URL // the same, parsed, one for each path
	installations Installations
	keys          Keys
	leeway        time.Duration
	maxLife       time.Duration
	maxForm       int64
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
	case cfg.MaxLife < 0 || cfg.MaxLife > time.Hour:
		return nil, fmt.Errorf("auth: a longest life of %v for tokens is not in (0, 1h]", cfg.MaxLife)
	case cfg.MaxForm < 0:
		return nil, errors.New("auth: MaxForm is negative")
	case cfg.Leeway > maxLeeway:
		return nil, fmt.Errorf("auth: a leeway of %v is more than %v", cfg.Leeway, maxLeeway)
	}
	v := &Verifier{
		appKey:        cfg.AppKey,
		installations: cfg.Installations,
		keys:          cfg.Keys,
		leeway:        max(orDefault(cfg.Leeway, 30*time.Second), 0),
		maxLife:       orDefault(cfg.MaxLife, time.Hour),
		maxForm:       cmp.Or(cfg.MaxForm, 10<<20),
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
		if err := v.addBaseURL(raw); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *Verifier) addBaseURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(raw, "?#") {
		return fmt.Errorf("auth: base URL %q is not a scheme, a host and a path", raw)
	}
	if strings.ContainsAny(raw+u.Path, `{}\`) || hasDotSegment(u.Path) {
		return fmt.Errorf("auth: base URL %q has a brace, a backslash or a segment of dots", raw)
	}
	v.baseURLs = append(v.baseURLs, strings.TrimSuffix(raw, "/"))
	samePath := func(other *url.URL) bool { return other.EscapedPath() == u.EscapedPath() }
	if !slices.ContainsFunc(v.bases, samePath) {
		v.bases = append(v.bases, u)
	}
	return nil
}

// hasDotSegment reports whether a decoded path has a segment that some readers
// resolve and others do not.
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// Check says who a request comes from. The error is an *Error when the request
// is to be refused, and any other when the app itself could not decide, because
// its store or its key server failed; Status turns both into an answer. A
// context of the request that ends gives an error of the second sort.
//
// Check reads the body only of a URL-encoded form that is posted to a
// HostRequest route, and leaves it both in r.PostForm and, to be read again, in
// r.Body: up to 1 MiB once a token in the header or the query has been verified,
// to see that the form has no second one, and up to 256 KiB where the token can
// only be in the form. A longer one is an *http.MaxBytesError.
//
// On a Form route it reads the whole form: a URL-encoded one of up to 256 KiB as
// above, and a multipart one into r.MultipartForm and r.PostForm, of which the
// token must be in the first 256 KiB and in front of any file, and the rest, of
// up to Config.MaxForm, is read once the token is verified. Whoever calls Check
// there without Require removes the files of r.MultipartForm.
//
// A HEAD request is admitted with a token for GET too, since it is GET without
// the answer's content (RFC 9110, section 9.3.2) and the host makes its tokens
// for GET.
func (v *Verifier) Check(r *http.Request, p Policy) (*Caller, error) {
	caller, err := v.check(r, p)
	if refusal, ok := err.(*Error); ok {
		refusal.Policy = p
	}
	return caller, err
}

func (v *Verifier) check(r *http.Request, p Policy) (*Caller, error) {
	rule, ok := p.lookup()
	if !ok {
		return nil, &Error{Code: CodePolicy, Detail: "the route has no policy"}
	}
	params, err := qsh.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Code: CodeBadQuery, Detail: err.Error()}
	}
	if rule.place == inField {
		return v.checkForm(r, p, rule, params)
	}
	raw, found, err := findToken(r, params, rule)
	if err != nil {
		return nil, err
	}
	if !found {
		if raw, err = tokenInForm(r, rule); err != nil {
			return nil, err
		}
	}
	caller, err := v.verify(r, p, rule, params, raw)
	if err != nil {
		return nil, err
	}
	if found {
		if err := noTokenInForm(r, rule); err != nil {
			return nil, err
		}
	}
	return caller, nil
}

// verify checks the one token of a request: its claims and its signature.
func (v *Verifier) verify(r *http.Request, p Policy, rule row, params []qsh.Param, raw string) (*Caller, error) {
	t, err := parseToken(raw)
	if err != nil {
		return nil, &Error{Code: CodeMalformed, Detail: err.Error()}
	}
	if refusal := v.checkClaims(t, rule, r, params); refusal != nil {
		refusal.ClientKey = t.claims.Issuer
		return nil, refusal
	}
	caller := newCaller(p, rule, t, params)
	if rule.key == keyServer {
		caller.BaseURL = strings.TrimSuffix(t.claims.Audience[0], "/")
		caller.TokenDigest = sha256.Sum256([]byte(raw))
		err = v.checkHostKey(r.Context(), t)
	} else {
		caller.Installation, err = v.checkSecret(r.Context(), caller.ClientKey, t, rule)
	}
	if refusal, ok := err.(*Error); ok {
		refusal.ClientKey = caller.ClientKey
	}
	if err != nil {
		return nil, err
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
	if c.NotBefore >= c.Expires {
		return &Error{Code: CodeLifetime, Detail: "the token ends before its nbf"}
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
	if rule.key == derivedSecret {
		if c.Issuer != v.appKey {
			return &Error{Code: CodeIssuer, Detail: "the token was not made by this app"}
		}
		if len(c.Audience) != 1 || !validClientKey(c.Audience[0]) {
			return &Error{Code: CodeAudience, Detail: "a " + rule.name + " is for one tenant", Audience: c.Audience}
		}
		return nil
	}
	if c.Issuer == v.appKey || !validClientKey(c.Issuer) {
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

// validClientKey reports whether a client key, which is opaque, is one that any
// store can be asked for.
func validClientKey(s string) bool {
	return s != "" && len(s) <= maxClientKey && strings.IndexFunc(s, unicode.IsControl) < 0
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
	for _, method := range hashedMethods(r.Method) {
		for _, path := range v.hashedPaths(r.URL) {
			canonical := qsh.Canonical(method, path, params)
			if subtle.ConstantTimeCompare([]byte(qsh.Sum(canonical)), []byte(got)) == 1 {
				return nil
			}
			tried = append(tried, canonical)
		}
	}
	return &Error{Code: CodeQSH, Detail: "the token is for another request", Canonical: tried, TokenQSH: got}
}

// hashedMethods returns the methods the host may have hashed for method.
func hashedMethods(method string) []string {
	if method == http.MethodHead {
		return []string{http.MethodHead, http.MethodGet}
	}
	return []string{method}
}

// hashedPaths returns the paths the host may have hashed for u: below the
// paths of the base URLs it lies under, or as it is where a proxy has cut the
// base off already; each decoded first, then raw if that differs.
func (v *Verifier) hashedPaths(u *url.URL) []string {
	raw := u.EscapedPath()
	escaped := raw != u.Path
	paths := make([]string, 0, 2)
	for _, base := range v.bases {
		if rest, ok := qsh.Below(u.Path, base.Path); ok {
			paths = append(paths, rest)
		}
		if !escaped {
			continue
		}
		if rest, ok := qsh.Below(raw, base.EscapedPath()); ok {
			paths = append(paths, rest)
		}
	}
	switch {
	case len(paths) > 0:
		return paths
	case escaped:
		return append(paths, u.Path, raw)
	}
	return append(paths, u.Path)
}

// checkHostKey checks the signature with the key of the key server.
func (v *Verifier) checkHostKey(ctx context.Context, t *token) error {
	key, err := v.keys.Key(ctx, t.header.KeyID)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return &Error{Code: CodeUnknownKey, Detail: "no key server knows the key that signed the token"}
	case err != nil:
		return trouble{err}
	case jwt.SigningMethodRS256.Verify(t.signed, t.signature, key) != nil:
		return &Error{Code: CodeSignature, Detail: "the signature does not fit the host's key"}
	}
	if keys, ok := v.keys.(truster); ok {
		keys.Trusted(t.header.KeyID)
	}
	return nil
}

// checkSecret checks the signature with the tenant's shared secret, or the key
// derived from it, and returns the tenant.
func (v *Verifier) checkSecret(ctx context.Context, clientKey string, t *token, rule row) (*store.Installation, error) {
	inst, err := v.tenant(ctx, clientKey)
	if err != nil {
		return nil, err
	}
	if v.signedFor(inst, t, rule) {
		return inst, nil
	}
	if v.mayReread(clientKey) {
		again, err := v.tenant(ctx, clientKey)
		if err != nil {
			return nil, err
		}
		if again.Generation != inst.Generation && v.signedFor(again, t, rule) {
			return again, nil
		}
	}
	return nil, &Error{Code: CodeSignature, Detail: "the signature does not fit the tenant's shared secret"}
}

func (v *Verifier) tenant(ctx context.Context, clientKey string) (*store.Installation, error) {
	inst, err := v.installations.Installation(ctx, clientKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, &Error{Code: CodeTenant, Detail: "no such installation; was the app's data lost, or is the host of another environment?"}
	case err != nil:
		return nil, trouble{fmt.Errorf("auth: %w", err)}
	case !inst.Live():
		return nil, &Error{Code: CodeUninstalled, Detail: "the tenant has uninstalled the app"}
	case inst.SharedSecret.Len() < minSecret:
		return nil, &Error{Code: CodeSecret, Detail: fmt.Sprintf("the stored secret has less than %d bytes", minSecret)}
	}
	return inst, nil
}

// mayReread reports whether a tenant may be read a second time for one token,
// to see a rotation that another instance has just stored. It may at most once
// a second, so that bad tokens do not double the reads.
func (v *Verifier) mayReread(clientKey string) bool {
	now := v.clock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if last, seen := v.reread[clientKey]; seen && now.Sub(last) < rereadInterval {
		return false
	}
	if len(v.reread) >= maxReread {
		clear(v.reread)
	}
	v.reread[clientKey] = now
	return true
}

// signedFor reports whether the token is signed with a secret of inst that the
// rule takes.
func (v *Verifier) signedFor(inst *store.Installation, t *token, rule row) bool {
	if rule.key == derivedSecret {
		key, err := v.derivedKey(inst, rule.purpose)
		return err == nil && verifyHMAC(t, key)
	}
	if verifyHMAC(t, []byte(inst.SharedSecret.Reveal())) {
		return true
	}
	if !rule.previous || inst.PreviousSecret.Len() < minSecret {
		return false
	}
	// Both times are the host's, which counts whole seconds: a token of the
	// very second of the rotation may have been made just before it.
	before := !time.Unix(t.claims.IssuedAt, 0).After(inst.RotatedIAT)
	return before && v.clock().Before(inst.PreviousSecretUntil) && verifyHMAC(t, []byte(inst.PreviousSecret.Reveal()))
}

func verifyHMAC(t *token, key []byte) bool {
	return jwt.SigningMethodHS256.Verify(t.signed, t.signature, key) == nil
}
