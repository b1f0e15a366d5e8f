// Package strictjson reads JSON objects that decide about trust: what two
// readers could understand differently is refused.
package strictjson

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotStrict says that a text is not one JSON object in valid UTF-8 with
// distinct names and values of the right types. It repeats nothing of the text.
var ErrNotStrict = errors.New("not a JSON object with distinct names and values of the right types")

// Object reads the one JSON object that text is into the struct that into
// points to. Its fields name their members by tags, and unknown points to its
// field for unknown members, tagged "embed". Names match exactly. A repeated name at
// any depth, and an unknown name that differs from a known one by case only,
// are refused.
func Object(text []byte, into any, unknown *jsontext.Value) error {
	if len(text) == 0 || text[0] != '{' {
		return ErrNotStrict
	}
	if err := json.Unmarshal(text, into); err != nil {
		return ErrNotStrict // the error itself may repeat the text
	}
	if len(*unknown) == 0 {
		return nil
	}
	members, err := Members(*unknown)
	if err != nil {
		return err
	}
	known := names(reflect.TypeOf(into).Elem())
	for name := range members {
		for _, k := range known {
			if strings.EqualFold(name, k) {
				return fmt.Errorf("the object has %s in other letters", k)
			}
		}
	}
	return nil
}

// Members returns the members of a JSON object.
func Members(object jsontext.Value) (map[string]jsontext.Value, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, ErrNotStrict
	}
	return members, nil
}

func names(t reflect.Type) []string {
	var known []string
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			known = append(known, name)
		}
	}
	return known
}
