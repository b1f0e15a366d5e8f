package store_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

func TestClone(t *testing.T) {
	if got := (*store.Installation)(nil).Clone(); got != nil {
		t.Errorf("Clone of nil is %v", got)
	}
	made := func() *store.Installation {
		return &store.Installation{
			ClientKey: "tenant", SharedSecret: store.NewSecret("secret"), Generation: 3,
			Extra: map[string]json.RawMessage{"a": json.RawMessage(`{"b":1}`)},
		}
	}
	original := made()
	c := original.Clone()
	if !reflect.DeepEqual(c, original) {
		t.Errorf("got %v, want %v", c, original)
	}
	c.Extra["a"][2] = 'X'
	c.Extra["new"] = nil
	c.SharedSecret = store.Secret{}
	c.ClientKey = "other"
	if want := made(); !reflect.DeepEqual(original, want) {
		t.Errorf("a change of the copy reached the original: %v", original)
	}
}

// TestCloneCoversEveryField fails when a field of a kind that Clone does not
// copy is added.
func TestCloneCoversEveryField(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[store.Installation]()) {
		switch f.Type {
		case reflect.TypeFor[store.Secret](), reflect.TypeFor[map[string]json.RawMessage]():
			continue
		}
		switch f.Type.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Chan, reflect.Func:
			t.Errorf("Clone shares %s with the original", f.Name)
		}
	}
}

func TestLive(t *testing.T) {
	secret := store.NewSecret("secret")
	for _, c := range []struct {
		state  store.State
		secret store.Secret
		want   bool
	}{
		{store.Installed, secret, true},
		{store.Enabled, secret, true},
		{store.Disabled, secret, true},
		{store.Uninstalled, secret, false},
		{"", secret, false},
		{store.Enabled, store.Secret{}, false},
	} {
		i := store.Installation{State: c.state, SharedSecret: c.secret}
		if got := i.Live(); got != c.want {
			t.Errorf("state %q with secret %t: got %t, want %t", c.state, !c.secret.IsZero(), got, c.want)
		}
	}
}
