package hostclient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// listener is a second host that hears whoever connects to it.
type listener struct {
	*site
	port string

	mu    sync.Mutex
	conns int
}

func newListener(t *testing.T) *listener {
	t.Helper()
	l := &listener{site: new(site)}
	l.Server = httptest.NewUnstartedServer(l.site)
	l.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			l.mu.Lock()
			l.conns++
			l.mu.Unlock()
		}
	}
	l.Start()
	t.Cleanup(l.Close)
	l.url = l.URL
	_, port, err := net.SplitHostPort(strings.TrimPrefix(l.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	l.port = port
	return l
}

func (l *listener) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns
}

// Shapes of targets by which a credential has been led astray; EVIL is the other
// host's address, PORT its port, HOST the tenant's address.
var strayTargets = []string{
	"http://EVIL/x", "HTTP://EVIL/x", "http://EVIL", "http://EVIL/wiki/x", "https://EVIL/x",
	"//EVIL/x", "///EVIL/x", "////EVIL/x", `\\EVIL\x`, `/\EVIL/x`, `\/EVIL/x`, "/\t/EVIL/x", "\t//EVIL/x", " //EVIL/x",
	"http:EVIL/x", "http:/EVIL/x", "http:///EVIL/x", `http:\\EVIL\x`, "@EVIL/x", ":PORT/x", "EVIL/x",
	"http://HOST@EVIL/x", "http://HOST:80@EVIL/x", "http://user:pass@EVIL/x", "http://user@HOST/x",
	`http://EVIL\@HOST/x`, "http://EVIL#@HOST/x", "http://EVIL?@HOST/x", "http://EVIL;@HOST/x",
	"http://localhost:PORT/x", "http://127.1:PORT/x", "http://[::ffff:127.0.0.1]:PORT/x", "http://0x7f000001:PORT/x",
	"http://127.0.0.1:PORT/wiki", "http://127.0.0.1.:PORT/x", "https://HOST/x",
	"http://EVIL/%2e%2e/x", "/%2f%2fEVIL/x", "/%5c%5cEVIL/x", "/%0d%0aLocation:%20http:%2f%2fEVIL", "/x\r\nLocation: http://EVIL/",
	"ftp://EVIL/x", "ws://EVIL/x", "javascript://EVIL/%0aalert(1)", "data:text/html,EVIL",
}

func (l *listener) target(shape string, w *world) string {
	return strings.NewReplacer(
		"EVIL", strings.TrimPrefix(l.url, "http://"), "PORT", l.port,
		"HOST", strings.TrimPrefix(w.site.URL, "http://"),
	).Replace(shape)
}

// A redirect to any of the shapes, from a host that is asked as the app and as a
// user, through every way of calling.
func TestRedirectsNeverLeak(t *testing.T) {
	evil := newListener(t)
	var location string
	w := newWorld(t, "/wiki", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wiki/go" {
			rw.Header()["Location"] = []string{location}
			rw.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	for _, shape := range strayTargets {
		location = evil.target(shape, w)
		for _, client := range []*hostclient.Client{w.client, w.client.AsUser(accountID)} {
			for how, call := range callers(client) {
				if status, err := call(t, client.BaseURL()+"/go"); err == nil && status < 300 {
					checkBelow(t, w, fmt.Sprintf("%s, %s", shape, how))
				}
			}
		}
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the other host had %d connections and saw %d requests, want none", n, len(evil.requests()))
	}
}

// checkBelow fails unless the host itself saw the end of the redirect, below the
// base path.
func checkBelow(t *testing.T, w *world, what string) {
	t.Helper()
	seen := w.site.requests()
	if uri := seen[len(seen)-1].RequestURI; uri == "/wiki/go" || !strings.HasPrefix(uri, "/wiki/") {
		t.Errorf("%s: ended at %s", what, uri)
	}
}

// callers are the ways to call a URL.
func callers(c *hostclient.Client) map[string]func(*testing.T, string) (int, error) {
	do := func(send func(*http.Request) (*http.Response, error)) func(*testing.T, string) (int, error) {
		return func(t *testing.T, url string) (int, error) {
			r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
			if err != nil {
				return 0, err
			}
			answer, err := send(r)
			if err != nil {
				return 0, err
			}
			return answer.StatusCode, answer.Body.Close()
		}
	}
	followAll := c.HTTP()
	followAll.CheckRedirect = nil
	return map[string]func(*testing.T, string) (int, error){
		"Do":            do(c.Do),
		"HTTP":          do(c.HTTP().Do),
		"followed":      do(followAll.Do),
		"own transport": do((&http.Client{Transport: c.Transport()}).Do),
		"Get": func(t *testing.T, url string) (int, error) {
			_, err := hostclient.Get[struct{}](t.Context(), c, url)
			return 200, err
		},
	}
}

func TestTargetsNeverLeak(t *testing.T) {
	evil := newListener(t)
	w := newWorld(t, "/wiki", nil)
	for _, shape := range strayTargets {
		for _, client := range []*hostclient.Client{w.client, w.client.AsUser(accountID)} {
			for how, call := range callers(client) {
				if _, err := call(t, evil.target(shape, w)); err == nil {
					t.Errorf("%s, %s: went through", shape, how)
				}
			}
		}
	}
	if n := evil.connections() + len(w.site.requests()) + len(w.tokens.asked(t)); n != 0 {
		t.Errorf("%d connections or requests, want none", n)
	}
	answer, err := http.Get(evil.url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if evil.connections() == 0 {
		t.Error("control: the other host does not hear connections")
	}
}

func TestRedirectOffTheOriginIsTheAnswer(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "https://media.example/file?token=signed", http.StatusSeeOther)
	})
	r, err := w.client.NewRequest(t.Context(), "GET", "/rest/api/3/attachment/content/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 303 || answer.Header.Get("Location") != "https://media.example/file?token=signed" {
		t.Errorf("got %s, %v", answer.Status, answer.Header)
	}
	_, err = hostclient.Get[struct{}](t.Context(), w.client, "/x")
	if !errors.Is(err, hostclient.ErrRedirect) || strings.Contains(err.Error(), "signed") {
		t.Errorf("got %v, want ErrRedirect", err)
	}
}

// However a value of the package is printed, and whatever goes wrong, neither
// the secret nor a token shows.
func TestNothingSecretShows(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		rw.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(rw, `{"errorMessages":["you sent %s"],"errors":{"x":%q}}`, token, token)
	})
	user := w.client.AsUser(accountID)
	cred, err := hostclient.NewAppUser(installation(w.site.url), w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	_, appErr := hostclient.Get[struct{}](t.Context(), w.client, "/x")
	_, userErr := hostclient.Get[struct{}](t.Context(), user, "/x")
	_, originErr := hostclient.Get[struct{}](t.Context(), user, "https://name:word@evil.example/?token=shh")
	_, brokenErr := hostclient.Get[struct{}](t.Context(), user, "https://name:word@evil.example:x/?token=shh")
	_, queryErr := hostclient.Get[struct{}](t.Context(), w.client, "/x?jwt=shh")
	r, err := http.NewRequest("GET", "https://name:word@evil.example/?sig=shh", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, doErr := w.client.Do(r)
	var hostErr *hostclient.Error
	if !errors.As(appErr, &hostErr) || !strings.Contains(hostErr.Error(), "you sent JWT [redacted]") {
		t.Errorf("the host's words are missing: %v", appErr)
	}
	if !errors.As(userErr, &hostErr) || !strings.Contains(hostErr.Error(), "you sent Bearer [redacted]") {
		t.Errorf("the host's words are missing: %v", userErr)
	}
	seen := w.site.requests()
	if len(seen) != 2 {
		t.Fatalf("%d requests, want 2", len(seen))
	}
	hidden := []string{secret, "token-1", "shh", "word", fmt.Sprint([]byte(secret)), fmt.Sprintf("%x", secret), fmt.Sprintf("%#v", []byte(secret))}
	for _, r := range seen {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		hidden = append(hidden, token)
	}
	for _, v := range []any{
		w.client, *w.client, user, *user, w.hosts, cred, *cred, cred.Binding(), user.Transport(), *user.Transport(),
		held{w.client, user, w.hosts, *cred}, w.client.HTTP(), user.Transport().Credential, appErr, userErr, originErr, brokenErr, queryErr, doErr,
	} {
		for _, text := range shown(v) {
			for _, h := range hidden {
				if strings.Contains(text, h) {
					t.Errorf("%T shows %q: %s", v, h, text)
				}
			}
		}
	}
}

// The forms are those that a person can read, whatever the verb.
func TestFormat(t *testing.T) {
	hosts, err := hostclient.NewHosts(hostclient.Config{AuthorizationServer: "https://auth.example"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := hosts.For(installation("https://acme.atlassian.net/wiki"))
	if err != nil {
		t.Fatal(err)
	}
	app, user := "hostclient: app user at https://acme.atlassian.net/wiki", `hostclient: user "`+accountID+`" at https://acme.atlassian.net/wiki`
	for _, c := range []struct {
		v    any
		want string
	}{
		{client, app},
		{client.Transport().Credential, app},
		{client.AsUser(accountID), user},
		{client.AsUser(accountID).Transport().Credential, user},
		{*hosts, "hostclient: hosts with https://auth.example"},
		{*client.Transport(), "hostclient: transport for https://acme.atlassian.net/wiki"},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			if got := fmt.Sprintf(verb, c.v); got != c.want {
				t.Errorf("%s: got %s, want %s", verb, got, c.want)
			}
		}
	}
}

// held keeps values where fmt cannot call their methods.
type held struct {
	client, user *hostclient.Client
	hosts        *hostclient.Hosts
	cred         hostclient.AppUser
}

// shown is v in every form in which it may end up in a log.
func shown(v any) []string {
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, v), fmt.Sprintf(verb, []any{v}))
	}
	if text, err := json.Marshal(v); err == nil {
		texts = append(texts, string(text))
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("value", "v", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("value", "v", v)
	return append(texts, log.String())
}
