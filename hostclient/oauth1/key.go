package oauth1

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// minBits is what Go signs with. Atlassian's tutorial makes keys of 1024 bits;
// new ones should have 2048.
const minBits = 1024

// ParsePrivateKey returns the RSA private key in a PEM file, of PKCS #1 ("BEGIN
// RSA PRIVATE KEY") or PKCS #8 ("BEGIN PRIVATE KEY"), with at least 1024 bits.
// Certificates and other blocks beside it are passed over. An error says what
// the file holds instead; nothing of the key is in it.
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	key, err := parsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("oauth1: private key: %w", err)
	}
	return key, nil
}

func parsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	var others []string
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		switch {
		case block == nil && len(others) == 0:
			return nil, errors.New("there is no whole PEM block")
		case block == nil:
			return nil, fmt.Errorf("it is not in the PEM file, which has: %s", strings.Join(others, ", "))
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("it is under a passphrase; take that away first")
		case block.Type == "RSA PRIVATE KEY":
			return checked(x509.ParsePKCS1PrivateKey(block.Bytes))
		case block.Type == "PRIVATE KEY":
			return parsePKCS8(block.Bytes)
		}
		others = append(others, fmt.Sprintf("%.40q", block.Type))
	}
}

func parsePKCS8(der []byte) (*rsa.PrivateKey, error) {
	any, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an RSA key")
	}
	return checked(key, nil)
}

func checked(key *rsa.PrivateKey, err error) (*rsa.PrivateKey, error) {
	if err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return key, nil
}

func checkKey(key *rsa.PrivateKey) error {
	if key == nil || key.N == nil {
		return errors.New("there is no RSA key")
	}
	if bits := key.N.BitLen(); bits < minBits {
		return fmt.Errorf("the RSA key has %d bits, want at least %d", bits, minBits)
	}
	return nil
}
