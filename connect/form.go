package connect

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/atlassian-connect-go/sdk/auth"
)

// Form opens a route for an HTML form on one of the app's own pages in the
// host's frame: POST alone, URL-encoded or as multipart/form-data, with the token
// of FormField in it. There is no cookie in a frame that a browser would send, so
// the token says whose form it is and proves that the app's page showed it.
//
// The page that shows the form, here for app.Form("/settings/save", save), has
//
//	field, err := app.FormField(connect.CallerFrom(r.Context()), "/settings/save")
//	…
//	<form method="post" action="settings/save">{{.Field}} … </form>
//
// and the form must have an action: without one a browser posts to the address
// of the page with the host's token in it, which is refused. The action is
// relative, so that it holds below the path of a base URL too.
//
// When h runs, the form has been read: r.PostForm has its fields and, of a
// multipart form, r.MultipartForm its files, which are removed once h returns. A
// URL-encoded form has up to 256 KiB, a multipart one up to Config.MaxBody with
// its token in front of any file. The answer is shown in the frame and may be
// framed as that of a Page; a form on it needs a token of its own. It is the next
// page itself: a redirect to a Page would come without a token of the host.
//
// A token is good for its tenant, its user and its path for Config.FormLife, and
// more than once. An app that must not do a thing twice sees to that itself.
func (a *App) Form(pattern string, h http.HandlerFunc) {
	given(pattern, h != nil)
	a.open(&route{kind: kindForm, pattern: pattern, methods: postMethods, handler: a.verified(auth.Form, framed(h))})
}

var postMethods = []string{http.MethodPost}

// FormToken returns the token of a form on a page that the caller is shown, to
// be posted in the field auth.FormField. form is where the form posts to: a path
// below the base URL, escaped as in a URL, that a Form route takes, with the
// query that the form's action has, if any. See auth.Verifier.IssueForm for what
// the token is good for.
//
// It is an error when no Form route takes the path, and when the caller has no
// account id, which is so of anonymous visitors. All routes must be open by the
// first call, as they are when handlers run.
func (a *App) FormToken(caller *auth.Caller, form string) (string, error) {
	a.build.Do(a.buildRouter)
	path, _, _ := strings.Cut(form, "?")
	if r := a.routed(http.MethodPost, path); r == nil || r.kind != kindForm {
		return "", fmt.Errorf("connect: no Form route takes %q", path)
	}
	return a.verifier.IssueForm(caller, form, a.cfg.FormLife)
}

// FormField returns the hidden field with the token of FormToken, for a template
// of html/template. It belongs in front of any file of the form.
func (a *App) FormField(caller *auth.Caller, form string) (template.HTML, error) {
	token, err := a.FormToken(caller, form)
	if err != nil {
		return "", err
	}
	return template.HTML(`<input type="hidden" name="` + auth.FormField + `" value="` + template.HTMLEscapeString(token) + `">`), nil
}
