package hostclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrNoAssets says that a site has no workspace of Assets: its plan has none, or
// the caller may not see it.
var ErrNoAssets = errors.New("hostclient: the site has no Assets workspace")

// CloudID asks a Cloud site for its cloud id, which Gateway wants, by its
// /_edge/tenant_info. No credential is sent. siteURL is as ParseOrigin takes it; a
// path of it means nothing.
func (h *Hosts) CloudID(ctx context.Context, siteURL string) (string, error) {
	origin, err := ParseOrigin(siteURL)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, origin.root()+"/_edge/tenant_info", nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRequest, err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", h.userAgent(nil))
	answer, err := h.bare().Do(r)
	if err != nil {
		return "", origin.redactError(err)
	}
	defer answer.Body.Close()
	if !success(answer.StatusCode) {
		return "", newError(answer, Binding{}, h.config.Clock())
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxErrorBody))
	if err != nil {
		return "", fmt.Errorf("hostclient: cloud id of %s: %w", origin, err)
	}
	var info struct{ CloudID string }
	if err := json.Unmarshal(text, &info); err != nil {
		return "", notJSON(answer, origin, text, h.config.Clock())
	}
	return namedID("cloud id", info.CloudID)
}

// namedID returns an id that a host named, if it is one.
func namedID(what, id string) (string, error) {
	if err := checkID(what, id); err != nil {
		return "", err
	}
	return id, nil
}

// bare returns a client that sends what it is given and follows nothing.
func (h *Hosts) bare() *http.Client {
	return &http.Client{
		Transport:     h.config.Base,
		Timeout:       max(h.config.Timeout, 0),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// AssetsWorkspace asks a Jira on the Cloud for the id of its Assets workspace,
// which Assets wants. A site has one at most, and it does not change, so it may be
// kept. The error is ErrNoAssets when the host names none, as plans without Assets
// do, and else as Get has it: 403 and 404 stand for a Jira without a service desk.
func AssetsWorkspace(ctx context.Context, c *Client) (string, error) {
	type page struct {
		Values []struct {
			WorkspaceID string `json:"workspaceId"`
		} `json:"values"`
	}
	found, err := Get[page](ctx, c, "/rest/servicedeskapi/assets/workspace")
	switch {
	case err != nil:
		return "", err
	case len(found.Values) == 0:
		return "", fmt.Errorf("%w: %s", ErrNoAssets, c.site)
	}
	return namedID("workspace id", found.Values[0].WorkspaceID)
}
