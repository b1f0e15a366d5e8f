package strictjson_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/atlassian-connect-go/sdk/internal/strictjson"
)

type record struct {
	Key     string         `json:"key"`
	BaseURL string         `json:"baseUrl"`
	Count   int64          `json:"count"`
	Raw     jsontext.Value `json:"raw"`
	Skipped string         `json:"-"`
	Unknown jsontext.Value `json:",embed"`
}

func TestObject(t *testing.T) {
	for _, c := range []struct{ name, text, key, unknown string }{
		{"empty", `{}`, "", ""},
		{"known members", `{"key":"a","baseUrl":"b","count":3,"raw":{"x":[1,{"y":2}]}}`, "a", ""},
		{"white space within", "{ \"key\" :\n\"a\" }", "a", ""},
		{"white space behind", "{\"key\":\"a\"}\n", "a", ""},
		{"null is as good as absent", `{"key":null}`, "", ""},
		{"unknown members", `{"key":"a","other":{"key":1},"next":null}`, "a", `{"other":{"key":1},"next":null}`},
		{"unknown names that differ by case", `{"other":1,"Other":2}`, "", `{"other":1,"Other":2}`},
		{"known name below in other letters", `{"key":"a","other":{"KEY":1}}`, "a", `{"other":{"KEY":1}}`},
		{"escaped name", `{"\u006bey":"a"}`, "a", ""},
		{"the name of the fallback", `{"embed":1,"Unknown":2}`, "", `{"embed":1,"Unknown":2}`},
		{"the name of a skipped field", `{"Skipped":"x","-":"y"}`, "", `{"Skipped":"x","-":"y"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r record
			if err := strictjson.Object([]byte(c.text), &r, &r.Unknown); err != nil {
				t.Fatal(err)
			}
			if r.Key != c.key || string(r.Unknown) != c.unknown || r.Skipped != "" {
				t.Errorf("got %+v, want key %q and unknown %s", r, c.key, c.unknown)
			}
		})
	}
}

func TestObjectRefuses(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"nothing", ""},
		{"white space", " "},
		{"white space in front", ` {"key":"a"}`},
		{"a byte order mark", "\xEF\xBB\xBF{}"},
		{"a list", `[]`},
		{"a string", `"{}"`},
		{"null", `null`},
		{"half an object", `{"key":"a"`},
		{"two objects", `{}{}`},
		{"a tail", `{} x`},
		{"a trailing comma", `{"key":"a",}`},
		{"a comment", `{"key":"a"/**/}`},
		{"single quotes", `{'key':'a'}`},
		{"a name without quotes", `{key:"a"}`},
		{"a known name twice", `{"key":"a","key":"a"}`},
		{"a known name twice by an escape", `{"key":"a","\u006bey":"a"}`},
		{"an unknown name twice", `{"x":1,"x":1}`},
		{"a name twice below", `{"raw":{"x":1,"x":1}}`},
		{"a name twice below an unknown one", `{"x":[{"y":1,"y":1}]}`},
		{"a known name in other letters", `{"KEY":"a"}`},
		{"a known name in both", `{"key":"a","Key":"b"}`},
		{"a known name in other letters later", `{"x":1,"BaseURL":"b"}`},
		{"a known name with a Kelvin sign", `{"` + "\u212a" + `ey":"a"}`},
		{"a number for a string", `{"key":1}`},
		{"an object for a string", `{"key":{}}`},
		{"a fraction for an integer", `{"count":1.5}`},
		{"a whole fraction for an integer", `{"count":1.0}`},
		{"an exponent for an integer", `{"count":1e3}`},
		{"a string for an integer", `{"count":"1"}`},
		{"an integer out of range", `{"count":9223372036854775808}`},
		{"invalid UTF-8", "{\"key\":\"\xff\"}"},
		{"invalid UTF-8 in an unknown name", "{\"\xff\":1}"},
		{"half a surrogate", `{"key":"\ud800"}`},
		{"a bare control character", "{\"key\":\"\n\"}"},
		{"too deep", `{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r record
			err := strictjson.Object([]byte(c.text), &r, &r.Unknown)
			if err == nil {
				t.Fatalf("got %+v, want an error", r)
			}
			if len(c.text) > 8 && strings.Contains(err.Error(), c.text) {
				t.Errorf("the error repeats the text: %v", err)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	got, err := strictjson.Members(jsontext.Value(`{"a":1,"b":{"c":[]}}`))
	if err != nil || len(got) != 2 || string(got["a"]) != "1" || string(got["b"]) != `{"c":[]}` {
		t.Errorf("got %s, %v", got, err)
	}
	for _, text := range []string{``, `[]`, `{"a":1,"a":1}`, `{"a":1`, `"a"`} {
		if got, err := strictjson.Members(jsontext.Value(text)); err == nil || got != nil {
			t.Errorf("%s: got %s, %v, want an error", text, got, err)
		}
	}
}
