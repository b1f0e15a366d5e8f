package devhost

import (
	"encoding/json"
	"net/http"
	"slices"
)

// The statuses with which an import is refused, and those of answers without a
// body, are not confirmed; the words are this host's own.

func startImport(q *query) (answer, error) {
	base := q.host.assetsBase()
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := q.source()
	if err != nil {
		return answer{}, err
	}
	switch s.status() {
	case ImportDisabled:
		return answer{}, faultf(http.StatusConflict, "The import source is disabled.")
	case ImportMissingMapping:
		return answer{}, faultf(http.StatusBadRequest, "The import source has no mapping yet: submit one before an import is started.")
	case ImportRunning:
		return answer{}, faultf(http.StatusConflict, "An import is running: complete or cancel it first.")
	}
	e := &execution{id: newUUID(), status: executionIngesting, started: q.host.clock()}
	s.executions = append(s.executions, e)
	return answer{http.StatusOK, struct {
		Links *executionLinks `json:"links"`
	}{s.links(e, base)}}, nil
}

// execution finds the execution of the path. It needs a.mu.
func (q *query) execution() (*importSource, *execution, error) {
	s, err := q.source()
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(s.executions, func(e *execution) bool { return e.id == q.PathValue("execution") })
	if i < 0 {
		return nil, nil, faultf(http.StatusNotFound, "The import source has no execution %s.", q.PathValue("execution"))
	}
	return s, s.executions[i], nil
}

// ingesting is execution for one that still takes data.
func (q *query) ingesting() (*importSource, *execution, error) {
	s, e, err := q.execution()
	switch {
	case err != nil:
		return nil, nil, err
	case s.disabled:
		return nil, nil, faultf(http.StatusConflict, "The import source is disabled.")
	case e.status != executionIngesting:
		return nil, nil, faultf(http.StatusConflict, "The execution takes nothing more: its status is %s.", e.status)
	}
	return s, e, nil
}

// importProgress is what the importing program says of itself.
type importProgress struct {
	Steps struct {
		Total       int    `json:"total"`
		Current     int    `json:"current"`
		Description string `json:"description"`
	} `json:"steps"`
	Objects struct {
		Total     int `json:"total"`
		Processed int `json:"processed"`
	} `json:"objects"`
}

func submitProgress(q *query) (answer, error) {
	var in importProgress
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	q.host.assets.mu.Lock()
	defer q.host.assets.mu.Unlock()
	_, e, err := q.ingesting()
	if err != nil {
		return answer{}, err
	}
	e.progress = in
	return answer{status: http.StatusNoContent}, nil
}

// submitResults takes a chunk of data. A chunk that comes again under the same
// clientGeneratedId counts once. When the last one has come, all are brought in.
func submitResults(q *query) (answer, error) {
	var in struct {
		Data              map[string]json.RawMessage `json:"data"`
		Completed         bool                       `json:"completed"`
		ClientGeneratedID string                     `json:"clientGeneratedId"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	a := &q.host.assets
	a.mu.Lock()
	defer a.mu.Unlock()
	s, e, err := q.ingesting()
	if err != nil {
		return answer{}, err
	}
	if in.Data == nil && !in.Completed {
		return answer{}, faultf(http.StatusBadRequest, "A chunk needs 'data' or 'completed'.")
	}
	repeated := slices.ContainsFunc(e.chunks, func(c chunk) bool { return c.id != "" && c.id == in.ClientGeneratedID })
	if in.Data != nil && !repeated {
		e.chunks = append(e.chunks, chunk{in.ClientGeneratedID, in.Data})
	}
	if in.Completed {
		e.ended = q.host.clock()
		for _, c := range e.chunks {
			a.bringIn(s, c.data, e.ended, &e.outcome)
		}
		e.status, e.chunks = executionDone, nil
	}
	return answer{status: http.StatusNoContent}, nil
}

type executionBody struct {
	Status   string         `json:"status"`
	Progress importProgress `json:"progress"`
	Result   *resultBody    `json:"progressResult,omitempty"`
}

type resultBody struct {
	Started        string `json:"started"`
	Ended          string `json:"ended"`
	ObjectSchemaID string `json:"objectSchemaId"`
	importOutcome
}

func readExecution(q *query) (answer, error) {
	q.host.assets.mu.Lock()
	defer q.host.assets.mu.Unlock()
	s, e, err := q.execution()
	if err != nil {
		return answer{}, err
	}
	b := executionBody{Status: e.status, Progress: e.progress}
	if e.status == executionDone {
		b.Result = &resultBody{assetsTime(e.started), assetsTime(e.ended), s.SchemaID, e.outcome}
	}
	return answer{http.StatusOK, b}, nil
}

// cancelImport ends a running import, of which nothing is brought in.
func cancelImport(q *query) (answer, error) {
	q.host.assets.mu.Lock()
	defer q.host.assets.mu.Unlock()
	_, e, err := q.execution()
	if err != nil {
		return answer{}, err
	}
	if e.status != executionIngesting {
		return answer{}, faultf(http.StatusConflict, "The execution is over: its status is %s.", e.status)
	}
	e.status, e.chunks, e.ended = executionCancelled, nil, q.host.clock()
	return answer{status: http.StatusNoContent}, nil
}
