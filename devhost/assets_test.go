package devhost_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	assetsV1    = "/jsm/assets/workspace/ws-1/v1/"
	gateway     = "/api.atlassian.com"
	workspaceAt = "/rest/servicedeskapi/assets/workspace"
	assetsAda   = "712020:ada"
)

func itAssets() *devhost.Assets {
	return &devhost.Assets{WorkspaceID: "ws-1", Schemas: []devhost.AssetsSchema{{
		Key: "ITSM", Name: "IT", Description: "Machines",
		Types: []devhost.AssetsObjectType{{Name: "Laptop", Attributes: []devhost.AssetsAttribute{
			{Name: "Serial Number", Unique: true}, {Name: "RAM", Type: "integer"}, {Name: "Tags", Many: true},
		}}},
	}}}
}

// withAssets is a site with Assets, an app with every scope on it, and the app's
// own user without a role.
func withAssets(t *testing.T) (*devhost.Host, *testApp, *clock, devhost.AssetsSchema) {
	t.Helper()
	h, a, ck := newHost(t, devhost.Config{Assets: itAssets()})
	a.set("scopes", []string{"DELETE", "ACT_AS_USER"})
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	return h, a, ck, h.Schemas()[0]
}

// let gives the app's own user a role.
func (a *testApp) let(schemaID string, role devhost.AssetsRole) {
	a.t.Helper()
	inst, _ := a.host.Installation(appKey)
	if err := a.host.SetAssetsRole(schemaID, inst.AccountID, role); err != nil {
		a.t.Fatal(err)
	}
}

// jiraError is a refusal in Jira's shape.
func jiraError(words string) string { return `{"errorMessages":["` + words + `"],"errors":{}}` + "\n" }

func addLaptop(t *testing.T, h *devhost.Host, typeID, name, serial string) devhost.AssetsObject {
	t.Helper()
	o, err := h.AddObject(devhost.AssetsObject{TypeID: typeID, Values: map[string][]string{"Name": {name}, "Serial Number": {serial}}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAssetsWorkspaceDiscovery(t *testing.T) {
	const links = `"_links":{"self":"URL/rest/servicedeskapi/assets/workspace","base":"URL","context":""}`
	tests := []struct {
		name   string
		config devhost.Config
		query  string
		status int
		want   string
	}{
		{"plan without Assets", devhost.Config{}, "", 200, `{"size":0,"start":0,"limit":50,"isLastPage":true,` + links + `,"values":[]}` + "\n"},
		{"plan with Assets", devhost.Config{Assets: itAssets()}, "", 200, `{"size":1,"start":0,"limit":50,"isLastPage":true,` + links + `,"values":[{"workspaceId":"ws-1"}]}` + "\n"},
		{"beyond", devhost.Config{Assets: itAssets()}, "?start=1&limit=5", 200, `{"size":0,"start":1,"limit":5,"isLastPage":true,` + links + `,"values":[]}` + "\n"},
		{"no Jira Service Management", devhost.Config{NoJSM: true}, "", 404, jiraError("This host does not have GET " + workspaceAt + ".")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, a, _ := newHost(t, tt.config)
			if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
				t.Fatal(err)
			}
			got := readBody(t, a.call("GET", workspaceAt+tt.query, ""), tt.status)
			if want := strings.ReplaceAll(tt.want, "URL", h.URL()); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestEnableAssets(t *testing.T) {
	h, a, _ := installed(t)
	if got := readBody(t, a.call("GET", assetsV1+"objectschema/list", ""), 404); got != jiraError("There is no Assets workspace 'ws-1'.") {
		t.Errorf("without Assets: got %s", got)
	}
	if _, err := h.AddSchema(devhost.AssetsSchema{Key: "AB", Name: "x"}); err == nil {
		t.Error("AddSchema without Assets: got no error")
	}
	bad := itAssets()
	bad.Schemas[0].Types[0].Attributes[0].Type = "colour"
	for name, c := range map[string]devhost.Assets{"type of an attribute": *bad, "workspace id": {WorkspaceID: "a/b"}} {
		if err := h.EnableAssets(c); err == nil || h.AssetsWorkspaceID() != "" || h.Schemas() != nil {
			t.Errorf("%s: got error %v, workspace %q and %d schemas", name, err, h.AssetsWorkspaceID(), len(h.Schemas()))
		}
	}
	if err := h.EnableAssets(devhost.Assets{}); err != nil || len(h.AssetsWorkspaceID()) != 36 {
		t.Errorf("got error %v, workspace %q", err, h.AssetsWorkspaceID())
	}
	if err := h.EnableAssets(devhost.Assets{}); err == nil {
		t.Error("twice: got no error")
	}
	if _, err := devhost.New(devhost.Config{NoJSM: true, Assets: itAssets()}); err == nil {
		t.Error("Assets without Jira Service Management: got no error")
	}
}

// Requests and their answers, one after the other on one site.
func TestAssetsAPI(t *testing.T) {
	h, a, _, s := withAssets(t)
	a.let(s.ID, devhost.AssetsDeveloper)
	at := "2026-11-20T12:00:00.000Z"
	self := func(id string) string {
		return `"_links":{"self":"` + h.URL() + gateway + assetsV1 + "object/" + id + `"}`
	}
	create := func(attributes string) string { return `{"objectTypeId":"1","attributes":[` + attributes + `]}` }
	const name = `{"objectTypeAttributeId":"2","objectAttributeValues":[{"value":"%s"}]}`
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     []string // found in the answer; the whole of it after a refusal
	}{
		{"schemas", "GET", "objectschema/list", "", 200, []string{`{"startAt":0,"maxResults":25,"total":1,"isLast":true,"hasMoreResults":false,"values":[{"workspaceId":"ws-1","globalId":"ws-1:1","id":"1","name":"IT","objectSchemaKey":"ITSM","description":"Machines","status":"Ok","created":"` + at + `","updated":"` + at + `","objectCount":0,"objectTypeCount":1,"canManage":false}]}`}},
		{"schemas, beyond", "GET", "objectschema/list?startAt=1&maxResults=1", "", 200, []string{`{"startAt":1,"maxResults":1,"total":1,"isLast":true,"hasMoreResults":false,"values":[]}`}},
		{"schemas, nonsense", "GET", "objectschema/list?startAt=x", "", 400, []string{jiraError("'x' is not a number of zero or more.")}},
		{"schema", "GET", "objectschema/1", "", 200, []string{`"objectSchemaKey":"ITSM"`}},
		{"no such schema", "GET", "objectschema/9", "", 404, []string{jiraError("There is no object schema with the id 9.")}},
		{"types", "GET", "objectschema/1/objecttypes/flat", "", 200, []string{`[{"workspaceId":"ws-1","globalId":"ws-1:1","id":"1","name":"Laptop","position":0,"objectCount":0,"objectSchemaId":"1","inherited":false,"abstractObjectType":false}]`}},
		{"type", "GET", "objecttype/1", "", 200, []string{`"name":"Laptop"`, `"objectSchemaId":"1"`}},
		{"no such type", "GET", "objecttype/9", "", 404, []string{jiraError("There is no object type with the id 9.")}},
		{"attributes", "GET", "objecttype/1/attributes", "", 200, []string{
			`"id":"1","name":"Key","label":false,"type":0,"defaultType":{"id":0,"name":"Text"},"editable":false,"system":true`,
			`"id":"2","name":"Name","label":true,"type":0,"defaultType":{"id":0,"name":"Text"},"editable":true,"system":false,"minimumCardinality":1,"maximumCardinality":1`,
			`"id":"3","name":"Serial Number"`, `"uniqueAttribute":true`, `"id":"4","name":"RAM","label":false,"type":0,"defaultType":{"id":1,"name":"Integer"}`,
			`"maximumCardinality":-1`, `"name":"Updated"`}},

		{"create", "POST", "object/create", create(fmt.Sprintf(name, "Left") + `,{"objectTypeAttributeId":"5","objectAttributeValues":[{"value":"a"},{"value":"b"}]}`), 201, []string{
			`"id":"1","label":"Left","objectKey":"ITSM-1","objectType":{`, `"created":"` + at + `"`, self("1"),
			`"objectTypeAttributeId":"5","objectAttributeValues":[{"value":"a","displayValue":"a","searchValue":"a","referencedType":false},{"value":"b"`,
			`"objectTypeAttributeId":"1","objectAttributeValues":[{"value":"ITSM-1"`}},
		{"create without a name", "POST", "object/create", create(""), 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-2":"The attribute Name needs a value."}}` + "\n"}},
		{"create of no type", "POST", "object/create", `{"objectTypeId":"9"}`, 400, []string{jiraError("There is no object type with the id '9'.")}},
		{"create, unknown attribute", "POST", "object/create", create(`{"objectTypeAttributeId":"77"}`), 400, []string{jiraError("Object type Laptop has no attribute with the id 77.")}},
		{"create, attribute twice", "POST", "object/create", create(fmt.Sprintf(name+","+name, "a", "b")), 400, []string{jiraError("The attribute with the id 2 is there twice.")}},
		{"create, the key", "POST", "object/create", create(fmt.Sprintf(name, "x") + `,{"objectTypeAttributeId":"1","objectAttributeValues":[{"value":"x"}]}`), 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-1":"The attribute Key cannot be set."}}` + "\n"}},
		{"create, no number", "POST", "object/create", create(fmt.Sprintf(name, "x") + `,{"objectTypeAttributeId":"4","objectAttributeValues":[{"value":"much"}]}`), 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-4":"The value 'much' is no Integer."}}` + "\n"}},
		{"create, two numbers", "POST", "object/create", create(fmt.Sprintf(name, "x") + `,{"objectTypeAttributeId":"4","objectAttributeValues":[{"value":"1"},{"value":"2"}]}`), 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-4":"The attribute RAM takes one value."}}` + "\n"}},
		{"create, no JSON", "POST", "object/create", `x`, 400, []string{jiraError("Invalid request payload. Refer to the REST API documentation and try again.")}},
		{"create with a serial number", "POST", "object/create", create(fmt.Sprintf(name, "Right") + `,{"objectTypeAttributeId":"3","objectAttributeValues":[{"value":"S1"}]}`), 201, []string{`"objectKey":"ITSM-2"`}},
		{"create, number taken", "POST", "object/create", create(fmt.Sprintf(name, "x") + `,{"objectTypeAttributeId":"3","objectAttributeValues":[{"value":"S1"}]}`), 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-3":"The value of Serial Number is taken by another object."}}` + "\n"}},

		{"object", "GET", "object/1", "", 200, []string{`"objectKey":"ITSM-1"`, `"globalId":"ws-1:1"`}},
		{"no such object", "GET", "object/9", "", 404, []string{jiraError("There is no object with the id 9.")}},
		{"update", "PUT", "object/1", `{"objectTypeId":"1","attributes":[` + fmt.Sprintf(name, "Leftmost") + `,{"objectTypeAttributeId":"4","objectAttributeValues":[{"value":"32"}]}]}`, 200, []string{`"label":"Leftmost"`, `"value":"32"`, `"value":"b"`}},
		{"update, value away", "PUT", "object/1", `{"attributes":[{"objectTypeAttributeId":"5","objectAttributeValues":[]}]}`, 200, []string{`"label":"Leftmost"`}},
		{"update of another type", "PUT", "object/1", `{"objectTypeId":"8"}`, 400, []string{jiraError("The object ITSM-1 is not of the type with the id 8.")}},
		{"update, name away", "PUT", "object/1", `{"attributes":[{"objectTypeAttributeId":"2","objectAttributeValues":[]}]}`, 400, []string{`{"errorMessages":[],"errors":{"rlabs-insight-attribute-2":"The attribute Name needs a value."}}` + "\n"}},
		{"update of none", "PUT", "object/9", `{}`, 404, nil},
		{"delete", "DELETE", "object/2", "", 200, []string{""}},
		{"delete again", "DELETE", "object/2", "", 404, []string{jiraError("There is no object with the id 2.")}},

		{"no such address", "GET", "object/1/nothing", "", 404, []string{jiraError("This host's Assets does not have GET object/1/nothing.")}},
		{"no such method", "PATCH", "object/1", "{}", 404, []string{jiraError("This host's Assets does not have PATCH object/1.")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := readBody(t, a.call(tt.method, assetsV1+tt.path, tt.body), tt.status)
			for _, want := range tt.want {
				if tt.status >= 400 && body != want || !strings.Contains(body, want) {
					t.Errorf("got  %s\nwant %s", body, want)
				}
			}
		})
	}
	objects := h.Objects(s.ID)
	if len(objects) != 1 || objects[0].Label != "Leftmost" || len(objects[0].Values["Tags"]) != 0 || objects[0].Values["RAM"][0] != "32" {
		t.Errorf("got %+v", objects)
	}
	if got := readBody(t, a.call("GET", "/jsm/assets/workspace/ws-2/v1/object/1", ""), 404); got != jiraError("There is no Assets workspace 'ws-2'.") {
		t.Errorf("another workspace: got %s", got)
	}
	readBody(t, a.call("GET", "/jsm/else", ""), 404)
	readBody(t, do(t, a.request("GET", assetsV1+"object/1", "")), 401)
}

// A scope lets a call in and a role decides what it reaches: neither stands in
// for the other.
func TestAssetsRoles(t *testing.T) {
	h, a, _, s := withAssets(t)
	other, err := h.AddSchema(devhost.AssetsSchema{Key: "HR", Name: "People", Types: []devhost.AssetsObjectType{{Name: "Person"}}})
	if err != nil {
		t.Fatal(err)
	}
	source, err := h.AddImportSource(s.ID, "Scanner")
	if err != nil {
		t.Fatal(err)
	}
	inst, _ := h.Installation(appKey)
	callers := map[string]struct {
		accountID string
		call      func(method, path, body string) string
	}{
		"app user": {inst.AccountID, func(method, path, body string) string {
			return statusAndBody(t, a.call(method, assetsV1+path, body))
		}},
		"impersonated user": {bo, func(method, path, body string) string {
			return statusAndBody(t, a.asUser(bo, "")(method, assetsV1+path, body))
		}},
	}
	need := func(role string) string {
		return "403 " + jiraError("You need the Assets role "+role+" in object schema ITSM for this; a scope does not stand in for it.")
	}
	none := "403 " + jiraError("You need an Assets role in an object schema for this; a scope does not stand in for it.")
	calls := []struct {
		name, method, path, body string
		role                     devhost.AssetsRole // the least that is enough
		refusal                  string
	}{
		{"list schemas", "GET", "objectschema/list", "", devhost.AssetsUser, none},
		{"search", "POST", "object/aql", `{"qlQuery":""}`, devhost.AssetsUser, none},
		{"old search", "GET", "aql/objects?qlQuery=", "", devhost.AssetsUser, none},
		{"schema", "GET", "objectschema/" + s.ID, "", devhost.AssetsUser, need("user")},
		{"types", "GET", "objectschema/" + s.ID + "/objecttypes/flat", "", devhost.AssetsUser, need("user")},
		{"type", "GET", "objecttype/" + s.Types[0].ID, "", devhost.AssetsUser, need("user")},
		{"attributes", "GET", "objecttype/" + s.Types[0].ID + "/attributes", "", devhost.AssetsUser, need("user")},
		{"object", "GET", "object/LAPTOP", "", devhost.AssetsUser, need("user")},
		{"create", "POST", "object/create", `{"objectTypeId":"1","attributes":[{"objectTypeAttributeId":"2","objectAttributeValues":[{"value":"x"}]}]}`, devhost.AssetsDeveloper, need("developer")},
		{"update", "PUT", "object/LAPTOP", `{}`, devhost.AssetsDeveloper, need("developer")},
		{"status of an import", "GET", "importsource/" + source.ID + "/configstatus", "", devhost.AssetsManager, need("manager")},
		{"token of an import", "POST", "importsource/" + source.ID + "/token", "", devhost.AssetsManager, need("manager")},
		{"mapping of an import", "PUT", "importsource/" + source.ID + "/mapping", diskMapping, devhost.AssetsManager, need("manager")},
		{"start of an import", "POST", "importsource/" + source.ID + "/executions", "", devhost.AssetsManager, need("manager")},
		{"delete", "DELETE", "object/LAPTOP", "", devhost.AssetsDeveloper, need("developer")},
	}
	roles := []devhost.AssetsRole{"", devhost.AssetsUser, devhost.AssetsDeveloper, devhost.AssetsManager}
	for who, c := range callers {
		for held, role := range roles {
			if err := h.SetAssetsRole(s.ID, c.accountID, role); err != nil {
				t.Fatal(err)
			}
			laptop := addLaptop(t, h, s.Types[0].ID, "Left", who+string(role))
			for _, call := range calls {
				got := c.call(call.method, strings.Replace(call.path, "LAPTOP", laptop.ID, 1), call.body)
				enough := held >= slices.Index(roles, call.role)
				if !enough && got != call.refusal || enough && strings.HasPrefix(got, "403") {
					t.Errorf("%s with the role %q, %s: got %s", who, role, call.name, got)
				}
			}
		}
		if got := c.call("GET", "objectschema/list", ""); strings.Contains(got, other.Name) || !strings.Contains(got, `"total":1`) {
			t.Errorf("%s: list: got %s", who, got)
		}
		if err := h.SetAssetsRole(s.ID, c.accountID, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func statusAndBody(t *testing.T, resp *http.Response) string {
	t.Helper()
	return fmt.Sprintf("%d %s", resp.StatusCode, readBody(t, resp, resp.StatusCode))
}

func TestSetAssetsRole(t *testing.T) {
	h, _, _, s := withAssets(t)
	for name, err := range map[string]error{
		"role":   h.SetAssetsRole(s.ID, bo, "owner"),
		"user":   h.SetAssetsRole(s.ID, "x", devhost.AssetsUser),
		"schema": h.SetAssetsRole("9", bo, devhost.AssetsUser),
	} {
		if err == nil {
			t.Errorf("no such %s: got no error", name)
		}
	}
}

func TestAssetsScopes(t *testing.T) {
	h, a, _, s := withAssets(t)
	if err := h.SetAssetsRole(s.ID, bo, devhost.AssetsManager); err != nil {
		t.Fatal(err)
	}
	laptop := addLaptop(t, h, s.Types[0].ID, "Left", "S1")
	refusal := jiraError("Request not in an authorized API scope")
	reads, writes := a.asUser(bo, "READ"), a.asUser(bo, "WRITE")
	readBody(t, reads("GET", assetsV1+"object/"+laptop.ID, ""), 200)
	readBody(t, reads("POST", assetsV1+"object/aql", `{}`), 200)
	if got := readBody(t, reads("PUT", assetsV1+"object/"+laptop.ID, `{}`), 403); got != refusal {
		t.Errorf("got %s", got)
	}
	readBody(t, writes("PUT", assetsV1+"object/"+laptop.ID, `{}`), 200)
	if got := readBody(t, writes("DELETE", assetsV1+"object/"+laptop.ID, ""), 403); got != refusal {
		t.Errorf("got %s", got)
	}
}

func TestCreateSchema(t *testing.T) {
	h, a, _, _ := withAssets(t)
	const path, body = assetsV1 + "objectschema/create", `{"name":"People","objectSchemaKey":"HR"}`
	if got := readBody(t, a.asUser(bo, "")("POST", path, body), 403); got != jiraError("You do not have the permission 'Administer Jira'.") {
		t.Errorf("got %s", got)
	}
	var made struct {
		ID, Name  string
		CanManage bool
	}
	readJSON(t, a.asUser(assetsAda, "")("POST", path, body), 201, &made)
	if made.Name != "People" || !made.CanManage {
		t.Errorf("got %+v", made)
	}
	if got := readBody(t, a.asUser(assetsAda, "")("POST", path, body), 400); got != `{"errorMessages":[],"errors":{"name":"There is an object schema with this name already.","objectSchemaKey":"There is an object schema with this key already."}}`+"\n" {
		t.Errorf("again: got %s", got)
	}
	if got := readBody(t, a.asUser(assetsAda, "")("POST", path, `{"name":" ","objectSchemaKey":"h-r"}`), 400); got != `{"errorMessages":[],"errors":{"name":"An object schema needs a name.","objectSchemaKey":"The key of an object schema is two to ten capital letters and digits, a letter first."}}`+"\n" {
		t.Errorf("bad: got %s", got)
	}
	readBody(t, a.asUser(assetsAda, "")("GET", assetsV1+"objectschema/"+made.ID, ""), 200)
	readBody(t, a.asUser(bo, "")("GET", assetsV1+"objectschema/"+made.ID, ""), 403)
	if got := len(h.Schemas()); got != 2 {
		t.Errorf("got %d schemas", got)
	}
}

func TestAQL(t *testing.T) {
	h, a, _, s := withAssets(t)
	a.let(s.ID, devhost.AssetsUser)
	addLaptop(t, h, s.Types[0].ID, "Left one", "S1")
	addLaptop(t, h, s.Types[0].ID, "Right one", "S2")
	phone, err := h.AddObjectType(devhost.AssetsObjectType{SchemaID: s.ID, Name: "Phone"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddObject(devhost.AssetsObject{TypeID: phone.ID, Values: map[string][]string{"Name": {"Left phone"}}}); err != nil {
		t.Fatal(err)
	}
	secret, err := h.AddSchema(devhost.AssetsSchema{Key: "HR", Name: "People", Types: []devhost.AssetsObjectType{{
		Name: "Person", Attributes: []devhost.AssetsAttribute{{Name: "Salary"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddObject(devhost.AssetsObject{TypeID: secret.Types[0].ID, Values: map[string][]string{"Name": {"Left out"}}}); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{ // keys by query
		"":                                     "ITSM-1 ITSM-2 ITSM-3",
		"objectType = Laptop":                  "ITSM-1 ITSM-2",
		"objecttype = laptop AND Key = itsm-2": "ITSM-2",
		`"Serial Number" = S1`:                 "ITSM-1",
		"Name LIKE left":                       "ITSM-1 ITSM-3",
		`Name like "LEFT" and objectType = "Phone"`: "ITSM-3",
		"Name = Left":                   "",
		"objectTypeId = " + phone.ID:    "ITSM-3",
		"objectSchema = IT":             "ITSM-1 ITSM-2 ITSM-3",
		"objectSchemaId = " + s.ID:      "ITSM-1 ITSM-2 ITSM-3",
		"objectSchema = People":         "",
		"objectType = Person":           "",
		`Created LIKE "2026-11-20"`:     "ITSM-1 ITSM-2 ITSM-3",
		`Name = "x" AND Key = ITSM-1`:   "",
		"Key = ITSM-1 AND Key = ITSM-1": "ITSM-1",
	}
	for query, want := range found {
		var page struct {
			Total  int
			Values []struct{ ObjectKey string }
		}
		body, _ := json.Marshal(map[string]string{"qlQuery": query})
		readJSON(t, a.call("POST", assetsV1+"object/aql", string(body)), 200, &page)
		var keys []string
		for _, v := range page.Values {
			keys = append(keys, v.ObjectKey)
		}
		if got := strings.Join(keys, " "); got != want || page.Total != len(keys) {
			t.Errorf("%s: got %s of %d, want %s", query, got, page.Total, want)
		}
	}
	refused := map[string]string{
		"Name":                    "expecting = or LIKE; this host knows nothing else there before the end of the query",
		"Name =":                  "expecting a value before the end of the query",
		"Name != x":               "expecting = or LIKE; this host knows nothing else there but got '!=' at character 6",
		"Name = x OR Name = y":    "expecting AND; this host knows nothing else there but got 'OR' at character 10",
		"Name = x AND":            "expecting the name of an attribute before the end of the query",
		"(Name = x)":              "expecting the name of an attribute but got '(' at character 1",
		"Name = currentUser()":    "expecting a value but got 'currentUser' at character 8",
		"Name = and":              "expecting a value but got 'and' at character 8",
		`Name = "x`:               "a quoted text does not end",
		"Colour = red":            "there is no attribute 'Colour'",
		"Salary = 1":              "there is no attribute 'Salary'",
		"Colour = a AND Mood = b": "there is no attribute 'Colour'; there is no attribute 'Mood'",
	}
	for query, words := range refused {
		body, _ := json.Marshal(map[string]string{"qlQuery": query})
		got := readBody(t, a.call("POST", assetsV1+"object/aql", string(body)), 400)
		if want := jiraError("The AQL query is not valid: " + words + "."); got != want {
			t.Errorf("%s: got %swant %s", query, got, want)
		}
	}
	long, _ := json.Marshal(map[string]string{"qlQuery": strings.Repeat("x", 10_001)})
	readBody(t, a.call("POST", assetsV1+"object/aql", string(long)), 400)
}

func TestAQLPages(t *testing.T) {
	h, a, _, s := withAssets(t)
	a.let(s.ID, devhost.AssetsUser)
	for i := range 5 {
		addLaptop(t, h, s.Types[0].ID, fmt.Sprint("L", i), fmt.Sprint("S", i))
	}
	type page struct {
		StartAt, MaxResults, Total int
		IsLast, HasMoreResults     bool
		Values                     []struct{ Label string }
		ObjectTypeAttributes       []struct{ Name string }
	}
	tests := []struct {
		query string
		want  string // startAt maxResults total isLast hasMoreResults labels
	}{
		{"", "0 25 5 true false [{L0} {L1} {L2} {L3} {L4}]"},
		{"?startAt=0&maxResults=2", "0 2 5 false true [{L0} {L1}]"},
		{"?startAt=2&maxResults=2", "2 2 5 false true [{L2} {L3}]"},
		{"?startAt=4&maxResults=2", "4 2 5 true false [{L4}]"},
		{"?startAt=9&maxResults=9999", "9 1000 5 true false []"},
	}
	for _, tt := range tests {
		var p page
		readJSON(t, a.call("POST", assetsV1+"object/aql"+tt.query, `{"qlQuery":"objectType = Laptop"}`), 200, &p)
		if got := fmt.Sprint(p.StartAt, p.MaxResults, p.Total, p.IsLast, p.HasMoreResults, p.Values); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.query, got, tt.want)
		}
		if got := len(p.ObjectTypeAttributes); len(p.Values) > 0 && got != 7 {
			t.Errorf("%s: got %d attributes, want 7", tt.query, got)
		}
	}
	if got := readBody(t, a.call("POST", assetsV1+"object/aql?includeAttributes=false", `{}`), 200); strings.Contains(got, "objectAttributeValues") {
		t.Errorf("without attributes: got %s", got)
	}
	var old struct {
		ObjectEntries                                                     []struct{ Label string }
		TotalFilterCount, StartIndex, ToIndex, PageObjectSize, PageNumber int
		QlQuery                                                           string
	}
	readJSON(t, a.call("GET", assetsV1+"aql/objects?qlQuery=objectType+%3D+Laptop&page=2&resultPerPage=2", ""), 200, &old)
	if got, want := fmt.Sprint(old), "{[{L2} {L3}] 5 2 4 2 2 objectType = Laptop}"; got != want {
		t.Errorf("old: got %s, want %s", got, want)
	}
	readJSON(t, a.call("GET", assetsV1+"aql/objects?page=4&resultPerPage=2", ""), 200, &old)
	if len(old.ObjectEntries) != 0 || old.PageObjectSize != 0 {
		t.Errorf("old, beyond: got %+v", old)
	}
	if got := readBody(t, a.call("GET", assetsV1+"aql/objects?page=0", ""), 400); got != jiraError("page and resultPerPage begin at 1.") {
		t.Errorf("page 0: got %s", got)
	}
}

func TestLimitAssets(t *testing.T) {
	h, a, ck, s := withAssets(t)
	a.let(s.ID, devhost.AssetsUser)
	const path = assetsV1 + "objectschema/list"
	h.LimitAssets(2)
	readBody(t, do(t, a.request("GET", path, "")), 401) // of nobody's: not counted
	readBody(t, a.call("GET", path, ""), 200)
	readBody(t, a.call("GET", path, ""), 200)
	resp := a.call("GET", path, "")
	if got := readBody(t, resp, 429); got != jiraError("Rate limit exceeded.") {
		t.Errorf("got %s", got)
	}
	if _, ok := resp.Header["Retry-After"]; ok {
		t.Error("the answer has a Retry-After")
	}
	readBody(t, a.call("GET", workspaceAt, ""), 200) // no part of Assets
	ck.advance(59 * time.Second)
	readBody(t, a.call("GET", path, ""), 429)
	ck.advance(time.Second)
	readBody(t, a.call("GET", path, ""), 200)
	h.LimitAssets(0)
	for range 4 {
		readBody(t, a.call("GET", path, ""), 200)
	}
}

func TestAddingToAssets(t *testing.T) {
	h, _, _, s := withAssets(t)
	typ := func(change func(*devhost.AssetsObjectType)) devhost.AssetsObjectType {
		x := devhost.AssetsObjectType{SchemaID: s.ID, Name: "Rack"}
		change(&x)
		return x
	}
	two := []devhost.AssetsAttribute{{Name: "a", Label: true}, {Name: "b", Label: true}}
	for name, x := range map[string]devhost.AssetsObjectType{
		"no schema":         typ(func(x *devhost.AssetsObjectType) { x.SchemaID = "9" }),
		"no name":           typ(func(x *devhost.AssetsObjectType) { x.Name = " " }),
		"name taken":        typ(func(x *devhost.AssetsObjectType) { x.Name = "laptop" }),
		"no parent":         typ(func(x *devhost.AssetsObjectType) { x.ParentID = "9" }),
		"no attribute name": typ(func(x *devhost.AssetsObjectType) { x.Attributes = []devhost.AssetsAttribute{{}} }),
		"attribute twice":   typ(func(x *devhost.AssetsObjectType) { x.Attributes = []devhost.AssetsAttribute{{Name: "a"}, {Name: "A"}} }),
		"two labels":        typ(func(x *devhost.AssetsObjectType) { x.Attributes = two }),
	} {
		if _, err := h.AddObjectType(x); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	rack, err := h.AddObjectType(devhost.AssetsObjectType{SchemaID: s.ID, Name: "Rack", ParentID: s.Types[0].ID,
		Attributes: []devhost.AssetsAttribute{{Name: "Place", Label: true}, {Name: "Key", Label: true}, {Name: "On", Type: "boolean"}, {Name: "Load", Type: "double"}}})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range rack.Attributes {
		names = append(names, x.Name)
	}
	if got := strings.Join(names, " "); got != "Key Name Place On Load Created Updated" {
		t.Errorf("got attributes %s", got)
	}
	good := map[string][]string{"place": {"Cellar"}, "On": {"true"}, "Load": {"0.5"}}
	o, err := h.AddObject(devhost.AssetsObject{TypeID: rack.ID, Values: good})
	if err != nil || o.Label != "Cellar" || o.Key != "ITSM-1" || !o.Created.Equal(h.Now()) {
		t.Errorf("got %+v, %v", o, err)
	}
	o.Values["Place"][0] = "changed by the caller"
	if h.Objects(s.ID)[0].Values["Place"][0] != "Cellar" {
		t.Error("a returned object shares memory with the site")
	}
	for name, bad := range map[string]devhost.AssetsSchema{
		"no key": {Name: "x"}, "long key": {Key: "ABCDEFGHIJK", Name: "x"}, "digit first": {Key: "1A", Name: "x"}, "key taken": {Key: "ITSM", Name: "x"},
		"bad type": {Key: "AB", Name: "x", Types: []devhost.AssetsObjectType{{Name: "Good"}, {}}},
	} {
		if _, err := h.AddSchema(bad); err == nil {
			t.Errorf("schema, %s: got no error", name)
		}
	}
	if all := h.Schemas(); len(all) != 1 || len(all[0].Types) != 2 {
		t.Errorf("after bad schemas: got %+v", all)
	}
	for name, values := range map[string]map[string][]string{
		"no such attribute": {"Colour": {"red"}}, "truth value": {"On": {"yes"}}, "number": {"Load": {"much"}},
	} {
		if _, err := h.AddObject(devhost.AssetsObject{TypeID: rack.ID, Values: values}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := h.AddObject(devhost.AssetsObject{TypeID: "9"}); err == nil {
		t.Error("no such type: got no error")
	}
}

// Many at once: no id is given twice and nothing is lost.
func TestAssetsConcurrentUse(t *testing.T) {
	const n = 12
	h, a, _, s := withAssets(t)
	a.let(s.ID, devhost.AssetsDeveloper)
	source, err := h.AddImportSource(s.ID, "Scanner")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a.call("POST", assetsV1+"object/create", `{"objectTypeId":"1","attributes":[{"objectTypeAttributeId":"2","objectAttributeValues":[{"value":"x"}]}]}`)
			if _, err := h.AddObject(devhost.AssetsObject{TypeID: s.Types[0].ID, Values: map[string][]string{"Name": {"y"}}}); err != nil {
				t.Error(err)
			}
			if _, err := h.AddObjectType(devhost.AssetsObjectType{SchemaID: s.ID, Name: fmt.Sprint("Type ", i)}); err != nil {
				t.Error(err)
			}
			if _, err := h.NewContainerToken(source.ID); err != nil {
				t.Error(err)
			}
			a.call("POST", assetsV1+"object/aql", `{"qlQuery":"Name LIKE x"}`)
			h.LimitAssets(1000)
			h.Schemas()
		})
	}
	wg.Wait()
	keys := make(map[string]bool)
	for _, o := range h.Objects(s.ID) {
		keys[o.Key] = true
	}
	if types := h.Schemas()[0].Types; len(keys) != 2*n || len(types) != n+1 {
		t.Errorf("got %d objects and %d types, want %d and %d", len(keys), len(types), 2*n, n+1)
	}
}
