package devhost

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A client of OAuth 2.0 has granular scopes instead of those of Connect. White
// box, because the callers who have them come in at the gateway by other code.
func TestGranularScopesOfAssets(t *testing.T) {
	h, err := New(Config{URL: "http://127.0.0.1:1", Assets: &Assets{WorkspaceID: "ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	tests := []struct {
		scope  string
		status int // 0: answered
	}{
		{"read:cmdb-schema:jira", 0},
		{"read:cmdb-object:jira", http.StatusForbidden},
		{"write:cmdb-schema:jira", http.StatusForbidden},
		{"READ", 0},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		q := &query{Request: r, host: h, caller: &caller{kind: kindUser, limited: true, scopes: []string{tt.scope}}}
		_, err := answerAssets(q, "ws", "objectschema/list")
		status := 0
		if f := new(fault); errors.As(err, &f) {
			status = f.status
		}
		if status != tt.status {
			t.Errorf("%s: got %d, %v, want %d", tt.scope, status, err, tt.status)
		}
	}
}
