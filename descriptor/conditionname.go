package descriptor

import "strings"

// ConditionName is the name of a single condition, at most 100 characters. The
// constants are those of Atlassian's documentation of conditions; another word
// is kept, and Validate warns of it.
type ConditionName string

// The conditions of both products.
const (
	ConditionUserIsAdmin                       ConditionName = "user_is_admin"
	ConditionUserIsLoggedIn                    ConditionName = "user_is_logged_in"
	ConditionUserIsSysadmin                    ConditionName = "user_is_sysadmin"
	ConditionAddonIsLicensed                   ConditionName = "addon_is_licensed"
	ConditionFeatureFlag                       ConditionName = "feature_flag"
	ConditionAddonPropertyExists               ConditionName = "addon_property_exists"
	ConditionAddonPropertyEqualTo              ConditionName = "addon_property_equal_to"
	ConditionAddonPropertyEqualToContext       ConditionName = "addon_property_equal_to_context"
	ConditionAddonPropertyContainsAny          ConditionName = "addon_property_contains_any"
	ConditionAddonPropertyContainsAll          ConditionName = "addon_property_contains_all"
	ConditionAddonPropertyContainsContext      ConditionName = "addon_property_contains_context"
	ConditionAddonPropertyContainsAnyUserGroup ConditionName = "addon_property_contains_any_user_group"
)

// The conditions of Jira.
const (
	ConditionEntityPropertyExists               ConditionName = "entity_property_exists"
	ConditionEntityPropertyEqualTo              ConditionName = "entity_property_equal_to"
	ConditionEntityPropertyEqualToContext       ConditionName = "entity_property_equal_to_context"
	ConditionEntityPropertyContainsAny          ConditionName = "entity_property_contains_any"
	ConditionEntityPropertyContainsAll          ConditionName = "entity_property_contains_all"
	ConditionEntityPropertyContainsContext      ConditionName = "entity_property_contains_context"
	ConditionEntityPropertyContainsAnyUserGroup ConditionName = "entity_property_contains_any_user_group"
	ConditionCanUseApplication                  ConditionName = "can_use_application"
	ConditionHasGlobalPermission                ConditionName = "has_global_permission"
	ConditionProjectType                        ConditionName = "project_type"
	ConditionCanAttachFileToIssue               ConditionName = "can_attach_file_to_issue"
	ConditionCanManageAttachments               ConditionName = "can_manage_attachments"
	ConditionHasIssuePermission                 ConditionName = "has_issue_permission"
	ConditionHasProjectPermission               ConditionName = "has_project_permission"
	ConditionHasSelectedProject                 ConditionName = "has_selected_project"
	ConditionHasSubTasksAvailable               ConditionName = "has_sub_tasks_available"
	ConditionHasVotedForIssue                   ConditionName = "has_voted_for_issue"
	ConditionIsAdminMode                        ConditionName = "is_admin_mode"
	ConditionIsIssueAssignedToCurrentUser       ConditionName = "is_issue_assigned_to_current_user"
	ConditionIsIssueEditable                    ConditionName = "is_issue_editable"
	ConditionIsIssueReportedByCurrentUser       ConditionName = "is_issue_reported_by_current_user"
	ConditionIsIssueUnresolved                  ConditionName = "is_issue_unresolved"
	ConditionIsSubTask                          ConditionName = "is_sub_task"
	ConditionIsWatchingIssue                    ConditionName = "is_watching_issue"
	ConditionLinkingEnabled                     ConditionName = "linking_enabled"
	ConditionSubTasksEnabled                    ConditionName = "sub_tasks_enabled"
	ConditionTimeTrackingEnabled                ConditionName = "time_tracking_enabled"
	ConditionUserHasIssueHistory                ConditionName = "user_has_issue_history"
	ConditionUserIsProjectAdmin                 ConditionName = "user_is_project_admin"
	ConditionUserIsTheLoggedInUser              ConditionName = "user_is_the_logged_in_user"
	ConditionVotingEnabled                      ConditionName = "voting_enabled"
	ConditionWatchingEnabled                    ConditionName = "watching_enabled"
)

// The conditions of Confluence.
const (
	ConditionContentPropertyExists                  ConditionName = "content_property_exists"
	ConditionContentPropertyEqualTo                 ConditionName = "content_property_equal_to"
	ConditionContentPropertyEqualToContext          ConditionName = "content_property_equal_to_context"
	ConditionContentPropertyContainsAny             ConditionName = "content_property_contains_any"
	ConditionContentPropertyContainsAll             ConditionName = "content_property_contains_all"
	ConditionContentPropertyContainsContext         ConditionName = "content_property_contains_context"
	ConditionContentPropertyContainsAnyUserGroup    ConditionName = "content_property_contains_any_user_group"
	ConditionSpacePropertyExists                    ConditionName = "space_property_exists"
	ConditionSpacePropertyEqualTo                   ConditionName = "space_property_equal_to"
	ConditionSpacePropertyEqualToContext            ConditionName = "space_property_equal_to_context"
	ConditionSpacePropertyContainsAny               ConditionName = "space_property_contains_any"
	ConditionSpacePropertyContainsAll               ConditionName = "space_property_contains_all"
	ConditionSpacePropertyContainsContext           ConditionName = "space_property_contains_context"
	ConditionSpacePropertyContainsAnyUserGroup      ConditionName = "space_property_contains_any_user_group"
	ConditionActiveTheme                            ConditionName = "active_theme"
	ConditionCanEditSpaceStyles                     ConditionName = "can_edit_space_styles"
	ConditionCanSignup                              ConditionName = "can_signup"
	ConditionContentHasAnyPermissionsSet            ConditionName = "content_has_any_permissions_set"
	ConditionCreateContent                          ConditionName = "create_content"
	ConditionEmailAddressPublic                     ConditionName = "email_address_public"
	ConditionFavouritePage                          ConditionName = "favourite_page"
	ConditionFavouriteSpace                         ConditionName = "favourite_space"
	ConditionFollowingTargetUser                    ConditionName = "following_target_user"
	ConditionHasAttachment                          ConditionName = "has_attachment"
	ConditionHasBlogPost                            ConditionName = "has_blog_post"
	ConditionHasPage                                ConditionName = "has_page"
	ConditionHasSpace                               ConditionName = "has_space"
	ConditionHasTemplate                            ConditionName = "has_template"
	ConditionLatestVersion                          ConditionName = "latest_version"
	ConditionNotPersonalSpace                       ConditionName = "not_personal_space"
	ConditionPrintableVersion                       ConditionName = "printable_version"
	ConditionShowingPageAttachments                 ConditionName = "showing_page_attachments"
	ConditionSpaceFunctionPermission                ConditionName = "space_function_permission"
	ConditionSpaceSidebar                           ConditionName = "space_sidebar"
	ConditionTargetUserHasPersonalBlog              ConditionName = "target_user_has_personal_blog"
	ConditionTargetUserHasPersonalSpace             ConditionName = "target_user_has_personal_space"
	ConditionThreadedComments                       ConditionName = "threaded_comments"
	ConditionTinyURLSupported                       ConditionName = "tiny_url_supported"
	ConditionUserCanCreatePersonalSpace             ConditionName = "user_can_create_personal_space"
	ConditionUserCanUseConfluence                   ConditionName = "user_can_use_confluence"
	ConditionUserFavouritingTargetUserPersonalSpace ConditionName = "user_favouriting_target_user_personal_space"
	ConditionUserHasPersonalBlog                    ConditionName = "user_has_personal_blog"
	ConditionUserHasPersonalSpace                   ConditionName = "user_has_personal_space"
	ConditionUserIsConfluenceAdministrator          ConditionName = "user_is_confluence_administrator"
	ConditionUserLoggedInEditable                   ConditionName = "user_logged_in_editable"
	ConditionUserWatchingPage                       ConditionName = "user_watching_page"
	ConditionUserWatchingSpace                      ConditionName = "user_watching_space"
	ConditionUserWatchingSpaceForContentType        ConditionName = "user_watching_space_for_content_type"
	ConditionViewingContent                         ConditionName = "viewing_content"
	ConditionViewingOwnProfile                      ConditionName = "viewing_own_profile"
)

// conditionNames are the names of all conditions by product, with a few that
// are in use and not in Atlassian's lists.
var conditionNames = map[Product][]string{
	Jira: append(strings.Fields(`
		entity_property_exists entity_property_equal_to entity_property_equal_to_context
		entity_property_contains_any entity_property_contains_all
		entity_property_contains_context entity_property_contains_any_user_group
		can_use_application has_global_permission project_type can_attach_file_to_issue
		can_manage_attachments has_issue_permission has_project_permission has_selected_project
		has_sub_tasks_available has_voted_for_issue is_admin_mode
		is_issue_assigned_to_current_user is_issue_editable is_issue_reported_by_current_user
		is_issue_unresolved is_sub_task is_watching_issue linking_enabled sub_tasks_enabled
		time_tracking_enabled user_has_issue_history user_is_project_admin
		user_is_the_logged_in_user voting_enabled watching_enabled
		jira_expression servicedesk.is_agent`), sharedConditions...),
	Confluence: append(strings.Fields(`
		content_property_exists content_property_equal_to content_property_equal_to_context
		content_property_contains_any content_property_contains_all
		content_property_contains_context content_property_contains_any_user_group
		space_property_exists space_property_equal_to space_property_equal_to_context
		space_property_contains_any space_property_contains_all space_property_contains_context
		space_property_contains_any_user_group active_theme can_edit_space_styles can_signup
		content_has_any_permissions_set create_content email_address_public favourite_page
		favourite_space following_target_user has_attachment has_blog_post has_page has_space
		has_template latest_version not_personal_space printable_version
		showing_page_attachments space_function_permission space_sidebar
		target_user_has_personal_blog target_user_has_personal_space threaded_comments
		tiny_url_supported user_can_create_personal_space user_can_use_confluence
		user_favouriting_target_user_personal_space user_has_personal_blog
		user_has_personal_space user_is_confluence_administrator user_logged_in_editable
		user_watching_page user_watching_space user_watching_space_for_content_type
		viewing_content viewing_own_profile
		has_page_permission`), sharedConditions...),
}

var sharedConditions = strings.Fields(`
		user_is_admin user_is_logged_in user_is_sysadmin addon_is_licensed feature_flag
		addon_property_exists addon_property_equal_to addon_property_equal_to_context
		addon_property_contains_any addon_property_contains_all addon_property_contains_context
		addon_property_contains_any_user_group`)
