package descriptor

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// Template says what the variables of a document stand for, and under which
// name the app goes in an environment. A document with variables is JSON all
// the same: they stand inside its texts.
//
//	{{baseUrl}}, {{localBaseUrl}}, ${addon.base-url}   BaseURL
//	{{key}}, {{appKey}}, ${addon.key}                  the key of the app
//	{{environment}}                                    Environment, or production
//	{{env.NAME}}                                       what Env has under NAME
//
// The spellings in one line mean the same: they are those of this package, of
// Atlassian's framework for Express and of that for Spring Boot, whose
// documents so load as they are. Other words in braces are left alone, since a
// text may be about such things and ${...} once was how context parameters were
// written; a word that is nearly one of these is an error.
//
// The zero value knows no base URL, takes the key of the document and reads the
// environment of the process.
type Template struct {
	// BaseURL is the base URL. If the document names none, it is that of the
	// document too.
	BaseURL string
	// Key takes the place of the document's key; empty leaves it.
	Key string
	// Environment is the name of the environment, such as dev. Unless it is
	// empty or production, the key of the app gets the suffix "-dev" and its
	// name " (dev)", so that both can be installed on one site.
	Environment string
	// Env finds a value by name; nil is os.LookupEnv.
	Env func(name string) (value string, ok bool)
	// Default finds a value for a variable that stands for nothing, by what
	// stands in its braces; nil finds none. Unlike BaseURL and Key it fills in
	// the variable alone.
	Default func(name string) (value string, ok bool)
}

// production is the environment in which an app goes by its own name.
const production = "production"

// VariableError is wrapped by the error for a variable that stands for nothing.
type VariableError struct {
	// Name is what stands in the braces.
	Name string
}

// Error names the variable.
func (e *VariableError) Error() string {
	return "the variable " + printable(shorten(e.Name, shownLength)) + " has no value"
}

// Parse reads a document as the function Parse does, with its variables
// replaced. An error names the place in the document as it was given, and is a
// *ReadError.
func (t Template) Parse(data []byte) (*App, error) {
	expanded, places, err := t.expand(data)
	if err != nil {
		return nil, err
	}
	a, err := Parse(expanded)
	if err != nil {
		if e, ok := errors.AsType[*ReadError](err); ok {
			return nil, readError(data, places.original(e.Offset), e.Path, e.Err)
		}
		return nil, err
	}
	if a.BaseURL == "" && t.BaseURL != "" {
		a = a.WithBaseURL(t.BaseURL)
	}
	if t.Key != "" {
		a.rename(t.Key)
	}
	a.enter(t.Environment)
	return a, nil
}

// WithEnvironment returns a copy of a as it goes in an environment: the key
// with the suffix "-dev" and the name with " (dev)" for the environment dev.
// What has them already stays, and so does everything when the environment is
// empty or production. Where the document names its own modules by the key of
// the app, in locations, permissions and types of content, it names the new
// one; what this package only keeps as JSON stays.
func (a *App) WithEnvironment(environment string) *App {
	c := a.Clone()
	c.enter(environment)
	return c
}

// enter makes a what it is in an environment.
func (a *App) enter(environment string) {
	if environment == "" || environment == production {
		return
	}
	a.rename(environmentKey(a.Key, environment))
	if suffix := " (" + environment + ")"; a.Name != "" && !strings.HasSuffix(a.Name, suffix) {
		a.Name += suffix
	}
}

// rename gives the app another key, also where it stands in the names of its
// modules.
func (a *App) rename(key string) {
	if a.Key != "" && a.Key != key {
		r := renaming{strings.NewReplacer("/plugins/servlet/ac/"+a.Key+"/", "/plugins/servlet/ac/"+key+"/"), a.Key, key}
		r.value(reflect.ValueOf(&a.Modules).Elem())
	}
	a.Key = key
}

// renaming puts another key of the app into what names its own modules: in
// locations, in the permissions that conditions ask for, in types of content
// and in addresses of its pages in the product. What is only kept as JSON stays.
type renaming struct {
	pages    *strings.Replacer
	was, now string
}

func (r renaming) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[Location]() {
			v.SetString(r.location(v.String()))
		} else {
			v.SetString(r.pages.Replace(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			r.value(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				r.value(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			r.value(v.Field(i))
		}
		switch typed := v.Addr().Interface().(type) {
		case *Condition:
			if p, ok := typed.Params["permission"]; ok {
				p.Text = r.prefix(p.Text, "", "__")
				typed.Params["permission"] = p
			}
		case *CustomContentAPI:
			for _, types := range [][]string{typed.SupportedContainerTypes, typed.SupportedChildTypes} {
				for i := range types {
					types[i] = r.prefix(types[i], "ac:", ":")
				}
			}
		}
	}
}

func (r renaming) prefix(text, before, after string) string {
	if rest, own := strings.CutPrefix(text, before+r.was+after); own {
		return before + r.now + after + rest
	}
	return text
}

// location looks at each section of a location.
func (r renaming) location(location string) string {
	sections := strings.Split(location, "/")
	for i := range sections {
		sections[i] = r.prefix(sections[i], "", "__")
	}
	return strings.Join(sections, "/")
}

func environmentKey(key, environment string) string {
	suffix := "-" + environment
	if key == "" || environment == "" || environment == production || strings.HasSuffix(key, suffix) {
		return key
	}
	return key + suffix
}

// expand replaces the variables in the texts of a document.
func (t Template) expand(data []byte) (expanded []byte, p places, err error) {
	if len(data) > MaxSize {
		return nil, nil, readError(data, MaxSize, "", ErrTooLarge)
	}
	if !bytes.Contains(data, []byte("{{")) && !bytes.Contains(data, []byte("${")) {
		return data, nil, nil
	}
	// What is no JSON is told of before anything is replaced.
	if err := scan(data); err != nil {
		return nil, nil, outsideText(data, err)
	}
	key := t.key(data)
	out := make([]byte, 0, len(data))
	inText := false
	for i := 0; i < len(data); {
		switch {
		case data[i] == '"':
			inText = !inText
		case inText && data[i] == '\\':
			out = append(out, data[i])
			i++
		case inText:
			name, length := variableAt(data[i:])
			if length == 0 {
				break
			}
			value, ok := t.value(name, key)
			if !ok {
				return nil, nil, readError(data, int64(i), "", &VariableError{name})
			}
			text := quoted(value)
			p = append(p, place{len(out), i}, place{len(out) + len(text), i + length})
			out = append(out, text...)
			if i += length; len(out) > MaxSize {
				return nil, nil, readError(data, int64(i), "", ErrTooLarge)
			}
			continue
		}
		out = append(out, data[i])
		i++
	}
	return out, p, nil
}

// outsideText says of a fault that is a variable where variables cannot be.
func outsideText(data []byte, err error) error {
	e, ok := errors.AsType[*ReadError](err)
	if ok && bytes.HasPrefix(data[max(0, e.Offset-1):], []byte("{{")) {
		e.Err = fmt.Errorf("%w: variables stand inside texts, in quotation marks", e.Err)
	}
	return err
}

// key is the key of the app in its environment: the one that is given, or else
// that of the document, which may have variables itself.
func (t Template) key(data []byte) string {
	key := t.Key
	if key == "" {
		var document struct {
			Key string `json:"key"`
		}
		// What else is wrong with the document is told of later.
		_ = json.Unmarshal(data, &document)
		for rest := document.Key; rest != ""; {
			name, length := variableAt([]byte(rest))
			value, ok := t.value(name, "")
			switch {
			case length == 0:
				value, length = rest[:1], 1
			case !ok:
				return ""
			}
			key, rest = key+value, rest[length:]
		}
	}
	return environmentKey(key, t.Environment)
}

// maxVariable is the longest variable, in bytes.
const maxVariable = 200

// variableAt is the variable that a text begins with, and its length; 0 if it
// begins with none. Three braces are the same as two, as in the templates that
// write values as they are.
func variableAt(text []byte) (name string, length int) {
	for _, form := range []struct{ begin, end string }{{"{{{", "}}}"}, {"{{", "}}"}, {"${", "}"}} {
		rest, ok := bytes.CutPrefix(text, []byte(form.begin))
		if !ok {
			continue
		}
		inside, _, ok := bytes.Cut(rest[:min(len(rest), maxVariable)], []byte(form.end))
		if !ok || bytes.ContainsAny(inside, "{}\"\\\n") {
			return "", 0
		}
		name = strings.TrimSpace(string(inside))
		if !isVariable(name, form.begin == "${") {
			return "", 0
		}
		return name, len(form.begin) + len(inside) + len(form.end)
	}
	return "", 0
}

// variables are the names that stand for something in double braces, apart
// from those of the environment.
var variables = []string{"baseUrl", "localBaseUrl", "key", "appKey", "environment"}

// isVariable reports whether a name is that of a variable, or nearly so: text
// may hold other things in braces. Those with a dollar sign have names of their
// own.
func isVariable(name string, dollar bool) bool {
	if dollar {
		return name == "addon.key" || name == "addon.base-url"
	}
	return slices.Contains(variables, name) || strings.HasPrefix(name, "env.") || nearest(name, variables) != ""
}

// value is what a variable stands for.
func (t Template) value(name, key string) (string, bool) {
	value, ok := t.known(name, key)
	if !ok && t.Default != nil {
		return t.Default(name)
	}
	return value, ok
}

// known is what a variable stands for by itself.
func (t Template) known(name, key string) (string, bool) {
	switch name {
	case "baseUrl", "localBaseUrl", "addon.base-url":
		return strings.TrimRight(t.BaseURL, "/"), t.BaseURL != ""
	case "key", "appKey", "addon.key":
		return key, key != ""
	case "environment":
		return cmp.Or(t.Environment, production), true
	}
	if env, ok := strings.CutPrefix(name, "env."); ok && env != "" {
		if t.Env != nil {
			return t.Env(env)
		}
		return os.LookupEnv(env)
	}
	return "", false
}

// quoted is a value as it stands inside a JSON text.
func quoted(value string) []byte {
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\ufffd")
	}
	text, err := json.Marshal(value)
	if err != nil {
		// A text of valid UTF-8 can always be written.
		panic("descriptor: " + strconv.Quote(value) + ": " + err.Error())
	}
	return text[1 : len(text)-1]
}

// place is where the document goes on, with variables replaced and as it was.
type place struct{ expanded, original int }

// places are where a document with variables replaced and the original come
// together again: before and after each variable.
type places []place

// original is the place in the original of a place in the other; inside a
// value it is that of the variable.
func (p places) original(offset int64) int64 {
	at := place{}
	inside := false
	for i, next := range p {
		if int64(next.expanded) > offset {
			break
		}
		at, inside = next, i%2 == 0
	}
	if inside {
		return int64(at.original)
	}
	return int64(at.original) + offset - int64(at.expanded)
}
