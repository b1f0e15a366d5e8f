package descriptor

import (
	"slices"
	"strings"
)

// Product is a host product that takes Connect apps.
type Product string

// The products.
const (
	Jira       Product = "jira"
	Confluence Product = "confluence"
)

func (Product) words() []string { return []string{"jira", "confluence"} }

// Product returns the product that the document is for, as far as it shows:
// that of its kinds of modules, or else of its scopes. It is empty when nothing
// in it belongs to one product alone, and when things of both are in it.
func (a *App) Product() Product {
	var found []Product
	for k := range a.Modules.used() {
		found = append(found, k.product)
	}
	if slices.Max(append(found, "")) == "" {
		for _, s := range a.Scopes {
			found = append(found, s.product())
		}
	}
	found = slices.DeleteFunc(found, func(p Product) bool { return p == "" })
	if len(found) == 0 || slices.Min(found) != slices.Max(found) {
		return ""
	}
	return found[0]
}

// product is the one product that has the scope; empty for the scopes of both
// and for words that are no scope.
func (s Scope) product() Product {
	switch s.normal() {
	case ProjectAdmin:
		return Jira
	case SpaceAdmin:
		return Confluence
	}
	return ""
}

// lists reports whether a list of words has one, in its own spelling or in all
// capitals.
func lists(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return word == w || word == strings.ToUpper(w) })
}

// same reports whether two words of one closed set mean the same.
func same[T ~string](a, b T) bool { return strings.EqualFold(string(a), string(b)) }
