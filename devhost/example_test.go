package devhost_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

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
