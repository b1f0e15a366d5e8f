package devhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The kinds of caller.
const (
	kindApp     = "app"     // the app as itself
	kindUser    = "user"    // the app in a user's name
	kindBrowser = "browser" // a page of the host in a browser

	kindOAuth     = "oauth"           // an OAuth 2.0 (3LO) app in a user's name
	kindToken     = "api-token"       // an API token of a user
	kindService   = "service-account" // an account of no person
	kindForge     = "forge"           // a Forge app in a user's name
	kindAnonymous = "anonymous"       // nobody, where that is enough
	kindContainer = "container"       // who has the container token of an import source
)

// caller is who makes a call to the REST API.
type caller struct {
	kind      string
	app       Installation // zero for a browser without an app
	accountID string
	scopes    []string // of app and user; a browser without an app has no limits
	limited   bool     // whether scopes count

	client      string   // id of the OAuth client, of callers that are no Connect app
	granted     []string // OAuth scopes, which count when gateway is true
	gateway     bool
	loginReason string // what the answer says of a credential that was passed over
	source      string // the import source of a container token
}

// accessToken is a token of the authorization server.
type accessToken struct {
	appKey    string
	accountID string
	scopes    []string
	expires   time.Time
	revoked   bool
}

// identify finds out who calls. The error says in plain words why nobody was
// recognised.
func (h *Host) identify(r *http.Request) (*caller, error) {
	header := r.Header.Values("Authorization")
	inQuery, err := queryTokens(r.URL.RawQuery)
	switch {
	case err != nil:
		return nil, err
	case len(header)+len(inQuery) > 1:
		return nil, errors.New("more than one credential")
	case len(inQuery) == 1:
		return h.identifyApp(r, inQuery[0])
	case len(header) == 0:
		return h.identifyVisitor(r)
	}
	scheme, credential, _ := strings.Cut(header[0], " ")
	switch scheme {
	case "JWT":
		return h.identifyApp(r, credential)
	case "Bearer":
		return h.identifyUser(credential)
	case "Basic":
		return h.identifyBasic(r, credential)
	}
	return nil, fmt.Errorf("authorization scheme %q, want JWT, Bearer or Basic", scheme)
}

func queryTokens(rawQuery string) ([]string, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, fmt.Errorf("query does not parse: %w", err)
	}
	return q["jwt"], nil
}

// identifyApp checks a token that an app made for this very request.
func (h *Host) identifyApp(r *http.Request, token string) (*caller, error) {
	t, err := parseAppToken(token)
	if err != nil {
		return nil, err
	}
	iss, err := t.text("iss")
	if err != nil {
		return nil, err
	}
	inst, err := h.signer(iss, t)
	if err != nil {
		return nil, err
	}
	if err := t.checkTimes(h.clock(), appTokenLife, clockLeeway); err != nil {
		return nil, err
	}
	if err := checkQSH(r, t); err != nil {
		return nil, err
	}
	if !inst.Enabled && !strings.HasPrefix(r.URL.Path, addonsPath+inst.AppKey) {
		return nil, fmt.Errorf("app %q is disabled", inst.AppKey)
	}
	return &caller{kind: kindApp, app: inst, accountID: inst.AccountID, scopes: inst.Scopes, limited: true}, nil
}

// signer returns the app that a token names and whose secret signed it. While an
// installed event is under way the new secret is good as well.
func (h *Host) signer(appKey string, t *appToken) (Installation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.apps[appKey]
	if a == nil || (!a.installed && a.pending == "") {
		return Installation{}, fmt.Errorf("token iss %q is not the key of an installed app", appKey)
	}
	pending := t.signedWith(a.pending)
	if !pending && (!a.installed || !t.signedWith(a.SharedSecret)) {
		return Installation{}, errors.New("token signature does not match the shared secret")
	}
	inst := a.snapshot()
	inst.Enabled = inst.Enabled || pending
	return inst, nil
}

// checkQSH compares the token's query string hash with the request. The site is
// at the root, so the path is hashed whole, escaped as it was sent.
func checkQSH(r *http.Request, t *appToken) error {
	got, err := t.text("qsh")
	if err != nil {
		return err
	}
	if got == contextQSH {
		return errors.New("token is a context token; a call to the host needs a computed qsh")
	}
	canonical, err := canonicalRequest(r.Method, r.URL.EscapedPath(), "", r.URL.RawQuery)
	if err != nil {
		return err
	}
	if want := requestHash(canonical); got != want {
		return fmt.Errorf("token qsh is %s, want %s, the hash of %q", got, want, canonical)
	}
	return nil
}

// identifyUser checks a token of the authorization server.
func (h *Host) identifyUser(token string) (*caller, error) {
	h.mu.Lock()
	t, ok := h.tokens.all[token]
	a := h.apps[t.appKey]
	var inst Installation
	if a != nil && a.installed && a.Enabled {
		inst = a.snapshot()
	}
	h.mu.Unlock()
	switch {
	case !ok:
		return nil, foreignBearer()
	case t.revoked:
		return nil, errors.New("access token was revoked")
	case !h.clock().Before(t.expires):
		return nil, errors.New("access token has expired")
	case inst.AppKey == "":
		return nil, fmt.Errorf("app %q is not installed and enabled", t.appKey)
	}
	if u, ok := h.jira.user(t.accountID); !ok || u.Inactive {
		return nil, fmt.Errorf("user %q is not active", t.accountID)
	}
	return &caller{kind: kindUser, app: inst, accountID: t.accountID, scopes: t.scopes, limited: true}, nil
}

// identifyBrowser recognises the user at the host's own pages. A call made for
// an app's page names the app and stays within its scopes.
func (h *Host) identifyBrowser(r *http.Request) (*caller, error) {
	accountID, ok := h.signedIn(r)
	if !ok {
		return nil, errors.New("no credentials")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return nil, errors.New("a page of another origin cannot use the user's session")
	}
	c := &caller{kind: kindBrowser, accountID: accountID}
	key := r.Header.Get(headerAppKey)
	if key == "" {
		return c, nil
	}
	inst, ok := h.Installation(key)
	if !ok || !inst.Enabled {
		return nil, fmt.Errorf("app %q is not installed and enabled", key)
	}
	c.app, c.scopes, c.limited = inst, inst.Scopes, true
	return c, nil
}

type callerKey struct{}

func callerOf(r *http.Request) *caller {
	c, _ := r.Context().Value(callerKey{}).(*caller)
	return c
}

// admitted lets callers that identify recognises through to next. All others get
// the answer of a fault, or else 401.
func (h *Host) admitted(identify func(*http.Request) (*caller, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := identify(r)
		if err != nil {
			refuseCaller(w, r, err)
			return
		}
		record := callOf(r)
		record.App, record.AccountID, record.Kind = cmp.Or(c.app.AppKey, c.client), c.accountID, c.kind
		announce(w, c)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

func refuseCaller(w http.ResponseWriter, r *http.Request, err error) {
	refuse(r, err.Error())
	var f *fault
	if errors.As(err, &f) {
		f.write(w)
		return
	}
	w.Header().Set("WWW-Authenticate", `JWT realm="Jira"`)
	writeJSON(w, http.StatusUnauthorized, errorBody{Messages: []string{notAuthenticated}})
}

// announce names the caller in the headers of the answer, as Jira Cloud does.
func announce(w http.ResponseWriter, c *caller) {
	if c.accountID != "" {
		w.Header().Set("X-AAccountId", c.accountID)
	}
	if c.loginReason != "" {
		w.Header().Set(headerLoginReason, c.loginReason)
	}
}

// orderly refuses what Atlassian's edge refuses before it looks at credentials:
// paths that are not in normal form, and a GET with a body.
func orderly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isNormal(r.URL.EscapedPath()):
			refuse(r, "path is not in normal form")
			writeJSON(w, http.StatusBadRequest, errorBody{Messages: []string{"The request path is not in normal form."}})
		case r.Method == http.MethodGet && r.ContentLength != 0:
			refuse(r, "GET with a body")
			writeJSON(w, http.StatusForbidden, errorBody{Messages: []string{"A GET request must not have a body."}})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isNormal(path string) bool {
	if strings.ContainsAny(path, ";\\") || strings.Contains(path, "//") {
		return false
	}
	lower := strings.ToLower(path)
	for _, escaped := range []string{"%2f", "%5c", "%3b"} {
		if strings.Contains(lower, escaped) {
			return false
		}
	}
	segments := strings.Split(strings.ReplaceAll(lower, "%2e", "."), "/")
	return !slices.Contains(segments, ".") && !slices.Contains(segments, "..")
}
