package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
)

// sample returns an installation whose every field differs from the zero value
// and from the same field at another n.
func sample(clientKey string, n int) *store.Installation {
	inst := &store.Installation{}
	v := reflect.ValueOf(inst).Elem()
	zone := time.FixedZone("test", 3600)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(fmt.Sprintf("%s %d \u00e9\u2028<&>\x00\\\"\u2603", name, n))
		case store.State:
			f.SetString(fmt.Sprintf("state %d", n))
		case store.Secret:
			f.Set(reflect.ValueOf(store.NewSecret(fmt.Sprintf("%s %d \xff\x00%s", name, n, strings.Repeat("s", 400)))))
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, i, 123456789+n, zone)))
		case uint64:
			f.SetUint(uint64(1000 + n))
		case map[string]json.RawMessage:
			f.Set(reflect.ValueOf(map[string]json.RawMessage{
				"links": json.RawMessage(fmt.Sprintf(`{ "self":  "<%d>&" , "big": 12345678901234567890.0}`, n)),
				"x":     json.RawMessage("null"),
			}))
		default:
			panic(fmt.Sprintf("storetest: no sample for Installation.%s", name))
		}
	}
	inst.ClientKey = clientKey
	inst.BaseURL = fmt.Sprintf("https://site-%d.example", n)
	return inst
}

// differences names the fields in which got and want differ. Times are the
// same if they are the same instant, and an empty Extra is the same as none.
func differences(got, want *store.Installation) string {
	if got == nil || want == nil {
		if got == want {
			return ""
		}
		return fmt.Sprintf("got %v, want %v", describe(got), describe(want))
	}
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	var diffs []string
	for i := range g.NumField() {
		if a, b := plain(g.Field(i).Interface()), plain(w.Field(i).Interface()); !reflect.DeepEqual(a, b) {
			diffs = append(diffs, fmt.Sprintf("%s: got %q, want %q", g.Type().Field(i).Name, fmt.Sprint(a), fmt.Sprint(b)))
		}
	}
	return strings.Join(diffs, "; ")
}

// plain returns a form of a field that DeepEqual compares as it should.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Round(0)
	case map[string]json.RawMessage:
		out := make(map[string]string)
		for k, raw := range v {
			out[k] = string(raw)
		}
		return out
	}
	return v
}

func describe(i *store.Installation) string {
	if i == nil {
		return "none"
	}
	return fmt.Sprintf("%q of generation %d", i.ClientKey, i.Generation)
}

// with returns a copy of inst with the generation a store gives it.
func with(inst *store.Installation, generation uint64) *store.Installation {
	c := inst.Clone()
	c.Generation = generation
	return c
}

// put stores inst and returns what Update returned.
func put(r reporter, s store.Store, inst *store.Installation) *store.Installation {
	r.Helper()
	got, err := s.Update(context.Background(), inst.ClientKey, func(*store.Installation) (*store.Installation, error) {
		return inst, nil
	})
	if err != nil || got == nil {
		r.Fatalf("Update(%q) = %v, %v, want the installation", short(inst.ClientKey), describe(got), err)
	}
	return got
}

// remove deletes an installation.
func remove(r reporter, s store.Store, clientKey string) {
	r.Helper()
	got, err := s.Update(context.Background(), clientKey, func(*store.Installation) (*store.Installation, error) {
		return nil, nil
	})
	if got != nil || err != nil {
		r.Fatalf("Update(%q) that deletes = %v, %v, want nil, nil", short(clientKey), describe(got), err)
	}
}

// want checks that the store holds inst.
func want(r reporter, s store.Store, inst *store.Installation) {
	r.Helper()
	got, err := s.Installation(context.Background(), inst.ClientKey)
	if err != nil {
		r.Fatalf("Installation(%q): %v", short(inst.ClientKey), err)
	}
	if d := differences(got, inst); d != "" {
		r.Errorf("Installation(%q): %s", short(inst.ClientKey), d)
	}
}

// wantNone checks that the store holds nothing with that client key.
func wantNone(r reporter, s store.Store, clientKey string) {
	r.Helper()
	got, err := s.Installation(context.Background(), clientKey)
	if got != nil || !errors.Is(err, store.ErrNotFound) {
		r.Errorf("Installation(%q) = %v, %v, want nil, ErrNotFound", short(clientKey), describe(got), err)
	}
}

// wantSite checks which client keys are at a base URL, in order.
func wantSite(r reporter, s store.Store, baseURL string, keys ...string) {
	r.Helper()
	got, err := s.ClientKeysAt(context.Background(), baseURL)
	if err != nil || !slices.Equal(got, keys) {
		r.Errorf("ClientKeysAt(%q) = %q, %v, want %q", baseURL, got, err, keys)
	}
}

// all collects what All yields.
func all(r reporter, s store.Store) []*store.Installation {
	r.Helper()
	var out []*store.Installation
	for inst, err := range s.All(context.Background()) {
		if err != nil {
			r.Fatalf("All: %v", err)
		}
		out = append(out, inst)
	}
	return out
}

// keysOf returns the client keys.
func keysOf(insts []*store.Installation) []string {
	var keys []string
	for _, i := range insts {
		keys = append(keys, i.ClientKey)
	}
	return keys
}

// numbers returns "000", "001" and so on.
func numbers(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("%03d", i)
	}
	return keys
}

// short keeps long client keys out of messages.
func short(key string) string {
	if len(key) > 60 {
		return fmt.Sprintf("%s… (%d bytes)", key[:60], len(key))
	}
	return key
}
