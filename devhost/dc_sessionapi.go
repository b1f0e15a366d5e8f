package devhost

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// dcSessionBody is the answer to a login.
type dcSessionBody struct {
	Session dcSessionValue `json:"session"`
	Info    dcLoginInfo    `json:"loginInfo"`
}

type dcSessionValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dcCurrentUser struct {
	Self string      `json:"self"`
	Name string      `json:"name"`
	Info dcLoginInfo `json:"loginInfo"`
}

// serveLogin opens a session by user name and password.
func (h *Host) serveLogin(w http.ResponseWriter, r *http.Request) {
	if f := h.login(w, r); f != nil {
		f.write(w, r)
	}
}

func (h *Host) login(w http.ResponseWriter, r *http.Request) *dcRefusal {
	if h.dc.basic.blocks(r.URL.Path, "") {
		return basicIsOff()
	}
	if f := h.checkXSRF(r, false); f != nil {
		return f
	}
	if !isJSON(r) {
		return &dcRefusal{status: http.StatusUnsupportedMediaType, body: dcMessage{Message: "Content-Type must be application/json"}, reason: "not JSON"}
	}
	var in struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return &dcRefusal{status: http.StatusBadRequest, body: errorBody{Messages: []string{"The login request does not read."}}, reason: "body: " + err.Error()}
	}
	u, outcome := h.dcLogin(in.Username, in.Password, false)
	if outcome != dcLoginGood {
		status, header := h.loginHeader(outcome)
		return &dcRefusal{status: status, header: header, body: errorBody{Messages: []string{"Login failed"}}, reason: "login failed"}
	}
	record := callOf(r)
	record.AccountID, record.Kind = u.AccountID, kindSession
	s := h.startSession(w, u.AccountID)
	w.Header().Set(headerLoginReason, "OK")
	writeJSON(w, http.StatusOK, dcSessionBody{dcSessionValue{dcSessionCookie, s.id}, h.dc.logins.info(u.AccountID)})
	return nil
}

// readSession tells a caller who they are, however they are recognised.
func readSession(q *query) (answer, error) {
	if q.host.dc.basic.blocks(q.URL.Path, "") {
		return answer{}, &fault{status: http.StatusForbidden, body: dcMessage{Message: textBasicForbidden}, reason: "passwords are turned off"}
	}
	u, _ := q.host.jira.user(q.caller.accountID)
	return answer{http.StatusOK, dcCurrentUser{
		Self: q.base() + "/rest/api/latest/user?username=" + url.QueryEscape(u.Username),
		Name: u.Username, Info: q.host.dc.logins.info(u.AccountID),
	}}, nil
}

// serveLogout closes the session of a request.
func (h *Host) serveLogout(w http.ResponseWriter, r *http.Request) {
	s, why := h.session(r)
	switch {
	case h.dc.basic.blocks(r.URL.Path, ""):
		basicIsOff().write(w, r)
	case why != "":
		h.notAuthenticated(why).write(w, r)
	default:
		h.endSession(w, s)
		w.WriteHeader(http.StatusNoContent)
	}
}
