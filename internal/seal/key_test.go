package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

func TestParseKey(t *testing.T) {
	raw := []byte("\x00\x01\x02\x03456789abcdef0123456789abcdef")
	std, hexa := base64.StdEncoding.EncodeToString(raw), hex.EncodeToString(raw)
	for _, c := range []struct{ name, text, wantErr string }{
		{"base64", std, ""},
		{"hexadecimal", hexa, ""},
		{"upper case hexadecimal", strings.ToUpper(hexa), ""},
		{"a file's newline", " " + std + "\r\n", ""},
		{"empty", "", "empty"},
		{"blank", " \n", "empty"},
		{"short", std[:43], "43 characters"},
		{"31 bytes", base64.StdEncoding.EncodeToString(raw[:31]), "31 bytes"},
		{"33 bytes", base64.StdEncoding.EncodeToString(append(raw, 1)), "33 bytes"},
		{"URL alphabet", base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 32)), "not standard base64"},
		{"trailing bits", std[:42] + "1=", "not standard base64"},
		{"hexadecimal with a g", hexa[:63] + "g", "other characters"},
		{"zeros", strings.Repeat("0", 64), "zeros only"},
		{"raw bytes", string(raw), "32 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := seal.ParseKey(c.text)
			if c.wantErr == "" {
				if err != nil || k.Reveal() != std {
					t.Fatalf("got %v, want the key", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.wantErr) || !k.IsZero() {
				t.Fatalf("got error %v, want one with %q", err, c.wantErr)
			}
			if c.text != "" && len(c.text) > 8 && strings.Contains(err.Error(), c.text[:8]) {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

func TestNewKey(t *testing.T) {
	a, b := seal.NewKey(), seal.NewKey()
	if a.Reveal() == b.Reveal() || a.ID() == b.ID() || len(a.ID()) != 16 {
		t.Errorf("two new keys have the IDs %q and %q", a.ID(), b.ID())
	}
	again, err := seal.ParseKey(a.Reveal())
	if err != nil || again.ID() != a.ID() {
		t.Errorf("ParseKey of a revealed key: ID %q, %v, want %q", again.ID(), err, a.ID())
	}
	if zero := (seal.Key{}); zero.Reveal() != "" || zero.ID() != "" || !zero.IsZero() {
		t.Errorf("the zero Key reveals %q", zero.Reveal())
	}
}

func TestKeyRedaction(t *testing.T) {
	raw := "0123456789abcdef0123456789abcdef"
	k, err := seal.ParseKey(hex.EncodeToString([]byte(raw)))
	if err != nil {
		t.Fatal(err)
	}
	type nested struct {
		Exported seal.Key
		hidden   seal.Key
		Options  *seal.Config
	}
	values := []any{k, &k, []seal.Key{k}, map[string]seal.Key{"k": k},
		nested{k, k, &seal.Config{Keys: []seal.Key{k}}}, seal.Config{Keys: []seal.Key{k}}}
	var out strings.Builder
	text, jsonLog := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		text.Info("key", "k", v)
		jsonLog.Info("key", "k", v)
		enc, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(enc)
	}
	shown := strings.ToLower(out.String())
	for _, form := range []string{raw, hex.EncodeToString([]byte(raw)), strings.ToLower(k.Reveal()),
		strings.Trim(fmt.Sprint([]byte(raw)), "[]"), "48 49 50"} {
		if strings.Contains(shown, form) {
			t.Errorf("a key was shown as %q", form)
		}
	}
	if !strings.Contains(shown, "[redacted]") {
		t.Error("no key was shown as [redacted]")
	}
	if err := json.Unmarshal([]byte(`"[redacted]"`), &k); err == nil {
		t.Error("a redacted key was read as a key")
	}
	if err := json.Unmarshal([]byte(`"`+seal.NewKey().Reveal()+`"`), &k); err != nil {
		t.Error(err)
	}
}
