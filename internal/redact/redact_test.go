package redact_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

const (
	head = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
	body = "eyJpc3MiOiJqaXJhOjEyMyIsImV4cCI6MX0"
	tail = "ssbmLUBemh6nQW3MH5o2fSdnOFTIKf2w0KASnnH8aXo"
	jwt  = head + "." + body + "." + tail
)

// example is a text and what is left of it.
type example struct{ name, in, want string }

// tokens are credentials that can be told by their looks or in a request.
var tokens = []example{
	{"nothing", "", ""},
	{"plain text", "auth: host request: qsh: the token is for another request", "auth: host request: qsh: the token is for another request"},
	{"a host and a path", "https://x.atlassian.net/wiki/rest?a=b", "https://x.atlassian.net/wiki/rest?a=b"},
	{"a token", jwt, "[redacted]"},
	{"a token in text", "got " + jwt + ", want", "got [redacted], want"},
	{"two tokens", jwt + " " + jwt, "[redacted] [redacted]"},
	{"a token without signature", head + "." + body, "[redacted]"},
	{"an unsigned token", head + "." + body + ".", "[redacted]"},
	{"a token in a path", "/hello/" + jwt + "/x", "/hello/[redacted]/x"},
	{"a token with escaped dots", head + "%2E" + body + "%2e" + tail, "[redacted]"},
	{"a token of five segments", jwt + "." + tail + "." + tail, "[redacted]"},
	{"query parameter", "/x?a=1&jwt=" + jwt + "&b=2", "/x?a=1&jwt=[redacted]&b=2"},
	{"opaque parameter", "/x?acpt=abc&b=2", "/x?acpt=[redacted]&b=2"},
	{"parameter in capitals", "JWT=abc", "JWT=[redacted]"},
	{"grant", "grant_type=x&assertion=abc&client_secret=def", "grant_type=x&assertion=[redacted]&client_secret=[redacted]"},
	{"code", "/callback?code=abc", "/callback?code=[redacted]"},
	{"another parameter", "/x?barcode=abc&encoded=def", "/x?barcode=abc&encoded=def"},
	{"JSON", `{"access_token":"abc","expires_in":1}`, `{"access_token":"[redacted]","expires_in":1}`},
	{"JSON with spaces", `{"sharedSecret" : "abc"}`, `{"sharedSecret" : "[redacted]"}`},
	{"quoted JSON", `"{\"sharedSecret\":\"abc\"}"`, `"{\"sharedSecret\":\"[redacted]\"}"`},
	{"JWT header", "Authorization: JWT abcdefgh.ijk", "Authorization: JWT [redacted]"},
	{"bearer header", "Authorization: Bearer abcdefgh~+/=", "Authorization: Bearer [redacted]"},
	{"basic header", "basic dXNlcjpwYXNz", "basic [redacted]"},
	{"the word alone", "typ is not JWT", "typ is not JWT"},
}

// secrets are credentials that are told by their names.
var secrets = []example{
	{"a map as %v prints it", "map[key:app sharedSecret:abc clientKey:x]", "map[key:app sharedSecret:[redacted] clientKey:x]"},
	{"a struct as %+v prints it", "{Key:app SharedSecret:abc ClientKey:x}", "{Key:app SharedSecret:[redacted] ClientKey:x}"},
	{"a list as %v prints it", "map[access_token:[abc def] code:[x]]", "map[access_token:[redacted] code:[x]]"},
	{"a secret in YAML", "sharedSecret: ATCO2x-abcdefghijkl", "sharedSecret: [redacted]"},
	{"a quoted secret", `sharedSecret: "a b", key: "x"`, `sharedSecret: "[redacted]", key: "x"`},
	{"a secret in a structured log", `msg=x sharedSecret="a b" key=y`, `msg=x sharedSecret="[redacted]" key=y`},
	{"a secret as %#v prints it", `X{SharedSecret:"abc", Key:"x"}`, `X{SharedSecret:"[redacted]", Key:"x"}`},
	{"a quoted secret with a quote in it", `{"sharedSecret":"ab\"cd","key":"x"}`, `{"sharedSecret":"[redacted]","key":"x"}`},
	{"a nested secret with a quote in it", `"{\"sharedSecret\":\"ab\\\"cd\",\"key\":\"x\"}"`, `"{\"sharedSecret\":\"[redacted]\",\"key\":\"x\"}"`},
	{"snake case", "shared_secret=abc", "shared_secret=[redacted]"},
	{"kebab case", "shared-secret=abc", "shared-secret=[redacted]"},
	{"at the end of a name", "previousSharedSecret:abc APP_STORE_KEY=def x", "previousSharedSecret:[redacted] APP_STORE_KEY=[redacted] x"},
	{"store key", "STORE_KEY=c2VjcmV0 ADDR=:8080", "STORE_KEY=[redacted] ADDR=:8080"},
	{"acpt header", "X-acpt: abc", "X-acpt: [redacted]"},
	{"acpt header in a map", "map[Host:[x] X-Acpt:[abc def] Y:[z]]", "map[Host:[x] X-Acpt:[redacted] Y:[z]]"},
	{"private key", `{"private_key":"abc\ndef"} private_key=abc`, `{"private_key":"[redacted]"} private_key=[redacted]`},
	{"private key in PEM", "x -----BEGIN PRIVATE KEY-----\nMIIE\nvQIB\n-----END PRIVATE KEY----- y", "x [redacted] y"},
	{"private key cut short", "x -----BEGIN RSA PRIVATE KEY-----\nMIIE\nvQIB", "x [redacted]"},
	{"public key", "-----BEGIN PUBLIC KEY-----\nMIIE", "-----BEGIN PUBLIC KEY-----\nMIIE"},
	{"authorization of an unknown scheme", "Authorization: Custom a=b, c d\nHost: x", "Authorization: [redacted]\nHost: x"},
	{"authorization without a scheme", "authorization: abc", "authorization: [redacted]"},
	{"authorization in small letters", "authorization:bearer abc", "authorization:bearer [redacted]"},
	{"authorization in JSON", `{"Authorization":["JWT abc"],"Host":["x"]}`, `{"Authorization":["JWT [redacted]"],"Host":["x"]}`},
	{"authorization in quoted JSON", `"{\"Authorization\":\"Bearer abc\",\"a\":1}"`, `"{\"Authorization\":\"Bearer [redacted]\",\"a\":1}"`},
	{"authorization in a command", `curl -H 'Authorization: Basic abc def' https://x.example`, `curl -H 'Authorization: Basic [redacted]' https://x.example`},
	{"authorization in a map", "map[Authorization:[JWT abc] Host:[x]]", "map[Authorization:[JWT [redacted]"},
}

func TestText(t *testing.T) {
	for _, c := range slices.Concat(tokens, secrets) {
		t.Run(c.name, func(t *testing.T) {
			if got := redact.Text(c.in); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := redact.Text(redact.Text(c.in)); got != c.want {
				t.Errorf("twice: got %s, want %s", got, c.want)
			}
		})
	}
}

// TestOrdinaryText holds what looks a little like a credential and is none.
func TestOrdinaryText(t *testing.T) {
	for _, line := range []string{
		"status code: 404", "exit code: 1", `exit status 1, code 2`, "error code 7: disk full",
		"jwt: token is malformed", "JWT verification failed", "typ is not JWT.", "the JWT signature-check failed.", "assertion: issuer is wrong",
		"basic authentication is not offered", "Bearer challenges are not answered", "bearer tokens",
		"password: required", "the password is wrong", "sharedSecret: too short", "sharedSecret is missing",
		"the shared secret has 3 bytes, want 32 to 4096", "boltstore: STORE_KEY is not set", "store key: 16 bytes, want 32",
		"the private key is not RSA", "private_key: not a key", "public_key=abc", "publicKey:MIGf", "tokens=3 keys=4",
		`the Authorization header has the scheme "Bearer", want "JWT"`, "the request has more than one token or Authorization header",
		"authorization server https://oauth-2-authorization-server.services.atlassian.com: status 500",
		`auth: host request: qsh: the token is for another request, issuer "jira:1", canonical request ["GET&/a&b=c"], token says "be16910858a41fd1"`,
		"installed com.example.app at https://x.atlassian.net, generation 3, took 12ms", "/x?barcode=abc&encoded=def&zipcode=1",
		"https://x.atlassian.net/rest/api/3/search?jql=project%3DA&maxResults=50",
	} {
		if got := redact.Text(line); got != line {
			t.Errorf("got %s, want %s", got, line)
		}
	}
}

// TestWhiteSpace shows that a header written with white space is known too.
func TestWhiteSpace(t *testing.T) {
	for _, text := range []string{`{"alg":"HS256"}`, `{ "alg":"HS256"}`, "{\n\"alg\":\"HS256\"}", "{\r\n\"alg\":\"HS256\"}", "{\t\"alg\":\"HS256\"}"} {
		segment := base64.RawURLEncoding.EncodeToString([]byte(text))
		if got := redact.Text(segment + "." + body + "." + tail); got != redact.Mark {
			t.Errorf("header %q: got %s, want the mark", text, got)
		}
	}
}

// The properties: wherever a token stands, its claims and its signature do not
// come through, and neither does a secret behind its name, whatever follows.
func FuzzText(f *testing.F) {
	f.Add("", "")
	f.Add("/x?jwt=", "&a=b")
	f.Add(`{"a":"`, `"}`)
	f.Add("eyJ", ".x")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, body) || strings.Contains(before+after, tail) {
			return
		}
		if got := redact.Text(before + jwt + after); strings.Contains(got, body) || strings.Contains(got, tail) {
			t.Errorf("got %q", got)
		}
		for _, name := range []string{"sharedSecret:", "shared_secret=", "STORE_KEY=", "X-acpt: ", "Authorization: Custom ", `sharedSecret: "`} {
			if got := redact.Text(name + tail + " " + after); strings.Contains(got, tail) {
				t.Errorf("%s: got %q", name, got)
			}
		}
	})
}
