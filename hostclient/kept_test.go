package hostclient_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// A client for a user calls where the app's does, and repeats what that does.
func TestAsUserKeepsWhatTheClientHas(t *testing.T) {
	w := newWorld(t, "", script(limited("", "1")))
	assets := must(hostclient.Assets("w1", must(hostclient.CloudSite(w.site.url))(t)))(t)
	at := must(w.client.At(assets))(t)
	user := at.RetryWrites().AsUser(accountID)
	if got, want := user.Site(), at.Site(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, err := hostclient.Send[struct{}](t.Context(), user, "POST", "/object/create", map[string]int{"a": 1}); err != nil {
		t.Errorf("got %v, want a repetition", err)
	}
	for _, r := range w.site.requests() {
		if r.RequestURI != "/jsm/assets/workspace/w1/v1/object/create" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("got %s with %v", r.RequestURI, r.Header["Authorization"])
		}
	}
	if n := len(w.site.requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if w.client.AsUser(accountID).Transport().RetryWrites {
		t.Error("control: a client that repeats no writes gave one that does")
	}
}

// An answer to nobody is an error although its status is a success; like that of
// every other error, its body is closed.
func TestCheckResponseOfAnAnonymousAnswer(t *testing.T) {
	w := newWorld(t, "", nil)
	for _, reason := range []string{"AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"} {
		body := &closer{Reader: strings.NewReader("text")}
		answer := &http.Response{StatusCode: 200, Body: body, Header: http.Header{"X-Seraph-Loginreason": {"OK", reason}}}
		err := w.client.CheckResponse(answer)
		var e *hostclient.Error
		if !errors.Is(err, hostclient.ErrAnonymous) || !errors.As(err, &e) || e.Status != 200 || !body.closed {
			t.Errorf("got %v, closed %v, want ErrAnonymous and closed", err, body.closed)
		}
	}
	body := &closer{Reader: strings.NewReader("text")}
	if err := w.client.CheckResponse(&http.Response{StatusCode: 200, Body: body, Header: http.Header{"X-Seraph-Loginreason": {"OK"}}}); err != nil || body.closed {
		t.Errorf("got %v, closed %v, want neither", err, body.closed)
	}
}

// A host takes a call with Origin or Referer for a web page's, and net/http adds a
// Referer after a redirect.
func TestOriginAndRefererAreLeftOut(t *testing.T) {
	w := newWorld(t, "", nil)
	w.site.answer = func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(rw, r, "/to", http.StatusFound)
		}
	}
	for _, send := range []func(*http.Request) (*http.Response, error){w.client.Do, w.client.HTTP().Do} {
		r := must(http.NewRequest("GET", w.site.url+"/from", nil))(t)
		r.Header = http.Header{"Origin": {"https://a.example"}, "referer": {"https://b.example"}, "X-Mine": {"kept"}}
		answer := must(send(r))(t)
		answer.Body.Close()
	}
	for _, r := range w.site.requests() {
		if r.Header["Origin"] != nil || r.Header["Referer"] != nil || r.Header.Get("X-Mine") != "kept" {
			t.Errorf("%s was sent with %v", r.URL.Path, r.Header)
		}
	}
	if n := len(w.site.requests()); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
}

// Long tokens whose beginning repeats are found in long bodies, and what only
// begins like them stays.
func TestScrubbingOfRepeatingTokens(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for name, token := range map[string]string{
		"first byte": a(3999) + "b", "last byte": "b" + a(3999), "pairs": strings.Repeat("ab", 1999) + "c", "one byte": a(4000),
	} {
		cred := carrying{authorization: "Bearer " + token}
		filler := strings.Repeat(token[:len(token)/3]+"|", 700)[:1<<17]
		for _, c := range []struct{ name, body, want string }{
			{"inside", filler + "|" + token + "|" + filler, filler + "|[redacted]|" + filler},
			{"at the end", filler + "|" + token, filler + "|[redacted]"},
			{"nearly", filler + "|" + token[:1000] + "|", filler + "|" + token[:1000] + "|"},
			{"cut off", filler + "|" + token[:3500], filler + "|[redacted]"},
		} {
			for how, reader := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "half by half": iotest.HalfReader} {
				base := roundTripFunc(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 403, Body: io.NopCloser(reader(strings.NewReader(c.body))), Request: r}, nil
				})
				if got, _ := readThrough(t, cred, base); got != c.want {
					at := slices.IndexFunc([]byte(got), func(b byte) bool { return b == '[' })
					t.Errorf("%s, %s, %s: got %d bytes, redacted at %d, want %d", name, c.name, how, len(got), at, len(c.want))
				}
			}
		}
	}
}
