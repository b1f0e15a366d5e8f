package descriptor_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func TestWithDefaults(t *testing.T) {
	tests := []struct {
		name, document, want string
	}{
		{"nothing said",
			`{}`,
			`{"authentication":{"type":"jwt"},"apiMigrations":{"signed-install":true,"gdpr":true,"context-qsh":true}}`},
		{"opt-ins refused",
			`{"apiMigrations":{"signed-install":false,"gdpr":false,"context-qsh":false}}`,
			`{"authentication":{"type":"jwt"},"apiMigrations":{"signed-install":false,"gdpr":false,"context-qsh":false}}`},
		{"one said, one unknown",
			`{"apiMigrations":{"context-qsh":false,"future":1}}`,
			`{"authentication":{"type":"jwt"},"apiMigrations":{"signed-install":true,"gdpr":true,"context-qsh":false,"future":1}}`},
		{"other authentication",
			`{"authentication":{"type":"NONE","x":1}}`,
			`{"authentication":{"type":"NONE","x":1},"apiMigrations":{"signed-install":true,"gdpr":true,"context-qsh":true}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := parse(t, tt.document)
			if got := oneLine(t, app.WithDefaults()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := oneLine(t, app); got != tt.document {
				t.Errorf("the original became %s", got)
			}
		})
	}
}

func TestWithBaseURL(t *testing.T) {
	app := jiraApp()
	before := oneLine(t, app)
	for raw, want := range map[string]string{
		"https://eu.example.com":      "https://eu.example.com",
		"https://eu.example.com/app/": "https://eu.example.com/app",
		"":                            "",
	} {
		if got := app.WithBaseURL(raw).BaseURL; got != want {
			t.Errorf("WithBaseURL(%q): got %q, want %q", raw, got, want)
		}
	}
	if got := oneLine(t, app); got != before {
		t.Errorf("the original became %s", got)
	}
}

// Nothing that can be changed through a clone is seen in the original.
func TestCloneIsIndependent(t *testing.T) {
	for _, app := range []*descriptor.App{jiraApp(), confluenceApp()} {
		before := oneLine(t, app)
		c := app.Clone()
		if !reflect.DeepEqual(app, c) {
			t.Errorf("clone differs: %+v", c)
		}
		scribble(reflect.ValueOf(c))
		if got := oneLine(t, app); got != before {
			t.Errorf("the original became %s", got)
		}
		if got := oneLine(t, c); got == before {
			t.Error("nothing was changed in the clone")
		}
	}
	if got := (*descriptor.App)(nil).Clone(); got != nil {
		t.Errorf("clone of nil: got %+v", got)
	}
}

// scribble changes every string, number, flag and raw value within v.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			scribble(v.Field(i))
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			copy(v.Bytes(), "0"+strings.Repeat(" ", v.Len()))
			return
		}
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Map:
		for k, e := range v.Seq2() {
			fresh := reflect.New(e.Type()).Elem()
			fresh.Set(e)
			scribble(fresh)
			v.SetMapIndex(k, fresh)
		}
	case reflect.String:
		v.SetString(v.String() + "!")
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	}
}

func TestModulesAlone(t *testing.T) {
	const document = `{"webPanels":[{"key":"a","url":"/a","x":[1]}],"other":{"key":"b"}}`
	var m descriptor.Modules
	m.Dialogs = []descriptor.Dialog{{Key: "old"}}
	if err := json.Unmarshal([]byte(`{"dialogs":[],"dialogs":[]}`), &m); err == nil || m.Dialogs[0].Key != "old" {
		t.Errorf("a repeated name: got %v, and modules %+v", err, m)
	}
	if err := json.Unmarshal([]byte(document), &m); err != nil {
		t.Fatal(err)
	}
	if got := oneLine(t, m); got != document {
		t.Errorf("got  %s\nwant %s", got, document)
	}
	if got := oneLine(t, struct{ Modules *descriptor.Modules }{&m}); got != `{"Modules":`+document+`}` {
		t.Errorf("inside another value: got %s", got)
	}
}

func TestWritingRefuses(t *testing.T) {
	raw := json.RawMessage("1")
	tests := []struct {
		name string
		app  descriptor.App
		want string
	}{
		{"raw text that is no JSON", descriptor.App{Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}, "unexpected EOF"},
		{"known name in Extra", descriptor.App{Key: "a", Extra: map[string]json.RawMessage{"key": raw}}, "duplicate"},
		{"known kind in Extra", descriptor.App{Modules: descriptor.Modules{
			Extra: map[string]json.RawMessage{"dialogs": raw}}}, "modules.dialogs is a known kind and must not be in Extra"},
		{"a kind that is no JSON", descriptor.App{Modules: descriptor.Modules{Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}}, "unexpected EOF"},
		{"text that is no UTF-8", descriptor.App{Name: "\xff"}, "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := tt.app.JSON()
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "descriptor: writing: ") {
				t.Errorf("JSON: got %v, want %q", err, tt.want)
			}
			if data != nil {
				t.Errorf("JSON returned %s beside an error", data)
			}
			if data, err := tt.app.MarshalJSON(); err == nil || data != nil {
				t.Errorf("MarshalJSON: got %s, %v", data, err)
			}
			if h, err := descriptor.NewHandler(&tt.app, descriptor.HandlerConfig{}); err == nil || h != nil {
				t.Errorf("NewHandler: got %v, %v", h, err)
			}
		})
	}
}

// Every struct of the document keeps unknown members, and writes no member
// that is absent.
func TestStructsAreOpen(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(typ.Elem())
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ == reflect.TypeFor[descriptor.Param]() {
			return
		}
		seen[typ] = true
		extra, ok := typ.FieldByName("Extra")
		if typ == reflect.TypeFor[descriptor.ThemeBackground]() {
			ok, extra = true, reflect.StructField{Tag: `json:",embed"`, Type: reflect.TypeFor[map[string]json.RawMessage]()} // part of others
		}
		if !ok || extra.Tag.Get("json") != ",embed" || extra.Type != reflect.TypeFor[map[string]json.RawMessage]() {
			t.Errorf("%s has no open Extra", typ)
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			if tag := f.Tag.Get("json"); f.Name != "Extra" && f.Name != "InArrays" && f.Name != "Empty" && !f.Anonymous && !strings.HasSuffix(tag, ",omitzero") {
				t.Errorf("%s.%s: tag %q", typ, f.Name, tag)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[descriptor.App]())
	if len(seen) < 130 {
		t.Errorf("only %d structs seen", len(seen))
	}
}

func parse(t *testing.T, document string) *descriptor.App {
	t.Helper()
	app, err := descriptor.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return app
}
