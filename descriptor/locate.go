package descriptor

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Locate sets line and column of each finding to its place in the document
// from which the App was read: that of the member's value, or, when the member
// is missing, that of the nearest thing around it which is there. Variables in
// the document do not disturb it. It fails, with a *ReadError, when the
// document is not JSON.
func (f Findings) Locate(document []byte) error {
	starts, err := valueStarts(document)
	if err != nil {
		return err
	}
	lines := lineStarts(document)
	for _, finding := range f {
		offset := starts[finding.Path]
		for path := finding.Path; path != ""; {
			if at, ok := starts[path]; ok {
				offset = at
				break
			}
			path = parent(path)
		}
		finding.Line, finding.Column = lines.position(offset)
	}
	return nil
}

// parent is the path of what a value is in; empty for the document.
func parent(path string) string {
	if strings.HasSuffix(path, "]") {
		// A quoted name may hold brackets of its own.
		if strings.HasSuffix(path, `"]`) {
			return path[:max(0, strings.LastIndex(path, `["`))]
		}
		return path[:strings.LastIndexByte(path, '[')]
	}
	return path[:max(0, strings.LastIndexByte(path, '.'))]
}

// valueStarts are the offsets of all values of a document by their paths. Of
// modules of which an app has one, both forms have both paths.
func valueStarts(document []byte) (map[string]int, error) {
	starts := map[string]int{}
	dec := jsontext.NewDecoder(bytes.NewBuffer(document), jsontext.AllowDuplicateNames(true))
	if err := walkValues(dec, document, "", starts); err != nil && !errors.Is(err, io.EOF) {
		return nil, located(document, err)
	}
	return starts, nil
}

func walkValues(dec *jsontext.Decoder, document []byte, path string, starts map[string]int) error {
	kind := dec.PeekKind()
	starts[path] = int(valueStart(document, dec.InputOffset()))
	if alias := oneInArray(path); alias != "" {
		starts[alias] = starts[path]
	}
	switch kind {
	case jsontext.KindBeginObject:
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() != jsontext.KindEndObject {
			name, err := dec.ReadToken()
			if err != nil {
				return err
			}
			if err := walkValues(dec, document, join(path, name.String()), starts); err != nil {
				return err
			}
		}
	case jsontext.KindBeginArray:
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for i := 0; dec.PeekKind() != jsontext.KindEndArray; i++ {
			if err := walkValues(dec, document, index(path, i), starts); err != nil {
				return err
			}
		}
	default:
		return dec.SkipValue()
	}
	_, err := dec.ReadToken()
	return err
}

// oneInArray is the other path of a value in a module that stands in the other
// form than findings take it to: an object where they say [0], or [0] where
// they say nothing.
func oneInArray(path string) string {
	rest, ok := strings.CutPrefix(path, "modules.")
	if !ok {
		return ""
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	k, known := kindByName[rest[:end]]
	tail, first := strings.CutPrefix(rest[end:], "[0]")
	switch {
	case !known:
		return ""
	case k.single && first:
		return join("modules", k.name) + tail
	case !k.single && !first && strings.HasPrefix(rest[end:], "."):
		return join("modules", k.name) + "[0]" + rest[end:]
	}
	return ""
}

// lines are the offsets at which lines begin.
type lines []int

func lineStarts(document []byte) lines {
	starts := lines{0}
	for i, c := range document {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// position is the line and the column of an offset, both counted from 1.
func (l lines) position(offset int) (line, column int) {
	low, high := 0, len(l)
	for high-low > 1 {
		if middle := (low + high) / 2; l[middle] <= offset {
			low = middle
		} else {
			high = middle
		}
	}
	return low + 1, offset - l[low] + 1
}

// At says where a finding is: file:line:column, or the file alone when Locate
// has not been called.
func (f *Finding) At(file string) string {
	if f.Line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
}
