package connecttest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// sharedKey gives every Host of a test binary the same key, since generating one
// takes long.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Host is a devhost.Host that listens on a local socket until the test ends. Its
// own methods, listed here, end the test by Fatal when they cannot do what they
// are asked to, so they must be called from the goroutine of the test; those of
// the embedded devhost.Host return an error or false instead and may be called
// from any.
type Host struct {
	// Host is the host itself.
	*devhost.Host
	// Key signs installed and uninstalled.
	Key *rsa.PrivateKey
	// KeyID is where the key server has the public half of Key.
	KeyID string

	t testing.TB
}

// NewHost starts a host with demonstration users and issues on the real clock.
func NewHost(t testing.TB) *Host {
	t.Helper()
	return NewHostConfig(t, devhost.Config{})
}

// NewHostConfig starts a host. Without a signing key in c it gets one that all
// hosts of the test binary share, so apps may be pointed at any of their key
// servers.
func NewHostConfig(t testing.TB, c devhost.Config) *Host {
	t.Helper()
	if c.SigningKey == nil {
		key, err := sharedKey()
		if err != nil {
			t.Fatal(err)
		}
		c.SigningKey = key
	}
	dh, err := devhost.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dh.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := dh.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	id, err := dh.KeyID()
	if err != nil {
		t.Fatal(err)
	}
	return &Host{Host: dh, Key: c.SigningKey, KeyID: id, t: t}
}

// App returns what the host knows of an installed app.
func (h *Host) App(appKey string) devhost.Installation {
	h.t.Helper()
	inst, ok := h.Installation(appKey)
	if !ok {
		h.t.Fatalf("app %q is not installed", appKey)
	}
	return inst
}

// Secret returns the shared secret in force between the host and an app.
func (h *Host) Secret(appKey string) string {
	h.t.Helper()
	return h.App(appKey).SharedSecret
}

// ClientKey returns the key by which an app knows the host.
func (h *Host) ClientKey(appKey string) string {
	h.t.Helper()
	return h.App(appKey).ClientKey
}

// must ends the test on an error.
func (h *Host) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}
