package loopback_test

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "app.localhost": true, "a.b.LocalHost": true,
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true, "[::ffff:127.0.0.1]": true,
		"": false, "localhost.": false, ".localhost": false, "a..localhost": false, "applocalhost": false,
		"localhost.example": false, "app.localhost.example": false, "127.0.0.1.example": false, "127.0.0.1.localhost.": false,
		"0.0.0.0": false, "::": false, "10.0.0.1": false, "128.0.0.1": false, "::2": false, "::ffff:10.0.0.1": false,
		"127.1": false, "2130706433": false, "0x7f000001": false, "127.0.0.1:80": false, "localhost:80": false, "::1%lo": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("Host(%q) = %v, want %v", host, got, want)
		}
	}
}
