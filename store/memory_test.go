package store_test

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}
