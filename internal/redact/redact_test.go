package redact_test

import (
	"encoding/base64"
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

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
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
	} {
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

// TestWhiteSpace shows that a header written with white space is known too.
func TestWhiteSpace(t *testing.T) {
	for _, text := range []string{`{"alg":"HS256"}`, `{ "alg":"HS256"}`, "{\n\"alg\":\"HS256\"}", "{\r\n\"alg\":\"HS256\"}", "{\t\"alg\":\"HS256\"}"} {
		segment := base64.RawURLEncoding.EncodeToString([]byte(text))
		if got := redact.Text(segment + "." + body + "." + tail); got != redact.Mark {
			t.Errorf("header %q: got %s, want the mark", text, got)
		}
	}
}

// The property: wherever a token stands, its claims and its signature do not
// come through.
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
	})
}
