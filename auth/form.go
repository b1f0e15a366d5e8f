package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/internal/qsh"
)

// FormField is the name of the hidden field that a form token is posted in.
// Jira's own pages name theirs so.
const FormField = "atl_token"

const (
	formLife = 30 * time.Minute

	// maxFormMemory is how much of a multipart form is kept in memory; files
	// beyond it are on disk.
	maxFormMemory = 1 << 20
)

// IssueForm returns the token of an HTML form on a page that the caller is
// shown, for the routes with the policy Form. A page in the host's frame has no
// cookie, so the token is what says whose form it is, and what no page of
// somebody else has.
//
// form is where the form posts to, which is what tells one form from another:
// the path below the base URL and, if the form's action has one, the query. The
// token is good for that alone, for the caller's tenant and user and this app.
// It lives for life in whole seconds, 0 being 30 minutes or Config.MaxLife if
// that is less, and at most Config.MaxLife; it dies early when the tenant's
// secret is rotated or the app is uninstalled. It can be used more than once
// while it lives, as a form that is posted twice by a second click must be. It
// does not cover what is in the other fields, hidden ones included: those are
// the user's to change.
//
// Only a caller with an installation and an account id can have a form. The
// caller of a posted form may be given the next one.
func (v *Verifier) IssueForm(c *Caller, form string, life time.Duration) (string, error) {
	hash, err := formHash(form)
	if err != nil {
		return "", err
	}
	return v.issue(Form, c, orDefault(life, min(formLife, v.maxLife)), jwt.MapClaims{"qsh": hash})
}

// formHash returns the qsh of the request that posts a form.
func formHash(form string) (string, error) {
	u, err := url.Parse(form)
	if err != nil || !strings.HasPrefix(form, "/") || u.Host != "" || strings.Contains(form, "#") || hasDotSegment(u.Path) {
		return "", fmt.Errorf("auth: the form %q is not the path and the query it posts to", form)
	}
	params, err := qsh.ParseQuery(u.RawQuery)
	if err != nil {
		return "", fmt.Errorf("auth: the form %q: %w", form, err)
	}
	for _, p := range params {
		if p.Name == FormField || p.Name == qsh.TokenParam {
			return "", fmt.Errorf("auth: the form %.20q… has a token in its query", form)
		}
	}
	return qsh.Sum(qsh.Canonical(http.MethodPost, u.Path, params)), nil
}

// checkForm admits a posted form by the token in its field.
func (v *Verifier) checkForm(r *http.Request, p Policy, rule row, params []qsh.Param) (*Caller, error) {
	if refusal := tokenElsewhere(r, params); refusal != nil {
		return nil, refusal
	}
	media, boundary := formMedia(r)
	if r.Method != http.MethodPost || r.Body == nil || media == "" {
		return nil, &Error{Code: CodeNoToken, Detail: "the route takes the token of a form, which is posted URL-encoded or as multipart/form-data"}
	}
	raw, err := fieldToken(r, media, boundary)
	if err != nil {
		return nil, err
	}
	caller, err := v.verify(r, p, rule, params, raw)
	if err != nil || media == mediaForm {
		return caller, err
	}
	if err := v.readMultipart(r); err != nil {
		return nil, err
	}
	return caller, nil
}

// tokenElsewhere refuses a form with a token in a second place, whatever is in
// its field: which of two tokens counts is nothing to be guessed. A token in the
// query would be in logs and in the browser's history, too.
func tokenElsewhere(r *http.Request, params []qsh.Param) *Error {
	credentials := r.Header["Authorization"]
	if len(credentials) > 1 || len(credentials) == 1 && strings.HasPrefix(credentials[0], scheme) {
		return &Error{Code: CodeManyTokens, Detail: "the route takes the token of a form in its field, and none in a header"}
	}
	for _, p := range params {
		if p.Name == FormField || p.Name == qsh.TokenParam {
			return &Error{Code: CodeManyTokens, Detail: "the route takes the token of a form in its field, and none in the query; does the form have an action?"}
		}
	}
	return nil
}

// formMedia returns the media type of a form, empty when it is none, and the
// boundary of a multipart one.
func formMedia(r *http.Request) (media, boundary string) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return "", ""
	case media == mediaForm:
		return media, ""
	case media == mediaMultipart && params["boundary"] != "":
		return media, params["boundary"]
	}
	return "", ""
}

// fieldToken returns the token in the form's field. Of a multipart form, whose
// caller is not verified yet, no more is read than it takes.
func fieldToken(r *http.Request, media, boundary string) (string, error) {
	switch {
	case media == mediaForm:
		if err := readForm(r, maxBlindForm); err != nil {
			return "", err
		}
		return oneToken(r.PostForm, nil)
	case r.MultipartForm != nil:
		return oneToken(r.MultipartForm.Value, r.MultipartForm.File)
	}
	var read bytes.Buffer
	ahead := http.MaxBytesReader(nil, io.NopCloser(io.TeeReader(r.Body, &read)), maxBlindForm)
	token, err := leadingToken(multipart.NewReader(ahead, boundary))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&read, r.Body), r.Body}
	return token, err
}

// oneToken returns the token of a form that has been read.
func oneToken(fields map[string][]string, files map[string][]*multipart.FileHeader) (string, error) {
	tokens := fields[FormField]
	switch {
	case len(tokens) > 1 || len(files[FormField]) > 0 || len(fields[qsh.TokenParam]) > 0:
		return "", &Error{Code: CodeManyTokens, Detail: "the form has more than one token"}
	case len(tokens) == 0:
		return "", &Error{Code: CodeNoToken, Detail: "the form has no field " + FormField}
	}
	return tokens[0], nil
}

// leadingToken returns the token of a multipart form, in front of its files.
func leadingToken(form *multipart.Reader) (string, error) {
	for {
		part, err := form.NextPart()
		switch {
		case err == io.EOF:
			return "", &Error{Code: CodeNoToken, Detail: "the form has no field " + FormField}
		case err != nil:
			return "", formError(err)
		case part.FileName() != "":
			return "", &Error{Code: CodeNoToken, Detail: "the form has no field " + FormField + " in front of its files"}
		case part.FormName() == FormField:
			token, err := io.ReadAll(io.LimitReader(part, maxToken+1))
			if err != nil {
				return "", formError(err)
			}
			return string(token), nil
		}
	}
}

// readMultipart reads the whole form of a verified caller, and refuses one with
// a second token in it.
func (v *Verifier) readMultipart(r *http.Request) error {
	if r.MultipartForm == nil {
		if r.ContentLength > v.maxForm {
			return fmt.Errorf("auth: form: %w", &http.MaxBytesError{Limit: v.maxForm})
		}
		r.Body = http.MaxBytesReader(nil, r.Body, v.maxForm)
		if err := r.ParseMultipartForm(maxFormMemory); err != nil {
			return formError(err)
		}
	}
	if _, err := oneToken(r.MultipartForm.Value, r.MultipartForm.File); err != nil {
		removeFiles(r)
		return err
	}
	return nil
}

// formError says whose fault it is that a multipart form cannot be read.
func formError(err error) error {
	var size *http.MaxBytesError
	var file *fs.PathError
	switch {
	case errors.As(err, &size):
		return fmt.Errorf("auth: form: %w", err)
	case errors.Is(err, multipart.ErrMessageTooLarge):
		return fmt.Errorf("auth: form: %w: %w", &http.MaxBytesError{Limit: maxFormMemory}, err)
	case errors.As(err, &file):
		return trouble{fmt.Errorf("auth: form: %w", err)}
	}
	return &Error{Code: CodeMalformed, Detail: "the form does not parse"}
}

// removeFiles removes what a multipart form has on disk.
func removeFiles(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll()
	}
}
