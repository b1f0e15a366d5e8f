package descriptor

import "strings"

// Scope is a right that an app asks for. The constants are the words of the
// two products; another word is kept, and Validate refuses it.
//
// A scope in all-lower case is the same scope, and is written in upper case.
type Scope string

// The scopes, as Atlassian's documentation of scopes for Connect apps lists
// them.
const (
	// None asks for no right at all.
	None Scope = "NONE"
	// Read is needed for reading, and for every webhook.
	Read Scope = "READ"
	// Write is needed for creating and changing things.
	Write Scope = "WRITE"
	// Delete is needed for deleting things.
	Delete Scope = "DELETE"
	// ProjectAdmin is needed for administering projects. Jira only.
	ProjectAdmin Scope = "PROJECT_ADMIN"
	// SpaceAdmin is needed for administering spaces. Confluence only.
	SpaceAdmin Scope = "SPACE_ADMIN"
	// Admin is needed for administering the product.
	Admin Scope = "ADMIN"
	// ActAsUser is needed for calling the host as one of its users.
	ActAsUser Scope = "ACT_AS_USER"
	// AccessEmailAddresses is needed for reading people's email addresses.
	AccessEmailAddresses Scope = "ACCESS_EMAIL_ADDRESSES"
)

// rank is the place of a scope in the chain of implication; 0 is outside it.
// Project and space administration are two names for one rank.
func (s Scope) rank() int {
	switch s.normal() {
	case Read:
		return 1
	case Write:
		return 2
	case Delete:
		return 3
	case ProjectAdmin, SpaceAdmin:
		return 4
	case Admin:
		return 5
	}
	return 0
}

func (s Scope) known() bool {
	switch s.normal() {
	case None, ActAsUser, AccessEmailAddresses:
		return true
	}
	return s.rank() > 0
}

// Implies reports whether an app that has s may do what needs other. A scope
// implies itself and every scope below it in the chain READ, WRITE, DELETE,
// PROJECT_ADMIN and SPACE_ADMIN, ADMIN; these two administrations do not imply
// one another. ACT_AS_USER and ACCESS_EMAIL_ADDRESSES stand outside the chain.
// NONE is implied by every scope.
func (s Scope) Implies(other Scope) bool {
	if s.normal() == other.normal() || other.normal() == None {
		return true
	}
	return other.rank() > 0 && s.rank() > other.rank()
}

// normal is the scope in upper case, if it was in all-lower case. Other
// spellings are nobody's and stay.
func (s Scope) normal() Scope {
	for _, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') {
			return s
		}
	}
	return Scope(strings.ToUpper(string(s)))
}

// MarshalText gives the scope as it is written: in upper case, if it was in
// all-lower case. It never fails.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.normal()), nil }

// UnmarshalText takes any word, and turns all-lower case into upper case. It
// never fails.
func (s *Scope) UnmarshalText(text []byte) error {
	*s = Scope(text).normal()
	return nil
}

// Scopes are the rights that an app asks for. Nil and empty differ only in
// the document: nil is absent.
type Scopes []Scope

// Allow reports whether one of the scopes is needed or implies it. NONE is
// always allowed. What a call may do in the end depends also on the
// permissions of the user in whose name it is made.
func (s Scopes) Allow(needed Scope) bool {
	if needed.normal() == None {
		return true
	}
	for _, scope := range s {
		if scope.Implies(needed) {
			return true
		}
	}
	return false
}

var scopeWords = []string{"NONE", "READ", "WRITE", "DELETE", "PROJECT_ADMIN", "SPACE_ADMIN", "ADMIN",
	"ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"}
