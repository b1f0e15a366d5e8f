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
