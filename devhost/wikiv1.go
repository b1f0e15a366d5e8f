package devhost

import (
	"encoding/json"
	"errors"
	"net/http"
)

// contentBody is a page in version 1 of Confluence's API.
type contentBody struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Status  string         `json:"status"`
	Title   string         `json:"title"`
	Body    contentFormats `json:"body"`
	Version versionNumber  `json:"version"`
	Links   contentLinks   `json:"_links"`
}

type contentFormats struct {
	Storage contentText `json:"storage"`
}

type contentText struct {
	Value          string `json:"value"`
	Representation string `json:"representation"`
}

type versionNumber struct {
	Number int `json:"number"`
}

// contentLinks are relative to Base, which names the site wherever the call was
// made, and which has the context path in it.
type contentLinks struct {
	Self    string `json:"self,omitempty"`
	WebUI   string `json:"webui,omitempty"`
	Base    string `json:"base,omitempty"`
	Context string `json:"context,omitempty"`
	Next    string `json:"next,omitempty"`
}

type contentPage struct {
	Results []contentBody `json:"results"`
	Start   int           `json:"start"`
	Limit   int           `json:"limit"`
	Size    int           `json:"size"`
	Links   contentLinks  `json:"_links"`
}

func (q *query) contentBody(p *WikiPage) contentBody {
	const path = "/rest/api/content/"
	return contentBody{
		ID: p.ID, Type: "page", Status: "current", Title: p.Title, Version: versionNumber{p.Version},
		Body:  contentFormats{contentText{p.Body, "storage"}},
		Links: contentLinks{Self: q.base() + wikiPath + path + p.ID, WebUI: "/pages/" + p.ID, Base: q.base() + wikiPath, Context: wikiPath},
	}
}

// readable are the pages the caller may see.
func (q *query) readable() []WikiPage {
	if !q.wikiAllowed(BrowseProjects) {
		return nil
	}
	return q.host.cloud.wiki.all()
}

func listContent(q *query) (answer, error) {
	start, length, err := q.window("start", "limit", 25, 250)
	if err != nil || length == 0 {
		return answer{}, wikiFault(http.StatusBadRequest, "BadRequestException", "start and limit must be numbers")
	}
	part, last := cut(q.readable(), start, length)
	page := contentPage{Results: []contentBody{}, Start: start, Limit: length, Size: len(part)}
	page.Links = contentLinks{Self: q.base() + wikiPath + "/rest/api/content", Base: q.base() + wikiPath, Context: wikiPath}
	if !last {
		page.Links.Next = "/rest/api/content" + pageQuery("start", start+length, "limit", length)
	}
	for i := range part {
		page.Results = append(page.Results, q.contentBody(&part[i]))
	}
	return answer{http.StatusOK, page}, nil
}

func noContent() *fault {
	return wikiFault(http.StatusNotFound, "NotFoundException", "No content found with id, or you may not see it")
}

func readContentPage(q *query) (answer, error) {
	p, ok := q.host.cloud.wiki.find(q.PathValue("page"))
	if !ok || !q.wikiAllowed(BrowseProjects) {
		return answer{}, noContent()
	}
	return answer{http.StatusOK, q.contentBody(&p)}, nil
}

// contentInput is the body of a create or an update in version 1.
type contentInput struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Body    contentFormats `json:"body"`
	Version *versionNumber `json:"version"`
}

func (q *query) contentInput() (contentInput, error) {
	var in contentInput
	if err := json.NewDecoder(q.Body).Decode(&in); err != nil {
		return in, wikiFault(http.StatusBadRequest, "BadRequestException", "Could not parse the content: "+err.Error())
	}
	if in.Type != "page" || in.Title == "" {
		return in, wikiFault(http.StatusBadRequest, "BadRequestException", "type must be page, and title must not be empty")
	}
	return in, nil
}

func createContent(q *query) (answer, error) {
	if !q.wikiAllowed(CreateIssues) {
		return answer{}, wikiFault(http.StatusForbidden, "PermissionException", "Could not create content with type page")
	}
	in, err := q.contentInput()
	if err != nil {
		return answer{}, err
	}
	p := q.host.cloud.wiki.add(WikiPage{Title: in.Title, Body: in.Body.Storage.Value, Author: q.caller.accountID, Created: q.host.clock()})
	return answer{http.StatusOK, q.contentBody(&p)}, nil
}

func updateContent(q *query) (answer, error) {
	if !q.wikiAllowed(EditIssues) {
		return answer{}, wikiFault(http.StatusForbidden, "PermissionException", "Could not update content")
	}
	in, err := q.contentInput()
	if err != nil {
		return answer{}, err
	}
	if in.Version == nil {
		return answer{}, wikiFault(http.StatusBadRequest, "BadRequestException", "Must supply an incremented version when updating Content. No version supplied.")
	}
	p, err := q.host.cloud.wiki.update(q.PathValue("page"), in.Version.Number, func(p *WikiPage) { p.Title, p.Body = in.Title, in.Body.Storage.Value })
	var stale *staleVersion
	switch {
	case errors.As(err, &stale):
		return answer{}, wikiFault(stale.status, "ConflictException", stale.Error())
	case err != nil:
		return answer{}, noContent()
	}
	return answer{http.StatusOK, q.contentBody(&p)}, nil
}
