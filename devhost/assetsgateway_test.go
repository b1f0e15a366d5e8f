package devhost_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

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

// Who gets in at the two addresses of Assets at the gateway.
func TestCallersOfAssets(t *testing.T) {
	h, i, _, source := withImport(t)
	bo := h.Users()[1]
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot", Scopes: []string{"read:cmdb-schema:jira", "import:import-configuration:cmdb"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, accountID := range []string{bo.AccountID, service.AccountID} {
		if err := h.SetAssetsRole(source.SchemaID, accountID, devhost.AssetsManager); err != nil {
			t.Fatal(err)
		}
	}
	forge, err := h.ForgeToken(bo.AccountID, time.Minute, service.Scopes...)
	if err != nil {
		t.Fatal(err)
	}
	var bearer bearerAnswer
	readJSON(t, tokenRequest(t, h, map[string]string{"grant_type": "client_credentials", "client_id": service.ClientID, "client_secret": service.ClientSecret}), 200, &bearer)
	classic, scoped := devhost.APIToken{AccountID: bo.AccountID}, devhost.APIToken{AccountID: bo.AccountID, Scopes: service.Scopes}
	tests := []struct {
		name, auth   string
		plain, cloud int
	}{
		{"container token", "Bearer " + i.token, 200, 401},
		{"classic API token", basic(bo.Email, apiToken(t, h, classic)), 200, 200},
		{"API token with scopes", basic(bo.Email, apiToken(t, h, scoped)), 200, 200},
		{"API token of another address", basic("ada@example.com", apiToken(t, h, classic)), 401, 401},
		{"3LO", bearerFor(t, h, bo.AccountID, service.Scopes...), 401, 200},
		{"Forge", "Bearer " + forge, 401, 200},
		{"service account", "Bearer " + bearer.AccessToken, 401, 200},
		{"API token of a service account", "Bearer " + apiToken(t, h, devhost.APIToken{AccountID: service.AccountID, Scopes: service.Scopes}), 401, 200},
		{"API token as a Bearer", "Bearer " + apiToken(t, h, scoped), 401, 401},
		{"container token by Basic", basic(bo.Email, i.token), 401, 401},
		{"scheme in lower case", "bearer " + i.token, 401, 401},
		{"no token", "Bearer ", 401, 401},
	}
	status := assetsV1 + "importsource/" + source.ID + "/configstatus"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for path, want := range map[string]int{gateway + status: tt.plain, gateway + "/ex/jira/" + h.CloudID() + status: tt.cloud} {
				got := readBody(t, send(t, "GET", h.URL()+path, "", "Authorization", tt.auth), want)
				if want == 401 && got != unauthorized {
					t.Errorf("%s: got %s", path, got)
				}
			}
		})
	}
	// A classic token is for Assets alone.
	readBody(t, send(t, "GET", h.GatewayURL()+"/ex/jira/"+h.CloudID()+"/rest/api/3/myself", "", "Authorization", tests[1].auth), 401)
}
