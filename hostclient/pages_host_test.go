package hostclient_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// pagedHost is a host with the items 0 to 4, or fewer, that makes pages as habit
// says, and keeps the requests as lines: method, target and body.
type pagedHost struct {
	*site
	lines []string
}

func newPagedHost(t testing.TB, path string, habit func(r *http.Request, body string) string) *pagedHost {
	t.Helper()
	h := new(pagedHost)
	h.site = newSite(t, path, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		h.lines = append(h.lines, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+string(body)))
		h.mu.Unlock()
		text := habit(r, string(body))
		if link, rest, ok := strings.Cut(text, "\n"); ok {
			w.Header().Set("Link", link)
			text = rest
		}
		if code, err := strconv.Atoi(text); err == nil {
			w.WriteHeader(code)
			return
		}
		_, _ = io.WriteString(w, strings.ReplaceAll(text, "SITE", h.url))
	})
	return h
}

func (h *pagedHost) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// app is a client that calls the host as an app.
func (h *pagedHost) app(t testing.TB) *hostclient.Client {
	t.Helper()
	hosts, err := hostclient.NewHosts(hostclient.Config{Limits: once(t), Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	client, err := hosts.For(installation(h.url))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// forged is a client that calls the site with a token.
func forged(t testing.TB, site hostclient.Site, err error) *hostclient.Client {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{Limits: once(t), Timeout: -1})
	if err != nil {
		t.Fatal(err)
	}
	return hosts.Client(tokenFor{site})
}

// tokenFor is a credential for whatever site.
type tokenFor struct{ site hostclient.Site }

func (c tokenFor) Binding() hostclient.Binding {
	binding, err := c.site.Bind(hostclient.SchemeOther)
	if err != nil {
		panic(err)
	}
	return binding
}

func (c tokenFor) Apply(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer a-token-of-somebody")
	return nil
}

// pages reads all there is.
func pages(t testing.TB, c *hostclient.Client, q hostclient.PageQuery) (items []int, err error) {
	t.Helper()
	for item, err := range hostclient.PagesOf[int](t.Context(), c, q) {
		if err != nil {
			if item != 0 {
				t.Errorf("got %d with the error", item)
			}
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// list is a JSON list of the numbers from start, at most size of them, of those
// below total.
func list(start, size, total int) string {
	numbers := []int{}
	for i := start; i < min(start+size, total); i++ {
		numbers = append(numbers, i)
	}
	text, _ := json.Marshal(numbers)
	return string(text)
}

// odd is list without the even numbers.
func odd(start, size, total int) string {
	numbers := []int{}
	for i := start; i < min(start+size, total); i++ {
		if i%2 == 1 {
			numbers = append(numbers, i)
		}
	}
	text, _ := json.Marshal(numbers)
	return string(text)
}

// param is a number of the query, 0 if it is not there.
func param(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}

// pageShape is a way to make pages, and what reading them must give and ask for.
type pageShape struct {
	name  string
	path  string // of the site
	query hostclient.PageQuery
	habit func(r *http.Request, body string) string
	items string
	asked []string
}

func testShapes(t *testing.T, shapes []pageShape) {
	t.Helper()
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			h := newPagedHost(t, c.path, c.habit)
			client := h.app(t)
			for range 2 { // the sequence is read anew each time
				h.lines = nil
				items, err := pages(t, client, c.query)
				if got := fmt.Sprint(items); err != nil || got != c.items {
					t.Errorf("got %s, %v, want %s", got, err, c.items)
				}
				if got := h.asked(); !slices.Equal(got, c.asked) {
					t.Errorf("asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.asked, "\n"))
				}
			}
		})
	}
}
