package devhost

import (
	"net/http"
	"strconv"
)

// The words of Atlassian's cloud for callers it does not know, and where it says
// why it passed a credential over.
const (
	notAuthenticated  = "Client must be authenticated to access this resource."
	scopeMismatch     = "Unauthorized; scope does not match"
	headerLoginReason = "X-Seraph-LoginReason"
	loginFailed       = "AUTHENTICATED_FAILED"
)

// gatewayBody is the shape of the gateway's own errors.
type gatewayBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func gatewayFault(status int, message, reason string) *fault {
	return &fault{status: status, body: gatewayBody{status, message}, reason: reason}
}

func unauthorized(reason string) *fault {
	return gatewayFault(http.StatusUnauthorized, "Unauthorized", reason)
}

// foreignBearer is how the site refuses each Bearer that it did not give out
// itself: it reads it as a session token of Connect.
func foreignBearer() *fault {
	return &fault{
		status: http.StatusForbidden, body: plainError{"Failed to parse Connect Session Auth Token"},
		reason: "access token is unknown: tokens of OAuth 2.0 (3LO), service accounts and Forge work at the gateway only",
	}
}

type plainError struct {
	Error string `json:"error"`
}

// wikiBody is the shape of the errors of version 1 of Confluence's API.
type wikiBody struct {
	StatusCode int          `json:"statusCode"`
	Data       wikiBodyData `json:"data"`
	Message    string       `json:"message"`
}

type wikiBodyData struct {
	Authorized bool     `json:"authorized"`
	Valid      bool     `json:"valid"`
	Errors     []string `json:"errors"`
	Successful bool     `json:"successful"`
}

// wikiFault is an error of version 1; the class of Confluence's exception stands
// before the message.
func wikiFault(status int, class, text string) *fault {
	body := wikiBody{StatusCode: status, Message: "com.atlassian.confluence.api.service.exceptions." + class + ": " + text}
	body.Data.Authorized, body.Data.Valid = status != http.StatusForbidden, true
	body.Data.Errors = []string{}
	return &fault{status: status, body: body, reason: text}
}

// wikiErrors is the shape of the errors of version 2 of Confluence's API.
type wikiErrors struct {
	Errors []wikiError `json:"errors"`
}

type wikiError struct {
	Status int     `json:"status"`
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail *string `json:"detail"`
}

func wikiFault2(status int, code, title string) *fault {
	return &fault{status: status, body: wikiErrors{[]wikiError{{status, code, title, nil}}}, reason: title}
}

// deskBody is the shape of the errors of Jira Service Management.
type deskBody struct {
	Message string      `json:"errorMessage"`
	I18n    deskMessage `json:"i18nErrorMessage"`
}

type deskMessage struct {
	Key        string   `json:"i18nKey"`
	Parameters []string `json:"parameters"`
}

func deskFault(status int, key, text string) *fault {
	return &fault{status: status, body: deskBody{text, deskMessage{key, []string{}}}, reason: strconv.Itoa(status) + " " + text}
}
