package connect_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/internal/qsh"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	appKey    = "hello"
	baseURL   = "https://app.example.com"
	clientKey = "tenant-1"
	secret    = "a-shared-secret-of-more-than-32-bytes"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// journal is a logger's output that may be read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *journal) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *journal) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// world is an app with one tenant.
type world struct {
	*connect.App
	store *store.Memory
	log   *journal
}

func newWorld(t *testing.T, change func(*connect.Config)) *world {
	t.Helper()
	w := &world{store: store.NewMemory(), log: new(journal)}
	cfg := connect.Config{
		BaseURL: baseURL,
		Descriptor: &descriptor.App{
			Key: appKey, Name: "Hello", Scopes: descriptor.Scopes{descriptor.Read},
		},
		Store:  w.store,
		Clock:  func() time.Time { return now },
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	app, err := connect.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.App = app
	_, err = w.store.Update(t.Context(), clientKey, func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{
			Key: appKey, ClientKey: clientKey, SharedSecret: store.NewSecret(secret), State: store.Enabled,
			BaseURL: "https://one.atlassian.net", DisplayURL: "https://jira.one.example", ProductType: "jira",
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sign returns a token of the tenant with this qsh.
func sign(t *testing.T, hash string) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": clientKey, "sub": "712020:ada", "iat": now.Unix(), "exp": now.Add(3 * time.Minute).Unix(), "qsh": hash,
	}).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// hashOf returns the qsh of a request for path, which is below the base URL.
func hashOf(t *testing.T, method, path string) string {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	params, err := qsh.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return qsh.Sum(qsh.Canonical(method, path, params))
}

// serve starts a server of the app.
func (w *world) serve(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return server
}

type answer struct {
	*http.Response
	body string
}

// do sends a request with a token, none if it is empty, in the header.
func do(t *testing.T, method, url, token string, body io.Reader) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "JWT "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return send(t, r)
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(text)}
}

func hello(w http.ResponseWriter, r *http.Request) {
	name := "nobody"
	if c := connect.CallerFrom(r.Context()); c != nil {
		name = c.AccountID
	}
	_, _ = io.WriteString(w, "hello "+name)
}

// decoded is a segment of a token.
func decoded(t *testing.T, segment string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readAll(r *http.Request) (string, error) {
	b, err := io.ReadAll(r.Body)
	return string(b), err
}
