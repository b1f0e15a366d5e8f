package descriptor

import "encoding/json"

// WorkflowCondition decides by a Jira expression whether somebody sees a
// transition.
type WorkflowCondition struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to whoever adds it to a workflow.
	Description Text `json:"description,omitzero"`
	// Expression is the Jira expression that decides.
	Expression string `json:"expression,omitzero" connect:"required"`
	// EvaluationContext is in whose name it is evaluated; EvaluateAsUser when
	// absent.
	EvaluationContext EvaluationContext `json:"evaluationContext,omitzero"`
	// Create is the page for the first settings, relative to the base URL; nil
	// means none.
	Create *WorkflowPage `json:"create,omitzero"`
	// Edit is the page for later settings; nil means none.
	Edit *WorkflowPage `json:"edit,omitzero"`
	// View is the page that shows the settings; nil means none.
	View *WorkflowPage `json:"view,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WorkflowValidator decides by a Jira expression whether a transition may run.
type WorkflowValidator struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to whoever adds it to a workflow.
	Description Text `json:"description,omitzero"`
	// Expression is the Jira expression that decides.
	Expression string `json:"expression,omitzero" connect:"required"`
	// EvaluationContext is in whose name it is evaluated; EvaluateAsUser when
	// absent.
	EvaluationContext EvaluationContext `json:"evaluationContext,omitzero"`
	// ErrorMessage is shown when the transition may not run.
	ErrorMessage ErrorMessage `json:"errorMessage,omitzero" connect:"required"`
	// Create is the page for the first settings, relative to the base URL; nil
	// means none.
	Create *WorkflowPage `json:"create,omitzero"`
	// Edit is the page for later settings; nil means none.
	Edit *WorkflowPage `json:"edit,omitzero"`
	// View is the page that shows the settings; nil means none.
	View *WorkflowPage `json:"view,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WorkflowPostFunction is told of a transition that has run.
type WorkflowPostFunction struct {
	// Key identifies the module in the document: letters, digits and dashes.
	Key string `json:"key,omitzero"`
	// Name is shown to people.
	Name Text `json:"name,omitzero" connect:"required"`
	// Description is shown to whoever adds it to a workflow.
	Description Text `json:"description,omitzero"`
	// Triggered is where the host posts, relative to the base URL.
	Triggered WorkflowTrigger `json:"triggered,omitzero" connect:"required"`
	// Create is the page for the first settings, relative to the base URL; nil
	// means none.
	Create *WorkflowPage `json:"create,omitzero"`
	// Edit is the page for later settings; nil means none.
	Edit *WorkflowPage `json:"edit,omitzero"`
	// View is the page that shows the settings; nil means none.
	View *WorkflowPage `json:"view,omitzero"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WorkflowPage is a page with settings of a workflow module.
type WorkflowPage struct {
	// URL is relative to the base URL and may hold context parameters.
	URL string `json:"url,omitzero" connect:"required,url=frame"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// WorkflowTrigger is where a post function is told of a transition.
type WorkflowTrigger struct {
	// URL is relative to the base URL; the host posts to it.
	URL string `json:"url,omitzero" connect:"required,url=post"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// EvaluationContext is in whose name an expression is evaluated. The host
// takes the words in all-lower and in all-upper case.
type EvaluationContext string

// The values of EvaluationContext.
const (
	EvaluateAsUser EvaluationContext = "user"
	EvaluateAsApp  EvaluationContext = "app"
)

func (EvaluationContext) words() []string {
	return []string{"user", "app"}
}

// ErrorMessage is a text, or a Jira expression that gives one.
type ErrorMessage struct {
	// Expression gives the text; it stands alone.
	Expression string `json:"expression,omitzero"`
	// Value is the text, at most 1500 characters.
	Value string `json:"value,omitzero" connect:"max=1500"`
	// I18n is the key of the text in the translation files, at most 300
	// characters.
	I18n string `json:"i18n,omitzero" connect:"max=300"`
	// Extra holds the members that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

func (m *ErrorMessage) check(c *checker, path string) {
	switch {
	case m.Expression == "" && m.Value == "":
		c.add(path, RuleRequired, "", "must have either expression or value")
	case m.Expression != "" && m.Value != "":
		c.warn(path, RuleRedundant, "", "has both expression and value, of which one counts")
	}
}
