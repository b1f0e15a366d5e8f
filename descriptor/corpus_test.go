package descriptor_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// corpus reads the descriptors of imaginary apps in testdata/corpus, by the
// name of their file.
func corpus(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/*.json")
	if err != nil || len(files) < 22 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	documents := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents[strings.TrimSuffix(filepath.Base(file), ".json")] = data
	}
	return documents
}

// products are those that the name of a file in the corpus says, and the one
// that App.Product must find in the document: none when it is for both.
func products(t *testing.T, name string) (found descriptor.Product, all []descriptor.Product) {
	t.Helper()
	switch prefix, _, _ := strings.Cut(name, "-"); prefix {
	case "jira":
		return descriptor.Jira, []descriptor.Product{descriptor.Jira}
	case "confluence":
		return descriptor.Confluence, []descriptor.Product{descriptor.Confluence}
	case "both":
		return "", []descriptor.Product{descriptor.Jira, descriptor.Confluence}
	}
	t.Fatal("the name of the file says no product")
	return "", nil
}

// Descriptors as apps have them are read, found faultless and written without
// loss.
func TestCorpus(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			app := parse(t, string(data))
			found, all := products(t, name)
			if got := app.Product(); got != found {
				t.Errorf("the product is %q, want %q", got, found)
			}
			for _, product := range all {
				if got := app.Validate(product); len(got) > 0 {
					t.Errorf("for %s: %v", product, got)
				}
			}
			checkRoundTrip(t, data, app)
			checkUse(t, app)
		})
	}
}

// Every kind of module and every field stands in the corpus with a value, so
// that nothing of the package is left to the tests of single rules.
func TestCorpusUsesEveryField(t *testing.T) {
	missing := map[string]bool{}
	addFields(reflect.TypeFor[descriptor.App](), missing)
	for _, data := range corpus(t) {
		dropUsed(reflect.ValueOf(parse(t, string(data))), missing)
	}
	if len(missing) > 0 {
		t.Errorf("no document uses\n\t%s", strings.Join(slices.Sorted(maps.Keys(missing)), "\n\t"))
	}
}

// counts reports whether a field belongs to the document: what the package
// keeps beside it does not.
func counts(f reflect.StructField) bool {
	return !f.Anonymous && f.Name != "InArrays" && f.Name != "Empty" && f.Type != reflect.TypeFor[map[string]json.RawMessage]()
}

// addFields adds the fields of typ, if it is or holds a struct, and of those in
// it. The fields of an embedded struct are those of its holder.
func addFields(typ reflect.Type, all map[string]bool) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addFields(typ.Elem(), all)
		return
	case reflect.Struct:
	default:
		return
	}
	for _, f := range reflect.VisibleFields(typ) {
		if name := typ.Name() + "." + f.Name; counts(f) && !all[name] {
			all[name] = true
			addFields(f.Type, all)
		}
	}
}

// dropUsed takes the fields that have a value in v, and in what v holds, out of
// missing.
func dropUsed(v reflect.Value, missing map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			dropUsed(v.Elem(), missing)
		}
	case reflect.Slice:
		for i := range v.Len() {
			dropUsed(v.Index(i), missing)
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			dropUsed(value, missing)
		}
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(v.Type()) {
			if field := v.FieldByIndex(f.Index); counts(f) && !field.IsZero() {
				delete(missing, v.Type().Name()+"."+f.Name)
				dropUsed(field, missing)
			}
		}
	}
}
