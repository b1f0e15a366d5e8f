package descriptor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	appKeyPattern     = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	moduleKeyPattern  = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)
	identifierPattern = regexp.MustCompile(`^[-_a-z0-9.]+$`)
	stylePattern      = regexp.MustCompile(`^[_a-zA-Z][_a-zA-Z0-9-]*$`)
)

// The closed sets of words. A host takes each in all-lower and in all-upper
// case.
var (
	authTypes      = []string{"jwt", "none"}
	bodyTypes      = []string{"multi-body-rich-text", "rich-text", "plain-text", "none"}
	contexts       = []string{"page", "addon", "product"}
	controlTypes   = []string{"button", "group", "togglegroup", "togglebutton", "text"}
	dialogSizes    = []string{"small", "medium", "large", "x-large", "fullscreen", "maximum"}
	operators      = []string{"and", "or"}
	outputTypes    = []string{"block", "inline"}
	parameterTypes = []string{"attachment", "boolean", "confluence-content", "enum", "int",
		"label", "spacekey", "string", "url", "username"}
	targetTypes = []string{"page", "dialog", "inlinedialog", "dialogmodule"}
	scopeWords  = []string{"NONE", "READ", "WRITE", "DELETE", "PROJECT_ADMIN", "SPACE_ADMIN",
		"ADMIN", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"}
)

// checker collects findings.
type checker struct {
	findings Findings
	// keys are the module keys so far and where they are.
	keys map[string]string
}

const shownLength = 100

func (c *checker) add(path string, rule Rule, value, format string, args ...any) {
	if runes := []rune(value); len(runes) > shownLength {
		value = string(runes[:shownLength]) + "…"
	}
	c.findings = append(c.findings, &Finding{
		Path: path, Rule: rule, Value: value, Message: fmt.Sprintf(format, args...),
	})
}

func (c *checker) required(path, value string) {
	if value == "" {
		c.add(path, RuleRequired, "", "is missing")
	}
}

func (c *checker) length(path, value string, most int) {
	if n := utf8.RuneCountInString(value); n > most {
		c.add(path, RuleLength, value, "has %d characters, at most %d are allowed", n, most)
	}
}

func (c *checker) lengths(path string, values []string, most int) {
	for i, value := range values {
		c.length(index(path, i), value, most)
	}
}

// extent checks a width and a height.
func (c *checker) extent(path, width, height string) {
	c.length(join(path, "width"), width, 10)
	c.length(join(path, "height"), height, 10)
}

func (c *checker) pattern(path, value string, pattern *regexp.Regexp) {
	if value != "" && !pattern.MatchString(value) {
		c.add(path, RulePattern, value, "%q does not match %s", value, pattern)
	}
}

// word checks a word of a closed set. An empty one is absent.
func (c *checker) word(path, value string, words ...string) {
	ok := slices.ContainsFunc(words, func(word string) bool {
		return value == word || value == strings.ToUpper(word)
	})
	if value != "" && !ok {
		c.add(path, RuleWord, value, "%q is none of %s", value, wordList(words))
	}
}

func wordList(words []string) string { return strings.Join(words, ", ") }

func (c *checker) unique(path, key string) {
	if key == "" {
		return
	}
	if first, used := c.keys[key]; used {
		c.add(path, RuleUnique, key, "%q is already the key at %s", key, first)
		return
	}
	c.keys[key] = path
}

func (c *checker) text(path string, t Text) {
	if t.given() {
		c.needText(path, t)
	}
}

func (c *checker) needText(path string, t Text) {
	c.required(join(path, "value"), t.Value)
	c.length(join(path, "value"), t.Value, 1500)
	c.length(join(path, "i18n"), t.I18n, 300)
}

func (c *checker) name(path string, t Text) { c.needText(join(path, "name"), t) }

func (c *checker) location(path, location string) {
	c.length(join(path, "location"), location, 100)
}

// relative checks a URL that the host appends to the base URL. An empty one is
// absent.
func (c *checker) relative(path, url string) {
	switch {
	case url == "":
	case isAbsolute(url):
		c.add(path, RuleURL, url, "must be relative to baseUrl, such as /page")
	case !strings.HasPrefix(url, "/"):
		c.add(path, RuleURL, url, "must begin with a slash, because it is appended to baseUrl")
	}
}

// ownURL checks a URL that must be there and be the app's own.
func (c *checker) ownURL(path, url string) {
	c.required(path, url)
	c.relative(path, url)
}

// anyURL checks a URL that must be there and may be absolute.
func (c *checker) anyURL(path, url string) {
	c.required(path, url)
	switch {
	case !isAbsolute(url):
		c.relative(path, url)
	case !isHTTP(url):
		c.add(path, RuleURL, url, "must be relative to baseUrl or begin with https:// or http://")
	}
}

func isHTTP(url string) bool {
	scheme, rest, ok := strings.Cut(url, "://")
	return ok && rest != "" && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

func (c *checker) icon(path string, icon *Icon) {
	if icon != nil {
		c.anyURL(join(join(path, "icon"), "url"), icon.URL)
	}
}

func (c *checker) needIcon(path string, icon *Icon) {
	if icon == nil {
		c.add(join(path, "icon"), RuleRequired, "", "is missing")
	}
	c.icon(path, icon)
}

func (c *checker) link(path string, l Link) {
	c.anyURL(join(path, "url"), l.URL)
	c.length(join(path, "title"), l.Title, 1000)
	c.length(join(path, "altText"), l.AltText, 1000)
}

func (c *checker) label(path string, l IssueLabel) {
	c.required(join(path, "type"), string(l.Type))
	c.word(join(path, "type"), string(l.Type), string(ContentLabel))
	c.needText(join(path, "label"), l.Label)
}

func (c *checker) issueTarget(path string, t IssueTarget) {
	c.required(join(path, "type"), string(t.Type))
	c.word(join(path, "type"), string(t.Type), string(TargetWebPanel))
	c.ownURL(join(path, "url"), t.URL)
}

func (c *checker) target(path string, t *Target) {
	if t == nil {
		return
	}
	c.word(join(path, "type"), string(t.Type), targetTypes...)
	at := join(path, "options")
	if t.Type.is(TargetDialogModule) && (t.Options == nil || t.Options.Key == "") {
		c.add(join(at, "key"), RuleRequired, "", "is missing: the target is a dialog module")
	}
	if o := t.Options; o != nil {
		c.length(join(at, "key"), o.Key, 100)
		c.word(join(at, "size"), string(o.Size), dialogSizes...)
		c.extent(at, o.Width, o.Height)
		c.text(join(at, "header"), o.Header)
		c.length(join(at, "offsetX"), o.OffsetX, 10)
		c.length(join(at, "offsetY"), o.OffsetY, 10)
	}
}

func (c *checker) styleClasses(path string, classes []string) {
	c.lengths(path, classes, 1000)
	for i, class := range classes {
		c.pattern(index(path, i), class, stylePattern)
	}
}

func (c *checker) conditions(path string, conditions []Condition) {
	for i, condition := range conditions {
		c.condition(index(path, i), condition)
	}
}

func (c *checker) condition(path string, n Condition) {
	forms := 0
	for _, used := range []bool{
		n.Condition != "", n.Type != "" || n.Conditions != nil, n.And != nil, n.Or != nil,
	} {
		if used {
			forms++
		}
	}
	if forms != 1 {
		c.add(path, RuleCondition, "", "must have either condition, or type and conditions, or and, or or")
	}
	c.length(join(path, "condition"), n.Condition, 100)
	if n.Conditions != nil {
		c.required(join(path, "type"), string(n.Type))
	}
	c.word(join(path, "type"), string(n.Type), operators...)
	c.conditions(join(path, "conditions"), n.Conditions)
	c.conditions(join(path, "and"), n.And)
	c.conditions(join(path, "or"), n.Or)
}
