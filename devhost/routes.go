package devhost

import (
	"net/http"
	"strings"
)

// headerAppKey names the app for whose page the host's own page makes a call.
const headerAppKey = "AP-App-Key"

// routes joins the rooms. The REST API is chosen by hand, since a ServeMux would
// redirect the paths that it has to refuse.
func (h *Host) routes(middleware func(http.Handler) http.Handler) http.Handler {
	if middleware == nil {
		middleware = func(next http.Handler) http.Handler { return next }
	}
	if h.dc != nil {
		return h.dcRoutes(middleware)
	}
	tokens := http.NewServeMux()
	tokens.HandleFunc("POST "+authPath+"/oauth2/token", h.serveToken)
	keys := http.NewServeMux()
	keys.HandleFunc("GET "+keysPath+"/{kid...}", h.serveKey)

	rest := h.recorded(middleware(h.restAPI()))
	cloud := h.cloudRoutes(middleware)
	token := h.recorded(middleware(tokens))
	key := h.recorded(keys)
	pages := h.pages()
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(h.recorded(http.HandlerFunc(denyCrossOrigin)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case cloud(path) != nil:
			cloud(path).ServeHTTP(w, r)
		case under(path, authPath):
			token.ServeHTTP(w, r)
		case under(path, keysPath):
			key.ServeHTTP(w, r)
		case under(path, "/rest") || under(path, wikiPath) || under(path, "/jsm") || !isNormal(r.URL.EscapedPath()):
			guard.Handler(rest).ServeHTTP(w, r)
		default:
			guard.Handler(pages).ServeHTTP(w, r)
		}
	})
}

func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
