package devhost

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// wikiPath is the context path of Confluence on a Cloud site.
const wikiPath = "/wiki"

// WikiPage is a page of the site's Confluence.
type WikiPage struct {
	// ID is numeric text; the host makes one when it is empty.
	ID string
	// SpaceID is numeric text; empty means the one space there is at first.
	SpaceID string
	// Title must not be empty.
	Title string
	// Body is in the storage format.
	Body string
	// Version counts the updates; zero means 1.
	Version int
	// Author is an account id, empty for nobody.
	Author string
	// Created is set to now when zero.
	Created time.Time
}

const firstSpace = "65537"

// wiki is the data of Confluence.
type wiki struct {
	mu       sync.Mutex
	pages    []WikiPage
	lastID   int
	conflict int
}

// newWiki has enough pages to be read in several steps.
func newWiki(now time.Time) *wiki {
	w := &wiki{lastID: 98304, conflict: http.StatusConflict}
	for _, title := range []string{"Home", "How releases are made", "On call", "Decisions", "Glossary"} {
		w.put(WikiPage{Title: title, Body: "<p>" + title + "</p>", Created: now})
	}
	return w
}

// PutWikiPage stores a page of Confluence as it stands, replacing the one with
// the same id, and returns it with all fields filled in. It fails on a Data Center.
func (h *Host) PutWikiPage(p WikiPage) (WikiPage, error) {
	if err := h.needCloud("pages of Confluence"); err != nil {
		return WikiPage{}, err
	}
	if p.Title == "" {
		return WikiPage{}, errors.New("devhost: a page of Confluence needs a Title")
	}
	if p.Created.IsZero() {
		p.Created = h.clock()
	}
	w := h.cloud.wiki
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.put(p), nil
}

// WikiPages returns the pages of Confluence in the order in which they were
// added.
func (h *Host) WikiPages() []WikiPage {
	if h.dc != nil {
		return nil
	}
	return h.cloud.wiki.all()
}

// SetVersionConflict chooses how Confluence answers an update that does not name
// the next version: 409, as from the start, or 400. Both were seen, and both say
// that the version must be incremented. It fails on a Data Center.
func (h *Host) SetVersionConflict(status int) error {
	if err := h.needCloud("pages of Confluence"); err != nil {
		return err
	}
	if status != http.StatusConflict && status != http.StatusBadRequest {
		return fmt.Errorf("devhost: a version conflict is answered with 409 or 400, not %d", status)
	}
	w := h.cloud.wiki
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conflict = status
	return nil
}

// put needs w.mu.
func (w *wiki) put(p WikiPage) WikiPage {
	if p.ID == "" {
		w.lastID++
		p.ID = strconv.Itoa(w.lastID)
	}
	p.SpaceID, p.Version = cmp.Or(p.SpaceID, firstSpace), cmp.Or(p.Version, 1)
	if i := w.index(p.ID); i >= 0 {
		w.pages[i] = p
	} else {
		w.pages = append(w.pages, p)
	}
	return p
}

// index needs w.mu.
func (w *wiki) index(id string) int {
	return slices.IndexFunc(w.pages, func(p WikiPage) bool { return p.ID == id })
}

func (w *wiki) all() []WikiPage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.pages)
}

func (w *wiki) find(id string) (WikiPage, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := w.index(id); i >= 0 {
		return w.pages[i], true
	}
	return WikiPage{}, false
}

func (w *wiki) add(p WikiPage) WikiPage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.put(p)
}

// staleVersion says that an update does not name the next version.
type staleVersion struct{ status, current int }

func (e *staleVersion) Error() string {
	return fmt.Sprintf("Version must be incremented on update. Current version is: %d", e.current)
}

// update changes a page if version is the next one.
func (w *wiki) update(id string, version int, change func(*WikiPage)) (WikiPage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.index(id)
	if i < 0 {
		return WikiPage{}, errNoPage
	}
	p := w.pages[i]
	if version != p.Version+1 {
		return WikiPage{}, &staleVersion{w.conflict, p.Version}
	}
	change(&p)
	p.Version = version
	w.pages[i] = p
	return p, nil
}

var errNoPage = errors.New("no such page")

// wikiAllowed reports whether the caller may do in Confluence what the permission
// is for in Jira: the users of this host have no permissions of their own there.
func (q *query) wikiAllowed(p Permission) bool { return q.host.jira.allowed(q.caller.accountID, p) }

// wikiResources is the API of Confluence: pages, in both versions of the API.
func wikiResources() []resource {
	const v1, v2 = wikiPath + "/rest/api/content", wikiPath + "/api/v2/pages"
	return []resource{
		{"GET " + v1, "READ", listContent},
		{"POST " + v1, "WRITE", createContent},
		{"GET " + v1 + "/{page}", "READ", readContentPage},
		{"PUT " + v1 + "/{page}", "WRITE", updateContent},
		{"GET " + v2, "READ", listWikiPages},
		{"POST " + v2, "WRITE", createWikiPage},
		{"GET " + v2 + "/{page}", "READ", readWikiPage},
		{"PUT " + v2 + "/{page}", "WRITE", updateWikiPage},
		{wikiPath + "/", "NONE", unknownWikiResource},
	}
}

func unknownWikiResource(q *query) (answer, error) {
	return answer{}, wikiFault(http.StatusNotFound, "NotFoundException", "This host does not have "+q.Method+" "+q.URL.Path)
}
