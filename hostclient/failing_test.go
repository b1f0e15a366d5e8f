package hostclient_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

func TestFailingTellsItsErrorAtEveryCall(t *testing.T) {
	want := errors.New("nobody there")
	c := hostclient.Failing(want)
	for name, client := range map[string]*hostclient.Client{"as the app": c, "as a user": c.AsUser("712020:ada")} {
		if _, err := hostclient.Get[any](t.Context(), client, "/rest/api/3/myself"); !errors.Is(err, want) {
			t.Errorf("%s: Get: got %v, want %v", name, err, want)
		}
		// Whatever the URL: it is not for being off the origin that they fail.
		for _, url := range []string{client.BaseURL() + "/rest", "https://acme.atlassian.net/rest"} {
			if answer, err := client.HTTP().Get(url); !errors.Is(err, want) {
				t.Errorf("%s: HTTP: got %v, %v, want %v", name, answer, err, want)
			}
		}
	}
}

// The error alone is told: there is no URL that anybody called.
func TestFailingReadsPlainly(t *testing.T) {
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	gone := installation("https://acme.atlassian.net")
	gone.State = store.Uninstalled
	_, err = hosts.For(gone)
	const want = `hostclient: not installed: tenant "` + clientKey + `" is uninstalled`
	if err == nil || err.Error() != want {
		t.Fatalf("For: got %v, want %s", err, want)
	}
	c := hostclient.Failing(err)
	body := &closer{Reader: strings.NewReader("text")}
	r, err := http.NewRequest("POST", "https://acme.atlassian.net/x", body)
	if err != nil {
		t.Fatal(err)
	}
	_, getErr := hostclient.Get[any](t.Context(), c, "/x")
	_, sendErr := hostclient.Send[any](t.Context(), c.AsUser(accountID), "PUT", "no slash", 1)
	_, requestErr := c.NewRequest(t.Context(), "GET", "https://acme.atlassian.net/x", nil)
	_, doErr := c.Do(r)
	for name, err := range map[string]error{"Get": getErr, "Send": sendErr, "NewRequest": requestErr, "Do": doErr} {
		if err == nil || err.Error() != want || !errors.Is(err, hostclient.ErrNotInstalled) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if !body.closed {
		t.Error("Do left the body open")
	}
	if _, err := hostclient.Get[any](t.Context(), hostclient.Failing(nil), "/x"); !errors.Is(err, hostclient.ErrNotInstalled) {
		t.Errorf("Failing(nil): got %v, want ErrNotInstalled", err)
	}
}
