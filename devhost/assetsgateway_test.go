package devhost_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// The callers of the gateway reach Assets by the cloud id and without it, as far as
// their scopes and their roles go.
func TestAssetsForCallersOfTheGateway(t *testing.T) {
	h, i, _, source := withImport(t)
	bo := h.Users()[1]
	token := func(scopes ...string) string {
		text, err := h.AddAPIToken(devhost.APIToken{AccountID: bo.AccountID, Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good, scopeless := token("read:cmdb-schema:jira", "read:servicedesk-request"), token("read:jira-work")
	list := assetsV1 + "objectschema/list"
	ask := func(path, secret string, want int) string {
		t.Helper()
		r := i.a.request("GET", path, "")
		r.SetBasicAuth(bo.Email, secret)
		return readBody(t, do(t, r), want)
	}
	both := []string{gateway + list, gateway + "/ex/jira/" + h.CloudID() + list}
	for _, path := range both {
		if got, want := ask(path, scopeless, http.StatusUnauthorized), "scope does not match"; !strings.Contains(got, want) {
			t.Errorf("%s without the scope: got %s, want %s", path, got, want)
		}
		ask(path, good, http.StatusForbidden) // the scope is there, the role is not
	}
	if err := h.SetAssetsRole(source.SchemaID, bo.AccountID, devhost.AssetsUser); err != nil {
		t.Fatal(err)
	}
	for _, path := range both {
		if got := ask(path, good, http.StatusOK); !strings.Contains(got, `"isLast":true`) {
			t.Errorf("%s: got %s", path, got)
		}
	}
	discovery := gateway + "/ex/jira/" + h.CloudID() + workspaceAt
	if got := ask(discovery, good, http.StatusOK); !strings.Contains(got, h.AssetsWorkspaceID()) {
		t.Errorf("discovery: got %s", got)
	}
	if got := ask(gateway+"/ex/jira/another-cloud"+list, good, http.StatusNotFound); !strings.Contains(got, "Not Found") {
		t.Errorf("another cloud: got %s", got)
	}
}
