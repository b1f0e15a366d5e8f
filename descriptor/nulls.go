package descriptor

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// refuseNulls refuses null as an item of a list and as a value of a map that
// this package knows, where it would be read as something empty. For a member
// null is the same as being absent.
func refuseNulls(data []byte, typ reflect.Type) error {
	if !bytes.Contains(data, []byte("null")) {
		return nil
	}
	return nullFinder{jsontext.NewDecoder(bytes.NewBuffer(data))}.value(typ)
}

type nullFinder struct{ *jsontext.Decoder }

// value looks into the next value, which is read into a typ; nil is nothing
// that is known.
func (f nullFinder) value(typ reflect.Type) error {
	for typ != nil && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ == nil || typ == reflect.TypeFor[Param]() {
		return f.SkipValue()
	}
	switch kind := f.PeekKind(); {
	case kind == jsontext.KindBeginArray && typ.Kind() == reflect.Slice:
		return f.items(typ.Elem())
	case kind == jsontext.KindBeginObject && typ == reflect.TypeFor[Modules]():
		return f.members(moduleType)
	case kind == jsontext.KindBeginObject && typ.Kind() == reflect.Map:
		return f.values(typ.Elem())
	case kind == jsontext.KindBeginObject && typ.Kind() == reflect.Struct:
		s := shapes()[typ]
		return f.members(func(name string, _ jsontext.Kind) reflect.Type { return s.typeOf(typ, name) })
	}
	return f.SkipValue()
}

// moduleType is the type of the modules of a kind, in either form.
func moduleType(name string, form jsontext.Kind) reflect.Type {
	k, known := kindByName[name]
	if !known {
		return nil
	}
	typ := reflect.TypeFor[Modules]().Field(k.field).Type
	switch inArray := form == jsontext.KindBeginArray; {
	case k.single && inArray:
		return reflect.SliceOf(typ.Elem())
	case !k.single && !inArray:
		return typ.Elem()
	}
	return typ
}

// typeOf is the type of a member; nil if there is none of that name.
func (s *shape) typeOf(typ reflect.Type, name string) reflect.Type {
	if typ == reflect.TypeFor[App]() && name == "modules" {
		return reflect.TypeFor[Modules]()
	}
	for _, m := range s.members {
		if m.name == name {
			return typ.FieldByIndex(m.index).Type
		}
	}
	return nil
}

func (f nullFinder) members(typeOf func(name string, form jsontext.Kind) reflect.Type) error {
	if _, err := f.ReadToken(); err != nil {
		return err
	}
	for f.PeekKind() != jsontext.KindEndObject {
		name, err := f.ReadToken()
		if err != nil {
			return err
		}
		member := name.String()
		if err := f.value(typeOf(member, f.PeekKind())); err != nil {
			return err
		}
	}
	_, err := f.ReadToken()
	return err
}

func (f nullFinder) values(typ reflect.Type) error {
	if _, err := f.ReadToken(); err != nil {
		return err
	}
	for f.PeekKind() != jsontext.KindEndObject {
		if _, err := f.ReadToken(); err != nil {
			return err
		}
		if err := f.given(typ); err != nil {
			return err
		}
	}
	_, err := f.ReadToken()
	return err
}

func (f nullFinder) items(typ reflect.Type) error {
	if _, err := f.ReadToken(); err != nil {
		return err
	}
	for f.PeekKind() != jsontext.KindEndArray {
		if err := f.given(typ); err != nil {
			return err
		}
	}
	_, err := f.ReadToken()
	return err
}

// given looks into the next value, which must not be null unless null is kept
// as it is.
func (f nullFinder) given(typ reflect.Type) error {
	raw := typ == reflect.TypeFor[Param]() || typ.Kind() == reflect.Slice
	if f.PeekKind() != jsontext.KindNull || raw {
		return f.value(typ)
	}
	offset := f.InputOffset()
	if err := f.SkipValue(); err != nil {
		return err
	}
	err := fmt.Errorf("null where %s is expected", expected(typ))
	return &json.SemanticError{ByteOffset: offset, JSONPointer: f.StackPointer(), Err: err}
}
