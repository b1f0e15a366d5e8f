package connect_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// An app with one page, installed in a host on the same machine. Against
// Atlassian the four fields about the host are left out, and the store is one
// that lasts.
func Example() {
	host, err := devhost.New(devhost.Config{})
	check(err)
	defer host.Close()
	check(host.Start("127.0.0.1:0"))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	app, err := connect.New(connect.Config{
		BaseURL: "http://" + l.Addr().String(),
		Store:   store.NewMemory(),
		Logger:  slog.New(slog.DiscardHandler),
		Descriptor: &descriptor.App{
			Key: "hello", Name: "Hello", Scopes: descriptor.Scopes{descriptor.Read, descriptor.ActAsUser},
			Modules: descriptor.Modules{GeneralPages: []descriptor.Page{
				{Key: "hello", Name: descriptor.Text{Value: "Hello"}, URL: "/hello"},
			}},
		},
		InstallKeysURLs:        []string{host.KeyServerURL()},
		AuthorizationServerURL: host.AuthorizationServerURL(),
		AllowedHosts:           []string{host.HostPattern()},
		AllJSURL:               host.AllJSURL(),
	})
	check(err)
	app.Page("/hello", func(w http.ResponseWriter, r *http.Request) {
		caller := connect.CallerFrom(r.Context())
		asUser := app.Host(caller).AsUser(caller.AccountID)
		me, err := hostclient.Get[struct{ DisplayName string }](r.Context(), asUser, "/rest/api/3/myself")
		if err != nil {
			http.Error(w, "The host did not answer.", http.StatusBadGateway)
			return
		}
		fmt.Fprintln(w, "Hello,", me.DisplayName)
	})
	check(app.Check())

	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- app.Serve(ctx, l) }()
	_, err = host.Install(ctx, app.Descriptor().BaseURL+connect.DescriptorPath)
	check(err)
	frame, err := host.FrameURL("hello", "hello", "712020:ada", devhost.Context{})
	check(err)
	page, err := http.Get(frame)
	check(err)
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	check(err)
	fmt.Print(string(text))
	stop()
	check(<-ended)
	// Output: Hello, Ada Bergmann
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
