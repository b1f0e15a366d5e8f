package devhost

import (
	"net/http"
	"net/url"
	"strconv"
)

// cloudResources are the rows of the REST API that show the shapes of pages and
// the habits of files, and the API of Confluence.
func (h *Host) cloudResources() []resource {
	const api = "/rest/api/3/"
	return append([]resource{
		{"GET /rest/api/2/serverInfo", "NONE", serverInfo},
		{"GET " + api + "project/search", "READ", searchProjects},
		{"GET " + api + "users/search", "READ", listUsers},
		{"GET /rest/agile/1.0/board", "READ", listBoards},
		{"GET /rest/servicedeskapi/servicedesk", "READ", listDesks},
		{"POST " + api + "issue/{issue}/attachments", "WRITE", upload},
		{"GET " + api + "attachment/{attachment}", "READ", readAttachment},
		{"GET " + api + "attachment/content/{attachment}", "READ", readContent},
	}, wikiResources()...)
}

// window reads two numbers of a query: where a page starts and how long it is.
func (q *query) window(startName, limitName string, limit, most int) (start, length int, err error) {
	v := q.URL.Query()
	if start, err = numberParameter(v.Get(startName), 0, 1<<30); err != nil {
		return 0, 0, err
	}
	length, err = numberParameter(v.Get(limitName), limit, most)
	return start, length, err
}

// cut returns the part of a list that a page shows, and whether it is the last.
func cut[T any](list []T, start, length int) (part []T, last bool) {
	start = min(start, len(list))
	end := min(start+length, len(list))
	return append([]T{}, list[start:end]...), end == len(list)
}

// projects are those the caller may see.
func (q *query) projects() []project {
	if !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return nil
	}
	j := q.host.jira
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]project{}, j.projects...)
}

// pageBean is the page of Jira's newer collections.
type pageBean[T any] struct {
	Self       string `json:"self"`
	NextPage   string `json:"nextPage,omitempty"`
	MaxResults int    `json:"maxResults"`
	StartAt    int    `json:"startAt"`
	Total      int    `json:"total"`
	IsLast     bool   `json:"isLast"`
	Values     []T    `json:"values"`
}

// searchProjects gives at most 50 projects a page, however many are asked for.
func searchProjects(q *query) (answer, error) {
	start, length, err := q.window("startAt", "maxResults", 50, 50)
	if err != nil {
		return answer{}, err
	}
	all, render := q.projects(), q.render()
	part, last := cut(all, start, length)
	page := pageBean[reference]{
		Self:    render.link("project", "search") + pageQuery("startAt", start, "maxResults", length),
		StartAt: start, MaxResults: length, Total: len(all), IsLast: last, Values: []reference{},
	}
	if !last {
		page.NextPage = render.link("project", "search") + pageQuery("startAt", start+length, "maxResults", length)
	}
	for _, p := range part {
		page.Values = append(page.Values, render.project(p.key))
	}
	return answer{http.StatusOK, page}, nil
}

func pageQuery(startName string, start int, limitName string, limit int) string {
	return "?" + url.Values{startName: {strconv.Itoa(start)}, limitName: {strconv.Itoa(limit)}}.Encode()
}

// listUsers gives a bare array, whose end only an empty one shows.
func listUsers(q *query) (answer, error) {
	start, length, err := q.window("startAt", "maxResults", 50, 1000)
	if err != nil {
		return answer{}, err
	}
	var all []User
	if q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		all = q.host.Users()
	}
	part, _ := cut(all, start, length)
	list, render := []*userBody{}, q.render()
	for _, u := range part {
		list = append(list, render.user(u.AccountID))
	}
	return answer{http.StatusOK, list}, nil
}

type boardBody struct {
	ID       int           `json:"id"`
	Self     string        `json:"self"`
	Name     string        `json:"name"`
	Type     string        `json:"type"`
	Location boardLocation `json:"location"`
}

type boardLocation struct {
	ProjectID   int    `json:"projectId"`
	ProjectKey  string `json:"projectKey"`
	ProjectName string `json:"projectName"`
}

type boardPage struct {
	MaxResults int         `json:"maxResults"`
	StartAt    int         `json:"startAt"`
	Total      int         `json:"total"`
	IsLast     bool        `json:"isLast"`
	Values     []boardBody `json:"values"`
}

// listBoards gives a board for each project.
func listBoards(q *query) (answer, error) {
	start, length, err := q.window("startAt", "maxResults", 50, 50)
	if err != nil {
		return answer{}, err
	}
	all := q.projects()
	part, last := cut(all, start, length)
	page := boardPage{MaxResults: length, StartAt: start, Total: len(all), IsLast: last, Values: []boardBody{}}
	for n, p := range part {
		id := start + n + 1
		projectID, _ := strconv.Atoi(p.id)
		page.Values = append(page.Values, boardBody{
			ID: id, Self: q.base() + "/rest/agile/1.0/board/" + strconv.Itoa(id), Name: p.name + " board", Type: "simple",
			Location: boardLocation{projectID, p.key, p.name},
		})
	}
	return answer{http.StatusOK, page}, nil
}

type deskPage struct {
	Size    int           `json:"size"`
	Start   int           `json:"start"`
	Limit   int           `json:"limit"`
	IsLast  bool          `json:"isLastPage"`
	Links   deskLinks     `json:"_links"`
	Values  []serviceDesk `json:"values"`
	Expands []string      `json:"_expands"`
}

type deskLinks struct {
	Self    string `json:"self"`
	Base    string `json:"base,omitempty"`
	Context string `json:"context"`
	Next    string `json:"next,omitempty"`
}

type serviceDesk struct {
	ID          string    `json:"id"`
	ProjectID   string    `json:"projectId"`
	ProjectKey  string    `json:"projectKey"`
	ProjectName string    `json:"projectName"`
	Links       selfLinks `json:"_links"`
}

type selfLinks struct {
	Self string `json:"self"`
}

// listDesks gives a service desk for each project, in the shape of Jira Service
// Management.
func listDesks(q *query) (answer, error) {
	start, length, err := q.window("start", "limit", 50, 100)
	if err != nil {
		return answer{}, deskFault(http.StatusBadRequest, "sd.rest.pagination.invalid", err.Error())
	}
	part, last := cut(q.projects(), start, length)
	self := q.base() + "/rest/servicedeskapi/servicedesk"
	page := deskPage{
		Size: len(part), Start: start, Limit: length, IsLast: last, Values: []serviceDesk{}, Expands: []string{},
		Links: deskLinks{Self: self + pageQuery("start", start, "limit", length), Base: q.base()},
	}
	if !last {
		page.Links.Next = self + pageQuery("start", start+length, "limit", length)
	}
	for n, p := range part {
		id := strconv.Itoa(start + n + 1)
		page.Values = append(page.Values, serviceDesk{id, p.id, p.key, p.name, selfLinks{self + "/" + id}})
	}
	return answer{http.StatusOK, page}, nil
}
