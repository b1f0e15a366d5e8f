package hostclient

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

// appTokenLife is the norm of Atlassian's own frameworks, and the most that
// is known to be taken.
const appTokenLife = 180 * time.Second

// AppUser is the Credential of the app itself at one tenant: a Connect JWT
// with the stored app key as its issuer, good for 180 seconds and for the one
// request whose hash it carries (Atlassian's documentation of JWT for Connect
// apps). It works on the installation's own origin only. NewAppUser makes it, for
// a Transport; a Client has one of its own. It is safe for concurrent use.
type AppUser struct {
	binding Binding
	claims  string // the JSON up to the claims that change
	key     key
	clock   func() time.Time
}

// NewAppUser returns the credential of the app at a live tenant. A nil clock
// means time.Now. The error is ErrNotInstalled for a nil inst, and for a tenant
// that is uninstalled or has no secret; an installation without app key or client
// key, or with a base URL that ParseOrigin refuses, is an error too. Changes to
// inst afterwards mean nothing.
func NewAppUser(inst *store.Installation, clock func() time.Time) (*AppUser, error) {
	t, err := newTenant(inst)
	if err != nil {
		return nil, err
	}
	return newAppUser(t, orNow(clock)), nil
}

func newAppUser(t *tenant, clock func() time.Time) *AppUser {
	return &AppUser{
		binding: t.bind(SchemeAppUser),
		claims:  `{"iss":` + quote(t.appKey) + `,"aud":[` + quote(t.clientKey) + `],"iat":`,
		key:     t.key,
		clock:   clock,
	}
}

// Binding implements Credential.
func (a *AppUser) Binding() Binding { return a.binding }

// Apply implements Credential: it sets the Authorization header. A query that
// does not parse, or that carries a token of its own, is ErrRequest, and a URL that
// is not below the tenant's ErrOrigin.
func (a *AppUser) Apply(r *http.Request) error {
	origin := &a.binding.site.origin
	params, err := parseQuery(r.URL)
	if err != nil {
		return err
	}
	path, ok := qsh.Below(r.URL.EscapedPath(), origin.path)
	if !ok {
		return origin.Check(r.URL)
	}
	token, err := a.token(qsh.Sum(qsh.Canonical(methodOf(r), path, params)))
	if err != nil {
		return err
	}
	r.Header["Authorization"] = []string{token}
	return nil
}

// String says whose credential it is; nothing secret is in it.
func (a AppUser) String() string { return "hostclient: app user at " + a.binding.site.origin.String() }

// Format writes what String returns, whatever the verb.
func (a AppUser) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

func (a *AppUser) token(hash string) (string, error) {
	now := a.clock().Unix()
	claims := make([]byte, 0, len(a.claims)+128)
	claims = append(claims, a.claims...)
	claims = strconv.AppendInt(claims, now, 10)
	claims = append(claims, `,"exp":`...)
	claims = strconv.AppendInt(claims, now+int64(appTokenLife/time.Second), 10)
	claims = append(claims, `,"qsh":"`...)
	claims = append(claims, hash...)
	claims = append(claims, `"}`...)
	return a.key.sign("JWT ", claims)
}

// parseQuery refuses what the host would read in another way than we do.
func parseQuery(u *url.URL) ([]qsh.Param, error) {
	params, err := qsh.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	for _, p := range params {
		if p.Name == qsh.TokenParam {
			return nil, fmt.Errorf("%w: the query has a parameter %q, which the host takes for the token", ErrRequest, qsh.TokenParam)
		}
	}
	return params, nil
}

// key gives the bytes of a shared secret, which it signs tokens with. It is a
// function because fmt never looks into one, while a verb that does not fit a
// pointer makes it print what the pointer points to.
type key func() []byte

// sign returns the token for claims, after a prefix.
func (k key) sign(prefix string, claims []byte) (string, error) {
	const encodedHeader = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9" // {"typ":"JWT","alg":"HS256"}
	token := make([]byte, 0, len(prefix)+len(encodedHeader)+2+base64.RawURLEncoding.EncodedLen(len(claims))+43)
	token = append(token, prefix...)
	token = append(token, encodedHeader...)
	token = append(token, '.')
	token = base64.RawURLEncoding.AppendEncode(token, claims)
	signature, err := jwt.SigningMethodHS256.Sign(string(token[len(prefix):]), k())
	if err != nil {
		return "", fmt.Errorf("hostclient: signing: %w", err)
	}
	token = append(token, '.')
	token = base64.RawURLEncoding.AppendEncode(token, signature)
	return string(token), nil
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(text)
}

func orNow(clock func() time.Time) func() time.Time {
	if clock == nil {
		return time.Now
	}
	return clock
}
