package devhost_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

func TestInstall(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	inst, err := h.Install(t.Context(), a.descriptor())
	if err != nil {
		t.Fatal(err)
	}
	events := a.taken()
	if got, want := paths(events), []string{"/installed", "/enabled"}; !slices.Equal(got, want) {
		t.Fatalf("got events %q, want %q", got, want)
	}
	p := events[0].Payload
	if p.Key != appKey || p.ClientKey != inst.ClientKey || p.OAuthClientID != inst.OAuthClientID || p.OAuthClientID == "" {
		t.Errorf("installed: identity %+v does not fit %+v", p, inst)
	}
	if len(p.SharedSecret) < 32 || !strings.HasPrefix(p.SharedSecret, "ATCO") || p.SharedSecret != inst.SharedSecret {
		t.Errorf("installed: got secret %q, host has %q", p.SharedSecret, inst.SharedSecret)
	}
	if p.BaseURL != h.URL() || p.ProductType != "jira" || p.EventType != "installed" || p.EntitlementID == "" {
		t.Errorf("installed: got %+v", p)
	}
	if events[1].Payload.SharedSecret != "" || events[1].Payload.EventType != "enabled" {
		t.Errorf("enabled: got %+v", events[1].Payload)
	}
	for _, name := range []string{"Atlassian-Connect-Version", "User-Agent"} {
		if events[0].Header.Get(name) == "" {
			t.Errorf("installed has no header %s", name)
		}
	}
	if got, ok := h.Installation(appKey); !ok || !got.Enabled || !got.Licensed {
		t.Errorf("installation: got %+v, %v", got, ok)
	}
}

// Every later installed event keeps or changes the client key as the real host
// does, always brings a new secret, and has a later iat.
func TestInstalledAgain(t *testing.T) {
	ctx := context.Background()
	again := func(f func(*devhost.Host, *testApp) (devhost.Installation, error)) func(*devhost.Host, *testApp) error {
		return func(h *devhost.Host, a *testApp) error { _, err := f(h, a); return err }
	}
	tests := []struct {
		name      string
		do        func(*devhost.Host, *testApp) error
		events    []string
		sameKey   bool
		secretNew bool
	}{
		{"install again", again(func(h *devhost.Host, a *testApp) (devhost.Installation, error) { return h.Install(ctx, a.descriptor()) }), []string{"/installed", "/enabled"}, true, true},
		{"upgrade", again(func(h *devhost.Host, a *testApp) (devhost.Installation, error) { return h.Upgrade(ctx, appKey) }), []string{"/installed", "/enabled"}, true, true},
		{"rotate", again(func(h *devhost.Host, a *testApp) (devhost.Installation, error) { return h.Rotate(ctx, appKey) }), []string{"/installed", "/enabled"}, true, true},
		{"import", again(func(h *devhost.Host, a *testApp) (devhost.Installation, error) { return h.Import(ctx, appKey) }), []string{"/installed", "/enabled"}, false, true},
		{"rename", func(h *devhost.Host, a *testApp) error {
			return h.Rename(ctx, strings.Replace(h.URL(), "127.0.0.1", "localhost", 1))
		}, []string{"/installed", "/enabled"}, true, true},
		{"reinstall", func(h *devhost.Host, a *testApp) error {
			err := h.Uninstall(ctx, appKey)
			a.taken()
			_, again := h.Install(ctx, a.descriptor())
			return errors.Join(err, again)
		}, []string{"/installed", "/enabled"}, true, true},
		{"disable and enable", func(h *devhost.Host, a *testApp) error {
			return errors.Join(h.Disable(ctx, appKey), h.Enable(ctx, appKey))
		}, []string{"/disabled", "/enabled"}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, a, _ := newHost(t, devhost.Config{})
			first, err := h.Install(ctx, a.descriptor())
			if err != nil {
				t.Fatal(err)
			}
			iat := a.taken()[0].Claims.Iat
			if err := tt.do(h, a); err != nil {
				t.Fatal(err)
			}
			events := a.taken()
			if got := paths(events); !slices.Equal(got, tt.events) {
				t.Fatalf("got events %q, want %q", got, tt.events)
			}
			now, ok := h.Installation(appKey)
			if !ok || !now.Enabled {
				t.Fatalf("got %+v, %v", now, ok)
			}
			if got := now.ClientKey == first.ClientKey; got != tt.sameKey {
				t.Errorf("same client key: got %v, want %v", got, tt.sameKey)
			}
			if got := now.SharedSecret != first.SharedSecret; got != tt.secretNew {
				t.Errorf("new secret: got %v, want %v", got, tt.secretNew)
			}
			if now.BaseURL != h.BaseURL() || (tt.secretNew && events[0].Payload.BaseURL != h.BaseURL()) {
				t.Errorf("base URL: got %q, want %q", now.BaseURL, h.BaseURL())
			}
			if tt.sameKey && tt.secretNew && events[0].Claims.Iat <= iat {
				t.Errorf("iat: got %d, want more than %d", events[0].Claims.Iat, iat)
			}
			if readBody(t, a.call("GET", "/rest/api/3/myself", ""), 200) == "" {
				t.Error("the app's call with the secret it has got no answer")
			}
		})
	}
}

func TestUninstall(t *testing.T) {
	h, a, _ := installed(t)
	both := make(chan struct{})
	arrived := make(chan struct{}, 2)
	a.mu.Lock()
	a.onPost = func(string) {
		arrived <- struct{}{}
		<-both
	}
	a.mu.Unlock()
	go func() { // lets both go on once both are there, which takes them to be sent in parallel
		<-arrived
		<-arrived
		close(both)
	}()
	if err := h.Uninstall(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	got := paths(a.taken())
	slices.Sort(got)
	if want := []string{"/disabled", "/uninstalled"}; !slices.Equal(got, want) {
		t.Fatalf("got events %q, want %q", got, want)
	}
	for _, d := range h.Deliveries() {
		if d.Error != "" {
			t.Errorf("%s was not answered: %s", d.Event, d.Error)
		}
	}
	if _, ok := h.Installation(appKey); ok {
		t.Error("the app is still installed")
	}
	if err := h.Uninstall(t.Context(), appKey); err == nil {
		t.Error("a second uninstall gave no error")
	}
}

// What the app answers decides about installed only; the host's state after a
// refusal is that from before.
func TestInstallRefusedByApp(t *testing.T) {
	for _, status := range []int{201, 202, 301, 302, 400, 401, 403, 404, 500, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			h, a, _ := newHost(t, devhost.Config{})
			a.answer("/installed", status)
			_, err := h.Install(t.Context(), a.descriptor())
			var ce *devhost.CallbackError
			if !errors.As(err, &ce) || ce.Status != status || ce.Event != "installed" || !strings.Contains(ce.Body, "answered by the tiny app") {
				t.Fatalf("got error %v, want a CallbackError with status %d and the body", err, status)
			}
			if _, ok := h.Installation(appKey); ok {
				t.Error("the app counts as installed")
			}
			if got := paths(a.taken()); !slices.Equal(got, []string{"/installed"}) {
				t.Errorf("got events %q, want installed only", got)
			}
			a.answer("/installed", http.StatusOK)
			if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
				t.Errorf("install afterwards: %v", err)
			}
		})
	}
}

func TestRefusedRotationKeepsSecret(t *testing.T) {
	h, a, _ := installed(t)
	before, _ := h.Installation(appKey)
	a.answer("/installed", 500)
	if _, err := h.Rotate(t.Context(), appKey); err == nil {
		t.Fatal("got no error")
	}
	after, _ := h.Installation(appKey)
	if after.SharedSecret != before.SharedSecret || !after.Enabled {
		t.Errorf("got %+v, want %+v", after, before)
	}
	if _, err := h.Import(t.Context(), appKey); err == nil {
		t.Fatal("import: got no error")
	}
	if after, _ := h.Installation(appKey); after.ClientKey != before.ClientKey {
		t.Errorf("refused import: got client key %q, want %q", after.ClientKey, before.ClientKey)
	}
	readBody(t, a.call("GET", "/rest/api/3/myself", ""), 200)
}

// A refused upgrade or rename leaves the app as it was, scopes and address too.
func TestRefusedUpgradeChangesNothing(t *testing.T) {
	h, a, _ := installed(t)
	before, _ := h.Installation(appKey)
	a.answer("/installed", 500)
	a.set("scopes", []string{"ADMIN"})
	a.set("name", "Renamed")
	if _, err := h.Upgrade(t.Context(), appKey); err == nil {
		t.Error("upgrade: got no error")
	}
	var ce *devhost.CallbackError
	if err := h.Rename(t.Context(), "http://renamed.example"); !errors.As(err, &ce) {
		t.Errorf("rename: got error %v", err)
	}
	after, _ := h.Installation(appKey)
	if !reflect.DeepEqual(after, before) {
		t.Errorf("got  %+v\nwant %+v", after, before)
	}
	for _, bad := range []string{"renamed.example", "ftp://x", "http://x/wiki"} {
		if err := h.Rename(t.Context(), bad); err == nil {
			t.Errorf("Rename(%q): got no error", bad)
		}
	}
}

// The answers to enabled, disabled and uninstalled change nothing.
func TestOtherEventsRefusedByApp(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	for _, p := range []string{"/enabled", "/disabled", "/uninstalled"} {
		a.answer(p, 500)
	}
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	if err := h.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if inst, _ := h.Installation(appKey); inst.Enabled {
		t.Error("the app is still enabled")
	}
	if err := h.Uninstall(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.Installation(appKey); ok {
		t.Error("the app is still installed")
	}
	var failed int
	for _, d := range h.Deliveries() {
		if d.Error != "" && d.Status == 500 {
			failed++
		}
	}
	if failed != 4 {
		t.Errorf("got %d failed deliveries on record, want 4", failed)
	}
}

// The app may use the new secret while it is still answering installed, and the
// old one until then.
func TestCallDuringInstalled(t *testing.T) {
	h, a, _ := installed(t)
	old := a.secret()
	var statuses []int
	a.mu.Lock()
	a.onPost = func(path string) {
		if path != "/installed" {
			return
		}
		deliveries := a.pendingSecret()
		for _, secret := range []string{old, deliveries, "neither of them, though long enough"} {
			statuses = append(statuses, a.callWith(secret))
		}
	}
	a.mu.Unlock()
	if _, err := h.Rotate(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if want := []int{200, 200, 401}; !slices.Equal(statuses, want) {
		t.Errorf("during installed: got %v, want %v", statuses, want)
	}
	if got := a.callWith(old); got != 401 {
		t.Errorf("old secret after installed: got %d, want 401", got)
	}
}

func TestManyInstallsKeepOrder(t *testing.T) {
	h, a, ck := installed(t)
	var last int64
	for range 10 {
		if err := h.Uninstall(t.Context(), appKey); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
			t.Fatal(err)
		}
		for _, e := range a.taken() {
			if e.Path != "/installed" && e.Path != "/uninstalled" {
				continue
			}
			if e.Claims.Iat <= last {
				t.Fatalf("%s: iat %d is not after %d", e.Path, e.Claims.Iat, last)
			}
			last = e.Claims.Iat
		}
	}
	if ahead := last - ck.Now().Unix(); ahead > 30 {
		t.Errorf("iat is %d s ahead of the clock", ahead)
	}
	var err error
	for range 20 {
		if _, err = h.Rotate(t.Context(), appKey); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("no end to installs within one second: the iat must not run ahead by more than half a minute")
	}
	ck.advance(time.Minute)
	if _, err := h.Rotate(t.Context(), appKey); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestDescriptorRefused(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(*testApp)
		fault string
	}{
		{"no key", func(a *testApp) { a.set("key", "") }, "key: is missing"},
		{"odd key", func(a *testApp) { a.set("key", "a/b") }, `key: "a/b" must be`},
		{"long key", func(a *testApp) { a.set("key", strings.Repeat("k", 81)) }, "key: has 81 characters"},
		{"no base URL", func(a *testApp) { a.set("baseUrl", "") }, "baseUrl: is missing"},
		{"base URL of another kind", func(a *testApp) { a.set("baseUrl", "ftp://example.com") }, "baseUrl: must be https"},
		{"long base URL", func(a *testApp) { a.set("baseUrl", "https://example.com/"+strings.Repeat("a", 200)) }, "at most 200"},
		{"no authentication", func(a *testApp) { a.set("authentication", map[string]string{"type": "none"}) }, "authentication.type"},
		{"no installed", func(a *testApp) { a.set("lifecycle", map[string]string{}) }, "lifecycle.installed: is missing"},
		{"absolute installed", func(a *testApp) { a.set("lifecycle", map[string]string{"installed": "https://example.com/x"}) }, "lifecycle.installed: must be relative"},
		{"unknown scope", func(a *testApp) { a.set("scopes", []string{"READ", "EVERYTHING"}) }, `scopes[1]: "EVERYTHING" is none of`},
		{"mixed scope", func(a *testApp) { a.set("scopes", []string{"Read"}) }, `scopes[0]: "Read" is none of`},
		{"webhooks without READ", func(a *testApp) { a.set("scopes", []string{}) }, "scopes: must have READ"},
		{"bad filter", func(a *testApp) {
			a.set("modules", map[string]any{"webhooks": []any{map[string]string{"event": "jira:issue_created", "url": "/x", "filter": "project ="}}})
		}, "filter of jira:issue_created"},
		{"webhook without a URL", func(a *testApp) {
			a.set("modules", map[string]any{"webhooks": map[string]string{"event": "jira:issue_created"}})
		}, "modules.webhooks[0].url: is missing"},
		{"a key twice", func(a *testApp) {
			a.set("modules", map[string]any{"generalPages": []any{map[string]string{"key": "k", "url": "/"}, map[string]string{"key": "k", "url": "/"}}})
		}, `"k" is already the key at`},
		{"modules of another shape", func(a *testApp) { a.set("modules", map[string]any{"generalPages": 3}) }, "modules.generalPages"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, a, _ := newHost(t, devhost.Config{})
			tt.edit(a)
			_, err := h.Install(t.Context(), a.descriptor())
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got error %v, want one that says %q", err, tt.fault)
			}
			if len(a.taken()) != 0 || len(h.Installations()) != 0 {
				t.Error("the app was told or is installed")
			}
		})
	}
}

// Descriptors that Jira takes although there is something odd about them, or
// that are for this host alone.
func TestDescriptorTaken(t *testing.T) {
	text := map[string]string{"value": "Text"}
	for name, edit := range map[string]func(*testApp){
		"a module whose name is a word": func(a *testApp) {
			a.set("modules", map[string]any{"jiraJqlFunctions": []any{map[string]any{
				"key": "f", "name": "approved", "url": "/jql", "types": []string{"issue"}, "operators": []string{"in"}, "arguments": []any{}}}})
		},
		"a kind that nobody knows": func(a *testApp) { a.set("modules", map[string]any{"somethingNew": "x"}) },
		"an app without https":     func(a *testApp) { a.set("baseUrl", "http://app.internal:3000") },
		"a scope twice":            func(a *testApp) { a.set("scopes", []string{"READ", "read", "WRITE"}) },
		"a page without a slash": func(a *testApp) {
			a.set("modules", map[string]any{"generalPages": []any{map[string]any{"key": "p", "name": text, "url": "page"}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, a, _ := newHost(t, devhost.Config{})
			edit(a)
			document, err := json.Marshal(a.doc)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Adopt(document); err != nil {
				t.Fatal(err)
			}
			if name == "a page without a slash" {
				got, err := h.FrameURL(appKey, "p", "", devhost.Context{})
				if err != nil || !strings.HasPrefix(got, a.base()+"/page?") {
					t.Errorf("got %s, %v", got, err)
				}
			}
		})
	}
	h, a, _ := newHost(t, devhost.Config{})
	a.set("baseUrl", "http://app.internal:3000")
	a.set("regionBaseUrls", map[string]string{"EU": "http://eu.app.internal"})
	document, err := json.Marshal(a.doc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Adopt(document); err == nil || !strings.Contains(err.Error(), "regionBaseUrls.EU: must be https") {
		t.Errorf("a region without https: got %v", err)
	}
}

// A condition in a URL is true or false.
func TestConditionsInURLs(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	a.set("modules", map[string]any{"generalPages": []any{map[string]any{
		"key": "p", "name": map[string]string{"value": "P"}, "url": "/p?in={condition.user_is_logged_in}&admin={condition.user_is_admin}"}}})
	document, err := json.Marshal(a.doc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Adopt(document); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]string{"": "in=false&admin=false", "712020:bo": "in=true&admin=false", "712020:ada": "in=true&admin=true"} {
		got, err := h.FrameURL(appKey, "p", user, devhost.Context{})
		if err != nil || !strings.Contains(got, "/p?"+want+"&") {
			t.Errorf("%q: got %s, %v", user, got, err)
		}
	}
}

func TestDescriptorDoesNotLoad(t *testing.T) {
	h, _, _ := newHost(t, devhost.Config{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/other", http.StatusFound)
		case "/text":
			w.Write([]byte("<html>"))
		case "/trailing":
			w.Write([]byte(tinyDescriptor + "{}"))
		case "/long":
			w.Write([]byte(strings.Repeat(" ", 1<<20+1)))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	tests := []struct{ name, url, fault string }{
		{"missing", srv.URL + "/none", "status 404"},
		{"moved", srv.URL + "/moved", "status 302"},
		{"no JSON", srv.URL + "/text", "line 1, column 1: invalid character"},
		{"more than one value", srv.URL + "/trailing", "after top-level value"},
		{"too long", srv.URL + "/long", "longer than"},
		{"not an address", "atlassian-connect.json", "is not an http or https address"},
		{"a file", "file:///etc/passwd", "is not an http or https address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := h.Install(t.Context(), tt.url); err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got error %v, want one that says %q", err, tt.fault)
			}
		})
	}
}

func TestStart(t *testing.T) {
	h, err := devhost.New(devhost.Config{SigningKey: signingKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:80", "nonsense"} {
		if err := h.Start(addr); err == nil {
			t.Errorf("Start(%q): got no error", addr)
		}
	}
	if _, err := h.Install(t.Context(), "http://127.0.0.1:1/"); err == nil || !strings.Contains(err.Error(), "no URL yet") {
		t.Errorf("Install before Start: got %v", err)
	}
	if err := h.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if err := h.Start("127.0.0.1:0"); err == nil {
		t.Error("second Start: got no error")
	}
	for range 2 {
		if err := h.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := h.Start("127.0.0.1:0"); err == nil {
		t.Error("Start after Close: got no error")
	}
	for _, bad := range []string{"127.0.0.1", "http://x/path", "ftp://x", "http://"} {
		if _, err := devhost.New(devhost.Config{URL: bad}); err == nil {
			t.Errorf("URL %q: got no error", bad)
		}
	}
}

func TestAdopt(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{})
	inst, err := h.Adopt([]byte(strings.Replace(tinyDescriptor, `"name"`, `"baseUrl": "`+a.base()+`", "name"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(a.taken()) != 0 || inst.SharedSecret == "" || !inst.Enabled {
		t.Errorf("got %+v, and events", inst)
	}
	a.secrets[inst.ClientKey] = inst.SharedSecret
	readBody(t, a.call("GET", "/rest/api/3/myself", ""), 200)
	if _, err := h.Upgrade(t.Context(), appKey); err == nil {
		t.Error("Upgrade of an adopted app: got no error")
	}
}

func TestKeyServer(t *testing.T) {
	h, a, _ := installed(t)
	id, err := h.KeyID()
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *http.Response { return do(t, a.request("GET", path, "")) }
	if body := readBody(t, get("/keys/"+id), 200); !strings.HasPrefix(body, "-----BEGIN PUBLIC KEY-----\n") {
		t.Errorf("got %q", body)
	}
	for _, kid := range []string{"", "other", id + "x", id + "/x"} {
		readBody(t, get("/keys/"+kid), 404)
	}
	var keyCalls int
	for _, c := range h.Calls() {
		if strings.HasPrefix(c.Path, "/keys/") {
			keyCalls++
		}
	}
	if keyCalls != 6 { // five here, one at the install
		t.Errorf("got %d key requests on record, want 6", keyCalls)
	}
}
