package devhost

import (
	"bytes"
	"crypto/hmac"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	mediaToken = "token"          // the query parameter with the signature
	mediaLife  = 10 * time.Minute // of an address; Atlassian does not say how long
)

// MediaLeaks returns how many requests came to the media origin with an
// Authorization header or a cookie. A client that follows the redirect of a
// download must send neither.
func (h *Host) MediaLeaks() int {
	f := &h.cloud.files
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.leaks
}

func (f *files) leaked() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaks++
}

// mediaAddress is where a file can be had for a while without credentials.
func (h *Host) mediaAddress(a *Attachment) string {
	expires := strconv.FormatInt(h.clock().Add(mediaLife).Unix(), 10)
	q := url.Values{"expires": {expires}, "name": {a.Filename}, mediaToken: {h.cloud.files.sign(a.mediaID, expires)}}
	return h.MediaURL() + "/file/" + a.mediaID + "/binary?" + q.Encode()
}

func (f *files) sign(mediaID, expires string) string {
	return encodeSegment(macOf(mediaID+" "+expires, f.key))
}

// serveMedia is the host that stands for api.media.atlassian.com.
func (h *Host) serveMedia(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
		h.cloud.files.leaked()
		h.refuseMedia(w, r, http.StatusBadRequest, "a credential reached the media origin")
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, mediaPath+"/file/")
	mediaID, ending, _ := strings.Cut(rest, "/")
	switch {
	case !sameHost(h.MediaURL(), r.Host):
		h.refuseMedia(w, r, http.StatusNotFound, "the media origin is "+h.MediaURL())
		return
	case !ok || ending != "binary":
		h.refuseMedia(w, r, http.StatusNotFound, "the media origin has no such path")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.refuseMedia(w, r, http.StatusMethodNotAllowed, "method "+r.Method)
		return
	}
	if err := h.checkMediaToken(mediaID, r.URL.RawQuery); err != nil {
		h.refuseMedia(w, r, http.StatusForbidden, err.Error())
		return
	}
	a, ok := h.cloud.files.findMedia(mediaID)
	if !ok {
		h.refuseMedia(w, r, http.StatusNotFound, "no such file")
		return
	}
	serveFile(w, r, &a)
}

func (h *Host) refuseMedia(w http.ResponseWriter, r *http.Request, status int, reason string) {
	refuse(r, reason)
	http.Error(w, reason, status)
}

func (h *Host) checkMediaToken(mediaID, rawQuery string) error {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return err
	}
	expires := q.Get("expires")
	if !hmac.Equal([]byte(q.Get(mediaToken)), []byte(h.cloud.files.sign(mediaID, expires))) {
		return wordsf("the signature of the address is wrong")
	}
	at, err := strconv.ParseInt(expires, 10, 64)
	if err != nil || h.clock().Unix() >= at {
		return fmt.Errorf("the address has expired")
	}
	return nil
}

// setFileHeaders describes a file. No browser shows it as a page, since it may be
// of the same origin as the site.
func setFileHeaders(hd http.Header, kind, filename string) {
	hd.Set("Content-Type", kind)
	hd.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": filename}))
	hd.Set("X-Content-Type-Options", "nosniff")
	hd.Set("Content-Security-Policy", "sandbox")
}

// serveFile serves a file whole or in ranges.
func serveFile(w http.ResponseWriter, r *http.Request, a *Attachment) {
	setFileHeaders(w.Header(), a.ContentType, a.Filename)
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", a.Created, bytes.NewReader(a.Content))
	if sw, ok := w.(*statusWriter); ok && sw.status == http.StatusRequestedRangeNotSatisfiable {
		refuse(r, "the range is outside the file")
	}
}
