package oauth1

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256" // for crypto.SHA256.New
	_ "crypto/sha512" // for crypto.SHA512.New
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/atlassian-connect-go/sdk/store"
)

// Signer makes signatures. One Signer serves the whole dance and all calls of a
// Consumer. Implementations must be safe for concurrent use and must show
// nothing secret when they are formatted.
type Signer interface {
	// Method is the value of oauth_signature_method, such as "RSA-SHA1".
	Method() string
	// Sign returns the value of oauth_signature for a base string. tokenSecret
	// belongs to the token in use and is zero before there is one; RSA does
	// without. Sign must honour ctx if it waits, as one that asks a key server
	// does. Its error must hold nothing secret.
	Sign(ctx context.Context, baseString string, tokenSecret store.Secret) (string, error)
}

// RSASHA1 is the method that Jira's application links take: RSASSA-PKCS1-v1_5
// with SHA-1, as section 3.4.3 of RFC 5849 has it. The key has at least 1024
// bits; New refuses others. SHA-1 is broken where an attacker can choose what is
// signed and is what this protocol has.
func RSASHA1(key *rsa.PrivateKey) Signer { return newRSA("RSA-SHA1", crypto.SHA1, key) }

// RSASHA256 is RSASHA1 with SHA-256. It is not in RFC 5849; whether a Jira takes
// it is unconfirmed.
func RSASHA256(key *rsa.PrivateKey) Signer { return newRSA("RSA-SHA256", crypto.SHA256, key) }

// RSASHA512 is RSASHA1 with SHA-512. It is not in RFC 5849; a client for Python
// has it for Jira, and which versions take it is unconfirmed.
func RSASHA512(key *rsa.PrivateKey) Signer { return newRSA("RSA-SHA512", crypto.SHA512, key) }

// HMACSHA1 is the method of section 3.4.2 of RFC 5849, for links and servers
// that share a secret with the consumer in place of its public key.
func HMACSHA1(consumerSecret store.Secret) Signer { return hmacSigner{consumerSecret} }

// rsaSigner keeps its key behind a function, into which fmt never looks.
type rsaSigner struct {
	method string
	hash   crypto.Hash
	key    func() *rsa.PrivateKey
}

func newRSA(method string, hash crypto.Hash, key *rsa.PrivateKey) Signer {
	return rsaSigner{method, hash, func() *rsa.PrivateKey { return key }}
}

func (s rsaSigner) Method() string { return s.method }

func (s rsaSigner) Sign(_ context.Context, baseString string, _ store.Secret) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	digest := s.hash.New()
	_, _ = io.WriteString(digest, baseString)
	signature, err := rsa.SignPKCS1v15(nil, s.key(), s.hash, digest.Sum(nil))
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

// check says what is wrong with the key.
func (s rsaSigner) check() error { return checkKey(s.key()) }

func (s rsaSigner) String() string               { return "oauth1: " + s.method }
func (s rsaSigner) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, s.String()) }
func (s rsaSigner) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

type hmacSigner struct{ consumerSecret store.Secret }

func (s hmacSigner) Method() string { return "HMAC-SHA1" }

func (s hmacSigner) Sign(_ context.Context, baseString string, tokenSecret store.Secret) (string, error) {
	key := encode(s.consumerSecret.Reveal()) + "&" + encode(tokenSecret.Reveal())
	mac := hmac.New(sha1.New, []byte(key))
	_, _ = io.WriteString(mac, baseString)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

func (s hmacSigner) check() error {
	if s.consumerSecret.IsZero() {
		return errors.New("the consumer secret is empty")
	}
	return nil
}

func (s hmacSigner) String() string               { return "oauth1: HMAC-SHA1" }
func (s hmacSigner) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, s.String()) }
func (s hmacSigner) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
