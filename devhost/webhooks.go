package devhost

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// How webhooks are repeated, by Atlassian's webhook documentation: at most five
// times, five to fifteen minutes apart, and not at all once an address has
// failed for half an hour.
const (
	maxRetries   = 5
	minRetryWait = 5 * time.Minute
	maxRetryWait = 15 * time.Minute
	maxTrouble   = 30 * time.Minute
)

// Headers of webhooks, and of the call that a trace is taken from.
const (
	headerIdentifier = "X-Atlassian-Webhook-Identifier"
	headerRetry      = "X-Atlassian-Webhook-Retry"
	headerFlow       = "X-Atlassian-Webhook-Flow"
	headerTrace      = "X-Atlassian-Webhook-Trace"
)

// issueEvent is something that happened to an issue.
type issueEvent struct {
	name      string // as descriptors name it
	kind      string // issue_event_type_name
	accountID string // who did it
	issue     Issue
	comment   *Comment
	changes   []change
	trace     string
}

// change is one changed field of an issue.
type change struct {
	Field      string  `json:"field"`
	FieldType  string  `json:"fieldtype"`
	FieldID    string  `json:"fieldId"`
	From       *string `json:"from"`
	FromString *string `json:"fromString"`
	To         *string `json:"to"`
	ToString   *string `json:"toString"`
}

// delivery is one webhook on its way to one app.
type delivery struct {
	appKey     string
	event      string
	url        *url.URL
	body       []byte
	accountID  string
	identifier string
	trace      string
	retry      int
	due        time.Time
}

// Settle returns when every webhook that was on its way has been answered or has
// failed. Repetitions that are due later are not waited for. The error is that
// of ctx.
func (h *Host) Settle(ctx context.Context) error { return h.work.settle(ctx) }

// Redeliver repeats the failed webhooks that are due by the host's clock, waits
// for the answers as Settle does and returns how many were sent. The error is
// that of ctx. A host on the real clock repeats by itself while it runs.
func (h *Host) Redeliver(ctx context.Context) (int, error) {
	now := h.clock()
	return h.repeat(ctx, func(d *delivery) bool { return !d.due.After(now) })
}

// RedeliverAll repeats every failed webhook that waits for its repetition, due
// or not. Otherwise it does as Redeliver.
func (h *Host) RedeliverAll(ctx context.Context) (int, error) {
	return h.repeat(ctx, func(*delivery) bool { return true })
}

// repeat sends the waiting webhooks that are ready.
func (h *Host) repeat(ctx context.Context, isReady func(*delivery) bool) (int, error) {
	var due []*delivery
	h.mu.Lock()
	h.retries = slices.DeleteFunc(h.retries, func(d *delivery) bool {
		ready := isReady(d)
		if ready {
			due = append(due, d)
		}
		return ready
	})
	h.mu.Unlock()
	for _, d := range due {
		d.retry++
		h.work.startJob(func() { h.attempt(d) })
	}
	return len(due), h.Settle(ctx)
}

// repeatDeliveries is the loop of a host on the real clock.
func (h *Host) repeatDeliveries() {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			if _, err := h.Redeliver(h.ctx); err != nil {
				return
			}
		}
	}
}

// emit starts the webhooks of an event, one a matching module of every enabled
// app.
func (h *Host) emit(e issueEvent) {
	h.mu.Lock()
	var list []*delivery
	for _, a := range h.apps {
		if !a.installed || !a.Enabled {
			continue
		}
		for _, m := range a.doc.modules {
			if m.Kind == "webhooks" && m.Event == e.name && h.matches(m.Filter, e.issue) {
				list = append(list, h.newDelivery(a, m, e))
			}
		}
	}
	h.mu.Unlock()
	for _, d := range list {
		h.work.startJob(func() { h.attempt(d) })
	}
}

// matches evaluates the filter of a webhook, which was parsed at install.
func (h *Host) matches(filter string, i Issue) bool {
	if filter == "" {
		return true
	}
	q, err := parseJQL(filter)
	if err != nil {
		return false
	}
	return q.matches(&i, h.jira.view(""))
}

// newDelivery needs h.mu.
func (h *Host) newDelivery(a *app, m module, e issueEvent) *delivery {
	values := map[string]string{
		"issue.id": e.issue.ID, "issue.key": e.issue.Key, "modifiedUser.accountId": e.accountID,
	}
	if p, ok := h.jira.project(e.issue.projectKey()); ok {
		values["project.id"], values["project.key"] = p.id, p.key
	}
	u, err := url.Parse(a.AppBaseURL + expand(slashed(m.URL), values))
	if err != nil { // the descriptor's URL did parse; expansion encodes
		u = &url.URL{}
	}
	d := &delivery{
		appKey: a.AppKey, event: e.name, url: u, accountID: e.accountID,
		identifier: newUUID(), trace: e.trace,
	}
	if !m.ExcludeBody {
		d.body = h.webhookBody(a.BaseURL, e)
	}
	return d
}

// attempt sends a webhook once and plans its repetition when that failed.
func (h *Host) attempt(d *delivery) {
	now := h.clock()
	record := Delivery{
		Time: now, App: d.appKey, Event: d.event, URL: d.url.String(),
		Body: d.body, Identifier: d.identifier, Retry: d.retry,
	}
	r, err := h.webhookRequest(d)
	if err == nil {
		record.Header = r.Header.Clone()
		record.Status, _, err = h.post(r)
	}
	switch {
	case h.ctx.Err() != nil:
		return
	case err != nil:
		record.Error = err.Error()
	case record.Status < 200 || record.Status > 299:
		record.Error = "the app answered " + strconv.Itoa(record.Status)
	}
	record.Again = h.plan(d, record.Status, record.Error == "", now)
	h.record.addDelivery(record)
	h.log.Info("webhook", "app", d.appKey, "event", d.event, "status", record.Status, "retry", d.retry, "error", record.Error)
}

func (h *Host) webhookRequest(d *delivery) (*http.Request, error) {
	token, err := h.SignRequest(d.appKey, http.MethodPost, d.url.String(), d.accountID)
	if err != nil {
		return nil, err
	}
	r, err := newCallback(h.ctx, d.url, d.body, token)
	if err != nil {
		return nil, err
	}
	r.Header.Set(headerIdentifier, d.identifier)
	r.Header.Set(headerFlow, "Primary")
	if d.retry > 0 {
		r.Header.Set(headerRetry, strconv.Itoa(d.retry))
	}
	if d.trace != "" {
		r.Header.Set(headerTrace, d.trace)
	}
	return r, nil
}

// plan decides whether and when a webhook is repeated; zero means never.
func (h *Host) plan(d *delivery, status int, ok bool, now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[d.appKey]
	if a == nil || !a.installed {
		return time.Time{}
	}
	address := d.url.Scheme + "://" + d.url.Host + d.url.Path
	if ok {
		delete(a.trouble, address)
		return time.Time{}
	}
	since, known := a.trouble[address]
	if !known {
		since = now
		a.trouble[address] = now
	}
	if !repeatable(status) || d.retry >= maxRetries || now.Sub(since) > maxTrouble {
		return time.Time{}
	}
	d.due = now.Add(minRetryWait + rand.N(maxRetryWait-minRetryWait))
	h.retries = append(h.retries, d)
	return d.due
}

// repeatable names the answers after which Jira sends a webhook again; 0 is a
// connection that failed.
func repeatable(status int) bool {
	switch status {
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// webhookPayload is the body of an issue or comment webhook.
type webhookPayload struct {
	Timestamp int64           `json:"timestamp"`
	Event     string          `json:"webhookEvent"`
	Kind      string          `json:"issue_event_type_name,omitempty"`
	User      *userBody       `json:"user,omitempty"`
	Issue     issueBody       `json:"issue"`
	Changelog *changelog      `json:"changelog,omitempty"`
	Comment   *commentBody    `json:"comment,omitempty"`
	Bulk      json.RawMessage `json:"bulkOperationMetaData,omitempty"`
}

type changelog struct {
	ID    string   `json:"id"`
	Items []change `json:"items"`
}

func (h *Host) webhookBody(baseURL string, e issueEvent) []byte {
	render := h.renderer(baseURL, false)
	p := webhookPayload{
		Timestamp: h.clock().UnixMilli(), Event: e.name, Kind: e.kind,
		Issue: render.issue(&e.issue, nil),
	}
	if u := render.user(e.accountID); u != nil {
		p.User = u
	}
	if e.changes != nil {
		p.Changelog = &changelog{ID: strconv.FormatInt(h.clock().UnixMilli()%1e9, 10), Items: e.changes}
	}
	if e.comment != nil {
		c := render.comment(&e.issue, e.comment)
		p.Comment = &c
	}
	b, _ := json.Marshal(p) // stored documents are valid JSON, all else is text and numbers
	return b
}

// changes lists the fields in which two states of an issue differ.
func (h *Host) changes(before, after Issue) []change {
	list := []change{}
	add := func(field, from, to, fromText, toText string) {
		if from != to || fromText != toText {
			list = append(list, change{
				Field: field, FieldType: "jira", FieldID: field,
				From: textOrNull(from), FromString: textOrNull(fromText), To: textOrNull(to), ToString: textOrNull(toText),
			})
		}
	}
	add("summary", "", "", before.Summary, after.Summary)
	add("description", "", "", documentText(before.Description), documentText(after.Description))
	add("status", idIn(statuses, before.Status, 10001), idIn(statuses, after.Status, 10001), before.Status, after.Status)
	add("issuetype", typeID(before.Type), typeID(after.Type), before.Type, after.Type)
	add("priority", idIn(priorities, before.Priority, 1), idIn(priorities, after.Priority, 1), before.Priority, after.Priority)
	add("assignee", before.Assignee, after.Assignee, h.displayName(before.Assignee), h.displayName(after.Assignee))
	add("reporter", before.Reporter, after.Reporter, h.displayName(before.Reporter), h.displayName(after.Reporter))
	add("labels", "", "", joinLabels(before.Labels), joinLabels(after.Labels))
	return list
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (h *Host) displayName(accountID string) string {
	u, _ := h.jira.user(accountID)
	return u.DisplayName
}
