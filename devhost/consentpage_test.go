package devhost_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// What a callback's host holds does not get into the policy of the page that asks
// the user, unless it is a plain host.
func TestFormTargetOfConsentPages(t *testing.T) {
	cloud, _, _ := newHost(t, devhost.Config{})
	dc, _ := newDC(t, devhost.DataCenter{})
	cookies, consumer := login(t, dc, "bo"), newConsumer(t, dc, "")
	policies := map[string]func(t *testing.T, callback string) string{
		"3LO": func(t *testing.T, callback string) string {
			app, err := cloud.RegisterOAuthApp(devhost.OAuthApp{Name: "Reader", RedirectURLs: []string{callback}, Scopes: []string{"read:me"}})
			if err != nil {
				t.Fatal(err)
			}
			resp := (&browser{t: t, host: cloud}).as(bo).get(strings.TrimPrefix(authorizeURL(cloud, app, "redirect_uri", callback), cloud.URL()))
			readBody(t, resp, 200)
			return resp.Header.Get("Content-Security-Policy")
		},
		"OAuth 1.0a": func(t *testing.T, callback string) string {
			token := consumer.requestToken(callback)
			resp := dcCall{path: servlet + "authorize?oauth_token=" + token, cookies: cookies}.do(t, dc)
			readBody(t, resp, 200)
			return resp.Header.Get("Content-Security-Policy")
		},
		"OAuth 2.0": func(t *testing.T, callback string) string {
			link, err := dc.LinkOAuth2(devhost.OAuth2Link{RedirectURL: callback, Scopes: []string{"READ"}})
			if err != nil {
				t.Fatal(err)
			}
			q := url.Values{"client_id": {link.ClientID}, "redirect_uri": {callback}, "response_type": {"code"}}
			resp := dcCall{path: "/rest/oauth2/latest/authorize?" + q.Encode()}.do(t, dc)
			readBody(t, resp, 302)
			resp = dcCall{path: strings.TrimPrefix(resp.Header.Get("Location"), dc.BaseURL()), cookies: cookies}.do(t, dc)
			readBody(t, resp, 200)
			return resp.Header.Get("Content-Security-Policy")
		},
	}
	for host, want := range map[string]string{
		"app.example": " https://app.example", "app.example:8443": " https://app.example:8443", "[::1]:8443": " https://[::1]:8443",
		"a;script-src": "", "a,b": "", "a'b'": "", `a"b`: "", "*.example": "",
	} {
		for name, policy := range policies {
			t.Run(name+" "+host, func(t *testing.T) {
				if got := policy(t, "https://"+host+"/back"); !strings.HasSuffix(got, "form-action 'self'"+want) {
					t.Errorf("got policy %s, want an end of form-action 'self'%s", got, want)
				}
			})
		}
	}
}
