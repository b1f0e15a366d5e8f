package oauth1

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
	"github.com/atlassian-connect-go/sdk/store"
)

// Why a browser's dance ended, beside a *hostclient.Error and what the network says.
var (
	// ErrRequest says that a request to Start or Callback is malformed.
	ErrRequest = handshake.ErrRequest
	// ErrState says that the browser that came back has not begun this dance,
	// or took too long, or came back with it before.
	ErrState = handshake.ErrState
	// ErrRefused says that the user did not allow it.
	ErrRefused = handshake.ErrRefused
)

// BrowserConfig describes the two pages. NewBrowser copies it.
type BrowserConfig struct {
	// Consumer is the application link, with a CallbackURL where Callback is
	// served.
	Consumer *Consumer
	// Done is called with the token when the user has allowed it, and answers
	// the request. returnTo is the path that Start was given, or empty; it is
	// safe to redirect to. Whose token it is the app must find out, by asking
	// Jira with it.
	Done func(w http.ResponseWriter, r *http.Request, token *Token, returnTo string)
	// Failed answers the request otherwise. Nothing secret is in the error,
	// which may tell a user more than he should know. Nil logs the error and
	// writes a plain page without details.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
	// User names the user of the app's own session, for apps with one: a browser
	// in which another user has logged in meanwhile is ErrState. Nil binds to the
	// browser alone.
	User func(*http.Request) string
	// Key seals the cookies, at least 32 bytes, the same in all processes of
	// the app. Nil means a random one: then the process that began a dance must
	// end it.
	Key []byte
	// TTL is how long a user may take. 0 means 10 minutes; the longest is an
	// hour. How long Jira keeps a temporary token is unconfirmed.
	TTL time.Duration
	// Logger is for the plain page. Nil means slog.Default().
	Logger *slog.Logger
}

// String says nothing secret.
func (c BrowserConfig) String() string { return fmt.Sprintf("oauth1: browser of %v", c.Consumer) }

// Format writes what String returns, whatever the verb.
func (c BrowserConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Browser leads users' browsers through the dance: Start sends them to Jira, and
// Callback takes them back. What is between is bound to the one browser by a
// cookie that scripts cannot read and other sites cannot set, so a user cannot be
// led into a dance that somebody else began. Dances in several tabs do not
// disturb each other.
//
// It is the browser that is bound, not a user of the app: where the app has users
// of its own, both pages stand behind its login, and Done sees to it that the
// user is still the same. Each visit to Start is a request to Jira.
//
// Both pages must be visited as pages of their own. In a frame on Jira's pages
// browsers keep the cookie back, so a link there opens a new window.
//
// A Browser is safe for concurrent use and shows nothing secret when it is
// formatted.
type Browser struct {
	config     BrowserConfig
	handshakes *handshake.Handshakes
}

// NewBrowser returns the Browser for config. An error names the field that is
// wrong. The clock and the randomness are the Consumer's.
func NewBrowser(config BrowserConfig) (*Browser, error) {
	switch {
	case config.Consumer == nil:
		return nil, errors.New("oauth1: there is no Consumer")
	case config.Consumer.config.CallbackURL == OutOfBand:
		return nil, errors.New("oauth1: the Consumer has no CallbackURL, and a browser needs one")
	case config.Done == nil:
		return nil, errors.New("oauth1: there is no Done")
	}
	c := config.Consumer.config
	h, err := handshake.New(handshake.Config{
		Key: config.Key, TTL: config.TTL, Clock: c.Clock, Rand: c.Rand, Cookie: "oauth1",
		// A server must not have a browser end what it began with another one.
		Audience: config.Consumer.base.String() + "\n" + c.ConsumerKey,
		Secure:   strings.HasPrefix(strings.ToLower(c.CallbackURL), "https:"),
	})
	if err != nil {
		return nil, fmt.Errorf("oauth1: %w", err)
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Failed == nil {
		config.Failed = handshake.Plain(config.Logger, "OAuth 1.0a")
	}
	config.Key = nil
	return &Browser{config: config, handshakes: h}, nil
}

// String says whose browser it is.
func (b Browser) String() string { return b.config.String() }

// Format writes what String returns, whatever the verb.
func (b Browser) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.String()) }

// Start is the page, for GET and POST, that begins a dance: it asks Jira for a
// temporary token and sends the browser to Jira. The query may have return_to, a
// path of the app with or without a query, for Done; a URL or what a browser could
// take for one is ErrRequest.
func (b *Browser) Start() http.Handler {
	return handshake.Page(b.start, b.config.Failed, http.MethodGet, http.MethodPost)
}

// Callback is the page, for GET, that Jira sends the browser back to. It calls
// Done with the token, or Failed with ErrState, ErrRefused, ErrRequest or what
// AccessToken returns.
func (b *Browser) Callback() http.Handler {
	return handshake.Page(b.callback, b.config.Failed, http.MethodGet)
}

func (b *Browser) start(w http.ResponseWriter, r *http.Request) error {
	returnTo, err := handshake.ReturnTo(r)
	if err != nil {
		return err
	}
	temporary, err := b.config.Consumer.RequestToken(r.Context())
	if err != nil {
		return err
	}
	kept := handshake.Kept{Secret: temporary.Secret.Reveal(), ReturnTo: returnTo, User: handshake.UserOf(b.config.User, r)}
	if err := b.handshakes.Bind(w, r, temporary.Value.Reveal(), kept.Payload()); err != nil {
		return fmt.Errorf("oauth1: %w", err)
	}
	http.Redirect(w, r, b.config.Consumer.AuthorizeURL(temporary), http.StatusSeeOther)
	return nil
}

func (b *Browser) callback(w http.ResponseWriter, r *http.Request) error {
	query, err := handshake.Once(r, "oauth_token", "oauth_verifier", "oauth_problem")
	if err != nil {
		return err
	}
	kept, err := b.handshakes.Return(w, r, query["oauth_token"], b.config.User)
	if err != nil {
		return err
	}
	// A verifier is good once, so what it gives must not be lost with the browser.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	token, err := b.exchange(r.Context(), query, kept.Secret)
	if err != nil {
		return err
	}
	b.config.Done(w, r, token, kept.ReturnTo)
	return nil
}

func (b *Browser) exchange(ctx context.Context, query map[string]string, secret string) (*Token, error) {
	switch problem := query["oauth_problem"]; {
	// Jira sends the word denied in place of a verifier.
	case query["oauth_verifier"] == "denied", problem == "user_refused", problem == "permission_denied":
		return nil, ErrRefused
	case problem != "":
		return nil, &hostclient.Error{Status: http.StatusOK, Method: http.MethodGet, URL: b.config.Consumer.BaseURL(), Code: shown(problem, 100)}
	case query["oauth_verifier"] == "":
		return nil, fmt.Errorf("%w: there is no oauth_verifier", ErrRequest)
	}
	temporary := &TemporaryToken{Value: store.NewSecret(query["oauth_token"]), Secret: store.NewSecret(secret)}
	return b.config.Consumer.AccessToken(ctx, temporary, query["oauth_verifier"])
}
