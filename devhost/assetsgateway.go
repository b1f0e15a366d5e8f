package devhost

import (
	"net/http"
	"strings"
)

// assetsBase is the address below which the links in answers of Assets are: that
// of the gateway, by whichever address the call came.
func (h *Host) assetsBase() string {
	return h.GatewayURL() + "/jsm/assets/workspace/" + h.AssetsWorkspaceID() + "/v1/"
}

// assetsAtGateway adds the addresses of Assets to those of the gateway. A container
// token is good at the plain one only, which has no cloud id.
func (h *Host) assetsAtGateway(mux *http.ServeMux) {
	const workspace = "/jsm/assets/workspace/{workspace}/v1/{path...}"
	serve := func(identify func(*http.Request) (*caller, error), serve func(*query) (answer, error)) http.Handler {
		return h.admitted(identify, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.serveResource(w, r, resource{scope: "NONE", serve: serve})
		}))
	}
	mux.Handle("GET "+gatewayPath+"/jsm/assets/v1/imports/info", serve(h.identifyContainer, importsInfo))
	mux.Handle(gatewayPath+workspace, serve(h.identifyAtAssets, assetsOnSite))
	mux.Handle(gatewayPath+"/ex/jira/"+h.CloudID()+workspace, serve(h.identifyGateway, assetsOnSite))
}

// identifyAtAssets recognises container tokens beside the callers of the gateway.
func (h *Host) identifyAtAssets(r *http.Request) (*caller, error) {
	if c, err := h.identifyContainer(r); err == nil {
		return c, nil
	}
	return h.identifyGateway(r)
}

// identifyContainer recognises the container token of an import source. Only the
// newest one of a source is good.
func (h *Host) identifyContainer(r *http.Request) (*caller, error) {
	header := r.Header.Values("Authorization")
	if len(header) != 1 {
		return nil, unauthorized("want one Authorization header")
	}
	token, ok := strings.CutPrefix(header[0], "Bearer ")
	if !ok || token == "" {
		return nil, unauthorized("want a bearer token")
	}
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	for _, s := range h.assets.sources {
		if s.token == token {
			return &caller{kind: kindContainer, source: s.ID}, nil
		}
	}
	return nil, unauthorized("no import source has this container token; a newer one may have replaced it")
}
