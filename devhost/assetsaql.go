package devhost

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// aqlTerm is one comparison of a query.
type aqlTerm struct {
	field, value string
	like         bool
}

// parseAQL reads the subset of AQL this host knows: comparisons by = and LIKE of
// objectType, objectTypeId, objectSchema, Key and attributes, joined by AND. An
// empty query finds all.
func parseAQL(text string) ([]aqlTerm, error) {
	if len(text) > maxJQL {
		return nil, wordsf("the query is longer than %d characters", maxJQL)
	}
	tokens, err := lexJQL(text)
	if err != nil {
		return nil, wordsf("a quoted text does not end")
	}
	p := &jqlParser{tokens: tokens}
	if p.peek().kind == 0 {
		return nil, nil
	}
	var terms []aqlTerm
	for {
		term, err := parseAQLTerm(p)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term)
		if p.peek().kind == 0 {
			return terms, nil
		}
		if !p.accept(p.peek().is("and")) {
			return nil, unexpectedAQL(p.peek(), "AND; this host knows nothing else there")
		}
	}
}

func parseAQLTerm(p *jqlParser) (aqlTerm, error) {
	field := p.next()
	if field.kind != 'w' && field.kind != 'q' {
		return aqlTerm{}, unexpectedAQL(field, "the name of an attribute")
	}
	t := aqlTerm{field: field.text}
	switch op := p.next(); {
	case op.symbol("="):
	case op.is("like"):
		t.like = true
	default:
		return aqlTerm{}, unexpectedAQL(op, "= or LIKE; this host knows nothing else there")
	}
	value := p.next()
	if value.kind != 'q' && (value.kind != 'w' || isReserved(value.text) || p.peek().symbol("(")) {
		return aqlTerm{}, unexpectedAQL(value, "a value")
	}
	t.value = value.text
	return t, nil
}

func unexpectedAQL(t jqlToken, want string) error {
	if t.kind == 0 {
		return wordsf("expecting %s before the end of the query", want)
	}
	return wordsf("expecting %s but got '%s' at character %d", want, t.text, t.pos+1)
}

// findObjects returns what a query finds of the objects that the caller's user
// may see. It needs a.mu.
func (q *query) findObjects(aql string) ([]*AssetsObject, error) {
	if err := q.needAnyRole(); err != nil {
		return nil, err
	}
	a := &q.host.assets
	terms, err := parseAQL(aql)
	for _, t := range terms {
		err = errors.Join(err, a.checkTerm(t, q.caller.accountID))
	}
	if err != nil {
		words := strings.ReplaceAll(err.Error(), "\n", "; ")
		return nil, faultf(http.StatusBadRequest, "The AQL query is not valid: %s.", words)
	}
	var found []*AssetsObject
	for _, o := range a.objects {
		sees := a.holds(q.caller.accountID, a.typeOf(o).SchemaID, AssetsUser)
		if sees && !slices.ContainsFunc(terms, func(t aqlTerm) bool { return !a.termHolds(t, o) }) {
			found = append(found, o)
		}
	}
	return found, nil
}

// checkTerm finds names that do not exist where the user sees anything. It and
// termHolds need a.mu.
func (a *assets) checkTerm(t aqlTerm, accountID string) error {
	switch strings.ToLower(t.field) {
	case "objecttype", "objecttypeid", "objectschema", "objectschemaid", "key":
		return nil
	}
	known := slices.ContainsFunc(a.types, func(x *AssetsObjectType) bool {
		return x.attribute(t.field) != nil && a.holds(accountID, x.SchemaID, AssetsUser)
	})
	if !known {
		return wordsf("there is no attribute '%s'", t.field)
	}
	return nil
}

func (a *assets) termHolds(t aqlTerm, o *AssetsObject) bool {
	typ := a.typeOf(o)
	switch strings.ToLower(t.field) {
	case "objecttype":
		return t.matches(typ.Name)
	case "objecttypeid":
		return t.matches(typ.ID)
	case "objectschema":
		return t.matches(a.schema(typ.SchemaID).Name)
	case "objectschemaid":
		return t.matches(typ.SchemaID)
	}
	x := typ.attribute(t.field)
	return x != nil && slices.ContainsFunc(o.values(x.Name), t.matches)
}

// matches compares without regard to the case of letters, as AQL does.
func (t aqlTerm) matches(value string) bool {
	if t.like {
		return strings.Contains(strings.ToLower(value), strings.ToLower(t.value))
	}
	return strings.EqualFold(value, t.value)
}
