package connecttest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// appURL joins the app's base URL and a path with its query. A full address is
// taken as it is.
func (h *Host) appURL(appKey, path string) string {
	h.t.Helper()
	if strings.HasPrefix(path, "/") {
		return h.App(appKey).AppBaseURL + path
	}
	return path
}

// PageRequest is the request a browser makes for a frame of the app: the page of
// a module as FrameURL gives it.
func (h *Host) PageRequest(appKey, moduleKey, accountID string, c devhost.Context) *http.Request {
	h.t.Helper()
	raw, err := h.FrameURL(appKey, moduleKey, accountID, c)
	h.must(err)
	return h.request(http.MethodGet, raw, nil)
}

// QueryRequest is a GET of a path of the app with a token in the query, as
// frames make it, for any path.
func (h *Host) QueryRequest(appKey, path, accountID string) *http.Request {
	h.t.Helper()
	raw := h.appURL(appKey, path)
	return h.WithQueryToken(raw, h.PageToken(appKey, raw, accountID))
}

// WithQueryToken is a GET of an address with a token added to its query.
func (h *Host) WithQueryToken(rawURL string, t Token) *http.Request {
	h.t.Helper()
	sep := "?"
	if strings.Contains(rawURL, "?") {
		sep = "&"
	}
	return h.request(http.MethodGet, rawURL+sep+"jwt="+url.QueryEscape(t.String()), nil)
}

// HostRequest is a call of the host's server to a path of the app with the token
// in the header, such as a webhook. A body is sent as JSON.
func (h *Host) HostRequest(appKey, method, path, accountID string, body []byte) *http.Request {
	h.t.Helper()
	raw := h.appURL(appKey, path)
	return h.WithToken(method, raw, h.RequestToken(appKey, method, raw, accountID), body)
}

// ContextRequest is a call of the app's own page to a path of the app with a
// context token in the header.
func (h *Host) ContextRequest(appKey, method, path, accountID string, c devhost.Context, body []byte) *http.Request {
	h.t.Helper()
	return h.WithToken(method, h.appURL(appKey, path), h.ContextToken(appKey, accountID, c), body)
}

// WithToken is a request with a token in the header. A body is sent as JSON.
func (h *Host) WithToken(method, rawURL string, t Token, body []byte) *http.Request {
	h.t.Helper()
	r := h.request(method, rawURL, body)
	r.Header.Set("Authorization", "JWT "+t.String())
	return r
}

// Event is a lifecycle event that has not been sent yet.
type Event struct {
	// URL is where it goes.
	URL     string
	Token   Token
	Payload Members
	// RawPayload, when not nil, is sent instead of Payload.
	RawPayload []byte
}

// Event prepares a lifecycle event of an installed app, to be edited and sent by
// EventRequest. path is where the app takes it. Nothing changes in the host.
func (h *Host) Event(appKey, event, path string) Event {
	h.t.Helper()
	raw := h.appURL(appKey, path)
	return Event{URL: raw, Token: h.EventToken(appKey, event, raw), Payload: h.Payload(appKey, event)}
}

// EventRequest is the request that carries a lifecycle event.
func (h *Host) EventRequest(e Event) *http.Request {
	h.t.Helper()
	body := e.RawPayload
	if body == nil {
		var err error
		body, err = json.Marshal(e.Payload)
		h.must(err)
	}
	return h.WithToken(http.MethodPost, e.URL, e.Token, body)
}

// TokenRequest is the request by which an app asks the authorization server for
// a user's token. scope may be empty for all of the app's scopes.
func (h *Host) TokenRequest(assertion Token, scope string) *http.Request {
	h.t.Helper()
	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"assertion":  {assertion.String()},
	}
	if scope != "" {
		form.Set("scope", scope)
	}
	r := h.request(http.MethodPost, h.AuthorizationServerURL()+"/oauth2/token", []byte(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// request lives as long as the test.
func (h *Host) request(method, rawURL string, body []byte) *http.Request {
	h.t.Helper()
	var rd io.Reader
	if body != nil {
		rd = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(h.t.Context()), method, rawURL, rd)
	h.must(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}
