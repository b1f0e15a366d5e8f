package devhost

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
)

// OAuthApp is a client of OAuth 2.0 (3LO), as it stands in the developer
// console. Printed by fmt or log/slog it does not show the secret.
type OAuthApp struct {
	// Name is what the consent page calls the app. It must not be empty.
	Name string
	// ClientID and ClientSecret are made by RegisterOAuthApp when empty.
	ClientID     string
	ClientSecret string `json:"-"`
	// RedirectURLs are the callbacks; a redirect_uri must be one of them, letter
	// by letter.
	RedirectURLs []string
	// Scopes are what the app may ask for, beside offline_access.
	Scopes []string
}

type shownOAuthApp OAuthApp

// Format prints the app without its secret, for every verb.
func (a OAuthApp) Format(s fmt.State, verb rune) { printAs(s, verb, a.shown()) }

// LogValue returns the app without its secret.
func (a OAuthApp) LogValue() slog.Value { return slog.AnyValue(a.shown()) }

func (a OAuthApp) shown() shownOAuthApp {
	a.ClientSecret = redact(a.ClientSecret)
	return shownOAuthApp(a)
}

func (a OAuthApp) clone() OAuthApp {
	a.RedirectURLs, a.Scopes = slices.Clone(a.RedirectURLs), slices.Clone(a.Scopes)
	return a
}

// RegisterOAuthApp adds a client of OAuth 2.0 (3LO), or replaces the one with
// the same client id, and returns it with all fields filled in. It fails on a Data
// Center.
func (h *Host) RegisterOAuthApp(a OAuthApp) (OAuthApp, error) {
	if err := h.needCloud("OAuth 2.0 (3LO), see LinkOAuth2"); err != nil {
		return OAuthApp{}, err
	}
	if a.Name == "" {
		return OAuthApp{}, errors.New("devhost: an OAuth app needs a Name")
	}
	if len(a.RedirectURLs) == 0 {
		return OAuthApp{}, fmt.Errorf("devhost: OAuth app %q needs a redirect URL", a.Name)
	}
	for _, raw := range a.RedirectURLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Fragment != "" {
			return OAuthApp{}, fmt.Errorf("devhost: OAuth app %q: redirect URL %q is not an http or https address without a fragment", a.Name, raw)
		}
	}
	a = a.clone()
	a.ClientID, a.ClientSecret = cmp.Or(a.ClientID, encodeSegment(randomBytes(24))), cmp.Or(a.ClientSecret, newToken("ATOA"))
	s := h.cloud.auth
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[a.ClientID] = a
	return a.clone(), nil
}

func (s *authServer) app(clientID string) (OAuthApp, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.apps[clientID]
	return a, ok
}

// RevokeGrants ends at once all that users gave to an OAuth app, and all tokens
// of a service account: codes, refresh tokens and access tokens.
func (h *Host) RevokeGrants(clientID string) { h.cloud.auth.revoke(clientID) }

// ServiceAccount is an account of no person that gets tokens by client
// credentials. Printed by fmt or log/slog it does not show the secret.
type ServiceAccount struct {
	// Name is the display name of the account. It must not be empty.
	Name string
	// AccountID, ClientID and ClientSecret are made by AddServiceAccount when
	// empty.
	AccountID    string
	ClientID     string
	ClientSecret string `json:"-"`
	// Scopes are those of the credential; every token has them all unless it asks
	// for fewer.
	Scopes []string
	// Permissions are those of the account, as in User.
	Permissions []Permission
}

type shownServiceAccount ServiceAccount

// Format prints the account without its secret, for every verb.
func (a ServiceAccount) Format(s fmt.State, verb rune) { printAs(s, verb, a.shown()) }

// LogValue returns the account without its secret.
func (a ServiceAccount) LogValue() slog.Value { return slog.AnyValue(a.shown()) }

func (a ServiceAccount) shown() shownServiceAccount {
	a.ClientSecret = redact(a.ClientSecret)
	return shownServiceAccount(a)
}

// AddServiceAccount adds a service account with a user of its own on the site,
// or replaces the one with the same client id, and returns it with all fields
// filled in. It fails on a Data Center.
func (h *Host) AddServiceAccount(a ServiceAccount) (ServiceAccount, error) {
	if err := h.needCloud("service accounts of Atlassian's cloud, see AddDataCenterServiceAccount"); err != nil {
		return ServiceAccount{}, err
	}
	u, err := h.AddUser(User{AccountID: a.AccountID, DisplayName: a.Name, Type: "app", Permissions: a.Permissions})
	if err != nil {
		return ServiceAccount{}, err
	}
	a.AccountID, a.Permissions, a.Scopes = u.AccountID, u.Permissions, slices.Clone(a.Scopes)
	a.ClientID, a.ClientSecret = cmp.Or(a.ClientID, encodeSegment(randomBytes(24))), cmp.Or(a.ClientSecret, newToken("ATSA"))
	s := h.cloud.auth
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services[a.ClientID] = a
	a.Scopes, a.Permissions = slices.Clone(a.Scopes), slices.Clone(a.Permissions)
	return a, nil
}

func (s *authServer) service(clientID string) (ServiceAccount, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.services[clientID]
	return a, ok
}

// isService reports whether an account is that of a service account.
func (s *authServer) isService(accountID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.services {
		if a.AccountID == accountID {
			return true
		}
	}
	return false
}
