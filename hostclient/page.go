package hostclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// page is what one answer says of its items and of where the next ones are. What
// it does not say is nil or empty.
type page struct {
	items []json.RawMessage
	bare  bool   // the answer is an array, which says nothing more
	link  string // of a Link header

	startAt, maxResults, total *int // Jira, Jira Software, Assets
	start, limit               *int // the service desk, Confluence
	pageNumber, pageCount      *int // Assets of old
	isLast, isLastPage         *bool
	lastPage                   bool // Jira's lists of changed worklogs, which name a next page on the last one, too
	nextPageToken, nextPage    string
	links                      struct{ Next, Base, Context string }
}

// step is how to get to the next page: by a link, or by a parameter and its value,
// which is a token or a number. The zero step leads to the first page.
type step struct {
	link  string
	param string
	value any
}

// listNames are what the hosts call the list of items, where there may be others
// beside it.
var listNames = []string{"values", "issues", "results", "comments", "worklogs", "objectEntries"}

var errNoList = errors.New("there is no list of items in it, or more than one: say in PageQuery.Items which")

// readPage reads an answer. Items is the name of its list, empty for one to be
// found.
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
	if err := p.read(members); err != nil {
		return p, err
	}
	list, ok := findList(members, items)
	if !ok {
		return p, errNoList
	}
	return p, json.Unmarshal(list, &p.items)
}

func isArray(text []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) }

// read takes what says where the next page is. A member of an unknown kind is an
// error: the pages would seem to end there.
func (p *page) read(members map[string]json.RawMessage) error {
	for _, m := range []struct {
		name string
		into any
	}{
		{"startAt", &p.startAt},
		{"maxResults", &p.maxResults},
		{"total", &p.total},
		{"start", &p.start},
		{"limit", &p.limit},
		{"pageNumber", &p.pageNumber},
		{"pageSize", &p.pageCount}, // so Assets calls the number of pages
		{"isLast", &p.isLast},
		{"isLastPage", &p.isLastPage},
		{"lastPage", &p.lastPage},
		{"nextPageToken", &p.nextPageToken},
		{"nextPage", &p.nextPage},
		{"_links", &p.links},
	} {
		raw, ok := members[m.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, m.into); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// findList returns the member that holds the items.
func findList(members map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	if name != "" {
		raw, ok := members[name]
		return raw, ok && isList(raw)
	}
	for _, known := range listNames {
		if raw, ok := members[known]; ok && isList(raw) {
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

// isList reports whether a member that is called as a list of items is one. Null
// is one without items.
func isList(raw json.RawMessage) bool { return isArray(raw) || string(raw) == "null" }

// next says where the next page is, by the shape of this one; false at the end. A
// bare array does not say.
func (p *page) next() (step, bool) {
	switch {
	case p.last():
		return step{}, false
	case p.nextPageToken != "":
		return step{param: "nextPageToken", value: p.nextPageToken}, true
	case p.isLastPage != nil && p.start != nil:
		return p.from("start", p.links.Next, *p.start+p.stride(p.limit)), true
	case p.links.Next != "":
		return step{link: p.fullLink()}, true
	case p.link != "":
		return step{link: p.link}, true
	case p.nextPage != "":
		return p.from("startAt", p.nextPage, 0), true
	case p.startAt != nil:
		return step{param: "startAt", value: *p.startAt + p.width()}, len(p.items) > 0 && !p.counted()
	case p.pageNumber != nil:
		return step{param: "page", value: *p.pageNumber + 1}, len(p.items) > 0 && (p.pageCount == nil || *p.pageNumber < *p.pageCount)
	}
	return step{}, false
}

// last reports whether the answer says in words that it is the last one.
func (p *page) last() bool {
	return p.isLast != nil && *p.isLast || p.isLastPage != nil && *p.isLastPage || p.lastPage
}

// from takes from a link to the next page where that begins, for the host of the
// link may be another one than the client's, behind the gateway. A link that does
// not say is followed; without a link it is n.
func (p *page) from(param, link string, n int) step {
	if link == "" {
		return step{param: param, value: n}
	}
	if u, err := url.Parse(link); err == nil {
		if n, err := strconv.Atoi(u.Query().Get(param)); err == nil {
			return step{param: param, value: n}
		}
	}
	return step{link: link}
}

// width is how far the page reaches. Where the host says which page is the last
// one, a page may be shorter than it reaches, for the host takes out of it what
// the caller may not see. The old collections, which count by total alone, have no
// gaps, and some of them state a maxResults that they do not keep to.
func (p *page) width() int {
	if p.isLast == nil {
		return len(p.items)
	}
	return p.stride(p.maxResults)
}

func (p *page) stride(size *int) int {
	if size == nil {
		return len(p.items)
	}
	return max(len(p.items), *size)
}

// counted reports whether the page ends where the total says. A total that is less
// than the items so far is none.
func (p *page) counted() bool {
	return p.isLast == nil && p.total != nil && *p.startAt+len(p.items) == *p.total
}

// fullLink returns _links.next below the context path that the host has: the
// first API of Confluence leaves that out, and says it in context or base. Of base
// the path alone counts, for behind the gateway its host is another.
func (p *page) fullLink() string {
	next := p.links.Next
	if !strings.HasPrefix(next, "/") {
		return next
	}
	prefix := p.links.Context
	if u, err := url.Parse(p.links.Base); err == nil && prefix == "" {
		prefix = u.Path
	}
	prefix = strings.TrimSuffix(path.Clean("/"+prefix), "/")
	if rest, ok := strings.CutPrefix(next, prefix); ok && (rest == "" || strings.ContainsAny(rest[:1], "/?")) {
		return next
	}
	return prefix + next
}
