package hostclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// decoded sends r and decodes the JSON of the answer.
func decoded[T any](c *Client, r *http.Request) (T, error) {
	var v, none T
	answer, text, err := c.call(r)
	if err != nil {
		return none, err
	}
	if _, unwanted := any(v).(struct{}); unwanted || len(bytes.TrimSpace(text)) == 0 {
		return none, nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return none, c.misread(answer, text, err)
	}
	return v, nil
}

// misread is the error of an answer whose body text could not be decoded.
func (c *Client) misread(answer *http.Response, text []byte, err error) error {
	origin, r := c.binding.site.origin, requestOf(answer)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return notJSON(answer, origin, text, c.hosts.config.Clock())
	}
	return fmt.Errorf("hostclient: %s %s: decoding the answer: %w", methodOf(r), origin.redact(r.URL), err)
}
