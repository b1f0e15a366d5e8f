package hostclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// goJira has the shape of version 2 of andygrunwald/go-jira: it is made of a base
// URL and an *http.Client, and resolves paths below the base.
type goJira struct {
	client  *http.Client
	baseURL *url.URL
}

type goJiraResponse struct{ *http.Response }

func newGoJira(baseURL string, httpClient *http.Client) (*goJira, error) {
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	if !strings.HasSuffix(baseURL, "/") {
		baseURL += "/"
	}
	u, err := url.Parse(baseURL)
	return &goJira{httpClient, u}, err
}

func (c *goJira) NewRequest(ctx context.Context, method, urlStr string, body any) (*http.Request, error) {
	rel, err := url.Parse(strings.TrimLeft(urlStr, "/"))
	if err != nil {
		return nil, err
	}
	var buf io.ReadWriter
	if body != nil {
		buf = new(bytes.Buffer)
		if err := json.NewEncoder(buf).Encode(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.baseURL.ResolveReference(rel).String(), buf)
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}

func (c *goJira) Do(r *http.Request, v any) (*goJiraResponse, error) {
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return &goJiraResponse{answer}, fmt.Errorf("request failed: %d", answer.StatusCode)
	}
	defer answer.Body.Close()
	if v != nil {
		err = json.NewDecoder(answer.Body).Decode(v)
	}
	return &goJiraResponse{answer}, err
}

// goAtlassian has the shape of version 2 of ctreminiom/go-atlassian: it is made of
// anything with a Do and a site, and adds a credential of its own only if it was
// given one.
type goAtlassian struct {
	HTTP interface {
		Do(*http.Request) (*http.Response, error)
	}
	Site *url.URL
}

type goAtlassianScheme struct {
	*http.Response
	Bytes bytes.Buffer
}

func newGoAtlassian(httpClient interface {
	Do(*http.Request) (*http.Response, error)
}, site string) (*goAtlassian, error) {
	if !strings.HasSuffix(site, "/") {
		site += "/"
	}
	u, err := url.Parse(site)
	return &goAtlassian{httpClient, u}, err
}

func (c *goAtlassian) NewRequest(ctx context.Context, method, urlStr, kind string, body any) (*http.Request, error) {
	u, err := c.Site.Parse(urlStr)
	if err != nil {
		return nil, err
	}
	buf := new(bytes.Buffer)
	if body != nil {
		if err := json.NewEncoder(buf).Encode(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), buf)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil && kind == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-Atlassian-Token", "no-check")
	return r, nil
}

func (c *goAtlassian) Call(r *http.Request, v any) (*goAtlassianScheme, error) {
	answer, err := c.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	scheme := &goAtlassianScheme{Response: answer}
	if _, err := scheme.Bytes.ReadFrom(answer.Body); err != nil {
		return scheme, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return scheme, fmt.Errorf("invalid status %d", answer.StatusCode)
	}
	return scheme, json.Unmarshal(scheme.Bytes.Bytes(), v)
}

// Libraries of both shapes call with every kind of credential, through a client
// that they are given.
func TestLibrariesOnTop(t *testing.T) {
	cloud := newStage(t, devhost.Config{})
	dc := newDataCenter(t, devhost.DataCenter{})
	classic := store.NewSecret(must(cloud.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	scoped := store.NewSecret(must(cloud.host.AddAPIToken(devhost.APIToken{AccountID: bo, Scopes: []string{"read:jira-user", "write:jira-work"}}))(t))
	pat := store.NewSecret(must(dc.host.AddPAT("bo", "library", 30))(t))
	app := must(cloud.hosts.For(cloud.install(t, "READ", "WRITE", "ACT_AS_USER")))(t)
	for _, c := range []struct {
		client *hostclient.Client
		api    string
	}{
		{app.AsUser(bo), "rest/api/3"},
		{cloud.hosts.Client(must(hostclient.NewAPIToken(cloud.site(t), "bo@example.com", classic))(t)), "rest/api/3"},
		{cloud.hosts.Client(must(hostclient.NewScopedAPIToken(cloud.gateway(t, hostclient.Jira), "bo@example.com", scoped))(t)), "rest/api/3"},
		{dc.hosts.Client(must(hostclient.NewPAT(dc.dataCenter(t), pat))(t)), "rest/api/2"},
	} {
		jira := must(newGoJira(c.client.BaseURL(), c.client.HTTP()))(t)
		var me myself
		if _, err := jira.Do(must(jira.NewRequest(t.Context(), "GET", c.api+"/myself", nil))(t), &me); err != nil || me.AccountID != bo && me.Name != "bo" {
			t.Errorf("%s: go-jira: got %+v, %v", c.client, me, err)
		}
		lost, err := jira.Do(must(jira.NewRequest(t.Context(), "GET", c.api+"/nothing", nil))(t), nil)
		if err == nil || !errors.Is(c.client.CheckResponse(lost.Response), hostclient.ErrNotFound) {
			t.Errorf("%s: go-jira: got %v, want ErrNotFound", c.client, err)
		}

		// go-atlassian reads GET with an empty body, which is none.
		atlassian := must(newGoAtlassian(c.client.HTTP(), c.client.BaseURL()))(t)
		me = myself{}
		if _, err := atlassian.Call(must(atlassian.NewRequest(t.Context(), "GET", c.api+"/myself", "", nil))(t), &me); err != nil || me.AccountID != bo && me.Name != "bo" {
			t.Errorf("%s: go-atlassian: got %+v, %v", c.client, me, err)
		}
		// Anything with a Do: the client itself.
		direct := must(newGoAtlassian(c.client, c.client.BaseURL()))(t)
		comment := map[string]any{"body": "from a library"}
		if strings.HasSuffix(c.api, "3") {
			comment["body"] = devhost.Document("from a library")
		}
		var made struct{ ID string }
		if _, err := direct.Call(must(direct.NewRequest(t.Context(), "POST", c.api+"/issue/DEMO-1/comment", "", comment))(t), &made); err != nil || made.ID == "" {
			t.Errorf("%s: go-atlassian: got %+v, %v", c.client, made, err)
		}
		stray := must(newGoAtlassian(c.client.HTTP(), "https://elsewhere.example"))(t)
		if _, err := stray.Call(must(stray.NewRequest(t.Context(), "GET", c.api+"/myself", "", nil))(t), &me); !errors.Is(err, hostclient.ErrOrigin) {
			t.Errorf("%s: elsewhere: got %v, want ErrOrigin", c.client, err)
		}
	}
}
