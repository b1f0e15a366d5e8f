// Package handshake keeps a short-lived value bound to one browser session,
// from where the browser is sent away, to authorise something elsewhere, until
// it comes back.
//
// The value travels sealed in a cookie of its own, so any process that has the
// same key can finish what another one began. Whoever comes back must bring
// both halves: the state, which has been in URLs, and the cookie, which has
// not. So nobody can have another's browser finish a handshake that he began.
package handshake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

var (
	// ErrUnknown says that the browser has no such handshake: it never began
	// it, it is another browser, or its cookie is gone or damaged.
	ErrUnknown = errors.New("handshake: this browser has not begun it")
	// ErrExpired says that the browser came back too late.
	ErrExpired = errors.New("handshake: it took too long")
	// ErrUsed says that the handshake was finished before.
	ErrUsed = errors.New("handshake: it was finished before")
)

const (
	minKey     = 32 // bytes
	defaultTTL = 10 * time.Minute
	maxTTL     = time.Hour
	maxState   = 256     // bytes
	maxPayload = 2 << 10 // bytes; a browser keeps 4 KiB a cookie
	maxUsed    = 1 << 16 // handshakes remembered
)

// Config says how handshakes are kept. New copies it.
type Config struct {
	// Key seals the cookies; at least 32 bytes, the same in all processes that
	// serve the same site. Nil means a random one: then each handshake must be
	// finished by the process that began it.
	Key []byte
	// Audience says what the handshakes are for. One that was begun for
	// another audience is unknown, even where key and cookie name are the same:
	// so no server can have a browser finish what it began at another one.
	Audience string
	// Cookie is how the names of the cookies begin, such as "oauth1": letters,
	// digits, "-" and "_". It must not be empty.
	Cookie string
	// Secure says that browsers reach this site by https. The cookies then go
	// nowhere else and have the prefix __Host-, with which no neighbouring
	// domain can set them. Without, the site must be on a loopback host.
	Secure bool
	// TTL is how long a handshake may take. 0 means 10 minutes; the longest is
	// an hour.
	TTL time.Duration
	// Clock tells the time. Nil means time.Now. It must be safe for concurrent
	// use, and so must Rand.
	Clock func() time.Time
	// Rand is where random bytes come from. Nil means crypto/rand.
	Rand io.Reader
}

// String says what the handshakes are for; the key is not in it.
func (c Config) String() string { return fmt.Sprintf("handshake: %s for %q", c.Cookie, c.Audience) }

// Format writes what String returns, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Handshakes begins and finishes handshakes for one audience. It is safe for
// concurrent use and shows nothing secret when it is formatted.
type Handshakes struct {
	config Config
	seal   func() cipher.AEAD // a function, into which fmt never looks
	used   *memory
}

// New returns Handshakes for config. An error names the field that is wrong.
func New(config Config) (*Handshakes, error) {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.Rand == nil {
		config.Rand = rand.Reader
	}
	if config.TTL == 0 {
		config.TTL = defaultTTL
	}
	switch {
	case config.TTL < 0 || config.TTL > maxTTL:
		return nil, fmt.Errorf("handshake: TTL is %v, want at most %v", config.TTL, maxTTL)
	case !cookieName(config.Cookie):
		return nil, fmt.Errorf("handshake: Cookie %q is not of letters, digits, - and _", config.Cookie)
	case config.Key != nil && len(config.Key) < minKey:
		return nil, fmt.Errorf("handshake: Key has %d bytes, want at least %d", len(config.Key), minKey)
	}
	seal, err := sealer(config)
	if err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	config.Key = nil
	return &Handshakes{config: config, seal: func() cipher.AEAD { return seal }, used: &memory{max: maxUsed}}, nil
}

// sealer derives a key for the audience alone.
func sealer(config Config) (cipher.AEAD, error) {
	key := config.Key
	if key == nil {
		key = make([]byte, minKey)
		if _, err := io.ReadFull(config.Rand, key); err != nil {
			return nil, err
		}
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "handshake 1\n"+config.Cookie+"\n"+config.Audience, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// String says what the handshakes are for.
func (h Handshakes) String() string { return h.config.String() }

// Format writes what String returns, whatever the verb.
func (h Handshakes) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// Begin is Bind with a state of 256 random bits, which is safe in a URL.
func (h *Handshakes) Begin(w http.ResponseWriter, r *http.Request, payload []byte) (state string, err error) {
	random := make([]byte, 32)
	if _, err := io.ReadFull(h.config.Rand, random); err != nil {
		return "", fmt.Errorf("handshake: %w", err)
	}
	state = base64.RawURLEncoding.EncodeToString(random)
	if err := h.Bind(w, r, state, payload); err != nil {
		return "", err
	}
	return state, nil
}

// Bind begins a handshake under a state that is given, such as the token that
// an OAuth 1.0a server hands out for it: of at most 256 bytes, and never the
// same twice. It binds payload, of at most 2 KiB, to the browser that sent r, by
// a cookie that it sets on w; so it comes before w's header is written. Of the
// handshakes that the browser has not finished, it keeps this one and the four
// that end last.
func (h *Handshakes) Bind(w http.ResponseWriter, r *http.Request, state string, payload []byte) error {
	switch {
	case state == "" || len(state) > maxState:
		return fmt.Errorf("handshake: the state has %d bytes, want 1 to %d", len(state), maxState)
	case len(payload) > maxPayload:
		return fmt.Errorf("handshake: the payload has %d bytes, want at most %d", len(payload), maxPayload)
	}
	value, err := h.sealed(state, payload, h.config.Clock().Add(h.config.TTL))
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	name := h.cookieFor(state)
	h.makeRoom(w, r, name)
	http.SetCookie(w, h.cookie(name, value, int(h.config.TTL/time.Second)))
	return nil
}

// Finish returns the payload that was bound to state and to the browser that
// sent r, once, and clears the cookie on w; so it comes before w's header is
// written. It is ErrUnknown when this browser has not begun that handshake,
// ErrExpired when it is too old and ErrUsed when it was finished before. A
// process knows of those that it finished itself; what others have finished it
// takes again from a browser that still has the cookie.
func (h *Handshakes) Finish(w http.ResponseWriter, r *http.Request, state string) (payload []byte, err error) {
	name := h.cookieFor(state)
	for _, c := range r.CookiesNamed(name) {
		payload, expires, ok := h.open(c.Value, state)
		if !ok {
			continue // a neighbouring domain may have set another one
		}
		http.SetCookie(w, h.cookie(name, "", -1))
		now := h.config.Clock()
		if !now.Before(expires) {
			return nil, ErrExpired
		}
		if err := h.used.add(sha256.Sum256([]byte(state)), expires, now); err != nil {
			return nil, err
		}
		return payload, nil
	}
	return nil, ErrUnknown
}

// A cookie's value is, in base64url, when it ends, which anybody may read; a
// nonce; and state and payload, sealed.
const expiryBytes = 8

func (h *Handshakes) sealed(state string, payload []byte, expires time.Time) (string, error) {
	seal := h.seal()
	value := binary.BigEndian.AppendUint64(nil, uint64(expires.UnixNano()))
	nonce := make([]byte, seal.NonceSize())
	if _, err := io.ReadFull(h.config.Rand, nonce); err != nil {
		return "", err
	}
	plain := binary.BigEndian.AppendUint16(nil, uint16(len(state)))
	plain = append(append(plain, state...), payload...)
	value = seal.Seal(append(value, nonce...), nonce, plain, value[:expiryBytes])
	return base64.RawURLEncoding.EncodeToString(value), nil
}

// open reports what is sealed in a cookie, if it is for state.
func (h *Handshakes) open(value, state string) (payload []byte, expires time.Time, ok bool) {
	seal := h.seal()
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) < expiryBytes+seal.NonceSize() {
		return nil, time.Time{}, false
	}
	nonce, sealed := raw[expiryBytes:][:seal.NonceSize()], raw[expiryBytes+seal.NonceSize():]
	plain, err := seal.Open(nil, nonce, sealed, raw[:expiryBytes])
	if err != nil {
		return nil, time.Time{}, false
	}
	n := int(binary.BigEndian.Uint16(plain))
	bound, payload := plain[2:2+n], plain[2+n:]
	if subtle.ConstantTimeCompare(bound, []byte(state)) != 1 {
		return nil, time.Time{}, false
	}
	return payload, expiryOf(raw), true
}

func expiryOf(raw []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(raw)))
}
