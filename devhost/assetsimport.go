package devhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ImportStatus is the state of an import source.
type ImportStatus string

// The states of an import source.
const (
	ImportIdle           ImportStatus = "IDLE"
	ImportRunning        ImportStatus = "RUNNING"
	ImportDisabled       ImportStatus = "DISABLED"
	ImportMissingMapping ImportStatus = "MISSING_MAPPING"
)

// ImportSource is where an outside program brings objects into a schema.
type ImportSource struct {
	ID       string
	SchemaID string
	Name     string
	Status   ImportStatus
}

// importSource is an import source with what belongs to it. Its executions are
// kept, the running one is the last.
type importSource struct {
	ID, SchemaID, Name string
	disabled           bool
	token              string // empty as long as none was made
	mapping            *importMapping
	executions         []*execution
}

// The states of an execution.
const (
	executionIngesting = "INGESTING"
	executionDone      = "DONE"
	executionCancelled = "CANCELLED"
)

// execution is one run of an import. Its data are brought in when the last chunk
// has come.
type execution struct {
	id             string
	status         string
	chunks         []chunk
	started, ended time.Time
	progress       importProgress
	outcome        importOutcome
}

type chunk struct {
	id   string
	data map[string]json.RawMessage
}

// importOutcome counts what became of the entries.
type importOutcome struct {
	Created   int      `json:"entriesCreated"`
	Updated   int      `json:"entriesUpdated"`
	Failed    int      `json:"entriesFailed"`
	Processed int      `json:"entriesProcessed"`
	Errors    []string `json:"errors,omitempty"`
}

func (s *importSource) running() *execution {
	if n := len(s.executions); n > 0 && s.executions[n-1].status == executionIngesting {
		return s.executions[n-1]
	}
	return nil
}

func (s *importSource) status() ImportStatus {
	switch {
	case s.disabled:
		return ImportDisabled
	case s.mapping == nil:
		return ImportMissingMapping
	case s.running() != nil:
		return ImportRunning
	}
	return ImportIdle
}

// AddImportSource adds an import source without a mapping to a schema.
func (h *Host) AddImportSource(schemaID, name string) (ImportSource, error) {
	a := &h.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.schema(schemaID) == nil:
		return ImportSource{}, fmt.Errorf("devhost: no object schema has the id %q", schemaID)
	case strings.TrimSpace(name) == "":
		return ImportSource{}, errors.New("devhost: an import source needs a name")
	}
	s := &importSource{ID: newUUID(), SchemaID: schemaID, Name: name}
	a.sources = append(a.sources, s)
	return s.snapshot(), nil
}

// ImportSource returns the import source with an id.
func (h *Host) ImportSource(id string) (ImportSource, bool) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	s := h.assets.source(id)
	if s == nil {
		return ImportSource{}, false
	}
	return s.snapshot(), true
}

func (s *importSource) snapshot() ImportSource {
	return ImportSource{ID: s.ID, SchemaID: s.SchemaID, Name: s.Name, Status: s.status()}
}

// DisableImportSource turns an import source off, or on again. While it is off
// nothing can be started or submitted.
func (h *Host) DisableImportSource(id string, disabled bool) error {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	s := h.assets.source(id)
	if s == nil {
		return fmt.Errorf("devhost: no import source has the id %q", id)
	}
	s.disabled = disabled
	return nil
}

// NewContainerToken makes the container token of an import source, as a manager
// does in the product's pages. The former one is good no more.
func (h *Host) NewContainerToken(id string) (string, error) {
	h.assets.mu.Lock()
	defer h.assets.mu.Unlock()
	s := h.assets.source(id)
	if s == nil {
		return "", fmt.Errorf("devhost: no import source has the id %q", id)
	}
	return s.newToken(), nil
}

func (s *importSource) newToken() string {
	s.token = encodeSegment(randomBytes(48))
	return s.token
}

// source needs a.mu.
func (a *assets) source(id string) *importSource {
	i := slices.IndexFunc(a.sources, func(s *importSource) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return a.sources[i]
}

// source finds the import source of the path for a manager of its schema, or for
// its own container token. It needs a.mu.
func (q *query) source() (*importSource, error) {
	s := q.host.assets.source(q.PathValue("id"))
	if s == nil {
		return nil, faultf(http.StatusNotFound, "There is no import source with the id %s.", q.PathValue("id"))
	}
	return s, q.needRole(s.SchemaID, AssetsManager)
}

// createContainerToken is for users: a container token makes no other.
func createContainerToken(q *query) (answer, error) {
	if q.caller.kind == kindContainer {
		return answer{}, unauthorized("a container token cannot make its successor")
	}
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.source()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, struct {
		Token string `json:"token"`
	}{s.newToken()}}, nil
}

type importLinks struct {
	GetStatus string `json:"getStatus"`
	Start     string `json:"start"`
	Mapping   string `json:"mapping"`
}

// importsInfo tells the holder of a container token where to go on.
func importsInfo(q *query) (answer, error) {
	if err := q.host.countAssetsCall(); err != nil {
		return answer{}, err
	}
	base := q.host.assetsBase() + "importsource/" + q.caller.source
	return answer{http.StatusOK, struct {
		Links importLinks `json:"links"`
	}{importLinks{base + "/configstatus", base + "/executions", base + "/mapping"}}}, nil
}

type executionLinks struct {
	SubmitProgress     string `json:"submitProgress"`
	SubmitResults      string `json:"submitResults"`
	GetExecutionStatus string `json:"getExecutionStatus"`
	Cancel             string `json:"cancel"`
}

type statusBody struct {
	Status ImportStatus    `json:"status"`
	Links  *executionLinks `json:"links,omitempty"` // while running
}

func readImportStatus(q *query) (answer, error) {
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.source()
	if err != nil {
		return answer{}, err
	}
	b := statusBody{Status: s.status()}
	if b.Status == ImportRunning {
		b.Links = s.links(s.running(), base)
	}
	return answer{http.StatusOK, b}, nil
}

// links point at the gateway, by whichever address the import was started.
func (s *importSource) links(e *execution, base string) *executionLinks {
	at := base + "importsource/" + s.ID + "/executions/" + e.id
	return &executionLinks{at + "/progress", at + "/data", at + "/status", at}
}
