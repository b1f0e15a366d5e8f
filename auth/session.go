package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/store"
)

const sessionLife = 15 * time.Minute

// IssueSession returns a token of the app's own for the caller's tenant and
// user, for the routes with the policy Session. A page that was opened with a
// token of three minutes can go on talking to its app with it. It lives for
// life in whole seconds, 0 being 15 minutes or Config.MaxLife if that is less,
// and at most Config.MaxLife; it dies early when the tenant's secret is rotated
// or the app is uninstalled.
//
// Only a caller with an installation and an account id can have a session. A
// caller with a session may be given the next one: an app that offers this
// decides itself for how long it goes on.
func (v *Verifier) IssueSession(c *Caller, life time.Duration) (string, error) {
	return v.issue(Session, c, orDefault(life, min(sessionLife, v.maxLife)), jwt.MapClaims{})
}

// issue returns a token of the app's own for the routes with the policy p, with
// the claims and those of the caller and the times.
func (v *Verifier) issue(p Policy, c *Caller, life time.Duration, claims jwt.MapClaims) (string, error) {
	rule := rows[p]
	if c == nil || c.Installation == nil || !c.Installation.Live() || c.AccountID == "" {
		return "", fmt.Errorf("auth: a %s needs a caller with an installation and an account id", rule.name)
	}
	if c.Installation.SharedSecret.Len() < minSecret {
		return "", fmt.Errorf("auth: the stored secret has less than %d bytes", minSecret)
	}
	seconds := int64(life / time.Second)
	if seconds < 1 || life > v.maxLife {
		return "", fmt.Errorf("auth: the life of a %s, %v, is not in [1s, %v]", rule.name, life, v.maxLife)
	}
	key, err := v.derivedKey(c.Installation, rule.purpose)
	if err != nil {
		return "", err
	}
	now := v.clock().Unix()
	claims["iss"], claims["sub"], claims["aud"] = v.appKey, c.AccountID, []string{c.Installation.ClientKey}
	claims["iat"], claims["exp"] = now, now+seconds
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
}

// derivedKey derives the key of a tenant's sessions, or of its form tokens, from
// its shared secret. It is a key of its own, so no token of the host is a
// session, no session is a token for the host, and neither is a form token.
func (v *Verifier) derivedKey(inst *store.Installation, purpose string) ([]byte, error) {
	info := fmt.Sprintf("connect %s v1 %d:%s%s", purpose, len(v.appKey), v.appKey, inst.ClientKey)
	return hkdf.Key(sha256.New, []byte(inst.SharedSecret.Reveal()), nil, info, sha256.Size)
}
