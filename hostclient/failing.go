package hostclient

import "net/http"

// Failing returns a client that calls nobody: every call of it, and of the
// clients it gives out, ends with err. It stands in where a client is promised
// and there is no tenant to call.
func Failing(err error) *Client {
	return newClient(&Hosts{}, &tenant{
		baseURL: "https://tenant.invalid", // a name that no server has, by RFC 2606
		origin:  Origin{scheme: "https", host: "tenant.invalid"},
		err:     err,
	}, nil)
}

// failing is the credential of a client that fails.
type failing struct{ err error }

func (f failing) Apply(*http.Request, Origin) error { return f.err }
func (f failing) String() string                    { return "hostclient: nobody" }
