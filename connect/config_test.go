package connect_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*connect.Config)
		want   string
	}{
		{"no descriptor", func(c *connect.Config) { c.Descriptor = nil }, "no descriptor"},
		{"no store", func(c *connect.Config) { c.Store = nil }, "no store"},
		{"no key", func(c *connect.Config) { c.Descriptor = &descriptor.App{} }, "app key is empty"},
		{"no base URL", func(c *connect.Config) { c.BaseURL = "" }, "BaseURL"},
		{"base URL with a variable", func(c *connect.Config) { c.BaseURL = "https://app.example.com/{x}" }, "plain path"},
		{"base URL with an escape", func(c *connect.Config) { c.BaseURL = "https://app.example.com/a%20b" }, "plain path"},
		{"base URL with dots", func(c *connect.Config) { c.BaseURL = "https://app.example.com/a/../b" }, "plain path"},
		{"base URL with two slashes", func(c *connect.Config) { c.BaseURL = "https://app.example.com//a" }, "plain path"},
		{"unsigned installs", func(c *connect.Config) { c.Descriptor.APIMigrations.SignedInstall = new(false) }, "signed-install"},
		{"context tokens without a mark", func(c *connect.Config) { c.Descriptor.APIMigrations.ContextQSH = new(false) }, "context-qsh"},
		{"no authentication", func(c *connect.Config) { c.Descriptor.Authentication.Type = descriptor.AuthNone }, "authentication"},
		{"script without a host", func(c *connect.Config) { c.AllJSURL = "foo bar" }, "AllJSURL"},
		{"script that is code", func(c *connect.Config) { c.AllJSURL = "javascript:alert(1)" }, "AllJSURL"},
		{"script by http", func(c *connect.Config) { c.AllJSURL = "http://cdn.example/all.js" }, "AllJSURL"},
		{"two events at one path", func(c *connect.Config) {
			c.Descriptor.Lifecycle = descriptor.Lifecycle{Installed: "/event", Uninstalled: "/event"}
		}, "opened twice, by lifecycle and by lifecycle"},
		{"an event at a path of the app", func(c *connect.Config) { c.Descriptor.Lifecycle.Installed = "/healthz" }, "opened twice"},
		{"an event below another base URL", func(c *connect.Config) {
			c.OtherBaseURLs = []string{"https://eu.example.com/eu"}
			c.Descriptor.Lifecycle.Installed = "/eu/installed"
		}, "lies below /eu"},
		{"negative patience", func(c *connect.Config) { c.StopDelay = -1 }, "StopDelay"},
		{"plain http", func(c *connect.Config) { c.BaseURL = "http://app.example.com" }, "not https"},
		{"other plain http", func(c *connect.Config) { c.OtherBaseURLs = []string{"http://x.example"} }, "not https"},
		{"regional plain http", func(c *connect.Config) {
			c.Descriptor.RegionBaseURLs = map[string]string{"EU": "http://x.example"}
		}, "regionBaseUrls.EU"},
		{"unknown environment", func(c *connect.Config) { c.Environment = "moon" }, `"moon"`},
		{"plain key server", func(c *connect.Config) { c.InstallKeysURLs = []string{"http://keys.example"} }, "not https"},
		{"plain authorization server", func(c *connect.Config) { c.AuthorizationServerURL = "http://auth.example" }, "AuthorizationServer"},
		{"host pattern", func(c *connect.Config) { c.AllowedHosts = []string{"https://x"} }, "host pattern"},
		{"short retention", func(c *connect.Config) { c.Retention = time.Minute }, "retention"},
		{"negative limit", func(c *connect.Config) { c.MaxBody = -1 }, "negative"},
		{"negative webhook limit", func(c *connect.Config) { c.Webhooks.Workers = -1 }, "negative"},
		{"lifecycle elsewhere", func(c *connect.Config) { c.Descriptor.Lifecycle.Installed = "https://x.example/installed" }, "not below the base URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := connect.Config{
				BaseURL: baseURL, Store: store.NewMemory(),
				Descriptor: &descriptor.App{Key: appKey, Name: "Hello"},
			}
			c.change(&cfg)
			app, err := connect.New(cfg)
			if app != nil || err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.want)) {
				t.Errorf("got %v, %v, want an error with %q", app, err, c.want)
			}
		})
	}
}

func TestNewLeavesTheDescriptorAlone(t *testing.T) {
	given := &descriptor.App{Key: appKey, Name: "Hello"}
	newWorld(t, func(c *connect.Config) { c.Descriptor = given })
	if given.BaseURL != "" || given.Lifecycle.Installed != "" || given.APIMigrations.GDPR != nil {
		t.Errorf("got %+v", given)
	}
}

func TestHostWithoutACaller(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := hostclient.Get[any](t.Context(), w.Host(nil), "/rest"); !errors.Is(err, hostclient.ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
}

func TestDevelopmentInPublicIsSaidAloud(t *testing.T) {
	for base, want := range map[string]bool{baseURL: true, "http://127.0.0.1:8080": false} {
		w := newWorld(t, func(c *connect.Config) { c.Development, c.BaseURL = true, base })
		if got := strings.Contains(w.log.String(), "development mode is on"); got != want {
			t.Errorf("%s: got %v", base, got)
		}
	}
}

func TestHostOf(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.HostOf(t.Context(), clientKey)
	if err != nil || client.BaseURL() != "https://one.atlassian.net" {
		t.Errorf("got %v, %v", client, err)
	}
	if client, err := w.HostOf(t.Context(), "nobody"); err == nil || client != nil {
		t.Errorf("an unknown tenant: got %v, %v", client, err)
	}
}
