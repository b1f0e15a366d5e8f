package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// exampleHost stands for a Jira site and for its authorization server.
func exampleHost() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"user-token","expires_in":900,"token_type":"Bearer"}`)
	})
	mux.HandleFunc("GET /rest/api/3/myself", func(w http.ResponseWriter, r *http.Request) {
		name := "Example app"
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			name = "Mia Krystof"
		}
		fmt.Fprintf(w, `{"displayName":%q}`, name)
	})
	mux.HandleFunc("POST /rest/api/3/issue", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"errorMessages":["You may not create issues here."]}`)
	})
	return httptest.NewServer(mux)
}

// One Hosts serves the app; a client calls one tenant, as the app or as a user.
func Example() {
	host := exampleHost()
	defer host.Close()
	hosts, err := hostclient.NewHosts(hostclient.Config{AuthorizationServer: host.URL})
	if err != nil {
		log.Fatal(err)
	}
	app, err := hosts.For(&store.Installation{ // from the app's store
		Key:           "com.example.app",
		ClientKey:     "jira:1234",
		OAuthClientID: "client-id",
		SharedSecret:  store.NewSecret("a secret of the host's choice"),
		BaseURL:       host.URL,
		State:         store.Enabled,
	})
	if err != nil {
		log.Fatal(err)
	}

	type myself struct {
		DisplayName string `json:"displayName"`
	}
	ctx := context.Background()
	for _, client := range []*hostclient.Client{app, app.AsUser("557058:f58131cb", "READ")} {
		me, err := hostclient.Get[myself](ctx, client, "/rest/api/3/myself")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(me.DisplayName)
	}

	issue := map[string]any{"fields": map[string]string{"summary": "Buy milk"}}
	_, err = hostclient.Send[struct{}](ctx, app, "POST", "/rest/api/3/issue", issue)
	var refused *hostclient.Error
	if errors.As(err, &refused) && errors.Is(err, hostclient.ErrForbidden) {
		fmt.Println(refused.Status, refused.Messages)
	}
	// Output:
	// Example app
	// Mia Krystof
	// 403 [You may not create issues here.]
}

// Libraries that take an http.Client are given one that signs.
func ExampleClient_HTTP() {
	host := exampleHost()
	defer host.Close()
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		log.Fatal(err)
	}
	app, err := hosts.For(&store.Installation{
		Key: "com.example.app", ClientKey: "jira:1234", State: store.Enabled,
		SharedSecret: store.NewSecret("a secret of the host's choice"), BaseURL: host.URL,
	})
	if err != nil {
		log.Fatal(err)
	}
	client := app.HTTP()
	answer, err := client.Get(host.URL + "/rest/api/3/myself")
	if err != nil {
		log.Fatal(err)
	}
	answer.Body.Close()
	fmt.Println(answer.Status)

	_, err = client.Get("https://elsewhere.example/rest/api/3/myself")
	fmt.Println(errors.Is(err, hostclient.ErrOrigin))
	// Output:
	// 200 OK
	// true
}
