package hostclient

import (
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	maxMessages   = 50
	maxMessage    = 1 << 10
	maxFieldError = 1 << 10
)

// decodeErrorBody reads the shapes in which the hosts and what stands before
// them write errors: Jira's errorMessages and errors, the service desk's
// errorMessage, Confluence's first and second API, the gateway's message,
// OAuth's error and error_description, OAuth 1.0a's form and header, HTML and plain
// text. Of what is hidden nothing shows.
func decodeErrorBody(h http.Header, body []byte, hidden secrets) (code string, messages []string, fields map[string]string) {
	d := errorBody{hidden: hidden}
	switch body = bytes.TrimSpace(body); {
	case len(body) == 0:
	case json.Valid(body):
		d.value(body)
	case body[0] == '<':
		d.say(htmlTitle(body))
	case bytes.Contains(body, []byte("oauth_problem=")):
		d.problem(string(body))
	default:
		d.say(string(body))
	}
	d.challenge(h)
	return d.code, d.messages, d.fields
}

type errorBody struct {
	hidden   secrets
	code     string // OAuth's
	messages []string
	fields   map[string]string
	depth    int
}

// maxDepth is more than the hosts nest, and keeps the work on a hostile body
// proportional to its size.
const maxDepth = 8

// say adds a message once.
func (d *errorBody) say(text string) {
	text = d.hidden.plain(text, maxMessage)
	if text != "" && len(d.messages) < maxMessages && !slices.Contains(d.messages, text) {
		d.messages = append(d.messages, text)
	}
}

// value takes a message in whatever form: text, an object, or a list of them.
func (d *errorBody) value(raw json.RawMessage) {
	var text string
	var list []json.RawMessage
	var object map[string]json.RawMessage
	d.depth++
	defer func() { d.depth-- }()
	switch {
	case d.depth > maxDepth || len(d.messages) == maxMessages:
	case json.Unmarshal(raw, &text) == nil:
		d.say(text)
	case json.Unmarshal(raw, &list) == nil:
		for _, one := range list {
			d.value(one)
		}
	case json.Unmarshal(raw, &object) == nil:
		d.object(object)
	}
}

// object reads the members that hold words, the plainest first.
func (d *errorBody) object(o map[string]json.RawMessage) {
	for _, name := range []string{
		"errorMessages", "errorMessage", "message", "title", "detail",
		"translation", "error", "error_description",
	} {
		if raw, ok := o[name]; ok && (name != "error" || !d.oauth(raw)) {
			d.value(raw)
		}
	}
	if data, ok := o["data"]; ok {
		d.nested(data)
	}
	if errs, ok := o["errors"]; ok {
		d.errors(errs)
	}
	if len(d.messages) == 0 && len(d.fields) == 0 && d.code == "" {
		d.fallback(o)
	}
}

// oauth takes a member error that is a code of OAuth's, by its form: others write
// words there.
func (d *errorBody) oauth(raw json.RawMessage) bool {
	var text string
	if json.Unmarshal(raw, &text) != nil || text == "" || strings.ContainsFunc(text, notInCode) {
		return false
	}
	d.code = d.hidden.plain(text, maxCode)
	return true
}

func notInCode(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }

// problem reads the form that OAuth 1.0a's problem reporting extension has.
func (d *errorBody) problem(body string) {
	form, err := url.ParseQuery(strings.TrimSpace(body))
	if err != nil || form.Get("oauth_problem") == "" {
		d.say(body)
		return
	}
	d.report(form)
}

// report takes over what the extension has parameters for.
func (d *errorBody) report(form url.Values) {
	d.code = d.hidden.plain(form.Get("oauth_problem"), maxCode)
	for _, p := range []struct{ name, words string }{
		{"oauth_problem_advice", ""},
		{"oauth_parameters_absent", "absent: "},
		{"oauth_acceptable_timestamps", "acceptable times: "},
		{"oauth_acceptable_versions", "acceptable versions: "},
	} {
		if value := form.Get(p.name); value != "" {
			d.say(p.words + value)
		}
	}
}

// challenge reads the same from the header in which the extension puts it as well,
// unless the body has said it.
func (d *errorBody) challenge(h http.Header) {
	form := url.Values{}
	for _, line := range h.Values("Www-Authenticate") {
		scheme, rest, _ := strings.Cut(line, " ")
		if !strings.EqualFold(scheme, "OAuth") {
			continue
		}
		for _, text := range strings.Split(rest, ",") {
			name, quoted, _ := strings.Cut(strings.TrimSpace(text), "=")
			if value, err := url.PathUnescape(strings.Trim(quoted, `"`)); err == nil {
				form.Add(name, value)
			}
		}
	}
	if d.code == "" && form.Get("oauth_problem") != "" {
		d.report(form)
	}
}

// nested reads Confluence's data.errors.
func (d *errorBody) nested(raw json.RawMessage) {
	var data struct{ Errors json.RawMessage }
	if json.Unmarshal(raw, &data) == nil && data.Errors != nil {
		d.errors(data.Errors)
	}
}

// errors reads a member errors: words by field, or a list of objects.
func (d *errorBody) errors(raw json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		d.value(raw)
		return
	}
	for _, name := range sortedKeys(fields, maxMessages) {
		var text string
		if json.Unmarshal(fields[name], &text) != nil {
			text = string(fields[name])
		}
		if d.fields == nil {
			d.fields = map[string]string{}
		}
		d.fields[d.hidden.plain(name, maxCode)] = d.hidden.plain(text, maxFieldError)
	}
}

// fallback takes a code or key where there are no words.
func (d *errorBody) fallback(o map[string]json.RawMessage) {
	if key, ok := o["i18nErrorMessage"]; ok {
		d.value(key)
	}
	for _, name := range []string{"code", "key", "i18nKey"} {
		var text string
		if json.Unmarshal(o[name], &text) == nil {
			d.say(text)
		}
	}
}

func htmlTitle(body []byte) string {
	lower := strings.ToLower(string(body))
	if len(lower) != len(body) {
		return "" // lower case of another length: positions would not fit
	}
	start := strings.Index(lower, "<title")
	if start < 0 {
		return ""
	}
	open := strings.IndexByte(lower[start:], '>')
	if open < 0 {
		return ""
	}
	start += open + 1
	end := strings.Index(lower[start:], "</title")
	if end < 0 {
		return ""
	}
	return html.UnescapeString(string(body[start : start+end]))
}

func sortedKeys[V any](m map[string]V, limit int) []string {
	keys := slices.Sorted(maps.Keys(m))
	return keys[:min(len(keys), limit)]
}
