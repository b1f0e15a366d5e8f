package devhost

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// dcRoutes is what a Data Center serves, all of it below the context path.
func (h *Host) dcRoutes(middleware func(http.Handler) http.Handler) http.Handler {
	api := h.recorded(middleware(h.belowContext(h.dcAPI())))
	pages := http.NewCrossOriginProtection().Handler(h.belowContext(h.dcPages()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, h.dc.context)
		switch {
		case !isNormal(r.URL.EscapedPath()):
			h.recorded(http.HandlerFunc(notNormal)).ServeHTTP(w, r)
		case ok && isDCAPI(path):
			api.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// isDCAPI reports whether a path is for programs rather than for browsers.
func isDCAPI(path string) bool {
	return under(path, "/rest") || strings.HasPrefix(path, securePath) ||
		path == oauth1Path+"request-token" || path == oauth1Path+"access-token"
}

func notNormal(w http.ResponseWriter, r *http.Request) {
	refuse(r, "path is not in normal form")
	writeJSON(w, http.StatusBadRequest, errorBody{Messages: []string{"The request path is not in normal form."}})
}

// belowContext hands requests below the context path on without it. The root
// leads there.
func (h *Host) belowContext(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, h.dc.context)
		switch {
		case h.dc.context != "" && (r.URL.Path == "/" || r.URL.Path == h.dc.context):
			http.Redirect(w, r, h.dc.context+"/", http.StatusFound)
		case !ok || !strings.HasPrefix(path, "/"):
			http.NotFound(w, r)
		default:
			inner := *r
			inner.URL = new(url.URL)
			*inner.URL = *r.URL
			inner.URL.Path, inner.URL.RawPath = path, strings.TrimPrefix(r.URL.RawPath, h.dc.context)
			next.ServeHTTP(w, &inner)
		}
	})
}

// dcAPI is what programs call.
func (h *Host) dcAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rest/auth/1/session", h.serveLogin)
	mux.HandleFunc("DELETE /rest/auth/1/session", h.serveLogout)
	mux.HandleFunc("GET "+oauth2Path+"authorize", h.authorize2Page)
	mux.HandleFunc("POST "+oauth2Path+"token", h.serveToken2)
	mux.HandleFunc("POST "+oauth1Path+"request-token", h.serveRequestToken)
	mux.HandleFunc("POST "+oauth1Path+"access-token", h.serveAccessToken)
	mux.HandleFunc("GET "+securePath+"{id}/{name}", h.serveAttachment)
	mux.Handle("/rest/", h.dcRESTAPI())
	return mux
}

// dcPages are for browsers.
func (h *Host) dcPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.dcIndex)
	mux.HandleFunc("GET /login.jsp", h.loginPage)
	mux.HandleFunc("POST /login.jsp", h.loginForm)
	mux.HandleFunc("GET "+oauth1Path+"authorize", h.authorizePage)
	mux.HandleFunc("POST "+oauth1Path+"authorize", h.authorizeForm)
	mux.HandleFunc("GET "+oauth2Consent, h.consent2Page)
	mux.HandleFunc("POST "+oauth2Consent, h.consent2Form)
	mux.HandleFunc("GET /static/{file}", serveStatic)
	return mux
}

func isJSON(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/json"
}
