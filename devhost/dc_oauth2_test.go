package devhost_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/devhost"
)

const (
	redirectURL = "https://app.example/callback?keep=1"
	tokenPath   = "/rest/oauth2/latest/token"
	formType    = "application/x-www-form-urlencoded"
	verifier    = "0123456789-0123456789_0123456789.0123456789~abc"
)

// client2 is a client of the OAuth 2.0 provider.
type client2 struct {
	t    *testing.T
	h    *devhost.Host
	link devhost.OAuth2Link
}

func newClient2(t *testing.T, h *devhost.Host, scopes ...string) *client2 {
	t.Helper()
	link, err := h.LinkOAuth2(devhost.OAuth2Link{RedirectURL: redirectURL, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return &client2{t, h, link}
}

// edited is a form with members changed; "" removes one.
func edited(v url.Values, edit map[string]string) url.Values {
	for name, value := range edit {
		if v.Set(name, value); value == "" {
			v.Del(name)
		}
	}
	return v
}

func (c *client2) authorizeURL(edit map[string]string) string {
	v := url.Values{"client_id": {c.link.ClientID}, "redirect_uri": {redirectURL}, "response_type": {"code"}, "state": {"s t"}, "scope": {"WRITE"}}
	return c.h.BaseURL() + "/rest/oauth2/latest/authorize?" + edited(v, edit).Encode()
}

// code is what a user's consent gives.
func (c *client2) code(username string, edit map[string]string) string {
	c.t.Helper()
	to, err := c.h.ConsentOAuth2(c.authorizeURL(edit), username)
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		c.t.Fatal(err)
	}
	code := u.Query().Get("code")
	if want := "https://app.example/callback?keep=1&code=" + code + "&state=s+t"; to != want || code == "" {
		c.t.Fatalf("got %s, want %s", to, want)
	}
	return code
}

func (c *client2) token(form map[string]string) *http.Response {
	c.t.Helper()
	v := url.Values{"client_id": {c.link.ClientID}, "client_secret": {c.link.ClientSecret}, "redirect_uri": {redirectURL}}
	return dcCall{method: "POST", path: tokenPath, body: edited(v, form).Encode(), header: map[string]string{"Content-Type": formType}}.do(c.t, c.h)
}

func (c *client2) exchange(code string, edit map[string]string) *http.Response {
	c.t.Helper()
	form := map[string]string{"grant_type": "authorization_code", "code": code}
	for name, value := range edit {
		form[name] = value
	}
	return c.token(form)
}

type tokens2 struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	CreatedAt    int64  `json:"created_at"`
}

func (c *client2) granted(resp *http.Response) tokens2 {
	c.t.Helper()
	var got tokens2
	readJSON(c.t, resp, 200, &got)
	want := tokens2{got.AccessToken, "bearer", 3600, got.RefreshToken, c.h.Now().Unix()}
	if got != want || got.AccessToken == "" {
		c.t.Fatalf("got %+v, want %+v", got, want)
	}
	wantHeader(c.t, resp, "Cache-Control", "no-store")
	return got
}

// refused compares the whole body of an error, which explains nothing.
func (c *client2) refused(resp *http.Response, code string) {
	c.t.Helper()
	if got, want := strings.TrimSpace(readBody(c.t, resp, 400)), `{"error":"`+code+`"}`; got != want {
		c.t.Errorf("got %s, want %s", got, want)
	}
	if lastRefusal(c.h) == "" {
		c.t.Error("got no reason in Calls")
	}
}

func TestOAuth2Story(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newClient2(t, h, "WRITE")
	first := c.granted(c.exchange(c.code("bo", nil), nil))
	call := dcCall{path: dcMyself, bearer: first.AccessToken}
	resp := call.do(t, h)
	if got := readBody(t, resp, 200); !strings.Contains(got, `"name":"bo"`) || len(resp.Cookies()) > 0 {
		t.Errorf("got %s, cookies %v", got, resp.Cookies())
	}
	if calls := h.Calls(); calls[len(calls)-1].Kind != "oauth2" || calls[len(calls)-1].AccountID != bo {
		t.Errorf("got %+v", calls[len(calls)-1])
	}

	refresh := map[string]string{"grant_type": "refresh_token", "refresh_token": first.RefreshToken}
	second := c.granted(c.token(refresh))
	readBody(t, call.do(t, h), 401) // the old access token is gone as well
	c.refused(c.token(refresh), "invalid_grant")
	call.bearer = second.AccessToken
	readBody(t, call.do(t, h), 200)

	ck.advance(time.Hour - time.Second)
	readBody(t, call.do(t, h), 200)
	ck.advance(time.Second)
	if got := strings.TrimSpace(readBody(t, call.do(t, h), 401)); got != dcNobody || lastRefusal(h) != "access token has expired" {
		t.Errorf("got %s, refusal %q", got, lastRefusal(h))
	}
	refresh["refresh_token"] = second.RefreshToken
	third := c.granted(c.token(refresh))
	ck.advance(90 * 24 * time.Hour)
	refresh["refresh_token"] = third.RefreshToken
	c.refused(c.token(refresh), "invalid_grant")

	fourth := c.granted(c.exchange(c.code("bo", nil), nil))
	code := c.code("bo", nil)
	h.UnlinkOAuth2(c.link.ClientID)
	call.bearer = fourth.AccessToken
	readBody(t, call.do(t, h), 401)
	c.refused(c.exchange(code, nil), "invalid_client")
}

func TestOAuth2Refresh(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	c, other := newClient2(t, h, "WRITE"), newClient2(t, h, "WRITE")
	got := c.granted(c.exchange(c.code("bo", nil), nil))
	refresh := func(c *client2, edit map[string]string) *http.Response {
		form := map[string]string{"grant_type": "refresh_token", "refresh_token": got.RefreshToken}
		for name, value := range edit {
			form[name] = value
		}
		return c.token(form)
	}
	c.refused(refresh(c, map[string]string{"redirect_uri": ""}), "invalid_grant")
	c.refused(refresh(c, map[string]string{"redirect_uri": "https://app.example/callback"}), "invalid_grant")
	c.refused(refresh(c, map[string]string{"refresh_token": ""}), "invalid_grant")
	c.refused(refresh(c, map[string]string{"refresh_token": got.AccessToken}), "invalid_grant")
	c.refused(refresh(c, map[string]string{"client_secret": "wrong"}), "invalid_client")
	other.refused(refresh(other, nil), "invalid_grant")
	readBody(t, dcCall{path: dcMyself, bearer: got.AccessToken}.do(t, h), 200)
	readBody(t, dcCall{path: dcMyself, bearer: got.RefreshToken}.do(t, h), 401)
	c.granted(refresh(c, nil))
}

func TestOAuth2Codes(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{})
	c, other := newClient2(t, h, "WRITE"), newClient2(t, h, "WRITE")
	sum := sha256.Sum256([]byte(verifier))
	s256 := map[string]string{"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256"}
	plain := map[string]string{"code_challenge": verifier, "code_challenge_method": "plain"}
	bare := map[string]string{"code_challenge": verifier}
	proof := map[string]string{"code_verifier": verifier}
	wrong := map[string]string{"code_verifier": strings.ToUpper(verifier)}
	tests := []struct {
		name      string
		authorize map[string]string
		wait      time.Duration
		exchange  map[string]string
		want      string // error; empty for tokens
	}{
		{"good", nil, 0, nil, ""},
		{"at the last moment", nil, 10*time.Second - 1, nil, ""},
		{"too late", nil, 10 * time.Second, nil, "invalid_grant"},
		{"no redirect_uri", nil, 0, map[string]string{"redirect_uri": ""}, "invalid_grant"},
		{"another redirect_uri", nil, 0, map[string]string{"redirect_uri": "https://app.example/"}, "invalid_grant"},
		{"wrong secret", nil, 0, map[string]string{"client_secret": "wrong"}, "invalid_client"},
		{"no secret", nil, 0, map[string]string{"client_secret": ""}, "invalid_request"},
		{"unknown client", nil, 0, map[string]string{"client_id": "x"}, "invalid_client"},
		{"another client", nil, 0, map[string]string{"client_id": other.link.ClientID, "client_secret": other.link.ClientSecret}, "invalid_grant"},
		{"no code", nil, 0, map[string]string{"code": ""}, "invalid_grant"},
		{"password grant", nil, 0, map[string]string{"grant_type": "password"}, "unsupported_grant_type"},
		{"no grant", nil, 0, map[string]string{"grant_type": ""}, "invalid_request"},
		{"S256", s256, 0, proof, ""},
		{"plain", plain, 0, proof, ""},
		{"plain goes without saying", bare, 0, proof, ""},
		{"S256, wrong verifier", s256, 0, wrong, "invalid_grant"},
		{"S256, the challenge itself", s256, 0, map[string]string{"code_verifier": s256["code_challenge"]}, "invalid_grant"},
		{"S256, no verifier", s256, 0, nil, "invalid_grant"},
		{"plain, wrong verifier", plain, 0, wrong, "invalid_grant"},
		{"plain, no verifier", plain, 0, nil, "invalid_grant"},
		{"verifier without a challenge", nil, 0, proof, "invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := c.code("bo", tt.authorize)
			ck.advance(tt.wait)
			resp := c.exchange(code, tt.exchange)
			if tt.want != "" {
				c.refused(resp, tt.want)
				return
			}
			c.granted(resp)
			c.refused(c.exchange(code, tt.exchange), "invalid_grant") // a code is good once
		})
	}
	code := c.code("bo", s256)
	c.refused(c.exchange(code, wrong), "invalid_grant")
	c.refused(c.exchange(code, proof), "invalid_grant") // there is no second guess
}

func TestOAuth2TokenRequests(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{CodeLife: time.Minute, AccessTokenLife: 2 * time.Hour})
	c := newClient2(t, h, "WRITE")
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {c.link.ClientID}, "client_secret": {c.link.ClientSecret},
		"redirect_uri": {redirectURL}, "code": {c.code("bo", nil)},
	}.Encode()
	for name, call := range map[string]dcCall{
		"JSON":     {method: "POST", path: tokenPath, body: `{"grant_type":"authorization_code"}`},
		"query":    {method: "POST", path: tokenPath + "?" + form, header: map[string]string{"Content-Type": formType}},
		"repeated": {method: "POST", path: tokenPath, body: form + "&code=x", header: map[string]string{"Content-Type": formType}},
		"no form":  {method: "POST", path: tokenPath, body: "%zz", header: map[string]string{"Content-Type": formType}},
		"large":    {method: "POST", path: tokenPath, body: "a=" + strings.Repeat("a", 64<<10), header: map[string]string{"Content-Type": formType}},
	} {
		t.Run(name, func(t *testing.T) { c.refused(call.do(t, h), "invalid_request") })
	}
	for _, call := range h.Calls() {
		if strings.Contains(call.Query, c.link.ClientSecret) {
			t.Errorf("the secret stands in Calls: %s", call.Query)
		}
	}
	readBody(t, dcCall{path: tokenPath, bearer: "x"}.do(t, h), 401)
	var got tokens2
	readJSON(t, dcCall{method: "POST", path: tokenPath, body: form, header: map[string]string{"Content-Type": formType + ";charset=UTF-8"}}.do(t, h), 200, &got)
	if got.ExpiresIn != 7200 {
		t.Errorf("got %+v", got)
	}
}

func TestOAuth2AuthorizeRefusals(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newClient2(t, h, "WRITE")
	for name, edit := range map[string]map[string]string{
		"unknown client": {"client_id": "x"}, "no client": {"client_id": ""},
		"another redirect_uri": {"redirect_uri": "https://evil.example/"}, "no redirect_uri": {"redirect_uri": ""},
	} {
		if to, err := h.ConsentOAuth2(c.authorizeURL(edit), "bo"); err == nil {
			t.Errorf("%s: got %s", name, to)
		}
		resp := dcCall{path: strings.TrimPrefix(c.authorizeURL(edit), h.BaseURL())}.do(t, h)
		readBody(t, resp, 400)
		wantHeader(t, resp, "Location", "")
	}
	for name, tt := range map[string]struct {
		edit map[string]string
		code string
	}{
		"implicit flow":    {map[string]string{"response_type": "token"}, "unsupported_response_type"},
		"no response type": {map[string]string{"response_type": ""}, "unsupported_response_type"},
		"too much":         {map[string]string{"scope": "ADMIN"}, "invalid_scope"},
		"unknown scope":    {map[string]string{"scope": "READ FLY"}, "invalid_scope"},
		"unknown method":   {map[string]string{"code_challenge": verifier, "code_challenge_method": "S512"}, "invalid_request"},
		"only a method":    {map[string]string{"code_challenge_method": "S256"}, "invalid_request"},
		"42 characters":    {map[string]string{"code_challenge": verifier[:42]}, "invalid_request"},
		"128 characters":   {map[string]string{"code_challenge": strings.Repeat("a", 128)}, "invalid_request"},
		"odd characters":   {map[string]string{"code_challenge": verifier + "="}, "invalid_request"},
	} {
		want := redirectURL + "&error=" + tt.code + "&state=s+t"
		if to, err := h.ConsentOAuth2(c.authorizeURL(tt.edit), "bo"); to != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", name, to, err, want)
		}
		resp := dcCall{path: strings.TrimPrefix(c.authorizeURL(tt.edit), h.BaseURL())}.do(t, h)
		readBody(t, resp, 302)
		wantHeader(t, resp, "Location", want)
	}
	to, err := h.DeclineOAuth2(c.authorizeURL(nil), "bo")
	if want := redirectURL + "&error=access_denied&state=s+t"; to != want || err != nil {
		t.Errorf("got %s, %v, want %s", to, err, want)
	}
}

// The whole way of a browser: authorize, login, consent, back.
func TestOAuth2ConsentPage(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{ContextPath: "/jira"})
	c := newClient2(t, h, "WRITE")
	start := func() string {
		t.Helper()
		resp := dcCall{path: strings.TrimPrefix(c.authorizeURL(nil), h.BaseURL())}.do(t, h)
		readBody(t, resp, 302)
		path, ok := strings.CutPrefix(resp.Header.Get("Location"), h.BaseURL())
		if !ok || !strings.HasPrefix(path, "/plugins/servlet/oauth2/consent?request=") {
			t.Fatalf("got %s", resp.Header.Get("Location"))
		}
		return path
	}
	path := start()
	resp := dcCall{path: path}.do(t, h)
	readBody(t, resp, 302)
	wantHeader(t, resp, "Location", h.BaseURL()+"/login.jsp?os_destination="+url.QueryEscape(path)+"&permissionViolation=true")
	resp = postForm(t, h, "/login.jsp", url.Values{"os_username": {"bo"}, "os_password": {"bo-password"}, "os_destination": {path}})
	readBody(t, resp, 302)
	wantHeader(t, resp, "Location", "/jira"+path)
	cookies := resp.Cookies()

	page := readBody(t, dcCall{path: path, cookies: cookies}.do(t, h), 200)
	if !strings.Contains(page, "have the scopes WRITE in your name") {
		t.Errorf("got %s", page)
	}
	_, id, _ := strings.Cut(path, "=")
	form := url.Values{"request": {id}, "decision": {"allow"}}
	if got := readBody(t, postForm(t, h, "/plugins/servlet/oauth2/consent", form, cookies...), 403); got != xsrfFailure {
		t.Errorf("got %q", got)
	}
	form.Set("atl_token", formToken(t, page))
	resp = postForm(t, h, "/plugins/servlet/oauth2/consent", form, cookies...)
	readBody(t, resp, 302)
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Host != "app.example" || to.Query().Get("state") != "s t" {
		t.Fatalf("got %s, %v", to, err)
	}
	c.granted(c.exchange(to.Query().Get("code"), nil))
	readBody(t, postForm(t, h, "/plugins/servlet/oauth2/consent", form, cookies...), 400)
	readBody(t, dcCall{path: path, cookies: cookies}.do(t, h), 400)

	_, id, _ = strings.Cut(start(), "=")
	form.Set("request", id)
	form.Set("decision", "deny")
	resp = postForm(t, h, "/plugins/servlet/oauth2/consent", form, cookies...)
	readBody(t, resp, 302)
	wantHeader(t, resp, "Location", redirectURL+"&error=access_denied&state=s+t")

	_, id, _ = strings.Cut(start(), "=")
	form.Set("request", id)
	form.Set("decision", "allow")
	ck.advance(10 * time.Minute)
	readBody(t, postForm(t, h, "/plugins/servlet/oauth2/consent", form, cookies...), 400)
}

// Each scope includes those before it, and none gives a right the user lacks.
func TestOAuth2Scopes(t *testing.T) {
	h, _ := newDC(t, devhost.DataCenter{})
	c := newClient2(t, h, "SYSTEM_ADMIN")
	read := dcCall{path: dcMyself}
	write := dcCall{method: "POST", path: "/rest/api/2/issue/OPS-1/comment", body: `{"body":"x"}`}
	admin := dcCall{method: "POST", path: "/rest/api/2/user", body: `{}`} // 400 when it is reached
	system := dcCall{path: "/rest/basicauth/1.0/config"}
	for scope, want := range map[string][4]int{
		"READ": {200, 403, 403, 403}, "WRITE": {200, 201, 403, 403}, "ADMIN": {200, 201, 400, 403},
		"SYSTEM_ADMIN": {200, 201, 400, 200}, "READ ADMIN": {200, 201, 400, 403}, "": {200, 201, 400, 200},
	} {
		token := c.granted(c.exchange(c.code("ada", map[string]string{"scope": scope}), nil)).AccessToken
		for i, call := range []dcCall{read, write, admin, system} {
			call.bearer = token
			resp := call.do(t, h)
			got := strings.TrimSpace(readBody(t, resp, want[i]))
			missing := []string{"READ", "WRITE", "ADMIN", "SYSTEM_ADMIN"}[i]
			if want := `{"errorMessages":["The access token does not have the scope ` + missing + `."],"errors":{}}`; resp.StatusCode == 403 && got != want {
				t.Errorf("scope %q: got %s, want %s", scope, got, want)
			}
		}
	}
	system.bearer = c.granted(c.exchange(c.code("bo", map[string]string{"scope": "SYSTEM_ADMIN"}), nil)).AccessToken
	readBody(t, system.do(t, h), 403)
	attachment := dcCall{path: "/secure/attachment/1/x", bearer: system.bearer}
	readBody(t, attachment.do(t, h), 302)
}

func TestServiceAccountOfDataCenter(t *testing.T) {
	h, ck := newDC(t, devhost.DataCenter{})
	account, err := h.AddDataCenterServiceAccount(devhost.DataCenterServiceAccount{Username: "robot", Scopes: []string{"WRITE"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &client2{t, h, devhost.OAuth2Link{ClientID: account.ClientID, ClientSecret: account.ClientSecret}}
	grant := func(edit map[string]string) *http.Response {
		form := map[string]string{"grant_type": "client_credentials", "redirect_uri": "", "scope": "READ"}
		for name, value := range edit {
			form[name] = value
		}
		return c.token(form)
	}
	got := c.granted(grant(nil))
	if got.RefreshToken != "" {
		t.Errorf("got a refresh token")
	}
	call := dcCall{path: dcMyself, bearer: got.AccessToken}
	if body := readBody(t, call.do(t, h), 200); !strings.Contains(body, `"name":"robot"`) || !strings.Contains(body, `"displayName":"robot"`) {
		t.Errorf("got %s", body)
	}
	write := dcCall{method: "POST", path: "/rest/api/2/issue/OPS-1/comment", body: `{"body":"x"}`, bearer: got.AccessToken}
	readBody(t, write.do(t, h), 403)
	write.bearer = c.granted(grant(map[string]string{"scope": ""})).AccessToken
	readBody(t, write.do(t, h), 201)

	c.refused(grant(map[string]string{"scope": "ADMIN"}), "invalid_scope")
	c.refused(grant(map[string]string{"client_secret": "wrong"}), "invalid_client")
	c.refused(grant(map[string]string{"grant_type": "authorization_code", "code": "x"}), "invalid_client")
	link := newClient2(t, h, "WRITE")
	link.refused(link.token(map[string]string{"grant_type": "client_credentials"}), "invalid_client")
	readBody(t, dcCall{path: dcMyself, basic: "robot:"}.do(t, h), 401)
	ck.advance(time.Hour)
	readBody(t, call.do(t, h), 401)

	for name, a := range map[string]devhost.DataCenterServiceAccount{
		"no name": {Scopes: []string{"READ"}}, "no scopes": {Username: "x"},
		"unknown scope": {Username: "x", Scopes: []string{"read"}}, "taken": {Username: "bo", Scopes: []string{"READ"}},
	} {
		if _, err := h.AddDataCenterServiceAccount(a); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	for name, l := range map[string]devhost.OAuth2Link{
		"no redirect": {Scopes: []string{"READ"}}, "no scopes": {RedirectURL: redirectURL}, "odd redirect": {RedirectURL: "app:x", Scopes: []string{"READ"}},
	} {
		if _, err := h.LinkOAuth2(l); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
