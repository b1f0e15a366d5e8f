package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// largeDocument has n modules of several kinds, a few of them at fault.
func largeDocument(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n  \"key\": \"large\", \"name\": \"Large\", \"baseUrl\": \"https://large.example.com\",\n" +
		"  \"lifecycle\": {\"installed\": \"/installed\", \"uninstalled\": \"/uninstalled\"}, \"authentication\": {\"type\": \"jwt\"},\n" +
		"  \"scopes\": [\"READ\", \"WRITE\"], \"apiMigrations\": {\"signed-install\": true, \"gdpr\": true, \"context-qsh\": true},\n" +
		"  \"modules\": {")
	kinds := []struct{ name, module string }{
		{"generalPages", `{"key": "page-%d", "name": {"value": "Page %d"}, "url": "/pages/%d?project={project.key}", "location": "none",
      "conditions": [{"condition": "user_is_logged_in"}, {"type": "or", "conditions": [{"condition": "user_is_admin", "invert": true}]}]}`},
		{"webPanels", `{"key": "panel-%d", "name": {"value": "Panel %d"}, "url": "/panels/%d/{issue.key}", "location": "atl.jira.view.issue.right.context",
      "layout": {"width": "100%%", "height": "200px"}, "tooltip": {"value": "What the panel shows"}}`},
		{"webItems", `{"key": "item-%d", "name": {"value": "Item %d"}, "url": "/items/%d", "location": "operations-operations",
      "target": {"type": "dialog", "options": {"size": "large", "header": {"value": "Item"}}}, "icon": {"url": "/icon.png", "width": 16, "height": 16}}`},
		{"jiraWorkflowPostFunctions", `{"key": "function-%d", "name": {"value": "Function %d"}, "triggered": {"url": "/triggered/%d"},
      "create": {"url": "/create"}, "edit": {"url": "/edit?id={postFunction.id}"}, "view": {"url": "/view?id={postFunction.id}"}}`},
		{"jiraEntityProperties", `{"key": "property-%d", "name": {"value": "Property %d"}, "entityType": "issue", "keyConfigurations": [
      {"propertyKey": "p-%d", "extractions": [{"objectName": "a.b", "type": "number", "alias": "ab"}, {"objectName": "c", "typ": "text"}]}]}`},
	}
	for k, kind := range kinds {
		if k > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n    %q: [", kind.name)
		for i := range n / len(kinds) {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n      ")
			fmt.Fprintf(&b, kind.module, i, i, i)
		}
		b.WriteString("]")
	}
	b.WriteString("\n  }\n}\n")
	return []byte(b.String())
}

// BenchmarkCheck is "connect check" with a file of 300 modules, of which 60 have
// two faults each, but for the start of the process. Its floor is what
// encoding/json needs to decode the same bytes.
func BenchmarkCheck(b *testing.B) {
	document := largeDocument(300)
	file := filepath.Join(b.TempDir(), defaultFile)
	if err := os.WriteFile(file, document, 0o600); err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	check := func() {
		out.Reset()
		if status := run(b.Context(), []string{"connect", "check", file}, terminal{strings.NewReader(""), &out, io.Discard}); status != exitErrors {
			b.Fatalf("exit status %d", status)
		}
	}
	check()
	if n := strings.Count(out.String(), "\n"); n != 120 {
		b.Fatalf("%d findings, want 120", n)
	}
	var floor, whole time.Duration
	for b.Loop() {
		floor += timed(func() {
			var v any
			if err := json.Unmarshal(document, &v); err != nil {
				b.Fatal(err)
			}
		})
		whole += timed(check)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(whole)/float64(floor), "x-decoding")
	b.ReportMetric(whole.Seconds()*1e3/float64(b.N), "ms/check")
	b.ReportMetric(floor.Seconds()*1e3/float64(b.N), "ms/decoding")
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
