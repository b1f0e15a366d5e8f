package devhost

import "time"

// demoUsers are the people of the demonstration site: an administrator, two who
// work and one who may only look.
func demoUsers() []User {
	return []User{
		{AccountID: "712020:ada", DisplayName: "Ada Bergmann", Email: "ada@example.com", Permissions: []Permission{BrowseProjects, CreateIssues, EditIssues, DeleteIssues, AddComments, Administer}},
		{AccountID: "712020:bo", DisplayName: "Bo Lindqvist", Email: "bo@example.com"},
		{AccountID: "712020:chen", DisplayName: "Chen Rui", Email: "chen@example.com"},
		{AccountID: "712020:dara", DisplayName: "Dara Okafor (looks only)", Email: "dara@example.com", Permissions: []Permission{BrowseProjects}},
	}
}

const day = 24 * time.Hour

// demoIssues are issues of which some have been left alone for long.
func demoIssues(now time.Time, users []User) []Issue {
	person := func(n int) string { return users[n%len(users)].AccountID }
	list := []Issue{
		{Key: "DEMO-1", Summary: "Sign-in page loses the target address", Type: "Bug", Status: "In Progress", Priority: "High", Assignee: person(1), Labels: []string{"login"}},
		{Key: "DEMO-2", Summary: "Write down how releases are made", Assignee: person(2)},
		{Key: "DEMO-3", Summary: "Export of a report stops at 1000 rows", Type: "Bug", Assignee: person(1), Labels: []string{"reports"}},
		{Key: "DEMO-4", Summary: "Remember the last filter", Type: "Story"},
		{Key: "DEMO-5", Summary: "Dark colours for the dashboard", Type: "Story", Priority: "Low"},
		{Key: "DEMO-6", Summary: "Update the third-party licences", Status: "Done", Assignee: person(2)},
		{Key: "DEMO-7", Summary: "Time zone of due dates is wrong in winter", Type: "Bug", Priority: "Highest", Assignee: person(2), Status: "In Progress"},
		{Key: "DEMO-8", Summary: "Search field forgets its text on reload", Type: "Bug", Priority: "Low"},
		{Key: "OPS-1", Summary: "Renew the certificate of the test system", Assignee: person(0), Priority: "High"},
		{Key: "OPS-2", Summary: "Backups: try a restore", Assignee: person(0)},
		{Key: "OPS-3", Summary: "Move logs to the new volume", Status: "Done", Assignee: person(1)},
		{Key: "OPS-4", Summary: "Disk of the build machine fills up", Type: "Bug", Status: "In Progress", Assignee: person(1)},
	}
	untouched := []int{2, 41, 95, 12, 210, 65, 1, 33, 0, 120, 8, 16}
	for n := range list {
		i := &list[n]
		i.Updated = now.Add(-time.Duration(untouched[n])*day - 90*time.Minute)
		i.Created = i.Updated.Add(-time.Duration(10+7*n) * day)
		i.Reporter, i.Creator = person(n), person(n)
		i.Description = Document("Seen by several people.\nSteps and details are in the comments.")
	}
	list[2].Comments = []Comment{{Author: person(1), Body: Document("Confirmed, it is the page size."), Created: list[2].Updated, Updated: list[2].Updated}}
	return list
}
