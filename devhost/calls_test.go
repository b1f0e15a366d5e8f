package devhost_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const myselfPath = "/rest/api/3/myself"

// appClaims are those of a good call to GET path.
func (a *testApp) appClaims(path string) map[string]any {
	now := a.host.Now().Unix()
	return map[string]any{"iss": appKey, "iat": now, "exp": now + 180, "qsh": hashOf("GET", path, nil)}
}

func rawToken(header, claims, secret string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return text + "." + jwtSignature(text, secret)
}

// Every fault of a token the app makes is refused with 401 and a reason, and the
// same token without the fault passes.
func TestAppTokenRefused(t *testing.T) {
	h, a, ck := installed(t)
	now := ck.Now().Unix()
	good := fmt.Sprintf(`{"iss":"tiny.app","iat":%d,"exp":%d,"qsh":"%s"}`, now, now+180, hashOf("GET", myselfPath, nil))
	const header = `{"typ":"JWT","alg":"HS256"}`
	claim := func(name string, value any) func() string {
		return func() string {
			c := a.appClaims(myselfPath)
			c[name] = value
			if value == nil {
				delete(c, name)
			}
			return jwt(a.secret(), c)
		}
	}
	raw := func(header, claims string) func() string {
		return func() string { return rawToken(header, claims, a.secret()) }
	}
	tests := []struct {
		name   string
		token  func() string
		reason string // empty: accepted
	}{
		{"good", raw(header, good), ""},
		{"good without typ", raw(`{"alg":"HS256"}`, good), ""},
		{"within the leeway", claim("iat", now+29), ""},
		{"life of an hour", claim("exp", now+3600), ""},
		{"audience of any kind", claim("aud", []string{"x"}), ""},
		{"no iss", claim("iss", nil), "no iss"},
		{"iss is the client key", func() string {
			inst, _ := h.Installation(appKey)
			return claim("iss", inst.ClientKey)()
		}, "not the key of an installed app"},
		{"iss of another app", claim("iss", "other"), "not the key of an installed app"},
		{"iss is no text", claim("iss", 7), "iss is not a text"},
		{"no exp", claim("exp", nil), "no exp"},
		{"no iat", claim("iat", nil), "no iat"},
		{"exp is text", claim("exp", "tomorrow"), "exp is not a time"},
		{"exp is null", raw(header, strings.Replace(good, fmt.Sprint(now+180), "null", 1)), "exp is not a time"},
		{"exp beyond all years", claim("exp", 1e18), "exp is not a time"},
		{"expired", func() string {
			c := a.appClaims(myselfPath)
			c["iat"], c["exp"] = now-300, now-31
			return jwt(a.secret(), c)
		}, "expired"},
		{"iat ahead", claim("iat", now+31), "ahead of the host's clock"},
		{"exp before iat", claim("exp", now-1), "not after its iat"},
		{"life of more than an hour", claim("exp", now+3601), "at most"},
		{"not valid yet", claim("nbf", now+60), "not valid before"},
		{"no qsh", claim("qsh", nil), "no qsh"},
		{"context qsh", claim("qsh", "context-qsh"), "context token"},
		{"qsh of another path", claim("qsh", hashOf("GET", "/rest/api/3/serverInfo", nil)), "token qsh is"},
		{"qsh of another method", claim("qsh", hashOf("POST", myselfPath, nil)), "token qsh is"},
		{"qsh in upper case", claim("qsh", strings.ToUpper(hashOf("GET", myselfPath, nil))), "token qsh is"},
		{"another secret", func() string { return rawToken(header, good, strings.Repeat("s", 40)) }, "does not match the shared secret"},
		{"empty secret", func() string { return rawToken(header, good, "") }, "does not match the shared secret"},
		{"alg none", func() string {
			t := rawToken(`{"alg":"none"}`, good, a.secret())
			return t[:strings.LastIndex(t, ".")+1]
		}, `alg is "none"`},
		{"alg HS512", raw(`{"alg":"HS512"}`, good), `alg is "HS512"`},
		{"alg in lower case", raw(`{"alg":"hs256"}`, good), `alg is "hs256"`},
		{"no alg", raw(`{"typ":"JWT"}`, good), "no alg"},
		{"crit", raw(`{"alg":"HS256","crit":["b64"]}`, good), "crit"},
		{"alg twice", raw(`{"alg":"HS256","alg":"HS256"}`, good), `"alg" is repeated`},
		{"iss twice", raw(header, strings.Replace(good, "{", `{"iss":"tiny.app",`, 1)), `"iss" is repeated`},
		{"claims are a list", raw(header, "["+good+"]"), "not a JSON object"},
		{"text after the claims", raw(header, good+"{}"), "text after"},
		{"two segments", func() string { s := rawToken(header, good, a.secret()); return s[:strings.LastIndex(s, ".")] }, "2 segments"},
		{"four segments", func() string { return rawToken(header, good, a.secret()) + ".x" }, "4 segments"},
		{"padding", func() string { return rawToken(header, good, a.secret()) + "=" }, "not base64url"},
		{"white space", func() string {
			s := rawToken(header, good, a.secret())
			return s[:len(s)-1] + " " + s[len(s)-1:]
		}, "not base64url"},
		{"too long", func() string { return strings.Repeat("a", 16<<10+1) }, "longer than"},
		{"empty", func() string { return "" }, "segments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := a.request("GET", myselfPath, "")
			r.Header["Authorization"] = []string{"JWT " + tt.token()}
			status := do(t, r).StatusCode
			reason := lastRefusal(h)
			if tt.reason == "" {
				if status != http.StatusOK {
					t.Errorf("got status %d: %s", status, reason)
				}
				return
			}
			if status != http.StatusUnauthorized {
				t.Errorf("got status %d, want 401", status)
			}
			if !strings.Contains(reason, tt.reason) {
				t.Errorf("got reason %q, want %q", reason, tt.reason)
			}
		})
	}
}

func TestCredentialPlaces(t *testing.T) {
	h, a, _ := installed(t)
	token := jwt(a.secret(), a.appClaims(myselfPath))
	tests := []struct {
		name    string
		query   string
		headers []string
		status  int
		reason  string
	}{
		{"in the query", "?jwt=" + token, nil, 200, ""},
		{"in the header", "", []string{"JWT " + token}, 200, ""},
		{"none", "", nil, 401, "no credentials"},
		{"both", "?jwt=" + token, []string{"JWT " + token}, 401, "more than one credential"},
		{"twice in the query", "?jwt=" + token + "&jwt=" + token, nil, 401, "more than one credential"},
		{"two headers", "", []string{"JWT " + token, "JWT " + token}, 401, "more than one credential"},
		{"as Bearer", "", []string{"Bearer " + token}, 403, "access token is unknown"},
		{"scheme in lower case", "", []string{"jwt " + token}, 401, "authorization scheme"},
		{"Basic", "", []string{"Basic YTpi"}, 401, "API token is unknown"},
		{"another scheme", "", []string{"Digest x"}, 401, "authorization scheme"},
		{"broken query", "?a=%zz", []string{"JWT " + token}, 401, "query does not parse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := a.request("GET", myselfPath+tt.query, "")
			if tt.headers != nil {
				r.Header["Authorization"] = tt.headers
			}
			if got := do(t, r).StatusCode; got != tt.status {
				t.Errorf("got status %d, want %d", got, tt.status)
			}
			if got := lastRefusal(h); !strings.Contains(got, tt.reason) || (tt.reason == "") != (got == "") {
				t.Errorf("got reason %q, want %q", got, tt.reason)
			}
			for _, c := range h.Calls() {
				if strings.Contains(c.Query, token) {
					t.Error("the record's query holds the token")
				}
			}
		})
	}
}

func TestDisabledAndUninstalledApps(t *testing.T) {
	h, a, _ := installed(t)
	asBo := a.asUser("712020:bo", "")
	readBody(t, asBo("GET", myselfPath, ""), 200)
	if err := h.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	readBody(t, a.call("GET", myselfPath, ""), 401)
	readBody(t, asBo("GET", myselfPath, ""), 401)
	if body := readBody(t, a.call("GET", "/rest/atlassian-connect/1/addons/tiny.app", ""), 200); !strings.Contains(body, `"state":"DISABLED"`) {
		t.Errorf("got %s", body)
	}
	if err := h.Enable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	readBody(t, a.call("GET", myselfPath, ""), 200)
	secret := a.secret()
	if err := h.Uninstall(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	if got := a.callWith(secret); got != 401 {
		t.Errorf("after uninstall: got status %d, want 401", got)
	}
}

// Scopes limit the app, in its own name and in a user's; each implies those
// below it in the chain.
func TestScopes(t *testing.T) {
	comment := `{"body":{"version":1,"type":"doc","content":[{"type":"paragraph"}]}}`
	requests := map[string][3]string{
		"read":   {"GET", "/rest/api/3/issue/DEMO-1", ""},
		"write":  {"POST", "/rest/api/3/issue/DEMO-1/comment", comment},
		"delete": {"DELETE", "/rest/api/3/issue/DEMO-2", ""},
	}
	tests := []struct {
		scopes  []string
		allowed string
	}{
		{[]string{}, ""},
		{[]string{"READ"}, "read"},
		{[]string{"write"}, "read write"},
		{[]string{"DELETE"}, "read write delete"},
		{[]string{"PROJECT_ADMIN"}, "read write delete"},
		{[]string{"ADMIN"}, "read write delete"},
		{[]string{"ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"}, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.scopes, " "), func(t *testing.T) {
			h, a, _ := newHost(t, devhost.Config{})
			a.set("scopes", tt.scopes)
			a.set("modules", map[string]any{})
			if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
				t.Fatal(err)
			}
			for name, q := range requests {
				resp := a.call(q[0], q[1], q[2])
				allowed := strings.Contains(tt.allowed, name)
				if allowed != (resp.StatusCode < 300) || !allowed && resp.StatusCode != 403 {
					t.Errorf("%s: got status %d, allowed is %v", name, resp.StatusCode, allowed)
				}
				if b, _ := io.ReadAll(resp.Body); !allowed && !strings.Contains(string(b), "Request not in an authorized API scope") {
					t.Errorf("%s: got %s", name, b)
				}
				if !allowed && !strings.Contains(lastRefusal(h), "is missing") {
					t.Errorf("%s: got reason %q", name, lastRefusal(h))
				}
			}
		})
	}
}

// A call in a user's name is limited by the token's scopes, the app's scopes and
// the user's permissions.
func TestImpersonatedCalls(t *testing.T) {
	h, a, _ := installed(t)
	lacking, err := h.AddUser(devhost.User{DisplayName: "Sees nothing", Permissions: []devhost.Permission{}})
	if err != nil {
		t.Fatal(err)
	}
	comment := `{"body":{"version":1,"type":"doc","content":[{"type":"paragraph"}]}}`
	tests := []struct {
		name, user, scope string
		method, path      string
		body              string
		status            int
	}{
		{"user reads", "712020:bo", "", "GET", "/rest/api/3/issue/DEMO-1", "", 200},
		{"user comments", "712020:bo", "READ WRITE", "POST", "/rest/api/3/issue/DEMO-1/comment", comment, 201},
		{"WRITE implies READ", "712020:bo", "WRITE", "GET", "/rest/api/3/issue/DEMO-1", "", 200},
		{"token for reading only", "712020:bo", "READ", "POST", "/rest/api/3/issue/DEMO-1/comment", comment, 403},
		{"user who only looks", "712020:dara", "", "POST", "/rest/api/3/issue/DEMO-1/comment", comment, 403},
		{"user who only looks, edits", "712020:dara", "", "PUT", "/rest/api/3/issue/DEMO-1", `{"fields":{"summary":"x"}}`, 403},
		{"user who only looks, creates", "712020:dara", "", "POST", "/rest/api/3/issue", `{"fields":{}}`, 403},
		{"administrator deletes, the app may not", "712020:ada", "", "DELETE", "/rest/api/3/issue/DEMO-1", "", 403},
		{"user who sees nothing", lacking.AccountID, "", "GET", "/rest/api/3/issue/DEMO-1", "", 404},
		{"app properties are the app's alone", "712020:ada", "", "GET", "/rest/atlassian-connect/1/addons/tiny.app/properties", "", 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp := a.asUser(tt.user, tt.scope)(tt.method, tt.path, tt.body)
			readBody(t, resp, tt.status)
			calls := h.Calls()
			last := calls[len(calls)-1]
			if last.Kind != "user" || last.App != appKey || last.AccountID != tt.user || last.Status != tt.status {
				t.Errorf("got record %+v", last)
			}
		})
	}
}

func TestAccessTokenEnds(t *testing.T) {
	h, a, ck := installed(t)
	asBo := a.asUser("712020:bo", "")
	ck.advance(899 * time.Second)
	readBody(t, asBo("GET", myselfPath, ""), 200)
	ck.advance(time.Second)
	readBody(t, asBo("GET", myselfPath, ""), 401)
	asBo = a.asUser("712020:bo", "")
	h.RevokeTokens(appKey)
	readBody(t, asBo("GET", myselfPath, ""), 401)
	asBo = a.asUser("712020:bo", "")
	if _, err := h.AddUser(devhost.User{AccountID: "712020:bo", DisplayName: "Bo", Inactive: true}); err != nil {
		t.Fatal(err)
	}
	readBody(t, asBo("GET", myselfPath, ""), 401)
}

// What Atlassian's edge refuses is refused before credentials are looked at.
func TestOrderly(t *testing.T) {
	h, a, _ := installed(t)
	for _, path := range []string{
		"/rest//api/3/myself", "//rest/api/3/myself", "/rest/./api/3/myself", "/rest/api/../api/3/myself",
		"/rest/api/3/myself;a=b", "/rest/api/3/%2e%2e/3/myself", "/rest/api%2f3/myself", "/x/..;/rest/api/3/myself",
		"/rest/api/3/issue/a%5cb",
	} {
		r := a.request("GET", "/", "")
		r.URL.Opaque = "//" + r.URL.Host + path
		readBody(t, do(t, r), 400)
		if got := lastRefusal(h); got != "path is not in normal form" {
			t.Errorf("%s: got reason %q", path, got)
		}
	}
	readBody(t, a.call("GET", myselfPath, "{}"), 403)
	if got := lastRefusal(h); got != "GET with a body" {
		t.Errorf("got reason %q", got)
	}
	r := a.request("GET", myselfPath, "")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("chunked")), -1
	readBody(t, do(t, r), 403)
	readBody(t, a.call("PUT", "/rest/api/3/issue/DEMO-1", strings.Repeat(" ", 1<<20+1)), 413)
	readBody(t, a.call("GET", "/rest/api/3/unknown", ""), 404)
	readBody(t, a.call("GET", "/rest/api/3/search?jql=x", ""), 410)
	readBody(t, a.call("POST", "/rest/api/3/search", "{}"), 410)
}

// A name that was rebound to a loopback address does not reach the host.
func TestForeignHostName(t *testing.T) {
	h, a, _ := installed(t)
	port := h.URL()[strings.LastIndex(h.URL(), ":"):]
	for name, want := range map[string]int{
		"127.0.0.1" + port: 200, "localhost" + port: 200, "[::1]" + port: 200, "127.9.9.9": 200,
		"evil.example" + port: 421, "127.0.0.1.evil.example": 421, "localhost.evil.example" + port: 421, "192.168.0.1" + port: 421,
	} {
		r := a.request("GET", "/", "")
		r.Host = name
		if got := do(t, r).StatusCode; got != want {
			t.Errorf("Host %s: got status %d, want %d", name, got, want)
		}
	}
}

func TestMiddleware(t *testing.T) {
	h, a, _ := newHost(t, devhost.Config{Middleware: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/serverInfo") {
				w.Header().Set("Retry-After", "7")
				http.Error(w, "slow down", http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	h.Forget()
	readBody(t, a.call("GET", "/rest/api/3/serverInfo", ""), 429)
	readBody(t, a.call("GET", myselfPath, ""), 200)
	calls := h.Calls()
	if len(calls) != 2 || calls[0].Status != 429 || calls[1].Status != 200 || calls[1].App != appKey || calls[1].Kind != "app" {
		t.Errorf("got record %+v", calls)
	}
}
