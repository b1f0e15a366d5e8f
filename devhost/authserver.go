package devhost

import (
	"maps"
	"sync"
	"time"
)

// How long what the authorization server gives out lives, by Atlassian's page
// about OAuth 2.0 (3LO). It does not say how long a code lives.
const (
	codeLife        = 10 * time.Minute
	bearerLife      = time.Hour
	refreshIdleLife = 90 * day
	refreshLeeway   = 10 * time.Minute
	bearerMemory    = 30 * day // how long an expired bearer is told from an unknown one
)

// consent is what a user let an app do.
type consent struct {
	clientID  string
	accountID string
	scopes    []string
}

// authCode is a code that waits to be exchanged.
type authCode struct {
	consent
	redirectURI string
	challenge   string // PKCE by S256; empty when the app sent none
	expires     time.Time
}

// refreshToken is one token of a family. It is used up by being used, and works
// a little longer, for the sake of clients that lost the answer.
type refreshToken struct {
	consent
	issued time.Time
	used   time.Time // zero before the first use
}

func (t *refreshToken) idle(now time.Time) bool { return !now.Before(t.issued.Add(refreshIdleLife)) }

func (t *refreshToken) superseded(now time.Time) bool {
	return !t.used.IsZero() && !now.Before(t.used.Add(refreshLeeway))
}

// bearer is an access token for the gateway.
type bearer struct {
	consent
	kind    string
	expires time.Time
}

// authServer is the memory of the authorization server.
type authServer struct {
	now func() time.Time

	mu       sync.Mutex
	apps     map[string]OAuthApp       // by client id
	services map[string]ServiceAccount // by client id
	latest   map[[2]string]consent     // by client id and account id
	codes    fading[authCode]
	refresh  fading[*refreshToken]
	bearers  fading[bearer]
}

func newAuthServer(now func() time.Time) *authServer {
	return &authServer{
		now:      now,
		apps:     make(map[string]OAuthApp),
		services: make(map[string]ServiceAccount),
		latest:   make(map[[2]string]consent),
	}
}

func newToken(prefix string) string { return prefix + encodeSegment(randomBytes(36)) }

// accept keeps a user's consent, which takes the place of an earlier one, and
// returns a code for it.
func (s *authServer) accept(c consent, redirectURI, challenge string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code, now := newToken(""), s.now()
	s.latest[[2]string{c.clientID, c.accountID}] = c
	s.codes.put(code, authCode{consent: c, redirectURI: redirectURI, challenge: challenge, expires: now.Add(codeLife)},
		func(c authCode) bool { return !now.Before(c.expires) })
	return code
}

// takeCode returns a code's contents once.
func (s *authServer) takeCode(code string) (authCode, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.codes.all[code]
	delete(s.codes.all, code)
	return c, ok && s.now().Before(c.expires)
}

// useRefresh marks a refresh token of a client as used. The reason says why it
// is no good.
func (s *authServer) useRefresh(token, clientID string) (c consent, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.refresh.all[token]
	now := s.now()
	switch {
	case !ok:
		return consent{}, "refresh token is unknown or long over"
	case t.clientID != clientID:
		return consent{}, "refresh token is another client's"
	case t.idle(now):
		return consent{}, "refresh token was not used for 90 days"
	case t.superseded(now):
		return consent{}, "refresh token was used more than 10 minutes ago"
	case t.used.IsZero():
		t.used = now
	}
	return t.consent, ""
}

func (s *authServer) newRefresh(c consent) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, now := newToken(""), s.now()
	s.refresh.put(token, &refreshToken{consent: c, issued: now}, func(t *refreshToken) bool { return t.idle(now) || t.superseded(now) })
	return token
}

func (s *authServer) newBearer(kind string, c consent, life time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, now := newToken(""), s.now()
	s.bearers.put(token, bearer{consent: c, kind: kind, expires: now.Add(life)},
		func(b bearer) bool { return now.Sub(b.expires) > bearerMemory })
	return token
}

// bearer finds an access token; expired says that it is one no more.
func (s *authServer) bearer(token string) (b bearer, expired, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok = s.bearers.all[token]
	return b, ok && !s.now().Before(b.expires), ok
}

// current is what the user of a token let its client do at the last consent.
func (s *authServer) current(token consent) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.latest[[2]string{token.clientID, token.accountID}]; ok {
		return c.scopes
	}
	return token.scopes
}

// revoke ends all that was given to a client.
func (s *authServer) revoke(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.latest, func(_ [2]string, c consent) bool { return c.clientID == clientID })
	s.codes.drop(func(c authCode) bool { return c.clientID == clientID })
	s.refresh.drop(func(t *refreshToken) bool { return t.clientID == clientID })
	s.bearers.drop(func(b bearer) bool { return b.clientID == clientID })
}

// forgetUser ends the refresh tokens of a user, as a new password does.
func (s *authServer) forgetUser(accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh.drop(func(t *refreshToken) bool { return t.accountID == accountID })
}
