package auth_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/auth"
)

// goodShots are one of each kind that is admitted somewhere.
func goodShots(now int64) map[auth.Policy]*shot {
	return map[auth.Policy]*shot{
		auth.HostRequest: hostRequest(now), auth.ContextToken: contextToken(now),
		auth.SignedLifecycle: lifecycleEvent(now), auth.Session: session(now), auth.Notice: notice(now), auth.Form: formPost(now),
	}
}

// The property: of all texts in place of a token, in the header as in the
// query, only those that were signed are admitted, byte for byte, on their own
// route, with the claims that were signed.
func FuzzToken(f *testing.F) {
	w := newWorld(f)
	signed := make(map[auth.Policy]string)
	for policy, s := range goodShots(w.clock.unix()) {
		signed[policy] = s.token()
		f.Add(signed[policy], uint8(policy), false)
		f.Add(strings.Replace(signed[policy], ".", ".\n", 1), uint8(policy), true)
		f.Add(signed[policy]+"=", uint8(policy), false)
		f.Add(withoutSignature(signed[policy]), uint8(policy), true)
	}
	f.Add(signed[auth.HostRequest], uint8(auth.HostRequest), true)
	f.Fuzz(func(t *testing.T, token string, p uint8, inQuery bool) {
		policy := auth.Policy(p)
		s := goodShots(w.clock.unix())[policy]
		if s == nil {
			s = hostRequest(w.clock.unix())
			s.path = "/zero"
		}
		caller, err := w.verifier.Check(carrying(s, token, inQuery), policy)
		if err != nil {
			var refusal *auth.Error
			if caller != nil || policy != auth.SignedLifecycle && !errors.As(err, &refusal) {
				t.Fatalf("got %+v, %v, want nothing and a refusal", caller, err)
			}
			return
		}
		if token != signed[policy] {
			t.Fatalf("a token that nobody signed was admitted as %s: %q", policy, token)
		}
		if inQuery && policy != auth.HostRequest {
			t.Fatalf("a token in the query was admitted as %s", policy)
		}
		if caller.ClientKey != tenant || caller.AccountID != accountID || caller.Policy != policy || !caller.IssuedAt.Equal(w.clock.Now()) {
			t.Fatalf("got %+v, want the claims that were signed", caller)
		}
	})
}

func withoutSignature(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

// carrying returns the request of s with another token, in the query or where
// it belongs.
func carrying(s *shot, token string, inQuery bool) *http.Request {
	r := httptest.NewRequest(s.method, baseURL+s.path+"?"+s.query, nil)
	switch {
	case inQuery:
		r.URL.RawQuery = joined(r.URL.RawQuery, "jwt="+url.QueryEscape(token))
	case s.place == "field":
		r.Body = io.NopCloser(strings.NewReader("atl_token=" + url.QueryEscape(token)))
		r.Header.Set("Content-Type", s.contentType)
	default:
		r.Header["Authorization"] = []string{"JWT " + token}
	}
	return r
}

// The property: whatever header and claims are signed with the tenant's secret,
// a token is admitted only if a second reader, that allows nothing twice and
// compares names in any letters, finds the same good values in them.
func FuzzClaims(f *testing.F) {
	w := newWorld(f)
	now := w.clock.unix()
	for _, s := range goodShots(now) {
		f.Add(s.header.String(), s.claims.String())
	}
	good := hostRequest(now)
	for _, more := range []string{`"iss":"x"`, `"ISS":"x"`, `"nbf":1`, `"aud":["a","b"]`, `"context":{"a":1,"a":2}`, `"exp":1e9`, `"x":[{"y":null}]`} {
		f.Add(good.header.String(), strings.TrimSuffix(good.claims.String(), "}")+","+more+"}")
		f.Add(strings.TrimSuffix(good.header.String(), "}")+","+more+"}", good.claims.String())
	}
	f.Fuzz(func(t *testing.T, header, claims string) {
		text := encoded([]byte(header)) + "." + encoded([]byte(claims))
		token := text + "." + encoded(hs256(secret)(text))
		for policy, s := range goodShots(now) {
			caller, err := w.verifier.Check(carrying(s, token, false), policy)
			if err != nil {
				continue
			}
			if err := secondReading(header, claims, s, policy, now, caller); err != nil {
				t.Fatalf("admitted as %s: %v\n%s\n%s", policy, err, header, claims)
			}
		}
	})
}

// secondReading says the rules once more, by other means.
func secondReading(header, claims string, s *shot, policy auth.Policy, now int64, caller *auth.Caller) error {
	head, err := distinct(header)
	if err != nil {
		return err
	}
	body, err := distinct(claims)
	if err != nil {
		return err
	}
	if head["alg"] != `"HS256"` || head["crit"] != "" {
		return fmt.Errorf("header %v", head)
	}
	qsh := s.qsh()
	if policy == auth.SignedLifecycle || policy == auth.Session || policy == auth.Form || !sameJSON(body["qsh"], qsh) {
		return fmt.Errorf("qsh %s, want %s", body["qsh"], qsh)
	}
	if !sameJSON(body["iss"], quoted(tenant)) || caller.ClientKey != tenant {
		return fmt.Errorf("issuer %s, caller %+v", body["iss"], caller)
	}
	var iat, exp, nbf int64
	if json.Unmarshal([]byte(body["iat"]), &iat) != nil || json.Unmarshal([]byte(body["exp"]), &exp) != nil {
		return fmt.Errorf("iat %s, exp %s", body["iat"], body["exp"])
	}
	if body["nbf"] != "" && json.Unmarshal([]byte(body["nbf"]), &nbf) != nil {
		return fmt.Errorf("nbf %s", body["nbf"])
	}
	if exp <= iat || exp-iat > 3600 || exp+30 <= now || iat > now+30 || nbf > now+30 || iat <= 0 {
		return fmt.Errorf("iat %d, exp %d, nbf %d, now %d", iat, exp, nbf, now)
	}
	return nil
}

func sameJSON(a, b string) bool {
	var x, y string
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && x == y
}

// distinct returns the members of a JSON object, as raw text, and an error if
// at any depth two names are the same, or at the top the same but for case.
func distinct(text string) (map[string]string, error) {
	if !json.Valid([]byte(text)) || text[0] != '{' {
		return nil, errors.New("no JSON object")
	}
	members := make(map[string]string)
	var seen []string
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		fold := func(other string) bool { return strings.EqualFold(other, name.(string)) && known(name.(string)) }
		if _, twice := members[name.(string)]; twice || slices.ContainsFunc(seen, fold) {
			return nil, fmt.Errorf("%q twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if err := distinctBelow(value); err != nil {
			return nil, err
		}
		seen = append(seen, name.(string))
		members[name.(string)] = string(value)
	}
	return members, nil
}

// known reports a name that means something to a verifier, in any letters.
func known(name string) bool {
	return slices.ContainsFunc([]string{"alg", "typ", "kid", "crit", "iss", "sub", "aud", "iat", "exp", "nbf", "qsh", "context"},
		func(k string) bool { return strings.EqualFold(k, name) })
}

// distinctBelow fails if an object anywhere in value has a name twice.
func distinctBelow(value []byte) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	type level struct {
		object, value bool // in an object; a value comes next
		names         map[string]bool
	}
	var stack []level
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		top := len(stack) - 1
		if name, ok := token.(string); ok && top >= 0 && stack[top].object && !stack[top].value {
			if stack[top].names[name] {
				return fmt.Errorf("%q twice", name)
			}
			stack[top].names[name], stack[top].value = true, true
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			stack = append(stack, level{object: token == json.Delim('{'), names: make(map[string]bool)})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
			top--
		}
		if top >= 0 {
			stack[top].value = false
		}
	}
}
