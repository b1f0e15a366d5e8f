package hostclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// ErrRepeatedPage says that a host named the same next page twice, began anew
// instead of going on, or went on without items, which would have no end.
var ErrRepeatedPage = errors.New("hostclient: the host repeats a page")

// PageQuery says which paged resource is read. Path alone is enough for most.
type PageQuery struct {
	// Path is as NewRequest takes it. What it says of where to begin and how
	// many items a page has is kept.
	Path string
	// Body makes of each page a POST with that body, as the search by JQL and
	// the one by AQL have it: any value that marshals to a JSON object. It is
	// read once, before the first page. Nil means GET.
	Body any
	// Items is the name of the member that holds the items. Empty means that
	// it is found: values, issues, results, comments, worklogs, objectEntries,
	// or the only list that there is.
	Items string
}

// Pages reads a paged resource from its beginning to its end, one item after the
// other, and asks for a page when the one before is used up. It is PagesOf with
// nothing but a path.
//
// A page that cannot be had, or an item that does not fit T, is told as one error
// with the zero T, after all the items before it, and ends the sequence. The errors
// are those of Get, ErrOrigin for a next page elsewhere, and ErrRepeatedPage.
// Breaking off asks for nothing more. The sequence may be read again, also
// concurrently, and then asks again.
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
// Tokens and cursors are taken as they come. Numbers go where the query has its
// like, into the path or into the body. A link to the next page keeps to the
// client's site: one by which the host names itself otherwise is ErrOrigin, see
// Site.Serving.
//
// A bare array does not say whether it is a page. Another one is asked for until
// one is empty or has nothing new, and what came on an earlier page is not told
// again. Jira's searches for users cut pages first and then take out who does not
// fit: give maxResults in the path, for without it nobody knows how far they reach.
func PagesOf[T any](ctx context.Context, c *Client, q PageQuery) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		w, err := newWalk(c, q)
		for err == nil && !w.done {
			var items []json.RawMessage
			items, err = w.page(ctx)
			for _, raw := range items {
				var item T
				if err := json.Unmarshal(raw, &item); err != nil {
					yield(none, fmt.Errorf("hostclient: %s: decoding an item: %w", w.shown(), err))
					return
				}
				if !yield(item, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(none, err)
		}
	}
}
