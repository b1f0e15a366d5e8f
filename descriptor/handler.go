package descriptor

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
// their entity tag, which is a hash of them. Who accepts gzip gets the document
// compressed, under a tag of its own. It is safe for concurrent use.
type Handler struct {
	plain, zipped representation
	cacheControl  string
}

// representation is a form in which the document is sent.
type representation struct {
	body []byte
	etag string
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
	zipped, err := compress(body)
	if err != nil {
		return nil, fmt.Errorf("descriptor: compressing: %w", err)
	}
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:16])
	return &Handler{
		plain:        representation{body, `"` + tag + `"`},
		zipped:       representation{zipped, `"` + tag + `-gzip"`},
		cacheControl: cfg.cacheControl(),
	}, nil
}

func compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
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
	header.Add("Vary", "Accept-Encoding")
	form := h.plain
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		form = h.zipped
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", form.etag)
	// ServeContent compares If-None-Match with the ETag set above.
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(form.body))
}

// acceptsGzip reports whether the caller asks for gzip, by RFC 9110, section
// 12.5.3: it is named with a weight above 0, or all codings are.
func acceptsGzip(values []string) bool {
	byStar := false
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			name, weight, weighted := strings.Cut(coding, ";")
			q := 1.0
			if weighted {
				number, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(weight, " ", "")), "q=")
				var err error
				if q, err = strconv.ParseFloat(number, 64); err != nil || !ok {
					q = 0
				}
			}
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip":
				return q > 0
			case "*":
				byStar = q > 0
			}
		}
	}
	return byStar
}
