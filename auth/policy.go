package auth

// Policy says which kind of token a route admits. A route has exactly one
// policy, and the token of one kind is refused on the routes of every other;
// only HostRequest and Notice are for the same kind, of which Notice takes less.
// The zero Policy admits nothing.
type Policy uint8

// The policies.
const (
	_ Policy = iota
	// HostRequest admits a request that the host made or signed itself: page
	// frames, webhooks. The token is HS256 with the tenant's shared secret, or
	// for a while the one before it, and its qsh is the hash of this very
	// request.
	HostRequest
	// ContextToken admits a request of the app's own page that carries the
	// token AP.context.getToken gave it: HS256 with the tenant's shared
	// secret, and the qsh is exactly "context-qsh". It proves who the user
	// is, not what the request asks.
	ContextToken
	// SignedLifecycle admits the installed and uninstalled events: RS256 with
	// a key of Atlassian's key server, the audience one of the app's base
	// URLs, and a qsh of this very request.
	SignedLifecycle
	// Session admits a request with a token that IssueSession made.
	Session
	// Notice admits the enabled and disabled notifications: a token as for
	// HostRequest, but in the header only, and never with the secret before a
	// rotation, which must decide nothing about the state of a tenant.
	Notice
	// Form admits a posted HTML form of the app's own page by the token in its
	// field FormField that IssueForm made for the very path and query the form
	// posts to. It takes POST alone, and a token in no other place.
	Form
)

// String returns the name of the policy.
func (p Policy) String() string {
	if int(p) < len(rows) && p != 0 {
		return rows[p].name
	}
	return "none"
}

type keySource uint8

const (
	tenantSecret  keySource = iota + 1 // shared secret of the tenant in iss
	derivedSecret                      // key derived from the secret of the tenant in aud
	keyServer                          // public key by kid
)

type qshRule uint8

const (
	qshComputed qshRule = iota + 1
	qshContext
	qshAbsent
)

type place uint8

const (
	inHeader place = iota + 1
	// inURL allows the token in the query and in a form too, where the host
	// puts it for frames.
	inURL
	// inField is a field of a form and nowhere else.
	inField
)

// row is what a policy stands for.
type row struct {
	name string
	alg  string
	key  keySource
	qsh  qshRule
	// place says where the token may be.
	place place
	// purpose is what a derived key is for; a key of one purpose is none of
	// another.
	purpose string
	// previous allows the secret before a rotation, for a while.
	previous bool
}

// rows has a row for each policy. The first, of the zero policy, fits no
// token: no algorithm is named "".
var rows = [...]row{
	HostRequest:     {name: "host request", alg: algHS256, key: tenantSecret, qsh: qshComputed, place: inURL, previous: true},
	ContextToken:    {name: "context token", alg: algHS256, key: tenantSecret, qsh: qshContext, place: inHeader},
	SignedLifecycle: {name: "signed lifecycle", alg: algRS256, key: keyServer, qsh: qshComputed, place: inHeader},
	Session:         {name: "session", alg: algHS256, key: derivedSecret, purpose: "session", qsh: qshAbsent, place: inHeader},
	Notice:          {name: "notice", alg: algHS256, key: tenantSecret, qsh: qshComputed, place: inHeader},
	Form:            {name: "form token", alg: algHS256, key: derivedSecret, purpose: "form", qsh: qshComputed, place: inField},
}

// lookup returns the row of p, and false for the zero and any unknown policy.
func (p Policy) lookup() (row, bool) {
	if p == 0 || int(p) >= len(rows) {
		return row{}, false
	}
	return rows[p], true
}
