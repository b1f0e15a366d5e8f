package devhost

import (
	"net/http"
	"slices"
	"strings"
)

// gatewayRoots are the paths that each product has at the gateway.
var gatewayRoots = map[string][]string{
	"jira":       {"/rest"},
	"confluence": {wikiPath},
}

// gateway is the host that stands for api.atlassian.com: the site's REST APIs for
// the callers that the site itself does not take.
func (h *Host) gateway() http.Handler {
	rest := h.admitted(h.identifyGateway, h.restMux())
	account := func(serve http.HandlerFunc) http.Handler { return h.admitted(h.identifyGateway, serve) }
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+gatewayPath+"/oauth/token", h.serveServiceToken)
	mux.Handle("GET "+gatewayPath+"/oauth/token/accessible-resources", account(h.serveAccessibleResources))
	mux.Handle("GET "+gatewayPath+"/me", account(h.serveMe))
	mux.HandleFunc(gatewayPath+"/ex/{product}/{cloud}/{path...}", func(w http.ResponseWriter, r *http.Request) {
		roots := gatewayRoots[r.PathValue("product")]
		known := slices.ContainsFunc(roots, func(root string) bool { return under("/"+r.PathValue("path"), root) })
		if r.PathValue("cloud") != h.CloudID() || !known {
			noGatewayPath(w, r)
			return
		}
		http.StripPrefix(gatewayPath+"/ex/"+r.PathValue("product")+"/"+h.CloudID(), rest).ServeHTTP(w, r)
	})
	h.assetsAtGateway(mux)
	mux.HandleFunc("/", noGatewayPath)
	return mux
}

// noGatewayPath answers for what the gateway does not have. Atlassian does not
// say what it answers there.
func noGatewayPath(w http.ResponseWriter, r *http.Request) {
	f := gatewayFault(http.StatusNotFound, "Not Found", "the gateway has no such path, product or cloud id")
	refuse(r, f.reason)
	f.write(w)
}

// identifyGateway finds out who calls the gateway. It takes Bearer tokens of
// OAuth 2.0 (3LO), service accounts and Forge, and API tokens with scopes.
func (h *Host) identifyGateway(r *http.Request) (*caller, error) {
	scheme, credential, err := oneCredential(r)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "Bearer":
		return h.identifyBearer(r, credential)
	case "Basic":
		return h.identifyScoped(credential)
	}
	return nil, unauthorized("authorization scheme " + scheme + ", the gateway takes Bearer and Basic")
}

// oneCredential reads the Authorization header, of which there must be one.
func oneCredential(r *http.Request) (scheme, credential string, err error) {
	header := r.Header.Values("Authorization")
	switch len(header) {
	case 0:
		return "", "", unauthorized("no credentials")
	case 1:
		scheme, credential, _ = strings.Cut(header[0], " ")
		return scheme, credential, nil
	}
	return "", "", unauthorized("more than one credential")
}

func (h *Host) identifyBearer(r *http.Request, token string) (*caller, error) {
	b, expired, ok := h.cloud.auth.bearer(token)
	switch {
	case expired:
		return nil, expiredBearer(r.URL.Path)
	case !ok:
		return h.identifyServiceToken(token)
	}
	if u, ok := h.jira.user(b.accountID); !ok || u.Inactive {
		return nil, unauthorized("the user of the access token is not active")
	}
	return &caller{kind: b.kind, client: b.clientID, accountID: b.accountID, granted: b.scopes, gateway: true}, nil
}

// expiredBearer is 401 in Jira. The gateway of Confluence was found to answer 404
// on the paths of version 2 and 403 on those of version 1.
func expiredBearer(path string) error {
	f := unauthorized("")
	switch {
	case under(path, wikiPath+"/api/v2"):
		f = wikiFault2(http.StatusNotFound, "NOT_FOUND", "Not Found")
	case under(path, wikiPath):
		f = wikiFault(http.StatusForbidden, "PermissionException", "Not permitted to use Confluence")
	}
	f.reason = "access token has expired"
	return f
}

// identifyServiceToken takes an API token as a Bearer, which is for service
// accounts only.
func (h *Host) identifyServiceToken(token string) (*caller, error) {
	t, err := h.cloud.tokens.find(token, h.clock())
	if err != nil || !h.cloud.auth.isService(t.AccountID) {
		return nil, unauthorized("access token is unknown")
	}
	return &caller{kind: kindService, accountID: t.AccountID, granted: t.Scopes, gateway: true}, nil
}

// identifyScoped takes an API token with scopes by Basic.
func (h *Host) identifyScoped(credential string) (*caller, error) {
	c, err := h.identifyAPIToken(credential)
	if err == nil && !c.gateway {
		return nil, unauthorized("API token has no scopes; it works at the site only")
	}
	return c, err
}

// identifyAPIToken takes an API token by Basic. Its scopes limit it if it has any.
func (h *Host) identifyAPIToken(credential string) (*caller, error) {
	email, secret, err := readBasic(credential)
	if err != nil {
		return nil, unauthorized(err.Error())
	}
	t, err := h.tokenOf(email, secret)
	if err != nil {
		return nil, unauthorized(err.Error())
	}
	return &caller{kind: kindToken, accountID: t.AccountID, granted: t.Scopes, gateway: t.Scopes != nil}, nil
}
