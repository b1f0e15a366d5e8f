package devhost

import (
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// securePath is where a Data Center serves attachments.
const securePath = "/secure/attachment/"

// dcAttachment is a file at an issue.
type dcAttachment struct {
	id, name, kind string
	author         string // account id
	created        time.Time
	content        []byte
}

type dcAttachments struct {
	mu   sync.Mutex
	list []dcAttachment
}

func (l *dcAttachments) add(a dcAttachment) dcAttachment {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.id = strconv.Itoa(10_000 + len(l.list))
	l.list = append(l.list, a)
	return a
}

func (l *dcAttachments) find(id string) (dcAttachment, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(a dcAttachment) bool { return a.id == id })
	if i < 0 {
		return dcAttachment{}, false
	}
	return l.list[i], true
}

func (h *Host) attachmentURL(a dcAttachment) string {
	return h.BaseURL() + securePath + a.id + "/" + url.PathEscape(a.name)
}

// AddDataCenterAttachment stores a file in a user's name and returns its address
// on the site, below /secure/attachment.
func (h *Host) AddDataCenterAttachment(username, name string, content []byte) (string, error) {
	if err := h.needDataCenter(); err != nil {
		return "", err
	}
	u, ok := h.jira.username(username)
	if !ok || name == "" {
		return "", fmt.Errorf("devhost: attachment %q of user name %q: want a name and an active user", name, username)
	}
	a := h.dc.attachments.add(dcAttachment{
		name: name, kind: "application/octet-stream", author: u.AccountID, created: h.clock(), content: slices.Clone(content),
	})
	return h.attachmentURL(a), nil
}

type dcAttachmentBody struct {
	Self    string    `json:"self"`
	ID      string    `json:"id"`
	Name    string    `json:"filename"`
	Author  *userBody `json:"author,omitempty"`
	Created string    `json:"created"`
	Size    int       `json:"size"`
	Kind    string    `json:"mimeType"`
	Content string    `json:"content"`
}

func (q *query) attachmentBody(a dcAttachment) dcAttachmentBody {
	r := q.render()
	return dcAttachmentBody{
		Self: r.link("attachment", a.id), ID: a.id, Name: a.name, Author: r.user(a.author),
		Created: timeText(a.created), Size: len(a.content), Kind: a.kind, Content: q.host.attachmentURL(a),
	}
}

// dcAttach stores the parts of a form that are called file.
func dcAttach(q *query) (answer, error) {
	if _, err := q.issue(); err != nil {
		return answer{}, err
	}
	if err := q.need(EditIssues); err != nil {
		return answer{}, err
	}
	kind, parameters, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return answer{}, &fault{status: http.StatusUnsupportedMediaType, body: dcMessage{"Content-Type must be multipart/form-data", http.StatusUnsupportedMediaType}, reason: "not multipart"}
	}
	files, err := readFiles(multipart.NewReader(q.Body, parameters["boundary"]))
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "The form does not read: %s.", err)
	}
	stored := []dcAttachmentBody{}
	for _, f := range files {
		a := dcAttachment{name: f.Filename, kind: f.ContentType, content: f.Content, author: q.caller.accountID, created: q.host.clock()}
		stored = append(stored, q.attachmentBody(q.host.dc.attachments.add(a)))
	}
	return answer{http.StatusOK, stored}, nil
}

func dcReadAttachment(q *query) (answer, error) {
	a, ok := q.host.dc.attachments.find(q.PathValue("id"))
	if !ok || !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return answer{}, faultf(http.StatusNotFound, "The attachment with id '%s' does not exist", q.PathValue("id"))
	}
	return answer{http.StatusOK, q.attachmentBody(a)}, nil
}

// serveAttachment is outside the REST API, where bearer tokens do not count: a
// caller with one is sent to the login page like anybody unknown, as users of
// Jira 8.14 found. Wrong passwords and signatures are refused.
func (h *Host) serveAttachment(w http.ResponseWriter, r *http.Request) {
	c, f := h.dcIdentify(w, r)
	if c != nil && (c.kind == kindPAT || c.kind == kindOAuth2) {
		c, f = nil, h.notAuthenticated("bearer tokens do not count outside the REST API")
	}
	switch {
	case f != nil && f.nobody:
		refuse(r, f.reason)
		h.toLogin(w, r)
		return
	case f != nil:
		f.write(w, r)
		return
	}
	record := callOf(r)
	record.AccountID, record.Kind = c.accountID, c.kind
	a, ok := h.dc.attachments.find(r.PathValue("id"))
	if !ok || a.name != r.PathValue("name") || !h.jira.allowed(c.accountID, BrowseProjects) {
		refuse(r, "no such attachment")
		http.NotFound(w, r)
		return
	}
	setFileHeaders(w.Header(), "application/octet-stream", a.name)
	w.Write(a.content)
}
