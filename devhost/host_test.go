package devhost_test

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// The pattern is the host of the base URL that apps are told, with its port.
func TestHostPattern(t *testing.T) {
	tests := []struct{ name, url, rename, want string }{
		{"before Start", "", "", ""},
		{"address and port", "http://127.0.0.1:2990", "", "127.0.0.1:2990"},
		{"name and port", "http://localhost:2990/", "", "localhost:2990"},
		{"IPv6", "http://[::1]:2990", "", "[::1]:2990"},
		{"without a port", "https://jira.example", "", "jira.example"},
		{"renamed", "http://127.0.0.1:2990", "http://localhost:8090", "localhost:8090"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := devhost.New(devhost.Config{URL: tt.url})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if tt.rename != "" {
				if err := h.Rename(t.Context(), tt.rename); err != nil {
					t.Fatal(err)
				}
			}
			if got := h.HostPattern(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
