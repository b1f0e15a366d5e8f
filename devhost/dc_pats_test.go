package devhost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const patPath = "/rest/pat/latest/tokens"

type patAnswer struct {
	ID         int    `json:"id"`
	Name       string `json:"name"`
	CreatedAt  string `json:"createdAt"`
	ExpiringAt string `json:"expiringAt"`
	RawToken   string `json:"rawToken"`
}

func TestPersonalAccessToken(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	var made patAnswer
	readJSON(t, dcCall{method: "POST", path: patPath, basic: boBasic, body: `{"name":"ci","expirationDuration":90}`}.do(t, h), 201, &made)
	want := patAnswer{made.ID, "ci", "2026-11-20T12:00:00.000+0000", "2027-02-18T12:00:00.000+0000", made.RawToken}
	if made != want || made.RawToken == "" {
		t.Fatalf("got %+v, want %+v", made, want)
	}
	call := dcCall{path: dcMyself, bearer: made.RawToken}
	resp := call.do(t, h)
	if got := readBody(t, resp, 200); !strings.Contains(got, `"name":"bo"`) {
		t.Errorf("got %s", got)
	}
	if len(resp.Cookies()) > 0 {
		t.Errorf("got cookies %v with a token", resp.Cookies())
	}
	if calls := h.Calls(); calls[len(calls)-1].Kind != "pat" {
		t.Errorf("got %+v", calls[len(calls)-1])
	}

	list := readBody(t, dcCall{path: patPath, bearer: made.RawToken}.do(t, h), 200)
	if want := `[{"id":1,"name":"ci","createdAt":"2026-11-20T12:00:00.000+0000","expiringAt":"2027-02-18T12:00:00.000+0000"}]`; strings.TrimSpace(list) != want {
		t.Errorf("got %s, want %s", list, want)
	}
	if one := readBody(t, dcCall{path: patPath + "/1", basic: boBasic}.do(t, h), 200); strings.Contains(one, "rawToken") {
		t.Errorf("got %s", one)
	}
	if got := strings.TrimSpace(readBody(t, dcCall{path: patPath, basic: adaBasic}.do(t, h), 200)); got != "[]" {
		t.Errorf("another user: got %s", got)
	}

	ck.advance(90*24*time.Hour - time.Second)
	readBody(t, call.do(t, h), 200)
	ck.advance(time.Second)
	if got := strings.TrimSpace(readBody(t, call.do(t, h), 401)); got != dcNobody || lastRefusal(h) != "personal access token has expired" {
		t.Errorf("got %s, refusal %q", got, lastRefusal(h))
	}
}

func TestPATRevoked(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{})
	raw, err := h.AddPAT("bo", "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	ck.advance(100 * 365 * 24 * time.Hour)
	readBody(t, dcCall{path: dcMyself, bearer: raw}.do(t, h), 200)
	readBody(t, dcCall{method: "DELETE", path: patPath + "/1", basic: adaBasic}.do(t, h), 404)
	readBody(t, dcCall{method: "DELETE", path: patPath + "/1", cookies: login(t, h, "bo")}.do(t, h), 403)
	readBody(t, dcCall{method: "DELETE", path: patPath + "/1", bearer: raw}.do(t, h), 204)
	readBody(t, dcCall{path: dcMyself, bearer: raw}.do(t, h), 401)
	readBody(t, dcCall{method: "DELETE", path: patPath + "/1", basic: boBasic}.do(t, h), 404)
	readBody(t, dcCall{path: patPath + "/x", basic: boBasic}.do(t, h), 404)
}

func TestPATRefusals(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	create := dcCall{method: "POST", path: patPath, basic: boBasic}
	for name, body := range map[string]string{
		"no name": `{"expirationDuration":1}`, "blank name": `{"name":" "}`, "no days": `{"name":"x","expirationDuration":0}`,
		"half a day": `{"name":"x","expirationDuration":0.5}`, "days as text": `{"name":"x","expirationDuration":"1"}`,
		"an age": `{"name":"x","expirationDuration":1e9}`, "no JSON": `x`,
	} {
		create.body = body
		if resp := create.do(t, h); resp.StatusCode != 400 {
			t.Errorf("%s: got status %d, want 400", name, resp.StatusCode)
		}
	}
	create.body = `{"name":"x"}`
	for range 10 {
		readBody(t, create.do(t, h), 201)
	}
	want := `{"errorMessages":["You have reached the limit of 10 personal access tokens."],"errors":{}}`
	if got := strings.TrimSpace(readBody(t, create.do(t, h), 400)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := h.AddPAT("bo", "x", 0); err == nil {
		t.Error("got an eleventh token")
	}
	if _, err := h.AddPAT("nobody", "x", 0); err == nil {
		t.Error("got a token for nobody")
	}
	create.basic = ""
	readBody(t, create.do(t, h), 401)
	create.basic = adaBasic
	readBody(t, create.do(t, h), 201)

	raw, err := h.AddPAT("chen", "x", 0)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := h.User("712020:chen")
	u.Inactive = true
	if _, err := h.AddUser(u); err != nil {
		t.Fatal(err)
	}
	readBody(t, dcCall{path: dcMyself, bearer: raw}.do(t, h), 401)
}
