package hostclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// Every way in which the hosts make pages is read to its end, on the site and
// behind the gateway, whose answers name the site.
func TestStoryOfPages(t *testing.T) {
	s := newStage(t, devhost.Config{})
	classic := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: ada}))(t))
	scoped := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: ada, Scopes: []string{
		"read:jira-user", "read:jira-work", "write:jira-work", "read:board-scope:jira-software", "read:servicedesk-request",
		"read:confluence-content.all", "write:confluence-content", "read:page:confluence", "write:page:confluence",
	}}))(t))
	site := s.hosts.Client(must(hostclient.NewAPIToken(s.site(t), "ada@example.com", classic))(t))
	jira := s.hosts.Client(must(hostclient.NewScopedAPIToken(s.gateway(t, hostclient.Jira), "ada@example.com", scoped))(t))
	wiki := s.hosts.Client(must(hostclient.NewScopedAPIToken(s.gateway(t, hostclient.Confluence), "ada@example.com", scoped))(t))
	for n := range 7 {
		comment := map[string]any{"body": devhost.Document(fmt.Sprint("comment ", n))}
		if _, err := hostclient.Send[struct{}](t.Context(), site, "POST", cloudAPI+"/issue/DEMO-1/comment", comment); err != nil {
			t.Fatal(err)
		}
	}
	type item struct{ ID, Key, AccountID any }
	count := func(c *hostclient.Client, q hostclient.PageQuery) (n int, err error) {
		for _, err := range hostclient.PagesOf[item](t.Context(), c, q) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	for _, c := range []struct {
		name   string
		client *hostclient.Client
		query  hostclient.PageQuery
	}{
		{"page bean", jira, hostclient.PageQuery{Path: cloudAPI + "/project/search?maxResults=1"}},
		{"old collection", jira, hostclient.PageQuery{Path: cloudAPI + "/issue/DEMO-1/comment?maxResults=3"}},
		{"JQL by GET", jira, hostclient.PageQuery{Path: cloudAPI + "/search/jql?jql=project%20in%20(DEMO,OPS)&maxResults=5"}},
		{"JQL by POST", jira, hostclient.PageQuery{Path: cloudAPI + "/search/jql", Body: map[string]any{"jql": "project in (DEMO, OPS)", "maxResults": 5}}},
		{"array", jira, hostclient.PageQuery{Path: cloudAPI + "/users/search?maxResults=2"}},
		{"agile", jira, hostclient.PageQuery{Path: "/rest/agile/1.0/board?maxResults=1"}},
		{"service desk", jira, hostclient.PageQuery{Path: "/rest/servicedeskapi/servicedesk?limit=1"}},
		{"Confluence 1", wiki, hostclient.PageQuery{Path: "/wiki/rest/api/content?limit=1"}},
		{"Confluence 2", wiki, hostclient.PageQuery{Path: "/wiki/api/v2/pages?limit=1"}},
	} {
		want, err := count(site, hostclient.PageQuery{Path: withoutLimit(c.query.Path), Body: c.query.Body})
		if err != nil || want < 2 {
			t.Errorf("%s: got %d items, %v, on the site, want some", c.name, want, err)
		}
		for _, client := range []*hostclient.Client{site, c.client} {
			before := s.calls()
			got, err := count(client, c.query)
			if err != nil || got != want {
				t.Errorf("%s on %s: got %d items, %v, want %d", c.name, client.Site(), got, err, want)
			}
			if s.calls()-before < 2 {
				t.Errorf("%s on %s: there was one page", c.name, client.Site())
			}
		}
	}
}

// withoutLimit leaves out how long a page is.
func withoutLimit(path string) string {
	for _, limit := range []string{"?maxResults=1", "?maxResults=2", "?maxResults=3", "&maxResults=5", "?limit=1"} {
		path = strings.TrimSuffix(path, limit)
	}
	return path
}

// A file goes up, and comes down from another host that sees no credential.
func TestStoryOfFiles(t *testing.T) {
	s := newStage(t, devhost.Config{})
	classic := store.NewSecret(must(s.host.AddAPIToken(devhost.APIToken{AccountID: bo}))(t))
	inst := s.install(t, "READ", "WRITE", "ACT_AS_USER")
	app := must(s.hosts.For(inst))(t)
	for _, client := range []*hostclient.Client{
		s.hosts.Client(must(hostclient.NewAPIToken(s.site(t), "bo@example.com", classic))(t)), app, app.AsUser(bo),
	} {
		type attachment struct {
			ID       string
			Filename string
			Content  string
		}
		const text = "0123456789"
		up, err := hostclient.Upload[[]attachment](t.Context(), client, cloudAPI+"/issue/DEMO-1/attachments",
			hostclient.File{Name: `odd "näme".txt`, ContentType: "text/plain", Content: strings.NewReader(text)})
		if err != nil || len(up) != 1 || up[0].Filename != `odd "näme".txt` {
			t.Fatalf("%s: got %+v, %v", client, up, err)
		}
		for _, c := range []struct {
			path, byteRange, want string
			status                int
		}{
			{"/attachment/content/" + up[0].ID, "", text, 200},
			{"/attachment/content/" + up[0].ID, "bytes=2-4", "234", 206},
			{"/attachment/content/" + up[0].ID + "?redirect=false", "", text, 200},
		} {
			r := must(client.NewRequest(t.Context(), "GET", cloudAPI+c.path, nil))(t)
			if c.byteRange != "" {
				r.Header.Set("Range", c.byteRange)
			}
			answer, err := client.Download(r)
			if err != nil {
				t.Errorf("%s, %s: %v", client, c.path, err)
				continue
			}
			got, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || string(got) != c.want || answer.StatusCode != c.status {
				t.Errorf("%s, %s: got %d, %q, %v, want %d, %q", client, c.path, answer.StatusCode, got, err, c.status, c.want)
			}
		}
		r := must(client.NewRequest(t.Context(), "GET", cloudAPI+"/attachment/content/0", nil))(t)
		if _, err := client.Download(r); !errors.Is(err, hostclient.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", client, err)
		}
		r = must(client.NewRequest(t.Context(), "GET", cloudAPI+"/attachment/content/"+up[0].ID, nil))(t)
		r.Header.Set("Range", "bytes=100-")
		_, err = client.Download(r)
		if e := (*hostclient.Error)(nil); !errors.As(err, &e) || e.Status != http.StatusRequestedRangeNotSatisfiable || strings.Contains(e.URL, "?") {
			t.Errorf("%s: got %v, want 416 without the query of the link", client, err)
		}
	}
	if n := s.host.MediaLeaks(); n != 0 {
		t.Errorf("the media host saw a credential %d times", n)
	}
}
