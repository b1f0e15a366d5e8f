package devhost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	loginBody   = `{"errorMessages":["Client must be authenticated to access this resource."],"errors":{}}`
	connectBody = `{"error":"Failed to parse Connect Session Auth Token"}`
	emailOfBo   = "bo@example.com"
)

func apiToken(t *testing.T, h *devhost.Host, token devhost.APIToken) string {
	t.Helper()
	text, err := h.AddAPIToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// blindToken is the token of a user who may see nothing, blind@example.com.
func blindToken(t *testing.T, h *devhost.Host) string {
	t.Helper()
	u, err := h.AddUser(devhost.User{DisplayName: "Sees nothing", Email: "blind@example.com", Permissions: []devhost.Permission{}})
	if err != nil {
		t.Fatal(err)
	}
	return apiToken(t, h, devhost.APIToken{AccountID: u.AccountID})
}

// Each kind of token at the site and at the gateway.
func TestWhereTokensWork(t *testing.T) {
	h, a, _ := installed(t)
	classic := apiToken(t, h, devhost.APIToken{AccountID: bo})
	scoped := apiToken(t, h, devhost.APIToken{AccountID: bo, Scopes: []string{"read:jira-user", "read:page:confluence"}})
	unfit := apiToken(t, h, devhost.APIToken{AccountID: bo, Scopes: []string{}})
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot"})
	if err != nil {
		t.Fatal(err)
	}
	robot := apiToken(t, h, devhost.APIToken{AccountID: service.AccountID, Scopes: []string{"read:jira-user"}})
	oauth := bearerFor(t, h, bo, "read:jira-user")
	if err := h.SetAccountPassword(bo, "correct horse"); err != nil {
		t.Fatal(err)
	}
	var connect bearerAnswer
	readJSON(t, a.exchange(a.assertion(bo), ""), 200, &connect)
	const deprecated = `{"errorMessages":["Basic authentication with passwords is deprecated"],"errors":{}}`
	tests := []struct {
		name, auth  string
		site        int
		siteBody    string // empty: not looked at
		gateway     int
		gatewayBody string
		reason      string // at the site
	}{
		{"classic token", basic(emailOfBo, classic), 200, "", 401, unauthorizedBody, ""},
		{"address in upper case", basic("BO@example.COM", classic), 200, "", 401, unauthorizedBody, ""},
		{"another user's address", basic("ada@example.com", classic), 401, loginBody, 401, unauthorizedBody, "not that of the token's owner"},
		{"name for the address", basic("bo", classic), 401, loginBody, 401, unauthorizedBody, "not that of the token's owner"},
		{"no address", basic("", classic), 401, loginBody, 401, unauthorizedBody, "not that of the token's owner"},
		{"scoped token", basic(emailOfBo, scoped), 401, loginBody, 200, "", "works at the gateway only"},
		{"scoped token, another user's address", basic("ada@example.com", scoped), 401, loginBody, 401, unauthorizedBody, "owner"},
		{"token with no scope", basic(emailOfBo, unfit), 401, loginBody, 401, mismatchBody, "works at the gateway only"},
		{"unknown token", basic(emailOfBo, "x"), 401, loginBody, 401, unauthorizedBody, "API token is unknown"},
		{"empty token", basic(emailOfBo, ""), 401, loginBody, 401, unauthorizedBody, "API token is unknown"},
		{"password", basic(emailOfBo, "correct horse"), 401, deprecated, 401, unauthorizedBody, "password"},
		{"not base64", "Basic ***", 401, loginBody, 401, unauthorizedBody, "not base64"},
		{"no colon", "Basic YQ==", 401, loginBody, 401, unauthorizedBody, "no colon"},
		{"classic token as Bearer", "Bearer " + classic, 403, connectBody, 401, unauthorizedBody, "access token is unknown"},
		{"scoped token as Bearer", "Bearer " + scoped, 403, connectBody, 401, unauthorizedBody, "access token is unknown"},
		{"token of a service account", "Bearer " + robot, 403, connectBody, 200, "", "access token is unknown"},
		{"3LO token", oauth, 403, connectBody, 200, "", "access token is unknown"},
		{"impersonation", "Bearer " + connect.AccessToken, 200, "", 401, unauthorizedBody, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := send(t, "GET", h.URL()+myselfPath, "", "Authorization", tt.auth)
			if body := strings.TrimSpace(readBody(t, resp, tt.site)); tt.siteBody != "" && body != tt.siteBody {
				t.Errorf("site: got %s, want %s", body, tt.siteBody)
			}
			if got := lastRefusal(h); !strings.Contains(got, tt.reason) || (got == "") != (tt.reason == "") {
				t.Errorf("got reason %q, want %q", got, tt.reason)
			}
			resp = send(t, "GET", h.GatewayURL()+"/ex/jira/"+h.CloudID()+myselfPath, "", "Authorization", tt.auth)
			if body := strings.TrimSpace(readBody(t, resp, tt.gateway)); tt.gatewayBody != "" && body != tt.gatewayBody {
				t.Errorf("gateway: got %s, want %s", body, tt.gatewayBody)
			}
		})
	}
	send(t, "GET", h.URL()+myselfPath, "", "Authorization", basic(emailOfBo, classic))
	if c := lastCall(t, h); c.Kind != "api-token" || c.AccountID != bo || c.App != "" {
		t.Errorf("got record %+v", c)
	}
	readBody(t, send(t, "GET", h.GatewayURL()+"/ex/confluence/"+h.CloudID()+"/wiki/api/v2/pages", "", "Authorization", basic(emailOfBo, scoped)), 200)
}

// Where anonymous visitors may read, a bad credential is passed over.
func TestBadBasicIsAnonymous(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	token := apiToken(t, h, devhost.APIToken{AccountID: bo})
	lists := map[string]string{
		"/rest/api/3/search/jql?jql=project%3DDEMO": `{"issues":[],"isLast":true}`,
		"/rest/api/3/users/search":                  `[]`,
		"/rest/api/3/project/search":                `"total":0,"isLast":true,"values":[]`,
		"/rest/agile/1.0/board":                     `"total":0,"isLast":true,"values":[]`,
		"/rest/api/3/serverInfo":                    `"deploymentType":"Cloud"`,
		"/rest/api/2/serverInfo":                    `"deploymentType":"Cloud"`,
	}
	for path, want := range lists {
		resp := send(t, "GET", h.URL()+path, "", "Authorization", basic(emailOfBo, "wrong"))
		if body := readBody(t, resp, 200); !strings.Contains(body, want) {
			t.Errorf("%s: got %s, want %s", path, body, want)
		}
		if got := resp.Header.Get("X-Seraph-LoginReason"); got != "AUTHENTICATED_FAILED" {
			t.Errorf("%s: got login reason %q", path, got)
		}
		if c := lastCall(t, h); c.Kind != "anonymous" || c.AccountID != "" || c.Refusal != "API token is unknown" || resp.Header.Get("X-AAccountId") != "" {
			t.Errorf("%s: got record %+v", path, c)
		}
		resp = send(t, "GET", h.URL()+path, "")
		readBody(t, resp, 200)
		if got := resp.Header.Get("X-Seraph-LoginReason"); got != "" {
			t.Errorf("%s without a credential: got login reason %q", path, got)
		}
		resp = send(t, "GET", h.URL()+path, "", "Authorization", basic(emailOfBo, token))
		if body := readBody(t, resp, 200); !strings.Contains(path, "serverInfo") && strings.Contains(body, want) {
			t.Errorf("%s with a token: got %s", path, body)
		}
		if got := resp.Header.Get("X-AAccountId"); got != bo {
			t.Errorf("%s: got X-AAccountId %q", path, got)
		}
	}
	// Elsewhere it is refused, and says so in the same header.
	resp := send(t, "GET", h.URL()+"/rest/api/3/issue/DEMO-1", "", "Authorization", basic(emailOfBo, "wrong"))
	wantBody(t, resp, 401, loginBody)
	if got := resp.Header.Get("X-Seraph-LoginReason"); got != "AUTHENTICATED_FAILED" {
		t.Errorf("got login reason %q", got)
	}
	wantBody(t, send(t, "GET", h.URL()+"/rest/api/3/issue/DEMO-1", ""), 401, loginBody)
	// A page of an app is no anonymous visitor.
	wantBody(t, send(t, "GET", h.URL()+"/rest/api/3/serverInfo", "", "AP-App-Key", appKey), 401, loginBody)
	// Nor is the user at the host's own pages.
	if body := readBody(t, (&browser{t: t, host: h}).as(bo).get("/rest/api/3/project/search"), 200); !strings.Contains(body, `"total":2`) {
		t.Errorf("in a browser: got %s", body)
	}
	// Confluence does not fall back.
	for _, path := range []string{"/wiki/rest/api/content", "/wiki/api/v2/pages"} {
		wantBody(t, send(t, "GET", h.URL()+path, "", "Authorization", basic(emailOfBo, "wrong")), 403, noPermissionBody)
		readBody(t, send(t, "GET", h.URL()+path, "", "Authorization", "Basic ***"), 401)
		readBody(t, send(t, "GET", h.URL()+path, "", "Authorization", basic(emailOfBo, token)), 200)
	}
}

func TestAPITokenEnds(t *testing.T) {
	h, _, ck := newHost(t, devhost.Config{})
	status := func(token string) int {
		return send(t, "GET", h.URL()+myselfPath, "", "Authorization", basic(emailOfBo, token)).StatusCode
	}
	token := apiToken(t, h, devhost.APIToken{AccountID: bo, Expires: ck.Now().Add(time.Hour)})
	year := apiToken(t, h, devhost.APIToken{AccountID: bo})
	ck.advance(time.Hour - time.Second)
	if got := status(token); got != 200 {
		t.Errorf("got status %d", got)
	}
	ck.advance(time.Second)
	if got := status(token); got != 401 || lastRefusal(h) != "API token has expired" {
		t.Errorf("got status %d, %q", got, lastRefusal(h))
	}
	ck.advance(364 * 24 * time.Hour)
	if got := status(year); got != 200 {
		t.Errorf("within a year: got status %d", got)
	}
	ck.advance(24 * time.Hour)
	if got := status(year); got != 401 {
		t.Errorf("after a year: got status %d", got)
	}
	token = apiToken(t, h, devhost.APIToken{AccountID: bo})
	h.RevokeAPIToken(token)
	if got := status(token); got != 401 {
		t.Errorf("revoked: got status %d", got)
	}
	token = apiToken(t, h, devhost.APIToken{AccountID: bo})
	if _, err := h.AddUser(devhost.User{AccountID: bo, DisplayName: "Bo", Email: emailOfBo, Inactive: true}); err != nil {
		t.Fatal(err)
	}
	if got := status(token); got != 401 {
		t.Errorf("inactive user: got status %d", got)
	}
}

func TestAddAPIToken(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	if _, err := h.AddUser(devhost.User{AccountID: "silent", DisplayName: "No address"}); err != nil {
		t.Fatal(err)
	}
	service, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot"})
	if err != nil {
		t.Fatal(err)
	}
	for _, accountID := range []string{"nobody", "silent", service.AccountID} {
		if got, err := h.AddAPIToken(devhost.APIToken{AccountID: accountID}); err == nil {
			t.Errorf("%s: got %q", accountID, got)
		}
	}
	if err := h.SetAccountPassword("nobody", "x"); err == nil {
		t.Error("nobody has a password")
	}
	if err := h.SetAccountPassword(bo, ""); err == nil {
		t.Error("an empty password was taken")
	}
}

// A token that the host gave out for impersonation is known after its end.
func TestEndedImpersonationIsNotForeign(t *testing.T) {
	h, a, ck := installed(t)
	asBo := a.asUser(bo, "")
	ck.advance(15 * time.Minute)
	a.asUser(bo, "") // makes the host look through its tokens
	wantBody(t, asBo("GET", myselfPath, ""), 401, loginBody)
	if got := lastRefusal(h); got != "access token has expired" {
		t.Errorf("got reason %q", got)
	}
	asBo = a.asUser(bo, "")
	h.RevokeTokens(appKey)
	wantBody(t, asBo("GET", myselfPath, ""), 401, loginBody)
	if got := lastRefusal(h); got != "access token was revoked" {
		t.Errorf("got reason %q", got)
	}
}
