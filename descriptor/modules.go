package descriptor

import "encoding/json"

// Modules are the extensions of the product, by kind.
//
// Reading takes one object and an array of objects for every kind, because
// hosts and documents differ in this. Writing gives one object for the kinds
// of which an app has one, and an array for the others.
type Modules struct {
	// GeneralPages are pages in the navigation of the product.
	GeneralPages []Page `json:"generalPages,omitzero"`
	// AdminPages are pages in the administration of the product.
	AdminPages []Page `json:"adminPages,omitzero"`
	// ConfigurePage is the page behind the Configure button of the app.
	ConfigurePage *Page `json:"configurePage,omitzero"`
	// PostInstallPage is the page behind the Get started button of the app.
	PostInstallPage *Page `json:"postInstallPage,omitzero"`
	// WebPanels are frames inside pages of the product.
	WebPanels []WebPanel `json:"webPanels,omitzero"`
	// WebItems are links and buttons in the product.
	WebItems []WebItem `json:"webItems,omitzero"`
	// Dialogs are frames that open over a page of the product.
	Dialogs []Dialog `json:"dialogs,omitzero"`
	// Webhooks are the events that the app is told of.
	Webhooks []Webhook `json:"webhooks,omitzero"`
	// JiraIssueGlances are panels behind a label beside an issue. Atlassian
	// replaced them by JiraIssueContexts.
	JiraIssueGlances []IssueGlance `json:"jiraIssueGlances,omitzero"`
	// JiraIssueContexts are panels behind a label beside an issue.
	JiraIssueContexts []IssueContext `json:"jiraIssueContexts,omitzero"`
	// JiraIssueContents are panels below the description of an issue.
	JiraIssueContents []IssueContent `json:"jiraIssueContents,omitzero"`
	// DynamicContentMacros are macros of Confluence that the app draws in a
	// frame.
	DynamicContentMacros []DynamicContentMacro `json:"dynamicContentMacros,omitzero"`
	// Extra holds the kinds that this package does not know, by name.
	Extra map[string]json.RawMessage `json:",embed"`
}

// module is what every kind of module can do. A new kind is a struct with
// these methods, a field in Modules, a line in kinds and a line in the
// reader's table of lists.
type module interface {
	moduleKey() string
	check(c *checker, path string)
	list(e *enumeration, path string)
}

// kind is one kind of module and what the document has of it.
type kind struct {
	name    string
	single  bool
	modules []module
}

func (m *Modules) kinds() []kind {
	return []kind{
		{"generalPages", false, asModules(m.GeneralPages)},
		{"adminPages", false, asModules(m.AdminPages)},
		{"configurePage", true, asModule(m.ConfigurePage)},
		{"postInstallPage", true, asModule(m.PostInstallPage)},
		{"webPanels", false, asModules(m.WebPanels)},
		{"webItems", false, asModules(m.WebItems)},
		{"dialogs", false, asModules(m.Dialogs)},
		{"webhooks", false, asModules(m.Webhooks)},
		{"jiraIssueGlances", false, asModules(m.JiraIssueGlances)},
		{"jiraIssueContexts", false, asModules(m.JiraIssueContexts)},
		{"jiraIssueContents", false, asModules(m.JiraIssueContents)},
		{"dynamicContentMacros", false, asModules(m.DynamicContentMacros)},
	}
}

// each calls f for every module of a known kind with its path.
func (m *Modules) each(f func(kind, path string, mod module)) {
	for _, k := range m.kinds() {
		path := join("modules", k.name)
		for i, mod := range k.modules {
			at := path
			if !k.single {
				at = index(path, i)
			}
			f(k.name, at, mod)
		}
	}
}

type modulePointer[T any] interface {
	*T
	module
}

func asModules[T any, P modulePointer[T]](list []T) []module {
	modules := make([]module, len(list))
	for i := range list {
		modules[i] = P(&list[i])
	}
	return modules
}

func asModule[T any, P modulePointer[T]](one *T) []module {
	if one == nil {
		return nil
	}
	return []module{P(one)}
}
