package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

const defaultDays = 30

// jira is what the app asks of Jira, as whoever the client is.
type jira struct{ *hostclient.Client }

const settingsPath = "/rest/atlassian-connect/1/addons/" + appKey + "/properties/settings"

// days returns after how many days an issue is stale.
func (j jira) days(ctx context.Context) (int, error) {
	property, err := hostclient.Get[struct{ Value struct{ Days int } }](ctx, j.Client, settingsPath)
	if errors.Is(err, hostclient.ErrNotFound) {
		return defaultDays, nil
	}
	if err != nil {
		return 0, err
	}
	return property.Value.Days, nil
}

func (j jira) setDays(ctx context.Context, days int) error {
	_, err := hostclient.Send[struct{}](ctx, j.Client, http.MethodPut, settingsPath, map[string]int{"days": days})
	return err
}

// jiraTime is how Jira writes a time.
const jiraTime = "2006-01-02T15:04:05.999-0700"

// foundIssue is an issue as the search has it.
type foundIssue struct {
	ID, Key string
	Fields  struct {
		Summary  string
		Updated  string
		Status   struct{ Name string }
		Assignee *struct{ DisplayName string }
	}
}

const maxStale = 200

// stale returns the open issues that nobody has touched for the set time,
// those that rested longest first, at most maxStale.
func (j jira) stale(ctx context.Context) (staleList, error) {
	days, err := j.days(ctx)
	if err != nil {
		return staleList{}, err
	}
	list := staleList{Days: days}
	for found, err := range hostclient.PagesOf[foundIssue](ctx, j.Client, hostclient.PageQuery{
		Path: "/rest/api/3/search/jql",
		Body: map[string]any{
			"jql":        fmt.Sprintf("statusCategory != Done AND updated <= -%dd ORDER BY updated ASC", days),
			"fields":     []string{"summary", "updated", "status", "assignee"},
			"maxResults": 100,
		},
	}) {
		if err != nil {
			return staleList{}, err
		}
		issue, err := j.staleIssue(found)
		if err != nil {
			return staleList{}, err
		}
		if list.Issues = append(list.Issues, issue); len(list.Issues) == maxStale {
			break
		}
	}
	return list, nil
}

func (j jira) staleIssue(found foundIssue) (staleIssue, error) {
	updated, err := time.Parse(jiraTime, found.Fields.Updated)
	if err != nil {
		return staleIssue{}, fmt.Errorf("%s: updated: %w", found.Key, err)
	}
	issue := staleIssue{
		ID: found.ID, Key: found.Key, Summary: found.Fields.Summary, Status: found.Fields.Status.Name,
		URL:    j.BaseURL() + "/browse/" + url.PathEscape(found.Key),
		Rested: int(time.Since(updated).Hours() / 24),
	}
	if found.Fields.Assignee != nil {
		issue.Assignee = found.Fields.Assignee.DisplayName
	}
	return issue, nil
}

// permissions is the answer of the permission check.
type permissions struct {
	GlobalPermissions  []string
	ProjectPermissions []struct {
		Permission string
		Issues     []int64
	}
}

// keepVisible leaves in the list what the user may see. The call asks as the
// app about the user, so the user needs no token for it.
func (j jira) keepVisible(ctx context.Context, accountID string, list *staleList) error {
	if accountID == "" || len(list.Issues) == 0 {
		list.Issues = nil
		return nil
	}
	ids := make([]int64, 0, len(list.Issues))
	for _, issue := range list.Issues {
		id, err := strconv.ParseInt(issue.ID, 10, 64)
		if err != nil {
			return fmt.Errorf("%s: id: %w", issue.Key, err)
		}
		ids = append(ids, id)
	}
	answer, err := hostclient.Send[permissions](ctx, j.Client, http.MethodPost, "/rest/api/3/permissions/check", map[string]any{
		"accountId":          accountID,
		"projectPermissions": []any{map[string]any{"permissions": []string{"BROWSE_PROJECTS"}, "issues": ids}},
	})
	if err != nil {
		return err
	}
	var seen []int64
	for _, p := range answer.ProjectPermissions {
		if p.Permission == "BROWSE_PROJECTS" {
			seen = append(seen, p.Issues...)
		}
	}
	list.Issues = slices.DeleteFunc(list.Issues, func(issue staleIssue) bool {
		id, err := strconv.ParseInt(issue.ID, 10, 64)
		return err != nil || !slices.Contains(seen, id)
	})
	return nil
}

// administers reports whether the user administers the site.
func (j jira) administers(ctx context.Context, accountID string) (bool, error) {
	if accountID == "" {
		return false, nil
	}
	answer, err := hostclient.Send[permissions](ctx, j.Client, http.MethodPost, "/rest/api/3/permissions/check", map[string]any{
		"accountId":         accountID,
		"globalPermissions": []string{"ADMINISTER"},
	})
	return slices.Contains(answer.GlobalPermissions, "ADMINISTER"), err
}

// remind comments on an issue.
func (j jira) remind(ctx context.Context, issueKey string) error {
	type node struct {
		Type    string `json:"type"`
		Version int    `json:"version,omitempty"`
		Text    string `json:"text,omitempty"`
		Content []node `json:"content,omitempty"`
	}
	text := node{Type: "text", Text: "This issue has been resting for a while. Is it still needed?"}
	body := node{Type: "doc", Version: 1, Content: []node{{Type: "paragraph", Content: []node{text}}}}
	_, err := hostclient.Send[struct{ ID string }](ctx, j.Client, http.MethodPost,
		"/rest/api/3/issue/"+url.PathEscape(issueKey)+"/comment", map[string]any{"body": body})
	return err
}
