package boltstore_test

import (
	"path/filepath"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/storetest"
)

// open opens a file that is closed when the test ends.
func open(t *testing.T, path string, o boltstore.Options) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func temp(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "app.db")
}

func TestContract(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	var path string
	storetest.RunDurable(t, func(t *testing.T) store.Store {
		path = temp(t)
		return open(t, path, o)
	}, func(t *testing.T, s store.Store) store.Store {
		if err := s.(*boltstore.Store).Close(); err != nil {
			t.Fatal(err)
		}
		return open(t, path, o)
	})
}
