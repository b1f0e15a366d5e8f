package devhost

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

// jiraTime is how Jira's REST API writes a time.
const jiraTime = "2006-01-02T15:04:05.000-0700"

// renderer turns what is stored into bodies of the REST API.
type renderer struct {
	base  string
	email bool
	jira  *jira
}

func (h *Host) renderer(base string, email bool) *renderer {
	return &renderer{base: base, email: email, jira: h.jira}
}

func (r *renderer) link(path ...string) string {
	for i, p := range path {
		path[i] = url.PathEscape(p)
	}
	version := "3"
	if r.jira.dataCenter {
		version = "2"
	}
	return r.base + "/rest/api/" + version + "/" + strings.Join(path, "/")
}

type userBody struct {
	Self        string `json:"self"`
	AccountID   string `json:"accountId,omitempty"`
	AccountType string `json:"accountType,omitempty"`
	Key         string `json:"key,omitempty"`  // of a Data Center
	Name        string `json:"name,omitempty"` // of a Data Center
	Email       string `json:"emailAddress,omitempty"`
	DisplayName string `json:"displayName"`
	Active      bool   `json:"active"`
	TimeZone    string `json:"timeZone"`
	Locale      string `json:"locale,omitempty"`
}

// user is nil for an account that does not exist.
func (r *renderer) user(accountID string) *userBody {
	u, ok := r.jira.user(accountID)
	if !ok {
		return nil
	}
	b := &userBody{
		Self: r.link("user") + "?accountId=" + url.QueryEscape(u.AccountID), AccountID: u.AccountID,
		AccountType: u.Type, DisplayName: u.DisplayName, Active: !u.Inactive, TimeZone: "Etc/UTC",
	}
	if r.email {
		b.Email = u.Email
	}
	if r.jira.dataCenter {
		r.dcUser(b, u)
	}
	return b
}

type reference struct {
	Self           string        `json:"self,omitempty"`
	ID             string        `json:"id"`
	Key            string        `json:"key,omitempty"`
	Name           string        `json:"name"`
	StatusCategory *categoryBody `json:"statusCategory,omitempty"`
	Subtask        *bool         `json:"subtask,omitempty"`
}

type categoryBody struct {
	ID   int    `json:"id"`
	Key  string `json:"key"`
	Name string `json:"name"`
}

// issueFields are the fields of an issue in full.
type issueFields struct {
	Summary     string          `json:"summary"`
	Description json.RawMessage `json:"description"`
	Status      reference       `json:"status"`
	Category    categoryBody    `json:"statusCategory"`
	IssueType   reference       `json:"issuetype"`
	Priority    reference       `json:"priority"`
	Project     reference       `json:"project"`
	Resolution  *reference      `json:"resolution"`
	Assignee    *userBody       `json:"assignee"`
	Reporter    *userBody       `json:"reporter"`
	Creator     *userBody       `json:"creator"`
	Labels      []string        `json:"labels"`
	Created     string          `json:"created"`
	Updated     string          `json:"updated"`
	Comment     *commentPage    `json:"comment,omitempty"`
}

type issueBody struct {
	ID     string                     `json:"id"`
	Self   string                     `json:"self"`
	Key    string                     `json:"key,omitempty"`
	Fields map[string]json.RawMessage `json:"fields,omitempty"`
}

// issue renders an issue with the fields that want selects; nil means all but
// the comments.
func (r *renderer) issue(i *Issue, want *selection) issueBody {
	b := issueBody{ID: i.ID, Key: i.Key, Self: r.link("issue", i.ID)}
	all, _ := json.Marshal(r.fields(i)) // stored documents are valid JSON
	json.Unmarshal(all, &b.Fields)      // what was just marshalled
	for name := range b.Fields {
		if !want.has(name) {
			delete(b.Fields, name)
		}
	}
	return b
}

func (r *renderer) fields(i *Issue) issueFields {
	at := slices.Index(statuses, i.Status)
	category := categoryBody{ID: []int{2, 4, 3}[at], Key: categories[at], Name: statuses[at]}
	statusID := idIn(statuses, i.Status, 10001)
	f := issueFields{
		Summary: i.Summary, Description: r.text(i.Description),
		Status:    reference{Self: r.link("status", statusID), ID: statusID, Name: i.Status, StatusCategory: &category},
		Category:  category,
		IssueType: reference{Self: r.link("issuetype", typeID(i.Type)), ID: typeID(i.Type), Name: i.Type, Subtask: new(bool)},
		Priority:  reference{ID: idIn(priorities, i.Priority, 1), Name: i.Priority},
		Project:   r.project(i.projectKey()),
		Assignee:  r.user(i.Assignee), Reporter: r.user(i.Reporter), Creator: r.user(i.Creator),
		Labels:  append([]string{}, i.Labels...),
		Created: i.Created.Format(jiraTime), Updated: i.Updated.Format(jiraTime),
	}
	if i.Status == "Done" {
		f.Resolution = &reference{ID: "10000", Name: "Done"}
	}
	page := r.comments(i, 0, len(i.Comments))
	f.Comment = &page
	return f
}

func (r *renderer) project(key string) reference {
	p, _ := r.jira.project(key)
	return reference{Self: r.link("project", p.id), ID: p.id, Key: p.key, Name: p.name}
}

type commentBody struct {
	Self         string          `json:"self"`
	ID           string          `json:"id"`
	Author       *userBody       `json:"author,omitempty"`
	Body         json.RawMessage `json:"body"`
	UpdateAuthor *userBody       `json:"updateAuthor,omitempty"`
	Created      string          `json:"created"`
	Updated      string          `json:"updated"`
	Public       bool            `json:"jsdPublic"`
}

type commentPage struct {
	StartAt    int           `json:"startAt"`
	MaxResults int           `json:"maxResults"`
	Total      int           `json:"total"`
	Comments   []commentBody `json:"comments"`
}

func (r *renderer) comment(i *Issue, c *Comment) commentBody {
	author := r.user(c.Author)
	return commentBody{
		Self: r.link("issue", i.ID, "comment", c.ID), ID: c.ID, Author: author, UpdateAuthor: author,
		Body: r.text(c.Body), Created: c.Created.Format(jiraTime), Updated: c.Updated.Format(jiraTime), Public: true,
	}
}

// comments renders the page of an issue's comments that begins at start.
func (r *renderer) comments(i *Issue, start, limit int) commentPage {
	page := commentPage{StartAt: start, MaxResults: limit, Total: len(i.Comments), Comments: []commentBody{}}
	start = min(start, len(i.Comments))
	end := min(start+limit, len(i.Comments))
	for n := start; n < end; n++ {
		page.Comments = append(page.Comments, r.comment(i, &i.Comments[n]))
	}
	return page
}

func joinLabels(labels []string) string { return strings.Join(labels, " ") }

// selection is the fields parameter of a read.
type selection struct {
	all   bool
	names map[string]bool // true: wanted, false: not wanted
}

// newSelection reads names such as summary, -comment, *all and *navigable.
func newSelection(names []string) *selection {
	s := &selection{names: make(map[string]bool)}
	for _, list := range names {
		for name := range strings.SplitSeq(list, ",") {
			switch name = strings.TrimSpace(name); {
			case name == "":
			case name == "*all":
				s.all = true
			case name == "*navigable":
				s.all = true
				s.names["comment"] = false
			case strings.HasPrefix(name, "-"):
				s.names[name[1:]] = false
			default:
				s.names[name] = true
			}
		}
	}
	return s
}

// has reports whether a field is selected. The nil selection has all but the
// comments.
func (s *selection) has(name string) bool {
	if s == nil {
		return name != "comment"
	}
	if want, ok := s.names[name]; ok {
		return want
	}
	return s.all
}

// clockText is a time as people read it.
func clockText(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04") }
