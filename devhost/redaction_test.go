package devhost_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// What is printed of a record shows what happened and no secret, however it is
// printed.
func TestRecordsPrintWithoutSecrets(t *testing.T) {
	const secret = "ATCOa-shared-secret-of-many-characters"
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	header := http.Header{"Authorization": {"JWT " + secret}, "Cookie": {"devhost-user=" + secret}, "X-Seen": {"seen-value"}}
	body := []byte(`{"sharedSecret":"` + secret + `"}`)
	installation := devhost.Installation{AppKey: "seen-key", SharedSecret: secret}
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"installation", installation, "seen-key"},
		{"installation by pointer", &installation, "seen-key"},
		{"installations", []devhost.Installation{installation}, "seen-key"},
		{"installation in a struct", struct{ Inst devhost.Installation }{installation}, "seen-key"},
		{"payload", devhost.EventPayload{Key: "seen-key", SharedSecret: secret}, "seen-key"},
		{"delivery", devhost.Delivery{Time: now, App: "seen-key", Header: header, Body: body}, "seen-key"},
		{"call", devhost.Call{Time: now, App: "seen-key", Header: header, Body: body}, "seen-key"},
		{"OAuth app", devhost.OAuthApp{Name: "seen-key", ClientSecret: secret}, "seen-key"},
		{"service account", devhost.ServiceAccount{Name: "seen-key", ClientSecret: secret}, "seen-key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10v"} {
				got := fmt.Sprintf(verb, tt.value)
				if leaks(got, secret) {
					t.Errorf("%s: got %s", verb, got)
				}
				if strings.HasSuffix(verb, "v") && !strings.Contains(got, tt.want) {
					t.Errorf("%s: got %s, want %s in it", verb, got, tt.want)
				}
			}
			if got := fmt.Sprintln(tt.value); leaks(got, secret) || !strings.Contains(got, tt.want) {
				t.Errorf("Println: got %s", got)
			}
		})
		t.Run("log of "+tt.name, func(t *testing.T) {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("record", "value", tt.value)
			if got := b.String(); leaks(got, secret) || !strings.Contains(got, tt.want) {
				t.Errorf("as text: got %s", got)
			}
		})
	}
	for _, tt := range []struct {
		name  string
		value slog.LogValuer
	}{
		{"installation", installation}, {"payload", tests[4].value.(devhost.EventPayload)},
		{"delivery", tests[5].value.(devhost.Delivery)}, {"call", tests[6].value.(devhost.Call)},
		{"OAuth app", tests[7].value.(devhost.OAuthApp)}, {"service account", tests[8].value.(devhost.ServiceAccount)},
	} {
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Info("record", "value", tt.value)
		if got := b.String(); leaks(got, secret) || !strings.Contains(got, "seen-key") {
			t.Errorf("log of %s as JSON: got %s", tt.name, got)
		}
	}
}

// leaks looks for the secret as text, in hexadecimal digits and as a list of
// bytes.
func leaks(text, secret string) bool {
	bytes := []byte(secret)
	plain := strings.Trim(fmt.Sprintf("%v", bytes), "[]")
	syntax := strings.Trim(fmt.Sprintf("%#v", bytes), "[]byte{}")
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), plain, syntax} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// The body of an event keeps its secret when it is encoded, for it is what an
// app is sent; an installation is nobody's body.
func TestEncodedRecords(t *testing.T) {
	b, err := json.Marshal(devhost.EventPayload{SharedSecret: "a secret"})
	if err != nil || !strings.Contains(string(b), `"sharedSecret":"a secret"`) {
		t.Errorf("payload: got %s, %v", b, err)
	}
	for _, v := range []any{devhost.OAuthApp{Name: "key", ClientSecret: "a secret"}, devhost.ServiceAccount{Name: "key", ClientSecret: "a secret"}} {
		b, err = json.Marshal(v)
		if err != nil || strings.Contains(string(b), "a secret") || !strings.Contains(string(b), `"key"`) {
			t.Errorf("%T: got %s, %v", v, b, err)
		}
	}
	b, err = json.Marshal(devhost.Installation{AppKey: "key", SharedSecret: "a secret"})
	if err != nil || strings.Contains(string(b), "a secret") || !strings.Contains(string(b), `"key"`) {
		t.Errorf("installation: got %s, %v", b, err)
	}
}
