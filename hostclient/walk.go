package hostclient

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxEmptyPages is how many pages without an item may follow each other. Hosts make
// such pages of what the caller may not see.
const maxEmptyPages = 1000

// walk is one way through the pages of a resource.
type walk struct {
	client *Client
	items  string                     // the name of the list
	target string                     // of the page
	body   map[string]json.RawMessage // of the page; nil for GET
	next   step
	done   bool
	asked  digests
	arrays bareArrays
	empty  int // pages without an item in a row
}

type digests map[[sha256.Size]byte]bool

func (d digests) has(text []byte) bool { return d[sha256.Sum256(text)] }

func (d digests) add(text []byte) { d[sha256.Sum256(text)] = true }

func newWalk(c *Client, q PageQuery) (*walk, error) {
	w := &walk{client: c, items: q.Items, target: q.Path, asked: digests{}, arrays: bareArrays{told: digests{}}}
	if q.Body == nil {
		return w, nil
	}
	if _, raw := q.Body.(io.Reader); raw {
		return nil, fmt.Errorf("%w: the body of a query for pages is changed from page to page, so it must not be a reader", ErrRequest)
	}
	text, err := json.Marshal(q.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := json.Unmarshal(text, &w.body); err != nil || w.body == nil {
		return nil, fmt.Errorf("%w: the body of a query for pages is no JSON object", ErrRequest)
	}
	return w, nil
}

// page asks for the next page and returns its items.
func (w *walk) page(ctx context.Context) ([]json.RawMessage, error) {
	if err := w.move(); err != nil {
		return nil, err
	}
	r, err := w.request(ctx)
	if err != nil {
		return nil, err
	}
	p, err := w.read(r)
	if err != nil {
		return nil, err
	}
	if p.bare {
		var fresh []json.RawMessage
		fresh, w.next, w.done = w.arrays.follow(p.items, r.URL.Query())
		return fresh, nil
	}
	if w.behind(p) {
		return nil, fmt.Errorf("%w: %s: it does not take %s there", ErrRepeatedPage, w.shown(), w.next.param)
	}
	next, more := p.next()
	w.next, w.done = next, !more
	return p.items, w.count(p)
}

// move goes on to the next page.
func (w *walk) move() error {
	switch {
	case w.next == (step{}):
		return nil
	case slashless(w.next.link) && w.next.link != "":
		return fmt.Errorf("%w: %q: the host's link to the next page is neither a URL nor a path", ErrOrigin, redactText(w.next.link))
	case w.next.link != "":
		w.target = w.next.link
		return nil
	case w.inBody(w.next.param):
		text, err := json.Marshal(w.next.value)
		w.body[w.next.param] = text
		return err
	}
	w.target = withParam(w.target, w.next.param, fmt.Sprint(w.next.value))
	return nil
}

// inBody reports whether a parameter belongs into the body: a token, and a number
// if it or the size of a page stands there.
func (w *walk) inBody(param string) bool {
	_, stands := w.body[param]
	_, size := w.body["maxResults"]
	return w.body != nil && (param == "nextPageToken" || stands || size)
}

// request makes the request for the page, once.
func (w *walk) request(ctx context.Context) (*http.Request, error) {
	var text []byte
	method, body := http.MethodGet, any(nil)
	if w.body != nil {
		var err error
		if text, err = json.Marshal(w.body); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRequest, err)
		}
		method, body = http.MethodPost, json.RawMessage(text)
	}
	r, err := w.client.NewRequest(ctx, method, w.target, body)
	if err != nil {
		return nil, err
	}
	page := []byte(r.URL.String() + "\n" + string(text))
	if w.asked.has(page) {
		return nil, fmt.Errorf("%w: %s", ErrRepeatedPage, w.shown())
	}
	w.asked.add(page)
	if w.body != nil {
		// It reads, so it may be repeated: net/http's way to say so without
		// sending a header.
		r.Header["Idempotency-Key"] = nil
	}
	return r, nil
}

// read sends the request and reads the page.
func (w *walk) read(r *http.Request) (*page, error) {
	answer, text, err := w.client.call(r)
	if err != nil {
		return nil, err
	}
	p, err := readPage(text, w.items)
	if err != nil {
		return nil, w.client.misread(answer, text, err)
	}
	p.link = nextLink(answer.Header)
	return &p, nil
}

// behind reports whether the host went back, or stayed where it was, when it was
// asked for the items from a number on.
func (w *walk) behind(p *page) bool {
	asked, numbered := w.next.value.(int)
	got := map[string]*int{"startAt": p.startAt, "start": p.start, "page": p.pageNumber}[w.next.param]
	return numbered && got != nil && *got < asked && len(p.items) > 0
}

// count keeps a host from going on without items.
func (w *walk) count(p *page) error {
	w.empty++
	if len(p.items) > 0 {
		w.empty = 0
	}
	if w.empty > maxEmptyPages {
		return fmt.Errorf("%w: %s: %d pages without an item", ErrRepeatedPage, w.shown(), w.empty)
	}
	return nil
}

// shown returns the page's target for a message.
func (w *walk) shown() string { return w.client.site.origin.redactTarget(w.target) }

// withParam sets one parameter of a target's query and leaves the others as they
// are.
func withParam(target, name, value string) string {
	target, _, _ = strings.Cut(target, "#")
	path, query, _ := strings.Cut(target, "?")
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if plainKey, err := url.QueryUnescape(key); pair != "" && (err != nil || plainKey != name) {
			kept = append(kept, pair)
		}
	}
	kept = append(kept, url.QueryEscape(name)+"="+strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
	return path + "?" + strings.Join(kept, "&")
}

// redactTarget returns what a caller named, for a message.
func (o Origin) redactTarget(target string) string {
	if u, err := o.parse(target); err == nil {
		return o.redact(u)
	}
	return redactText(target)
}
