package tokenstore_test

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/store/storetest"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func TestMemory(t *testing.T) {
	storetest.RunTokens(t, func(*testing.T) tokenstore.Store { return &tokenstore.Memory{} })
}
