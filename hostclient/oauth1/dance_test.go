package oauth1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth1"
	"github.com/atlassian-connect-go/sdk/store"
)

// The three steps, by hand, against a server that verifies each of them.
func TestDance(t *testing.T) {
	for _, method := range []string{"RSA-SHA1", "HMAC-SHA1"} {
		t.Run(method, func(t *testing.T) {
			j := newJira(t)
			if method == "HMAC-SHA1" {
				j.public, j.secret = nil, "shared"
			}
			c, ctx := j.consumer(), context.Background()
			temporary, err := c.RequestToken(ctx)
			if err != nil {
				t.Fatal(err)
			}
			page, err := http.Get(c.AuthorizeURL(temporary))
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := io.ReadAll(page.Body)
			page.Body.Close()
			if err != nil || page.StatusCode != http.StatusOK {
				t.Fatal(page.Status, err)
			}
			token, err := c.AccessToken(ctx, temporary, string(verifier))
			if err != nil {
				t.Fatal(err)
			}
			if want := j.clock.Now().Add(157680000 * time.Second); !token.Expires.Equal(want) {
				t.Errorf("got a token until %v, want %v", token.Expires, want)
			}
			if token.SessionHandle.Reveal() != "handle" {
				t.Error("the session handle is lost")
			}
			check(t, j, c, token, request(t, "GET", j.URL+"/jira/rest/api/2/myself?expand=a&expand=b", "", ""))

			_, err = c.AccessToken(ctx, temporary, string(verifier))
			wantProblem(t, err, "token_used", 401)
		})
	}
}

func wantProblem(t *testing.T, err error, word string, status int) {
	t.Helper()
	var problem *hostclient.Error
	if !errors.As(err, &problem) || problem.Code != word || problem.Status != status {
		t.Errorf("got %v, want the problem %s with %d", err, word, status)
	}
}

func TestRefusedDance(t *testing.T) {
	ctx := context.Background()
	t.Run("the clock is out of step", func(t *testing.T) {
		j := newJira(t)
		slow := newClock()
		slow.forward(-6 * time.Minute)
		_, err := j.consumer(func(c *oauth1.Config) { c.Clock = slow.Now }).RequestToken(ctx)
		wantProblem(t, err, "timestamp_refused", 401)
		if !strings.Contains(err.Error(), "clock") {
			t.Errorf("the error has no hint: %v", err)
		}
	})
	t.Run("another consumer", func(t *testing.T) {
		_, err := newJira(t).consumer(func(c *oauth1.Config) { c.ConsumerKey = "other" }).RequestToken(ctx)
		wantProblem(t, err, "consumer_key_unknown", 401)
	})
	t.Run("another key", func(t *testing.T) {
		j := newJira(t)
		_, err := j.consumer(func(c *oauth1.Config) { c.Signer = oauth1.HMACSHA1(store.NewSecret("x")) }).RequestToken(ctx)
		wantProblem(t, err, "signature_invalid", 401)
	})
	t.Run("an unknown temporary token", func(t *testing.T) {
		_, err := newJira(t).consumer().AccessToken(ctx, &oauth1.TemporaryToken{Value: store.NewSecret("x")}, "y")
		wantProblem(t, err, "token_rejected", 401)
	})
	t.Run("another's verifier", func(t *testing.T) {
		c := newJira(t).consumer()
		temporary, err := c.RequestToken(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.AccessToken(ctx, temporary, "guessed")
		wantProblem(t, err, "permission_denied", 401)
	})
	t.Run("nothing to exchange", func(t *testing.T) {
		j := newJira(t)
		for _, temporary := range []*oauth1.TemporaryToken{nil, {}, {Value: store.NewSecret("x")}} {
			if _, err := j.consumer().AccessToken(ctx, temporary, ""); err == nil || len(j.seen) > 0 {
				t.Errorf("got %v, after %q", err, j.seen)
			}
		}
	})
	t.Run("no user to wait for", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := newJira(t).consumer().RequestToken(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}

// Answers of a server that is none, or not well.
func TestOddAnswers(t *testing.T) {
	token := "oauth_token=a&oauth_token_secret=b"
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string // in the error; empty for none
	}{
		{"good", 200, token + "&oauth_callback_confirmed=true\n", ""},
		{"without a secret, which RSA does not need", 200, "oauth_token=a&oauth_callback_confirmed=true", ""},
		{"callback not confirmed", 200, token, "does not confirm the callback"},
		{"callback denied", 200, token + "&oauth_callback_confirmed=false", "does not confirm the callback"},
		{"no token", 200, "oauth_callback_confirmed=true", "has not one oauth_token"},
		{"two tokens", 200, token + "&oauth_token=c&oauth_callback_confirmed=true", "has not one oauth_token"},
		{"two secrets", 200, token + "&oauth_token_secret=c&oauth_callback_confirmed=true", "has not one oauth_token"},
		{"empty", 200, "", "has not one oauth_token"},
		{"JSON", 200, `{"oauth_token":"a"}`, "has not one oauth_token"},
		{"broken", 200, "oauth_token=%", "is no form"},
		{"a page", 200, "<html>100% login</html>", "is no form"},
		{"as long as may be", 200, token + "&oauth_callback_confirmed=true&x=" + strings.Repeat("x", 64<<10-len(token)-34), ""},
		{"too long", 200, token + "&oauth_callback_confirmed=true&x=" + strings.Repeat("x", 64<<10), "more than 65536 bytes"},
		{"a problem with 200", 200, token + "&oauth_problem=nonce_used", "nonce_used"},
		{"a token with an error", 500, token + "&oauth_callback_confirmed=true", "500 Internal Server Error"},
		{"another success", 204, "", "204 No Content"},
		{"no such page", 404, "<html>", "404 Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJira(t)
			j.answer = func(w http.ResponseWriter, _ url.Values) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}
			got, err := j.consumer().RequestToken(context.Background())
			if c.want == "" && (err != nil || got.Value.Reveal() != "a") {
				t.Errorf("got %v, want a token", err)
			}
			if err != nil && (strings.Contains(err.Error(), "token=a") || strings.Contains(err.Error(), "secret=b")) {
				t.Errorf("the token shows: %v", err)
			}
			if c.want != "" && (err == nil || got != nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestExpires(t *testing.T) {
	for seconds, want := range map[string]time.Duration{
		"60": time.Minute, "": 0, "0": 0, "-1": 0, "x": 0, "1.5": 0, "9223372036854775807": 0, "99999999999999999999": 0,
	} {
		j := newJira(t)
		j.answer = func(w http.ResponseWriter, _ url.Values) { fmt.Fprint(w, "oauth_token=a&oauth_expires_in="+seconds) }
		got, err := j.consumer().AccessToken(context.Background(), &oauth1.TemporaryToken{Value: store.NewSecret("x")}, "y")
		if err != nil {
			t.Fatal(err)
		}
		if want == 0 && !got.Expires.IsZero() || want != 0 && !got.Expires.Equal(j.clock.Now().Add(want)) {
			t.Errorf("oauth_expires_in=%s: got %v", seconds, got.Expires)
		}
	}
}

// The signature and the token go to the server alone.
func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		j := newJira(t)
		for _, to := range []string{other.URL, j.URL + "/jira/rest/x"} {
			j.answer = func(w http.ResponseWriter, _ url.Values) {
				w.Header().Set("Location", to)
				w.WriteHeader(status)
			}
			_, err := j.consumer().RequestToken(context.Background())
			wantProblem(t, err, "", status)
			if !strings.Contains(err.Error(), "is not followed") {
				t.Errorf("got %v", err)
			}
		}
		if len(j.seen) != 2 {
			t.Errorf("got the calls %q, want 2", j.seen)
		}
	}
	if reached > 0 {
		t.Errorf("another server was called %d times", reached)
	}
}

func TestEndpoints(t *testing.T) {
	kept := &keeper{}
	for base, want := range map[string]string{
		"https://jira.example.com":        "https://jira.example.com/plugins/servlet/oauth/",
		"https://jira.example.com/":       "https://jira.example.com/plugins/servlet/oauth/",
		"https://jira.example.com/jira":   "https://jira.example.com/jira/plugins/servlet/oauth/",
		"https://jira.example.com/a/b/":   "https://jira.example.com/a/b/plugins/servlet/oauth/",
		"http://localhost:2990/jira":      "http://localhost:2990/jira/plugins/servlet/oauth/",
		"http://[::1]:2990":               "http://[::1]:2990/plugins/servlet/oauth/",
		"HTTPS://jira.example.com:443/~x": "https://jira.example.com/~x/plugins/servlet/oauth/",
	} {
		c, err := oauth1.New(oauth1.Config{BaseURL: base, ConsumerKey: "k", Signer: oauth1.RSASHA1(testKey()), Base: kept, UserAgent: "app/1"})
		if err != nil {
			t.Fatal(err)
		}
		temporary := &oauth1.TemporaryToken{Value: store.NewSecret("a b&c")}
		if got := c.AuthorizeURL(temporary); got != want+"authorize?oauth_token=a%20b%26c" {
			t.Errorf("%s: got %s", base, got)
		}
		if _, err := c.RequestToken(context.Background()); !errors.Is(err, errKept) || kept.last.URL.String() != want+"request-token" {
			t.Errorf("%s: got %v after %s", base, err, kept.last.URL)
		}
		if _, err := c.AccessToken(context.Background(), temporary, "v"); !errors.Is(err, errKept) || kept.last.URL.String() != want+"access-token" {
			t.Errorf("%s: got %v after %s", base, err, kept.last.URL)
		}
		if kept.last.Method != "POST" || kept.last.UserAgent() != "app/1" {
			t.Errorf("got %s by %s", kept.last.Method, kept.last.UserAgent())
		}
		if got := c.BaseURL() + "/plugins/servlet/oauth/"; got != want {
			t.Errorf("got the base %s, want %s", got, want)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	good := oauth1.Config{BaseURL: "https://jira.example.com", ConsumerKey: "k", Signer: oauth1.RSASHA1(testKey())}
	for _, c := range []struct {
		name   string
		change func(*oauth1.Config)
		want   string
	}{
		{"nothing", func(c *oauth1.Config) { *c = oauth1.Config{} }, "BaseURL"},
		{"http", func(c *oauth1.Config) { c.BaseURL = "http://jira.example.com" }, "is not https"},
		{"http on a name that begins as a loopback host", func(c *oauth1.Config) { c.BaseURL = "http://localhost.example" }, "is not https"},
		{"another scheme", func(c *oauth1.Config) { c.BaseURL = "ftp://jira.example.com" }, "is not https"},
		{"no host", func(c *oauth1.Config) { c.BaseURL = "https:///jira" }, "has no host"},
		{"no URL", func(c *oauth1.Config) { c.BaseURL = "https://u:secret@[x" }, "does not parse"},
		{"user information", func(c *oauth1.Config) { c.BaseURL = "https://u:secret@jira.example.com" }, "has user information"},
		{"a query", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com?x=secret" }, "has a query or a fragment"},
		{"an empty query", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com?" }, "has a query or a fragment"},
		{"a fragment", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com#secret" }, "has a query or a fragment"},
		{"dots", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com/a/../b" }, "has a dot segment"},
		{"escapes", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com/%2e%2e/b" }, "needs escapes"},
		{"a double slash", func(c *oauth1.Config) { c.BaseURL = "https://jira.example.com//b" }, "has an empty segment"},
		{"no consumer key", func(c *oauth1.Config) { c.ConsumerKey = "" }, "ConsumerKey"},
		{"no signer", func(c *oauth1.Config) { c.Signer = nil }, "Signer"},
		{"no key", func(c *oauth1.Config) { c.Signer = oauth1.RSASHA1(nil) }, "Signer"},
		{"no secret", func(c *oauth1.Config) { c.Signer = oauth1.HMACSHA1(store.Secret{}) }, "Signer"},
		{"callback by http", func(c *oauth1.Config) { c.CallbackURL = "http://app.example.com/callback" }, "CallbackURL"},
		{"callback that is a path", func(c *oauth1.Config) { c.CallbackURL = "/callback" }, "CallbackURL"},
		{"callback with a fragment", func(c *oauth1.Config) { c.CallbackURL = "https://app.example.com/#secret" }, "CallbackURL"},
		{"callback with a user", func(c *oauth1.Config) { c.CallbackURL = "https://secret@app.example.com/" }, "CallbackURL"},
		{"callback that is no URL", func(c *oauth1.Config) { c.CallbackURL = "https://secret@[" }, "CallbackURL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := good
			c.change(&config)
			_, err := oauth1.New(config)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "=secret") {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := oauth1.New(good); err != nil {
		t.Error(err)
	}
}

// A server that does not answer does not hold anybody up for ever.
func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(release)
	c, err := oauth1.New(oauth1.Config{BaseURL: slow.URL, ConsumerKey: "k", Signer: oauth1.RSASHA1(testKey()), Timeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var late interface{ Timeout() bool }
	if _, err := c.RequestToken(context.Background()); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("got %v, want a timeout", err)
	}
}

// A server that repeats all it was sent makes no secret part of an error.
func TestErrorsHoldNoSecrets(t *testing.T) {
	j := newJira(t)
	secrets := []string{"tmp/hushhush-value", "tmp/hushhush-secret", "verifier/hushhush"}
	for _, inHeader := range []bool{false, true} {
		j.answer = func(w http.ResponseWriter, sent url.Values) {
			all := strings.Join(secrets, " ")
			said := all + escape(all) + escape(escape(all)) + strings.Repeat("x", 270-len(all+escape(all)+escape(escape(all)))) + secrets[0] + sent.Get("oauth_token")
			if inHeader {
				w.Header().Set("WWW-Authenticate", `OAuth oauth_problem="`+secrets[2]+`",oauth_problem_advice="`+url.PathEscape(said)+`"`)
				w.WriteHeader(401)
				return
			}
			w.WriteHeader(401)
			fmt.Fprint(w, url.Values{"oauth_problem": {secrets[2]}, "oauth_problem_advice": {said}, "oauth_parameters_absent": {strings.Join(secrets, ",")}}.Encode())
		}
		_, err := j.consumer().AccessToken(context.Background(), &oauth1.TemporaryToken{Value: store.NewSecret(secrets[0]), Secret: store.NewSecret(secrets[1])}, secrets[2])
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		if !strings.Contains(text, "[redacted]") {
			t.Errorf("got %s", text)
		}
		for _, secret := range append(secrets, "hushhush", "tmp%") {
			if strings.Contains(text, secret) {
				t.Errorf("the error shows %s: %s", secret, text)
			}
		}
	}
}
