package devhost

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// DataCenter makes a Host a Jira Data Center: an instance with user names and
// passwords, sessions, personal access tokens and application links, without
// Connect apps. Every user needs a Username, and a Password to sign in with.
type DataCenter struct {
	// ContextPath is where the instance lives below the host's URL, such as
	// "/jira"; empty means the root.
	ContextPath string
	// CaptchaAfter is how many wrong passwords in a row a user may give before
	// every password login of that user is refused; 0 means 3, which is the usual
	// setting of an administrator, though unconfirmed.
	CaptchaAfter int
	// BasicOff refuses Basic and /rest/auth/1/session, as Jira 11 does from the
	// start.
	BasicOff bool
	// SessionLife is how long a session lasts without being used; 0 means 5 h,
	// which is unconfirmed.
	SessionLife time.Duration
	// CodeLife and AccessTokenLife are those of the OAuth 2.0 provider; 0 means 10 s
	// and 3600 s, by Atlassian's page of its system properties.
	CodeLife, AccessTokenLife time.Duration
	// RefreshTokenLife is that of the OAuth 2.0 provider; 0 means 90 days, which
	// is unconfirmed.
	RefreshTokenLife time.Duration
	// RateLimit turns rate limiting on. Nil means that there is none, and no
	// headers of it, as long as an administrator has not turned it on.
	RateLimit *DataCenterLimit
}

// dcSite is what a Host knows as a Data Center.
type dcSite struct {
	set     DataCenter
	context string // the context path

	logins      dcLogins
	sessions    dcSessions
	pats        dcPATs
	oauth1      dcOAuth1
	oauth2      dcOAuth2
	limits      dcLimits
	attachments dcAttachments
	basic       dcBasicSetting
}

// newDCSite returns nil for a Host on Cloud, when c is nil.
func newDCSite(c *DataCenter) (*dcSite, error) {
	if c == nil {
		return nil, nil
	}
	set := *c
	if err := set.check(); err != nil {
		return nil, err
	}
	set.CaptchaAfter = cmp.Or(set.CaptchaAfter, 3)
	set.SessionLife = cmp.Or(set.SessionLife, 5*time.Hour)
	set.CodeLife = cmp.Or(set.CodeLife, 10*time.Second)
	set.AccessTokenLife = cmp.Or(set.AccessTokenLife, time.Hour)
	set.RefreshTokenLife = cmp.Or(set.RefreshTokenLife, 90*day)
	d := &dcSite{set: set, context: set.ContextPath}
	d.basic.off = set.BasicOff
	if set.RateLimit != nil {
		d.limits.set = *set.RateLimit
	}
	return d, nil
}

func (c *DataCenter) check() error {
	path := c.ContextPath
	plain := strings.ReplaceAll(percentEncode(path), "%2F", "/") == path
	if path != "" && (!strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || !isNormal(path) || !plain) {
		return fmt.Errorf("devhost: context path %q: want a path such as /jira, or none", path)
	}
	for name, d := range map[string]time.Duration{
		"SessionLife": c.SessionLife, "CodeLife": c.CodeLife, "AccessTokenLife": c.AccessTokenLife, "RefreshTokenLife": c.RefreshTokenLife,
	} {
		if d < 0 {
			return fmt.Errorf("devhost: data center: %s is negative", name)
		}
	}
	if c.CaptchaAfter < 0 {
		return errors.New("devhost: data center: CaptchaAfter is negative")
	}
	return c.RateLimit.check()
}

// contextPath is where the site lives below the host's URL.
func (h *Host) contextPath() string {
	if h.dc == nil {
		return ""
	}
	return h.dc.context
}

var (
	errNotDataCenter = errors.New("devhost: the host is not a Data Center: set Config.DataCenter")
	errNoConnect     = errors.New("devhost: a Data Center has no Connect apps: leave Config.DataCenter nil to install one")
)

// needDataCenter is nil when the host is a Data Center.
func (h *Host) needDataCenter() error {
	if h.dc == nil {
		return errNotDataCenter
	}
	return nil
}

// needCloud is an error on a Data Center, which has no such thing as the words say.
func (h *Host) needCloud(words string) error {
	if h.dc != nil {
		return errors.New("devhost: a Data Center has no " + words)
	}
	return nil
}

// cloudURL is an address below the host's, empty on a Data Center, which does not
// serve it.
func (h *Host) cloudURL(path string) string {
	if h.dc != nil {
		return ""
	}
	return h.URL() + path
}

// dcPeople are the demonstration users with user names and passwords.
func dcPeople() []User {
	users := demoUsers()
	for i := range users {
		_, name, _ := strings.Cut(users[i].AccountID, ":")
		users[i].Username, users[i].Password = name, name+"-password"
	}
	return users
}

// checkUsernames judges the users a Data Center begins with.
func (j *jira) checkUsernames() error {
	if !j.dataCenter {
		return nil
	}
	for _, u := range j.users {
		if err := j.checkUsername(u); err != nil {
			return err
		}
	}
	return nil
}

// checkUsername judges a user of a Data Center. It needs j.mu.
func (j *jira) checkUsername(u User) error {
	switch {
	case u.Username == "":
		return fmt.Errorf("devhost: user %q needs a Username on a Data Center", u.DisplayName)
	case strings.ContainsAny(u.Username, ": \t\r\n/\\"):
		return fmt.Errorf("devhost: user name %q holds a colon, a slash or a space", u.Username)
	}
	taken := func(o User) bool { return o.AccountID != u.AccountID && strings.EqualFold(o.Username, u.Username) }
	if slices.ContainsFunc(j.users, taken) {
		return fmt.Errorf("devhost: user name %q is taken", u.Username)
	}
	return nil
}

// username finds an active user by name; user names ignore the case.
func (j *jira) username(name string) (User, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.IndexFunc(j.users, func(u User) bool { return u.Username != "" && strings.EqualFold(u.Username, name) })
	if i < 0 || j.users[i].Inactive {
		return User{}, false
	}
	return j.users[i].clone(), true
}

// activeUser finds a user by account id.
func (j *jira) activeUser(accountID string) (User, bool) {
	u, ok := j.user(accountID)
	return u, ok && !u.Inactive
}
