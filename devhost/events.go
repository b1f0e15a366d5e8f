package devhost

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	connectVersion = "1.1.0-devhost"
	userAgent      = "Atlassian-Connect/" + connectVersion
)

// maxAnswer is how much of an app's answer is kept, in bytes.
const maxAnswer = 4 << 10

// CallbackError says that an app did not take a lifecycle event.
type CallbackError struct {
	// Event is installed, enabled, disabled or uninstalled.
	Event string
	// URL is where it was posted.
	URL string
	// Status is the app's answer, 0 when there was none.
	Status int
	// Body is the beginning of the answer, at most 4 KiB.
	Body string
	// Err is the reason why there was no answer, nil otherwise.
	Err error
}

// Error names the event, the address and what came back.
func (e *CallbackError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("devhost: %s at %s: %v", e.Event, e.URL, e.Err)
	}
	return fmt.Sprintf("devhost: %s at %s: the app answered %d, want 200 or 204: %q", e.Event, e.URL, e.Status, e.Body)
}

// Unwrap returns Err.
func (e *CallbackError) Unwrap() error { return e.Err }

// EventPayload is the body of a lifecycle event, in the members Atlassian's
// lifecycle documentation lists. Printed by fmt or log/slog it shows no secret;
// as JSON it is what the host sends.
type EventPayload struct {
	// Key is the key of the app, ClientKey names the tenant to it.
	Key       string `json:"key"`
	ClientKey string `json:"clientKey"`
	// OAuthClientID is the app's client id at the authorization server.
	OAuthClientID string `json:"oauthClientId"`
	// PublicKey is no key that verifies anything: Atlassian's lifecycle
	// documentation keeps it for old apps.
	PublicKey string `json:"publicKey"`
	// SharedSecret is the new secret, in installed events alone.
	SharedSecret string `json:"sharedSecret,omitempty"`
	// ServerVersion and PluginsVersion are versions of the host.
	ServerVersion  string `json:"serverVersion"`
	PluginsVersion string `json:"pluginsVersion"`
	// BaseURL is the base URL of the site. DisplayURL and HelpCenterURL are the
	// addresses to show to people; here they equal it.
	BaseURL       string `json:"baseUrl"`
	DisplayURL    string `json:"displayUrl"`
	HelpCenterURL string `json:"displayUrlServicedeskHelpCenter"`
	// ProductType is always jira.
	ProductType string `json:"productType"`
	// Description is a text for people about the site.
	Description string `json:"description"`
	// EntitlementID and Entitlement, its number, name the licence. Both are
	// empty unless the descriptor has enableLicensing.
	EntitlementID string `json:"entitlementId,omitempty"`
	Entitlement   string `json:"entitlementNumber,omitempty"`
	// EventType is installed, enabled, disabled or uninstalled.
	EventType string `json:"eventType"`
}

// LifecyclePayload returns the body of a lifecycle event for an installed app as the
// host would send it now. Only installed carries the secret.
func (h *Host) LifecyclePayload(appKey, event string) (EventPayload, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, err := h.installedApp(appKey)
	if err != nil {
		return EventPayload{}, err
	}
	return h.payload(a, event, a.SharedSecret), nil
}

func (h *Host) payload(a *app, event, secret string) EventPayload {
	p := EventPayload{
		Key: a.AppKey, ClientKey: a.ClientKey, OAuthClientID: a.OAuthClientID,
		PublicKey:     base64.StdEncoding.EncodeToString([]byte("not the key of install tokens")),
		ServerVersion: "100300", PluginsVersion: connectVersion,
		BaseURL: a.BaseURL, DisplayURL: a.BaseURL, HelpCenterURL: a.BaseURL,
		ProductType: "jira", Description: "Jira on a developer's machine", EventType: event,
	}
	if event == "installed" {
		p.SharedSecret = secret
	}
	if a.doc.EnableLicensing {
		p.EntitlementID = "ari:cloud:devhost::entitlement/" + a.ClientKey
		p.Entitlement = "E-DEV-" + a.ClientKey[:8]
	}
	return p
}

func (m *manifest) lifecyclePath(event string) string {
	switch event {
	case "installed":
		return m.Lifecycle.Installed
	case "enabled":
		return m.Lifecycle.Enabled
	case "disabled":
		return m.Lifecycle.Disabled
	}
	return m.Lifecycle.Uninstalled
}

// notify sends an event whose answer the host does not act upon.
func (h *Host) notify(ctx context.Context, appKey, event string) {
	if err := h.sendEvent(ctx, appKey, event, ""); err != nil {
		h.log.Warn("lifecycle event refused", "app", appKey, "event", event, "error", err)
	}
}

// outgoing is a request to an app, ready to be signed.
type outgoing struct {
	app    Installation
	event  string
	url    *url.URL
	body   []byte
	secret string // of installed
	iat    int64
}

// sendEvent posts one lifecycle event. An app that has no address for it is
// left alone.
func (h *Host) sendEvent(ctx context.Context, appKey, event, secret string) error {
	o, err := h.prepareEvent(appKey, event, secret)
	if o == nil || err != nil {
		return err
	}
	token, err := h.signEvent(o)
	if err != nil {
		return err
	}
	r, err := newCallback(ctx, o.url, o.body, token)
	if err != nil {
		return err
	}
	d := Delivery{
		Time: h.clock(), App: appKey, Event: event, URL: o.url.String(), Header: r.Header.Clone(), Body: o.body,
	}
	status, answer, err := h.post(r)
	cerr := eventError(o, status, answer, err)
	if d.Status = status; cerr != nil {
		d.Error = cerr.Error()
	}
	h.record.addDelivery(d)
	h.log.Info("lifecycle event", "app", appKey, "event", event, "status", status)
	return cerr
}

func eventError(o *outgoing, status int, answer string, err error) error {
	if err == nil && (status == http.StatusOK || status == http.StatusNoContent) {
		return nil
	}
	return &CallbackError{Event: o.event, URL: o.url.String(), Status: status, Body: answer, Err: err}
}

func (h *Host) prepareEvent(appKey, event, secret string) (*outgoing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	path := a.doc.lifecyclePath(event)
	if path == "" {
		return nil, nil
	}
	u, err := url.Parse(a.AppBaseURL + path)
	if err != nil {
		return nil, fmt.Errorf("devhost: %s: %w", event, err)
	}
	body, err := json.Marshal(h.payload(a, event, secret))
	if err != nil {
		return nil, fmt.Errorf("devhost: %s: %w", event, err)
	}
	o := &outgoing{app: a.snapshot(), event: event, url: u, body: body, secret: secret}
	o.iat, err = a.eventTime(h.clock(), isSigned(event))
	return o, err
}

func isSigned(event string) bool { return event == "installed" || event == "uninstalled" }

// eventTime gives the iat of a lifecycle event. Those that are signed RS256 get
// strictly increasing times, so that an app can tell their order even when they
// follow each other within a second.
func (a *app) eventTime(now time.Time, signed bool) (int64, error) {
	iat := max(now.Unix(), a.lastIAT)
	if signed && iat == a.lastIAT {
		iat++
	}
	if iat > now.Unix()+int64(clockLeeway/time.Second) {
		return 0, fmt.Errorf("devhost: app %q: too many installs within half a minute of the host's clock", a.AppKey)
	}
	if signed {
		a.lastIAT = iat
	}
	return iat, nil
}

// EventTime returns the iat the next lifecycle event of an installed app has, and
// counts it as sent. A test that makes an event of its own uses it to fit into
// the order of the host's.
func (h *Host) EventTime(appKey, event string) (time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, err := h.installedApp(appKey)
	if err != nil {
		return time.Time{}, err
	}
	iat, err := a.eventTime(h.clock(), isSigned(event))
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(iat, 0), nil
}

func (h *Host) signEvent(o *outgoing) (string, error) {
	c, err := requestClaims(o.app, http.MethodPost, o.url, o.iat)
	if err != nil {
		return "", err
	}
	if !isSigned(o.event) {
		return signHS256(c, o.app.SharedSecret)
	}
	if err := h.keys.load(); err != nil {
		return "", err
	}
	c.Audience = o.app.AppBaseURL
	return signRS256(c, h.keys.private, h.keys.id)
}

// requestClaims are the claims of a token bound to one request of the host to
// the app. The path is hashed decoded, as Atlassian's host does.
func requestClaims(inst Installation, method string, u *url.URL, iat int64) (hostClaims, error) {
	base, err := url.Parse(inst.AppBaseURL)
	if err != nil {
		return hostClaims{}, fmt.Errorf("devhost: %w", err)
	}
	canonical, err := canonicalRequest(method, u.Path, base.Path, u.RawQuery)
	if err != nil {
		return hostClaims{}, fmt.Errorf("devhost: %w", err)
	}
	return hostClaims{
		Issuer: inst.ClientKey, IssuedAt: iat, Expires: iat + int64(hostTokenLife/time.Second),
		QSH: requestHash(canonical), Context: json.RawMessage(`{}`),
	}, nil
}

func newCallback(ctx context.Context, u *url.URL, body []byte, token string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("devhost: %w", err)
	}
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	r.Header.Set("Authorization", "JWT "+token)
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Atlassian-Connect-Version", connectVersion)
	return r, nil
}

// post sends a request to an app and gives the status and the beginning of the
// answer.
func (h *Host) post(r *http.Request) (status int, answer string, err error) {
	resp, err := h.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, _ := readPart(resp.Body, maxAnswer) // a broken body does not change the status
	return resp.StatusCode, strings.ToValidUTF8(string(b), "\uFFFD"), nil
}
