package hostclient

import (
	"net/http"
	"time"
)

// Failing returns a client that calls nobody: Get, Send, NewRequest and Do of
// it, and of the clients it gives out, return err as it is, and what HTTP and
// Transport return end every request with it, whatever its URL. It stands in
// where a client is promised and there is no tenant to call. A nil err means
// ErrNotInstalled. BaseURL is a URL that no server has.
func Failing(err error) *Client {
	if err == nil {
		err = ErrNotInstalled
	}
	return newClient(&Hosts{config: Config{Clock: time.Now}}, nil, failing{err})
}

// failing is the credential of a client that fails.
type failing struct{ err error }

// Binding names a host that no server has, by RFC 2606.
func (f failing) Binding() Binding {
	return Binding{site: Site{kind: customSite, origin: Origin{scheme: "https", host: "tenant.invalid"}}}
}

func (f failing) Apply(*http.Request) error { return f.err }
func (f failing) String() string            { return "hostclient: nobody" }
