package connecttest_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	appKey = "tiny"
	bo     = "712020:bo"
)

// start runs a host on a clock and an app that takes everything it is sent.
func start(t *testing.T) (*connecttest.Host, *connecttest.Clock) {
	t.Helper()
	clock := connecttest.NewClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	h := connecttest.NewHostConfig(t, devhost.Config{Clock: clock.Now})
	var app *httptest.Server
	app = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app/d.json" {
			json.NewEncoder(w).Encode(map[string]any{
				"key": appKey, "name": "Tiny", "baseUrl": app.URL + "/app", "authentication": map[string]string{"type": "jwt"},
				"lifecycle": map[string]string{"installed": "/installed", "uninstalled": "/uninstalled"},
				"scopes":    []string{"WRITE", "ACT_AS_USER"},
				"modules":   map[string]any{"generalPages": []any{map[string]any{"key": "page", "name": map[string]string{"value": "Page"}, "url": "/page?i={issue.key}"}}},
			})
		}
	}))
	t.Cleanup(app.Close)
	if _, err := h.Install(t.Context(), app.URL+"/app/d.json"); err != nil {
		t.Fatal(err)
	}
	return h, clock
}

func send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

type claims struct {
	Iss, Sub, QSH string
	Aud           any
	Iat, Exp      int64
}

// open checks the signature of a token and returns what it says.
func open(t *testing.T, h *connecttest.Host, token string) (header map[string]string, c claims) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("got token %q", token)
	}
	for i, v := range []any{&header, &c} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, v); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(parts[0] + "." + parts[1])
	if header["alg"] == "RS256" {
		sum := sha256.Sum256(text)
		if err := rsa.VerifyPKCS1v15(&h.Key.PublicKey, crypto.SHA256, sum[:], sig); err != nil {
			t.Error(err)
		}
		return header, c
	}
	m := hmac.New(sha256.New, []byte(h.Secret(appKey)))
	m.Write(text)
	if !hmac.Equal(m.Sum(nil), sig) {
		t.Error("token is not signed with the shared secret")
	}
	return header, c
}

func hash(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(sum[:])
}

func TestRequests(t *testing.T) {
	h, clock := start(t)
	base := h.App(appKey).AppBaseURL
	inHeader := func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "JWT ") }
	inQuery := func(r *http.Request) string { return r.URL.Query().Get("jwt") }
	tests := []struct {
		name    string
		request *http.Request
		token   func(*http.Request) string
		method  string
		path    string
		want    claims
		body    string
	}{
		{"page", h.PageRequest(appKey, "page", bo, devhost.Context{Issue: "DEMO-1"}), inQuery, "GET", "/page",
			claims{Sub: bo, QSH: "GET&/page&cp=&cv=1.1.0-devhost&i=DEMO-1&lic=active&xdm_c=channel-tiny__page&xdm_deprecated_addon_key_do_not_use=tiny&xdm_e=" + strings.ReplaceAll(url.QueryEscape(h.URL()), "+", "%20")}, ""},
		{"query", h.QueryRequest(appKey, "/x?b=2&a=1", bo), inQuery, "GET", "/x", claims{Sub: bo, QSH: "GET&/x&a=1&b=2"}, ""},
		{"server to server", h.HostRequest(appKey, "POST", "/hook?a=1", "", []byte("{}")), inHeader, "POST", "/hook", claims{QSH: "POST&/hook&a=1"}, "{}"},
		{"context", h.ContextRequest(appKey, "PUT", "/api", bo, devhost.Context{}, []byte("1")), inHeader, "PUT", "/api", claims{Sub: bo, QSH: "context-qsh"}, "1"},
		{"enabled", h.EventRequest(h.Event(appKey, "enabled", "/enabled")), inHeader, "POST", "/enabled", claims{QSH: "POST&/enabled&"}, `"eventType":"enabled"`},
		{"installed", h.EventRequest(h.Event(appKey, "installed", "/installed")), inHeader, "POST", "/installed", claims{QSH: "POST&/installed&", Aud: base}, `"sharedSecret":"` + h.Secret(appKey)},
		{"uninstalled", h.EventRequest(h.Event(appKey, "uninstalled", "/uninstalled")), inHeader, "POST", "/uninstalled", claims{QSH: "POST&/uninstalled&", Aud: base}, `"eventType":"uninstalled"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.request.URL.Path; got != "/app"+tt.path || tt.request.Method != tt.method || !strings.HasPrefix(tt.request.URL.String(), base) {
				t.Errorf("got %s %s", tt.request.Method, tt.request.URL)
			}
			header, c := open(t, h, tt.token(tt.request))
			qsh := tt.want.QSH
			if qsh != "context-qsh" {
				qsh = hash(qsh)
			}
			if c.QSH != qsh || c.Iss != h.ClientKey(appKey) || c.Sub != tt.want.Sub || c.Aud != tt.want.Aud || c.Exp-c.Iat != 180 {
				t.Errorf("got claims %+v", c)
			}
			if c.Iat < clock.Now().Unix() {
				t.Errorf("got iat %d", c.Iat)
			}
			if signed := tt.want.Aud != nil; signed != (header["alg"] == "RS256") || signed != (header["kid"] == h.KeyID) {
				t.Errorf("got header %v", header)
			}
			if tt.body == "" {
				return
			}
			b, err := io.ReadAll(tt.request.Body)
			if err != nil || !strings.Contains(string(b), tt.body) {
				t.Errorf("got body %s, %v", b, err)
			}
		})
	}
}

// Events made by hand come after those the host has sent.
func TestEventOrder(t *testing.T) {
	h, _ := start(t)
	_, first := open(t, h, h.Event(appKey, "installed", "/installed").Token.String())
	if _, err := h.Rotate(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	_, second := open(t, h, h.Event(appKey, "uninstalled", "/uninstalled").Token.String())
	_, third := open(t, h, h.Event(appKey, "disabled", "/disabled").Token.String())
	if second.Iat < first.Iat+2 || third.Iat != second.Iat {
		t.Errorf("got iat %d, %d, %d", first.Iat, second.Iat, third.Iat)
	}
}

// The tokens an app makes are taken by the host, and an edited one is not.
func TestAppSide(t *testing.T) {
	h, clock := start(t)
	raw := h.URL() + "/rest/api/3/myself"
	call := func(tok connecttest.Token) int {
		t.Helper()
		status, _ := send(t, h.WithToken("GET", raw, tok, nil))
		return status
	}
	good := h.AppToken(appKey, "GET", raw)
	if got := call(good); got != 200 {
		t.Errorf("app token: got status %d", got)
	}
	for name, bad := range map[string]connecttest.Token{
		"earlier": good.At(-4 * time.Minute), "other issuer": good.WithClaim("iss", "x"), "no exp": good.WithoutClaim("exp"),
		"HS512": good.SignedBy("HS512", h.Secret(appKey)).WithHeader("alg", "HS512"), "other secret": good.SignedBy("HS256", []byte("x")),
	} {
		if got := call(bad); got != 401 {
			t.Errorf("%s: got status %d, want 401", name, got)
		}
	}
	status, body := send(t, h.TokenRequest(h.AssertionToken(appKey, bo), "READ"))
	if status != 200 || !strings.Contains(body, "access_token") {
		t.Errorf("assertion: got %d, %s", status, body)
	}
	if status, body := send(t, h.TokenRequest(h.AssertionToken(appKey, bo).WithClaim("tnt", "x"), "")); status != 400 || !strings.Contains(body, "invalid_grant") {
		t.Errorf("edited assertion: got %d, %s", status, body)
	}
	clock.Advance(time.Minute)
	if got := call(good); got != 200 {
		t.Errorf("app token after a minute: got status %d", got)
	}
	var kinds []string
	for _, c := range h.Calls() {
		kinds = append(kinds, c.Kind)
	}
	if len(kinds) != 9 || kinds[0] != "app" || kinds[6] != "user" {
		t.Errorf("got record of %q", kinds)
	}
}

func TestHostsShareTheirKey(t *testing.T) {
	a, b := connecttest.NewHost(t), connecttest.NewHost(t)
	if a.KeyID != b.KeyID || a.Key != b.Key || a.URL() == b.URL() {
		t.Errorf("got keys %s and %s at %s and %s", a.KeyID, b.KeyID, a.URL(), b.URL())
	}
	resp, err := http.Get(b.KeyServerURL() + "/" + a.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("got status %d", resp.StatusCode)
	}
}

func TestClock(t *testing.T) {
	c := connecttest.NewClock(time.Unix(100, 0))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c.Advance(time.Second)
			c.Now()
		})
	}
	wg.Wait()
	if got := c.Now().Unix(); got != 150 {
		t.Errorf("got %d, want 150", got)
	}
	c.Set(time.Unix(7, 0))
	if got := c.Now().Unix(); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

// What ExampleNewHost shows is true.
func TestExampleNewHost(t *testing.T) { testHello(t) }
