package hostclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// APIToken is the Credential of a user of a Cloud site: the e-mail address and an
// API token. It acts with all rights of that user. It is safe for concurrent use.
//
// Atlassian forbids apps to collect API tokens of their customers: it is for the
// tools of one's own, and for tests ("Security requirements for cloud apps").
type APIToken struct{ fixed }

// NewAPIToken returns the credential of an API token without scopes, which works
// on the site itself. It is ErrSite for others.
func NewAPIToken(site Site, email string, token store.Secret) (*APIToken, error) {
	return newAPIToken(site, SchemeAPIToken, email, token)
}

// NewScopedAPIToken returns the credential of an API token with scopes, which
// works through the gateway alone: the site itself refuses it as it does a wrong
// password. It is ErrSite for others.
func NewScopedAPIToken(site Site, email string, token store.Secret) (*APIToken, error) {
	return newAPIToken(site, SchemeScopedAPIToken, email, token)
}

func newAPIToken(site Site, scheme Scheme, email string, token store.Secret) (*APIToken, error) {
	f, err := newPair(site, scheme, email, token)
	if err != nil {
		return nil, err
	}
	return &APIToken{f}, nil
}

// newPair is newFixed for the Basic scheme (RFC 7617). It is sent with the first
// request already: where reading needs no login, the hosts never ask for it.
func newPair(site Site, scheme Scheme, user string, password store.Secret) (fixed, error) {
	switch text := password.Reveal(); {
	case user == "" || text == "":
		return fixed{}, fmt.Errorf("hostclient: %s: user and secret must not be empty", scheme)
	case strings.ContainsRune(user, ':'):
		return fixed{}, fmt.Errorf("hostclient: %s: the user has a colon", scheme)
	case strings.ContainsFunc(user+text, control):
		return fixed{}, fmt.Errorf("hostclient: %s: user or secret has a control character", scheme)
	default:
		return newFixed(site, scheme, "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+text)))
	}
}

// Basic is the Credential of a user of a Server or Data Center: the user's name
// and password, or a token in the place of the password, as apps for tokens take
// it. NewBasic makes it. It is safe for concurrent use; make one for each user, for
// what it learns of the password it does not tell others.
//
// After an answer by which the host says that it did not take the password, or asks
// for a CAPTCHA, whatever its status, each further call ends with the *Error of that
// answer without being sent: it would fail as well, and count against the user until
// nobody can log in. Error.LoginURL is where a person passes the CAPTCHA. Reset lets
// the password be sent again. Calls that are under way at that moment are not held
// back. Jira 11 takes no passwords unless an administrator allows them.
type Basic struct {
	fixed
	latch *latch
}

// NewBasic returns the credential of a user with a password. It is ErrSite for
// sites of the Cloud, which take none.
func NewBasic(site Site, user string, password store.Secret) (*Basic, error) {
	f, err := newPair(site, SchemeBasic, user, password)
	if err != nil {
		return nil, err
	}
	return &Basic{f, new(latch)}, nil
}

// Apply implements Credential.
func (b *Basic) Apply(r *http.Request) error {
	if b.latch == nil {
		return errors.New("hostclient: a Basic must come from NewBasic")
	}
	if err := b.latch.closed(time.Time{}); err != nil {
		return err
	}
	return b.fixed.Apply(r)
}

// Observe implements Observer: it looks for words on the password.
func (b *Basic) Observe(answer *http.Response) {
	if captcha(answer.Header) || answer.StatusCode == http.StatusUnauthorized && anonymous(answer.Header) {
		b.latch.close(decodeError(answer, nil, b.binding, time.Now()), time.Time{})
	}
}

// Reset lets the password be sent again, after a person has cured what was wrong.
func (b *Basic) Reset() { b.latch.open() }
