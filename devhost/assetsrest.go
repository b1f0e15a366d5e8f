package devhost

import (
	"net/http"
	"slices"
)

type schemaBody struct {
	WorkspaceID     string `json:"workspaceId"`
	GlobalID        string `json:"globalId"`
	ID              string `json:"id"`
	Name            string `json:"name"`
	Key             string `json:"objectSchemaKey"`
	Description     string `json:"description,omitempty"`
	Status          string `json:"status"`
	Created         string `json:"created"`
	Updated         string `json:"updated"`
	ObjectCount     int    `json:"objectCount"`
	ObjectTypeCount int    `json:"objectTypeCount"`
	CanManage       bool   `json:"canManage"`
}

type objectTypeBody struct {
	WorkspaceID    string `json:"workspaceId"`
	GlobalID       string `json:"globalId"`
	ID             string `json:"id"`
	Name           string `json:"name"`
	Description    string `json:"description,omitempty"`
	Position       int    `json:"position"`
	ObjectCount    int    `json:"objectCount"`
	ParentID       string `json:"parentObjectTypeId,omitempty"`
	ObjectSchemaID string `json:"objectSchemaId"`
	Inherited      bool   `json:"inherited"`
	Abstract       bool   `json:"abstractObjectType"`
}

type attributeBody struct {
	WorkspaceID        string            `json:"workspaceId"`
	GlobalID           string            `json:"globalId"`
	ID                 string            `json:"id"`
	Name               string            `json:"name"`
	Label              bool              `json:"label"`
	Type               int               `json:"type"` // 0 for every simple type
	DefaultType        attributeTypeBody `json:"defaultType"`
	Editable           bool              `json:"editable"`
	System             bool              `json:"system"`
	MinimumCardinality int               `json:"minimumCardinality"`
	MaximumCardinality int               `json:"maximumCardinality"` // -1 without a limit
	Unique             bool              `json:"uniqueAttribute"`
	Position           int               `json:"position"`
}

// assetsPage is the page of Assets' newer lists.
type assetsPage[T any] struct {
	StartAt        int             `json:"startAt"`
	MaxResults     int             `json:"maxResults"`
	Total          int             `json:"total"`
	IsLast         bool            `json:"isLast"`
	HasMoreResults bool            `json:"hasMoreResults"`
	Values         []T             `json:"values"`
	Attributes     []attributeBody `json:"objectTypeAttributes,omitempty"`
}

// pageOf cuts a page from a list by startAt and maxResults, 25 unless the call
// says otherwise.
func pageOf[T any](q *query, list []T) (assetsPage[T], error) {
	v := q.URL.Query()
	start, err := numberParameter(v.Get("startAt"), 0, 1<<30)
	if err != nil {
		return assetsPage[T]{}, err
	}
	limit, err := numberParameter(v.Get("maxResults"), 25, 1000)
	if err != nil {
		return assetsPage[T]{}, err
	}
	from := min(start, len(list))
	end := min(from+limit, len(list))
	return assetsPage[T]{
		StartAt: start, MaxResults: limit, Total: len(list),
		IsLast: end == len(list), HasMoreResults: end < len(list), Values: append([]T{}, list[from:end]...),
	}, nil
}

func (a *assets) globalID(id string) string { return a.workspace + ":" + id }

// renderSchema and all below need a.mu.
func (a *assets) renderSchema(s *schemaRecord, accountID string) schemaBody {
	b := schemaBody{
		WorkspaceID: a.workspace, GlobalID: a.globalID(s.ID), ID: s.ID, Name: s.Name, Key: s.Key, Description: s.Description,
		Status: "Ok", Created: assetsTime(s.created), Updated: assetsTime(s.created),
		CanManage: a.holds(accountID, s.ID, AssetsManager),
	}
	for _, t := range a.types {
		if t.SchemaID == s.ID {
			b.ObjectTypeCount++
			b.ObjectCount += a.count(t.ID)
		}
	}
	return b
}

func (a *assets) count(typeID string) int {
	n := 0
	for _, o := range a.objects {
		if o.TypeID == typeID {
			n++
		}
	}
	return n
}

func (a *assets) renderType(t *AssetsObjectType) objectTypeBody {
	return objectTypeBody{
		WorkspaceID: a.workspace, GlobalID: a.globalID(t.ID), ID: t.ID, Name: t.Name, Description: t.Description,
		ObjectCount: a.count(t.ID), ParentID: t.ParentID, ObjectSchemaID: t.SchemaID,
	}
}

func (a *assets) renderAttributes(t *AssetsObjectType) []attributeBody {
	list := []attributeBody{}
	for i, x := range t.Attributes {
		b := attributeBody{
			WorkspaceID: a.workspace, GlobalID: a.globalID(x.ID), ID: x.ID, Name: x.Name, Label: x.Label,
			DefaultType: attributeTypes[x.Type], Editable: !x.system, System: x.system,
			MaximumCardinality: 1, Unique: x.Unique, Position: i,
		}
		if x.Required || x.system {
			b.MinimumCardinality = 1
		}
		if x.Many {
			b.MaximumCardinality = -1
		}
		list = append(list, b)
	}
	return list
}

// listSchemas lists the schemas in which the caller's user has a role.
func listSchemas(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := q.needAnyRole(); err != nil {
		return answer{}, err
	}
	var list []schemaBody
	for _, s := range a.schemas {
		if a.holds(q.caller.accountID, s.ID, AssetsUser) {
			list = append(list, a.renderSchema(s, q.caller.accountID))
		}
	}
	page, err := pageOf(q, list)
	return answer{http.StatusOK, page}, err
}

// createSchema makes the caller's user the manager of the new schema.
func createSchema(q *query) (answer, error) {
	if err := q.need(Administer); err != nil {
		return answer{}, err
	}
	var in struct {
		Name        string `json:"name"`
		Key         string `json:"objectSchemaKey"`
		Description string `json:"description"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	added, err := a.addSchema(AssetsSchema{Name: in.Name, Key: in.Key, Description: in.Description}, q.host.clock())
	if err != nil {
		return answer{}, err
	}
	s := a.schema(added.ID)
	s.roles[q.caller.accountID] = AssetsManager
	return answer{http.StatusCreated, a.renderSchema(s, q.caller.accountID)}, nil
}

// schema finds the schema of the path for a user with a role in it. It needs
// a.mu.
func (q *query) schema() (*schemaRecord, error) {
	s := q.host.assets.schema(q.PathValue("id"))
	if s == nil {
		return nil, faultf(http.StatusNotFound, "There is no object schema with the id %s.", q.PathValue("id"))
	}
	return s, q.needRole(s.ID, AssetsUser)
}

func readSchema(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.schema()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, a.renderSchema(s, q.caller.accountID)}, nil
}

func listObjectTypes(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.schema()
	if err != nil {
		return answer{}, err
	}
	list := []objectTypeBody{}
	for _, t := range a.types {
		if t.SchemaID == s.ID {
			list = append(list, a.renderType(t))
		}
	}
	return answer{http.StatusOK, list}, nil
}

// objectType finds the type of the path for a user with a role in its schema. It
// needs a.mu.
func (q *query) objectType() (*AssetsObjectType, error) {
	t := q.host.assets.objectType(q.PathValue("id"))
	if t == nil {
		return nil, faultf(http.StatusNotFound, "There is no object type with the id %s.", q.PathValue("id"))
	}
	return t, q.needRole(t.SchemaID, AssetsUser)
}

func readObjectType(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := q.objectType()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, a.renderType(t)}, nil
}

func listAttributes(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := q.objectType()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, slices.Clone(a.renderAttributes(t))}, nil
}
