package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/webhook"
)

//go:embed page
var files embed.FS

// staleIssues is the app.
type staleIssues struct {
	app   *connect.App
	board *board
	pages *pages
}

// newApp returns the app with all its routes open.
func newApp(s settings, st store.Store) (*connect.App, error) {
	b := newBoard()
	app, err := connect.New(connect.Config{
		BaseURL:                s.BaseURL,
		OtherBaseURLs:          s.OtherBaseURLs,
		Descriptor:             describe(),
		Store:                  st,
		Environment:            s.Environment,
		InstallKeysURLs:        s.KeysURLs,
		AuthorizationServerURL: s.AuthServer,
		AllowedHosts:           s.AllowedHosts,
		AllJSURL:               s.AllJSURL,
		Development:            s.Development,
		Hooks: lifecycle.Hooks{
			OnUninstall: func(_ context.Context, former *store.Installation) error {
				b.forget(former.ClientKey)
				return nil
			},
		},
	})
	if err != nil {
		return nil, err
	}
	pages, err := newPages(app.AllJSURL())
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(files, "page/static")
	if err != nil {
		return nil, err
	}
	a := &staleIssues{app: app, board: b, pages: pages}
	app.Page("/stale", a.stalePage)
	app.Page("/configure", a.configurePage)
	app.API("/api/stale", a.staleRows)
	app.API("/api/remind", a.remind)
	app.API("/api/settings", a.saveSettings)
	app.Webhook(descriptor.EventIssueUpdated, "/hooks/issue-updated", a.issueChanged)
	app.Webhook(descriptor.EventIssueDeleted, "/hooks/issue-deleted", a.issueChanged)
	app.Webhook(descriptor.EventCommentCreated, "/hooks/comment-created", a.issueChanged)
	app.Public("/static/", kept(http.StripPrefix("/static/", http.FileServerFS(static))))
	return app, app.Check()
}

// kept lets browsers keep files for a while.
func kept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// stalePage shows the list.
func (a *staleIssues) stalePage(w http.ResponseWriter, r *http.Request) {
	caller := connect.CallerFrom(r.Context())
	list, err := a.visible(r.Context(), caller)
	if err != nil {
		a.failPage(w, r, err)
		return
	}
	a.pages.render(w, http.StatusOK, "stale.html", list)
}

// staleRows answers the rows of the list alone, for the page to replace.
func (a *staleIssues) staleRows(w http.ResponseWriter, r *http.Request) {
	list, err := a.visible(r.Context(), connect.CallerFrom(r.Context()))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.pages.render(w, http.StatusOK, "rows", list)
}

// visible returns the stale issues that the caller may see. They are searched
// for as the app, which sees more than most people do.
func (a *staleIssues) visible(ctx context.Context, caller *auth.Caller) (staleList, error) {
	jira := jira{a.app.Host(caller)}
	list, err := a.board.list(ctx, caller.ClientKey, jira.stale)
	if err != nil {
		return staleList{}, err
	}
	if err := jira.keepVisible(ctx, caller.AccountID, &list); err != nil {
		return staleList{}, err
	}
	return list, nil
}

var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]*-[1-9][0-9]*$`)

// remind comments on an issue as the user who asks for it.
func (a *staleIssues) remind(w http.ResponseWriter, r *http.Request) {
	var ask struct{ Key string }
	if !post(w, r, &ask) {
		return
	}
	if !issueKey.MatchString(ask.Key) {
		http.Error(w, "That is not the key of an issue.", http.StatusBadRequest)
		return
	}
	caller := connect.CallerFrom(r.Context())
	if caller.AccountID == "" {
		http.Error(w, "Sign in to comment.", http.StatusForbidden)
		return
	}
	if err := (jira{a.app.Host(caller).AsUser(caller.AccountID)}).remind(r.Context(), ask.Key); err != nil {
		a.fail(w, r, err)
		return
	}
	a.board.touched(caller.ClientKey, ask.Key)
	w.WriteHeader(http.StatusNoContent)
}

// issueChanged takes an issue off the list: somebody has touched it. Not every
// event says which issue it is about; the list is then made anew.
func (a *staleIssues) issueChanged(_ context.Context, e *webhook.Event) error {
	var change struct{ Issue struct{ Key string } }
	if err := e.Decode(&change); err != nil {
		return err
	}
	if change.Issue.Key == "" {
		a.board.forget(e.Caller.ClientKey)
		return nil
	}
	a.board.touched(e.Caller.ClientKey, change.Issue.Key)
	return nil
}

// configurePage shows for how long an issue may rest.
func (a *staleIssues) configurePage(w http.ResponseWriter, r *http.Request) {
	days, err := jira{a.app.Host(connect.CallerFrom(r.Context()))}.days(r.Context())
	if err != nil {
		a.failPage(w, r, err)
		return
	}
	a.pages.render(w, http.StatusOK, "configure.html", days)
}

// saveSettings stores it, for administrators.
func (a *staleIssues) saveSettings(w http.ResponseWriter, r *http.Request) {
	var ask struct{ Days int }
	if !post(w, r, &ask) {
		return
	}
	if ask.Days < 1 || ask.Days > 3650 {
		http.Error(w, "Days must be from 1 to 3650.", http.StatusBadRequest)
		return
	}
	caller := connect.CallerFrom(r.Context())
	host := jira{a.app.Host(caller)}
	// The page is in the administration, but its token serves everybody.
	admin, err := host.administers(r.Context(), caller.AccountID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if !admin {
		http.Error(w, "Only administrators may change this.", http.StatusForbidden)
		return
	}
	if err := host.setDays(r.Context(), ask.Days); err != nil {
		a.fail(w, r, err)
		return
	}
	a.board.forget(caller.ClientKey)
	w.WriteHeader(http.StatusNoContent)
}

// post reads a small JSON body into ask, or answers why it cannot.
func post(w http.ResponseWriter, r *http.Request, ask any) bool {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only.", http.StatusMethodNotAllowed)
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(ask); err != nil {
		http.Error(w, "That is not what this page sends.", http.StatusBadRequest)
		return false
	}
	return true
}

// fail answers the page's script with what the host would not do.
func (a *staleIssues) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := explain(err)
	slog.WarnContext(r.Context(), "host call", slog.Any("error", err))
	http.Error(w, text, status)
}

// failPage shows it in the frame.
func (a *staleIssues) failPage(w http.ResponseWriter, r *http.Request, err error) {
	status, text := explain(err)
	slog.WarnContext(r.Context(), "host call", slog.Any("error", err))
	a.pages.render(w, status, "error.html", text)
}

// explain says in words what the host would not do.
func explain(err error) (status int, text string) {
	switch {
	case errors.Is(err, hostclient.ErrForbidden):
		return http.StatusForbidden, "Jira does not let you do that."
	case errors.Is(err, hostclient.ErrNotFound):
		return http.StatusNotFound, "Jira does not know that issue, or does not show it to you."
	case errors.Is(err, hostclient.ErrRateLimited):
		return http.StatusTooManyRequests, "Jira asks for a pause. Try again in a minute."
	}
	return http.StatusBadGateway, "Jira did not answer as it should. Try again in a minute."
}
