package hostclient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// errMistyped stands for an error of encoding/json.
var errMistyped = errors.New("json: cannot unmarshal")

// What goes wrong is told once, after the items before it, and nothing is asked for
// after it.
func TestPagesFail(t *testing.T) {
	for _, c := range []struct {
		name  string
		query hostclient.PageQuery
		habit func(r *http.Request, body string) string
		items string
		err   error
		words string
		asked int
	}{
		{
			"the token of the page before", hostclient.PageQuery{Path: "/jql"},
			func(*http.Request, string) string { return `{"issues":[0],"nextPageToken":"x"}` },
			"[0 0]", hostclient.ErrRepeatedPage, "/jql?nextPageToken=x", 2,
		},
		{
			"a token of before", hostclient.PageQuery{Path: "/jql"},
			func(r *http.Request, _ string) string {
				return fmt.Sprintf(`{"issues":[0],"nextPageToken":%q}`, map[string]string{"": "a", "a": "b", "b": "a"}[r.URL.Query().Get("nextPageToken")])
			},
			"[0 0 0]", hostclient.ErrRepeatedPage, "/jql?nextPageToken=a", 3,
		},
		{
			"a token of before, by POST", hostclient.PageQuery{Path: "/jql", Body: map[string]string{"jql": "x"}},
			func(*http.Request, string) string { return `{"issues":[0],"nextPageToken":"x"}` },
			"[0 0]", hostclient.ErrRepeatedPage, "/jql", 2,
		},
		{
			"a link to the page itself", hostclient.PageQuery{Path: "/wiki/api/v2/pages"},
			func(*http.Request, string) string { return `{"results":[0],"_links":{"next":"/wiki/api/v2/pages"}}` },
			"[0]", hostclient.ErrRepeatedPage, "/wiki/api/v2/pages", 1,
		},
		{
			"a link to the first page", hostclient.PageQuery{Path: "/p?cursor=a"},
			func(r *http.Request, _ string) string {
				return fmt.Sprintf(`{"results":[0],"_links":{"next":"SITE/p?cursor=%s"}}`, map[string]string{"a": "b", "b": "a"}[r.URL.Query().Get("cursor")])
			},
			"[0 0]", hostclient.ErrRepeatedPage, "/p?cursor=a", 2,
		},
		{
			"a Link header to the page itself", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return "</p>; rel=next\n" + `{"results":[0]}` },
			"[0]", hostclient.ErrRepeatedPage, "/p", 1,
		},
		{
			"a nextPage that stays", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string {
				return `{"startAt":0,"isLast":false,"nextPage":"SITE/p?startAt=0","values":[0]}`
			},
			"[0 0]", hostclient.ErrRepeatedPage, "/p?startAt=0", 2,
		},
		{
			"startAt is not taken", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"startAt":0,"isLast":false,"values":[0,1]}` },
			"[0 1]", hostclient.ErrRepeatedPage, "it does not take startAt there", 2,
		},
		{
			"startAt is not taken beside the body", hostclient.PageQuery{Path: "/search", Body: map[string]string{"jql": "x"}},
			func(*http.Request, string) string { return `{"startAt":0,"total":9,"issues":[0,1]}` },
			"[0 1]", hostclient.ErrRepeatedPage, "it does not take startAt there", 2,
		},
		{
			"start is not taken", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"start":0,"isLastPage":false,"values":[0,1]}` },
			"[0 1]", hostclient.ErrRepeatedPage, "it does not take start there", 2,
		},
		{
			"page is not taken", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"pageNumber":1,"pageSize":7,"objectEntries":[0,1]}` },
			"[0 1]", hostclient.ErrRepeatedPage, "it does not take page there", 2,
		},
		{
			"service desk, empty and no way on", hostclient.PageQuery{Path: "/p?start=0"},
			func(*http.Request, string) string { return `{"start":0,"isLastPage":false,"values":[]}` },
			"[]", hostclient.ErrRepeatedPage, "/p?start=0", 1,
		},
		{
			"pages without items, one after the other", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				return fmt.Sprintf(`{"results":[],"_links":{"next":"/p?cursor=%d"}}`, param(r, "cursor")+1)
			},
			"[]", hostclient.ErrRepeatedPage, "1001 pages without an item", 1001,
		},
		{
			"an answer of failure in the middle", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				if r.URL.Query().Has("startAt") {
					return "403"
				}
				return `{"startAt":0,"isLast":false,"values":[0,1]}`
			},
			"[0 1]", hostclient.ErrForbidden, "/p?startAt=2", 2,
		},
		{
			"the old search is gone", hostclient.PageQuery{Path: "/rest/api/3/search?jql=x"},
			func(*http.Request, string) string { return "410" },
			"[]", hostclient.ErrGone, "", 1,
		},
		{
			"a login page in the middle", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				if r.URL.Query().Has("startAt") {
					return "<title>Log in</title>"
				}
				return `{"startAt":0,"isLast":false,"values":[0,1]}`
			},
			"[0 1]", hostclient.ErrNotJSON, "Log in", 2,
		},
		{
			"an answer cut off", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"values":[0,1` },
			"[]", hostclient.ErrNotJSON, "", 1,
		},
		{
			"an array cut off", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `[0,1` },
			"[]", hostclient.ErrNotJSON, "", 1,
		},
		{
			"nothing", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return "" },
			"[]", hostclient.ErrNotJSON, "", 1,
		},
		{
			"an answer that is too large", hostclient.PageQuery{Path: "/p"},
			func(r *http.Request, _ string) string {
				return `{"startAt":0,"isLast":false,"nextPage":"/p?a=1","values":[7],"pad":"` + strings.Repeat("x", 2000*param(r, "a")) + `"}`
			},
			"[7]", hostclient.ErrTooLarge, "more than 1000 bytes", 2,
		},
		{
			"an item of another type", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"values":[0,1,"two",3],"_links":{"next":"/p?a=1"}}` },
			"[0 1]", errMistyped, "/p: decoding an item", 1,
		},
		{
			"no list", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"key":"A-1","fields":{}}` },
			"[]", nil, "there is no list of items in it, or more than one: say in PageQuery.Items which", 1,
		},
		{
			"two lists, none of them known", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"users":[0],"groups":[1]}` },
			"[]", nil, "say in PageQuery.Items which", 1,
		},
		{
			"no list of that name", hostclient.PageQuery{Path: "/p", Items: "users"},
			func(*http.Request, string) string { return `{"values":[0],"users":{"items":[1]}}` },
			"[]", nil, "say in PageQuery.Items which", 1,
		},
		{
			"an answer that is no object", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `"text"` },
			"[]", errMistyped, "/p: decoding the answer", 1,
		},
		{
			"a token that is a number", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"issues":[0],"nextPageToken":7}` },
			"[]", errMistyped, "nextPageToken", 1,
		},
		{
			"a startAt that is a word", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"values":[0],"startAt":"0"}` },
			"[]", errMistyped, "startAt", 1,
		},
		{
			"a link that is an object", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"results":[0],"_links":{"next":{"href":"/p"}}}` },
			"[]", errMistyped, "_links", 1,
		},
		{
			"a link without its slash", hostclient.PageQuery{Path: "/p"},
			func(*http.Request, string) string { return `{"results":[0],"_links":{"next":"?cursor=shh"}}` },
			"[0]", hostclient.ErrOrigin, "the host's link to the next page is neither a URL nor a path", 1,
		},
		{
			"a path without its slash", hostclient.PageQuery{Path: "p"},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrRequest, "slash", 0,
		},
		{
			"a path elsewhere", hostclient.PageQuery{Path: "https://evil.example/p"},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrOrigin, "evil.example", 0,
		},
		{
			"a body that is a reader", hostclient.PageQuery{Path: "/p", Body: strings.NewReader(`{"jql":"x"}`)},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrRequest, "must not be a reader", 0,
		},
		{
			"a body that is no object", hostclient.PageQuery{Path: "/p", Body: []string{"jql"}},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrRequest, "no JSON object", 0,
		},
		{
			"a body that is null", hostclient.PageQuery{Path: "/p", Body: (*struct{})(nil)},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrRequest, "no JSON object", 0,
		},
		{
			"a body that is no JSON", hostclient.PageQuery{Path: "/p", Body: func() {}},
			func(*http.Request, string) string { return "[]" },
			"[]", hostclient.ErrRequest, "", 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newPagedHost(t, "", c.habit)
			hosts, err := hostclient.NewHosts(hostclient.Config{Limits: once(t), MaxResponse: 1000})
			if err != nil {
				t.Fatal(err)
			}
			items, err := pages(t, mustFor(t, hosts, installation(h.url)), c.query)
			if got := fmt.Sprint(items); got != c.items {
				t.Errorf("got %s, want %s", got, c.items)
			}
			if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "shh") {
				t.Errorf("got %v, want %q in it", err, c.words)
			}
			mistyped := (*json.UnmarshalTypeError)(nil)
			if is := errors.Is(err, c.err) || c.err == errMistyped && errors.As(err, &mistyped); c.err != nil && !is {
				t.Errorf("got %v, want %v", err, c.err)
			}
			if c.err == nil && errors.Is(err, hostclient.ErrNotJSON) {
				t.Errorf("got %v, but it is JSON", err)
			}
			if got := len(h.asked()); got != c.asked {
				t.Errorf("%d requests, want %d: %q", got, c.asked, h.asked())
			}
		})
	}
}

func TestPagesOfAFailingClient(t *testing.T) {
	if _, err := pages(t, hostclient.Failing(nil), hostclient.PageQuery{Path: "/p"}); err != hostclient.ErrNotInstalled {
		t.Errorf("got %v, want ErrNotInstalled", err)
	}
}

// A search by POST is repeated as a GET is, without a header that says so.
func TestPagesByPOSTAreRepeated(t *testing.T) {
	tries := 0
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(rw, `{"issues":[1]}`)
	})
	items, err := pages(t, w.client, hostclient.PageQuery{Path: "/jql", Body: map[string]string{"jql": "x"}})
	if got := fmt.Sprint(items); err != nil || got != "[1]" || tries != 2 {
		t.Errorf("got %s, %v after %d tries, want [1] after 2", got, err, tries)
	}
	for _, r := range w.site.requests() {
		if _, said := r.Header["Idempotency-Key"]; said {
			t.Error("the header says so")
		}
	}
}

// A next page elsewhere is never asked for, whichever way the host names it.
func TestNextPagesNeverLeak(t *testing.T) {
	evil := newListener(t)
	ways := map[string]func(shape string) string{
		"_links.next": func(s string) string { return fmt.Sprintf(`{"results":[0],"_links":{"next":%s}}`, quoted(s)) },
		"_links with base": func(s string) string {
			return fmt.Sprintf(`{"results":[0],"_links":{"next":%s,"base":"http://%s","context":"/x"}}`, quoted(s), evil.Listener.Addr())
		},
		"base": func(s string) string {
			return fmt.Sprintf(`{"results":[0],"_links":{"next":"/p?a=1","base":%s}}`, quoted(s))
		},
		"context": func(s string) string {
			return fmt.Sprintf(`{"results":[0],"_links":{"next":"/p?a=1","context":%s}}`, quoted(s))
		},
		"nextPage": func(s string) string {
			return fmt.Sprintf(`{"startAt":0,"isLast":false,"nextPage":%s,"values":[0]}`, quoted(s))
		},
		"nextPage with startAt": func(s string) string {
			return fmt.Sprintf(`{"startAt":0,"isLast":false,"nextPage":%s,"values":[0]}`, quoted(s+"?startAt=1"))
		},
		"service desk": func(s string) string {
			return fmt.Sprintf(`{"start":0,"isLastPage":false,"_links":{"next":%s},"values":[0]}`, quoted(s))
		},
		"Link": func(s string) string {
			return "<" + strings.NewReplacer("\r", "", "\n", "").Replace(s) + ">; rel=\"next\"\n" + `{"results":[0]}`
		},
	}
	for way, answer := range ways {
		t.Run(way, func(t *testing.T) {
			var shape string
			h := newPagedHost(t, "/wiki", func(r *http.Request, _ string) string {
				if r.URL.Path == "/wiki/first" {
					return answer(shape)
				}
				return `{"results":[1],"values":[1]}`
			})
			client := h.app(t)
			for _, stray := range strayTargets {
				h.lines = nil
				shape = evil.target(stray, &world{site: h.site})
				items, err := pages(t, client, hostclient.PageQuery{Path: "/first"})
				if len(items) == 0 || items[0] != 0 {
					t.Errorf("%q: got %v, %v: the items of the page itself are lost", stray, items, err)
				}
				for _, line := range h.asked() {
					if !strings.HasPrefix(line, "GET /wiki/") {
						t.Errorf("%q: the host saw %s", stray, line)
					}
				}
			}
		})
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the other host had %d connections, want none", n)
	}
}

// What leads elsewhere as a whole is an error, not the end.
func TestNextPageElsewhereIsAnError(t *testing.T) {
	for _, link := range []string{"https://evil.example/p?token=shh", "//evil.example/p", `\\evil.example\p`, "http://127.0.0.1:1/p", "/../p", "/%2e%2e/p", "ftp://x/p"} {
		h := newPagedHost(t, "", func(*http.Request, string) string {
			return fmt.Sprintf(`{"results":[0],"_links":{"next":%s}}`, quoted(link))
		})
		items, err := pages(t, h.app(t), hostclient.PageQuery{Path: "/p"})
		if fmt.Sprint(items) != "[0]" || !errors.Is(err, hostclient.ErrOrigin) || strings.Contains(err.Error(), "shh") {
			t.Errorf("%s: got %v, %v, want [0] and ErrOrigin", link, items, err)
		}
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
