package descriptor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxSize is the largest document that is read, in bytes.
	MaxSize = 1 << 20
	// MaxDepth is how deep objects and arrays of a document may be nested.
	MaxDepth = 100
)

// ErrTooLarge is wrapped by the error for a document of more than MaxSize
// bytes.
var ErrTooLarge = fmt.Errorf("the document is larger than %d bytes", MaxSize)

// ErrTooDeep is wrapped by the error for a document that is nested deeper than
// MaxDepth.
var ErrTooDeep = fmt.Errorf("the document is nested deeper than %d levels", MaxDepth)

// ReadError says where and why a document cannot be read.
type ReadError struct {
	// Offset is the number of bytes before the fault.
	Offset int64
	// Line and Column say the same, both counted from 1, the column in bytes.
	Line, Column int
	// Path is the JSON path of the value at fault, empty for the document.
	Path string
	// Err is the reason.
	Err error
}

// Error gives line, column, path and reason.
func (e *ReadError) Error() string {
	at := fmt.Sprintf("descriptor: line %d, column %d: ", e.Line, e.Column)
	if e.Path != "" {
		at += e.Path + ": "
	}
	return at + e.Err.Error()
}

// Unwrap returns the reason.
func (e *ReadError) Unwrap() error { return e.Err }

// Decode reads one document to the end of r and parses it. An error of r is
// returned wrapped; more than MaxSize bytes are never taken from r, except one
// to see that there are more.
func Decode(r io.Reader) (*App, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("descriptor: reading: %w", err)
	}
	return Parse(data)
}

// Parse reads a document strictly: one JSON object in UTF-8, no repeated
// member names, member names with the exact case, at most MaxSize bytes and
// MaxDepth levels, and values of the right JSON type wherever this package
// knows the member, where null is no value. Every error is a *ReadError. The App keeps no reference to
// data.
//
// What a document says is not judged here; that is for Validate.
func Parse(data []byte) (*App, error) {
	a := new(App)
	if err := a.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	return a, nil
}

// UnmarshalJSON replaces a by what data says, as Parse reads it.
func (a *App) UnmarshalJSON(data []byte) error {
	var p plainApp
	if err := decode(data, &p, reflect.TypeFor[App]()); err != nil {
		return err
	}
	*a = App(p)
	return nil
}

// UnmarshalJSON replaces m by what data says, as Parse reads a whole
// document.
func (m *Modules) UnmarshalJSON(data []byte) error {
	var p Modules
	if err := decode(data, &p, reflect.TypeFor[Modules]()); err != nil {
		return err
	}
	*m = p
	return nil
}

// plainApp is the same struct without methods, so that the JSON package looks
// at its fields.
type plainApp App

// decode reads one JSON object into the struct that v points to, which has the
// fields of typ.
func decode(data []byte, v any, typ reflect.Type) error {
	if len(data) > MaxSize {
		return readError(data, MaxSize, "", ErrTooLarge)
	}
	if err := scan(data); err != nil {
		return err
	}
	if err := unmarshal(data, v); err != nil {
		return located(data, err)
	}
	if err := refuseNulls(data, typ); err != nil {
		return located(data, err)
	}
	return nil
}

// scan checks what holds for the whole text, known members or not: that it is
// one JSON object, in UTF-8, without repeated names and not too deep.
func scan(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data))
	if kind := dec.PeekKind(); kind != '{' && kind != 0 {
		return readError(data, dec.InputOffset(), "", errors.New("the document is not a JSON object"))
	}
	for started := false; ; started = true {
		_, err := dec.ReadToken()
		switch {
		case err == io.EOF && started:
			return nil
		case err == io.EOF:
			return readError(data, int64(len(data)), "", errors.New("the document is empty"))
		case err != nil:
			return located(data, err)
		case dec.StackDepth() > MaxDepth:
			return readError(data, dec.InputOffset()-1, pathOf(string(dec.StackPointer())), ErrTooDeep)
		}
	}
}

// located gives an error of the JSON packages its place in data.
func located(data []byte, err error) error {
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return readError(data, e.ByteOffset, pathOf(string(e.JSONPointer)), e.Err)
	}
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		return readError(data, valueStart(data, e.ByteOffset), pathOf(string(e.JSONPointer)), reason(e))
	}
	return readError(data, 0, "", err)
}

// valueStart is where the value after offset begins: the JSON package counts up
// to the end of what comes before it.
func valueStart(data []byte, offset int64) int64 {
	rest := data[min(offset, int64(len(data))):]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n:,")))
}

func reason(e *json.SemanticError) error {
	if e.GoType == nil || e.JSONKind == 0 {
		return e.Err
	}
	found := kindNames[e.JSONKind]
	switch {
	case errors.Is(e.Err, strconv.ErrRange):
		return fmt.Errorf("the number %s is out of range", e.JSONValue)
	case e.JSONKind == jsontext.KindNumber && e.JSONValue != nil:
		found = fmt.Sprintf("the number %s", e.JSONValue)
	}
	return fmt.Errorf("%s where %s is expected", found, expected(e.GoType))
}

var kindNames = map[jsontext.Kind]string{
	jsontext.KindNull: "null", jsontext.KindFalse: "false", jsontext.KindTrue: "true",
	jsontext.KindString: "a string", jsontext.KindNumber: "a number",
	jsontext.KindBeginObject: "an object", jsontext.KindBeginArray: "an array",
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}

func readError(data []byte, offset int64, path string, err error) *ReadError {
	before := data[:min(max(offset, 0), int64(len(data)))]
	return &ReadError{
		Offset: int64(len(before)),
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Path:   path,
		Err:    err,
	}
}
