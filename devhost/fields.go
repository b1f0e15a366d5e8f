package devhost

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// thing is how a field names a project, a type, a priority or a user.
type thing struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	Name      string `json:"name"`
	AccountID string `json:"accountId"`
}

// apply writes the fields of a create or an update into an issue, and returns
// what is wrong with each field, in Jira's words.
func (j *jira) apply(fields map[string]json.RawMessage, i *Issue, creating bool) map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	faults := make(map[string]string)
	for name, raw := range fields {
		if name == "project" && creating {
			j.applyProject(raw, i, faults)
			continue
		}
		if err := j.applyField(name, raw, i); err != nil {
			faults[name] = err.Error()
		}
	}
	return faults
}

// applyLocked needs j.mu. The fields have been judged by apply.
func (j *jira) applyLocked(fields map[string]json.RawMessage, i *Issue) {
	for name, raw := range fields {
		j.applyField(name, raw, i)
	}
}

func (j *jira) applyProject(raw json.RawMessage, i *Issue, faults map[string]string) {
	var t thing
	if json.Unmarshal(raw, &t) != nil {
		faults["project"] = "data was not an object"
		return
	}
	p, ok := j.findProject(cmp.Or(t.Key, t.ID))
	if !ok {
		faults["project"] = "Specify a valid project ID or key"
		return
	}
	i.Key = p.key
}

// applyField needs j.mu.
func (j *jira) applyField(name string, raw json.RawMessage, i *Issue) error {
	switch name {
	case "summary":
		return applySummary(raw, i)
	case "description":
		return applyDescription(raw, i)
	case "labels":
		return applyLabels(raw, i)
	case "issuetype":
		return applyNamed(raw, issueTypes, 10001, &i.Type)
	case "priority":
		return applyNamed(raw, priorities, 1, &i.Priority)
	case "assignee":
		return j.applyUser(raw, &i.Assignee)
	case "reporter":
		return j.applyUser(raw, &i.Reporter)
	}
	return wordsf("Field '%s' cannot be set. It is not on the appropriate screen, or unknown.", name)
}

func applySummary(raw json.RawMessage, i *Issue) error {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return wordsf("Operation value must be a string")
	}
	if s = strings.TrimSpace(s); len([]rune(s)) > 255 || strings.ContainsAny(s, "\r\n") {
		return wordsf("The summary is invalid because it contains newline characters or is longer than 255 characters.")
	}
	i.Summary = s
	return nil
}

func applyDescription(raw json.RawMessage, i *Issue) error {
	if string(raw) == "null" {
		i.Description = nil
		return nil
	}
	if _, ok := parseDocument(raw); !ok {
		return wordsf("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
	}
	i.Description = slices.Clone(raw)
	return nil
}

func applyLabels(raw json.RawMessage, i *Issue) error {
	var labels []string
	if json.Unmarshal(raw, &labels) != nil {
		return wordsf("data was not an array")
	}
	for _, l := range labels {
		if l == "" || strings.ContainsAny(l, " \t\n") {
			return wordsf("The label '%s' contains spaces which is invalid.", l)
		}
	}
	i.Labels = labels
	return nil
}

func applyNamed(raw json.RawMessage, list []string, first int, field *string) error {
	var t thing
	if json.Unmarshal(raw, &t) != nil {
		return wordsf("data was not an object")
	}
	name, ok := named(list, cmp.Or(t.Name, t.ID), first)
	if !ok {
		return wordsf("'%s' does not exist", cmp.Or(t.Name, t.ID))
	}
	*field = name
	return nil
}

// applyUser needs j.mu.
func (j *jira) applyUser(raw json.RawMessage, field *string) error {
	if string(raw) == "null" {
		*field = ""
		return nil
	}
	var t thing
	if json.Unmarshal(raw, &t) != nil {
		return wordsf("expected Object containing 'id'")
	}
	u, ok := j.findUser(cmp.Or(t.AccountID, t.ID))
	if !ok || u.Inactive {
		return wordsf("User '%s' cannot be assigned issues.", cmp.Or(t.AccountID, t.ID))
	}
	*field = u.AccountID
	return nil
}
