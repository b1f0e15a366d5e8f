package devhost

import (
	"net/http"
	"slices"
	"strings"
)

type objectBody struct {
	WorkspaceID string                `json:"workspaceId"`
	GlobalID    string                `json:"globalId"`
	ID          string                `json:"id"`
	Label       string                `json:"label"`
	Key         string                `json:"objectKey"`
	Type        objectTypeBody        `json:"objectType"`
	Created     string                `json:"created"`
	Updated     string                `json:"updated"`
	Timestamp   int64                 `json:"timestamp"`
	HasAvatar   bool                  `json:"hasAvatar"`
	Attributes  []objectAttributeBody `json:"attributes,omitempty"`
	Links       objectLinks           `json:"_links"`
}

// objectLinks point at the gateway, by whichever address the object was read.
type objectLinks struct {
	Self string `json:"self"`
}

type objectAttributeBody struct {
	WorkspaceID string               `json:"workspaceId"`
	GlobalID    string               `json:"globalId"`
	ID          string               `json:"id"`
	AttributeID string               `json:"objectTypeAttributeId"`
	Values      []attributeValueBody `json:"objectAttributeValues"`
}

type attributeValueBody struct {
	Value          string `json:"value"`
	DisplayValue   string `json:"displayValue"`
	SearchValue    string `json:"searchValue"`
	ReferencedType bool   `json:"referencedType"`
}

// renderObject needs a.mu.
func (a *assets) renderObject(o *AssetsObject, base string, withAttributes bool) objectBody {
	t := a.typeOf(o)
	b := objectBody{
		WorkspaceID: a.workspace, GlobalID: a.globalID(o.ID), ID: o.ID, Label: o.Label, Key: o.Key, Type: a.renderType(t),
		Created: assetsTime(o.Created), Updated: assetsTime(o.Updated), Timestamp: o.Updated.UnixMilli(),
		Links: objectLinks{base + "object/" + o.ID},
	}
	if !withAttributes {
		return b
	}
	for _, x := range t.Attributes {
		values := o.values(x.Name)
		if len(values) == 0 {
			continue
		}
		id := o.ID + "0" + x.ID // Assets numbers each value it holds
		attribute := objectAttributeBody{WorkspaceID: a.workspace, GlobalID: a.globalID(id), ID: id, AttributeID: x.ID}
		for _, v := range values {
			attribute.Values = append(attribute.Values, attributeValueBody{Value: v, DisplayValue: v, SearchValue: v})
		}
		b.Attributes = append(b.Attributes, attribute)
	}
	return b
}

// objectInput is the body of a create or an update.
type objectInput struct {
	ObjectTypeID string                 `json:"objectTypeId"`
	Attributes   []objectAttributeInput `json:"attributes"`
}

type objectAttributeInput struct {
	AttributeID string `json:"objectTypeAttributeId"`
	Values      []struct {
		Value string `json:"value"`
	} `json:"objectAttributeValues"`
}

// values turns the input into values by the names of attributes.
func (in objectInput) values(t *AssetsObjectType) (map[string][]string, error) {
	values := make(map[string][]string)
	for _, given := range in.Attributes {
		x := t.attributeWithID(given.AttributeID)
		if x == nil {
			return nil, faultf(http.StatusBadRequest, "Object type %s has no attribute with the id %s.", t.Name, given.AttributeID)
		}
		if _, twice := values[x.Name]; twice {
			return nil, faultf(http.StatusBadRequest, "The attribute with the id %s is there twice.", x.ID)
		}
		values[x.Name] = []string{}
		for _, v := range given.Values {
			values[x.Name] = append(values[x.Name], v.Value)
		}
	}
	return values, nil
}

func createObject(q *query) (answer, error) {
	var in objectInput
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.objectType(in.ObjectTypeID)
	if t == nil {
		return answer{}, faultf(http.StatusBadRequest, "There is no object type with the id '%s'.", in.ObjectTypeID)
	}
	if err := q.needRole(t.SchemaID, AssetsDeveloper); err != nil {
		return answer{}, err
	}
	values, err := in.values(t)
	if err != nil {
		return answer{}, err
	}
	o, err := a.addObject(t.ID, values, q.host.clock())
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, a.renderObject(o, base, true)}, nil
}

// object finds the object of the path for a user with a role in its schema. It
// needs a.mu.
func (q *query) object(role AssetsRole) (*AssetsObject, error) {
	a := &q.host.assets
	o := a.object(q.PathValue("id"))
	if o == nil {
		return nil, faultf(http.StatusNotFound, "There is no object with the id %s.", q.PathValue("id"))
	}
	return o, q.needRole(a.typeOf(o).SchemaID, role)
}

func readObject(q *query) (answer, error) {
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := q.object(AssetsUser)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, a.renderObject(o, base, true)}, nil
}

// updateObject changes the attributes that the body names and leaves the others.
func updateObject(q *query) (answer, error) {
	var in objectInput
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := q.object(AssetsDeveloper)
	if err != nil {
		return answer{}, err
	}
	if in.ObjectTypeID != "" && in.ObjectTypeID != o.TypeID {
		return answer{}, faultf(http.StatusBadRequest, "The object %s is not of the type with the id %s.", o.Key, in.ObjectTypeID)
	}
	values, err := in.values(a.typeOf(o))
	if err != nil {
		return answer{}, err
	}
	if err := a.setValues(o, values, q.host.clock()); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, a.renderObject(o, base, true)}, nil
}

// deleteObject answers 200 without a body. Which status Assets answers is not
// confirmed.
func deleteObject(q *query) (answer, error) {
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	o, err := q.object(AssetsDeveloper)
	if err != nil {
		return answer{}, err
	}
	a.objects = slices.DeleteFunc(a.objects, func(other *AssetsObject) bool { return other == o })
	return answer{status: http.StatusOK}, nil
}

// searchObjects is the search of today.
func searchObjects(q *query) (answer, error) {
	var in struct {
		Query string `json:"qlQuery"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	found, err := q.findObjects(in.Query)
	if err != nil {
		return answer{}, err
	}
	page, err := pageOf(q, found)
	if err != nil {
		return answer{}, err
	}
	values, attributes := a.renderFound(q, page.Values, base)
	return answer{http.StatusOK, assetsPage[objectBody]{
		StartAt: page.StartAt, MaxResults: page.MaxResults, Total: page.Total, IsLast: page.IsLast,
		HasMoreResults: page.HasMoreResults, Values: values, Attributes: attributes,
	}}, nil
}

// renderFound renders a page of objects and the attributes of their types. It
// needs a.mu.
func (a *assets) renderFound(q *query, objects []*AssetsObject, base string) ([]objectBody, []attributeBody) {
	with := !strings.EqualFold(q.URL.Query().Get("includeAttributes"), "false")
	values, attributes, seen := []objectBody{}, []attributeBody{}, make(map[string]bool)
	for _, o := range objects {
		values = append(values, a.renderObject(o, base, with))
		if t := a.typeOf(o); with && !seen[t.ID] {
			seen[t.ID] = true
			attributes = append(attributes, a.renderAttributes(t)...)
		}
	}
	return values, attributes
}

// oldPageBody is the page of the older search.
type oldPageBody struct {
	Entries    []objectBody    `json:"objectEntries"`
	Attributes []attributeBody `json:"objectTypeAttributes"`
	Total      int             `json:"totalFilterCount"`
	StartIndex int             `json:"startIndex"`
	ToIndex    int             `json:"toIndex"`
	PageSize   int             `json:"pageObjectSize"`
	PageNumber int             `json:"pageNumber"`
	Query      string          `json:"qlQuery"`
	IsResult   bool            `json:"qlQuerySearchResult"`
}

// oldSearchObjects is the deprecated search, whose pages are counted from 1.
func oldSearchObjects(q *query) (answer, error) {
	v := q.URL.Query()
	number, err := numberParameter(v.Get("page"), 1, 1<<20)
	if err != nil {
		return answer{}, err
	}
	size, err := numberParameter(v.Get("resultPerPage"), 25, 1000)
	if err != nil {
		return answer{}, err
	}
	if number == 0 || size == 0 {
		return answer{}, faultf(http.StatusBadRequest, "page and resultPerPage begin at 1.")
	}
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	found, err := q.findObjects(v.Get("qlQuery"))
	if err != nil {
		return answer{}, err
	}
	from := min((number-1)*size, len(found))
	end := min(from+size, len(found))
	entries, attributes := a.renderFound(q, found[from:end], base)
	return answer{http.StatusOK, oldPageBody{
		Entries: entries, Attributes: attributes, Total: len(found), StartIndex: from, ToIndex: end,
		PageSize: len(entries), PageNumber: number, Query: v.Get("qlQuery"), IsResult: true,
	}}, nil
}
