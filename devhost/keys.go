package devhost

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"sync"
)

// keysPath is where the key server lives below the host's URL.
const keysPath = "/keys"

// signingKey is the key of install tokens, generated when it is first needed.
type signingKey struct {
	once    sync.Once
	private *rsa.PrivateKey
	id      string
	public  []byte // PEM, SubjectPublicKeyInfo
	err     error
}

func (k *signingKey) load() error {
	k.once.Do(func() { k.err = k.prepare() })
	return k.err
}

func (k *signingKey) prepare() error {
	if k.private == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return fmt.Errorf("devhost: %w", err)
		}
		k.private = key
	}
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return fmt.Errorf("devhost: %w", err)
	}
	sum := sha256.Sum256(der)
	k.id = hex.EncodeToString(sum[:4]) + "-" + hex.EncodeToString(sum[4:6]) + "-" + hex.EncodeToString(sum[6:12])
	k.public = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return nil
}

// KeyID returns the id under which the key server has the key of install
// tokens. The same key has the same id on every Host. The error is that of
// generating a key.
func (h *Host) KeyID() (string, error) {
	if err := h.keys.load(); err != nil {
		return "", err
	}
	return h.keys.id, nil
}

// SigningKey returns the private key of install tokens. The error is that of
// generating it.
func (h *Host) SigningKey() (*rsa.PrivateKey, error) {
	if err := h.keys.load(); err != nil {
		return nil, err
	}
	return h.keys.private, nil
}

// serveKey answers with a public key, or 404 for an id that is not known, as
// Atlassian's key server does.
func (h *Host) serveKey(w http.ResponseWriter, r *http.Request) {
	if err := h.keys.load(); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if r.PathValue("kid") != h.keys.id {
		refuse(r, "no such key id")
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Write(h.keys.public)
}
