package descriptor

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two versions of a descriptor.
type Change struct {
	// Path is the JSON path of the value. A module that both versions have is
	// named by its key, such as modules.webPanels["panel"].url.
	Path string `json:"path"`
	// Old and New are the values as JSON; one is nil for what was added or
	// removed.
	Old json.RawMessage `json:"old,omitempty"`
	New json.RawMessage `json:"new,omitempty"`
}

// String gives a line that begins with +, - or ~. Long values are shortened.
func (c Change) String() string {
	was, is := shorten(string(c.Old), shownLength), shorten(string(c.New), shownLength)
	switch {
	case c.Old == nil:
		return printable(fmt.Sprintf("+ %s: %s", c.Path, is))
	case c.New == nil:
		return printable(fmt.Sprintf("- %s: %s", c.Path, was))
	}
	return printable(fmt.Sprintf("~ %s: %s -> %s", c.Path, was, is))
}

// Bump is the part of an app's version that the Marketplace raises for a new
// descriptor.
type Bump string

// The bumps, by Atlassian's page on upgrades.
const (
	// BumpNone is for descriptors that say the same.
	BumpNone Bump = "none"
	// BumpMicro reaches every site by itself.
	BumpMicro Bump = "micro"
	// BumpMinor waits on each site for an administrator.
	BumpMinor Bump = "minor"
	// BumpMajor is a new apiVersion, and waits as well.
	BumpMajor Bump = "major"
)

// Difference is all that differs between two versions of a descriptor.
type Difference struct {
	// Changes are in the order of their paths.
	Changes []Change `json:"changes"`
	// Bump is what becomes of the version.
	Bump Bump `json:"bump"`
	// Approval are the reasons for which an administrator of each site must
	// agree before it gets the new version; until then it keeps the old one.
	Approval []string `json:"approval,omitempty"`
	// Breaks are changes after which the app may no longer be the same one to
	// a host, or lose what a site has set.
	Breaks []string `json:"breaks,omitempty"`
}

// Diff compares two versions of a descriptor. It fails when one cannot be
// written.
func Diff(before, after *App) (*Difference, error) {
	was, err := treeOf(before)
	if err != nil {
		return nil, err
	}
	is, err := treeOf(after)
	if err != nil {
		return nil, err
	}
	d := &Difference{Changes: []Change{}, Bump: BumpNone}
	d.compare("", was, is)
	if len(d.Changes) > 0 {
		d.Bump = BumpMicro
	}
	d.approval(before, after)
	d.breaks(before, after)
	return d, nil
}

func (d *Difference) approval(before, after *App) {
	for _, s := range after.Scopes {
		reason := fmt.Sprintf("the scope %s is new", s.normal())
		if s.known() && !before.Scopes.Allow(s) && !slices.Contains(d.Approval, reason) {
			d.Approval = append(d.Approval, reason)
		}
	}
	if after.EnableLicensing && !before.EnableLicensing {
		d.Approval = append(d.Approval, "enableLicensing makes the app a paid one")
	}
	if len(d.Approval) > 0 {
		d.Bump = BumpMinor
	}
	if was, is := cmp.Or(before.APIVersion, 1), cmp.Or(after.APIVersion, 1); was != is {
		d.Approval = append(d.Approval, fmt.Sprintf("apiVersion changes from %d to %d", was, is))
		d.Bump = BumpMajor
	}
}

// kept are the kinds of modules that sites make something with that stays.
var kept = []string{
	"jiraIssueFields", "jiraIssueTypes", "jiraProjectPermissions", "jiraGlobalPermissions", "jiraWorkflowConditions",
	"jiraWorkflowValidators", "jiraWorkflowPostFunctions", "dynamicContentMacros", "staticContentMacros", "customContent",
}

func (d *Difference) breaks(before, after *App) {
	if before.Key != after.Key {
		d.Breaks = append(d.Breaks, "another key is another app: no site gets it as an upgrade")
	}
	if before.BaseURL != after.BaseURL {
		d.Breaks = append(d.Breaks, "another baseUrl reaches a site with its next upgrade; until then it calls the old one")
	}
	is := map[placed]bool{}
	after.Modules.each(func(k kind, _ string, v reflect.Value) { is[placed{k.name, moduleKey(v)}] = true })
	before.Modules.each(func(k kind, _ string, v reflect.Value) {
		if key := moduleKey(v); slices.Contains(kept, k.name) && !is[placed{k.name, key}] {
			d.Breaks = append(d.Breaks, printable(fmt.Sprintf("the module %s of %s is gone, and so is what sites made with it", shorten(key, shownLength), k.name)))
		}
	})
	types := map[string]IssueFieldType{}
	for _, f := range before.Modules.JiraIssueFields {
		types[f.Key] = f.Type
	}
	for _, f := range after.Modules.JiraIssueFields {
		if was, ok := types[f.Key]; ok && !same(was, f.Type) {
			d.Breaks = append(d.Breaks, printable(fmt.Sprintf("the field %s was of type %s, and what sites have in it stays so", f.Key, was)))
		}
	}
}

// treeOf is the document as plain values, numbers as they are written, in one
// of the spellings that mean the same to a host.
func treeOf(a *App) (any, error) {
	a = a.Clone()
	a.Modules.InArrays = nil
	a.Authentication.Type = AuthType(strings.ToLower(string(a.Authentication.Type)))
	slices.Sort(a.Scopes)
	a.Scopes = slices.Compact(a.Scopes)
	data, err := a.MarshalJSON()
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	return v, dec.Decode(&v)
}

// absent stands for a value that one of the documents does not have.
type absent struct{}

func (d *Difference) compare(path string, was, is any) {
	if reflect.DeepEqual(was, is) {
		return
	}
	if before, after, ok := membersOf(path, was, is); ok {
		d.compareMembers(before, after, func(name string) string { return join(path, name) })
		return
	}
	if before, after, ok := modulesOf(was, is); ok {
		d.compareMembers(before, after, func(key string) string { return path + "[" + strconv.Quote(key) + "]" })
		return
	}
	d.Changes = append(d.Changes, Change{Path: path, Old: raw(was), New: raw(is)})
}

// membersOf are the members of two objects. Modules that are not there are
// empty ones.
func membersOf(path string, was, is any) (before, after map[string]any, ok bool) {
	before, wasObject := was.(map[string]any)
	after, isObject := is.(map[string]any)
	both := wasObject && isObject
	return before, after, both || path == "modules" && (wasObject || isObject)
}

// modulesOf are the modules of two lists by their keys; a list that is not
// there is empty.
func modulesOf(was, is any) (before, after map[string]any, ok bool) {
	before, ofBefore := byKey(was)
	after, ofAfter := byKey(is)
	ofBefore = ofBefore || was == (any)(absent{})
	ofAfter = ofAfter || is == (any)(absent{})
	return before, after, ofBefore && ofAfter && len(before)+len(after) > 0
}

func (d *Difference) compareMembers(before, after map[string]any, at func(name string) string) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		was, is := any(absent{}), any(absent{})
		if v, ok := before[name]; ok {
			was = v
		}
		if v, ok := after[name]; ok {
			is = v
		}
		d.compare(at(name), was, is)
	}
}

// byKey are the modules of a list by their keys, if each has one of its own.
func byKey(v any) (map[string]any, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	keyed := make(map[string]any, len(list))
	for _, item := range list {
		module, _ := item.(map[string]any)
		key, _ := module["key"].(string)
		if _, twice := keyed[key]; key == "" || twice {
			return nil, false
		}
		keyed[key] = item
	}
	return keyed, true
}

func raw(v any) json.RawMessage {
	if v == (any)(absent{}) {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// v was read from JSON.
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}
