package devhost_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

var secondKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 1024) })

// consumer signs by RFC 5849, with code of the test's own.
type consumer struct {
	t     *testing.T
	h     *devhost.Host
	key   *rsa.PrivateKey
	name  string
	token string
	edit  map[string]string // of the protocol parameters; "" removes one
	hash  crypto.Hash
	nonce int
}

func newConsumer(t *testing.T, h *devhost.Host, callback string) *consumer {
	t.Helper()
	c := &consumer{t: t, h: h, key: signingKey(t), name: "consumer key", hash: crypto.SHA1}
	if err := h.LinkOAuth1(devhost.OAuth1Link{ConsumerKey: c.name, PublicKey: &c.key.PublicKey, CallbackURL: callback}); err != nil {
		t.Fatal(err)
	}
	return c
}

func escaped(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(s))
}

// parameters are those of the next request, unsigned.
func (c *consumer) parameters(extra map[string]string) map[string]string {
	c.nonce++
	p := map[string]string{
		"oauth_consumer_key": c.name, "oauth_signature_method": "RSA-SHA1", "oauth_version": "1.0",
		"oauth_timestamp": strconv.FormatInt(c.h.Now().Unix(), 10), "oauth_nonce": "nonce " + strconv.Itoa(c.nonce),
	}
	if c.token != "" {
		p["oauth_token"] = c.token
	}
	for _, m := range []map[string]string{extra, c.edit} {
		for name, value := range m {
			if p[name] = value; value == "" {
				delete(p, name)
			}
		}
	}
	return p
}

// sign puts the protocol parameters into the header.
func (c *consumer) sign(r *http.Request, body string, extra map[string]string) {
	c.t.Helper()
	p := c.parameters(extra)
	var header []string
	for name, value := range p {
		header = append(header, escaped(name)+`="`+escaped(value)+`"`)
	}
	signature := c.signature(r, body, p)
	if _, given := c.edit["oauth_signature"]; !given {
		header = append(header, `oauth_signature="`+escaped(signature)+`"`)
	}
	r.Header.Set("Authorization", `OAuth realm="x", `+strings.Join(header, ", "))
}

func (c *consumer) signature(r *http.Request, body string, p map[string]string) string {
	c.t.Helper()
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, escaped(name)+"="+escaped(value)) }
	for name, value := range p {
		if name != "oauth_signature" {
			add(name, value)
		}
	}
	texts := []string{r.URL.RawQuery}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		texts = append(texts, body)
	}
	for _, text := range texts {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '&' }) {
			rawName, rawValue, _ := strings.Cut(part, "=")
			name, _ := url.QueryUnescape(rawName)
			value, _ := url.QueryUnescape(rawValue)
			add(name, value)
		}
	}
	// "=" sorts before no unreserved character but "-" and ".", so pairs are
	// compared as two texts.
	slices.SortFunc(pairs, func(a, b string) int {
		return strings.Compare(strings.Replace(a, "=", "\x00", 1), strings.Replace(b, "=", "\x00", 1))
	})
	text := r.Method + "&" + escaped(r.URL.Scheme+"://"+r.URL.Host+r.URL.EscapedPath()) + "&" + escaped(strings.Join(pairs, "&"))
	sum := c.hash.New()
	sum.Write([]byte(text))
	b, err := rsa.SignPKCS1v15(nil, c.key, c.hash, sum.Sum(nil))
	if err != nil {
		c.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// call sends a signed request and returns the answer.
func (c *consumer) call(method, path, kind, body string, extra map[string]string) *http.Response {
	c.t.Helper()
	r := dcCall{method: method, path: path, body: body}.request(c.t, c.h)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	c.sign(r, body, extra)
	return do(c.t, r)
}

const servlet = "/plugins/servlet/oauth/"

func (c *consumer) form(resp *http.Response, status int) url.Values {
	c.t.Helper()
	v, err := url.ParseQuery(readBody(c.t, resp, status))
	if err != nil {
		c.t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded;charset=UTF-8" {
		c.t.Errorf("got content type %q", got)
	}
	return v
}

func (c *consumer) requestToken(callback string) string {
	c.t.Helper()
	v := c.form(c.call("POST", servlet+"request-token", "", "", map[string]string{"oauth_callback": callback}), 200)
	if v.Get("oauth_callback_confirmed") != "true" || v.Get("oauth_token_secret") == "" {
		c.t.Errorf("got %v", v)
	}
	return v.Get("oauth_token")
}

func (c *consumer) authorizeURL(token string) string {
	return c.h.BaseURL() + servlet + "authorize?oauth_token=" + token
}

// dance gets an access token for a user.
func (c *consumer) dance(username string) {
	c.t.Helper()
	token := c.requestToken("oob")
	verifier, err := c.h.ConsentOAuth1(c.authorizeURL(token), username)
	if err != nil {
		c.t.Fatal(err)
	}
	c.token = token
	v := c.form(c.call("POST", servlet+"access-token", "", "", map[string]string{"oauth_verifier": verifier}), 200)
	if v.Get("oauth_expires_in") != "157680000" || v.Get("oauth_token") == token {
		c.t.Errorf("got %v", v)
	}
	c.token = v.Get("oauth_token")
}

// problem compares a refusal, its body and its header.
func (c *consumer) problem(resp *http.Response, status int, want string) {
	c.t.Helper()
	code, _, _ := strings.Cut(want, "&")
	if got := readBody(c.t, resp, status); got != "oauth_problem="+want && !strings.HasPrefix(got, "oauth_problem="+want+"&") {
		c.t.Errorf("got %q, want oauth_problem=%s", got, want)
	}
	wantHeader(c.t, resp, "WWW-Authenticate", `OAuth realm="`+escaped(c.h.BaseURL())+`", oauth_problem="`+code+`"`)
	if resp.Header.Get("Content-Type") != "application/x-www-form-urlencoded;charset=UTF-8" || len(resp.Cookies()) > 0 {
		c.t.Errorf("got header %v", resp.Header)
	}
}

func TestOAuth1Story(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newConsumer(t, h, "")
	c.dance("bo")
	if got := readBody(t, c.call("GET", dcMyself, "", "", nil), 200); !strings.Contains(got, `"name":"bo"`) {
		t.Errorf("got %s", got)
	}
	if calls := h.Calls(); calls[len(calls)-1].Kind != "oauth1" || calls[len(calls)-1].AccountID != bo {
		t.Errorf("got %+v", calls[len(calls)-1])
	}
	ck.advance(5*365*24*time.Hour - time.Second)
	readBody(t, c.call("GET", dcMyself, "", "", nil), 200)
	ck.advance(time.Second)
	c.problem(c.call("GET", dcMyself, "", "", nil), 401, "token_expired")

	c.token = ""
	c.dance("bo")
	h.RevokeOAuth1(c.token)
	c.problem(c.call("GET", dcMyself, "", "", nil), 401, "token_rejected")
}

// Every parameter of a request is signed, wherever it is.
func TestOAuth1SignedRequests(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newConsumer(t, h, "")
	c.dance("bo")
	const form = "application/x-www-form-urlencoded"
	const comment = "/rest/api/2/issue/OPS-1/comment"
	tests := []struct {
		name, method, path, kind, body string
		status                         int
	}{
		{"duplicates", "GET", dcMyself + "?expand=b&expand=a&expand=a", "", "", 200},
		{"no values", "GET", dcMyself + "?expand&x=&=y&&", "", "", 200},
		{"escapes", "GET", dcMyself + "?a=%C3%A9+%20%2B~*&b=%26%3D&%5B%5D=1", "", "", 200},
		{"names that sort by their ends", "GET", dcMyself + "?a=1&a-b=2&a.b=3&a%3D=4", "", "", 200},
		{"escaped path", "GET", "/rest/api/2/user%20x?a=b", "", "", 404},
		{"JSON is not signed", "POST", comment, "application/json", `{"body":"x=1&y"}`, 201},
		{"form", "POST", comment, form, `a=1&a=2&b`, 400},
		{"form with a charset", "POST", comment, form + ";charset=UTF-8", `a=1&a=2&c+d=%20`, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { readBody(t, c.call(tt.method, tt.path, tt.kind, tt.body, nil), tt.status) })
	}

	change := map[string]func(*http.Request){
		"query":            func(r *http.Request) { r.URL.RawQuery = "expand=a" },
		"second duplicate": func(r *http.Request) { r.URL.RawQuery = "expand=a&expand=c" },
		"path":             func(r *http.Request) { r.URL.Path = "/jira/rest/api/2/serverInfo" },
		"method":           func(r *http.Request) { r.Method = "HEAD" },
		"host":             func(r *http.Request) { r.Host = "localhost:" + r.URL.Port() },
	}
	for name, change := range change {
		t.Run("changed "+name, func(t *testing.T) {
			r := dcCall{path: dcMyself + "?expand=a&expand=b"}.request(t, h)
			c.sign(r, "", nil)
			change(r)
			resp := do(t, r)
			if r.Method == "HEAD" {
				readBody(t, resp, 401)
				return
			}
			c.problem(resp, 401, "signature_invalid")
		})
	}
	t.Run("changed form", func(t *testing.T) {
		r := dcCall{method: "POST", path: comment, body: "a=1&a=2"}.request(t, h)
		r.Header.Set("Content-Type", form)
		c.sign(r, "a=1&a=3", nil)
		c.problem(do(t, r), 401, "signature_invalid")
	})
	t.Run("parameters in the query", func(t *testing.T) {
		r := dcCall{path: dcMyself + "?expand=a"}.request(t, h)
		p := c.parameters(nil)
		signature := c.signature(r, "", p)
		for name, value := range p {
			r.URL.RawQuery += "&" + escaped(name) + "=" + escaped(value)
		}
		r.URL.RawQuery += "&oauth_signature=" + escaped(signature)
		readBody(t, do(t, r), 200)
	})
	t.Run("file", func(t *testing.T) {
		body, kind := upload(t)
		r := dcCall{method: "POST", path: "/rest/api/2/issue/OPS-1/attachments", body: body, header: map[string]string{"Content-Type": kind, "X-Atlassian-Token": "no-check"}}.request(t, h)
		c.sign(r, "", nil)
		readBody(t, do(t, r), 200)
	})
	address, err := h.AddDataCenterAttachment("bo", "a b.txt", []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	readBody(t, c.call("GET", strings.TrimPrefix(address, h.BaseURL()), "", "", nil), 200)
}

func TestOAuth1Methods(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	c := newConsumer(t, h, "")
	c.dance("bo")
	for method, hash := range map[string]crypto.Hash{"RSA-SHA1": crypto.SHA1, "RSA-SHA256": crypto.SHA256, "RSA-SHA512": crypto.SHA512} {
		c.edit, c.hash = map[string]string{"oauth_signature_method": method}, hash
		readBody(t, c.call("GET", dcMyself, "", "", nil), 200)
	}
	c.edit, c.hash = map[string]string{"oauth_signature_method": "RSA-SHA256"}, crypto.SHA1
	c.problem(c.call("GET", dcMyself, "", "", nil), 401, "signature_invalid")
}

func TestOAuth1Refusals(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newConsumer(t, h, "")
	c.dance("bo")
	other := newConsumer(t, h, "")
	other.name = "other"
	key, err := secondKey()
	if err != nil {
		t.Fatal(err)
	}
	other.key = key
	if err := h.LinkOAuth1(devhost.OAuth1Link{ConsumerKey: other.name, PublicKey: &key.PublicKey}); err != nil {
		t.Fatal(err)
	}
	request := c.requestToken2()
	now := ck.Now().Unix()
	at := func(d int64) string { return strconv.FormatInt(now+d, 10) }
	acceptable := "&oauth_acceptable_timestamps=" + at(-300) + "-" + at(300)
	tests := []struct {
		name   string
		edit   map[string]string
		status int // 200 is good
		want   string
	}{
		{"good", nil, 200, ""},
		{"no version", map[string]string{"oauth_version": ""}, 200, ""},
		{"300 s late", map[string]string{"oauth_timestamp": at(-300)}, 200, ""},
		{"300 s early", map[string]string{"oauth_timestamp": at(300)}, 200, ""},
		{"301 s late", map[string]string{"oauth_timestamp": at(-301)}, 401, "timestamp_refused" + acceptable},
		{"301 s early", map[string]string{"oauth_timestamp": at(301)}, 401, "timestamp_refused" + acceptable},
		{"time in words", map[string]string{"oauth_timestamp": "now"}, 400, "parameter_rejected&oauth_parameters_rejected=oauth_timestamp"},
		{"no time", map[string]string{"oauth_timestamp": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_timestamp"},
		{"no nonce", map[string]string{"oauth_nonce": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_nonce"},
		{"no consumer", map[string]string{"oauth_consumer_key": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_consumer_key"},
		{"no method", map[string]string{"oauth_signature_method": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_signature_method"},
		{"no signature", map[string]string{"oauth_signature": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_signature"},
		{"no token", map[string]string{"oauth_token": ""}, 400, "parameter_absent&oauth_parameters_absent=oauth_token"},
		{"version 2", map[string]string{"oauth_version": "2.0"}, 400, "version_rejected&oauth_acceptable_versions=1.0-1.0"},
		{"a secret", map[string]string{"oauth_signature_method": "HMAC-SHA1"}, 400, "signature_method_rejected"},
		{"plain text", map[string]string{"oauth_signature_method": "PLAINTEXT"}, 400, "signature_method_rejected"},
		{"unknown consumer", map[string]string{"oauth_consumer_key": "unknown"}, 401, "consumer_key_unknown"},
		{"signed by another", map[string]string{"oauth_consumer_key": "other"}, 401, "signature_invalid"},
		{"no Base64", map[string]string{"oauth_signature": "%"}, 401, "signature_invalid"},
		{"signature of nothing", map[string]string{"oauth_signature": "AAAA"}, 401, "signature_invalid"},
		{"unknown token", map[string]string{"oauth_token": "unknown"}, 401, "token_rejected"},
		{"request token", map[string]string{"oauth_token": request}, 401, "token_rejected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.edit = tt.edit
			resp := c.call("GET", dcMyself, "", "", nil)
			if tt.status == 200 {
				readBody(t, resp, 200)
				return
			}
			c.problem(resp, tt.status, tt.want)
		})
	}
	c.edit = nil

	other.token = c.token
	other.problem(other.call("GET", dcMyself, "", "", nil), 401, "token_rejected")

	r := dcCall{path: dcMyself}.request(t, h)
	c.sign(r, "", nil)
	readBody(t, do(t, r), 200)
	c.problem(do(t, r), 401, "nonce_used")
	c.edit = map[string]string{"oauth_nonce": "mine"}
	forged := dcCall{path: dcMyself}.request(t, h)
	c.sign(forged, "", nil)
	forged.URL.RawQuery = "x=1"
	c.problem(do(t, forged), 401, "signature_invalid")
	readBody(t, c.call("GET", dcMyself, "", "", nil), 200) // the forger did not use it up
	c.edit = nil

	twice := dcCall{path: dcMyself + "?oauth_nonce=a"}.request(t, h)
	c.sign(twice, "", nil)
	c.problem(do(t, twice), 400, "parameter_rejected")
	for _, header := range []string{"OAuth x", `OAuth a="%zz"`, `OAuth a="b", c`} {
		odd := dcCall{path: dcMyself, header: map[string]string{"Authorization": header}}
		c.problem(odd.do(t, h), 400, "parameter_rejected")
	}

	u, _ := h.User(bo)
	u.Inactive = true
	if _, err := h.AddUser(u); err != nil {
		t.Fatal(err)
	}
	c.problem(c.call("GET", dcMyself, "", "", nil), 401, "token_rejected")
}

// requestToken2 gets a request token beside the access token in use.
func (c *consumer) requestToken2() string {
	c.t.Helper()
	token := c.token
	c.token = ""
	defer func() { c.token = token }()
	return c.requestToken("oob")
}

func TestOAuth1Dance(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newConsumer(t, h, "")
	access := func(verifier string) *http.Response {
		t.Helper()
		return c.call("POST", servlet+"access-token", "", "", map[string]string{"oauth_verifier": verifier})
	}

	c.problem(c.call("POST", servlet+"request-token", "", "", nil), 400, "parameter_absent&oauth_parameters_absent=oauth_callback")
	bad := map[string]string{"oauth_callback": "javascript:alert(1)"}
	c.problem(c.call("POST", servlet+"request-token", "", "", bad), 400, "parameter_rejected&oauth_parameters_rejected=oauth_callback")
	c.edit = map[string]string{"oauth_signature": "AAAA"}
	c.problem(c.call("POST", servlet+"request-token", "", "", nil), 401, "signature_invalid")
	c.edit = nil

	token := c.requestToken("https://app.example/back?x=1#top")
	c.token = token
	c.problem(access("x"), 401, "permission_unknown")
	to, err := h.ConsentOAuth1(c.authorizeURL(token), "bo")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	verifier := u.Query().Get("oauth_verifier")
	if err != nil || to != "https://app.example/back?x=1&oauth_token="+token+"&oauth_verifier="+verifier+"#top" {
		t.Fatalf("got %s, %v", to, err)
	}
	if _, err := h.ConsentOAuth1(c.authorizeURL(token), "ada"); err == nil {
		t.Error("a request token was decided on twice")
	}
	c.problem(c.call("GET", dcMyself, "", "", nil), 401, "token_rejected") // it is no access token yet
	c.problem(access(""), 400, "parameter_absent&oauth_parameters_absent=oauth_verifier")
	c.problem(access("wrong"), 401, "token_rejected")
	granted := c.form(access(verifier), 200).Get("oauth_token")
	c.problem(access(verifier), 401, "token_rejected")
	c.token = granted
	c.problem(c.call("POST", servlet+"access-token?oauth_verifier=", "", "", nil), 401, "token_rejected")

	c.token = ""
	token = c.requestToken("https://app.example/back")
	to, err = h.DeclineOAuth1(c.authorizeURL(token), "bo")
	if want := "https://app.example/back?oauth_token=" + token + "&oauth_verifier=denied"; to != want || err != nil {
		t.Errorf("got %s, %v, want %s", to, err, want)
	}
	c.token = token
	c.problem(access("denied"), 401, "permission_denied")

	c.token = ""
	token = c.requestToken("oob")
	ck.advance(10 * time.Minute)
	if _, err := h.ConsentOAuth1(c.authorizeURL(token), "bo"); err == nil {
		t.Error("an expired request token was consented to")
	}
	c.token = token
	c.problem(access("x"), 401, "token_expired")
}

// The callback of the link is used when the request names none.
func TestOAuth1CallbackOfLink(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	c := newConsumer(t, h, "https://app.example/link")
	token := c.form(c.call("POST", servlet+"request-token", "", "", nil), 200).Get("oauth_token")
	to, err := h.ConsentOAuth1(c.authorizeURL(token), "bo")
	if err != nil || !strings.HasPrefix(to, "https://app.example/link?oauth_token="+token) {
		t.Errorf("got %s, %v", to, err)
	}
}

// The user at a browser is asked, and only the user at that browser can answer.
func TestOAuth1ConsentPage(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newConsumer(t, h, "")
	token := c.requestToken("https://app.example/back")
	path := servlet + "authorize?oauth_token=" + token
	resp := dcCall{path: path}.do(t, h)
	readBody(t, resp, 302)
	wantHeader(t, resp, "Location", h.BaseURL()+"/login.jsp?os_destination="+url.QueryEscape(path)+"&permissionViolation=true")

	cookies := login(t, h, "bo")
	resp = dcCall{path: path, cookies: cookies}.do(t, h)
	page := readBody(t, resp, 200)
	if !strings.Contains(page, "<strong>consumer key</strong>") || !strings.Contains(page, `value="`+token+`"`) {
		t.Errorf("got %s", page)
	}
	if got := resp.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action 'self' https://app.example") {
		t.Errorf("got policy %s", got)
	}
	form := url.Values{"oauth_token": {token}, "decision": {"allow"}}
	if got := readBody(t, postForm(t, h, servlet+"authorize", form, cookies...), 403); got != xsrfFailure {
		t.Errorf("got %q", got)
	}
	form.Set("atl_token", formToken(t, page))
	readBody(t, postForm(t, h, servlet+"authorize", form, login(t, h, "ada")...), 403)
	resp = postForm(t, h, servlet+"authorize", form, cookies...)
	readBody(t, resp, 302)
	if got := resp.Header.Get("Location"); !strings.HasPrefix(got, "https://app.example/back?oauth_token="+token+"&oauth_verifier=") {
		t.Errorf("got %s", got)
	}
	readBody(t, postForm(t, h, servlet+"authorize", form, cookies...), 400)
	readBody(t, dcCall{path: path, cookies: cookies}.do(t, h), 400)

	for decision, want := range map[string]string{"allow": "Your verification code is", "deny": "You have denied access."} {
		form.Set("oauth_token", c.requestToken("oob"))
		form.Set("decision", decision)
		if got := readBody(t, postForm(t, h, servlet+"authorize", form, cookies...), 200); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", decision, got)
		}
	}
}

// formToken is the token in the form of a page.
func formToken(t *testing.T, page string) string {
	t.Helper()
	_, rest, _ := strings.Cut(page, `name="atl_token" value="`)
	token, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("no token in %s", page)
	}
	return token
}

func TestLinkOAuth1Refusals(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	key := &signingKey(t).PublicKey
	for name, l := range map[string]devhost.OAuth1Link{
		"no consumer key": {PublicKey: key}, "no public key": {ConsumerKey: "x"},
		"empty public key": {ConsumerKey: "x", PublicKey: &rsa.PublicKey{}}, "odd callback": {ConsumerKey: "x", PublicKey: key, CallbackURL: "oob"},
	} {
		if err := h.LinkOAuth1(l); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	c := newConsumer(t, h, "")
	token := c.requestToken("oob")
	for name, try := range map[string][2]string{
		"another host": {"http://other.example" + servlet + "authorize?oauth_token=" + token, "bo"},
		"another page": {h.BaseURL() + "/x?oauth_token=" + token, "bo"},
		"nobody":       {c.authorizeURL(token), "nobody"},
		"no token":     {c.authorizeURL(""), "bo"},
		"no query":     {c.authorizeURL("%zz"), "bo"},
	} {
		if _, err := h.ConsentOAuth1(try[0], try[1]); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
