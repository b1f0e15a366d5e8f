package oauth2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// Credential is the hostclient.Credential of the token under one key. It refreshes
// the token a minute before its end, and once when the host refuses it for another
// reason than a missing scope, which no refresh cures, unless it is younger than 30
// seconds. Behind the gateway an expired
// token has been seen to give 403 and 404 as well: those are followed by a refresh
// when the token's end is past or unknown. It is safe for concurrent use.
//
// The error of a call whose token cannot be renewed is hostclient.ErrReauthorize
// when only the user can help, or else what the authorization server or the store
// says.
type Credential struct {
	app     *App
	name    string // the caller's key
	key     string // in the store
	binding hostclient.Binding
}

// Credential returns the credential of the token under key, for a site: behind the
// gateway for the Cloud, or the Data Center whose link the App is. It is
// hostclient.ErrSite for others. The token need not be there yet.
func (a *App) Credential(key string, site hostclient.Site) (*Credential, error) {
	binding, err := site.Bind(a.scheme)
	if err != nil {
		return nil, err
	}
	if a.base != (hostclient.Origin{}) && !a.base.Contains(site.Origin()) {
		return nil, fmt.Errorf("%w: the tokens of %s are not for %s", hostclient.ErrSite, a.base, site)
	}
	return &Credential{app: a, name: key, key: a.StoreKey(key), binding: binding}, nil
}

// Binding implements hostclient.Credential.
func (c *Credential) Binding() hostclient.Binding { return c.binding }

const bearer = "Bearer "

// Apply implements hostclient.Credential.
func (c *Credential) Apply(r *http.Request) error {
	t, err := c.app.access(r.Context(), c.key, "")
	if err != nil {
		return err
	}
	r.Header["Authorization"] = []string{bearer + t.Access.Reveal()}
	return nil
}

// Renew implements hostclient.Renewer.
func (c *Credential) Renew(r *http.Request, refused *hostclient.Error) (again bool, err error) {
	sent, ok := strings.CutPrefix(r.Header.Get("Authorization"), bearer)
	switch {
	case !ok:
		return false, nil
	case refused.Is(hostclient.ErrScopeMissing): // unless another process has one with more
		return c.overtaken(r.Context(), sent)
	}
	if refused.Status != http.StatusUnauthorized && !c.stale(sent) {
		return false, nil
	}
	if c.fresh(sent) {
		return c.overtaken(r.Context(), sent)
	}
	if _, err := c.app.access(r.Context(), c.key, sent); err != nil {
		return false, err
	}
	return true, nil
}

// freshFor is how long after it was given a token is not taken for one that has
// ended: a resource that refuses it all the same would else cost a refresh for each
// call.
const freshFor = 30 * time.Second

func (c *Credential) fresh(sent string) bool {
	held := c.held()
	return held != nil && held.Access.Reveal() == sent && c.app.config.Clock().Sub(held.Obtained) < freshFor
}

// overtaken reports whether another process has put a token in the place of the one
// that was sent, and takes that one.
func (c *Credential) overtaken(ctx context.Context, sent string) (bool, error) {
	g := c.app.grant(c.key)
	defer g.release()
	version := g.now()
	stored, err := c.app.load(ctx, c.key)
	if err != nil || stored == nil || stored.Access.Reveal() == sent {
		return false, err
	}
	g.hold(version, stored)
	return true, nil
}

// held returns the token as this process knows it, nil when it does not.
func (c *Credential) held() *tokenstore.Token {
	g := c.app.grant(c.key)
	defer g.release()
	held, _, _ := g.state()
	return held
}

// stale reports whether the token that was sent may have ended.
func (c *Credential) stale(sent string) bool {
	held := c.held()
	if held == nil || held.Access.Reveal() != sent {
		return held != nil // another one has taken its place
	}
	_, ended := due(held, c.app.config.Clock())
	return ended || held.Expiry.IsZero()
}

// String says whose token it is and where it works; nothing secret is in it.
func (c *Credential) String() string { return fmt.Sprintf("oauth2: token %q, %s", c.name, c.binding) }

// Format writes what String returns, whatever the verb.
func (c *Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Source is the hostclient.Credential of tokens that somebody else renews, as the
// sources of golang.org/x/oauth2 do.
type Source struct {
	source  func() oauth2.TokenSource
	binding hostclient.Binding
}

// FromSource returns the credential of a token source for a site that takes tokens
// of OAuth 2.0, the Cloud's or a Data Center's. Its tokens are used as they come;
// it must be safe for concurrent use.
func FromSource(site hostclient.Site, source oauth2.TokenSource) (*Source, error) {
	binding, err := site.Bind(hostclient.SchemeOAuth2)
	if err != nil {
		if binding, err = site.Bind(hostclient.SchemeDataCenterOAuth2); err != nil {
			return nil, err
		}
	}
	return &Source{func() oauth2.TokenSource { return source }, binding}, nil
}

// Binding implements hostclient.Credential.
func (s *Source) Binding() hostclient.Binding { return s.binding }

// Apply implements hostclient.Credential.
func (s *Source) Apply(r *http.Request) error {
	t, err := s.source().Token()
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refused.Response != nil {
		// Its own words hold the whole answer.
		return fmt.Errorf("%w: the source was refused with %s: %s", hostclient.ErrNoToken, refused.Response.Status, short(refused.ErrorCode))
	}
	if err != nil {
		return fmt.Errorf("oauth2: %w", err)
	}
	if !strings.EqualFold(t.Type(), "Bearer") || t.AccessToken == "" || strings.ContainsFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("%w: the source gave none that is a bearer token", hostclient.ErrNoToken)
	}
	r.Header["Authorization"] = []string{bearer + t.AccessToken}
	return nil
}

// String says where the tokens work; nothing secret is in it.
func (s *Source) String() string { return "oauth2: token source, " + s.binding.String() }

// Format writes what String returns, whatever the verb.
func (s *Source) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
