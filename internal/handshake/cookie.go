package handshake

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxParallel is how many handshakes a browser may have under way, one a tab.
// Their cookies all travel with each request, and servers bound the header.
const maxParallel = 5

// cookieFor names the cookie by a digest of the state, so that tabs do not
// disturb each other and a cookie does not tell its state.
func (h *Handshakes) cookieFor(state string) string {
	sum := sha256.Sum256([]byte(state))
	return h.prefix() + base64.RawURLEncoding.EncodeToString(sum[:16])
}

func (h *Handshakes) prefix() string {
	if h.config.Secure {
		return "__Host-" + h.config.Cookie + "-"
	}
	return h.config.Cookie + "-"
}

// cookie makes a cookie that scripts do not see and that a browser sends along
// when another site leads it here by a link or a redirect, not in a frame.
func (h *Handshakes) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, MaxAge: maxAge,
		Path: "/", HttpOnly: true, Secure: h.config.Secure, SameSite: http.SameSiteLaxMode,
	}
}

// makeRoom clears the cookies that are over and, of the others, those that end
// first, until one more is not too many.
func (h *Handshakes) makeRoom(w http.ResponseWriter, r *http.Request, name string) {
	type pending struct {
		name    string
		expires time.Time
	}
	var all []pending
	for _, c := range r.Cookies() {
		if c.Name != name && h.ours(c.Name) {
			all = append(all, pending{c.Name, h.expires(c.Value)})
		}
	}
	slices.SortStableFunc(all, func(a, b pending) int { return b.expires.Compare(a.expires) })
	for i, p := range all {
		if i >= maxParallel-1 || !h.config.Clock().Before(p.expires) {
			http.SetCookie(w, h.cookie(p.name, "", -1))
		}
	}
}

func (h *Handshakes) ours(name string) bool {
	digest, ok := strings.CutPrefix(name, h.prefix())
	return ok && len(digest) == base64.RawURLEncoding.EncodedLen(16)
}

// expires reads when a handshake ends; the zero time when it is none.
func (h *Handshakes) expires(value string) time.Time {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) < expiryBytes {
		return time.Time{}
	}
	return expiryOf(raw)
}

func cookieName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && !('a' <= r && r <= 'z') && !('A' <= r && r <= 'Z') && !('0' <= r && r <= '9')
	})
}
