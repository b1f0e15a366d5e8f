package devhost_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

type found struct {
	Issues []struct {
		ID, Key string
		Fields  map[string]json.RawMessage
	}
	NextPageToken string
	IsLast        bool
}

func (f found) keys() string {
	var keys []string
	for _, i := range f.Issues {
		keys = append(keys, i.Key)
	}
	return strings.Join(keys, " ")
}

// searchHost has issues of known state at noon of 20 November 2026.
func searchHost(t *testing.T) (*devhost.Host, *testApp) {
	t.Helper()
	day := func(n int) time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).AddDate(0, 0, -n) }
	h, a, _ := newHost(t, devhost.Config{
		Users: []devhost.User{{AccountID: "a", DisplayName: "Ann Lee"}, {AccountID: "b", DisplayName: "Bob"}},
		Issues: []devhost.Issue{
			{Key: "AB-1", Summary: "Login fails on Monday", Status: "To Do", Assignee: "a", Reporter: "b", Created: day(100), Updated: day(40), Labels: []string{"urgent"}},
			{Key: "AB-2", Summary: "Write the manual", Description: devhost.Document("about the login page"), Status: "In Progress", Assignee: "b", Reporter: "b", Type: "Story", Created: day(50), Updated: day(30)},
			{Key: "AB-10", Summary: "Old and done", Status: "Done", Reporter: "a", Priority: "High", Created: day(200), Updated: day(90)},
			{Key: "XY-1", Summary: "Fresh bug", Status: "To Do", Type: "Bug", Reporter: "a", Created: day(1), Updated: day(0), Comments: []devhost.Comment{{Author: "a", Body: devhost.Document("see the manual")}}},
			{Key: "XY-2", Summary: "Logging, \"quoted\"", Status: "In Progress", Assignee: "a", Priority: "Low", Created: day(3), Updated: day(2), Labels: []string{"urgent", "later"}},
		},
	})
	if _, err := h.Install(t.Context(), a.descriptor()); err != nil {
		t.Fatal(err)
	}
	return h, a
}

func TestJQL(t *testing.T) {
	_, a := searchHost(t)
	asAnn := a.asUser("a", "")
	tests := []struct{ jql, want string }{
		{`project = AB ORDER BY key`, "AB-1 AB-2 AB-10"},
		{`project = ab order by KEY desc`, "AB-10 AB-2 AB-1"},
		{`project in (AB, XY) and type = Bug`, "XY-1"},
		{`project not in (AB) ORDER BY key`, "XY-1 XY-2"},
		{`project != XY AND status != Done ORDER BY key`, "AB-1 AB-2"},
		{`status = "To Do" ORDER BY key`, "AB-1 XY-1"},
		{`status = 'in progress' ORDER BY key`, "AB-2 XY-2"},
		{`statusCategory != Done ORDER BY key`, "AB-1 AB-2 XY-1 XY-2"},
		{`statusCategory = "In Progress" order by key`, "AB-2 XY-2"},
		{`statusCategory in (new, done) order by key`, "AB-1 AB-10 XY-1"},
		{`resolution = Unresolved AND project = AB order by key`, "AB-1 AB-2"},
		{`resolution is not EMPTY`, "AB-10"},
		{`assignee = currentUser() order by key`, "AB-1 XY-2"},
		{`assignee = "Ann Lee" order by key`, "AB-1 XY-2"},
		{`assignee in (a, b) order by key`, "AB-1 AB-2 XY-2"},
		{`assignee is EMPTY order by key`, "AB-10 XY-1"},
		{`assignee is not null order by key`, "AB-1 AB-2 XY-2"},
		{`assignee = empty order by key`, "AB-10 XY-1"},
		{`assignee != a`, "AB-2"}, // an empty field is in no inequality
		{`assignee not in (a)`, "AB-2"},
		{`NOT assignee = a order by key`, "AB-2 AB-10 XY-1"},
		{`reporter = b and not assignee = b`, "AB-1"},
		{`updated <= -30d ORDER BY updated ASC`, "AB-10 AB-1 AB-2"},
		{`updated < -30d ORDER BY updated ASC`, "AB-10 AB-1"},
		{`updated >= -2d order by key`, "XY-1 XY-2"},
		{`updated < "-4w 2d" order by key`, "AB-1 AB-10"},
		{`updated > startOfDay()`, "XY-1"},
		{`updated >= startOfMonth() order by key`, "XY-1 XY-2"},
		{`updated <= now() and updated >= "2026-11-20 12:00"`, "XY-1"},
		{`updated < 2026/10/12 order by key`, "AB-1 AB-10"},
		{`created > startOfDay(-2d)`, "XY-1"},
		{`created < "-3M" and status = Done`, "AB-10"},
		{`created = "2026-11-17 12:00"`, "XY-2"},
		{`createdDate < -99d and updatedDate > -1y order by key`, "AB-1 AB-10"},
		{`key = XY-2`, "XY-2"},
		{`issuekey in (xy-2, AB-1) order by key`, "AB-1 XY-2"},
		{`labels = urgent order by key`, "AB-1 XY-2"},
		{`labels in (later)`, "XY-2"},
		{`labels != later`, "AB-1"},
		{`priority = High or priority = low order by key`, "AB-10 XY-2"},
		{`text ~ login order by key`, "AB-1 AB-2"},
		{`text ~ "login page"`, "AB-2"},
		{`text ~ "log*" order by key`, "AB-1 AB-2 XY-2"},
		{`text ~ manual order by key`, "AB-2 XY-1"},
		{`summary ~ manual`, "AB-2"},
		{`description ~ manual`, ""},
		{`description is empty and project = XY order by key`, "XY-1 XY-2"},
		{`summary !~ login and project = AB order by key`, "AB-2 AB-10"},
		{`summary ~ "\"quoted\""`, "XY-2"},
		{`project = AB OR project = XY AND status = "To Do" order by key`, "AB-1 AB-2 AB-10 XY-1"},
		{`(project = AB OR project = XY) AND status = "To Do" order by key`, "AB-1 XY-1"},
		{`((project=AB))&&!(status=Done) order by key`, "AB-1 AB-2"},
		{`status = Done || key = XY-1 order by key`, "AB-10 XY-1"},
		{`not not project = XY order by key`, "XY-1 XY-2"},
		{`project = AB ORDER BY priority DESC, key`, "AB-10 AB-1 AB-2"},
		{`project = AB ORDER BY status DESC`, "AB-10 AB-2 AB-1"},
		{`project = AB`, "AB-2 AB-1 AB-10"}, // newest first
	}
	for _, tt := range tests {
		t.Run(tt.jql, func(t *testing.T) {
			var f found
			readJSON(t, asAnn("GET", "/rest/api/3/search/jql?fields=summary&jql="+url.QueryEscape(tt.jql), ""), 200, &f)
			if got := f.keys(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestJQLRefused(t *testing.T) {
	_, a := searchHost(t)
	tests := []struct{ jql, text string }{
		{``, "Unbounded"},
		{`order by created`, "Unbounded"},
		{`project = AB and`, "before the end"},
		{`project = AB status = Done`, "but got 'status'"},
		{`project AB`, "an operator"},
		{`project =`, "before the end"},
		{`= AB`, "a field name"},
		{`project = and`, "a value"},
		{`(project = AB`, "')'"},
		{`project = AB)`, "but got ')'"},
		{`project in AB`, "'('"},
		{`project in (AB XY)`, "',' or ')'"},
		{`project in (`, "before the end"},
		{`project in ()`, "a value"},
		{`project = NONE`, "The value 'NONE' does not exist for the field 'project'."},
		{`status = Sleeping`, "does not exist for the field 'status'"},
		{`assignee = nobody`, "does not exist for the field 'assignee'"},
		{`mood = good`, "Field 'mood' does not exist"},
		{`project ~ AB`, "is not supported by the 'project' field"},
		{`status > Done`, "is not supported"},
		{`updated ~ "-1d"`, "is not supported"},
		{`summary = x`, "is not supported"},
		{`assignee is bob`, "EMPTY or NULL only"},
		{`updated > yesterday`, "Date value 'yesterday' is invalid"},
		{`updated > never()`, "Unable to find JQL function 'never()'"},
		{`updated > startOfDay(soon)`, "no period"},
		{`project = currentUser()`, "Unable to find JQL function"},
		{`summary ~ "open`, "has not been completed"},
		{`project = AB order by`, "a field to order by"},
		{`project = AB order key`, "'BY'"},
		{`project = AB order by mood`, "a field to order by"},
		{strings.Repeat("(", 200) + "project = AB" + strings.Repeat(")", 200), "levels"},
		{"project = AB or " + strings.Repeat(" ", 10000) + "project = XY", "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"jql": tt.jql})
			if err != nil {
				t.Fatal(err)
			}
			var e struct{ ErrorMessages []string }
			readJSON(t, a.call("POST", "/rest/api/3/search/jql", string(body)), 400, &e)
			if len(e.ErrorMessages) != 1 || !strings.Contains(e.ErrorMessages[0], tt.text) {
				t.Errorf("%s: got %q, want %q", tt.jql, e.ErrorMessages, tt.text)
			}
		})
	}
}

func TestSearchPages(t *testing.T) {
	_, a := searchHost(t)
	var got []string
	token := ""
	for page := range 10 {
		body, err := json.Marshal(map[string]any{
			"jql": "project in (AB, XY) order by key", "maxResults": 2, "fields": []string{"*all", "-comment"}, "nextPageToken": token,
		})
		if err != nil {
			t.Fatal(err)
		}
		var f found
		readJSON(t, a.call("POST", "/rest/api/3/search/jql", string(body)), 200, &f)
		for _, i := range f.Issues {
			got = append(got, i.Key)
			if i.Fields["summary"] == nil || i.Fields["assignee"] == nil || i.Fields["comment"] != nil {
				t.Errorf("%s: got fields %v", i.Key, i.Fields)
			}
		}
		if f.IsLast != (f.NextPageToken == "") || f.IsLast != (page == 2) {
			t.Errorf("page %d: isLast %v, token %q", page, f.IsLast, f.NextPageToken)
		}
		if token = f.NextPageToken; f.IsLast {
			break
		}
	}
	if want := []string{"AB-1", "AB-2", "AB-10", "XY-1", "XY-2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSearchParameters(t *testing.T) {
	_, a := searchHost(t)
	var f found
	readJSON(t, a.call("GET", "/rest/api/3/search/jql?jql=project%3DAB", ""), 200, &f)
	if len(f.Issues) != 3 || f.Issues[0].ID == "" || f.Issues[0].Key != "" || f.Issues[0].Fields != nil {
		t.Errorf("without fields: got %+v, want ids alone", f)
	}
	readJSON(t, a.call("POST", "/rest/api/3/search/jql", `{"jql":"project=AB","maxResults":1}`), 200, &f)
	for _, n := range []int{0, -1, 5001} {
		readBody(t, a.call("GET", "/rest/api/3/search/jql?jql=project%3DAB&maxResults="+strconv.Itoa(n), ""), 400)
	}
	for name, body := range map[string]string{
		"unknown member": `{"jql":"project=AB","startAt":0}`, "no JSON": `jql`, "two values": `{"jql":"project=AB"}{}`,
		"token of another query": `{"jql":"project=XY","nextPageToken":"` + f.NextPageToken + `"}`,
		"broken token":           `{"jql":"project=AB","nextPageToken":"x"}`,
		"maxResults is text":     `{"jql":"project=AB","maxResults":"2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			readBody(t, a.call("POST", "/rest/api/3/search/jql", body), http.StatusBadRequest)
		})
	}
	readBody(t, a.call("GET", "/rest/api/3/search/jql?jql=project%3DAB&maxResults=many", ""), 400)
	readBody(t, a.call("POST", "/rest/api/3/search/jql", `{"jql":"project=AB","nextPageToken":"`+f.NextPageToken+`"}`), 200)
}

// A webhook filter is a query that is asked of one issue; the parser must hold
// for whatever stands there.
func FuzzJQL(f *testing.F) {
	for _, s := range []string{`project = AB`, `a in (b, c) or not (d ~ "e\"f") order by g desc`, `updated < -30d`, "\"", "((((", "!!!!"} {
		f.Add(s)
	}
	h, err := devhost.New(devhost.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { h.Close() })
	f.Fuzz(func(t *testing.T, jql string) {
		// A query that is accepted finds the same with parentheses around it, and
		// together with its negation everything.
		plain, err := h.Search(jql)
		if err != nil || strings.Contains(strings.ToLower(jql), "order") || strings.TrimSpace(jql) == "" {
			return
		}
		grouped, err := h.Search("(" + jql + ")")
		if err != nil {
			if strings.Contains(err.Error(), "levels") || strings.Contains(err.Error(), "longer") {
				return
			}
			t.Fatalf("in parentheses: %v", err)
		}
		others, err := h.Search("not (" + jql + ")")
		if err != nil {
			return // one level more
		}
		if len(grouped) != len(plain) || len(plain)+len(others) != len(h.Issues()) {
			t.Errorf("%q: found %d, in parentheses %d, negated %d of %d", jql, len(plain), len(grouped), len(others), len(h.Issues()))
		}
	})
}
