package devhost

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// attributeTypes are the simple types of attributes with the ids and names that
// Assets gives them.
var attributeTypes = map[string]attributeTypeBody{
	"text": {0, "Text"}, "integer": {1, "Integer"}, "boolean": {2, "Boolean"}, "double": {3, "Float"},
	"date": {4, "Date"}, "time": {5, "Time"}, "date_time": {6, "DateTime"}, "url": {7, "URL"},
	"email": {8, "Email"}, "textarea": {9, "Textarea"}, "select": {10, "Select"}, "ip_address": {11, "IP Address"},
}

type attributeTypeBody struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// addType adds a type with the attributes Assets gives every type. It and all
// below need a.mu.
func (a *assets) addType(t AssetsObjectType) (*AssetsObjectType, error) {
	if a.schema(t.SchemaID) == nil {
		return nil, fmt.Errorf("no object schema has the id %q", t.SchemaID)
	}
	if strings.TrimSpace(t.Name) == "" {
		return nil, fmt.Errorf("an object type needs a name")
	}
	if a.typeNamed(t.SchemaID, t.Name) != nil {
		return nil, fmt.Errorf("object type %q is there already", t.Name)
	}
	if parent := a.objectType(t.ParentID); t.ParentID != "" && (parent == nil || parent.SchemaID != t.SchemaID) {
		return nil, fmt.Errorf("object type %q: no type of the schema has the id %q", t.Name, t.ParentID)
	}
	given := withSystemAttributes(t.Attributes)
	t.Attributes = nil
	for _, attribute := range given {
		if err := a.addAttribute(&t, attribute); err != nil {
			return nil, err
		}
	}
	t.ID = nextID(&a.lastID.objectType)
	a.types = append(a.types, &t)
	return &t, nil
}

// withSystemAttributes puts Key first and the times last, and adds Name.
func withSystemAttributes(given []AssetsAttribute) []AssetsAttribute {
	list := []AssetsAttribute{{Name: "Key", system: true}}
	labelled := slices.ContainsFunc(given, func(t AssetsAttribute) bool {
		return t.Label && !isSystemAttribute(t.Name)
	})
	named := slices.ContainsFunc(given, func(t AssetsAttribute) bool { return strings.EqualFold(t.Name, "Name") })
	if !named {
		list = append(list, AssetsAttribute{Name: "Name", Label: !labelled, Required: !labelled})
	}
	for _, attribute := range given {
		if strings.EqualFold(attribute.Name, "Name") && !labelled {
			attribute.Label = true
		}
		if !isSystemAttribute(attribute.Name) {
			list = append(list, attribute)
		}
	}
	return append(list, AssetsAttribute{Name: "Created", Type: "date_time", system: true},
		AssetsAttribute{Name: "Updated", Type: "date_time", system: true})
}

func isSystemAttribute(name string) bool {
	return strings.EqualFold(name, "Key") || strings.EqualFold(name, "Created") || strings.EqualFold(name, "Updated")
}

func (a *assets) addAttribute(t *AssetsObjectType, attribute AssetsAttribute) error {
	attribute.Type = cmp.Or(attribute.Type, "text")
	switch {
	case strings.TrimSpace(attribute.Name) == "":
		return fmt.Errorf("object type %q: an attribute needs a name", t.Name)
	case attributeTypes[attribute.Type].Name == "":
		return fmt.Errorf("attribute %q of object type %q: this host has no type %q", attribute.Name, t.Name, attribute.Type)
	case t.attribute(attribute.Name) != nil:
		return fmt.Errorf("object type %q has two attributes %q", t.Name, attribute.Name)
	case attribute.Label && t.label() != nil:
		return fmt.Errorf("object type %q has two labels, %q and %q", t.Name, t.label().Name, attribute.Name)
	}
	attribute.ID = nextID(&a.lastID.attribute)
	t.Attributes = append(t.Attributes, attribute)
	return nil
}

func (a *assets) typeNamed(schemaID, name string) *AssetsObjectType {
	i := slices.IndexFunc(a.types, func(t *AssetsObjectType) bool {
		return t.SchemaID == schemaID && strings.EqualFold(t.Name, name)
	})
	if i < 0 {
		return nil
	}
	return a.types[i]
}

// attribute finds an attribute by its name, in any case of letters.
func (t *AssetsObjectType) attribute(name string) *AssetsAttribute {
	return t.find(func(x AssetsAttribute) bool { return strings.EqualFold(x.Name, name) })
}

func (t *AssetsObjectType) attributeWithID(id string) *AssetsAttribute {
	return t.find(func(x AssetsAttribute) bool { return x.ID == id })
}

func (t *AssetsObjectType) label() *AssetsAttribute {
	return t.find(func(x AssetsAttribute) bool { return x.Label })
}

func (t *AssetsObjectType) find(is func(AssetsAttribute) bool) *AssetsAttribute {
	i := slices.IndexFunc(t.Attributes, is)
	if i < 0 {
		return nil
	}
	return &t.Attributes[i]
}

// judgeValues says what is wrong with values of one attribute, in words, or
// nothing.
func (x *AssetsAttribute) judgeValues(values []string) string {
	switch {
	case x.system:
		return "The attribute " + x.Name + " cannot be set."
	case x.Required && len(values) == 0:
		return "The attribute " + x.Name + " needs a value."
	case !x.Many && len(values) > 1:
		return "The attribute " + x.Name + " takes one value."
	}
	for _, v := range values {
		if !x.accepts(v) {
			return fmt.Sprintf("The value '%s' is no %s.", v, attributeTypes[x.Type].Name)
		}
	}
	return ""
}

func (x *AssetsAttribute) accepts(value string) bool {
	var err error
	switch x.Type {
	case "integer":
		_, err = strconv.ParseInt(value, 10, 64)
	case "double":
		_, err = strconv.ParseFloat(value, 64)
	case "boolean":
		return value == "true" || value == "false"
	}
	return err == nil
}
