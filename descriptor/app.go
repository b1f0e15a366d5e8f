package descriptor

import (
	"encoding/json"
	"strings"
)

// App is an app descriptor: the top level of the document.
//
// Limits named here are those of the schema that Atlassian published for the
// descriptor; Validate checks them.
type App struct {
	// Key identifies the app in all products and is the issuer of every
	// token that the app sends: 1 to 80 letters, digits, dots, dashes and
	// underscores.
	Key string `json:"key,omitzero" connect:"required,max=80,like=appkey"`
	// Name is shown to people, at most 80 characters.
	Name string `json:"name,omitzero" connect:"max=80"`
	// Description is shown to administrators, at most 1400 characters.
	Description string `json:"description,omitzero" connect:"max=1400"`
	// BaseURL is what every relative URL of the document is appended to, at
	// most 200 characters, https except on this machine. WithBaseURL sets it.
	BaseURL string `json:"baseUrl,omitzero" connect:"required,max=200"`
	// Vendor says who makes the app.
	Vendor Vendor `json:"vendor,omitzero"`
	// Links are addresses about the app by their relation: self, homepage,
	// documentation and others.
	Links map[string]string `json:"links,omitzero"`
	// Authentication says how host and app know each other. Its zero value
	// is served as the type jwt.
	Authentication Authentication `json:"authentication,omitzero"`
	// Lifecycle names the callbacks of installation.
	Lifecycle Lifecycle `json:"lifecycle,omitzero"`
	// Scopes are the rights that the app asks for.
	Scopes Scopes `json:"scopes,omitzero"`
	// APIVersion is the major version of the app. 0 is not written, and the
	// host then takes 1.
	APIVersion int `json:"apiVersion,omitzero"`
	// EnableLicensing makes the host report the licence of the app.
	EnableLicensing bool `json:"enableLicensing,omitzero"`
	// APIMigrations are the opt-ins to changes of the protocol.
	APIMigrations APIMigrations `json:"apiMigrations,omitzero"`
	// Modules are the extensions of the product.
	Modules Modules `json:"modules,omitzero"`
	// Translations say where the texts of other languages are.
	Translations Translations `json:"translations,omitzero"`
	// RegionBaseURLs are complete base URLs by realm, such as "EU": at the
	// first installation the host takes the one of the product's realm in
	// place of BaseURL.
	RegionBaseURLs map[string]string `json:"regionBaseUrls,omitzero"`
	// DataResidency holds the terms of a move between realms.
	DataResidency DataResidency `json:"dataResidency,omitzero"`
	// CloudAppMigration is for data that comes from a self-managed product.
	CloudAppMigration CloudAppMigration `json:"cloudAppMigration,omitzero"`
	// EditionsEnabled says that the app has editions, standard and advanced.
	EditionsEnabled bool `json:"editionsEnabled,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Vendor says who makes the app.
type Vendor struct {
	// Name has at most 100 characters.
	Name string `json:"name,omitzero" connect:"max=100"`
	// URL is the vendor's address, http or https, at most 200 characters.
	URL string `json:"url,omitzero" connect:"max=200"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// AuthType says how a host and the app prove who they are. The host takes
// the words in all-lower and in all-upper case.
type AuthType string

// The types of authentication.
const (
	// AuthJWT is a shared secret and tokens made with it. The app must then
	// have an installed callback.
	AuthJWT AuthType = "jwt"
	// AuthNone means no app user, no secret and no tokens.
	AuthNone AuthType = "none"
)

func (AuthType) words() []string { return []string{"jwt", "none"} }

// Authentication says how the host and the app know each other.
type Authentication struct {
	// Type is AuthJWT when it is absent.
	Type AuthType `json:"type,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// UsesJWT reports whether the host signs its requests with a shared secret:
// the type is jwt, or absent, which means the same.
func (a Authentication) UsesJWT() bool {
	return a.Type == "" || strings.EqualFold(string(a.Type), string(AuthJWT))
}

// Lifecycle names the callbacks of installation: URLs relative to the base
// URL, to which the host posts. An empty one is not called.
type Lifecycle struct {
	// Installed is called when the app is installed or upgraded, when its
	// secret changes and when the site's address changes.
	Installed string `json:"installed,omitzero" connect:"url=lifecycle"`
	// Uninstalled is called when the app has been removed.
	Uninstalled string `json:"uninstalled,omitzero" connect:"url=lifecycle"`
	// Enabled is called after an installation, and when an administrator
	// enables the app.
	Enabled string `json:"enabled,omitzero" connect:"url=lifecycle"`
	// Disabled is called when an administrator disables the app, and at an
	// uninstallation.
	Disabled string `json:"disabled,omitzero" connect:"url=lifecycle"`
	// DareMigration is the path below which the host calls schedule, start,
	// status, commit and rollback when a site moves to another realm.
	DareMigration string `json:"dare-migration,omitzero" connect:"url=lifecycle"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// APIMigrations are the opt-ins to changes of the protocol. A nil field is
// absent from the document; WithDefaults makes it true.
type APIMigrations struct {
	// SignedInstall asks for installed and uninstalled callbacks signed with
	// the host's own key.
	SignedInstall *bool `json:"signed-install,omitzero"`
	// GDPR asks for account ids in place of user keys and user names.
	GDPR *bool `json:"gdpr,omitzero"`
	// ContextQSH asks for context tokens that say so: their query string
	// hash is the text context-qsh.
	ContextQSH *bool `json:"context-qsh,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (m *APIMigrations) fill() {
	for _, field := range []**bool{&m.SignedInstall, &m.GDPR, &m.ContextQSH} {
		if *field == nil {
			*field = new(true)
		}
	}
}

// Translations say where the texts of other languages are.
type Translations struct {
	// Paths are URLs, relative to the base URL or absolute, by locale such
	// as de-DE.
	Paths map[string]string `json:"paths,omitzero" connect:"url=asset,anywhere"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// DataResidency holds the terms of a move between realms.
type DataResidency struct {
	// MaxMigrationDurationHours is the longest time, in hours, that the app
	// needs for a move.
	MaxMigrationDurationHours float64 `json:"maxMigrationDurationHours,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// CloudAppMigration is for data that comes from a self-managed product.
type CloudAppMigration struct {
	// MigrationWebhookPath is the URL, relative to the base URL, to which
	// the host posts the events of a migration.
	MigrationWebhookPath string `json:"migrationWebhookPath,omitzero" connect:"url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// Clone returns a copy that shares nothing with a. The clone of a nil App is
// nil.
func (a *App) Clone() *App { return clone(a) }

// WithBaseURL returns a copy of a with another base URL, for an app that is
// reached under several. Slashes at the end are taken off, because relative
// URLs begin with one. URLs in a that are absolute stay what they are.
func (a *App) WithBaseURL(baseURL string) *App {
	c := a.Clone()
	c.BaseURL = strings.TrimRight(baseURL, "/")
	return c
}

// WithDefaults returns a copy of a as it is served: authentication by jwt if
// nothing else is said, and every known opt-in of APIMigrations that is nil
// set to true. What a sets explicitly stays.
func (a *App) WithDefaults() *App {
	c := a.Clone()
	if c.Authentication.Type == "" {
		c.Authentication.Type = AuthJWT
	}
	c.APIMigrations.fill()
	return c
}
