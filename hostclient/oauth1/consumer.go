package oauth1

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/internal/loopback"
)

// OutOfBand is the callback of an app that browsers cannot be led back to: Jira
// then shows the user the verifier, to copy it. RFC 5849, section 2.1, has the
// word; what Jira shows is unconfirmed.
const OutOfBand = "oob"

// Config describes an application link and how it is called. New copies it.
type Config struct {
	// BaseURL is Jira's own base URL, with its context path if it has one:
	// https, or http on a loopback host. It must be the one that Jira itself
	// is configured with, for it is signed.
	BaseURL string
	// ConsumerKey is the name that the application link gives the app.
	ConsumerKey string
	// Signer signs; for Jira, RSASHA1 with the private key whose public half
	// the application link has.
	Signer Signer
	// CallbackURL is where Jira leads the user's browser at the end: https, or
	// http on a loopback host. Empty means OutOfBand.
	CallbackURL string
	// Base sends the requests of the dance. It must be safe for concurrent use
	// and must not follow redirects. Nil means http.DefaultTransport;
	// hostclient.PublicBase is for Data Centers that customers name.
	Base http.RoundTripper
	// UserAgent names the app in the requests of the dance. Empty leaves it to
	// Base. Proxies before Jira may refuse those that look like a browser's.
	UserAgent string
	// Timeout bounds one request of the dance. 0 means 30 seconds, a negative
	// value no limit.
	Timeout time.Duration
	// Clock tells the time for signatures. Nil means time.Now. It must be safe
	// for concurrent use, and so must Rand.
	Clock func() time.Time
	// Rand is where nonces come from. Nil means crypto/rand.
	Rand io.Reader
}

// Consumer is an application link: it leads users through the dance and signs
// requests with their tokens. It does not change, is safe for concurrent use and
// shows nothing secret when it is formatted.
type Consumer struct {
	config Config
	origin hostclient.Origin
	base   *url.URL // of the origin, without a trailing slash
	client *http.Client
}

// New returns the Consumer for config. It calls nobody. An error names the field
// that is wrong.
func New(config Config) (*Consumer, error) {
	origin, err := hostclient.ParseOrigin(config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("oauth1: BaseURL: %w", err)
	}
	base, err := url.Parse(origin.String())
	if err != nil {
		return nil, fmt.Errorf("oauth1: BaseURL: %w", err)
	}
	if config.ConsumerKey == "" {
		return nil, errors.New("oauth1: ConsumerKey is empty")
	}
	if config.Signer == nil {
		return nil, errors.New("oauth1: there is no Signer")
	}
	if s, ok := config.Signer.(interface{ check() error }); ok {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("oauth1: Signer: %w", err)
		}
	}
	if config.CallbackURL == "" {
		config.CallbackURL = OutOfBand
	}
	if err := checkCallback(config.CallbackURL); err != nil {
		return nil, fmt.Errorf("oauth1: CallbackURL %w", err)
	}
	config = withDefaults(config)
	return &Consumer{config: config, origin: origin, base: base, client: &http.Client{
		Transport: config.Base,
		Timeout:   max(config.Timeout, 0),
		// A signature is for one URL, and the token is for one server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func withDefaults(config Config) Config {
	if config.Base == nil {
		config.Base = http.DefaultTransport
	}
	if config.Timeout == 0 {
		config.Timeout = 30 * time.Second
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	return config
}

// BaseURL returns Jira's base URL, without a trailing slash.
func (c *Consumer) BaseURL() string { return c.base.String() }

// String says whose consumer it is.
func (c Consumer) String() string {
	return fmt.Sprintf("oauth1: consumer %q of %s", c.config.ConsumerKey, c.base)
}

// Format writes what String returns, whatever the verb.
func (c Consumer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

func checkCallback(text string) error {
	if text == OutOfBand {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("does not parse")
	case !private(u):
		return errors.New("is neither https nor http on a loopback host")
	case u.User != nil || u.Fragment != "":
		return errors.New("has user information or a fragment")
	}
	return nil
}

// private reports whether nobody on the way sees what goes to u.
func private(u *url.URL) bool {
	return u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname()))
}
