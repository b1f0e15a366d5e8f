package hostclient_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// FuzzPages: whatever a host answers, by turns one thing and another, the pages end
// after a few requests, and none of those leaves the origin.
func FuzzPages(f *testing.F) {
	for _, seed := range []string{
		`{"startAt":0,"maxResults":2,"total":5,"isLast":false,"values":[1,2]}`, `{"startAt":2,"total":3,"comments":[3]}`,
		`{"startAt":9223372036854775807,"maxResults":9223372036854775807,"isLast":false,"values":[1]}`, `{"startAt":-1,"total":-1,"isLast":false,"values":[1]}`,
		`{"isLast":false,"nextPage":"https://evil.example/p?startAt=4","values":[]}`, `{"issues":[1],"nextPageToken":"t"}`, `{"issues":[],"nextPageToken":"é&=+"}`,
		`[1,2]`, `[3]`, `[]`, ` [[],{}]`, `{"start":0,"limit":2,"isLastPage":false,"values":[]}`, `{"start":0,"isLastPage":false,"_links":{"next":"/p?start=7"},"values":[1]}`,
		`{"results":[1],"_links":{"next":"/rest?cursor=1","base":"https://acme.atlassian.net/wiki","context":"/wiki"}}`, `{"results":[1],"_links":{"next":"/wiki?x","context":"../.."}}`,
		`{"results":[1],"_links":{"next":"//evil.example/p"}}`, `{"results":[1],"_links":{"next":"/","context":"//evil.example"}}`,
		`{"pageNumber":1,"pageSize":3,"objectEntries":[1]}`, `{"values":null}`, `{"a":[],"b":[]}`, `null`, `"x"`, `{`,
	} {
		f.Add(seed, `{"values":[1],"startAt":5,"isLast":false}`, `</p?cursor=1>; rel="next"`)
		f.Add(`[1,2,3]`, seed, `<https://evil.example/p>; rel=next, <"`)
	}
	var first, second, link string
	var seen []*http.Request
	base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r)
		body := first
		if len(seen)%2 == 0 {
			body = second
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"Link": {link}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: base, Clock: newClock().now, Timeout: -1, Limits: once(f)})
	if err != nil {
		f.Fatal(err)
	}
	client, err := hosts.For(installation("https://acme.atlassian.net/wiki"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, other, header string) {
		first, second, link, seen = one, other, header, nil
		failures := 0
		for _, err := range hostclient.Pages[json.RawMessage](t.Context(), client, "/p?maxResults=2") {
			if err != nil {
				failures++
			}
			if len(seen) > 50 {
				break
			}
		}
		if len(seen) > 50 {
			t.Fatalf("%d requests and no end", len(seen))
		}
		if failures > 1 {
			t.Errorf("%d errors, want one at most", failures)
		}
		for _, r := range seen {
			if u := r.URL; u.Scheme != "https" || !strings.EqualFold(strings.TrimSuffix(u.Host, ":443"), "acme.atlassian.net") || u.Path != "/wiki" && !strings.HasPrefix(u.Path, "/wiki/") {
				t.Errorf("a request to %s", u)
			}
		}
	})
}
