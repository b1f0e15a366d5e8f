package connect_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/store"
)

// callsHost makes calls of the app to a host of its own and returns what the
// app logs.
func callsHost(t *testing.T, development bool, scopes descriptor.Scopes, calls ...string) string {
	t.Helper()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }))
	t.Cleanup(host.Close)
	w := newWorld(t, func(c *connect.Config) {
		c.Development = development
		c.BaseURL = "http://127.0.0.1:8080"
		c.Descriptor.Scopes = scopes
	})
	inst, err := w.store.Update(t.Context(), clientKey, func(i *store.Installation) (*store.Installation, error) {
		changed := *i
		changed.BaseURL = host.URL + "/site"
		return &changed, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	client := w.Host(&auth.Caller{Installation: inst})
	for _, call := range calls {
		method, path, _ := strings.Cut(call, " ")
		r, err := client.NewRequest(t.Context(), method, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	return w.log.String()
}

// In development a call that the scopes do not cover is told of before the host
// refuses it: once for each operation.
func TestScopeWatch(t *testing.T) {
	log := callsHost(t, true, descriptor.Scopes{descriptor.Read},
		"GET /rest/api/3/issue/DEMO-1", "PUT /rest/api/3/issue/DEMO-1", "PUT /rest/api/3/issue/DEMO-2", "DELETE /rest/api/2/issue/DEMO-1",
		"GET /rest/api/3/users/search", "POST /rest/unknown/1.0/x", "DELETE /wiki/api/v2/pages/1", "DELETE /rest/api/3/project/wiki/avatar/1")
	for _, want := range []string{
		`msg="this call wants a scope that the descriptor does not have" operation="PUT /rest/api/3/issue/{}" wants=WRITE has=[READ]`,
		`operation="DELETE /rest/api/3/issue/{}" wants=DELETE has=[READ]`,
		`msg="the host lets no Connect app make this call" operation="GET /rest/api/3/users/search"`,
		`operation="DELETE /wiki/api/v2/pages/{}" wants=DELETE`,
		`operation="DELETE /rest/api/3/project/{}/avatar/{}" wants=PROJECT_ADMIN`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("%s is not there once:\n%s", want, log)
		}
	}
	if n := strings.Count(log, "operation="); n != 5 {
		t.Errorf("%d lines:\n%s", n, log)
	}
}

func TestScopeWatchIsQuiet(t *testing.T) {
	calls := []string{"PUT /rest/api/3/issue/DEMO-1", "GET /rest/api/3/issue/DEMO-1"}
	if log := callsHost(t, true, descriptor.Scopes{descriptor.Admin}, calls...); strings.Contains(log, "operation=") {
		t.Errorf("with the scope:\n%s", log)
	}
	if log := callsHost(t, false, descriptor.Scopes{descriptor.Read}, calls...); strings.Contains(log, "operation=") {
		t.Errorf("in production:\n%s", log)
	}
}
