package hostclient

import (
	"fmt"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
)

// Where Atlassian's Cloud is reached when a Cloud says nothing else.
const (
	ProductionAPI  = "https://api.atlassian.com"
	ProductionAuth = "https://auth.atlassian.com"
)

// Product is a product behind Atlassian's gateway. The service desk is served
// under Jira.
type Product string

// The products that the gateway tells apart.
const (
	Jira       Product = "jira"
	Confluence Product = "confluence"
)

// siteKind says what is known of a site. It selects a column of the table of
// credentials.
type siteKind uint8

const (
	nowhere siteKind = iota // the zero Site
	customSite
	cloudSite
	gatewaySite
	apiSite
	dataCenterSite
	assetsOnSite
	assetsOnGateway
	assetsOnAPI
	assetsOnDataCenter
	siteKinds
)

// siteNames are for messages, and head the columns of the table.
var siteNames = [siteKinds]string{
	nowhere: "nowhere", customSite: "a custom site", cloudSite: "a Cloud site", gatewaySite: "the gateway",
	apiSite: "the API host", dataCenterSite: "Data Center", assetsOnSite: "Assets on a Cloud site",
	assetsOnGateway: "Assets behind the gateway", assetsOnAPI: "Assets on the API host", assetsOnDataCenter: "Assets on Data Center",
}

// Site is a place where a host's API is served: an Origin, and what is known of
// it, which is what credentials it takes. CloudSite, Gateway, DataCenter, Assets
// and Custom make them. The zero Site is nowhere: no request goes there. Sites
// are plain values that do not change, comparable with == and safe for
// concurrent use.
type Site struct {
	kind   siteKind
	origin Origin
	alias  Origin // whose URLs are re-rooted onto origin; the zero Origin for none
}

// Origin returns what requests to the site must lie in.
func (s Site) Origin() Origin { return s.origin }

// BaseURL returns the root of the site's API, without a trailing slash.
func (s Site) BaseURL() string { return s.origin.String() }

// String says what kind of site it is, and where.
func (s Site) String() string { return siteNames[s.kind] + " at " + s.origin.String() }

// CloudSite returns the site of a Cloud tenant, such as
// "https://acme.atlassian.net", or with "/wiki" when calls are to lie below it.
// The URL must be as ParseOrigin takes it.
func CloudSite(baseURL string) (Site, error) { return newSite(cloudSite, baseURL) }

// DataCenter returns a Jira or Confluence Server or Data Center, by its base URL
// with its context path, as ParseOrigin takes it.
func DataCenter(baseURL string) (Site, error) { return newSite(dataCenterSite, baseURL) }

// Custom returns a site of which nothing is known but its address, as
// ParseOrigin takes it: a proxy, or an address that this package does not make.
// It takes every credential that is not bound to an installation.
func Custom(baseURL string) (Site, error) { return newSite(customSite, baseURL) }

// Gateway returns a tenant of Atlassian's production Cloud as it is reached with
// OAuth 2.0, scoped API tokens, service accounts and Forge:
// https://api.atlassian.com/ex/{product}/{cloudID}. Confluence's paths keep
// their /wiki there. Hosts.CloudID finds the cloud id.
func Gateway(product Product, cloudID string) (Site, error) { return Cloud{}.Gateway(product, cloudID) }

const assetsOfDataCenter = "/rest/assets/1.0"

// Cloud says where a Cloud's common hosts are: another one than production, such
// as the government's, or one for tests. The zero Cloud is production.
type Cloud struct {
	// API is the base URL of the gateway. Empty means ProductionAPI.
	API string
	// Auth is the base URL of the authorization server of OAuth 2.0 (3LO).
	// Empty means ProductionAuth.
	Auth string
}

// Gateway is the function Gateway for this Cloud.
func (c Cloud) Gateway(product Product, cloudID string) (Site, error) {
	if product != Jira && product != Confluence {
		return Site{}, fmt.Errorf("hostclient: %q is no product behind the gateway", plain(string(product), 100))
	}
	if err := checkID("cloud id", cloudID); err != nil {
		return Site{}, err
	}
	return newSite(gatewaySite, c.api()+"/ex/"+string(product)+"/"+cloudID)
}

// ParseGateway returns the site of an address behind the gateway, as a Forge
// remote has it from its invocation token: https://api.atlassian.com/ex/jira/{id}.
// An address that is not below this Cloud's API host is an error, whoever signed
// it.
func (c Cloud) ParseGateway(baseURL string) (Site, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(baseURL, "/"), c.api()+"/ex/")
	product, cloudID, isPair := strings.Cut(rest, "/")
	if !ok || !isPair {
		return Site{}, fmt.Errorf("hostclient: %q is not %s/ex/{product}/{cloud id}", redactText(baseURL), c.api())
	}
	return c.Gateway(Product(product), cloudID)
}

// APIHost returns the API host itself, which serves what belongs to no single
// product: Assets with classic API tokens, imports into Assets, and the
// resources that a token of OAuth 2.0 may reach.
func (c Cloud) APIHost() (Site, error) { return newSite(apiSite, c.api()) }

func (c Cloud) api() string {
	if c.API == "" {
		return ProductionAPI
	}
	return strings.TrimSuffix(c.API, "/")
}

// Assets returns the Assets API of a workspace, as it is reached by way of
// another site: below a Jira behind the gateway, on the API host, on a Cloud site
// or on a Data Center, which has no workspaces, so that workspaceID must be
// empty there. AssetsWorkspace finds the id.
//
// That Assets is below the Cloud site itself, which is where calls with Connect
// tokens would have to go, is not confirmed by Atlassian's documentation: when it
// proves to be elsewhere, use Custom.
func Assets(workspaceID string, via Site) (Site, error) {
	kinds := map[siteKind]siteKind{
		cloudSite: assetsOnSite, gatewaySite: assetsOnGateway, apiSite: assetsOnAPI, dataCenterSite: assetsOnDataCenter,
	}
	kind, ok := kinds[via.kind]
	path := "/jsm/assets/workspace/" + workspaceID + "/v1"
	switch {
	case !ok:
		return Site{}, fmt.Errorf("hostclient: Assets is not reached by way of %s", via)
	case via.kind == gatewaySite && !strings.Contains(via.origin.path, "/ex/jira/"):
		return Site{}, fmt.Errorf("hostclient: Assets is reached by way of Jira, not %s", via)
	case via.kind == dataCenterSite && workspaceID != "":
		return Site{}, fmt.Errorf("hostclient: Assets on Data Center has no workspaces, so not %q", plain(workspaceID, 100))
	case via.kind == dataCenterSite:
		path = assetsOfDataCenter
	default:
		if err := checkID("workspace id", workspaceID); err != nil {
			return Site{}, err
		}
	}
	s := Site{kind: kind, origin: via.origin.below(path)}
	if via.alias != (Origin{}) {
		s.alias = via.alias.below(path)
	}
	return s, nil
}

// Serving returns s with an address by which the host itself knows it: answers
// of the gateway hold URLs of the site, which would refuse the credential. Paths
// of such URLs are then taken below s. siteURL is as ParseOrigin takes it; behind
// the gateway, which serves the whole site, a path of it means nothing.
func (s Site) Serving(siteURL string) (Site, error) {
	alias, err := ParseOrigin(siteURL)
	if err != nil {
		return Site{}, err
	}
	if s.kind == gatewaySite {
		alias.path = ""
	}
	s.alias = alias
	return s, nil
}

func newSite(kind siteKind, baseURL string) (Site, error) {
	o, err := ParseOrigin(baseURL)
	if err != nil {
		return Site{}, err
	}
	return Site{kind: kind, origin: o}, nil
}

// checkID refuses what would change the path that an id is put in.
func checkID(what, id string) error {
	for i := range len(id) {
		if !alphanumeric(id[i]) && id[i] != '-' && id[i] != '_' {
			return fmt.Errorf("hostclient: %q is no %s", plain(id, 100), what)
		}
	}
	if id == "" {
		return fmt.Errorf("hostclient: the %s is empty", what)
	}
	return nil
}

// hostURL returns the root of the host to which a site belongs.
func (s Site) hostURL() string {
	if s.kind == assetsOnDataCenter {
		return strings.TrimSuffix(s.BaseURL(), assetsOfDataCenter)
	}
	return s.BaseURL()
}

// below returns the origin of a path below o, which begins with a slash.
func (o Origin) below(path string) Origin {
	o.path += path
	return o
}

// Contains reports whether all of other lies in o.
func (o Origin) Contains(other Origin) bool {
	return o.host != "" && o.scheme == other.scheme && o.host == other.host &&
		(o.path == other.path || strings.HasPrefix(other.path, o.path+"/"))
}

// rest returns the path and query of an absolute URL that lies in o.
func (o Origin) rest(target string) (string, bool) {
	if o.host == "" {
		return "", false
	}
	u, err := o.resolve(target)
	if err != nil {
		return "", false
	}
	path, _ := qsh.Below(u.EscapedPath(), o.path) // resolve has looked
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, true
}
