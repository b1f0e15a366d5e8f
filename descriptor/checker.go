package descriptor

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checker collects findings.
type checker struct {
	app     *App
	product Product
	// kind is the kind of module that is being checked; its zero value is the
	// top of the document.
	kind kind
	// own are the context parameters of that module alone, bound those of its
	// kind, by the name of the kind.
	own      []string
	bound    map[string]bound
	shapes   map[reflect.Type]*shape
	findings Findings
	// keys are the modules so far by key.
	keys map[string]placed
	// references are the keys that must be there in the end.
	references []reference
	// hints counts the words for which another was looked for.
	hints int
}

// placed is a module in the document.
type placed struct{ kind, path string }

// reference is a mention of a module.
type reference struct {
	path, key string
	kinds     []string
}

// checks is a struct or a word with rules that do not fit into tags.
type checks interface {
	check(c *checker, path string)
}

// The most characters of a value: as the value of a finding, and in its
// message, where lists of words stand too.
const (
	shownLength = 100
	saidLength  = 400
)

func (c *checker) find(level Level, path string, rule Rule, value, format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = shorten(text, saidLength)
		}
	}
	c.findings = append(c.findings, &Finding{
		Level: level, Path: path, Rule: rule, Value: shorten(value, shownLength), Message: printable(fmt.Sprintf(format, args...)),
	})
}

// shorten cuts a text that is too long to be shown.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i] + "…"
		}
	}
	return text
}

// printable writes out what would move the cursor of a terminal, turn the
// direction of the text, or begin a line that nobody wrote.
func printable(text string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if !strings.ContainsFunc(text, odd) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if odd(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (c *checker) add(path string, rule Rule, value, format string, args ...any) {
	c.find(LevelError, path, rule, value, format, args...)
}

func (c *checker) warn(path string, rule Rule, value, format string, args ...any) {
	c.find(LevelWarning, path, rule, value, format, args...)
}

// structure checks a struct by its tags and its own rules.
func (c *checker) structure(path string, v reflect.Value) {
	s := c.shapes[v.Type()]
	cacheable := s.cacheable >= 0 && v.Field(s.cacheable).Bool()
	for i := range s.members {
		m := &s.members[i]
		if f := v.FieldByIndex(m.index); m.rule.required || !f.IsZero() {
			c.value(join(path, m.name), f, &m.rule, cacheable)
		}
	}
	if own, ok := v.Addr().Interface().(checks); ok {
		own.check(c, path)
	}
	if s.extra >= 0 {
		c.unknown(path, s, v.Field(s.extra).Interface().(map[string]json.RawMessage))
	}
}

// value checks the value of a member.
func (c *checker) value(path string, v reflect.Value, r *rule, cacheable bool) {
	switch v.Kind() {
	case reflect.String:
		c.string(path, v, r, cacheable)
	case reflect.Pointer:
		switch {
		case v.IsNil():
			c.missing(path, r.required)
		case v.Elem().Kind() == reflect.Struct:
			c.structure(path, v.Elem())
		default:
			c.value(path, v.Elem(), &rule{max: r.max, form: r.form}, false)
		}
	case reflect.Struct:
		switch {
		case !v.IsZero():
			c.structure(path, v)
		default:
			c.missing(path, r.required)
		}
	case reflect.Slice:
		c.list(path, v, r)
	case reflect.Map:
		if texts, ok := v.Interface().(map[string]string); ok && r.url.role != "" {
			for _, name := range slices.Sorted(maps.Keys(texts)) {
				c.required(join(path, name), texts[name])
				c.url(join(path, name), texts[name], r.url, false)
			}
		}
	}
}

func (c *checker) list(path string, v reflect.Value, r *rule) {
	if v.IsNil() {
		c.missing(path, r.required)
		return
	}
	if r.most > 0 && v.Len() > r.most {
		c.add(path, RuleLength, "", "has %d items, at most %d are allowed", v.Len(), r.most)
	}
	item := rule{max: r.each, form: r.form}
	for i := range v.Len() {
		e := v.Index(i)
		_, isWord := e.Interface().(closedSet)
		if e.Kind() == reflect.String && e.Len() == 0 && (isWord || r.form != nil) {
			c.add(index(path, i), RuleRequired, "", "is empty")
		}
		if e.Kind() == reflect.Struct {
			c.structure(index(path, i), e)
		} else {
			c.value(index(path, i), e, &item, false)
		}
	}
}

func (c *checker) string(path string, v reflect.Value, r *rule, cacheable bool) {
	value := v.String()
	if value == "" {
		c.missing(path, r.required)
		return
	}
	if r.max > 0 {
		c.length(path, value, r.max)
	}
	if r.form != nil {
		c.form(path, value, r.form)
	}
	switch typed := v.Interface().(type) {
	case closedSet:
		c.word(path, value, typed.words())
	case checks:
		typed.check(c, path)
	}
	if r.url.role != "" {
		c.url(path, value, r.url, cacheable)
	}
	if r.ref != "" {
		c.refer(path, value, r.ref)
	}
}

// form checks the form of a text.
func (c *checker) form(path, value string, f *form) {
	switch {
	case f.pattern.MatchString(value):
	case f.loose != nil && f.loose.MatchString(value):
		c.warn(path, RulePattern, value, "%q should be %s", value, f.words)
	default:
		c.add(path, RulePattern, value, "%q must be %s", value, f.words)
	}
}

func (c *checker) missing(path string, required bool) {
	if required {
		c.add(path, RuleRequired, "", "is missing")
	}
}

func (c *checker) required(path, value string) { c.missing(path, value == "") }

func (c *checker) length(path, value string, most int) {
	if n := utf8.RuneCountInString(value); n > most {
		c.add(path, RuleLength, value, "has %d characters, at most %d are allowed", n, most)
	}
}

// word checks a word of a closed set. A host takes each in the spelling given
// and in all capitals. An empty one is absent.
func (c *checker) word(path, value string, words []string) {
	if value != "" && !lists(words, value) {
		c.add(path, RuleWord, value, "%q is none of %s%s", value, strings.Join(words, ", "), c.suggest(value, words))
	}
}

// known warns of a word of an open set that is none of those of the product,
// or of either while the product is not known.
func (c *checker) known(path, value, what string, sets map[Product][]string) {
	words, where := sets[c.product], string(c.product)
	if c.product == "" {
		words, where = slices.Concat(sets[Jira], sets[Confluence]), "either product"
	}
	if value != "" && !slices.Contains(words, value) {
		c.warn(path, RuleWord, value, "%q is not %s that Atlassian documents for %s%s", value, what, where, c.suggest(value, words))
	}
}

// unknown names the members that no field took.
func (c *checker) unknown(path string, s *shape, extra map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		at := join(path, name)
		switch {
		case path == "" && slices.Contains(hostsOwn, name):
		case path == "modules":
			c.unknownKind(at, name)
		case s.closed:
			c.add(at, RuleUnknown, name, "is not a member that the host takes here%s", c.suggest(name, s.names))
		default:
			c.warn(at, RuleUnknown, name, "is not a member that the host knows here%s", c.suggest(name, s.names))
		}
	}
}

// hostsOwn are members at the top that hosts and editors write, and nobody
// needs to know.
var hostsOwn = []string{"$schema", "installedDate", "lastUpdated", "version"}

func (c *checker) unknownKind(at, name string) {
	if slices.Contains(kindsElsewhere, name) {
		return
	}
	// What the finding is hangs on the hint, which is therefore always looked
	// for.
	if near := nearest(name, namesOfKinds); near != "" {
		c.add(at, RuleUnknown, name, "is not a kind of module; did you mean %s?", near)
		return
	}
	c.warn(at, RuleUnknown, name, "is not a kind of module that this version knows")
}

// unique takes note of a module's key.
func (c *checker) unique(kind, path, key string) {
	if key == "" {
		return
	}
	if first, used := c.keys[key]; used {
		c.add(path, RuleUnique, key, "%q is already the key at %s", key, first.path)
		return
	}
	c.keys[key] = placed{kind, path}
}

// refer takes note that key must be that of a module of one of the kinds, "*"
// for any. An empty key is no reference.
func (c *checker) refer(path, key string, kinds ...string) {
	if key != "" && kinds[0] != "" {
		c.references = append(c.references, reference{path, key, kinds})
	}
}

// resolve finds the references that lead nowhere. Of modules of a kind that
// this package does not know, nothing can be said.
func (c *checker) resolve() {
	for _, r := range c.references {
		target, ok := c.keys[r.key]
		_, known := kindByName[target.kind]
		anyKind := r.kinds[0] == "*"
		switch {
		case !ok && anyKind:
			c.add(r.path, RuleReference, r.key, "%q is not the key of any module%s", r.key, c.suggest(r.key, c.keysOf(r.kinds)))
		case !ok:
			c.add(r.path, RuleReference, r.key, "%q is not the key of a module in %s%s", r.key,
				strings.Join(r.kinds, " or "), c.suggest(r.key, c.keysOf(r.kinds)))
		case known && !anyKind && !slices.Contains(r.kinds, target.kind):
			c.add(r.path, RuleReference, r.key, "%q is the key at %s, and must be one in %s", r.key, target.path, strings.Join(r.kinds, " or "))
		}
	}
}

// keysOf are the keys of modules of the kinds, "*" for any, in order. There are
// none when no more hints are given.
func (c *checker) keysOf(kinds []string) []string {
	if c.hints >= maxHints {
		return nil
	}
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(c.keys)) {
		if kinds[0] == "*" || slices.Contains(kinds, c.keys[key].kind) {
			keys = append(keys, key)
		}
	}
	return keys
}

// maxHints is for how many words another one is looked for: a document with
// more is not one that somebody misspelt.
const maxHints = 100

// suggest ends a message about a word with the word that was probably meant,
// or with nothing.
func (c *checker) suggest(word string, words []string) string {
	if c.hints >= maxHints {
		return ""
	}
	c.hints++
	if near := nearest(word, words); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
