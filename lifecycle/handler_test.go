package lifecycle_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/lifecycle"
)

// rotation is a good installed event for the tenant that checkRefused has,
// which a case spoils in one place.
func rotation() request {
	return event{kind: installed, second: 5, secret: "s2"}.request()
}

// spoiled returns that event with other members.
func spoiled(m members) request {
	return event{kind: installed, second: 5, secret: "s2", members: m}.request()
}

// withBody returns that event with another body.
func withBody(body string) request {
	r := rotation()
	r.body = body
	return r
}

// withToken returns that event with another token.
func withToken(token string) request {
	r := rotation()
	r.token = token
	return r
}

// tenantWithJournal is an app with one tenant of secret s1.
func tenantWithJournal(t *testing.T) (*app, *journal) {
	t.Helper()
	j := newJournal(t)
	a := newApp(t, setup{hooks: j.hooks()})
	a.must(event{kind: installed, second: 1, secret: "s1"})
	j.take()
	return a, j
}

// checkRefused sends a request and holds that it changed nothing and ran
// nothing.
func checkRefused(t *testing.T, a *app, j *journal, r request, status int) answer {
	t.Helper()
	before := a.snapshot()
	got := a.do(r)
	if got.status != status {
		t.Errorf("got %d, want %d\n%s", got.status, status, a.log)
	}
	if want := http.StatusText(status) + "\n"; got.body != want {
		t.Errorf("body\n got %q\nwant %q", got.body, want)
	}
	if after := a.snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("store\n got %v\nwant %v", after, before)
	}
	j.check()
	return got
}

// unauthorized are requests that are not proven to be the host's.
var unauthorized = []struct {
	name string
	make func() request
}{
	{"no token", func() request { return withToken("") }},
	{"no token for a tenant never seen", func() request {
		r := event{kind: installed, second: 5, secret: "s2", client: "new"}.request()
		r.token = ""
		return r
	}},
	{"the token of uninstalled", func() request {
		return withToken(event{kind: uninstalled, second: 5}.token())
	}},
	{"a token for another app", func() request {
		return withToken(signRS256(map[string]any{
			"iss": "acme", "iat": at(5).Unix(), "exp": at(100).Unix(), "aud": "https://other.example.com", "qsh": requestHash("/hooks/installed"),
		}))
	}},
	{"a context token", func() request {
		return withToken(signHS256(map[string]any{
			"iss": "acme", "iat": at(5).Unix(), "exp": at(100).Unix(), "qsh": "context-qsh",
		}, secret("s1")))
	}},
	{"another tenant's body", func() request { return spoiled(members{"clientKey": "other"}) }},
	{"another tenant's token", func() request {
		return withToken(event{kind: installed, second: 5, client: "other"}.token())
	}},
	{"a client key with a space behind", func() request { return spoiled(members{"clientKey": "acme "}) }},
	{"a client key in capitals", func() request { return spoiled(members{"clientKey": "ACME"}) }},
	{"no client key", func() request { return spoiled(members{"clientKey": nil}) }},
	{"an empty client key", func() request { return spoiled(members{"clientKey": ""}) }},
	{"a client key of 256 bytes", func() request {
		return event{kind: installed, second: 5, secret: "s2", client: strings.Repeat("k", 256)}.request()
	}},
	{"another app's key", func() request { return spoiled(members{"key": "com.example.other"}) }},
	{"no app key", func() request { return spoiled(members{"key": nil}) }},
	{"the app key in capitals", func() request { return spoiled(members{"key": strings.ToUpper(appKey)}) }},
	{"another event type", func() request { return spoiled(members{"eventType": "uninstalled"}) }},
	{"an unknown event type", func() request { return spoiled(members{"eventType": "Installed"}) }},
	{"no base URL", func() request { return spoiled(members{"baseUrl": nil}) }},
	{"an empty base URL", func() request { return spoiled(members{"baseUrl": ""}) }},
	{"no secret", func() request { return spoiled(members{"sharedSecret": nil}) }},
	{"an empty secret", func() request { return spoiled(members{"sharedSecret": ""}) }},
	{"a secret of 31 bytes", func() request { return spoiled(members{"sharedSecret": strings.Repeat("s", 31)}) }},
	{"a secret of 4097 bytes", func() request { return spoiled(members{"sharedSecret": strings.Repeat("s", 4097)}) }},
	{"an older event", func() request { return event{kind: installed, second: 0, secret: "s2"}.request() }},
}

// wrongSites are base URLs at which no tenant of production lives.
var wrongSites = []string{
	"http://acme.atlassian.net",
	"HTTP://acme.atlassian.net",
	"ftp://acme.atlassian.net",
	"//acme.atlassian.net",
	"acme.atlassian.net",
	"https:acme.atlassian.net",
	"https:///acme.atlassian.net",
	"https://atlassian.net",
	"https://.atlassian.net",
	"https://a.b.atlassian.net",
	"https://acmeatlassian.net",
	"https://acme.atlassian.net.example.com",
	"https://acme.atlassian.net.",
	"https://acme.atlassian.com",
	"https://acme.atlassian.network",
	"https://example.com/acme.atlassian.net",
	"https://example.com?x=.atlassian.net",
	"https://example.com#.atlassian.net",
	"https://example.com\\.atlassian.net",
	"https://example.com/\\acme.atlassian.net",
	"https://acme.atlassian.net@example.com",
	"https://acme.atlassian.net:pass@example.com",
	"https://user@acme.atlassian.net",
	"https://user:pass@acme.atlassian.net",
	"https://@acme.atlassian.net",
	"https://acme.atlassian.net:8443",
	"https://acme.atlassian.net:80",
	"https://acme.atlassian.net?x=1",
	"https://acme.atlassian.net?",
	"https://acme.atlassian.net#x",
	"https://acme.atlassian.net#",
	"https://acme.atlassian.net:",
	"https://acme.atlassian.net:0443",
	"https://a;sandbox;b.atlassian.net",
	"https://a\"b.atlassian.net",
	"https://a,b.atlassian.net",
	"https://*.atlassian.net",
	"https://a\u3002b.atlassian.net",
	"https://acme.atlassian.net/a b",
	"https://acme.atlassian.net//",
	"https://acme.atlassian.net//wiki",
	"https://acme.atlassian.net/wiki//",
	"https://acme.atlassian.net/..",
	"https://acme.atlassian.net/wiki/../x",
	"https://acme.atlassian.net/./wiki",
	"https://acme.atlassian.net/%2e%2e/x",
	"https://acme.atlassian.net/a%2fb",
	"https://acme.atlassian.net/a\\b",
	"https://acme.jira-dev.com",
	"https://127.0.0.1",
	"http://127.0.0.1:8080",
	"https://localhost",
	"https://[::1]",
	" https://acme.atlassian.net",
	"https://acme.atlassian.net ",
	"https://acme.atlassian.net\n",
	"https://acme.atlassian.net\x00",
	"https://acme .atlassian.net",
	"javascript:alert(1)//.atlassian.net",
}

// TestUnauthorized holds that whoever is refused sees the same bytes, whatever
// the reason.
func TestUnauthorized(t *testing.T) {
	a, j := tenantWithJournal(t)
	want := a.do(withToken("")).text()
	check := func(t *testing.T, r request) {
		t.Helper()
		if got := checkRefused(t, a, j, r, http.StatusUnauthorized).text(); got != want {
			t.Errorf("answer\n got %q\nwant %q", got, want)
		}
	}
	for _, tt := range unauthorized {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.make()) })
	}
	token := rotation().token
	for _, site := range wrongSites {
		t.Run("base URL "+site, func(t *testing.T) {
			check(t, withBody(event{kind: installed, second: 5, secret: "s2", members: members{"baseUrl": site}}.body()))
		})
	}
	for _, kind := range []lifecycle.Event{uninstalled, enabled, disabled} {
		t.Run(string(kind)+" from elsewhere", func(t *testing.T) {
			check(t, event{kind: kind, second: 5, secret: "s1", members: members{"baseUrl": "https://example.com"}}.request())
			check(t, event{kind: kind, second: 5, secret: "s1", members: members{"eventType": "installed"}}.request())
			check(t, event{kind: kind, second: 5, secret: "s1", members: members{"key": "other"}}.request())
			check(t, event{kind: kind, second: 5, secret: "s1", members: members{"clientKey": "other"}}.request())
		})
	}
	r := rotation()
	r.token = token
	if got := a.do(r).status; got != http.StatusNoContent {
		t.Errorf("what they were made from: got %d, want 204", got)
	}
	for _, code := range []string{"no_token", "mismatch", "stale", "algorithm", "audience", "qsh"} {
		if !strings.Contains(a.log.String(), code) {
			t.Errorf("the log never says %s:\n%s", code, a.log)
		}
	}
}

// TestAccepted holds the other side of the limits.
func TestAccepted(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func() request
	}{
		{"as the host sends it", rotation},
		{"no event type", func() request { return spoiled(members{"eventType": nil}) }},
		{"an empty event type", func() request { return spoiled(members{"eventType": ""}) }},
		{"a secret of 32 bytes", func() request { return spoiled(members{"sharedSecret": strings.Repeat("s", 32)}) }},
		{"a secret of 4096 bytes", func() request { return spoiled(members{"sharedSecret": strings.Repeat("s", 4096)}) }},
		{"a client key of 255 bytes", func() request {
			return event{kind: installed, second: 5, secret: "s2", client: strings.Repeat("k", 255)}.request()
		}},
		{"a slash behind the base URL", func() request { return spoiled(members{"baseUrl": siteURL + "/"}) }},
		{"a base URL with a path", func() request { return spoiled(members{"baseUrl": siteURL + "/wiki"}) }},
		{"the other domain", func() request { return spoiled(members{"baseUrl": "https://acme.jira.com"}) }},
		{"a null member", func() request {
			return withBody(strings.Replace(rotation().body, "{", `{"displayUrl":null,`, 1))
		}},
		{"a signed query parameter", func() request {
			r := rotation()
			r.query = "?user_key=admin"
			r.token = signRS256(map[string]any{
				"iss": "acme", "iat": at(5).Unix(), "exp": at(100).Unix(), "aud": []string{appURL + "/"},
				"qsh": hashOf("POST&/hooks/installed&user_key=admin"),
			})
			return r
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, setup{})
			got := a.do(tt.make())
			if got.status != http.StatusNoContent || got.body != "" {
				t.Errorf("got %d %q, want 204 and nothing\n%s", got.status, got.body, a.log)
			}
			if n := len(a.snapshot()); n != 1 {
				t.Errorf("got %d tenants, want 1", n)
			}
		})
	}
}

// TestMalformed holds that a body is read strictly or not at all.
func TestMalformed(t *testing.T) {
	good := event{kind: installed, second: 5, secret: "s2"}.body()
	with := func(members string) string { return strings.Replace(good, "{", "{"+members+",", 1) }
	a, j := tenantWithJournal(t)
	for name, body := range map[string]string{
		"nothing":                             "",
		"white space":                         " \n",
		"null":                                "null",
		"a list":                              "[" + good + "]",
		"a string":                            `"installed"`,
		"broken off":                          good[:len(good)-1],
		"two objects":                         good + good,
		"text behind":                         good + "x",
		"a comma behind":                      strings.TrimSuffix(good, "}") + ",}",
		"a comment":                           with("/**/"),
		"single quotes":                       strings.ReplaceAll(good, `"`, "'"),
		"a byte order mark":                   "\ufeff" + good,
		"UTF-16":                              "\xff\xfe{\x00}\x00",
		"a form":                              "clientKey=acme",
		"a repeated client key":               with(`"clientKey":"acme"`),
		"a repeated client key, escaped":      with(`"client\u004bey":"acme"`),
		"a repeated unknown name":             with(`"x":1,"x":1`),
		"a repeated name below":               with(`"x":{"a":1,"a":1}`),
		"a repeated name in a list":           with(`"x":[{"a":1,"a":1}]`),
		"clientkey":                           with(`"clientkey":"acme"`),
		"CLIENTKEY":                           with(`"CLIENTKEY":"acme"`),
		"SharedSecret":                        with(`"SharedSecret":"x"`),
		"\u017fharedSecret, with a long s":    with(`"` + "\u017f" + `haredSecret":"x"`),
		"client\u212aey, with the kelvin":     with(`"client\u212aey":"acme"`),
		"Key":                                 with(`"Key":"x"`),
		"BaseUrl instead of baseUrl":          strings.Replace(good, "baseUrl", "BaseUrl", 1),
		"bad UTF-8 in a value":                with("\"x\":\"\xff\""),
		"bad UTF-8 in a name":                 with("\"\xc3\x28\":1"),
		"half a surrogate":                    with(`"description":"\ud800"`),
		"a surrogate encoded":                 with("\"description\":\"\xed\xa0\x80\""),
		"a control character":                 with("\"description\":\"\x01\""),
		"a number for a string":               with(`"description":1`),
		"an object for a string":              with(`"description":{}`),
		"a list for a string":                 with(`"displayUrl":[]`),
		"a boolean for a string":              with(`"cloudId":true`),
		"a list of client keys":               strings.Replace(good, `"acme"`, `["acme"]`, 1),
		"a number that is none":               with(`"x":01`),
		"a name without quotes":               with(`x:1`),
		"very deep":                           with(`"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000)),
		"not a number":                        with(`"x":NaN`),
		"the secret twice, the second folded": with(`"sharedsecret":"` + secret("s3") + `"`),
	} {
		t.Run(name, func(t *testing.T) {
			checkRefused(t, a, j, withBody(body), http.StatusBadRequest)
		})
	}
	a.must(event{kind: installed, second: 5, secret: "s2"})
}

func TestMediaType(t *testing.T) {
	for contentType, want := range map[string]int{
		"application/json":                                204,
		"application/json; charset=utf-8":                 204,
		"application/json;charset=UTF-8":                  204,
		"Application/JSON":                                204,
		"application/json; x=y":                           204,
		"":                                                415,
		"text/plain":                                      415,
		"text/json":                                       415,
		"application/jsonp":                               415,
		"application/vnd.api+json":                        415,
		"application/x-www-form-urlencoded":               415,
		"multipart/form-data; boundary=x":                 415,
		"application/json; charset=utf-16":                415,
		"application/json; charset=latin1":                415,
		"application/json; charset=":                      415,
		"application/json; charset=utf-8; charset=utf-16": 415,
		"application/json, text/plain":                    415,
		"json":                                            415,
		"*/*":                                             415,
	} {
		t.Run(contentType, func(t *testing.T) {
			a, j := tenantWithJournal(t)
			r := rotation()
			r.contentType = contentType
			if want == http.StatusUnsupportedMediaType {
				checkRefused(t, a, j, r, want)
			} else if got := a.do(r).status; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

func TestMethod(t *testing.T) {
	a, _ := tenantWithJournal(t)
	before := a.snapshot()
	for _, kind := range []lifecycle.Event{installed, uninstalled, enabled, disabled} {
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "PURGE"} {
			r := event{kind: kind, second: 5, secret: "s1"}.request()
			r.method = method
			got := a.do(r)
			if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
				t.Errorf("%s %s: got %d, Allow %q, want 405, POST", method, kind, got.status, got.header.Get("Allow"))
			}
		}
	}
	if after := a.snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("store\n got %v\nwant %v", after, before)
	}
}

func TestBodyLimit(t *testing.T) {
	const limit = 64 << 10
	for _, kind := range []lifecycle.Event{installed, uninstalled, enabled, disabled} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %v", kind, chunked), func(t *testing.T) {
				a, j := tenantWithJournal(t)
				e := event{kind: kind, second: 5, secret: "s1", members: members{"description": ""}}
				e.members["description"] = strings.Repeat("d", limit-len(e.body()))
				r := e.request()
				r.chunked = chunked
				r.body += " "
				checkRefused(t, a, j, r, http.StatusRequestEntityTooLarge)
				r.body = r.body[:limit]
				if got := a.do(r).status; got != http.StatusNoContent {
					t.Errorf("a body of %d bytes: got %d, want 204", len(r.body), got)
				}
			})
		}
	}
}

// TestSecondReader holds that a member the token's tenant did not mean never
// stands in the record's Extra under the name of a known one.
func TestSecondReader(t *testing.T) {
	a := newApp(t, setup{})
	a.must(event{kind: installed, second: 1, secret: "s1", members: members{"x": 1, "Unknown": map[string]any{"key": "y"}, "user": "u"}})
	want := map[string]string{"x": "1", "Unknown": `{"key":"y"}`}
	got := map[string]string{}
	for name, value := range a.stored("acme").Extra {
		got[name] = string(value)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("extra members: got %v, want %v", got, want)
	}
}

// TestDisabledAfterUninstall is about the notification that the host sends
// together with uninstalled.
func TestDisabledAfterUninstall(t *testing.T) {
	without := func(r request) request { r.token = ""; return r }
	garbled := func(r request) request { r.token = r.token[:len(r.token)-4] + "AAAA"; return r }
	for _, tt := range []struct {
		name  string
		event event
		edit  func(request) request
		want  int
	}{
		{"without a token", event{kind: disabled, client: "gone"}, without, 204},
		{"with a token that nothing verifies any more", event{kind: disabled, second: 5, client: "gone"}, garbled, 204},
		{"without a token, without a base URL", event{kind: disabled, client: "gone", members: members{"baseUrl": nil}}, without, 204},
		{"without a token, before the uninstall", event{kind: disabled}, without, 401},
		{"without a token, of a tenant never seen", event{kind: disabled, client: "nobody"}, without, 401},
		{"without a token, of nobody", event{kind: disabled, members: members{"clientKey": nil}}, without, 401},
		{"without a token, for another app", event{kind: disabled, client: "gone", members: members{"key": "other"}}, without, 401},
		{"without a token, of another event", event{kind: disabled, client: "gone", members: members{"eventType": "enabled"}}, without, 401},
		{"without a token, from elsewhere", event{kind: disabled, client: "gone", members: members{"baseUrl": "https://example.com"}}, without, 401},
		{"with a token of another tenant that is gone", event{kind: disabled, second: 5, client: "gone", members: members{"clientKey": "gone2"}}, garbled, 401},
		{"with a token of a tenant that is gone, for a live one", event{kind: disabled, second: 5, client: "gone", members: members{"clientKey": "acme"}}, garbled, 401},
		{"with a bad token of a live tenant, for one that is gone", event{kind: disabled, second: 5, members: members{"clientKey": "gone"}}, garbled, 401},
		{"with an expired token", event{kind: disabled, second: -1000, client: "gone"}, garbled, 401},
		{"enabled without a token", event{kind: enabled, client: "gone"}, without, 401},
		{"uninstalled without a token", event{kind: uninstalled, client: "gone"}, without, 401},
		{"installed without a token", event{kind: installed, client: "gone", secret: "s3"}, without, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJournal(t)
			a := newApp(t, setup{hooks: j.hooks()})
			a.must(
				event{kind: installed, second: 1, secret: "s1"},
				event{kind: installed, second: 1, secret: "s2", client: "gone"}, event{kind: uninstalled, second: 2, client: "gone"},
				event{kind: uninstalled, second: 2, client: "gone2"},
			)
			j.take()
			before := a.snapshot()
			if got := a.do(tt.edit(tt.event.request())).status; got != tt.want {
				t.Errorf("got %d, want %d\n%s", got, tt.want, a.log)
			}
			if after := a.snapshot(); !reflect.DeepEqual(before, after) {
				t.Errorf("store\n got %v\nwant %v", after, before)
			}
			j.check()
		})
	}
}

// TestDevelopment holds that the developer is told the reason and no secret.
func TestDevelopment(t *testing.T) {
	a := newApp(t, setup{development: true})
	for _, tt := range []struct {
		name, want string
		request    request
	}{
		{"client key", "clientKey", spoiled(members{"clientKey": "other"})},
		{"secret", "31 bytes", spoiled(members{"sharedSecret": secret("s1")[:31]})},
		{"body", "the body is", withBody(`{"sharedSecret":"` + secret("s1") + `"`)},
		{"token", "no_token", withToken("")},
		{"a token as a client key", "mismatch", spoiled(members{"clientKey": rotation().token})},
	} {
		if got := a.do(tt.request); !strings.Contains(got.body, tt.want) {
			t.Errorf("%s: got %q, want it to say %q", tt.name, got.body, tt.want)
		}
	}
}

func TestKeyServerDown(t *testing.T) {
	a, j := tenantWithJournal(t)
	down := newApp(t, setup{store: a.store, hooks: j.hooks()})
	down.keys.down.Store(true)
	checkRefused(t, down, j, rotation(), http.StatusServiceUnavailable)
	checkRefused(t, down, j, event{kind: uninstalled, second: 5}.request(), http.StatusServiceUnavailable)
	down.keys.down.Store(false)
	down.must(event{kind: installed, second: 5, secret: "s2"})
}

func TestHandlerOfNothing(t *testing.T) {
	a := newApp(t, setup{})
	defer func() {
		if recover() == nil {
			t.Error("a handler for an event that does not exist")
		}
	}()
	a.lifecycle.Handler("upgraded")
}
