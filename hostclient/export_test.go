package hostclient

import (
	"context"
	"crypto/sha256"
	"net"
	"net/http"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// Credentials gives tests the digest that nothing may show.
func Credentials(inst *store.Installation) ([sha256.Size]byte, error) {
	t, err := newTenant(inst)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return t.credentials(), nil
}

// PrintedTable is the table of credentials for the package's documentation.
func PrintedTable() string { return printedTable() }

// Endpoint and Issue give tests what limits count a request by.
func Endpoint(r *http.Request) string { return endpointOf(r) }
func Issue(r *http.Request) string    { return issueOf(r) }

// Known gives tests how many tenants l remembers, and how many of their endpoints
// and issues.
func (l *Limits) Known() (tenants, parts int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tenants {
		parts += len(t.parts)
	}
	return len(l.tenants), parts
}

// Clues is how many rows the table of clues has, and ClueOf gives tests the number
// of the row by which an answer is judged, -1 for none.
var Clues = len(clues)

func ClueOf(b Binding, answer *http.Response, body []byte) int {
	e := decodeError(answer, body, b, time.Time{})
	return evidence{e: e, header: answer.Header, binding: b, request: requestOf(answer)}.clue()
}

// RefusePrivate is what PublicBase asks about each address before a
// connection is made, and PublicBaseOver the base that it returns, with names from
// resolver.
func RefusePrivate(address string) error {
	return refusePrivate(context.Background(), "tcp", address, nil)
}

func PublicBaseOver(resolver *net.Resolver) *http.Transport {
	return baseOver(&net.Dialer{Resolver: resolver}, true)
}

// Cookies gives tests how many cookies s keeps, besides its own.
func (s *CookieSession) Cookies() int { return len(s.held().known) }
