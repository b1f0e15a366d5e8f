package hostclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestCloudID(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
		err    error
		words  string
	}{
		{"known", status(200, `{"cloudId":"11223344-a1b2-3b33-c444-def123456789"}`), "11223344-a1b2-3b33-c444-def123456789", nil, ""},
		{"no such site", status(404, "Site temporarily unavailable"), "", hostclient.ErrNotFound, ""},
		{"a failure that has an id", status(500, `{"cloudId":"a"}`), "", hostclient.ErrHost, ""},
		{"a renamed site", redirectTo(302, "https://renamed.example/_edge/tenant_info"), "", hostclient.ErrRedirect, ""},
		{"Data Center", status(200, "<title>Log in</title>"), "", hostclient.ErrNotJSON, "Log in"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.MultiReader(strings.NewReader(`{"x":"`), io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<20)), 1<<20), strings.NewReader(`","cloudId":"a"}`)))
		}, "", hostclient.ErrNotJSON, ""},
		{"none", status(200, `{}`), "", nil, "the cloud id is empty"},
		{"a path", status(200, `{"cloudId":"../x"}`), "", nil, "is no cloud id"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"cloudId":`)
		}, "", io.ErrUnexpectedEOF, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", c.answer)
			got, err := w.hosts.CloudID(t.Context(), w.site.url+"/wiki")
			switch {
			case got != c.want, (err == nil) != (c.want != ""):
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			case c.err != nil && !errors.Is(err, c.err):
				t.Errorf("got %v, want %v", err, c.err)
			case err != nil && !strings.Contains(err.Error(), c.words):
				t.Errorf("got %v, want %q in it", err, c.words)
			}
			r := w.site.only(t)
			if r.RequestURI != "/_edge/tenant_info" || r.Header.Get("Authorization") != "" || r.Header.Get("Accept") != "application/json" {
				t.Errorf("asked %s with %v", r.RequestURI, r.Header)
			}
		})
	}
	w := newWorld(t, "", nil)
	for _, url := range []string{"", "acme.atlassian.net", "http://acme.atlassian.net", "https://user@acme.atlassian.net"} {
		if _, err := w.hosts.CloudID(t.Context(), url); err == nil {
			t.Errorf("%q: no error", url)
		}
	}
}

func TestAssetsWorkspace(t *testing.T) {
	const none = `{"size":0,"start":0,"limit":50,"isLastPage":true,"values":[]}`
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
		err    error
		words  string
	}{
		{"one", status(200, strings.Replace(none, "[]", `[{"workspaceId":"ws-1"}]`, 1)), "ws-1", nil, ""},
		{"a plan without", status(200, none), "", hostclient.ErrNoAssets, "Cloud site at"},
		{"no service desk", status(404, `{}`), "", hostclient.ErrNotFound, ""},
		{"forbidden", status(403, `{}`), "", hostclient.ErrForbidden, ""},
		{"a path", status(200, strings.Replace(none, "[]", `[{"workspaceId":"../x"}]`, 1)), "", nil, "is no workspace id"},
		{"nothing", status(200, strings.Replace(none, "[]", `[{}]`, 1)), "", nil, "the workspace id is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", c.answer)
			got, err := hostclient.AssetsWorkspace(t.Context(), w.client)
			switch {
			case got != c.want, (err == nil) != (c.want != ""):
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			case c.err != nil && !errors.Is(err, c.err):
				t.Errorf("got %v, want %v", err, c.err)
			case err != nil && !strings.Contains(err.Error(), c.words):
				t.Errorf("got %v, want %q in it", err, c.words)
			}
			if r := w.site.only(t); r.RequestURI != "/rest/servicedeskapi/assets/workspace" {
				t.Errorf("asked %s", r.RequestURI)
			}
		})
	}
}
