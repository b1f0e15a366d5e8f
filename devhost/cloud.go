package devhost

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Where the other hosts of Atlassian's cloud live below the host's URL.
const (
	cloudAuthPath  = "/auth.atlassian.com"
	gatewayPath    = "/api.atlassian.com"
	mediaPath      = "/api.media.atlassian.com"
	tenantInfoPath = "/_edge/tenant_info"
)

// cloud is what Atlassian's cloud has around a site: clients and their grants,
// tokens, limits, files, and the pages of Confluence. Each part has a lock of its
// own, under which nothing of the Host is called.
type cloud struct {
	id     string
	auth   *authServer
	tokens apiTokens
	limits limits
	files  files
	wiki   *wiki
}

func newCloud(now func() time.Time) *cloud {
	return &cloud{
		id:     newUUID(),
		auth:   newAuthServer(now),
		tokens: apiTokens{byText: make(map[string]APIToken), passwords: make(map[string]string)},
		files:  files{key: string(randomBytes(32)), byID: make(map[string]Attachment), byMediaID: make(map[string]string)},
		wiki:   newWiki(now()),
	}
}

// AuthURL returns the address that stands for https://auth.atlassian.com: the
// authorization page and the token endpoint of OAuth 2.0 (3LO) are below it. It is
// empty on a Data Center.
func (h *Host) AuthURL() string { return h.cloudURL(cloudAuthPath) }

// GatewayURL returns the address that stands for https://api.atlassian.com: the
// REST APIs of the site are below it at /ex/jira/{cloudId} and
// /ex/confluence/{cloudId}. It is empty on a Data Center.
func (h *Host) GatewayURL() string { return h.cloudURL(gatewayPath) }

// MediaURL returns the address that stands for https://api.media.atlassian.com,
// where attachments are downloaded. It is another origin than URL: the same port
// under the other loopback name, localhost for 127.0.0.1 and the reverse. A URL
// that is no loopback address has no other name, and MediaURL is below it. It is
// empty on a Data Center, which serves attachments itself.
func (h *Host) MediaURL() string {
	u, err := url.Parse(h.cloudURL(""))
	if err != nil || u.Host == "" {
		return ""
	}
	name := u.Hostname()
	switch {
	case strings.EqualFold(name, "localhost"):
		u.Host = "127.0.0.1"
	case isLoopback(name):
		u.Host = "localhost"
	default:
		return u.Scheme + "://" + u.Host + mediaPath
	}
	if port := portOf(h.URL()); port != "" {
		u.Host += ":" + port
	}
	return u.Scheme + "://" + u.Host + mediaPath
}

func portOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Port()
}

// CloudID returns the id of the site in Atlassian's cloud, a UUID that stays the
// same as long as the Host lives. Anybody may read it at /_edge/tenant_info of
// the site. It is empty on a Data Center.
func (h *Host) CloudID() string {
	if h.dc != nil {
		return ""
	}
	return h.cloud.id
}

// cloudRoutes returns what serves a path of the cloud around the site, nil for
// all other paths.
func (h *Host) cloudRoutes(middleware func(http.Handler) http.Handler) func(path string) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(denyCrossOrigin))
	auth := h.recorded(middleware(guard.Handler(orderly(h.cloudAuth()))))
	gateway := h.recorded(middleware(orderly(h.gateway())))
	media := h.recorded(orderly(http.HandlerFunc(h.serveMedia)))
	tenant := h.recorded(orderly(http.HandlerFunc(h.serveTenantInfo)))
	return func(path string) http.Handler {
		switch {
		case under(path, cloudAuthPath):
			return auth
		case under(path, gatewayPath):
			return gateway
		case under(path, mediaPath):
			return media
		case path == tenantInfoPath:
			return tenant
		}
		return nil
	}
}

// cloudAuth is the host that stands for auth.atlassian.com.
func (h *Host) cloudAuth() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+cloudAuthPath+"/authorize", h.consentPage)
	mux.HandleFunc("POST "+cloudAuthPath+"/authorize", h.consentForm)
	mux.HandleFunc("POST "+cloudAuthPath+"/oauth/token", h.serveCloudToken)
	return mux
}

func (h *Host) serveTenantInfo(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(r, "method "+r.Method)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		CloudID string `json:"cloudId"`
	}{h.CloudID()})
}
