package boltstore

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/atlassian-connect-go/sdk/store"
)

// This file is white-box because the form of a record is private.

func testRing(t testing.TB, o Options) *ring {
	t.Helper()
	r, err := newRing(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sampleInstallation() *store.Installation {
	return &store.Installation{
		Key: "app", ClientKey: "tenant", BaseURL: "https://acme.atlassian.net",
		SharedSecret: store.NewSecret("the secret"), PreviousSecret: store.NewSecret("the former secret"),
		Extra: map[string]json.RawMessage{"x": json.RawMessage(`{"a": 1}`)},
		State: store.Enabled, Generation: 7, UpdatedAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
	}
}

// TestRecordFields fails when store.Installation gets a field that the record
// does not keep.
func TestRecordFields(t *testing.T) {
	r := testRing(t, Options{Keys: []Key{NewKey()}})
	typ := reflect.TypeFor[store.Installation]()
	for i := range typ.NumField() {
		inst := &store.Installation{ClientKey: "tenant"}
		f := reflect.ValueOf(inst).Elem().Field(i)
		switch f.Interface().(type) {
		case string, store.State:
			f.SetString("text")
		case store.Secret:
			f.Set(reflect.ValueOf(store.NewSecret("secret")))
		case time.Time:
			f.Set(reflect.ValueOf(time.Unix(1, 1).UTC()))
		case uint64:
			f.SetUint(9)
		case map[string]json.RawMessage:
			f.Set(reflect.ValueOf(map[string]json.RawMessage{"k": json.RawMessage("1")}))
		default:
			t.Fatalf("no sample for %s", typ.Field(i).Name)
		}
		value, want, err := r.encode(inst)
		if err != nil {
			t.Fatal(err)
		}
		got, tag, err := r.decode(inst.ClientKey, value)
		if err != nil || tag != want || !reflect.DeepEqual(got, inst) {
			t.Errorf("%s: got %v, %v, want what was encoded", typ.Field(i).Name, got, err)
		}
	}
}

// TestSealBinding moves a sealed secret to where it does not belong. The
// sealer must refuse it by itself, without the tag around the record.
func TestSealBinding(t *testing.T) {
	const idSize = 8 // of the ID in front
	s := testRing(t, Options{Keys: []Key{NewKey()}}).First()
	home := sampleInstallation()
	sealed := sealSecret(s, home, "sharedSecret", home.SharedSecret)
	if got, err := openSecret(s, home, "sharedSecret", sealed); err != nil || !got.Equal(home.SharedSecret) {
		t.Fatalf("at its place: %v", err)
	}
	again := sealSecret(s, home, "sharedSecret", home.SharedSecret)
	if bytes.Equal(sealed, again) || !bytes.Equal(sealed[:idSize], again[:idSize]) {
		t.Error("sealing twice gives the same nonce, or another key ID")
	}
	for _, c := range []struct {
		name   string
		field  string
		change func(*store.Installation)
	}{
		{"field", "previousSecret", func(*store.Installation) {}},
		{"app key", "sharedSecret", func(i *store.Installation) { i.Key = "app2" }},
		{"client key", "sharedSecret", func(i *store.Installation) { i.ClientKey = "other" }},
		{"generation", "sharedSecret", func(i *store.Installation) { i.Generation++ }},
		{"border of app key and client key", "sharedSecret", func(i *store.Installation) { i.Key, i.ClientKey = "appt", "enant" }},
	} {
		inst := home.Clone()
		c.change(inst)
		if got, err := openSecret(s, inst, c.field, sealed); !errors.Is(err, ErrDamaged) || !got.IsZero() {
			t.Errorf("%s: got %v, want ErrDamaged", c.name, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := openSecret(s, home, "sharedSecret", changed); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d changed: got %v, want ErrDamaged", i, err)
		}
		if _, err := openSecret(s, home, "sharedSecret", sealed[:i]); i > 0 && !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d: got %v, want ErrDamaged", i, err)
		}
	}
}

// TestRecordForms reads records that were changed by hand.
func TestRecordForms(t *testing.T) {
	key := NewKey()
	r := testRing(t, Options{Keys: []Key{key}})
	value, _, err := r.encode(sampleInstallation())
	if err != nil {
		t.Fatal(err)
	}
	unknown, _ := r.Pack(recordKind, "tenant", []byte(`{"generation":1,"fromTheFuture":true}`))
	twice, _ := r.Pack(recordKind, "tenant", []byte(`{"generation":1,"generation":2}`))
	check, _ := r.Pack(checkKey, "", nil)
	line, body, _ := strings.Cut(string(value), "\n")
	for _, c := range []struct {
		name, clientKey, value string
		want                   error
		text                   string
	}{
		{"as it was", "tenant", string(value), nil, ""},
		{"of another tenant", "tenant2", string(value), ErrDamaged, "changed"},
		{"newer schema", "tenant", "2" + string(value[1:]), nil, "newer version"},
		{"schema 0", "tenant", "0" + string(value[1:]), ErrDamaged, "schema"},
		{"schema 01", "tenant", "0" + string(value), ErrDamaged, "schema"},
		{"schema +1", "tenant", "+" + string(value), ErrDamaged, "schema"},
		{"other key", "tenant", strings.Replace(string(value), key.ID(), "0123456789abcdef", 1), ErrKey, "0123456789abcdef"},
		{"plain", "tenant", strings.Replace(string(value), key.ID(), "plain", 1), ErrKey, "InsecureNoEncryption"},
		{"upper case key", "tenant", strings.Replace(string(value), key.ID(), "ABCDEF0123456789", 1), ErrDamaged, "no valid key"},
		{"carriage return in the tag", "tenant", line + "\r\n" + body, ErrDamaged, "tag"},
		{"longer tag", "tenant", line + "A\n" + body, ErrDamaged, "tag"},
		{"other body", "tenant", line + "\n" + body + " ", ErrDamaged, "changed"},
		{"no body", "tenant", line, ErrDamaged, "first line"},
		{"empty", "tenant", "", ErrDamaged, "first line"},
		{"of another kind", "tenant", string(check), ErrDamaged, "changed"},
		{"unknown member", "tenant", string(unknown), ErrDamaged, "parse"},
		{"member twice", "tenant", string(twice), ErrDamaged, "parse"},
	} {
		got, _, err := r.decode(c.clientKey, []byte(c.value))
		if c.text == "" {
			if err != nil || !reflect.DeepEqual(got, sampleInstallation()) {
				t.Errorf("%s: got %v, want the installation", c.name, err)
			}
			continue
		}
		if err == nil || got != nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
}

// TestEveryByteOfARecord changes each bit of a record.
func TestEveryByteOfARecord(t *testing.T) {
	for _, o := range []Options{{Keys: []Key{NewKey()}}, {InsecureNoEncryption: true}} {
		r := testRing(t, o)
		value, _, err := r.encode(sampleInstallation())
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(value) {
			changed := bytes.Clone(value)
			changed[bit/8] ^= 1 << (bit % 8)
			if _, _, err := r.decode("tenant", changed); err == nil {
				t.Errorf("bit %d of %d was changed without notice", bit, 8*len(value))
			}
		}
	}
}

// FuzzRecord checks that what was encoded decodes to the same, that what
// decodes is refused or the same after any change, and that any bytes that
// decode encode again.
func FuzzRecord(f *testing.F) {
	key, err := ParseKey(hex.EncodeToString([]byte("0123456789abcdef0123456789abcdef")))
	if err != nil {
		f.Fatal(err)
	}
	rings := []*ring{testRing(f, Options{Keys: []Key{key}}), testRing(f, Options{InsecureNoEncryption: true})}
	f.Add("tenant", "app", "secret", "https://acme.atlassian.net", "x", `{"a":1}`, int64(1e18), uint64(1), 0, []byte{1})
	f.Add("\xff\x00", "", "", "", "", "", int64(-1), uint64(0), 3, []byte("2"))
	f.Fuzz(func(t *testing.T, clientKey, appKey, secret, text, name, raw string, nanos int64, generation uint64, at int, patch []byte) {
		inst := &store.Installation{
			ClientKey: clientKey, Key: appKey, SharedSecret: store.NewSecret(secret), PreviousSecret: store.NewSecret(raw),
			BaseURL: text, Description: text, State: store.State(name), Generation: generation,
			UpdatedAt: time.Unix(0, nanos).UTC(), Extra: map[string]json.RawMessage{name: json.RawMessage(raw)},
		}
		for _, r := range rings {
			value, tag, err := r.encode(inst)
			if err != nil {
				if utf8.ValidString(appKey+"|"+text+"|"+name+"|"+raw) && len(raw) < 1000 {
					t.Errorf("a plain installation cannot be stored: %v", err)
				}
				continue
			}
			got, gotTag, err := r.decode(clientKey, value)
			if err != nil || gotTag != tag || !sameInstallation(got, inst) {
				t.Fatalf("decode(encode(x)) = %v, %v", got, err)
			}
			changed := bytes.Clone(value)
			copy(changed[(at%len(changed)+len(changed))%len(changed):], patch)
			if got, _, err := r.decode(clientKey, changed); err == nil && !sameInstallation(got, inst) {
				t.Errorf("a changed record gives another installation")
			}
			if got, _, err := r.decode(clientKey, patch); err == nil && !bytes.Equal(patch, value) {
				t.Errorf("bytes that were never encoded give %v", got)
			}
		}
	})
}

func sameInstallation(a, b *store.Installation) bool {
	return reflect.DeepEqual(a.Clone(), b.Clone()) // Clone makes empty JSON nil
}
