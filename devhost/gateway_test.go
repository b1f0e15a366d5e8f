package devhost_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	unauthorizedBody = `{"code":401,"message":"Unauthorized"}`
	mismatchBody     = `{"code":401,"message":"Unauthorized; scope does not match"}`
	noPermissionBody = `{"statusCode":403,"data":{"authorized":false,"valid":true,"errors":[],"successful":false},"message":"com.atlassian.confluence.api.service.exceptions.PermissionException: Not permitted to use Confluence"}`
	notFound2Body    = `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`
)

// bearerFor is a header value with a token for some scopes.
func bearerFor(t *testing.T, h *devhost.Host, accountID string, scopes ...string) string {
	t.Helper()
	return "Bearer " + granted(t, h, register(t, h, scopes...), accountID).AccessToken
}

func TestAccessibleResources(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	entry := func(scopes string) string {
		return `{"id":"` + h.CloudID() + `","name":"devhost","url":"` + h.URL() + `","scopes":[` + scopes + `],"avatarUrl":"` + h.URL() + `/static/site.svg"}`
	}
	if _, err := h.AddUser(devhost.User{AccountID: "guest", DisplayName: "Guest", Type: "customer"}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, user string
		scopes     []string
		want       string
	}{
		{"Jira", bo, []string{"read:jira-work", "read:servicedesk-request"}, "[" + entry(`"read:jira-work","read:servicedesk-request"`) + "]"},
		{"Confluence", bo, []string{"read:page:confluence"}, "[" + entry(`"read:page:confluence"`) + "]"},
		{"both, with the same id", bo, []string{"write:confluence-content", "read:jira-user"}, "[" + entry(`"read:jira-user"`) + "," + entry(`"write:confluence-content"`) + "]"},
		{"neither", bo, []string{"read:me"}, "[]"},
		{"guest", "guest", []string{"read:jira-work"}, "[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := send(t, "GET", h.GatewayURL()+"/oauth/token/accessible-resources", "", "Authorization", bearerFor(t, h, tt.user, tt.scopes...))
			wantBody(t, resp, 200, tt.want)
		})
	}
	readBody(t, send(t, "GET", h.URL()+"/static/site.svg", ""), 200)

	// A later consent takes the place of an earlier one.
	app := register(t, h, "read:jira-work", "read:jira-user")
	token := granted(t, h, app, bo).AccessToken
	if _, err := h.Consent(authorizeURL(h, app, "scope", "read:jira-user"), bo); err != nil {
		t.Fatal(err)
	}
	resp := send(t, "GET", h.GatewayURL()+"/oauth/token/accessible-resources", "", "Authorization", "Bearer "+token)
	wantBody(t, resp, 200, "["+entry(`"read:jira-user"`)+"]")
}

func TestMe(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	me := h.GatewayURL() + "/me"
	wantBody(t, send(t, "GET", me, "", "Authorization", bearerFor(t, h, bo, "read:me")), 200,
		`{"account_type":"atlassian","account_id":"712020:bo","email":"bo@example.com","name":"Bo Lindqvist","account_status":"active"}`)
	wantBody(t, send(t, "GET", me, "", "Authorization", bearerFor(t, h, bo, "read:jira-user")), 401, mismatchBody)
	if got := lastRefusal(h); got != "scope read:me is missing" {
		t.Errorf("got reason %q", got)
	}
	wantBody(t, send(t, "GET", me, ""), 401, unauthorizedBody)
}

// A call at the gateway is the site's own, with links that name the site.
func TestGatewayCall(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-work", "write:jira-work")
	token := "Bearer " + granted(t, h, app, bo).AccessToken
	base := h.GatewayURL() + "/ex/jira/" + h.CloudID()
	resp := send(t, "GET", base+"/rest/api/3/issue/DEMO-3", "", "Authorization", token)
	body := readBody(t, resp, 200)
	if !strings.Contains(body, `"self":"`+h.URL()+`/rest/api/3/issue/`) || strings.Contains(body, "api.atlassian.com") {
		t.Errorf("got %s", body)
	}
	if got := resp.Header.Get("X-AAccountId"); got != bo {
		t.Errorf("got X-AAccountId %q", got)
	}
	if resp.Header.Get("Atl-Traceid") == "" {
		t.Error("no Atl-Traceid")
	}
	if c := lastCall(t, h); c.Kind != "oauth" || c.App != app.ClientID || c.AccountID != bo || c.Path != "/api.atlassian.com/ex/jira/"+h.CloudID()+"/rest/api/3/issue/DEMO-3" {
		t.Errorf("got record %+v", c)
	}
	readBody(t, send(t, "PUT", base+"/rest/api/3/issue/DEMO-3", `{"fields":{"summary":"By the gateway"}}`, "Authorization", token), 204)
	if i, _ := h.Issue("DEMO-3"); i.Summary != "By the gateway" {
		t.Errorf("got summary %q", i.Summary)
	}
	// The user's permissions count beside the scopes.
	dara := bearerFor(t, h, "712020:dara", "write:jira-work")
	readBody(t, send(t, "PUT", base+"/rest/api/3/issue/DEMO-3", `{"fields":{}}`, "Authorization", dara), 403)
	for _, path := range []string{"/rest/%2e%2e/api/3/myself", "/rest//api/3/myself"} {
		readBody(t, send(t, "GET", base+path, "", "Authorization", token), 400)
	}
	readBody(t, send(t, "GET", base+"/rest/api/3/search/jql", "{}", "Authorization", token), 403)
}

func TestGatewayScopes(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	jira, wiki := "/ex/jira/"+h.CloudID()+"/rest", "/ex/confluence/"+h.CloudID()+"/wiki"
	tests := []struct{ method, path, scope string }{
		{"GET", jira + "/api/3/serverInfo", "read:jira-work"},
		{"GET", jira + "/api/3/issue/DEMO-1", "read:jira-work"},
		{"GET", jira + "/api/3/search/jql", "read:jira-work"},
		{"GET", jira + "/api/3/project/search", "read:jira-work"},
		{"POST", jira + "/api/3/issue", "write:jira-work"},
		{"DELETE", jira + "/api/3/issue/DEMO-1", "write:jira-work"},
		{"POST", jira + "/api/3/issue/DEMO-1/attachments", "write:jira-work"},
		{"GET", jira + "/api/3/myself", "read:jira-user"},
		{"GET", jira + "/api/3/user", "read:jira-user"},
		{"GET", jira + "/api/3/users/search", "read:jira-user"},
		{"GET", jira + "/agile/1.0/board", "read:board-scope:jira-software"},
		{"GET", jira + "/servicedeskapi/servicedesk", "read:servicedesk-request"},
		{"GET", wiki + "/rest/api/content", "read:confluence-content.all"},
		{"GET", wiki + "/rest/api/content/98305", "read:confluence-content.all"},
		{"POST", wiki + "/rest/api/content", "write:confluence-content"},
		{"PUT", wiki + "/rest/api/content/98305", "write:confluence-content"},
		{"GET", wiki + "/api/v2/pages", "read:page:confluence"},
		{"GET", wiki + "/api/v2/pages/98305", "read:page:confluence"},
		{"POST", wiki + "/api/v2/pages", "write:page:confluence"},
		{"PUT", wiki + "/api/v2/pages/98305", "write:page:confluence"},
		{"GET", jira + "/atlassian-connect/1/addons/tiny.app", ""}, // no scope is enough
	}
	var all []string
	for _, tt := range tests {
		if tt.scope != "" && !slices.Contains(all, tt.scope) {
			all = append(all, tt.scope)
		}
	}
	tokens := make(map[string]string)
	for _, scope := range append([]string{""}, all...) {
		held := []string{scope}
		others := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope })
		if scope != "" {
			tokens[scope] = bearerFor(t, h, bo, held...)
		}
		tokens["not "+scope] = bearerFor(t, h, bo, others...)
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path[strings.Index(tt.path, h.CloudID())+36:], func(t *testing.T) {
			wantBody(t, send(t, tt.method, h.GatewayURL()+tt.path, "", "Authorization", tokens["not "+tt.scope]), 401, mismatchBody)
			if tt.scope == "" {
				return
			}
			if got := lastRefusal(h); !strings.Contains(got, "scope "+tt.scope+" is missing") {
				t.Errorf("got reason %q", got)
			}
			if resp := send(t, tt.method, h.GatewayURL()+tt.path, "", "Authorization", tokens[tt.scope]); resp.StatusCode == 401 {
				t.Errorf("with the scope: got status %d", resp.StatusCode)
			}
		})
	}
}

// An access token that has expired does not look the same everywhere.
func TestExpiredBearer(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	token := bearerFor(t, h, bo, "read:jira-work", "read:page:confluence", "read:confluence-content.all")
	tests := []struct {
		path   string
		status int
		body   string
	}{
		{"/ex/jira/" + h.CloudID() + "/rest/api/3/issue/DEMO-1", 401, unauthorizedBody},
		{"/ex/confluence/" + h.CloudID() + "/wiki/api/v2/pages", 404, notFound2Body},
		{"/ex/confluence/" + h.CloudID() + "/wiki/rest/api/content", 403, noPermissionBody},
		{"/oauth/token/accessible-resources", 401, unauthorizedBody},
	}
	ck.advance(time.Hour - time.Second)
	for _, tt := range tests {
		readBody(t, send(t, "GET", h.GatewayURL()+tt.path, "", "Authorization", token), 200)
	}
	ck.advance(time.Second)
	for _, tt := range tests {
		wantBody(t, send(t, "GET", h.GatewayURL()+tt.path, "", "Authorization", token), tt.status, tt.body)
		if got := lastRefusal(h); got != "access token has expired" {
			t.Errorf("%s: got reason %q", tt.path, got)
		}
	}
	wiki := h.GatewayURL() + "/ex/confluence/" + h.CloudID() + "/wiki/api/v2/pages"
	wantBody(t, send(t, "GET", wiki, "", "Authorization", "Bearer x"), 401, unauthorizedBody)
}

func TestGatewayRefuses(t *testing.T) {
	h, a, _ := installed(t)
	base := h.GatewayURL() + "/ex/jira/" + h.CloudID()
	token := bearerFor(t, h, bo, "read:jira-user", "read:page:confluence")
	path := "/rest/api/3/myself"
	tests := []struct{ name, auth, reason string }{
		{"nothing", "", "no credentials"},
		{"unknown token", "Bearer x", "access token is unknown"},
		{"scheme in lower case", "b" + token[1:], "authorization scheme"},
		{"two blanks", strings.Replace(token, " ", "  ", 1), "access token is unknown"},
		{"token of a Connect app", "JWT " + jwt(a.secret(), a.appClaims("/api.atlassian.com/ex/jira/"+h.CloudID()+path)), "authorization scheme"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.auth != "" {
				headers = []string{"Authorization", tt.auth}
			}
			wantBody(t, send(t, "GET", base+path, "", headers...), 401, unauthorizedBody)
			if got := lastRefusal(h); !strings.Contains(got, tt.reason) {
				t.Errorf("got reason %q, want %q", got, tt.reason)
			}
		})
	}
	const notFound = `{"code":404,"message":"Not Found"}`
	for _, address := range []string{
		h.GatewayURL() + "/ex/jira/other" + path, h.GatewayURL() + "/ex/confluence/" + h.CloudID() + path, base + "/wiki/api/v2/pages",
		h.GatewayURL() + "/ex/bitbucket/" + h.CloudID() + path, base + "/browse/DEMO-1", h.GatewayURL() + "/rest/api/3/myself",
	} {
		wantBody(t, send(t, "GET", address, "", "Authorization", token), 404, notFound)
	}
	// A browser's session is nothing to the gateway.
	b := (&browser{t: t, host: h}).as(bo)
	wantBody(t, b.get(strings.TrimPrefix(base, h.URL())+path), 401, unauthorizedBody)
	if _, err := h.AddUser(devhost.User{AccountID: bo, DisplayName: "Bo", Inactive: true}); err != nil {
		t.Fatal(err)
	}
	wantBody(t, send(t, "GET", base+path, "", "Authorization", token), 401, unauthorizedBody)
}

func TestForgeToken(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	token, err := h.ForgeToken(bo, 5*time.Minute, "read:jira-work")
	if err != nil {
		t.Fatal(err)
	}
	issue := h.GatewayURL() + "/ex/jira/" + h.CloudID() + "/rest/api/3/issue/DEMO-1"
	get := func(address string) int {
		return send(t, "GET", address, "", "Authorization", "Bearer "+token).StatusCode
	}
	ck.advance(5*time.Minute - time.Second)
	if got := get(issue); got != 200 {
		t.Errorf("got status %d", got)
	}
	if c := lastCall(t, h); c.Kind != "forge" || c.AccountID != bo {
		t.Errorf("got record %+v", c)
	}
	if got := get(strings.Replace(issue, "issue/DEMO-1", "myself", 1)); got != 401 {
		t.Errorf("without the scope: got status %d", got)
	}
	if got := get(h.URL() + "/rest/api/3/issue/DEMO-1"); got != 403 {
		t.Errorf("at the site: got status %d", got)
	}
	ck.advance(time.Second)
	if got := get(issue); got != 401 {
		t.Errorf("after its end: got status %d", got)
	}
	if _, err := h.ForgeToken("nobody", time.Minute); err == nil {
		t.Error("a token for nobody")
	}
	if _, err := h.ForgeToken(bo, 0); err == nil {
		t.Error("a token without a life")
	}
}

// A second Authorization header makes a call nobody's, however good both are.
func TestTwoCredentialsAtTheGateway(t *testing.T) {
	h, i, _, source := withImport(t)
	if err := h.SetAssetsRole(source.SchemaID, bo, devhost.AssetsManager); err != nil {
		t.Fatal(err)
	}
	bearer := bearerFor(t, h, bo, "read:jira-user", "import:import-configuration:cmdb")
	token := basic(emailOfBo, apiToken(t, h, devhost.APIToken{AccountID: bo}))
	status := assetsV1 + "importsource/" + source.ID + "/configstatus"
	tests := []struct{ name, path, auth string }{
		{"REST API", "/ex/jira/" + h.CloudID() + "/rest/api/3/myself", bearer},
		{"the user", "/oauth/token/accessible-resources", bearer},
		{"Assets", "/ex/jira/" + h.CloudID() + status, bearer},
		{"Assets, API token", status, token},
		{"Assets, container token", status, "Bearer " + i.token},
		{"start of an import", "/jsm/assets/v1/imports/info", "Bearer " + i.token},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n, want := range []int{200, 401} {
				r := i.a.request("GET", gateway+tt.path, "")
				r.Header["Authorization"] = []string{tt.auth, tt.auth}[:n+1]
				if body := readBody(t, do(t, r), want); want == 401 && body != unauthorized {
					t.Errorf("got %s", body)
				}
			}
			if got := lastRefusal(h); got != "more than one credential" {
				t.Errorf("got reason %q", got)
			}
		})
	}
}
