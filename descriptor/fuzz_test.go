package descriptor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// Reading, writing and reading again gives the same document: nothing that the
// package does not know is lost or changed, and of what it knows only the
// documented spellings change.
func FuzzRoundTrip(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		`{"x":[null,{"y":-0,"z":1e400}],"key":null,"Key":"a"}`,
		`{"scopes":["read","Read",null],"vendor":{},"authentication":{"x":{}}}`,
		`{"modules":{"webPanels":{"weight":-0},"configurePage":[{"a":1}],"odd":[{"key":"k"}],"webItems":[]}}`,
		`{"modules":{"generalPages":[{"conditions":[null,{"or":[]},{"params":{"a":null,"b":"\u2028"}}]}]}}`,
		`{"modules":{"dynamicContentMacros":{"parameters":[{"defaultValue":""}],"renderModes":{},"aliases":[null]}}}`,
		`{"modules":{"webItems":[{"name":{"value":""},"tooltip":{"value":"","i18n":"k"}},{"name":{"i18n":"k"},"tooltip":{}}]}}`,
		`{"modules":{"jiraSecurityInfoProvider":[{"key":"a"},{"key":"b"}],"jiraDeploymentGating":{"key":"c"},"jiraOperationsInfoProvider":[{"key":"d"}]}}`,
		`{"dataResidency":{"maxMigrationDurationHours":0.1000000000000000055511151231257827}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		app, err := descriptor.Parse(data)
		if err != nil {
			checkReadError(t, data, err)
			return
		}
		checkRoundTrip(t, data, app)
		checkUse(t, app)
	})
}

func checkReadError(t *testing.T, data []byte, err error) {
	t.Helper()
	e, ok := errors.AsType[*descriptor.ReadError](err)
	if !ok || e.Err == nil || e.Offset < 0 || e.Offset > int64(len(data)) || e.Line < 1 || e.Column < 1 {
		t.Errorf("got %#v", err)
	}
}

func checkRoundTrip(t *testing.T, data []byte, app *descriptor.App) {
	t.Helper()
	written, err := app.JSON()
	if err != nil {
		t.Fatalf("writing: %v", err)
	}
	if len(written) > descriptor.MaxSize {
		return // Indenting made the document longer than what is read.
	}
	again, err := descriptor.Parse(written)
	if err != nil {
		t.Fatalf("reading again: %v in\n%s", err, written)
	}
	if second, err := again.JSON(); err != nil || !bytes.Equal(second, written) {
		t.Errorf("written again: %v, got\n%s\nwant\n%s", err, second, written)
	}
	if err := same(reflect.TypeFor[descriptor.App](), "", tree(t, data), tree(t, written)); err != nil {
		t.Errorf("%v: read\n%s\nwritten\n%s", err, data, written)
	}
}

// checkUse uses everything that takes any document, valid or not.
func checkUse(t *testing.T, app *descriptor.App) {
	t.Helper()
	if c := app.Clone(); !reflect.DeepEqual(app, c) {
		t.Errorf("the clone differs: %+v", c)
	}
	for _, e := range app.Endpoints() {
		if !strings.HasPrefix(e.Route, "/") || strings.ContainsAny(e.Route, "?#") || e.Path == "" || e.Method == "" || e.Kind == "" {
			t.Errorf("endpoint %+v", e)
		}
	}
	for _, f := range app.Validate("") {
		if f.Level == "" || f.Rule == "" || f.Message == "" {
			t.Errorf("Validate: got %#v", f)
		}
	}
	if _, err := descriptor.NewHandler(app, descriptor.HandlerConfig{}); err != nil {
		t.Errorf("NewHandler: %v", err)
	}
}

// absent stands for a member that an object does not have.
type absent struct{}

func tree(t *testing.T, data []byte) any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// same compares the JSON values in and out of one place, which the package
// holds in a typ.
func same(typ reflect.Type, path string, in, out any) error {
	differ := fmt.Errorf("%s: %v became %v", path, in, out)
	if in == nil && typ != reflect.TypeFor[descriptor.Param]() {
		in = absent{}
	}
	switch typ {
	case reflect.TypeFor[descriptor.Param]():
		return exactly(in, out, differ)
	case reflect.TypeFor[descriptor.Scope]():
		if s, ok := in.(string); ok && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" {
			in = strings.ToUpper(s)
		}
	}
	switch typ.Kind() {
	case reflect.Pointer:
		if in == (any)(absent{}) || out == (any)(absent{}) {
			return exactly(in, out, differ)
		}
		return same(typ.Elem(), path, in, out)
	case reflect.Struct:
		return sameStruct(typ, path, in, out)
	case reflect.Map, reflect.Slice:
		return sameMany(typ, path, in, out)
	}
	return exactly(scalar(typ, in), scalar(typ, out), differ)
}

func exactly(in, out any, differ error) error {
	if !reflect.DeepEqual(in, out) {
		return differ
	}
	return nil
}

// scalar is a value as the package sees it: the zero value when it is absent.
func scalar(typ reflect.Type, v any) any {
	switch n, isNumber := v.(json.Number); {
	case v == (any)(absent{}), v == nil:
		return reflect.Zero(reflect.TypeOf(map[reflect.Kind]any{
			reflect.String: "", reflect.Bool: false, reflect.Int: int64(0), reflect.Float64: 0.0,
		}[typ.Kind()])).Interface()
	case isNumber && typ.Kind() == reflect.Int:
		i, _ := strconv.ParseInt(n.String(), 10, 64)
		return i
	case isNumber:
		f, _ := n.Float64()
		return f
	}
	return v
}

// sameStruct compares the members of two objects: those that the struct knows
// by their types, all others exactly. A struct with zero fields alone is the
// same as none.
func sameStruct(typ reflect.Type, path string, in, out any) error {
	inside, outside := members(in), members(out)
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		a, b := member(inside, name), member(outside, name)
		if typ == reflect.TypeFor[descriptor.Modules]() {
			a, b = inForm(f.Type, a), inForm(f.Type, b)
		}
		if typ == reflect.TypeFor[descriptor.Text]() && name == "value" && a != nil {
			// An empty value is kept, and none stays none.
			if err := exactly(a, b, fmt.Errorf("%s: value %v became %v", path, a, b)); err != nil {
				return err
			}
		}
		if err := same(f.Type, path+"/"+name, a, b); err != nil {
			return err
		}
		delete(inside, name)
		delete(outside, name)
	}
	return exactly(inside, outside, fmt.Errorf("%s: unknown members %v became %v", path, inside, outside))
}

// inForm gives the modules of a kind the form in which they are written.
func inForm(typ reflect.Type, v any) any {
	list, isList := v.([]any)
	_, isObject := v.(map[string]any)
	switch {
	case typ.Kind() == reflect.Slice && isObject:
		return []any{v}
	case typ.Kind() == reflect.Pointer && isList && len(list) == 0:
		return absent{}
	case typ.Kind() == reflect.Pointer && isList:
		return list[0]
	}
	return v
}

func members(v any) map[string]any {
	all := map[string]any{}
	object, _ := v.(map[string]any)
	for name, value := range object {
		all[name] = value
	}
	return all
}

func member(object map[string]any, name string) any {
	if v, ok := object[name]; ok {
		return v
	}
	return absent{}
}

func sameMany(typ reflect.Type, path string, in, out any) error {
	differ := fmt.Errorf("%s: %v became %v", path, in, out)
	switch a := in.(type) {
	case []any:
		b, ok := out.([]any)
		if !ok || len(a) != len(b) {
			return differ
		}
		for i := range a {
			if err := same(typ.Elem(), path+"/"+strconv.Itoa(i), a[i], b[i]); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		b, ok := out.(map[string]any)
		if !ok || len(a) != len(b) {
			return differ
		}
		for name := range a {
			if err := same(typ.Elem(), path+"/"+name, a[name], member(b, name)); err != nil {
				return err
			}
		}
		return nil
	}
	return exactly(in, out, differ)
}
