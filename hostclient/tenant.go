package hostclient

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// tenant is what calls to one installation need of it.
type tenant struct {
	appKey        string
	clientKey     string
	oauthClientID string
	baseURL       string // as stored: the authorization server compares it as text
	site          Site
	key           key
	signedAt      time.Time // the store's SignedEventIAT
}

// credentials returns a digest of what a rotation or a new installation
// changes. It is not to be printed, nor kept where fmt looks.
func (t *tenant) credentials() [sha256.Size]byte {
	text := binary.BigEndian.AppendUint64(nil, uint64(t.signedAt.Unix()))
	return sha256.Sum256(append(text, t.key()...))
}

func newTenant(inst *store.Installation) (*tenant, error) {
	switch {
	case inst == nil:
		return nil, fmt.Errorf("%w: no installation was given", ErrNotInstalled)
	case inst.State == store.Uninstalled:
		return nil, fmt.Errorf("%w: tenant %q is uninstalled", ErrNotInstalled, inst.ClientKey)
	case !inst.Live():
		return nil, fmt.Errorf("%w: tenant %q has no state or no secret", ErrNotInstalled, inst.ClientKey)
	case inst.Key == "" || inst.ClientKey == "":
		return nil, fmt.Errorf("hostclient: tenant %q: the installation lacks its app key or client key", inst.ClientKey)
	}
	site, err := cloudSiteOf(inst.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("hostclient: tenant %q: base URL %w", inst.ClientKey, err)
	}
	secret := []byte(inst.SharedSecret.Reveal())
	return &tenant{
		appKey:        inst.Key,
		clientKey:     inst.ClientKey,
		oauthClientID: inst.OAuthClientID,
		baseURL:       inst.BaseURL,
		site:          site,
		key:           func() []byte { return secret },
		signedAt:      inst.SignedEventIAT,
	}, nil
}

// cloudSiteOf is CloudSite with errors that go on where the name of a setting
// ends.
func cloudSiteOf(baseURL string) (Site, error) {
	o, err := parseOrigin(baseURL)
	return Site{kind: cloudSite, origin: o}, err
}

// bind is Site.Bind for the schemes of an app, which its own site takes.
func (t *tenant) bind(scheme Scheme) Binding { return Binding{scheme, t.site} }
