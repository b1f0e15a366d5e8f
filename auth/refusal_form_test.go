package auth_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// formTokenRefusals are about what a form token says and who signed it.
func formTokenRefusals() []refusal {
	derived := func(secret, app, clientKey string) func(*world, *shot) {
		return signedBy(hs256(formKeyOf(secret, app, clientKey)))
	}
	as := func(alg string, sign func(string) []byte) func(*world, *shot) {
		return func(_ *world, s *shot) {
			s.header.set("alg", quoted(alg))
			s.sign = sign
		}
	}
	return []refusal{
		{"form token by the shared secret itself", formPost, signedBy(hs256(secret)), auth.CodeSignature},
		{"form token by the key of sessions", formPost, signedBy(hs256(sessionKeyOf(secret, appKey, tenant))), auth.CodeSignature},
		{"session by the key of form tokens", session, derived(secret, appKey, tenant), auth.CodeSignature},
		{"session in a form", formPost, func(w *world, s *shot) { s.claims, s.sign = session(w.clock.unix()).claims, session(0).sign }, auth.CodeQSH},
		{"context token in a form", formPost, func(w *world, s *shot) { s.claims, s.sign = contextToken(w.clock.unix()).claims, hs256(secret) }, auth.CodeIssuer},
		{"form token of another tenant's secret", formPost, derived(secret2, appKey, tenant), auth.CodeSignature},
		{"form token with the key of another tenant", formPost, derived(secret, appKey, neighbour), auth.CodeSignature},
		{"form token retargeted at another tenant", formPost, claim("aud", `["`+neighbour+`"]`), auth.CodeSignature},
		{"form token for two tenants", formPost, claim("aud", `["`+tenant+`","`+neighbour+`"]`), auth.CodeAudience},
		{"form token for no tenant", formPost, noClaim("aud"), auth.CodeAudience},
		{"form token of an unknown tenant", formPost, claim("aud", `["jira:unknown"]`), auth.CodeTenant},
		{"form token of another app", formPost, func(w *world, s *shot) {
			s.claims.set("iss", `"com.example.other"`)
			derived(secret, "com.example.other", tenant)(w, s)
		}, auth.CodeIssuer},
		{"form token with the key of another app", formPost, derived(secret, "com.example.other", tenant), auth.CodeSignature},
		{"form token by a tenant", formPost, claim("iss", quoted(tenant)), auth.CodeIssuer},
		{"form token of another user", formPost, func(_ *world, s *shot) {
			was := s.token()
			s.claims.set("sub", `"557058:admin"`)
			s.sign = func(string) []byte {
				return hs256(formKeyOf(secret, appKey, tenant))(was[:strings.LastIndexByte(was, '.')])
			}
		}, auth.CodeSignature},
		{"form token of another form", formPost, claim("qsh", quoted(hashOf(http.MethodPost, "/form/other", ""))), auth.CodeQSH},
		{"form token of another form in parts", filePost, claim("qsh", quoted(hashOf(http.MethodPost, "/form/other", ""))), auth.CodeQSH},
		{"form token of the same form with a query", formPost, claim("qsh", quoted(hashOf(http.MethodPost, "/form", "all=1"))), auth.CodeQSH},
		{"form that is posted with a query", formPost, func(_ *world, s *shot) { s.query = "all=1" }, auth.CodeQSH},
		{"form token for a get", formPost, claim("qsh", quoted(hashOf(http.MethodGet, "/form", ""))), auth.CodeQSH},
		{"form token for no form", formPost, noClaim("qsh"), auth.CodeQSH},
		{"form token for any form", formPost, claim("qsh", `"context-qsh"`), auth.CodeQSH},
		{"expired form token", formPost, lived(-31*time.Minute, -time.Minute), auth.CodeExpired},
		{"form token of the future", formPost, lived(time.Minute, 2*time.Minute), auth.CodeEarly},
		{"life of ten years, form token", formPost, lived(0, 10*365*24*time.Hour), auth.CodeLifetime},
		{"no exp in a form token", formPost, noClaim("exp"), auth.CodeLifetime},
		{"unsigned form token", formPost, as("none", unsigned), auth.CodeAlgorithm},
		{"form token without a signature", formPost, signedBy(unsigned), auth.CodeSignature},
		{"HS512 in a form", formPost, as("HS512", hs512(formKeyOf(secret, appKey, tenant))), auth.CodeAlgorithm},
		{"RS256 with the host's key in a form", formPost, as("RS256", rs256(hostKey())), auth.CodeAlgorithm},
		{"crit in a form", formPost, head("crit", `["exp"]`), auth.CodeMalformed},
		{"form token after a rotation", formPost, func(w *world, _ *shot) { w.rotate(tenant, secret2, 0) }, auth.CodeSignature},
		{"form token of the secret before a rotation", formPost, rotated(time.Second, time.Minute, time.Second), auth.CodeSignature},
		{"tenant has uninstalled, form token", formPost, gone(false), auth.CodeUninstalled},
		{"tenant has uninstalled and kept its secret, form token", formPost, gone(true), auth.CodeUninstalled},
		{"stored secret of 31 bytes, form token", formPost, func(w *world, s *shot) {
			stored(secret[:31])(w, s)
			derived(secret[:31], appKey, tenant)(w, s)
		}, auth.CodeSecret},
	}
}

// formFieldRefusals are about where a form token is.
func formFieldRefusals() []refusal {
	again := func(name string, value func(token string) string) func(*world, *shot) {
		return func(_ *world, s *shot) { s.body = joined(s.body, name+"="+value(s.token())) }
	}
	same := func(token string) string { return token }
	constant := func(text string) func(string) string { return func(string) string { return text } }
	behind := func(disposition, content string) func(*world, *shot) {
		return func(_ *world, s *shot) {
			s.body = strings.TrimSuffix(s.body, lastBoundary) + part(disposition, content) + lastBoundary
		}
	}
	elsewhere := func(place string) func(*world, *shot) {
		return func(_ *world, s *shot) {
			token := s.token()
			switch place {
			case "header":
				s.extra.Add("Authorization", "JWT "+token)
			default:
				s.query = place + "=" + token
				s.rehash()
			}
		}
	}
	moved := func(place string) func(*world, *shot) {
		return func(w *world, s *shot) {
			elsewhere(place)(w, s)
			s.place = "nowhere"
		}
	}
	return []refusal{
		{"form without a token", formPost, in("nowhere"), auth.CodeNoToken},
		{"form with an empty token", formPost, finished(func(string) string { return "" }), auth.CodeMalformed},
		{"form with a token in the field of the host", formPost, in("form"), auth.CodeManyTokens},
		{"form with its token in the header", formPost, moved("header"), auth.CodeManyTokens},
		{"form with its token in the query", formPost, moved("atl_token"), auth.CodeManyTokens},
		{"form with its token in the query of the host", formPost, moved("jwt"), auth.CodeManyTokens},
		{"form token in field and header", formPost, elsewhere("header"), auth.CodeManyTokens},
		{"form token in field and query", formPost, elsewhere("atl_token"), auth.CodeManyTokens},
		{"form posted to the address of a page", formPost, elsewhere("jwt"), auth.CodeManyTokens},
		{"form with two authorization headers", formPost, func(_ *world, s *shot) {
			s.extra["Authorization"] = []string{"Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"}
		}, auth.CodeManyTokens},
		{"form token twice", formPost, again("atl_token", same), auth.CodeManyTokens},
		{"form token and an empty one", formPost, again("atl_token", constant("")), auth.CodeManyTokens},
		{"form token and one of the host", formPost, again("jwt", constant("x")), auth.CodeManyTokens},
		{"form token in capitals", formPost, func(_ *world, s *shot) {
			s.place, s.body = "nowhere", "ATL_TOKEN="+s.token()
		}, auth.CodeNoToken},
		{"form that is gotten", formPost, func(_ *world, s *shot) { s.method = http.MethodGet; s.rehash() }, auth.CodeNoToken},
		{"form token that is put", formPost, func(_ *world, s *shot) { s.method = http.MethodPut; s.rehash() }, auth.CodeNoToken},
		{"form token that is patched", filePost, func(_ *world, s *shot) { s.method = http.MethodPatch; s.rehash() }, auth.CodeNoToken},
		{"form as text", formPost, func(_ *world, s *shot) { s.contentType = "text/plain" }, auth.CodeNoToken},
		{"form as JSON", formPost, func(_ *world, s *shot) { s.contentType = "application/json" }, auth.CodeNoToken},
		{"form of no type", formPost, func(_ *world, s *shot) { s.contentType = "" }, auth.CodeNoToken},
		{"form of a broken type", formPost, func(_ *world, s *shot) { s.contentType = "application/x-www-form-urlencoded; x" }, auth.CodeNoToken},
		{"form with a broken escape in it", formPost, func(_ *world, s *shot) { s.body = "page=%zz" }, auth.CodeMalformed},
		{"form with a broken query", formPost, func(_ *world, s *shot) { s.query = "x=%zz" }, auth.CodeBadQuery},
		{"form in parts without a boundary", filePost, func(_ *world, s *shot) { s.contentType = "multipart/form-data" }, auth.CodeNoToken},
		{"form in mixed parts", filePost, func(_ *world, s *shot) { s.contentType = "multipart/mixed; boundary=" + boundary }, auth.CodeNoToken},
		{"form in parts without a token", filePost, in("nowhere"), auth.CodeNoToken},
		{"form in parts of nothing", filePost, func(_ *world, s *shot) { s.place, s.body = "nowhere", lastBoundary }, auth.CodeNoToken},
		{"form in parts, cut off before the token", filePost, func(_ *world, s *shot) { s.place, s.body = "nowhere", "--"+boundary }, auth.CodeMalformed},
		{"form in parts, cut off behind the token", filePost, func(_ *world, s *shot) { s.body = part(`name="page"`, "1") }, auth.CodeMalformed},
		{"form in parts with the token behind a file", filePost, func(_ *world, s *shot) {
			s.place, s.body = "nowhere", part(`name="upload"; filename="a.txt"`, "")+part(`name="atl_token"`, s.token())+lastBoundary
		}, auth.CodeNoToken},
		{"form in parts with the token as a file", filePost, func(_ *world, s *shot) {
			s.place, s.body = "nowhere", part(`name="atl_token"; filename="a.txt"`, s.token())+lastBoundary
		}, auth.CodeNoToken},
		{"form in parts with the token twice", filePost, func(w *world, s *shot) { behind(`name="atl_token"`, s.token())(w, s) }, auth.CodeManyTokens},
		{"form in parts with a token as a file too", filePost, behind(`name="atl_token"; filename="a.txt"`, "x"), auth.CodeManyTokens},
		{"form in parts with a token of the host", filePost, behind(`name="jwt"`, "x"), auth.CodeManyTokens},
		{"form in parts with a token that is too long", filePost, moreClaims("filler", quoted(strings.Repeat("x", 12<<10))), auth.CodeMalformed},
	}
}
