package devhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// bringIn makes and changes objects by one chunk of data. Entries that cannot be
// taken are counted and leave the others alone. It and createOrUpdate need a.mu.
func (a *assets) bringIn(s *importSource, data map[string]json.RawMessage, now time.Time, outcome *importOutcome) {
	for _, m := range s.mapping.types {
		entries, err := selectEntries(data, m.selector)
		if err != nil {
			outcome.fail(err)
		}
		for _, entry := range entries {
			outcome.Processed++
			created, err := a.createOrUpdate(m, entry, now)
			switch {
			case err != nil:
				outcome.fail(err)
			case created:
				outcome.Created++
			default:
				outcome.Updated++
			}
		}
	}
}

func (o *importOutcome) fail(err error) {
	o.Failed++
	o.Errors = append(o.Errors, err.Error())
}

func (a *assets) createOrUpdate(m mappedType, entry map[string]json.RawMessage, now time.Time) (created bool, err error) {
	values := make(map[string][]string)
	identity := make(map[string][]string)
	for _, x := range m.attributes {
		list, present, err := locate(entry, x.locator)
		if err != nil {
			return false, fmt.Errorf("attribute %q: %w", x.name, err)
		}
		if x.identifies {
			if len(list) == 0 {
				return false, fmt.Errorf("attribute %q is part of the external id and has no value", x.name)
			}
			identity[x.name] = list
		}
		if present {
			values[x.name] = list
		}
	}
	i := slices.IndexFunc(a.objects, func(o *AssetsObject) bool { return o.TypeID == m.typeID && o.has(identity) })
	if i < 0 {
		_, err := a.addObject(m.typeID, values, now)
		return true, err
	}
	return false, a.setValues(a.objects[i], values, now)
}

func (o *AssetsObject) has(values map[string][]string) bool {
	for name, list := range values {
		if !slices.Equal(o.Values[name], list) {
			return false
		}
	}
	return true
}

// selectEntries follows the members of a selector, through lists, to objects.
func selectEntries(data map[string]json.RawMessage, selector []string) ([]map[string]json.RawMessage, error) {
	found := []map[string]json.RawMessage{data}
	for _, member := range selector {
		var next []map[string]json.RawMessage
		for _, object := range found {
			raw := object[member]
			if len(raw) == 0 || string(raw) == "null" {
				continue
			}
			entries, err := objectsOf(raw)
			if err != nil {
				return nil, fmt.Errorf("%q holds no objects", member)
			}
			next = append(next, entries...)
		}
		found = next
	}
	return found, nil
}

func objectsOf(raw json.RawMessage) ([]map[string]json.RawMessage, error) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var list []map[string]json.RawMessage
		err := json.Unmarshal(raw, &list)
		return list, err
	}
	var one map[string]json.RawMessage
	err := json.Unmarshal(raw, &one)
	return []map[string]json.RawMessage{one}, err
}

// locate finds the value or values of an attribute in an entry. Absent is not
// the same as null, which takes the value away.
func locate(entry map[string]json.RawMessage, locator []string) (values []string, present bool, err error) {
	for _, member := range locator[:len(locator)-1] {
		raw, ok := entry[member]
		if !ok {
			return nil, false, nil
		}
		var inner map[string]json.RawMessage
		if err := json.Unmarshal(raw, &inner); err != nil {
			return nil, false, fmt.Errorf("%q is no object", member)
		}
		entry = inner
	}
	raw, ok := entry[locator[len(locator)-1]]
	if !ok {
		return nil, false, nil
	}
	values, err = texts(raw)
	return values, true, err
}

// texts turns a simple value, or a list of them, into text.
func texts(raw json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	values := []string{}
	for _, item := range list {
		switch item := item.(type) {
		case nil:
		case string, json.Number, bool:
			values = append(values, fmt.Sprint(item))
		default:
			return nil, fmt.Errorf("a value is neither text, number, truth value nor a list of these")
		}
	}
	return values, nil
}
