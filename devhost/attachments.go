package devhost

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxUpload is the longest body of an upload, in bytes.
const maxUpload = 10 << 20

// Attachment is a file on an issue.
type Attachment struct {
	// ID is numeric text; the host makes one when it is empty.
	ID string
	// Issue is the key of the issue.
	Issue string
	// Filename must not be empty. ContentType is guessed from it when empty.
	Filename    string
	ContentType string
	// Author is an account id, empty for nobody.
	Author string
	// Created is set to now when zero.
	Created time.Time
	// Content is the file itself.
	Content []byte

	mediaID string
}

// files are the attachments of all issues.
type files struct {
	key string // signs the addresses of downloads

	mu        sync.Mutex
	order     []string // ids
	byID      map[string]Attachment
	byMediaID map[string]string // ids
	leaks     int
}

// Attach adds a file to an issue, or replaces the one with the same id, and
// returns it with all fields filled in. Permissions are not asked for. It fails on
// a Data Center, which has AddDataCenterAttachment.
func (h *Host) Attach(a Attachment) (Attachment, error) {
	if err := h.needCloud("media origin, see AddDataCenterAttachment"); err != nil {
		return Attachment{}, err
	}
	i, ok := h.jira.issue(a.Issue)
	switch {
	case !ok:
		return Attachment{}, fmt.Errorf("devhost: attachment: no such issue %q", a.Issue)
	case a.Filename == "":
		return Attachment{}, errors.New("devhost: an attachment needs a Filename")
	}
	a.Issue, a.mediaID, a.Content = i.Key, newUUID(), slices.Clone(a.Content)
	a.ContentType = cmp.Or(a.ContentType, mime.TypeByExtension(path.Ext(a.Filename)), "application/octet-stream")
	a.ID = cmp.Or(a.ID, h.jira.newID())
	if a.Created.IsZero() {
		a.Created = h.clock()
	}
	f := &h.cloud.files
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, ok := f.byID[a.ID]; ok {
		delete(f.byMediaID, old.mediaID)
	} else {
		f.order = append(f.order, a.ID)
	}
	f.byID[a.ID], f.byMediaID[a.mediaID] = a, a.ID
	return a.clone(), nil
}

// Attachments returns the files of an issue, the oldest first.
func (h *Host) Attachments(issueKey string) []Attachment {
	f := &h.cloud.files
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Attachment
	for _, id := range f.order {
		if a := f.byID[id]; strings.EqualFold(a.Issue, issueKey) {
			list = append(list, a.clone())
		}
	}
	return list
}

func (a Attachment) clone() Attachment {
	a.Content = slices.Clone(a.Content)
	return a
}

func (f *files) find(id string) (Attachment, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.byID[id]
	return a, ok
}

func (f *files) findMedia(mediaID string) (Attachment, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.byID[f.byMediaID[mediaID]]
	return a, ok
}

func (j *jira) newID() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.nextID()
}

type attachmentBody struct {
	Self     string    `json:"self"`
	ID       string    `json:"id"`
	Filename string    `json:"filename"`
	Author   *userBody `json:"author,omitempty"`
	Created  string    `json:"created"`
	Size     int       `json:"size"`
	MimeType string    `json:"mimeType"`
	Content  string    `json:"content"`
}

func (r *renderer) attachment(a *Attachment) attachmentBody {
	return attachmentBody{
		Self: r.link("attachment", a.ID), ID: a.ID, Filename: a.Filename, Author: r.user(a.Author),
		Created: a.Created.Format(jiraTime), Size: len(a.Content), MimeType: a.ContentType,
		Content: r.link("attachment", "content", a.ID),
	}
}

// upload takes the parts named file of a multipart body.
func upload(q *query) (answer, error) {
	if err := q.checkXSRF(); err != nil {
		return answer{}, err
	}
	i, err := q.issue()
	if err != nil {
		return answer{}, err
	}
	if err := q.need(EditIssues); err != nil {
		return answer{}, err
	}
	parts, err := q.MultipartReader()
	if err != nil {
		return answer{}, faultf(http.StatusUnsupportedMediaType, "The body must be multipart/form-data.")
	}
	found, err := readFiles(parts)
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "The multipart body does not read: %s", err)
	}
	if len(found) == 0 {
		return answer{}, faultf(http.StatusBadRequest, "The multipart body has no part named 'file' with a file name.")
	}
	list := []attachmentBody{}
	for _, a := range found {
		a.Issue, a.Author = i.Key, q.caller.accountID
		a, err := q.host.Attach(a)
		if err != nil {
			return answer{}, err
		}
		list = append(list, q.render().attachment(&a))
	}
	return answer{http.StatusOK, list}, nil
}

func readFiles(parts *multipart.Reader) ([]Attachment, error) {
	var list []Attachment
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if part.FormName() == "file" && part.FileName() != "" {
			list = append(list, Attachment{Filename: part.FileName(), ContentType: part.Header.Get("Content-Type"), Content: content})
		}
	}
}

// attachment finds the file of the path, if the caller may see its issue.
func (q *query) attachment() (Attachment, error) {
	a, ok := q.host.cloud.files.find(q.PathValue("attachment"))
	if ok {
		_, ok = q.host.jira.issue(a.Issue)
	}
	if !ok || !q.host.jira.allowed(q.caller.accountID, BrowseProjects) {
		return Attachment{}, faultf(http.StatusNotFound, "The attachment with id '%s' does not exist", q.PathValue("attachment"))
	}
	return a, nil
}

func readAttachment(q *query) (answer, error) {
	a, err := q.attachment()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, q.render().attachment(&a)}, nil
}

// readContent leads to the media origin, or gives the file itself on demand.
func readContent(q *query) (answer, error) {
	a, err := q.attachment()
	if err != nil {
		return answer{}, err
	}
	if q.URL.Query().Get("redirect") == "false" {
		return answer{body: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, &a) })}, nil
	}
	return answer{body: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", q.host.mediaAddress(&a))
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
	})}, nil
}
