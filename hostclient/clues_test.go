package hostclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// bound is a credential of any scheme.
type bound struct{ binding hostclient.Binding }

func (b bound) Binding() hostclient.Binding { return b.binding }

func (b bound) Apply(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer the-token-of-"+strings.ReplaceAll(string(b.binding.Scheme()), " ", "-"))
	return nil
}

// places are the kinds of sites, at one address.
var places = map[string]func(base string) (hostclient.Site, error){
	"site":        hostclient.CloudSite,
	"Data Center": hostclient.DataCenter,
	"custom":      hostclient.Custom,
	"gateway":     gatewayAt,
	"API host":    func(base string) (hostclient.Site, error) { return hostclient.Cloud{API: base}.APIHost() },
	"Assets, site": func(base string) (hostclient.Site, error) {
		return assetsVia(hostclient.CloudSite(base))
	},
	"Assets, gateway": func(base string) (hostclient.Site, error) {
		return assetsVia(gatewayAt(base))
	},
}

func gatewayAt(base string) (hostclient.Site, error) {
	return hostclient.Cloud{API: base}.Gateway(hostclient.Jira, "cloud-1")
}

func assetsVia(via hostclient.Site, err error) (hostclient.Site, error) {
	if err != nil {
		return via, err
	}
	return hostclient.Assets("workspace-1", via)
}

// What misleads people, in the words of the hosts and the authorization servers.
var clueCases = []struct {
	name   string
	scheme hostclient.Scheme
	place  string
	path   string // "/x" when empty
	status int
	header http.Header
	body   string
	kinds  []error
	hint   string
}{
	{"CAPTCHA", hostclient.SchemeBasic, "Data Center", "", 403,
		http.Header{"X-Seraph-LoginReason": {"AUTHENTICATION_DENIED"}, "X-Authentication-Denied-Reason": {"CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp"}}, "",
		[]error{hostclient.ErrForbidden, hostclient.ErrCaptcha}, "pass the CAPTCHA"},
	{"CAPTCHA, 401", hostclient.SchemeCookieSession, "Data Center", "", 401,
		http.Header{"X-Authentication-Denied-Reason": {"CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp"}}, "",
		[]error{hostclient.ErrUnauthorized, hostclient.ErrCaptcha}, "pass the CAPTCHA"},

	{"scope, app", hostclient.SchemeImpersonation, "site", "", 401, nil, `{"code":401,"message":"Unauthorized; scope does not match"}`,
		[]error{hostclient.ErrUnauthorized, hostclient.ErrScopeMissing}, "add it to the descriptor"},
	{"scope, 3LO", hostclient.SchemeOAuth2, "gateway", "", 401, nil, `{"code":401,"message":"Unauthorized; scope does not match"}`,
		[]error{hostclient.ErrUnauthorized, hostclient.ErrScopeMissing}, "no fresh token cures"},
	{"scope, app user", hostclient.SchemeAppUser, "site", "", 403, nil, "Request not in an authorized API scope",
		[]error{hostclient.ErrForbidden, hostclient.ErrScopeMissing}, "add it to the descriptor"},
	{"bearer of an app", hostclient.SchemeImpersonation, "site", "", 403, nil, `{"error":"Failed to parse Connect Session Auth Token"}`,
		[]error{hostclient.ErrForbidden, hostclient.ErrUnauthorized}, "only from the JWT bearer grant"},
	{"bearer on a site", hostclient.SchemeOther, "site", "", 403, nil, `{"error":"Failed to parse Connect Session Auth Token"}`,
		[]error{hostclient.ErrForbidden, hostclient.ErrUnauthorized}, "a bearer token was sent to a Cloud site"},
	{"passwords turned off", hostclient.SchemeBasic, "Data Center", "", 403, nil, `{"message":"Basic Authentication has been disabled on this instance."}`,
		[]error{hostclient.ErrForbidden}, "use a personal access token"},
	{"password on the Cloud", hostclient.SchemeAPIToken, "site", "", 401, nil, "Basic authentication with passwords is deprecated.  For more information, see: https://developer.atlassian.com/",
		[]error{hostclient.ErrUnauthorized}, "use an API token"},
	{"password on the Cloud, 403", hostclient.SchemeBasic, "custom", "", 403, nil, `{"message":"Basic Authentication With Passwords Is Deprecated"}`,
		[]error{hostclient.ErrForbidden, hostclient.ErrUnauthorized}, "use an API token"},
	{"XSRF", hostclient.SchemeCookieSession, "Data Center", "", 403, nil, "XSRF check failed", []error{hostclient.ErrForbidden, hostclient.ErrXSRF}, "X-Atlassian-Token: no-check"},
	{"stale version", hostclient.SchemeOAuth2, "gateway", "", 400, nil, `{"statusCode":400,"message":"Version must be incremented on update. Current version is: 3"}`,
		[]error{hostclient.ErrConflict}, "read it again"},

	{"refresh", hostclient.SchemeOther, "custom", "", 403, nil, `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`,
		[]error{hostclient.ErrForbidden, hostclient.ErrReauthorize}, "the refresh token is expired"},
	{"grant", hostclient.SchemeOther, "custom", "", 400, nil, `{"error":"invalid_grant"}`, nil, "good no more"},
	{"client secret", hostclient.SchemeOther, "custom", "", 401, nil, `{"error":"access_denied","error_description":"Unauthorized"}`,
		[]error{hostclient.ErrUnauthorized}, "the client secret is wrong"},
	{"rejected", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=token_rejected", []error{hostclient.ErrUnauthorized, hostclient.ErrTokenRevoked}, "five years old"},
	{"rejected, in a header", hostclient.SchemeOAuth1, "Data Center", "", 401, http.Header{"WWW-Authenticate": {`OAuth realm="https%3A%2F%2Fjira", oauth_problem="token_rejected"`}}, "",
		[]error{hostclient.ErrUnauthorized, hostclient.ErrTokenRevoked}, "five years old"},
	{"revoked", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=token_revoked", []error{hostclient.ErrUnauthorized, hostclient.ErrTokenRevoked}, "revoked the token"},
	{"expired", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=token_expired", []error{hostclient.ErrUnauthorized, hostclient.ErrTokenRevoked}, "life is over"},
	{"clock", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2", []error{hostclient.ErrUnauthorized}, "out of step"},
	{"consumer", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=consumer_key_unknown", []error{hostclient.ErrUnauthorized}, "no application link"},
	{"signature", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=signature_invalid", []error{hostclient.ErrUnauthorized}, "another public key"},
	{"token_used", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=token_used", []error{hostclient.ErrUnauthorized}, "good for one exchange"},
	{"nonce_used", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=nonce_used", []error{hostclient.ErrUnauthorized}, "sign each sending anew"},
	{"consumer_key_rejected", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=consumer_key_rejected", []error{hostclient.ErrUnauthorized}, "disabled"},
	{"consumer_key_refused", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=consumer_key_refused", []error{hostclient.ErrUnauthorized}, "at this time"},
	{"signature_method_rejected", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=signature_method_rejected", []error{hostclient.ErrUnauthorized}, "another signature method"},
	{"parameter_absent", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=parameter_absent", []error{hostclient.ErrUnauthorized}, "a proxy may have taken"},
	{"parameter_rejected", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=parameter_rejected", []error{hostclient.ErrUnauthorized}, "is the callback"},
	{"permission_denied", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=permission_denied", []error{hostclient.ErrUnauthorized}, "did not allow"},
	{"user_refused", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=user_refused", []error{hostclient.ErrUnauthorized}, "did not allow"},
	{"permission_unknown", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=permission_unknown", []error{hostclient.ErrUnauthorized}, "not decided yet"},
	{"verifier_invalid", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=verifier_invalid", []error{hostclient.ErrUnauthorized}, "not the one"},
	{"version_rejected", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=version_rejected", []error{hostclient.ErrUnauthorized}, "another version"},
	{"once more", hostclient.SchemeOAuth1, "Data Center", "", 401, nil, "oauth_problem=additional_authorization_required",
		[]error{hostclient.ErrUnauthorized, hostclient.ErrReauthorize}, "once more"},

	{"nobody, 200", hostclient.SchemeAPIToken, "site", "", 200, http.Header{"X-Seraph-LoginReason": {"AUTHENTICATED_FAILED"}}, `{"issues":[]}`,
		[]error{hostclient.ErrAnonymous}, "lists are empty"},
	{"nobody, 404", hostclient.SchemeAPIToken, "site", "", 404, http.Header{"X-Seraph-LoginReason": {"OUT", "authenticated_failed"}}, `{"errorMessages":["Issue does not exist"]}`,
		[]error{hostclient.ErrNotFound, hostclient.ErrAnonymous}, "lists are empty"},
	{"nobody, denied", hostclient.SchemePAT, "Data Center", "", 200, http.Header{"X-Seraph-LoginReason": {"AUTHENTICATION_DENIED"}}, `{}`, []error{hostclient.ErrAnonymous}, "lists are empty"},
	{"login page", hostclient.SchemePAT, "Data Center", "/secure/attachment/1/a.png", 302, http.Header{"Location": {"/login.jsp?permissionViolation=true"}}, "",
		[]error{hostclient.ErrRedirect, hostclient.ErrUnauthorized}, "sends to its login page"},
	{"login page of Confluence", hostclient.SchemePAT, "Data Center", "", 303, http.Header{"Location": {"/login.action?os_destination=%2Fx"}}, "",
		[]error{hostclient.ErrRedirect, hostclient.ErrUnauthorized}, "sends to its login page"},
	{"login of the Cloud", hostclient.SchemeAPIToken, "site", "", 302, http.Header{"Location": {"https://id.atlassian.com/?continue=x"}}, "",
		[]error{hostclient.ErrRedirect, hostclient.ErrUnauthorized}, "sends to its login page"},
	{"renamed", hostclient.SchemeAppUser, "site", "", 301, http.Header{"Location": {"https://new.example/rest"}}, "", []error{hostclient.ErrRedirect}, "for a renamed site"},

	{"scoped token on a site", hostclient.SchemeAPIToken, "site", "", 401, nil, "Client must be authenticated to access this resource.", []error{hostclient.ErrUnauthorized}, "or it has scopes"},
	{"and by the login filter", hostclient.SchemeAPIToken, "site", "", 401, http.Header{"X-Seraph-LoginReason": {"AUTHENTICATED_FAILED"}}, "", []error{hostclient.ErrUnauthorized}, "or it has scopes"},
	{"classic token on the gateway", hostclient.SchemeScopedAPIToken, "gateway", "", 401, nil, `{"code":401,"message":"Unauthorized"}`, []error{hostclient.ErrUnauthorized}, "the token has no scopes"},
	{"Assets, 401", hostclient.SchemeAppUser, "Assets, site", "", 401, nil, "", []error{hostclient.ErrUnauthorized}, "Assets asks for a role"},
	{"Assets, 403", hostclient.SchemeOAuth2, "Assets, gateway", "", 403, nil, "", []error{hostclient.ErrForbidden}, "Assets asks for a role"},
	{"Assets by its path", hostclient.SchemeOAuth2, "gateway", "/jsm/assets/workspace/1/v1/object/2", 403, nil, "", []error{hostclient.ErrForbidden}, "Assets asks for a role"},
	{"password", hostclient.SchemeBasic, "Data Center", "", 401, http.Header{"X-Seraph-LoginReason": {"AUTHENTICATED_FAILED"}}, "", []error{hostclient.ErrUnauthorized}, "user or password is wrong"},
	{"personal token", hostclient.SchemePAT, "Data Center", "", 401, nil, `{"message":"Client must be authenticated to access this resource.","status-code":401}`, []error{hostclient.ErrUnauthorized}, "expired or was revoked"},
	{"container token", hostclient.SchemeContainerToken, "API host", "/jsm/assets/v1/imports/info", 401, nil, `{"code":401,"message":"Unauthorized"}`, []error{hostclient.ErrUnauthorized}, "a newer token"},
	{"app user", hostclient.SchemeAppUser, "site", "", 401, nil, "", []error{hostclient.ErrUnauthorized}, "out of step"},
	{"app user, 403", hostclient.SchemeAppUser, "site", "", 403, nil, "", []error{hostclient.ErrForbidden}, "lacks a scope"},
	{"404", hostclient.SchemeOther, "custom", "", 404, nil, "", []error{hostclient.ErrNotFound}, "may not see it"},

	{"without a clue", hostclient.SchemeOther, "custom", "", 403, nil, "token_rejected, scope does not match", []error{hostclient.ErrForbidden}, ""},
	{"link to a login page", hostclient.SchemeOther, "custom", "", 403, http.Header{"Location": {"/login.jsp"}}, "", []error{hostclient.ErrForbidden}, ""},
	{"409", hostclient.SchemeOther, "custom", "", 409, nil, "", []error{hostclient.ErrConflict}, ""},
	{"410", hostclient.SchemeOther, "custom", "", 410, nil, `{"errorMessages":["The requested API has been removed."]}`, []error{hostclient.ErrGone}, ""},
}

// Each clue is found by the words of a host, and by nothing that stands before
// it. A row without a case fails.
func TestClues(t *testing.T) {
	used := make([]string, hostclient.Clues)
	for _, c := range clueCases {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, "", func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range c.header {
					for _, value := range values {
						w.Header().Add(name, value)
					}
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			client := clientAt(t, s, c.place, c.scheme)
			path := c.path
			if path == "" {
				path = "/x"
			}
			row, e := judged(t, client, path)
			if row >= 0 {
				used[row] = c.name
			}
			wantKinds(t, e, c.kinds)
			if (row < 0) != (c.hint == "") || (c.hint == "") != (e.Hint == "") || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("hint %q of row %d, want %q", e.Hint, row, c.hint)
			}
			s.only(t)
		})
	}
	for row, name := range used {
		if name == "" {
			t.Errorf("row %d has no case", row)
		}
	}
}

func clientAt(t *testing.T, s *site, place string, scheme hostclient.Scheme) *hostclient.Client {
	t.Helper()
	at, err := places[place](s.url)
	if err != nil {
		t.Fatal(err)
	}
	binding, err := at.Bind(scheme)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Clock: newClock().now, Limits: once(t)})
	if err != nil {
		t.Fatal(err)
	}
	return hosts.Client(bound{binding})
}

// judged returns the row of clues by which the answer to a call is judged, and its
// error.
func judged(t *testing.T, c *hostclient.Client, path string) (row int, e *hostclient.Error) {
	t.Helper()
	r, err := c.NewRequest(t.Context(), "GET", path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err := c.CheckResponse(answer); !errors.As(err, &e) {
		t.Fatalf("got %v, want an Error", err)
	}
	return hostclient.ClueOf(c.Transport().Credential.Binding(), answer, body), e
}

// wantKinds fails unless e is of exactly these kinds.
func wantKinds(t *testing.T, e *hostclient.Error, want []error) {
	t.Helper()
	wrapped := fmt.Errorf("wrapped: %w", e)
	for _, kind := range kinds {
		wanted := false
		for _, w := range want {
			wanted = wanted || w == kind
		}
		if errors.Is(wrapped, kind) != wanted {
			t.Errorf("%v: is %v: %v, want %v", e, kind, !wanted, wanted)
		}
	}
}

// Where a person cures a CAPTCHA is a link that a browser opens, or nothing.
func TestLoginURL(t *testing.T) {
	for reason, want := range map[string]string{
		"CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp": "https://jira.example.com/login.jsp",
		"captcha_challenge; login-url= http://jira:8080/jira/login.jsp":   "http://jira:8080/jira/login.jsp",
		"CAPTCHA_CHALLENGE":                                         "",
		"CAPTCHA_CHALLENGE; login-url=":                             "",
		"CAPTCHA_CHALLENGE; login-url=javascript:alert(1)":          "",
		"CAPTCHA_CHALLENGE; login-url=/login.jsp":                   "",
		"CAPTCHA_CHALLENGE; login-url=javascript://jira/%0aalert":   "",
		"CAPTCHA_CHALLENGE; login-url=https:///login.jsp":           "",
		"CAPTCHA_CHALLENGE; login-url=https://user:pass@jira/login": "",
	} {
		s := newSite(t, "", reply{403, map[string]string{"X-Authentication-Denied-Reason": reason}}.ServeHTTP)
		_, e := judged(t, clientAt(t, s, "Data Center", hostclient.SchemeBasic), "/x")
		if e.LoginURL != want || !errors.Is(e, hostclient.ErrCaptcha) {
			t.Errorf("%s: got %q, want %q", reason, e.LoginURL, want)
		}
		if want != "" && !strings.Contains(e.Error(), want) {
			t.Errorf("%q lacks the link", e)
		}
	}
}

// A redirect to a login page on the site itself is not followed either: the page
// would be taken for the answer.
func TestLoginPagesAreNotFollowed(t *testing.T) {
	for _, location := range []string{"/login.jsp?os_destination=%2Fx", "/jira/login.jsp", "/login.action", "/users/login"} {
		s := newSite(t, "", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/x" {
				http.Redirect(w, r, location, http.StatusFound)
				return
			}
			fmt.Fprint(w, "<title>Log in</title>")
		})
		client := clientAt(t, s, "Data Center", hostclient.SchemePAT)
		if _, err := hostclient.Get[struct{}](t.Context(), client, "/x"); !errors.Is(err, hostclient.ErrUnauthorized) {
			t.Errorf("%s: got %v, want ErrUnauthorized", location, err)
		}
		r, err := client.NewRequest(t.Context(), "GET", "/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Download(r); !errors.Is(err, hostclient.ErrUnauthorized) {
			t.Errorf("%s: downloaded %v, %v, want ErrUnauthorized", location, answer, err)
		}
		if n := len(s.requests()); n != 2 {
			t.Errorf("%s: %d requests, want 2", location, n)
		}
	}
}

// A page where JSON was to be is ErrNotJSON, with its title.
func TestPageInPlaceOfJSON(t *testing.T) {
	s := newSite(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<html><head><title>Log in - %s</title></head>", r.Header.Get("Authorization"))
	})
	_, err := hostclient.Get[struct{ A int }](t.Context(), clientAt(t, s, "Data Center", hostclient.SchemePAT), "/x")
	var e *hostclient.Error
	if !errors.As(err, &e) || fmt.Sprint(e.Messages) != "[Log in - Bearer [redacted]]" || !strings.Contains(e.Hint, "login page") {
		t.Fatalf("got %v, want ErrNotJSON with the title", err)
	}
	wantKinds(t, e, []error{hostclient.ErrNotJSON})
}

// A GET with a body never leaves, and the error says why.
func TestGETWithABodyIsExplained(t *testing.T) {
	s := newSite(t, "", nil)
	client := clientAt(t, s, "site", hostclient.SchemeAPIToken)
	_, err := hostclient.Send[struct{}](t.Context(), client, "GET", "/rest/api/3/search", map[string]string{"jql": "x"})
	if !errors.Is(err, hostclient.ErrRequest) || !strings.Contains(err.Error(), "GET with a body, which the hosts answer with 403") {
		t.Errorf("got %v, want ErrRequest", err)
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("the host saw %d requests", n)
	}
}
