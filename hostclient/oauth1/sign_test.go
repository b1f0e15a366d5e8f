package oauth1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

func send(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// A server that verifies what came over the socket takes what Sign signed.
func TestSignedRequests(t *testing.T) {
	j := newJira(t)
	c, token := j.consumer(), j.token()
	for _, p := range differing {
		u, err := url.Parse(p.url)
		if err != nil {
			t.Fatal(err)
		}
		check(t, j, c, token, request(t, p.method, j.URL+"/jira/rest"+u.Path+"/?"+u.RawQuery, p.contentType, p.body))
	}
	for seed := range uint64(100) {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		r := g.request(t)
		signedOn := request(t, r.Method, j.URL+"/jira/rest"+r.URL.EscapedPath()+"?"+r.URL.RawQuery, r.Header.Get("Content-Type"), "")
		signedOn.Body, signedOn.GetBody, signedOn.ContentLength = r.Body, r.GetBody, r.ContentLength
		if strings.Contains(r.URL.Path, "//") || strings.Contains(r.URL.Path, "/.") {
			continue // which Go's mux redirects
		}
		check(t, j, c, token, signedOn)
	}
}

func check(t *testing.T, j *jira, c *oauth1.Consumer, token *oauth1.Token, r *http.Request) {
	t.Helper()
	if err := c.Sign(r, token); err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	if status, body := send(t, r); status != http.StatusOK || body != "ada" {
		t.Errorf("%s %s: got %d %s", r.Method, r.URL, status, body)
	}
}

func TestMethods(t *testing.T) {
	j := newJira(t)
	for _, s := range []oauth1.Signer{oauth1.RSASHA1(testKey()), oauth1.RSASHA256(testKey()), oauth1.RSASHA512(testKey())} {
		check(t, j, j.consumer(func(c *oauth1.Config) { c.Signer = s }), j.token(), request(t, "GET", j.URL+"/jira/rest/api", "", ""))
	}
	j.public, j.secret = nil, "shared & secret"
	check(t, j, j.consumer(), j.token(), request(t, "GET", j.URL+"/jira/rest/api", "", ""))
}

// Each signature has its own nonce and the time of its own moment, so that a
// request may be sent again when it is signed again, and only then.
func TestEachSendingIsSigned(t *testing.T) {
	j := newJira(t)
	c, token := j.consumer(), j.token()
	r := request(t, "POST", j.URL+"/jira/rest/api?x=1", form, "a=1")
	check(t, j, c, token, r)
	again := func() { r.Body, _ = r.GetBody() }
	again()
	if status, body := send(t, r); status != http.StatusUnauthorized || !strings.Contains(body, "nonce_used") {
		t.Errorf("the same signature: got %d %s", status, body)
	}
	again()
	check(t, j, c, token, r)
	j.clock.forward(10 * 60e9)
	again()
	check(t, j, c, token, r)
	if got := len(r.Header.Values("Authorization")); got != 1 {
		t.Errorf("got %d Authorization headers, want 1", got)
	}
}

func TestHeader(t *testing.T) {
	j := newJira(t)
	at := j.clock.Now().Unix()
	c := j.consumer(func(c *oauth1.Config) { c.Rand = strings.NewReader("0123456789abcdef") })
	r := request(t, "GET", j.URL+"/jira/rest/api", "", "")
	r.Header.Set("Authorization", "Basic old")
	if err := c.Sign(r, j.token()); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`OAuth oauth_consumer_key="my%%20app%%20%%26%%20co", oauth_nonce="30313233343536373839616263646566", oauth_signature_method="RSA-SHA1", oauth_timestamp="%d", oauth_version="1.0", oauth_token="token%%2Fof%%2Bada", oauth_signature="`, at)
	if got := r.Header.Get("Authorization"); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `%3D"`) {
		t.Errorf("got %s, want %s…", got, want)
	}
	// There are no more random bytes: the next one is not signed at all.
	if err := c.Sign(r, j.token()); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want %v", err, io.EOF)
	}
}

type brokenSigner struct{}

func (brokenSigner) Method() string { return "RSA-SHA1" }
func (brokenSigner) Sign(ctx context.Context, _ string, _ store.Secret) (string, error) {
	return "", errors.New("the key server is away")
}

func TestSignRefuses(t *testing.T) {
	j := newJira(t)
	c, token := j.consumer(), j.token()
	once := func(r *http.Request) { r.GetBody = nil }
	broken := func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") } }
	none := func(*http.Request) {}
	base := j.URL + "/jira"
	for _, c := range []struct {
		name, url, contentType, body string
		change                       func(*http.Request)
		want                         string
	}{
		{"another host", "http://localhost.example/jira/rest", "", "", none, "does not go to"},
		{"another scheme", strings.Replace(base, "http:", "https:", 1) + "/rest", "", "", none, "does not go to"},
		{"another port", "http://127.0.0.1:1/jira/rest", "", "", none, "does not go to"},
		{"off the context path", j.URL + "/rest", "", "", none, "does not go to"},
		{"beside the context path", j.URL + "/jirafe", "", "", none, "does not go to"},
		{"no URL", base, "", "", func(r *http.Request) { r.URL = nil }, "does not go to"},
		{"opaque", base + "/rest", "", "", func(r *http.Request) { r.URL.Opaque = "//evil.example/jira" }, "path of its own"},
		{"broken escape", base + "/rest?a=%zz", "", "", none, "query has a broken escape"},
		{"broken form", base + "/rest", form, "a=%", none, "form in the body has a broken escape"},
		{"OAuth in the query", base + "/rest?oauth_token=x", "", "", none, "of OAuth's own"},
		{"OAuth in the query, escaped", base + "/rest?%6fauth_nonce=x", "", "", none, "of OAuth's own"},
		{"OAuth in the form", base + "/rest", form, "oauth_signature=x", none, "of OAuth's own"},
		{"a form that can be read once", base + "/rest", form, "a=1", once, "GetBody"},
		{"a form that cannot be read", base + "/rest", form, "a=1", broken, "gone"},
		{"a form that is too large", base + "/rest", form, strings.Repeat("a", 8<<20+1), none, "larger than"},
		{"a host beyond ASCII", base + "/rest", "", "", func(r *http.Request) { r.Host = "jirä" }, "ASCII"},
		{"a host with a zone", base + "/rest", "", "", func(r *http.Request) { r.Host = "[fe80::1%25lo]" }, "ASCII"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(t, "POST", c.url, c.contentType, c.body)
			c.change(r)
			err := j.consumer().Sign(r, token)
			if err == nil || !strings.Contains(err.Error(), c.want) || r.Header.Get("Authorization") != "" {
				t.Errorf("got %v and %q, want an error with %q", err, r.Header, c.want)
			}
		})
	}
	for _, bad := range []*oauth1.Token{nil, {}, {Secret: store.NewSecret("x")}} {
		if err := c.Sign(request(t, "GET", base, "", ""), bad); err == nil {
			t.Errorf("%v was taken for a token", bad)
		}
	}
	away := j.consumer(func(c *oauth1.Config) { c.Signer = brokenSigner{} })
	if err := away.Sign(request(t, "GET", base, "", ""), token); err == nil || !strings.Contains(err.Error(), "the key server is away") {
		t.Errorf("got %v", err)
	}
}

// What is read once may be no form.
func TestOtherBodiesAreNotRead(t *testing.T) {
	j := newJira(t)
	r := request(t, "POST", j.URL+"/jira/rest/api", "application/json", `{"a":1}`)
	r.GetBody = nil
	check(t, j, j.consumer(), j.token(), r)
}
