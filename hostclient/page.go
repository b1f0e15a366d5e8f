package hostclient

import (
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// page is what one answer says of its items and of where the next ones are.
type page struct {
	items []json.RawMessage
	bare  bool       // the answer is an array
	link  string     // of a Link header
	asked url.Values // the query that was answered

	StartAt       *int    `json:"startAt"`
	Start         *int    `json:"start"`
	Total         *int    `json:"total"`
	PageNumber    *int    `json:"pageNumber"`
	PageCount     *int    `json:"pageSize"` // Assets calls the number of pages so
	IsLast        *bool   `json:"isLast"`
	IsLastPage    *bool   `json:"isLastPage"`
	NextPage      string  `json:"nextPage"`
	NextPageToken *string `json:"nextPageToken"`
	Links         struct {
		Next    string `json:"next"`
		Base    string `json:"base"`
		Context string `json:"context"`
	} `json:"_links"`
}

// step is where the next page is: a token, a parameter with its value, or a link.
type step struct{ token, param, value, link string }

// listNames are what the hosts call the list of items, where there may be others
// beside it.
var listNames = []string{"values", "issues", "results", "comments", "worklogs", "objectEntries"}

var errNoPage = errors.New("no page")

// readPage reads an answer. An error says that it is no page.
func readPage(text []byte, items string) (page, error) {
	var p page
	if isArray(text) {
		p.bare = true
		return p, json.Unmarshal(text, &p.items)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return p, err
	}
	for name, target := range map[string]any{
		"startAt": &p.StartAt, "start": &p.Start, "total": &p.Total, "pageNumber": &p.PageNumber, "pageSize": &p.PageCount,
		"isLast": &p.IsLast, "isLastPage": &p.IsLastPage, "nextPage": &p.NextPage, "nextPageToken": &p.NextPageToken, "_links": &p.Links,
	} {
		if raw, ok := members[name]; ok {
			_ = json.Unmarshal(raw, target) // of another kind it says nothing of pages
		}
	}
	list, ok := findList(members, items)
	if !ok {
		return p, errNoPage
	}
	return p, json.Unmarshal(list, &p.items)
}

// findList returns the member that holds the items.
func findList(members map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if name != "" {
		raw, ok := members[name]
		return raw, ok && isArray(raw)
	}
	for _, known := range listNames {
		if raw, ok := members[known]; ok && isArray(raw) {
			return raw, true
		}
	}
	var only json.RawMessage
	lists := 0
	for _, raw := range members {
		if isArray(raw) {
			only, lists = raw, lists+1
		}
	}
	return only, lists == 1
}

// next says where the next page is, by the shape of this one; false at the end.
func (p page) next() (step, bool) {
	switch {
	case p.bare:
		return p.after("startAt", p.askedFor("startAt"))
	case p.IsLast != nil && *p.IsLast, p.IsLastPage != nil && *p.IsLastPage:
		return step{}, false
	case p.NextPageToken != nil && *p.NextPageToken != "":
		return step{token: *p.NextPageToken}, true
	case p.IsLastPage != nil && p.Start != nil:
		return p.after("start", *p.Start)
	case p.Links.Next != "":
		return step{link: p.fullLink()}, true
	case p.link != "":
		return step{link: p.link}, true
	case p.NextPage != "":
		return p.nextPage(), len(p.items) > 0
	case p.StartAt != nil:
		if p.Total != nil && p.IsLast == nil && *p.StartAt+len(p.items) >= *p.Total {
			return step{}, false
		}
		return p.after("startAt", *p.StartAt)
	case p.PageNumber != nil && p.PageCount != nil:
		return step{param: "page", value: strconv.Itoa(*p.PageNumber + 1)}, *p.PageNumber < *p.PageCount && len(p.items) > 0
	}
	return step{}, false
}

// after steps over the items of the page, unless it has none, which is the end.
func (p page) after(param string, start int) (step, bool) {
	return step{param: param, value: strconv.Itoa(start + len(p.items))}, len(p.items) > 0
}

// nextPage takes from Jira's link to the next page where that begins: its host may
// be another one than the client's, and its page longer than what it has items.
func (p page) nextPage() step {
	if u, err := url.Parse(p.NextPage); err == nil && u.Query().Has("startAt") {
		return step{param: "startAt", value: u.Query().Get("startAt")}
	}
	return step{link: p.NextPage}
}

func (p page) askedFor(param string) int {
	n, err := strconv.Atoi(p.asked.Get(param))
	if err != nil {
		return 0
	}
	return n
}

// fullLink returns _links.next below the context path that the host has: the
// first API of Confluence leaves that out, and says it in base or context. Of base
// the path alone counts, for behind the gateway its host is another.
func (p page) fullLink() string {
	next := p.Links.Next
	if absolute(next) || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return next
	}
	prefix := p.Links.Context
	if u, err := url.Parse(p.Links.Base); err == nil && prefix == "" {
		prefix = u.Path
	}
	prefix = strings.TrimSuffix(path.Clean("/"+prefix), "/")
	if prefix == "" || next == prefix || strings.HasPrefix(next, prefix+"/") {
		return next
	}
	return prefix + next
}
