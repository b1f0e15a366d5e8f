package devhost

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxForm is the longest form of the host's own pages, in bytes.
const maxForm = 64 << 10

// cookieName differs from host to host, since browsers share cookies between
// the ports of one machine.
func (h *Host) cookieName() string {
	u, err := url.Parse(h.URL())
	if err != nil {
		return "devhost-user"
	}
	return "devhost-user-" + u.Port()
}

// signedIn returns the user of the browser, by its cookie.
func (h *Host) signedIn(r *http.Request) (string, bool) {
	c, err := r.Cookie(h.cookieName())
	if err != nil {
		return "", false
	}
	accountID, err := url.QueryUnescape(c.Value)
	if err != nil {
		return "", false
	}
	u, ok := h.jira.user(accountID)
	return accountID, ok && !u.Inactive && u.Type != "app"
}

func (h *Host) signIn(w http.ResponseWriter, accountID string) {
	http.SetCookie(w, &http.Cookie{
		Name: h.cookieName(), Value: url.QueryEscape(accountID), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// form reads the form of a request; false means that it was answered.
func form(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form does not read", http.StatusBadRequest)
		return false
	}
	return true
}

// back leads to the page a form was on, if that is one of the host's.
func back(w http.ResponseWriter, r *http.Request) {
	to := r.PostForm.Get("back")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (h *Host) switchUser(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) {
		return
	}
	accountID := r.PostForm.Get("accountId")
	if !slices.ContainsFunc(h.people(), func(u User) bool { return u.AccountID == accountID }) {
		http.Error(w, "no such user", http.StatusBadRequest)
		return
	}
	h.signIn(w, accountID)
	back(w, r)
}

// administrator answers 403 unless the user at the browser may administer the
// site.
func (h *Host) administrator(w http.ResponseWriter, r *http.Request) bool {
	accountID, ok := h.signedIn(r)
	if !ok || !h.jira.allowed(accountID, Administer) {
		h.showIndex(w, r, http.StatusForbidden, "Only administrators can change apps. Switch to a user who is one.")
		return false
	}
	return true
}

func (h *Host) installForm(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) || !h.administrator(w, r) {
		return
	}
	if _, err := h.Install(r.Context(), strings.TrimSpace(r.PostForm.Get("url"))); err != nil {
		h.showIndex(w, r, http.StatusBadGateway, forPeople(err))
		return
	}
	back(w, r)
}

func (h *Host) appForm(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) || !h.administrator(w, r) {
		return
	}
	if err := h.appAction(r.Context(), r.PathValue("app"), r.PathValue("action")); err != nil {
		h.showIndex(w, r, http.StatusBadGateway, forPeople(err))
		return
	}
	back(w, r)
}

func (h *Host) appAction(ctx context.Context, appKey, action string) error {
	var err error
	switch action {
	case "enable":
		err = h.Enable(ctx, appKey)
	case "disable":
		err = h.Disable(ctx, appKey)
	case "uninstall":
		err = h.Uninstall(ctx, appKey)
	case "upgrade":
		_, err = h.Upgrade(ctx, appKey)
	case "rotate":
		_, err = h.Rotate(ctx, appKey)
	case "import":
		_, err = h.Import(ctx, appKey)
	default:
		err = wordsf("There is no action %q.", action)
	}
	return err
}

// issueForm lets the user at the browser work on an issue.
func (h *Host) issueForm(w http.ResponseWriter, r *http.Request) {
	if !form(w, r) {
		return
	}
	accountID, _ := h.signedIn(r)
	key, action := r.PathValue("issue"), r.PathValue("action")
	need := map[string]Permission{"comment": AddComments, "status": EditIssues}[action]
	if need == "" || !h.jira.allowed(accountID, need) {
		h.showIndex(w, r, http.StatusForbidden, "You may not do that. Switch to another user.")
		return
	}
	var err error
	if action == "comment" {
		_, err = h.AddComment(accountID, key, Document(r.PostForm.Get("text")))
	} else {
		_, err = h.EditIssue(accountID, key, func(i *Issue) { i.Status = r.PostForm.Get("status") })
	}
	if err != nil {
		h.showIndex(w, r, http.StatusBadRequest, forPeople(err))
		return
	}
	back(w, r)
}

// age says in words how long ago something was.
func age(d time.Duration) string {
	switch n := int(d / day); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute")
	case n < 1:
		return plural(int(d/time.Hour), "hour")
	case n < 60:
		return plural(n, "day")
	default:
		return plural(n/30, "month")
	}
}

func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit + " ago"
}
