package hostclient_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestFailingTellsItsErrorAtEveryCall(t *testing.T) {
	want := errors.New("nobody there")
	c := hostclient.Failing(want)
	for name, client := range map[string]*hostclient.Client{"as the app": c, "as a user": c.AsUser("712020:ada")} {
		if _, err := hostclient.Get[any](t.Context(), client, "/rest/api/3/myself"); !errors.Is(err, want) {
			t.Errorf("%s: Get: got %v, want %v", name, err, want)
		}
		r, err := client.NewRequest(t.Context(), http.MethodGet, "/rest", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.HTTP().Do(r); !errors.Is(err, want) {
			t.Errorf("%s: Do: got %v, %v, want %v", name, answer, err, want)
		}
	}
}
