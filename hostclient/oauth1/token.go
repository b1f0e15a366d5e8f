package oauth1

import (
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// TemporaryToken is what the dance begins with: it is for one user, one consent
// and a few minutes, and not for calls. It shows nothing secret when it is
// formatted or encoded.
type TemporaryToken struct {
	// Value is oauth_token. It stands in the URL that the user visits.
	Value store.Secret
	// Secret is oauth_token_secret.
	Secret store.Secret
}

// Token lets a consumer act for one user. It shows nothing secret when it is
// formatted or encoded, so whoever stores it takes its parts out with Reveal, and
// seals them.
type Token struct {
	// Value is oauth_token.
	Value store.Secret
	// Secret is oauth_token_secret. RSA does without it; HMAC-SHA1 does not.
	Secret store.Secret
	// Expires is when the token ends, by the oauth_expires_in that Jira sends
	// with it; zero when it is not known. Nothing here looks at it.
	Expires time.Time
	// SessionHandle is oauth_session_handle, which Jira sends along; zero when
	// there is none. Nothing here needs it.
	SessionHandle store.Secret
}

// Stored returns the token in the form that stores of package tokenstore keep.
func (t *Token) Stored(obtained time.Time) *tokenstore.Token {
	return &tokenstore.Token{Access: t.Value, Secret: t.Secret, Refresh: t.SessionHandle, Expiry: t.Expires, Obtained: obtained}
}

// FromStored returns the token that Stored made.
func FromStored(t *tokenstore.Token) *Token {
	return &Token{Value: t.Access, Secret: t.Secret, SessionHandle: t.Refresh, Expires: t.Expiry}
}
