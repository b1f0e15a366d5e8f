package hostclient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

func TestNewRequestTargets(t *testing.T) {
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const slashless = "begin the path with a slash"        // and ErrRequest
	for _, c := range []struct{ base, path, want string }{ // no want: ErrOrigin
		{"", "/", "https://acme.net/"},
		{"", "/rest/api/3/myself", "https://acme.net/rest/api/3/myself"},
		{"", "/rest?a=/../b&c=//d#frag", "https://acme.net/rest?a=/../b&c=//d"},
		{"", "/a b/ü", "https://acme.net/a%20b/%C3%BC"},
		{"", "/a@evil.net/x", "https://acme.net/a@evil.net/x"},
		{"", "/@evil.net", "https://acme.net/@evil.net"},
		{"/wiki", "/", "https://acme.net/wiki/"},
		{"/wiki", "/rest/api/space", "https://acme.net/wiki/rest/api/space"},
		{"/wiki", "/wiki/rest/api/space", "https://acme.net/wiki/rest/api/space"},
		{"/wiki", "/wiki", "https://acme.net/wiki"},
		{"/wiki", "/wiki?a=1", "https://acme.net/wiki?a=1"},
		{"/wiki", "/wikipedia", "https://acme.net/wiki/wikipedia"},
		{"/wiki", "/x?next=/wiki/y", "https://acme.net/wiki/x?next=/wiki/y"},
		{"/wiki", "https://acme.net/wiki/rest?a=1#f", "https://acme.net/wiki/rest?a=1"},
		{"/wiki", "HTTPS://ACME.NET:443/wiki/rest", "https://ACME.NET:443/wiki/rest"},

		{"", "", slashless},
		{"", "rest/api/3/myself", slashless},
		{"/wiki", "wiki/rest/api/space?a=/b:c@d", slashless},
		{"", "myself", slashless},
		{"", "evil.net/x", slashless},
		{"", "?a=1", slashless},
		{"", "#x", slashless},
		{"", "acme.net:8443/x", ""},
		{"", "user@evil.net/x", ""},
		{"", `rest\api`, ""},
		{"", "//evil.net/x", ""},
		{"", "///evil.net/x", ""},
		{"", `/\evil.net/x`, ""},
		{"", `\\evil.net\x`, ""},
		{"", `\/evil.net`, ""},
		{"", "@evil.net/x", ""},
		{"", ":80/x", ""},
		{"", ".evil.net/x", ""},
		{"", "https:evil.net", ""},
		{"", "https:/evil.net", ""},
		{"", "https:///evil.net", ""},
		{"", "https://evil.net/x", ""},
		{"", "http://acme.net/x", ""},
		{"", "https://acme.net:8443/x", ""},
		{"", "https://acme.net@evil.net/x", ""},
		{"", "https://evil.net#@acme.net/x", ""},
		{"", `https://evil.net\@acme.net/x`, ""},
		{"", "ftp://acme.net/x", ""},
		{"", "javascript:alert(1)", ""},
		{"", " /x", ""},
		{"", "\t//evil.net", ""},
		{"", "/x\r\nHost: evil.net", ""},
		{"", "/x?a=b\r\nHost: evil.net", ""},
		{"", "/x?a=b c", ""},
		{"", "/a/../x", ""},
		{"", "/%2e%2e/x", ""},
		{"", "/%2f/x", ""},
		{"", "/a%5c..%5cx", ""},
		{"", "/..;/x", ""},
		{"", "/%zz", ""},
		{"/wiki", "/../rest", ""},
		{"/wiki", "/wiki/../rest", ""},
		{"/wiki", "/wiki/%2e%2e/rest", ""},
		{"/wiki", "https://acme.net/rest", ""},
		{"/wiki", "https://acme.net/wikipedia", ""},
	} {
		client, err := hosts.For(installation("https://acme.net" + c.base))
		if err != nil {
			t.Fatal(err)
		}
		r, err := client.NewRequest(t.Context(), "GET", c.path, nil)
		switch {
		case c.want == "" && !errors.Is(err, hostclient.ErrOrigin):
			t.Errorf("%q at %q: %v, want ErrOrigin", c.path, c.base, err)
		case c.want == slashless:
			if !errors.Is(err, hostclient.ErrRequest) || !strings.HasSuffix(err.Error(), ": "+slashless) {
				t.Errorf("%q at %q: %v, want ErrRequest", c.path, c.base, err)
			}
		case c.want != "" && err != nil:
			t.Errorf("%q at %q: %v", c.path, c.base, err)
		case c.want != "" && r.URL.String() != c.want:
			t.Errorf("%q at %q: got %s, want %s", c.path, c.base, r.URL, c.want)
		}
	}
}

func TestSend(t *testing.T) {
	type issue struct {
		Key     string `json:"key"`
		Summary string `json:"summary"`
	}
	w := newWorld(t, "", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"key":"A-1","summary":%q}`, r.Header.Get("Content-Type")+string(body))
	})
	for _, c := range []struct {
		name string
		body any
		want string
	}{
		{"value", issue{Key: "A-1"}, `application/json{"key":"A-1","summary":""}`},
		{"raw", json.RawMessage(`{"a":1}`), `application/json{"a":1}`},
		{"reader", strings.NewReader("text"), "text"},
		{"nothing", nil, ""},
	} {
		got, err := hostclient.Send[issue](t.Context(), w.client, "POST", "/rest/api/3/issue", c.body)
		if want := (issue{"A-1", c.want}); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, want)
		}
	}
	if _, err := hostclient.Send[issue](t.Context(), w.client, "POST", "/x", func() {}); !errors.Is(err, hostclient.ErrRequest) {
		t.Errorf("a body that is no JSON: %v, want ErrRequest", err)
	}
	if _, err := hostclient.Send[issue](t.Context(), w.client, "A B", "/x", nil); !errors.Is(err, hostclient.ErrRequest) {
		t.Errorf("a method that is none: %v, want ErrRequest", err)
	}
}

func TestAnswers(t *testing.T) {
	const limit = 64
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   any
		err    error
	}{
		{"object", 200, `{"a":1}`, map[string]int{"a": 1}, nil},
		{"no content", 204, "", map[string]int(nil), nil},
		{"empty", 200, "", map[string]int(nil), nil},
		{"blank", 202, " \n", map[string]int(nil), nil},
		{"null", 200, "null", map[string]int(nil), nil},
		{"at the limit", 200, `{"a":1}` + strings.Repeat(" ", limit-7), map[string]int{"a": 1}, nil},
		{"over the limit", 200, `{"a":1}` + strings.Repeat(" ", limit-6), nil, hostclient.ErrTooLarge},
		{"login page", 200, "<!doctype html><title>Log in</title>", nil, hostclient.ErrNotJSON},
		{"cut off", 200, `{"a":1`, nil, hostclient.ErrNotJSON},
		{"followed by more", 200, `{"a":1}{"a":2}`, nil, hostclient.ErrNotJSON},
		{"other type", 200, `{"a":"text"}`, nil, new(json.UnmarshalTypeError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorldWith(t, "", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}, func(config *hostclient.Config) { config.MaxResponse = limit })
			got, err := hostclient.Get[map[string]int](t.Context(), w.client, "/x")
			if typeErr := (*json.UnmarshalTypeError)(nil); errors.As(c.err, &typeErr) {
				if !errors.As(err, &typeErr) || got != nil {
					t.Errorf("got %v, %v, want nothing and the type error", got, err)
				}
				return
			}
			if !errors.Is(err, c.err) || err == nil && !reflect.DeepEqual(got, c.want) || err != nil && got != nil {
				t.Errorf("got %v, %v, want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestUnwantedAnswer(t *testing.T) {
	w := newWorld(t, "", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `[1,2]`) })
	if _, err := hostclient.Send[struct{}](t.Context(), w.client, "PUT", "/x", 1); err != nil {
		t.Error(err)
	}
	raw, err := hostclient.Get[json.RawMessage](t.Context(), w.client, "/x")
	if err != nil || string(raw) != "[1,2]" {
		t.Errorf("got %s, %v", raw, err)
	}
}

func TestRedirectOnTheOrigin(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t, "/wiki", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/wiki/old" {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
				http.Redirect(w, r, "/wiki/new?b=2", status)
				return
			}
			fmt.Fprintf(w, "%q", r.Method)
		})
		got, err := hostclient.Send[string](t.Context(), w.client, "PUT", "/old?a=1", map[string]int{"a": 1})
		want := "PUT"
		if status <= 303 {
			want = "GET"
		}
		if err != nil || got != want {
			t.Errorf("%d: got %q, %v, want %q", status, got, err, want)
		}
		seen := w.site.requests()
		if len(seen) != 2 {
			t.Fatalf("%d: %d requests, want 2", status, len(seen))
		}
		for _, r := range seen {
			if err := checkJWT(r, "/wiki", w.clock.now()); err != nil {
				t.Errorf("%d: %s: %v", status, r.RequestURI, err)
			}
			if cookies := r.Cookies(); len(cookies) != 0 {
				t.Errorf("%d: cookies %v, want none", status, cookies)
			}
		}
	}
}

func TestEndlessRedirect(t *testing.T) {
	w := newWorld(t, "", func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.Path) < 50 {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}
	})
	_, err := hostclient.Get[struct{}](t.Context(), w.client, "/")
	if !errors.Is(err, hostclient.ErrRedirect) {
		t.Errorf("got %v, want ErrRedirect", err)
	}
	if n := len(w.site.requests()); n != 6 {
		t.Errorf("%d requests, want 6", n)
	}
}

func TestHTTPClientsAreSeparate(t *testing.T) {
	w := newWorld(t, "", nil)
	one := w.client.HTTP()
	one.Transport.(*hostclient.Transport).Credential = nil
	one.CheckRedirect = nil
	answer, err := w.client.HTTP().Get(w.site.url + "/x")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if err := checkJWT(w.site.only(t), "", w.clock.now()); err != nil {
		t.Error(err)
	}
	if got := w.client.BaseURL(); got != w.site.url {
		t.Errorf("BaseURL %s, want %s", got, w.site.url)
	}
	w.client.HTTP().CloseIdleConnections()
}
