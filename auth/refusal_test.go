package auth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

// refusal is a good request with one thing spoiled.
type refusal struct {
	name  string
	good  func(now int64) *shot
	spoil func(w *world, s *shot)
	want  auth.Code
}

// TestRefusals fires every refusal at the app's socket, each after the request
// that is the same but for the one thing. Nothing may come of it: the handler
// does not run, the store stays as it is, the answer has the same bytes as every
// other, and the log tells the reason and no piece of the token.
func TestRefusals(t *testing.T) {
	var all []refusal
	for _, group := range []func() []refusal{
		placeRefusals, schemeRefusals, formRefusals, segmentRefusals, encodingRefusals, algorithmRefusals, headerRefusals, keyIDRefusals,
		numberRefusals, timeRefusals, nameRefusals, typeRefusals, partyRefusals, tenantRefusals, secretRefusals,
		hashRefusals, contextHashRefusals, lifecycleRefusals, sessionRefusals, queryRefusals,
		formTokenRefusals, formFieldRefusals,
	} {
		all = append(all, group()...)
	}
	if len(all) < 100 {
		t.Fatalf("got %d refusals, want at least 100", len(all))
	}
	w := newWorld(t)
	want := map[int]string{
		http.StatusUnauthorized: "HTTP/1.1 401 Unauthorized\nCache-Control: no-store\nContent-Length: 13\nContent-Type: text/plain; charset=utf-8\n" +
			`Www-Authenticate: JWT realm="com.example.hello"` + "\nX-Content-Type-Options: nosniff\n\nUnauthorized\n",
		http.StatusBadRequest: "HTTP/1.1 400 Bad Request\nCache-Control: no-store\nContent-Length: 12\nContent-Type: text/plain; charset=utf-8\n" +
			"X-Content-Type-Options: nosniff\n\nBad Request\n",
	}
	seen := make(map[string]bool)
	for _, c := range all {
		if seen[c.name] {
			t.Errorf("two refusals are named %q", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) { w.refuse(t, c, want) })
	}
}

func (w *world) refuse(t *testing.T, c refusal, want map[int]string) {
	w.t = t
	w.clock.advance(time.Minute) // the key server may be asked again
	w.install(tenant, secret)
	w.admit(c.good(w.clock.unix()))

	s := c.good(w.clock.unix())
	c.spoil(w, s)
	r, token := s.request(t, w.server.URL)
	ran, stored := w.ran.Load(), w.contents()
	w.log.take()
	status, answer := w.send(r)
	log := w.log.take()

	wantStatus := http.StatusUnauthorized
	if c.want == auth.CodeBadQuery {
		wantStatus = http.StatusBadRequest
	}
	if status != wantStatus || answer != want[wantStatus] {
		t.Errorf("got answer\n%s\nwant\n%s", answer, want[wantStatus])
	}
	if got := w.ran.Load(); got != ran {
		t.Error("the handler ran")
	}
	if got := w.contents(); got != stored {
		t.Errorf("the store changed from\n%s\nto\n%s", stored, got)
	}
	if reason := reasonOf(t, log); !strings.Contains(reason, ": "+string(c.want)+":") {
		t.Errorf("got reason %q, want code %s", reason, c.want)
	}
	for _, hidden := range []string{secret, secret2} {
		if strings.Contains(log, hidden) {
			t.Errorf("a secret is in the log: %s", log)
		}
	}
	if piece := pieceIn(log, token); piece != "" {
		t.Errorf("a piece of the token, %q, is in the log: %s", piece, log)
	}
}

// reasonOf returns the reason in the one line of the log.
func reasonOf(t *testing.T, log string) string {
	t.Helper()
	var line struct{ Reason string }
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("log %q: %v", log, err)
	}
	return line.Reason
}

// pieceIn returns a part of a segment of the token that the log shows.
func pieceIn(log, token string) string {
	const length = 12
	shown := make(map[string]bool)
	for at := 0; at+length <= len(log); at++ {
		shown[log[at:at+length]] = true
	}
	for segment := range strings.FieldsFuncSeq(token, func(r rune) bool { return strings.ContainsRune(". \n", r) }) {
		for at := 0; at+length <= len(segment); at++ {
			if shown[segment[at:at+length]] {
				return segment[at : at+length]
			}
		}
	}
	return ""
}

func claim(name, value string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.claims.set(name, value) }
}

func noClaim(name string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.claims.drop(name) }
}

func moreClaims(name, value string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.claims.add(name, value) }
}

func head(name, value string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.header.set(name, value) }
}

func moreHead(name, value string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.header.add(name, value) }
}

func finished(edit func(token string) string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.finish = edit }
}

func signedBy(sign func(string) []byte) func(*world, *shot) {
	return func(_ *world, s *shot) { s.sign = sign }
}

func in(place string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.place = place }
}

func schemed(scheme string) func(*world, *shot) {
	return func(_ *world, s *shot) { s.scheme = scheme }
}

// TestKeyAddressesAreNotFollowed sends good tokens whose header names keys
// elsewhere. They are admitted on their own merit, or not at all, and nobody is
// asked for the other key.
func TestKeyAddressesAreNotFollowed(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	w := newWorld(t)
	for _, name := range []string{"jku", "x5u", "jwk", "x5c"} {
		value := quoted(elsewhere.URL + "/" + name)
		good := lifecycleEvent(w.clock.unix())
		good.header.add(name, value)
		w.admit(good)

		evil := lifecycleEvent(w.clock.unix())
		evil.header.add(name, value)
		evil.sign = rs256(evilKey())
		if status, answer := w.fire(evil); status != http.StatusUnauthorized {
			t.Errorf("%s: got %s, want a refusal", name, answer)
		}
	}
	if got := asked.Load(); got != 0 {
		t.Errorf("got %d requests to the address in a token, want none", got)
	}
}

// TestTimeEdges covers what a short list cannot: the edges of the times,
// to the second.
func TestTimeEdges(t *testing.T) {
	w := newWorld(t)
	now := w.clock.unix()
	for _, c := range []struct {
		name          string
		iat, exp, nbf int64
		want          auth.Code // empty when admitted
	}{
		{"just made", now, now + 180, 0, ""},
		{"expired within the leeway", now - 180, now - 29, 0, ""},
		{"expired at the leeway", now - 180, now - 30, 0, auth.CodeExpired},
		{"made in the future within the leeway", now + 30, now + 180, 0, ""},
		{"made in the future", now + 31, now + 180, 0, auth.CodeEarly},
		{"life of an hour", now, now + 3600, 0, ""},
		{"life of more than an hour", now, now + 3601, 0, auth.CodeLifetime},
		{"no life", now, now, 0, auth.CodeLifetime},
		{"not before the leeway's end", now, now + 180, now + 30, ""},
		{"not yet", now, now + 180, now + 31, auth.CodeEarly},
		{"nbf at exp", now - 170, now + 10, now + 10, auth.CodeLifetime},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := hostRequest(now)
			s.claims.set("iat", number(c.iat))
			s.claims.set("exp", number(c.exp))
			if c.nbf != 0 {
				s.claims.set("nbf", number(c.nbf))
			}
			_, err := w.check(s, auth.HostRequest)
			if got := codeOf(err); got != c.want {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestFormTooLarge shows the one refusal of a token that has a status of its
// own: a form beyond any limit is not read to its end.
func TestFormTooLarge(t *testing.T) {
	const blind, verified = 256 << 10, 1 << 20
	w := newWorld(t)
	for _, c := range []struct {
		name, place string
		size        int
		want        int
	}{
		{"token in the form", "form", blind, http.StatusOK},
		{"token in a form too large", "form", blind + 1, http.StatusRequestEntityTooLarge},
		{"token in the header", "header", verified, http.StatusOK},
		{"token in the header and a form too large", "header", verified + 1, http.StatusRequestEntityTooLarge},
		{"token in the query", "query", verified, http.StatusOK},
		{"token in the query and a form too large", "query", verified + 1, http.StatusRequestEntityTooLarge},
		{"no token", "nowhere", blind, http.StatusUnauthorized},
		{"no token and a form too large", "nowhere", blind + 1, http.StatusRequestEntityTooLarge},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %v", c.name, chunked), func(t *testing.T) {
				w.t = t
				s := macroPost(w.clock.unix())
				s.place, s.body = c.place, "page="
				size := len(s.body)
				if c.place == "form" {
					size += len("&jwt=" + s.token())
				}
				s.body += strings.Repeat("x", c.size-size)
				r, _ := s.request(t, w.server.URL)
				if chunked {
					r.Body, r.ContentLength, r.GetBody = io.NopCloser(io.MultiReader(r.Body)), -1, nil
				}
				ran := w.ran.Load()
				status, _ := w.send(r)
				if status != c.want || (w.ran.Load() != ran) != (c.want == http.StatusOK) {
					t.Errorf("got status %d, handler ran %v, want %d", status, w.ran.Load() != ran, c.want)
				}
			})
		}
	}
}

// TestFormIsReadLast shows that the form of a request with a bad token elsewhere
// is not read, and that of one with a good token is.
func TestFormIsReadLast(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		spoil func(*world, *shot)
		want  auth.Code
		read  bool
	}{
		{"good token", func(*world, *shot) {}, "", true},
		{"good token and another", func(_ *world, s *shot) { s.body = "jwt=x" }, auth.CodeManyTokens, true},
		{"good token and a broken form", func(_ *world, s *shot) { s.body = "page=%zz" }, auth.CodeMalformed, true},
		{"forged token", signedBy(hs256(secret2)), auth.CodeSignature, false},
		{"token of another request", claim("qsh", quoted(hashOf(http.MethodPost, "/other", ""))), auth.CodeQSH, false},
		{"garbage", finished(func(string) string { return "garbage" }), auth.CodeMalformed, false},
	} {
		for _, place := range []string{"header", "query"} {
			s := macroPost(w.clock.unix())
			s.place = place
			c.spoil(w, s)
			r, _ := s.request(t, baseURL)
			body := &watched{Reader: strings.NewReader(s.body)}
			r.Body = body
			if _, err := w.verifier.Check(r, auth.HostRequest); codeOf(err) != c.want {
				t.Errorf("%s in the %s: got %v, want code %q", c.name, place, err, c.want)
			}
			if body.read != c.read {
				t.Errorf("%s in the %s: the form was read: got %v, want %v", c.name, place, body.read, c.read)
			}
		}
	}
}

// TestHead opens a page with HEAD and the token that the host made for GET, and
// with one made for HEAD.
func TestHead(t *testing.T) {
	w := newWorld(t)
	for _, hashed := range []string{http.MethodGet, http.MethodHead} {
		s := pageFrame(w.clock.unix())
		s.method = http.MethodHead
		s.claims.set("qsh", quoted(hashOf(hashed, s.path, s.query)))
		w.admit(s)
	}
	w.refused(auth.HostRequest, pageFrame, func(_ *world, s *shot) {
		s.method = http.MethodHead
		s.claims.set("qsh", quoted(hashOf(http.MethodPost, s.path, s.query)))
	})
	e := w.refused(auth.HostRequest, pageFrame, func(_ *world, s *shot) { s.method, s.path = http.MethodHead, "/host/x" })
	if want := []string{canonicalOf("HEAD", "/host/x", frame), canonicalOf("GET", "/host/x", frame)}; !slices.Equal(e.Canonical, want) {
		t.Errorf("got canonical requests %q, want %q", e.Canonical, want)
	}
}

// TestSchemeIsNamed shows what the developer is told of another credential in
// the token's place: its scheme, if it is a known one, and never its value.
func TestSchemeIsNamed(t *testing.T) {
	const none = "the request has no token where this route takes one"
	w := newWorld(t)
	for _, c := range []struct{ value, want string }{
		{"Bearer hidden-value", `the Authorization header has the scheme "Bearer", want "JWT"`},
		{"Basic aGlkZGVu", `the Authorization header has the scheme "Basic", want "JWT"`},
		{"jwt hidden-value", `the Authorization header has the scheme "jwt", want "JWT"`},
		{"hidden-value", `the Authorization header has not the scheme "JWT"`},
		{"hidden value", `the Authorization header has not the scheme "JWT"`},
		{"JWT\thidden", `the Authorization header has not the scheme "JWT"`},
		{"JWT", none},
		{"", none},
	} {
		for policy, good := range map[auth.Policy]func(int64) *shot{auth.Session: session, auth.ContextToken: contextToken, auth.HostRequest: hostRequest} {
			e := w.refused(policy, good, func(_ *world, s *shot) {
				s.place = "nowhere"
				s.extra.Set("Authorization", c.value)
			})
			if e.Code != auth.CodeNoToken || e.Detail != c.want || !strings.Contains(e.Error(), c.want) {
				t.Errorf("%q on a route for %q: got %s with detail %s, want %s", c.value, policy, e, e.Detail, c.want)
			}
		}
	}
}

// gone uninstalls the tenant as a lifecycle does, or without its care.
func gone(keepSecret bool) func(*world, *shot) {
	return func(w *world, _ *shot) {
		w.change(tenant, func(i *store.Installation) {
			i.State = store.Uninstalled
			if !keepSecret {
				i.SharedSecret = store.Secret{}
			}
		})
	}
}
