package devhost

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// assetsGatewayPath is where the API gateway, in reality a host of its own called
// api.atlassian.com, lives below the host's URL.
const assetsGatewayPath = "/api.atlassian.com"

// assetsBase is the address below which the links in answers of Assets are: that
// of the gateway, by whichever address the call came.
func (h *Host) assetsBase() string {
	return h.URL() + assetsGatewayPath + "/jsm/assets/workspace/" + h.AssetsWorkspaceID() + "/v1/"
}

type gatewayError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// gatewayRefusal is what the gateway answers to a credential it does not take.
func gatewayRefusal(reason string) *fault {
	return &fault{http.StatusUnauthorized, gatewayError{http.StatusUnauthorized, "Unauthorized"}, reason}
}

// assetsGateway serves the addresses of Assets at the gateway. A container token
// is good at the plain one only, which has no cloud id.
func (h *Host) assetsGateway() http.Handler {
	const workspace = "/jsm/assets/workspace/{workspace}/v1/{path...}"
	mux := http.NewServeMux()
	mux.Handle("GET "+assetsGatewayPath+"/jsm/assets/v1/imports/info", h.gatewayResource(h.identifyContainer, importsInfo))
	mux.Handle(assetsGatewayPath+workspace, h.gatewayResource(h.identifyAtAssets, assetsOnSite))
	mux.Handle(assetsGatewayPath+"/ex/jira/{cloud}"+workspace, h.gatewayResource(h.identifyAtGateway, assetsOnSite))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(r, "no such address at the gateway")
		writeJSON(w, http.StatusNotFound, gatewayError{http.StatusNotFound, "Not Found"})
	})
	return orderly(mux)
}

// gatewayResource lets serve answer the callers that identify recognises.
func (h *Host) gatewayResource(identify func(*http.Request) (*caller, error), serve func(*query) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := identify(r)
		if err != nil {
			f := gatewayRefusal(err.Error())
			refuse(r, f.reason)
			writeJSON(w, f.status, f.body)
			return
		}
		record := callOf(r)
		record.App, record.AccountID, record.Kind = c.app.AppKey, c.accountID, c.kind
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		h.serveResource(w, r, resource{serve: serve})
	})
}

// identifyAtGateway recognises the callers of the gateway that have an account.
// The gateway takes no Connect JWT and nothing else this host gives out.
func (h *Host) identifyAtGateway(*http.Request) (*caller, error) {
	return nil, errors.New("the gateway does not take this credential")
}

// identifyAtAssets recognises container tokens beside the callers of the gateway.
func (h *Host) identifyAtAssets(r *http.Request) (*caller, error) {
	if c, err := h.identifyContainer(r); err == nil {
		return c, nil
	}
	return h.identifyAtGateway(r)
}

// identifyContainer recognises the container token of an import source. Only the
// newest one of a source is good.
func (h *Host) identifyContainer(r *http.Request) (*caller, error) {
	header := r.Header.Values("Authorization")
	if len(header) != 1 {
		return nil, errors.New("want one Authorization header")
	}
	token, ok := strings.CutPrefix(header[0], "Bearer ")
	if !ok || token == "" {
		return nil, errors.New("want a bearer token")
	}
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	for _, s := range h.assets.sources {
		if s.token == token {
			return &caller{kind: kindContainer, source: s.ID}, nil
		}
	}
	return nil, errors.New("no import source has this container token; a newer one may have replaced it")
}
