package auth

import (
	"bytes"
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

// findToken returns the one token of the request: in the Authorization header
// or, where the row allows it, in the query or the form. A second token in any
// of these places is refused whether the row allows it there or not, because
// two readers could choose differently.
func findToken(r *http.Request, params []qsh.Param, allowed row) (string, error) {
	credentials := r.Header["Authorization"]
	var inHeader, elsewhere []string
	for _, value := range credentials {
		if token, ok := strings.CutPrefix(value, scheme); ok {
			inHeader = append(inHeader, token)
		}
	}
	for _, p := range params {
		if p.Name == qsh.TokenParam {
			elsewhere = append(elsewhere, p.Value)
		}
	}
	if allowed.query {
		form, err := formTokens(r)
		if err != nil {
			return "", err
		}
		elsewhere = append(elsewhere, form...)
	}
	switch {
	case len(inHeader)+len(elsewhere) > 1 || len(credentials) > 1:
		return "", &Error{Code: CodeManyTokens, Detail: "the request has more than one token or Authorization header"}
	case len(inHeader) == 1:
		return inHeader[0], nil
	case len(elsewhere) == 1 && allowed.query:
		return elsewhere[0], nil
	}
	return "", &Error{Code: CodeNoToken, Detail: "the request has no token where this route takes one"}
}

// formTokens returns the tokens in a URL-encoded form body, where the host puts
// them for macros with renderingMethod post. The form stays readable in
// r.PostForm and in r.Body.
func formTokens(r *http.Request) ([]string, error) {
	if r.Method != http.MethodPost || r.Body == nil {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, nil
	}
	if r.PostForm == nil {
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxForm))
		if err != nil {
			return nil, fmt.Errorf("auth: form: %w", err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, &Error{Code: CodeMalformed, Detail: "the form does not parse"}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
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
	Unknown   jsontext.Value `json:",embed"`
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
	Unknown   jsontext.Value `json:",embed"`
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
	if strings.Count(raw, ".") != 2 {
		return nil, errors.New("the token has not three segments")
	}
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
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
