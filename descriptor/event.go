package descriptor

import "strings"

// Event is the name of an event of a product, at most 100 characters. The
// constants are those of Atlassian's documentation of webhooks; another word is
// kept, and Validate warns of it.
type Event string

// The events of Jira.
const (
	EventIssueCreated                         Event = "jira:issue_created"
	EventIssueUpdated                         Event = "jira:issue_updated"
	EventIssueDeleted                         Event = "jira:issue_deleted"
	EventCommentCreated                       Event = "comment_created"
	EventCommentUpdated                       Event = "comment_updated"
	EventCommentDeleted                       Event = "comment_deleted"
	EventIssuePropertySet                     Event = "issue_property_set"
	EventIssuePropertyDeleted                 Event = "issue_property_deleted"
	EventWorklogCreated                       Event = "worklog_created"
	EventWorklogUpdated                       Event = "worklog_updated"
	EventWorklogDeleted                       Event = "worklog_deleted"
	EventAttachmentCreated                    Event = "attachment_created"
	EventAttachmentDeleted                    Event = "attachment_deleted"
	EventIssueLinkCreated                     Event = "issuelink_created"
	EventIssueLinkDeleted                     Event = "issuelink_deleted"
	EventIssueTypeCreated                     Event = "issuetype_created"
	EventIssueTypeUpdated                     Event = "issuetype_updated"
	EventIssueTypeDeleted                     Event = "issuetype_deleted"
	EventProjectCreated                       Event = "project_created"
	EventProjectUpdated                       Event = "project_updated"
	EventProjectDeleted                       Event = "project_deleted"
	EventProjectSoftDeleted                   Event = "project_soft_deleted"
	EventProjectRestoredDeleted               Event = "project_restored_deleted"
	EventProjectArchived                      Event = "project_archived"
	EventProjectRestoredArchived              Event = "project_restored_archived"
	EventVersionReleased                      Event = "jira:version_released"
	EventVersionUnreleased                    Event = "jira:version_unreleased"
	EventVersionCreated                       Event = "jira:version_created"
	EventVersionMoved                         Event = "jira:version_moved"
	EventVersionUpdated                       Event = "jira:version_updated"
	EventVersionDeleted                       Event = "jira:version_deleted"
	EventFilterCreated                        Event = "filter_created"
	EventFilterUpdated                        Event = "filter_updated"
	EventFilterDeleted                        Event = "filter_deleted"
	EventUserCreated                          Event = "user_created"
	EventUserUpdated                          Event = "user_updated"
	EventUserDeleted                          Event = "user_deleted"
	EventOptionVotingChanged                  Event = "option_voting_changed"
	EventOptionWatchingChanged                Event = "option_watching_changed"
	EventOptionUnassignedIssuesChanged        Event = "option_unassigned_issues_changed"
	EventOptionSubtasksChanged                Event = "option_subtasks_changed"
	EventOptionIssueLinksChanged              Event = "option_issuelinks_changed"
	EventOptionTimeTrackingChanged            Event = "option_timetracking_changed"
	EventOptionTimeTrackingProviderChanged    Event = "option_timetracking_provider_changed"
	EventSprintCreated                        Event = "sprint_created"
	EventSprintDeleted                        Event = "sprint_deleted"
	EventSprintUpdated                        Event = "sprint_updated"
	EventSprintStarted                        Event = "sprint_started"
	EventSprintClosed                         Event = "sprint_closed"
	EventBoardCreated                         Event = "board_created"
	EventBoardUpdated                         Event = "board_updated"
	EventBoardDeleted                         Event = "board_deleted"
	EventBoardConfigurationChanged            Event = "board_configuration_changed"
	EventJiraExpressionEvaluationFailed       Event = "jira_expression_evaluation_failed"
	EventAppAccessToObjectsBlocked            Event = "app_access_to_objects_blocked"
	EventAppAccessToObjectsInContainerBlocked Event = "app_access_to_objects_in_container_blocked"
)

// The events of Confluence. Those that it shares with Jira by name stand there:
// EventAttachmentCreated, EventCommentCreated, EventCommentUpdated.
const (
	EventAppPolicyChanged          Event = "app_policy_changed"
	EventAttachmentArchived        Event = "attachment_archived"
	EventAttachmentRemoved         Event = "attachment_removed"
	EventAttachmentRestored        Event = "attachment_restored"
	EventAttachmentTrashed         Event = "attachment_trashed"
	EventAttachmentUnarchived      Event = "attachment_unarchived"
	EventAttachmentUpdated         Event = "attachment_updated"
	EventAttachmentViewed          Event = "attachment_viewed"
	EventBlogCreated               Event = "blog_created"
	EventBlogMoved                 Event = "blog_moved"
	EventBlogRemoved               Event = "blog_removed"
	EventBlogRestored              Event = "blog_restored"
	EventBlogTrashed               Event = "blog_trashed"
	EventBlogUpdated               Event = "blog_updated"
	EventBlogViewed                Event = "blog_viewed"
	EventBlueprintPageCreated      Event = "blueprint_page_created"
	EventCommentRemoved            Event = "comment_removed"
	EventContentCreated            Event = "content_created"
	EventContentRemoved            Event = "content_removed"
	EventContentRestored           Event = "content_restored"
	EventContentTrashed            Event = "content_trashed"
	EventContentUpdated            Event = "content_updated"
	EventContentPermissionsUpdated Event = "content_permissions_updated"
	EventGroupCreated              Event = "group_created"
	EventGroupRemoved              Event = "group_removed"
	EventLabelAdded                Event = "label_added"
	EventLabelCreated              Event = "label_created"
	EventLabelDeleted              Event = "label_deleted"
	EventLabelRemoved              Event = "label_removed"
	EventPageArchived              Event = "page_archived"
	EventPageChildrenReordered     Event = "page_children_reordered"
	EventPageCopied                Event = "page_copied"
	EventPageCreated               Event = "page_created"
	EventPageMoved                 Event = "page_moved"
	EventPageRemoved               Event = "page_removed"
	EventPageRestored              Event = "page_restored"
	EventPageSnapshotted           Event = "page_snapshotted"
	EventPageStarted               Event = "page_started"
	EventPagePublished             Event = "page_published"
	EventPageInitialized           Event = "page_initialized"
	EventPageTrashed               Event = "page_trashed"
	EventPageUnarchived            Event = "page_unarchived"
	EventPageUpdated               Event = "page_updated"
	EventPageViewed                Event = "page_viewed"
	EventPluginEnabled             Event = "plugin_enabled"
	EventRelationCreated           Event = "relation_created"
	EventRelationDeleted           Event = "relation_deleted"
	EventSearchPerformed           Event = "search_performed"
	EventSpaceCreated              Event = "space_created"
	EventSpaceLogoUpdated          Event = "space_logo_updated"
	EventSpacePermissionsUpdated   Event = "space_permissions_updated"
	EventSpaceRemoved              Event = "space_removed"
	EventSpaceTrashed              Event = "space_trashed"
	EventSpaceUpdated              Event = "space_updated"
	EventThemeEnabled              Event = "theme_enabled"
	EventUserFollowed              Event = "user_followed"
	EventUserReactivated           Event = "user_reactivated"
	EventUserRemoved               Event = "user_removed"
)

// events are the names of all events by product, with those that are only in
// older documentation.
var events = map[Product][]string{
	Jira: strings.Fields(`
		jira:issue_created jira:issue_updated jira:issue_deleted comment_created comment_updated
		comment_deleted issue_property_set issue_property_deleted worklog_created
		worklog_updated worklog_deleted jira:worklog_updated attachment_created
		attachment_deleted issuelink_created issuelink_deleted issuetype_created
		issuetype_updated issuetype_deleted project_created project_updated project_deleted
		project_soft_deleted project_restored_deleted project_archived project_restored_archived
		jira:version_released jira:version_unreleased jira:version_created jira:version_moved
		jira:version_updated jira:version_deleted filter_created filter_updated filter_deleted
		user_created user_updated user_deleted option_voting_changed option_watching_changed
		option_unassigned_issues_changed option_subtasks_changed option_issuelinks_changed
		option_timetracking_changed option_timetracking_provider_changed
		option_attachments_changed sprint_created sprint_deleted sprint_updated sprint_started
		sprint_closed board_created board_updated board_deleted board_configuration_changed
		jira_expression_evaluation_failed app_access_to_objects_blocked
		app_access_to_objects_in_container_blocked connect_addon_enabled connect_addon_disabled
		jira:version_merged`),
	Confluence: strings.Fields(`
		app_policy_changed attachment_archived attachment_created attachment_removed
		attachment_restored attachment_trashed attachment_unarchived attachment_updated
		attachment_viewed blog_created blog_moved blog_removed blog_restored blog_trashed
		blog_updated blog_viewed blueprint_page_created comment_created comment_removed
		comment_updated content_created content_removed content_restored content_trashed
		content_updated content_permissions_updated group_created group_removed label_added
		label_created label_deleted label_removed page_archived page_children_reordered
		page_copied page_created page_moved page_removed page_restored page_snapshotted
		page_started page_published page_initialized page_trashed page_unarchived page_updated
		page_viewed plugin_enabled relation_created relation_deleted search_performed
		space_created space_logo_updated space_permissions_updated space_removed space_trashed
		space_updated theme_enabled user_followed user_reactivated user_removed
		cache_statistics_changed connect_addon_enabled connect_addon_disabled login login_failed
		logout plugins_upgraded server_upgraded user_created user_deactivated`),
}
