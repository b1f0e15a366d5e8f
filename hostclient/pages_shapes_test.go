package hostclient_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestPagesOfBareArrays(t *testing.T) {
	testShapes(t, []pageShape{
		{
			"bare arrays", "", hostclient.PageQuery{Path: "/users?maxResults=2"},
			func(r *http.Request, _ string) string { return list(param(r, "startAt"), 2, 5) },
			"[0 1 2 3 4]", []string{
				"GET /users?maxResults=2", "GET /users?maxResults=2&startAt=2", "GET /users?maxResults=2&startAt=4", "GET /users?maxResults=2&startAt=5",
			},
		},
		{
			"bare arrays: smaller than asked", "", hostclient.PageQuery{Path: "/users?maxResults=1000"},
			func(r *http.Request, _ string) string { return list(param(r, "startAt"), 3, 5) },
			"[0 1 2 3 4]", []string{"GET /users?maxResults=1000", "GET /users?maxResults=1000&startAt=3", "GET /users?maxResults=1000&startAt=5"},
		},
		{
			"bare arrays: cut before they are filtered", "", hostclient.PageQuery{Path: "/user/search?maxResults=4"},
			func(r *http.Request, _ string) string { return odd(param(r, "startAt"), 4, 12) },
			"[1 3 5 7 9 11]", []string{
				"GET /user/search?maxResults=4", "GET /user/search?maxResults=4&startAt=2",
				"GET /user/search?maxResults=4&startAt=6", "GET /user/search?maxResults=4&startAt=10", "GET /user/search?maxResults=4&startAt=14",
			},
		},
		{
			"bare arrays: one match deep in a page", "", hostclient.PageQuery{Path: "/user/search?maxResults=4"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				var found []string
				for _, match := range []int{3, 6} {
					if at <= match && match < at+4 {
						found = append(found, strconv.Itoa(match))
					}
				}
				return "[" + strings.Join(found, ",") + "]"
			},
			"[3 6]", []string{
				"GET /user/search?maxResults=4", "GET /user/search?maxResults=4&startAt=1",
				"GET /user/search?maxResults=4&startAt=5", "GET /user/search?maxResults=4&startAt=9",
			},
		},
		{
			"bare arrays that are no pages", "", hostclient.PageQuery{Path: "/field"},
			func(*http.Request, string) string { return ` [0,1,1,2]` },
			"[0 1 1 2]", []string{"GET /field", "GET /field?startAt=4"},
		},
		{
			"bare arrays that are no pages and grow", "", hostclient.PageQuery{Path: "/field"},
			func(r *http.Request, _ string) string { return list(0, min(3+param(r, "startAt"), 5), 5) },
			"[0 1 2 3 4]", []string{"GET /field", "GET /field?startAt=3", "GET /field?startAt=8"},
		},
	})
}

func TestPagesOfConfluence(t *testing.T) {
	testShapes(t, []pageShape{
		{
			"Confluence v1: below /wiki", "/wiki", hostclient.PageQuery{Path: "/rest/api/content?limit=2"},
			func(r *http.Request, _ string) string {
				if at := param(r, "start"); at > 0 {
					return `{"results":[2],"start":2,"limit":2,"size":1,"_links":{"base":"SITE","context":"/wiki"}}`
				}
				return `{"results":[0,1],"start":0,"limit":2,"size":2,"_links":{"next":"/rest/api/content?limit=2&start=2","base":"SITE","context":"/wiki"}}`
			},
			"[0 1 2]", []string{"GET /wiki/rest/api/content?limit=2", "GET /wiki/rest/api/content?limit=2&start=2"},
		},
		{
			"Confluence v1: from the root, by context", "", hostclient.PageQuery{Path: "/wiki/rest/api/search?cql=type%3Dpage"},
			func(r *http.Request, _ string) string {
				if r.URL.Query().Has("cursor") {
					return `{"results":[2],"_links":{"context":"/wiki"}}`
				}
				return `{"results":[0,1],"_links":{"next":"/rest/api/search?next=true&cursor=_f_Mg%3D%3D_sa&cql=type%3Dpage","base":"SITE/elsewhere","context":"/wiki"}}`
			},
			"[0 1 2]", []string{
				"GET /wiki/rest/api/search?cql=type%3Dpage",
				"GET /wiki/rest/api/search?next=true&cursor=_f_Mg%3D%3D_sa&cql=type%3Dpage",
			},
		},
		{
			"Confluence v1: from the root, by base", "", hostclient.PageQuery{Path: "/wiki/rest/api/content"},
			func(r *http.Request, _ string) string {
				if param(r, "start") > 0 {
					return `{"results":[2],"_links":{}}`
				}
				return `{"results":[0,1],"_links":{"next":"/rest/api/content?start=2","base":"https://acme.atlassian.net/wiki"}}`
			},
			"[0 1 2]", []string{"GET /wiki/rest/api/content", "GET /wiki/rest/api/content?start=2"},
		},
		{
			"Confluence v1: no context, an empty page between", "", hostclient.PageQuery{Path: "/rest/api/content"},
			func(r *http.Request, _ string) string {
				switch param(r, "start") {
				case 0:
					return `{"results":[0,1],"_links":{"next":"/rest/api/content?start=2","base":"SITE","context":""}}`
				case 2:
					return `{"results":[],"_links":{"next":"/rest/api/content?start=4"}}`
				}
				return `{"results":[4]}`
			},
			"[0 1 4]", []string{"GET /rest/api/content", "GET /rest/api/content?start=2", "GET /rest/api/content?start=4"},
		},
		{
			"Confluence v2: _links.next", "", hostclient.PageQuery{Path: "/wiki/api/v2/pages"},
			func(r *http.Request, _ string) string {
				if r.URL.Query().Get("cursor") == "abc=" {
					return `{"results":[2],"_links":{"base":"https://acme.atlassian.net/wiki"}}`
				}
				return `{"results":[0,1],"_links":{"next":"/wiki/api/v2/pages?cursor=abc%3D","base":"https://acme.atlassian.net/wiki"}}`
			},
			"[0 1 2]", []string{"GET /wiki/api/v2/pages", "GET /wiki/api/v2/pages?cursor=abc%3D"},
		},
		{
			"Confluence v2: the Link header alone", "", hostclient.PageQuery{Path: "/wiki/api/v2/pages"},
			func(r *http.Request, _ string) string {
				if r.URL.Query().Has("cursor") {
					return `{"results":[2],"_links":{}}`
				}
				return `</wiki/api/v2/pages>; rel="first", </wiki/api/v2/pages?cursor=a,b>; title="x, y"; rel="next"` + "\n" + `{"results":[0,1]}`
			},
			"[0 1 2]", []string{"GET /wiki/api/v2/pages", "GET /wiki/api/v2/pages?cursor=a,b"},
		},
	})
}

func TestPagesOfOthers(t *testing.T) {
	testShapes(t, []pageShape{
		{
			"Jira Software: issues and total", "", hostclient.PageQuery{Path: "/rest/agile/1.0/board/1/issue"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"expand":"names","startAt":%d,"maxResults":3,"total":5,"issues":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /rest/agile/1.0/board/1/issue", "GET /rest/agile/1.0/board/1/issue?startAt=3"},
		},
		{
			"Jira Software: neither total nor isLast", "", hostclient.PageQuery{Path: "/rest/agile/1.0/board"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"maxResults":50,"startAt":%d,"values":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /rest/agile/1.0/board", "GET /rest/agile/1.0/board?startAt=3", "GET /rest/agile/1.0/board?startAt=5"},
		},
		{
			"service desk", "", hostclient.PageQuery{Path: "/rest/servicedeskapi/request?limit=3"},
			func(r *http.Request, _ string) string {
				at := param(r, "start")
				return fmt.Sprintf(`{"_expands":[],"size":2,"start":%d,"limit":3,"isLastPage":%t,"values":%s}`, at, at >= 3, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /rest/servicedeskapi/request?limit=3", "GET /rest/servicedeskapi/request?limit=3&start=3"},
		},
		{
			"service desk: short and empty pages, and links of another host", "", hostclient.PageQuery{Path: "/request"},
			func(r *http.Request, _ string) string {
				switch at := param(r, "start"); at {
				case 0:
					return `{"size":1,"start":0,"limit":2,"isLastPage":false,"_links":{"base":"https://acme.atlassian.net","context":"","next":"https://acme.atlassian.net/request?start=2&limit=2"},"values":[1]}`
				case 2:
					return `{"size":0,"start":2,"limit":2,"isLastPage":false,"values":[]}`
				default:
					return fmt.Sprintf(`{"size":1,"start":%d,"limit":2,"isLastPage":true,"_links":{"next":"https://acme.atlassian.net/more"},"values":[4]}`, at)
				}
			},
			"[1 4]", []string{"GET /request", "GET /request?start=2", "GET /request?start=4"},
		},
		{
			"Assets", "", hostclient.PageQuery{Path: "/object/aql?startAt=0&maxResults=3", Body: map[string]string{"qlQuery": "x"}},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"startAt":%d,"maxResults":3,"total":5,"isLast":%t,"hasMoreResults":false,"objectTypeAttributes":[{}],"values":%s}`, at, at >= 3, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{`POST /object/aql?startAt=0&maxResults=3 {"qlQuery":"x"}`, `POST /object/aql?maxResults=3&startAt=3 {"qlQuery":"x"}`},
		},
		{
			"Assets of old", "", hostclient.PageQuery{Path: "/aql/objects?resultPerPage=3"},
			func(r *http.Request, _ string) string {
				page := max(param(r, "page"), 1)
				return fmt.Sprintf(`{"objectTypeAttributes":[{}],"totalFilterCount":5,"startIndex":1,"toIndex":3,"pageObjectSize":3,"pageNumber":%d,"pageSize":2,"objectEntries":%s}`, page, list(3*page-3, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /aql/objects?resultPerPage=3", "GET /aql/objects?resultPerPage=3&page=2"},
		},
		{
			"Assets of old, without a number of pages", "", hostclient.PageQuery{Path: "/aql/objects"},
			func(r *http.Request, _ string) string {
				page := max(param(r, "page"), 1)
				return fmt.Sprintf(`{"pageNumber":%d,"objectEntries":%s}`, page, list(3*page-3, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /aql/objects", "GET /aql/objects?page=2", "GET /aql/objects?page=3"},
		},
		{
			"a list by its name", "", hostclient.PageQuery{Path: "/p", Items: "groups"},
			func(r *http.Request, _ string) string {
				at := param(r, "startAt")
				return fmt.Sprintf(`{"values":["x"],"startAt":%d,"total":5,"groups":%s}`, at, list(at, 3, 5))
			},
			"[0 1 2 3 4]", []string{"GET /p", "GET /p?startAt=3"},
		},
		{
			"a list by its name, null at the end", "", hostclient.PageQuery{Path: "/p", Items: "groups"},
			func(r *http.Request, _ string) string {
				if param(r, "startAt") > 0 {
					return `{"startAt":2,"groups":null}`
				}
				return `{"startAt":0,"groups":[0,1]}`
			},
			"[0 1]", []string{"GET /p", "GET /p?startAt=2"},
		},
		{
			"two lists, one of them known", "", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"warningMessages":["x"],"issues":[0,1],"names":["a"]}` },
			"[0 1]", []string{"GET /p"},
		},
		{
			"the only list", "", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"header":"x","people":[0,1]}` },
			"[0 1]", []string{"GET /p"},
		},
	})
}
