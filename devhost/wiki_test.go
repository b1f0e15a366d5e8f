package devhost_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	contentPath = "/wiki/rest/api/content"
	pagesPath   = "/wiki/api/v2/pages"
)

type wikiList struct {
	Results []struct {
		ID, Title string
		Version   struct{ Number int }
		Links     struct{ Self, Base string } `json:"_links"`
	}
	Start, Limit, Size int
	Links              struct{ Next, Base, Context string } `json:"_links"`
}

func (l wikiList) titles() string {
	var list []string
	for _, r := range l.Results {
		list = append(list, r.Title)
	}
	return strings.Join(list, ", ")
}

const allTitles = "Home, How releases are made, On call, Decisions, Glossary"

// Version 1 pages by numbers. Its links name the site, at the gateway as well.
func TestContentPages(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	site := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	gateway := bearerFor(t, h, bo, "read:confluence-content.all")
	for root, auth := range map[string]string{h.URL(): site, h.GatewayURL() + "/ex/confluence/" + h.CloudID(): gateway} {
		var titles []string
		next, steps := "/rest/api/content?limit=2", 0
		for ; next != ""; steps++ {
			var got wikiList
			readJSON(t, send(t, "GET", root+"/wiki"+next, "", "Authorization", auth), 200, &got)
			if got.Start != 2*steps || got.Limit != 2 || got.Size != len(got.Results) || got.Links.Base != h.URL()+"/wiki" || got.Links.Context != "/wiki" {
				t.Errorf("got %+v", got)
			}
			if first := got.Results[0]; first.Links.Self != h.URL()+contentPath+"/"+first.ID {
				t.Errorf("got %+v", first)
			}
			titles = append(titles, got.titles())
			next = got.Links.Next
		}
		if got := strings.Join(titles, ", "); got != allTitles || steps != 3 {
			t.Errorf("got %s in %d steps", got, steps)
		}
	}
	for _, query := range []string{"start=x", "limit=-1", "limit=0"} {
		wantBody(t, send(t, "GET", h.URL()+contentPath+"?"+query, "", "Authorization", site), 400,
			`{"statusCode":400,"data":{"authorized":true,"valid":true,"errors":[],"successful":false},"message":"com.atlassian.confluence.api.service.exceptions.BadRequestException: start and limit must be numbers"}`)
	}
}

// Version 2 pages by cursor, in the body and in a header.
func TestWikiPages(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	site := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	gateway := bearerFor(t, h, bo, "read:page:confluence")
	for root, auth := range map[string]string{h.URL(): site, h.GatewayURL() + "/ex/confluence/" + h.CloudID(): gateway} {
		var titles []string
		next, steps := pagesPath+"?limit=2", 0
		for ; next != ""; steps++ {
			resp := send(t, "GET", root+next, "", "Authorization", auth)
			var got wikiList
			readJSON(t, resp, 200, &got)
			titles = append(titles, got.titles())
			next = got.Links.Next
			want := ""
			if next != "" {
				want = fmt.Sprintf(`<%s>; rel="next", <%s/wiki>; rel="base"`, next, h.URL())
			}
			if link := resp.Header.Get("Link"); link != want || next != "" && !strings.HasPrefix(next, pagesPath+"?cursor=") {
				t.Errorf("got Link %s, want %s", link, want)
			}
		}
		if got := strings.Join(titles, ", "); got != allTitles || steps != 3 {
			t.Errorf("got %s in %d steps", got, steps)
		}
	}
	for query, title := range map[string]string{
		"limit=x": "Provided value for 'limit' is not a number from 1 to 250", "limit=0": "Provided value for 'limit' is not a number from 1 to 250",
		"cursor=" + url.QueryEscape("x"): "Provided value for 'cursor' is not one of this resource",
	} {
		wantBody(t, send(t, "GET", h.URL()+pagesPath+"?"+query, "", "Authorization", site), 400,
			`{"errors":[{"status":400,"code":"INVALID_REQUEST_PARAMETER","title":"`+title+`","detail":null}]}`)
	}
}

func TestWikiWrites(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	p, err := h.PutWikiPage(devhost.WikiPage{Title: "Plan", Version: 3})
	if err != nil {
		t.Fatal(err)
	}
	v1 := func(version int) string {
		return fmt.Sprintf(`{"type":"page","title":"Plan B","body":{"storage":{"value":"<p>B</p>","representation":"storage"}},"version":{"number":%d}}`, version)
	}
	v2 := func(version int) string {
		return fmt.Sprintf(`{"id":"%s","status":"current","title":"Plan B","body":{"representation":"storage","value":"<p>B</p>"},"version":{"number":%d}}`, p.ID, version)
	}
	const stale = "Version must be incremented on update. Current version is: "
	conflict1 := func(status, version int) string {
		return fmt.Sprintf(`{"statusCode":%d,"data":{"authorized":true,"valid":true,"errors":[],"successful":false},"message":"com.atlassian.confluence.api.service.exceptions.ConflictException: %s%d"}`, status, stale, version)
	}
	conflict2 := func(status int, code string, version int) string {
		return fmt.Sprintf(`{"errors":[{"status":%d,"code":"%s","title":"%s%d","detail":null}]}`, status, code, stale, version)
	}
	auth := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	dara := basic("dara@example.com", apiToken(t, h, devhost.APIToken{AccountID: "712020:dara"}))
	blind := basic("blind@example.com", blindToken(t, h))
	tests := []struct {
		name, auth, method, path, body string
		conflict, status               int
		want                           string // part of the body
	}{
		{"same version", auth, "PUT", contentPath + "/" + p.ID, v1(3), 409, 409, conflict1(409, 3)},
		{"version too far", auth, "PUT", contentPath + "/" + p.ID, v1(5), 409, 409, conflict1(409, 3)},
		{"same version, other answer", auth, "PUT", contentPath + "/" + p.ID, v1(3), 400, 400, conflict1(400, 3)},
		{"next version", auth, "PUT", contentPath + "/" + p.ID, v1(4), 409, 200, `"title":"Plan B","body":{"storage":{"value":"<p>B</p>","representation":"storage"}},"version":{"number":4}`},
		{"the one before", auth, "PUT", pagesPath + "/" + p.ID, v2(4), 409, 409, conflict2(409, "CONFLICT", 4)},
		{"the one before, other answer", auth, "PUT", pagesPath + "/" + p.ID, v2(4), 400, 400, conflict2(400, "BAD_REQUEST", 4)},
		{"next version again", auth, "PUT", pagesPath + "/" + p.ID, v2(5), 409, 200, `"version":{"number":5}`},
		{"no version", auth, "PUT", contentPath + "/" + p.ID, `{"type":"page","title":"x"}`, 409, 400, "Must supply an incremented version"},
		{"no version, v2", auth, "PUT", pagesPath + "/" + p.ID, `{"id":"` + p.ID + `","status":"current","title":"x","body":{"representation":"storage","value":""}}`, 409, 400, "version are required"},
		{"another id", auth, "PUT", pagesPath + "/1", v2(6), 409, 400, "id must be that of the path"},
		{"no page", auth, "PUT", contentPath + "/1", v1(2), 409, 404, "NotFoundException"},
		{"no page to read", auth, "GET", contentPath + "/1", "", 409, 404, "NotFoundException"},
		{"no page to read, v2", auth, "GET", pagesPath + "/1", "", 409, 404, notFound2Body},
		{"read", auth, "GET", contentPath + "/" + p.ID, "", 409, 200, `"version":{"number":5}`},
		{"read, v2", auth, "GET", pagesPath + "/" + p.ID, "", 409, 200, `"version":{"number":5}`},
		{"no JSON", auth, "POST", contentPath, "x", 409, 400, "BadRequestException: Could not parse"},
		{"no JSON, v2", auth, "POST", pagesPath, "x", 409, 400, "INVALID_REQUEST_BODY"},
		{"no title", auth, "POST", contentPath, `{"type":"page"}`, 409, 400, "title must not be empty"},
		{"no space, v2", auth, "POST", pagesPath, `{"title":"x","body":{"representation":"storage","value":""}}`, 409, 400, "spaceId must not be empty"},
		{"create", auth, "POST", contentPath, `{"type":"page","title":"New 1","body":{"storage":{"value":"a","representation":"storage"}}}`, 409, 200, `"version":{"number":1}`},
		{"create, v2", auth, "POST", pagesPath, `{"spaceId":"65537","title":"New 2","body":{"representation":"storage","value":"a"}}`, 409, 200, `"authorId":"712020:bo"`},
		{"may not create", dara, "POST", contentPath, `{"type":"page","title":"x"}`, 409, 403, "PermissionException"},
		{"may not create, v2", dara, "POST", pagesPath, `{}`, 409, 403, "FORBIDDEN"},
		{"may not update", dara, "PUT", contentPath + "/" + p.ID, v1(6), 409, 403, "PermissionException"},
		{"may not update, v2", dara, "PUT", pagesPath + "/" + p.ID, v2(6), 409, 403, "FORBIDDEN"},
		{"may not read", blind, "GET", contentPath + "/" + p.ID, "", 409, 404, "NotFoundException"},
		{"may not read, v2", blind, "GET", pagesPath + "/" + p.ID, "", 409, 404, notFound2Body},
		{"may read nothing of a list", blind, "GET", contentPath, "", 409, 200, `"results":[],"start":0,"limit":25,"size":0`},
		{"may read nothing of a list, v2", blind, "GET", pagesPath, "", 409, 200, `"results":[]`},
		{"no such resource", auth, "GET", "/wiki/rest/api/space", "", 409, 404, "NotFoundException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := h.SetVersionConflict(tt.conflict); err != nil {
				t.Fatal(err)
			}
			if got := readBody(t, send(t, tt.method, h.URL()+tt.path, tt.body, "Authorization", tt.auth), tt.status); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if (tt.status >= 400) != (lastRefusal(h) != "") {
				t.Errorf("got reason %q", lastRefusal(h))
			}
		})
	}
	pages := h.WikiPages()
	if len(pages) != 8 || pages[5].Version != 5 || pages[5].Body != "<p>B</p>" || pages[7].Title != "New 2" || pages[7].Author != bo {
		t.Errorf("got %+v", pages)
	}
	if err := h.SetVersionConflict(404); err == nil {
		t.Error("404 was taken for a conflict")
	}
	if _, err := h.PutWikiPage(devhost.WikiPage{}); err == nil {
		t.Error("a page without a title was stored")
	}
}

// Connect apps read and write within their scopes, in their own name and in a
// user's.
func TestWikiForApps(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	a.set("scopes", []string{"READ", "ACT_AS_USER"})
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	create := `{"type":"page","title":"x"}`
	for name, call := range map[string]func(method, path, body string) *http.Response{"app": a.call, "user": a.asUser(bo, "")} {
		if body := readBody(t, call("GET", pagesPath, ""), 200); !strings.Contains(body, "Glossary") {
			t.Errorf("%s: got %s", name, body)
		}
		readBody(t, call("POST", contentPath, create), 403)
		if got := lastRefusal(h); !strings.Contains(got, "scope WRITE is missing") {
			t.Errorf("%s: got reason %q", name, got)
		}
	}
	readBody(t, send(t, "GET", h.URL()+pagesPath, ""), 401)
}
