package descriptor

import (
	_ "embed"
	"strings"
	"sync"
)

// Operation is an operation of a host's REST interface.
type Operation struct {
	// Method is its HTTP method.
	Method string
	// Path is its path below the site, with {} in the place of each variable.
	Path string
	// Scope is the scope that a Connect app needs for it, by Atlassian's
	// OpenAPI documents; empty when Inaccessible is set.
	Scope Scope
	// Inaccessible is set when no Connect app may make the call.
	Inaccessible bool
}

// Allowed reports whether an app with these scopes may make the call, as far as
// scopes go.
func (o Operation) Allowed(scopes Scopes) bool { return !o.Inaccessible && scopes.Allow(o.Scope) }

// OperationFor finds the operation that a call of the method to the path is:
// the path of the URL below the site, such as /rest/api/3/issue/DEMO-1 in Jira
// and /wiki/api/v2/pages/1 in Confluence. Versions 2 and latest of Jira's
// platform are taken for version 3. It is not ok when the operation is not
// known; then nothing can be said of the call.
func OperationFor(method, path string) (o Operation, ok bool) {
	for _, version := range []string{"/rest/api/2/", "/rest/api/latest/"} {
		if rest, found := strings.CutPrefix(path, version); found {
			path = "/rest/api/3/" + rest
		}
	}
	if method == "HEAD" {
		method = "GET"
	}
	found := operations().find(method, strings.Split(strings.Trim(path, "/"), "/"))
	if found == nil {
		return Operation{}, false
	}
	return *found, true
}

//go:embed operations.tsv
var operationsData string

// operationTree are operations by the segments of their paths.
type operationTree struct {
	next     map[string]*operationTree
	byMethod map[string]*Operation
}

var operations = sync.OnceValue(func() *operationTree {
	root := &operationTree{}
	for line := range strings.Lines(operationsData) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) == 3 && fields[0][0] != '#' {
			o := &Operation{Method: fields[0], Path: fields[1], Scope: Scope(fields[2])}
			if o.Scope == "INACCESSIBLE" {
				o.Scope, o.Inaccessible = "", true
			}
			root.add(o)
		}
	}
	return root
})

const anySegment = "{}"

func (t *operationTree) add(o *Operation) {
	for segment := range strings.SplitSeq(strings.Trim(o.Path, "/"), "/") {
		if t.next == nil {
			t.next = map[string]*operationTree{}
		}
		if t.next[segment] == nil {
			t.next[segment] = &operationTree{}
		}
		t = t.next[segment]
	}
	if t.byMethod == nil {
		t.byMethod = map[string]*Operation{}
	}
	t.byMethod[o.Method] = o
}

// find prefers a segment that is written out to a variable. A variable is
// never empty.
func (t *operationTree) find(method string, segments []string) *Operation {
	if len(segments) == 0 {
		return t.byMethod[method]
	}
	if next := t.next[segments[0]]; next != nil && segments[0] != anySegment {
		if o := next.find(method, segments[1:]); o != nil {
			return o
		}
	}
	if next := t.next[anySegment]; next != nil && segments[0] != "" {
		return next.find(method, segments[1:])
	}
	return nil
}
