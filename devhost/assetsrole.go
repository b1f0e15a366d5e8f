package devhost

import (
	"fmt"
	"net/http"
)

// AssetsRole is what a user may do in one object schema. It is the last of the
// three layers that a call to Assets passes: a scope of the app lets the call in,
// and the role of its user decides what it reaches.
type AssetsRole string

// The roles, each of which includes the former one. The zero AssetsRole is none.
const (
	AssetsUser      AssetsRole = "user"      // sees objects
	AssetsDeveloper AssetsRole = "developer" // makes, changes and deletes objects
	AssetsManager   AssetsRole = "manager"   // configures and runs imports
)

var assetsRoleRank = map[AssetsRole]int{"": 0, AssetsUser: 1, AssetsDeveloper: 2, AssetsManager: 3}

// SetAssetsRole gives a user a role in an object schema in place of the one held;
// the empty role takes it away. The user of an app is Installation.AccountID. No
// scope and no permission stands in for a role, except that whoever has
// Administer may create schemas and is the manager of those.
func (h *Host) SetAssetsRole(schemaID, accountID string, role AssetsRole) error {
	if _, ok := assetsRoleRank[role]; !ok {
		return fmt.Errorf("devhost: Assets has no role %q", role)
	}
	if _, ok := h.jira.user(accountID); !ok {
		return fmt.Errorf("devhost: user %q does not exist", accountID)
	}
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	s := h.assets.schema(schemaID)
	if s == nil {
		return fmt.Errorf("devhost: no object schema has the id %q", schemaID)
	}
	s.roles[accountID] = role
	return nil
}

// holds reports whether a user has at least a role in a schema. It needs a.mu.
func (a *assets) holds(accountID, schemaID string, role AssetsRole) bool {
	s := a.schema(schemaID)
	return s != nil && assetsRoleRank[s.roles[accountID]] >= assetsRoleRank[role]
}

// needRole is nil when the caller's user has at least a role in a schema. A
// container token has been judged by the import source it belongs to. The words
// of Atlassian's refusal are not known. It needs a.mu.
func (q *query) needRole(schemaID string, role AssetsRole) error {
	a := &q.host.assets
	if q.caller.kind == kindContainer || a.holds(q.caller.accountID, schemaID, role) {
		return nil
	}
	return faultf(http.StatusForbidden, "You need the Assets role %s in object schema %s for this; a scope does not stand in for it.",
		role, a.schema(schemaID).Key)
}

// needAnyRole is nil when the caller's user sees anything of what there is. It
// needs a.mu.
func (q *query) needAnyRole() error {
	a := &q.host.assets
	if len(a.schemas) == 0 {
		return nil
	}
	for _, s := range a.schemas {
		if a.holds(q.caller.accountID, s.ID, AssetsUser) {
			return nil
		}
	}
	return faultf(http.StatusForbidden, "You need an Assets role in an object schema for this; a scope does not stand in for it.")
}
