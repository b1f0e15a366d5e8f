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

	// maxForm is how much of a form is read for a caller who is verified, and
	// maxBlindForm for one who is not, as the token is looked for in it.
	maxForm      = 1 << 20
	maxBlindForm = 256 << 10

	scheme = "JWT "

	mediaForm      = "application/x-www-form-urlencoded"
	mediaMultipart = "multipart/form-data"
)

// findToken returns the one token in the Authorization header or, where the
// row allows it, in the query, and whether there is one. With none of them it
// may still be in the form. A second token in any of these places is refused
// whether the row allows it there or not, because two readers could choose
// differently.
func findToken(r *http.Request, params []qsh.Param, allowed row) (token string, found bool, err error) {
	credentials := r.Header["Authorization"]
	var inHeader, inQuery []string
	for _, value := range credentials {
		if token, ok := strings.CutPrefix(value, scheme); ok {
			inHeader = append(inHeader, token)
		}
	}
	for _, p := range params {
		if p.Name == qsh.TokenParam {
			inQuery = append(inQuery, p.Value)
		}
	}
	switch {
	case len(inHeader)+len(inQuery) > 1 || len(credentials) > 1:
		return "", false, &Error{Code: CodeManyTokens, Detail: manyTokens}
	case len(inHeader) == 1:
		return inHeader[0], true, nil
	case len(inQuery) == 1 && allowed.place == inURL:
		return inQuery[0], true, nil
	case len(inQuery) == 1:
		return "", false, &Error{Code: CodeNoToken, Detail: "the route takes no token in the query"}
	}
	return "", false, nil
}

const manyTokens = "the request has more than one token or Authorization header"

// tokenInForm returns the token of a request that has none elsewhere.
func tokenInForm(r *http.Request, allowed row) (string, error) {
	tokens, err := formTokens(r, allowed, maxBlindForm)
	switch {
	case err != nil:
		return "", err
	case len(tokens) > 1:
		return "", &Error{Code: CodeManyTokens, Detail: manyTokens}
	case len(tokens) == 0:
		return "", &Error{Code: CodeNoToken, Detail: noToken(r)}
	}
	return tokens[0], nil
}

// noTokenInForm refuses a second token, of a request that was verified by one
// from elsewhere.
func noTokenInForm(r *http.Request, allowed row) error {
	tokens, err := formTokens(r, allowed, maxForm)
	if err != nil {
		return err
	}
	if len(tokens) > 0 {
		return &Error{Code: CodeManyTokens, Detail: manyTokens}
	}
	return nil
}

// noToken says what there is in place of a token. Of an Authorization header it
// names the scheme if that is a well-known one, since any other word there may
// be the credential itself.
func noToken(r *http.Request) string {
	value := r.Header.Get("Authorization")
	if value == "" || value == strings.TrimSpace(scheme) {
		return "the request has no token where this route takes one"
	}
	word, _, _ := strings.Cut(value, " ")
	for _, known := range []string{"Bearer", "Basic", "Digest", "Negotiate", "JWT"} {
		if strings.EqualFold(word, known) {
			return fmt.Sprintf("the Authorization header has the scheme %q, want %q", word, strings.TrimSpace(scheme))
		}
	}
	return fmt.Sprintf("the Authorization header has not the scheme %q", strings.TrimSpace(scheme))
}

// formTokens returns the tokens in a URL-encoded form body of at most limit
// bytes, where the row allows them and the host puts them for macros with
// renderingMethod post. The form stays readable in r.PostForm and in r.Body.
func formTokens(r *http.Request, allowed row, limit int64) ([]string, error) {
	if allowed.place != inURL || r.Method != http.MethodPost || r.Body == nil {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaForm {
		return nil, nil
	}
	if err := readForm(r, limit); err != nil {
		return nil, err
	}
	return r.PostForm[qsh.TokenParam], nil
}

// readForm reads a URL-encoded form body of at most limit bytes, unless it has
// been read, into r.PostForm, and leaves it in r.Body.
func readForm(r *http.Request, limit int64) error {
	if r.PostForm != nil {
		return nil
	}
	if r.ContentLength > limit {
		return fmt.Errorf("auth: form: %w", &http.MaxBytesError{Limit: limit})
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	if err != nil {
		return fmt.Errorf("auth: form: %w", err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return &Error{Code: CodeMalformed, Detail: "the form does not parse"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.PostForm = form
	return nil
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
