package connecttest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// PageToken is what the host puts into the address of a frame: bound to a GET of
// rawURL, with accountID as the user.
func (h *Host) PageToken(appKey, rawURL, accountID string) Token {
	h.t.Helper()
	return h.RequestToken(appKey, http.MethodGet, rawURL, accountID)
}

// RequestToken is a token of the host bound to one request to the app. An empty
// accountID leaves out sub.
func (h *Host) RequestToken(appKey, method, rawURL, accountID string) Token {
	h.t.Helper()
	text, err := h.SignRequest(appKey, method, rawURL, accountID)
	h.must(err)
	return h.reopen(text, "HS256", h.Secret(appKey))
}

// ContextToken is what AP.context.getToken gives a page.
func (h *Host) ContextToken(appKey, accountID string, c devhost.Context) Token {
	h.t.Helper()
	text, err := h.SignContext(appKey, accountID, c)
	h.must(err)
	return h.reopen(text, "HS256", h.Secret(appKey))
}

// EventToken is the token of a lifecycle event posted to rawURL: RS256 with a
// key id and the app's base URL as audience for installed and uninstalled, HS256
// for enabled and disabled. Its iat fits into the order of the events the host
// has sent.
func (h *Host) EventToken(appKey, event, rawURL string) Token {
	h.t.Helper()
	at, err := h.EventTime(appKey, event)
	h.must(err)
	t := h.RequestToken(appKey, http.MethodPost, rawURL, "")
	t = t.WithClaim("iat", at.Unix()).WithClaim("exp", at.Unix()+180)
	if event != "installed" && event != "uninstalled" {
		return t
	}
	t = t.SignedBy("RS256", h.Key).WithHeader("alg", "RS256").WithHeader("kid", h.KeyID)
	return t.WithClaim("aud", h.App(appKey).AppBaseURL)
}

// AppToken is a token the app makes for a call to the host, with the claims that
// Atlassian's own framework writes. The host itself must not be fooled by it,
// nor must the app.
func (h *Host) AppToken(appKey, method, rawURL string) Token {
	h.t.Helper()
	inst := h.App(appKey)
	qsh, err := h.CallHash(method, rawURL)
	h.must(err)
	now := h.Now().Unix()
	return Token{
		Alg: "HS256", Key: inst.SharedSecret,
		Header: Members{{"typ", "JWT"}, {"alg", "HS256"}},
		Claims: Members{
			{"iss", inst.AppKey}, {"iat", now}, {"exp", now + 180}, {"qsh", qsh}, {"aud", []string{inst.ClientKey}},
		},
	}
}

// AssertionToken is the assertion by which an app asks the authorization server
// for a token of a user.
func (h *Host) AssertionToken(appKey, accountID string) Token {
	h.t.Helper()
	inst := h.App(appKey)
	now := h.Now().Unix()
	return Token{
		Alg: "HS256", Key: inst.SharedSecret,
		Header: Members{{"typ", "JWT"}, {"alg", "HS256"}},
		Claims: Members{
			{"iss", "urn:atlassian:connect:clientid:" + inst.OAuthClientID},
			{"sub", "urn:atlassian:connect:useraccountid:" + accountID},
			{"tnt", inst.BaseURL}, {"aud", h.AuthorizationServerURL()}, {"iat", now}, {"exp", now + 45},
		},
	}
}

// reopen takes a token of the host apart, so that it can be edited.
func (h *Host) reopen(text, alg string, key any) Token {
	h.t.Helper()
	parts := strings.Split(text, ".")
	return Token{Alg: alg, Key: key, Header: h.members(parts[0]), Claims: h.members(parts[1])}
}

// members reads a JSON object in its order.
func (h *Host) members(segment string) Members {
	h.t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	h.must(err)
	m, err := ReadMembers(b)
	h.must(err)
	return m
}

// Payload is the body of a lifecycle event as the host would send it now, open
// for editing.
func (h *Host) Payload(appKey, event string) Members {
	h.t.Helper()
	p, err := h.LifecyclePayload(appKey, event)
	h.must(err)
	b, err := json.Marshal(p)
	h.must(err)
	m, err := ReadMembers(b)
	h.must(err)
	return m
}

// At returns the token as if it had been made d later, or earlier when d is
// negative: iat and exp are moved.
func (t Token) At(d time.Duration) Token {
	for _, name := range []string{"iat", "exp"} {
		switch v := t.Claims.Value(name).(type) {
		case int64:
			t = t.WithClaim(name, v+int64(d.Seconds()))
		case json.Number:
			if n, err := v.Int64(); err == nil {
				t = t.WithClaim(name, n+int64(d.Seconds()))
			}
		}
	}
	return t
}
