package oauth1_test

import (
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// A token comes back from a store as it went in.
func TestStored(t *testing.T) {
	token := &oauth1.Token{
		Value: store.NewSecret("value"), Secret: store.NewSecret("secret"), SessionHandle: store.NewSecret("handle"),
		Expires: time.Date(2031, 11, 2, 9, 0, 0, 0, time.UTC),
	}
	tokens := new(tokenstore.Memory)
	if ok, err := tokens.CompareAndSwap(t.Context(), "bo", nil, token.Stored(time.Now())); !ok || err != nil {
		t.Fatal(ok, err)
	}
	kept, err := tokens.Load(t.Context(), "bo")
	if err != nil {
		t.Fatal(err)
	}
	got := oauth1.FromStored(kept)
	if got.Value.Reveal() != "value" || got.Secret.Reveal() != "secret" || got.SessionHandle.Reveal() != "handle" || !got.Expires.Equal(token.Expires) {
		t.Errorf("got %q, %q, %q, %v", got.Value.Reveal(), got.Secret.Reveal(), got.SessionHandle.Reveal(), got.Expires)
	}
}
