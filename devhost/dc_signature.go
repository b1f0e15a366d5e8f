package devhost

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // RSA-SHA1
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// pair is one parameter of a request. RFC 5849 signs all of them, repeated ones
// and those without a value too.
type pair struct{ name, value string }

// signedRequest is a request by RFC 5849.
type signedRequest struct {
	protocol map[string]string // the oauth_ parameters
	signed   []pair            // what the signature covers
}

// signatureHashes are the methods this host takes. Beyond RSA-SHA1 they are
// unconfirmed; HMAC and PLAINTEXT need a secret that an application link does
// not have.
var signatureHashes = map[string]crypto.Hash{
	"RSA-SHA1": crypto.SHA1, "RSA-SHA256": crypto.SHA256, "RSA-SHA512": crypto.SHA512,
}

// signedByParameters reports whether the query signs the request in place of the
// header.
func signedByParameters(r *http.Request) bool { return r.URL.Query().Has("oauth_signature") }

// readSigned collects the parameters of a request from its header, its query
// and, when it is a form, its body, which can still be read afterwards.
func readSigned(r *http.Request) (*signedRequest, error) {
	header, err := headerPairs(r.Header.Get("Authorization"))
	if err != nil {
		return nil, err
	}
	query, err := formPairs(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	body, err := bodyPairs(r)
	if err != nil {
		return nil, err
	}
	s := &signedRequest{protocol: make(map[string]string)}
	for _, p := range slices.Concat(header, query, body) {
		if strings.HasPrefix(p.name, "oauth_") {
			if _, twice := s.protocol[p.name]; twice {
				return nil, fmt.Errorf("parameter %s is repeated", p.name)
			}
			s.protocol[p.name] = p.value
		}
		if p.name != "oauth_signature" {
			s.signed = append(s.signed, p)
		}
	}
	return s, nil
}

// headerPairs reads an Authorization header, by section 3.5.1; the realm is no
// parameter. Another scheme has none.
func headerPairs(header string) ([]pair, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, nil
	}
	var list []pair
	for part := range strings.SplitSeq(rest, ",") {
		name, quoted, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
			return nil, errors.New("the header is no list of parameters")
		}
		if strings.EqualFold(name, "realm") {
			continue
		}
		name, errName := url.PathUnescape(name)
		value, errValue := url.PathUnescape(quoted[1 : len(quoted)-1])
		if err := errors.Join(errName, errValue); err != nil {
			return nil, errors.New("the header is not percent-encoded")
		}
		list = append(list, pair{name, value})
	}
	return list, nil
}

// formPairs reads a query or a form, by section 3.4.1.3.1.
func formPairs(text string) ([]pair, error) {
	var list []pair
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, err := splitPair(part)
		if err != nil {
			return nil, err
		}
		list = append(list, pair{name, value})
	}
	return list, nil
}

func bodyPairs(r *http.Request) ([]pair, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return formPairs(string(b))
}

// baseString is the text that is signed, by section 3.4.1. base is the scheme
// and the host of the site, path the path as it was sent, still escaped.
func (s *signedRequest) baseString(method, base, path string) string {
	encoded := make([]pair, len(s.signed))
	for i, p := range s.signed {
		encoded[i] = pair{percentEncode(p.name), percentEncode(p.value)}
	}
	slices.SortFunc(encoded, func(a, b pair) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value)) })
	texts := make([]string, len(encoded))
	for i, p := range encoded {
		texts[i] = p.name + "=" + p.value
	}
	return strings.ToUpper(method) + "&" + percentEncode(base+path) + "&" + percentEncode(strings.Join(texts, "&"))
}

// verify checks the signature with the key of the consumer.
func (s *signedRequest) verify(text string, key *rsa.PublicKey) error {
	signature, err := base64.StdEncoding.DecodeString(s.protocol["oauth_signature"])
	if err != nil {
		return errors.New("the signature is not Base64")
	}
	hash := signatureHashes[s.protocol["oauth_signature_method"]]
	sum := hash.New()
	io.WriteString(sum, text)
	return rsa.VerifyPKCS1v15(key, hash, sum.Sum(nil), signature)
}

// signedBase is the scheme and the host a client signs: in lower case, without
// the port that goes without saying.
func (h *Host) signedBase(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || sameHost(h.BaseURL(), r.Host) && strings.HasPrefix(h.BaseURL(), "https:") {
		scheme = "https"
	}
	host := strings.ToLower(r.Host)
	return scheme + "://" + strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
}
