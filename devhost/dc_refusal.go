package devhost

import (
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"
)

// dcRefusal is an answer of a Data Center that refuses, before any resource is
// asked. Its body is JSON unless it is text.
type dcRefusal struct {
	status int
	header http.Header
	body   any
	reason string
	nobody bool // no caller was recognised, which a page answers with the login page
}

func (f *dcRefusal) Error() string { return f.reason }

func (f *dcRefusal) write(w http.ResponseWriter, r *http.Request) {
	refuse(r, f.reason)
	for name, values := range f.header {
		w.Header()[name] = values
	}
	text, ok := f.body.(string)
	if !ok {
		writeJSON(w, f.status, f.body)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(f.status)
	w.Write([]byte(text))
}

// dcMessage is the shape of errors of the framework below Jira's resources.
type dcMessage struct {
	Message string `json:"message"`
	Status  int    `json:"status-code,omitempty"`
}

// notAuthenticated refuses a call without a credential that counts.
func (h *Host) notAuthenticated(reason string) *dcRefusal {
	return &dcRefusal{
		status: http.StatusUnauthorized,
		header: http.Header{"Www-Authenticate": {h.oauthChallenge("")}},
		body:   dcMessage{"Client must be authenticated to access this resource.", http.StatusUnauthorized},
		reason: reason, nobody: true,
	}
}

// The header that says how a login went, and its values.
const (
	headerDenied       = "X-Authentication-Denied-Reason"
	reasonAuthFailed   = "AUTHENTICATED_FAILED"
	reasonAuthDenied   = "AUTHENTICATION_DENIED"
	textBasicForbidden = "Basic Authentication has been disabled on this instance."
)

// loginHeader tells how a password login failed: for a waiting CAPTCHA it names
// the page at which to solve it.
func (h *Host) loginHeader(o dcOutcome) (status int, header http.Header) {
	header = make(http.Header)
	if o == dcLoginDenied {
		header.Set(headerLoginReason, reasonAuthDenied)
		header.Set(headerDenied, "CAPTCHA_CHALLENGE; login-url="+h.BaseURL()+"/login.jsp")
		return http.StatusForbidden, header
	}
	header.Set(headerLoginReason, reasonAuthFailed)
	return http.StatusUnauthorized, header
}

// basicFailure refuses Basic with a page of HTML, as Jira does.
func (h *Host) basicFailure(o dcOutcome) *dcRefusal {
	status, header := h.loginHeader(o)
	header.Set("Content-Type", "text/html;charset=UTF-8")
	title := http.StatusText(status)
	text := "Basic Authentication Failure - Reason : " + header.Get(headerLoginReason)
	return &dcRefusal{
		status: status, header: header, reason: strings.ToLower(text),
		body: "<html><head><title>" + template.HTMLEscapeString(title) + "</title></head><body><p>" +
			template.HTMLEscapeString(text) + "</p></body></html>\n",
	}
}

// basicIsOff refuses passwords altogether. Status and text are those that users
// of such instances report.
func basicIsOff() *dcRefusal {
	return &dcRefusal{
		status: http.StatusForbidden, body: dcMessage{Message: textBasicForbidden},
		reason: "passwords are turned off",
	}
}

func encodeHex(n int) string { return hex.EncodeToString(randomBytes(n)) }
