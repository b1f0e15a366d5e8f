package oauth2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

const (
	maxBody = 64 << 10
	// maxLife bounds what an answer can make of a token's life.
	maxLife = 366 * 24 * time.Hour
)

// newHTTP returns the client that speaks to the token endpoint.
func (a *App) newHTTP() *http.Client {
	return &http.Client{
		Transport: endpoint{a},
		// Codes and secrets must not travel on.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// endpoint is the way to the token endpoint, and to nowhere else.
type endpoint struct{ app *App }

// RoundTrip adds what the library cannot send, and bounds the answer.
func (e endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if form.Get("grant_type") == "refresh_token" {
		for name, values := range e.app.refreshParams() {
			form[name] = values
		}
	}
	text := form.Encode()
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	out.Header.Set("Accept", "application/json")
	out.Header.Set("User-Agent", e.app.config.UserAgent)
	answer, err := e.app.config.Base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	return lenient(answer)
}

// lenient brings a token into the form that the library reads: JSON that says so,
// with a whole number of seconds. What a server gave once must not be lost over that.
func lenient(answer *http.Response) (*http.Response, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, answer.Body, maxBody))
	answer.Body.Close()
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if answer.StatusCode == http.StatusOK && json.Unmarshal(text, &members) == nil {
		answer.Header.Set("Content-Type", "application/json")
		if life, ok := members["expires_in"]; ok {
			delete(members, "expires_in")
			if seconds := secondsOf(life); seconds > 0 {
				members["expires_in"] = strconv.AppendInt(nil, seconds, 10)
			}
			if text, err = json.Marshal(members); err != nil {
				return nil, err
			}
		}
	}
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return answer, nil
}

// secondsOf reads a life in whatever form, 0 for none.
func secondsOf(raw json.RawMessage) int64 {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	return int64(min(seconds, maxLife.Seconds()))
}

// refreshParams are what a refresh needs beside the token: a Data Center says
// invalid_grant when the redirect_uri is not named again.
func (a *App) refreshParams() url.Values {
	params := url.Values{}
	if a.scheme == hostclient.SchemeDataCenterOAuth2 {
		params.Set("redirect_uri", a.config.RedirectURL)
	}
	for name, values := range a.config.RefreshParams {
		params[name] = values
	}
	return params
}

// request asks for a token and reads the answer. secrets are what was sent beside
// the client's, which no error may hold.
func (a *App) request(ctx context.Context, secrets []string, ask func(context.Context) (*oauth2.Token, error)) (*tokenstore.Token, error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, a.http), a.config.Timeout)
	defer cancel()
	asked := a.config.Clock()
	given, err := ask(ctx)
	if err != nil {
		return nil, a.failure(err, append(secrets, a.secret()))
	}
	return a.token(given, asked)
}

// failure makes of what the library says the error that others get.
func (a *App) failure(err error, secrets []string) error {
	var refused *oauth2.RetrieveError
	var failed *url.Error
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		answer := *refused.Response
		body := refused.Body
		if !json.Valid(body) && bytes.Contains(body, []byte("_token")) {
			body = nil // a token beside an error is nothing to tell
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return hostclient.ReadError(&answer, a.config.Clock(), secrets...)
	case errors.As(err, &failed):
		return fmt.Errorf("oauth2: token from %s: %w", a.config.TokenURL, failed.Err)
	}
	text := err.Error()
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return fmt.Errorf("oauth2: token from %s: %s", a.config.TokenURL, text)
}

// token takes over what the server gave. Its life counts from when it was asked
// for.
func (a *App) token(given *oauth2.Token, asked time.Time) (*tokenstore.Token, error) {
	for _, text := range []string{given.AccessToken, given.RefreshToken} {
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, fmt.Errorf("%w: %s gave one that does not fit into a header", hostclient.ErrNoToken, a.config.TokenURL)
		}
	}
	if given.TokenType != "" && !strings.EqualFold(given.TokenType, "Bearer") {
		return nil, fmt.Errorf("%w: %s gave one that is not a bearer token", hostclient.ErrNoToken, a.config.TokenURL)
	}
	t := &tokenstore.Token{
		Access: store.NewSecret(given.AccessToken), Refresh: store.NewSecret(given.RefreshToken),
		Type: given.TokenType, Obtained: asked,
	}
	if given.ExpiresIn > 0 { // as lenient has it
		t.Expiry = asked.Add(time.Duration(given.ExpiresIn) * time.Second)
	}
	if scope, ok := given.Extra("scope").(string); ok {
		t.Scopes = strings.Fields(scope)
	}
	return t, nil
}
