package descriptor

import (
	"fmt"
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
	// RuleUnique is a module key that is used twice.
	RuleUnique Rule = "unique"
	// RuleScope is a scope that is missing for what the document asks.
	RuleScope Rule = "scope"
	// RuleInstalled is authentication without a callback that would receive
	// the secret.
	RuleInstalled Rule = "installed"
	// RuleCondition is a condition that is neither single nor composite.
	RuleCondition Rule = "condition"
)

// Finding is one fault of a descriptor.
type Finding struct {
	// Path is the JSON path of the member at fault, such as
	// modules.webPanels[0].url. The member itself may be missing.
	Path string
	// Rule is the rule that is broken.
	Rule Rule
	// Value is the value at fault, shortened when it is long; empty when it
	// is missing or no text.
	Value string
	// Message says what is wrong and what would be right.
	Message string
}

// Error gives path and message.
func (f *Finding) Error() string { return f.Path + ": " + f.Message }

// Findings are all faults of a descriptor, in the order of the document.
type Findings []*Finding

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
