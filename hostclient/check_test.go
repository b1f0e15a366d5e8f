package hostclient_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// Whichever way an answer came, its error is the one that Get gives.
func TestCheckResponseGivesTheErrorOfGet(t *testing.T) {
	for _, code := range []int{304, 400, 401, 403, 404, 409, 429, 503} {
		w := newWorldWith(t, "/wiki", func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Retry-After", "7")
			rw.Header().Set("X-Arequestid", "100x200x1")
			rw.WriteHeader(code)
			fmt.Fprintf(rw, `{"errorMessages":["you sent %s"],"errors":{"x":"y"}}`, r.Header.Get("Authorization"))
		}, func(c *hostclient.Config) { c.Limits = once(t) })
		for _, c := range []*hostclient.Client{w.client, w.client.AsUser(accountID)} {
			_, want := hostclient.Get[struct{}](t.Context(), c, "/x?token=hidden")
			if kind := new(hostclient.Error); !errors.As(want, &kind) || kind.Status != code || kind.RetryAfter != 7*time.Second {
				t.Fatalf("%d: Get: got %v, want an Error", code, want)
			}
			for how, do := range map[string]func(*http.Request) (*http.Response, error){"Do": c.Do, "HTTP": c.HTTP().Do} {
				r, err := c.NewRequest(t.Context(), "GET", "/x?token=hidden", nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, err := do(r)
				if err != nil {
					t.Fatal(err)
				}
				if got := c.CheckResponse(answer); !reflect.DeepEqual(got, want) {
					t.Errorf("%d, %s, %s:\ngot  %#v\nwant %#v", code, c, how, got, want)
				}
			}
		}
	}
}

func TestCheckResponseLeavesSuccessAlone(t *testing.T) {
	w := newWorld(t, "", nil)
	for _, code := range []int{200, 201, 204, 206, 299} {
		body := &closer{Reader: strings.NewReader("text")}
		if err := w.client.CheckResponse(&http.Response{StatusCode: code, Body: body}); err != nil {
			t.Errorf("%d: %v", code, err)
		}
		if rest, err := io.ReadAll(body); err != nil || string(rest) != "text" || body.closed {
			t.Errorf("%d: left %q, %v, closed %v", code, rest, err, body.closed)
		}
	}
}

// counter is a body without end.
type counter struct{ read int }

func (c *counter) Read(p []byte) (int, error) {
	c.read += len(p)
	return copy(p, bytes.Repeat([]byte("x"), len(p))), nil
}

func TestCheckResponseReadsAndClosesABody(t *testing.T) {
	w := newWorld(t, "", nil)
	endless := new(counter)
	body := &closer{Reader: endless}
	err := w.client.CheckResponse(&http.Response{StatusCode: 500, Body: body})
	if !errors.Is(err, hostclient.ErrHost) || !body.closed || endless.read > 80<<10 {
		t.Errorf("got %v, closed %v, read %d bytes", err, body.closed, endless.read)
	}
}

func TestCheckResponseOfOddAnswers(t *testing.T) {
	w := newWorld(t, "", nil)
	for name, c := range map[string]*hostclient.Client{"tenant": w.client, "nobody": hostclient.Failing(nil)} {
		if err := c.CheckResponse(nil); err == nil {
			t.Errorf("%s: no answer is no error", name)
		}
		if err := c.CheckResponse(&http.Response{StatusCode: 404}); !errors.Is(err, hostclient.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
		endless := new(counter)
		connection := &closer{Reader: endless}
		upgraded := &http.Response{StatusCode: 101, Body: connection}
		var e *hostclient.Error
		if err := c.CheckResponse(upgraded); !errors.As(err, &e) || e.Status != 101 || !connection.closed || endless.read > 0 {
			t.Errorf("%s: got %v, closed %v, read %d, want an Error with 101", name, err, connection.closed, endless.read)
		}
	}
}

// headerOnly is a credential whose token is known.
type headerOnly string

func (h headerOnly) Binding() hostclient.Binding { return boundTo("https://acme.atlassian.net") }

func (h headerOnly) Apply(r *http.Request) error {
	r.Header.Set("Authorization", string(h))
	return nil
}

// The body of an error does not hold the credential that was sent, in whatever
// pieces it comes.
func TestErrorBodiesAreScrubbed(t *testing.T) {
	const token = "ababac-token"
	long := strings.Repeat("ab", 5000)
	readers := map[string]func(io.Reader) io.Reader{
		"whole":         func(r io.Reader) io.Reader { return r },
		"byte by byte":  iotest.OneByteReader,
		"half by half":  iotest.HalfReader,
		"end with data": iotest.DataErrReader,
	}
	for _, c := range []struct {
		name          string
		authorization string
		status        int
		body, want    string
	}{
		{"none", "Bearer " + token, 403, "text", "text"},
		{"empty", "Bearer " + token, 403, "", ""},
		{"alone", "Bearer " + token, 403, token, "[redacted]"},
		{"inside", "Bearer " + token, 500, "x" + token + "y", "x[redacted]y"},
		{"twice", "Bearer " + token, 302, token + token, "[redacted][redacted]"},
		{"after a false start", "Bearer " + token, 403, "ab" + token, "ab[redacted]"},
		{"late", "Bearer " + token, 403, long + token + long, long + "[redacted]" + long},
		{"short beginning at the end", "Bearer " + token, 403, "x" + token[:6], "x" + token[:6]},
		{"cut off", "Bearer " + token, 403, "x" + token[:7], "x[redacted]"},
		{"success", "Bearer " + token, 200, token, token},
		{"no token", "Bearer", 403, "Bearer", "Bearer"},
		{"no header", "", 403, token, token},
	} {
		for how, reader := range readers {
			t.Run(c.name+", "+how, func(t *testing.T) {
				body := &closer{Reader: reader(strings.NewReader(c.body))}
				base := roundTripFunc(func(*http.Request) (*http.Response, error) {
					return &http.Response{
						StatusCode: c.status, Body: body,
						ContentLength: int64(len(c.body)), Header: http.Header{"Content-Length": {fmt.Sprint(len(c.body))}},
					}, nil
				})
				got, answer := readThrough(t, headerOnly(c.authorization), base)
				if got != c.want || !body.closed {
					t.Errorf("got %q, closed %v, want %q", got, body.closed, c.want)
				}
				if answer.ContentLength >= 0 && answer.ContentLength != int64(len(got)) {
					t.Errorf("ContentLength %d, but %d bytes came", answer.ContentLength, len(got))
				}
				if said := answer.Header.Get("Content-Length"); said != "" && said != fmt.Sprint(len(got)) {
					t.Errorf("Content-Length %s, but %d bytes came", said, len(got))
				}
			})
		}
	}
}

// readThrough returns what comes of base's answer behind a Transport.
func readThrough(t *testing.T, cred hostclient.Credential, base http.RoundTripper) (string, *http.Response) {
	t.Helper()
	return readThroughWith(t, &hostclient.Transport{Base: base, Credential: cred})
}

func readThroughWith(t *testing.T, rt *hostclient.Transport) (string, *http.Response) {
	t.Helper()
	r, err := http.NewRequest("GET", "https://acme.atlassian.net/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Error(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return string(text), answer
}

// HEAD has no body to hold anything, and its length is what it was asked for.
func TestScrubbingLeavesHEADAlone(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "42")
		rw.WriteHeader(http.StatusNotFound)
	})
	r, err := w.client.NewRequest(t.Context(), "HEAD", "/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.ContentLength != 42 {
		t.Errorf("ContentLength %d, want 42", answer.ContentLength)
	}
}
