package devhost

import (
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// What is not over stays, and looking for what is over does not cost more the more
// there is.
func TestFadingKeepsWhatIsNotOver(t *testing.T) {
	const n = 10_000
	var f fading[int]
	looks := 0
	for i := range n {
		f.put(strconv.Itoa(i), i, func(v int) bool { looks++; return v%2 == 1 })
	}
	for i := 0; i < n; i += 2 {
		if v, ok := f.all[strconv.Itoa(i)]; !ok || v != i {
			t.Fatalf("entry %d: got %d, %v", i, v, ok)
		}
	}
	if looks > 4*n {
		t.Errorf("got %d looks for %d entries", looks, n)
	}
	f.drop(func(int) bool { return true })
	if len(f.all) != 0 {
		t.Errorf("got %d entries after drop", len(f.all))
	}
}

// Whatever ends by itself is dropped in the end.
func TestWhatHasExpiredIsDropped(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	h, err := New(Config{Clock: clock, URL: "http://127.0.0.1:2990"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	dc, err := New(Config{Clock: clock, URL: "http://127.0.0.1:2990", DataCenter: &DataCenter{}})
	if err != nil {
		t.Fatal(err)
	}
	defer dc.Close()
	link, err := dc.LinkOAuth2(OAuth2Link{RedirectURL: "https://app.example.com/", Scopes: []string{"READ"}})
	if err != nil {
		t.Fatal(err)
	}
	request := url.Values{"client_id": {link.ClientID}, "redirect_uri": {link.RedirectURL}, "response_type": {"code"}}
	wait := func() string {
		id, to, err := dc.startConsent(request)
		if err != nil || to != "" {
			t.Fatalf("startConsent: got %q, %v", to, err)
		}
		return id
	}
	auth, o1, o2, account := h.cloud.auth, &dc.dc.oauth1, &dc.dc.oauth2, dc.Users()[0].AccountID
	tests := []struct {
		name string
		life time.Duration
		add  func()
		left func() int
	}{
		{"codes of 3LO", codeLife, func() { auth.accept(consent{}, "", "") }, func() int { return len(auth.codes.all) }},
		{"refresh tokens of 3LO", refreshIdleLife, func() { auth.newRefresh(consent{}) }, func() int { return len(auth.refresh.all) }},
		{"superseded refresh tokens", refreshLeeway, func() { auth.useRefresh(auth.newRefresh(consent{}), "") }, func() int { return len(auth.refresh.all) }},
		{"access tokens at the gateway", bearerLife + bearerMemory + 1, func() { auth.newBearer(kindOAuth, consent{}, bearerLife) }, func() int { return len(auth.bearers.all) }},
		{"access tokens of Connect apps", accessTokenLife + accessTokenMemory + 1, func() { h.issueToken("app", "", nil) }, func() int { return len(h.tokens.all) }},
		{"requests of OAuth 2.0", oauth2Waiting, func() { wait() }, func() int { return len(o2.waiting.all) }},
		{"codes of OAuth 2.0", dc.dc.set.CodeLife, func() {
			if _, err := dc.decideOAuth2(wait(), account, true); err != nil {
				t.Fatal(err)
			}
		}, func() int { return len(o2.codes.all) }},
		{"access tokens of OAuth 2.0", dc.dc.set.AccessTokenLife, func() { dc.issueGrant(&oauth2Grant{}, false) }, func() int { return len(o2.access.all) }},
		{"refresh tokens of OAuth 2.0", dc.dc.set.RefreshTokenLife, func() { dc.issueGrant(&oauth2Grant{}, true) }, func() int { return len(o2.refresh.all) }},
		{"tokens of OAuth 1.0a", oauth1RequestLife + oauth1Memory + 1, func() { o1.add(encodeHex(16), &oauth1Token{}, oauth1RequestLife, now) }, func() int { return len(o1.tokens.all) }},
		{"nonces", 2 * oauth1Skew, func() {
			o1.useNonce(&signedRequest{protocol: map[string]string{"oauth_nonce": encodeHex(16)}}, now, now)
		}, func() int { return len(o1.nonces.all) }},
		{"sessions", dc.dc.set.SessionLife, func() { dc.startSession(httptest.NewRecorder(), account) }, func() int { return len(dc.dc.sessions.byID.all) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 50 {
				for range 10 {
					tt.add()
				}
				if tt.left() < 10 {
					t.Fatalf("got %d, the newest 10 must be there", tt.left())
				}
				now = now.Add(tt.life)
			}
			if got := tt.left(); got > 90 {
				t.Errorf("got %d of 500, of which 10 were new", got)
			}
		})
	}
}
