package devhost

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed web
var web embed.FS

// pageKinds are the modules that get a place in the navigation, and the words
// they are shown under.
var pageKinds = map[string]string{
	"generalPages":    "Page",
	"adminPages":      "Admin page",
	"configurePage":   "Configure",
	"postInstallPage": "Get started",
}

// site is what every page of the host shows.
type sitePage struct {
	Title   string
	Path    string
	User    User
	Users   []userView
	Apps    []appView
	Problem string // what went wrong, above the page
	Missing string // why there is no page, instead of one

	Issues   []issueView
	Issue    *issueView
	Activity []activityView
	Frame    *frameView
}

type appView struct {
	Installation
	Pages  []linkView
	Panels []linkView
}

type linkView struct{ Kind, Title, URL string }

// userView is one choice of the list of users.
type userView struct{ AccountID, Label string }

type issueView struct {
	Key, Summary, Type, Status, StatusClass, Priority string
	Assignee, Reporter, Updated, Created, Age         string
	Description                                       string
	Comments                                          []commentView
	Panels                                            []linkView
}

type commentView struct{ Author, Text, When string }

type activityView struct {
	When, Direction, What, Who, Detail string
	Status                             int
	Bad                                bool // something went wrong
}

type frameView struct {
	App, AppName, Module, Title, URL, Origin, Name string
	Issue, Project                                 string
}

// pages are the host's own pages for the browser.
func (h *Host) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.indexPage)
	mux.HandleFunc("GET /", h.noPage)
	mux.HandleFunc("GET /browse/{issue}", h.issuePage)
	mux.HandleFunc("GET /activity", h.activityPage)
	mux.HandleFunc("GET /plugins/servlet/ac/{app}/{module}", h.framePage)
	mux.HandleFunc("GET /static/{file}", serveStatic)
	mux.HandleFunc("GET /all.js", h.serveAllJS)
	mux.HandleFunc("POST /devhost/user", h.switchUser)
	mux.HandleFunc("POST /devhost/install", h.installForm)
	mux.HandleFunc("POST /devhost/apps/{app}/{action}", h.appForm)
	mux.HandleFunc("POST /devhost/issues/{issue}/{action}", h.issueForm)
	mux.HandleFunc("POST /devhost/context-token", h.tokenForPage)
	return mux
}

var templates = template.Must(template.ParseFS(web, "web/*.html"))

// show renders a page of the host. frameOrigin is the origin of the app in the
// frame, empty on pages without one.
func (h *Host) show(w http.ResponseWriter, status int, p *sitePage, frameOrigin string) {
	h.render(w, status, "layout.html", p, "script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-src "+cmp.Or(frameOrigin, "'none'"))
}

// render writes a page of a template under a Content-Security-Policy that allows
// its style and what allowed names.
func (h *Host) render(w http.ResponseWriter, status int, name string, data any, allowed string) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		h.log.Error("page", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	hd := w.Header()
	hd.Set("Content-Type", "text/html; charset=utf-8")
	hd.Set("Cache-Control", "no-store")
	hd.Set("X-Content-Type-Options", "nosniff")
	if hd.Get("Referrer-Policy") == "" {
		hd.Set("Referrer-Policy", "no-referrer")
	}
	hd.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "+allowed)
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// newPage begins a page: it finds the user and signs in the first one when
// nobody is.
func (h *Host) newPage(w http.ResponseWriter, r *http.Request, title string) *sitePage {
	accountID, ok := h.signedIn(r)
	people := h.people()
	if !ok && len(people) > 0 {
		accountID = people[0].AccountID
		h.signIn(w, accountID)
	}
	u, _ := h.jira.user(accountID)
	p := &sitePage{Title: title, Path: r.URL.RequestURI(), User: u}
	for _, u := range people {
		p.Users = append(p.Users, newUserView(u))
	}
	for _, inst := range h.Installations() {
		_, doc, err := h.view(inst.AppKey)
		if err == nil {
			p.Apps = append(p.Apps, newAppView(inst, doc))
		}
	}
	return p
}

// newUserView marks who administers the site, since only they can change apps.
func newUserView(u User) userView {
	v := userView{u.AccountID, u.DisplayName}
	if slices.Contains(u.Permissions, Administer) {
		v.Label += " (administrator)"
	}
	return v
}

func newAppView(inst Installation, doc *manifest) appView {
	v := appView{Installation: inst}
	for i := range doc.modules {
		m := &doc.modules[i]
		if m.Kind == "webhooks" || m.page() == "" || m.Key == "" || !strings.HasPrefix(m.page(), "/") {
			continue
		}
		link := linkView{Kind: cmp.Or(pageKinds[m.Kind], m.Kind), Title: m.title(), URL: framePath(inst.AppKey, m.Key)}
		switch {
		case pageKinds[m.Kind] != "":
			v.Pages = append(v.Pages, link)
		case strings.HasPrefix(m.Kind, "jiraIssue") || m.Kind == "webPanels":
			v.Panels = append(v.Panels, link)
		}
	}
	return v
}

func framePath(appKey, moduleKey string) string {
	return "/plugins/servlet/ac/" + url.PathEscape(appKey) + "/" + url.PathEscape(moduleKey)
}

// people are the users who can sit at a browser.
func (h *Host) people() []User {
	return slices.DeleteFunc(h.Users(), func(u User) bool { return u.Inactive || u.Type == "app" })
}

// noPage answers for addresses that are nothing.
func (h *Host) noPage(w http.ResponseWriter, r *http.Request) {
	h.showMissing(w, h.newPage(w, r, "Not found"), "There is no page at "+r.URL.Path+".")
}

// showMissing says why there is no such page, with a way out.
func (h *Host) showMissing(w http.ResponseWriter, p *sitePage, why string) {
	p.Missing = why
	h.show(w, http.StatusNotFound, p, "")
}

func (h *Host) indexPage(w http.ResponseWriter, r *http.Request) {
	h.showIndex(w, r, http.StatusOK, "")
}

func (h *Host) showIndex(w http.ResponseWriter, r *http.Request, status int, problem string) {
	p := h.newPage(w, r, "Issues")
	p.Path, p.Problem = "/", problem
	if h.jira.allowed(p.User.AccountID, BrowseProjects) {
		list := h.Issues()
		(&jqlQuery{order: []orderTerm{{field: "updated", desc: true}}}).sort(list)
		for i := range list {
			p.Issues = append(p.Issues, h.issueView(&list[i]))
		}
	}
	h.show(w, status, p, "")
}

func (h *Host) issueView(i *Issue) issueView {
	v := issueView{
		Key: i.Key, Summary: i.Summary, Type: i.Type, Status: i.Status, Priority: i.Priority,
		StatusClass: categories[slices.Index(statuses, i.Status)],
		Assignee:    cmp.Or(h.displayName(i.Assignee), "Unassigned"), Reporter: cmp.Or(h.displayName(i.Reporter), "Nobody"),
		Updated: clockText(i.Updated), Created: clockText(i.Created), Age: age(h.clock().Sub(i.Updated)),
		Description: documentText(i.Description),
	}
	for _, c := range i.Comments {
		v.Comments = append(v.Comments, commentView{h.displayName(c.Author), documentText(c.Body), clockText(c.Created)})
	}
	return v
}

func (h *Host) issuePage(w http.ResponseWriter, r *http.Request) {
	p := h.newPage(w, r, "Issue")
	i, ok := h.jira.issue(r.PathValue("issue"))
	if !ok || !h.jira.allowed(p.User.AccountID, BrowseProjects) {
		h.showMissing(w, p, "There is no such issue, or you may not see it.")
		return
	}
	v := h.issueView(&i)
	p.Title, p.Issue = i.Key, &v
	for _, a := range p.Apps {
		for _, link := range a.Panels {
			link.URL += "?issue=" + url.QueryEscape(i.Key)
			v.Panels = append(v.Panels, link)
		}
	}
	h.show(w, http.StatusOK, p, "")
}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	types := map[string]string{"style.css": "text/css; charset=utf-8", "host.js": "text/javascript; charset=utf-8", "site.svg": "image/svg+xml"}
	name := r.PathValue("file")
	b, err := web.ReadFile("web/" + name)
	if types[name] == "" || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", types[name])
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(b)
}

// serveAllJS serves the script of app pages. It is told the origins of this
// host, so that it talks to no other parent.
func (h *Host) serveAllJS(w http.ResponseWriter, r *http.Request) {
	b, err := web.ReadFile("web/all.js")
	origins, jerr := json.Marshal(h.origins())
	if err != nil || jerr != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Write(bytes.Replace(b, []byte(`["HOST_ORIGINS"]`), origins, 1))
}

func (h *Host) origins() []string {
	return slices.Compact([]string{h.URL(), h.BaseURL()})
}
