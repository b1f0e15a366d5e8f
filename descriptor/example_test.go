package descriptor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// An app describes itself, checks the description and sees what it has to serve.
func Example() {
	app := &descriptor.App{
		Key:       "hello",
		Name:      "Hello",
		BaseURL:   "https://app.example.com",
		Scopes:    descriptor.Scopes{descriptor.Read},
		Lifecycle: descriptor.Lifecycle{Installed: "/installed"},
		Modules: descriptor.Modules{
			GeneralPages: []descriptor.Page{{
				Key: "hello", Name: descriptor.Plain("Hello"), URL: "/hello",
			}},
			Webhooks: []descriptor.Webhook{{
				Event: "jira:issue_created", URL: "/hooks/issue",
			}},
		},
	}
	if err := app.WithDefaults().Validate(descriptor.Jira).Err(); err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range app.Endpoints() {
		fmt.Println(e.Method, e.Route, "from", e.Kind)
	}

	// Output:
	// POST /installed from lifecycle
	// GET /hello from frame
	// POST /hooks/issue from webhook
}

// A handler serves the document with its defaults.
func ExampleNewHandler() {
	app := &descriptor.App{Key: "hello", Lifecycle: descriptor.Lifecycle{Installed: "/installed"}}
	handler, err := descriptor.NewHandler(app.WithBaseURL("https://app.example.com"), descriptor.HandlerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/atlassian-connect.json", nil))
	fmt.Println(w.Header().Get("Cache-Control"))
	fmt.Print(w.Body)

	// Output:
	// public, max-age=300
	// {
	//   "key": "hello",
	//   "baseUrl": "https://app.example.com",
	//   "authentication": {
	//     "type": "jwt"
	//   },
	//   "lifecycle": {
	//     "installed": "/installed"
	//   },
	//   "apiMigrations": {
	//     "signed-install": true,
	//     "gdpr": true,
	//     "context-qsh": true
	//   }
	// }
}

// All faults come at once, each with its place.
func ExampleApp_Validate() {
	app := &descriptor.App{Key: "my app", Name: "My app", BaseURL: "http://app.example.com"}
	fmt.Println(app.WithDefaults().Validate(descriptor.Jira))

	// Output:
	// descriptor: 3 findings
	// 	key: "my app" must be letters, digits, dots, dashes and underscores
	// 	baseUrl: must be https; http is for this machine alone (localhost, 127.0.0.1, [::1])
	// 	lifecycle.installed: is missing: with authentication of type jwt the host sends the secret there
}
