package hostclient_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

func newAssets(t *testing.T) *stage {
	t.Helper()
	return newStage(t, devhost.Config{Assets: &devhost.Assets{WorkspaceID: "ws-1", Schemas: []devhost.AssetsSchema{{
		Key: "ITSM", Name: "IT", Types: []devhost.AssetsObjectType{{Name: "Laptop", Attributes: []devhost.AssetsAttribute{{Name: "Serial Number", Unique: true}}}},
	}}}})
}

// asset is an object as the API has it.
type asset struct {
	ID        string
	Label     string
	ObjectKey string
}

// laptops adds objects and returns the schema that they are in.
func (s *stage) laptops(t *testing.T, n int) devhost.AssetsSchema {
	t.Helper()
	schema := s.host.Schemas()[0]
	for i := range n {
		_, err := s.host.AddObject(devhost.AssetsObject{TypeID: schema.Types[0].ID, Values: map[string][]string{
			"Name": {fmt.Sprintf("Laptop %d", i)}, "Serial Number": {fmt.Sprint("S", i)},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return schema
}

// wantLaptops fails unless a search gives so many objects, page by page.
func wantLaptops(t *testing.T, c *hostclient.Client, want int) {
	t.Helper()
	n := 0
	for object, err := range hostclient.PagesOf[asset](t.Context(), c, hostclient.PageQuery{
		Path: "/object/aql?maxResults=10", Body: map[string]string{"qlQuery": "objectType = Laptop"},
	}) {
		if err != nil {
			t.Errorf("%s: %v", c, err)
			return
		}
		if object.Label == "" || object.ObjectKey == "" {
			t.Errorf("%s: got %+v", c, object)
		}
		n++
	}
	if n != want {
		t.Errorf("%s: got %d objects, want %d", c, n, want)
	}
}

// An app finds the workspace, is refused for want of a role, and reads once its
// user has one; so does a user whom it acts for.
func TestStoryOfAssetsForAnApp(t *testing.T) {
	s := newAssets(t)
	inst := s.install(t, "DELETE", "ACT_AS_USER")
	schema := s.laptops(t, 25)
	app := must(s.hosts.For(inst))(t)
	id := must(hostclient.AssetsWorkspace(t.Context(), app))(t)
	for _, client := range []*hostclient.Client{app, app.AsUser(bo)} {
		assets := must(client.At(must(hostclient.Assets(id, client.Site()))(t)))(t)
		_, err := hostclient.Get[struct{}](t.Context(), assets, "/objectschema/list")
		if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Status != 403 || !strings.Contains(e.Hint, "a role of its own") {
			t.Errorf("%s without a role: got %v", client, err)
		}
		me := must(who(client, cloudAPI))(t)
		if err := s.host.SetAssetsRole(schema.ID, me, devhost.AssetsUser); err != nil {
			t.Fatal(err)
		}
		wantLaptops(t, assets, 25)
	}
}

// A user's API token with scopes reads Assets behind the gateway.
func TestStoryOfAssetsForAToken(t *testing.T) {
	s := newAssets(t)
	schema := s.laptops(t, 25)
	if err := s.host.SetAssetsRole(schema.ID, bo, devhost.AssetsUser); err != nil {
		t.Fatal(err)
	}
	token := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{
		AccountID: bo, Scopes: []string{"read:cmdb-object:jira", "read:servicedesk-request"},
	}))(t))
	gateway := s.gateway(t, hostclient.Jira)
	jira := s.hosts.Client(must(hostclient.NewScopedAPIToken(gateway, "bo@example.com", token))(t))
	id := must(hostclient.AssetsWorkspace(t.Context(), jira))(t)
	site := must(hostclient.Assets(id, gateway))(t)
	wantLaptops(t, must(jira.At(site))(t), 25)
	wantLaptops(t, s.hosts.Client(must(hostclient.NewScopedAPIToken(site, "bo@example.com", token))(t)), 25)
	if _, err := hostclient.Get[struct{}](t.Context(), must(jira.At(site))(t), "/objectschema/list"); !errors.Is(err, hostclient.ErrScopeMissing) {
		t.Errorf("without the scope: got %v, want ErrScopeMissing", err)
	}

	// A classic token goes by the API host.
	classic := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	plain := must(hostclient.Assets(id, must(s.cloud().APIHost())(t)))(t)
	wantLaptops(t, s.hosts.Client(must(hostclient.NewAPIToken(plain, "bo@example.com", classic))(t)), 25)

	none := newStage(t, devhost.Config{})
	token = store.NewSecret(must(none.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	client := none.hosts.Client(must(hostclient.NewAPIToken(none.site(t), "bo@example.com", token))(t))
	if _, err := hostclient.AssetsWorkspace(t.Context(), client); !errors.Is(err, hostclient.ErrNoAssets) {
		t.Errorf("a site without Assets: got %v, want ErrNoAssets", err)
	}
	noJSM := newStage(t, devhost.Config{NoJSM: true})
	token = store.NewSecret(must(noJSM.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	client = noJSM.hosts.Client(must(hostclient.NewAPIToken(noJSM.site(t), "bo@example.com", token))(t))
	if _, err := hostclient.AssetsWorkspace(t.Context(), client); !errors.Is(err, hostclient.ErrNotFound) {
		t.Errorf("a site without a service desk: got %v, want ErrNotFound", err)
	}
}

// An import runs with a container token, by the links that the host hands out.
func TestStoryOfAnImport(t *testing.T) {
	s := newAssets(t)
	schema := s.host.Schemas()[0]
	source := must(s.host.AddImportSource(schema.ID, "Inventory"))(t)
	api := must(s.cloud().APIHost())(t)
	client := func() *hostclient.Client {
		token := store.NewSecret(must(s.host.NewContainerToken(source.ID))(t))
		return s.hosts.Client(must(hostclient.NewContainerToken(api, token))(t))
	}
	old := client()
	importer := client()
	type links struct {
		Links struct{ GetStatus, Start, Mapping, SubmitResults, GetExecutionStatus string }
	}
	info := must(hostclient.Get[links](t.Context(), importer, "/jsm/assets/v1/imports/info"))(t)
	mapping := map[string]any{
		"schema": map[string]any{"objectSchema": map[string]any{"name": "IT", "objectTypes": []any{map[string]any{
			"externalId": "laptop", "name": "Laptop", "attributes": []any{
				map[string]any{"externalId": "name", "name": "Name", "type": "text", "label": true},
				map[string]any{"externalId": "serial", "name": "Serial Number", "type": "text"},
			},
		}}}},
		"mapping": map[string]any{"objectTypeMappings": []any{map[string]any{
			"objectTypeExternalId": "laptop", "objectTypeName": "Laptop", "selector": "laptops", "attributesMapping": []any{
				map[string]any{"attributeExternalId": "name", "attributeName": "Name", "attributeLocators": []string{"name"}},
				map[string]any{"attributeExternalId": "serial", "attributeName": "Serial Number", "attributeLocators": []string{"serial"}, "externalIdPart": true},
			},
		}}},
	}
	if _, err := hostclient.Send[struct{}](t.Context(), importer, "PUT", info.Links.Mapping, mapping); err != nil {
		t.Fatal(err)
	}
	started := must(hostclient.Send[links](t.Context(), importer, "POST", info.Links.Start, nil))(t)
	for n := range 3 {
		chunk := map[string]any{
			"data":      map[string]any{"laptops": []any{map[string]string{"name": fmt.Sprint("Laptop ", n), "serial": fmt.Sprint("S", n)}}},
			"completed": n == 2,
		}
		if _, err := hostclient.Send[struct{}](t.Context(), importer, "POST", started.Links.SubmitResults, chunk); err != nil {
			t.Fatal(err)
		}
	}
	if objects := s.host.Objects(schema.ID); len(objects) != 3 {
		t.Errorf("%d objects came in, want 3", len(objects))
	}

	_, err := hostclient.Get[struct{}](t.Context(), old, "/jsm/assets/v1/imports/info")
	if !errors.Is(err, hostclient.ErrUnauthorized) {
		t.Errorf("the former token: got %v, want ErrUnauthorized", err)
	}
	before := s.calls()
	for _, path := range []string{
		"/jsm/assets/workspace/ws-1/v1/object/aql", "/jsm/assets/workspace/ws-1/v1/importsources/1", "/ex/jira/x/rest/api/3/myself",
		"/jsm/assets/workspace/ws-1/v2/importsource/1", "/jsm/assets/workspace/a/b/v1/importsource/1", "/me", "/",
	} {
		if _, err := hostclient.Get[struct{}](t.Context(), importer, path); !errors.Is(err, hostclient.ErrOrigin) {
			t.Errorf("%s: got %v, want ErrOrigin", path, err)
		}
	}
	if s.calls() != before {
		t.Error("the token was sent where it is not good")
	}
}
