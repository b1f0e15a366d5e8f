package hostclient

import (
	"errors"
	"fmt"
	"strings"
)

// Scheme is a way to authenticate, by the name that messages and the table of
// credentials use.
type Scheme string

// The schemes that this package knows. OAuth 1.0a and OAuth 2.0 are in packages
// of their own.
const (
	SchemeAppUser                  Scheme = "Connect app user"
	SchemeImpersonation            Scheme = "Connect impersonation"
	SchemeAPIToken                 Scheme = "API token"
	SchemeScopedAPIToken           Scheme = "scoped API token"
	SchemeBasic                    Scheme = "user and password"
	SchemePAT                      Scheme = "personal access token"
	SchemeCookieSession            Scheme = "cookie session"
	SchemeOAuth1                   Scheme = "OAuth 1.0a"
	SchemeOAuth2                   Scheme = "OAuth 2.0 (3LO)"
	SchemeDataCenterOAuth2         Scheme = "OAuth 2.0 of Data Center"
	SchemeServiceAccount           Scheme = "service account, Cloud"
	SchemeDataCenterServiceAccount Scheme = "service account, Data Center"
	SchemeContainerToken           Scheme = "Assets container token"
	SchemeForge                    Scheme = "Forge token"
	SchemeOther                    Scheme = "a scheme of the caller's own"
)

// ErrSite says that a credential does not work on a site. It comes before
// anything is dialled.
var ErrSite = errors.New("hostclient: the credential does not work there")

// takes is one row of the table of credentials: the sites where a scheme works.
type takes struct {
	scheme Scheme
	yes    []siteKind
	maybe  []siteKind // allowed, although no source confirms it
	hint   string     // what to do elsewhere
}

// table is the one place that says which credentials work where, by Atlassian's
// documentation of each of them. A scheme works on a custom site unless it is
// bound to an installation.
var table = []takes{
	{SchemeAppUser, []siteKind{cloudSite}, []siteKind{assetsOnSite}, "calls as the app go to the tenant's own base URL"},
	{SchemeImpersonation, []siteKind{cloudSite}, []siteKind{assetsOnSite}, "calls as a user go to the tenant's own base URL"},
	{SchemeAPIToken, []siteKind{cloudSite, assetsOnAPI}, []siteKind{apiSite, assetsOnSite, assetsOnGateway}, "a classic API token works on the site itself; the gateway takes scoped ones"},
	{SchemeScopedAPIToken, []siteKind{gatewaySite, assetsOnGateway}, []siteKind{apiSite, assetsOnAPI}, "a scoped API token works through the gateway only"},
	{SchemeBasic, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "Cloud takes no passwords, use an API token"},
	{SchemePAT, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "personal access tokens are Data Center's; Cloud has API tokens"},
	{SchemeCookieSession, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "Cloud has no sessions for programs, use an API token"},
	{SchemeOAuth1, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "Cloud has given up OAuth 1.0a, use OAuth 2.0 (3LO)"},
	{SchemeOAuth2, []siteKind{gatewaySite, apiSite, assetsOnGateway}, nil, "tokens of OAuth 2.0 (3LO) work through the gateway only"},
	{SchemeDataCenterOAuth2, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "the token is of a Data Center's own authorization server"},
	{SchemeServiceAccount, []siteKind{gatewaySite, assetsOnGateway}, []siteKind{apiSite}, "service accounts work through the gateway only"},
	{SchemeDataCenterServiceAccount, []siteKind{dataCenterSite}, []siteKind{assetsOnDataCenter}, "the token is of a Data Center's own authorization server"},
	{SchemeContainerToken, []siteKind{apiSite}, nil, "a container token is good for imports through the API host only"},
	{SchemeForge, []siteKind{gatewaySite, assetsOnGateway}, nil, "Forge tokens work through the gateway, below the invocation token's apiBaseUrl"},
}

// Binding is a credential's scheme and the site that it is bound to. Only
// Site.Bind makes one, so a combination that does not work cannot be had. The
// zero Binding is bound to nowhere: no request goes there.
type Binding struct {
	scheme Scheme
	site   Site
}

// Bind returns the binding of a scheme to s, for those who write a Credential.
// It is ErrSite when the site does not take the scheme, as the table in the
// package's documentation says; a scheme that the table does not know is taken
// everywhere but nowhere.
func (s Site) Bind(scheme Scheme) (Binding, error) {
	if s.kind == nowhere {
		return Binding{}, fmt.Errorf("%w: %s needs a site", ErrSite, scheme)
	}
	for _, row := range table {
		if row.scheme == scheme && row.at(s.kind) == no {
			return Binding{}, fmt.Errorf("%w: %s on %s: %s", ErrSite, scheme, s, row.hint)
		}
	}
	return Binding{scheme, s}, nil
}

// Site returns what the credential is bound to.
func (b Binding) Site() Site { return b.site }

// Scheme returns how the credential authenticates.
func (b Binding) Scheme() Scheme { return b.scheme }

// String says what is bound to what.
func (b Binding) String() string { return string(b.scheme) + " on " + b.site.String() }

// answers of the table.
const (
	no    = "–"
	yes   = "yes"
	maybe = "yes?"
)

func (t takes) at(kind siteKind) string {
	for _, k := range t.yes {
		if k == kind {
			return yes
		}
	}
	for _, k := range t.maybe {
		if k == kind {
			return maybe
		}
	}
	if kind == customSite && t.scheme != SchemeAppUser && t.scheme != SchemeImpersonation {
		return yes
	}
	return no
}

// printedTable is the table as the package's documentation has it, which a test
// compares.
func printedTable() string {
	columns := []struct {
		kind siteKind
		head string
	}{
		{cloudSite, "site"}, {gatewaySite, "gateway"}, {apiSite, "API host"}, {dataCenterSite, "Data Center"},
		{assetsOnSite, "A:site"}, {assetsOnGateway, "A:gateway"}, {assetsOnAPI, "A:API"}, {assetsOnDataCenter, "A:DC"}, {customSite, "custom"},
	}
	var b strings.Builder
	cell := func(text string, width int) {
		b.WriteString(text + strings.Repeat(" ", max(width-len([]rune(text)), 0)))
	}
	cell("", 30)
	for _, c := range columns {
		cell(c.head, len(c.head)+2)
	}
	b.WriteByte('\n')
	for _, row := range table {
		cell(string(row.scheme), 30)
		for _, c := range columns {
			cell(row.at(c.kind), len(c.head)+2)
		}
		b.WriteByte('\n')
	}
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
