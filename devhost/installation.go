package devhost

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Installation is what the host knows of one installed app. Printed by fmt or
// log/slog it does not show the secret, unless it is an unexported field of
// another type, and encoding/json leaves the secret out.
type Installation struct {
	// AppKey and Name are those of the descriptor. Without a name in there, Name
	// is the key.
	AppKey string
	Name   string
	// ClientKey names the tenant: this site, for this app. It survives upgrade,
	// rename, uninstall and reinstall, and changes with Import.
	ClientKey string
	// OAuthClientID is the app's client id at the authorization server.
	OAuthClientID string
	// SharedSecret is the secret in force. It changes with every installed event.
	SharedSecret string `json:"-"`
	// BaseURL is that of the site, AppBaseURL that of the app.
	BaseURL    string
	AppBaseURL string
	// DescriptorURL is where the app was installed from; empty after Adopt.
	DescriptorURL string
	// AccountID is the app's own user on the site.
	AccountID string
	// Scopes are in upper case, sorted.
	Scopes []string
	// Enabled says whether the app is in use. A disabled app gets no webhooks and
	// shows no pages.
	Enabled bool
	// Licensed says whether the site holds a licence, see SetLicensed.
	Licensed bool
}

// app is one app the host has met. It outlives the installation, so that a
// reinstall is the same tenant.
type app struct {
	Installation
	installed  bool
	pending    string // the secret of an installed event that is under way
	doc        *manifest
	lastIAT    int64
	properties map[string]json.RawMessage
	trouble    map[string]time.Time // webhook URL to the time since when it fails
}

// snapshot copies the public part.
func (a *app) snapshot() Installation {
	i := a.Installation
	i.Scopes = slices.Clone(i.Scopes)
	return i
}

// Installation returns the app with a key as it is now, and false when it is not
// installed.
func (h *Host) Installation(appKey string) (Installation, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	if a == nil || !a.installed {
		return Installation{}, false
	}
	return a.snapshot(), true
}

// Installations returns the installed apps, ordered by key.
func (h *Host) Installations() []Installation {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []Installation
	for _, a := range h.apps {
		if a.installed {
			list = append(list, a.snapshot())
		}
	}
	slices.SortFunc(list, func(a, b Installation) int { return strings.Compare(a.AppKey, b.AppKey) })
	return list
}

// SetLicensed changes whether the site holds a licence for the app. Apps are
// licensed when they are installed.
func (h *Host) SetLicensed(appKey string, licensed bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, err := h.installedApp(appKey)
	if err != nil {
		return err
	}
	a.Licensed = licensed
	return nil
}

// installedApp needs h.mu.
func (h *Host) installedApp(appKey string) (*app, error) {
	a := h.apps[appKey]
	if a == nil || !a.installed {
		return nil, fmt.Errorf("devhost: app %q is not installed", appKey)
	}
	return a, nil
}

// view gives a copy of an installed app and its descriptor, which never changes.
func (h *Host) view(appKey string) (Installation, *manifest, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, err := h.installedApp(appKey)
	if err != nil {
		return Installation{}, nil, err
	}
	return a.snapshot(), a.doc, nil
}

// newTenant makes the identity of an app that was never installed here.
func (h *Host) newTenant(m *manifest) *app {
	return &app{
		Installation: Installation{
			AppKey: m.Key, ClientKey: newUUID(), OAuthClientID: encodeSegment(randomBytes(24)),
			AccountID: h.jira.addAppUser(m.Key, m.Name), Licensed: true,
		},
		properties: make(map[string]json.RawMessage),
		trouble:    make(map[string]time.Time),
	}
}

// adopt fills in what the descriptor and the site say.
func (a *app) adopt(m *manifest, siteURL string) {
	a.doc = m
	a.Name = m.Name
	if a.Name == "" {
		a.Name = m.Key
	}
	a.AppBaseURL = m.BaseURL
	a.BaseURL = siteURL
	a.Scopes = slices.Clone(m.Scopes)
}

func newSecret() string {
	return "ATCO" + encodeSegment(randomBytes(72)) + strings.ToUpper(hex.EncodeToString(randomBytes(4)))
}

func newUUID() string {
	b := randomBytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
