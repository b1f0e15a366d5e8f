package oauth1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	maxAnswer = 64 << 10
	// Far beyond the five years of Jira, and short of what a Duration holds.
	maxLife = 100 * 365 * 24 * time.Hour
)

// The servlets of Jira's OAuth plugin, below its base URL.
const (
	requestTokenPath = "/plugins/servlet/oauth/request-token"
	authorizePath    = "/plugins/servlet/oauth/authorize"
	accessTokenPath  = "/plugins/servlet/oauth/access-token"
)

// RequestToken is the first step: it asks Jira for a temporary token. An answer
// that gives none is a *hostclient.Error; an answer that does not confirm the
// callback is an error too, for a server that does not know of callbacks can be
// used to lure a user (RFC 5849, section 2.1).
func (c *Consumer) RequestToken(ctx context.Context) (*TemporaryToken, error) {
	answer, err := c.post(ctx, requestTokenPath, store.Secret{}, pair{"oauth_callback", c.config.CallbackURL})
	if err != nil {
		return nil, err
	}
	if answer.Get("oauth_callback_confirmed") != "true" {
		return nil, fmt.Errorf("oauth1: %s does not confirm the callback", c.endpoint(requestTokenPath))
	}
	return &TemporaryToken{
		Value:  store.NewSecret(answer.Get("oauth_token")),
		Secret: store.NewSecret(answer.Get("oauth_token_secret")),
	}, nil
}

// AuthorizeURL is the page, of the second step, where the user lets the app act
// for him. It holds the value of the temporary token, so it is for the user's
// browser and not for logs. It is empty for a nil token.
func (c *Consumer) AuthorizeURL(temporary *TemporaryToken) string {
	if temporary == nil {
		return ""
	}
	return c.endpoint(authorizePath).String() + "?oauth_token=" + encode(temporary.Value.Reveal())
}

// AccessToken is the third step: it exchanges the temporary token and the
// verifier, which the user's browser brings back, for the token. Both are good
// for one try. An answer that gives no token is a *hostclient.Error.
func (c *Consumer) AccessToken(ctx context.Context, temporary *TemporaryToken, verifier string) (*Token, error) {
	if temporary == nil || temporary.Value.IsZero() || verifier == "" {
		return nil, errors.New("oauth1: there is no temporary token or no verifier to exchange")
	}
	asked := c.config.Clock()
	answer, err := c.post(ctx, accessTokenPath, temporary.Secret,
		pair{"oauth_token", temporary.Value.Reveal()}, pair{"oauth_verifier", verifier})
	if err != nil {
		return nil, err
	}
	return &Token{
		Value:         store.NewSecret(answer.Get("oauth_token")),
		Secret:        store.NewSecret(answer.Get("oauth_token_secret")),
		SessionHandle: store.NewSecret(answer.Get("oauth_session_handle")),
		Expires:       expiry(asked, answer.Get("oauth_expires_in")),
	}, nil
}

// expiry is zero for what is no number of seconds, or none that ends.
func expiry(asked time.Time, seconds string) time.Time {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n <= 0 || n > int64(maxLife/time.Second) {
		return time.Time{}
	}
	return asked.Add(time.Duration(n) * time.Second)
}

func (c *Consumer) endpoint(path string) *url.URL { return c.base.JoinPath(path) }

// post sends a signed request without a body and returns the form of the answer,
// which holds a token.
func (c *Consumer) post(ctx context.Context, path string, tokenSecret store.Secret, extra ...pair) (url.Values, error) {
	u := c.endpoint(path)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("oauth1: %w", err)
	}
	if c.config.UserAgent != "" {
		r.Header.Set("User-Agent", c.config.UserAgent)
	}
	if err := c.sign(r, tokenSecret, extra...); err != nil {
		return nil, err
	}
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("oauth1: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("oauth1: the answer of %s: %w", u, err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("oauth1: the answer of %s has more than %d bytes", u, maxAnswer)
	}
	return c.read(u, answer, body, tokenSecret, extra)
}

// hidden is what was sent that no error may hold, should the server repeat it: as
// it is, as in a header, and as in a base string.
func hidden(tokenSecret store.Secret, sent []pair) []string {
	var list []string
	for _, p := range append([]pair{{"", tokenSecret.Reveal()}}, sent...) {
		if p.value != "" && p.name != "oauth_callback" {
			once := encode(p.value)
			list = append(list, p.value, once, encode(once))
		}
	}
	return list
}

// parseForm reads a form of an answer.
func parseForm(body []byte) (url.Values, error) {
	pairs, ok := parsePairs(strings.TrimSpace(string(body)))
	if !ok {
		return nil, errors.New("a broken escape")
	}
	form := url.Values{}
	for _, p := range pairs {
		form.Add(p.name, p.value)
	}
	return form, nil
}

// read finds the token in an answer, or what is said in place of one.
func (c *Consumer) read(u *url.URL, answer *http.Response, body []byte, tokenSecret store.Secret, sent []pair) (url.Values, error) {
	form, err := parseForm(body)
	if answer.StatusCode != http.StatusOK || form.Get("oauth_problem") != "" {
		if form.Has("oauth_token") && !form.Has("oauth_problem") {
			body = nil // a token beside an error is nothing to tell
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return nil, hostclient.ReadError(answer, c.config.Clock(), hidden(tokenSecret, sent)...)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("oauth1: the answer of %s is no form", u)
	case form.Get("oauth_token") == "" || len(form["oauth_token"]) > 1 || len(form["oauth_token_secret"]) > 1:
		return nil, fmt.Errorf("oauth1: the answer of %s has not one oauth_token", u)
	}
	return form, nil
}
