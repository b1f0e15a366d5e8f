package auth_test

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

func numberRefusals() []refusal {
	var all []refusal
	for _, name := range []string{"iat", "exp"} {
		all = append(all,
			refusal{"no " + name, hostRequest, noClaim(name), auth.CodeLifetime},
			refusal{name + " is null", hostRequest, claim(name, `null`), auth.CodeLifetime},
			refusal{name + " is zero", hostRequest, claim(name, `0`), auth.CodeLifetime},
			refusal{name + " is negative", hostRequest, claim(name, `-1`), auth.CodeLifetime},
			refusal{name + " is a fraction", hostRequest, wholeAnd(name, ".5"), auth.CodeMalformed},
			refusal{name + " has a point", hostRequest, wholeAnd(name, ".0"), auth.CodeMalformed},
			refusal{name + " has an exponent", hostRequest, wholeAnd(name, "e0"), auth.CodeMalformed},
			refusal{name + " is a string", hostRequest, func(w *world, s *shot) {
				s.claims.set(name, quoted(number(w.clock.unix()+60)))
			}, auth.CodeMalformed},
			refusal{name + " is true", hostRequest, claim(name, `true`), auth.CodeMalformed},
			refusal{name + " is beyond any integer", hostRequest, claim(name, `99999999999999999999`), auth.CodeMalformed},
			refusal{name + " is enormous", hostRequest, claim(name, `1e400`), auth.CodeMalformed},
			refusal{name + " in milliseconds", hostRequest, wholeAnd(name, "000"), auth.CodeLifetime},
			refusal{"no " + name + " in a context token", contextToken, noClaim(name), auth.CodeLifetime},
			refusal{"no " + name + " in a lifecycle token", lifecycleEvent, noClaim(name), auth.CodeLifetime},
			refusal{"no " + name + " in a session", session, noClaim(name), auth.CodeLifetime},
		)
	}
	return append(all,
		refusal{"exp is the last integer", hostRequest, claim("exp", number(math.MaxInt64)), auth.CodeLifetime},
		refusal{"iat and exp are the last integers", hostRequest, func(_ *world, s *shot) {
			s.claims.set("iat", number(math.MaxInt64-60))
			s.claims.set("exp", number(math.MaxInt64))
		}, auth.CodeExpired},
		refusal{"nbf is the last integer", hostRequest, claim("nbf", number(math.MaxInt64)), auth.CodeLifetime},
		refusal{"nbf is a string", hostRequest, claim("nbf", `"1"`), auth.CodeMalformed},
	)
}

// wholeAnd appends to the digits of a time.
func wholeAnd(name, tail string) func(*world, *shot) {
	return func(w *world, s *shot) {
		at := w.clock.unix()
		if name == "exp" {
			at += 180
		}
		s.claims.set(name, number(at)+tail)
	}
}

// lived sets the times of a token relative to now.
func lived(iat, exp time.Duration) func(*world, *shot) {
	return func(w *world, s *shot) {
		s.claims.set("iat", number(w.clock.Now().Add(iat).Unix()))
		s.claims.set("exp", number(w.clock.Now().Add(exp).Unix()))
	}
}

func timeRefusals() []refusal {
	return []refusal{
		{"expired", hostRequest, lived(-4*time.Minute, -time.Minute), auth.CodeExpired},
		{"expired yesterday", hostRequest, lived(-24*time.Hour, -24*time.Hour+3*time.Minute), auth.CodeExpired},
		{"expired context token", contextToken, lived(-4*time.Minute, -time.Minute), auth.CodeExpired},
		{"expired lifecycle token", lifecycleEvent, lived(-4*time.Minute, -time.Minute), auth.CodeExpired},
		{"expired session", session, lived(-16*time.Minute, -time.Minute), auth.CodeExpired},
		{"made in the future", hostRequest, lived(time.Minute, 2*time.Minute), auth.CodeEarly},
		{"made next year", hostRequest, lived(365*24*time.Hour, 365*24*time.Hour+time.Minute), auth.CodeEarly},
		{"lifecycle token of the future", lifecycleEvent, lived(time.Minute, 2*time.Minute), auth.CodeEarly},
		{"life of ten years", hostRequest, lived(0, 10*365*24*time.Hour), auth.CodeLifetime},
		{"life of ten years, lifecycle", lifecycleEvent, lived(0, 10*365*24*time.Hour), auth.CodeLifetime},
		{"life of ten years, context token", contextToken, lived(0, 10*365*24*time.Hour), auth.CodeLifetime},
		{"life of ten years, session", session, lived(0, 10*365*24*time.Hour), auth.CodeLifetime},
		{"made long ago for long", hostRequest, lived(-365*24*time.Hour, time.Minute), auth.CodeLifetime},
		{"ends before it begins", hostRequest, lived(20*time.Second, 10*time.Second), auth.CodeLifetime},
		{"ends when it begins", hostRequest, lived(0, 0), auth.CodeLifetime},
		{"not yet by nbf", hostRequest, func(w *world, s *shot) { s.claims.set("nbf", number(w.clock.unix()+60)) }, auth.CodeEarly},
		{"never by nbf", hostRequest, func(w *world, s *shot) { s.claims.set("nbf", number(w.clock.unix()+180)) }, auth.CodeLifetime},
	}
}

func nameRefusals() []refusal {
	all := []refusal{
		{"alg twice", hostRequest, moreHead("alg", `"HS256"`), auth.CodeMalformed},
		{"alg twice, none last", hostRequest, moreHead("alg", `"none"`), auth.CodeMalformed},
		{"kid twice", lifecycleEvent, moreHead("kid", quoted(kid)), auth.CodeMalformed},
		{"unknown header name twice", hostRequest, func(w *world, s *shot) { moreHead("x", "1")(w, s); moreHead("x", "1")(w, s) }, auth.CodeMalformed},
		{"unknown claim twice", hostRequest, func(w *world, s *shot) { moreClaims("x", "1")(w, s); moreClaims("x", "1")(w, s) }, auth.CodeMalformed},
		{"claim twice by an escape", hostRequest, escapedAgain, auth.CodeMalformed},
		{"name twice in the context", contextToken, claim("context", `{"jira":{},"jira":{}}`), auth.CodeMalformed},
		{"name twice deep in the context", contextToken, claim("context", `{"jira":{"issue":{"key":"A-1","key":"B-1"}}}`), auth.CodeMalformed},
		{"name twice in an unknown claim", hostRequest, moreClaims("x", `[{"a":1,"a":1}]`), auth.CodeMalformed},
		{"name twice in an unknown header", hostRequest, moreHead("jwk", `{"n":"1","n":"2"}`), auth.CodeMalformed},
	}
	for _, name := range []string{"iss", "sub", "iat", "exp", "qsh", "context"} {
		all = append(all, refusal{name + " twice", hostRequest, func(_ *world, s *shot) {
			for _, m := range s.claims {
				if m.name == name {
					s.claims.add(name, m.value)
					return
				}
			}
		}, auth.CodeMalformed})
	}
	for _, name := range []string{"ISS", "Sub", "IAT", "exP", "Qsh", "AUD", "Nbf", "Context", "\u017fub", "i\u017f\u017f"} {
		all = append(all, refusal{"claim in other letters: " + name, hostRequest, moreClaims(name, `1`), auth.CodeMalformed})
	}
	for _, name := range []string{"ALG", "Kid", "TYP", "Crit", "\u212aid"} {
		all = append(all, refusal{"header in other letters: " + name, hostRequest, moreHead(name, `"HS256"`), auth.CodeMalformed})
	}
	return append(all, refusal{"only the issuer in capitals", hostRequest, func(_ *world, s *shot) {
		s.claims.drop("iss")
		s.claims.add("ISS", quoted(tenant))
	}, auth.CodeMalformed})
}

// escapedAgain repeats iss with its first letter escaped.
func escapedAgain(_ *world, s *shot) {
	encode := s.encode
	s.encode = func(b []byte) string {
		return encode([]byte(strings.Replace(string(b), `{"iss"`, `{"\u0069ss":"other","iss"`, 1)))
	}
}

func typeRefusals() []refusal {
	return []refusal{
		{"issuer is a list", hostRequest, claim("iss", `["`+tenant+`"]`), auth.CodeMalformed},
		{"issuer is a number", hostRequest, claim("iss", `1`), auth.CodeMalformed},
		{"subject is an object", hostRequest, claim("sub", `{}`), auth.CodeMalformed},
		{"audience is a number", hostRequest, claim("aud", `1`), auth.CodeMalformed},
		{"audience has a number", lifecycleEvent, claim("aud", `["`+baseURL+`",1]`), auth.CodeMalformed},
		{"qsh is a list", hostRequest, claim("qsh", `["context-qsh"]`), auth.CodeMalformed},
		{"invalid UTF-8 in a claim", hostRequest, claim("sub", "\"\xff\""), auth.CodeMalformed},
		{"half a surrogate in a claim", hostRequest, claim("sub", `"\ud800"`), auth.CodeMalformed},
		{"claims are a list", hostRequest, func(_ *world, s *shot) { s.claims = object{{"x", "["}} }, auth.CodeMalformed},
		{"claims are empty", hostRequest, func(_ *world, s *shot) { s.claims = nil }, auth.CodeLifetime},
		{"claims nested beyond reason", hostRequest, moreClaims("x", strings.Repeat("[", 6000)+strings.Repeat("]", 4000)), auth.CodeMalformed},
	}
}

func partyRefusals() []refusal {
	return []refusal{
		{"no issuer", hostRequest, noClaim("iss"), auth.CodeIssuer},
		{"empty issuer", hostRequest, claim("iss", `""`), auth.CodeIssuer},
		{"issuer null", hostRequest, claim("iss", `null`), auth.CodeIssuer},
		{"issuer is this app", hostRequest, claim("iss", quoted(appKey)), auth.CodeIssuer},
		{"issuer with a NUL", hostRequest, claim("iss", `"`+tenant+`\u0000"`), auth.CodeIssuer},
		{"issuer with a newline", hostRequest, claim("iss", `"`+tenant+`\n"`), auth.CodeIssuer},
		{"issuer longer than any client key", hostRequest, claim("iss", quoted(strings.Repeat("k", 256))), auth.CodeIssuer},
		{"no issuer in a context token", contextToken, noClaim("iss"), auth.CodeIssuer},
		{"no issuer in a lifecycle token", lifecycleEvent, noClaim("iss"), auth.CodeIssuer},
		{"lifecycle token of this app", lifecycleEvent, claim("iss", quoted(appKey)), auth.CodeIssuer},
		{"no audience in a lifecycle token", lifecycleEvent, noClaim("aud"), auth.CodeAudience},
		{"empty audience", lifecycleEvent, claim("aud", `""`), auth.CodeAudience},
		{"empty list of audiences", lifecycleEvent, claim("aud", `[]`), auth.CodeAudience},
		{"audience null", lifecycleEvent, claim("aud", `null`), auth.CodeAudience},
		{"audience list of null", lifecycleEvent, claim("aud", `[null]`), auth.CodeAudience},
		{"audience is another app", lifecycleEvent, claim("aud", `"https://evil.example.com"`), auth.CodeAudience},
		{"audience over plain http", lifecycleEvent, claim("aud", `"http://app.example.com"`), auth.CodeAudience},
		{"audience with another port", lifecycleEvent, claim("aud", `"https://app.example.com:8443"`), auth.CodeAudience},
		{"audience with a path", lifecycleEvent, claim("aud", `"https://app.example.com/x"`), auth.CodeAudience},
		{"audience with two slashes behind", lifecycleEvent, claim("aud", `"https://app.example.com//"`), auth.CodeAudience},
		{"audience begins like ours", lifecycleEvent, claim("aud", `"https://app.example.com.evil.example"`), auth.CodeAudience},
		{"audience in capitals", lifecycleEvent, claim("aud", `"HTTPS://APP.EXAMPLE.COM"`), auth.CodeAudience},
		{"two audiences, ours first", lifecycleEvent, claim("aud", `["`+baseURL+`","https://evil.example.com"]`), auth.CodeAudience},
		{"two audiences, ours last", lifecycleEvent, claim("aud", `["https://evil.example.com","`+baseURL+`"]`), auth.CodeAudience},
	}
}

func tenantRefusals() []refusal {
	return []refusal{
		{"unknown tenant", hostRequest, claim("iss", `"jira:unknown"`), auth.CodeTenant},
		{"unknown tenant of a context token", contextToken, claim("iss", `"jira:unknown"`), auth.CodeTenant},
		{"unknown tenant of a session", session, claim("aud", `["jira:unknown"]`), auth.CodeTenant},
		{"tenant in other letters", hostRequest, claim("iss", quoted(strings.ToUpper(tenant))), auth.CodeTenant},
		{"tenant has uninstalled", hostRequest, gone(false), auth.CodeUninstalled},
		{"tenant has uninstalled, context token", contextToken, gone(false), auth.CodeUninstalled},
		{"tenant has uninstalled, session", session, gone(false), auth.CodeUninstalled},
		{"tenant has uninstalled and kept its secret", hostRequest, gone(true), auth.CodeUninstalled},
		{"tenant has uninstalled and kept its secret, session", session, gone(true), auth.CodeUninstalled},
		{"record without a state", hostRequest, func(w *world, _ *shot) {
			w.change(tenant, func(i *store.Installation) { i.State = "" })
		}, auth.CodeUninstalled},
	}
}

// stored gives the tenant another secret and signs with it.
func stored(text string) func(*world, *shot) {
	return func(w *world, s *shot) {
		w.change(tenant, func(i *store.Installation) { i.SharedSecret = store.NewSecret(text) })
		s.sign = hs256(text)
	}
}

// rotated rotates the tenant's secret now and signs with the old one; the
// token was made so long before.
func rotated(made, window, later time.Duration) func(*world, *shot) {
	return func(w *world, s *shot) {
		iat := w.clock.Now().Add(-made).Unix()
		w.rotate(tenant, secret2, window)
		w.clock.advance(later)
		s.claims.set("iat", number(iat))
		s.claims.set("exp", number(iat+600))
	}
}

func secretRefusals() []refusal {
	return []refusal{
		{"secret of another tenant", hostRequest, signedBy(hs256(secret2)), auth.CodeSignature},
		{"secret of another tenant, context token", contextToken, signedBy(hs256(secret2)), auth.CodeSignature},
		{"empty secret", hostRequest, signedBy(hs256("")), auth.CodeSignature},
		{"secret cut short", hostRequest, signedBy(hs256(secret[:31])), auth.CodeSignature},
		{"secret with a newline", hostRequest, signedBy(hs256(secret + "\n")), auth.CodeSignature},
		{"issuer changed after signing", hostRequest, func(_ *world, s *shot) {
			was := s.token()
			s.claims.set("iss", quoted(neighbour))
			s.sign = signatureOf(was)
		}, auth.CodeSignature},
		{"user changed after signing", hostRequest, func(_ *world, s *shot) {
			was := s.token()
			s.claims.set("sub", `"557058:admin"`)
			s.sign = signatureOf(was)
		}, auth.CodeSignature},
		{"signature of no bytes", hostRequest, signedBy(unsigned), auth.CodeSignature},
		{"signature cut in half", hostRequest, signedBy(func(text string) []byte { return hs256(secret)(text)[:16] }), auth.CodeSignature},
		{"signature with a tail", hostRequest, signedBy(func(text string) []byte { return append(hs256(secret)(text), 0) }), auth.CodeSignature},
		{"stored secret of 31 bytes", hostRequest, stored(secret[:31]), auth.CodeSecret},
		{"stored secret of 31 bytes, context token", contextToken, stored(secret[:31]), auth.CodeSecret},
		{"stored secret of one byte", hostRequest, stored("x"), auth.CodeSecret},
		{"stored secret is empty", hostRequest, stored(""), auth.CodeUninstalled},
		{"previous secret after its end", hostRequest, rotated(time.Second, time.Minute, time.Minute), auth.CodeSignature},
		{"previous secret with no window", hostRequest, rotated(time.Second, 0, 0), auth.CodeSignature},
		{"previous secret, made a second after the rotation", hostRequest, rotated(-time.Second, time.Minute, 2*time.Second), auth.CodeSignature},
		{"previous secret of a notice", notice, rotated(time.Second, time.Minute, time.Second), auth.CodeSignature},
		{"previous secret of a notice of the same second", notice, rotated(0, time.Minute, 0), auth.CodeSignature},
		{"previous secret, made after the rotation", hostRequest, rotated(-5*time.Second, time.Minute, 10*time.Second), auth.CodeSignature},
		{"previous secret of a context token", contextToken, rotated(time.Second, time.Minute, time.Second), auth.CodeSignature},
		{"previous secret of a session", session, func(w *world, s *shot) {
			rotated(time.Second, time.Minute, time.Second)(w, s)
		}, auth.CodeSignature},
		{"previous secret of 31 bytes", hostRequest, func(w *world, s *shot) {
			rotated(time.Second, time.Minute, time.Second)(w, s)
			w.change(tenant, func(i *store.Installation) { i.PreviousSecret = store.NewSecret(secret[:31]) })
			s.sign = hs256(secret[:31])
		}, auth.CodeSignature},
		{"no previous secret and an empty key", hostRequest, func(w *world, s *shot) {
			rotated(time.Second, time.Minute, time.Second)(w, s)
			w.change(tenant, func(i *store.Installation) { i.PreviousSecret = store.Secret{} })
			s.sign = hs256("")
		}, auth.CodeSignature},
	}
}

// signatureOf gives another token's signature.
func signatureOf(token string) func(string) []byte {
	return func(string) []byte {
		_, rest, _ := strings.Cut(token, ".")
		text, _, _ := strings.Cut(token, "."+rest)
		claims, _, _ := strings.Cut(rest, ".")
		return hs256(secret)(text + "." + claims)
	}
}

func hashRefusals() []refusal {
	at := func(method, path, query string) func(*world, *shot) {
		return func(_ *world, s *shot) { s.method, s.path, s.query = method, path, query }
	}
	of := func(method, path, query string) func(*world, *shot) {
		return claim("qsh", quoted(hashOf(method, path, query)))
	}
	return []refusal{
		{"no qsh", hostRequest, noClaim("qsh"), auth.CodeQSH},
		{"empty qsh", hostRequest, claim("qsh", `""`), auth.CodeQSH},
		{"context qsh on a host route", hostRequest, claim("qsh", `"context-qsh"`), auth.CodeQSH},
		{"context qsh on a notice route", notice, claim("qsh", `"context-qsh"`), auth.CodeQSH},
		{"no qsh on a notice route", notice, noClaim("qsh"), auth.CodeQSH},
		{"notice of another route", notice, func(_ *world, s *shot) { s.path = "/notice/disabled" }, auth.CodeQSH},
		{"token for HEAD of a get", hostRequest, of(http.MethodHead, "/host", frame), auth.CodeQSH},
		{"context qsh on a lifecycle route", lifecycleEvent, claim("qsh", `"context-qsh"`), auth.CodeQSH},
		{"qsh in capitals", hostRequest, func(_ *world, s *shot) {
			s.claims.set("qsh", quoted(strings.ToUpper(hashOf(s.method, s.path, s.query))))
		}, auth.CodeQSH},
		{"qsh cut short", hostRequest, claim("qsh", quoted(hashOf(http.MethodGet, "/host", frame)[:63])), auth.CodeQSH},
		{"qsh with a tail", hostRequest, claim("qsh", quoted(hashOf(http.MethodGet, "/host", frame)+"0")), auth.CodeQSH},
		{"token of another method", hostRequest, at(http.MethodPost, "/host", frame), auth.CodeQSH},
		{"token of another path", hostRequest, at(http.MethodGet, "/host/admin", frame), auth.CodeQSH},
		{"token of a path in other letters", hostRequest, of(http.MethodGet, "/HOST", frame), auth.CodeQSH},
		{"token of a path with dots", hostRequest, of(http.MethodGet, "/x/../host", frame), auth.CodeQSH},
		{"token of a path with two slashes", hostRequest, of(http.MethodGet, "//host", frame), auth.CodeQSH},
		{"token of the path in full", hostRequest, of(http.MethodGet, baseURL+"/host", frame), auth.CodeQSH},
		{"parameter added", hostRequest, at(http.MethodGet, "/host", frame+"&admin=1"), auth.CodeQSH},
		{"parameter taken away", hostRequest, at(http.MethodGet, "/host", strings.Replace(frame, "&lic=active", "", 1)), auth.CodeQSH},
		{"parameter changed", hostRequest, at(http.MethodGet, "/host", strings.Replace(frame, "lic=active", "lic=none", 1)), auth.CodeQSH},
		{"parameter repeated", hostRequest, at(http.MethodGet, "/host", frame+"&lic=active"), auth.CodeQSH},
		{"parameter in other letters", hostRequest, at(http.MethodGet, "/host", strings.Replace(frame, "lic=", "LIC=", 1)), auth.CodeQSH},
		{"values joined by the sender", hostRequest, func(_ *world, s *shot) {
			s.query = frame + "&id=1%2C2"
			s.claims.set("qsh", quoted(sumHex(strings.Replace(canonicalOf(s.method, s.path, s.query), "1%2C2", "1,2", 1))))
		}, auth.CodeQSH},
		{"token of a query that is not sorted", hostRequest, claim("qsh", quoted(sumHex("GET&/host&"+frame))), auth.CodeQSH},
		{"token hashed with itself", hostRequest, of(http.MethodGet, "/host", frame+"&jwt=x"), auth.CodeQSH},
	}
}

func contextHashRefusals() []refusal {
	return []refusal{
		{"computed qsh on a context route", contextToken, func(_ *world, s *shot) { s.rehash() }, auth.CodeQSH},
		{"no qsh on a context route", contextToken, noClaim("qsh"), auth.CodeQSH},
		{"context qsh in capitals", contextToken, claim("qsh", `"CONTEXT-QSH"`), auth.CodeQSH},
		{"context qsh with a space", contextToken, claim("qsh", `"context-qsh "`), auth.CodeQSH},
	}
}

func lifecycleRefusals() []refusal {
	return []refusal{
		{"lifecycle event by another key", lifecycleEvent, signedBy(rs256(evilKey())), auth.CodeSignature},
		{"lifecycle event without a signature", lifecycleEvent, signedBy(unsigned), auth.CodeSignature},
		{"lifecycle event with no qsh", lifecycleEvent, noClaim("qsh"), auth.CodeQSH},
		{"lifecycle event of another route", lifecycleEvent, func(_ *world, s *shot) { s.path = "/lifecycle/uninstalled" }, auth.CodeQSH},
		{"lifecycle event of another method", lifecycleEvent, func(_ *world, s *shot) { s.method = http.MethodPut }, auth.CodeQSH},
		{"lifecycle event with a query", lifecycleEvent, func(_ *world, s *shot) { s.query = "x=1" }, auth.CodeQSH},
		{"lifecycle event changed after signing", lifecycleEvent, func(_ *world, s *shot) {
			text, sign := s.header.String(), s.sign
			was := s.encode([]byte(text)) + "." + s.encode([]byte(s.claims.String()))
			s.claims.set("iss", quoted(neighbour))
			s.sign = func(string) []byte { return sign(was) }
		}, auth.CodeSignature},
	}
}

func sessionRefusals() []refusal {
	derived := func(secret, app, clientKey string) func(*world, *shot) {
		return signedBy(hs256(sessionKeyOf(secret, app, clientKey)))
	}
	return []refusal{
		{"session of another app", session, func(w *world, s *shot) {
			s.claims.set("iss", `"com.example.other"`)
			derived(secret, "com.example.other", tenant)(w, s)
		}, auth.CodeIssuer},
		{"session key of another app", session, derived(secret, "com.example.other", tenant), auth.CodeSignature},
		{"session key of another tenant", session, derived(secret, appKey, neighbour), auth.CodeSignature},
		{"session of another tenant's secret", session, derived(secret2, appKey, tenant), auth.CodeSignature},
		{"session by the shared secret itself", session, signedBy(hs256(secret)), auth.CodeSignature},
		{"session retargeted at another tenant", session, claim("aud", `["`+neighbour+`"]`), auth.CodeSignature},
		{"session for two tenants", session, claim("aud", `["`+tenant+`","`+neighbour+`"]`), auth.CodeAudience},
		{"session for no tenant", session, noClaim("aud"), auth.CodeAudience},
		{"session for an empty tenant", session, claim("aud", `[""]`), auth.CodeAudience},
		{"session for a tenant with a NUL", session, claim("aud", `["`+tenant+`\u0000"]`), auth.CodeAudience},
		{"session by a tenant", session, claim("iss", quoted(tenant)), auth.CodeIssuer},
		{"session with a qsh", session, claim("qsh", quoted(hashOf(http.MethodGet, "/session", frame))), auth.CodeQSH},
		{"session with the context qsh", session, claim("qsh", `"context-qsh"`), auth.CodeQSH},
		{"session after a rotation", session, func(w *world, _ *shot) { w.rotate(tenant, secret2, 0) }, auth.CodeSignature},
		{"stored secret of 31 bytes, session", session, func(w *world, s *shot) {
			stored(secret[:31])(w, s)
			derived(secret[:31], appKey, tenant)(w, s)
		}, auth.CodeSecret},
	}
}

func queryRefusals() []refusal {
	with := func(more string) func(*world, *shot) { return func(_ *world, s *shot) { s.query += "&" + more } }
	return []refusal{
		{"query with a broken escape", hostRequest, with("x=%zz"), auth.CodeBadQuery},
		{"query that ends in an escape", hostRequest, with("x=%"), auth.CodeBadQuery},
		{"query with a broken name", hostRequest, with("%q=1"), auth.CodeBadQuery},
		{"query with a semicolon", hostRequest, with("a=1;b=2"), auth.CodeBadQuery},
		{"query with too many parameters", hostRequest, with(strings.Repeat("a&", 10001)), auth.CodeBadQuery},
		{"broken query on a context route", contextToken, with("x=%zz"), auth.CodeBadQuery},
		{"broken query on a lifecycle route", lifecycleEvent, with("x=%zz"), auth.CodeBadQuery},
		{"broken query on a session route", session, with("x=%zz"), auth.CodeBadQuery},
	}
}
