package hostclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// user is the Credential of a user whom the app impersonates: a bearer token
// of the JWT bearer grant.
type user struct {
	tenant    *tenant
	server    *authorizationServer
	tokens    func() *tokenCache
	accountID string
	scopes    string
	key       func() userKey
	userAgent string
	err       error // what is wrong with the user or the scopes
}

const bearer = "Bearer "

// Binding implements Credential.
func (u *user) Binding() Binding { return u.tenant.bind(SchemeImpersonation) }

// Apply implements Credential.
func (u *user) Apply(r *http.Request) error {
	if u.err != nil {
		return u.err
	}
	if _, err := parseQuery(r.URL); err != nil {
		return err
	}
	t, err := u.tokens().token(r.Context(), u.key(), func(ctx context.Context) (*token, error) {
		return u.server.token(ctx, u.tenant, u.accountID, u.scopes, u.userAgent)
	})
	if err != nil {
		return err
	}
	r.Header["Authorization"] = []string{bearer + t.value}
	return nil
}

// Renew implements Renewer: the host no longer takes the token, so the next one
// is asked for.
func (u *user) Renew(r *http.Request, refused *Error) (again bool, err error) {
	if refused.Status != http.StatusUnauthorized || refused.Is(ErrScopeMissing) {
		return false, nil
	}
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), bearer)
	return ok && u.tokens().drop(u.key(), value), nil
}

// String says whose credential it is; nothing secret is in it.
func (u user) String() string {
	return fmt.Sprintf("hostclient: user %q at %s", u.accountID, u.tenant.site.origin)
}

// Format writes what String returns, whatever the verb.
func (u user) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

func newUser(h *Hosts, t *tenant, accountID string, scopes []string) *user {
	joined, err := joinScopes(scopes)
	u := &user{
		tenant: t, server: h.server, tokens: h.tokens, accountID: accountID, scopes: joined, userAgent: h.userAgent(t),
	}
	switch {
	case accountID == "":
		u.err = errors.New("hostclient: AsUser needs an account id")
	case err != nil:
		u.err = err
	case t.oauthClientID == "":
		u.err = fmt.Errorf("hostclient: tenant %q: the installation has no oauthClientId, which impersonation needs", t.clientKey)
	default:
		k := userKey{t.clientKey, t.oauthClientID, t.baseURL, t.credentials(), accountID, joined}
		u.key = func() userKey { return k }
	}
	return u
}

// joinScopes brings scopes into the form of the grant. A bad one is an error
// and not left out: no scopes at all means all of the app's.
func joinScopes(scopes []string) (string, error) {
	upper := make([]string, len(scopes))
	for i, scope := range scopes {
		upper[i] = strings.ToUpper(scope)
		if scope == "" || strings.IndexFunc(upper[i], notInScope) >= 0 {
			return "", fmt.Errorf("hostclient: AsUser: %q is not the name of a scope", plain(scope, 100))
		}
	}
	slices.Sort(upper)
	return strings.Join(slices.Compact(upper), " "), nil
}

func notInScope(r rune) bool {
	return r >= 0x80 || r != '_' && !alphanumeric(byte(r))
}
