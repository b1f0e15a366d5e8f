package auth_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
)

// refused returns the *Error that the shot gets, spoiled by spoil.
func (w *world) refused(p auth.Policy, good func(int64) *shot, spoil func(*world, *shot)) *auth.Error {
	w.t.Helper()
	s := good(w.clock.unix())
	spoil(w, s)
	_, err := w.check(s, p)
	var refusal *auth.Error
	if !errors.As(err, &refusal) {
		w.t.Fatalf("got %v, want an *auth.Error", err)
	}
	return refusal
}

// TestErrorDetail shows what a developer learns of a refusal.
func TestErrorDetail(t *testing.T) {
	w := newWorld(t)
	e := w.refused(auth.HostRequest, hostRequest, func(_ *world, s *shot) { s.path, s.query = "/host/a%20b", "b=2&a=1" })
	hash := hashOf("GET", "/host", frame)
	if want := []string{"GET&/host/a b&a=1&b=2", "GET&/host/a%20b&a=1&b=2"}; !slices.Equal(e.Canonical, want) || e.TokenQSH != hash {
		t.Errorf("got canonical requests %q and qsh %s, want %q and %s", e.Canonical, e.TokenQSH, want, hash)
	}
	if e.Policy != auth.HostRequest || e.ClientKey != tenant {
		t.Errorf("got policy %s and client key %s", e.Policy, e.ClientKey)
	}
	for _, part := range []string{"auth: host request: qsh: ", tenant, "GET&/host/a b&a=1&b=2", "GET&/host/a%20b&a=1&b=2", hash} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("got %s, want %s in it", e, part)
		}
	}

	e = w.refused(auth.HostRequest, hostRequest, claim("qsh", `"context-qsh"`))
	if e.Canonical != nil || !strings.Contains(e.Error(), "no hash of a request") {
		t.Errorf("context token on a host route: got %s", e)
	}

	e = w.refused(auth.SignedLifecycle, lifecycleEvent, claim("aud", `["https://other.example"]`))
	if !slices.Equal(e.Audience, []string{"https://other.example"}) || !slices.Equal(e.WantAudience, []string{baseURL}) {
		t.Errorf("got audiences %q and %q", e.Audience, e.WantAudience)
	}
	if text := e.Error(); !strings.Contains(text, "https://other.example") || !strings.Contains(text, baseURL) {
		t.Errorf("got %s, want both audiences in it", text)
	}

	e = w.refused(auth.HostRequest, hostRequest, lived(-10*time.Minute, -5*time.Minute))
	if e.Skew != 5*time.Minute || !strings.Contains(e.Error(), "by 5m0s") {
		t.Errorf("expired: got skew %v in %s, want 5m", e.Skew, e)
	}
	e = w.refused(auth.HostRequest, hostRequest, lived(5*time.Minute, 10*time.Minute))
	if e.Skew != 5*time.Minute || !strings.Contains(e.Error(), "by 5m0s") {
		t.Errorf("early: got skew %v in %s, want 5m", e.Skew, e)
	}
	e = w.refused(auth.Session, session, func(_ *world, s *shot) { s.sign = hs256(secret) })
	if e.ClientKey != tenant || e.Policy != auth.Session {
		t.Errorf("session: got client key %s and policy %s", e.ClientKey, e.Policy)
	}
}

// TestMissingTimes shows that a missing time is called missing.
func TestMissingTimes(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"iat", "exp"} {
		e := w.refused(auth.HostRequest, hostRequest, noClaim(name))
		if e.Code != auth.CodeLifetime || e.Detail != "iat and exp are required" {
			t.Errorf("no %s: got %s", name, e)
		}
	}
}

// TestErrorIsShort shows that what a stranger sends does not fill the log.
func TestErrorIsShort(t *testing.T) {
	w := newWorld(t)
	for _, spoil := range []func(*world, *shot){
		func(_ *world, s *shot) { s.query += "&" + strings.Repeat("x", 100000) },
		claim("iss", quoted(strings.Repeat("k", 10000))),
		claim("qsh", quoted(strings.Repeat("q", 10000))),
		head("alg", quoted(strings.Repeat("a", 10000))),
	} {
		if got := len(w.refused(auth.HostRequest, hostRequest, spoil).Error()); got > 4096 {
			t.Errorf("got a text of %d bytes, want at most 4096", got)
		}
	}
	if got := len(w.refused(auth.SignedLifecycle, lifecycleEvent, claim("aud", quoted(strings.Repeat("a", 10000)))).Error()); got > 4096 {
		t.Errorf("got a text of %d bytes, want at most 4096", got)
	}
}

// TestErrorHidesTokens puts a token where it is not looked for: the text and
// the log do not show it.
func TestErrorHidesTokens(t *testing.T) {
	w := newWorld(t)
	stray := hostRequest(w.clock.unix()).token()
	s := hostRequest(w.clock.unix())
	s.path += "/" + stray
	s.query += "&token=" + stray + "&acpt=credential-1&client_secret=credential-2"
	if status, _ := w.fire(s); status != http.StatusUnauthorized {
		t.Fatalf("got status %d, want 401", status)
	}
	if _, err := w.check(s, auth.HostRequest); err == nil || pieceIn(err.Error(), stray) != "" || strings.Contains(err.Error(), "credential-") {
		t.Errorf("got error %v, want none of the token in it", err)
	}
	log := w.log.take()
	if piece := pieceIn(log, stray); piece != "" {
		t.Errorf("a piece of the token, %q, is in the log: %s", piece, log)
	}
	if strings.Contains(log, "credential-") {
		t.Errorf("a credential is in the log: %s", log)
	}
	if !strings.Contains(log, "/host/") || !strings.Contains(log, "[redacted]") {
		t.Errorf("got log %s, want the path and the mark in it", log)
	}
}

// own is an error with a status, and perhaps a time to wait.
type own struct {
	status int
	wait   time.Duration
}

func (e own) Error() string             { return "own" }
func (e own) HTTPStatus() int           { return e.status }
func (e own) RetryAfter() time.Duration { return e.wait }

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{&auth.Error{Code: auth.CodeQSH}, 401},
		{&auth.Error{Code: auth.CodePolicy}, 401},
		{&auth.Error{}, 401},
		{&auth.Error{Code: auth.CodeBadQuery}, 400},
		{fmt.Errorf("wrapped: %w", &auth.Error{Code: auth.CodeStale}), 401},
		{errors.Join(errors.New("first"), &auth.Error{Code: auth.CodeStale}), 401},
		{errors.New("disk full"), 503},
		{io.ErrUnexpectedEOF, 503},
		{&http.MaxBytesError{Limit: 1}, 413},
		{fmt.Errorf("body: %w", &http.MaxBytesError{Limit: 1}), 413},
		{own{status: 415}, 415},
		{fmt.Errorf("wrapped: %w", own{status: 405}), 405},
	} {
		if got := auth.Status(c.err); got != c.want {
			t.Errorf("Status(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}

func TestRefuse(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		err          error
		status       int
		retry, level string
	}{
		{&auth.Error{Code: auth.CodeQSH, Detail: "private"}, 401, "", "WARN"},
		{&auth.Error{Code: auth.CodeBadQuery, Detail: "private"}, 400, "", "WARN"},
		{errors.New("private"), 503, "", "ERROR"},
		{own{status: 503, wait: 1500 * time.Millisecond}, 503, "2", "ERROR"},
		{own{status: 503, wait: time.Millisecond}, 503, "1", "ERROR"},
		{own{status: 429, wait: time.Minute}, 429, "60", "WARN"},
	} {
		rec := httptest.NewRecorder()
		w.log.take()
		w.verifier.Refuse(rec, httptest.NewRequest("GET", "/x?jwt=eyJ", nil), c.err)
		h := rec.Result().Header
		if rec.Code != c.status || rec.Body.String() != http.StatusText(c.status)+"\n" {
			t.Errorf("%v: got status %d and body %q", c.err, rec.Code, rec.Body)
		}
		if h.Get("Retry-After") != c.retry || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v: got headers %v", c.err, h)
		}
		if got, want := h.Get("WWW-Authenticate"), c.status == 401; (got == `JWT realm="com.example.hello"`) != want {
			t.Errorf("%v: got WWW-Authenticate %q", c.err, got)
		}
		log := w.log.take()
		if !strings.Contains(log, `"level":"`+c.level+`"`) || !strings.Contains(log, fmt.Sprintf(`"status":%d`, c.status)) || strings.Contains(log, "jwt=") {
			t.Errorf("%v: got log %s", c.err, log)
		}
	}
}

// TestRefuseHidesTokens shows that no error of another package brings a token
// into the log or to the developer.
func TestRefuseHidesTokens(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config) { cfg.Development = true })
	token := hostRequest(w.clock.unix()).token()
	rec := httptest.NewRecorder()
	w.verifier.Refuse(rec, httptest.NewRequest("GET", "/x", nil), fmt.Errorf("GET /x?jwt=%s: refused", token))
	log, answer := w.log.take(), rec.Body.String()
	if piece := pieceIn(log+answer, token); piece != "" {
		t.Errorf("a piece of the token, %q, is in the log %s or the answer %s", piece, log, answer)
	}
	if !strings.Contains(log, "GET /x?jwt=") || !strings.Contains(answer, "refused") {
		t.Errorf("got log %s and answer %s, want the rest of the error", log, answer)
	}
}

// TestRefuseLogIsShort shows that neither path nor method of a stranger fills
// the log, and that a token is not cut in half but taken out.
func TestRefuseLogIsShort(t *testing.T) {
	w := newWorld(t)
	token := hostRequest(w.clock.unix()).token()
	for _, c := range []struct{ method, path, wantMethod, wantPath string }{
		{"GET", "/x", "GET", "/x"},
		{"PATCH", "/x", "PATCH", "/x"},
		{strings.Repeat("X", 10000), "/x", "OTHER", "/x"},
		{"get", "/x", "OTHER", "/x"},
		{"GET", "/" + strings.Repeat("a", 255), "GET", "/" + strings.Repeat("a", 255)},
		{"GET", "/" + strings.Repeat("a", 10000), "GET", "/" + strings.Repeat("a", 255)},
		{"GET", "/" + strings.Repeat("a", 254) + "ü", "GET", "/" + strings.Repeat("a", 254)},
		{"GET", "/" + strings.Repeat("a", 200) + "/" + token, "GET", "/" + strings.Repeat("a", 200) + "/[redacted]"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL.Path = c.method, c.path
		w.log.take()
		w.verifier.Refuse(httptest.NewRecorder(), r, &auth.Error{})
		var line struct{ Method, Path string }
		if err := json.Unmarshal([]byte(w.log.take()), &line); err != nil {
			t.Fatal(err)
		}
		if line.Method != c.wantMethod || line.Path != c.wantPath {
			t.Errorf("got method %.300q and path %.300q, want %q and %q", line.Method, line.Path, c.wantMethod, c.wantPath)
		}
	}
}

func TestRefuseHead(t *testing.T) {
	w := newWorld(t)
	rec := httptest.NewRecorder()
	w.verifier.Refuse(rec, httptest.NewRequest("HEAD", "/x", nil), &auth.Error{})
	if rec.Code != 401 || rec.Body.Len() != 0 {
		t.Errorf("got status %d and body %q, want 401 and none", rec.Code, rec.Body)
	}
}

// TestDevelopment shows that the developer is told the reason, and that the
// token is not.
func TestDevelopment(t *testing.T) {
	w := newWorld(t, func(cfg *auth.Config) { cfg.Development = true })
	s := hostRequest(w.clock.unix())
	s.query += "&more=1&token=" + s.token()
	token := s.token()
	status, answer := w.fire(s)
	if status != http.StatusUnauthorized || !strings.Contains(answer, "Unauthorized\nauth: host request: qsh: ") || !strings.Contains(answer, "GET&/host&") {
		t.Errorf("got %s, want the reason in it", answer)
	}
	if piece := pieceIn(answer, token); piece != "" {
		t.Errorf("a piece of the token, %q, is in the answer %s", piece, answer)
	}
}

func TestNoLogger(t *testing.T) {
	var standard bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&standard, nil)))
	w := newWorld(t, func(cfg *auth.Config) { cfg.Logger = nil })
	if status, _ := w.fire(pageFrame(0)); status != http.StatusUnauthorized {
		t.Errorf("got status %d, want 401", status)
	}
	if standard.Len() > 0 {
		t.Errorf("got log %s, want none", &standard)
	}
}

func TestPolicyNames(t *testing.T) {
	for policy, want := range map[auth.Policy]string{
		0: "none", auth.HostRequest: "host request", auth.ContextToken: "context token",
		auth.SignedLifecycle: "signed lifecycle", auth.Session: "session", auth.Notice: "notice", auth.Form: "form token", 7: "none", 255: "none",
	} {
		if got := policy.String(); got != want {
			t.Errorf("policy %d: got %q, want %q", policy, got, want)
		}
	}
}
