package descriptor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// DefaultMaxAge is how long a served document may be kept if the
// configuration says nothing.
const DefaultMaxAge = 5 * time.Minute

// HandlerConfig says how a descriptor is served.
type HandlerConfig struct {
	// MaxAge is how long a cache may keep the document without asking again,
	// in whole seconds. 0 means DefaultMaxAge; a negative one means that a
	// cache must always ask.
	MaxAge time.Duration
}

// Handler serves one descriptor. The bytes never change, and neither does
// their entity tag, which is a hash of them. It is safe for concurrent use.
type Handler struct {
	body         []byte
	etag         string
	cacheControl string
}

// NewHandler returns a handler for a as it is now, with the defaults of
// App.WithDefaults; later changes of a have no effect. It fails when a cannot
// be written; it does not call Validate. An app with several base URLs makes
// one handler for each with App.WithBaseURL.
func NewHandler(a *App, cfg HandlerConfig) (*Handler, error) {
	body, err := a.WithDefaults().JSON()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &Handler{
		body:         body,
		etag:         `"` + hex.EncodeToString(sum[:16]) + `"`,
		cacheControl: cfg.cacheControl(),
	}, nil
}

func (cfg HandlerConfig) cacheControl() string {
	switch {
	case cfg.MaxAge < 0:
		return "no-cache"
	case cfg.MaxAge == 0:
		cfg.MaxAge = DefaultMaxAge
	}
	return fmt.Sprintf("public, max-age=%d", int64(cfg.MaxAge/time.Second))
}

// ServeHTTP answers GET and HEAD with the document, or with 304 when the
// caller has it already, and every other method with 405.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", h.cacheControl)
	header.Set("ETag", h.etag)
	// ServeContent compares If-None-Match with the ETag set above.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.body))
}
