package descriptor

import (
	"bytes"
	"iter"
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
	wanted := &pathTree{}
	for _, finding := range f {
		wanted.add(finding.Path)
	}
	l := locator{jsontext.NewDecoder(bytes.NewBuffer(document), jsontext.AllowDuplicateNames(true)), document}
	if err := l.value(wanted, ""); err != nil {
		return located(document, err)
	}
	lines := lineStarts(document)
	for _, finding := range f {
		finding.Line, finding.Column = lines.position(wanted.offset(finding.Path))
	}
	return nil
}

// pathTree are the paths that are looked for, by their parts, and where their
// values were found.
type pathTree struct {
	parts map[string]*pathTree
	found bool
	start int
}

func (t *pathTree) add(path string) {
	for part := range pathParts(path) {
		if t.parts[part] == nil {
			if t.parts == nil {
				t.parts = map[string]*pathTree{}
			}
			t.parts[part] = &pathTree{}
		}
		t = t.parts[part]
	}
}

// offset is where the value of a path begins, or the nearest one around it.
func (t *pathTree) offset(path string) int {
	start := t.start
	for part := range pathParts(path) {
		if t = t.parts[part]; t == nil || !t.found {
			break
		}
		start = t.start
	}
	return start
}

// pathParts splits a path into names and places in arrays; these keep their
// brackets.
func pathParts(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for path != "" {
			part, rest := firstPart(path)
			path = strings.TrimPrefix(rest, ".")
			if !yield(part) {
				return
			}
		}
	}
}

// firstPart cuts the first part off a path.
func firstPart(path string) (part, rest string) {
	if inBrackets, ok := strings.CutPrefix(path, "["); ok {
		if quoted, err := strconv.QuotedPrefix(inBrackets); err == nil {
			// A quoted prefix can be unquoted.
			part, _ = strconv.Unquote(quoted)
			return part, strings.TrimPrefix(inBrackets[len(quoted):], "]")
		}
	}
	if end := strings.IndexAny(path[1:], ".["); end >= 0 {
		return path[:end+1], path[end+1:]
	}
	return path, ""
}

// locator walks a document and takes note of where values begin that somebody
// looks for.
type locator struct {
	*jsontext.Decoder
	document []byte
}

// value walks the next value. Nobody looks for what is in it if t is nil.
func (l locator) value(t *pathTree, within string) error {
	if t == nil {
		return l.SkipValue()
	}
	kind := l.PeekKind()
	if !t.found {
		t.found, t.start = true, int(valueStart(l.document, l.InputOffset()))
	}
	switch {
	case len(t.parts) == 0:
		return l.SkipValue()
	case kind == jsontext.KindBeginObject:
		return l.object(t, within)
	case kind == jsontext.KindBeginArray:
		return l.array(func(i int) *pathTree { return t.parts["["+strconv.Itoa(i)+"]"] })
	}
	return l.SkipValue()
}

func (l locator) object(t *pathTree, within string) error {
	if _, err := l.ReadToken(); err != nil {
		return err
	}
	for l.PeekKind() != jsontext.KindEndObject {
		token, err := l.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		switch next := t.parts[name]; {
		case within == "modules" && next != nil:
			err = l.modules(name, next)
		case within == "":
			err = l.value(next, name)
		default:
			err = l.value(next, "elsewhere")
		}
		if err != nil {
			return err
		}
	}
	_, err := l.ReadToken()
	return err
}

func (l locator) array(item func(i int) *pathTree) error {
	if _, err := l.ReadToken(); err != nil {
		return err
	}
	for i := 0; l.PeekKind() != jsontext.KindEndArray; i++ {
		if err := l.value(item(i), "elsewhere"); err != nil {
			return err
		}
	}
	_, err := l.ReadToken()
	return err
}

// modules walks the modules of a kind. One object where others have a list is
// the first of that list; a list of one where others have an object is that
// object.
func (l locator) modules(name string, t *pathTree) error {
	k, known := kindByName[name]
	switch kind := l.PeekKind(); {
	case known && !k.single && kind == jsontext.KindBeginObject:
		t.found, t.start = true, int(valueStart(l.document, l.InputOffset()))
		return l.value(t.parts["[0]"], "elsewhere")
	case known && k.single && kind == jsontext.KindBeginArray:
		t.found, t.start = true, int(valueStart(l.document, l.InputOffset()))
		return l.array(func(i int) *pathTree {
			if i == 0 {
				return t
			}
			return nil
		})
	}
	return l.value(t, "elsewhere")
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

// Position says where a finding is: file:line:column, or the file alone when
// Locate has not been called.
func (f *Finding) Position(file string) string {
	if f.Line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(f.Line) + ":" + strconv.Itoa(f.Column)
}
