package lifecycle_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

// An app mounts a handler for each event at the path that its descriptor names.
// Here a host on the same machine installs it, enables it, uninstalls it, and
// delivers the first installed event once more.
func Example() {
	keyServer := httptest.NewServer(publicKey())
	defer keyServer.Close()
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{keyServer.URL}})
	if err != nil {
		log.Fatal(err)
	}
	installations, clock := store.NewMemory(), newClock().time
	verifier, err := auth.NewVerifier(auth.Config{
		AppKey: "com.example.app", BaseURLs: []string{"https://app.example.com"},
		Installations: installations, Keys: keys, Clock: clock,
	})
	if err != nil {
		log.Fatal(err)
	}
	l, err := lifecycle.New(lifecycle.Config{
		AppKey: "com.example.app", Verifier: verifier, Store: installations, Clock: clock,
		Hosts: auth.HostPatterns{"*.atlassian.net"},
		Hooks: lifecycle.Hooks{OnUninstall: func(_ context.Context, former *store.Installation) error {
			fmt.Println("goodbye", former.BaseURL)
			return nil
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/installed", l.Handler(lifecycle.EventInstalled))
	mux.Handle("/hooks/uninstalled", l.Handler(lifecycle.EventUninstalled))
	mux.Handle("/hooks/enabled", l.Handler(lifecycle.EventEnabled))
	mux.Handle("/hooks/disabled", l.Handler(lifecycle.EventDisabled))
	app := httptest.NewServer(mux)
	defer app.Close()

	for _, e := range []event{
		{kind: lifecycle.EventInstalled, second: 1, secret: "s1"},
		{kind: lifecycle.EventEnabled, second: 2, secret: "s1"},
		{kind: lifecycle.EventUninstalled, second: 3},
		{kind: lifecycle.EventInstalled, second: 1, secret: "s1"},
	} {
		status := e.deliver(app.URL)
		tenant, err := installations.Installation(context.Background(), "acme")
		fmt.Println(e.kind, status, tenant.State, err)
	}
	// Output:
	// installed 204 installed <nil>
	// enabled 204 enabled <nil>
	// goodbye https://acme.atlassian.net
	// uninstalled 204 uninstalled <nil>
	// installed 401 uninstalled <nil>
}

// deliver sends the event to the app at url and returns the answer's status.
func (e event) deliver(url string) int {
	resp, err := http.DefaultClient.Do(e.request().to(url))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
