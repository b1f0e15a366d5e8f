package oauth1_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
)

// exampleJira stands for a Jira below /jira, where everybody agrees at once.
func exampleJira() *httptest.Server {
	mux, callback := http.NewServeMux(), "" // of the one dance under way
	mux.HandleFunc("POST /jira/plugins/servlet/oauth/request-token", func(w http.ResponseWriter, r *http.Request) {
		_, callback, _ = strings.Cut(r.Header.Get("Authorization"), `oauth_callback="`)
		callback, _, _ = strings.Cut(callback, `"`)
		callback, _ = url.PathUnescape(callback)
		fmt.Fprint(w, "oauth_token=temporary&oauth_token_secret=s1&oauth_callback_confirmed=true")
	})
	mux.HandleFunc("GET /jira/plugins/servlet/oauth/authorize", func(w http.ResponseWriter, r *http.Request) {
		if callback != "oob" {
			http.Redirect(w, r, callback+"?oauth_token="+r.FormValue("oauth_token")+"&oauth_verifier=m1x2", http.StatusFound)
			return
		}
		fmt.Fprint(w, "m1x2")
	})
	mux.HandleFunc("POST /jira/plugins/servlet/oauth/access-token", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "oauth_token=access&oauth_token_secret=s2&oauth_expires_in=157680000")
	})
	mux.HandleFunc("GET /jira/rest/api/2/myself", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"name":"mia"}`)
	})
	return httptest.NewServer(mux)
}

// examplePEM is a private key as openssl writes it.
func examplePEM() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func exampleConsumer(jiraURL, callbackURL string) *oauth1.Consumer {
	key, err := oauth1.ParsePrivateKey(examplePEM())
	if err != nil {
		log.Fatal(err)
	}
	consumer, err := oauth1.New(oauth1.Config{
		BaseURL:     jiraURL + "/jira",
		ConsumerKey: "my-app", // as in the application link
		Signer:      oauth1.RSASHA1(key),
		CallbackURL: callbackURL,
	})
	if err != nil {
		log.Fatal(err)
	}
	return consumer
}

func fetch(client *http.Client, r *http.Request) string {
	answer, err := client.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	return string(body)
}

// A program without pages of its own: its user copies the verifier.
func Example() {
	jira := exampleJira()
	defer jira.Close()
	consumer, ctx := exampleConsumer(jira.URL, ""), context.Background()

	temporary, err := consumer.RequestToken(ctx)
	if err != nil {
		log.Fatal(err)
	}
	page, _ := http.NewRequest("GET", consumer.AuthorizeURL(temporary), nil)
	verifier := fetch(http.DefaultClient, page) // what the user reads there
	token, err := consumer.AccessToken(ctx, temporary, verifier)
	if err != nil {
		log.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(ctx, "GET", consumer.BaseURL()+"/rest/api/2/myself?expand=groups&expand=roles", nil)
	if err := consumer.Sign(r, token); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fetch(http.DefaultClient, r))
	fmt.Println(token.Value, token.Secret)
	// Output:
	// {"name":"mia"}
	// [redacted] [redacted]
}

// A web app has two pages for the dance.
func ExampleBrowser() {
	jira := exampleJira()
	defer jira.Close()
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	defer app.Close()

	pages, err := oauth1.NewBrowser(oauth1.BrowserConfig{
		Consumer: exampleConsumer(jira.URL, app.URL+"/callback"),
		Done: func(w http.ResponseWriter, r *http.Request, token *oauth1.Token, returnTo string) {
			// Ask Jira whose token it is, keep it sealed, and go on.
			http.Redirect(w, r, returnTo, http.StatusSeeOther)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/start", pages.Start())
	mux.Handle("/callback", pages.Callback())
	mux.HandleFunc("/issues", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "your issues") })

	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	click, _ := http.NewRequest("GET", app.URL+"/start?return_to=/issues", nil)
	fmt.Println(fetch(browser, click))

	// A link that somebody else's dance made does nothing in this browser.
	forged, _ := http.NewRequest("GET", app.URL+"/callback?oauth_token=temporary&oauth_verifier=m1x2", nil)
	fmt.Print(fetch(browser, forged))
	// Output:
	// your issues
	// This page was reached in an unexpected way, or too late. Please begin again.
}
