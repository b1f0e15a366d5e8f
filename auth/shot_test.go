package auth_test

import (
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/auth"
)

const (
	appKey    = "com.example.hello"
	baseURL   = "https://app.example.com"
	tenant    = "jira:5a3d0c1e-0001"
	neighbour = "jira:5a3d0c1e-0002"
	secret    = "hG2rVw5sXk8qLz1nPb4tYc7mDf0aEj3u"
	secret2   = "Zq9wXe6rCt3vYb0uNi7mOk4lPj1hAg8f"
	accountID = "557058:0b1f2c3d-aaaa"
	kid       = "8c0e6a53-known"
	frame     = "xdm_e=https%3A%2F%2Fx.atlassian.net&xdm_c=channel-hello&cp=&lic=active&cv=1001.0.0"
)

// hostKey is the key the host signs lifecycle events with, evilKey another's.
var (
	hostKey = sync.OnceValue(newRSAKey)
	evilKey = sync.OnceValue(newRSAKey)
)

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// object is a JSON object that may say a name twice: values are raw JSON.
type object []member

type member struct{ name, value string }

func (o object) String() string {
	var parts []string
	for _, m := range o {
		parts = append(parts, strconv.Quote(m.name)+":"+m.value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (o *object) add(name, value string) { *o = append(*o, member{name, value}) }

func (o *object) set(name, value string) {
	for i := range *o {
		if (*o)[i].name == name {
			(*o)[i].value = value
			return
		}
	}
	o.add(name, value)
}

func (o *object) drop(name string) {
	var rest object
	for _, m := range *o {
		if m.name != name {
			rest = append(rest, m)
		}
	}
	*o = rest
}

// shot is a request to be fired at the app. The functions that make one make a
// good one; a test spoils one thing.
type shot struct {
	method, path, query string
	contentType, body   string

	place  string // header, query, form, field or part
	scheme string
	header object
	claims object
	sign   func(text string) []byte
	encode func(segment []byte) string
	finish func(token string) string // edits the finished token
	extra  http.Header
}

// encoded is unpadded base64url.
func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (s *shot) token() string {
	text := s.encode([]byte(s.header.String())) + "." + s.encode([]byte(s.claims.String()))
	token := text + "." + s.encode(s.sign(text))
	if s.finish != nil {
		token = s.finish(token)
	}
	return token
}

// request returns the request and the token in it.
func (s *shot) request(t testing.TB, root string) (*http.Request, string) {
	t.Helper()
	token, query, body := s.token(), s.query, s.body
	switch s.place {
	case "query":
		query = joined(query, "jwt="+url.QueryEscape(token))
	case "form":
		body = joined(body, "jwt="+url.QueryEscape(token))
	case "field":
		body = joined(body, "atl_token="+url.QueryEscape(token))
	case "part":
		body = part(`name="atl_token"`, token) + body
	}
	target := root + s.path
	if query != "" {
		target += "?" + query
	}
	r, err := http.NewRequestWithContext(t.Context(), s.method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range s.extra {
		r.Header[name] = values
	}
	if s.contentType != "" {
		r.Header.Set("Content-Type", s.contentType)
	}
	if s.place == "header" {
		r.Header["Authorization"] = append([]string{s.scheme + token}, r.Header["Authorization"]...)
	}
	return r, token
}

func joined(query, more string) string {
	if query == "" {
		return more
	}
	return query + "&" + more
}

// rehash sets the qsh to that of the request as it now is.
func (s *shot) rehash() { s.claims.set("qsh", quoted(hashOf(s.method, s.path, s.query))) }

// hashOf computes the qsh by other means than the package: for queries of
// distinct plain names.
func hashOf(method, path, query string) string { return sumHex(canonicalOf(method, path, query)) }

func canonicalOf(method, path, query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return method + "&" + path + "&" + strings.ReplaceAll(values.Encode(), "+", "%20")
}

func sumHex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func quoted(s string) string { return strconv.Quote(s) }

func newShot(policy auth.Policy, now int64) *shot {
	s := &shot{
		method: http.MethodGet, path: routes[policy], query: frame,
		place: "header", scheme: "JWT ", encode: encoded,
		sign: hs256(secret), extra: http.Header{},
		header: object{{"typ", `"JWT"`}, {"alg", `"HS256"`}},
		claims: object{
			{"iss", quoted(tenant)},
			{"iat", strconv.FormatInt(now, 10)},
			{"exp", strconv.FormatInt(now+180, 10)},
			{"sub", quoted(accountID)},
			{"context", `{}`},
		},
	}
	s.rehash()
	return s
}

// hostRequest is a call of the host's server.
func hostRequest(now int64) *shot { return newShot(auth.HostRequest, now) }

// pageFrame is a page opened in a frame: the token is in the query.
func pageFrame(now int64) *shot {
	s := hostRequest(now)
	s.place = "query"
	return s
}

// macroPost is a macro rendered by a posted form.
func macroPost(now int64) *shot {
	s := hostRequest(now)
	s.method, s.place, s.body = http.MethodPost, "form", "page=1"
	s.contentType = "application/x-www-form-urlencoded"
	s.rehash()
	return s
}

// notice is an enabled or disabled notification.
func notice(now int64) *shot {
	s := newShot(auth.Notice, now)
	s.method, s.query, s.body, s.contentType = http.MethodPost, "", `{"clientKey":"`+tenant+`"}`, "application/json"
	s.rehash()
	return s
}

func contextToken(now int64) *shot {
	s := newShot(auth.ContextToken, now)
	s.claims.set("qsh", `"context-qsh"`)
	s.claims.set("context", `{"jira":{"issue":{"id":"10001","key":"TST-1","issuetype":{"id":"1"}},"project":{"id":"10000","key":"TST"}},"license":{"active":true}}`)
	return s
}

func lifecycleEvent(now int64) *shot {
	s := newShot(auth.SignedLifecycle, now)
	s.method, s.query, s.body, s.contentType = http.MethodPost, "", `{"clientKey":"`+tenant+`"}`, "application/json"
	s.header = object{{"typ", `"JWT"`}, {"alg", `"RS256"`}, {"kid", quoted(kid)}}
	s.claims.add("aud", quoted(baseURL))
	s.sign = rs256(hostKey())
	s.rehash()
	return s
}

func session(now int64) *shot {
	s := newShot(auth.Session, now)
	s.claims = object{
		{"iss", quoted(appKey)}, {"sub", quoted(accountID)}, {"aud", `["` + tenant + `"]`},
		{"iat", strconv.FormatInt(now, 10)}, {"exp", strconv.FormatInt(now+900, 10)},
	}
	s.sign = hs256(sessionKeyOf(secret, appKey, tenant))
	return s
}

// formPost is a form of the app's own page that is posted.
func formPost(now int64) *shot {
	s := session(now)
	s.method, s.path, s.query = http.MethodPost, routes[auth.Form], ""
	s.place, s.body, s.contentType = "field", "page=1", "application/x-www-form-urlencoded"
	s.sign = hs256(formKeyOf(secret, appKey, tenant))
	s.rehash()
	return s
}

const boundary = "boundary-of-the-parts"

// filePost is a form that is posted in parts, with a file behind its token.
func filePost(now int64) *shot {
	s := formPost(now)
	s.place, s.contentType = "part", "multipart/form-data; boundary="+boundary
	s.body = part(`name="page"`, "1") + part(`name="upload"; filename="a.txt"`, "of a file") + lastBoundary
	return s
}

const lastBoundary = "--" + boundary + "--\r\n"

func part(disposition, content string) string {
	return "--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n"
}

// outgoing is the token the app itself signs for its calls to the host.
func outgoing(now int64) *shot {
	s := hostRequest(now)
	s.claims.set("iss", quoted(appKey))
	s.claims.add("aud", `["`+tenant+`"]`)
	return s
}

// impersonation is the assertion the app trades for a user's access token.
func impersonation(now int64) *shot {
	s := hostRequest(now)
	s.claims = object{
		{"iss", `"urn:atlassian:connect:clientid:eyJob3N0S2V5"`},
		{"sub", quoted("urn:atlassian:connect:useraccountid:" + accountID)},
		{"tnt", `"https://x.atlassian.net"`},
		{"aud", `"https://oauth-2-authorization-server.services.atlassian.com"`},
		{"iat", strconv.FormatInt(now, 10)}, {"exp", strconv.FormatInt(now+60, 10)},
	}
	return s
}

func hmacOf(algorithm func() hash.Hash, key string) func(string) []byte {
	return func(text string) []byte {
		mac := hmac.New(algorithm, []byte(key))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
}

func hs256(key string) func(string) []byte { return hmacOf(sha256.New, key) }
func hs384(key string) func(string) []byte { return hmacOf(sha512.New384, key) }
func hs512(key string) func(string) []byte { return hmacOf(sha512.New, key) }

func rs256(key *rsa.PrivateKey) func(string) []byte {
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return signature
	}
}

func rs512(key *rsa.PrivateKey) func(string) []byte {
	return func(text string) []byte {
		sum := sha512.Sum512([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA512, sum[:])
		if err != nil {
			panic(err)
		}
		return signature
	}
}

func ps256(key *rsa.PrivateKey) func(string) []byte {
	return func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
		if err != nil {
			panic(err)
		}
		return signature
	}
}

func unsigned(string) []byte { return nil }

// sessionKeyOf derives the key of a tenant's sessions as the package says.
func sessionKeyOf(secret, app, clientKey string) string {
	return derivedKeyOf("session", secret, app, clientKey)
}

// formKeyOf derives the key of a tenant's form tokens.
func formKeyOf(secret, app, clientKey string) string {
	return derivedKeyOf("form", secret, app, clientKey)
}

func derivedKeyOf(purpose, secret, app, clientKey string) string {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, fmt.Sprintf("connect %s v1 %d:%s%s", purpose, len(app), app, clientKey), sha256.Size)
	if err != nil {
		panic(err)
	}
	return string(key)
}
