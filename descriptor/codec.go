package descriptor

import (
	stdjson "encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// unmarshal is the strict JSON reader with this package's rules for modules.
func unmarshal(data []byte, v any) error {
	return json.Unmarshal(data, v, json.WithUnmarshalers(unmarshalers))
}

// marshal writes v in one line, with the members of maps in order.
func marshal(v any, opts ...json.Options) ([]byte, error) {
	opts = append(opts, json.Deterministic(true), json.WithMarshalers(marshalers))
	return json.Marshal(v, opts...)
}

var marshalers = json.MarshalToFunc(writeModules)

var unmarshalers = json.UnmarshalFromFunc(readModules)

// writeModules writes the kinds in the order of Modules, and then the unknown
// ones by name.
func writeModules(enc *jsontext.Encoder, m *Modules) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	all := reflect.ValueOf(m).Elem()
	for k := range m.used() {
		if err := enc.WriteToken(jsontext.String(k.name)); err != nil {
			return err
		}
		v := all.Field(k.field).Interface()
		if k.single && slices.Contains(m.InArrays, k.name) {
			v = [1]any{v}
		}
		if err := json.MarshalEncode(enc, v); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Extra)) {
		if _, known := kindByName[name]; known {
			return fmt.Errorf("modules.%s is a known kind and must not be in Extra", name)
		}
		if err := enc.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		if err := enc.WriteValue(jsontext.Value(m.Extra[name])); err != nil {
			return err
		}
	}
	return enc.WriteToken(jsontext.EndObject)
}

// readModules takes one object and an array of objects for every kind.
func readModules(dec *jsontext.Decoder, m *Modules) error {
	if kind := dec.PeekKind(); kind != jsontext.KindBeginObject {
		if kind == jsontext.KindNull {
			*m = Modules{}
			return dec.SkipValue()
		}
		return unexpected(dec, "an object is")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*m = Modules{}
	for dec.PeekKind() != jsontext.KindEndObject {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		if err := m.readKind(dec, name.String()); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (m *Modules) readKind(dec *jsontext.Decoder, name string) error {
	k, known := kindByName[name]
	if !known {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if m.Extra == nil {
			m.Extra = map[string]stdjson.RawMessage{}
		}
		m.Extra[name] = stdjson.RawMessage(raw.Clone())
		return nil
	}
	field := reflect.ValueOf(m).Elem().Field(k.field)
	many, offset := field, dec.InputOffset()
	if k.single {
		many = reflect.New(reflect.SliceOf(field.Type().Elem())).Elem()
	}
	inArray, err := readMany(dec, many)
	if err != nil || !k.single {
		return err
	}
	switch many.Len() {
	case 0:
	case 1:
		field.Set(many.Index(0).Addr())
		if inArray {
			m.InArrays = append(m.InArrays, name)
		}
	default:
		err := fmt.Errorf("%d objects where an app has one", many.Len())
		return &json.SemanticError{ByteOffset: offset, JSONPointer: dec.StackPointer(), Err: err}
	}
	return nil
}

// readMany reads modules of one kind into a slice and reports whether they
// stand in an array.
func readMany(dec *jsontext.Decoder, many reflect.Value) (inArray bool, err error) {
	switch dec.PeekKind() {
	case jsontext.KindBeginObject:
		many.Grow(1)
		many.SetLen(1)
		return false, json.UnmarshalDecode(dec, many.Index(0).Addr().Interface())
	case jsontext.KindNull:
		return false, dec.SkipValue()
	case jsontext.KindBeginArray:
	default:
		return false, unexpected(dec, "a module is")
	}
	if _, err := dec.ReadToken(); err != nil {
		return true, err
	}
	many.Set(reflect.MakeSlice(many.Type(), 0, 0))
	for dec.PeekKind() != jsontext.KindEndArray {
		if dec.PeekKind() != jsontext.KindBeginObject {
			return true, unexpected(dec, "a module is")
		}
		n := many.Len()
		many.Grow(1)
		many.SetLen(n + 1)
		if err := json.UnmarshalDecode(dec, many.Index(n).Addr().Interface()); err != nil {
			return true, err
		}
	}
	_, err = dec.ReadToken()
	return true, err
}

// unexpected says what stands in the place of something else.
func unexpected(dec *jsontext.Decoder, wanted string) error {
	kind, offset := dec.PeekKind(), dec.InputOffset()
	// The value is read so that the decoder points at it.
	if _, err := dec.ReadValue(); err != nil {
		return err
	}
	err := fmt.Errorf("%s where %s expected", kindNames[kind], wanted)
	return &json.SemanticError{ByteOffset: offset, JSONPointer: dec.StackPointer(), Err: err}
}

// MarshalJSON gives the document in one line. The bytes are the same for the
// same content. It fails when an Extra holds something that is not JSON, or
// the name of a known member.
func (a App) MarshalJSON() ([]byte, error) { return write((*plainApp)(&a)) }

// MarshalJSON gives the modules in one line, as App.MarshalJSON does.
func (m Modules) MarshalJSON() ([]byte, error) { return write(&m) }

// JSON gives the document as it is served, two spaces to the level and a line
// break at the end, but without the defaults that WithDefaults sets. The bytes
// are the same for the same content. It fails as MarshalJSON does.
func (a *App) JSON() ([]byte, error) {
	data, err := write((*plainApp)(a), jsontext.WithIndent("  "))
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func write(v any, opts ...json.Options) ([]byte, error) {
	data, err := marshal(v, opts...)
	if err != nil {
		return nil, fmt.Errorf("descriptor: writing: %w", err)
	}
	return data, nil
}
