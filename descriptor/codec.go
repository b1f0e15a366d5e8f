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

var marshalers = json.JoinMarshalers(json.MarshalToFunc(writeModules), json.MarshalToFunc(writeText))

var unmarshalers = json.JoinUnmarshalers(json.UnmarshalFromFunc(readModules), json.UnmarshalFromFunc(readText))

// writeText and readText tell an empty value from none.
func writeText(enc *jsontext.Encoder, t *Text) error {
	p := plainText{I18n: t.I18n, Extra: t.Extra}
	if t.Value != "" || t.Empty {
		p.Value = &t.Value
	}
	return json.MarshalEncode(enc, &p)
}

func readText(dec *jsontext.Decoder, t *Text) error {
	if dec.PeekKind() == jsontext.KindNull {
		*t = Text{}
		return dec.SkipValue()
	}
	var p plainText
	if err := json.UnmarshalDecode(dec, &p); err != nil {
		return err
	}
	*t = Text{I18n: p.I18n, Extra: p.Extra}
	if p.Value != nil {
		t.Value, t.Empty = *p.Value, *p.Value == ""
	}
	return nil
}

// writeModules writes the kinds in the order of Modules, and then the unknown
// ones by name.
func writeModules(enc *jsontext.Encoder, m *Modules) error {
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	all := reflect.ValueOf(m).Elem()
	for _, k := range kinds {
		if all.Field(k.field).IsNil() {
			continue
		}
		if err := enc.WriteToken(jsontext.String(k.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(enc, m.inForm(k, all.Field(k.field))); err != nil {
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

// inForm gives the modules of a kind the form in which they are written.
func (m *Modules) inForm(k kind, v reflect.Value) any {
	inArray := slices.Contains(m.InArrays, k.name)
	switch {
	case k.single && inArray:
		return [1]any{v.Interface()}
	case k.object && !k.single && !inArray && v.Len() == 1:
		return v.Index(0).Addr().Interface()
	}
	return v.Interface()
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
	if err != nil {
		return err
	}
	if inArray && k.object && many.Len() == 1 {
		m.InArrays = append(m.InArrays, name)
	}
	switch n := many.Len(); {
	case !k.single || n == 0:
	case n == 1:
		field.Set(many.Index(0).Addr())
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
