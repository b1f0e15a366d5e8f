package tokenstore_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func sample(n int) *tokenstore.Token {
	return &tokenstore.Token{
		Access: store.NewSecret(fmt.Sprint("s3cret access ", n)), Refresh: store.NewSecret(fmt.Sprint("s3cret refresh ", n)),
		Secret: store.NewSecret(fmt.Sprint("s3cret secret ", n)), Type: "bearer", Scopes: []string{"read:me", "offline_access"},
		Expiry: time.Date(2026, 11, 2, 3, 4, 5, n, time.UTC), Obtained: time.Date(2026, 11, 2, 2, 4, 5, n, time.UTC),
	}
}

// TestTokenShowsNothing formats, logs and encodes tokens in every way.
func TestTokenShowsNothing(t *testing.T) {
	tok := sample(1)
	type nested struct {
		Exported tokenstore.Token
		hidden   *tokenstore.Token
	}
	f := open(t, temp(t), tokenstore.Options{Keys: []tokenstore.Key{tokenstore.NewKey()}})
	values := []any{tok, *tok, []*tokenstore.Token{tok}, map[string]tokenstore.Token{"k": *tok}, nested{*tok, tok}, &nested{*tok, tok},
		fmt.Errorf("cause: %v %+v", tok, *tok), f}
	var out bytes.Buffer
	text, jsonLog := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range values {
		for _, flag := range []string{"", "+", "#", " ", "20", ".3", "+#"} {
			for verb := range strings.SplitSeq("v s q x X d b o c U e f g t p T", " ") {
				fmt.Fprintf(&out, "%"+flag+verb+"\n", v)
			}
		}
		text.Info("token", "t", v)
		jsonLog.Info("token", "t", v)
		enc, _ := json.Marshal(v) // what cannot be encoded shows nothing either
		out.Write(enc)
		enc, _ = xml.Marshal(v)
		out.Write(enc)
	}
	shown := strings.ToLower(out.String())
	for _, form := range []string{"s3cret", hex.EncodeToString([]byte("s3cret")), fmt.Sprintf("% x", "s3cret"),
		strings.Trim(fmt.Sprint([]byte("s3cret")), "[]")} {
		if strings.Contains(shown, form) {
			t.Errorf("a token was shown as %q", form)
		}
	}
	if !strings.Contains(shown, "[redacted]") || !strings.Contains(shown, "offline_access") {
		t.Error("no token was shown with its secrets redacted")
	}
	if err := json.Unmarshal([]byte(`{"Access":"[redacted]"}`), &tokenstore.Token{}); err == nil {
		t.Error("a redacted token was read as a token")
	}
}

func TestTokenEqual(t *testing.T) {
	var none *tokenstore.Token
	if !none.Equal(nil) || none.Equal(sample(1)) || sample(1).Equal(nil) || none.Clone() != nil {
		t.Error("nil is not equal to nil alone")
	}
	if !sample(1).Equal(sample(1)) || !(&tokenstore.Token{Scopes: []string{}}).Equal(&tokenstore.Token{}) {
		t.Error("equal tokens are not equal")
	}
	typ := reflect.TypeFor[tokenstore.Token]()
	for i := range typ.NumField() {
		other := sample(1)
		reflect.ValueOf(other).Elem().Field(i).SetZero()
		if other.Equal(sample(1)) || sample(1).Equal(other) {
			t.Errorf("a token without %s is equal to one with it", typ.Field(i).Name)
		}
	}
	c := sample(1).Clone()
	elsewhere := sample(1)
	elsewhere.Expiry = elsewhere.Expiry.In(time.FixedZone("", 3600))
	if !c.Equal(elsewhere) {
		t.Error("the same instant in another zone is not equal")
	}
	original := sample(1)
	if c = original.Clone(); c == original {
		t.Error("Clone returns the same token")
	}
	if c.Scopes[0] = "changed"; original.Scopes[0] == "changed" {
		t.Error("a clone shares its scopes")
	}
}

// TestRevealFields fails when Token gets a field that Reveal does not write.
func TestRevealFields(t *testing.T) {
	full := reflect.ValueOf(sample(1)).Elem()
	for i := range full.NumField() {
		tok := &tokenstore.Token{Access: store.NewSecret("a")}
		reflect.ValueOf(tok).Elem().Field(i).Set(full.Field(i))
		text, err := tok.Reveal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := tokenstore.Parse(text)
		if err != nil || !reflect.DeepEqual(got, tok) {
			t.Errorf("%s: got %v, %v, want what was revealed", full.Type().Field(i).Name, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not that of a token"},
		{"no JSON", "s3cret", "not that of a token"},
		{"unknown member", `{"access":"czNjcmV0","s3cret":1}`, "not that of a token"},
		{"member twice", `{"access":"czNjcmV0","access":"czNjcmV0"}`, "not that of a token"},
		{"no base64", `{"access":"s3cret!"}`, "not that of a token"},
		{"without a secret", `{"type":"s3cret"}`, "neither Access nor Refresh"},
	} {
		got, err := tokenstore.Parse([]byte(c.text))
		if got != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error repeats the text: %v", c.name, err)
		}
	}
}

// FuzzToken checks that what can be stored comes back the same, and that what
// parses can be stored.
func FuzzToken(f *testing.F) {
	f.Add("a", "r", "s", "bearer", "read:me", int64(1e18), int64(0), []byte(`{"access":"YQ=="}`))
	f.Add("\xff\x00", "", "", "\xff", "", int64(-1), int64(1), []byte(`{"access":""}`))
	f.Fuzz(func(t *testing.T, access, refresh, secret, typ, scope string, expiry, obtained int64, text []byte) {
		tok := &tokenstore.Token{
			Access: store.NewSecret(access), Refresh: store.NewSecret(refresh), Secret: store.NewSecret(secret),
			Type: typ, Scopes: []string{scope, ""}, Expiry: time.Unix(0, expiry), Obtained: time.Unix(0, obtained),
		}
		revealed, err := tok.Reveal()
		good := access+refresh != "" && utf8.ValidString(typ) && utf8.ValidString(scope)
		if (err == nil) != good && len(revealed) < tokenstore.MaxToken {
			t.Fatalf("Reveal: %v, want a text: %t", err, good)
		}
		if err == nil {
			if got, err := tokenstore.Parse(revealed); err != nil || !got.Equal(tok) {
				t.Fatalf("Parse of a revealed token: %v", err)
			}
		}
		parsed, err := tokenstore.Parse(text)
		if err != nil {
			return
		}
		again, err := parsed.Reveal()
		if err != nil {
			t.Fatalf("a parsed token cannot be revealed: %v", err)
		}
		if got, err := tokenstore.Parse(again); err != nil || !got.Equal(parsed) {
			t.Errorf("a parsed token changes: %v", err)
		}
	})
}
