package devhost

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a query.
const (
	maxJQL      = 10_000
	maxJQLDepth = 100
)

// jqlQuery is a parsed query: a condition, which is nil for every issue, and an
// order.
type jqlQuery struct {
	where condition
	order []orderTerm
}

type orderTerm struct {
	field string
	desc  bool
}

// condition is one node of a query.
type condition interface {
	holds(i *Issue, v *jqlView) bool
	check(v *jqlView) error
}

type (
	both    struct{ a, b condition }
	either  struct{ a, b condition }
	negated struct{ c condition }
	clause  struct {
		field  string
		op     string // = != < <= > >= ~ !~ in, not in, is, is not
		values []operand
	}
)

// operand is a value or a function call on the right of a clause.
type operand struct {
	text     string
	function bool
	args     []string
}

func (o operand) isEmpty() bool {
	return !o.function && (strings.EqualFold(o.text, "empty") || strings.EqualFold(o.text, "null"))
}

// jqlToken is a lexical unit: a word, a quoted text or a symbol.
type jqlToken struct {
	kind byte // 'w', 'q', 's', or 0 at the end
	text string
	pos  int
}

func (t jqlToken) is(word string) bool { return t.kind == 'w' && strings.EqualFold(t.text, word) }

func (t jqlToken) symbol(s string) bool { return t.kind == 's' && t.text == s }

// parseJQL reads the subset of JQL this host knows: fields compared with =, !=,
// <, <=, >, >=, ~, !~, in, is; AND, OR, NOT, parentheses, ORDER BY.
func parseJQL(text string) (*jqlQuery, error) {
	if len(text) > maxJQL {
		return nil, wordsf("the query is longer than %d characters", maxJQL)
	}
	tokens, err := lexJQL(text)
	if err != nil {
		return nil, err
	}
	p := &jqlParser{tokens: tokens}
	q := new(jqlQuery)
	if !p.peek().is("order") && p.peek().kind != 0 {
		if q.where, err = p.or(); err != nil {
			return nil, err
		}
	}
	if q.order, err = p.orderBy(); err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != 0 {
		return nil, p.unexpected(t, "either 'OR' or 'AND'")
	}
	return q, nil
}

func lexJQL(s string) ([]jqlToken, error) {
	var tokens []jqlToken
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '"' || r == '\'':
			text, end, err := quoted(s, i)
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, jqlToken{'q', text, i})
			i = end
		case strings.ContainsRune("=!<>~(),&|", r):
			sym := symbolAt(s[i:])
			tokens = append(tokens, jqlToken{'s', sym, i})
			i += len(sym)
		default:
			end := i + wordLength(s[i:])
			tokens = append(tokens, jqlToken{'w', s[i:end], i})
			i = end
		}
	}
	return append(tokens, jqlToken{pos: len(s)}), nil
}

func symbolAt(s string) string {
	for _, two := range []string{"!=", "!~", "<=", ">=", "&&", "||"} {
		if strings.HasPrefix(s, two) {
			return two
		}
	}
	return s[:1]
}

func wordLength(s string) int {
	n := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("=!<>~(),&|\"'", r)
	})
	if n < 0 {
		return len(s)
	}
	return n
}

// quoted reads a quoted text that begins at start; a backslash takes the next
// character as it is.
func quoted(s string, start int) (text string, end int, err error) {
	var b strings.Builder
	for i := start + 1; i < len(s); i++ {
		switch {
		case s[i] == s[start]:
			return b.String(), i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0, wordsf("Error in the JQL Query: The quoted string %q has not been completed. (line 1, character %d)", s[start:], start+1)
}

// jiraWords is a fault in a query, in the words of Jira.
type jiraWords string

func (e jiraWords) Error() string { return string(e) }

func wordsf(format string, args ...any) error { return jiraWords(fmt.Sprintf(format, args...)) }

type jqlParser struct {
	tokens []jqlToken
	at     int
	depth  int
}

func (p *jqlParser) peek() jqlToken { return p.tokens[p.at] }

func (p *jqlParser) next() jqlToken {
	t := p.tokens[p.at]
	if t.kind != 0 {
		p.at++
	}
	return t
}

func (p *jqlParser) accept(ok bool) bool {
	if ok {
		p.at++
	}
	return ok
}

func (p *jqlParser) unexpected(t jqlToken, want string) error {
	if t.kind == 0 {
		return wordsf("Error in the JQL Query: Expecting %s before the end of the query.", want)
	}
	return wordsf("Error in the JQL Query: Expecting %s but got '%s'. (line 1, character %d)", want, t.text, t.pos+1)
}

func (p *jqlParser) or() (condition, error) {
	left, err := p.and()
	for err == nil && (p.accept(p.peek().is("or")) || p.accept(p.peek().symbol("||"))) {
		var right condition
		right, err = p.and()
		left = either{left, right}
	}
	return left, err
}

func (p *jqlParser) and() (condition, error) {
	left, err := p.not()
	for err == nil && (p.accept(p.peek().is("and")) || p.accept(p.peek().symbol("&&"))) {
		var right condition
		right, err = p.not()
		left = both{left, right}
	}
	return left, err
}

func (p *jqlParser) not() (condition, error) {
	if p.depth++; p.depth > maxJQLDepth {
		return nil, wordsf("Error in the JQL Query: more than %d levels.", maxJQLDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept(p.peek().is("not")) || p.accept(p.peek().symbol("!")):
		c, err := p.not()
		return negated{c}, err
	case p.accept(p.peek().symbol("(")):
		c, err := p.or()
		if err == nil && !p.accept(p.peek().symbol(")")) {
			err = p.unexpected(p.peek(), "')'")
		}
		return c, err
	}
	return p.clause()
}

func (p *jqlParser) clause() (condition, error) {
	t := p.next()
	if t.kind != 'w' && t.kind != 'q' {
		return nil, p.unexpected(t, "a field name")
	}
	field, ok := canonicalField(t.text)
	if !ok {
		return nil, wordsf("Field '%s' does not exist or you do not have permission to view it.", t.text)
	}
	op, err := p.operator()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(fieldOperators(field), op) {
		return nil, wordsf("The operator '%s' is not supported by the '%s' field.", op, t.text)
	}
	c := clause{field: field, op: op}
	if op == "in" || op == "not in" {
		c.values, err = p.list()
	} else {
		c.values = make([]operand, 1)
		c.values[0], err = p.operand()
	}
	unresolved(field, c.values)
	if err == nil && strings.HasPrefix(op, "is") && !c.values[0].isEmpty() {
		err = wordsf("The operator '%s' takes EMPTY or NULL only.", op)
	}
	return c, err
}

// unresolved lets that word stand for an empty resolution.
func unresolved(field string, values []operand) {
	for i, o := range values {
		if field == "resolution" && !o.function && strings.EqualFold(o.text, "unresolved") {
			values[i].text = "EMPTY"
		}
	}
}

func (p *jqlParser) operator() (string, error) {
	t := p.next()
	switch {
	case t.kind == 's' && slices.Contains([]string{"=", "!=", "<", "<=", ">", ">=", "~", "!~"}, t.text):
		return t.text, nil
	case t.is("in"):
		return "in", nil
	case t.is("is") && p.accept(p.peek().is("not")):
		return "is not", nil
	case t.is("is"):
		return "is", nil
	case t.is("not") && p.accept(p.peek().is("in")):
		return "not in", nil
	}
	return "", p.unexpected(t, "an operator")
}

func (p *jqlParser) list() ([]operand, error) {
	if !p.accept(p.peek().symbol("(")) {
		return nil, p.unexpected(p.peek(), "'('")
	}
	var list []operand
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if p.accept(p.peek().symbol(")")) {
			return list, nil
		}
		if !p.accept(p.peek().symbol(",")) {
			return nil, p.unexpected(p.peek(), "',' or ')'")
		}
	}
}

func (p *jqlParser) operand() (operand, error) {
	t := p.next()
	if t.kind == 'q' || (t.kind == 'w' && !p.peek().symbol("(")) {
		if t.kind == 'w' && isReserved(t.text) {
			return operand{}, p.unexpected(t, "a value")
		}
		return operand{text: t.text}, nil
	}
	if t.kind != 'w' {
		return operand{}, p.unexpected(t, "a value")
	}
	o := operand{text: strings.ToLower(t.text), function: true}
	p.next()
	for !p.accept(p.peek().symbol(")")) {
		a := p.next()
		if a.kind != 'w' && a.kind != 'q' {
			return operand{}, p.unexpected(a, "')'")
		}
		o.args = append(o.args, a.text)
		p.accept(p.peek().symbol(","))
	}
	return o, nil
}

func isReserved(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "in", "is", "order", "by":
		return true
	}
	return false
}

func (p *jqlParser) orderBy() ([]orderTerm, error) {
	if !p.accept(p.peek().is("order")) {
		return nil, nil
	}
	if !p.accept(p.peek().is("by")) {
		return nil, p.unexpected(p.peek(), "'BY'")
	}
	var terms []orderTerm
	for {
		t := p.next()
		field, ok := canonicalField(t.text)
		if t.kind == 0 || t.kind == 's' || !ok {
			return nil, p.unexpected(t, "a field to order by")
		}
		term := orderTerm{field: field, desc: p.accept(p.peek().is("desc"))}
		if !term.desc {
			p.accept(p.peek().is("asc"))
		}
		terms = append(terms, term)
		if !p.accept(p.peek().symbol(",")) {
			return terms, nil
		}
	}
}
