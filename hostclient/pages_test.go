package hostclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// pagedHost is a host with the items 0 to 4, or fewer, that makes pages as habit
// says, and keeps the requests as lines: method, target and body.
type pagedHost struct {
	*site
	lines []string
}

func newPagedHost(t testing.TB, path string, habit func(r *http.Request, body string) string) *pagedHost {
	t.Helper()
	h := new(pagedHost)
	h.site = newSite(t, path, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		h.lines = append(h.lines, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		h.mu.Unlock()
		text := habit(r, string(body))
		if link, rest, ok := strings.Cut(text, "\n"); ok {
			w.Header().Set("Link", link)
			text = rest
		}
		if code, err := strconv.Atoi(text); err == nil {
			w.WriteHeader(code)
			return
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(text, "SITE", h.url))
	})
	return h
}

func (h *pagedHost) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// app is a client that calls the host as an app.
func (h *pagedHost) app(t testing.TB) *hostclient.Client {
	t.Helper()
	hosts, err := hostclient.NewHosts(hostclient.Config{Limits: once(t), Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	client, err := hosts.For(installation(h.url))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// forged is a client that calls the site with a token.
func forged(t testing.TB, site hostclient.Site, err error) *hostclient.Client {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Limits: once(t), Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	return hosts.Client(tokenFor{site})
}

// tokenFor is a credential for whatever site.
type tokenFor struct{ site hostclient.Site }

func (c tokenFor) Binding() hostclient.Binding {
	binding, err := c.site.Bind(hostclient.SchemeOther)
	if err != nil {
		panic(err)
	}
	return binding
}

func (c tokenFor) Apply(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer a-token-of-somebody")
	return nil
}

// pages reads all there is.
func pages(t testing.TB, c *hostclient.Client, q hostclient.PageQuery) (items []int, err error) {
	t.Helper()
	for item, err := range hostclient.PagesOf[int](t.Context(), c, q) {
		if err != nil {
			if item != 0 {
				t.Errorf("got %d with the error", item)
			}
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// list is a JSON list of the numbers from start, at most size of them, of those
// below total.
func list(start, size, total int) string {
	numbers := []int{}
	for i := start; i < min(start+size, total); i++ {
		numbers = append(numbers, i)
	}
	text, _ := json.Marshal(numbers)
	return string(text)
}

// odd is list without the even numbers.
func odd(start, size, total int) string {
	numbers := []int{}
	for i := start; i < min(start+size, total); i++ {
		if i%2 == 1 {
			numbers = append(numbers, i)
		}
	}
	text, _ := json.Marshal(numbers)
	return string(text)
}

// param is a number of the query, 0 if it is not there.
func param(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

func TestPageShapes(t *testing.T) {
	for _, c := range []struct {
		name  string
		path  string // of the site
		query hostclient.PageQuery
		habit func(r *http.Request, body string) string
		items string
		asked []string
	}{
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
			func(*http.Request, string) string { return `{"startAt":0,"maxResults":5,"total":5,"comments":[0,1,2,3,4]}` },
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
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newPagedHost(t, c.path, c.habit)
			client := h.app(t)
			for range 2 { // the sequence is read anew each time
				h.lines = nil
				items, err := pages(t, client, c.query)
				if got := fmt.Sprint(items); err != nil || got != c.items {
					t.Errorf("got %s, %v, want %s", got, err, c.items)
				}
				if got := h.asked(); !slices.Equal(got, c.asked) {
					t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.asked, "\n"))
				}
			}
		})
	}
}

// Behind the gateway, the host knows itself by the address of the site.
func TestPagesBehindTheGateway(t *testing.T) {
	const below = "/ex/confluence/cloud-1"
	var next string
	h := newPagedHost(t, below, func(r *http.Request, _ string) string {
		if r.URL.Query().Has("start") || r.URL.Query().Has("cursor") {
			return `{"results":[2]}`
		}
		return `{"results":[0,1],"_links":` + next + `}`
	})
	site, err := hostclient.Cloud{API: h.URL}.Gateway(hostclient.Confluence, "cloud-1")
	plain := forged(t, site, err)
	site, err = site.Serving("https://acme.atlassian.net/wiki")
	serving := forged(t, site, err)
	for _, c := range []struct {
		name, links, asked string
		client             *hostclient.Client
	}{
		{"v1, context", `{"next":"/rest/api/content?start=2","base":"https://acme.atlassian.net/wiki","context":"/wiki"}`, "/wiki/rest/api/content?start=2", plain},
		{"v1, base alone", `{"next":"/rest/api/content?start=2","base":"https://acme.atlassian.net/wiki"}`, "/wiki/rest/api/content?start=2", plain},
		{"v2", `{"next":"/wiki/api/v2/pages?cursor=x","base":"https://acme.atlassian.net/wiki"}`, "/wiki/api/v2/pages?cursor=x", plain},
		{"the gateway's own address", `{"next":"SITE/wiki/api/v2/pages?cursor=x"}`, "/wiki/api/v2/pages?cursor=x", plain},
		{"the site's address", `{"next":"https://acme.atlassian.net/wiki/rest/api/content?start=2"}`, "/wiki/rest/api/content?start=2", serving},
		{"the site's address in capitals", `{"next":"https://ACME.atlassian.net:443/wiki/rest/api/content?start=2"}`, "/wiki/rest/api/content?start=2", serving},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.lines, next = nil, c.links
			items, err := pages(t, c.client, hostclient.PageQuery{Path: "/wiki/rest/api/content"})
			if got := fmt.Sprint(items); err != nil || got != "[0 1 2]" {
				t.Errorf("got %s, %v, want [0 1 2]", got, err)
			}
			want := []string{"GET " + below + "/wiki/rest/api/content", "GET " + below + c.asked}
			if got := h.asked(); !slices.Equal(got, want) {
				t.Errorf("asked %q, want %q", got, want)
			}
		})
	}
}

// Data Center has a context path of its own choice.
func TestPagesBelowAContextPath(t *testing.T) {
	h := newPagedHost(t, "/confluence", func(r *http.Request, _ string) string {
		if param(r, "start") > 0 {
			return `{"results":[2]}`
		}
		return `{"results":[0,1],"_links":{"next":"/rest/api/content?start=2","base":"SITE","context":"/confluence"}}`
	})
	site, err := hostclient.DataCenter(h.url)
	items, err := pages(t, forged(t, site, err), hostclient.PageQuery{Path: "/rest/api/content"})
	if got := fmt.Sprint(items); err != nil || got != "[0 1 2]" {
		t.Errorf("got %s, %v, want [0 1 2]", got, err)
	}
	want := []string{"GET /confluence/rest/api/content", "GET /confluence/rest/api/content?start=2"}
	if got := h.asked(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// A page is asked for when its first item is, so an endless host does no harm, and
// who breaks off asks for nothing more.
func TestPagesAreLazy(t *testing.T) {
	for _, c := range []struct {
		name  string
		habit func(*http.Request, string) string
	}{
		{"numbers", func(r *http.Request, _ string) string {
			at := param(r, "startAt")
			return fmt.Sprintf(`{"startAt":%d,"isLast":false,"values":%s}`, at, list(at, 2, at+2))
		}},
		{"tokens", func(r *http.Request, _ string) string {
			at, _ := strconv.Atoi(r.URL.Query().Get("nextPageToken"))
			return fmt.Sprintf(`{"nextPageToken":"%d","issues":%s}`, at+2, list(at, 2, at+2))
		}},
		{"links", func(r *http.Request, _ string) string {
			at := param(r, "cursor")
			return fmt.Sprintf(`{"_links":{"next":"/p?cursor=%d"},"results":%s}`, at+2, list(at, 2, at+2))
		}},
		{"bare arrays", func(r *http.Request, _ string) string {
			at := param(r, "startAt")
			return list(at, 2, at+2)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newPagedHost(t, "", c.habit)
			want := 0
			for item, err := range hostclient.Pages[int](t.Context(), h.app(t), "/p") {
				if err != nil || item != want {
					t.Fatalf("got %d, %v, want %d", item, err, want)
				}
				if got := len(h.asked()); got != want/2+1 {
					t.Fatalf("item %d after %d requests, want %d", item, got, want/2+1)
				}
				if want++; want == 6 {
					break
				}
			}
			if got := len(h.asked()); got != 3 {
				t.Errorf("%d requests, want 3", got)
			}
		})
	}
}

// The context may end between two pages: what was read is told, and the end of it.
func TestPagesEndWithTheContext(t *testing.T) {
	h := newPagedHost(t, "", func(r *http.Request, _ string) string {
		at := param(r, "startAt")
		return fmt.Sprintf(`{"startAt":%d,"isLast":false,"values":%s}`, at, list(at, 2, at+2))
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var items []int
	var last error
	for item, err := range hostclient.Pages[int](ctx, h.app(t), "/p") {
		cancel()
		if last = err; err == nil {
			items = append(items, item)
		}
	}
	if got := fmt.Sprint(items); got != "[0 1]" || !errors.Is(last, context.Canceled) {
		t.Errorf("got %s, %v, want [0 1] and the context's error", got, last)
	}
	if got := len(h.asked()); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
}

// The Link header is read as RFC 8288 has it.
func TestPagesByLinkHeader(t *testing.T) {
	for _, c := range []struct{ header, next string }{ // no next: the end
		{`</p?c=1>; rel="next"`, "/p?c=1"},
		{`</p?c=1>;rel=next`, "/p?c=1"},
		{`  </p?c=1> ; Rel = "NEXT"`, "/p?c=1"},
		{`</p?c=1>; rel="last next"`, "/p?c=1"},
		{`</p?c=0>; rel="prev",</p?c=1>; rel="next"`, "/p?c=1"},
		{`</p?c=0>; rel="prev" , </p?c=1>; rel="next", </p?c=9>; rel="last"`, "/p?c=1"},
		{`</p?c=1,2>; rel="next"`, "/p?c=1,2"},
		{`</p?c=0>; title="</p?c=8>; rel=\"next\", x"; rel="up", </p?c=1>; rel="next"`, "/p?c=1"},
		{`</p?c=1>; title="a;rel=up"; rel="next"`, "/p?c=1"},
		{`SITE/p?c=1`, ""},
		{`</p?c=1>`, ""},
		{`</p?c=1>; rel="prev"`, ""},
		{`</p?c=1>; rel="prev"; rel="next"`, ""},
		{`</p?c=1>; rel="nextish"`, ""},
		{`</p?c=1>; title="rel=next"`, ""},
		{`</p?c=1; rel="next"`, ""},
		{`/p?c=1; rel="next"`, ""},
		{`<>; rel="next"`, ""},
		{`</p?c=1>; rel="next`, "/p?c=1"},
		{`<`, ""}, {`"`, ""}, {`,;,`, ""}, {`</p>;"\`, ""},
	} {
		h := newPagedHost(t, "", func(r *http.Request, _ string) string {
			if r.URL.Query().Has("c") {
				return `{"results":[]}`
			}
			return c.header + "\n" + `{"results":[0]}`
		})
		want := []string{"GET /p"}
		if c.next != "" {
			want = append(want, "GET "+c.next)
		}
		if _, err := pages(t, h.app(t), hostclient.PageQuery{Path: "/p"}); err != nil || !slices.Equal(h.asked(), want) {
			t.Errorf("%s: asked %q, %v, want %q", c.header, h.asked(), err, want)
		}
	}
}
