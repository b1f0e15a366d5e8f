package descriptor_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func serve(t *testing.T, app *descriptor.App, cfg descriptor.HandlerConfig) string {
	t.Helper()
	h, err := descriptor.NewHandler(app, cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func request(t *testing.T, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	// The default transport asks for gzip and hides that it got it.
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestHandler(t *testing.T) {
	url := serve(t, jiraApp(), descriptor.HandlerConfig{})
	golden, err := os.ReadFile("testdata/jira.served.json")
	if err != nil {
		t.Fatal(err)
	}
	first, _ := request(t, "GET", url, nil)
	etag := first.Header.Get("ETag")
	if len(etag) != 34 || etag[0] != '"' {
		t.Fatalf("ETag: got %s", etag)
	}
	tests := []struct {
		name, method, ifNoneMatch string
		status                    int
		body                      string
	}{
		{"GET", "GET", "", 200, string(golden)},
		{"HEAD", "HEAD", "", 200, ""},
		{"known", "GET", etag, 304, ""},
		{"known, HEAD", "HEAD", etag, 304, ""},
		{"known among others", "GET", `"a", W/"b", ` + etag, 304, ""},
		{"known through a proxy that weakened it", "GET", "W/" + etag, 304, ""},
		{"any", "GET", "*", 304, ""},
		{"another", "GET", `"a"`, 200, string(golden)},
		{"part of it", "GET", etag[:10] + `"`, 200, string(golden)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{}
			if tt.ifNoneMatch != "" {
				header.Set("If-None-Match", tt.ifNoneMatch)
			}
			resp, body := request(t, tt.method, url+"/any/path?x=1", header)
			if resp.StatusCode != tt.status || body != tt.body {
				t.Errorf("got %d, %q, want %d, %q", resp.StatusCode, body, tt.status, tt.body)
			}
			want := map[string]string{"ETag": etag, "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
			if tt.status == 200 {
				want["Content-Type"] = "application/json; charset=utf-8"
				want["Content-Length"] = strconv.Itoa(len(golden))
			}
			for name, value := range want {
				if got := resp.Header.Get(name); got != value {
					t.Errorf("%s: got %q, want %q", name, got, value)
				}
			}
		})
	}
}

func TestHandlerRefusesOtherMethods(t *testing.T) {
	url := serve(t, jiraApp(), descriptor.HandlerConfig{})
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "QUERY"} {
		resp, body := request(t, method, url, nil)
		if got, want := resp.StatusCode, http.StatusMethodNotAllowed; got != want {
			t.Errorf("%s: got %d, want %d", method, got, want)
		}
		if got, want := resp.Header.Get("Allow"), "GET, HEAD"; got != want {
			t.Errorf("%s: Allow: got %q, want %q", method, got, want)
		}
		if got, want := body, "Method Not Allowed\n"; got != want {
			t.Errorf("%s: got %q, want %q", method, got, want)
		}
	}
}

func TestHandlerMaxAge(t *testing.T) {
	for maxAge, want := range map[time.Duration]string{
		0:                       "public, max-age=300",
		time.Hour:               "public, max-age=3600",
		1500 * time.Millisecond: "public, max-age=1",
		-1:                      "no-cache",
	} {
		resp, _ := request(t, "GET", serve(t, jiraApp(), descriptor.HandlerConfig{MaxAge: maxAge}), nil)
		if got := resp.Header.Get("Cache-Control"); got != want {
			t.Errorf("%v: got %q, want %q", maxAge, got, want)
		}
	}
}

// One handler for each base URL: different documents under different tags.
// The same document has the same tag in every process, and a handler does not
// see what happens to its descriptor later.
func TestHandlerVariants(t *testing.T) {
	app := jiraApp()
	eu := serve(t, app.WithBaseURL("https://eu.example.com"), descriptor.HandlerConfig{})
	us := serve(t, app.WithBaseURL("https://us.example.com"), descriptor.HandlerConfig{})
	changed := app.WithBaseURL("https://eu.example.com/")
	again := serve(t, changed, descriptor.HandlerConfig{})
	changed.Name, changed.Scopes[0] = "Other", descriptor.Admin

	euResponse, euBody := request(t, "GET", eu, nil)
	usResponse, usBody := request(t, "GET", us, nil)
	againResponse, againBody := request(t, "GET", again, nil)
	if !strings.Contains(euBody, `"baseUrl": "https://eu.example.com",`) || !strings.Contains(usBody, `"baseUrl": "https://us.example.com",`) {
		t.Errorf("base URLs are not in\n%s\n%s", euBody, usBody)
	}
	if euResponse.Header.Get("ETag") == usResponse.Header.Get("ETag") {
		t.Error("two documents have one tag")
	}
	if againBody != euBody || againResponse.Header.Get("ETag") != euResponse.Header.Get("ETag") {
		t.Errorf("the same document differs: %s", againBody)
	}
}

// Who accepts gzip gets the same document compressed, under a tag of its own.
func TestHandlerGzip(t *testing.T) {
	url := serve(t, jiraApp(), descriptor.HandlerConfig{})
	plain, document := request(t, "GET", url, nil)
	tag := strings.TrimSuffix(plain.Header.Get("ETag"), `"`) + `-gzip"`
	for accept, zipped := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "GZIP": true, "x-gzip": true, "*": true, "gzip; q=0.001": true, "identity;q=0, *": true,
		"": false, "br": false, "gzip;q=0": false, "*;q=0": false, "*, gzip;q=0": false, "gzip;q=x": false, "gzipped": false, "gzip;level=1": false,
	} {
		resp, body := request(t, "GET", url, http.Header{"Accept-Encoding": {accept}})
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != zipped || resp.StatusCode != 200 {
			t.Errorf("%q: zipped %v, want %v", accept, got, zipped)
		}
		if vary := resp.Header.Get("Vary"); vary != "Accept-Encoding" {
			t.Errorf("%q: Vary %q", accept, vary)
		}
		want := plain.Header.Get("ETag")
		if zipped {
			want = tag
			r, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			unzipped, err := io.ReadAll(r)
			if err != nil || len(body) >= len(document) {
				t.Fatalf("%q: %d bytes, %v", accept, len(body), err)
			}
			body = string(unzipped)
		}
		if body != document || resp.Header.Get("ETag") != want {
			t.Errorf("%q: another document, or tag %s, want %s", accept, resp.Header.Get("ETag"), want)
		}
	}
	gzipped := http.Header{"Accept-Encoding": {"gzip"}}
	if resp, body := request(t, "HEAD", url, gzipped.Clone()); resp.Header.Get("Content-Encoding") != "gzip" || body != "" {
		t.Errorf("HEAD: %v, %q", resp.Header, body)
	}
	refused := http.Header{"Accept-Encoding": {"gzip"}, "If-Match": {`"another"`}}
	if resp, body := request(t, "GET", url, refused); resp.StatusCode != 412 || body != "" {
		t.Errorf("another wanted: %d %q", resp.StatusCode, body)
	}
	part := http.Header{"Accept-Encoding": {"gzip"}, "Range": {"bytes=0-9"}}
	if resp, body := request(t, "GET", url, part); resp.StatusCode != 206 || len(body) != 10 {
		t.Errorf("a part: %d, %d bytes", resp.StatusCode, len(body))
	}
	gzipped.Set("If-None-Match", tag)
	if resp, body := request(t, "GET", url, gzipped.Clone()); resp.StatusCode != 304 || body != "" || resp.Header.Get("ETag") != tag {
		t.Errorf("known: %d %v %q", resp.StatusCode, resp.Header, body)
	}
	gzipped.Set("If-None-Match", plain.Header.Get("ETag"))
	if resp, _ := request(t, "GET", url, gzipped.Clone()); resp.StatusCode != 200 {
		t.Errorf("the other form known: %d", resp.StatusCode)
	}
}
