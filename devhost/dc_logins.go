package devhost

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// dcOutcome is how a password login ends.
type dcOutcome int

const (
	dcLoginFailed dcOutcome = iota // the name or the password is wrong
	dcLoginDenied                  // a CAPTCHA must be solved first
	dcLoginGood
)

// dcLogins counts the logins of users by their account ids.
type dcLogins struct {
	mu      sync.Mutex
	records map[string]*dcLoginRecord
	tokens  map[string]string // account ids by token, see AddBasicToken
}

type dcLoginRecord struct {
	current          int // failures since the last good login
	failed, good     int
	lastFailed, last time.Time
	previous         time.Time // the good login before the last
}

// record needs l.mu.
func (l *dcLogins) record(accountID string) *dcLoginRecord {
	if l.records == nil {
		l.records = make(map[string]*dcLoginRecord)
	}
	r := l.records[accountID]
	if r == nil {
		r = &dcLoginRecord{}
		l.records[accountID] = r
	}
	return r
}

// dcLogin judges a user name and a password. While a CAPTCHA is waiting even the
// right password is refused, and nothing is counted, unless it is given in a
// browser, where the user can solve it.
func (h *Host) dcLogin(username, password string, browser bool) (User, dcOutcome) {
	u, ok := h.jira.username(username)
	if !ok {
		return User{}, dcLoginFailed
	}
	l := &h.dc.logins
	l.mu.Lock()
	defer l.mu.Unlock()
	r, now := l.record(u.AccountID), h.clock()
	switch {
	case r.current >= h.dc.set.CaptchaAfter && !browser:
		return User{}, dcLoginDenied
	case u.Password == "" || !sameText(u.Password, password):
		r.current, r.failed, r.lastFailed = r.current+1, r.failed+1, now
		return User{}, dcLoginFailed
	}
	r.current, r.good, r.previous, r.last = 0, r.good+1, r.last, now
	return u, dcLoginGood
}

// sameText compares secrets in a time that does not tell where they differ.
func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// SolveCaptcha does what the user does at the login page after too many wrong
// passwords: password logins work again. A user who does not exist is left alone.
func (h *Host) SolveCaptcha(username string) {
	u, ok := h.jira.username(username)
	if !ok || h.dc == nil {
		return
	}
	h.dc.logins.mu.Lock()
	defer h.dc.logins.mu.Unlock()
	h.dc.logins.record(u.AccountID).current = 0
}

// AddBasicToken returns a new token that a user may give as the password of
// Basic, as third-party token apps make them. It is no password: it cannot open a
// session, is not counted and works while a CAPTCHA is waiting. It is empty when
// there is no such user, or no Data Center.
func (h *Host) AddBasicToken(username string) string {
	u, ok := h.jira.username(username)
	if !ok || h.dc == nil {
		return ""
	}
	l := &h.dc.logins
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens == nil {
		l.tokens = make(map[string]string)
	}
	token := encodeSegment(randomBytes(24))
	l.tokens[token] = u.AccountID
	return token
}

// basicToken finds the user of a name and a token.
func (h *Host) basicToken(username, token string) (User, bool) {
	u, ok := h.jira.username(username)
	if !ok {
		return User{}, false
	}
	h.dc.logins.mu.Lock()
	defer h.dc.logins.mu.Unlock()
	return u, h.dc.logins.tokens[token] == u.AccountID
}

// dcLoginInfo is how the session resource tells of former logins.
type dcLoginInfo struct {
	Failed     int    `json:"failedLoginCount"`
	Good       int    `json:"loginCount"`
	LastFailed string `json:"lastFailedLoginTime,omitempty"`
	Previous   string `json:"previousLoginTime,omitempty"`
}

func (l *dcLogins) info(accountID string) dcLoginInfo {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.record(accountID)
	return dcLoginInfo{Failed: r.failed, Good: r.good, LastFailed: timeText(r.lastFailed), Previous: timeText(r.previous)}
}

// timeText is a time as Jira writes it; the zero time is empty.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(jiraTime)
}
