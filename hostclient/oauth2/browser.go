package oauth2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/internal/handshake"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// Why a browser's way to a token ended, beside what Exchange returns.
var (
	// ErrRequest says that a request to Start or Callback is malformed.
	ErrRequest = handshake.ErrRequest
	// ErrState says that the browser that came back has not begun this
	// authorization, or took too long, or came back with it before.
	ErrState = handshake.ErrState
	// ErrRefused says that the user did not allow it.
	ErrRefused = handshake.ErrRefused
)

// BrowserConfig describes the two pages. NewBrowser copies it.
type BrowserConfig struct {
	// App is the client; its RedirectURL is where Callback is served.
	App *App
	// Done is called with the token when the user has allowed it, and answers
	// the request: App.Save keeps the token. returnTo is the path that Start was
	// given, or empty; it is safe to redirect to. Whose token it is the app must
	// find out, by asking the host with it or from its own session.
	Done func(w http.ResponseWriter, r *http.Request, token *tokenstore.Token, returnTo string)
	// Failed answers the request otherwise. Nothing secret is in the error,
	// which may tell a user more than he should know. Nil logs the error and
	// writes a plain page without details.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
	// User names the user of the app's own session, for apps with one: a browser
	// in which another user has logged in meanwhile is ErrState. Nil binds to the
	// browser alone.
	User func(*http.Request) string
	// Key seals the cookies, at least 32 bytes, the same in all processes of
	// the app. Nil means a random one: then the process that began must end it.
	Key []byte
	// TTL is how long a user may take. 0 means 10 minutes; the longest is an
	// hour.
	TTL time.Duration
	// Logger is for the plain page. Nil means slog.Default().
	Logger *slog.Logger
}

// String says nothing secret.
func (c BrowserConfig) String() string { return fmt.Sprintf("oauth2: browser of %v", c.App) }

// Format writes what String returns, whatever the verb.
func (c BrowserConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Browser leads users' browsers to the page of consent and back, with PKCE. What
// is between is bound to the one browser by a cookie that scripts cannot read and
// other sites cannot set, and compared in constant time, so a user cannot be led
// into an authorization that somebody else began. Several tabs do not disturb each
// other.
//
// Both pages must be visited as pages of their own. In a frame on the host's pages
// browsers keep the cookie back, so a link there opens a new window.
//
// A Browser is safe for concurrent use and shows nothing secret when it is
// formatted.
type Browser struct {
	config     BrowserConfig
	handshakes *handshake.Handshakes
}

// NewBrowser returns the Browser for config. An error names the field that is
// wrong. The clock is the App's.
func NewBrowser(config BrowserConfig) (*Browser, error) {
	switch {
	case config.App == nil:
		return nil, errors.New("oauth2: there is no App")
	case config.App.own:
		return nil, errors.New("oauth2: a service account needs no browser")
	case config.Done == nil:
		return nil, errors.New("oauth2: there is no Done")
	}
	a := config.App
	h, err := handshake.New(handshake.Config{
		Key: config.Key, TTL: config.TTL, Clock: a.config.Clock, Cookie: "oauth2",
		// A server must not have a browser end what it began with another one.
		Audience: a.config.TokenURL + "\n" + a.config.ClientID,
		Secure:   strings.HasPrefix(strings.ToLower(a.config.RedirectURL), "https:"),
	})
	if err != nil {
		return nil, fmt.Errorf("oauth2: %w", err)
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Failed == nil {
		config.Failed = handshake.Plain(config.Logger, "OAuth 2.0")
	}
	config.Key = nil
	return &Browser{config: config, handshakes: h}, nil
}

// String says whose browser it is.
func (b Browser) String() string { return b.config.String() }

// Format writes what String returns, whatever the verb.
func (b Browser) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }

// Start is the page, for GET and POST, that sends the browser to the page of
// consent. The query may have return_to, a path of the app with or without a query,
// for Done; a URL or what a browser could take for one is ErrRequest.
func (b *Browser) Start() http.Handler {
	return handshake.Page(b.start, b.config.Failed, http.MethodGet, http.MethodPost)
}

// Callback is the page, for GET, that the browser is sent back to. It calls Done
// with the token, or Failed with ErrState, ErrRefused, ErrRequest or what Exchange
// returns.
func (b *Browser) Callback() http.Handler {
	return handshake.Page(b.callback, b.config.Failed, http.MethodGet)
}

func (b *Browser) start(w http.ResponseWriter, r *http.Request) error {
	returnTo, err := handshake.ReturnTo(r)
	if err != nil {
		return err
	}
	verifier := Verifier()
	kept := handshake.Kept{Secret: verifier, ReturnTo: returnTo, User: handshake.UserOf(b.config.User, r)}
	state, err := b.handshakes.Begin(w, r, kept.Payload())
	if err != nil {
		return fmt.Errorf("oauth2: %w", err)
	}
	http.Redirect(w, r, b.config.App.AuthorizeURL(state, verifier), http.StatusSeeOther)
	return nil
}

func (b *Browser) callback(w http.ResponseWriter, r *http.Request) error {
	query, err := handshake.Once(r, "state", "code", "error", "error_description")
	if err != nil {
		return err
	}
	kept, err := b.handshakes.Return(w, r, query["state"], b.config.User)
	if err != nil {
		return err
	}
	if err := refusal(query); err != nil {
		return err
	}
	// The code is good once, so what it gives must not be lost with the browser.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	token, err := b.config.App.Exchange(r.Context(), query["code"], kept.Secret)
	if err != nil {
		return err
	}
	b.config.Done(w, r, token, kept.ReturnTo)
	return nil
}

// refusal returns what the authorization server says in place of a code.
func refusal(query map[string]string) error {
	switch code := query["error"]; {
	case code == "access_denied":
		return ErrRefused
	case code != "":
		return &hostclient.Error{Status: http.StatusBadRequest, Method: http.MethodGet, URL: "the authorization server", Code: short(code), Messages: []string{short(query["error_description"])}}
	case query["code"] == "":
		return fmt.Errorf("%w: there is no code", ErrRequest)
	}
	return nil
}

// short makes text of a query fit for a log.
func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}
