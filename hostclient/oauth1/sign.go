package oauth1

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/atlassian-connect-go/sdk/store"
)

// Sign sets r's Authorization header to a signature with the user's token, of
// this moment and for one sending; nothing else of r is changed, and nothing may
// be changed between signing and sending but headers. What stands in r's query
// and, when its Content-Type is application/x-www-form-urlencoded, in its body
// is signed. Such a body is read by r.GetBody, which the constructors of net/http
// set for bodies in memory.
//
// An error leaves r as it was: for a token that is nil or empty, a request that
// does not go below BaseURL, one that carries parameters of OAuth's own beside
// the header, has broken escapes or a form that cannot be read twice, or when the
// Signer fails. It shows nothing secret.
func (c *Consumer) Sign(r *http.Request, token *Token) error {
	if token == nil || token.Value.IsZero() {
		return errors.New("oauth1: there is no token to sign with")
	}
	if !c.below(r.URL) {
		return fmt.Errorf("oauth1: the request does not go to %s", c.base)
	}
	return c.sign(r, token.Secret, pair{"oauth_token", token.Value.Reveal()})
}

func (c *Consumer) sign(r *http.Request, tokenSecret store.Secret, extra ...pair) error {
	protocol, err := c.protocol()
	if err != nil {
		return fmt.Errorf("oauth1: signing: %w", err)
	}
	header, err := authorization(r, c.config.Signer, tokenSecret, append(protocol, extra...))
	if err != nil {
		return fmt.Errorf("oauth1: signing: %w", err)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", header)
	return nil
}

// protocol returns the parameters that every request has.
func (c *Consumer) protocol() ([]pair, error) {
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(c.config.Rand, nonce); err != nil {
		return nil, err
	}
	return []pair{
		{"oauth_consumer_key", c.config.ConsumerKey},
		{"oauth_nonce", hex.EncodeToString(nonce)},
		{"oauth_signature_method", c.config.Signer.Method()},
		{"oauth_timestamp", strconv.FormatInt(c.config.Clock().Unix(), 10)},
		{"oauth_version", "1.0"},
	}, nil
}

// authorization returns the header that signs r with the protocol parameters.
func authorization(r *http.Request, s Signer, tokenSecret store.Secret, protocol []pair) (string, error) {
	t, of, err := parts(r)
	if err != nil {
		return "", err
	}
	signature, err := s.Sign(r.Context(), baseString(t, of, protocol), tokenSecret)
	if err != nil {
		return "", err
	}
	header := []byte("OAuth ")
	for _, p := range protocol {
		header = appendParameter(header, p)
		header = append(header, ", "...)
	}
	return string(appendParameter(header, pair{"oauth_signature", signature})), nil
}

func appendParameter(b []byte, p pair) []byte {
	b = append(appendEncoded(b, p.name), `="`...)
	return append(appendEncoded(b, p.value), '"')
}

// below reports whether u lies below the base URL. What is in the path is the
// transport's to look at, and the host's: the signature is for that path alone.
func (c *Consumer) below(u *url.URL) bool {
	if u == nil || u.Scheme != c.base.Scheme || hostOf(u) != hostOf(c.base) {
		return false
	}
	rest, ok := strings.CutPrefix(u.EscapedPath(), c.base.Path)
	return ok && (rest == "" || rest[0] == '/')
}

func hostOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
