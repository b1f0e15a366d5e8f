package hostclient

import (
	"context"
	"io"
	"net/http"
)

// within sends r by way of client so that the call ends by Config.Timeout, the
// body of its answer included. http.Client.Timeout does so as well, at the price
// of a goroutine for each call whose RoundTripper is not net/http's own.
func (c *Client) within(client *http.Client, r *http.Request) (*http.Response, error) {
	limit := c.hosts.config.Timeout
	if limit <= 0 {
		return client.Do(r)
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	answer, err := client.Do(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	answer.Body = &timedBody{answer.Body, cancel}
	return answer, nil
}

// timedBody is a body whose time is up when it is closed.
type timedBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
