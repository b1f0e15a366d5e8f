package devhost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Install fetches the descriptor at descriptorURL, judges it and installs the
// app: it posts installed, signed RS256, and when the app answered 200 or 204
// makes the app enabled and posts enabled. Any other answer undoes the install
// and is returned as a *CallbackError. An app that is installed already is
// upgraded: same client key, new secret. The answer to enabled does not matter
// to the install; it is in Deliveries.
func (h *Host) Install(ctx context.Context, descriptorURL string) (Installation, error) {
	if h.dc != nil {
		return Installation{}, errNoConnect
	}
	h.events.Lock()
	defer h.events.Unlock()
	m, err := h.fetchManifest(ctx, descriptorURL)
	if err != nil {
		return Installation{}, err
	}
	return h.install(ctx, m, descriptorURL)
}

// Upgrade fetches the descriptor of an installed app anew and installs it again
// as Install does.
func (h *Host) Upgrade(ctx context.Context, appKey string) (Installation, error) {
	inst, ok := h.Installation(appKey)
	if !ok || inst.DescriptorURL == "" {
		return Installation{}, fmt.Errorf("devhost: app %q is not installed from a descriptor URL", appKey)
	}
	return h.Install(ctx, inst.DescriptorURL)
}

// Adopt installs the app with this descriptor without telling it: nothing is
// sent. Tests use it to make requests of an app they have given the secret in
// another way.
func (h *Host) Adopt(descriptor []byte) (Installation, error) {
	if h.dc != nil {
		return Installation{}, errNoConnect
	}
	h.events.Lock()
	defer h.events.Unlock()
	m, err := parseManifest(descriptor)
	if err != nil {
		return Installation{}, fmt.Errorf("devhost: %w", err)
	}
	if h.URL() == "" {
		return Installation{}, errNoURL
	}
	h.begin(m, "")
	return h.commit(m.Key, newSecret()), nil
}

var errNoURL = errors.New("devhost: the host has no URL yet: set Config.URL or call Start")

func (h *Host) fetchManifest(ctx context.Context, descriptorURL string) (*manifest, error) {
	if h.URL() == "" {
		return nil, errNoURL
	}
	u, err := url.Parse(descriptorURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("devhost: descriptor URL %q is not an http or https address", descriptorURL)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, descriptorURL, nil)
	if err != nil {
		return nil, fmt.Errorf("devhost: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", userAgent)
	resp, err := h.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("devhost: descriptor: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("devhost: descriptor %s: status %d, want 200", u.Redacted(), resp.StatusCode)
	}
	b, err := readLimited(resp.Body, maxDescriptor)
	if err != nil {
		return nil, fmt.Errorf("devhost: descriptor %s: %w", u.Redacted(), err)
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, fmt.Errorf("devhost: descriptor %s: %w", u.Redacted(), err)
	}
	return m, nil
}

// install needs h.events.
func (h *Host) install(ctx context.Context, m *manifest, descriptorURL string) (Installation, error) {
	restore := h.begin(m, descriptorURL)
	inst, err := h.handshake(ctx, m.Key)
	if err != nil {
		restore()
		return Installation{}, err
	}
	return inst, nil
}

// handshake posts installed with a new secret and, when the app took it, makes
// that secret the one in force and posts enabled.
func (h *Host) handshake(ctx context.Context, appKey string) (Installation, error) {
	secret := newSecret()
	h.offer(appKey, secret)
	if err := h.sendEvent(ctx, appKey, "installed", secret); err != nil {
		h.offer(appKey, "")
		return Installation{}, err
	}
	h.commit(appKey, secret)
	h.notify(ctx, appKey, "enabled")
	inst, _ := h.Installation(appKey)
	return inst, nil
}

// begin writes the new state of an app before it is told, as the real host does,
// and returns what puts the former state back.
func (h *Host) begin(m *manifest, descriptorURL string) (restore func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[m.Key]
	if a == nil {
		a = h.newTenant(m)
		h.apps[m.Key] = a
	}
	before := *a
	a.adopt(m, h.baseURL)
	a.DescriptorURL = descriptorURL
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		iat := a.lastIAT
		*a = before
		a.lastIAT = iat
	}
}

// offer sets the secret that is valid beside the one in force while an installed
// event is under way: the app may use it before the host has seen its answer.
func (h *Host) offer(appKey, secret string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.apps[appKey].pending = secret
}

func (h *Host) commit(appKey, secret string) Installation {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	a.SharedSecret, a.pending = secret, ""
	a.installed, a.Enabled = true, true
	return a.snapshot()
}

// Rotate gives the app a new shared secret by an installed event. When the app
// refuses, the old secret stays in force and the error is a *CallbackError.
func (h *Host) Rotate(ctx context.Context, appKey string) (Installation, error) {
	h.events.Lock()
	defer h.events.Unlock()
	if _, _, err := h.view(appKey); err != nil {
		return Installation{}, err
	}
	return h.handshake(ctx, appKey)
}

// Rename gives the site another base URL, such as "http://localhost:8090", and
// tells every installed app by an installed event with the same client key. The
// site answers at its former address too. The error joins the *CallbackError of
// every app that refused; those keep their former record.
func (h *Host) Rename(ctx context.Context, baseURL string) error {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || (u.Path != "" && u.Path != "/") {
		return fmt.Errorf("devhost: base URL %q is not an http or https address without a path", baseURL)
	}
	h.events.Lock()
	defer h.events.Unlock()
	h.mu.Lock()
	h.baseURL = u.Scheme + "://" + u.Host + h.contextPath()
	h.mu.Unlock()
	var errs []error
	for _, inst := range h.Installations() {
		_, m, err := h.view(inst.AppKey)
		if err == nil {
			_, err = h.install(ctx, m, inst.DescriptorURL)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Import replaces the site by an imported one: the app is told by an installed
// event with a new client key and the same base URL, and no uninstalled is sent
// for the old tenant. App properties are gone, users and issues stay.
func (h *Host) Import(ctx context.Context, appKey string) (Installation, error) {
	h.events.Lock()
	defer h.events.Unlock()
	inst, m, err := h.view(appKey)
	if err != nil {
		return Installation{}, err
	}
	h.mu.Lock()
	before := h.apps[appKey]
	fresh := h.newTenant(m)
	fresh.Licensed = inst.Licensed
	h.apps[appKey] = fresh
	h.mu.Unlock()
	imported, err := h.install(ctx, m, inst.DescriptorURL)
	if err != nil {
		h.mu.Lock()
		h.apps[appKey] = before
		h.mu.Unlock()
	}
	return imported, err
}

// Enable makes a disabled app enabled and tells it. What the app answers does
// not matter to the host; it is in Deliveries.
func (h *Host) Enable(ctx context.Context, appKey string) error {
	return h.toggle(ctx, appKey, true, "enabled")
}

// Disable makes an app disabled and tells it, as Enable does. A disabled app
// keeps its installation, and its calls are refused save for those about itself.
func (h *Host) Disable(ctx context.Context, appKey string) error {
	return h.toggle(ctx, appKey, false, "disabled")
}

func (h *Host) toggle(ctx context.Context, appKey string, enabled bool, event string) error {
	h.events.Lock()
	defer h.events.Unlock()
	h.mu.Lock()
	a, err := h.installedApp(appKey)
	if err == nil {
		a.Enabled = enabled
	}
	h.mu.Unlock()
	if err != nil {
		return err
	}
	h.notify(ctx, appKey, event)
	return nil
}

// Uninstall removes an app. disabled and uninstalled are sent at the same time,
// as the real host does, so they arrive in any order. What the app answers
// changes nothing; it is in Deliveries.
func (h *Host) Uninstall(ctx context.Context, appKey string) error {
	h.events.Lock()
	defer h.events.Unlock()
	if _, _, err := h.view(appKey); err != nil {
		return err
	}
	var both sync.WaitGroup
	for _, event := range []string{"disabled", "uninstalled"} {
		both.Go(func() { h.notify(ctx, appKey, event) })
	}
	both.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	a.installed, a.Enabled = false, false
	clear(a.properties)
	h.tokens.drop(func(t accessToken) bool { return t.appKey == appKey })
	h.retries = slices.DeleteFunc(h.retries, func(d *delivery) bool { return d.appKey == appKey })
	return nil
}
