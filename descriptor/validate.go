package descriptor

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// Validate names everything in the document that a host would refuse, as far
// as this package knows: missing members, lengths, patterns, words that are
// none of a closed set, URLs, keys that are used twice, authentication without
// an installed callback, and webhooks without the scope READ. The limits are
// those of the schemas that Atlassian publishes. The base URL must be set, see
// WithBaseURL.
//
// It returns nil, or an error of type Findings with all faults at once.
func (a *App) Validate() error {
	c := &checker{keys: map[string]string{}}
	a.checkTop(c)
	a.checkAuthentication(c)
	a.checkScopes(c)
	a.checkModules(c)
	a.checkOtherURLs(c)
	if len(c.findings) == 0 {
		return nil
	}
	return c.findings
}

func (a *App) checkTop(c *checker) {
	c.required("key", a.Key)
	c.length("key", a.Key, 80)
	c.pattern("key", a.Key, appKeyPattern)
	c.length("name", a.Name, 80)
	c.length("description", a.Description, 1400)
	c.required("baseUrl", a.BaseURL)
	c.length("baseUrl", a.BaseURL, 200)
	c.baseURL("baseUrl", a.BaseURL)
	c.length("vendor.name", a.Vendor.Name, 100)
	c.length("vendor.url", a.Vendor.URL, 200)
	if u := a.Vendor.URL; strings.Contains(u, ":") && !isHTTP(u) {
		c.add("vendor.url", RuleURL, u, "must begin with https:// or http://")
	}
}

func (a *App) checkAuthentication(c *checker) {
	c.word("authentication.type", string(a.Authentication.Type), authTypes...)
	if a.Authentication.UsesJWT() && a.Lifecycle.Installed == "" {
		c.add("lifecycle.installed", RuleInstalled, "",
			"is missing: with authentication of type jwt the host sends the secret there")
	}
	for _, cb := range a.Lifecycle.callbacks() {
		c.relative(join("lifecycle", cb.event), cb.url)
	}
	c.relative(join("lifecycle", "dare-migration"), a.Lifecycle.DareMigration)
}

func (a *App) checkScopes(c *checker) {
	for i, s := range a.Scopes {
		if !s.known() {
			c.add(index("scopes", i), RuleWord, string(s), "%q is none of %s", s, wordList(scopeWords))
		}
	}
	if len(a.Modules.Webhooks) > 0 && !a.Scopes.Allow(Read) {
		c.add("scopes", RuleScope, "", "must have READ, or a scope that implies it, for modules.webhooks")
	}
}

func (a *App) checkModules(c *checker) {
	a.Modules.each(func(kind, path string, mod module) {
		// Atlassian's schema asks for no key here, and older documents have none.
		if kind != "webhooks" {
			c.required(join(path, "key"), mod.moduleKey())
		}
		c.pattern(join(path, "key"), mod.moduleKey(), moduleKeyPattern)
		c.unique(join(path, "key"), mod.moduleKey())
		mod.check(c, path)
	})
	for _, name := range slices.Sorted(maps.Keys(a.Modules.Extra)) {
		for _, k := range foreignKeys(join("modules", name), a.Modules.Extra[name]) {
			c.unique(k.path, k.key)
		}
	}
}

func (a *App) checkOtherURLs(c *checker) {
	for _, locale := range slices.Sorted(maps.Keys(a.Translations.Paths)) {
		c.anyURL(join("translations.paths", locale), a.Translations.Paths[locale])
	}
	for _, realm := range slices.Sorted(maps.Keys(a.RegionBaseURLs)) {
		at := join("regionBaseUrls", realm)
		c.required(at, a.RegionBaseURLs[realm])
		c.baseURL(at, a.RegionBaseURLs[realm])
	}
	c.relative("cloudAppMigration.migrationWebhookPath", a.CloudAppMigration.MigrationWebhookPath)
}

// foreignKey is the key of a module of a kind that this package does not know.
type foreignKey struct{ path, key string }

// foreignKeys finds the keys of such modules, one object or an array of them.
// What has another shape has no keys.
func foreignKeys(path string, raw json.RawMessage) []foreignKey {
	type keyed struct {
		Key string `json:"key"`
	}
	var one keyed
	if unmarshal(raw, &one) == nil {
		return []foreignKey{{join(path, "key"), one.Key}}
	}
	var many []json.RawMessage
	if unmarshal(raw, &many) != nil {
		return nil
	}
	keys := make([]foreignKey, 0, len(many))
	for i, item := range many {
		var one keyed
		if unmarshal(item, &one) == nil {
			keys = append(keys, foreignKey{join(index(path, i), "key"), one.Key})
		}
	}
	return keys
}

// baseURL checks a URL that relative ones are appended to. An empty one is
// another rule's concern.
func (c *checker) baseURL(path, raw string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		c.add(path, RuleURL, raw, "must be an absolute URL such as https://app.example.com")
	case u.User != nil || strings.ContainsAny(raw, "?#{}"):
		c.add(path, RuleURL, raw, "must have no user, query, fragment or variable")
	case u.Scheme == "https", u.Scheme == "http" && loopback.Host(u.Hostname()):
	case u.Scheme == "http":
		c.add(path, RuleHTTPS, raw, "must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])")
	default:
		c.add(path, RuleHTTPS, raw, "must be https")
	}
}
