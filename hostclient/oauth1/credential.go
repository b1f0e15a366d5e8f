package oauth1

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// Credential is the hostclient.Credential of one user's token: it signs each
// sending anew, hops and repetitions too. It is safe for concurrent use.
type Credential struct {
	consumer *Consumer
	token    *Token
	binding  hostclient.Binding
}

// Credential returns the credential of a token for the Data Center whose
// application link the Consumer is. It is hostclient.ErrSite for another site, and
// for the Cloud, which has given up OAuth 1.0a.
func (c *Consumer) Credential(site hostclient.Site, token *Token) (*Credential, error) {
	binding, err := site.Bind(hostclient.SchemeOAuth1)
	if err != nil {
		return nil, err
	}
	if !c.origin.Contains(site.Origin()) {
		return nil, fmt.Errorf("%w: the application link of %s is not for %s", hostclient.ErrSite, c.origin, site)
	}
	if token == nil || token.Value.IsZero() {
		return nil, errors.New("oauth1: there is no token")
	}
	copied := *token
	return &Credential{c, &copied, binding}, nil
}

// Binding implements hostclient.Credential.
func (c *Credential) Binding() hostclient.Binding { return c.binding }

// Apply implements hostclient.Credential: it signs r.
func (c *Credential) Apply(r *http.Request) error { return c.consumer.Sign(r, c.token) }

// String says where the token works; nothing secret is in it.
func (c *Credential) String() string {
	return fmt.Sprintf("oauth1: token of consumer %q, %s", c.consumer.config.ConsumerKey, c.binding)
}

// Format writes what String returns, whatever the verb.
func (c *Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }
