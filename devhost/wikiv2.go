package devhost

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// wikiPageBody is a page in version 2 of Confluence's API.
type wikiPageBody struct {
	ID      string         `json:"id"`
	Status  string         `json:"status"`
	Title   string         `json:"title"`
	SpaceID string         `json:"spaceId"`
	Author  string         `json:"authorId,omitempty"`
	Version versionNumber  `json:"version"`
	Body    contentFormats `json:"body"`
	Links   contentLinks   `json:"_links"`
}

type wikiPageList struct {
	Results []wikiPageBody `json:"results"`
	Links   contentLinks   `json:"_links"`
}

func (q *query) wikiPageBody(p *WikiPage) wikiPageBody {
	return wikiPageBody{
		ID: p.ID, Status: "current", Title: p.Title, SpaceID: p.SpaceID, Author: p.Author, Version: versionNumber{p.Version},
		Body: contentFormats{contentText{p.Body, "storage"}}, Links: contentLinks{WebUI: "/pages/" + p.ID, Base: q.base() + wikiPath},
	}
}

// listWikiPages gives pages by cursor. The address of the next page stands in
// the body and in the Link header, relative to the host.
func listWikiPages(q *query) (answer, error) {
	length, err := numberParameter(q.URL.Query().Get("limit"), 25, 250)
	if err != nil || length == 0 {
		return answer{}, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", "Provided value for 'limit' is not a number from 1 to 250")
	}
	start, err := readCursor(q.URL.Query().Get("cursor"))
	if err != nil {
		return answer{}, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_PARAMETER", err.Error())
	}
	part, last := cut(q.readable(), start, length)
	page := wikiPageList{Results: []wikiPageBody{}, Links: contentLinks{Base: q.base() + wikiPath}}
	for i := range part {
		page.Results = append(page.Results, q.wikiPageBody(&part[i]))
	}
	if last {
		return answer{http.StatusOK, page}, nil
	}
	values := url.Values{"limit": {strconv.Itoa(length)}, "cursor": {writeCursor(start + length)}}
	page.Links.Next = wikiPath + "/api/v2/pages?" + values.Encode()
	return answer{body: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="base"`, page.Links.Next, page.Links.Base))
		writeJSON(w, http.StatusOK, page)
	})}, nil
}

func writeCursor(offset int) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "pages:%d", offset))
}

func readCursor(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	b, err := base64.URLEncoding.DecodeString(cursor)
	offset, ok := strings.CutPrefix(string(b), "pages:")
	n, errNumber := strconv.Atoi(offset)
	if err != nil || !ok || errNumber != nil || n < 0 {
		return 0, wordsf("Provided value for 'cursor' is not one of this resource")
	}
	return n, nil
}

func noWikiPage() *fault { return wikiFault2(http.StatusNotFound, "NOT_FOUND", "Not Found") }

func readWikiPage(q *query) (answer, error) {
	p, ok := q.host.cloud.wiki.find(q.PathValue("page"))
	if !ok || !q.wikiAllowed(BrowseProjects) {
		return answer{}, noWikiPage()
	}
	return answer{http.StatusOK, q.wikiPageBody(&p)}, nil
}

// wikiPageInput is the body of a create or an update in version 2.
type wikiPageInput struct {
	ID      string         `json:"id"`
	SpaceID string         `json:"spaceId"`
	Status  string         `json:"status"`
	Title   string         `json:"title"`
	Body    contentText    `json:"body"`
	Version *versionNumber `json:"version"`
}

func (q *query) wikiPageInput() (wikiPageInput, error) {
	var in wikiPageInput
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
		return in, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_BODY", "The body does not parse: "+err.Error())
	}
	if in.Title == "" || in.Body.Representation != "storage" {
		return in, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_BODY", "title must not be empty, and body.representation must be storage")
	}
	return in, nil
}

func createWikiPage(q *query) (answer, error) {
	if !q.wikiAllowed(CreateIssues) {
		return answer{}, wikiFault2(http.StatusForbidden, "FORBIDDEN", "You may not create pages")
	}
	in, err := q.wikiPageInput()
	if err != nil {
		return answer{}, err
	}
	if in.SpaceID == "" {
		return answer{}, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_BODY", "spaceId must not be empty")
	}
	p := q.host.cloud.wiki.add(WikiPage{SpaceID: in.SpaceID, Title: in.Title, Body: in.Body.Value, Author: q.caller.accountID, Created: q.host.clock()})
	return answer{http.StatusOK, q.wikiPageBody(&p)}, nil
}

func updateWikiPage(q *query) (answer, error) {
	if !q.wikiAllowed(EditIssues) {
		return answer{}, wikiFault2(http.StatusForbidden, "FORBIDDEN", "You may not update pages")
	}
	in, err := q.wikiPageInput()
	if err != nil {
		return answer{}, err
	}
	id := q.PathValue("page")
	if in.ID != id || in.Status == "" || in.Version == nil {
		return answer{}, wikiFault2(http.StatusBadRequest, "INVALID_REQUEST_BODY", "id must be that of the path, and status and version are required")
	}
	p, err := q.host.cloud.wiki.update(id, in.Version.Number, func(p *WikiPage) { p.Title, p.Body = in.Title, in.Body.Value })
	var stale *staleVersion
	switch {
	case errors.As(err, &stale):
		return answer{}, wikiFault2(stale.status, strings.ReplaceAll(strings.ToUpper(http.StatusText(stale.status)), " ", "_"), stale.Error())
	case err != nil:
		return answer{}, noWikiPage()
	}
	return answer{http.StatusOK, q.wikiPageBody(&p)}, nil
}
