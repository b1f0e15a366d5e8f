package descriptor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rule names what a finding is about. It stays the same when the wording of
// messages changes.
type Rule string

// The rules.
const (
	// RuleRequired is a member that is missing.
	RuleRequired Rule = "required"
	// RuleLength is a text or list that is too long.
	RuleLength Rule = "length"
	// RulePattern is a text with characters that are not allowed.
	RulePattern Rule = "pattern"
	// RuleWord is a word that is none of those the host knows.
	RuleWord Rule = "word"
	// RuleURL is a URL that the host cannot call.
	RuleURL Rule = "url"
	// RuleHTTPS is a URL that is not https although it must be.
	RuleHTTPS Rule = "https"
	// RuleUnique is a module key, or a scope, that is used twice.
	RuleUnique Rule = "unique"
	// RuleScope is a scope that is missing for what the document asks.
	RuleScope Rule = "scope"
	// RuleInstalled is authentication without a callback that would receive
	// the secret.
	RuleInstalled Rule = "installed"
	// RuleCondition is a condition that is neither single nor composite.
	RuleCondition Rule = "condition"
	// RuleUnknown is a member or a kind of module that this package does not
	// know.
	RuleUnknown Rule = "unknown"
	// RuleProduct is something that the product does not have.
	RuleProduct Rule = "product"
	// RuleReference is the key of a module that is not there.
	RuleReference Rule = "reference"
	// RuleVariable is a context parameter that has no value there.
	RuleVariable Rule = "variable"
	// RuleCacheable is a cacheable page whose URL has context parameters.
	RuleCacheable Rule = "cacheable"
	// RuleMigration is an opt-in of apiMigrations that is missing or off.
	RuleMigration Rule = "migration"
	// RuleResidency is about regions and moves between them.
	RuleResidency Rule = "residency"
	// RuleRedundant is something that counts for nothing beside another.
	RuleRedundant Rule = "redundant"
	// RuleMarketplace is something that the Marketplace asks for.
	RuleMarketplace Rule = "marketplace"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	// LevelError is for what the host would refuse, or could not call.
	LevelError Level = "error"
	// LevelWarning is for what works in a way that is hardly meant.
	LevelWarning Level = "warning"
)

// Finding is one fault of a descriptor.
type Finding struct {
	// Level says how bad it is.
	Level Level `json:"level"`
	// Path is the JSON path of the member at fault, such as
	// modules.webPanels[0].url. The member itself may be missing. It is empty
	// for the document as a whole.
	Path string `json:"path"`
	// Rule is the rule that is broken.
	Rule Rule `json:"rule"`
	// Value is the value at fault, shortened when it is long; empty when it
	// is missing or no text.
	Value string `json:"value,omitempty"`
	// Message says what is wrong and what would be right.
	Message string `json:"message"`
	// Line and Column are the place in the document, both counted from 1, the
	// column in bytes. Both are 0 unless Findings.Locate set them.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Error gives path and message.
func (f *Finding) Error() string {
	if f.Path == "" {
		return "the document " + f.Message
	}
	return f.Path + ": " + f.Message
}

// Findings are all faults of a descriptor, in the order of the types of this
// package, which is nearly that of the document.
type Findings []*Finding

// At returns the findings of a level.
func (f Findings) At(level Level) Findings {
	return slices.DeleteFunc(slices.Clone(f), func(x *Finding) bool { return x.Level != level })
}

// Err returns nil if there is no finding of LevelError, and otherwise an error
// of type Findings with those of that level.
func (f Findings) Err() error {
	if errors := f.At(LevelError); len(errors) > 0 {
		return errors
	}
	return nil
}

// Error gives one line for each fault.
func (f Findings) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "descriptor: %d finding", len(f))
	if len(f) != 1 {
		b.WriteByte('s')
	}
	for _, finding := range f {
		b.WriteString("\n\t" + finding.Error())
	}
	return b.String()
}

// Unwrap returns the faults, so that errors.As finds the first *Finding.
func (f Findings) Unwrap() []error {
	errs := make([]error, len(f))
	for i, finding := range f {
		errs[i] = finding
	}
	return errs
}

// Sort puts the findings into the order of the document, once Locate has set
// their places. Those at one place stay in their order.
func (f Findings) Sort() {
	slices.SortStableFunc(f, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
