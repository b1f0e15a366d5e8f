package descriptor

import (
	"encoding/json"
	"strings"
)

// Operator joins the conditions of a composite one. The host takes the words
// in all-lower and in all-upper case.
type Operator string

// The operators.
const (
	// OperatorAnd needs every condition to hold.
	OperatorAnd Operator = "and"
	// OperatorOr needs one condition to hold.
	OperatorOr Operator = "or"
)

func (Operator) words() []string { return []string{"and", "or"} }

// Condition says when a module is shown. It is either single or composite;
// of a list of conditions every one must hold.
//
// A single one has Condition, and perhaps Invert and Params. A composite one
// has Type and Conditions, or, in the short form that Atlassian's
// documentation of conditions also uses, either And or Or. Composite ones
// hold conditions of both sorts.
type Condition struct {
	// Condition is the name of a single condition, at most 100 characters,
	// such as user_is_logged_in.
	Condition ConditionName `json:"condition,omitzero" connect:"max=100"`
	// Invert turns the answer of a single condition round.
	Invert bool `json:"invert,omitzero"`
	// Params are what a single condition needs to know.
	Params map[string]Param `json:"params,omitzero"`
	// Type joins Conditions; OperatorAnd when absent.
	Type Operator `json:"type,omitzero"`
	// Conditions are the parts of a composite condition.
	Conditions []Condition `json:"conditions,omitzero"`
	// And are parts that must all hold.
	And []Condition `json:"and,omitzero"`
	// Or are parts of which one must hold.
	Or []Condition `json:"or,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (n *Condition) check(c *checker, path string) {
	forms := 0
	for _, used := range []bool{
		n.Condition != "", n.Type != "" || n.Conditions != nil, n.And != nil, n.Or != nil,
	} {
		if used {
			forms++
		}
	}
	if forms != 1 {
		c.add(path, RuleCondition, "", "must have either condition, or conditions, or and, or or")
	}
	if n.Invert && n.Condition == "" {
		c.warn(join(path, "invert"), RuleRedundant, "true", "counts for a single condition alone")
	}
	c.known(join(path, "condition"), string(n.Condition), "a condition", conditionNames)
	if permission := n.Params["permission"].Text; permission != "" {
		if key, own := strings.CutPrefix(permission, c.app.Key+"__"); own {
			c.refer(join(join(path, "params"), "permission"), key, "jiraProjectPermissions", "jiraGlobalPermissions")
		}
	}
}
