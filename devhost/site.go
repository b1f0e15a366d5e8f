package devhost

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// PutIssue stores an issue as it stands, replacing the one with the same key,
// and returns it with all fields filled in. No webhook is sent.
func (h *Host) PutIssue(i Issue) (Issue, error) { return h.jira.put(i) }

// SetUpdated moves the time at which an issue was last updated. No webhook is
// sent.
func (h *Host) SetUpdated(key string, t time.Time) error {
	if err := h.jira.touch(key, t); err != nil {
		return fmt.Errorf("devhost: issue %s: %w", key, err)
	}
	return nil
}

// Issue returns the issue with a key or id.
func (h *Host) Issue(key string) (Issue, bool) { return h.jira.issue(key) }

// Issues returns all issues of the site.
func (h *Host) Issues() []Issue { return h.jira.allIssues() }

// CreateIssue creates an issue in a project in a user's name and sends the
// webhooks of it. i.Key holds the key of the project only. Permissions are not
// asked for.
func (h *Host) CreateIssue(accountID string, i Issue) (Issue, error) {
	return h.createIssue(accountID, i, "")
}

// EditIssue changes an issue in a user's name and sends the webhooks of it; its
// updated time becomes now. change must neither keep the issue nor call the Host.
// Permissions are not asked for.
func (h *Host) EditIssue(accountID, key string, change func(*Issue)) (Issue, error) {
	return h.editIssue(accountID, key, change, "")
}

// AddComment comments on an issue in a user's name and sends the webhooks of it.
// body is a document in the Atlassian Document Format, see Document.
// Permissions are not asked for.
func (h *Host) AddComment(accountID, key string, body json.RawMessage) (Comment, error) {
	return h.addComment(accountID, key, body, "")
}

// DeleteIssue removes an issue in a user's name and sends the webhooks of it.
// Permissions are not asked for.
func (h *Host) DeleteIssue(accountID, key string) error {
	return h.deleteIssue(accountID, key, "")
}

func (h *Host) createIssue(accountID string, i Issue, trace string) (Issue, error) {
	if i.Creator == "" {
		i.Creator = accountID
	}
	if i.Reporter == "" {
		i.Reporter = accountID
	}
	created, err := h.jira.create(i)
	if err != nil {
		return Issue{}, err
	}
	h.emit(issueEvent{name: "jira:issue_created", kind: "issue_created", accountID: accountID, issue: created, trace: trace})
	return created, nil
}

func (h *Host) editIssue(accountID, key string, change func(*Issue), trace string) (Issue, error) {
	before, after, err := h.jira.edit(key, change)
	if err != nil {
		return Issue{}, fmt.Errorf("devhost: issue %s: %w", key, err)
	}
	h.emit(issueEvent{
		name: "jira:issue_updated", kind: "issue_generic", accountID: accountID,
		issue: after, changes: h.changes(before, after), trace: trace,
	})
	return after, nil
}

func (h *Host) addComment(accountID, key string, body json.RawMessage, trace string) (Comment, error) {
	if _, ok := parseDocument(body); !ok {
		return Comment{}, fmt.Errorf("devhost: comment on %s: the body is not a document", key)
	}
	issue, c, err := h.jira.comment(key, accountID, body)
	if err != nil {
		return Comment{}, fmt.Errorf("devhost: issue %s: %w", key, err)
	}
	h.emit(issueEvent{name: "comment_created", accountID: accountID, issue: issue, comment: &c, trace: trace})
	return c, nil
}

func (h *Host) deleteIssue(accountID, key, trace string) error {
	issue, err := h.jira.remove(key)
	if err != nil {
		return fmt.Errorf("devhost: issue %s: %w", key, err)
	}
	h.emit(issueEvent{name: "jira:issue_deleted", kind: "issue_deleted", accountID: accountID, issue: issue, trace: trace})
	return nil
}

// Search returns the issues a JQL query finds, in its order, without asking for
// permissions. An empty query finds all. currentUser() is nobody.
func (h *Host) Search(jql string) ([]Issue, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, fmt.Errorf("devhost: %w", err)
	}
	view := h.jira.view("")
	if err := q.check(view); err != nil {
		return nil, fmt.Errorf("devhost: %w", err)
	}
	issues := slices.DeleteFunc(h.jira.allIssues(), func(i Issue) bool { return !q.matches(&i, view) })
	q.sort(issues)
	return issues, nil
}
