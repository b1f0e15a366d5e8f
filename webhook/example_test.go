package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

// An app takes in the events of changed issues. The host has its answer before
// the event is handled, and an event that it repeats is handled once.
func ExampleQueue() {
	ctx := context.Background()
	installations := store.NewMemory() // which package lifecycle fills in an app
	_, err := installations.Update(ctx, "tenant-a", func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{ClientKey: "tenant-a", SharedSecret: store.NewSecret(tenants["tenant-a"]), State: store.Enabled}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := auth.NewVerifier(auth.Config{
		AppKey: "app", BaseURLs: []string{"https://app.example.com"}, Installations: installations, Keys: noKeys{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	queue, err := webhook.NewQueue(webhook.Config{Workers: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/issue", queue.Handler(verifier, "jira:issue_updated", func(ctx context.Context, e *webhook.Event) error {
		var changed struct {
			Issue struct {
				Key string `json:"key"`
			} `json:"issue"`
		}
		if err := e.Decode(&changed); err != nil {
			return err
		}
		fmt.Println(e.Name, changed.Issue.Key, "at", e.Caller.ClientKey)
		return nil
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	first := deliver(server.URL, "delivery-1", `{"issue":{"key":"ABC-1"}}`)
	again := deliver(server.URL, "delivery-1", `{"issue":{"key":"ABC-1"}}`)
	if err := queue.Drain(ctx); err != nil { // when the app stops
		fmt.Println(err)
	}
	fmt.Println("answers:", first, again)
	// Output:
	// jira:issue_updated ABC-1 at tenant-a
	// answers: 204 No Content 204 No Content
}

// deliver sends an event as the host does and returns the answer's status.
func deliver(base, id, body string) string {
	d := delivery{tenant: "tenant-a", id: id, body: body, method: http.MethodPost, sign: signed}
	res, err := http.DefaultClient.Do(d.request(base, time.Now()))
	if err != nil {
		return err.Error()
	}
	_ = res.Body.Close()
	return strings.TrimSpace(res.Status)
}
