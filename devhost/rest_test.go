package devhost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

func doc(text string) string { return string(devhost.Document(text)) }

// Requests and their answers, one after the other on one site.
func TestRESTAPI(t *testing.T) {
	h, a, _ := installed(t)
	inst, _ := h.Installation(appKey)
	const api, addon = "/rest/api/3/", "/rest/atlassian-connect/1/addons/tiny.app"
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     []string // found in the answer
	}{
		{"server info", "GET", api + "serverInfo", "", 200, []string{`"deploymentType":"Cloud"`, `"baseUrl":"` + h.URL() + `"`}},
		{"myself", "GET", api + "myself", "", 200, []string{`"accountId":"` + inst.AccountID + `"`, `"accountType":"app"`, `"displayName":"Tiny"`}},
		{"a user, without the address", "GET", api + "user?accountId=712020:bo", "", 200, []string{`"displayName":"Bo Lindqvist"`, `"active":true`}},
		{"no such user", "GET", api + "user?accountId=x", "", 404, []string{"does not exist"}},
		{"project by key", "GET", api + "project/OPS", "", 200, []string{`"key":"OPS"`, `"id":"10001"`}},
		{"no such project", "GET", api + "project/NONE", "", 404, []string{"No project"}},
		{"my permissions", "GET", api + "mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER", "", 200, []string{`"BROWSE_PROJECTS":{"key":"BROWSE_PROJECTS"`, `"havePermission":true`, `"type":"GLOBAL"`}},
		{"my permissions, none asked", "GET", api + "mypermissions", "", 400, []string{"required"}},
		{"my permissions, unknown", "GET", api + "mypermissions?permissions=FLY", "", 400, []string{"Unrecognized permission: FLY"}},

		{"issue", "GET", api + "issue/DEMO-3", "", 200, []string{`"key":"DEMO-3"`, `"statusCategory":{"id":2`, `"Confirmed, it is the page size."`, `"updated":"2026-08-17T10:30:00.000+0000"`}},
		{"issue, one field", "GET", api + "issue/demo-3?fields=labels", "", 200, []string{`"fields":{"labels":["reports"]}`}},
		{"no such issue", "GET", api + "issue/DEMO-99", "", 404, []string{`{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`}},

		{"create", "POST", api + "issue", `{"fields":{"project":{"key":"OPS"},"summary":"Made","issuetype":{"name":"Bug"},"description":` + doc("Text") + `,"labels":["a"],"priority":{"id":"1"},"assignee":{"id":"712020:bo"}}}`, 201, []string{`"key":"OPS-5"`, `"self":"` + h.URL() + api + "issue/"}},
		{"what was made", "GET", api + "issue/OPS-5", "", 200, []string{`"summary":"Made"`, `"name":"Bug"`, `"name":"Highest"`, `"labels":["a"]`, `"displayName":"Bo Lindqvist"`, `"Text"`}},
		{"create by project id", "POST", api + "issue", `{"fields":{"project":{"id":"10000"},"summary":"Made","issuetype":{"id":"10001"}}}`, 201, []string{`"key":"DEMO-9"`}},
		{"create without anything", "POST", api + "issue", `{"fields":{}}`, 400, []string{`"errorMessages":[]`, `"summary":"You must specify a summary of the issue."`, `"project":"Specify a valid project ID or key"`, `"issuetype":"Specify an issue type"`}},
		{"create in no project", "POST", api + "issue", `{"fields":{"project":{"key":"NONE"},"summary":"x","issuetype":{"name":"Bug"}}}`, 400, []string{`"project":"Specify a valid`}},
		{"create with an unknown field", "POST", api + "issue", `{"fields":{"project":{"key":"OPS"},"summary":"x","issuetype":{"name":"Bug"},"mood":"good"}}`, 400, []string{"Field 'mood' cannot be set"}},
		{"create with plain text", "POST", api + "issue", `{"fields":{"project":{"key":"OPS"},"summary":"x","issuetype":{"name":"Bug"},"description":"text"}}`, 400, []string{"Atlassian Document"}},
		{"create of no kind", "POST", api + "issue", `{"fields":{"project":{"key":"OPS"},"summary":"x","issuetype":{"name":"Epic"}}}`, 400, []string{"'Epic' does not exist"}},
		{"create, no JSON", "POST", api + "issue", `x`, 400, []string{"Invalid request payload"}},

		{"update", "PUT", api + "issue/OPS-5", `{"fields":{"summary":"Changed","assignee":null,"description":null}}`, 204, nil},
		{"what was updated", "GET", api + "issue/OPS-5", "", 200, []string{`"summary":"Changed"`, `"assignee":null`, `"description":null`, `"updated":"2026-11-20T12:00:00.000+0000"`}},
		{"update to nothing", "PUT", api + "issue/OPS-5", `{"fields":{"summary":" "}}`, 400, []string{"must specify a summary"}},
		{"update, line break", "PUT", api + "issue/OPS-5", `{"fields":{"summary":"a\nb"}}`, 400, []string{"newline"}},
		{"update, summary is a number", "PUT", api + "issue/OPS-5", `{"fields":{"summary":3}}`, 400, []string{"must be a string"}},
		{"update, label with a space", "PUT", api + "issue/OPS-5", `{"fields":{"labels":["a b"]}}`, 400, []string{"contains spaces"}},
		{"update, unknown user", "PUT", api + "issue/OPS-5", `{"fields":{"assignee":{"accountId":"x"}}}`, 400, []string{"cannot be assigned"}},
		{"update, project", "PUT", api + "issue/OPS-5", `{"fields":{"project":{"key":"DEMO"}}}`, 400, []string{"Field 'project' cannot be set"}},
		{"update by operations", "PUT", api + "issue/OPS-5", `{"update":{"labels":[]}}`, 400, []string{"'fields' only"}},
		{"update of none", "PUT", api + "issue/OPS-99", `{"fields":{}}`, 404, nil},
		{"nothing stuck", "GET", api + "issue/OPS-5?fields=summary,labels", "", 200, []string{`{"labels":["a"],"summary":"Changed"}`}},
		{"delete without the scope", "DELETE", api + "issue/OPS-5", "", 403, []string{"Request not in an authorized API scope"}},

		{"comment", "POST", api + "issue/OPS-5/comment", `{"body":` + doc("First") + `}`, 201, []string{`"author":{`, inst.AccountID, `"First"`}},
		{"second comment", "POST", api + "issue/OPS-5/comment", `{"body":` + doc("Second") + `}`, 201, nil},
		{"comment in plain text", "POST", api + "issue/OPS-5/comment", `{"body":"First"}`, 400, []string{`"comment":"Comment body is not valid!"`}},
		{"comment on none", "POST", api + "issue/OPS-99/comment", `{"body":` + doc("First") + `}`, 404, nil},
		{"comments", "GET", api + "issue/OPS-5/comment", "", 200, []string{`"total":2`, `"startAt":0`}},
		{"comments, one", "GET", api + "issue/OPS-5/comment?startAt=1&maxResults=5", "", 200, []string{`"total":2`, `"Second"`, `"startAt":1`}},
		{"comments, beyond", "GET", api + "issue/OPS-5/comment?startAt=9", "", 200, []string{`"comments":[]`}},
		{"comments, nonsense", "GET", api + "issue/OPS-5/comment?startAt=-1", "", 400, nil},

		{"no properties", "GET", addon + "/properties", "", 200, []string{`{"keys":[]}`}},
		{"no such property", "GET", addon + "/properties/days", "", 404, []string{`"statusCode":404`}},
		{"new property", "PUT", addon + "/properties/days", `{"n": 30}`, 201, []string{`"statusCode":201`}},
		{"same property", "PUT", addon + "/properties/days", `{"n": 31}`, 200, []string{`"statusCode":200`}},
		{"property", "GET", addon + "/properties/days", "", 200, []string{`"key":"days"`, `"value":{"n":31}`, `"self":"` + h.URL() + addon + `/properties/days"`}},
		{"properties", "GET", addon + "/properties", "", 200, []string{`"key":"days"`}},
		{"property that is no JSON", "PUT", addon + "/properties/days", `{n}`, 400, []string{"not valid JSON"}},
		{"longest property", "PUT", addon + "/properties/long", `"` + strings.Repeat("é", 32766) + `"`, 201, nil},
		{"too long a property", "PUT", addon + "/properties/long", `"` + strings.Repeat("é", 32767) + `"`, 400, []string{"32768"}},
		{"longest key", "PUT", addon + "/properties/" + strings.Repeat("k", 127), `1`, 201, nil},
		{"too long a key", "PUT", addon + "/properties/" + strings.Repeat("k", 128), `1`, 400, []string{"127"}},
		{"property of another app", "PUT", "/rest/atlassian-connect/1/addons/other/properties/x", `1`, 403, nil},
		{"delete without the scope, property", "DELETE", addon + "/properties/days", "", 403, nil},
		{"app", "GET", addon, "", 200, []string{`"state":"ENABLED"`, `"license":{"active":true`}},
		{"another app", "GET", "/rest/atlassian-connect/1/addons/other", "", 403, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := readBody(t, a.call(tt.method, tt.path, tt.body), tt.status)
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("got %s\nwant %s", body, want)
				}
			}
			if strings.Contains(body, "example.com") {
				t.Errorf("an app without the scope sees e-mail addresses: %s", body)
			}
		})
	}
	if v, ok := h.Property(appKey, "days"); !ok || string(v) != `{"n": 31}` {
		t.Errorf("Property: got %s, %v", v, ok)
	}
}

func TestDeleteAndEmailWithScopes(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	a.set("scopes", []string{"DELETE", "ACCESS_EMAIL_ADDRESSES"})
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	const addon = "/rest/atlassian-connect/1/addons/tiny.app/properties/x"
	if body := readBody(t, a.call("GET", "/rest/api/3/user?accountId="+bo, ""), 200); !strings.Contains(body, `"emailAddress":"bo@example.com"`) {
		t.Errorf("got %s", body)
	}
	readBody(t, a.call("DELETE", "/rest/api/3/issue/DEMO-1", ""), 204)
	readBody(t, a.call("GET", "/rest/api/3/issue/DEMO-1", ""), 404)
	readBody(t, a.call("DELETE", addon, ""), 404)
	readBody(t, a.call("PUT", addon, "1"), 201)
	readBody(t, a.call("DELETE", addon, ""), 204)
	if err := h.SetLicensed(appKey, false); err != nil {
		t.Fatal(err)
	}
	if body := readBody(t, a.call("GET", "/rest/atlassian-connect/1/addons/tiny.app", ""), 200); strings.Contains(body, "license") {
		t.Errorf("unlicensed: got %s", body)
	}
}

func TestPermissionsCheck(t *testing.T) {
	h, a, _ := installed(t)
	issue, _ := h.Issue("DEMO-1")
	ask := func(account string) string {
		return fmt.Sprintf(`{"accountId":%q,"globalPermissions":["ADMINISTER"],"projectPermissions":[
			{"permissions":["EDIT_ISSUES","BROWSE_PROJECTS"],"projects":[10000,99],"issues":[%s,98]}]}`, account, issue.ID)
	}
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"member", ask(bo), 200, `{"globalPermissions":[],"projectPermissions":[{"permission":"EDIT_ISSUES","projects":[10000],"issues":[` + issue.ID + `]},{"permission":"BROWSE_PROJECTS","projects":[10000],"issues":[` + issue.ID + `]}]}`},
		{"who only looks", ask("712020:dara"), 200, `{"permission":"EDIT_ISSUES","projects":[],"issues":[]}`},
		{"administrator", ask("712020:ada"), 200, `"globalPermissions":["ADMINISTER"]`},
		{"the app itself", ask(""), 200, `"globalPermissions":["ADMINISTER"]`},
		{"nobody", ask("x"), 400, "does not exist"},
		{"unknown permission", `{"globalPermissions":["FLY"]}`, 400, "Unrecognized permission: FLY"},
		{"unknown project permission", `{"projectPermissions":[{"permissions":["FLY"]}]}`, 400, "Unrecognized permission: FLY"},
		{"unknown member", `{"who":"x"}`, 400, "Invalid request payload"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := readBody(t, a.call("POST", "/rest/api/3/permissions/check", tt.body), tt.status)
			if !strings.Contains(body, tt.want) {
				t.Errorf("got %s, want %s", body, tt.want)
			}
		})
	}
	t.Run("others are the administrator's to ask for", func(t *testing.T) {
		readBody(t, a.asUser(bo, "")("POST", "/rest/api/3/permissions/check", ask("712020:ada")), 403)
		readBody(t, a.asUser(bo, "")("POST", "/rest/api/3/permissions/check", ask(bo)), 200)
		readBody(t, a.asUser("712020:ada", "")("POST", "/rest/api/3/permissions/check", ask(bo)), 200)
	})
}

func TestSiteMethods(t *testing.T) {
	h, _, ck := installed(t)
	for name, bad := range map[string]devhost.Issue{
		"no key": {Summary: "x"}, "odd key": {Key: "x-1", Summary: "x"}, "no summary": {Key: "AB-1"},
		"status": {Key: "AB-1", Summary: "x", Status: "Sleeping"}, "type": {Key: "AB-1", Summary: "x", Type: "Epic"},
		"priority": {Key: "AB-1", Summary: "x", Priority: "None"},
	} {
		if _, err := h.PutIssue(bad); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := h.SetUpdated("DEMO-1", ck.Now().AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	if i, _ := h.Issue("DEMO-1"); i.Updated.Year() != 2025 {
		t.Errorf("got updated %s", i.Updated)
	}
	if err := h.SetUpdated("DEMO-99", ck.Now()); err == nil {
		t.Error("SetUpdated of no issue: got no error")
	}
	i, _ := h.Issue("DEMO-1")
	i.Labels[0] = "changed by the caller"
	if again, _ := h.Issue("DEMO-1"); again.Labels[0] != "login" {
		t.Error("a returned issue shares memory with the site")
	}
	if _, err := h.AddComment(bo, "DEMO-1", json.RawMessage(`"text"`)); err == nil {
		t.Error("comment that is no document: got no error")
	}
	if _, err := h.EditIssue(bo, "DEMO-1", func(i *devhost.Issue) { i.Status = "Sleeping" }); err == nil {
		t.Error("unknown status: got no error")
	}
	for _, u := range []devhost.User{{}, {DisplayName: "x", Permissions: []devhost.Permission{"FLY"}}} {
		if _, err := h.AddUser(u); err == nil {
			t.Errorf("user %+v: got no error", u)
		}
	}
	if got, err := h.Search("key = DEMO-1"); err != nil || len(got) != 1 {
		t.Errorf("Search: got %v, %v", got, err)
	}
}
