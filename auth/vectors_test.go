package auth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// vector is a request of Atlassian's interoperability file, with its token.
type vector struct {
	Name, Group, Method, URL, BaseURL, Canonical, QSH string
	JWT                                               *struct {
		Secret, Iss string
		Iat, Exp    int64
	}
}

func officialVectors(t *testing.T) []vector {
	t.Helper()
	raw, err := os.ReadFile("../internal/qsh/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var official []vector
	for _, v := range file.Vectors {
		if v.JWT != nil {
			official = append(official, v)
		}
	}
	if len(official) != 39 {
		t.Fatalf("got %d signed vectors, want 39", len(official))
	}
	return official
}

// TestOfficialVectors verifies the signed URLs that Atlassian's own code made,
// and shows that each is refused one character, one second and one secret away.
func TestOfficialVectors(t *testing.T) {
	for _, v := range officialVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			w := newWorld(t, func(cfg *auth.Config) { cfg.BaseURLs = []string{v.BaseURL} })
			w.install(v.JWT.Iss, v.JWT.Secret)
			w.clock.advance(time.Unix(v.JWT.Iat+1, 0).Sub(w.clock.Now()))
			caller, err := w.verifier.Check(httptest.NewRequest(v.Method, v.URL, nil), auth.HostRequest)
			if err != nil {
				t.Fatal(err)
			}
			if caller.ClientKey != v.JWT.Iss || caller.IssuedAt.Unix() != v.JWT.Iat || caller.ExpiresAt.Unix() != v.JWT.Exp {
				t.Errorf("got caller %+v, want the claims %+v", caller, *v.JWT)
			}
			other := httptest.NewRequest(v.Method, v.URL+"&x=1", nil)
			if _, err := w.verifier.Check(other, auth.HostRequest); codeOf(err) != auth.CodeQSH {
				t.Errorf("with one parameter more: got %v, want code qsh", err)
			}
			w.install(v.JWT.Iss, strings.ToUpper(v.JWT.Secret))
			if _, err := w.verifier.Check(httptest.NewRequest(v.Method, v.URL, nil), auth.HostRequest); codeOf(err) != auth.CodeSignature {
				t.Errorf("with another secret: got %v, want code signature", err)
			}
			w.clock.advance(time.Duration(v.JWT.Exp-v.JWT.Iat+29) * time.Second)
			if _, err := w.verifier.Check(httptest.NewRequest(v.Method, v.URL, nil), auth.HostRequest); codeOf(err) != auth.CodeExpired {
				t.Errorf("later: got %v, want code expired", err)
			}
		})
	}
}

// TestKindsAndRoutes fires every kind of token at the route of every policy.
// Each is admitted on its own route and nowhere else, and a form token is
// refused elsewhere, and every other in a form, also where it stands in the place
// that the route looks at.
func TestKindsAndRoutes(t *testing.T) {
	kinds := []struct {
		name string
		good func(now int64) *shot
		home []auth.Policy // none when no route takes it
	}{
		{"host request", hostRequest, []auth.Policy{auth.HostRequest, auth.Notice}},
		{"notice", notice, []auth.Policy{auth.HostRequest, auth.Notice}},
		{"page frame", pageFrame, []auth.Policy{auth.HostRequest}},
		{"posted macro", macroPost, []auth.Policy{auth.HostRequest}},
		{"host request with the secret before a rotation", beforeRotation, []auth.Policy{auth.HostRequest}},
		{"context token", contextToken, []auth.Policy{auth.ContextToken}},
		{"signed lifecycle event", lifecycleEvent, []auth.Policy{auth.SignedLifecycle}},
		{"session", session, []auth.Policy{auth.Session}},
		{"form token", formPost, []auth.Policy{auth.Form}},
		{"form token in parts", filePost, []auth.Policy{auth.Form}},
		{"the app's own call of the host", outgoing, nil},
		{"impersonation assertion", impersonation, nil},
		{"lifecycle event signed with the shared secret", sharedLifecycle, []auth.Policy{auth.HostRequest, auth.Notice}},
	}
	w := newWorld(t)
	w.rotate(neighbour, secret, time.Minute)
	admitted := 0
	for _, kind := range kinds {
		for policy, path := range routes {
			s := kind.good(w.clock.unix())
			s.path = path
			if len(kind.good(0).qsh()) == len(`""`)+64 {
				s.rehash() // the token is for this very route
			}
			ran := w.ran.Load()
			status, _ := w.fire(s)
			if slices.Contains(kind.home, policy) {
				if status != http.StatusOK || w.ran.Load() != ran+1 || w.caller.Load().Policy != policy {
					t.Errorf("%s on a route for %q: got status %d, want it admitted: %s", kind.name, policy, status, w.log.take())
				}
				admitted++
				continue
			}
			if status != http.StatusUnauthorized || w.ran.Load() != ran {
				t.Errorf("%s on a route for %q: got status %d, want it refused", kind.name, policy, status)
			}
			if policy != auth.Form && !slices.Contains(kind.home, auth.Form) {
				continue
			}
			s.placeFor(policy)
			if status, _ := w.fire(s); status != http.StatusUnauthorized || w.ran.Load() != ran {
				t.Errorf("%s on a route for %q, in its place: got status %d, want it refused", kind.name, policy, status)
			}
		}
	}
	if admitted != 14 {
		t.Errorf("got %d requests admitted, want 14", admitted)
	}
}

// placeFor puts the token where a route with the policy looks for it, in a
// request that the token is still for.
func (s *shot) placeFor(policy auth.Policy) {
	hashed := len(s.qsh()) == len(`""`)+64
	s.place, s.body = "header", ""
	if policy == auth.Form {
		s.method, s.place, s.contentType = http.MethodPost, "field", "application/x-www-form-urlencoded"
	}
	if hashed {
		s.rehash()
	}
}

// beforeRotation is a request of the neighbour that was signed right before its
// secret was rotated.
func beforeRotation(now int64) *shot {
	s := hostRequest(now)
	s.claims.set("iss", quoted(neighbour))
	s.sign = hs256(secret2)
	return s
}

// sharedLifecycle is how lifecycle events were signed before signed-install.
// It is no more than a request of the host, as enabled and disabled are today.
func sharedLifecycle(now int64) *shot {
	s := lifecycleEvent(now)
	s.header = object{{"typ", `"JWT"`}, {"alg", `"HS256"`}, {"kid", quoted(kid)}}
	s.sign = hs256(secret)
	return s
}

// qsh returns the qsh claim as raw JSON, "" when there is none.
func (s *shot) qsh() string {
	for _, m := range s.claims {
		if m.name == "qsh" {
			return m.value
		}
	}
	return ""
}
