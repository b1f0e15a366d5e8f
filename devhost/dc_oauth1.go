package devhost

import (
	"cmp"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Where the OAuth 1.0a provider lives below the base URL, and how long things of
// it last. Five years are documented, the other times are unconfirmed.
const (
	oauth1Path        = "/plugins/servlet/oauth/"
	oauth1Skew        = 300 * time.Second
	oauth1RequestLife = 10 * time.Minute
	oauth1AccessLife  = 5 * 365 * day
	oauth1Memory      = day // how long an expired token is told from an unknown one
)

// OAuth1Link is a consumer of the OAuth 1.0a provider, as an administrator
// of a Data Center sets one up.
type OAuth1Link struct {
	// ConsumerKey names the consumer. It must not be empty.
	ConsumerKey string
	// PublicKey verifies its signatures. It must have 1024 bits or more.
	PublicKey *rsa.PublicKey
	// CallbackURL is where users are sent back to when the consumer's request
	// names no callback. Empty means none.
	CallbackURL string
}

// oauth1Token is a request token, or an access token once it has been exchanged.
type oauth1Token struct {
	consumer, callback string // callback is "oob" for none
	accountID          string // empty until a user has consented
	verifier           string
	access, denied     bool
	expires            time.Time
}

// dcOAuth1 is the OAuth 1.0a provider.
type dcOAuth1 struct {
	mu     sync.Mutex
	links  map[string]OAuth1Link
	tokens fading[*oauth1Token]
	nonces fading[time.Time] // until when each is remembered
}

// LinkOAuth1 sets up an application link on a Data Center, or replaces the one
// with the same consumer key.
func (h *Host) LinkOAuth1(l OAuth1Link) error {
	switch {
	case h.dc == nil:
		return errNotDataCenter
	case l.ConsumerKey == "":
		return errors.New("devhost: an application link needs a ConsumerKey")
	case l.PublicKey == nil || l.PublicKey.N == nil || l.PublicKey.N.BitLen() < 1024:
		return fmt.Errorf("devhost: application link %q needs a PublicKey of 1024 bits or more", l.ConsumerKey)
	case l.CallbackURL != "" && !isWebAddress(l.CallbackURL):
		return fmt.Errorf("devhost: application link %q: CallbackURL %q is not an http or https address", l.ConsumerKey, l.CallbackURL)
	}
	o := &h.dc.oauth1
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.links == nil {
		o.links = make(map[string]OAuth1Link)
	}
	o.links[l.ConsumerKey] = l
	return nil
}

// RevokeOAuth1 makes a token of the OAuth 1.0a provider invalid at once, as its
// user does in the profile.
func (h *Host) RevokeOAuth1(token string) {
	if h.dc == nil {
		return
	}
	h.dc.oauth1.mu.Lock()
	defer h.dc.oauth1.mu.Unlock()
	delete(h.dc.oauth1.tokens.all, token)
}

func isWebAddress(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// oauth1Problem refuses by the problem reporting extension of OAuth 1.0: a form
// in the body and the same words in a header. detail are further parameters by
// name and value.
func (h *Host) oauth1Problem(status int, code, reason string, detail ...string) *dcRefusal {
	body := "oauth_problem=" + percentEncode(code)
	for i := 0; i+1 < len(detail); i += 2 {
		body += "&" + percentEncode(detail[i]) + "=" + percentEncode(detail[i+1])
	}
	return &dcRefusal{
		status: status,
		header: http.Header{
			"Www-Authenticate": {h.oauthChallenge(code)},
			"Content-Type":     {"application/x-www-form-urlencoded;charset=UTF-8"},
		},
		body: body, reason: "oauth_problem " + code + ": " + reason,
	}
}

// oauthChallenge is the header that asks for OAuth, with a problem if there is
// one.
func (h *Host) oauthChallenge(problem string) string {
	challenge := `OAuth realm="` + percentEncode(h.BaseURL()) + `"`
	if problem != "" {
		challenge += `, oauth_problem="` + percentEncode(problem) + `"`
	}
	return challenge
}

// checkSigned judges a signed request and all it claims but its token.
func (h *Host) checkSigned(r *http.Request) (*signedRequest, *dcRefusal) {
	s, err := readSigned(r)
	if err != nil {
		return nil, h.oauth1Problem(http.StatusBadRequest, "parameter_rejected", err.Error())
	}
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if s.protocol[name] == "" {
			return nil, h.absent(name)
		}
	}
	if v, ok := s.protocol["oauth_version"]; ok && v != "1.0" {
		return nil, h.oauth1Problem(http.StatusBadRequest, "version_rejected", "oauth_version is "+v, "oauth_acceptable_versions", "1.0-1.0")
	}
	if signatureHashes[s.protocol["oauth_signature_method"]] == 0 {
		return nil, h.oauth1Problem(http.StatusBadRequest, "signature_method_rejected", s.protocol["oauth_signature_method"])
	}
	h.dc.oauth1.mu.Lock()
	link, ok := h.dc.oauth1.links[s.protocol["oauth_consumer_key"]]
	h.dc.oauth1.mu.Unlock()
	if !ok {
		return nil, h.oauth1Problem(http.StatusUnauthorized, "consumer_key_unknown", s.protocol["oauth_consumer_key"])
	}
	return s, h.checkFresh(r, s, link)
}

func (h *Host) absent(name string) *dcRefusal {
	return h.oauth1Problem(http.StatusBadRequest, "parameter_absent", name, "oauth_parameters_absent", name)
}

// checkFresh judges time, signature and nonce. A nonce is used up only by a
// request whose signature is good, so that nobody can use up another's.
func (h *Host) checkFresh(r *http.Request, s *signedRequest, link OAuth1Link) *dcRefusal {
	now := h.clock()
	seconds, err := strconv.ParseInt(s.protocol["oauth_timestamp"], 10, 64)
	if err != nil || seconds <= 0 {
		return h.oauth1Problem(http.StatusBadRequest, "parameter_rejected", "oauth_timestamp is no positive number", "oauth_parameters_rejected", "oauth_timestamp")
	}
	sent := time.Unix(seconds, 0)
	if sent.Before(now.Add(-oauth1Skew)) || sent.After(now.Add(oauth1Skew)) {
		acceptable := fmt.Sprintf("%d-%d", now.Add(-oauth1Skew).Unix(), now.Add(oauth1Skew).Unix())
		return h.oauth1Problem(http.StatusUnauthorized, "timestamp_refused", "the clocks differ by "+sent.Sub(now).String(), "oauth_acceptable_timestamps", acceptable)
	}
	text := s.baseString(r.Method, h.signedBase(r), h.dc.context+r.URL.EscapedPath())
	if err := s.verify(text, link.PublicKey); err != nil {
		return h.oauth1Problem(http.StatusUnauthorized, "signature_invalid", "the base string is "+text)
	}
	if !h.dc.oauth1.useNonce(s, sent, now) {
		return h.oauth1Problem(http.StatusUnauthorized, "nonce_used", s.protocol["oauth_nonce"])
	}
	return nil
}

// useNonce reports whether a nonce is new for its consumer, its token and its
// time, and remembers it as long as the time is acceptable.
func (o *dcOAuth1) useNonce(s *signedRequest, sent, now time.Time) bool {
	p := s.protocol
	key := strings.Join([]string{p["oauth_consumer_key"], p["oauth_token"], p["oauth_timestamp"], p["oauth_nonce"]}, "\n")
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, used := o.nonces.all[key]; used {
		return false
	}
	o.nonces.put(key, sent.Add(oauth1Skew), now.After)
	return true
}

// identifyOAuth1 checks a call signed in a user's name. It has all the rights of
// the user.
func (h *Host) identifyOAuth1(r *http.Request) (*caller, *dcRefusal) {
	s, f := h.checkSigned(r)
	if f != nil {
		return nil, f
	}
	t, f := h.oauth1Token(s)
	if f != nil {
		return nil, f
	}
	if !t.access {
		return nil, h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the token is a request token")
	}
	if _, ok := h.jira.activeUser(t.accountID); !ok {
		return nil, h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the user of the token is not active")
	}
	return &caller{kind: kindOAuth1, accountID: t.accountID}, nil
}

// oauth1Token finds the token of a request of its own consumer.
func (h *Host) oauth1Token(s *signedRequest) (oauth1Token, *dcRefusal) {
	name := s.protocol["oauth_token"]
	if name == "" {
		return oauth1Token{}, h.absent("oauth_token")
	}
	h.dc.oauth1.mu.Lock()
	defer h.dc.oauth1.mu.Unlock()
	t := h.dc.oauth1.tokens.all[name]
	switch {
	case t == nil || t.consumer != s.protocol["oauth_consumer_key"]:
		return oauth1Token{}, h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the token is unknown, revoked or another consumer's")
	case !h.clock().Before(t.expires):
		return oauth1Token{}, h.oauth1Problem(http.StatusUnauthorized, "token_expired", "the token has expired")
	}
	return *t, nil
}

// add keeps a new token. It needs o.mu.
func (o *dcOAuth1) add(name string, t *oauth1Token, life time.Duration, now time.Time) {
	t.expires = now.Add(life)
	o.tokens.put(name, t, func(t *oauth1Token) bool { return now.Sub(t.expires) > oauth1Memory })
}

// serveRequestToken is the first step of the dance.
func (h *Host) serveRequestToken(w http.ResponseWriter, r *http.Request) {
	s, f := h.checkSigned(r)
	if f != nil {
		f.write(w, r)
		return
	}
	consumer := s.protocol["oauth_consumer_key"]
	o := &h.dc.oauth1
	o.mu.Lock()
	callback := cmp.Or(s.protocol["oauth_callback"], o.links[consumer].CallbackURL)
	o.mu.Unlock()
	switch {
	case callback == "":
		h.absent("oauth_callback").write(w, r)
		return
	case callback != "oob" && !isWebAddress(callback):
		h.oauth1Problem(http.StatusBadRequest, "parameter_rejected", "oauth_callback is no address", "oauth_parameters_rejected", "oauth_callback").write(w, r)
		return
	}
	name := encodeHex(16)
	o.mu.Lock()
	o.add(name, &oauth1Token{consumer: consumer, callback: callback}, oauth1RequestLife, h.clock())
	o.mu.Unlock()
	writeForm(w, "oauth_token", name, "oauth_token_secret", encodeHex(16), "oauth_callback_confirmed", "true")
}

// serveAccessToken is the last step of the dance. A request token is good once.
func (h *Host) serveAccessToken(w http.ResponseWriter, r *http.Request) {
	s, f := h.checkSigned(r)
	if f == nil {
		f = h.checkExchange(s)
	}
	if f != nil {
		f.write(w, r)
		return
	}
	name, request := encodeHex(16), s.protocol["oauth_token"]
	o := &h.dc.oauth1
	o.mu.Lock()
	t := o.tokens.all[request]
	delete(o.tokens.all, request)
	if t != nil {
		o.add(name, &oauth1Token{consumer: t.consumer, accountID: t.accountID, access: true}, oauth1AccessLife, h.clock())
	}
	o.mu.Unlock()
	if t == nil { // another exchange came first
		h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the token has been used").write(w, r)
		return
	}
	seconds := strconv.Itoa(int(oauth1AccessLife / time.Second))
	writeForm(w, "oauth_token", name, "oauth_token_secret", encodeHex(16), "oauth_expires_in", seconds,
		"oauth_session_handle", encodeHex(16), "oauth_authorization_expires_in", seconds)
}

// checkExchange judges a request token that is to become an access token.
func (h *Host) checkExchange(s *signedRequest) *dcRefusal {
	t, f := h.oauth1Token(s)
	verifier, ok := s.protocol["oauth_verifier"]
	switch {
	case f != nil:
		return f
	case t.access:
		return h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the token is an access token")
	case t.denied:
		return h.oauth1Problem(http.StatusUnauthorized, "permission_denied", "the user has declined")
	case t.accountID == "":
		return h.oauth1Problem(http.StatusUnauthorized, "permission_unknown", "no user has consented yet")
	case !ok:
		return h.absent("oauth_verifier")
	case !sameText(t.verifier, verifier):
		return h.oauth1Problem(http.StatusUnauthorized, "token_rejected", "the verifier is wrong")
	}
	return nil
}

// writeForm answers with a form of names and values.
func writeForm(w http.ResponseWriter, pairs ...string) {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, percentEncode(pairs[i])+"="+percentEncode(pairs[i+1]))
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(strings.Join(parts, "&")))
}
