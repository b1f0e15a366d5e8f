package tokenstore_test

import (
	"path/filepath"
	"testing"

	"github.com/atlassian-connect-go/sdk/store/storetest"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func temp(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "tokens")
}

func open(t testing.TB, path string, o tokenstore.Options) *tokenstore.File {
	t.Helper()
	f, err := tokenstore.OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFile(t *testing.T) {
	o := tokenstore.Options{Keys: []tokenstore.Key{tokenstore.NewKey()}}
	var path string
	storetest.RunTokensDurable(t, func(t *testing.T) tokenstore.Store {
		path = temp(t)
		return open(t, path, o)
	}, func(t *testing.T, _ tokenstore.Store) tokenstore.Store { return open(t, path, o) })
}
