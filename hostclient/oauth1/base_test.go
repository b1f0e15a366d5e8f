package oauth1_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

const form = "application/x-www-form-urlencoded"

func request(t testing.TB, method, url, contentType, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if body != "" {
		r, err = http.NewRequest(method, url, strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// The examples of RFC 5849, sections 1.2 and 3.4.1.1. The signature of the last
// one is that of erratum 2550; the text has a wrong one.
func TestRFC5849(t *testing.T) {
	photos := func(rest ...[2]string) [][2]string {
		return append([][2]string{{"realm", "Photos"}, {"oauth_consumer_key", "dpf43f3p2l4k3l03"}, {"oauth_signature_method", "HMAC-SHA1"}}, rest...)
	}
	for _, c := range []struct {
		name                    string
		r                       *http.Request
		protocol                [][2]string
		consumer, token         string
		wantBase, wantSignature string
	}{
		{
			"1.2, temporary credentials", request(t, "POST", "https://photos.example.net/initiate", "", ""),
			photos([2]string{"oauth_timestamp", "137131200"}, [2]string{"oauth_nonce", "wIjqoS"}, [2]string{"oauth_callback", "http://printer.example.com/ready"}),
			"kd94hf93k423kf44", "", "", "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
		},
		{
			"1.2, token credentials", request(t, "POST", "https://photos.example.net/token", "", ""),
			photos([2]string{"oauth_token", "hh5s93j4hdidpola"}, [2]string{"oauth_timestamp", "137131201"}, [2]string{"oauth_nonce", "walatlh"}, [2]string{"oauth_verifier", "hfdp7dh39dks9884"}),
			"kd94hf93k423kf44", "hdhd0244k9j7ao03", "", "gKgrFCywp7rO0OXSjdot/IHF7IU=",
		},
		{
			"1.2, a photo", request(t, "GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "", ""),
			photos([2]string{"oauth_token", "nnch734d00sl2jdk"}, [2]string{"oauth_timestamp", "137131202"}, [2]string{"oauth_nonce", "chapoH"}),
			"kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "", "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
		},
		{
			"3.4.1.1", request(t, "POST", "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", form, "c2&a3=2+q"),
			[][2]string{
				{"realm", "Example"}, {"oauth_consumer_key", "9djdj82h48djs9d2"}, {"oauth_token", "kkk9d7dh3k39sjv7"}, {"oauth_signature_method", "HMAC-SHA1"},
				{"oauth_timestamp", "137131201"}, {"oauth_nonce", "7d8f3e4a"}, {"oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="},
			},
			"j49sk3j29djd", "dh893hdasih9",
			"POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7",
			"r6/TJjbCOr97/+UU0NsvSne7s5g=",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, err := oauth1.BaseString(c.r, c.protocol)
			if err != nil {
				t.Fatal(err)
			}
			if c.wantBase != "" && base != c.wantBase {
				t.Errorf("got the base string\n%s, want\n%s", base, c.wantBase)
			}
			got, err := oauth1.HMACSHA1(store.NewSecret(c.consumer)).Sign(context.Background(), base, store.NewSecret(c.token))
			if err != nil || got != c.wantSignature {
				t.Errorf("got the signature %s (%v), want %s", got, err, c.wantSignature)
			}
		})
	}
}

func TestBaseString(t *testing.T) {
	for _, c := range []struct{ name, method, url, contentType, body, want string }{
		{"plain", "GET", "https://jira.example.com/rest", "", "", "GET&https%3A%2F%2Fjira.example.com%2Frest&"},
		{"no path", "GET", "https://jira.example.com", "", "", "GET&https%3A%2F%2Fjira.example.com%2F&"},
		{"no path and a query", "GET", "https://jira.example.com?a=1", "", "", "GET&https%3A%2F%2Fjira.example.com%2F&a%3D1"},
		{"no method", "", "https://h/", "", "", "GET&https%3A%2F%2Fh%2F&"},
		{"small method", "patch", "https://h/", "", "", "PATCH&https%3A%2F%2Fh%2F&"},
		{"capitals", "GET", "HTTPS://JIRA.Example.COM/ReSt", "", "", "GET&https%3A%2F%2Fjira.example.com%2FReSt&"},
		{"https port", "GET", "https://h:443/", "", "", "GET&https%3A%2F%2Fh%2F&"},
		{"http port", "GET", "http://h:80/", "", "", "GET&http%3A%2F%2Fh%2F&"},
		{"another scheme's port", "GET", "http://h:443/", "", "", "GET&http%3A%2F%2Fh%3A443%2F&"},
		{"another scheme's port, the other way", "GET", "https://h:80/", "", "", "GET&https%3A%2F%2Fh%3A80%2F&"},
		{"a port that ends so", "GET", "https://h:8443/", "", "", "GET&https%3A%2F%2Fh%3A8443%2F&"},
		{"empty port", "GET", "https://h:/", "", "", "GET&https%3A%2F%2Fh%2F&"},
		{"IPv6", "GET", "https://[::1]:443/", "", "", "GET&https%3A%2F%2F%5B%3A%3A1%5D%2F&"},
		{"IPv6 with a port", "GET", "https://[::1]:8080/", "", "", "GET&https%3A%2F%2F%5B%3A%3A1%5D%3A8080%2F&"},
		{"IPv6 that ends so", "GET", "http://[fe80::80]/", "", "", "GET&http%3A%2F%2F%5Bfe80%3A%3A80%5D%2F&"},
		{"escaped path", "GET", "https://h/r%20v/a%2fb/~%7E", "", "", "GET&https%3A%2F%2Fh%2Fr%2520v%2Fa%252fb%2F~%257E&"},
		{"path that must be escaped", "GET", "https://h/ü", "", "", "GET&https%3A%2F%2Fh%2F%25C3%25BC&"},
		{"repeated", "GET", "https://h/?expand=b&expand=a&expand=b", "", "", "GET&https%3A%2F%2Fh%2F&expand%3Da%26expand%3Db%26expand%3Db"},
		{"valueless", "GET", "https://h/?b&a=&c", "", "", "GET&https%3A%2F%2Fh%2F&a%3D%26b%3D%26c%3D"},
		{"nameless", "GET", "https://h/?=x&a=1", "", "", "GET&https%3A%2F%2Fh%2F&%3Dx%26a%3D1"},
		{"nothing between", "GET", "https://h/?&a=1&&b=2&", "", "", "GET&https%3A%2F%2Fh%2F&a%3D1%26b%3D2"},
		{"equals signs", "GET", "https://h/?a=b=c", "", "", "GET&https%3A%2F%2Fh%2F&a%3Db%253Dc"},
		{"plus and blank", "GET", "https://h/?jql=a+b%20c%2Bd", "", "", "GET&https%3A%2F%2Fh%2F&jql%3Da%2520b%2520c%252Bd"},
		{"semicolon", "GET", "https://h/?a=1;b=2", "", "", "GET&https%3A%2F%2Fh%2F&a%3D1%253Bb%253D2"},
		{"names before values", "GET", "https://h/?a1=x&a=y", "", "", "GET&https%3A%2F%2Fh%2F&a%3Dy%26a1%3Dx"},
		{"sorted as encoded", "GET", "https://h/?a=%C3%BC&a=z&a=~&B=1&%2A=2", "", "", "GET&https%3A%2F%2Fh%2F&%252A%3D2%26B%3D1%26a%3D%25C3%25BC%26a%3Dz%26a%3D~"},
		{"all that is kept", "GET", "https://h/?az-._~AZ09=!*'()", "", "", "GET&https%3A%2F%2Fh%2F&az-._~AZ09%3D%2521%252A%2527%2528%2529"},
		{"bytes that are no text", "GET", "https://h/?a=%ff%00", "", "", "GET&https%3A%2F%2Fh%2F&a%3D%25FF%2500"},
		{"realm in the query", "GET", "https://h/?realm=x", "", "", "GET&https%3A%2F%2Fh%2F&realm%3Dx"},
		{"a fragment", "GET", "https://h/#a", "", "", "GET&https%3A%2F%2Fh%2F&"},
		{"form", "POST", "https://h/?a=2", form, "a=1&b", "POST&https%3A%2F%2Fh%2F&a%3D1%26a%3D2%26b%3D"},
		{"form with a charset", "POST", "https://h/", form + "; charset=UTF-8", "a=1&a=1", "POST&https%3A%2F%2Fh%2F&a%3D1%26a%3D1"},
		{"form in capitals", "PUT", "https://h/", " Application/X-WWW-Form-Urlencoded ;x", "a=1", "PUT&https%3A%2F%2Fh%2F&a%3D1"},
		{"JSON", "POST", "https://h/", "application/json", `{"a":1}`, "POST&https%3A%2F%2Fh%2F&"},
		{"multipart", "POST", "https://h/", "multipart/form-data; boundary=x", "a=1", "POST&https%3A%2F%2Fh%2F&"},
		{"another type that begins so", "POST", "https://h/", form + "x", "a=1", "POST&https%3A%2F%2Fh%2F&"},
		{"no type", "POST", "https://h/", "", "a=1", "POST&https%3A%2F%2Fh%2F&"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(t, c.method, c.url, c.contentType, c.body)
			r.Method = c.method
			got, err := oauth1.BaseString(r, nil)
			if err != nil || got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
}

// Host is what is sent, whatever the URL says.
func TestBaseStringHost(t *testing.T) {
	r := request(t, "GET", "https://10.0.0.1/", "", "")
	r.Host = "Jira.example.com:443"
	if got, err := oauth1.BaseString(r, nil); err != nil || got != "GET&https%3A%2F%2Fjira.example.com%2F&" {
		t.Errorf("got %s (%v)", got, err)
	}
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	pairs, ok := oauth1.ParsePairs(strings.ReplaceAll(s, "=", "%3D"))
	if strings.ContainsAny(s, "+& ") || !ok || len(pairs) > 1 {
		t.Fatalf("%q is not percent-encoded", s)
	}
	if len(pairs) == 0 {
		return ""
	}
	return pairs[0][0]
}

// The base string can be taken apart again: it has three parts, and in the third
// all pairs that went in, sorted. Their order means nothing.
func FuzzBaseString(f *testing.F) {
	f.Add("GET", "jira.example.com:443", "/rest", "b5=%3D%253D&a3=a&c%40=&a2=r%20b", uint64(1))
	f.Add("POST", "[::1]:443", "", "expand=a&expand=b&expand=a&x", uint64(2))
	f.Add("POST", "h", "/%2f", "a1=1&a=1&=&a=%ff&oauth_signature=x&realm=y", uint64(3))
	f.Fuzz(func(t *testing.T, method, host, path, query string, seed uint64) {
		of, ok := oauth1.ParsePairs(query)
		if !ok {
			return
		}
		protocol := [][2]string{{"realm", "left out"}, {"oauth_nonce", query}, {"oauth_signature", "left out"}}
		base := oauth1.BaseOf(method, "https", host, path, of, protocol)
		shuffled := slices.Clone(of)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again := oauth1.BaseOf(method, "https", host, path, shuffled, protocol); again != base {
			t.Errorf("got %s and, shuffled, %s", base, again)
		}
		parts := strings.Split(base, "&")
		if len(parts) != 3 {
			t.Fatalf("got %d parts: %s", len(parts), base)
		}
		if got := unescape(t, parts[0]); got != strings.ToUpper(method) {
			t.Errorf("got the method %q, want %q", got, method)
		}
		var got, want [][2]string
		var last [2]string
		for i, text := range strings.Split(unescape(t, parts[2]), "&") {
			name, value, _ := strings.Cut(text, "=")
			if now := [2]string{name, value}; i > 0 && slices.Compare(last[:], now[:]) > 0 {
				t.Errorf("%q stands behind %q", now, last)
			}
			last = [2]string{name, value}
			got = append(got, [2]string{unescape(t, name), unescape(t, value)})
		}
		for _, p := range append(slices.Clone(of), [2]string{"oauth_nonce", query}) {
			if p[0] != "oauth_signature" {
				want = append(want, p)
			}
		}
		order := func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Errorf("got the pairs %q, want %q", got, want)
		}
	})
}
