package devhost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// An app is installed by the URL of its descriptor, and told so.
func Example() {
	var app *httptest.Server
	app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/atlassian-connect.json":
			fmt.Fprintf(w, `{"key": "hello", "name": "Hello", "baseUrl": %q, "authentication": {"type": "jwt"},
				"lifecycle": {"installed": "/installed"}, "scopes": ["READ"],
				"modules": {"generalPages": [{"key": "hello", "name": {"value": "Hello"}, "url": "/hello"}]}}`, app.URL)
		case "/installed": // a real app verifies the token first
			fmt.Println("installed")
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer app.Close()

	host, err := devhost.New(devhost.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	if err := host.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	inst, err := host.Install(context.Background(), app.URL+"/atlassian-connect.json")
	if err != nil {
		log.Fatal(err)
	}
	pages, err := host.Modules(inst.AppKey)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inst.Name, inst.Scopes, pages, inst.Enabled)
	// Output:
	// installed
	// Hello [READ] [hello] true
}

// An OAuth app gets a token after a user's consent, and reads by the gateway.
func ExampleHost_Consent() {
	host, err := devhost.New(devhost.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	if err := host.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	app, err := host.RegisterOAuthApp(devhost.OAuthApp{
		Name: "Reader", RedirectURLs: []string{"https://app.example.com/callback"}, Scopes: []string{"read:jira-work"},
	})
	if err != nil {
		log.Fatal(err)
	}

	// In a browser, the user accepts at the authorization page.
	authorize := host.AuthURL() + "/authorize?" + url.Values{
		"audience": {"api.atlassian.com"}, "client_id": {app.ClientID}, "scope": {"read:jira-work"},
		"redirect_uri": {"https://app.example.com/callback"}, "state": {"s"}, "response_type": {"code"}, "prompt": {"consent"},
	}.Encode()
	callback, err := host.Consent(authorize, "712020:bo")
	if err != nil {
		log.Fatal(err)
	}
	u, err := url.Parse(callback)
	if err != nil {
		log.Fatal(err)
	}

	resp, err := http.PostForm(host.AuthURL()+"/oauth/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret},
		"code": {u.Query().Get("code")}, "redirect_uri": {"https://app.example.com/callback"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil {
		log.Fatal(err)
	}

	req, err := http.NewRequest(http.MethodGet, host.GatewayURL()+"/ex/jira/"+host.CloudID()+"/rest/api/3/issue/DEMO-1", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	issue, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer issue.Body.Close()
	fmt.Println(token.ExpiresIn, issue.StatusCode, issue.Header.Get("X-AAccountId"))
	// Output: 3600 200 712020:bo
}
