package devhost

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"unicode/utf8"
)

// addonsPath is where an app finds itself in the REST API.
const addonsPath = "/rest/atlassian-connect/1/addons/"

// Limits of app properties, by Atlassian's REST documentation.
const (
	maxPropertyKey   = 127
	maxPropertyValue = 32768
)

// message is the shape of answers about apps and their properties.
type message struct {
	Message    string `json:"message"`
	StatusCode int    `json:"statusCode"`
}

func messageFault(status int, text string) *fault {
	return &fault{status: status, body: message{text, status}, reason: text}
}

type addonBody struct {
	Key     string        `json:"key"`
	Version string        `json:"version"`
	State   string        `json:"state"`
	Host    addonHost     `json:"host"`
	License *addonLicense `json:"license,omitempty"`
	Links   addonLinks    `json:"links"`
}

type addonHost struct {
	Product  string   `json:"product"`
	Contacts []string `json:"contacts"`
}

type addonLicense struct {
	Active            bool   `json:"active"`
	Type              string `json:"type"`
	Evaluation        bool   `json:"evaluation"`
	EntitlementID     string `json:"entitlementId"`
	EntitlementNumber string `json:"entitlementNumber"`
}

type addonLinks struct {
	Self string `json:"self"`
}

// addon is the app of the path, which must be the calling one. An app's page in
// the browser counts as the app; so does not a call in a user's name.
func (q *query) addon(fromPage bool) (Installation, error) {
	key := q.PathValue("addon")
	own := q.caller.app.AppKey == key
	if own && (q.caller.kind == kindApp || fromPage && q.caller.kind == kindBrowser) {
		return q.caller.app, nil
	}
	if own {
		return Installation{}, messageFault(http.StatusForbidden, "Only the app itself can make this request.")
	}
	return Installation{}, messageFault(http.StatusForbidden, "The app "+key+" is not the one that makes the request.")
}

func readAddon(q *query) (answer, error) {
	inst, err := q.addon(true)
	if err != nil {
		return answer{}, err
	}
	b := addonBody{
		Key: inst.AppKey, Version: "1.0.0", State: "DISABLED",
		Host:  addonHost{Product: "Jira", Contacts: []string{}},
		Links: addonLinks{q.base() + addonsPath + inst.AppKey},
	}
	if inst.Enabled {
		b.State = "ENABLED"
	}
	if inst.Licensed {
		b.License = &addonLicense{
			Active: true, Type: "COMMERCIAL", EntitlementID: "ari:cloud:devhost::entitlement/" + inst.ClientKey,
			EntitlementNumber: "E-DEV-" + inst.ClientKey[:8],
		}
	}
	return answer{http.StatusOK, b}, nil
}

type propertyKeys struct {
	Keys []propertyLink `json:"keys"`
}

type propertyLink struct {
	Key  string `json:"key"`
	Self string `json:"self"`
}

type propertyBody struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
	Self  string          `json:"self"`
}

func (q *query) propertyURL(appKey, name string) string {
	return q.base() + addonsPath + appKey + "/properties/" + percentEncode(name)
}

func listProperties(q *query) (answer, error) {
	inst, err := q.addon(true)
	if err != nil {
		return answer{}, err
	}
	out := propertyKeys{Keys: []propertyLink{}}
	for _, name := range q.host.propertyNames(inst.AppKey) {
		out.Keys = append(out.Keys, propertyLink{name, q.propertyURL(inst.AppKey, name)})
	}
	return answer{http.StatusOK, out}, nil
}

func readProperty(q *query) (answer, error) {
	inst, err := q.addon(true)
	if err != nil {
		return answer{}, err
	}
	name := q.PathValue("property")
	value, ok := q.host.Property(inst.AppKey, name)
	if !ok {
		return answer{}, messageFault(http.StatusNotFound, "Property with key "+name+" not found.")
	}
	return answer{http.StatusOK, propertyBody{name, value, q.propertyURL(inst.AppKey, name)}}, nil
}

func writeProperty(q *query) (answer, error) {
	inst, err := q.addon(false)
	if err != nil {
		return answer{}, err
	}
	name := q.PathValue("property")
	value, err := io.ReadAll(q.Body)
	if err != nil {
		return answer{}, messageFault(http.StatusBadRequest, "The body does not read.")
	}
	switch {
	case utf8.RuneCountInString(name) > maxPropertyKey:
		return answer{}, messageFault(http.StatusBadRequest, "The property key cannot be longer than 127 characters.")
	case utf8.RuneCount(value) > maxPropertyValue:
		return answer{}, messageFault(http.StatusBadRequest, "The property value cannot be longer than 32768 characters.")
	case !json.Valid(value):
		return answer{}, messageFault(http.StatusBadRequest, "The property value is not valid JSON.")
	}
	if q.host.setProperty(inst.AppKey, name, bytes.TrimSpace(value)) {
		return answer{http.StatusCreated, message{"Property created.", http.StatusCreated}}, nil
	}
	return answer{http.StatusOK, message{"Property updated.", http.StatusOK}}, nil
}

func deleteProperty(q *query) (answer, error) {
	inst, err := q.addon(false)
	if err != nil {
		return answer{}, err
	}
	if !q.host.removeProperty(inst.AppKey, q.PathValue("property")) {
		return answer{}, messageFault(http.StatusNotFound, "Property with key "+q.PathValue("property")+" not found.")
	}
	return answer{status: http.StatusNoContent}, nil
}

// Property returns the value of a property an app has stored on the site, and
// false when there is none.
func (h *Host) Property(appKey, name string) (json.RawMessage, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	if a == nil {
		return nil, false
	}
	value, ok := a.properties[name]
	return slices.Clone(value), ok
}

func (h *Host) propertyNames(appKey string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var names []string
	for name := range h.apps[appKey].properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (h *Host) setProperty(appKey, name string, value json.RawMessage) (created bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	properties := h.apps[appKey].properties
	_, known := properties[name]
	properties[name] = value
	return !known
}

func (h *Host) removeProperty(appKey, name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	properties := h.apps[appKey].properties
	_, known := properties[name]
	delete(properties, name)
	return known
}
