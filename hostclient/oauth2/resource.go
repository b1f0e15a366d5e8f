package oauth2

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// Resource is a site that a user let the app reach, as the authorization server
// lists it.
type Resource struct {
	// ID is the cloud id. The same one may be listed twice, for Jira and for
	// Confluence, which the scopes tell apart.
	ID string `json:"id"`
	// Name and URL are the site's.
	Name string `json:"name"`
	URL  string `json:"url"`
	// Scopes are what the app may do there.
	Scopes []string `json:"scopes"`
	// AvatarURL is the site's picture.
	AvatarURL string `json:"avatarUrl"`

	cloud hostclient.Cloud
}

// Resources asks which sites the token under key reaches. Sites that are listed
// were authorized for the app; a user may lack access all the same, and guests get
// an empty list. It is to be asked after each consent, for a later one overrides
// the scopes of the former.
func (a *App) Resources(ctx context.Context, key string) ([]Resource, error) {
	if a.scheme != hostclient.SchemeOAuth2 {
		return nil, fmt.Errorf("oauth2: %s lists no resources", a)
	}
	site, err := a.cloud.APIHost()
	if err != nil {
		return nil, err
	}
	cred, err := a.Credential(key, site)
	if err != nil {
		return nil, err
	}
	list, err := hostclient.Get[[]Resource](ctx, a.hosts.Client(cred), "/oauth/token/accessible-resources")
	for i := range list {
		list[i].cloud = a.cloud
	}
	return list, err
}

// Serves reports whether the resource's scopes are those of a product. The service
// desk and Assets count as Jira.
func (r Resource) Serves(product hostclient.Product) bool {
	words := []string{"jira", "servicedesk", "cmdb"}
	if product == hostclient.Confluence {
		words = []string{"confluence"}
	}
	return slices.ContainsFunc(r.Scopes, func(scope string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(scope, word) })
	})
}

// Site returns the product of the resource behind the gateway. URLs of the site
// itself, which answers hold, are taken there as well.
func (r Resource) Site(product hostclient.Product) (hostclient.Site, error) {
	site, err := r.cloud.Gateway(product, r.ID)
	if err != nil || r.URL == "" {
		return site, err
	}
	return site.Serving(r.URL)
}
