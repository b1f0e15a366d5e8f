package hostclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	sessionPath     = "/jira/rest/auth/1/session"
	sessionPassword = "bo's pass/word"
)

// jira is a Data Center that knows sessions: session-1, session-2 and so on, one
// for each login, of which the last is alive. What is in answers, by method and
// path, takes the place of its own; "" stands for all but the sessions.
type jira struct {
	*site
	clock   *clock
	session *hostclient.CookieSession
	client  *hostclient.Client

	mu      sync.Mutex
	answers map[string]http.HandlerFunc
	opened  int
	ended   bool
}

func newJira(t *testing.T, answers map[string]http.HandlerFunc) *jira {
	t.Helper()
	j := &jira{clock: newClock(), answers: answers}
	j.site = newSite(t, "/jira", j.serve)
	j.session, j.client = j.open(t, func(*hostclient.CookieSessionConfig) {})
	return j
}

// open returns another session of the same user.
func (j *jira) open(t *testing.T, change func(*hostclient.CookieSessionConfig)) (*hostclient.CookieSession, *hostclient.Client) {
	t.Helper()
	config := hostclient.CookieSessionConfig{
		Site: must(hostclient.DataCenter(j.url))(t), Username: "bo", Password: store.NewSecret(sessionPassword), Clock: j.clock.now,
	}
	change(&config)
	session := must(hostclient.NewCookieSession(config))(t)
	hosts := must(hostclient.NewHosts(hostclient.Config{Clock: j.clock.now, Limits: once(t)}))(t)
	return session, hosts.Client(session)
}

func (j *jira) serve(w http.ResponseWriter, r *http.Request) {
	name := ""
	if r.URL.Path == sessionPath {
		name = r.Method
	}
	j.mu.Lock()
	answer, alive := j.answers[name], j.alive(r)
	if answer == nil && name == "POST" {
		j.opened, j.ended = j.opened+1, false
	}
	id := fmt.Sprint("session-", j.opened)
	j.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case name == "POST":
		loggedIn(id)(w, r)
	case !alive:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		fmt.Fprint(w, `{}`)
	}
}

func (j *jira) alive(r *http.Request) bool {
	return !j.ended && slices.Contains(cookieValues(r, "JSESSIONID"), fmt.Sprint("session-", j.opened))
}

// answer changes how the host answers.
func (j *jira) answer(name string, h http.HandlerFunc) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.answers[name] = h
}

// end has the host forget its session.
func (j *jira) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
}

// count says how many requests of a method came for sessions, or of any for the
// rest if it is empty.
func (j *jira) count(method string) int {
	n := 0
	for _, r := range j.requests() {
		if r.URL.Path == sessionPath && r.Method == method || r.URL.Path != sessionPath && method == "" {
			n++
		}
	}
	return n
}

func (j *jira) last() *http.Request {
	seen := j.requests()
	return seen[len(seen)-1]
}

func (j *jira) get(t *testing.T) error {
	_, err := hostclient.Get[struct{}](t.Context(), j.client, "/x")
	return err
}

// cookieValues returns those of all cookies of a name.
func cookieValues(r *http.Request, name string) []string {
	var list []string
	for _, cookie := range r.Cookies() {
		if cookie.Name == name {
			list = append(list, cookie.Value)
		}
	}
	return list
}

// loggedIn answers a login with a session and its cookie, and others beside it.
func loggedIn(id string, cookies ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, cookie := range append([]string{"JSESSIONID=" + id + "; Path=/jira; HttpOnly"}, cookies...) {
			w.Header().Add("Set-Cookie", cookie)
		}
		fmt.Fprintf(w, `{"session":{"name":"JSESSIONID","value":%q}}`, id)
	}
}

func setting(h http.HandlerFunc, name, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		h(w, r)
	}
}

const askCaptcha = "CAPTCHA_CHALLENGE; login-url=https://jira.example/login.jsp"

// A redirect in answer to a login would take the password to wherever it leads, and
// one in answer to a logout the session.
func TestSessionsFollowNoRedirect(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		var mu sync.Mutex
		leaked := 0
		other := newSite(t, "", func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			leaked++
		})
		j := newJira(t, map[string]http.HandlerFunc{"POST": redirectTo(code, other.URL+"/sso")})
		for range 2 { // the SSO does not get better by asking
			if err := j.get(t); !errors.Is(err, hostclient.ErrRedirect) {
				t.Errorf("%d in answer to the login: got %v, want ErrRedirect", code, err)
			}
		}
		if n := j.count("POST"); n != 1 {
			t.Errorf("%d: %d logins, want 1", code, n)
		}
		j.answer("POST", redirectTo(code, j.url+"/elsewhere"))
		j.session.Reset()
		if err := j.get(t); !errors.Is(err, hostclient.ErrRedirect) || j.count("") != 0 {
			t.Errorf("%d to the host itself: got %v", code, err)
		}
		j.answer("POST", nil)
		j.session.Reset()
		if err := j.get(t); err != nil {
			t.Errorf("after a Reset: %v", err)
		}
		j.answer("DELETE", redirectTo(code, other.URL+"/bye"))
		if err := j.session.Logout(t.Context()); !errors.Is(err, hostclient.ErrRedirect) {
			t.Errorf("%d in answer to the logout: got %v, want ErrRedirect", code, err)
		}
		if leaked != 0 {
			t.Errorf("%d: the other host saw %d requests", code, leaked)
		}
	}
}

// A host that no longer knows a session gives a new one to nobody, whose cookie
// must not take the place of the login's.
func TestSessionCookieComesFromTheLogin(t *testing.T) {
	j := newJira(t, map[string]http.HandlerFunc{})
	j.answer("", setting(status(200, `{}`), "Set-Cookie", "JSESSIONID=of-nobody; Path=/jira"))
	for range 3 {
		if err := j.get(t); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(cookieValues(j.last(), "JSESSIONID")); got != "[session-1]" {
		t.Errorf("sent %s, want the session of the login", got)
	}
	j.answer("", setting(status(200, `{}`), "Set-Cookie", "node=7; Path=/jira"))
	for range 2 {
		if err := j.get(t); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(cookieValues(j.last(), "node")); got != "[7]" {
		t.Errorf("control: sent %s, want the balancer's cookie", got)
	}
}

// An answer that belongs to a session of before changes nothing of this one.
func TestCookiesOfAStaleAnswer(t *testing.T) {
	j := newJira(t, map[string]http.HandlerFunc{})
	arrived, leave := newGate(t), newGate(t)
	j.answer("", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/slow") {
			arrived.open()
			leave.wait()
			w.Header().Set("Set-Cookie", "node=stale; Path=/jira")
		}
		fmt.Fprint(w, `{}`)
	})
	slow := call(t, j.client, "/slow", arrived)
	if err := j.session.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.get(t); err != nil {
		t.Fatal(err)
	}
	leave.open()
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	if err := j.get(t); err != nil {
		t.Fatal(err)
	}
	if got := j.last().Header.Get("Cookie"); got != "JSESSIONID=session-2" {
		t.Errorf("sent %q, want the second session alone", got)
	}
}

// What a session's calls carry.
func TestHeadersOfASession(t *testing.T) {
	j := newJira(t, map[string]http.HandlerFunc{})
	for method, want := range map[string]string{"GET": "", "HEAD": "", "POST": "no-check", "PUT": "no-check", "DELETE": "no-check", "PATCH": "no-check"} {
		r := must(http.NewRequest(method, j.url+"/x", nil))(t)
		r.Header.Set("Cookie", "JSESSIONID=planted; mine=1")
		answer := must(j.client.Do(r))(t)
		answer.Body.Close()
		sent := j.last()
		if got := sent.Header.Get("X-Atlassian-Token"); got != want {
			t.Errorf("%s: X-Atlassian-Token is %q, want %q", method, got, want)
		}
		if got := fmt.Sprint(sent.Header["Cookie"]); got != "[JSESSIONID=session-1]" {
			t.Errorf("%s: sent the cookies %s, want the session's alone", method, got)
		}
	}
	login := j.requests()[0]
	if login.Header.Get("X-Atlassian-Token") != "no-check" || !strings.HasPrefix(login.Header.Get("User-Agent"), "atlassian-connect-go/") {
		t.Errorf("the login was sent with %v", login.Header)
	}
}

// A session lives until the host says that it has ended, whatever its cookie says
// of its life and its path.
func TestSessionsWithOddCookies(t *testing.T) {
	for name, cookie := range map[string]string{
		"short life": "; Path=/jira; Max-Age=1", "at its end": "; Path=/jira; Max-Age=0", "no path": "", "past": "; Path=/jira; Expires=Mon, 02 Jan 2006 15:04:05 GMT",
		"other path": "; Path=/elsewhere", "secure": "; Path=/jira; Secure", "other domain": "; Domain=jira.example; Path=/jira", "whole host": "; Path=/",
	} {
		t.Run(name, func(t *testing.T) {
			j := newJira(t, map[string]http.HandlerFunc{})
			n := 0
			j.answer("POST", func(w http.ResponseWriter, r *http.Request) {
				j.mu.Lock()
				j.opened, j.ended = j.opened+1, false
				n = j.opened
				j.mu.Unlock()
				id := fmt.Sprint("session-", n)
				w.Header().Set("Set-Cookie", "JSESSIONID="+id+cookie)
				fmt.Fprintf(w, `{"session":{"name":"JSESSIONID","value":%q}}`, id)
			})
			for want := 1; want <= 2; want++ {
				for range 3 {
					if err := j.get(t); err != nil {
						t.Fatal(err)
					}
				}
				if n != want {
					t.Errorf("%d logins, want %d", n, want)
				}
				j.clock.advance(time.Hour)
				j.end()
			}
		})
	}
}

// The session's id is the cookie's, or else the one in the answer; without either
// there is no session.
func TestSessionOfALogin(t *testing.T) {
	for _, c := range []struct {
		name, cookie, body, want string
	}{
		{"both", "JSESSIONID=cookie; Path=/", `{"session":{"name":"JSESSIONID","value":"body"}}`, "JSESSIONID=cookie"},
		{"no cookie", "", `{"session":{"name":"JSESSIONID","value":"body"}}`, "JSESSIONID=body"},
		{"another cookie", "node=7; Path=/", `{"session":{"name":"JSESSIONID","value":"body"}}`, "JSESSIONID=body"},
		{"other name", "", `{"session":{"name":"JIRASESSION","value":"body"}}`, "JIRASESSION=body"},
		{"no name", "JSESSIONID=cookie; Path=/", `{"session":{"name":"","value":"body"}}`, ""},
		{"no session", "JSESSIONID=cookie; Path=/", `{}`, ""},
		{"no id", "", `{"session":{"name":"JSESSIONID","value":""}}`, ""},
		{"a name that is none", "", `{"session":{"name":"J S=","value":"body"}}`, ""},
		{"an id that is no cookie", "", `{"session":{"name":"JSESSIONID","value":"a;b"}}`, ""},
		{"a page", "JSESSIONID=cookie; Path=/", `<title>Log in</title>`, ""},
		{"too large", "JSESSIONID=cookie; Path=/", `{"x":"` + strings.Repeat("x", 1<<17) + `","session":{"name":"JSESSIONID","value":"body"}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJira(t, map[string]http.HandlerFunc{"": status(200, `{}`), "POST": func(w http.ResponseWriter, _ *http.Request) {
				if c.cookie != "" {
					w.Header().Set("Set-Cookie", c.cookie)
				}
				_, _ = io.WriteString(w, c.body)
			}})
			for range 2 {
				err := j.get(t)
				switch {
				case c.want == "" && (!errors.Is(err, hostclient.ErrNotJSON) || j.count("") != 0):
					t.Errorf("got %v, want ErrNotJSON and no call", err)
				case c.want != "" && (err != nil || !strings.Contains(j.last().Header.Get("Cookie"), c.want)):
					t.Errorf("got %v, sent %q, want %q", err, j.last().Header.Get("Cookie"), c.want)
				}
			}
			if n := j.count("POST"); n != 1 {
				t.Errorf("%d logins, want 1", n)
			}
		})
	}
}

// For how long nobody logs in again after a login that failed.
func TestLoginsThatFail(t *testing.T) {
	const forGood = -1
	headers := func(status int, header map[string]string, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range header {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		wait   time.Duration
		kind   error
	}{
		{"404", status(404, ``), time.Minute, hostclient.ErrNotFound},
		{"a proxy's 403", status(403, ``), time.Minute, hostclient.ErrForbidden},
		{"the host's 403", headers(403, map[string]string{"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, ``), forGood, hostclient.ErrForbidden},
		{"403 with words", status(403, `{"errorMessages":["no"]}`), forGood, hostclient.ErrForbidden},
		{"CAPTCHA", headers(403, map[string]string{"X-Authentication-Denied-Reason": askCaptcha}, ``), forGood, hostclient.ErrCaptcha},
		{"wrong password", status(401, `{}`), forGood, hostclient.ErrUnauthorized},
		{"400", status(400, `{}`), forGood, nil},
		{"SSO", redirectTo(302, "https://sso.example/"), forGood, hostclient.ErrRedirect},
		{"a page", status(200, `<title>SSO</title>`), forGood, hostclient.ErrNotJSON},
		{"429 with a time", headers(429, map[string]string{"Retry-After": "90"}, ``), 90 * time.Second, hostclient.ErrRateLimited},
		{"429", status(429, ``), 0, hostclient.ErrRateLimited},
		{"503 with a time", headers(503, map[string]string{"Retry-After": "7"}, ``), 7 * time.Second, hostclient.ErrHost},
		{"500", status(500, ``), 0, hostclient.ErrHost},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJira(t, map[string]http.HandlerFunc{"POST": c.answer})
			refused := func(when string, logins int) {
				t.Helper()
				if err := j.get(t); err == nil || c.kind != nil && !errors.Is(err, c.kind) {
					t.Errorf("%s: got %v, want %v", when, err, c.kind)
				}
				if n := j.count("POST"); n != logins {
					t.Errorf("%s: %d logins, want %d", when, n, logins)
				}
			}
			refused("first", 1)
			switch c.wait {
			case 0:
				refused("at once", 2)
			case forGood:
				j.clock.advance(1000 * time.Hour)
				refused("long after", 1)
				j.session.Reset()
				refused("after a Reset", 2)
			default:
				j.clock.advance(c.wait - time.Nanosecond)
				refused("before the time", 1)
				j.clock.advance(time.Nanosecond)
				refused("at the time", 2)
			}
			j.clock.advance(time.Hour)
			j.session.Reset()
			j.answer("POST", nil)
			if err := j.get(t); err != nil {
				t.Errorf("in the end: %v", err)
			}
		})
	}
}

// A host that asks for a CAPTCHA in answer to any call is not sent the password
// or the session any more.
func TestCaptchaEndsASession(t *testing.T) {
	for _, code := range []int{200, 302, 401, 403, 404, 500} {
		j := newJira(t, map[string]http.HandlerFunc{})
		j.answer("", setting(status(code, `{}`), "X-Authentication-Denied-Reason", askCaptcha))
		_ = j.get(t) // as the status has it
		seen := len(j.requests())
		j.answer("", nil)
		err := j.get(t)
		if e := (*hostclient.Error)(nil); !errors.Is(err, hostclient.ErrCaptcha) || !errors.As(err, &e) || e.LoginURL != "https://jira.example/login.jsp" {
			t.Errorf("%d: got %v, want ErrCaptcha with its LoginURL", code, err)
		}
		if n := len(j.requests()); n != seen || j.count("POST") != 1 {
			t.Errorf("%d: %d requests after it, %d logins", code, n-seen, j.count("POST"))
		}
		j.session.Reset()
		if err := j.get(t); err != nil {
			t.Errorf("%d: after a Reset: %v", code, err)
		}
	}
}

// A panic on the way of a login ends neither the process nor the credential.
func TestPanicInALogin(t *testing.T) {
	j := newJira(t, map[string]http.HandlerFunc{})
	down := true
	session, client := j.open(t, func(c *hostclient.CookieSessionConfig) {
		c.Base = roundTripFunc(func(r *http.Request) (*http.Response, error) {
			if down {
				panic(sessionPassword)
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	j.session, j.client = session, client
	if err := j.get(t); err == nil || !strings.Contains(err.Error(), "panic during a login") || strings.Contains(err.Error(), sessionPassword) {
		t.Errorf("got %v, want an error that tells of a panic", err)
	}
	down = false
	if err := j.get(t); err != nil {
		t.Error(err)
	}
}

// A host cannot make the calls of a session, nor what is kept of it, ever larger.
func TestCookiesOfASessionAreBounded(t *testing.T) {
	for name, path := range map[string]string{"the site": "/jira", "elsewhere": "/jira/elsewhere", "of the answer": ""} {
		t.Run(name, func(t *testing.T) {
			n := 0
			many := func(w http.ResponseWriter, size int) {
				for range 50 {
					n++
					cookie := fmt.Sprintf("c%d=%s", n, strings.Repeat("x", size))
					if path != "" {
						cookie += "; Path=" + path
					}
					w.Header().Add("Set-Cookie", cookie)
				}
			}
			j := newJira(t, map[string]http.HandlerFunc{})
			j.answer("POST", func(w http.ResponseWriter, r *http.Request) {
				many(w, 3<<10)
				many(w, 10)
				loggedIn("session-0")(w, r)
			})
			j.answer("", func(w http.ResponseWriter, _ *http.Request) {
				many(w, 3<<10)
				many(w, 10)
				fmt.Fprint(w, `{}`)
			})
			for i := range 5 {
				if _, err := hostclient.Get[struct{}](t.Context(), j.client, fmt.Sprintf("/elsewhere/%d/x", i)); err != nil {
					t.Fatal(err)
				}
			}
			sent := j.last().Header.Get("Cookie")
			if len(sent) > 2<<10 || !strings.Contains(sent, "JSESSIONID=session-0") {
				t.Errorf("the cookies are %d bytes, want few and the session's", len(sent))
			}
			if n := j.session.Cookies(); n > 40 {
				t.Errorf("%d cookies are kept", n)
			}
		})
	}
}

// Nothing that a host repeats of the login shows.
func TestPasswordDoesNotShowInALogin(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 500} {
		j := newJira(t, map[string]http.HandlerFunc{"POST": func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Request-Id", sessionPassword)
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"errorMessages":["you sent %s"],"errors":{"body":%q}}`, inJSON(sessionPassword), text)
		}})
		for range 2 {
			err := j.get(t)
			if err == nil {
				t.Fatalf("%d: no error", code)
			}
			wantHidden(t, fmt.Sprintf("%v %+v %#v", err, err, err), sessionPassword)
			if !strings.Contains(err.Error(), "[redacted]") {
				t.Errorf("control: %v", err)
			}
		}
	}
}

// Logging out of a session that has ended is no error, and a failure is.
func TestLogout(t *testing.T) {
	j := newJira(t, map[string]http.HandlerFunc{})
	if err := j.session.Logout(t.Context()); err != nil || j.count("DELETE") != 0 {
		t.Errorf("before any: got %v", err)
	}
	for _, c := range []struct {
		code int
		want error
	}{{204, nil}, {200, nil}, {401, nil}, {403, hostclient.ErrForbidden}, {500, hostclient.ErrHost}} {
		j.answer("DELETE", nil)
		if err := j.get(t); err != nil {
			t.Fatal(err)
		}
		j.answer("DELETE", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.code) })
		if err := j.session.Logout(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%d: got %v, want %v", c.code, err, c.want)
		}
		if got := j.last().Header.Get("Cookie"); got != fmt.Sprint("JSESSIONID=session-", j.opened) {
			t.Errorf("%d: logged out of %q", c.code, got)
		}
	}
	if n := j.count("POST"); n != 5 {
		t.Errorf("%d logins, want one after each logout", n)
	}
}

func TestNewCookieSessionRefuses(t *testing.T) {
	site := must(hostclient.DataCenter("http://127.0.0.1:1/jira"))(t)
	cloud := must(hostclient.CloudSite("https://acme.atlassian.net"))(t)
	good := hostclient.CookieSessionConfig{Site: site, Username: "bo", Password: store.NewSecret(sessionPassword)}
	if _, err := hostclient.NewCookieSession(good); err != nil {
		t.Errorf("control: %v", err)
	}
	for words, change := range map[string]func(*hostclient.CookieSessionConfig){
		"a user and a password":      func(c *hostclient.CookieSessionConfig) { c.Username = "" },
		"needs a user":               func(c *hostclient.CookieSessionConfig) { c.Password = store.Secret{} },
		"Timeout must not":           func(c *hostclient.CookieSessionConfig) { c.Timeout = -1 },
		"UserAgent has a control":    func(c *hostclient.CookieSessionConfig) { c.UserAgent = "a\r\nCookie: b" },
		"no sessions for programs":   func(c *hostclient.CookieSessionConfig) { c.Site = cloud },
		"cookie session needs a sit": func(c *hostclient.CookieSessionConfig) { c.Site = hostclient.Site{} },
	} {
		config := good
		change(&config)
		if session, err := hostclient.NewCookieSession(config); session != nil || err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), sessionPassword) {
			t.Errorf("got %v, %v, want %q", session, err, words)
		}
	}
}
