package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
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
	mux.HandleFunc("POST /rest/api/2/issue/{key}/comment", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"id":"10042"}`)
	})
	mux.HandleFunc("GET /rest/api/3/attachment/content/{id}", func(w http.ResponseWriter, r *http.Request) {
		if id := r.PathValue("id"); id != "1" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"errorMessages":["There is no attachment %s."]}`, id)
			return
		}
		fmt.Fprint(w, "the text of the file")
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
	// Output:
	// Example app
	// Mia Krystof
}

// exampleClient calls host as the app.
func exampleClient(host *httptest.Server) *hostclient.Client {
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
	return app
}

// A value is sent as JSON, and the answer decoded; struct{} wants none. The
// error of an answer tells its kind, and what the host says.
func ExampleSend() {
	host := exampleHost()
	defer host.Close()
	app, ctx := exampleClient(host), context.Background()

	comment := map[string]string{"body": "Still needed?"}
	created, err := hostclient.Send[struct{ ID string }](ctx, app, "POST", "/rest/api/2/issue/ABC-1/comment", comment)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("comment", created.ID)

	issue := map[string]any{"fields": map[string]string{"summary": "Buy milk"}}
	_, err = hostclient.Send[struct{}](ctx, app, "POST", "/rest/api/3/issue", issue)
	var refused *hostclient.Error
	if errors.As(err, &refused) && errors.Is(err, hostclient.ErrForbidden) {
		fmt.Println(refused.Status, refused.Messages)
	}
	// Output:
	// comment 10042
	// 403 [You may not create issues here.]
}

// library has the shape of many API libraries: it is made of a base URL and an
// http.Client, and hands out answers as they are.
type library struct {
	baseURL string
	client  *http.Client
}

func (l library) attachment(id string) (*http.Response, error) {
	return l.client.Get(l.baseURL + "/rest/api/3/attachment/content/" + id)
}

// Libraries that take an http.Client are given one that signs, and that goes
// nowhere else.
func ExampleClient_HTTP() {
	host := exampleHost()
	defer host.Close()
	app := exampleClient(host)

	jira := library{baseURL: app.BaseURL(), client: app.HTTP()}
	for _, id := range []string{"1", "2"} {
		answer, err := jira.attachment(id)
		if err != nil {
			log.Fatal(err)
		}
		if err := app.CheckResponse(answer); err != nil {
			fmt.Println(errors.Is(err, hostclient.ErrNotFound))
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}

	stray := library{baseURL: "https://elsewhere.example", client: app.HTTP()}
	_, err := stray.attachment("1")
	fmt.Println(errors.Is(err, hostclient.ErrOrigin))
	// Output:
	// the text of the file
	// true
	// true
}

// What Get does not fit goes through Do; CheckResponse gives it the errors of Get.
func ExampleClient_CheckResponse() {
	host := exampleHost()
	defer host.Close()
	app := exampleClient(host)

	r, err := app.NewRequest(context.Background(), "GET", "/rest/api/3/attachment/content/2", nil)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := app.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	var refused *hostclient.Error
	if err := app.CheckResponse(answer); errors.As(err, &refused) {
		fmt.Println(refused.Status, refused.Messages)
		return
	}
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		log.Fatal(err)
	}
	// Output: 404 [There is no attachment 2.]
}
