package hostclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// fixed is what credentials have in common that always send the same header.
type fixed struct {
	binding Binding
	header  func() []string // a function, as key is
}

// newFixed binds a value of the Authorization header to a site.
func newFixed(site Site, scheme Scheme, value string) (fixed, error) {
	binding, err := site.Bind(scheme)
	if err != nil {
		return fixed{}, err
	}
	header := []string{value}
	return fixed{binding, func() []string { return header }}, nil
}

// Binding implements Credential.
func (f fixed) Binding() Binding { return f.binding }

// Apply implements Credential: it sets the Authorization header.
func (f fixed) Apply(r *http.Request) error {
	if f.header == nil {
		return errors.New("hostclient: the credential was not made by its constructor")
	}
	r.Header["Authorization"] = f.header()
	return nil
}

// String says what kind of credential it is and where it works; nothing secret
// is in it.
func (f fixed) String() string { return "hostclient: " + f.binding.String() }

// Format writes what String returns, whatever the verb.
func (f fixed) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.String()) }

// newBearer is newFixed for a bearer token, which must fit into a header. The
// gateway reads the scheme with exactly this case and one blank.
func newBearer(site Site, scheme Scheme, token store.Secret) (fixed, error) {
	text := token.Reveal()
	if text == "" {
		return fixed{}, fmt.Errorf("hostclient: %s: the token is empty", scheme)
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return fixed{}, fmt.Errorf("hostclient: %s: the token has a character that does not fit into a header", scheme)
		}
	}
	return newFixed(site, scheme, bearer+text)
}

// latch remembers an answer after which a password must not be sent again.
type latch struct{ shut atomic.Pointer[shut] }

// shut is why and until when; the zero time means for good.
type shut struct {
	refused *Error
	until   time.Time
}

// closed returns the error of a call that is not sent, or nil.
func (l *latch) closed(now time.Time) error {
	s := l.shut.Load()
	if s == nil || !s.until.IsZero() && !now.Before(s.until) {
		return nil
	}
	return s.refused
}

func (l *latch) close(e *Error, until time.Time) {
	again := *e
	again.Hint = strings.TrimSuffix("not sent again: "+e.Hint, ": ")
	l.shut.Store(&shut{&again, until})
}

func (l *latch) open() { l.shut.Store(nil) }
