package devhost

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Assets says what the site has of Assets, a part of Jira Service Management.
type Assets struct {
	// WorkspaceID is the id of the site's one workspace. Empty makes one.
	WorkspaceID string
	// Schemas are there from the start. Nobody holds a role in them.
	Schemas []AssetsSchema
}

// AssetsSchema is an object schema.
type AssetsSchema struct {
	// ID is made by the host; what it holds when the schema is added is ignored.
	ID string
	// Key begins the keys of the schema's objects: two to ten capital letters and
	// digits, a letter first.
	Key string
	// Name must not be empty.
	Name        string
	Description string
	// Types are the object types of the schema.
	Types []AssetsObjectType
}

// AssetsObjectType is a kind of objects.
type AssetsObjectType struct {
	// ID is made by the host; what it holds when the type is added is ignored.
	ID string
	// SchemaID is the schema the type belongs to.
	SchemaID string
	// ParentID is the type above this one; empty at the top. Attributes are not
	// inherited.
	ParentID string
	// Name must not be empty and is there once in a schema.
	Name        string
	Description string
	// Attributes are what objects of the type may hold. The host adds Key, Name,
	// Created and Updated where they are missing, as Assets does. The one with
	// Label names the objects; without one it is Name.
	Attributes []AssetsAttribute
}

// AssetsAttribute is what objects of a type may hold.
type AssetsAttribute struct {
	// ID is made by the host; what it holds when the attribute is added is
	// ignored.
	ID string
	// Name must not be empty and is there once in a type.
	Name string
	// Type is one of Assets' simple types: text, integer, boolean, double, date,
	// time, date_time, url, email, textarea, select, ip_address. Empty is text.
	// Values of integer, boolean and double are checked.
	Type string
	// Label makes the value the label of an object.
	Label bool
	// Required values must be there, Unique ones differ between the objects of
	// the type, and Many allows more than one.
	Required, Unique, Many bool
	system                 bool
}

// AssetsObject is one object.
type AssetsObject struct {
	// ID and Key are made by the host; Key is that of the schema with the id.
	ID, Key string
	// Label is the value of the label attribute.
	Label string
	// TypeID is the object type.
	TypeID string
	// Values hold the values of the attributes by name, without Key, Created and
	// Updated.
	Values map[string][]string
	// Created and Updated are times of the host's clock.
	Created, Updated time.Time
}

func (s AssetsSchema) clone() AssetsSchema {
	s.Types = slices.Clone(s.Types)
	for i := range s.Types {
		s.Types[i] = s.Types[i].clone()
	}
	return s
}

func (t AssetsObjectType) clone() AssetsObjectType {
	t.Attributes = slices.Clone(t.Attributes)
	return t
}

func (o AssetsObject) clone() AssetsObject {
	o.Values = maps.Clone(o.Values)
	for name, values := range o.Values {
		o.Values[name] = slices.Clone(values)
	}
	return o
}

// assets is the workspace of the site. Its zero value is a site without Assets.
type assets struct {
	noJSM bool // never changes

	mu        sync.Mutex
	workspace string // empty without Assets
	schemas   []*schemaRecord
	types     []*AssetsObjectType
	objects   []*AssetsObject
	sources   []*importSource
	limit     minuteLimit
	lastID    struct{ schema, objectType, attribute, object int }
}

type schemaRecord struct {
	AssetsSchema // without Types
	created      time.Time
	roles        map[string]AssetsRole // by account id
}

var errNoAssets = errors.New("the site has no Assets: set Config.Assets or call EnableAssets")

// EnableAssets gives the site Assets, which it lacks unless the Config says
// otherwise: as on a plan without it, the list of workspaces is empty until then.
// It fails when the site has Assets already, when Config.NoJSM is set, and on a Data
// Center.
func (h *Host) EnableAssets(c Assets) error {
	if err := h.needCloud("Assets on this host"); err != nil {
		return err
	}
	a := &h.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.noJSM:
		return errors.New("devhost: Assets on a site without Jira Service Management")
	case a.workspace != "":
		return errors.New("devhost: the site has Assets already")
	case strings.ContainsFunc(c.WorkspaceID, notInID):
		return fmt.Errorf("devhost: workspace id %q: want letters, digits and hyphens", c.WorkspaceID)
	}
	a.workspace = c.WorkspaceID
	if a.workspace == "" {
		a.workspace = newUUID()
	}
	for _, s := range c.Schemas {
		if _, err := a.addSchema(s, h.clock()); err != nil {
			a.workspace, a.schemas, a.types = "", nil, nil
			return fmt.Errorf("devhost: %w", err)
		}
	}
	return nil
}

func (h *Host) setUpAssets(c Config) error {
	h.assets.noJSM = c.NoJSM
	if c.Assets == nil {
		return nil
	}
	return h.EnableAssets(*c.Assets)
}

func notInID(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// AssetsWorkspaceID returns the id of the site's workspace, empty when the site
// has no Assets.
func (h *Host) AssetsWorkspaceID() string {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	return h.assets.workspace
}

// AddSchema adds an object schema with its types and returns it with all fields
// filled in. Nobody holds a role in it.
func (h *Host) AddSchema(s AssetsSchema) (AssetsSchema, error) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	added, err := h.assets.addSchema(s, h.clock())
	if err != nil {
		return AssetsSchema{}, fmt.Errorf("devhost: %w", err)
	}
	return added, nil
}

// AddObjectType adds an object type to the schema t.SchemaID names and returns
// it with all fields filled in.
func (h *Host) AddObjectType(t AssetsObjectType) (AssetsObjectType, error) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	added, err := h.assets.addType(t)
	if err != nil {
		return AssetsObjectType{}, fmt.Errorf("devhost: %w", err)
	}
	return added.clone(), nil
}

// AddObject adds an object of the type o.TypeID names and returns it with all
// fields filled in. Roles are not asked for.
func (h *Host) AddObject(o AssetsObject) (AssetsObject, error) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	added, err := h.assets.addObject(o.TypeID, o.Values, h.clock())
	if err != nil {
		return AssetsObject{}, fmt.Errorf("devhost: %w", err)
	}
	return added.clone(), nil
}

// Objects returns the objects of a schema in the order in which they were made.
func (h *Host) Objects(schemaID string) []AssetsObject {
	a := &h.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []AssetsObject
	for _, o := range a.objects {
		if a.typeOf(o).SchemaID == schemaID {
			list = append(list, o.clone())
		}
	}
	return list
}

// Schemas returns the object schemas with their types.
func (h *Host) Schemas() []AssetsSchema {
	a := &h.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []AssetsSchema
	for _, s := range a.schemas {
		list = append(list, a.whole(s))
	}
	return list
}

// whole is a schema with its types. It and all below need a.mu.
func (a *assets) whole(s *schemaRecord) AssetsSchema {
	full := s.AssetsSchema
	for _, t := range a.types {
		if t.SchemaID == s.ID {
			full.Types = append(full.Types, *t)
		}
	}
	return full.clone()
}

func (a *assets) addSchema(s AssetsSchema, now time.Time) (AssetsSchema, error) {
	if a.workspace == "" {
		return AssetsSchema{}, errNoAssets
	}
	if faults := a.judgeSchema(s); len(faults) > 0 {
		return AssetsSchema{}, fieldFault(faults)
	}
	types := s.Types
	s.ID, s.Types = nextID(&a.lastID.schema), nil
	record := &schemaRecord{AssetsSchema: s, created: now, roles: make(map[string]AssetsRole)}
	a.schemas = append(a.schemas, record)
	for _, t := range types {
		t.SchemaID = s.ID
		if _, err := a.addType(t); err != nil {
			a.removeSchema(s.ID)
			return AssetsSchema{}, err
		}
	}
	return a.whole(record), nil
}

// removeSchema takes back a schema whose types were bad.
func (a *assets) removeSchema(id string) {
	a.schemas = slices.DeleteFunc(a.schemas, func(s *schemaRecord) bool { return s.ID == id })
	a.types = slices.DeleteFunc(a.types, func(t *AssetsObjectType) bool { return t.SchemaID == id })
}

func (a *assets) judgeSchema(s AssetsSchema) map[string]string {
	faults := make(map[string]string)
	if strings.TrimSpace(s.Name) == "" {
		faults["name"] = "An object schema needs a name."
	}
	if !isSchemaKey(s.Key) {
		faults["objectSchemaKey"] = "The key of an object schema is two to ten capital letters and digits, a letter first."
	}
	for _, other := range a.schemas {
		if other.Key == s.Key {
			faults["objectSchemaKey"] = "There is an object schema with this key already."
		}
		if strings.EqualFold(other.Name, s.Name) {
			faults["name"] = "There is an object schema with this name already."
		}
	}
	return faults
}

func isSchemaKey(key string) bool {
	if len(key) < 2 || len(key) > 10 || key[0] < 'A' || key[0] > 'Z' {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

func nextID(last *int) string {
	*last++
	return strconv.Itoa(*last)
}

func (a *assets) schema(id string) *schemaRecord {
	i := slices.IndexFunc(a.schemas, func(s *schemaRecord) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return a.schemas[i]
}

func (a *assets) objectType(id string) *AssetsObjectType {
	i := slices.IndexFunc(a.types, func(t *AssetsObjectType) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return a.types[i]
}

func (a *assets) object(id string) *AssetsObject {
	i := slices.IndexFunc(a.objects, func(o *AssetsObject) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return a.objects[i]
}

// typeOf is the type of an object, which is always there.
func (a *assets) typeOf(o *AssetsObject) *AssetsObjectType { return a.objectType(o.TypeID) }
