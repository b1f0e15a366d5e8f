package devhost

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Times the host allows in tokens.
const (
	hostTokenLife = 180 * time.Second // of the tokens the host makes
	appTokenLife  = time.Hour         // longest life of a token an app makes
	clockLeeway   = 30 * time.Second
)

// maxToken is the longest token read, in bytes.
const maxToken = 16 << 10

// hostClaims are the claims of the tokens the host makes.
type hostClaims struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub,omitempty"`
	Audience string          `json:"aud,omitempty"`
	IssuedAt int64           `json:"iat"`
	Expires  int64           `json:"exp"`
	QSH      string          `json:"qsh"`
	Context  json.RawMessage `json:"context,omitempty"`
}

// signHS256 writes a token signed with a tenant's shared secret.
func signHS256(c hostClaims, secret string) (string, error) {
	text, err := signingInput(`{"typ":"JWT","alg":"HS256"}`, c)
	if err != nil {
		return "", err
	}
	return text + "." + encodeSegment(macOf(text, secret)), nil
}

// signRS256 writes a token signed with the host's own key.
func signRS256(c hostClaims, key *rsa.PrivateKey, kid string) (string, error) {
	header, err := json.Marshal(struct {
		Type  string `json:"typ"`
		Alg   string `json:"alg"`
		KeyID string `json:"kid"`
	}{"JWT", "RS256", kid})
	if err != nil {
		return "", err
	}
	text, err := signingInput(string(header), c)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + encodeSegment(sig), nil
}

func signingInput(header string, c hostClaims) (string, error) {
	claims, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return encodeSegment([]byte(header)) + "." + encodeSegment(claims), nil
}

func encodeSegment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func macOf(text, secret string) []byte {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// appToken is a token made by an app, taken apart and not yet believed.
type appToken struct {
	signed    string
	signature []byte
	header    map[string]json.RawMessage
	claims    map[string]json.RawMessage
}

// parseAppToken takes a token apart: three segments of strict base64url, JSON
// objects without repeated names, and the one algorithm apps may use.
func parseAppToken(token string) (*appToken, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("token is longer than %d bytes", maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("token has %d segments, want 3", len(parts))
	}
	t := &appToken{signed: parts[0] + "." + parts[1]}
	var err error
	if t.header, err = decodeObject(parts[0]); err != nil {
		return nil, fmt.Errorf("token header: %w", err)
	}
	if t.claims, err = decodeObject(parts[1]); err != nil {
		return nil, fmt.Errorf("token claims: %w", err)
	}
	if t.signature, err = base64.RawURLEncoding.Strict().DecodeString(parts[2]); err != nil {
		return nil, errors.New("token signature is not base64url")
	}
	return t, t.checkHeader()
}

func (t *appToken) checkHeader() error {
	if _, ok := t.header["crit"]; ok {
		return errors.New("token header has crit, which is not understood")
	}
	alg, err := textMember(t.header, "alg")
	if err != nil {
		return err
	}
	if alg != "HS256" {
		return fmt.Errorf("token alg is %q, want HS256", alg)
	}
	return nil
}

// signedWith reports whether the token was signed with secret.
func (t *appToken) signedWith(secret string) bool {
	return secret != "" && hmac.Equal(t.signature, macOf(t.signed, secret))
}

// checkTimes judges iat and exp, both of which must be there.
func (t *appToken) checkTimes(now time.Time, life, leeway time.Duration) error {
	iat, err := timeMember(t.claims, "iat")
	if err != nil {
		return err
	}
	exp, err := timeMember(t.claims, "exp")
	if err != nil {
		return err
	}
	switch {
	case iat.After(now.Add(leeway)):
		return fmt.Errorf("token iat is %s ahead of the host's clock", iat.Sub(now))
	case !exp.After(iat):
		return errors.New("token exp is not after its iat")
	case exp.Sub(iat) > life:
		return fmt.Errorf("token lives %s, at most %s is allowed", exp.Sub(iat), life)
	case !now.Before(exp.Add(leeway)):
		return fmt.Errorf("token expired %s ago", now.Sub(exp))
	}
	return t.checkNotBefore(now, leeway)
}

func (t *appToken) checkNotBefore(now time.Time, leeway time.Duration) error {
	if _, ok := t.claims["nbf"]; !ok {
		return nil
	}
	nbf, err := timeMember(t.claims, "nbf")
	if err != nil {
		return err
	}
	if nbf.After(now.Add(leeway)) {
		return fmt.Errorf("token is not valid before %s from now", nbf.Sub(now))
	}
	return nil
}

func (t *appToken) text(name string) (string, error) { return textMember(t.claims, name) }

func textMember(m map[string]json.RawMessage, name string) (string, error) {
	raw, ok := m[name]
	if !ok {
		return "", fmt.Errorf("token has no %s", name)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || s == "" {
		return "", fmt.Errorf("token %s is not a text", name)
	}
	return s, nil
}

// timeMember reads a number of seconds between the years 1970 and 9999.
func timeMember(m map[string]json.RawMessage, name string) (time.Time, error) {
	raw, ok := m[name]
	if !ok {
		return time.Time{}, fmt.Errorf("token has no %s", name)
	}
	var sec float64
	if bytes.HasPrefix(raw, []byte(`n`)) || json.Unmarshal(raw, &sec) != nil || sec < 0 || sec > 253402300799 {
		return time.Time{}, fmt.Errorf("token %s is not a time in seconds", name)
	}
	return time.UnixMilli(int64(sec * 1000)), nil
}

func decodeObject(segment string) (map[string]json.RawMessage, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return nil, errors.New("not base64url")
	}
	return strictObject(b)
}

// strictObject reads one JSON object and refuses repeated member names.
func strictObject(b []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	m := make(map[string]json.RawMessage)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, errors.New("not a JSON object")
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("not a JSON object")
		}
		if _, ok := m[name]; ok {
			return nil, fmt.Errorf("member %q is repeated", name)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, errors.New("not a JSON object")
		}
		m[name] = v
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("not a JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the JSON object")
	}
	return m, nil
}
