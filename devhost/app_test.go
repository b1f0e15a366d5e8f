package devhost_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// event is what the test app took from the host.
type event struct {
	Path    string
	Claims  claims
	Payload devhost.EventPayload
	Body    []byte
	Header  http.Header
}

type claims struct {
	Iss, Sub, Aud, QSH string
	Iat, Exp           int64
	Context            json.RawMessage
}

// testApp is a Connect app without the SDK: it verifies and signs by hand.
type testApp struct {
	t    *testing.T
	host *devhost.Host
	srv  *httptest.Server
	doc  map[string]any

	mu      sync.Mutex
	secrets map[string]string // by client key
	events  []event
	answers map[string]int // by path; 204 by default
	faults  []error
	onPost  func(path string)

	lastSecret string // of the newest installed event, taken or not
}

const appKey = "tiny.app"

var tinyDescriptor = `{
  "key": "tiny.app", "name": "Tiny", "authentication": {"type": "jwt"}, "enableLicensing": true,
  "lifecycle": {"installed": "/installed", "enabled": "/enabled", "disabled": "/disabled", "uninstalled": "/uninstalled"},
  "scopes": ["READ", "WRITE", "ACT_AS_USER"],
  "modules": {
    "generalPages": [
      {"key": "page", "name": {"value": "A page"}, "url": "/page?issue={issue.key}&board={board.id}"},
      {"key": "path", "name": {"value": "In the path"}, "url": "/in/{board.id}/x"},
      {"key": "cached", "name": {"value": "Cached"}, "url": "/cached?a={issue.key}", "cacheable": true}],
    "configurePage": {"key": "configure", "name": {"value": "Set up"}, "url": "/configure"},
    "jiraIssueGlances": [{"key": "glance", "name": {"value": "Glance"}, "icon": {"url": "/icon.svg"},
      "content": {"type": "label", "label": {"value": "Glance"}}, "target": {"type": "web_panel", "url": "/glance"}}],
    "webhooks": [
      {"event": "jira:issue_updated", "url": "/hook/updated?key={issue.key}"},
      {"event": "jira:issue_created", "url": "/hook/created", "filter": "project = OPS", "excludeBody": true},
      {"event": "comment_created", "url": "/hook/comment"}]
  }
}`

// newApp starts the app. Its base URL has a path, which must be cut from every
// hash.
func newApp(t *testing.T, host *devhost.Host) *testApp {
	t.Helper()
	a := &testApp{t: t, host: host, secrets: make(map[string]string), answers: make(map[string]int)}
	a.srv = httptest.NewServer(a)
	t.Cleanup(a.srv.Close)
	if err := json.Unmarshal([]byte(tinyDescriptor), &a.doc); err != nil {
		t.Fatal(err)
	}
	a.doc["baseUrl"] = a.base()
	return a
}

func (a *testApp) base() string       { return a.srv.URL + "/app" }
func (a *testApp) descriptor() string { return a.base() + "/atlassian-connect.json" }

func (a *testApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/app")
	if path == "/atlassian-connect.json" {
		a.mu.Lock()
		defer a.mu.Unlock()
		json.NewEncoder(w).Encode(a.doc)
		return
	}
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	e := event{Path: path, Body: body, Header: r.Header.Clone()}
	err = errors.Join(err, a.verify(r, &e))
	a.mu.Lock()
	hook := a.onPost
	if path == "/installed" {
		a.lastSecret = e.Payload.SharedSecret
	}
	a.mu.Unlock()
	if hook != nil {
		hook(path)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	status := a.answers[path]
	if status == 0 {
		status = http.StatusNoContent
	}
	if err != nil {
		a.faults = append(a.faults, fmt.Errorf("%s: %w", path, err))
		status = http.StatusUnauthorized
	}
	a.events = append(a.events, e)
	if path == "/installed" && status < 300 {
		a.secrets[e.Payload.ClientKey] = e.Payload.SharedSecret
	}
	http.Error(w, "answered by the tiny app", status)
}

// verify checks the token of a request of the host.
func (a *testApp) verify(r *http.Request, e *event) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "JWT ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return errors.New("no token")
	}
	var header struct{ Alg, Kid, Typ string }
	if err := errors.Join(decodePart(parts[0], &header), decodePart(parts[1], &e.Claims)); err != nil {
		return err
	}
	if len(e.Body) > 0 {
		if err := json.Unmarshal(e.Body, &e.Payload); err != nil {
			return err
		}
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	signed := parts[0] + "." + parts[1]
	if e.Path == "/installed" || e.Path == "/uninstalled" {
		if header.Alg != "RS256" || e.Claims.Aud != a.base() || e.Claims.Iss != e.Payload.ClientKey {
			return fmt.Errorf("header %+v, claims %+v", header, e.Claims)
		}
		err = a.verifyRSA(header.Kid, signed, sig)
	} else {
		a.mu.Lock()
		secret := a.secrets[e.Claims.Iss]
		a.mu.Unlock()
		if header.Alg != "HS256" || secret == "" || !hmac.Equal(sig, mac(signed, secret)) {
			err = fmt.Errorf("alg %s, issuer %q: signature", header.Alg, e.Claims.Iss)
		}
	}
	if want := hashOf(r.Method, strings.TrimPrefix(r.URL.Path, "/app"), r.URL.Query()); e.Claims.QSH != want {
		err = errors.Join(err, fmt.Errorf("qsh %s, want %s", e.Claims.QSH, want))
	}
	if e.Claims.Exp-e.Claims.Iat != 180 {
		err = errors.Join(err, fmt.Errorf("token lives %d s", e.Claims.Exp-e.Claims.Iat))
	}
	return err
}

func (a *testApp) verifyRSA(kid, signed string, sig []byte) error {
	resp, err := http.Get(a.host.KeyServerURL() + "/" + kid)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(b)
	if block == nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("key server answered %d", resp.StatusCode)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(signed))
	return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, sum[:], sig)
}

func decodePart(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func mac(text, secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// hashOf is the query string hash for the plain requests of these tests.
func hashOf(method, path string, q url.Values) string {
	q = maps.Clone(q)
	delete(q, "jwt")
	query := strings.NewReplacer("+", "%20", "%7E", "~").Replace(q.Encode())
	sum := sha256.Sum256([]byte(method + "&" + path + "&" + query))
	return hex.EncodeToString(sum[:])
}

func jwt(secret string, members map[string]any) string {
	b, _ := json.Marshal(members)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(b)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(text, secret))
}

// secret is the one the app got last for the tenant of the host.
func (a *testApp) secret() string {
	inst, _ := a.host.Installation(appKey)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.secrets[inst.ClientKey]
}

// call makes a call to the host as the app's own user.
func (a *testApp) call(method, path, body string) *http.Response {
	a.t.Helper()
	r := a.request(method, path, body)
	now := a.host.Now().Unix()
	token := jwt(a.secret(), map[string]any{
		"iss": appKey, "iat": now, "exp": now + 180, "qsh": hashOf(method, r.URL.EscapedPath(), r.URL.Query()),
	})
	r.Header.Set("Authorization", "JWT "+token)
	return do(a.t, r)
}

func (a *testApp) request(method, path, body string) *http.Request {
	a.t.Helper()
	r, err := http.NewRequest(method, a.host.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = nil, 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// asUser gets a token for a user and returns what makes calls with it.
func (a *testApp) asUser(accountID, scope string) func(method, path, body string) *http.Response {
	a.t.Helper()
	resp := a.exchange(a.assertion(accountID), scope)
	var grant struct {
		Token string `json:"access_token"`
	}
	readJSON(a.t, resp, http.StatusOK, &grant)
	return func(method, path, body string) *http.Response {
		a.t.Helper()
		r := a.request(method, path, body)
		r.Header.Set("Authorization", "Bearer "+grant.Token)
		return do(a.t, r)
	}
}

func (a *testApp) assertion(accountID string) map[string]any {
	inst, _ := a.host.Installation(appKey)
	now := a.host.Now().Unix()
	return map[string]any{
		"iss": "urn:atlassian:connect:clientid:" + inst.OAuthClientID,
		"sub": "urn:atlassian:connect:useraccountid:" + accountID,
		"tnt": inst.BaseURL, "aud": a.host.AuthorizationServerURL(), "iat": now, "exp": now + 50,
	}
}

func (a *testApp) exchange(assertion map[string]any, scope string) *http.Response {
	a.t.Helper()
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {jwt(a.secret(), assertion)}}
	if scope != "" {
		form.Set("scope", scope)
	}
	r, err := http.NewRequest(http.MethodPost, a.host.AuthorizationServerURL()+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(a.t, r)
}

// taken returns the paths of the events the app took, and forgets them. Events
// the app could not verify fail the test.
func (a *testApp) taken() []event {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, err := range a.faults {
		a.t.Error(err)
	}
	list := a.events
	a.events, a.faults = nil, nil
	return list
}

func paths(events []event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Path)
	}
	return list
}

func (a *testApp) answer(path string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[path] = status
}

func (a *testApp) set(member string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.doc[member] = value
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newHost starts a host at a fixed time, with an app beside it that is not
// installed yet.
func newHost(t *testing.T, c devhost.Config) (*devhost.Host, *testApp, *clock) {
	t.Helper()
	ck := &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	c.Clock = ck.Now
	c.SigningKey = signingKey(t)
	h, err := devhost.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	return h, newApp(t, h), ck
}

// installed is newHost with the app installed.
func installed(t *testing.T) (*devhost.Host, *testApp, *clock) {
	t.Helper()
	h, a, ck := newHost(t, devhost.Config{})
	if _, err := h.Install(context.Background(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	a.taken()
	return h, a, ck
}

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	h, err := devhost.New(devhost.Config{})
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.SigningKey()
})

func signingKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func do(t *testing.T, r *http.Request) *http.Response {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp
}

// readBody returns the body of an answer that must have a status.
func readBody(t *testing.T, resp *http.Response, status int) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("got status %d, want %d: %s", resp.StatusCode, status, b)
	}
	return string(b)
}

func readJSON(t *testing.T, resp *http.Response, status int, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(readBody(t, resp, status)), v); err != nil {
		t.Fatal(err)
	}
}

// lastRefusal is why the host refused the last call.
func lastRefusal(h *devhost.Host) string {
	calls := slices.DeleteFunc(h.Calls(), func(c devhost.Call) bool { return strings.HasPrefix(c.Path, "/keys") })
	if len(calls) == 0 {
		return ""
	}
	return calls[len(calls)-1].Refusal
}

// pendingSecret is the one of the installed event being answered.
func (a *testApp) pendingSecret() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lastSecret
}

// callWith is the status of a call signed with a secret.
func (a *testApp) callWith(secret string) int {
	r := a.request("GET", "/rest/api/3/myself", "")
	now := a.host.Now().Unix()
	r.Header.Set("Authorization", "JWT "+jwt(secret, map[string]any{
		"iss": appKey, "iat": now, "exp": now + 180, "qsh": hashOf("GET", "/rest/api/3/myself", nil),
	}))
	return do(a.t, r).StatusCode
}

func jwtSignature(text, secret string) string {
	return base64.RawURLEncoding.EncodeToString(mac(text, secret))
}
