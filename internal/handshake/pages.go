package handshake

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Why a browser's way through an authorization ended, for the packages that lead
// it. They give these errors out under their own names.
var (
	// ErrRequest says that a request to one of the pages is malformed.
	ErrRequest = errors.New("oauth: malformed request")
	// ErrState says that the browser that came back has not begun, or took too
	// long, or came back before.
	ErrState = errors.New("oauth: not this browser's authorization")
	// ErrRefused says that the user did not allow it.
	ErrRefused = errors.New("oauth: the user did not allow it")
)

// Page serves one step of the way, for some methods. URLs here have tokens in
// them, so neither caches nor other sites get to know them. What serve returns goes
// to failed.
func Page(serve func(http.ResponseWriter, *http.Request) error, failed func(http.ResponseWriter, *http.Request, error), methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if err := serve(w, r); err != nil {
			failed(w, r, err)
		}
	})
}

// Once returns parameters of the query, each of which may stand there once. The
// error is ErrRequest.
func Once(r *http.Request, names ...string) (map[string]string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: the query does not parse", ErrRequest)
	}
	values := map[string]string{}
	for _, name := range names {
		if len(query[name]) > 1 {
			return nil, fmt.Errorf("%w: the query has %s more than once", ErrRequest, name)
		}
		values[name] = query.Get(name)
	}
	return values, nil
}

// ReturnTo returns the parameter return_to of a query, empty for none. What could
// lead to another site is ErrRequest.
func ReturnTo(r *http.Request) (string, error) {
	query, err := Once(r, "return_to")
	if err != nil || query["return_to"] == "" {
		return "", err
	}
	if err := CheckLocal(query["return_to"]); err != nil {
		return "", fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return query["return_to"], nil
}

// Kept is what a way keeps between its two pages: a secret of its own, where the
// browser goes in the end, and which user of the app began it.
type Kept struct{ Secret, ReturnTo, User string }

// Payload returns k as a payload.
func (k Kept) Payload() []byte {
	return []byte(url.Values{"secret": {k.Secret}, "return_to": {k.ReturnTo}, "user": {k.User}}.Encode())
}

// Return is Finish for a payload of Kept. It is ErrState unless this browser began
// it, with the user that user names now; user may be nil.
func (h *Handshakes) Return(w http.ResponseWriter, r *http.Request, state string, user func(*http.Request) string) (Kept, error) {
	payload, err := h.Finish(w, r, state)
	if err != nil {
		return Kept{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	form, err := url.ParseQuery(string(payload))
	if err != nil {
		return Kept{}, fmt.Errorf("%w: %w", ErrState, err)
	}
	if form.Get("user") != UserOf(user, r) {
		return Kept{}, fmt.Errorf("%w: another user has begun it", ErrState)
	}
	return Kept{form.Get("secret"), form.Get("return_to"), form.Get("user")}, nil
}

// UserOf returns a digest of the user that user names, empty when it is nil.
func UserOf(user func(*http.Request) string, r *http.Request) string {
	if user == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(user(r)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Plain returns a page for what went wrong that tells the user no details, which
// it logs instead.
func Plain(log *slog.Logger, what string) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		log.LogAttrs(r.Context(), slog.LevelWarn, what+" did not succeed", slog.String("error", err.Error()))
		switch {
		case errors.Is(err, ErrRefused):
			http.Error(w, "You did not allow access. Nothing was changed.", http.StatusForbidden)
		case errors.Is(err, ErrState), errors.Is(err, ErrRequest):
			http.Error(w, "This page was reached in an unexpected way, or too late. Please begin again.", http.StatusBadRequest)
		default:
			http.Error(w, "The server did not grant access. Please try again later.", http.StatusBadGateway)
		}
	}
}
