package descriptor

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Validate names everything in the document that a host would refuse, and what
// works in a way that is hardly meant, as far as this package knows; see the
// rules. All of it at once: Findings.Err is the error of those that a host
// would refuse. The limits are those of the schemas that Atlassian publishes.
// The base URL must be set, see WithBaseURL.
//
// The product is the one that the document is for. An empty one is found by
// App.Product; if there are kinds of modules of both, it is that of the first.
// While it stays empty, what only one product has is right.
func (a *App) Validate(p Product) Findings {
	c := &checker{app: a, shapes: shapes(), keys: map[string]placed{}, bound: map[string]bound{}}
	p = Product(strings.ToLower(string(p)))
	if p != "" && !lists(p.words(), string(p)) {
		c.add("", RuleProduct, string(p), "cannot be for %q: the products are jira and confluence", string(p))
		p = ""
	}
	c.product = cmp.Or(p, a.Product(), a.Modules.first())
	c.structure("", reflect.ValueOf(a).Elem())
	c.resolve()
	return c.findings
}

func (a *App) check(c *checker, _ string) {
	c.baseURL("baseUrl", a.BaseURL)
	if n := len(a.Key); n > 64 && n <= 80 {
		c.warn("key", RuleLength, a.Key, "has %d characters, and some pages of Atlassian's say that at most 64 are allowed", n)
	}
	if a.Name == "" {
		c.warn("name", RuleMarketplace, "", "is missing: the Marketplace asks for one")
	}
	if u := a.Vendor.URL; strings.Contains(u, ":") && !isHTTP(u) {
		c.add("vendor.url", RuleURL, u, "must begin with https:// or http://")
	}
	if a.Authentication.Type == "" {
		c.add("authentication", RuleRequired, "", `is missing: the host asks for {"type": "jwt"}`)
	}
	if a.APIVersion < 0 {
		c.add("apiVersion", RuleWord, "", "must not be negative")
	}
	if a.Authentication.UsesJWT() && a.Lifecycle.Installed == "" {
		c.add("lifecycle.installed", RuleInstalled, "",
			"is missing: with authentication of type jwt the host sends the secret there")
	}
	a.checkScopes(c)
	a.checkMigrations(c)
	a.checkResidency(c)
}

func (a *App) checkScopes(c *checker) {
	seen := map[Scope]bool{}
	for i, s := range a.Scopes {
		at := index("scopes", i)
		switch p := s.product(); {
		case !s.known():
			c.add(at, RuleWord, string(s), "%q is none of %s%s", string(s), strings.Join(scopeWords, ", "), c.suggest(string(s), scopeWords))
		case p != "" && c.product != "" && p != c.product:
			c.add(at, RuleProduct, string(s), "%s is a scope of %s, and the document is for %s", s, p, c.product)
		case seen[s.normal()]:
			c.warn(at, RuleUnique, string(s), "%s is there already", s)
		case s.normal() == None && len(a.Scopes) > 1:
			c.warn(at, RuleRedundant, string(s), "NONE means nothing beside other scopes")
		}
		seen[s.normal()] = true
	}
	if len(a.Modules.Webhooks) > 0 && !a.Scopes.Allow(Read) {
		c.add("scopes", RuleScope, "", "must have READ, or a scope that implies it, for modules.webhooks")
	}
}

// checkMigrations looks at the opt-ins that hosts came to insist on. One that
// is off is as good as one that is missing.
func (a *App) checkMigrations(c *checker) {
	if !a.Authentication.UsesJWT() {
		return
	}
	for _, m := range []struct {
		name, why string
		value     *bool
	}{
		{"signed-install", "hosts sign installs since October 2021 in any case", a.APIMigrations.SignedInstall},
		{"gdpr", "hosts send account ids in any case", a.APIMigrations.GDPR},
		{"context-qsh", "hosts insist on it since June 2021", a.APIMigrations.ContextQSH},
	} {
		at := join("apiMigrations", m.name)
		switch {
		case m.value == nil:
			c.warn(at, RuleMigration, "", "is missing, and should be true: %s", m.why)
		case !*m.value:
			c.warn(at, RuleMigration, "false", "should be true: %s", m.why)
		}
	}
}

// realms are the regions of Atlassian's data residency.
var realms = []string{"EU", "US", "AU", "DE", "SG", "CA", "IN", "KR", "JP", "GB", "CH"}

func (a *App) checkResidency(c *checker) {
	for _, realm := range slices.Sorted(maps.Keys(a.RegionBaseURLs)) {
		at, base := join("regionBaseUrls", realm), a.RegionBaseURLs[realm]
		if !slices.Contains(realms, realm) {
			c.warn(at, RuleResidency, realm, "%q is none of the realms %s%s", realm, strings.Join(realms, ", "), c.suggest(realm, realms))
		}
		c.required(at, base)
		c.length(at, base, 200)
		c.baseURL(at, base)
	}
	hours := a.DataResidency.MaxMigrationDurationHours
	switch moves := a.Lifecycle.DareMigration != ""; {
	case hours < 0:
		c.add("dataResidency.maxMigrationDurationHours", RuleResidency, "", "must not be negative")
	case hours > 0 && !moves:
		c.warn(`lifecycle["dare-migration"]`, RuleResidency, "", "is missing: dataResidency gives the terms of moves that the host has no way to ask for")
	case moves && hours == 0:
		c.warn("dataResidency.maxMigrationDurationHours", RuleResidency, "", `is missing: lifecycle["dare-migration"] says that the app moves between realms`)
	}
	if a.Lifecycle.DareMigration != "" && len(a.RegionBaseURLs) == 0 {
		c.warn("regionBaseUrls", RuleResidency, "", `is missing: lifecycle["dare-migration"] says that the app moves between realms`)
	}
}

var localePattern = regexp.MustCompile(`^[a-z]{2,3}-[A-Z]{2}$`)

func (t *Translations) check(c *checker, path string) {
	for _, locale := range slices.Sorted(maps.Keys(t.Paths)) {
		if !localePattern.MatchString(locale) {
			c.warn(join(join(path, "paths"), locale), RulePattern, locale, "%q is not a locale such as de-DE", locale)
		}
	}
}

func (APIMigrations) closed()     {}
func (Page) closed()              {}
func (AdminPage) closed()         {}
func (AutomationWebhook) closed() {}
func (AutomationForm) closed()    {}
func (GatingCallback) closed()    {}
func (PortalIcon) closed()        {}

// check checks the modules themselves; the tags of Modules say nothing.
func (m *Modules) check(c *checker, path string) {
	m.each(func(k kind, at string, v reflect.Value) {
		c.kind, c.own = k, nil
		if own, ok := v.Addr().Interface().(interface{ variables() []string }); ok {
			c.own = own.variables()
		}
		if k.product != "" && k.product != c.product {
			c.add(at, RuleProduct, "", "is a kind of module of %s, and the document is for %s", k.product, c.product)
		}
		c.key(k, join(at, "key"), moduleKey(v))
		c.structure(at, v)
	})
	c.kind, c.own = kind{}, nil
	for _, name := range slices.Sorted(maps.Keys(m.Extra)) {
		for _, k := range foreignKeys(join(path, name), m.Extra[name]) {
			c.unique(name, k.path, k.key)
		}
	}
}

// key checks the key of a module. Connect knows none of a webhook, and takes
// there whatever a document has.
func (c *checker) key(k kind, path, key string) {
	switch {
	case k.name == "webhooks" && key != "" && !forms["key"].pattern.MatchString(key):
		c.warn(path, RulePattern, key, "%q should be %s", key, forms["key"].words)
	case k.name == "webhooks":
	case key == "":
		c.required(path, key)
	default:
		c.form(path, key, forms["key"])
		c.unique(k.name, path, key)
	}
}

// first is the product of the first kind that belongs to one alone.
func (m *Modules) first() Product {
	for k := range m.used() {
		if k.product != "" {
			return k.product
		}
	}
	return ""
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
