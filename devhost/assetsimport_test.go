package devhost_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	diskMapping = `{
  "schema": {"objectSchema": {"name": "Disks", "objectTypes": [
    {"externalId": "t/disk", "name": "Disk", "attributes": [
      {"externalId": "a/duid", "name": "DUID", "type": "text", "label": true, "minimumCardinality": 1},
      {"externalId": "a/size", "name": "Size", "type": "integer"},
      {"externalId": "a/tags", "name": "Tags", "type": "text", "maximumCardinality": -1}],
     "children": [
      {"externalId": "t/folder", "name": "Folder", "attributes": [{"externalId": "a/path", "name": "Name", "type": "text", "label": true}]}]}]}},
  "mapping": {"objectTypeMappings": [
    {"objectTypeExternalId": "t/disk", "objectTypeName": "Disk", "selector": "disks", "attributesMapping": [
      {"attributeExternalId": "a/duid", "attributeName": "DUID", "attributeLocators": ["id"], "externalIdPart": true},
      {"attributeExternalId": "a/size", "attributeLocators": ["facts.size"]},
      {"attributeName": "Tags", "attributeLocators": ["tags"]}]},
    {"objectTypeExternalId": "t/folder", "selector": "disks.folders", "attributesMapping": [
      {"attributeName": "Name", "attributeLocators": ["path"]}]}]}
}`
	unauthorized = `{"code":401,"message":"Unauthorized"}` + "\n"
	infoAt       = gateway + "/jsm/assets/v1/imports/info"
)

// importer makes calls with a container token.
type importer struct {
	a     *testApp
	token string
}

func (i importer) call(method, path, body string) *http.Response {
	i.a.t.Helper()
	r := i.a.request(method, strings.TrimPrefix(path, i.a.host.URL()), body)
	r.Header.Set("Authorization", "Bearer "+i.token)
	return do(i.a.t, r)
}

// withImport is withAssets with an import source and its token.
func withImport(t *testing.T) (*devhost.Host, importer, *clock, devhost.ImportSource) {
	t.Helper()
	h, a, ck, s := withAssets(t)
	source, err := h.AddImportSource(s.ID, "Scanner")
	if err != nil {
		t.Fatal(err)
	}
	token, err := h.NewContainerToken(source.ID)
	if err != nil {
		t.Fatal(err)
	}
	return h, importer{a, token}, ck, source
}

type importAnswer struct {
	Status         string
	Links          map[string]string
	Progress       struct{ Objects struct{ Processed int } }
	ProgressResult struct {
		Started, Ended                                                  string
		EntriesCreated, EntriesUpdated, EntriesFailed, EntriesProcessed int
		Errors                                                          []string
	}
}

func (i importer) read(method, path, body string) importAnswer {
	i.a.t.Helper()
	var in importAnswer
	readJSON(i.a.t, i.call(method, path, body), 200, &in)
	return in
}

// The whole way of an import, by the links of the answers alone.
func TestImportWithContainerToken(t *testing.T) {
	h, i, ck, source := withImport(t)
	base := h.URL() + gateway + assetsV1 + "importsource/" + source.ID
	info := i.read("GET", infoAt, "")
	want := map[string]string{"getStatus": base + "/configstatus", "start": base + "/executions", "mapping": base + "/mapping"}
	if fmt.Sprint(info.Links) != fmt.Sprint(want) {
		t.Fatalf("got %v, want %v", info.Links, want)
	}
	if got := i.read("GET", info.Links["getStatus"], "").Status; got != "MISSING_MAPPING" {
		t.Errorf("before the mapping: got %s", got)
	}
	readBody(t, i.call("PUT", info.Links["mapping"], diskMapping), 204)
	if got := i.read("GET", info.Links["getStatus"], "").Status; got != "IDLE" {
		t.Errorf("before the start: got %s", got)
	}
	run := i.read("POST", info.Links["start"], "").Links
	for _, name := range []string{"submitProgress", "submitResults", "getExecutionStatus", "cancel"} {
		if !strings.HasPrefix(run[name], base+"/executions/") {
			t.Errorf("link %s: got %q", name, run[name])
		}
	}
	status := i.read("GET", info.Links["getStatus"], "")
	if status.Status != "RUNNING" || status.Links["getExecutionStatus"] != run["getExecutionStatus"] {
		t.Errorf("after the start: got %+v", status)
	}
	readBody(t, i.call("PUT", run["submitProgress"], `{"steps":{"total":2,"current":1,"description":"x"},"objects":{"total":3,"processed":1}}`), 204)
	readBody(t, i.call("POST", run["submitResults"], `{"data":{"disks":[{"id":"d1","facts":{"size":7},"tags":["a","b"],"folders":[{"path":"/x"},{"path":"/y"}]}]}}`), 204)
	if len(h.Objects(source.SchemaID)) != 0 {
		t.Error("objects were brought in before the data was complete")
	}
	if got := i.read("GET", run["getExecutionStatus"], ""); got.Status != "INGESTING" || got.Progress.Objects.Processed != 1 {
		t.Errorf("while running: got %+v", got)
	}
	ck.advance(time.Minute)
	readBody(t, i.call("POST", run["submitResults"], `{"data":{"disks":[{"id":"d2","facts":{"size":"big"}},{"id":"d3","tags":null}]},"completed":true}`), 204)
	done := i.read("GET", run["getExecutionStatus"], "")
	r := done.ProgressResult
	if done.Status != "DONE" || r.EntriesCreated != 4 || r.EntriesFailed != 1 || r.EntriesProcessed != 5 || len(r.Errors) != 1 ||
		r.Started != "2026-11-20T12:00:00.000Z" || r.Ended != "2026-11-20T12:01:00.000Z" {
		t.Errorf("at the end: got %+v", done)
	}
	if got, want := labels(h, source.SchemaID), "d1[7] [a b] /x[] [] /y[] [] d3[] []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := i.read("GET", info.Links["getStatus"], "").Status; got != "IDLE" {
		t.Errorf("after the end: got %s", got)
	}

	again := i.read("POST", info.Links["start"], "").Links
	readBody(t, i.call("POST", again["submitResults"], `{"data":{"disks":{"id":"d1","facts":{"size":8},"tags":null}},"clientGeneratedId":"c1"}`), 204)
	readBody(t, i.call("POST", again["submitResults"], `{"data":{"disks":{"id":"d1","facts":{"size":9}}},"clientGeneratedId":"c1"}`), 204)
	readBody(t, i.call("POST", again["submitResults"], `{"completed":true}`), 204)
	if r := i.read("GET", again["getExecutionStatus"], "").ProgressResult; r.EntriesUpdated != 1 || r.EntriesProcessed != 1 {
		t.Errorf("second import: got %+v", r)
	}
	if got, want := labels(h, source.SchemaID), "d1[8] [] /x[] [] /y[] [] d3[] []"; got != want {
		t.Errorf("second import: got %s, want %s", got, want)
	}
}

func labels(h *devhost.Host, schemaID string) string {
	var list []string
	for _, o := range h.Objects(schemaID) {
		list = append(list, fmt.Sprint(o.Label, o.Values["Size"], o.Values["Tags"]))
	}
	return strings.Join(list, " ")
}

// An app user and an impersonated user import in place of a container token. The
// links they get are at the gateway, so the app follows their paths on the site.
func TestImportAsUser(t *testing.T) {
	h, a, _, s := withAssets(t)
	a.let(s.ID, devhost.AssetsManager)
	if err := h.SetAssetsRole(s.ID, bo, devhost.AssetsManager); err != nil {
		t.Fatal(err)
	}
	for who, call := range map[string]func(method, path, body string) *http.Response{"app user": a.call, "impersonated user": a.asUser(bo, "")} {
		source, err := h.AddImportSource(s.ID, who)
		if err != nil {
			t.Fatal(err)
		}
		at := assetsV1 + "importsource/" + source.ID
		readBody(t, call("PUT", at+"/mapping", diskMapping), 204)
		var run importAnswer
		readJSON(t, call("POST", at+"/executions", ""), 200, &run)
		data, ok := strings.CutPrefix(run.Links["submitResults"], h.URL()+gateway)
		if !ok {
			t.Fatalf("%s: got the link %q", who, run.Links["submitResults"])
		}
		readBody(t, call("POST", data, `{"data":{"disks":[{"id":"of `+who+`"}]},"completed":true}`), 204)
		if got := labels(h, s.ID); !strings.Contains(got, "of "+who) {
			t.Errorf("%s: got %s", who, got)
		}
		var made struct{ Token string }
		readJSON(t, call("POST", at+"/token", ""), 200, &made)
		readBody(t, importer{a, made.Token}.call("GET", infoAt, ""), 200)
	}
}

// A container token opens its own import source at the plain gateway address and
// nothing else.
func TestContainerTokenRefused(t *testing.T) {
	h, i, _, source := withImport(t)
	other, err := h.AddImportSource(source.SchemaID, "Other")
	if err != nil {
		t.Fatal(err)
	}
	laptop := addLaptop(t, h, h.Schemas()[0].Types[0].ID, "Left", "S1")
	own := "importsource/" + source.ID
	tests := []struct{ name, method, path string }{
		{"an object", "GET", gateway + assetsV1 + "object/" + laptop.ID},
		{"deleting an object", "DELETE", gateway + assetsV1 + "object/" + laptop.ID},
		{"a search", "POST", gateway + assetsV1 + "object/aql"},
		{"the schemas", "GET", gateway + assetsV1 + "objectschema/list"},
		{"another source", "GET", gateway + assetsV1 + "importsource/" + other.ID + "/configstatus"},
		{"a longer id", "GET", gateway + assetsV1 + own + "x/configstatus"},
		{"its successor", "POST", gateway + assetsV1 + own + "/token"},
		{"another workspace", "GET", gateway + "/jsm/assets/workspace/ws-2/v1/" + own + "/configstatus"},
		{"by the cloud id", "GET", gateway + "/ex/jira/" + h.CloudID() + assetsV1 + own + "/configstatus"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := readBody(t, i.call(tt.method, tt.path, ""), 401); got != unauthorized {
				t.Errorf("got %s", got)
			}
		})
	}
	for _, path := range []string{assetsV1 + own + "/configstatus", myselfPath, workspaceAt} {
		if got := i.call("GET", path, "").StatusCode; got != 401 && got != 403 {
			t.Errorf("on the site, %s: got status %d", path, got)
		}
	}
	if len(h.Objects(source.SchemaID)) != 1 {
		t.Error("the object is gone")
	}
	if got := readBody(t, i.call("GET", gateway+"/jsm/else", ""), 404); got != `{"code":404,"message":"Not Found"}`+"\n" {
		t.Errorf("no such address: got %s", got)
	}
	readBody(t, i.call("GET", infoAt, ""), 200)
}

// What is no container token, or is one no more.
func TestGatewayCredentials(t *testing.T) {
	h, i, _, source := withImport(t)
	inst, _ := h.Installation(appKey)
	a := i.a
	status := gateway + assetsV1 + "importsource/" + source.ID + "/configstatus"
	a.let(source.SchemaID, devhost.AssetsManager)
	tests := []struct {
		name   string
		header []string
	}{
		{"none", nil},
		{"empty", []string{"Bearer "}},
		{"another scheme", []string{"Basic " + i.token}},
		{"small letters", []string{"bearer " + i.token}},
		{"two blanks", []string{"Bearer  " + i.token}},
		{"two", []string{"Bearer " + i.token, "Bearer " + i.token}},
		{"nobody's", []string{"Bearer x"}},
		{"the app's secret", []string{"Bearer " + inst.SharedSecret}},
		{"an app's token", []string{"JWT " + jwt(a.secret(), a.appClaims(status))}},
	}
	for _, tt := range tests {
		for _, path := range []string{infoAt, status, gateway + "/ex/jira/" + h.CloudID() + assetsV1 + "objectschema/list"} {
			r := a.request("GET", path, "")
			r.Header["Authorization"] = tt.header
			if got := readBody(t, do(t, r), 401); got != unauthorized {
				t.Errorf("%s at %s: got %s", tt.name, path, got)
			}
		}
	}
	if _, err := h.AddImportSource(source.SchemaID, "Without a token"); err != nil {
		t.Fatal(err)
	}
	r, w := httptest.NewRequest("GET", h.URL()+infoAt, nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer ") // a server would cut the blank
	if h.ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("no token of a source that has none: got %d", w.Code)
	}
	token, err := h.NewContainerToken(source.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{infoAt, status} {
		if got := readBody(t, i.call("GET", path, ""), 401); got != unauthorized {
			t.Errorf("replaced, at %s: got %s", path, got)
		}
		readBody(t, importer{a, token}.call("GET", path, ""), 200)
	}
	calls := h.Calls()
	if last := calls[len(calls)-1]; last.Kind != "container" || strings.Contains(fmt.Sprintf("%+v", last), token) {
		t.Errorf("got %+v", last)
	}
	if _, err := h.NewContainerToken("x"); err == nil {
		t.Error("token of no source: got no error")
	}
}

func TestImportRefused(t *testing.T) {
	h, i, _, source := withImport(t)
	at := gateway + assetsV1 + "importsource/" + source.ID
	refused := func(name, method, path, body string, status int, words string) {
		t.Helper()
		if got := readBody(t, i.call(method, path, body), status); got != jiraError(words) {
			t.Errorf("%s: got %s", name, got)
		}
	}
	const running = "An import is running: complete or cancel it first."
	refused("no mapping", "POST", at+"/executions", "", 400, "The import source has no mapping yet: submit one before an import is started.")
	refused("patch of none", "PATCH", at+"/mapping", diskMapping, 409, "The import source has no mapping yet: PUT one first.")
	refused("later", "PUT", at+"/mapping?async=true", diskMapping, 400, "This host takes a mapping at once only, not with async=true.")
	readBody(t, i.call("PUT", at+"/mapping?async=false", diskMapping), 204)
	run := i.read("POST", at+"/executions", "").Links
	refused("twice", "POST", at+"/executions", "", 409, running)
	refused("mapping while running", "PATCH", at+"/mapping", diskMapping, 409, "An import is running: its mapping cannot be changed.")
	refused("no such execution", "GET", at+"/executions/x/status", "", 404, "The import source has no execution x.")
	refused("nothing", "POST", run["submitResults"], `{"completed":false}`, 400, "A chunk needs 'data' or 'completed'.")
	refused("no object", "POST", run["submitResults"], `{"data":[]}`, 400, "Invalid request payload. Refer to the REST API documentation and try again.")
	refused("no progress", "PUT", run["submitProgress"], `{"steps":1}`, 400, "Invalid request payload. Refer to the REST API documentation and try again.")

	if err := h.DisableImportSource(source.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := i.read("GET", at+"/configstatus", "").Status; got != "DISABLED" {
		t.Errorf("got %s", got)
	}
	refused("disabled, data", "POST", run["submitResults"], `{"completed":true}`, 409, "The import source is disabled.")
	refused("disabled, start", "POST", at+"/executions", "", 409, "The import source is disabled.")
	if err := h.DisableImportSource(source.ID, false); err != nil {
		t.Fatal(err)
	}

	readBody(t, i.call("POST", run["submitResults"], `{"data":{"disks":[{"id":"d1"}]}}`), 204)
	readBody(t, i.call("DELETE", run["cancel"], ""), 204)
	if got := i.read("GET", run["getExecutionStatus"], "").Status; got != "CANCELLED" {
		t.Errorf("got %s", got)
	}
	refused("cancelled, data", "POST", run["submitResults"], `{"completed":true}`, 409, "The execution takes nothing more: its status is CANCELLED.")
	refused("cancelled, progress", "PUT", run["submitProgress"], `{}`, 409, "The execution takes nothing more: its status is CANCELLED.")
	refused("cancelled again", "DELETE", run["cancel"], "", 409, "The execution is over: its status is CANCELLED.")
	if got := labels(h, source.SchemaID); got != "" {
		t.Errorf("of a cancelled import: got %s", got)
	}
	if got, _ := h.ImportSource(source.ID); got.Status != devhost.ImportIdle || got.Name != "Scanner" {
		t.Errorf("got %+v", got)
	}

	i.a.let(source.SchemaID, devhost.AssetsManager)
	if got := readBody(t, i.a.call("GET", assetsV1+"importsource/x/configstatus", ""), 404); got != jiraError("There is no import source with the id x.") {
		t.Errorf("no such source: got %s", got)
	}
	h.LimitAssets(1)
	readBody(t, i.call("GET", infoAt, ""), 200)
	refused("limit", "GET", infoAt, "", 429, "Rate limit exceeded.")
	refused("limit, start", "POST", at+"/executions", "", 429, "Rate limit exceeded.")
}

func TestImportSourceMethods(t *testing.T) {
	h, _, _, s := withAssets(t)
	if _, err := h.AddImportSource("9", "x"); err == nil {
		t.Error("no such schema: got no error")
	}
	if _, err := h.AddImportSource(s.ID, " "); err == nil {
		t.Error("no name: got no error")
	}
	if _, ok := h.ImportSource("x"); ok {
		t.Error("no such source: got one")
	}
	if err := h.DisableImportSource("x", true); err == nil {
		t.Error("no such source: got no error")
	}
}

// A bad mapping changes nothing in the schema.
func TestBadMapping(t *testing.T) {
	h, i, _, source := withImport(t)
	at := gateway + assetsV1 + "importsource/" + source.ID + "/mapping"
	edit := func(old, replacement string) string { return strings.Replace(diskMapping, old, replacement, 1) }
	tests := []struct{ name, body, words string }{
		{"empty", `{}`, "it has no objectTypeMappings"},
		{"unknown type", edit(`"objectTypeName": "Disk"`, `"objectTypeName": "Disc"`), "the schema has no object type 'Disc'"},
		{"unknown attribute", edit(`"attributeName": "Tags"`, `"attributeName": "Mood"`), "object type 'Disk' has no attribute 'Mood'"},
		{"system attribute", edit(`"attributeName": "Tags"`, `"attributeName": "Key"`), "attribute 'Key' of 'Disk' cannot be set"},
		{"no selector", edit(`"selector": "disks", `, ""), "the mapping of 'Disk' has no selector"},
		{"two locators", edit(`["tags"]`, `["a","b"]`), "attribute 'Tags' of 'Disk' needs one locator; this host takes no more"},
		{"no locator", edit(`["tags"]`, `[""]`), "attribute 'Tags' of 'Disk' needs one locator; this host takes no more"},
		{"no identity", edit(`{"attributeName": "Name", "attributeLocators": ["path"]}`, ""), "the mapping of 'Folder' has neither an externalIdPart nor the label"},
		{"type of an attribute", edit(`"type": "integer"`, `"type": "colour"`), "attribute \\\"Size\\\" of object type \\\"Disk\\\": this host has no type \\\"colour\\\""},
	}
	for _, tt := range tests {
		got := readBody(t, i.call("PUT", at, tt.body), 400)
		if want := jiraError("The mapping is not valid: " + tt.words + "."); got != want {
			t.Errorf("%s: got %swant %s", tt.name, got, want)
		}
		if types := h.Schemas()[0].Types; len(types) != 1 {
			t.Errorf("%s: the schema has %d types, want 1", tt.name, len(types))
		}
	}
}

// Data that does not fit is counted and leaves the rest alone.
func TestImportOfOddData(t *testing.T) {
	h, i, _, source := withImport(t)
	at := gateway + assetsV1 + "importsource/" + source.ID
	readBody(t, i.call("PUT", at+"/mapping", diskMapping), 204)
	tests := []struct {
		data            string
		created, failed int
		words           string
	}{
		{`{"disks":5}`, 0, 2, `"disks" holds no objects`},
		{`{"disks":[1]}`, 0, 2, `"disks" holds no objects`},
		{`{"disks":[null]}`, 0, 1, `attribute "DUID" is part of the external id and has no value`},
		{`{"disks":[{"id":"a","facts":7}]}`, 0, 1, `attribute "Size": "facts" is no object`},
		{`{"disks":[{"id":"a","facts":{"size":[{}]}}]}`, 0, 1, `attribute "Size": a value is neither text, number, truth value nor a list of these`},
		{`{"disks":[{"id":["a","b"]}]}`, 0, 1, "The attribute DUID takes one value."},
		{`{"disks":[{"id":"a","folders":"none"}]}`, 1, 1, `"folders" holds no objects`},
		{`{"disks":[{"id":12345678901234567890},{"id":true}],"other":[]}`, 2, 0, ""},
		{`{"disks":null}`, 0, 0, ""},
	}
	for _, tt := range tests {
		run := i.read("POST", at+"/executions", "").Links
		readBody(t, i.call("POST", run["submitResults"], `{"data":`+tt.data+`,"completed":true}`), 204)
		r := i.read("GET", run["getExecutionStatus"], "").ProgressResult
		if r.EntriesCreated != tt.created || r.EntriesFailed != tt.failed || !strings.Contains(strings.Join(r.Errors, "; "), tt.words) {
			t.Errorf("%s: got %+v", tt.data, r)
		}
	}
	if got, want := labels(h, source.SchemaID), "a[] [] 12345678901234567890[] [] true[] []"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Types that are there get the attributes they lack; a patch leaves the mappings
// it does not name.
func TestPatchMapping(t *testing.T) {
	h, i, _, source := withImport(t)
	at := gateway + assetsV1 + "importsource/" + source.ID
	readBody(t, i.call("PUT", at+"/mapping", diskMapping), 204)
	readBody(t, i.call("PATCH", at+"/mapping", `{
		"schema":{"objectSchema":{"objectTypes":[{"externalId":"t/disk","name":"Disk","attributes":[{"name":"DUID"},{"name":"Maker"}]}]}},
		"mapping":{"objectTypeMappings":[{"objectTypeExternalId":"t/disk","selector":"drives","attributesMapping":[
			{"attributeName":"DUID","attributeLocators":["id"],"externalIdPart":true},{"attributeName":"Maker","attributeLocators":["maker"]}]}]}}`), 204)
	bad := `{"schema":{"objectSchema":{"objectTypes":[{"name":"Disk","attributes":[{"name":"Fine"},{"name":"Odd","type":"colour"}]}]}}}`
	readBody(t, i.call("PATCH", at+"/mapping", bad), 400)
	run := i.read("POST", at+"/executions", "").Links
	readBody(t, i.call("POST", run["submitResults"], `{"completed":true,"data":{
		"drives":[{"id":"d1","maker":"M"},{"maker":"N"},{"id":{"a":1}}],"disks":[{"id":"old","folders":[{"path":"/x"}]}]}}`), 204)
	r := i.read("GET", run["getExecutionStatus"], "").ProgressResult
	if r.EntriesCreated != 2 || r.EntriesFailed != 2 || len(r.Errors) != 2 {
		t.Errorf("got %+v", r)
	}
	objects := h.Objects(source.SchemaID)
	slices.SortFunc(objects, func(a, b devhost.AssetsObject) int { return strings.Compare(a.Label, b.Label) })
	if len(objects) != 2 || objects[0].Label != "/x" || objects[1].Values["Maker"][0] != "M" {
		t.Errorf("got %+v", objects)
	}
	types := h.Schemas()[0].Types
	if len(types) != 3 || types[2].ParentID != types[1].ID || len(types[1].Attributes) != 8 {
		t.Errorf("got %+v", types)
	}
}
