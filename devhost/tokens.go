package devhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// Context says where in the product a page is shown.
type Context struct {
	// Issue is the key of the issue on the screen; it implies the project.
	Issue string
	// Project is the key of the project on the screen.
	Project string
	// Values are further variables for URL templates, such as "board.id".
	Values map[string]string
}

// SignRequest returns a token of the host for one request to the app: HS256,
// valid for three minutes, bound to method, path and query of rawURL. accountID
// is the acting user and may be empty.
func (h *Host) SignRequest(appKey, method, rawURL, accountID string) (string, error) {
	inst, _, err := h.view(appKey)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("devhost: %w", err)
	}
	c, err := requestClaims(inst, method, u, h.clock().Unix())
	if err != nil {
		return "", err
	}
	c.Subject = accountID
	return signHS256(c, inst.SharedSecret)
}

// SignContext returns what AP.context.getToken gives a page of the app: a token
// that names the user and the place and is bound to no request. accountID may be
// empty for an anonymous visitor. A user who may not see the issue gets a token
// without it.
func (h *Host) SignContext(appKey, accountID string, c Context) (string, error) {
	inst, _, err := h.view(appKey)
	if err != nil {
		return "", err
	}
	content, err := h.contextClaim(inst, accountID, c)
	if err != nil {
		return "", err
	}
	now := h.clock().Unix()
	return signHS256(hostClaims{
		Issuer: inst.ClientKey, Subject: accountID, IssuedAt: now,
		Expires: now + int64(hostTokenLife.Seconds()), QSH: contextQSH, Context: content,
	}, inst.SharedSecret)
}

type contextClaim struct {
	Jira    jiraContext `json:"jira"`
	URL     string      `json:"url"`
	License struct {
		Active bool `json:"active"`
	} `json:"license"`
}

type jiraContext struct {
	Issue   *contextIssue   `json:"issue,omitempty"`
	Project *contextProject `json:"project,omitempty"`
}

type contextIssue struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	IssueType idOnly `json:"issuetype"`
}

type contextProject struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

type idOnly struct {
	ID string `json:"id"`
}

func (h *Host) contextClaim(inst Installation, accountID string, c Context) (json.RawMessage, error) {
	place := h.place(accountID, c)
	claim := contextClaim{Jira: place, URL: inst.BaseURL}
	claim.License.Active = inst.Licensed
	return json.Marshal(claim)
}

// place looks up the issue and the project of a context as far as the user may
// see them.
func (h *Host) place(accountID string, c Context) jiraContext {
	var p jiraContext
	if !h.jira.allowed(accountID, BrowseProjects) {
		return p
	}
	project := c.Project
	if issue, ok := h.jira.issue(c.Issue); ok {
		p.Issue = &contextIssue{ID: issue.ID, Key: issue.Key, IssueType: idOnly{typeID(issue.Type)}}
		project = issue.projectKey()
	}
	if pr, ok := h.jira.project(project); ok {
		p.Project = &contextProject{ID: pr.id, Key: pr.key}
	}
	return p
}

// variables are the values URL templates may use in a context.
func (h *Host) variables(accountID string, c Context) map[string]string {
	v := make(map[string]string)
	for name, value := range c.Values {
		v[name] = value
	}
	p := h.place(accountID, c)
	if p.Issue != nil {
		v["issue.id"], v["issue.key"], v["issuetype.id"] = p.Issue.ID, p.Issue.Key, p.Issue.IssueType.ID
	}
	if p.Project != nil {
		v["project.id"], v["project.key"] = p.Project.ID, p.Project.Key
	}
	if accountID != "" {
		v["user.accountId"] = accountID
	}
	v["condition.user_is_logged_in"] = strconv.FormatBool(accountID != "")
	v["condition.user_is_admin"] = strconv.FormatBool(h.jira.allowed(accountID, Administer))
	return v
}

// expand puts values in the place of the context parameters of a URL.
func expand(template string, values map[string]string) string {
	return descriptor.ExpandURL(template, func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	})
}

// FrameURL returns the address a frame of the app's page is given: context
// variables filled in, the standard parameters, and a token bound to all of it
// that is valid for three minutes. A module with cacheable true gets its URL
// without parameters and without a token. accountID is the user looking on and
// may be empty.
func (h *Host) FrameURL(appKey, moduleKey, accountID string, c Context) (string, error) {
	inst, doc, err := h.view(appKey)
	if err != nil {
		return "", err
	}
	mod, ok := doc.find(moduleKey)
	if !ok || mod.page() == "" {
		return "", fmt.Errorf("devhost: app %q has no module %q with a page", appKey, moduleKey)
	}
	if !inst.Enabled {
		return "", fmt.Errorf("devhost: app %q is disabled", appKey)
	}
	raw, err := h.moduleURL(inst, mod, accountID, c)
	if err != nil || mod.Cacheable {
		return raw, err
	}
	token, err := h.SignRequest(appKey, http.MethodGet, raw, accountID)
	if err != nil {
		return "", err
	}
	return raw + "&jwt=" + token, nil
}

// moduleURL is the address of a module's page before it is signed.
func (h *Host) moduleURL(inst Installation, mod *module, accountID string, c Context) (string, error) {
	page := mod.page()
	if !strings.HasPrefix(page, "/") {
		return "", errors.New("devhost: the module's url does not start with a slash")
	}
	if mod.Cacheable {
		return inst.AppBaseURL + page, nil
	}
	raw := inst.AppBaseURL + expand(page, h.variables(accountID, c))
	sep := "?"
	if strings.Contains(raw, "?") {
		sep = "&"
	}
	return raw + sep + h.standardParameters(inst, mod), nil
}

func (h *Host) standardParameters(inst Installation, mod *module) string {
	licence := "none"
	if inst.Licensed {
		licence = "active"
	}
	pairs := []string{
		"xdm_e=" + url.QueryEscape(inst.BaseURL),
		"xdm_c=" + url.QueryEscape(channel(inst.AppKey, mod.Key)),
		"cp=",
		"xdm_deprecated_addon_key_do_not_use=" + url.QueryEscape(inst.AppKey),
		"lic=" + licence,
		"cv=" + connectVersion,
	}
	return strings.Join(pairs, "&")
}

func channel(appKey, moduleKey string) string { return "channel-" + appKey + "__" + moduleKey }

// Modules returns the keys of an app's modules that show a page, in the order of
// kind and descriptor.
func (h *Host) Modules(appKey string) ([]string, error) {
	_, doc, err := h.view(appKey)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, m := range doc.modules {
		if m.Kind != "webhooks" && m.page() != "" {
			keys = append(keys, m.Key)
		}
	}
	return slices.Clip(keys), nil
}

// CallHash returns the query string hash that a call of an app to the host must
// carry: rawURL is an address of the site, whose path is hashed as it is
// escaped.
func (h *Host) CallHash(method, rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", fmt.Errorf("devhost: %w", err)
	}
	canonical, err := canonicalRequest(method, u.EscapedPath(), "", u.RawQuery)
	if err != nil {
		return "", fmt.Errorf("devhost: %w", err)
	}
	return requestHash(canonical), nil
}
