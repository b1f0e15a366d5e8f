package devhost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// The shapes of pages, each at its first, a middle and its last page.
func TestPageShapes(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	for _, key := range []string{"PA", "PB", "PC"} { // beside DEMO and OPS
		if _, err := h.PutIssue(devhost.Issue{Key: key + "-1", Summary: key}); err != nil {
			t.Fatal(err)
		}
	}
	auth := basic("ada@example.com", apiToken(t, h, devhost.APIToken{AccountID: ada}))
	const api = "/rest/api/3/"
	site := h.URL()
	project := func(n int, key string) string {
		name := key[:1] + strings.ToLower(key[1:])
		return fmt.Sprintf(`{"self":"%s/rest/api/3/project/%d","id":"%d","key":"%s","name":"%s"}`, site, n, n, key, name)
	}
	user := func(id, name, email string) string {
		return fmt.Sprintf(`{"self":"%s/rest/api/3/user?accountId=712020%%3A%s","accountId":"712020:%s","accountType":"atlassian","emailAddress":"%s","displayName":"%s","active":true,"timeZone":"Etc/UTC"}`, site, id, id, email, name)
	}
	board := func(n int, key, name string) string {
		return fmt.Sprintf(`{"id":%d,"self":"%s/rest/agile/1.0/board/%d","name":"%s board","type":"simple","location":{"projectId":%d,"projectKey":"%s","projectName":"%s"}}`, n, site, n, name, 9999+n, key, name)
	}
	desk := func(n int, key, name string) string {
		return fmt.Sprintf(`{"id":"%d","projectId":"%d","projectKey":"%s","projectName":"%s","_links":{"self":"%s/rest/servicedeskapi/servicedesk/%d"}}`, n, 9999+n, key, name, site, n)
	}
	tests := []struct{ name, path, want string }{
		{"PageBean, first", api + "project/search?maxResults=2", `{"self":"` + site + api + `project/search?maxResults=2&startAt=0","nextPage":"` + site + api + `project/search?maxResults=2&startAt=2","maxResults":2,"startAt":0,"total":5,"isLast":false,"values":[` + project(10000, "DEMO") + "," + project(10001, "OPS") + `]}`},
		{"PageBean, last", api + "project/search?maxResults=2&startAt=4", `{"self":"` + site + api + `project/search?maxResults=2&startAt=4","maxResults":2,"startAt":4,"total":5,"isLast":true,"values":[` + project(10004, "PC") + `]}`},
		{"PageBean, beyond", api + "project/search?startAt=9", `{"self":"` + site + api + `project/search?maxResults=50&startAt=9","maxResults":50,"startAt":9,"total":5,"isLast":true,"values":[]}`},
		{"PageBean, smaller than asked", api + "project/search?maxResults=1000&startAt=9", `{"self":"` + site + api + `project/search?maxResults=50&startAt=9","maxResults":50,"startAt":9,"total":5,"isLast":true,"values":[]}`},
		{"bare array", api + "users/search?startAt=1&maxResults=2", `[` + user("bo", "Bo Lindqvist", "bo@example.com") + `,` + user("chen", "Chen Rui", "chen@example.com") + `]`},
		{"bare array, beyond", api + "users/search?startAt=4", `[]`},
		{"Agile, first", "/rest/agile/1.0/board?maxResults=1", `{"maxResults":1,"startAt":0,"total":5,"isLast":false,"values":[` + board(1, "DEMO", "Demo") + `]}`},
		{"Agile, last", "/rest/agile/1.0/board?startAt=4", `{"maxResults":50,"startAt":4,"total":5,"isLast":true,"values":[` + board(5, "PC", "Pc") + `]}`},
		{"JSM, middle", "/rest/servicedeskapi/servicedesk?start=1&limit=1", `{"size":1,"start":1,"limit":1,"isLastPage":false,"_links":{"self":"` + site + `/rest/servicedeskapi/servicedesk?limit=1&start=1","base":"` + site + `","context":"","next":"` + site + `/rest/servicedeskapi/servicedesk?limit=1&start=2"},"values":[` + desk(2, "OPS", "Ops") + `],"_expands":[]}`},
		{"JSM, last", "/rest/servicedeskapi/servicedesk?start=4", `{"size":1,"start":4,"limit":50,"isLastPage":true,"_links":{"self":"` + site + `/rest/servicedeskapi/servicedesk?limit=50&start=4","base":"` + site + `","context":""},"values":[` + desk(5, "PC", "Pc") + `],"_expands":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantBody(t, send(t, "GET", site+tt.path, "", "Authorization", auth), 200, tt.want)
		})
	}
	for _, path := range []string{api + "project/search?startAt=x", api + "users/search?maxResults=-1", "/rest/agile/1.0/board?startAt=x"} {
		wantBody(t, send(t, "GET", site+path, "", "Authorization", auth), 400, `{"errorMessages":["'`+path[strings.Index(path, "=")+1:]+`' is not a number of zero or more."],"errors":{}}`)
	}
	wantBody(t, send(t, "GET", site+"/rest/servicedeskapi/servicedesk?start=x", "", "Authorization", auth), 400,
		`{"errorMessage":"'x' is not a number of zero or more.","i18nErrorMessage":{"i18nKey":"sd.rest.pagination.invalid","parameters":[]}}`)
}

// Apps read the same lists with their scopes.
func TestPagesForApps(t *testing.T) {
	h, a, _ := installed(t)
	for _, path := range []string{"/rest/api/3/project/search", "/rest/api/3/users/search", "/rest/agile/1.0/board", "/rest/servicedeskapi/servicedesk"} {
		body := readBody(t, a.call("GET", path, ""), 200)
		if !json.Valid([]byte(body)) || strings.Contains(body, "example.com") || !strings.Contains(body, h.URL()) {
			t.Errorf("%s: got %s", path, body)
		}
	}
}
