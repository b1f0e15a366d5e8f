package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// sampleToken returns a token whose every field differs from the zero value
// and from the same field at another n.
func sampleToken(n int) *tokenstore.Token {
	t := &tokenstore.Token{}
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		setToken(v.Field(i), v.Type().Field(i).Name, n)
	}
	return t
}

// setToken gives a field of a token its value for n.
func setToken(f reflect.Value, name string, n int) {
	zone := time.FixedZone("test", 3600)
	switch f.Interface().(type) {
	case string:
		f.SetString(fmt.Sprintf("%s %d \u00e9\u2028<&>\x00\\\"\u2603", name, n))
	case store.Secret:
		f.Set(reflect.ValueOf(store.NewSecret(fmt.Sprintf("%s %d \xff\x00%s", name, n, strings.Repeat("s", 400)))))
	case time.Time:
		f.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, len(name), 123456789+n, zone)))
	case []string:
		f.Set(reflect.ValueOf([]string{fmt.Sprintf("read:%d\u2603", n), "offline_access", ""}))
	default:
		panic(fmt.Sprintf("storetest: no sample for Token.%s", name))
	}
}

// tokenDifferences names the fields in which got and want differ, without
// showing secrets. Tokens that are the same must also be in the form that Load
// gives them.
func tokenDifferences(got, want *tokenstore.Token) string {
	if got == nil || want == nil {
		if got == want {
			return ""
		}
		return fmt.Sprintf("got a token: %t, want one: %t", got != nil, want != nil)
	}
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	var diffs []string
	for i := range g.NumField() {
		if !sameField(g.Field(i).Interface(), w.Field(i).Interface()) {
			diffs = append(diffs, g.Type().Field(i).Name+" is another")
		}
	}
	for name, at := range map[string]time.Time{"Expiry": got.Expiry, "Obtained": got.Obtained} {
		if at != at.UTC().Round(0) {
			diffs = append(diffs, name+" is not in UTC, or has a monotonic reading")
		}
	}
	return strings.Join(diffs, "; ")
}

func sameField(a, b any) bool {
	if x, ok := a.([]string); ok && len(x) == 0 {
		return len(b.([]string)) == 0
	}
	if x, ok := a.(time.Time); ok {
		return x.Equal(b.(time.Time))
	}
	return reflect.DeepEqual(a, b)
}

// tokenAt says how what the store holds differs from want, nil for nothing.
func tokenAt(s tokenstore.Store, key string, want *tokenstore.Token) string {
	got, err := s.Load(context.Background(), key)
	if want == nil {
		if got != nil || !errors.Is(err, tokenstore.ErrNotFound) {
			return fmt.Sprintf("got a token: %t, error %v, want none and ErrNotFound", got != nil, err)
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	return tokenDifferences(got, want)
}

// spoilToken changes everything in t that can be changed in place.
func spoilToken(t *tokenstore.Token) {
	for i := range t.Scopes {
		t.Scopes[i] = "spoilt"
	}
	t.Access, t.Type, t.Expiry = store.NewSecret("spoilt"), "spoilt", time.Unix(1, 0)
}
