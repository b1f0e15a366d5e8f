package devhost

import (
	"net/http"
	"slices"
	"strings"
)

// mappingDocument is the body with which an import source is configured, in the
// members that count here.
type mappingDocument struct {
	Schema struct {
		ObjectSchema struct {
			ObjectTypes []importType `json:"objectTypes"`
		} `json:"objectSchema"`
	} `json:"schema"`
	Mapping struct {
		Types []typeMapping `json:"objectTypeMappings"`
	} `json:"mapping"`
}

type importType struct {
	ExternalID  string            `json:"externalId"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Attributes  []importAttribute `json:"attributes"`
	Children    []importType      `json:"children"`
}

type importAttribute struct {
	ExternalID string `json:"externalId"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Label      bool   `json:"label"`
	Minimum    int    `json:"minimumCardinality"`
	Maximum    *int   `json:"maximumCardinality"`
	Unique     bool   `json:"unique"`
}

type typeMapping struct {
	ExternalID string             `json:"objectTypeExternalId"`
	Name       string             `json:"objectTypeName"`
	Selector   string             `json:"selector"`
	Attributes []attributeMapping `json:"attributesMapping"`
}

type attributeMapping struct {
	ExternalID string   `json:"attributeExternalId"`
	Name       string   `json:"attributeName"`
	Locators   []string `json:"attributeLocators"`
	Identifies bool     `json:"externalIdPart"`
}

// importMapping is a mapping that was found good: by object type, in order.
type importMapping struct{ types []mappedType }

type mappedType struct {
	typeID     string
	selector   []string
	attributes []mappedAttribute
}

type mappedAttribute struct {
	name       string
	locator    []string
	identifies bool
}

func putMapping(q *query) (answer, error) { return q.configure(false) }

// patchMapping changes the mappings of the types it names and leaves the others.
func patchMapping(q *query) (answer, error) { return q.configure(true) }

func (q *query) configure(patch bool) (answer, error) {
	if v := q.URL.Query().Get("async"); v != "" && v != "false" {
		return answer{}, faultf(http.StatusBadRequest, "This host takes a mapping at once only, not with async=%s.", v)
	}
	var doc mappingDocument
	if err := q.decode(&doc, false); err != nil {
		return answer{}, err
	}
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.source()
	switch {
	case err != nil:
		return answer{}, err
	case s.running() != nil:
		return answer{}, faultf(http.StatusConflict, "An import is running: its mapping cannot be changed.")
	case patch && s.mapping == nil:
		return answer{}, faultf(http.StatusConflict, "The import source has no mapping yet: PUT one first.")
	}
	m, err := a.configure(s.SchemaID, &doc)
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "The mapping is not valid: %s.", err)
	}
	if patch {
		m = s.mapping.with(m)
	}
	s.mapping = m
	return answer{status: http.StatusNoContent}, nil
}

// with is a mapping in which those of other take the place of their like.
func (m *importMapping) with(other *importMapping) *importMapping {
	kept := slices.DeleteFunc(slices.Clone(m.types), func(t mappedType) bool {
		return slices.ContainsFunc(other.types, func(o mappedType) bool { return o.typeID == t.typeID })
	})
	return &importMapping{append(kept, other.types...)}
}

// configure makes the types and attributes of a document that the schema lacks
// and resolves its mapping. When it fails the schema is as it was. It and all
// below need a.mu.
func (a *assets) configure(schemaID string, doc *mappingDocument) (*importMapping, error) {
	before := make([]*AssetsObjectType, len(a.types))
	for i, t := range a.types {
		copied := t.clone()
		before[i] = &copied
	}
	m, err := a.applyDocument(schemaID, doc)
	if err != nil {
		a.types = before
		return nil, err
	}
	return m, nil
}

func (a *assets) applyDocument(schemaID string, doc *mappingDocument) (*importMapping, error) {
	names := externalNames{types: make(map[string]string), attributes: make(map[string]string)}
	for _, t := range doc.Schema.ObjectSchema.ObjectTypes {
		if err := a.applyType(schemaID, "", t, names); err != nil {
			return nil, err
		}
	}
	if len(doc.Mapping.Types) == 0 {
		return nil, wordsf("it has no objectTypeMappings")
	}
	m := new(importMapping)
	for _, given := range doc.Mapping.Types {
		mapped, err := a.resolveMapping(schemaID, given, names)
		if err != nil {
			return nil, err
		}
		m.types = append(m.types, mapped)
	}
	return m, nil
}

// externalNames are the names of types and attributes by their external ids.
type externalNames struct{ types, attributes map[string]string }

func (a *assets) applyType(schemaID, parentID string, given importType, names externalNames) error {
	var attributes []AssetsAttribute
	for _, x := range given.Attributes {
		names.attributes[x.ExternalID] = x.Name
		attributes = append(attributes, x.attribute())
	}
	names.types[given.ExternalID] = given.Name
	t := a.typeNamed(schemaID, given.Name)
	if t == nil {
		added, err := a.addType(AssetsObjectType{
			SchemaID: schemaID, ParentID: parentID, Name: given.Name, Description: given.Description, Attributes: attributes,
		})
		if err != nil {
			return err
		}
		t = added
	} else if err := a.extendType(t, attributes); err != nil {
		return err
	}
	for _, child := range given.Children {
		if err := a.applyType(schemaID, t.ID, child, names); err != nil {
			return err
		}
	}
	return nil
}

func (x importAttribute) attribute() AssetsAttribute {
	return AssetsAttribute{
		Name: x.Name, Type: x.Type, Label: x.Label, Unique: x.Unique, Required: x.Minimum > 0,
		Many: x.Maximum != nil && *x.Maximum != 1,
	}
}

// extendType adds the attributes that a type lacks. Those it has stay as they
// are, and so does its label.
func (a *assets) extendType(t *AssetsObjectType, attributes []AssetsAttribute) error {
	for _, x := range attributes {
		if t.attribute(x.Name) != nil {
			continue
		}
		x.Label = false
		if err := a.addAttribute(t, x); err != nil {
			return err
		}
	}
	return nil
}

func (a *assets) resolveMapping(schemaID string, given typeMapping, names externalNames) (mappedType, error) {
	name := given.Name
	if name == "" {
		name = names.types[given.ExternalID]
	}
	t := a.typeNamed(schemaID, name)
	switch {
	case t == nil:
		return mappedType{}, wordsf("the schema has no object type '%s'", name)
	case given.Selector == "":
		return mappedType{}, wordsf("the mapping of '%s' has no selector", name)
	}
	m := mappedType{typeID: t.ID, selector: strings.Split(given.Selector, ".")}
	for _, x := range given.Attributes {
		mapped, err := resolveAttribute(t, x, names)
		if err != nil {
			return mappedType{}, err
		}
		m.attributes = append(m.attributes, mapped)
	}
	return m, m.findIdentity(t)
}

func resolveAttribute(t *AssetsObjectType, given attributeMapping, names externalNames) (mappedAttribute, error) {
	name := given.Name
	if name == "" {
		name = names.attributes[given.ExternalID]
	}
	x := t.attribute(name)
	switch {
	case x == nil:
		return mappedAttribute{}, wordsf("object type '%s' has no attribute '%s'", t.Name, name)
	case x.system:
		return mappedAttribute{}, wordsf("attribute '%s' of '%s' cannot be set", x.Name, t.Name)
	case len(given.Locators) != 1 || given.Locators[0] == "":
		return mappedAttribute{}, wordsf("attribute '%s' of '%s' needs one locator; this host takes no more", x.Name, t.Name)
	}
	return mappedAttribute{x.Name, strings.Split(given.Locators[0], "."), given.Identifies}, nil
}

// findIdentity makes sure that entries can be told apart: by the attributes that
// are part of the external id or, without any, by the label.
func (m *mappedType) findIdentity(t *AssetsObjectType) error {
	if slices.ContainsFunc(m.attributes, func(x mappedAttribute) bool { return x.identifies }) {
		return nil
	}
	for i := range m.attributes {
		if m.attributes[i].name == t.label().Name {
			m.attributes[i].identifies = true
			return nil
		}
	}
	return wordsf("the mapping of '%s' has neither an externalIdPart nor the label", t.Name)
}
