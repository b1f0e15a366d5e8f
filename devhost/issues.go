package devhost

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Issue is an issue of the site.
type Issue struct {
	// ID is numeric text; the host makes one when it is empty.
	ID string
	// Key is the key of the project, a dash and a number, such as "DEMO-1".
	Key string
	// Summary is the title, in plain text. It must not be empty.
	Summary string
	// Description is a document in the Atlassian Document Format, nil for none.
	// Document makes one of plain text.
	Description json.RawMessage
	// Type is Task, Bug or Story; Priority is Highest, High, Medium, Low or
	// Lowest; Status is To Do, In Progress or Done. Empty they mean Task, Medium
	// and To Do.
	Type     string
	Priority string
	Status   string
	// Assignee, Reporter and Creator are account ids, empty for nobody.
	Assignee, Reporter, Creator string
	// Labels are words without spaces.
	Labels []string
	// Created and Updated are set to now when zero.
	Created, Updated time.Time
	// Comments are the oldest first.
	Comments []Comment
}

// Comment is a comment on an issue.
type Comment struct {
	// ID is numeric text; the host makes one when it is empty.
	ID string
	// Author is an account id, empty for nobody.
	Author string
	// Body is a document in the Atlassian Document Format.
	Body json.RawMessage
	// Created and Updated are taken as they are, zero as well.
	Created, Updated time.Time
}

// Document returns plain text as a document in the Atlassian Document Format,
// one paragraph a line.
func Document(text string) json.RawMessage {
	type node struct {
		Type    string `json:"type"`
		Text    string `json:"text,omitempty"`
		Content []node `json:"content,omitempty"`
	}
	var paragraphs []node
	for line := range strings.SplitSeq(text, "\n") {
		p := node{Type: "paragraph"}
		if line != "" {
			p.Content = []node{{Type: "text", Text: line}}
		}
		paragraphs = append(paragraphs, p)
	}
	b, _ := json.Marshal(struct { // text and structs always marshal
		Version int    `json:"version"`
		Type    string `json:"type"`
		Content []node `json:"content"`
	}{1, "doc", paragraphs})
	return b
}

// documentNode is a node of a document as far as its text goes.
type documentNode struct {
	Type    string         `json:"type"`
	Version int            `json:"version"`
	Text    string         `json:"text"`
	Content []documentNode `json:"content"`
}

// parseDocument reads a document; ok is false when it is none.
func parseDocument(raw json.RawMessage) (n documentNode, ok bool) {
	if json.Unmarshal(raw, &n) != nil || n.Type != "doc" || n.Version != 1 {
		return documentNode{}, false
	}
	return n, true
}

// documentText is the text of a document without its marks, a line a block.
func documentText(raw json.RawMessage) string {
	n, ok := parseDocument(raw)
	if !ok {
		return ""
	}
	var lines []string
	for _, block := range n.Content {
		lines = append(lines, block.text())
	}
	return strings.Join(lines, "\n")
}

func (n documentNode) text() string {
	var b strings.Builder
	b.WriteString(n.Text)
	for _, c := range n.Content {
		b.WriteString(c.text())
	}
	return b.String()
}

func (i *Issue) projectKey() string {
	key, _, _ := strings.Cut(i.Key, "-")
	return key
}

func (i *Issue) number() int {
	_, n, _ := strings.Cut(i.Key, "-")
	v, _ := strconv.Atoi(n)
	return v
}

func (i *Issue) clone() Issue {
	c := *i
	c.Labels = slices.Clone(i.Labels)
	c.Description = slices.Clone(i.Description)
	c.Comments = slices.Clone(i.Comments)
	for n := range c.Comments {
		c.Comments[n].Body = slices.Clone(c.Comments[n].Body)
	}
	return c
}

type project struct{ id, key, name string }

// statuses, issueTypes and priorities are fixed; the id of each is its place.
var (
	statuses   = []string{"To Do", "In Progress", "Done"}
	categories = []string{"new", "indeterminate", "done"}
	issueTypes = []string{"Task", "Bug", "Story"}
	priorities = []string{"Highest", "High", "Medium", "Low", "Lowest"}
)

func typeID(name string) string { return idIn(issueTypes, name, 10001) }

func idIn(list []string, name string, first int) string {
	return strconv.Itoa(first + slices.Index(list, name))
}

// jira is the data of the site.
type jira struct {
	now      func() time.Time
	mu       sync.Mutex
	users    []User
	projects []project
	issues   []*Issue
	lastID   int

	dataCenter bool // users go by their names, texts are no documents
}

func newJira(now func() time.Time, users []User, issues []Issue) (*jira, error) {
	j := &jira{now: now, lastID: 10_000}
	if users == nil {
		users = demoUsers()
	}
	for _, u := range users {
		if _, err := j.addUser(u); err != nil {
			return nil, err
		}
	}
	if issues == nil {
		issues = demoIssues(now(), j.users)
	}
	for _, i := range issues {
		if _, err := j.put(i); err != nil {
			return nil, err
		}
	}
	return j, nil
}

var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,19}-[1-9][0-9]{0,8}$`)

// put stores an issue as it is, replacing the one with the same key.
func (j *jira) put(i Issue) (Issue, error) {
	if err := j.complete(&i); err != nil {
		return Issue{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.store(i), nil
}

// complete fills in what is missing and judges the rest.
func (j *jira) complete(i *Issue) error {
	if !issueKey.MatchString(i.Key) {
		return fmt.Errorf("devhost: issue key %q: want a project key, a dash and a number", i.Key)
	}
	i.Type, i.Status = cmp.Or(i.Type, issueTypes[0]), cmp.Or(i.Status, statuses[0])
	i.Priority = cmp.Or(i.Priority, priorities[2])
	if i.Created.IsZero() {
		i.Created = j.now()
	}
	if i.Updated.IsZero() {
		i.Updated = j.now()
	}
	return checkNames(i)
}

// store needs j.mu.
func (j *jira) store(i Issue) Issue {
	j.ensureProject(i.projectKey())
	at := slices.IndexFunc(j.issues, func(o *Issue) bool { return o.Key == i.Key })
	if i.ID == "" && at >= 0 {
		i.ID = j.issues[at].ID
	}
	if i.ID == "" {
		i.ID = j.nextID()
	}
	stored := i.clone()
	for n := range stored.Comments {
		stored.Comments[n].ID = cmp.Or(stored.Comments[n].ID, j.nextID())
	}
	if at >= 0 {
		j.issues[at] = &stored
	} else {
		j.issues = append(j.issues, &stored)
	}
	return stored.clone()
}

func checkNames(i *Issue) error {
	switch {
	case i.Summary == "":
		return fmt.Errorf("devhost: issue %s needs a Summary", i.Key)
	case !slices.Contains(statuses, i.Status):
		return fmt.Errorf("devhost: issue %s: no such status %q", i.Key, i.Status)
	case !slices.Contains(issueTypes, i.Type):
		return fmt.Errorf("devhost: issue %s: no such type %q", i.Key, i.Type)
	case !slices.Contains(priorities, i.Priority):
		return fmt.Errorf("devhost: issue %s: no such priority %q", i.Key, i.Priority)
	}
	return nil
}

// ensureProject needs j.mu.
func (j *jira) ensureProject(key string) {
	if slices.ContainsFunc(j.projects, func(p project) bool { return p.key == key }) {
		return
	}
	name := key[:1] + strings.ToLower(key[1:])
	j.projects = append(j.projects, project{id: strconv.Itoa(10_000 + len(j.projects)), key: key, name: name})
}

// nextID needs j.mu.
func (j *jira) nextID() string {
	j.lastID++
	return strconv.Itoa(j.lastID)
}

// project finds a project by key or id.
func (j *jira) project(name string) (project, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.findProject(name)
}

// findProject needs j.mu.
func (j *jira) findProject(name string) (project, bool) {
	i := slices.IndexFunc(j.projects, func(p project) bool {
		return name != "" && (strings.EqualFold(p.key, name) || p.id == name || strings.EqualFold(p.name, name))
	})
	if i < 0 {
		return project{}, false
	}
	return j.projects[i], true
}

// find needs j.mu. It takes a key or an id.
func (j *jira) find(name string) *Issue {
	i := slices.IndexFunc(j.issues, func(o *Issue) bool {
		return name != "" && (o.ID == name || strings.EqualFold(o.Key, name))
	})
	if i < 0 {
		return nil
	}
	return j.issues[i]
}

func (j *jira) issue(name string) (Issue, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(name)
	if i == nil {
		return Issue{}, false
	}
	return i.clone(), true
}

func (j *jira) allIssues() []Issue {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Issue, len(j.issues))
	for n, i := range j.issues {
		list[n] = i.clone()
	}
	return list
}

var errNoIssue = errors.New("no such issue")

// create gives the issue the next free key of its project, whose key is in
// i.Key.
func (j *jira) create(i Issue) (Issue, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	next := 1
	for _, o := range j.issues {
		if o.projectKey() == i.Key {
			next = max(next, o.number()+1)
		}
	}
	i.Key += "-" + strconv.Itoa(next)
	if err := j.complete(&i); err != nil {
		return Issue{}, err
	}
	return j.store(i), nil
}

// touch moves the updated time of an issue.
func (j *jira) touch(name string, t time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(name)
	if i == nil {
		return errNoIssue
	}
	i.Updated = t
	return nil
}

// edit changes one issue and its updated time, and returns it before and after.
func (j *jira) edit(name string, change func(*Issue)) (before, after Issue, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(name)
	if i == nil {
		return Issue{}, Issue{}, errNoIssue
	}
	before = i.clone()
	changed := i.clone()
	change(&changed)
	changed.ID, changed.Key = i.ID, i.Key
	if err := checkNames(&changed); err != nil {
		return Issue{}, Issue{}, err
	}
	changed.Updated = j.now()
	*i = changed.clone()
	return before, changed, nil
}

func (j *jira) comment(name, author string, body json.RawMessage) (Issue, Comment, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(name)
	if i == nil {
		return Issue{}, Comment{}, errNoIssue
	}
	now := j.now()
	c := Comment{ID: j.nextID(), Author: author, Body: slices.Clone(body), Created: now, Updated: now}
	i.Comments = append(i.Comments, c)
	i.Updated = now
	return i.clone(), c, nil
}

func (j *jira) remove(name string) (Issue, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.find(name)
	if i == nil {
		return Issue{}, errNoIssue
	}
	j.issues = slices.DeleteFunc(j.issues, func(o *Issue) bool { return o == i })
	return i.clone(), nil
}
