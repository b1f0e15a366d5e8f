package descriptor

import (
	"fmt"

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

var marshalers = json.MarshalToFunc(func(enc *jsontext.Encoder, m *Modules) error {
	return json.MarshalEncode(enc, (*plainModules)(m))
})

var unmarshalers = json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, m *Modules) error {
		return json.UnmarshalDecode(dec, (*plainModules)(m))
	}),
	lists[Page](),
	lists[WebPanel](),
	lists[WebItem](),
	lists[Dialog](),
	lists[Webhook](),
	lists[IssueGlance](),
	lists[IssueContext](),
	lists[IssueContent](),
	lists[DynamicContentMacro](),
)

// lists reads modules of the type T where one object and an array of objects
// are both taken: into a slice, and into a pointer for the kinds of which an
// app has one.
func lists[T any]() *json.Unmarshalers {
	return json.JoinUnmarshalers(
		json.UnmarshalFromFunc(readMany[T]),
		json.UnmarshalFromFunc(readOne[T]),
	)
}

func readMany[T any](dec *jsontext.Decoder, many *[]T) error {
	switch dec.PeekKind() {
	case jsontext.KindBeginObject:
		*many = make([]T, 1)
		return json.UnmarshalDecode(dec, &(*many)[0])
	case jsontext.KindBeginArray:
		return readArray(dec, many)
	case jsontext.KindNull:
		*many = nil
		return dec.SkipValue()
	}
	return notModule(dec)
}

func readArray[T any](dec *jsontext.Decoder, many *[]T) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*many = []T{}
	for dec.PeekKind() != jsontext.KindEndArray {
		if dec.PeekKind() != jsontext.KindBeginObject {
			return notModule(dec)
		}
		var one T
		if err := json.UnmarshalDecode(dec, &one); err != nil {
			return err
		}
		*many = append(*many, one)
	}
	_, err := dec.ReadToken()
	return err
}

func readOne[T any](dec *jsontext.Decoder, one **T) error {
	offset, pointer := dec.InputOffset(), dec.StackPointer()
	var many []T
	if err := readMany(dec, &many); err != nil {
		return err
	}
	switch len(many) {
	case 0:
		*one = nil
	case 1:
		*one = &many[0]
	default:
		err := fmt.Errorf("%d objects where an app has one", len(many))
		return &json.SemanticError{ByteOffset: offset, JSONPointer: pointer, Err: err}
	}
	return nil
}

// notModule says what stands where a module should.
func notModule(dec *jsontext.Decoder) error {
	kind, offset := dec.PeekKind(), dec.InputOffset()
	// The value is read so that the decoder points at it.
	if _, err := dec.ReadValue(); err != nil {
		return err
	}
	err := fmt.Errorf("%s where a module is expected", kindNames[kind])
	return &json.SemanticError{ByteOffset: offset, JSONPointer: dec.StackPointer(), Err: err}
}

// MarshalJSON gives the document in one line. The bytes are the same for the
// same content. It fails when an Extra holds something that is not JSON, or
// the name of a known member.
func (a App) MarshalJSON() ([]byte, error) { return write((*plainApp)(&a)) }

// MarshalJSON gives the modules in one line, as App.MarshalJSON does.
func (m Modules) MarshalJSON() ([]byte, error) { return write((*plainModules)(&m)) }

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
