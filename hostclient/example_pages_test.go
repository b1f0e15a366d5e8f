package hostclient_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// exampleSearch stands for a Jira whose search by JQL gives two issues a page.
func exampleSearch() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			log.Print(err)
		}
		if !strings.Contains(string(body), `"nextPageToken":"p2"`) {
			fmt.Fprint(w, `{"issues":[{"key":"ABC-1"},{"key":"ABC-2"}],"nextPageToken":"p2"}`)
			return
		}
		fmt.Fprint(w, `{"issues":[{"key":"ABC-3"}],"isLast":true}`)
	}))
}

// Issues are read by JQL, one after the other, whatever the size of a page.
func ExamplePagesOf() {
	host := exampleSearch()
	defer host.Close()
	app, ctx := exampleClient(host), context.Background()

	type issue struct{ Key string }
	search := hostclient.PageQuery{
		Path: "/rest/api/3/search/jql",
		Body: map[string]any{"jql": "project = ABC ORDER BY key", "fields": []string{"summary"}, "maxResults": 2},
	}
	for issue, err := range hostclient.PagesOf[issue](ctx, app, search) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(issue.Key)
	}
	// Output:
	// ABC-1
	// ABC-2
	// ABC-3
}

// exampleSpaces stands for a Confluence with the second API.
func exampleSpaces() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprint(w, `{"results":[{"name":"Home"}],"_links":{"next":"/wiki/api/v2/spaces?limit=1&cursor=x"}}`)
			return
		}
		fmt.Fprint(w, `{"results":[{"name":"Team"}],"_links":{}}`)
	}))
}

// Where the pages are need not be said: the answers tell.
func ExamplePages() {
	host := exampleSpaces()
	defer host.Close()
	app, ctx := exampleClient(host), context.Background()

	for space, err := range hostclient.Pages[struct{ Name string }](ctx, app, "/wiki/api/v2/spaces?limit=1") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(space.Name)
	}
	// Output:
	// Home
	// Team
}

// exampleAttachments stands for a Jira that takes attachments and keeps them on
// another host.
func exampleAttachments(media *httptest.Server) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rest/api/3/issue/{key}/attachments", func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil || r.Header.Get("X-Atlassian-Token") != "no-check" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		text, err := io.ReadAll(file)
		if err != nil {
			log.Print(err)
		}
		fmt.Fprintf(w, `[{"filename":%q,"size":%d}]`, header.Filename, len(text))
	})
	mux.HandleFunc("GET /rest/api/3/attachment/content/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, media.URL+"/file?token=signed", http.StatusSeeOther)
	})
	return httptest.NewServer(mux)
}

// A file is sent as it is read, however large it is.
func ExampleUpload() {
	host := exampleAttachments(nil)
	defer host.Close()
	app, ctx := exampleClient(host), context.Background()

	type attachment struct {
		Filename string
		Size     int
	}
	notes := hostclient.File{Name: "notes.txt", Content: strings.NewReader("Buy milk."), ContentType: "text/plain"}
	added, err := hostclient.Upload[[]attachment](ctx, app, "/rest/api/3/issue/ABC-1/attachments", notes)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(added[0].Filename, added[0].Size)
	// Output: notes.txt 9
}

// A download follows the host's link to another one, without the credential.
func ExampleClient_Download() {
	media := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Buy milk. Authorization: %q\n", r.Header.Get("Authorization"))
	}))
	defer media.Close()
	host := exampleAttachments(media)
	defer host.Close()
	app, ctx := exampleClient(host), context.Background()

	r, err := app.NewRequest(ctx, "GET", "/rest/api/3/attachment/content/10001", nil)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := app.Download(r)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		log.Fatal(err)
	}
	// Output: Buy milk. Authorization: ""
}
