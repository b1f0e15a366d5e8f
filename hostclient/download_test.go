package hostclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// signature is what must show nowhere.
const signature = "signed-by-nobody-else"

// mediaHost is a second host that keeps files. It fails the test if it sees who
// calls.
func mediaHost(t *testing.T, answer http.HandlerFunc) *site {
	t.Helper()
	return newSite(t, "", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "Referer", "X-Atlassian-Token", "X-Secret", "Accept-Language"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the media host sees %s: %s", name, r.Header.Get(name))
			}
		}
		answer(w, r)
	})
}

// serveFile answers with text, as a host of files does: whole or in part.
func serveFile(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
	}
}

// redirectTo is a host that sends elsewhere.
func redirectTo(code int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = []string{location}
		w.WriteHeader(code)
	}
}

func (w *world) download(t *testing.T, change func(*http.Request)) (text string, answer *http.Response, err error) {
	t.Helper()
	r, err := w.client.NewRequest(t.Context(), "GET", "/rest/api/3/attachment/content/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err = w.client.Download(r)
	if err != nil {
		if answer != nil {
			t.Error("an answer beside an error")
		}
		return "", nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return string(content), answer, err
}

func TestDownload(t *testing.T) {
	media := mediaHost(t, serveFile("0123456789"))
	link := media.url + "/file/1/binary?token=" + signature
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		header http.Header
		status int
		text   string
		accept string // that the host sees
	}{
		{"from the host itself", serveFile("0123456789"), nil, 200, "0123456789", "*/*"},
		{"303", redirectTo(303, link), nil, 200, "0123456789", "*/*"},
		{"302", redirectTo(302, link), nil, 200, "0123456789", "*/*"},
		{"301", redirectTo(301, link), nil, 200, "0123456789", "*/*"},
		{"307", redirectTo(307, link), nil, 200, "0123456789", "*/*"},
		{"308", redirectTo(308, link), nil, 200, "0123456789", "*/*"},
		{"a part", redirectTo(303, link), http.Header{"Range": {"bytes=2-4"}}, 206, "234", "*/*"},
		{"a part, unchanged", redirectTo(303, link), http.Header{"Range": {"bytes=2-4"}, "If-Range": {`"1"`}}, 206, "234", "*/*"},
		{"a part, changed", redirectTo(303, link), http.Header{"Range": {"bytes=2-4"}, "If-Range": {`"2"`}}, 200, "0123456789", "*/*"},
		{"a part from the host itself", serveFile("0123456789"), http.Header{"Range": {"bytes=8-"}}, 206, "89", "*/*"},
		{"with a header of the caller's", redirectTo(303, link), http.Header{
			"Cookie": {"a=b"}, "X-Secret": {"x"}, "Accept-Language": {"de"}, "Accept": {"image/png"},
		}, 200, "0123456789", "image/png"},
		{"a link whose path has the word login", redirectTo(303, media.url+"/login-page.pdf?name=/login&token="+signature), nil, 200, "0123456789", "*/*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "", c.answer)
			text, answer, err := w.download(t, func(r *http.Request) {
				for name, values := range c.header {
					r.Header[name] = values
				}
			})
			if err != nil || text != c.text || answer.StatusCode != c.status {
				t.Fatalf("got %q, %v, %v, want %q with %d", text, answer, err, c.text, c.status)
			}
			r := w.site.only(t)
			if r.Header.Get("Authorization") == "" || r.Header.Get("Accept") != c.accept {
				t.Errorf("the host sees %v", r.Header)
			}
		})
	}
	for _, r := range media.requests() {
		if !strings.HasPrefix(r.UserAgent(), "atlassian-connect-go/") || r.Header.Get("Accept") != "" {
			t.Errorf("the media host sees %v", r.Header)
		}
	}
}

// The request is the caller's, and stays as it is.
func TestDownloadKeepsTheRequest(t *testing.T) {
	w := newWorld(t, "", serveFile("x"))
	var sent *http.Request
	if _, _, err := w.download(t, func(r *http.Request) { sent = r }); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(sent.Header); got != "map[Accept:[application/json]]" {
		t.Errorf("the request has %s now", got)
	}
}

func TestDownloadHEAD(t *testing.T) {
	media := mediaHost(t, serveFile("0123456789"))
	w := newWorld(t, "", redirectTo(303, media.url+"/f?token="+signature))
	text, answer, err := w.download(t, func(r *http.Request) { r.Method = "HEAD" })
	if err != nil || text != "" || answer.ContentLength != 10 || media.only(t).Method != "HEAD" {
		t.Errorf("got %q, %v, %v", text, answer, err)
	}
}

// A media link on the site is part of it: the host sees the credential there.
func TestDownloadOnTheSite(t *testing.T) {
	w := newWorld(t, "/jira", func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/jira/secure/attachment/1/a.txt":
			serveFile("text")(rw, r)
		default:
			redirectTo(303, "/jira/secure/attachment/1/a.txt?x=1")(rw, r)
		}
	})
	text, _, err := w.download(t, nil)
	if err != nil || text != "text" {
		t.Fatalf("got %q, %v", text, err)
	}
	seen := w.site.requests()
	if err := checkJWT(seen[len(seen)-1], "/jira", w.clock.now()); err != nil || len(seen) != 2 {
		t.Errorf("%d requests, the last one with %v", len(seen), err)
	}
}

// What is on the same host and outside of the site's path gets no credential.
func TestDownloadBesideTheSite(t *testing.T) {
	w := newWorld(t, "/jira", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/media/1" {
			redirectTo(303, "/media/1?sig="+signature)(rw, r)
			return
		}
		if r.Header.Get("Authorization") != "" {
			t.Error("the credential went outside of the site's path")
		}
		rw.WriteHeader(http.StatusForbidden)
	})
	_, _, err := w.download(t, nil)
	if !errors.Is(err, hostclient.ErrForbidden) {
		t.Errorf("got %v, want ErrForbidden", err)
	}
	wantUnsigned(t, err)
}

// wantUnsigned fails when an error shows the signature of a link, in whatever form.
func wantUnsigned(t *testing.T, err error) {
	t.Helper()
	for _, text := range append(shown(err), err.Error()) { // the log is among them
		if strings.Contains(text, signature) {
			t.Errorf("the link shows: %s", text)
			return
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(fmt.Sprintf("%+v", e), signature) {
			t.Errorf("the link shows in %T: %v", e, e)
		}
	}
}

func TestDownloadRefused(t *testing.T) {
	const signed = "?token=" + signature
	evil := newListener(t)
	down := httptest.NewServer(nil)
	down.Close()
	media := mediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.Header().Set("Location", "/x"+signed)
			w.WriteHeader(http.StatusGone)
			fmt.Fprintf(w, `{"errorMessages":["no file at %s, token %s"],"errors":{"url":%q}}`, r.RequestURI, r.URL.Query().Get("token"), r.URL.RawQuery)
		case "/range":
			serveFile("0123456789")(w, r)
		case "/unparsed":
			redirectTo(302, "http://media.example/%zz"+signed)(w, r)
		case "/ftp":
			redirectTo(302, "ftp://media.example/x"+signed)(w, r)
		case "/cut":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "01234")
		case "/broken":
			panic(http.ErrAbortHandler)
		default: // a chain
			redirectTo(302, r.URL.Path+"x"+signed)(w, r)
		}
	})
	for _, c := range []struct {
		name     string
		code     int
		location string
		want     error
		words    string
		asked    int // requests that the media host sees
	}{
		{"gone", 303, media.url + "/gone" + signed, hostclient.ErrGone, "[redacted]", 1},
		{"a chain", 303, media.url + "/chain" + signed, hostclient.ErrRedirect, "more than 3 times", 3},
		{"a chain to what is no URL", 303, media.url + "/unparsed" + signed, nil, "the host redirects to what is no URL", 1},
		{"a chain to ftp", 303, media.url + "/ftp" + signed, hostclient.ErrOrigin, "not https", 1},
		{"a connection that breaks", 303, media.url + "/broken" + signed, io.EOF, media.url + "/broken", 1},
		{"no URL", 303, "http://media.example/%zz" + signed, nil, "the host redirects to what is no URL", 0},
		{"a host that is down", 303, down.URL + "/f" + signed, nil, "connection refused", 0},
		{"http elsewhere", 303, "http://media.example/f" + signed, hostclient.ErrOrigin, "not https", 0},
		{"http at an address", 303, "http://192.0.2.1/f" + signed, hostclient.ErrOrigin, "not https", 0},
		{"ftp", 303, "ftp://media.example/f" + signed, hostclient.ErrOrigin, "not https", 0},
		{"file", 303, "file:///etc/passwd" + signed, hostclient.ErrOrigin, "is none", 0},
		{"user information", 303, strings.Replace(media.url, "http://", "http://a:"+signature+"@", 1) + "/f", hostclient.ErrOrigin, "is none", 0},
		{"no host", 303, "http:///f" + signed, hostclient.ErrOrigin, "is none", 0},
		{"opaque", 303, "mailto:" + signature, hostclient.ErrOrigin, "is none", 0},
		{"no location", 303, "", hostclient.ErrRedirect, "303", 0},
		{"Jira's login", 302, "/login.jsp?permissionViolation=true&os_destination=" + signature, hostclient.ErrUnauthorized, "login page", 0},
		{"Confluence's login", 302, "/login.action?os_destination=" + signature, hostclient.ErrUnauthorized, "login page", 0},
		{"Atlassian's login", 302, "https://id.atlassian.com/step?continue=" + signature, hostclient.ErrUnauthorized, "login page", 0},
		{"a login elsewhere", 302, evil.url + "/login?token=" + signature, hostclient.ErrUnauthorized, "login page", 0},
		{"another answer of failure", 404, "", hostclient.ErrNotFound, "404", 0},
		{"multiple choices", 300, evil.url + "/f" + signed, hostclient.ErrRedirect, "300", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			media.mu.Lock()
			media.seen = nil
			media.mu.Unlock()
			w := newWorld(t, "", redirectTo(c.code, c.location))
			_, _, err := w.download(t, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
				t.Fatalf("got %v, want %v with %q", err, c.want, c.words)
			}
			wantUnsigned(t, err)
			if got := len(media.requests()); got != c.asked {
				t.Errorf("the media host saw %d requests, want %d", got, c.asked)
			}
			if got := len(w.site.requests()); got != 1 {
				t.Errorf("the host saw %d requests, want 1", got)
			}
		})
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("another host had %d connections, want none", n)
	}
}

// A redirect to a login page is not followed, and is an answer to a bad credential.
func TestGetIsSentToLogin(t *testing.T) {
	for _, location := range []string{"/jira/login.jsp?os_destination=%2Fx", "/jira/plugins/servlet/login", "/jira/Login.action"} {
		w := newWorld(t, "/jira", redirectTo(302, location))
		if _, err := hostclient.Get[struct{}](t.Context(), w.client, "/secure/x"); !errors.Is(err, hostclient.ErrUnauthorized) {
			t.Errorf("%s: got %v, want ErrUnauthorized", location, err)
		}
		w.site.only(t)
	}
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x" {
			redirectTo(302, "/project/login-page?x=/login")(rw, r)
		}
	})
	if _, err := hostclient.Get[struct{}](t.Context(), w.client, "/x"); err != nil || len(w.site.requests()) != 2 {
		t.Errorf("what is only called like a login: got %v after %d requests, want none after 2", err, len(w.site.requests()))
	}
}

// Everything but the download tells no more of the link either.
func TestLinksDoNotShow(t *testing.T) {
	w := newWorld(t, "", redirectTo(303, "http://media.example/%zz?token="+signature))
	_, err := hostclient.Get[struct{}](t.Context(), w.client, "/x")
	if err == nil {
		t.Fatal("no error")
	}
	wantUnsigned(t, err)
}

func TestDownloadOfABadRange(t *testing.T) {
	media := mediaHost(t, serveFile("0123456789"))
	w := newWorld(t, "", redirectTo(303, media.url+"/f?token="+signature))
	_, _, err := w.download(t, func(r *http.Request) { r.Header.Set("Range", "bytes=20-") })
	var refused *hostclient.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("got %v, want 416", err)
	}
	wantUnsigned(t, err)
}

// A file that ends early is an error of its body.
func TestDownloadThatIsCutOff(t *testing.T) {
	media := mediaHost(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "01234")
	})
	w := newWorld(t, "", redirectTo(303, media.url+"/f?token="+signature))
	text, _, err := w.download(t, nil)
	if text != "01234" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v, want io.ErrUnexpectedEOF", text, err)
	}
}

// The way down is closed: from https to http, also on this machine, and in the
// middle of a chain.
func TestDownloadNeverLeavesTLS(t *testing.T) {
	evil := newListener(t)
	plain := evil.url + "/f?token=" + signature
	hop := httptest.NewTLSServer(redirectTo(302, plain))
	defer hop.Close()
	host := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		redirectTo(303, map[string]string{"/direct": plain, "/chain": hop.URL + "/f?token=" + signature}[r.URL.Path])(w, r)
	}))
	defer host.Close()
	w := newWorld(t, "", redirectTo(303, hop.URL+"/f?token="+signature)) // http, to https, to http
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: host.Client().Transport, Limits: once(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, site, path string }{
		{"at once", host.URL, "/direct"}, {"by way of another host", host.URL, "/chain"}, {"up and down", w.site.url, "/"},
	} {
		client := mustFor(t, hosts, installation(c.site))
		r, err := client.NewRequest(t.Context(), "GET", c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = client.Download(r); !errors.Is(err, hostclient.ErrOrigin) || !strings.Contains(err.Error(), "not https") {
			t.Errorf("%s: got %v, want ErrOrigin", c.name, err)
		}
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the plain host had %d connections, want none", n)
	}
}

// What is no reading is not followed to other hosts.
func TestDownloadByPOSTStaysOnTheSite(t *testing.T) {
	evil := newListener(t)
	w := newWorld(t, "", redirectTo(307, evil.url+"/f"))
	r, err := w.client.NewRequest(t.Context(), "POST", "/export", map[string]string{"a": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.Download(r); !errors.Is(err, hostclient.ErrRedirect) {
		t.Errorf("got %v, want ErrRedirect", err)
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("another host had %d connections, want none", n)
	}
}

// An endless redirect on the site is not a link to another host, and is not asked
// for without the credential.
func TestDownloadEndlessOnTheSite(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			t.Error("a request without the credential")
		}
		redirectTo(302, "/again")(rw, r)
	})
	if _, _, err := w.download(t, nil); !errors.Is(err, hostclient.ErrRedirect) {
		t.Errorf("got %v, want ErrRedirect", err)
	}
}

func TestDownloadWithoutTenant(t *testing.T) {
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://tenant.invalid/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hostclient.Failing(nil).Download(r); err != hostclient.ErrNotInstalled {
		t.Errorf("got %v, want ErrNotInstalled", err)
	}
}

// A negative Timeout lets a download last, on both hosts; otherwise both have the
// limit.
func TestDownloadTimeout(t *testing.T) {
	media := mediaHost(t, serveFile("text"))
	for timeout, want := range map[time.Duration]bool{0: true, time.Hour: true, -1: false} {
		bounded := map[bool]int{}
		w := newWorldWith(t, "", redirectTo(303, media.url+"/f?token="+signature), func(c *hostclient.Config) {
			base := c.Base
			c.Timeout = timeout
			c.Base = roundTripFunc(func(r *http.Request) (*http.Response, error) {
				_, ends := r.Context().Deadline()
				bounded[ends]++
				return base.RoundTrip(r)
			})
		})
		if text, _, err := w.download(t, nil); err != nil || text != "text" {
			t.Errorf("%s: got %q, %v", timeout, text, err)
		}
		if bounded[want] != 2 || bounded[!want] != 0 {
			t.Errorf("%s: %v requests with a limit, want %t for both", timeout, bounded, want)
		}
	}
}
