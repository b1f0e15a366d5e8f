package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

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
		{"the site's address beside a context", `{"next":"https://acme.atlassian.net/wiki/rest/api/content?start=2","context":"/wiki"}`, "/wiki/rest/api/content?start=2", serving},
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

// Pages without items are no end, unless there are too many in a row.
func TestPagesWithFewItems(t *testing.T) {
	h := newPagedHost(t, "", func(r *http.Request, _ string) string {
		switch at := param(r, "cursor"); {
		case at == 1200:
			return `{"results":[2]}`
		case at == 600:
			return `{"results":[1],"_links":{"next":"/p?cursor=601"}}`
		default:
			return fmt.Sprintf(`{"results":[],"_links":{"next":"/p?cursor=%d"}}`, at+1)
		}
	})
	items, err := pages(t, h.app(t), hostclient.PageQuery{Path: "/p"})
	if got := fmt.Sprint(items); err != nil || got != "[1 2]" || len(h.asked()) != 1201 {
		t.Errorf("got %s, %v after %d requests, want [1 2] after 1201", got, err, len(h.asked()))
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
		{`</p?c=0>; title="a\", </p?c=8>; rel=next, \""; rel="up", </p?c=1>; rel="next"`, "/p?c=1"},
		{`/p?c=1>; rel="next"`, ""},
		{`</p?c=1>x; rel="next"`, ""},
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
