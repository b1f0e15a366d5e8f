package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

const secretText = "ATCO-s3cret-0123456789-value"

// holders returns values that hold the secret in every place a value can.
func holders() map[string]any {
	type exported struct{ S store.Secret }
	type hidden struct{ s store.Secret }
	type pointers struct {
		S *store.Secret
		s *store.Secret
	}
	type deep struct {
		h hidden
		m map[string]hidden
		l []hidden
		i any
		p *hidden
	}
	s := store.NewSecret(secretText)
	inst := store.Installation{ClientKey: "tenant", SharedSecret: s, PreviousSecret: s}
	return map[string]any{
		"value":            s,
		"pointer":          &s,
		"exported field":   exported{s},
		"hidden field":     hidden{s},
		"hidden behind":    &hidden{s},
		"pointer fields":   pointers{&s, &s},
		"slice":            []store.Secret{s},
		"array":            [2]store.Secret{s, s},
		"map":              map[string]store.Secret{"k": s},
		"map key":          map[store.Secret]int{s: 1},
		"interface":        []any{s, &s, hidden{s}},
		"deep":             deep{hidden{s}, map[string]hidden{"k": {s}}, []hidden{{s}}, hidden{s}, &hidden{s}},
		"installation":     inst,
		"installation ptr": &inst,
		"wrapped error":    fmt.Errorf("cause: %v %+v", s, inst),
	}
}

// wantHidden fails if text shows the secret in any form.
func wantHidden(t *testing.T, text string) {
	t.Helper()
	text = strings.ToLower(text)
	for _, form := range []string{
		secretText, "s3cret", hex.EncodeToString([]byte(secretText)), fmt.Sprintf("% x", secretText[:6]),
		base64.StdEncoding.EncodeToString([]byte(secretText))[:20], strings.Trim(fmt.Sprint([]byte(secretText[:6])), "[]"),
	} {
		if strings.Contains(text, strings.ToLower(form)) {
			t.Errorf("the secret is shown as %q in %q", form, text)
		}
	}
}

func TestSecretFormat(t *testing.T) {
	for name, v := range holders() {
		t.Run(name, func(t *testing.T) {
			for _, flag := range []string{"", "+", "#", "-", " ", "0", "20", ".3", "+#"} {
				for verb := range strings.SplitSeq("v s q x X d b o O c U e E f F g G t p T w z !", " ") {
					wantHidden(t, fmt.Sprintf("%"+flag+verb, v))
				}
			}
			wantHidden(t, fmt.Sprint(v)+fmt.Sprintln(v))
		})
	}
}

func TestSecretLogs(t *testing.T) {
	for name, v := range holders() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
				slog.New(h).With("with", v).WithGroup("group").Info("message", "value", v, slog.Any("any", v), slog.Group("g", "v", v))
			}
			wantHidden(t, out.String())
		})
	}
}

func TestSecretEncodings(t *testing.T) {
	for name, v := range holders() {
		t.Run(name, func(t *testing.T) {
			enc, _ := json.Marshal(v) // some holders cannot be encoded, which hides the secret as well
			wantHidden(t, string(enc))
			enc, _ = xml.Marshal(v)
			wantHidden(t, string(enc))
			var out bytes.Buffer
			_ = gob.NewEncoder(&out).Encode(v)
			wantHidden(t, out.String())
		})
	}
}

func TestSecretShown(t *testing.T) {
	s := store.NewSecret(secretText)
	enc, err := json.Marshal(map[string]any{"s": s, "zero": store.Secret{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"%v", fmt.Sprintf("%v", s), "[redacted]"},
		{"%s", fmt.Sprintf("%s", s), "[redacted]"},
		{"%d", fmt.Sprintf("%d", s), "[redacted]"},
		{"%#v", fmt.Sprintf("%#v", s), `store.Secret("[redacted]")`},
		{"zero %v", fmt.Sprintf("%v", store.Secret{}), ""},
		{"zero %#v", fmt.Sprintf("%#v", store.Secret{}), `store.Secret("")`},
		{"JSON", string(enc), `{"s":"[redacted]","zero":""}`},
		{"log value", s.LogValue().String(), "[redacted]"},
		{"Reveal", s.Reveal(), secretText},
		{"zero Reveal", store.Secret{}.Reveal(), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestSecretValue(t *testing.T) {
	a, b, zero := store.NewSecret("a"), store.NewSecret("b"), store.NewSecret("")
	for _, c := range []struct {
		name      string
		got, want bool
	}{
		{"same text", a.Equal(store.NewSecret("a")), true},
		{"other text", a.Equal(b), false},
		{"longer text", a.Equal(store.NewSecret("aa")), false},
		{"zero", zero.Equal(store.Secret{}), true},
		{"zero and text", zero.Equal(a), false},
		{"IsZero", a.IsZero(), false},
		{"zero IsZero", zero.IsZero(), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, c.got, c.want)
		}
	}
	if got := store.NewSecret(secretText).Len(); got != len(secretText) {
		t.Errorf("Len is %d, want %d", got, len(secretText))
	}
}

func TestSecretIsNotRead(t *testing.T) {
	s := store.NewSecret(secretText)
	if err := json.Unmarshal([]byte(`"[redacted]"`), &s); err == nil || s.Reveal() != secretText {
		t.Errorf("a redacted secret was read: %v", err)
	}
	if err := json.Unmarshal([]byte(`""`), &s); err != nil || !s.IsZero() {
		t.Errorf("an empty secret was not read as zero: %v", err)
	}
}
