package connect_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store"
)

var greetingPage = template.Must(template.New("").Parse(
	`<p>{{.Said}}</p><form method="post" action="greeting/save">{{.Field}}<input name="greeting"><button>Save</button></form>`))

// A page with a form in it, without a script. The field holds the token that the
// form is taken by when it is posted; the page that answers has the next one.
func ExampleApp_Form() {
	var app *connect.App
	said := make(map[string]string) // by tenant
	show := func(w http.ResponseWriter, r *http.Request) {
		caller := connect.CallerFrom(r.Context())
		field, err := app.FormField(caller, "/greeting/save")
		if err != nil {
			http.Error(w, "Sign in to see this page.", http.StatusForbidden)
			return
		}
		_ = greetingPage.Execute(w, struct {
			Said  string
			Field template.HTML
		}{said[caller.ClientKey], field})
	}
	save := func(w http.ResponseWriter, r *http.Request) {
		said[connect.CallerFrom(r.Context()).ClientKey] = r.PostFormValue("greeting")
		show(w, r)
	}

	host, err := devhost.New(devhost.Config{})
	check(err)
	defer host.Close()
	check(host.Start("127.0.0.1:0"))
	server := httptest.NewUnstartedServer(nil)
	app, err = connect.New(connect.Config{
		BaseURL: "http://" + server.Listener.Addr().String(),
		Store:   store.NewMemory(),
		Logger:  slog.New(slog.DiscardHandler),
		Descriptor: &descriptor.App{
			Key: "greeter", Name: "Greeter", Scopes: descriptor.Scopes{descriptor.Read},
			Modules: descriptor.Modules{GeneralPages: []descriptor.Page{
				{Key: "greeting", Name: descriptor.Plain("Greeting"), URL: "/greeting"},
			}},
		},
		InstallKeysURLs: []string{host.KeyServerURL()},
		AllowedHosts:    []string{host.HostPattern()},
	})
	check(err)
	app.Page("/greeting", show)
	app.Form("/greeting/save", save)
	check(app.Check())
	server.Config.Handler = app
	server.Start()
	defer server.Close()
	inst, err := host.Install(context.Background(), server.URL+connect.DescriptorPath)
	check(err)

	// What the browser of a user does in the frame.
	frame, err := host.FrameURL(inst.AppKey, "greeting", "712020:ada", devhost.Context{})
	check(err)
	page, err := http.Get(frame)
	check(err)
	_, rest, _ := strings.Cut(text(page), `name="atl_token" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	for _, token := range []string{token, ""} {
		page, err = http.PostForm(server.URL+"/greeting/save", url.Values{"atl_token": {token}, "greeting": {"Good day"}})
		check(err)
		paragraph, _, _ := strings.Cut(text(page), "<form")
		fmt.Println(page.StatusCode, strings.TrimSpace(paragraph))
	}
	// Output:
	// 200 <p>Good day</p>
	// 401 Unauthorized
}

// text reads an answer to its end.
func text(r *http.Response) string {
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	check(err)
	return string(b)
}
