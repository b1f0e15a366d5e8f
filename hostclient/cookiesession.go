package hostclient

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/atlassian-connect-go/sdk/store"
)

// CookieSessionConfig says whose session a CookieSession is.
type CookieSessionConfig struct {
	// Site is the Server or Data Center.
	Site Site
	// Username and Password are the user's.
	Username string
	Password store.Secret
	// Base sends the login and the logout. It must be safe for concurrent use
	// and must not follow redirects. Nil means a transport with time limits;
	// PublicBase is for hosts that customers name.
	Base http.RoundTripper
	// Timeout bounds one login or logout. 0 means 30 seconds.
	Timeout time.Duration
	// UserAgent is that of the login. Empty means this library's. It must not
	// be a browser's: the host then asks for more.
	UserAgent string
	// Clock tells the time for errors. Nil means time.Now.
	Clock func() time.Time
}

// CookieSession is the Credential of a session of a Server or Data Center: it logs
// in by POST to /rest/auth/1/session when the first call is made, and once more
// when a call is answered with 401. NewCookieSession makes it. It keeps the cookies
// that the host and what stands before it set, for its site alone. It is safe for
// concurrent use, and many calls share one login; make one for each user.
//
// A login that is refused is not tried again: each counts towards the CAPTCHA.
// Calls then end with the *Error of that login without being sent, ErrCaptcha with
// its LoginURL if the host asked for one, until Reset. After a 404, or a 403 that is
// not the host's own, it is tried again a minute later, and after a failure of the
// host with the next call. Jira 11 takes no passwords
// unless an administrator allows them.
type CookieSession struct {
	binding  Binding
	username string
	password store.Secret
	http     *http.Client
	agent    string
	clock    func() time.Time
	timeout  time.Duration
	latch    latch
	logins   singleflight.Group

	mu      sync.Mutex
	session *session
}

// session is one login. It does not change, but its jar may.
type session struct {
	jar  *cookiejar.Jar
	name string // of the session's own cookie
	id   func() string

	known map[cookiePlace]struct{} // of the others; guarded by CookieSession.mu
}

// NewCookieSession returns the credential of a session that has not begun. It is
// ErrSite for sites of the Cloud.
func NewCookieSession(config CookieSessionConfig) (*CookieSession, error) {
	binding, err := config.Site.Bind(SchemeCookieSession)
	if err != nil {
		return nil, err
	}
	switch {
	case config.Username == "" || config.Password.Reveal() == "":
		return nil, errors.New("hostclient: a cookie session needs a user and a password")
	case config.Timeout < 0:
		return nil, errors.New("hostclient: Timeout must not be negative")
	case strings.ContainsFunc(config.UserAgent, control):
		return nil, errors.New("hostclient: UserAgent has a control character")
	}
	if config.Base == nil {
		config.Base = newBase()
	}
	orDefault(&config.Timeout, 30*time.Second)
	orDefault(&config.UserAgent, "atlassian-connect-go/"+version())
	return &CookieSession{
		binding: binding, username: config.Username, password: config.Password, agent: config.UserAgent,
		clock: orNow(config.Clock), timeout: config.Timeout,
		http: &http.Client{
			Transport: config.Base,
			// The password must not travel on.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Binding implements Credential.
func (s *CookieSession) Binding() Binding { return s.binding }

// Apply implements Credential: it logs in if need be and sets the cookies, in the
// place of the caller's.
func (s *CookieSession) Apply(r *http.Request) error {
	current, err := s.current(r.Context())
	if err != nil {
		return err
	}
	r.Header.Del("Cookie")
	for _, cookie := range current.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	if !bodiless(r.Method) {
		// The host takes what a browser could send for forged otherwise.
		r.Header[xsrfHeader] = noCheck
	}
	return nil
}

// Observe implements Observer: it keeps the cookies that balance load. The
// session's own cookie comes from the login alone, for a host that no longer knows
// the session gives a new one to anybody.
func (s *CookieSession) Observe(answer *http.Response) {
	if captcha(answer.Header) {
		s.latch.close(decodeError(answer, nil, s.binding, s.clock()), time.Time{})
	}
	cookies := answer.Cookies()
	if len(cookies) == 0 {
		return
	}
	s.mu.Lock()
	current := s.session
	s.mu.Unlock()
	if current == nil || !current.sent(answer.Request) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	current.keep(answer.Request.URL, cookies)
}

// keep puts cookies into the jar, but for the session's own.
func (s *session) keep(at *url.URL, cookies []*http.Cookie) {
	var kept []*http.Cookie
	for _, cookie := range cookies {
		if cookie.Name != s.name && len(cookie.Name)+len(cookie.Value) <= maxCookie && s.room(at, cookie) {
			kept = append(kept, cookie)
		}
	}
	s.jar.SetCookies(at, kept)
}

// room reports whether there is room for a cookie, which is for one that has a
// place already.
func (s *session) room(at *url.URL, cookie *http.Cookie) bool {
	place := cookiePlace{cookie.Name, strings.ToLower(cookie.Domain), cookie.Path}
	if !strings.HasPrefix(place.path, "/") {
		place.path = path.Dir(at.Path) // as RFC 6265 has it
	}
	if _, known := s.known[place]; !known && len(s.known) >= maxCookies {
		return false
	}
	s.known[place] = struct{}{}
	return true
}

// cookiePlace is what a jar tells cookies apart by.
type cookiePlace struct{ name, domain, path string }

// The cookies of a session, so that a host cannot make its calls ever larger.
const (
	maxCookies = 30
	maxCookie  = 1 << 10 // bytes of a name and a value
)

// Renew implements Renewer: if the session has ended, the next Apply logs in. The
// host is asked whether it has, for a resource may answer 401 to a session that is
// alive, and would else cost a login for each call.
func (s *CookieSession) Renew(r *http.Request, refused *Error) (again bool, err error) {
	if refused.Status != http.StatusUnauthorized || s.latch.closed(s.clock()) != nil {
		return false, nil
	}
	current := s.held()
	if current == nil || !current.sent(r) {
		return true, nil // another call has found out before
	}
	answer, err := s.send(r.Context(), http.MethodGet, current)
	if err != nil {
		return false, err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session == current {
		s.session = nil
	}
	return true, nil
}

// Reset lets the password be sent again, after a person has passed the CAPTCHA.
func (s *CookieSession) Reset() { s.latch.open() }

// Logout ends the session at the host, if there is one. The next call begins
// another, and so may one that is under way.
func (s *CookieSession) Logout(ctx context.Context) error {
	s.mu.Lock()
	current := s.session
	s.session = nil
	s.mu.Unlock()
	if current == nil {
		return nil
	}
	answer, err := s.send(ctx, http.MethodDelete, current)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if success(answer.StatusCode) || answer.StatusCode == http.StatusUnauthorized { // it had ended
		return nil
	}
	return newError(answer, s.binding, s.clock())
}

// send asks the host about a session, or ends it. The answer's body must be closed.
func (s *CookieSession) send(ctx context.Context, method string, current *session) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	r, err := s.request(ctx, method, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	for _, cookie := range current.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		cancel()
		return nil, s.binding.site.origin.redactError(err)
	}
	answer.Body = &timedBody{answer.Body, cancel}
	return answer, nil
}

// String says what kind of credential it is and where it works; nothing secret
// is in it.
func (s *CookieSession) String() string { return "hostclient: " + s.binding.String() }

// Format writes what String returns, whatever the verb.
func (s *CookieSession) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// current returns the session, after a login if there is none.
func (s *CookieSession) current(ctx context.Context) (*session, error) {
	if err := s.latch.closed(s.clock()); err != nil {
		return nil, err
	}
	if held := s.held(); held != nil {
		return held, nil
	}
	login := s.logins.DoChan("", func() (_ any, err error) {
		defer recovered(&err)
		// The login before this one may have ended just now.
		if err := s.latch.closed(s.clock()); err != nil {
			return nil, err
		}
		if held := s.held(); held != nil {
			return held, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
		defer cancel()
		return s.login(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("hostclient: waiting for the login: %w", ctx.Err())
	case result := <-login:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*session), nil
	}
}

// recovered makes an error of a panic, which would end the process: those who
// wait are not on its stack. It is to be deferred.
func recovered(err *error) {
	if reason := recover(); reason != nil {
		*err = fmt.Errorf("hostclient: panic during a login: %T", reason)
	}
}

func (s *CookieSession) held() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

func (s *CookieSession) login(ctx context.Context) (*session, error) {
	text, err := json.Marshal(map[string]string{"username": s.username, "password": s.password.Reveal()})
	if err != nil {
		return nil, fmt.Errorf("hostclient: login: %w", err)
	}
	r, err := s.request(ctx, http.MethodPost, text)
	if err != nil {
		return nil, err
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, s.binding.site.origin.redactError(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxErrorBody))
	if err != nil {
		return nil, fmt.Errorf("hostclient: login: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		e := decodeError(answer, body, s.binding, s.clock(), s.password.Reveal())
		s.refuse(e, answer)
		return nil, e
	}
	opened, err := newSession(r.URL, s.binding.site, answer, body)
	if err != nil {
		s.refuse(notJSON(answer, s.binding.site.origin, body, s.clock()), answer)
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = opened
	return opened, nil
}

// refuse has the password not sent again after a login that failed: for good when
// the host looked at it, and for a while when it may not have. After a failure of
// the host itself the next call tries again, unless that says when.
func (s *CookieSession) refuse(e *Error, answer *http.Response) {
	now := s.clock()
	_, judged := answer.Header[http.CanonicalHeaderKey(loginReason)]
	switch {
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		if e.RetryAfter > 0 {
			s.latch.close(e, e.RetryAt)
		}
	case e.Status == http.StatusNotFound, e.Status == http.StatusForbidden && !judged && !e.Is(ErrCaptcha) && len(e.Messages) == 0:
		s.latch.close(e, now.Add(loginPause))
	default:
		s.latch.close(e, time.Time{})
	}
}

// loginPause is how long nobody logs in after an answer that need not be the host's
// own, such as a proxy's while the host starts.
const loginPause = time.Minute

// newSession reads the answer to a login.
func newSession(at *url.URL, site Site, answer *http.Response, body []byte) (*session, error) {
	var reply struct{ Session struct{ Name, Value string } }
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, fmt.Errorf("%w: the answer to the login holds no session", ErrNotJSON)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("hostclient: login: %w", err)
	}
	opened := &session{jar: jar, name: reply.Session.Name, known: map[cookiePlace]struct{}{}}
	value := reply.Session.Value // what stands before the host may have taken the cookie out
	for _, cookie := range answer.Cookies() {
		if cookie.Name == opened.name && cookie.Value != "" {
			value = cookie.Value
		}
	}
	// For the whole site, and until the host says that it has ended.
	whole := &http.Cookie{Name: opened.name, Value: value, Path: cmp.Or(pathOf(site.hostURL()), "/")}
	if value == "" || whole.Valid() != nil {
		return nil, fmt.Errorf("%w: the answer to the login holds no session that fits into a cookie", ErrNotJSON)
	}
	opened.keep(at, answer.Cookies())
	jar.SetCookies(at, []*http.Cookie{whole})
	opened.id = func() string { return value }
	return opened, nil
}

func pathOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Path
}

func (s *session) cookie(cookies []*http.Cookie) string {
	for _, cookie := range cookies {
		if cookie.Name == s.name {
			return cookie.Value
		}
	}
	return ""
}

// sent reports whether a request was part of the session.
func (s *session) sent(r *http.Request) bool { return s.cookie(r.Cookies()) == s.id() }

func (s *CookieSession) request(ctx context.Context, method string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.binding.site.hostURL()+"/rest/auth/1/session", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("hostclient: login: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", s.agent)
	r.Header[xsrfHeader] = noCheck
	return r, nil
}
