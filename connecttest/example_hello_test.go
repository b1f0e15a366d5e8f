package connecttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store"
)

// An app's test points the app at the host by four settings, installs it by its
// descriptor URL and asks for a page: as a user's browser would, and with a
// token that has expired.
func ExampleNewHost() {
	_ = testHello // in an app's own tests, func TestHello(t *testing.T)
}

func testHello(t *testing.T) {
	host := connecttest.NewHost(t)
	server := startHello(t, host)
	inst, err := host.Install(t.Context(), server.URL+connect.DescriptorPath)
	if err != nil {
		t.Fatal(err)
	}
	page := host.PageRequest(inst.AppKey, "hello", "712020:bo", devhost.Context{Issue: "DEMO-1"})
	expired := host.PageToken(inst.AppKey, server.URL+"/hello", "712020:bo").At(-time.Hour)
	late := host.WithQueryToken(server.URL+"/hello", expired)
	for r, want := range map[*http.Request]int{page: http.StatusOK, late: http.StatusUnauthorized} {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got status %d, want %d", r.URL.Path, resp.StatusCode, want)
		}
	}
}

// startHello serves an app that takes host for Atlassian.
func startHello(t *testing.T, host *connecttest.Host) *httptest.Server {
	server := httptest.NewUnstartedServer(nil)
	app, err := connect.New(connect.Config{
		BaseURL: "http://" + server.Listener.Addr().String(),
		Store:   store.NewMemory(),
		Descriptor: &descriptor.App{
			Key: "hello", Name: "Hello", Scopes: descriptor.Scopes{descriptor.Read},
			Modules: descriptor.Modules{GeneralPages: []descriptor.Page{
				{Key: "hello", Name: descriptor.Text{Value: "Hello"}, URL: "/hello"},
			}},
		},
		InstallKeysURLs:        []string{host.KeyServerURL()},
		AuthorizationServerURL: host.AuthorizationServerURL(),
		AllowedHosts:           []string{host.HostPattern()},
		AllJSURL:               host.AllJSURL(),
	})
	if err != nil {
		t.Fatal(err)
	}
	app.Page("/hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "Hello") })
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	return server
}
