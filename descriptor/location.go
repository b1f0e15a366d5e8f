package descriptor

import "strings"

// Location is a place in a product where a module is shown, at most 100
// characters. Products have many more than the constants, and the sections of
// apps add to them, so any word is taken.
type Location string

// Locations that Atlassian's documentation of modules names, and a few that many
// apps use.
const (
	// LocationNone keeps a page out of every menu.
	LocationNone Location = "none"

	// In Jira.

	LocationTopNavigation     Location = "system.top.navigation.bar"
	LocationGlobalSettings    Location = "system.admin/globalsettings"
	LocationAdvancedAdmin     Location = "advanced_menu_section/advanced_section"
	LocationIssueRightContext Location = "atl.jira.view.issue.right.context"
	LocationIssueLeftContext  Location = "atl.jira.view.issue.left.context"
	LocationIssueOperations   Location = "operations-operations"
	LocationAdminPlugins      Location = "admin_plugins_menu"
	LocationBoardTools        Location = "jira.agile.board.tools"
	LocationBoardConfig       Location = "jira.agile.board.configuration"

	// In the settings of a project, for ProjectAdminTabPanel.

	LocationProjectGroup1 Location = "projectgroup1"
	LocationProjectGroup2 Location = "projectgroup2"
	LocationProjectGroup3 Location = "projectgroup3"
	LocationProjectGroup4 Location = "projectgroup4"

	// In Confluence.

	LocationHeaderLeft            Location = "system.header/left"
	LocationContentAction         Location = "system.content.action"
	LocationFooter                Location = "atl.footer"
	LocationHelpPages             Location = "system.help/pages"
	LocationMarketplaceConfluence Location = "system.admin/marketplace_confluence"

	// In the space tools of Confluence, for SpaceToolsTab.

	LocationSpaceOverview     Location = "overview"
	LocationSpacePermissions  Location = "permissions"
	LocationSpaceContentTools Location = "contenttools"
	LocationSpaceLookAndFeel  Location = "lookandfeel"
	LocationSpaceIntegrations Location = "integrations"
	LocationSpaceAddons       Location = "addons"
)

// check finds the sections of the app itself that do not exist.
func (l Location) check(c *checker, path string) {
	if c.app.Key == "" {
		return
	}
	for section := range strings.SplitSeq(string(l), "/") {
		if key, own := strings.CutPrefix(section, c.app.Key+"__"); own {
			c.refer(path, key, "webSections")
		}
	}
}
