package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// document is a descriptor as plain JSON values; numbers are json.Number.
type document struct {
	name     string
	products []descriptor.Product
	members  map[string]any
	modules  map[string]any
}

// readCorpus reads the descriptors in dir in the order of their names.
func readCorpus(dir string) ([]*document, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no documents in %s: run it from the root of the repository", dir)
	}
	documents := make([]*document, 0, len(files))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		d := &document{name: strings.TrimSuffix(filepath.Base(file), ".json")}
		if d.products, err = productsOf(d.name); err != nil {
			return nil, err
		}
		if err := d.read(data); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		documents = append(documents, d)
	}
	return documents, nil
}

// productsOf are the products that the name of a file says.
func productsOf(name string) ([]descriptor.Product, error) {
	switch prefix, _, _ := strings.Cut(name, "-"); prefix {
	case "jira":
		return []descriptor.Product{descriptor.Jira}, nil
	case "confluence":
		return []descriptor.Product{descriptor.Confluence}, nil
	case "both":
		return []descriptor.Product{descriptor.Jira, descriptor.Confluence}, nil
	}
	return nil, fmt.Errorf("%s: the name begins with no product", name)
}

func (d *document) read(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&d.members); err != nil {
		return err
	}
	modules, ok := d.members["modules"].(map[string]any)
	if !ok {
		return fmt.Errorf("modules is not an object")
	}
	d.modules = modules
	return nil
}

// bytes gives the document as JSON. Its values come from JSON, so that this
// cannot fail.
func (d *document) bytes() []byte {
	data, err := json.Marshal(d.members)
	if err != nil {
		panic(err)
	}
	return data
}

// with returns a copy of d with other modules.
func (d *document) with(modules map[string]any) *document {
	c := *d
	c.members, c.modules = maps.Clone(d.members), modules
	c.members["modules"] = modules
	return &c
}

// step is a way into a value: a name in an object, or a place in an array.
type step struct {
	name string
	at   int
	list bool
}

// path is the way to a value below modules.
type path []step

// String gives the path as findings have it.
func (p path) String() string {
	var b strings.Builder
	b.WriteString("modules")
	for _, s := range p {
		if s.list {
			fmt.Fprintf(&b, "[%d]", s.at)
		} else {
			b.WriteString("." + s.name)
		}
	}
	return b.String()
}

// place is the same path without the numbers of places in arrays: what stands
// at one place means the same in all documents.
func (p path) place() string {
	var b strings.Builder
	for _, s := range p {
		if !s.list {
			b.WriteString("." + s.name)
		} else {
			b.WriteString("[]")
		}
	}
	return b.String()
}

// holder is the name of the member that holds the object with the value.
func (p path) holder() string {
	for _, s := range slices.Backward(p[:len(p)-1]) {
		if !s.list {
			return s.name
		}
	}
	return ""
}

// member reports whether the value is that of a member of an object.
func (p path) member() bool { return !p[len(p)-1].list }

// walk calls f for every value in v, v itself apart, in a fixed order. What is in
// params is the app's own affair and left out.
func walk(v any, at path, f func(path, any)) {
	visit := func(s step, inner any) {
		p := append(slices.Clone(at), s)
		f(p, inner)
		if s.name != "params" {
			walk(inner, p, f)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			visit(step{name: name}, v[name])
		}
	case []any:
		for i, inner := range v {
			visit(step{at: i, list: true}, inner)
		}
	}
}

// removed takes the place of a value that is taken out.
type removed struct{}

// renamed takes the place of a value that gets another name.
type renamed struct {
	name  string
	value any
}

// replace gives a copy of v with another value at a path. What lies beside the
// path is shared.
func replace(v any, at path, to any) any {
	if len(at) == 0 {
		return to
	}
	s := at[0]
	if s.list {
		list := slices.Clone(v.([]any))
		list[s.at] = replace(list[s.at], at[1:], to)
		return list
	}
	object := maps.Clone(v.(map[string]any))
	switch inner := replace(object[s.name], at[1:], to).(type) {
	case removed:
		delete(object, s.name)
	case renamed:
		delete(object, s.name)
		object[inner.name] = inner.value
	default:
		object[s.name] = inner
	}
	return object
}

// kindOf names the JSON type of a value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// shown is a value in the words of a change, shortened.
func shown(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if len(data) > 40 {
		return string(bytes.ToValidUTF8(data[:40], nil)) + "… (" + strconv.Itoa(len(data)) + " bytes)"
	}
	return string(data)
}
