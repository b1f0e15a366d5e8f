package devhost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// What only Cloud has says so on a Data Center, and does nothing.
func TestNoCloudOnADataCenter(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	user, users := h.Users()[0], len(h.Users())
	calls := map[string]func() (any, error){
		"RegisterOAuthApp": func() (any, error) {
			a, err := h.RegisterOAuthApp(devhost.OAuthApp{Name: "Reader", RedirectURLs: []string{callback}, Scopes: []string{"read:me"}})
			return a.ClientID, err
		},
		"AddServiceAccount": func() (any, error) {
			a, err := h.AddServiceAccount(devhost.ServiceAccount{Name: "Robot", Scopes: []string{"read:me"}})
			return a.ClientID, err
		},
		"AddAPIToken": func() (any, error) { return h.AddAPIToken(devhost.APIToken{AccountID: user.AccountID}) },
		"SetAccountPassword": func() (any, error) {
			return "", h.SetAccountPassword(user.AccountID, "correct horse")
		},
		"ForgeToken": func() (any, error) { return h.ForgeToken(user.AccountID, time.Minute) },
		"Attach": func() (any, error) {
			a, err := h.Attach(devhost.Attachment{Issue: "DEMO-1", Filename: "a.txt"})
			return a.ID, err
		},
		"PutWikiPage": func() (any, error) {
			p, err := h.PutWikiPage(devhost.WikiPage{Title: "Home"})
			return p.ID, err
		},
		"SetVersionConflict": func() (any, error) { return "", h.SetVersionConflict(400) },
		"EnableAssets":       func() (any, error) { return h.AssetsWorkspaceID(), h.EnableAssets(devhost.Assets{}) },
		"Config.Assets": func() (any, error) {
			_, err := devhost.New(devhost.Config{DataCenter: &devhost.DataCenter{}, Assets: &devhost.Assets{}})
			return "", err
		},
	}
	for name, call := range calls {
		got, err := call()
		if err == nil || !strings.HasPrefix(err.Error(), "devhost: a Data Center has no ") {
			t.Errorf("%s: got error %v", name, err)
		}
		if got != "" {
			t.Errorf("%s: got %q beside the error", name, got)
		}
	}
	for name, got := range map[string]string{
		"AuthURL": h.AuthURL(), "GatewayURL": h.GatewayURL(), "MediaURL": h.MediaURL(), "KeyServerURL": h.KeyServerURL(),
		"AuthorizationServerURL": h.AuthorizationServerURL(), "AllJSURL": h.AllJSURL(), "CloudID": h.CloudID(), "AssetsWorkspaceID": h.AssetsWorkspaceID(),
	} {
		if got != "" {
			t.Errorf("%s: got %q, want none", name, got)
		}
	}
	if got := len(h.Users()); got != users {
		t.Errorf("got %d users, want %d as before", got, users)
	}
	if got := h.WikiPages(); got != nil {
		t.Errorf("got pages of Confluence %v", got)
	}
	if got := h.Attachments("DEMO-1"); got != nil {
		t.Errorf("got attachments %v", got)
	}
}
