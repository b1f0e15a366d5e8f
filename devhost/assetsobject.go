package devhost

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// addObject makes an object. It and all below need a.mu.
func (a *assets) addObject(typeID string, values map[string][]string, now time.Time) (*AssetsObject, error) {
	t := a.objectType(typeID)
	if t == nil {
		return nil, fmt.Errorf("no object type has the id %q", typeID)
	}
	o := &AssetsObject{TypeID: typeID, Created: now}
	if err := a.setValues(o, values, now); err != nil {
		return nil, err
	}
	o.ID = nextID(&a.lastID.object)
	o.Key = a.schema(t.SchemaID).Key + "-" + o.ID
	a.objects = append(a.objects, o)
	return o, nil
}

// setValues puts values over those an object has, all or none of them. An empty
// list takes values away. The fault names attributes by the id of their field, as
// Assets does.
func (a *assets) setValues(o *AssetsObject, values map[string][]string, now time.Time) error {
	t := a.typeOf(o)
	merged := maps.Clone(o.Values)
	if merged == nil {
		merged = make(map[string][]string)
	}
	for name, list := range values {
		x := t.attribute(name)
		if x == nil {
			return fmt.Errorf("object type %q has no attribute %q", t.Name, name)
		}
		merged[x.Name] = slices.Clone(list)
	}
	faults := make(map[string]string)
	for i := range t.Attributes {
		x := &t.Attributes[i]
		list, given := merged[x.Name]
		if words := a.judge(o, x, list, given); words != "" {
			faults["rlabs-insight-attribute-"+x.ID] = words
		}
		if len(list) == 0 {
			delete(merged, x.Name)
		}
	}
	if len(faults) > 0 {
		return fieldFault(faults)
	}
	o.Values, o.Updated = merged, now
	o.Label = strings.Join(merged[t.label().Name], ", ")
	return nil
}

func (a *assets) judge(o *AssetsObject, x *AssetsAttribute, values []string, given bool) string {
	if !given && (x.system || !x.Required) {
		return ""
	}
	if words := x.judgeValues(values); words != "" {
		return words
	}
	if x.Unique && a.taken(o, x.Name, values) {
		return "The value of " + x.Name + " is taken by another object."
	}
	return ""
}

// taken reports whether another object of the type has one of the values.
func (a *assets) taken(o *AssetsObject, name string, values []string) bool {
	return slices.ContainsFunc(a.objects, func(other *AssetsObject) bool {
		return other.TypeID == o.TypeID && other.ID != o.ID &&
			slices.ContainsFunc(other.Values[name], func(v string) bool { return slices.Contains(values, v) })
	})
}

// values are those of one attribute, the ones the host keeps itself included.
func (o *AssetsObject) values(attribute string) []string {
	switch {
	case strings.EqualFold(attribute, "Key"):
		return []string{o.Key}
	case strings.EqualFold(attribute, "Created"):
		return []string{assetsTime(o.Created)}
	case strings.EqualFold(attribute, "Updated"):
		return []string{assetsTime(o.Updated)}
	}
	return o.Values[attribute]
}

func assetsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
