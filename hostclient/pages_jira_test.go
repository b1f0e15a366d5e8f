package hostclient_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestPagesOfJira(t *testing.T) {
	testShapes(t, []pageShape{
		{
			"Jira: isLast", "", hostclient.PageQuery{Path: "/p?maxResults=2"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":2,"total":5,"isLast":%t,"values":%s}`, at, at >= 4, list(at, 2, 5))
			},
			"[0 1 2 3 4]", []string{"GET /p?maxResults=2", "GET /p?maxResults=2&startAt=2", "GET /p?maxResults=2&startAt=4"},
		},
		{
			"Jira: from the middle, other parameters kept", "", hostclient.PageQuery{Path: "/p?startAt=1&expand=a%2Cb&x=1&x=2"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":2,"isLast":%t,"values":%s}`, at, at >= 3, list(at, 2, 5))
			},
			"[1 2 3 4]", []string{"GET /p?startAt=1&expand=a%2Cb&x=1&x=2", "GET /p?expand=a%2Cb&x=1&x=2&startAt=3"},
		},
		{
			"Jira: maxResults comes back smaller", "", hostclient.PageQuery{Path: "/p?maxResults=100"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"isLast":%t,"values":%s}`, at, at >= 3, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /p?maxResults=100", "GET /p?maxResults=100&startAt=3"},
		},
		{
			"Jira: short pages that are not the last", "", hostclient.PageQuery{Path: "/p?maxResults=2"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":2,"total":5,"isLast":%t,"values":%s}`, at, at >= 4, odd(at, 2, 5))
			},
			"[1 3]", []string{"GET /p?maxResults=2", "GET /p?maxResults=2&startAt=2", "GET /p?maxResults=2&startAt=4"},
		},
		{
			"Jira: never the last, until it is empty", "", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"isLast":false,"values":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /p", "GET /p?startAt=3", "GET /p?startAt=6"},
		},
		{
			"Jira: isLast counts, and no total", "", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"total":3,"isLast":%t,"values":%s}`, at, at >= 3, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /p", "GET /p?startAt=3"},
		},
		{
			"Jira: nextPage names another host", "", hostclient.PageQuery{Path: "/p?maxResults=3"},
			func(r *http.Request, _ string) string {
				if at := param(r, "startAt"); at > 0 {
					return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"isLast":true,"values":%s}`, at, list(at, 3, 5))
				}
				return `{"startAt":0,"maxResults":3,"isLast":false,"nextPage":"https://acme.atlassian.net/p?maxResults=3&startAt=3","values":[0,1,2]}`
			},
			"[0 1 2 3 4]", []string{"GET /p?maxResults=3", "GET /p?maxResults=3&startAt=3"},
		},
		{
			"Jira: nextPage after a page without items", "", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				if at := param(r, "startAt"); at > 0 {
					return `{"startAt":3,"maxResults":3,"isLast":true,"values":[3,4]}`
				}
				return `{"startAt":0,"maxResults":3,"isLast":false,"nextPage":"SITE/p?startAt=3","values":[]}`
			},
			"[3 4]", []string{"GET /p", "GET /p?startAt=3"},
		},
		{
			"Jira: changed worklogs, whose last page names a next one", "", hostclient.PageQuery{Path: "/worklog/updated?since=1"},
			func(r *http.Request, _ string) string {
				if param(r, "since") == 7 {
					return `{"values":[2,3],"since":7,"until":9,"lastPage":true,"nextPage":"SITE/worklog/updated?since=9"}`
				}
				return `{"values":[0,1],"since":1,"until":7,"lastPage":false,"nextPage":"SITE/worklog/updated?since=7"}`
			},
			"[0 1 2 3]", []string{"GET /worklog/updated?since=1", "GET /worklog/updated?since=7"},
		},
		{
			"old collections: total", "", hostclient.PageQuery{Path: "/comment"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":2,"total":5,"comments":%s}`, at, list(at, 2, 5))
			},
			"[0 1 2 3 4]", []string{"GET /comment", "GET /comment?startAt=2", "GET /comment?startAt=4"},
		},
		{
			"old collections: all at once", "", hostclient.PageQuery{Path: "/comment"},
			func(*http.Request, string) string {
				return `{"startAt":0,"maxResults":5,"total":5,"comments":[0,1,2,3,4]}`
			},
			"[0 1 2 3 4]", []string{"GET /comment"},
		},
		{
			"old collections: none", "", hostclient.PageQuery{Path: "/comment"},
			func(*http.Request, string) string { return `{"startAt":0,"maxResults":50,"total":0,"comments":[]}` },
			"[]", []string{"GET /comment"},
		},
		{
			"old collections: a maxResults that is not kept to", "", hostclient.PageQuery{Path: "/worklog"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":1048576,"total":5,"worklogs":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /worklog", "GET /worklog?startAt=3"},
		},
		{
			"old collections: a total that is too high", "", hostclient.PageQuery{Path: "/search"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"total":9,"issues":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /search", "GET /search?startAt=3", "GET /search?startAt=5"},
		},
		{
			"old collections: a total that is too low", "", hostclient.PageQuery{Path: "/search"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"total":1,"issues":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /search", "GET /search?startAt=3", "GET /search?startAt=5"},
		},
		{
			"JQL: isLast with a token", "", hostclient.PageQuery{Path: "/rest/api/3/search/jql?jql=project%3DA"},
			func(r *http.Request, _ string) string {
				switch r.URL.Query().Get("nextPageToken") {
				case "":
					return `{"issues":[0,1],"nextPageToken":"a+b/c= d"}`
				case "a+b/c= d":
					return `{"issues":[],"nextPageToken":"e","isLast":false}`
				}
				return `{"issues":[2],"nextPageToken":"f","isLast":true}`
			},
			"[0 1 2]", []string{
				"GET /rest/api/3/search/jql?jql=project%3DA",
				"GET /rest/api/3/search/jql?jql=project%3DA&nextPageToken=a%2Bb%2Fc%3D%20d",
				"GET /rest/api/3/search/jql?jql=project%3DA&nextPageToken=e",
			},
		},
		{
			"JQL: no token", "", hostclient.PageQuery{Path: "/jql"},
			func(*http.Request, string) string { return `{"issues":[0]}` },
			"[0]", []string{"GET /jql"},
		},
		{
			"JQL: token null", "", hostclient.PageQuery{Path: "/jql"},
			func(*http.Request, string) string { return `{"issues":[0],"nextPageToken":null,"isLast":false}` },
			"[0]", []string{"GET /jql"},
		},
		{
			"JQL: token empty", "", hostclient.PageQuery{Path: "/jql"},
			func(*http.Request, string) string { return `{"issues":[0],"nextPageToken":"","isLast":false}` },
			"[0]", []string{"GET /jql"},
		},
		{
			"JQL by POST", "", hostclient.PageQuery{Path: "/jql", Body: map[string]any{"jql": "a<b", "maxResults": 2, "reconcileIssues": []int{7}}},
			func(_ *http.Request, body string) string {
				if !strings.Contains(body, "nextPageToken") {
					return `{"issues":[0,1],"nextPageToken":"t\"1"}`
				}
				return `{"issues":[2],"nextPageToken":null}`
			},
			"[0 1 2]", []string{
				`POST /jql {"jql":"a\u003cb","maxResults":2,"reconcileIssues":[7]}`,
				`POST /jql {"jql":"a\u003cb","maxResults":2,"nextPageToken":"t\"1","reconcileIssues":[7]}`,
			},
		},
		{
			"JQL by POST, no size of a page", "", hostclient.PageQuery{Path: "/jql?x=1", Body: json.RawMessage(`{"jql":"x"}`)},
			func(_ *http.Request, body string) string {
				if !strings.Contains(body, "nextPageToken") {
					return `{"issues":[0,1],"nextPageToken":"t"}`
				}
				return `{"issues":[2],"nextPageToken":""}`
			},
			"[0 1 2]", []string{`POST /jql?x=1 {"jql":"x"}`, `POST /jql?x=1 {"jql":"x","nextPageToken":"t"}`},
		},
		{
			"Data Center's search by POST", "", hostclient.PageQuery{Path: "/search", Body: struct {
				JQL        string `json:"jql"`
				MaxResults int    `json:"maxResults"`
			}{"x", 3}},
			func(_ *http.Request, body string) string {
				var asked struct{ StartAt int }
				_ = json.Unmarshal([]byte(body), &asked)
				return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"total":5,"issues":%s}`, asked.StartAt, list(asked.StartAt, 3, 5))
			},
			"[0 1 2 3 4]", []string{`POST /search {"jql":"x","maxResults":3}`, `POST /search {"jql":"x","maxResults":3,"startAt":3}`},
		},
	})
}
