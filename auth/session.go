package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
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
	if c == nil || c.Installation == nil || !c.Installation.Live() || c.AccountID == "" {
		return "", errors.New("auth: a session needs a caller with an installation and an account id")
	}
	if c.Installation.SharedSecret.Len() < minSecret {
		return "", fmt.Errorf("auth: the stored secret has less than %d bytes", minSecret)
	}
	life = orDefault(life, min(sessionLife, v.maxLife))
	seconds := int64(life / time.Second)
	if seconds < 1 || life > v.maxLife {
		return "", fmt.Errorf("auth: a session of %v is not in [1s, %v]", life, v.maxLife)
	}
	key, err := v.sessionKey(c.Installation)
	if err != nil {
		return "", err
	}
	now := v.clock().Unix()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": v.appKey,
		"sub": c.AccountID,
		"aud": []string{c.Installation.ClientKey},
		"iat": now,
		"exp": now + seconds,
	}).SignedString(key)
}

// sessionKey derives the key of a tenant's sessions from its shared secret. It
// is a key of its own, so no token of the host is a session and no session is
// a token for the host.
func (v *Verifier) sessionKey(inst *store.Installation) ([]byte, error) {
	info := fmt.Sprintf("connect session v1 %d:%s%s", len(v.appKey), v.appKey, inst.ClientKey)
	return hkdf.Key(sha256.New, []byte(inst.SharedSecret.Reveal()), nil, info, sha256.Size)
}
