package devhost

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/descriptor"
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
	// Name is a text with its translations in most kinds, and a word in others.
	Name        json.RawMessage `json:"name"`
	URL         string          `json:"url"`
	Location    any             `json:"location"`
	Cacheable   bool            `json:"cacheable"`
	Event       string          `json:"event"`
	Filter      string          `json:"filter"`
	ExcludeBody bool            `json:"excludeBody"`
	Target      struct {
		URL string `json:"url"`
	} `json:"target"`
}

// page is the URL the module shows in a frame, empty when it shows none.
func (m *module) page() string {
	return slashed(cmp.Or(m.URL, m.Target.URL))
}

// slashed puts the slash in front of a relative URL that lacks it, as hosts do.
func slashed(url string) string {
	if url == "" || strings.HasPrefix(url, "/") || strings.Contains(url, "://") {
		return url
	}
	return "/" + url
}

func (m *module) title() string {
	var name struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(m.Name, &name) != nil || name.Value == "" {
		return m.Key
	}
	return name.Value
}

// parseManifest reads and judges a descriptor as a host does when the app is
// installed. Every fault is named, not just the first.
func parseManifest(b []byte) (*manifest, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	app, err := descriptor.Parse(b)
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("the descriptor is not valid JSON of its shape: %w", err)
	}
	m.BaseURL = strings.TrimSuffix(m.BaseURL, "/")
	for _, callback := range []*string{&m.Lifecycle.Installed, &m.Lifecycle.Enabled, &m.Lifecycle.Disabled, &m.Lifecycle.Uninstalled} {
		*callback = slashed(*callback)
	}
	if err := errors.Join(refused(app), m.checkAuthentication(), m.readModules()); err != nil {
		return nil, err
	}
	m.Scopes = nil
	for _, s := range app.Scopes {
		m.Scopes = append(m.Scopes, strings.ToUpper(string(s)))
	}
	slices.Sort(m.Scopes)
	m.Scopes = slices.Compact(m.Scopes)
	return &m, nil
}

// refused is what Jira would refuse in a descriptor. An app beside this host
// may do without https.
func refused(app *descriptor.App) error {
	return slices.DeleteFunc(app.Validate(descriptor.Jira), func(f *descriptor.Finding) bool {
		return f.Rule == descriptor.RuleHTTPS && f.Path == "baseUrl" && strings.HasPrefix(strings.ToLower(app.BaseURL), "http://")
	}).Err()
}

func (m *manifest) checkAuthentication() error {
	if t := m.Authentication.Type; !strings.EqualFold(t, "jwt") {
		return fmt.Errorf("authentication.type is %q: this host installs apps with \"jwt\" only", t)
	}
	return nil
}

// readModules takes each kind as one object or as a list of them, since both
// occur for the same kind.
func (m *manifest) readModules() error {
	var errs []error
	for kind, raw := range m.Modules {
		list, err := readModuleList(raw)
		if err != nil {
			errs = append(errs, fmt.Errorf("modules.%s: %w", kind, err))
			continue
		}
		for _, mod := range list {
			mod.Kind = kind
			errs = append(errs, mod.checkFilter())
			m.modules = append(m.modules, mod)
		}
	}
	slices.SortStableFunc(m.modules, func(a, b module) int { return strings.Compare(a.Kind, b.Kind) })
	return errors.Join(errs...)
}

func readModuleList(raw json.RawMessage) ([]module, error) {
	switch raw = bytes.TrimSpace(raw); {
	case bytes.HasPrefix(raw, []byte("[")):
		var list []module
		err := json.Unmarshal(raw, &list)
		return list, err
	case !bytes.HasPrefix(raw, []byte("{")):
		return nil, nil // a kind that this host does not know
	}
	var one module
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, err
	}
	return []module{one}, nil
}

// checkFilter finds a webhook's filter that this host cannot evaluate.
func (m *module) checkFilter() error {
	if m.Kind != "webhooks" || m.Filter == "" {
		return nil
	}
	if _, err := parseJQL(m.Filter); err != nil {
		return fmt.Errorf("modules.webhooks: filter of %s: %w", m.Event, err)
	}
	return nil
}

// find returns the module with a key.
func (m *manifest) find(key string) (*module, bool) {
	i := slices.IndexFunc(m.modules, func(mod module) bool { return mod.Key == key && mod.Kind != "webhooks" })
	if i < 0 {
		return nil, false
	}
	return &m.modules[i], true
}
