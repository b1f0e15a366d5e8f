package hostclient

import (
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
)

const (
	jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// assertionLife is less than the 60 seconds that the authorization server
	// allows, so that a clock ahead of its own does no harm.
	assertionLife = 45 * time.Second
	maxTokenBody  = 64 << 10
	maxTokenLife  = 24 * time.Hour
)

// authorizationServer turns assertions into user tokens.
type authorizationServer struct {
	base  string
	http  *http.Client
	clock func() time.Time
}

func newAuthorizationServer(base string, rt http.RoundTripper, clock func() time.Time) (*authorizationServer, error) {
	base = strings.TrimSuffix(base, "/")
	if _, err := parseOrigin(base); err != nil {
		return nil, fmt.Errorf("hostclient: AuthorizationServer %w", err)
	}
	return &authorizationServer{base: base, clock: clock, http: &http.Client{
		Transport: rt,
		// The assertion must not travel on.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// token asks for a token of the user with those scopes, which are separated
// by blanks and may be none.
func (s *authorizationServer) token(ctx context.Context, t *tenant, accountID, scopes, userAgent string) (*token, error) {
	asked := s.clock()
	assertion, err := s.assertion(t, accountID, asked)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {jwtBearer}, "assertion": {assertion}}
	if scopes != "" {
		form.Set("scope", scopes)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("hostclient: user token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", userAgent)
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("hostclient: user token: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxTokenBody+1))
	if err != nil {
		return nil, fmt.Errorf("hostclient: user token from %s: %w", s.base, err)
	}
	return s.read(answer, body, assertion, asked)
}

func (s *authorizationServer) assertion(t *tenant, accountID string, now time.Time) (string, error) {
	claims := make([]byte, 0, 512)
	claims = append(claims, `{"iss":`+quote("urn:atlassian:connect:clientid:"+t.oauthClientID)...)
	claims = append(claims, `,"sub":`+quote("urn:atlassian:connect:useraccountid:"+accountID)...)
	claims = append(claims, `,"tnt":`+quote(t.baseURL)+`,"aud":`+quote(s.base)+`,"iat":`...)
	claims = strconv.AppendInt(claims, now.Unix(), 10)
	claims = append(claims, `,"exp":`...)
	claims = strconv.AppendInt(claims, now.Add(assertionLife).Unix(), 10)
	return t.key.sign("", append(claims, '}'))
}

// read takes the token out of an answer. Its life counts from when it was
// asked for.
func (s *authorizationServer) read(answer *http.Response, body []byte, assertion string, asked time.Time) (*token, error) {
	var reply struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
		Error       string      `json:"error"`
	}
	decodeErr := json.Unmarshal(body, &reply)
	fail := func(words string) error {
		e := errorOf(answer, Origin{}, asked, nil)
		e.Messages, e.kind = []string{words}, ErrNoToken
		return e
	}
	switch {
	case answer.StatusCode != http.StatusOK || reply.Error != "":
		e := decodeError(answer, body[:min(len(body), maxTokenBody)], Binding{}, asked, assertion)
		e.Hint = "no user token was given"
		return nil, e
	case len(body) > maxTokenBody:
		return nil, fail("the answer is too large")
	case decodeErr != nil:
		return nil, fail("the answer is no JSON of a token")
	case reply.TokenType != "" && !strings.EqualFold(reply.TokenType, "Bearer"):
		return nil, fail("the token is not a bearer token")
	}
	if err := checkToken(reply.AccessToken); err != nil {
		return nil, fail(err.Error())
	}
	return newToken(reply.AccessToken, asked, life(reply.ExpiresIn)), nil
}

func checkToken(text string) error {
	if text == "" {
		return errors.New("the answer has no access_token")
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return errors.New("the access_token does not fit into a header")
		}
	}
	return nil
}

// life reads expires_in. A token of unknown life serves the calls that wait
// for it and no others.
func life(expiresIn json.Number) time.Duration {
	seconds, err := expiresIn.Float64()
	if err != nil || math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, maxTokenLife.Seconds()) * float64(time.Second))
}
