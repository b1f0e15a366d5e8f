package hostclient

import (
	"encoding/json"
	"net/url"
	"strconv"
)

// bareArrays is what the bare arrays among the pages have said so far.
type bareArrays struct {
	told digests // their items
	gaps bool    // they are shorter than they reach
}

// follow returns what is new in an array that came for a query, and the way on,
// unless it is done. The way on is behind the items, until they overlap with
// earlier ones: then an array reaches as far as the query asked it to, with gaps
// for what the host took out, or is no page at all.
func (b *bareArrays) follow(items []json.RawMessage, query url.Values) (fresh []json.RawMessage, next step, done bool) {
	size := number(query, "maxResults")
	fresh = b.fresh(items)
	settled := b.gaps || size == 0
	if size > 0 && len(fresh) < len(items) {
		b.gaps = true
	}
	width := len(items)
	if b.gaps {
		width = max(width, size)
	}
	done = len(items) == 0 || len(fresh) == 0 && settled
	return fresh, step{param: "startAt", value: number(query, "startAt") + width}, done
}

// fresh returns the items that were in no earlier array.
func (b *bareArrays) fresh(items []json.RawMessage) []json.RawMessage {
	var fresh []json.RawMessage
	for _, item := range items {
		if !b.told.has(item) {
			fresh = append(fresh, item)
		}
	}
	for _, item := range fresh {
		b.told.add(item)
	}
	return fresh
}

// number reads a parameter, 0 for what is none: the host will say what it thinks of
// that.
func number(query url.Values, param string) int {
	n, err := strconv.Atoi(query.Get(param))
	if err != nil {
		return 0
	}
	return n
}
