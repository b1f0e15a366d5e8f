package boltstore_test

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/storetest"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func TestTokensContract(t *testing.T) {
	o := boltstore.Options{Keys: []boltstore.Key{boltstore.NewKey()}}
	var path string
	var s *boltstore.Store
	storetest.RunTokensDurable(t, func(t *testing.T) tokenstore.Store {
		path = temp(t)
		s = open(t, path, o)
		return s.Tokens()
	}, func(t *testing.T, _ tokenstore.Store) tokenstore.Store {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, path, o)
		return s.Tokens()
	})
}
