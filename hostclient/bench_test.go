package hostclient_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// roundTripFunc is a base that answers without a network.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// BenchmarkSign measures all that a Transport does to a request before it hands
// it on, against its floor: the hash of the canonical request, the claims in
// JSON, the HMAC and the base64 of the same token. Run it with
//
//	go test -run '^$' -bench '^BenchmarkSign$' -benchtime 200x ./hostclient
//
// Each iteration times 200 of the floor and 200 of the Transport in turn, so that
// other work on the machine hits both. x-floor, the figure that counts, is the
// median of their ratios: 1.0 is as fast as the bare cryptography, and it must
// stay at or below 1.5. ns/sign is the median time of one signed request; ns/op,
// B/op and allocs/op are of a whole iteration, 400 tokens, and say little.
func BenchmarkSign(b *testing.B) {
	const batch = 200
	cred, err := hostclient.NewAppUser(installation("https://acme.atlassian.net"), nil)
	if err != nil {
		b.Fatal(err)
	}
	answer := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	rt := &hostclient.Transport{
		Credential: cred,
		UserAgent:  "bench",
		Base:       roundTripFunc(func(*http.Request) (*http.Response, error) { return answer, nil }),
	}
	r, err := http.NewRequest("GET", "https://acme.atlassian.net/rest/api/3/issue/ABC-123?fields=summary%2Cstatus&expand=names", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	sign := func() {
		if _, err := rt.RoundTrip(r); err != nil {
			b.Fatal(err)
		}
	}
	var ratios, signs []float64
	b.ReportAllocs()
	for b.Loop() {
		floor := timeOf(batch, func() { benchSink = floorToken(time.Now().Unix()) })
		signed := timeOf(batch, sign)
		ratios = append(ratios, float64(signed)/float64(floor))
		signs = append(signs, float64(signed)/batch)
	}
	b.ReportMetric(median(ratios), "x-floor")
	b.ReportMetric(median(signs), "ns/sign")
}

var benchSink string

func timeOf(n int, f func()) time.Duration {
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start)
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

const benchCanonical = "GET&/rest/api/3/issue/ABC-123&expand=names&fields=summary%2Cstatus"

// floorToken is the least that makes the token of the benchmark's request.
func floorToken(now int64) string {
	type claims struct {
		Issuer   string   `json:"iss"`
		Audience []string `json:"aud"`
		IssuedAt int64    `json:"iat"`
		Expiry   int64    `json:"exp"`
		QSH      string   `json:"qsh"`
	}
	sum := sha256.Sum256([]byte(benchCanonical))
	text, err := json.Marshal(claims{appKey, []string{clientKey}, now, now + 180, hex.EncodeToString(sum[:])})
	if err != nil {
		panic(err)
	}
	signing := "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(text)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signing))
	return signing + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
