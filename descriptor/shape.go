package descriptor

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// The rules of the document stand beside its fields, in tags named connect:
//
//	required   the member must be there and not be empty
//	max=N      a text has at most N characters
//	each=N     so has every text of a list
//	most=N     a list has at most N items
//	like=NAME  a text, or every text of a list, has the form of that name
//	url=ROLE   a text is a URL that plays this role; on a struct or a pointer
//	           to one, so is the URL inside whose own role is action
//	anywhere   that URL may also be absolute
//	ref=KIND   a text is the key of a module of this kind, * for any
//
// The words of a closed set need no tag: their type has a method words.

// shape is what the tags of a struct say.
type shape struct {
	members []member
	// names are those of the members.
	names []string
	// extra is the number of the field Extra, -1 if there is none.
	extra int
	// cacheable is the number of the field Cacheable, -1 if there is none.
	cacheable int
	// closed is set when the host refuses members that are not in names.
	closed bool
}

// member is a field of a struct and the rules for it.
type member struct {
	name  string
	index []int
	rule  rule
}

// rule is what a tag says.
type rule struct {
	required        bool
	max, each, most int
	form            *form
	url             urlRule
	ref             string
}

// urlRule says what a URL is for; the zero value is no URL.
type urlRule struct {
	role     urlRole
	anywhere bool
}

// urlRole says who follows a URL, and how.
type urlRole string

const (
	roleFrame     urlRole = "frame"     // a browser, in a frame, with a token
	roleCall      urlRole = "call"      // the host, by GET, with a token
	rolePost      urlRole = "post"      // the host, by POST, with a token
	roleHook      urlRole = "hook"      // the host, with an event
	roleLifecycle urlRole = "lifecycle" // the host, with a callback of installation
	roleImage     urlRole = "image"     // the host or a browser, for a placeholder
	roleAsset     urlRole = "asset"     // a browser, without a token
	roleBrowser   urlRole = "browser"   // a browser, in a window, with a token if the URL asks for it
	roleAction    urlRole = "action"    // whoever the field around it says
	roleLink      urlRole = "link"      // people; the app need not serve it
	roleTemplate  urlRole = "template"  // the same, with context parameters
)

// closedSet is a type of text for which the host takes certain words alone.
type closedSet interface{ words() []string }

// closedStruct is a struct in which the host refuses what it does not know.
type closedStruct interface{ closed() }

// form is a form of a text: a regular expression, and its words for people.
type form struct {
	pattern *regexp.Regexp
	words   string
	// loose is what the host itself asks for, where Atlassian's pattern lacks
	// its anchors; nil is the same as pattern.
	loose *regexp.Regexp
}

func newForm(pattern, words string) *form {
	return &form{pattern: regexp.MustCompile(pattern), words: words}
}

func newLooseForm(pattern, loose, words string) *form {
	return &form{regexp.MustCompile(pattern), words, regexp.MustCompile(loose)}
}

const (
	cssLength = `(?:0|\d*(?:em|ex|in|cm|mm|pt|pc|px|%))`
	cssByte   = `\s*(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])\s*`
	cssShare  = `\s*(?:0|[1-9]\d?|100)%\s*`
	cssAlpha  = `\s*(?:0\.\d*|[01])\s*`
	cssAngle  = `\s*(?:0|[1-9]\d?|[12]\d\d|3[0-5]\d)\s*`
)

var forms = map[string]*form{
	"appkey":     newForm(`^[a-zA-Z0-9._-]+$`, "letters, digits, dots, dashes and underscores"),
	"key":        newForm(`^[a-zA-Z0-9-]+$`, "letters, digits and dashes"),
	"identifier": newLooseForm(`^[-_a-z0-9.]+$`, `[-_a-z0-9.]`, "lower-case letters, digits, dots, dashes and underscores"),
	"style":      newForm(`^[_a-zA-Z][_a-zA-Z0-9-]*$`, "letters, digits, dashes and underscores, the first a letter or an underscore"),
	"shortcut":   newLooseForm(`^[a-z]{1,3}$`, `[a-z]`, "one to three lower-case letters"),
	"css":        newForm(`^[^;|}\n\r]*$`, "a value of CSS without semicolons, bars and braces"),
	"length":     newForm(`^`+cssLength+`$`, "a length of CSS, such as 10px"),
	"lengths":    newForm(`^`+cssLength+`(?: `+cssLength+`){0,3}$`, "one to four lengths of CSS, such as 0 10px"),
	"gutter":     newLooseForm(`^(?:none|default|`+cssLength+`)$`, `none|default|^`+cssLength+`$`, "none, default or a length of CSS, such as 10px"),
	"side":       newLooseForm(`^(?:none|default|small|medium|large)$`, `none|default|small|medium|large`, "none, default, small, medium or large"),
	"extent": newLooseForm(`^(?:auto|cover|contain|initial|inherit|`+cssLength+`(?: `+cssLength+`){0,3})$`,
		`auto|cover|contain|initial|inherit|^`+cssLength+`(?: `+cssLength+`){0,3}$`,
		"auto, cover, contain, initial, inherit or lengths of CSS"),
	"color": newForm(`^(?:#(?:[0-9a-fA-F]{3}){1,2}`+
		`|rgb\(`+cssByte+`,`+cssByte+`,`+cssByte+`\)|rgb\(\d+%,\s*\d+%,\s*\d+%\)`+
		`|rgba\(`+cssByte+`,`+cssByte+`,`+cssByte+`,`+cssAlpha+`\)`+
		`|hsl\(`+cssAngle+`,`+cssShare+`,`+cssShare+`\)`+
		`|hsla\(`+cssAngle+`,`+cssShare+`,`+cssShare+`,`+cssAlpha+`\))$`, "a colour of CSS, such as #0052cc or rgb(0, 82, 204), and not by name"),
}

// shapes are the shapes of App and of all structs in it.
var shapes = sync.OnceValue(func() map[reflect.Type]*shape {
	all := map[reflect.Type]*shape{}
	addShape(all, reflect.TypeFor[App]())
	return all
})

// addShape adds the shape of typ, if it is or holds a struct, and of those in
// it.
func addShape(all map[reflect.Type]*shape, typ reflect.Type) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		addShape(all, typ.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if all[typ] != nil || typ == reflect.TypeFor[Param]() {
		return
	}
	s := &shape{extra: -1, cacheable: -1}
	_, s.closed = reflect.Zero(typ).Interface().(closedStruct)
	all[typ] = s
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Type == reflect.TypeFor[map[string]json.RawMessage]():
			s.extra = f.Index[0]
			continue
		case f.Anonymous || name == "-" || name == "":
			continue
		case f.Name == "Cacheable":
			s.cacheable = f.Index[0]
		}
		addShape(all, f.Type)
		// Modules looks after its own.
		if typ != reflect.TypeFor[Modules]() {
			s.names = append(s.names, name)
			s.members = append(s.members, member{name: name, index: f.Index, rule: parseRule(f.Tag.Get("connect"))})
		}
	}
}

// parseRule reads a tag. A tag that says nothing known is a mistake in this
// package.
func parseRule(tag string) rule {
	var r rule
	for word := range strings.SplitSeq(tag, ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "":
		case "required":
			r.required = true
		case "max":
			r.max = number(value)
		case "each":
			r.each = number(value)
		case "most":
			r.most = number(value)
		case "like":
			if r.form = forms[value]; r.form == nil {
				panic("descriptor: no form " + value)
			}
		case "url":
			r.url.role = urlRole(value)
		case "anywhere":
			r.url.anywhere = true
		case "ref":
			r.ref = value
		default:
			panic(fmt.Sprintf("descriptor: tag %q", tag))
		}
	}
	return r
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}
