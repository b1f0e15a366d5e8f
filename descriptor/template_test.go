package descriptor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func env(name string) (string, bool) {
	value, ok := map[string]string{"NAME": `Ä "quoted" \ name`, "EMPTY": "", "BRACES": "{{baseUrl}}"}[name]
	return value, ok
}

func TestTemplate(t *testing.T) {
	whole := descriptor.Template{BaseURL: "https://app.example.com/", Key: "given", Environment: "dev", Env: env}
	for _, tt := range []struct {
		name     string
		template descriptor.Template
		document string
		want     string
	}{
		{"none", descriptor.Template{}, `{"key":"a"}`, `{"key":"a"}`},
		{"base URL", whole, `{"links":{"a":"{{baseUrl}}/x","b":"{{ localBaseUrl }}","c":"${addon.base-url}"}}`,
			`{"key":"given-dev","baseUrl":"https://app.example.com","links":{"a":"https://app.example.com/x","b":"https://app.example.com","c":"https://app.example.com"}}`},
		{"key and environment", whole, `{"key":"x","name":"N","baseUrl":"b","links":{"a":"{{key}}","b":"{{appKey}}","c":"${addon.key}","d":"{{environment}}"}}`,
			`{"key":"given-dev","name":"N (dev)","baseUrl":"b","links":{"a":"given-dev","b":"given-dev","c":"given-dev","d":"dev"}}`},
		{"the document's key", descriptor.Template{Environment: "dev"}, `{"links":{"a":"{{key}}"},"key":"own"}`, `{"key":"own-dev","links":{"a":"own-dev"}}`},
		{"a key made of variables", descriptor.Template{Key: "k"}, `{"key":"{{key}}"}`, `{"key":"k"}`},
		{"production", descriptor.Template{Key: "k", Environment: "production"}, `{"name":"{{environment}}"}`, `{"key":"k","name":"production"}`},
		{"no environment", descriptor.Template{}, `{"name":"{{environment}}"}`, `{"name":"production"}`},
		{"suffix there already", descriptor.Template{Environment: "dev"}, `{"key":"a-dev","name":"A (dev)"}`, `{"key":"a-dev","name":"A (dev)"}`},
		{"environment variables", whole, `{"key":"a","baseUrl":"b","description":"-{{env.NAME}}{{env.EMPTY}}-"}`, `{"key":"given-dev","description":"-Ä \"quoted\" \\ name-","baseUrl":"b"}`},
		{"a value is not looked at again", whole, `{"baseUrl":"b","description":"{{env.BRACES}}"}`, `{"key":"given-dev","description":"{{baseUrl}}","baseUrl":"b"}`},
		{"after escapes", whole, `{"baseUrl":"b","description":"\"{{environment}}\\{{environment}}\\"}`, `{"key":"given-dev","description":"\"dev\\dev\\","baseUrl":"b"}`},
		{"old context parameters stay", descriptor.Template{}, `{"description":"${issue.key} {{"}`, `{"description":"${issue.key} {{"}`},
		{"other words in braces stay", whole, `{"baseUrl":"b","description":"{{monospace}} {{}} {{{x}}} {{a{{b}} ${addon.x} ${addon.key","links":{"a":"b"}}`, `{"key":"given-dev","description":"{{monospace}} {{}} {{{x}}} {{a{{b}} ${addon.x} ${addon.key","baseUrl":"b","links":{"a":"b"}}`},
		{"three braces", whole, `{"baseUrl":"{{{baseUrl}}}"}`, `{"key":"given-dev","baseUrl":"https://app.example.com"}`},
		{"a key from the environment", descriptor.Template{Env: func(string) (string, bool) { return "k", true }}, `{"key":"{{env.KEY}}-{{environment}}","name":"{{key}}"}`, `{"key":"k-production","name":"k-production"}`},
		{"a key made of another", descriptor.Template{Environment: "dev"}, `{"key":"my-{{environment}}","name":"{{key}}"}`, `{"key":"my-dev","name":"my-dev (dev)"}`},
		{"modules named by the key", descriptor.Template{Environment: "dev"},
			`{"key":"a","modules":{"webItems":[{"key":"x","url":"/plugins/servlet/ac/a/p","location":"menu/a__sub/a__x","conditions":[{"params":{"permission":"a__see","other":"a__see"}}]}],"customContent":[{"apiSupport":{"supportedContainerTypes":["ac:a:x","ac:b:x","page"]}}]}}`,
			`{"key":"a-dev","modules":{"webItems":[{"key":"x","url":"/plugins/servlet/ac/a-dev/p","location":"menu/a-dev__sub/a-dev__x","conditions":[{"params":{"other":"a__see","permission":"a-dev__see"}}]}],"customContent":[{"apiSupport":{"supportedContainerTypes":["ac:a-dev:x","ac:b:x","page"]}}]}}`},
		{"what only looks like it", descriptor.Template{Environment: "dev"},
			`{"key":"a","modules":{"jiraEntityProperties":[{"name":{"value":"a__x"},"keyConfigurations":[{"propertyKey":"a__data"}]}],"odd":[{"location":"a__x"}]}}`,
			`{"key":"a-dev","modules":{"jiraEntityProperties":[{"name":{"value":"a__x"},"keyConfigurations":[{"propertyKey":"a__data"}]}],"odd":[{"location":"a__x"}]}}`},
		{"defaults are for variables alone", descriptor.Template{Default: func(name string) (string, bool) { return "d-" + name, true }},
			`{"name":"{{key}}","links":{"a":"{{baseUrl}}"}}`, `{"name":"d-key","links":{"a":"d-baseUrl"}}`},
		{"context parameters stay", descriptor.Template{}, `{"description":"/p/{issue.key}"}`, `{"description":"/p/{issue.key}"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app, err := tt.template.Parse([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if got := oneLine(t, app); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTemplateReadsTheEnvironment(t *testing.T) {
	t.Setenv("CONNECT_TEST_NAME", "From outside")
	app, err := descriptor.Template{}.Parse([]byte(`{"name":"{{env.CONNECT_TEST_NAME}}"}`))
	if err != nil || app.Name != "From outside" {
		t.Errorf("got %+v, %v", app, err)
	}
}

// errVariable stands for any error about a variable.
var errVariable = errors.New("a variable")

// An error names the place in the document as it was given.
func TestTemplateRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, document, want string
		is                   error
	}{
		{"no base URL", "{\n \"baseUrl\": \"{{baseUrl}}\"}", "line 2, column 14: the variable baseUrl has no value", errVariable},
		{"no key", `{"links":{"a":"x{{key}}"}}`, "line 1, column 17: the variable key has no value", errVariable},
		{"no such environment variable", `{"name":"{{env.NOWHERE}}"}`, "line 1, column 10: the variable env.NOWHERE has no value", errVariable},
		{"no name", `{"name":"{{env.}}"}`, "line 1, column 10: the variable env. has no value", errVariable},
		{"a misspelt variable", `{"name":"{{bseUrl}}"}`, "line 1, column 10: the variable bseUrl has no value", errVariable},
		{"outside a text", `{"apiVersion":{{env.NAME}}}`, "line 1, column 16: apiVersion: object member name must be a string: variables stand inside texts, in quotation marks", nil},
		{"a fault before", `{"apiVersion":"1","name":"{{env.NAME}}"}`, "line 1, column 15: apiVersion: a string where an integer is expected", nil},
		{"a fault behind", `{"name":"{{env.NAME}}","apiVersion":"1"}`, "line 1, column 37: apiVersion: a string where an integer is expected", nil},
		{"a fault behind two", "{\"name\":\"{{env.NAME}}\",\n\"description\":\"{{env.NAME}}{{env.NAME}}\",\n  \"apiVersion\":[]}", "line 3, column 16: apiVersion: an array where an integer is expected", nil},
		{"a fault made of a value", `{"apiVersion":"{{env.NAME}}"}`, "line 1, column 15: apiVersion: a string where an integer is expected", nil},
		{"no JSON", `{"name":"{{env.NAME}}",}`, "line 1, column 23: invalid character ',' at start of value", nil},
		{"too large", `{"x":"` + strings.Repeat("{{env.NAME}}", 80_000) + `"}`, "", descriptor.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app, err := descriptor.Template{Env: env}.Parse([]byte(tt.document))
			if app != nil || err == nil {
				t.Fatalf("got %+v, %v", app, err)
			}
			if tt.want != "" && err.Error() != "descriptor: "+tt.want {
				t.Errorf("got  %v\nwant descriptor: %s", err, tt.want)
			}
			if _, noValue := errors.AsType[*descriptor.VariableError](err); noValue != (tt.is == errVariable) {
				t.Errorf("got a %T", err)
			}
			if _, ok := errors.AsType[*descriptor.ReadError](err); !ok || tt.is != nil && tt.is != errVariable && !errors.Is(err, tt.is) {
				t.Errorf("got a %T, want one that is %v", err, tt.is)
			}
		})
	}
}

// Values can hold anything; the document stays what it is, and places in it
// are found again.
func FuzzTemplate(f *testing.F) {
	f.Add(`{"name":"{{env.V}}"}`, `a"b\c`)
	f.Add(`{"modules":{"dialogs":[{"key":"{{key}}","url":"{{baseUrl}}/x"}]}}`, "\x00\xff")
	f.Add(`{"a":"\\{{env.V}}\"","b":{{env.V}}}`, "}}")
	f.Fuzz(func(t *testing.T, document, value string) {
		value = strings.ToValidUTF8(value, "?")
		template := descriptor.Template{BaseURL: "https://" + value, Key: value, Env: func(string) (string, bool) { return value, true }}
		app, err := template.Parse([]byte(document))
		if err != nil {
			checkReadError(t, []byte(document), err)
			return
		}
		if _, err := app.JSON(); err != nil {
			t.Errorf("writing: %v", err)
		}
		if err := app.Validate("").Locate([]byte(document)); err != nil {
			t.Errorf("locating: %v", err)
		}
	})
}

func ExampleTemplate() {
	document := []byte(`{"key": "hello", "name": "Hello", "baseUrl": "{{baseUrl}}"}`)
	app, err := descriptor.Template{BaseURL: "https://tunnel.example.com", Environment: "dev"}.Parse(document)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(app.Key, app.Name, app.BaseURL)

	// Output:
	// hello-dev Hello (dev) https://tunnel.example.com
}
