package connecttest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/connecttest"
)

func TestTokenString(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	base := connecttest.Token{
		Alg: "HS256", Key: "secret",
		Header: connecttest.Members{{Name: "alg", Value: "HS256"}},
		Claims: connecttest.Members{{Name: "z", Value: 1}, {Name: "a", Value: "x"}},
	}
	raw := func(edit func(*connecttest.Token)) connecttest.Token {
		tok := base
		edit(&tok)
		return tok
	}
	none := ""
	tests := []struct {
		name           string
		token          connecttest.Token
		header, claims string
		signature      int // its length in bytes
	}{
		{"order is kept", base, `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 32},
		{"claim replaced", base.WithClaim("z", 2), `{"alg":"HS256"}`, `{"z":2,"a":"x"}`, 32},
		{"claim added", base.WithClaim("n", nil), `{"alg":"HS256"}`, `{"z":1,"a":"x","n":null}`, 32},
		{"claim removed", base.WithoutClaim("z"), `{"alg":"HS256"}`, `{"a":"x"}`, 32},
		{"claim repeated", raw(func(t *connecttest.Token) { t.Claims = t.Claims.And("a", "y") }), `{"alg":"HS256"}`, `{"z":1,"a":"x","a":"y"}`, 32},
		{"header lies", base.WithHeader("alg", "none").WithHeader("kid", "k"), `{"alg":"none","kid":"k"}`, `{"z":1,"a":"x"}`, 32},
		{"header removed", base.WithoutHeader("alg"), `{}`, `{"z":1,"a":"x"}`, 32},
		{"HS384", base.SignedBy("HS384", []byte("s")), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 48},
		{"HS512", base.SignedBy("HS512", "s"), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 64},
		{"RS256", base.SignedBy("RS256", key), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 256},
		{"RS512", base.SignedBy("RS512", key), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 256},
		{"none", base.SignedBy("none", nil), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 0},
		{"raw", raw(func(t *connecttest.Token) { t.RawHeader, t.RawClaims = "[", `{"a":1,}` }), `[`, `{"a":1,}`, 32},
		{"raw signature", raw(func(t *connecttest.Token) { t.RawSignature = &none }), `{"alg":"HS256"}`, `{"z":1,"a":"x"}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parts := strings.Split(tt.token.String(), ".")
			var got []string
			for _, p := range parts {
				b, err := base64.RawURLEncoding.DecodeString(p)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b))
			}
			if len(got) != 3 || got[0] != tt.header || got[1] != tt.claims || len(got[2]) != tt.signature {
				t.Errorf("got %q, want %s, %s and %d bytes", got, tt.header, tt.claims, tt.signature)
			}
		})
	}
	t.Run("segments", func(t *testing.T) {
		tok := raw(func(t *connecttest.Token) { t.Segments = func(s []string) []string { return append(s, s[2]) } })
		if got := strings.Count(tok.String(), "."); got != 3 {
			t.Errorf("got %d dots, want 3", got)
		}
	})
	t.Run("the receiver stays", func(t *testing.T) {
		base.WithClaim("z", 9).WithHeader("alg", "x")
		if base.Claims.Value("z") != 1 || base.Header.Value("alg") != "HS256" {
			t.Errorf("got %v, %v", base.Header, base.Claims)
		}
	})
	for name, tok := range map[string]connecttest.Token{
		"RS256 with a secret": base.SignedBy("RS256", "s"), "HS256 with a key": base.SignedBy("HS256", key), "unknown": base.SignedBy("ES256", "s"),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("got no panic")
				}
			}()
			_ = tok.String()
		})
	}
}

func TestReadMembers(t *testing.T) {
	const text = `{"b":1,"a":{"z":[1]},"b":"x","n":null,"big":12345678901234567890}`
	m, err := connecttest.ReadMembers([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range m {
		names = append(names, e.Name)
	}
	if want := []string{"b", "a", "b", "n", "big"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if b, err := json.Marshal(m); err != nil || string(b) != text {
		t.Errorf("got %s, %v, want %s", b, err, text)
	}
	for _, bad := range []string{"", "[]", "{", `{"a"}`, `{"a":1`, "null"} {
		if m, err := connecttest.ReadMembers([]byte(bad)); err == nil {
			t.Errorf("%q: got %v, want an error", bad, m)
		}
	}
}
