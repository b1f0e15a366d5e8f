package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/posted"
	"github.com/atlassian-connect-go/sdk/internal/strictjson"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	minSecret = 32
	maxSecret = 4096
	// maxClientKey is what a Verifier takes as an issuer. The bound is for
	// the body that came without a token.
	maxClientKey = 255
)

// payload is the body of an event.
type payload struct {
	Key                             string `json:"key"`
	ClientKey                       string `json:"clientKey"`
	OAuthClientID                   string `json:"oauthClientId"`
	PublicKey                       string `json:"publicKey"`
	SharedSecret                    string `json:"sharedSecret"`
	ServerVersion                   string `json:"serverVersion"`
	PluginsVersion                  string `json:"pluginsVersion"`
	BaseURL                         string `json:"baseUrl"`
	DisplayURL                      string `json:"displayUrl"`
	DisplayURLServicedeskHelpCenter string `json:"displayUrlServicedeskHelpCenter"`
	ProductType                     string `json:"productType"`
	Description                     string `json:"description"`
	ServiceEntitlementNumber        string `json:"serviceEntitlementNumber"`
	EntitlementID                   string `json:"entitlementId"`
	EntitlementNumber               string `json:"entitlementNumber"`
	InstallationID                  string `json:"installationId"`
	EventType                       string `json:"eventType"`
	AccountID                       string `json:"accountId"`
	CloudID                         string `json:"cloudId"`
	CapabilitySet                   string `json:"capabilitySet"`

	Unknown jsontext.Value `json:",embed"`
}

// retired are members of old hosts that name users in ways that are gone.
var retired = []string{"userKey", "user", "links"}

// decode reads a body by the strict rules. A member that is empty is as good
// as absent, since old hosts wrote "" for what they did not have.
func decode(body []byte) (*payload, error) {
	p := new(payload)
	if err := strictjson.Object(body, p, &p.Unknown); err != nil {
		return nil, posted.Error{Status: http.StatusBadRequest, Text: "the body is " + err.Error()}
	}
	return p, nil
}

// extra returns the members that payload does not know.
func (p *payload) extra() (map[string]json.RawMessage, error) {
	if len(p.Unknown) == 0 {
		return nil, nil
	}
	members, err := strictjson.Members(p.Unknown)
	if err != nil {
		return nil, err
	}
	for _, name := range retired {
		delete(members, name)
	}
	if len(members) == 0 {
		return nil, nil
	}
	extra := make(map[string]json.RawMessage, len(members))
	for name, value := range members {
		extra[name] = json.RawMessage(value)
	}
	return extra, nil
}

// check checks that the body is of the token's tenant, for this app and this
// route. The token does not cover the body, so nothing else vouches for it.
func (l *Lifecycle) check(p *payload, event Event, caller *auth.Caller) error {
	mismatch := func(format string, args ...any) error {
		return &auth.Error{
			Code: auth.CodeMismatch, Policy: caller.Policy, ClientKey: caller.ClientKey,
			Detail: fmt.Sprintf(format, args...),
		}
	}
	switch {
	case p.ClientKey == "" || p.ClientKey != caller.ClientKey:
		return mismatch("the body's clientKey %.200q is not the token's issuer", p.ClientKey)
	case len(p.ClientKey) > maxClientKey:
		return mismatch("the clientKey has more than %d bytes", maxClientKey)
	case p.Key != l.appKey:
		return mismatch("the body is for the app %.200q, this is %q", p.Key, l.appKey)
	case p.EventType != "" && p.EventType != string(event):
		return mismatch("the body's eventType is %.200q on the route of %s", p.EventType, event)
	case p.BaseURL == "" && event != EventInstalled:
		return nil
	}
	if err := l.hosts.Check(p.BaseURL); err != nil {
		return mismatch("%v", err)
	}
	if n := len(p.SharedSecret); event == EventInstalled && (n < minSecret || n > maxSecret) {
		return mismatch("the shared secret has %d bytes, want %d to %d", n, minSecret, maxSecret)
	}
	return nil
}

// signedEvent is an installed or uninstalled event that was verified.
type signedEvent struct {
	*payload
	iat    time.Time
	digest string // of token and body
	at     time.Time
}

func (l *Lifecycle) signed(p *payload, caller *auth.Caller, body []byte) signedEvent {
	sum := sha256.Sum256(body)
	if p.AccountID == "" {
		p.AccountID = caller.AccountID
	}
	return signedEvent{
		payload: p,
		iat:     caller.IssuedAt,
		digest:  hex.EncodeToString(caller.TokenDigest[:]) + hex.EncodeToString(sum[:]),
		at:      l.clock(),
	}
}

// stale reports whether e is no newer than what was applied already. The
// host's clock counts whole seconds, so two events of one second have no
// order; the later to arrive loses, which at worst leaves the tenant as it was.
func stale(e signedEvent, current *store.Installation) bool {
	return current != nil && !e.iat.After(current.SignedEventIAT)
}

// install applies an installed event.
func (l *Lifecycle) install(ctx context.Context, e signedEvent) (bool, error) {
	return l.transition(ctx, e.ClientKey, func(current *store.Installation) (*step, error) {
		if stale(e, current) {
			if current.Live() && current.InstallDigest == e.digest {
				return nil, nil // the very event that was applied, once more
			}
			// Not stored, so not to be acknowledged: the host would use a
			// secret that this app does not have.
			return nil, &auth.Error{
				Code: auth.CodeStale, Policy: auth.SignedLifecycle, ClientKey: e.ClientKey,
				Detail: fmt.Sprintf("installed was signed at %v, and an event of %v has been applied", e.iat.UTC(), current.SignedEventIAT.UTC()),
			}
		}
		next, err := l.installed(e, current)
		if err != nil {
			return nil, err
		}
		return &step{next: next, hook: func() error { return l.onInstall(ctx, current, next) }}, nil
	})
}

// installed returns the record after an installed event.
func (l *Lifecycle) installed(e signedEvent, current *store.Installation) (*store.Installation, error) {
	next, err := e.record()
	if err != nil {
		return nil, err
	}
	next.State, next.EventType = store.Installed, string(EventInstalled)
	next.SharedSecret = store.NewSecret(e.SharedSecret)
	next.InstallDigest = e.digest
	next.CreatedAt, next.InstalledAt = e.at, e.at
	if current == nil {
		return next, nil
	}
	next.CreatedAt = current.CreatedAt
	if !current.Live() {
		// A new life: what was sent before its predecessor ended is not
		// about it.
		next.NoticeIAT = current.SignedEventIAT.Add(time.Second)
		return next, nil
	}
	next.State, next.NoticeIAT = current.State, current.NoticeIAT
	next.PreviousSecret, next.PreviousSecretUntil = current.PreviousSecret, current.PreviousSecretUntil
	next.RotatedAt, next.RotatedIAT = current.RotatedAt, current.RotatedIAT
	if !next.SharedSecret.Equal(current.SharedSecret) {
		next.PreviousSecret, next.PreviousSecretUntil = store.Secret{}, time.Time{}
		next.RotatedAt, next.RotatedIAT = e.at, e.iat
		if l.grace > 0 {
			next.PreviousSecret, next.PreviousSecretUntil = current.SharedSecret, e.at.Add(l.grace)
		}
	}
	return next, nil
}

// record returns what the event says, as far as both signed events say it.
func (e signedEvent) record() (*store.Installation, error) {
	extra, err := e.extra()
	if err != nil {
		return nil, err
	}
	return &store.Installation{
		Key: e.Key, ClientKey: e.ClientKey, OAuthClientID: e.OAuthClientID, PublicKey: e.PublicKey,
		ServerVersion: e.ServerVersion, PluginsVersion: e.PluginsVersion,
		BaseURL: strings.TrimSuffix(e.BaseURL, "/"), DisplayURL: e.DisplayURL, DisplayURLServicedeskHelpCenter: e.DisplayURLServicedeskHelpCenter,
		ProductType: e.ProductType, Description: e.Description,
		ServiceEntitlementNumber: e.ServiceEntitlementNumber, EntitlementID: e.EntitlementID, EntitlementNumber: e.EntitlementNumber,
		InstallationID: e.InstallationID, AccountID: e.AccountID,
		CloudID: e.CloudID, CapabilitySet: e.CapabilitySet, Extra: extra,
		SignedEventIAT: e.iat, UpdatedAt: e.at,
	}, nil
}

// onInstall runs the hooks of an installed event.
func (l *Lifecycle) onInstall(ctx context.Context, former, current *store.Installation) error {
	if l.hooks.OnInstall != nil {
		if err := l.hooks.OnInstall(ctx, former.Clone(), current.Clone()); err != nil {
			return err
		}
	}
	if l.hooks.OnSiteImport == nil || former != nil {
		return nil
	}
	others, err := l.liveAt(ctx, current.BaseURL, current.ClientKey)
	if err != nil || len(others) == 0 {
		return err
	}
	return l.hooks.OnSiteImport(ctx, current.Clone(), others)
}

// liveAt returns the live tenants at baseURL but the one named.
func (l *Lifecycle) liveAt(ctx context.Context, baseURL, except string) ([]*store.Installation, error) {
	keys, err := l.store.ClientKeysAt(ctx, baseURL)
	if err != nil {
		return nil, err
	}
	var others []*store.Installation
	for _, key := range keys {
		inst, err := l.store.Installation(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if inst.Live() && key != except {
			others = append(others, inst)
		}
	}
	return others, nil
}

// uninstall applies an uninstalled event. It leaves a mark that keeps the time
// and drops the secrets, also for a tenant never seen, whose installed event
// may still be on its way.
func (l *Lifecycle) uninstall(ctx context.Context, e signedEvent) (bool, error) {
	return l.transition(ctx, e.ClientKey, func(current *store.Installation) (*step, error) {
		if stale(e, current) {
			return nil, nil
		}
		next, err := e.uninstalled(current)
		if err != nil {
			return nil, err
		}
		if current == nil || !current.Live() {
			return &step{next: next}, nil
		}
		return &step{next: next, hook: func() error {
			return call(l.hooks.OnUninstall, ctx, current.Clone())
		}}, nil
	})
}

// uninstalled returns the mark after an uninstalled event: what was known of
// the tenant, without its secrets.
func (e signedEvent) uninstalled(current *store.Installation) (*store.Installation, error) {
	next := current.Clone()
	if next == nil {
		var err error
		if next, err = e.record(); err != nil {
			return nil, err
		}
		next.CreatedAt = e.at
	}
	next.State, next.EventType = store.Uninstalled, string(EventUninstalled)
	next.SignedEventIAT, next.UpdatedAt, next.UninstalledAt = e.iat, e.at, e.at
	next.AccountID = e.AccountID
	next.SharedSecret, next.PreviousSecret = store.Secret{}, store.Secret{}
	next.RotatedAt, next.RotatedIAT, next.PreviousSecretUntil = time.Time{}, time.Time{}, time.Time{}
	return next, nil
}

// notice applies an enabled or disabled notification, unless a later one, or
// the end of the life it was about, came first. Of a notification and its
// repetition the first counts.
func (l *Lifecycle) notice(ctx context.Context, event Event, caller *auth.Caller) (bool, error) {
	state, hook := store.Enabled, l.hooks.OnEnable
	if event == EventDisabled {
		state, hook = store.Disabled, l.hooks.OnDisable
	}
	return l.transition(ctx, caller.ClientKey, func(current *store.Installation) (*step, error) {
		if current == nil || !current.Live() || caller.IssuedAt.Before(current.NoticeIAT) {
			return nil, nil
		}
		if current.State == state && caller.IssuedAt.Equal(current.NoticeIAT) {
			return nil, nil
		}
		next := current.Clone()
		next.State, next.EventType = state, string(event)
		next.NoticeIAT, next.UpdatedAt = caller.IssuedAt, l.clock()
		return &step{next: next, hook: func() error { return call(hook, ctx, next.Clone()) }}, nil
	})
}
