package main

import "github.com/atlassian-connect-go/sdk/descriptor"

const appKey = "stale-issues"

// describe returns what the host is told about the app.
func describe() *descriptor.App {
	return &descriptor.App{
		Key:         appKey,
		Name:        "Stale issues",
		Description: "Finds open issues that nobody has touched for a while, and reminds people of them.",
		Vendor:      descriptor.Vendor{Name: "Example", URL: "https://example.com"},
		Scopes:      descriptor.Scopes{descriptor.Read, descriptor.Write, descriptor.ActAsUser},
		Modules: descriptor.Modules{
			GeneralPages: []descriptor.Page{{
				Key:      "stale",
				Name:     descriptor.Text{Value: "Stale issues"},
				URL:      "/stale",
				Location: descriptor.LocationTopNavigation,
			}},
			ConfigurePage: &descriptor.AdminPage{
				Key:  "configure",
				Name: descriptor.Text{Value: "Configure"},
				URL:  "/configure",
			},
			Webhooks: []descriptor.Webhook{
				{Event: descriptor.EventIssueUpdated, URL: "/hooks/issue-updated"},
				{Event: descriptor.EventIssueDeleted, URL: "/hooks/issue-deleted"},
				{Event: descriptor.EventCommentCreated, URL: "/hooks/comment-created"},
			},
		},
	}
}
