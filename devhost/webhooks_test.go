package devhost_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const bo = "712020:bo"

type hookBody struct {
	Timestamp    int64
	WebhookEvent string
	User         struct{ AccountID, AccountType, EmailAddress string }
	Issue        struct {
		ID, Key string
		Fields  map[string]json.RawMessage
	}
	Changelog struct {
		Items []struct{ Field, FromString, ToString string }
	}
	Comment struct {
		ID   string
		Body json.RawMessage
	}
}

func TestWebhooks(t *testing.T) {
	h, a, ck := installed(t)
	edit := func(i *devhost.Issue) { i.Summary, i.Status = "Another summary", "Done" }
	steps := []struct {
		name string
		do   func() error
		path string // empty: nothing is sent
		key  string
	}{
		{"updated", func() error { _, err := h.EditIssue(bo, "DEMO-4", edit); return err }, "/hook/updated", "DEMO-4"},
		{"commented", func() error {
			_, err := h.AddComment(bo, "DEMO-4", devhost.Document("Hello"))
			return err
		}, "/hook/comment", "DEMO-4"},
		{"created", func() error { _, err := h.CreateIssue(bo, devhost.Issue{Key: "OPS", Summary: "New"}); return err }, "/hook/created", ""},
		{"created, not in the filter", func() error {
			_, err := h.CreateIssue(bo, devhost.Issue{Key: "DEMO", Summary: "New"})
			return err
		}, "", ""},
		{"deleted, not asked for", func() error { return h.DeleteIssue(bo, "DEMO-5") }, "", ""},
		{"stored without events", func() error {
			_, err := h.PutIssue(devhost.Issue{Key: "OPS-77", Summary: "Quiet"})
			return err
		}, "", ""},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			if err := s.do(); err != nil {
				t.Fatal(err)
			}
			if err := h.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			events := a.taken()
			if s.path == "" {
				if len(events) != 0 {
					t.Fatalf("got events %q, want none", paths(events))
				}
				return
			}
			if len(events) != 1 || events[0].Path != s.path || events[0].Claims.Sub != bo {
				t.Fatalf("got %+v, want %s by Bo", events, s.path)
			}
			e := events[0]
			if e.Header.Get("X-Atlassian-Webhook-Identifier") == "" || e.Header.Get("X-Atlassian-Webhook-Flow") != "Primary" {
				t.Errorf("got headers %v", e.Header)
			}
			if e.Header.Get("X-Atlassian-Webhook-Retry") != "" {
				t.Error("a first attempt has a retry header")
			}
			if s.path == "/hook/created" { // excludeBody
				if len(e.Body) != 0 {
					t.Errorf("got body %s, want none", e.Body)
				}
				return
			}
			var b hookBody
			if err := json.Unmarshal(e.Body, &b); err != nil {
				t.Fatal(err)
			}
			if b.Timestamp != ck.Now().UnixMilli() || b.Issue.Key != s.key || b.User.AccountID != bo || b.User.EmailAddress != "" {
				t.Errorf("got body %s", e.Body)
			}
			switch s.name {
			case "updated":
				var fields []string
				for _, i := range b.Changelog.Items {
					fields = append(fields, i.Field)
				}
				if want := []string{"summary", "status"}; !slices.Equal(fields, want) {
					t.Errorf("got changes of %q, want %q", fields, want)
				}
			case "commented":
				if !strings.Contains(string(b.Comment.Body), "Hello") || b.Comment.ID == "" {
					t.Errorf("got comment %s", e.Body)
				}
			}
		})
	}
}

func TestWebhookTrace(t *testing.T) {
	h, a, _ := installed(t)
	for trace, want := range map[string]string{"loop-1": "loop-1", strings.Repeat("t", 1024): strings.Repeat("t", 1024), strings.Repeat("t", 1025): "", "é": "", "": ""} {
		r := a.request("PUT", "/rest/api/3/issue/DEMO-1", `{"fields":{"summary":"Traced"}}`)
		now := h.Now().Unix()
		r.Header.Set("Authorization", "JWT "+jwt(a.secret(), map[string]any{
			"iss": appKey, "iat": now, "exp": now + 180, "qsh": hashOf("PUT", r.URL.Path, nil),
		}))
		if trace != "" {
			r.Header.Set("X-Atlassian-Webhook-Trace", trace)
		}
		readBody(t, do(t, r), http.StatusNoContent)
		if err := h.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		events := a.taken()
		if len(events) != 1 || events[0].Header.Get("X-Atlassian-Webhook-Trace") != want {
			t.Errorf("trace %.20q: got %+v", trace, events)
		}
	}
}

// After which answers the host repeats a webhook, and what the repetition is
// like.
func TestWebhookRetries(t *testing.T) {
	tests := []struct {
		status int
		again  bool
	}{
		{200, false}, {204, false}, {299, false}, {301, false}, {400, false}, {401, false}, {403, false}, {404, false}, {410, false}, {413, false},
		{408, true}, {409, true}, {425, true}, {429, true}, {500, true}, {503, true},
	}
	for _, tt := range tests {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			h, a, ck := installed(t)
			a.answer("/hook/comment", tt.status)
			if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("Hello")); err != nil {
				t.Fatal(err)
			}
			if err := h.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			first := a.taken()
			if len(first) != 1 {
				t.Fatalf("got %d attempts, want 1", len(first))
			}
			list := h.Deliveries()
			d := list[len(list)-1]
			if d.Status != tt.status || d.Again.IsZero() == tt.again || d.Retry != 0 || d.Event != "comment_created" {
				t.Errorf("got record %+v", d)
			}
			if tt.again {
				if wait := d.Again.Sub(ck.Now()); wait < 5*time.Minute || wait > 15*time.Minute {
					t.Errorf("repeated after %s, want 5 to 15 minutes", wait)
				}
			}
			if n, err := h.Redeliver(t.Context()); n != 0 || err != nil {
				t.Errorf("before it is due: got %d, %v", n, err)
			}
			ck.advance(15 * time.Minute)
			a.answer("/hook/comment", http.StatusNoContent)
			n, err := h.Redeliver(t.Context())
			if err != nil || (n == 1) != tt.again {
				t.Fatalf("when due: got %d, %v", n, err)
			}
			if !tt.again {
				return
			}
			second := a.taken()
			if len(second) != 1 {
				t.Fatalf("got %d attempts, want 1", len(second))
			}
			const id, retry = "X-Atlassian-Webhook-Identifier", "X-Atlassian-Webhook-Retry"
			if second[0].Header.Get(id) != first[0].Header.Get(id) || second[0].Header.Get(retry) != "1" {
				t.Errorf("got headers %v", second[0].Header)
			}
			if string(second[0].Body) != string(first[0].Body) || second[0].Claims.Iat <= first[0].Claims.Iat {
				t.Error("the repetition has another body, or an old token")
			}
			if n, err := h.RedeliverAll(t.Context()); n != 0 || err != nil {
				t.Errorf("after success: got %d, %v", n, err)
			}
		})
	}
}

func TestWebhookRetriesEnd(t *testing.T) {
	h, a, ck := installed(t)
	a.answer("/hook/comment", 503)
	fire := func() {
		t.Helper()
		if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("Hello")); err != nil {
			t.Fatal(err)
		}
		if err := h.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fire()
	attempts := 1
	for {
		n, err := h.RedeliverAll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		attempts += n
	}
	if attempts != 6 {
		t.Errorf("got %d attempts, want the first and five repetitions", attempts)
	}
	ck.advance(31 * time.Minute)
	fire()
	if n, err := h.RedeliverAll(t.Context()); n != 0 || err != nil {
		t.Errorf("after half an hour of failures: got %d repetitions, %v", n, err)
	}
	a.answer("/hook/comment", 204)
	fire()
	a.answer("/hook/comment", 503)
	fire()
	if n, err := h.RedeliverAll(t.Context()); n != 1 || err != nil {
		t.Errorf("after a success in between: got %d repetitions, %v", n, err)
	}
}

func TestWebhookNoConnection(t *testing.T) {
	h, a, _ := installed(t)
	a.srv.Close()
	if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("Hello")); err != nil {
		t.Fatal(err)
	}
	if err := h.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	list := h.Deliveries()
	if d := list[len(list)-1]; d.Status != 0 || d.Error == "" || d.Again.IsZero() {
		t.Errorf("got record %+v", d)
	}
}

func TestWebhooksOfDisabledApp(t *testing.T) {
	h, a, _ := installed(t)
	if err := h.Disable(t.Context(), appKey); err != nil {
		t.Fatal(err)
	}
	a.taken()
	if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("Hello")); err != nil {
		t.Fatal(err)
	}
	if err := h.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.taken(); len(got) != 0 {
		t.Errorf("got events %q, want none", paths(got))
	}
}

// Close ends deliveries that hang, and waits for them.
func TestCloseDuringDelivery(t *testing.T) {
	h, a, _ := installed(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	a.mu.Lock()
	a.onPost = func(string) {
		close(arrived)
		<-release
	}
	a.mu.Unlock()
	if _, err := h.AddComment(bo, "DEMO-1", devhost.Document("Hello")); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(release)
}
