package handshake_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/handshake"
)

var key = []byte("0123456789abcdef0123456789abcdef")

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

// site is a server that begins and finishes handshakes.
type site struct {
	*httptest.Server
	handshakes *handshake.Handshakes
}

func newSite(t *testing.T, config handshake.Config) *site {
	t.Helper()
	if config.Cookie == "" {
		config.Cookie = "test"
	}
	h, err := handshake.New(config)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /begin", func(w http.ResponseWriter, r *http.Request) {
		state, err := h.Begin(w, r, []byte(r.FormValue("payload")))
		answer(w, []byte(state), err)
	})
	mux.HandleFunc("GET /bind", func(w http.ResponseWriter, r *http.Request) {
		answer(w, nil, h.Bind(w, r, r.FormValue("state"), []byte(r.FormValue("payload"))))
	})
	mux.HandleFunc("GET /finish", func(w http.ResponseWriter, r *http.Request) {
		payload, err := h.Finish(w, r, r.FormValue("state"))
		answer(w, payload, err)
	})
	server := httptest.NewUnstartedServer(mux)
	if config.Secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return &site{Server: server, handshakes: h}
}

func answer(w http.ResponseWriter, text []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = w.Write(text)
}

// browser keeps cookies, as one does.
type browser struct {
	t      *testing.T
	client *http.Client
	site   *site
}

func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *s.Client()
	client.Jar = jar
	return &browser{t: t, client: &client, site: s}
}

// get returns the text of the answer, which is an error's for ok == false.
func (b *browser) get(path string, query ...string) (text string, ok bool) {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	got, err := b.client.Get(b.site.URL + path + "?" + values.Encode())
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(string(body)), got.StatusCode == http.StatusOK
}

func (b *browser) begin(payload string) (state string) {
	b.t.Helper()
	state, ok := b.get("/begin", "payload", payload)
	if !ok {
		b.t.Fatalf("begin: %s", state)
	}
	return state
}

func (b *browser) finish(state string, want string) {
	b.t.Helper()
	if got, ok := b.get("/finish", "state", state); !ok || got != want {
		b.t.Errorf("finish: got %q %v, want %q", got, ok, want)
	}
}

func (b *browser) refused(state string, want error) {
	b.t.Helper()
	if got, ok := b.get("/finish", "state", state); ok || got != want.Error() {
		b.t.Errorf("finish: got %q %v, want the error %q", got, ok, want)
	}
}

func (b *browser) cookies() []*http.Cookie {
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

func (b *browser) plant(cookies ...*http.Cookie) {
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(u, cookies)
}

func TestFinish(t *testing.T) {
	for _, secure := range []bool{false, true} {
		b := newSite(t, handshake.Config{Secure: secure}).browser(t)
		first, second := b.begin("one"), b.begin("two")
		if first == second {
			t.Error("two handshakes have the same state")
		}
		// Tabs finish in whatever order.
		b.finish(second, "two")
		b.finish(first, "one")
		if left := b.cookies(); len(left) != 0 {
			t.Errorf("got %v left, want no cookies", left)
		}
	}
}

func TestGivenState(t *testing.T) {
	b := newSite(t, handshake.Config{}).browser(t)
	if text, ok := b.get("/bind", "state", "token of the server", "payload", "secret"); !ok {
		t.Fatal(text)
	}
	b.finish("token of the server", "secret")
}

func TestRefused(t *testing.T) {
	at := newClock()
	s := newSite(t, handshake.Config{Clock: at.Now, TTL: time.Minute})
	t.Run("no state", func(t *testing.T) {
		b := s.browser(t)
		b.begin("x")
		b.refused("", handshake.ErrUnknown)
	})
	t.Run("a made-up state", func(t *testing.T) {
		b := s.browser(t)
		b.begin("x")
		b.refused("made-up", handshake.ErrUnknown)
	})
	t.Run("another browser", func(t *testing.T) {
		state := s.browser(t).begin("x")
		b := s.browser(t)
		b.begin("y")
		b.refused(state, handshake.ErrUnknown)
	})
	t.Run("no cookie", func(t *testing.T) {
		s.browser(t).refused(s.browser(t).begin("x"), handshake.ErrUnknown)
	})
	t.Run("another handshake's cookie", func(t *testing.T) {
		b := s.browser(t)
		b.begin("x")
		mine := b.cookies()[0]
		other := s.browser(t)
		state := other.begin("y")
		b.plant(&http.Cookie{Name: other.cookies()[0].Name, Value: mine.Value, Path: "/"})
		b.refused(state, handshake.ErrUnknown)
	})
	t.Run("a damaged cookie", func(t *testing.T) {
		b := s.browser(t)
		state := b.begin("x")
		for _, damage := range []func(string) string{
			func(v string) string { return "" },
			func(v string) string { return v[:8] },
			func(v string) string { return v[:len(v)-1] },
			func(v string) string { return v + "A" },
			func(v string) string { return "B" + v[1:] }, // when it ends
			func(v string) string { return v[:20] + flip(v[20:21]) + v[21:] },
			func(v string) string { return v[:len(v)-4] + flip(v[len(v)-4:len(v)-3]) + v[len(v)-3:] },
		} {
			victim := s.browser(t)
			c := b.cookies()[0]
			victim.plant(&http.Cookie{Name: c.Name, Value: damage(c.Value), Path: "/"})
			victim.refused(state, handshake.ErrUnknown)
		}
		b.finish(state, "x")
	})
	t.Run("too late", func(t *testing.T) {
		b := s.browser(t)
		state := b.begin("x")
		kept := b.cookies()[0]
		at.forward(time.Minute - time.Nanosecond)
		late := b.begin("y")
		at.forward(time.Nanosecond)
		b.plant(&http.Cookie{Name: kept.Name, Value: kept.Value, Path: "/"}) // the jar may have dropped it
		b.refused(state, handshake.ErrExpired)
		b.refused(state, handshake.ErrUnknown) // for the cookie is cleared
		b.finish(late, "y")
	})
	t.Run("twice", func(t *testing.T) {
		b := s.browser(t)
		state := b.begin("x")
		kept := b.cookies()[0]
		b.finish(state, "x")
		b.refused(state, handshake.ErrUnknown)
		b.plant(&http.Cookie{Name: kept.Name, Value: kept.Value, Path: "/"})
		b.refused(state, handshake.ErrUsed)
	})
}

func flip(letter string) string {
	if letter == "A" {
		return "B"
	}
	return "A"
}

// A cookie that somebody else set under the same name is no hindrance.
func TestPlantedCookie(t *testing.T) {
	s := newSite(t, handshake.Config{})
	b := s.browser(t)
	state := b.begin("x")
	c := b.cookies()[0]
	r, err := http.NewRequest("GET", s.URL+"/finish?state="+state, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", c.Name+"=planted; "+c.Name+"="+c.Value)
	got, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Errorf("got %d, want 200", got.StatusCode)
	}
}

func TestSharedKey(t *testing.T) {
	config := handshake.Config{Key: key, Audience: "https://jira.example.com"}
	first := newSite(t, config)
	for _, c := range []struct {
		name string
		with func(*handshake.Config)
		want error
	}{
		{"the same", func(*handshake.Config) {}, nil},
		{"another audience", func(c *handshake.Config) { c.Audience = "https://other.example.com" }, handshake.ErrUnknown},
		{"another key", func(c *handshake.Config) { c.Key = bytes.Repeat([]byte("x"), 32) }, handshake.ErrUnknown},
		{"a random key", func(c *handshake.Config) { c.Key = nil }, handshake.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := first.browser(t)
			state := began.begin("x")
			second := config
			c.with(&second)
			b := newSite(t, second).browser(t)
			b.plant(began.cookies()...)
			if c.want == nil {
				b.finish(state, "x")
			} else {
				b.refused(state, c.want)
			}
		})
	}
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		h, err := handshake.New(handshake.Config{Cookie: "oauth1", Secure: secure, TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		state, err := h.Begin(w, httptest.NewRequest("GET", "/", nil), []byte("token-secret"))
		if err != nil {
			t.Fatal(err)
		}
		c := w.Result().Cookies()[0]
		if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 60 {
			t.Errorf("got %v", c)
		}
		if got := strings.HasPrefix(c.Name, "__Host-oauth1-"); got != secure {
			t.Errorf("got the name %s with Secure %v", c.Name, secure)
		}
		for _, hidden := range []string{state, "token-secret", "dG9rZW4tc2VjcmV0"} {
			if strings.Contains(c.String(), hidden) {
				t.Errorf("the cookie %v shows %s", c, hidden)
			}
		}
		if err := c.Valid(); err != nil {
			t.Error(err)
		}
	}
}

// The longest a handshake can carry still fits what browsers keep.
func TestSizes(t *testing.T) {
	h, err := handshake.New(handshake.Config{Cookie: "oauth1", Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	if err := h.Bind(w, r, strings.Repeat("s", 256), make([]byte, 2<<10)); err != nil {
		t.Fatal(err)
	}
	if got := len(w.Header().Get("Set-Cookie")); got > 4096 {
		t.Errorf("the cookie has %d bytes, browsers keep 4096", got)
	}
	w = httptest.NewRecorder()
	for _, c := range []struct {
		state   string
		payload int
	}{{"", 1}, {strings.Repeat("s", 257), 1}, {"s", 2<<10 + 1}} {
		if err := h.Bind(w, r, c.state, make([]byte, c.payload)); err == nil || len(w.Header()) > 0 {
			t.Errorf("state of %d, payload of %d bytes: got %v and %v", len(c.state), c.payload, err, w.Header())
		}
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config handshake.Config
		want   string
	}{
		{handshake.Config{}, "Cookie"},
		{handshake.Config{Cookie: "a b"}, "Cookie"},
		{handshake.Config{Cookie: "a;b"}, "Cookie"},
		{handshake.Config{Cookie: "x", Key: key[:31]}, "Key"},
		{handshake.Config{Cookie: "x", Key: []byte{}}, "Key"},
		{handshake.Config{Cookie: "x", TTL: -1}, "TTL"},
		{handshake.Config{Cookie: "x", TTL: time.Hour + 1}, "TTL"},
		{handshake.Config{Cookie: "x", Rand: strings.NewReader("short")}, "EOF"},
	} {
		if _, err := handshake.New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want an error on %s", c.config, err, c.want)
		}
	}
}

// Without random bytes nothing is begun.
func TestNoRandomness(t *testing.T) {
	h, err := handshake.New(handshake.Config{Cookie: "x", Key: key, Rand: strings.NewReader(strings.Repeat("r", 32+5))})
	if err != nil {
		t.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	for range 2 { // first the nonce runs short, then the state
		if state, err := h.Begin(w, r, nil); err == nil || state != "" || len(w.Header()) > 0 {
			t.Errorf("got %q, %v and %v", state, err, w.Header())
		}
	}
}

func TestNothingShows(t *testing.T) {
	config := handshake.Config{Cookie: "x", Key: key}
	h, err := handshake.New(config)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, v := range []any{config, &config, h, *h} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		logger.Info("x", "v", v)
	}
	for _, hidden := range []string{string(key), fmt.Sprintf("%x", key), fmt.Sprint(key), fmt.Sprintf("%v", key[:4])} {
		if strings.Contains(log.String(), strings.Trim(hidden, "[]")) {
			t.Errorf("the key shows: %s", log.String())
		}
	}
}

func Example() {
	h, err := handshake.New(handshake.Config{Cookie: "login", Audience: "https://jira.example.com"})
	if err != nil {
		panic(err)
	}
	// The browser leaves, with the state in the URL it is sent to.
	out := httptest.NewRecorder()
	state, err := h.Begin(out, httptest.NewRequest("GET", "/start", nil), []byte("verifier"))
	if err != nil {
		panic(err)
	}
	// It comes back with the state and its cookie.
	back := httptest.NewRequest("GET", "/callback", nil)
	back.AddCookie(out.Result().Cookies()[0])
	payload, err := h.Finish(httptest.NewRecorder(), back, state)
	fmt.Println(string(payload), err)
	_, err = h.Finish(httptest.NewRecorder(), back, state)
	fmt.Println(err)
	// Output:
	// verifier <nil>
	// handshake: it was finished before
}
