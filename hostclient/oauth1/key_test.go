package oauth1_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

// testKey has the size of Atlassian's tutorial.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return key
})

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return encodePEM("PRIVATE KEY", der)
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParsePrivateKey(t *testing.T) {
	key := testKey()
	pkcs1 := encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	public := encodePEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey))
	for name, text := range map[string][]byte{
		"PKCS #1": pkcs1, "PKCS #8": pkcs8(t, key),
		"with text around": []byte("Bag Attributes\n" + string(pkcs1) + "\n# end"),
		"behind a public":  append(bytes.Clone(public), pkcs1...),
		"Windows' lines":   bytes.ReplaceAll(pkcs1, []byte("\n"), []byte("\r\n")),
	} {
		if got, err := oauth1.ParsePrivateKey(text); err != nil || !got.Equal(key) {
			t.Errorf("%s: got another key or %v", name, err)
		}
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	key := testKey()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := encodePEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"nothing", nil, "no whole PEM block"},
		{"no PEM", []byte("my key"), "no whole PEM block"},
		{"cut short", pkcs1[:len(pkcs1)/2], "no whole PEM block"},
		{"a public key", encodePEM("PUBLIC KEY", []byte("x")), `which has: "PUBLIC KEY"`},
		{"a certificate and a public key", append(encodePEM("CERTIFICATE", []byte("x")), encodePEM("RSA PUBLIC KEY", nil)...), `"CERTIFICATE", "RSA PUBLIC KEY"`},
		{"an elliptic curve", pkcs8(t, curve), "not an RSA key"},
		{"damaged PKCS #1", encodePEM("RSA PRIVATE KEY", []byte("x")), "asn1"},
		{"damaged PKCS #8", encodePEM("PRIVATE KEY", []byte("x")), "asn1"},
		{"PKCS #8 under the name of PKCS #1", encodePEM("RSA PRIVATE KEY", decoded(t, pkcs8(t, key))), "ParsePKCS8PrivateKey"},
		{"PKCS #1 under a passphrase", file(t, "encrypted-pkcs1.pem"), "passphrase"},
		{"PKCS #8 under a passphrase", file(t, "encrypted-pkcs8.pem"), "passphrase"},
		{"512 bits", file(t, "512.pem"), "512"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := oauth1.ParsePrivateKey(c.text)
			if err == nil || got != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "oauth1: private key: ") {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func decoded(t *testing.T, text []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(text)
	return block.Bytes
}

// Go refuses short keys itself; where that is switched off, we still do.
func TestShortKeysAreRefused(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	if _, err := oauth1.ParsePrivateKey(file(t, "512.pem")); err == nil || !strings.Contains(err.Error(), "has 512 bits, want at least 1024") {
		t.Errorf("got %v, want an error on 512 bits", err)
	}
	short, err := x509.ParsePKCS1PrivateKey(decoded(t, file(t, "512.pem")))
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]*rsa.PrivateKey{"short": short, "nil": nil, "empty": {}} {
		s := oauth1.RSASHA1(key)
		if signature, err := s.Sign(context.Background(), "x", store.Secret{}); err == nil || signature != "" {
			t.Errorf("%s: got the signature %q (%v)", name, signature, err)
		}
		if _, err := oauth1.New(oauth1.Config{BaseURL: "https://h", ConsumerKey: "k", Signer: s}); err == nil || !strings.Contains(err.Error(), "Signer") {
			t.Errorf("%s: New: got %v", name, err)
		}
	}
}
