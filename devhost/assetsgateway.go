package devhost

import (
	"net/http"
)

// assetsBase is the address below which the links in answers of Assets are: that
// of the gateway, by whichever address the call came.
func (h *Host) assetsBase() string {
	return h.GatewayURL() + "/jsm/assets/workspace/" + h.AssetsWorkspaceID() + "/v1/"
}

// assetsAtGateway adds the addresses of Assets to those of the gateway. The plain
// one, which has no cloud id, takes container tokens and API tokens; the other one
// takes the callers of the gateway and classic API tokens, with which both were
// reached on a live site.
func (h *Host) assetsAtGateway(mux *http.ServeMux) {
	const workspace = "/jsm/assets/workspace/{workspace}/v1/{path...}"
	plain, cloud := gatewayPath, gatewayPath+"/ex/jira/"+h.CloudID()
	mux.Handle("GET "+plain+"/jsm/assets/v1/imports/info", h.assetsBelow(plain, h.identifyContainer, importsInfo))
	mux.Handle(plain+workspace, h.assetsBelow(plain, h.orAPIToken(h.identifyContainer), assetsOnSite))
	mux.Handle(cloud+workspace, h.assetsBelow(cloud, h.orAPIToken(h.identifyGateway), assetsOnSite))
}

// assetsBelow serves Assets below an address of the gateway, under the limits of
// all REST APIs.
func (h *Host) assetsBelow(prefix string, identify func(*http.Request) (*caller, error), serve func(*query) (answer, error)) http.Handler {
	api := h.limited(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serveResource(w, r, resource{scope: "NONE", serve: serve})
	}))
	return http.StripPrefix(prefix, h.admitted(identify, api))
}

// orAPIToken takes API tokens by Basic, with scopes or without, and leaves all
// other credentials to identify.
func (h *Host) orAPIToken(identify func(*http.Request) (*caller, error)) func(*http.Request) (*caller, error) {
	return func(r *http.Request) (*caller, error) {
		if scheme, credential, err := oneCredential(r); err == nil && scheme == "Basic" {
			return h.identifyAPIToken(credential)
		}
		return identify(r)
	}
}

// identifyContainer recognises the container token of an import source. Only the
// newest one of a source is good.
func (h *Host) identifyContainer(r *http.Request) (*caller, error) {
	scheme, token, err := oneCredential(r)
	switch {
	case err != nil:
		return nil, err
	case scheme != "Bearer" || token == "":
		return nil, unauthorized("want a bearer token")
	}
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	for _, s := range h.assets.sources {
		if s.token == token {
			return &caller{kind: kindContainer, source: s.ID}, nil
		}
	}
	return nil, unauthorized("the bearer is no container token of an import source; a newer one may have replaced it")
}
