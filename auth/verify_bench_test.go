package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// realQuery is the query of a page frame in Jira, token excluded.
const realQuery = "issueKey=TST-123&projectKey=TST&xdm_e=https%3A%2F%2Fexample-company.atlassian.net" +
	"&xdm_c=channel-com.example.hello__hello-page7210994380151442318&cp=&xdm_deprecated_addon_key_do_not_use=com.example.hello" +
	"&lic=active&cv=1001.0.0-SNAPSHOT"

// BenchmarkVerify checks a page frame and does, turn by turn with it, the least
// that any verifier must do for the same token: take it apart, hash what is
// signed, read the JSON into structs and hash the canonical request. It reports
// the quotient of the two times, as the median of many short rounds.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	s := pageFrame(w.clock.unix())
	s.query = realQuery
	s.claims.set("iss", `"5a3d0c1e-4b9e-3c1d-8f2a-6f1f3f6f7c11"`)
	w.install("5a3d0c1e-4b9e-3c1d-8f2a-6f1f3f6f7c11", secret)
	s.rehash()
	r, token := s.request(b, baseURL)
	f := newFloor(token, s)
	const round = 64
	var quotients []float64
	var whole, least time.Duration
	for b.Loop() {
		ours := timed(round, func() bool {
			_, err := w.verifier.Check(r, auth.HostRequest)
			return err == nil
		}, b)
		theirs := timed(round, f.run, b)
		quotients = append(quotients, float64(ours)/float64(theirs))
		whole, least = whole+ours, least+theirs
	}
	slices.Sort(quotients)
	b.ReportMetric(quotients[len(quotients)/2], "x-floor")
	b.ReportMetric(float64(whole.Nanoseconds())/float64(len(quotients)*round), "ns/check")
	b.ReportMetric(float64(least.Nanoseconds())/float64(len(quotients)*round), "ns/floor")
}

// BenchmarkCheck is Check alone, for its allocations.
func BenchmarkCheck(b *testing.B) {
	w := newWorld(b)
	s := pageFrame(w.clock.unix())
	s.query = realQuery
	s.rehash()
	r, _ := s.request(b, baseURL)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.verifier.Check(r, auth.HostRequest); err != nil {
			b.Fatal(err)
		}
	}
}

func timed(n int, once func() bool, b *testing.B) time.Duration {
	start := time.Now()
	for range n {
		if !once() {
			b.Fatal("not verified")
		}
	}
	return time.Since(start)
}

// floor is the least work for a token whose canonical request is known.
type floor struct {
	token, canonical, hash string
	key                    []byte
}

func newFloor(token string, s *shot) *floor {
	canonical := canonicalOf(s.method, s.path, s.query)
	return &floor{token: token, canonical: canonical, hash: sumHex(canonical), key: []byte(secret)}
}

func (f *floor) run() bool {
	var header struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		KeyID     string `json:"kid"`
	}
	var claims struct {
		Issuer    string          `json:"iss"`
		Subject   string          `json:"sub"`
		IssuedAt  int64           `json:"iat"`
		Expires   int64           `json:"exp"`
		NotBefore int64           `json:"nbf"`
		QSH       string          `json:"qsh"`
		Context   json.RawMessage `json:"context"`
	}
	segments := strings.Split(f.token, ".")
	head, err1 := base64.RawURLEncoding.DecodeString(segments[0])
	body, err2 := base64.RawURLEncoding.DecodeString(segments[1])
	signature, err3 := base64.RawURLEncoding.DecodeString(segments[2])
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(f.token[:len(f.token)-len(segments[2])-1]))
	if !hmac.Equal(mac.Sum(nil), signature) {
		return false
	}
	if json.Unmarshal(head, &header) != nil || json.Unmarshal(body, &claims) != nil {
		return false
	}
	return sumHex(f.canonical) == f.hash && claims.QSH == f.hash
}
