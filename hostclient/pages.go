package hostclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// ErrRepeatedPage says that a host named the same next page twice, which would
// have no end.
var ErrRepeatedPage = errors.New("hostclient: the host repeats a page")

// PageQuery says which paged resource is read. Path alone is enough for most.
type PageQuery struct {
	// Path is as NewRequest takes it. What it says of where to begin and how
	// many items a page has is kept.
	Path string
	// Body makes of each page a POST with that body, as the search by JQL and
	// the one by AQL have it: any value that marshals to a JSON object. Nil
	// means GET.
	Body any
	// Items is the name of the member that holds the items. Empty means that
	// it is found: values, issues, results, or the only list that there is.
	Items string
}

// Pages reads a paged resource from its beginning to its end, one item after the
// other, and asks for a page when the one before is used up. It is PagesOf with
// nothing but a path.
//
// The items of a page that cannot be had are told as one error, with the zero T,
// and end the sequence; the errors are those of Get, and ErrRepeatedPage. Breaking
// off asks for nothing more. The sequence may be read again, and then asks again.
func Pages[T any](ctx context.Context, c *Client, path string) iter.Seq2[T, error] {
	return PagesOf[T](ctx, c, PageQuery{Path: path})
}

// PagesOf is Pages for what needs more than a path. It knows the ways in which the
// hosts make pages, by what their answers look like: Jira's lists with startAt,
// maxResults and total or isLast, its search by JQL with nextPageToken, bare
// arrays, Jira Software's, the service desk's with start and isLastPage,
// Confluence's first API with _links.next and its second one with a cursor there
// or in a Link header, and Assets' with startAt, or page in its older API.
//
// Cursors are taken as they come. A link to the next page keeps to the client's
// site: one by which the host names itself otherwise is ErrOrigin, see
// Site.Serving. A bare array that comes again unchanged is no list of pages, and
// its end.
func PagesOf[T any](ctx context.Context, c *Client, q PageQuery) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		w := walk{client: c, query: q, target: q.Path, seen: map[[sha256.Size]byte]bool{}}
		for !w.done {
			items, err := w.page(ctx)
			if err != nil {
				yield(none, err)
				return
			}
			for _, raw := range items {
				var item T
				if err := json.Unmarshal(raw, &item); err != nil {
					yield(none, fmt.Errorf("hostclient: %s: decoding an item: %w", c.site.origin.redactTarget(q.Path), err))
					return
				}
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// walk is one way through the pages.
type walk struct {
	client *Client
	query  PageQuery
	target string // of the next page
	token  string // of the next page, where it goes into the body
	seen   map[[sha256.Size]byte]bool
	last   [sha256.Size]byte // of the last bare array
	done   bool
}

// page asks for the next page and returns its items.
func (w *walk) page(ctx context.Context) ([]json.RawMessage, error) {
	if err := w.once(w.target + "\n" + w.token); err != nil {
		return nil, err
	}
	r, err := w.request(ctx)
	if err != nil {
		return nil, err
	}
	answer, text, err := w.client.call(r)
	if err != nil {
		return nil, err
	}
	p, err := readPage(text, w.query.Items)
	if err != nil {
		return nil, notJSON(answer, w.client.binding.site.origin, text, w.client.hosts.config.Clock())
	}
	p.link = nextLink(answer.Header)
	p.asked = r.URL.Query()
	if p.bare && w.repeats(text) {
		w.done = true
		return nil, nil
	}
	return p.items, w.follow(r.URL, p)
}

// once refuses a page that was asked for before.
func (w *walk) once(page string) error {
	hash := sha256.Sum256([]byte(page))
	if w.seen[hash] {
		return fmt.Errorf("%w: %s", ErrRepeatedPage, w.client.site.origin.redactTarget(w.target))
	}
	w.seen[hash] = true
	return nil
}

func (w *walk) repeats(text []byte) bool {
	hash, before := sha256.Sum256(text), w.last
	w.last = hash
	return hash == before
}

func (w *walk) request(ctx context.Context) (*http.Request, error) {
	if w.query.Body == nil {
		return w.client.NewRequest(ctx, http.MethodGet, w.target, nil)
	}
	body := w.query.Body
	if w.token != "" {
		merged, err := withToken(body, w.token)
		if err != nil {
			return nil, err
		}
		body = merged
	}
	r, err := w.client.NewRequest(ctx, http.MethodPost, w.target, body)
	if err == nil {
		// It reads, so it may be repeated: net/http's way to say so without
		// sending a header.
		r.Header["Idempotency-Key"] = nil
	}
	return r, err
}

// withToken returns body with the token of the next page.
func withToken(body any, token string) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return nil, fmt.Errorf("%w: the body of a query for pages is no JSON object", ErrRequest)
	}
	members = maps.Clone(members)
	members["nextPageToken"] = json.RawMessage(quote(token))
	return members, nil
}

// follow finds the next page.
func (w *walk) follow(asked *url.URL, p page) error {
	next, ok := p.next()
	switch {
	case !ok:
		w.done = true
	case next.token != "" && w.query.Body != nil:
		w.token = next.token
	case next.token != "":
		w.target = withParam(w.target, "nextPageToken", next.token)
	case next.param != "":
		w.target = withParam(w.target, next.param, next.value)
	default:
		u, err := w.client.resolve(next.link)
		if err != nil {
			return err
		}
		w.target = u.String()
		if w.target == asked.String() {
			return fmt.Errorf("%w: %s", ErrRepeatedPage, w.client.site.origin.redact(u))
		}
	}
	return nil
}

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

// nextLink reads the Link header's next page (RFC 8288).
func nextLink(h http.Header) string {
	for _, value := range h["Link"] {
		for value != "" {
			open := strings.IndexByte(value, '<')
			end := strings.IndexByte(value, '>')
			if open < 0 || end < open {
				break
			}
			link := value[open+1 : end]
			value = value[end+1:]
			params := value
			if next := strings.Index(value, ",<"); next >= 0 {
				params, value = value[:next], value[next:]
			} else if next := strings.Index(value, ", <"); next >= 0 {
				params, value = value[:next], value[next:]
			} else {
				value = ""
			}
			for param := range strings.SplitSeq(params, ";") {
				name, rel, _ := strings.Cut(strings.TrimSpace(param), "=")
				if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(rel, `"`), "next") {
					return link
				}
			}
		}
	}
	return ""
}

func isArray(text []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) }
