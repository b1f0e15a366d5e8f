package devhost

import (
	"net/http"
	"slices"
	"strings"
)

// accessibleResource is one product of a site that a user let an app use.
type accessibleResource struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	URL    string   `json:"url"`
	Scopes []string `json:"scopes"`
	Avatar string   `json:"avatarUrl"`
}

// productOf tells by its name which product a scope is for, empty for none.
func productOf(scope string) string {
	switch {
	case strings.Contains(scope, "confluence"):
		return "confluence"
	case strings.Contains(scope, "jira"), strings.Contains(scope, "servicedesk"):
		return "jira"
	}
	return ""
}

// serveAccessibleResources lists the site once for each product whose scopes
// were granted at the last consent, with the same id. Guests get an empty list.
func (h *Host) serveAccessibleResources(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	scopes := c.granted
	if c.kind == kindOAuth {
		scopes = h.cloud.auth.current(consent{c.client, c.accountID, c.granted})
	}
	list := []accessibleResource{}
	u, _ := h.jira.user(c.accountID)
	for _, product := range []string{"jira", "confluence"} {
		own := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return productOf(s) != product })
		if len(own) > 0 && u.Type != "customer" {
			list = append(list, accessibleResource{
				ID: h.CloudID(), Name: "devhost", URL: h.BaseURL(), Scopes: own, Avatar: h.URL() + "/static/site.svg",
			})
		}
	}
	writeJSON(w, http.StatusOK, list)
}

type meBody struct {
	AccountType   string `json:"account_type"`
	AccountID     string `json:"account_id"`
	Email         string `json:"email,omitempty"`
	Name          string `json:"name"`
	AccountStatus string `json:"account_status"`
}

// serveMe tells who the user of a token is, with the scope read:me.
func (h *Host) serveMe(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	if !slices.Contains(c.granted, "read:me") {
		f := gatewayFault(http.StatusUnauthorized, scopeMismatch, "scope read:me is missing")
		refuse(r, f.reason)
		f.write(w)
		return
	}
	u, _ := h.jira.user(c.accountID)
	writeJSON(w, http.StatusOK, meBody{u.Type, u.AccountID, u.Email, u.DisplayName, "active"})
}
