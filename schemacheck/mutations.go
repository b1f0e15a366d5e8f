package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

func isMember(s spot) bool { return s.path.member() }
func isKind(s spot) bool   { return len(s.path) == 1 }
func isAny(spot) bool      { return true }

func is(kinds ...string) func(spot) bool {
	return func(s spot) bool { return slices.Contains(kinds, kindOf(s.value)) }
}

// isFull reports whether a spot is an array with items.
func isFull(s spot) bool {
	list, ok := s.value.([]any)
	return ok && len(list) > 0
}

var wordPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]*$`)

func isWord(s spot) bool {
	text, ok := s.value.(string)
	return ok && wordPattern.MatchString(text)
}

// isType reports whether a spot says what the object around it is.
func isType(s spot) bool {
	return kindOf(s.value) == "string" && len(s.path) > 2 && s.path[len(s.path)-1].name == "type"
}

// isStyle reports whether a spot is in the look of a theme.
func isStyle(s spot) bool {
	return kindOf(s.value) == "string" && slices.Contains(s.path, step{name: "lookAndFeel"})
}

// mutations are the kinds of change. Where much is to be drawn from and little
// of it matters at one place, it is drawn several times.
var mutations = []mutation{
	{1, "a member is taken out", isMember, func(*mutator, spot) (any, string) { return removed{}, "" }},
	{1, "a member is renamed", isMember, rename},
	{1, "an unknown member is added", is("object"), addMember},
	{1, "a member of another document is added", is("object"), graft},
	{1, "a value of another type", isAny, otherType},
	{1, "null", isAny, func(*mutator, spot) (any, string) { return nil, "" }},
	{1, "an empty text", is("string"), func(*mutator, spot) (any, string) { return "", "" }},
	{1, "an empty array", is("array"), func(*mutator, spot) (any, string) { return []any{}, "" }},
	{1, "an empty object", is("object"), func(*mutator, spot) (any, string) { return map[string]any{}, "" }},
	{1, "a very long text", is("string"), func(_ *mutator, s spot) (any, string) { return stretched(s.value, 10001, 'x'), "" }},
	{1, "a very long list", isLongList, func(_ *mutator, s spot) (any, string) { return stretched(s.value, 1001, 'x'), "" }},
	{1, "another spelling of a word", isWord, spelling},
	{1, "a word of another document", isWord, otherWord},
	{5, "a type from elsewhere", isType, otherKind},
	{1, "a text of another form", is("string"), otherForm},
	{5, "another value of CSS", isStyle, otherStyle},
	{1, "an item less", isFull, func(_ *mutator, s spot) (any, string) { return s.value.([]any)[1:], "" }},
	{1, "an item more", is("array"), addItem},
	{1, "the modules of a kind twice", isKind, twice},
	{1, "an array around a value", is("object", "array"), func(_ *mutator, s spot) (any, string) { return []any{s.value}, "" }},
	{1, "the item in place of its array", isFull, func(_ *mutator, s spot) (any, string) { return s.value.([]any)[0], "" }},
	{3, "another number", is("number"), otherNumber},
}

// isLongList reports whether a spot is an array that may be long: one of modules
// would repeat their keys.
func isLongList(s spot) bool { return isFull(s) && !isKind(s) }

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

// graft adds a member that the same object has elsewhere.
func graft(m *mutator, s spot) (any, string) {
	other, ok := pick(m, m.byPlace[s.path.place()]).value.(map[string]any)
	if !ok || len(other) == 0 {
		return s.value, ""
	}
	name := pick(m, slices.Sorted(maps.Keys(other)))
	object := maps.Clone(s.value.(map[string]any))
	object[name] = other[name]
	return object, name
}

func otherType(m *mutator, s spot) (any, string) {
	others := slices.DeleteFunc([]any{
		"text", json.Number("7"), true, false, map[string]any{}, map[string]any{"value": "text"}, []any{}, []any{"text"},
	}, func(v any) bool { return kindOf(v) == kindOf(s.value) })
	to := pick(m, others)
	return to, shown(to)
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

// otherKind takes the type of an object in a member of the same name, wherever
// that is: controls, for one, hold controls.
func otherKind(m *mutator, s spot) (any, string) {
	to := pick(m, m.types[s.path.holder()]).value
	return to, shown(to)
}

func otherForm(m *mutator, s spot) (any, string) {
	text := s.value.(string)
	to := pick(m, []string{
		text + " ", text + "_", text + ";", text + "}", text + "/{a", text + "é", "-" + text, "7" + text, strings.ToUpper(text),
		"!", "#12345", "rgb(1,2)", "10 px", "a\nb", "https://other.example.net/x", "page", "mailto:a@example.com",
	})
	return to, shown(to)
}

// styles are values of CSS at the edges of what the patterns of a theme take.
var styles = []string{
	"#ABC", "#abcd", "#0123456", "red", "rgb(0,0,0)", "rgb(255, 256, 0)", "rgb(007, 0, 0)", "rgb(10%, 200%, 3%)",
	"rgba(1, 2, 3, .5)", "rgba(1, 2, 3, 0.)", "rgba(1, 2, 3, 1.0)", "hsl(359, 100%, 0%)", "hsl(360, 0%, 0%)",
	"hsl(05, 5%, 5%)", "hsl(5, 05%, 5%)", "hsla(5, 5%, 5%, 2)", "0", "1", "0px", "px", "-1px", "1.5em", "1px 2px 3px 4px",
	"1px 2px 3px 4px 5px", "1px  2px", "auto", "contain", "none", "default", "small", "medium", "inherit", "a|b", "a;b",
}

func otherStyle(m *mutator, _ spot) (any, string) {
	to := pick(m, styles)
	return to, to
}

func addItem(m *mutator, s spot) (any, string) {
	list := s.value.([]any)
	items := []any{"text", json.Number("7"), nil, map[string]any{}, []any{}}
	if len(list) > 0 {
		items = append(items, list[0])
	}
	item := pick(m, items)
	return append(slices.Clone(list), item), shown(item)
}

func twice(_ *mutator, s spot) (any, string) {
	list, ok := s.value.([]any)
	if !ok {
		list = []any{s.value}
	}
	return slices.Repeat(list, 2), ""
}

func otherNumber(m *mutator, s spot) (any, string) {
	whole, _, _ := strings.Cut(s.value.(json.Number).String(), ".")
	to := pick(m, []string{whole + ".5", whole + ".0", "-1", "0", "1e2", "1e30", "2147483648"})
	return json.Number(to), to
}
