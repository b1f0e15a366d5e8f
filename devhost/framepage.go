package devhost

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// framePage shows a page of an app in a frame, as Jira does.
func (h *Host) framePage(w http.ResponseWriter, r *http.Request) {
	p := h.newPage(w, r, "App")
	place := contextOf(r.URL.Query())
	appKey, moduleKey := r.PathValue("app"), r.PathValue("module")
	if problem := h.frameProblem(appKey, moduleKey); problem != "" {
		h.showMissing(w, p, problem)
		return
	}
	frame, origin, err := h.frame(appKey, moduleKey, p.User.AccountID, place)
	if err != nil {
		h.showMissing(w, p, forPeople(err))
		return
	}
	p.Frame, p.Title = frame, frame.Title
	h.show(w, http.StatusOK, p, origin)
}

// frameProblem says in words why a page of an app cannot be shown; empty when it
// can.
func (h *Host) frameProblem(appKey, moduleKey string) string {
	inst, doc, err := h.view(appKey)
	if err != nil {
		return "There is no app \"" + appKey + "\" on this site. It may have been uninstalled."
	}
	if !inst.Enabled {
		return "The app " + inst.Name + " is disabled. An administrator can enable it beside the list of issues."
	}
	if mod, ok := doc.find(moduleKey); !ok || mod.page() == "" {
		return "The app " + inst.Name + " has no page \"" + moduleKey + "\"."
	}
	return ""
}

// forPeople is the text of an error as a page shows it, where it is plain who
// speaks.
func forPeople(err error) string { return strings.TrimPrefix(err.Error(), "devhost: ") }

// contextOf reads where the frame is shown from the host page's address.
func contextOf(q url.Values) Context {
	c := Context{Issue: q.Get("issue"), Project: q.Get("project"), Values: make(map[string]string)}
	for name := range q {
		if name != "issue" && name != "project" {
			c.Values[name] = q.Get(name)
		}
	}
	return c
}

func (h *Host) frame(appKey, moduleKey, accountID string, place Context) (*frameView, string, error) {
	src, err := h.FrameURL(appKey, moduleKey, accountID, place)
	if err != nil {
		return nil, "", err
	}
	inst, doc, err := h.view(appKey)
	if err != nil {
		return nil, "", err
	}
	mod, _ := doc.find(moduleKey)
	u, err := url.Parse(inst.AppBaseURL)
	if err != nil {
		return nil, "", err
	}
	origin := u.Scheme + "://" + u.Host
	name, err := json.Marshal(frameName{Channel: channel(appKey, moduleKey), App: appKey, Module: moduleKey})
	if err != nil {
		return nil, "", err
	}
	return &frameView{
		App: appKey, AppName: inst.Name, Module: moduleKey, Title: mod.title(), URL: src, Origin: origin,
		Name: string(name), Issue: place.Issue, Project: place.Project,
	}, origin, nil
}

// frameName is the name of the frame, through which the script in it learns its
// channel even on pages whose address has no parameters.
type frameName struct {
	Channel string `json:"channel"`
	App     string `json:"addon_key"`
	Module  string `json:"key"`
}

type pageTokenInput struct {
	App     string `json:"app"`
	Issue   string `json:"issue"`
	Project string `json:"project"`
}

type pageTokenAnswer struct {
	Token string `json:"token"`
}

// tokenForPage gives the host page a context token for the app it shows.
func (h *Host) tokenForPage(w http.ResponseWriter, r *http.Request) {
	var in pageTokenInput
	accountID, ok := h.signedIn(r)
	b, err := readLimited(r.Body, 16<<10)
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if !ok || err != nil {
		writeJSON(w, http.StatusBadRequest, errorBody{Messages: []string{"Not signed in, or no JSON body."}})
		return
	}
	inst, ok := h.Installation(in.App)
	if !ok || !inst.Enabled {
		writeJSON(w, http.StatusNotFound, errorBody{Messages: []string{"The app is not installed and enabled."}})
		return
	}
	token, err := h.SignContext(in.App, accountID, Context{Issue: in.Issue, Project: in.Project})
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, errorBody{Messages: []string{err.Error()}})
		return
	}
	writeJSON(w, http.StatusOK, pageTokenAnswer{token})
}
