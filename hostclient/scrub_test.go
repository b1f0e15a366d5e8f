package hostclient_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// carrying is a credential with a header of any kind.
type carrying struct {
	authorization, cookie string
}

func (c carrying) Binding() hostclient.Binding { return boundTo("https://acme.atlassian.net") }

func (c carrying) Apply(r *http.Request) error {
	for name, value := range map[string]string{"Authorization": c.authorization, "Cookie": c.cookie} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return nil
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

const (
	password      = `pass/"w<o>r'd&+é\`
	sentSignature = "tR3+aK/9xQ==abcdef"
)

// What is secret in each kind of header.
var carried = []struct {
	name    string
	cred    carrying
	secrets []string
}{
	{"bearer", carrying{authorization: "Bearer a.token/with+all=="}, []string{"a.token/with+all=="}},
	{"JWT", carrying{authorization: "JWT aaaa.bbbb.cccc"}, []string{"aaaa.bbbb.cccc"}},
	{"password", carrying{authorization: "Basic " + basic("mia", password)}, []string{password, basic("mia", password)}},
	{"cookies", carrying{cookie: "JSESSIONID=F00DFACE1234; sticky=node-7-of-9"}, []string{"F00DFACE1234", "node-7-of-9"}},
	{"OAuth 1.0a", carrying{authorization: `OAuth oauth_consumer_key="a-consumer", oauth_token="the%2Btoken%2F1", oauth_verifier="verifier-9", oauth_signature="` + url.PathEscape(sentSignature) + `"`},
		[]string{"the+token/1", "the%2Btoken%2F1", "verifier-9", sentSignature}},
	{"word", carrying{authorization: "Bearer let_me_in"}, []string{"let_me_in"}},
	{"no scheme", carrying{authorization: "just-a-token"}, []string{"just-a-token"}},
	{"scheme of its own", carrying{authorization: "Token token=abcdefgh"}, []string{"token=abcdefgh"}},
}

// repetitions are the ways in which an answer holds a secret.
var repetitions = map[string]func(secret string) string{
	"text":         func(s string) string { return "you sent " + s + "." },
	"JSON":         func(s string) string { return `{"errorMessages":["you sent ` + inJSON(s) + `."]}` },
	"JSON of Java": func(s string) string { return `{"message":"` + gson.Replace(inJSON(s)) + `"}` },
	"JSON of PHP":  func(s string) string { return `{"message":"` + strings.ReplaceAll(inJSON(s), "/", `\/`) + `"}` },
	"field":        func(s string) string { return `{"errors":{"` + inJSON(s) + `":"` + inJSON(s) + `"}}` },
	"nested field": func(s string) string { return `{"errors":{"a":{"b":"` + inJSON(s) + `"}}}` },
	"title":        func(s string) string { return "<title>" + html.EscapeString(s) + "</title>" },
	"query":        func(s string) string { return "/x?a=" + url.QueryEscape(s) },
	"path":         func(s string) string { return "/x/" + url.PathEscape(s) },
	"OAuth's":      func(s string) string { return `{"error":"x","error_description":"` + inJSON(s) + `"}` },
	"problem": func(s string) string {
		return "oauth_problem=" + url.QueryEscape(s) + "&oauth_problem_advice=" + url.QueryEscape(s)
	},
	"at a limit":      func(s string) string { return strings.Repeat("x", 1<<10-len(s)/2) + s },
	"behind a prefix": func(s string) string { return s[:len(s)-1] + s },
}

var plainJSON = strings.NewReplacer(`"`, `\"`, `\`, `\\`)

var gson = strings.NewReplacer("=", `\u003d`, "'", `\u0027`)

func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text[1 : len(text)-1])
}

// No credential that a host repeats shows in an error, nor in a body that a caller
// reads, in whatever form and whatever pieces it comes, nor by its headers.
func TestRepeatedSecretsDoNotShow(t *testing.T) {
	for _, c := range carried {
		for how, repeat := range repetitions {
			for _, secret := range c.secrets {
				t.Run(c.name+"/"+how, func(t *testing.T) {
					said := repeat(secret)
					base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
						header := http.Header{"X-Request-Id": {secret}, "Ratelimit-Reason": {secret}, "Www-Authenticate": {`OAuth oauth_problem="` + secret + `"`}}
						body := io.NopCloser(iotest.OneByteReader(strings.NewReader(said)))
						return &http.Response{StatusCode: 403, Header: header, Body: body, Request: r}, nil
					})
					hosts, err := hostclient.NewHosts(hostclient.Config{Base: base, Limits: once(t)})
					if err != nil {
						t.Fatal(err)
					}
					_, err = hostclient.Get[struct{}](t.Context(), hosts.Client(c.cred), "/x?token="+url.QueryEscape(secret)+"&oauth_token="+url.QueryEscape(secret))
					var e *hostclient.Error
					if !errors.As(err, &e) {
						t.Fatalf("got %v, want an Error", err)
					}
					wantHidden(t, fmt.Sprintf("%v\n%+v", e, *e), secret)
					read, _ := readThrough(t, c.cred, base)
					wantHidden(t, read, secret)
					if how != "behind a prefix" && !strings.Contains(read, "[redacted]") {
						t.Errorf("control: %q was not found", read)
					}
				})
			}
		}
	}
}

// Nor does it show in the errors of later calls that a limit holds back.
func TestRepeatedSecretsDoNotShowInPauses(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		limited(token, "1847").ServeHTTP(rw, r)
	})
	for range 2 {
		_, err := hostclient.Get[struct{}](t.Context(), w.client, "/x")
		var e *hostclient.Error
		if !errors.As(err, &e) || e.RateLimitReason != "[redacted]" {
			t.Errorf("got %v, want ErrRateLimited with a reason that is redacted", err)
		}
	}
	w.site.only(t)
}

// wantHidden fails if a secret shows in text, in any form.
func wantHidden(t *testing.T, text, secret string) {
	t.Helper()
	forms := []string{
		secret, inJSON(secret), gson.Replace(inJSON(secret)), html.EscapeString(secret),
		url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(secret, "/", `\/`),
		strings.ReplaceAll(inJSON(secret), "/", `\/`), plainJSON.Replace(secret),
	}
	for _, form := range forms {
		if strings.Contains(text, form) {
			t.Errorf("%q shows in %q", form, text)
		}
	}
}

// Words that are short, and names that are no secret, stay as they are.
func TestShortSecretsLeaveMessagesAlone(t *testing.T) {
	const said = "an issue, admin: is not a part of a-consumer, pass or node"
	for _, cred := range []carrying{
		{authorization: "Basic " + basic("admin", "is")}, {authorization: "Bearer a"}, {authorization: "Bearer"}, {authorization: "Basic"},
		{authorization: "Basic !!"}, {cookie: "a=part; b=issue"},
		{authorization: `OAuth oauth_consumer_key="a-consumer", oauth_token="pass", oauth_signature="node"`}, {},
	} {
		base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 400, Body: io.NopCloser(strings.NewReader(said)), Request: r}, nil
		})
		if got, _ := readThrough(t, cred, base); got != said {
			t.Errorf("%+v: got %q, want %q", cred, got, said)
		}
	}
}

// The secrets of a request to an authorization server are hidden as well, as far
// as those who made it name them.
func TestReadErrorHides(t *testing.T) {
	const clientSecret, code = "the/client=secret", "the-code"
	body := `{"error":"invalid_client","error_description":"` + clientSecret + " " + inJSON(code) + `"}`
	r, err := http.NewRequest("POST", "https://auth.example/token?code="+code, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer := &http.Response{StatusCode: 401, Body: io.NopCloser(strings.NewReader(body)), Request: r}
	e := hostclient.ReadError(answer, newClock().now(), clientSecret, code)
	if got, want := e.Error(), "hostclient: POST https://auth.example/token: 401 Unauthorized: invalid_client: [redacted] [redacted]"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
