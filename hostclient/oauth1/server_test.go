package oauth1_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

const consumerKey = "my app & co"

// clock is a time that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// grant is a temporary or an access token of jira.
type grant struct {
	secret, callback, verifier, user string
	used                             bool
}

// jira is a small Jira with a context path, which verifies OAuth 1.0a from what
// came over the socket with code of its own.
type jira struct {
	*httptest.Server
	t     *testing.T
	clock *clock
	// public is the key of the application link; nil means HMAC with secret.
	public *rsa.PublicKey
	secret string
	// user is who sits before the browser; empty is one who does not agree.
	user string
	// answer takes the place of the dance's answers when it is set, and learns
	// of what was sent.
	answer func(w http.ResponseWriter, sent url.Values)

	mu                sync.Mutex
	count             int
	nonces            map[string]bool
	temporary, access map[string]*grant
	seen              []string // what was called
}

func newJira(t *testing.T) *jira {
	t.Helper()
	j := &jira{
		t: t, clock: newClock(), public: &testKey().PublicKey, user: "ada",
		nonces: map[string]bool{}, temporary: map[string]*grant{}, access: map[string]*grant{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /jira/plugins/servlet/oauth/request-token", j.signed(j.requestToken))
	mux.HandleFunc("GET /jira/plugins/servlet/oauth/authorize", j.authorize)
	mux.HandleFunc("POST /jira/plugins/servlet/oauth/access-token", j.signed(j.accessToken))
	mux.HandleFunc("/jira/rest/", j.signed(func(w http.ResponseWriter, _ *http.Request, p url.Values) {
		fmt.Fprint(w, j.access[p.Get("oauth_token")].user)
	}))
	j.Server = httptest.NewServer(mux)
	t.Cleanup(j.Close)
	return j
}

func (j *jira) config() oauth1.Config {
	signer := oauth1.RSASHA1(testKey())
	if j.public == nil {
		signer = oauth1.HMACSHA1(store.NewSecret(j.secret))
	}
	return oauth1.Config{BaseURL: j.URL + "/jira/", ConsumerKey: consumerKey, Signer: signer, Clock: j.clock.Now}
}

func (j *jira) consumer(change ...func(*oauth1.Config)) *oauth1.Consumer {
	j.t.Helper()
	config := j.config()
	for _, with := range change {
		with(&config)
	}
	c, err := oauth1.New(config)
	if err != nil {
		j.t.Fatal(err)
	}
	return c
}

// token is of ada, who went through the dance.
func (j *jira) token() *oauth1.Token {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.access["token/of+ada"] = &grant{secret: "secret&of ada", user: "ada"}
	return &oauth1.Token{Value: store.NewSecret("token/of+ada"), Secret: store.NewSecret("secret&of ada")}
}

func (j *jira) name(kind string) string {
	j.count++
	return fmt.Sprintf("%s+%d/&=%%", kind, j.count)
}

func (j *jira) requestToken(w http.ResponseWriter, r *http.Request, p url.Values) {
	token := j.name("temporary")
	g := &grant{secret: j.name("temporary-secret"), callback: p.Get("oauth_callback"), verifier: j.name("verifier")}
	j.temporary[token] = g
	fmt.Fprint(w, url.Values{"oauth_token": {token}, "oauth_token_secret": {g.secret}, "oauth_callback_confirmed": {"true"}}.Encode())
}

// authorize is the page on which the user agrees at once, or not.
func (j *jira) authorize(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.temporary[r.FormValue("oauth_token")]
	if g == nil {
		http.Error(w, "no such token", http.StatusBadRequest)
		return
	}
	g.user = j.user
	verifier := g.verifier
	if g.user == "" {
		verifier = "denied"
	}
	if g.callback == oauth1.OutOfBand {
		fmt.Fprint(w, verifier)
		return
	}
	back := url.Values{"oauth_token": {r.FormValue("oauth_token")}, "oauth_verifier": {verifier}}
	http.Redirect(w, r, g.callback+"?"+back.Encode(), http.StatusFound)
}

func (j *jira) accessToken(w http.ResponseWriter, r *http.Request, p url.Values) {
	g := j.temporary[p.Get("oauth_token")]
	switch {
	case g.used:
		problem(w, "token_used", "")
	case g.user == "" || p.Get("oauth_verifier") != g.verifier:
		problem(w, "permission_denied", "")
	default:
		g.used = true
		token := j.name("token")
		j.access[token] = &grant{secret: j.name("token-secret"), user: g.user}
		fmt.Fprint(w, url.Values{
			"oauth_token": {token}, "oauth_token_secret": {j.access[token].secret}, "oauth_expires_in": {"157680000"},
			"oauth_session_handle": {"handle"}, "oauth_authorization_expires_in": {"160272000"},
		}.Encode())
	}
}

func problem(w http.ResponseWriter, word, advice string) {
	w.Header().Set("WWW-Authenticate", `OAuth realm="jira",oauth_problem="`+word+`"`)
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprint(w, url.Values{"oauth_problem": {word}, "oauth_problem_advice": {advice}}.Encode())
}

// signed calls next for what is rightly signed.
func (j *jira) signed(next func(http.ResponseWriter, *http.Request, url.Values)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.seen = append(j.seen, r.Method+" "+r.RequestURI)
		sent := url.Values{}
		for name, value := range parameters(j.t, r.Header.Get("Authorization")) {
			sent.Set(name, value)
		}
		if j.answer != nil {
			j.answer(w, sent)
			return
		}
		if word, advice := j.refusal(r, sent); word != "" {
			problem(w, word, advice)
			return
		}
		next(w, r, sent)
	}
}

func (j *jira) refusal(r *http.Request, sent url.Values) (word, advice string) {
	seconds, err := strconv.ParseInt(sent.Get("oauth_timestamp"), 10, 64)
	if err != nil || j.clock.Now().Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return "timestamp_refused", ""
	}
	if sent.Get("oauth_consumer_key") != consumerKey {
		return "consumer_key_unknown", ""
	}
	if sent.Get("oauth_version") != "1.0" {
		return "version_rejected", ""
	}
	nonce := sent.Get("oauth_nonce") + sent.Get("oauth_timestamp") + sent.Get("oauth_token")
	if j.nonces[nonce] || len(sent.Get("oauth_nonce")) < 16 {
		return "nonce_used", ""
	}
	secret, known := j.secretOf(r, sent)
	if !known {
		return "token_rejected", ""
	}
	base := wireBase(j.t, r, sent)
	if !j.verified(base, secret, sent) {
		return "signature_invalid", base
	}
	j.nonces[nonce] = true
	return "", ""
}

// secretOf returns the secret of the token that the request should have.
func (j *jira) secretOf(r *http.Request, sent url.Values) (secret string, known bool) {
	var g *grant
	switch {
	case strings.HasSuffix(r.URL.Path, "/request-token"):
		return "", !sent.Has("oauth_token") && sent.Get("oauth_callback") != ""
	case strings.HasSuffix(r.URL.Path, "/access-token"):
		g = j.temporary[sent.Get("oauth_token")]
	default:
		g = j.access[sent.Get("oauth_token")]
	}
	if g == nil {
		return "", false
	}
	return g.secret, true
}

func (j *jira) verified(base, tokenSecret string, sent url.Values) bool {
	signature, err := base64.StdEncoding.DecodeString(sent.Get("oauth_signature"))
	if err != nil {
		return false
	}
	if j.public == nil {
		mac := hmac.New(sha1.New, []byte(escape(j.secret)+"&"+escape(tokenSecret)))
		mac.Write([]byte(base))
		return sent.Get("oauth_signature_method") == "HMAC-SHA1" && hmac.Equal(mac.Sum(nil), signature)
	}
	hash, ok := map[string]crypto.Hash{"RSA-SHA1": crypto.SHA1, "RSA-SHA256": crypto.SHA256, "RSA-SHA512": crypto.SHA512}[sent.Get("oauth_signature_method")]
	if !ok {
		return false
	}
	digest := hash.New()
	digest.Write([]byte(base))
	return rsa.VerifyPKCS1v15(j.public, hash, digest.Sum(nil), signature) == nil
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// wireBase makes the base string of what came over the socket.
func wireBase(t *testing.T, r *http.Request, sent url.Values) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	all, err := url.ParseQuery(query)
	if err != nil {
		t.Errorf("the query does not parse: %v", err)
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/x-www-form-urlencoded" {
		body, err := io.ReadAll(r.Body)
		form, err2 := url.ParseQuery(string(body))
		if err != nil || err2 != nil {
			t.Errorf("the form does not parse: %v %v", err, err2)
		}
		for name, values := range form {
			all[name] = append(all[name], values...)
		}
	}
	for name, values := range sent {
		if name != "oauth_signature" {
			all[name] = append(all[name], values...)
		}
	}
	byName := map[string][]string{}
	var names []string
	for name, values := range all {
		names = append(names, escape(name))
		for _, value := range values {
			byName[escape(name)] = append(byName[escape(name)], escape(value))
		}
	}
	slices.Sort(names)
	var joined []string
	for _, name := range names {
		slices.Sort(byName[name])
		for _, value := range byName[name] {
			joined = append(joined, name+"="+value)
		}
	}
	return r.Method + "&" + escape("http://"+wireHost(r.Host)+path) + "&" + escape(strings.Join(joined, "&"))
}

func wireHost(host string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil && port == "80" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return host
}
