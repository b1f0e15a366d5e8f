package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/atlassian-connect-go/sdk/auth"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

func codeOf(err error) auth.Code {
	var refusal *auth.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	if err != nil {
		return "no refusal: " + auth.Code(err.Error())
	}
	return ""
}

func placeRefusals() []refusal {
	second := func(place string) func(*world, *shot) {
		return func(_ *world, s *shot) { // a second copy of the very same token
			token := s.token()
			switch place {
			case "header":
				s.extra.Add("Authorization", "JWT "+token)
			case "query":
				s.query += "&jwt=" + token
			case "form":
				s.method, s.contentType, s.body = http.MethodPost, "application/x-www-form-urlencoded", "jwt="+token
				s.rehash()
			}
		}
	}
	return []refusal{
		{"no token at all", hostRequest, in("nowhere"), auth.CodeNoToken},
		{"no token on a context route", contextToken, in("nowhere"), auth.CodeNoToken},
		{"no token on a lifecycle route", lifecycleEvent, in("nowhere"), auth.CodeNoToken},
		{"no token on a notice route", notice, in("nowhere"), auth.CodeNoToken},
		{"notice with its token in the query", notice, in("query"), auth.CodeNoToken},
		{"notice with its token in the form", notice, func(_ *world, s *shot) {
			s.place, s.body, s.contentType = "form", "a=1", "application/x-www-form-urlencoded"
		}, auth.CodeNoToken},
		{"notice with a token in header and query", notice, second("query"), auth.CodeManyTokens},
		{"no token on a session route", session, in("nowhere"), auth.CodeNoToken},
		{"context token in the query", contextToken, in("query"), auth.CodeNoToken},
		{"lifecycle token in the query", lifecycleEvent, in("query"), auth.CodeNoToken},
		{"session in the query", session, in("query"), auth.CodeNoToken},
		{"token in the form of a get", hostRequest, in("form"), auth.CodeNoToken},
		{"token in another header", hostRequest, func(_ *world, s *shot) {
			s.place = "nowhere"
			s.extra.Set("X-Acpt", s.token())
		}, auth.CodeNoToken},
		{"token in a cookie", hostRequest, func(_ *world, s *shot) {
			s.place = "nowhere"
			s.extra.Set("Cookie", "jwt="+s.token())
		}, auth.CodeNoToken},
		{"token parameter in capitals", hostRequest, func(_ *world, s *shot) {
			s.place = "nowhere"
			s.query += "&JWT=" + s.token()
		}, auth.CodeNoToken},
		{"two authorization headers", hostRequest, second("header"), auth.CodeManyTokens},
		{"token in header and query", hostRequest, second("query"), auth.CodeManyTokens},
		{"token in query and header", pageFrame, second("header"), auth.CodeManyTokens},
		{"token twice in the query", pageFrame, second("query"), auth.CodeManyTokens},
		{"token in header and form", hostRequest, second("form"), auth.CodeManyTokens},
		{"token in query and form", pageFrame, second("form"), auth.CodeManyTokens},
		{"token twice in the form", macroPost, func(_ *world, s *shot) { s.body = "page=1&jwt=" + s.token() }, auth.CodeManyTokens},
		{"token in form and header", macroPost, second("header"), auth.CodeManyTokens},
		{"token in form and query", macroPost, second("query"), auth.CodeManyTokens},
		{"context token in header and query", contextToken, second("query"), auth.CodeManyTokens},
		{"lifecycle token in header and query", lifecycleEvent, second("query"), auth.CodeManyTokens},
		{"session in header and query", session, second("query"), auth.CodeManyTokens},
		{"token and an empty token parameter", hostRequest, func(_ *world, s *shot) { s.query += "&jwt=" }, auth.CodeManyTokens},
		{"token and a basic credential", hostRequest, func(_ *world, s *shot) { s.extra.Add("Authorization", "Basic dXNlcjpwYXNz") }, auth.CodeManyTokens},
		{"empty token parameter", pageFrame, finished(func(string) string { return "" }), auth.CodeMalformed},
	}
}

func schemeRefusals() []refusal {
	return []refusal{
		{"scheme in small letters", hostRequest, schemed("jwt "), auth.CodeNoToken},
		{"scheme with one capital", hostRequest, schemed("Jwt "), auth.CodeNoToken},
		{"bearer scheme", hostRequest, schemed("Bearer "), auth.CodeNoToken},
		{"no scheme", hostRequest, schemed(""), auth.CodeNoToken},
		{"scheme with a tab", hostRequest, schemed("JWT\t"), auth.CodeNoToken},
		{"scheme with a colon", hostRequest, schemed("JWT: "), auth.CodeNoToken},
		{"scheme with two spaces", hostRequest, schemed("JWT  "), auth.CodeMalformed},
		{"scheme twice", hostRequest, schemed("JWT JWT "), auth.CodeMalformed},
		{"two tokens in one header", hostRequest, finished(func(token string) string { return token + ", JWT " + token }), auth.CodeMalformed},
	}
}

func formRefusals() []refusal {
	return []refusal{
		{"form of another media type", macroPost, func(_ *world, s *shot) { s.contentType = "text/plain" }, auth.CodeNoToken},
		{"form of no media type", macroPost, func(_ *world, s *shot) { s.contentType = "" }, auth.CodeNoToken},
		{"form that is put", macroPost, func(_ *world, s *shot) { s.method = http.MethodPut; s.rehash() }, auth.CodeNoToken},
		{"form with a broken escape", macroPost, func(_ *world, s *shot) { s.body = "page=%zz" }, auth.CodeMalformed},
		{"form with a semicolon", macroPost, func(_ *world, s *shot) { s.body = "page=1;x" }, auth.CodeMalformed},
	}
}

func segmentRefusals() []refusal {
	cut := func(keep ...int) func(string) string {
		return func(token string) string {
			all := strings.Split(token, ".")
			var kept []string
			for _, i := range keep {
				kept = append(kept, all[i])
			}
			return strings.Join(kept, ".")
		}
	}
	constant := func(text string) func(*world, *shot) { return finished(func(string) string { return text }) }
	return []refusal{
		{"one segment", hostRequest, finished(cut(0)), auth.CodeMalformed},
		{"two segments", hostRequest, finished(cut(0, 1)), auth.CodeMalformed},
		{"four segments", hostRequest, finished(cut(0, 1, 2, 2)), auth.CodeMalformed},
		{"claims in front of the header", hostRequest, finished(cut(1, 0, 2)), auth.CodeAlgorithm},
		{"an encrypted token", hostRequest, finished(cut(0, 1, 1, 1, 2)), auth.CodeMalformed},
		{"trailing dot", hostRequest, finished(func(token string) string { return token + "." }), auth.CodeMalformed},
		{"leading dot", hostRequest, finished(func(token string) string { return "." + token }), auth.CodeMalformed},
		{"only dots", hostRequest, constant(".."), auth.CodeMalformed},
		{"signature cut off", hostRequest, finished(func(token string) string { return token[:strings.LastIndex(token, ".")+1] }), auth.CodeSignature},
		{"empty header", hostRequest, finished(func(token string) string { return token[strings.Index(token, "."):] }), auth.CodeMalformed},
		{"garbage letters", hostRequest, constant("abcdefgh"), auth.CodeMalformed},
		{"garbage in three segments", hostRequest, constant("aaaabbbbccccdddd.eeeeffffgggghhhh.iiiijjjjkkkkllll"), auth.CodeMalformed},
		{"garbage bytes", pageFrame, constant("\x00\xff\xfe.\x01.\x02"), auth.CodeMalformed},
		{"html", hostRequest, constant("<html><body>.</body>.</html>"), auth.CodeMalformed},
		{"json in the clear", pageFrame, constant(`{"alg":"HS256"}.{"iss":"x"}.y`), auth.CodeMalformed},
		{"a megabyte of token", hostRequest, moreClaims("filler", quoted(strings.Repeat("x", 3<<18))), auth.CodeMalformed},
		{"a megabyte of dots", hostRequest, constant(strings.Repeat(".", 1<<20)), auth.CodeMalformed},
		{"just too long", hostRequest, moreClaims("filler", quoted(strings.Repeat("x", 12<<10))), auth.CodeMalformed},
	}
}

func encodingRefusals() []refusal {
	// These bytes give + and / in standard base64.
	subject := claim("sub", `"????>>>>~~~~"`)
	standard := func(w *world, s *shot) {
		subject(w, s)
		s.encode = base64.RawStdEncoding.EncodeToString
	}
	trailing := func(segment int) func(*world, *shot) {
		return finished(func(token string) string { return withTrailingBits(token, segment) })
	}
	return []refusal{
		{"padding", hostRequest, func(_ *world, s *shot) { s.encode = base64.URLEncoding.EncodeToString }, auth.CodeMalformed},
		{"padding on the signature", hostRequest, finished(func(token string) string { return token + "=" }), auth.CodeMalformed},
		{"standard base64", hostRequest, standard, auth.CodeMalformed},
		{"newline in the claims", pageFrame, finished(func(token string) string { return strings.Replace(token, ".", ".\n", 1) }), auth.CodeMalformed},
		{"carriage return in the signature", pageFrame, finished(func(token string) string { return token + "\r" }), auth.CodeMalformed},
		{"newline in the header", pageFrame, finished(func(token string) string { return token[:8] + "\n" + token[8:] }), auth.CodeMalformed},
		{"space behind the token", pageFrame, finished(func(token string) string { return token + " " }), auth.CodeMalformed},
		{"trailing bits in the signature", hostRequest, trailing(2), auth.CodeMalformed},
		{"trailing bits in the header", hostRequest, func(w *world, s *shot) {
			s.header.set("xx", `1`)
			trailing(0)(w, s)
		}, auth.CodeMalformed},
		{"percent escapes in the header", hostRequest, finished(func(token string) string { return strings.ReplaceAll(token, ".", "%2E") }), auth.CodeMalformed},
	}
}

// withTrailingBits changes a segment to another text that a lenient decoder
// reads as the same bytes.
func withTrailingBits(token string, segment int) string {
	all := strings.Split(token, ".")
	text := all[segment]
	want, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	for _, last := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		other := text[:len(text)-1] + string(last)
		if got, err := base64.RawURLEncoding.DecodeString(other); other != text && err == nil && string(got) == string(want) {
			all[segment] = other
			return strings.Join(all, ".")
		}
	}
	panic("the segment has no spare bits")
}

func algorithmRefusals() []refusal {
	var all []refusal
	for _, spelling := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `"none "`, `null`} {
		all = append(all,
			refusal{"unsigned host request with alg " + spelling, hostRequest, func(_ *world, s *shot) {
				s.header.set("alg", spelling)
				s.sign = unsigned
			}, auth.CodeAlgorithm},
			refusal{"unsigned lifecycle event with alg " + spelling, lifecycleEvent, func(_ *world, s *shot) {
				s.header.set("alg", spelling)
				s.sign = unsigned
			}, auth.CodeAlgorithm})
	}
	as := func(alg string, sign func(string) []byte) func(*world, *shot) {
		return func(_ *world, s *shot) {
			s.header.set("alg", quoted(alg))
			s.sign = sign
		}
	}
	withPEM := func(edit func(string) string) func(*world, *shot) {
		return func(w *world, s *shot) { as("HS256", hs256(edit(pemOf(w.t, &hostKey().PublicKey))))(w, s) }
	}
	return append(all, []refusal{
		{"HS384 on a host route", hostRequest, as("HS384", hs384(secret)), auth.CodeAlgorithm},
		{"HS512 on a host route", hostRequest, as("HS512", hs512(secret)), auth.CodeAlgorithm},
		{"HS512 on a context route", contextToken, as("HS512", hs512(secret)), auth.CodeAlgorithm},
		{"RS256 on a host route", hostRequest, as("RS256", rs256(hostKey())), auth.CodeAlgorithm},
		{"RS256 with the host's key on a session route", session, as("RS256", rs256(hostKey())), auth.CodeAlgorithm},
		{"RS256 on a notice route", notice, as("RS256", rs256(hostKey())), auth.CodeAlgorithm},
		{"HS256 in small letters", hostRequest, head("alg", `"hs256"`), auth.CodeAlgorithm},
		{"no algorithm", hostRequest, func(_ *world, s *shot) { s.header.drop("alg") }, auth.CodeAlgorithm},
		{"HS256 said and HS512 done", hostRequest, signedBy(hs512(secret)), auth.CodeSignature},
		{"HS256 with the host's public key as PEM", lifecycleEvent, withPEM(func(s string) string { return s }), auth.CodeAlgorithm},
		{"HS256 with the host's public key as PEM, trimmed", lifecycleEvent, withPEM(strings.TrimSpace), auth.CodeAlgorithm},
		{"HS256 with the host's public key as DER", lifecycleEvent, func(w *world, s *shot) {
			as("HS256", hs256(string(derOf(w.t, &hostKey().PublicKey))))(w, s)
		}, auth.CodeAlgorithm},
		{"RS256 said and HMAC with the PEM done", lifecycleEvent, func(w *world, s *shot) {
			s.sign = hs256(pemOf(w.t, &hostKey().PublicKey))
		}, auth.CodeSignature},
		{"HS256 with the shared secret on a lifecycle route", lifecycleEvent, as("HS256", hs256(secret)), auth.CodeAlgorithm},
		{"RS512 on a lifecycle route", lifecycleEvent, as("RS512", rs512(hostKey())), auth.CodeAlgorithm},
		{"PS256 on a lifecycle route", lifecycleEvent, as("PS256", ps256(hostKey())), auth.CodeAlgorithm},
		{"RS256 said and RS512 done", lifecycleEvent, signedBy(rs512(hostKey())), auth.CodeSignature},
		{"RS256 said and PSS done", lifecycleEvent, signedBy(ps256(hostKey())), auth.CodeSignature},
		{"ES256 on a lifecycle route", lifecycleEvent, head("alg", `"ES256"`), auth.CodeAlgorithm},
		{"EdDSA on a lifecycle route", lifecycleEvent, head("alg", `"EdDSA"`), auth.CodeAlgorithm},
	}...)
}

func headerRefusals() []refusal {
	return []refusal{
		{"crit", hostRequest, head("crit", `["exp"]`), auth.CodeMalformed},
		{"empty crit", hostRequest, head("crit", `[]`), auth.CodeMalformed},
		{"crit null", hostRequest, head("crit", `null`), auth.CodeMalformed},
		{"crit on a lifecycle route", lifecycleEvent, head("crit", `["b64"]`), auth.CodeMalformed},
		{"typ of an access token", hostRequest, head("typ", `"at+jwt"`), auth.CodeMalformed},
		{"header that is a list", hostRequest, func(_ *world, s *shot) {
			s.encode = bracketed(s.encode)
		}, auth.CodeMalformed},
		{"header behind a space", hostRequest, func(_ *world, s *shot) {
			encode := s.encode
			s.encode = func(b []byte) string { return encode(append([]byte(" "), b...)) }
		}, auth.CodeMalformed},
		{"header with a tail", hostRequest, func(_ *world, s *shot) {
			encode := s.encode
			s.encode = func(b []byte) string { return encode(append(b, "{}"...)) }
		}, auth.CodeMalformed},
		{"header with a byte order mark", hostRequest, func(_ *world, s *shot) {
			encode := s.encode
			s.encode = func(b []byte) string { return encode(append([]byte("\xEF\xBB\xBF"), b...)) }
		}, auth.CodeMalformed},
	}
}

// bracketed puts what is JSON into a list.
func bracketed(encode func([]byte) string) func([]byte) string {
	return func(b []byte) string {
		if json.Valid(b) {
			b = []byte("[" + string(b) + "]")
		}
		return encode(b)
	}
}

func keyIDRefusals() []refusal {
	kids := []struct{ name, value string }{
		{"empty", `""`}, {"null", `null`},
		{"a path upwards", `"../` + kid + `"`}, {"a path upwards inside", `"a/../` + kid + `"`},
		{"dots", `".."`}, {"one dot", `"./` + kid + `"`}, {"three dots", `".../x"`},
		{"an absolute path", `"/` + kid + `"`}, {"a trailing slash", `"` + kid + `/"`}, {"a double slash", `"a//b"`},
		{"a URL", `"https://evil.example/key"`}, {"a URL without scheme", `"//evil.example/key"`},
		{"an encoded slash", `"..%2F` + kid + `"`}, {"a query", `"` + kid + `?x=1"`}, {"a fragment", `"` + kid + `#x"`},
		{"a backslash", `"..\\` + kid + `"`}, {"a NUL", `"` + kid + `\u0000"`}, {"a newline", `"` + kid + `\n"`},
		{"a space", `"` + kid + ` "`}, {"an at sign", `"x@evil.example"`}, {"a letter beyond ASCII", `"ключ"`},
		{"too long", quoted(strings.Repeat("k", 129))}, {"very long", quoted(strings.Repeat("k/", 4000))},
	}
	var all []refusal
	for _, k := range kids {
		all = append(all, refusal{"kid is " + k.name, lifecycleEvent, head("kid", k.value), auth.CodeKeyID})
	}
	return append(all, []refusal{
		{"kid is missing", lifecycleEvent, func(_ *world, s *shot) { s.header.drop("kid") }, auth.CodeKeyID},
		{"kid is a number", lifecycleEvent, head("kid", `7`), auth.CodeMalformed},
		{"kid is a list", lifecycleEvent, head("kid", `["`+kid+`"]`), auth.CodeMalformed},
		{"kid of no key", lifecycleEvent, head("kid", `"8c0e6a53-none"`), auth.CodeUnknownKey},
		{"kid in other letters", lifecycleEvent, head("kid", quoted(strings.ToUpper(kid))), auth.CodeUnknownKey},
		{"kid of no key with a slash", lifecycleEvent, head("kid", `"micros/`+kid+`"`), auth.CodeUnknownKey},
	}...)
}
