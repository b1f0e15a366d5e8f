package devhost_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// won sends one request many times at once and counts the answers with 200.
func won(t *testing.T, build func() *http.Request) int {
	t.Helper()
	var good atomic.Int32
	var all sync.WaitGroup
	requests := make([]*http.Request, 20)
	for i := range requests {
		requests[i] = build()
	}
	for _, r := range requests {
		all.Go(func() {
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == 200 {
				good.Add(1)
			}
		})
	}
	all.Wait()
	return int(good.Load())
}

// What is good once is good once, however many come at the same time.
func TestDataCenterRaces(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{RateLimit: &devhost.DataCenterLimit{Limit: 5, FillRate: 1, Interval: 1e9}})
	c := newClient2(t, h, "WRITE")
	post := func(form string) func() *http.Request {
		call := dcCall{method: "POST", path: tokenPath, body: form, header: map[string]string{"Content-Type": formType}}
		return func() *http.Request { return call.request(t, h) }
	}
	client := "client_id=" + c.link.ClientID + "&client_secret=" + c.link.ClientSecret + "&redirect_uri=" + escaped(redirectURL)
	code := c.code("bo", nil)
	if got := won(t, post(client+"&grant_type=authorization_code&code="+code)); got != 1 {
		t.Errorf("code: got %d tokens, want 1", got)
	}
	refresh := c.granted(c.exchange(c.code("bo", nil), nil)).RefreshToken
	if got := won(t, post(client+"&grant_type=refresh_token&refresh_token="+refresh)); got != 1 {
		t.Errorf("refresh: got %d tokens, want 1", got)
	}

	signer := newConsumer(t, h, "")
	signer.dance("ada")
	signer.edit = map[string]string{"oauth_nonce": "one"}
	signed := func() *http.Request {
		r := dcCall{path: dcMyself}.request(t, h)
		signer.sign(r, "", nil)
		return r
	}
	if got := won(t, signed); got != 1 {
		t.Errorf("nonce: got %d answers, want 1", got)
	}
	signer.edit = nil
	signer.token = signer.requestToken2()
	verifier, err := h.ConsentOAuth1(signer.authorizeURL(signer.token), "ada")
	if err != nil {
		t.Fatal(err)
	}
	exchange := func() *http.Request {
		r := dcCall{method: "POST", path: servlet + "access-token"}.request(t, h)
		signer.sign(r, "", map[string]string{"oauth_verifier": verifier})
		return r
	}
	if got := won(t, exchange); got != 1 {
		t.Errorf("verifier: got %d access tokens, want 1", got)
	}

	basic := func() *http.Request { return dcCall{path: dcMyself, basic: "chen:chen-password"}.request(t, h) }
	if got := won(t, basic); got != 5 {
		t.Errorf("limit: got %d answers, want 5", got)
	}
}
