package oauth2_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// A web app sends a user to the page of consent, keeps the token under the user's
// name, and calls the user's Jira, now and when the token has ended.
func Example() {
	host, err := devhost.New(devhost.Config{}) // stands for Atlassian's Cloud
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	if err := host.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	cloud := hostclient.Cloud{API: host.GatewayURL(), Auth: host.AuthURL()} // Cloud{} in production
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	client, err := host.RegisterOAuthApp(devhost.OAuthApp{
		Name: "Reports", RedirectURLs: []string{server.URL + "/callback"}, Scopes: []string{"read:jira-user"},
	})
	if err != nil {
		log.Fatal(err)
	}

	app, err := oauth2.NewCloud(oauth2.Config{
		ClientID: client.ClientID, ClientSecret: store.NewSecret(client.ClientSecret),
		RedirectURL: server.URL + "/callback",
		Scopes:      []string{"read:jira-user", "offline_access"},
		Tokens:      new(tokenstore.Memory), // or a file, or boltstore's Tokens
	}, cloud)
	if err != nil {
		log.Fatal(err)
	}
	const user = "bo" // by the app's own session
	pages, err := oauth2.NewBrowser(oauth2.BrowserConfig{
		App: app,
		Done: func(w http.ResponseWriter, r *http.Request, token *tokenstore.Token, returnTo string) {
			if err := app.Save(r.Context(), user, token); err != nil {
				http.Error(w, "The token could not be kept.", http.StatusInternalServerError)
				return
			}
			fmt.Fprintln(w, "Thank you.")
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/connect", pages.Start())
	mux.Handle("/callback", pages.Callback())

	visit(host, server.URL+"/connect")
	ctx := context.Background()
	sites, err := app.Resources(ctx, user)
	if err != nil || len(sites) == 0 {
		log.Fatal(err, sites)
	}
	site, err := sites[0].Site(hostclient.Jira)
	if err != nil {
		log.Fatal(err)
	}
	credential, err := app.Credential(user, site)
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		log.Fatal(err)
	}
	me, err := hostclient.Get[struct{ DisplayName string }](ctx, hosts.Client(credential), "/rest/api/3/myself")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.DisplayName)
	// Output:
	// Thank you.
	// Bo Lindqvist
}

// visit is a user's browser, and the user who says yes.
func visit(host *devhost.Host, start string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Get(start)
	if err != nil {
		log.Fatal(err)
	}
	answer.Body.Close()
	back, err := host.Consent(answer.Header.Get("Location"), "712020:bo")
	if err != nil {
		log.Fatal(err)
	}
	if answer, err = browser.Get(back); err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	buffer := make([]byte, 100)
	n, _ := answer.Body.Read(buffer)
	fmt.Print(string(buffer[:n]))
}
