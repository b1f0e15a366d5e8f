package hostclient

import "net/http"

// Credential is what opens a host's door. It is bound to one site.
// Implementations must be safe for concurrent use and must show nothing secret
// when they are formatted.
type Credential interface {
	// Binding says where the credential may be shown. It is always the same.
	Binding() Binding
	// Apply authorises r, whose URL lies in the Binding's site. It may change
	// r's header, which belongs to the call alone, and nothing else of r. It is
	// called once for every hop and every repetition, on the URL that is sent.
	// It must honour r.Context() if it waits. Its error ends the request
	// before anything is sent.
	Apply(r *http.Request) error
}

// Renewer is a Credential that can make a fresh start when it is refused.
type Renewer interface {
	Credential
	// Renew is told of an answer 401, 403 or 404 to r, which Apply authorised,
	// and reports whether r is worth sending again, with what Apply then sets.
	// That is done once for a call, and only if the body of r can be read
	// again. An error ends the call in place of the answer.
	Renew(r *http.Request, refused *Error) (again bool, err error)
}

// Observer is a Credential that needs to see the header of each answer, as one
// with cookies does.
type Observer interface {
	Credential
	// Observe is called with each answer to a request that Apply authorised.
	// It must not touch the answer's body, nor change it.
	Observe(answer *http.Response)
}
