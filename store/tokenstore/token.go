package tokenstore

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/atlassian-connect-go/sdk/store"
)

// Token is what an authorization server issued for one user, or one service
// account, at one time.
//
// However a Token is formatted, logged or encoded, its secrets show as
// "[redacted]". A Token is a plain value: stores hand out and take in copies,
// so whoever holds one may change it.
type Token struct {
	// Access is the access token; for OAuth 1.0a, the token (oauth_token).
	Access store.Secret
	// Refresh is the refresh token, zero when there is none; for OAuth 1.0a,
	// the session handle (oauth_session_handle), if the host gave one.
	Refresh store.Secret
	// Secret is the secret that belongs to Access in OAuth 1.0a
	// (oauth_token_secret), and zero in OAuth 2.0.
	Secret store.Secret
	// Type is the token type as the server sent it, such as "bearer", empty
	// when it sent none.
	Type string
	// Expiry is when the access token ends by this app's clock. The zero time
	// means that it is unknown.
	Expiry time.Time
	// Scopes are what was granted, in the server's order. None means that the
	// server did not say.
	Scopes []string
	// Obtained is when the token was received by this app's clock. A refresh
	// token of Atlassian's that is not used ends 90 days later (developer
	// documentation of OAuth 2.0 (3LO), "rotating refresh tokens").
	Obtained time.Time
}

// Clone returns a deep copy, nil for nil.
func (t *Token) Clone() *Token {
	if t == nil {
		return nil
	}
	c := *t
	c.Scopes = slices.Clone(t.Scopes)
	return &c
}

// Equal reports whether both tokens have the same content, or both are nil.
// Times are the same if they are the same instant, and scopes if they are in
// the same order. How long it takes depends on the secrets' lengths alone, not
// on where they differ.
func (t *Token) Equal(other *Token) bool {
	if t == nil || other == nil {
		return t == other
	}
	access, refresh, secret := t.Access.Equal(other.Access), t.Refresh.Equal(other.Refresh), t.Secret.Equal(other.Secret)
	return access && refresh && secret && t.Type == other.Type && t.Expiry.Equal(other.Expiry) &&
		t.Obtained.Equal(other.Obtained) && slices.Equal(t.Scopes, other.Scopes)
}

// plain is the form of a token that stores seal. Secrets are bytes, which
// need not be UTF-8.
type plain struct {
	Access   []byte    `json:"access,omitempty"`
	Refresh  []byte    `json:"refresh,omitempty"`
	Secret   []byte    `json:"secret,omitempty"`
	Type     string    `json:"type,omitempty"`
	Expiry   time.Time `json:"expiry,omitzero"`
	Scopes   []string  `json:"scopes,omitempty"`
	Obtained time.Time `json:"obtained,omitzero"`
}

// Reveal returns the token as text that holds its secrets in the clear, for a
// store to seal; Parse reads it. It refuses what Check refuses.
func (t *Token) Reveal() ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(plain{
		Access: []byte(t.Access.Reveal()), Refresh: []byte(t.Refresh.Reveal()), Secret: []byte(t.Secret.Reveal()),
		Type: t.Type, Expiry: t.Expiry.UTC(), Scopes: t.Scopes, Obtained: t.Obtained.UTC(),
	})
	if err != nil {
		return nil, fmt.Errorf("tokenstore: the token cannot be stored: %w", err)
	}
	if len(text) > MaxToken {
		return nil, fmt.Errorf("tokenstore: the token takes %d bytes, more than %d", len(text), MaxToken)
	}
	return text, nil
}

// Parse returns the token of which Reveal made text. Errors never repeat the
// text.
func Parse(text []byte) (*Token, error) {
	var p plain
	if err := json.Unmarshal(text, &p, json.RejectUnknownMembers(true)); err != nil {
		return nil, errParse // the cause may quote a secret
	}
	t := &Token{
		Access: store.NewSecret(string(p.Access)), Refresh: store.NewSecret(string(p.Refresh)), Secret: store.NewSecret(string(p.Secret)),
		Type: p.Type, Expiry: p.Expiry.UTC(), Scopes: p.Scopes, Obtained: p.Obtained.UTC(),
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}
