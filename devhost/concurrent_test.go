package devhost_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// Many at once: no key is given twice, nothing is lost from the record, and every
// webhook arrives once.
func TestConcurrentUse(t *testing.T) {
	const n = 24
	h, a, _ := installed(t)
	h.Forget()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a.call("GET", myselfPath, "")
			if _, err := h.CreateIssue(bo, devhost.Issue{Key: "OPS", Summary: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("x")); err != nil {
				t.Error(err)
			}
			if _, err := h.AddUser(devhost.User{DisplayName: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			if _, err := h.Search("project = OPS and assignee is empty"); err != nil {
				t.Error(err)
			}
			if _, err := h.FrameURL(appKey, "page", bo, devhost.Context{Issue: "OPS-1"}); err != nil {
				t.Error(err)
			}
			h.Calls()
			h.Installations()
		})
	}
	wg.Wait()
	if err := h.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]bool)
	for _, i := range h.Issues() {
		if keys[i.Key] {
			t.Errorf("%s was given twice", i.Key)
		}
		keys[i.Key] = true
	}
	if want := 12 + n; len(keys) != want {
		t.Errorf("got %d issues, want %d", len(keys), want)
	}
	if i, _ := h.Issue("DEMO-1"); len(i.Comments) != n {
		t.Errorf("got %d comments, want %d", len(i.Comments), n)
	}
	if got := len(h.Calls()); got != n {
		t.Errorf("got %d calls on record, want %d", got, n)
	}
	if got := len(a.taken()); got != 2*n {
		t.Errorf("got %d webhooks, want %d", got, 2*n)
	}
	seen := make(map[string]bool)
	for _, d := range h.Deliveries() {
		seen[d.Identifier] = true
	}
	if len(seen) != 2*n {
		t.Errorf("got %d identifiers, want %d", len(seen), 2*n)
	}
}

// Many clients of the cloud at once: no code and no grant is given twice, and
// every call is counted against a limit once.
func TestConcurrentUseOfTheCloud(t *testing.T) {
	const n = 16
	h, _, _ := newHost(t, devhost.Config{})
	app := register(t, h, "read:jira-user")
	start := granted(t, h, app, bo)
	h.Limit(devhost.RateLimit{Times: n / 2, RetryAfter: -1})
	var mu sync.Mutex
	seen, limited := make(map[string]bool), 0
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var a bearerAnswer
			readJSON(t, tokenRequest(t, h, refreshParameters(app, start.RefreshToken)), 200, &a)
			resp := send(t, "GET", h.GatewayURL()+"/ex/jira/"+h.CloudID()+myselfPath, "", "Authorization", "Bearer "+a.AccessToken)
			if _, err := h.Attach(devhost.Attachment{Issue: "DEMO-1", Filename: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			if _, err := h.PutWikiPage(devhost.WikiPage{Title: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			seen[a.AccessToken], seen[a.RefreshToken] = true, true
			if resp.StatusCode == 429 {
				limited++
			}
		})
	}
	wg.Wait()
	if len(seen) != 2*n || limited != n/2 {
		t.Errorf("got %d tokens and %d limited calls, want %d and %d", len(seen), limited, 2*n, n/2)
	}
	if files, pages := len(h.Attachments("DEMO-1")), len(h.WikiPages()); files != n || pages != n+5 {
		t.Errorf("got %d files and %d pages", files, pages)
	}
}
