package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// spot is a value in a document.
type spot struct {
	document *document
	path     path
	value    any
}

// mutation is a kind of change. It gives the new value of a spot, and words for
// what is new when the kind alone does not say it.
type mutation struct {
	words string
	// fits reports whether the change can be made at a spot.
	fits   func(spot) bool
	change func(m *mutator, s spot) (to any, words string)
}

// change says what was done to a document.
type change struct{ words, path string }

// mutator makes changes.
type mutator struct {
	random *rand.Rand
	// places are the spots of all documents by place, each list with its
	// place, in order.
	places [][]spot
	// byPlace finds them.
	byPlace map[string][]spot
	// fitting are the places at which a mutation can be made.
	fitting map[int][][]spot
}

func newMutator(documents []*document, random *rand.Rand) *mutator {
	m := &mutator{random: random, byPlace: map[string][]spot{}, fitting: map[int][][]spot{}}
	for _, d := range documents {
		walk(d.modules, nil, func(p path, v any) {
			m.byPlace[p.place()] = append(m.byPlace[p.place()], spot{d, p, v})
		})
	}
	for _, place := range slices.Sorted(maps.Keys(m.byPlace)) {
		m.places = append(m.places, m.byPlace[place])
	}
	for i, kind := range mutations {
		for _, spots := range m.places {
			if fit := slices.DeleteFunc(slices.Clone(spots), func(s spot) bool { return !kind.fits(s) }); len(fit) > 0 {
				m.fitting[i] = append(m.fitting[i], fit)
			}
		}
	}
	return m
}

// mutate makes change number i: the kinds take turns, and the places are drawn
// before the spots, so that rare members are changed as often as common ones.
// A change that leaves the document as it was is drawn again.
func (m *mutator) mutate(i int) (*document, descriptor.Product, change) {
	number := i % len(mutations)
	kind := mutations[number]
	for {
		s := pick(m, pick(m, m.fitting[number]))
		product := pick(m, s.document.products)
		to, words := kind.change(m, s)
		d := s.document.clone()
		replace(d.modules, s.path, to)
		if reflect.DeepEqual(d.modules, s.document.modules) {
			continue
		}
		if words != "" {
			words = ": " + words
		}
		return d, product, change{kind.words + words, s.path.String()}
	}
}

func pick[T any](m *mutator, from []T) T { return from[m.random.IntN(len(from))] }

func isMember(s spot) bool { return s.path.member() }
func isAny(spot) bool      { return true }

func is(kinds ...string) func(spot) bool {
	return func(s spot) bool { return slices.Contains(kinds, kindOf(s.value)) }
}

var wordPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]*$`)

func isWord(s spot) bool {
	text, ok := s.value.(string)
	return ok && wordPattern.MatchString(text)
}

var mutations = []mutation{
	{"a member is taken out", isMember, func(*mutator, spot) (any, string) { return removed{}, "" }},
	{"a member is renamed", isMember, rename},
	{"an unknown member is added", is("object"), addMember},
	{"a value of another type", isAny, otherType},
	{"null", isAny, func(*mutator, spot) (any, string) { return nil, "" }},
	{"an empty text", is("string"), func(*mutator, spot) (any, string) { return "", "" }},
	{"an empty array or object", is("array", "object"), empty},
	{"a text as long as a limit", is("string"), longText},
	{"a text longer than a limit", is("string"), longerText},
	{"another spelling of a word", isWord, spelling},
	{"a word of another document", isWord, otherWord},
	{"a text of another form", is("string"), otherForm},
	{"an array with other items", is("array"), otherItems},
	{"an array around a value", is("object", "array"), func(_ *mutator, s spot) (any, string) { return []any{s.value}, "" }},
	{"the item in place of its array", is("array"), unwrap},
	{"another number", is("number"), otherNumber},
}

func rename(m *mutator, s spot) (any, string) {
	name := s.path[len(s.path)-1].name
	to := pick(m, []string{name + "s", strings.ToUpper(name[:1]) + name[1:], "x-" + name, name[1:]})
	return renamed{to, s.value}, to
}

func addMember(m *mutator, s spot) (any, string) {
	name := pick(m, []string{"unheardOf", "Key", "x-vendor", "description2"})
	object := maps.Clone(s.value.(map[string]any))
	object[name] = pick(m, []any{"text", true, nil, map[string]any{"a": json.Number("1")}, []any{}})
	return object, name
}

func otherType(m *mutator, s spot) (any, string) {
	others := slices.DeleteFunc([]any{
		"text", json.Number("7"), true, false, map[string]any{}, map[string]any{"value": "text"}, []any{}, []any{"text"},
	}, func(v any) bool { return kindOf(v) == kindOf(s.value) })
	to := pick(m, others)
	return to, shown(to)
}

func empty(_ *mutator, s spot) (any, string) {
	if kindOf(s.value) == "array" {
		return []any{}, ""
	}
	return map[string]any{}, ""
}

// limits are the lengths that a limit of a text may have.
var limits = []int{3, 10, 80, 100, 255, 300, 1000, 1024, 1500, 10000}

func longText(m *mutator, s spot) (any, string)   { return textOf(m, s, pick(m, limits)) }
func longerText(m *mutator, s spot) (any, string) { return textOf(m, s, pick(m, limits)+1) }

// textOf gives the text of a spot so many characters; they are not counted as
// bytes, and not in UTF-16.
func textOf(m *mutator, s spot, length int) (any, string) {
	text := []rune(s.value.(string))
	filler := pick(m, []rune("xxxé😀"))
	for len(text) < length {
		text = append(text, filler)
	}
	return string(text[:length]), fmt.Sprintf("%d characters, filled with %c", length, filler)
}

func spelling(m *mutator, s spot) (any, string) {
	word := s.value.(string)
	to := pick(m, []string{
		strings.ToUpper(word), strings.ToLower(word), strings.ToUpper(word[:1]) + strings.ToLower(word[1:]),
		word + "s", " " + word, strings.ReplaceAll(word, "_", "-"), strings.ReplaceAll(word, "-", "_"),
	})
	return to, shown(to)
}

// otherWord takes what stands in the same place elsewhere.
func otherWord(m *mutator, s spot) (any, string) {
	to := pick(m, m.byPlace[s.path.place()]).value
	return to, shown(to)
}

func otherForm(m *mutator, s spot) (any, string) {
	text := s.value.(string)
	to := pick(m, []string{
		text + " ", text + "_", text + ";", text + "}", text + "é", "-" + text, "7" + text, strings.ToUpper(text),
		"!", "#12345", "rgb(1,2)", "10 px", "a\nb", "https://other.example.net/x", "page", "mailto:a@example.com",
	})
	return to, shown(to)
}

func otherItems(m *mutator, s spot) (any, string) {
	list := s.value.([]any)
	extra := pick(m, []any{"text", json.Number("7"), nil, map[string]any{}, []any{}})
	switch which := m.random.IntN(4); {
	case which == 0 && len(list) > 0:
		return slices.Delete(slices.Clone(list), 0, 1), "without the first"
	case which == 1 && len(list) > 0:
		return append(slices.Clone(list), list[0]), "the first twice"
	case which == 2 && len(list) > 0 && len(s.path) > 1:
		length := pick(m, []int{200, 201})
		return slices.Repeat([]any{list[0]}, length), fmt.Sprintf("%d of the first", length)
	}
	return append(slices.Clone(list), extra), "with " + shown(extra)
}

// unwrap takes the first item of an array, or what is in an array in an array.
func unwrap(_ *mutator, s spot) (any, string) {
	list := s.value.([]any)
	if len(list) == 0 {
		return map[string]any{}, "{}"
	}
	return list[0], shown(list[0])
}

func otherNumber(m *mutator, s spot) (any, string) {
	whole, _, _ := strings.Cut(s.value.(json.Number).String(), ".")
	to := pick(m, []string{whole + ".5", whole + ".0", "-1", "0", "1e2", "1e30", "2147483648"})
	return json.Number(to), to
}
