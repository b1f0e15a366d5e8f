package devhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxDescriptor is the longest descriptor read, in bytes.
const maxDescriptor = 1 << 20

// manifest is what this host reads of an app's descriptor.
type manifest struct {
	Key            string `json:"key"`
	Name           string `json:"name"`
	Description    string `json:"description"`
	BaseURL        string `json:"baseUrl"`
	Authentication struct {
		Type string `json:"type"`
	} `json:"authentication"`
	Lifecycle struct {
		Installed   string `json:"installed"`
		Enabled     string `json:"enabled"`
		Disabled    string `json:"disabled"`
		Uninstalled string `json:"uninstalled"`
	} `json:"lifecycle"`
	Scopes          []string                   `json:"scopes"`
	EnableLicensing bool                       `json:"enableLicensing"`
	Modules         map[string]json.RawMessage `json:"modules"`

	modules []module
}

// module is one module of any kind; members a kind does not have stay empty.
type module struct {
	Kind string `json:"-"`
	Key  string `json:"key"`
	Name struct {
		Value string `json:"value"`
	} `json:"name"`
	URL         string `json:"url"`
	Location    any    `json:"location"`
	Cacheable   bool   `json:"cacheable"`
	Event       string `json:"event"`
	Filter      string `json:"filter"`
	ExcludeBody bool   `json:"excludeBody"`
	Target      struct {
		URL string `json:"url"`
	} `json:"target"`
}

// page is the URL the module shows in a frame, empty when it shows none.
func (m *module) page() string {
	if m.URL != "" {
		return m.URL
	}
	return m.Target.URL
}

func (m *module) title() string {
	if m.Name.Value != "" {
		return m.Name.Value
	}
	return m.Key
}

// parseManifest reads and judges a descriptor as a host does when the app is
// installed. Every fault is named, not just the first.
func parseManifest(b []byte) (*manifest, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("the descriptor is not valid JSON of its shape: %w", err)
	}
	m.BaseURL = strings.TrimSuffix(m.BaseURL, "/")
	err := errors.Join(m.checkIdentity(), m.checkLifecycle(), m.checkScopes(), m.readModules())
	if err != nil {
		return nil, err
	}
	return &m, nil
}

func (m *manifest) checkIdentity() error {
	var errs []error
	if !regexp.MustCompile(`^[a-zA-Z0-9._-]{1,80}$`).MatchString(m.Key) {
		errs = append(errs, fmt.Errorf("key %q: want 1 to 80 letters, digits, '.', '_' or '-'", m.Key))
	}
	u, err := url.Parse(m.BaseURL)
	switch {
	case m.BaseURL == "":
		errs = append(errs, errors.New("baseUrl is missing"))
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "":
		errs = append(errs, fmt.Errorf("baseUrl %q is not an http or https address", m.BaseURL))
	case len(m.BaseURL) > 200:
		errs = append(errs, errors.New("baseUrl is longer than 200 characters"))
	}
	if t := m.Authentication.Type; !strings.EqualFold(t, "jwt") {
		errs = append(errs, fmt.Errorf("authentication.type is %q: this host installs apps with \"jwt\" only", t))
	}
	return errors.Join(errs...)
}

func (m *manifest) checkLifecycle() error {
	var errs []error
	if m.Lifecycle.Installed == "" {
		errs = append(errs, errors.New("lifecycle.installed is missing: an app with authentication jwt must have it"))
	}
	for _, c := range []struct{ event, path string }{
		{"installed", m.Lifecycle.Installed}, {"enabled", m.Lifecycle.Enabled},
		{"disabled", m.Lifecycle.Disabled}, {"uninstalled", m.Lifecycle.Uninstalled},
	} {
		if c.path == "" {
			continue
		}
		if _, err := url.Parse(c.path); err != nil || !strings.HasPrefix(c.path, "/") || strings.HasPrefix(c.path, "//") {
			errs = append(errs, fmt.Errorf("lifecycle.%s %q is not a path that starts with a slash", c.event, c.path))
		}
	}
	return errors.Join(errs...)
}

func (m *manifest) checkScopes() error {
	var errs []error
	for i, s := range m.Scopes {
		up := strings.ToUpper(s)
		if _, ok := scopeRank[up]; !ok || (s != up && s != strings.ToLower(s)) {
			errs = append(errs, fmt.Errorf("scopes: %q is not a scope", s))
		}
		m.Scopes[i] = up
	}
	slices.Sort(m.Scopes)
	m.Scopes = slices.Compact(m.Scopes)
	return errors.Join(errs...)
}

// readModules takes each kind as one object or as a list of them, since both
// occur for the same kind.
func (m *manifest) readModules() error {
	var errs []error
	seen := make(map[string]bool)
	for kind, raw := range m.Modules {
		list, err := readModuleList(raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("modules.%s: %w", kind, err))
			continue
		}
		for _, mod := range list {
			mod.Kind = kind
			if mod.Key != "" && seen[mod.Key] {
				errs = append(errs, fmt.Errorf("modules.%s: key %q is used twice", kind, mod.Key))
			}
			seen[mod.Key] = true
			errs = append(errs, m.checkModule(&mod))
			m.modules = append(m.modules, mod)
		}
	}
	slices.SortStableFunc(m.modules, func(a, b module) int { return strings.Compare(a.Kind, b.Kind) })
	return errors.Join(errs...)
}

func readModuleList(raw json.RawMessage) ([]module, error) {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		var list []module
		err := json.Unmarshal(raw, &list)
		return list, err
	}
	var one module
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, err
	}
	return []module{one}, nil
}

func (m *manifest) checkModule(mod *module) error {
	if mod.Kind != "webhooks" {
		return nil
	}
	var errs []error
	if mod.Event == "" || !strings.HasPrefix(mod.URL, "/") {
		errs = append(errs, fmt.Errorf("modules.webhooks: a webhook needs an event and a url that starts with a slash (event %q, url %q)", mod.Event, mod.URL))
	}
	if mod.Filter != "" {
		if _, err := parseJQL(mod.Filter); err != nil {
			errs = append(errs, fmt.Errorf("modules.webhooks: filter of %s: %w", mod.Event, err))
		}
	}
	if !grants(m.Scopes, "READ") {
		errs = append(errs, errors.New("modules.webhooks: webhooks need the scope READ"))
	}
	return errors.Join(errs...)
}

// find returns the module with a key.
func (m *manifest) find(key string) (*module, bool) {
	i := slices.IndexFunc(m.modules, func(mod module) bool { return mod.Key == key && mod.Kind != "webhooks" })
	if i < 0 {
		return nil, false
	}
	return &m.modules[i], true
}
