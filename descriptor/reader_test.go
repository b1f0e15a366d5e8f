package descriptor_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

var deepest = strings.Repeat("[", descriptor.MaxDepth)

// refusals are documents that cannot be read, each with the place and reason.
var refusals = []struct {
	name, document, want string
}{
	{"empty", "", "line 1, column 1: the document is empty"},
	{"blank", " \n ", "line 2, column 2: the document is empty"},
	{"array", `[]`, "line 1, column 1: the document is not a JSON object"},
	{"null", "null", "line 1, column 1: the document is not a JSON object"},
	{"byte order mark", "\ufeff{}", `line 1, column 1: invalid character '\ufeff' at start of value`},
	{"two documents", "{}\n{}", "line 2, column 1: invalid character '{' after top-level value"},
	{"cut off", `{"key":"a"`, "line 1, column 11: unexpected EOF"},
	{"comma too many", "{\n  \"key\": \"a\",\n}", "line 2, column 13: invalid character ',' at start of value"},
	{"repeated name", "{\n \"key\":\"a\",\n \"key\":\"b\"}", "line 3, column 2: key: duplicate object member name"},
	{"repeated name, escaped", `{"key":"a","\u006bey":"b"}`, "line 1, column 12: key: duplicate object member name"},
	{"repeated name below unknown", `{"x":[{"a":1,"a":2}]}`, "line 1, column 14: x[0].a: duplicate object member name"},
	{"repeated kind", `{"modules":{"dialogs":[],"dialogs":[]}}`, "line 1, column 26: modules.dialogs: duplicate object member name"},
	{"bad UTF-8", "{\"name\":\"\xff\"}", "line 1, column 10: name: invalid UTF-8"},
	{"bad UTF-8 below unknown", "{\"x\":{\"y\":\"a\xc3\"}}", "line 1, column 13: x.y: invalid UTF-8"},
	{"lone surrogate", `{"name":"\ud800"}`, "line 1, column 10: name: invalid surrogate pair `\\ud800\"}` in string"},
	{"too deep", `{"x":` + deepest + `}`, "line 1, column 105: x" + strings.Repeat("[0]", 99) + ": the document is nested deeper than 100 levels"},
	{"too large", `{"x":"` + strings.Repeat("a", descriptor.MaxSize) + `"}`, "line 1, column 1048577: the document is larger than 1048576 bytes"},

	{"number for text", `{"key": 1}`, "line 1, column 9: key: a number where a string is expected"},
	{"text for number", `{"apiVersion":"1"}`, "line 1, column 15: apiVersion: a string where an integer is expected"},
	{"fraction for integer", `{"apiVersion":1.5}`, "line 1, column 15: apiVersion: the number 1.5 where an integer is expected"},
	{"huge integer", `{"apiVersion":9223372036854775808}`, "line 1, column 15: apiVersion: the number 9223372036854775808 is out of range"},
	{"huge number", `{"dataResidency":{"maxMigrationDurationHours":1e999}}`, "line 1, column 47: dataResidency.maxMigrationDurationHours: the number 1e999 is out of range"},
	{"text for number with a fraction", `{"dataResidency":{"maxMigrationDurationHours":"1"}}`, "line 1, column 47: dataResidency.maxMigrationDurationHours: a string where a number is expected"},
	{"text for flag", `{"enableLicensing":"true"}`, "line 1, column 20: enableLicensing: a string where true or false is expected"},
	{"number for optional flag", `{"apiMigrations":{"signed-install":1}}`, `line 1, column 36: apiMigrations["signed-install"]: a number where true or false is expected`},
	{"text for object", "{\"vendor\"\n:\t\"x\"}", "line 2, column 3: vendor: a string where an object is expected"},
	{"array for object", `{"modules":[]}`, "line 1, column 12: modules: an array where an object is expected"},
	{"text for array", `{"scopes":"read"}`, "line 1, column 11: scopes: a string where an array is expected"},
	{"number in scopes", `{"scopes":["read", 1]}`, "line 1, column 20: scopes[1]: a number where a string is expected"},
	{"number in links", `{"links":{"a/b":1}}`, `line 1, column 17: links["a/b"]: a number where a string is expected`},
	{"null in scopes", `{"scopes":["READ", null]}`, "line 1, column 20: scopes[1]: null where a string is expected"},
	{"null in links", `{"links":{"a":null}}`, "line 1, column 15: links.a: null where a string is expected"},
	{"null in conditions", `{"modules":{"webItems":{"conditions":[{"or":[null]}]}}}`, "line 1, column 46: modules.webItems.conditions[0].or[0]: null where an object is expected"},
	{"null in a list in a list", `{"modules":{"jiraJqlFunctions":[{"types":["issue",null]}]}}`, "line 1, column 51: modules.jiraJqlFunctions[0].types[1]: null where a string is expected"},
	{"null in one of a kind", `{"modules":{"jiraDevelopmentTool":[{"capabilities":[null]}]}}`, "line 1, column 53: modules.jiraDevelopmentTool[0].capabilities[0]: null where a string is expected"},
	{"object for conditions", `{"modules":{"webPanels":[{"conditions":{}}]}}`, "line 1, column 40: modules.webPanels[0].conditions: an object where an array is expected"},
	{"text for name", `{"modules":{"webPanels":{"name":"Panel"}}}`, "line 1, column 33: modules.webPanels.name: a string where an object is expected"},
	{"text for kind", `{"modules":{"webPanels":"x"}}`, "line 1, column 25: modules.webPanels: a string where a module is expected"},
	{"null among modules", `{"modules":{"webPanels":[{"key":"p"}, null]}}`, "line 1, column 39: modules.webPanels[1]: null where a module is expected"},
	{"array among modules", `{"modules":{"webPanels":[[]]}}`, "line 1, column 26: modules.webPanels[0]: an array where a module is expected"},
	{"text for the one of its kind", `{"modules":{"configurePage":true}}`, "line 1, column 29: modules.configurePage: true where a module is expected"},
	{"two of a single kind", `{"modules":{"configurePage": [{"key":"a"},{"key":"b"}]}}`, "line 1, column 30: modules.configurePage: 2 objects where an app has one"},
	{"fault inside a single kind", `{"modules":{"postInstallPage":[{"weight":true}]}}`, "line 1, column 42: modules.postInstallPage[0].weight: true where an integer is expected"},
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			app, err := descriptor.Parse([]byte(tt.document))
			if app != nil || err == nil {
				t.Fatalf("got %+v, %v", app, err)
			}
			if got, want := err.Error(), "descriptor: "+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			e, ok := errors.AsType[*descriptor.ReadError](err)
			if !ok || e.Err == nil {
				t.Fatalf("got a %T", err)
			}
			before := tt.document[:e.Offset]
			if line := strings.Count(before, "\n") + 1; line != e.Line {
				t.Errorf("offset %d is in line %d, got %d", e.Offset, line, e.Line)
			}
			if column := len(before) - strings.LastIndex(before, "\n"); column != e.Column {
				t.Errorf("offset %d is in column %d, got %d", e.Offset, column, e.Column)
			}
		})
	}
}

// What comes just within the limits, and what only looks wrong.
func TestParseTakes(t *testing.T) {
	nested := strings.Repeat("[", descriptor.MaxDepth-1) + strings.Repeat("]", descriptor.MaxDepth-1)
	tests := []struct {
		name, document, want string
	}{
		{"empty object", ` {} `, `{}`},
		{"deepest", `{"x":` + nested + `}`, `{"x":` + nested + `}`},
		{"other case is another name", `{"Key":"a","key":"b","KEY":1}`, `{"key":"b","KEY":1,"Key":"a"}`},
		{"nulls are absent", `{"key":null,"vendor":null,"scopes":null,"modules":{"dialogs":null,"configurePage":null}}`, `{}`},
		{"an empty text is not absent", `{"modules":{"webItems":[{"tooltip":{"value":""},"name":{"value":"","i18n":"k"}}]}}`, `{"modules":{"webItems":[{"name":{"value":"","i18n":"k"},"tooltip":{"value":""}}]}}`},
		{"several providers", `{"modules":{"jiraSecurityInfoProvider":[{"key":"a"},{"key":"b"}]}}`, `{"modules":{"jiraSecurityInfoProvider":[{"key":"a"},{"key":"b"}]}}`},
		{"one provider", `{"modules":{"jiraSecurityInfoProvider":{"key":"a"},"jiraOperationsInfoProvider":[{"key":"b"}]}}`, `{"modules":{"jiraOperationsInfoProvider":[{"key":"b"}],"jiraSecurityInfoProvider":{"key":"a"}}}`},
		{"unknown null stays", `{"x":null}`, `{"x":null}`},
		{"unknown nulls stay everywhere", `{"x":[null],"modules":{"odd":[null],"webItems":[{"params":{"p":null},"y":[null,{"z":null}]}]}}`, `{"modules":{"webItems":[{"params":{"p":null},"y":[null,{"z":null}]}],"odd":[null]},"x":[null]}`},
		{"nulls in a module are absent", `{"modules":{"webItems":[{"name":null,"weight":null,"conditions":null,"target":{"options":null}}]}}`, `{"modules":{"webItems":[{"target":{}}]}}`},
		{"empty lists stay", `{"scopes":[],"links":{},"modules":{"dialogs":[]}}`, `{"links":{},"scopes":[],"modules":{"dialogs":[]}}`},
		{"one object for a list", `{"modules":{"webhooks":{"event":"e"}}}`, `{"modules":{"webhooks":[{"event":"e"}]}}`},
		{"list for the one of its kind", `{"modules":{"configurePage":[{"key":"a"}]}}`, `{"modules":{"configurePage":[{"key":"a"}]}}`},
		{"empty list for the one of its kind", `{"modules":{"configurePage":[]}}`, `{}`},
		{"weight 0 is not absent", `{"modules":{"webItems":[{"weight":0}]}}`, `{"modules":{"webItems":[{"weight":0}]}}`},
		{"explicit false stays where it counts", `{"modules":{"dialogs":[{"options":{"chrome":false}}]}}`, `{"modules":{"dialogs":[{"options":{"chrome":false}}]}}`},
		{"numbers keep their digits", `{"x":1.10,"y":123456789012345678901}`, `{"x":1.10,"y":123456789012345678901}`},
		{"unknown member in a module", `{"modules":{"dialogs":[{"key":"a","z":{"b":2,"a":[null]}}]}}`, `{"modules":{"dialogs":[{"key":"a","z":{"b":2,"a":[null]}}]}}`},
		{"unknown word", `{"modules":{"webItems":[{"target":{"type":"hologram"}}]}}`, `{"modules":{"webItems":[{"target":{"type":"hologram"}}]}}`},
		{"parameters of all types", `{"modules":{"webItems":[{"params":{"a":"","b":null,"c":1,"d":{"e":true}}}]}}`, `{"modules":{"webItems":[{"params":{"a":"","b":null,"c":1,"d":{"e":true}}}]}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneLine(t, parse(t, tt.document)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	full := `{"x":"` + strings.Repeat("a", descriptor.MaxSize-8) + `"}`
	broken := errors.New("broken pipe")
	endless := io.MultiReader(strings.NewReader(`{"x":"`), endlessReader{})
	tests := []struct {
		name string
		r    io.Reader
		want error
	}{
		{"whole", strings.NewReader(`{"key":"a"}`), nil},
		{"in single bytes", iotest.OneByteReader(strings.NewReader(`{"key":"a"}`)), nil},
		{"as large as allowed", strings.NewReader(full), nil},
		{"one byte more", strings.NewReader(full + " "), descriptor.ErrTooLarge},
		{"endless", endless, descriptor.ErrTooLarge},
		{"failing", io.MultiReader(strings.NewReader(`{"key":`), iotest.ErrReader(broken)), broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app, err := descriptor.Decode(tt.r)
			if !errors.Is(err, tt.want) || (app == nil) != (err != nil) {
				t.Errorf("got %v, %v, want %v", app != nil, err, tt.want)
			}
		})
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestParseKeepsNoReference(t *testing.T) {
	data := []byte(`{"key":"a","x":[1,2],"modules":{"y":{"z":3},"webItems":[{"params":{"p":[4]}}]}}`)
	app := parse(t, string(data))
	want := oneLine(t, app)
	app, err := descriptor.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got := oneLine(t, app); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
