package store

import (
	"encoding/json"
	"maps"
	"time"
)

// State says where an installation stands in its life.
type State string

// The states of an installation. Installed, Enabled and Disabled are live:
// the tenant's secret verifies its requests. The host tells enabled and
// disabled by unordered notifications, and no longer at all for apps that have
// moved to Forge, so they are information and never decide about access.
const (
	Installed   State = "installed"
	Enabled     State = "enabled"
	Disabled    State = "disabled"
	Uninstalled State = "uninstalled"
)

// Installation is one tenant of the app: one Jira or one Confluence of one
// site. The first group of fields is what the host sent with the last
// installed event; a field that the host left out is empty.
//
// An Installation is a plain value. Stores hand out and take in copies, so
// whoever holds one may change it.
type Installation struct {
	// Key is the app key the host knows this app by. Calls to the host are
	// signed with it as the issuer.
	Key string
	// ClientKey identifies the tenant and is the key of everything stored for
	// it. It is opaque. It survives a site rename and changes with a site
	// import.
	ClientKey string
	// OAuthClientID is the app's OAuth 2.0 client id at this tenant, for user
	// impersonation.
	OAuthClientID string
	// PublicKey is a deprecated key of the host. It must not be used to
	// verify anything.
	PublicKey string
	// SharedSecret is the HMAC key of both directions. It is zero once the
	// app is uninstalled.
	SharedSecret Secret
	// ServerVersion and PluginsVersion are deprecated build numbers.
	ServerVersion, PluginsVersion string
	// BaseURL is the root of the host's API, without a trailing slash;
	// Confluence's ends in /wiki.
	BaseURL string
	// DisplayURL is the custom domain for links that people follow, empty
	// when there is none. It is never an API root.
	DisplayURL string
	// DisplayURLServicedeskHelpCenter is the same for a help centre.
	DisplayURLServicedeskHelpCenter string
	// ProductType is "jira" or "confluence".
	ProductType string
	// Description is text an administrator may edit.
	Description string
	// ServiceEntitlementNumber is the deprecated licence number;
	// EntitlementID and EntitlementNumber replace it. All are empty for free
	// apps.
	ServiceEntitlementNumber, EntitlementID, EntitlementNumber string
	// InstallationID is the Forge installation, for a site that has moved to
	// the app's Forge version.
	InstallationID string
	// EventType is the last lifecycle event that was applied.
	EventType string
	// AccountID is the user who caused the last signed lifecycle event, if
	// the host named one.
	AccountID string
	// CloudID and CapabilitySet come from newer hosts only.
	CloudID, CapabilitySet string
	// Extra holds the members of the installed event that this type does not
	// know, as they were sent. It never holds sharedSecret.
	Extra map[string]json.RawMessage

	// State is where the installation stands.
	State State
	// SignedEventIAT is the iat of the last installed or uninstalled event
	// that was applied; older ones are not applied any more.
	SignedEventIAT time.Time
	// NoticeIAT is the iat of the last enabled or disabled notification that
	// was applied.
	NoticeIAT time.Time
	// InstallDigest identifies the token and the body of the last installed
	// event that was applied, so that a repetition is known from a forgery.
	InstallDigest string
	// PreviousSecret is the secret before the last rotation, and
	// PreviousSecretUntil the time of this app's clock from which it is
	// worthless. RotatedAt is when the rotation was stored, by the same clock,
	// and RotatedIAT the iat of the installed event that brought it, by the
	// host's: the host signed with the previous secret up to then.
	PreviousSecret                             Secret
	RotatedAt, RotatedIAT, PreviousSecretUntil time.Time
	// Generation counts the writes of this record from 1. The store sets it;
	// what a caller writes there is ignored.
	Generation uint64
	// CreatedAt, UpdatedAt, InstalledAt and UninstalledAt are times of this
	// app's clock. UninstalledAt is zero while the tenant lives.
	CreatedAt, UpdatedAt, InstalledAt, UninstalledAt time.Time
}

// Live reports whether the tenant may be served: it is installed, whether
// enabled or not, and has a secret.
func (i *Installation) Live() bool {
	return i.State != Uninstalled && i.State != "" && !i.SharedSecret.IsZero()
}

// Clone returns a deep copy.
func (i *Installation) Clone() *Installation {
	if i == nil {
		return nil
	}
	c := *i
	c.Extra = maps.Clone(i.Extra)
	for k, v := range c.Extra {
		c.Extra[k] = append(json.RawMessage(nil), v...)
	}
	return &c
}
