package devhost

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Permission is the name of a Jira permission.
type Permission string

// The permissions this host knows. A user has them in every project.
const (
	BrowseProjects Permission = "BROWSE_PROJECTS"
	CreateIssues   Permission = "CREATE_ISSUES"
	EditIssues     Permission = "EDIT_ISSUES"
	DeleteIssues   Permission = "DELETE_ISSUES"
	AddComments    Permission = "ADD_COMMENTS"
	Administer     Permission = "ADMINISTER"
)

// permissionTitles are the names as Jira shows them.
var permissionTitles = map[Permission]string{
	BrowseProjects: "Browse Projects",
	CreateIssues:   "Create Issues",
	EditIssues:     "Edit Issues",
	DeleteIssues:   "Delete Issues",
	AddComments:    "Add Comments",
	Administer:     "Administer Jira",
}

// User is an account on the site. Printed by fmt or log/slog it does not show the
// password.
type User struct {
	// AccountID is Atlassian's id of the account. AddUser makes one when empty.
	AccountID string
	// DisplayName is how the site shows the user. It must not be empty.
	DisplayName string
	// Email is empty when the user has none. Apps are told it only with the scope
	// ACCESS_EMAIL_ADDRESSES.
	Email string
	// Type is atlassian, app or customer; empty means atlassian.
	Type string
	// Inactive users cannot sign in, be impersonated or do anything.
	Inactive bool
	// Permissions are what the user may do. Nil means browsing, creating,
	// editing and commenting; an empty list means nothing.
	Permissions []Permission
	// Username and Password are what the user signs in with on a Data Center.
	// Cloud uses neither. Every user of a Data Center needs a Username, which ignores
	// the case; without a Password no login is good.
	Username string
	Password string `json:"-"`
}

var memberPermissions = []Permission{BrowseProjects, CreateIssues, EditIssues, AddComments}

// AddUser adds a user to the site, or replaces the one with the same account id,
// and returns it with all fields filled in.
func (h *Host) AddUser(u User) (User, error) { return h.jira.addUser(u) }

// User returns the user with an account id.
func (h *Host) User(accountID string) (User, bool) { return h.jira.user(accountID) }

// Users returns the users of the site in the order in which they were added,
// the users of apps among them.
func (h *Host) Users() []User {
	h.jira.mu.Lock()
	defer h.jira.mu.Unlock()
	list := make([]User, len(h.jira.users))
	for i, u := range h.jira.users {
		list[i] = u.clone()
	}
	return list
}

func (u User) clone() User {
	u.Permissions = slices.Clone(u.Permissions)
	return u
}

func (j *jira) addUser(u User) (User, error) {
	if u.DisplayName == "" {
		return User{}, errors.New("devhost: a user needs a DisplayName")
	}
	for _, p := range u.Permissions {
		if permissionTitles[p] == "" {
			return User{}, fmt.Errorf("devhost: user %q: no such permission %q", u.DisplayName, p)
		}
	}
	u.AccountID = cmp.Or(u.AccountID, "712020:"+newUUID())
	u.Type = cmp.Or(u.Type, "atlassian")
	if u.Permissions == nil {
		u.Permissions = memberPermissions
	}
	u = u.clone()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.dataCenter {
		if err := j.checkUsername(u); err != nil {
			return User{}, err
		}
	}
	if i := j.userIndex(u.AccountID); i >= 0 {
		j.users[i] = u
	} else {
		j.users = append(j.users, u)
	}
	return u.clone(), nil
}

// addAppUser gives an app its own account, the same one at every install. It may
// do everything; the app's scopes are what limits it.
func (j *jira) addAppUser(appKey, name string) string {
	id := "557058:app-" + appKey
	all := []Permission{BrowseProjects, CreateIssues, EditIssues, DeleteIssues, AddComments, Administer}
	u := User{AccountID: id, DisplayName: cmp.Or(name, appKey), Type: "app", Permissions: all}
	j.addUser(u) // cannot fail: the name is there and the permissions exist
	return id
}

// userIndex needs j.mu.
func (j *jira) userIndex(accountID string) int {
	return slices.IndexFunc(j.users, func(u User) bool { return u.AccountID == accountID })
}

func (j *jira) user(accountID string) (User, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.findUser(accountID)
}

// findUser needs j.mu.
func (j *jira) findUser(accountID string) (User, bool) {
	i := j.userIndex(accountID)
	if i < 0 {
		return User{}, false
	}
	return j.users[i].clone(), true
}

// allowed reports whether a user has a permission.
func (j *jira) allowed(accountID string, p Permission) bool {
	u, ok := j.user(accountID)
	return ok && !u.Inactive && slices.Contains(u.Permissions, p)
}
