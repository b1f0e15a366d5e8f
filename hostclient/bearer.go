package hostclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

// ErrExpired says that a token is past its end. It was not sent.
var ErrExpired = errors.New("hostclient: the token has expired")

// PAT is the Credential of a personal access token of a Server or Data Center
// (Jira from 8.14, Confluence from 7.9). It acts with all rights of its owner,
// except on pages outside of the REST API, such as /secure, which send it to the
// login page. It is safe for concurrent use.
type PAT struct{ fixed }

// NewPAT returns the credential of a personal access token. It is ErrSite for
// sites of the Cloud, which have none.
func NewPAT(site Site, token store.Secret) (*PAT, error) {
	f, err := newBearer(site, SchemePAT, token)
	if err != nil {
		return nil, err
	}
	return &PAT{f}, nil
}

// Bearer is the Credential of a token that somebody else gave and renews, good
// until a time. It is safe for concurrent use.
type Bearer struct {
	fixed
	expires time.Time
	clock   func() time.Time
}

// NewForgeToken returns the credential of a token that a Forge remote received,
// for the app or for the user, until its end; a call after that is ErrExpired. The
// zero time means that the end is not known. The site is what the invocation
// token's app.apiBaseUrl says, see Cloud.ParseGateway. A nil clock means time.Now.
func NewForgeToken(site Site, token store.Secret, expires time.Time, clock func() time.Time) (*Bearer, error) {
	return newExpiring(site, SchemeForge, token, expires, clock)
}

// NewServiceAccountToken returns the credential of a service account's API token,
// which is sent as a bearer token through the gateway. Not all of the APIs there
// are documented to take it; those that do not take the account's address and
// token as a scoped API token.
func NewServiceAccountToken(site Site, token store.Secret) (*Bearer, error) {
	return newExpiring(site, SchemeServiceAccount, token, time.Time{}, nil)
}

func newExpiring(site Site, scheme Scheme, token store.Secret, expires time.Time, clock func() time.Time) (*Bearer, error) {
	f, err := newBearer(site, scheme, token)
	if err != nil {
		return nil, err
	}
	return &Bearer{f, expires, orNow(clock)}, nil
}

// Apply implements Credential.
func (b *Bearer) Apply(r *http.Request) error {
	if !b.expires.IsZero() && !b.clock().Before(b.expires) {
		return fmt.Errorf("%w: %s, at %s", ErrExpired, b.binding, b.expires.UTC().Format(time.RFC3339))
	}
	return b.fixed.Apply(r)
}

// ContainerToken is the Credential of one import source of Assets. It is good for
// imports alone, on the API host: below an importsource of any workspace, and for
// /jsm/assets/v1/imports. Other paths are ErrOrigin, for the host would only say
// that it is unauthorized. Making a new token of the source ends the former one.
// It is safe for concurrent use.
type ContainerToken struct{ fixed }

// NewContainerToken returns the credential of an import source. The site is
// Cloud.APIHost; it is ErrSite for others.
func NewContainerToken(site Site, token store.Secret) (*ContainerToken, error) {
	f, err := newBearer(site, SchemeContainerToken, token)
	if err != nil {
		return nil, err
	}
	return &ContainerToken{f}, nil
}

// Apply implements Credential.
func (c *ContainerToken) Apply(r *http.Request) error {
	path, _ := qsh.Below(r.URL.EscapedPath(), c.binding.site.origin.path)
	if !forImports(path) {
		return fmt.Errorf("%w: a container token is for imports, not for %s", ErrOrigin, c.binding.site.origin.redact(r.URL))
	}
	return c.fixed.Apply(r)
}

func forImports(path string) bool {
	const assets = "/jsm/assets/"
	rest, ok := strings.CutPrefix(path, assets)
	if !ok {
		return false
	}
	if _, inWorkspace, ok := strings.Cut(rest, "/v1/importsource/"); ok {
		segments := strings.Split(strings.TrimSuffix(rest, "/v1/importsource/"+inWorkspace), "/")
		return len(segments) == 2 && segments[0] == "workspace" && segments[1] != ""
	}
	return strings.HasPrefix(rest, "v1/imports/")
}
