package hostclient

import (
	"crypto/sha256"

	"github.com/atlassian-connect-go/sdk/store"
)

// Credentials gives tests the digest that nothing may show.
func Credentials(inst *store.Installation) ([sha256.Size]byte, error) {
	t, err := newTenant(inst)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return t.credentials(), nil
}

// PrintedTable is the table of credentials for the package's documentation.
func PrintedTable() string { return printedTable() }
