package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/internal/strictjson"
)

const (
	algHS256 = "HS256"
	algRS256 = "RS256"

	maxToken = 16 << 10
	maxForm  = 1 << 20

	scheme = "JWT "
)

// errTokens is the refusal of a request that does not carry exactly one token.
type errTokens struct{ code Code }

func (e errTokens) Error() string { return "auth: " + string(e.code) }

// findToken returns the one token of the request: in the Authorization header,
// or where the row allows it in the query or, for a POST of the browser that
// has neither, in the form.
func findToken(r *http.Request, params []qsh.Param, allowed row) (string, error) {
	var found []string
	for _, value := range r.Header["Authorization"] {
		if token, ok := strings.CutPrefix(value, scheme); ok {
			found = append(found, token)
		}
	}
	if allowed.query {
		for _, p := range params {
			if p.Name == qsh.TokenParam {
				found = append(found, p.Value)
			}
		}
		fromForm, err := formTokens(r, len(found) == 0)
		if err != nil {
			return "", err
		}
		found = append(found, fromForm...)
	}
	switch {
	case len(found) == 0:
		return "", errTokens{CodeNoToken}
	case len(found) > 1:
		return "", errTokens{CodeManyTokens}
	}
	return found[0], nil
}

// formTokens returns the tokens in a URL-encoded form body, where the host puts
// them for macros with renderingMethod post. The form stays readable in
// r.PostForm. A body is read only when no token was found before it.
func formTokens(r *http.Request, read bool) ([]string, error) {
	if r.Method != http.MethodPost || r.Body == nil {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, nil
	}
	if r.PostForm == nil {
		if !read {
			return nil, nil
		}
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxForm))
		if err != nil {
			return nil, fmt.Errorf("auth: form: %w", err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, errTokens{CodeMalformed}
		}
		r.PostForm = form
	}
	return r.PostForm[qsh.TokenParam], nil
}

// token is a token taken apart, with nothing about it verified.
type token struct {
	header    header
	claims    claims
	signed    string // the first two segments, which the signature is over
	signature []byte
}

type header struct {
	Algorithm string         `json:"alg"`
	Type      string         `json:"typ"`
	KeyID     string         `json:"kid"`
	Critical  jsontext.Value `json:"crit"`
	Unknown   jsontext.Value `json:",unknown"`
}

type claims struct {
	Issuer    string         `json:"iss"`
	Subject   string         `json:"sub"`
	Audience  audience       `json:"aud"`
	IssuedAt  int64          `json:"iat"`
	Expires   int64          `json:"exp"`
	NotBefore int64          `json:"nbf"`
	QSH       string         `json:"qsh"`
	Context   jsontext.Value `json:"context"`
	Unknown   jsontext.Value `json:",unknown"`
}

// audience is the aud claim, a string or a list of them.
type audience []string

func (a *audience) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		var one string
		if err := json.UnmarshalDecode(d, &one); err != nil {
			return err
		}
		*a = audience{one}
		return nil
	}
	return json.UnmarshalDecode(d, (*[]string)(a))
}

// parseToken takes a token apart by the strict rules: three segments of
// base64url without padding, each JSON object without repeated names and
// without names that differ from a known one by case only.
func parseToken(raw string) (*token, error) {
	if len(raw) > maxToken {
		return nil, errors.New("the token is too long")
	}
	last := strings.LastIndexByte(raw, '.')
	first := strings.IndexByte(raw, '.')
	if first < 0 || first == last || strings.IndexByte(raw[first+1:last], '.') >= 0 {
		return nil, errors.New("the token has not three segments")
	}
	t := &token{signed: raw[:last]}
	if err := decodeSegment(raw[:first], &t.header, &t.header.Unknown); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if len(t.header.Critical) > 0 {
		return nil, errors.New("header: crit is not supported")
	}
	if t.header.Type != "" && !strings.EqualFold(t.header.Type, "JWT") {
		return nil, errors.New("header: typ is not JWT")
	}
	if err := decodeSegment(raw[first+1:last], &t.claims, &t.claims.Unknown); err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	var err error
	if t.signature, err = decodeBase64(raw[last+1:]); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return t, nil
}

func decodeSegment(segment string, into any, unknown *jsontext.Value) error {
	text, err := decodeBase64(segment)
	if err != nil {
		return err
	}
	return strictjson.Object(text, into, unknown)
}

var strictBase64 = base64.RawURLEncoding.Strict()

func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // which the decoder would skip
		return nil, errors.New("not base64url")
	}
	b, err := strictBase64.DecodeString(s)
	if err != nil {
		return nil, errors.New("not base64url")
	}
	return b, nil
}
