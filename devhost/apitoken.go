package devhost

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// APIToken says what an API token is good for.
type APIToken struct {
	// AccountID is the owner.
	AccountID string
	// Scopes limit the token and make it one for the gateway. Nil is a classic
	// token, which works at the site and has no limits of its own.
	Scopes []string
	// Expires is when the token ends; zero means in a year.
	Expires time.Time
}

// apiTokens are the tokens and passwords of users.
type apiTokens struct {
	mu        sync.Mutex
	byText    map[string]APIToken
	passwords map[string]string // by account id
}

// AddAPIToken makes an API token of a user and returns its text, which goes into
// Basic authentication behind the user's e-mail address. Tokens of service
// accounts have scopes always, and work as a Bearer only. It fails on a Data Center.
func (h *Host) AddAPIToken(t APIToken) (string, error) {
	if err := h.needCloud("API tokens, see AddPAT and AddBasicToken"); err != nil {
		return "", err
	}
	u, ok := h.jira.user(t.AccountID)
	service := h.cloud.auth.isService(t.AccountID)
	switch {
	case !ok:
		return "", fmt.Errorf("devhost: API token: no such user %q", t.AccountID)
	case service && t.Scopes == nil:
		return "", fmt.Errorf("devhost: API token of %q: a service account's tokens have scopes", u.DisplayName)
	case !service && u.Email == "":
		return "", fmt.Errorf("devhost: API token of %q: the user has no e-mail address", u.DisplayName)
	}
	if t.Expires.IsZero() {
		t.Expires = h.clock().AddDate(1, 0, 0)
	}
	t.Scopes = slices.Clone(t.Scopes)
	text := newToken("ATATT3x")
	s := &h.cloud.tokens
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byText[text] = t
	return text, nil
}

// RevokeAPIToken makes an API token invalid at once.
func (h *Host) RevokeAPIToken(token string) {
	s := &h.cloud.tokens
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byText, token)
}

// SetAccountPassword gives a user the password of an Atlassian account. No
// password opens the REST APIs: calls with it are told that passwords are
// deprecated. A new password ends the refresh tokens of the user. It fails on a
// Data Center, whose users have User.Password.
func (h *Host) SetAccountPassword(accountID, password string) error {
	if err := h.needCloud("Atlassian accounts, see User.Password"); err != nil {
		return err
	}
	if _, ok := h.jira.user(accountID); !ok || password == "" {
		return fmt.Errorf("devhost: password of %q: no such user, or an empty password", accountID)
	}
	s := &h.cloud.tokens
	s.mu.Lock()
	s.passwords[accountID] = password
	s.mu.Unlock()
	h.cloud.auth.forgetUser(accountID)
	return nil
}

// find returns a token that is valid now.
func (s *apiTokens) find(text string, now time.Time) (APIToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.byText[text]
	switch {
	case !ok:
		return APIToken{}, errors.New("API token is unknown")
	case !now.Before(t.Expires):
		return APIToken{}, errors.New("API token has expired")
	}
	return t, nil
}

// tokenOf returns the token of a user by the user's e-mail address.
func (h *Host) tokenOf(email, secret string) (APIToken, error) {
	t, err := h.cloud.tokens.find(secret, h.clock())
	if err != nil {
		return APIToken{}, err
	}
	u, ok := h.jira.user(t.AccountID)
	switch {
	case !ok || u.Inactive:
		return APIToken{}, errors.New("the user of the API token is not active")
	case u.Email == "" || !strings.EqualFold(u.Email, email):
		return APIToken{}, errors.New("e-mail address is not that of the token's owner")
	}
	return t, nil
}

// isPassword reports whether secret is the password of the user with an address.
func (h *Host) isPassword(email, secret string) bool {
	for _, u := range h.Users() {
		if u.Email != "" && strings.EqualFold(u.Email, email) && h.cloud.tokens.passwordOf(u.AccountID) == secret {
			return secret != ""
		}
	}
	return false
}

func (s *apiTokens) passwordOf(accountID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passwords[accountID]
}

func readBasic(credential string) (user, secret string, err error) {
	b, err := base64.StdEncoding.DecodeString(credential)
	if err != nil {
		return "", "", errors.New("credential of Basic is not base64")
	}
	user, secret, ok := strings.Cut(string(b), ":")
	if !ok {
		return "", "", errors.New("credential of Basic has no colon")
	}
	return user, secret, nil
}

// identifyBasic takes a classic API token at the site.
func (h *Host) identifyBasic(r *http.Request, credential string) (*caller, error) {
	email, secret, err := readBasic(credential)
	if err != nil {
		return nil, badBasic(http.StatusUnauthorized, notAuthenticated, err)
	}
	if h.isPassword(email, secret) {
		return nil, badBasic(http.StatusUnauthorized, "Basic authentication with passwords is deprecated", errors.New("an account's password instead of an API token"))
	}
	t, err := h.tokenOf(email, secret)
	if err == nil && t.Scopes != nil {
		err = errors.New("API token has scopes; it works at the gateway only")
	}
	switch {
	case err == nil:
		return &caller{kind: kindToken, accountID: t.AccountID}, nil
	case under(r.URL.Path, wikiPath):
		f := wikiFault(http.StatusForbidden, "PermissionException", "Not permitted to use Confluence")
		f.reason = err.Error()
		return nil, f
	case anonymousMayRead(r):
		refuse(r, err.Error())
		return &caller{kind: kindAnonymous, loginReason: loginFailed}, nil
	}
	return nil, badBasic(http.StatusUnauthorized, notAuthenticated, err)
}

func badBasic(status int, text string, reason error) *fault {
	f := &fault{status: status, body: errorBody{Messages: []string{text}}, reason: reason.Error(), header: make(http.Header)}
	f.header.Set(headerLoginReason, loginFailed)
	return f
}

// identifyVisitor recognises the user at the host's own pages. Nobody is enough
// where anonymous visitors may read.
func (h *Host) identifyVisitor(r *http.Request) (*caller, error) {
	_, ok := h.signedIn(r)
	if !ok && r.Header.Get(headerAppKey) == "" && anonymousMayRead(r) {
		return &caller{kind: kindAnonymous}, nil
	}
	return h.identifyBrowser(r)
}

// anonymousMayRead reports whether Jira answers a request without a user: what
// the server is, and lists, which are empty then.
func anonymousMayRead(r *http.Request) bool {
	switch r.URL.Path {
	case "/rest/api/2/serverInfo", "/rest/api/3/serverInfo", "/rest/api/3/project/search",
		"/rest/api/3/users/search", "/rest/agile/1.0/board":
		return r.Method == http.MethodGet
	case "/rest/api/3/search/jql":
		return r.Method == http.MethodGet || r.Method == http.MethodPost
	}
	return false
}
