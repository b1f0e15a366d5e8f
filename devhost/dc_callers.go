package devhost

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The kinds of caller of a Data Center.
const (
	kindBasic   = "basic"   // user name and password, or a token as the password
	kindSession = "session" // the cookie of a session
	kindPAT     = "pat"     // a personal access token
	kindOAuth1  = "oauth1"  // signed by an application link
	kindOAuth2  = "oauth2"  // an access token of the OAuth 2.0 provider
)

// dcIdentify finds out who calls a Data Center. A credential in the header goes
// before a cookie; the parameter os_authType says which of the two counts.
func (h *Host) dcIdentify(w http.ResponseWriter, r *http.Request) (*caller, *dcRefusal) {
	header := r.Header.Values("Authorization")
	kind := r.URL.Query().Get("os_authType")
	switch {
	case kind == "none":
		return nil, h.notAuthenticated("os_authType is none")
	case len(header) > 1:
		return nil, h.notAuthenticated("more than one credential")
	case len(header) == 1 && kind != "cookie":
		return h.dcIdentifyHeader(w, r, header[0])
	case kind != "cookie" && signedByParameters(r):
		return h.identifyOAuth1(r)
	case kind == "basic":
		f := h.notAuthenticated("os_authType is basic, and there is no header")
		f.header.Set("WWW-Authenticate", `Basic realm="protected-area"`)
		return nil, f
	}
	s, why := h.session(r)
	if why != "" {
		return nil, h.notAuthenticated(why)
	}
	return &caller{kind: kindSession, accountID: s.accountID}, nil
}

func (h *Host) dcIdentifyHeader(w http.ResponseWriter, r *http.Request, header string) (*caller, *dcRefusal) {
	scheme, credential, _ := strings.Cut(header, " ")
	switch strings.ToLower(scheme) {
	case "basic":
		return h.identifyDCBasic(w, r, credential)
	case "bearer":
		return h.identifyDCBearer(credential)
	case "oauth":
		return h.identifyOAuth1(r)
	}
	return nil, h.notAuthenticated(fmt.Sprintf("authorization scheme %q, want Basic, Bearer or OAuth", scheme))
}

// identifyDCBasic checks a user name with a password or a token. Like Jira it
// opens a session for a caller who has none.
func (h *Host) identifyDCBasic(w http.ResponseWriter, r *http.Request, credential string) (*caller, *dcRefusal) {
	pair, err := base64.StdEncoding.DecodeString(credential)
	name, password, ok := strings.Cut(string(pair), ":")
	if err != nil || !ok {
		return nil, h.basicFailure(dcLoginFailed)
	}
	if h.dc.basic.blocks(r.URL.Path, name) {
		return nil, basicIsOff()
	}
	u, ok := h.basicToken(name, password)
	if !ok {
		var outcome dcOutcome
		if u, outcome = h.dcLogin(name, password, false); outcome != dcLoginGood {
			return nil, h.basicFailure(outcome)
		}
	}
	if s, why := h.session(r); why != "" || s.accountID != u.AccountID {
		h.startSession(w, u.AccountID)
	}
	w.Header().Set(headerLoginReason, "OK")
	return &caller{kind: kindBasic, accountID: u.AccountID}, nil
}

// identifyDCBearer checks a personal access token or a token of the OAuth 2.0
// provider.
func (h *Host) identifyDCBearer(token string) (*caller, *dcRefusal) {
	c, why := h.patCaller(token)
	if c == nil && why == "" {
		c, why = h.oauth2Caller(token)
	}
	if c == nil {
		return nil, h.notAuthenticated(why)
	}
	if _, ok := h.jira.activeUser(c.accountID); !ok {
		return nil, h.notAuthenticated("user of the token is not active")
	}
	return c, nil
}

// dcScopes are the scopes of the OAuth 2.0 provider; each includes those before
// it.
var dcScopes = []string{"READ", "WRITE", "ADMIN", "SYSTEM_ADMIN"}

// dcGrants reports whether a caller's scopes include need. Other credentials
// than OAuth 2.0 have no scopes and no limits.
func dcGrants(c *caller, need string) bool {
	if c.kind != kindOAuth2 {
		return true
	}
	return slices.ContainsFunc(c.scopes, func(s string) bool { return slices.Index(dcScopes, s) >= slices.Index(dcScopes, need) })
}

// dcAuthenticated lets recognised callers through to next, within their limits.
func (h *Host) dcAuthenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, f := h.dcIdentify(w, r)
		if f == nil {
			f = h.dcAdmit(w, r, c)
		}
		if f != nil {
			f.write(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// dcAdmit notes who calls and counts the call.
func (h *Host) dcAdmit(w http.ResponseWriter, r *http.Request, c *caller) *dcRefusal {
	record := callOf(r)
	record.AccountID, record.Kind = c.accountID, c.kind
	u, _ := h.jira.user(c.accountID)
	w.Header().Set("X-AUSERNAME", u.Username)
	if f := h.countCall(w, c); f != nil {
		return f
	}
	return h.checkXSRF(r, c.kind == kindSession)
}
