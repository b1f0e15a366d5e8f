package auth

import (
	"encoding/json"
	"fmt"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

// License is what the host said about the app's licence in a verified token or
// signed query. Only apps with licensing enabled should look at it.
type License string

// The licence states. The host says active for evaluations too.
const (
	LicenseUnknown License = ""
	LicenseActive  License = "active"
	LicenseNone    License = "none"
)

// Caller is who a verified request comes from.
type Caller struct {
	// Policy is the policy that admitted the request.
	Policy Policy
	// ClientKey is the tenant.
	ClientKey string
	// Installation is the tenant's record as it was when the request was
	// verified. It is nil only for SignedLifecycle, which is admitted before
	// there is one. It belongs to the caller of Check.
	Installation *store.Installation
	// AccountID is the user's Atlassian account id, empty when the request
	// comes from nobody in particular: an anonymous visitor or the system.
	AccountID string
	// BaseURL is the app's base URL that a SignedLifecycle token was made
	// for, without a trailing slash; empty for other policies.
	BaseURL string
	// License is the app's licence state, as far as this request tells.
	License License
	// IssuedAt and ExpiresAt are the token's times, to the second.
	IssuedAt, ExpiresAt time.Time
	// RawContext is the token's context claim as it was sent, nil when it has
	// none.
	RawContext json.RawMessage
	// TokenDigest identifies the token without giving it away: the SHA-256 of
	// it. It is zero for policies other than SignedLifecycle.
	TokenDigest [32]byte
}

// newCaller returns what a token says of its caller.
func newCaller(p Policy, rule row, t *token, params []qsh.Param) *Caller {
	c := &Caller{
		Policy:     p,
		ClientKey:  t.claims.Issuer,
		AccountID:  t.claims.Subject,
		IssuedAt:   time.Unix(t.claims.IssuedAt, 0),
		ExpiresAt:  time.Unix(t.claims.Expires, 0),
		RawContext: json.RawMessage(t.claims.Context),
	}
	if rule.key == derivedSecret {
		c.ClientKey = t.claims.Audience[0]
		return c // the app made it, so it says nothing of a licence
	}
	switch rule.qsh {
	case qshComputed:
		c.License = queryLicense(params)
	case qshContext:
		c.License = contextLicense(c)
	}
	return c
}

// queryLicense reads the licence from the signed query of a frame. A query
// that says it twice says nothing.
func queryLicense(params []qsh.Param) License {
	said, times := LicenseUnknown, 0
	for _, p := range params {
		if p.Name == "lic" {
			said, times = License(p.Value), times+1
		}
	}
	if times != 1 || said != LicenseActive && said != LicenseNone {
		return LicenseUnknown
	}
	return said
}

// contextLicense reads the licence from the context of a context token.
func contextLicense(c *Caller) License {
	context, err := c.Context()
	switch {
	case err != nil || context.License == nil:
		return LicenseUnknown
	case context.License.Active:
		return LicenseActive
	}
	return LicenseNone
}

// Context is where in the product the user is, from a context token: the
// members that Atlassian's documentation of context tokens names. Members that
// do not apply are zero. The token vouches that the host said so, not that the
// user may see any of it.
type Context struct {
	// Jira is what is in view in Jira.
	Jira struct {
		// Issue is the issue in view: its id and key, and the id of its type.
		Issue struct {
			ID        string `json:"id"`
			Key       string `json:"key"`
			IssueType struct {
				ID string `json:"id"`
			} `json:"issuetype"`
		} `json:"issue"`
		// Project is the project in view, or that of the issue.
		Project struct {
			ID  string `json:"id"`
			Key string `json:"key"`
		} `json:"project"`
	} `json:"jira"`
	// Confluence is what is in view in Confluence.
	Confluence struct {
		// Content is the page, blog post or other content in view. Its
		// version is a number in decimal digits.
		Content struct {
			ID      string `json:"id"`
			Type    string `json:"type"`
			Version string `json:"version"`
		} `json:"content"`
		// Space is the space of the content.
		Space struct {
			ID  string `json:"id"`
			Key string `json:"key"`
		} `json:"space"`
	} `json:"confluence"`
	// URL is the address of the app's module as the host opened it.
	URL string `json:"url"`
	// License is the app's licence on this site; nil when the host says
	// nothing of it. Caller.License has the same.
	License *struct {
		Active bool `json:"active"`
	} `json:"license"`
}

// Context reads the token's context claim; a token without one gives the zero
// Context. For what Context does not name, read RawContext.
func (c *Caller) Context() (Context, error) {
	var context Context
	if len(c.RawContext) == 0 {
		return context, nil
	}
	// Not encoding/json, which takes names in any letters.
	if err := jsonv2.Unmarshal(c.RawContext, &context); err != nil {
		return Context{}, fmt.Errorf("auth: context claim: %w", err)
	}
	return context, nil
}
