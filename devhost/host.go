package devhost

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says how a Host is built. The zero value is a Host with demonstration
// users and issues on the real clock.
type Config struct {
	// URL is the address at which browsers and apps reach the host, such as
	// "http://127.0.0.1:8090", without a path. Empty means that Start sets it.
	URL string
	// Clock tells the time; nil is time.Now. With a Clock of your own no webhook
	// is repeated by itself: call Redeliver or RedeliverAll.
	Clock func() time.Time
	// Logger takes what happens between the host and its apps, without tokens or
	// secrets. Nil discards.
	Logger *slog.Logger
	// SigningKey signs installed and uninstalled. Nil means that a key of 2048
	// bits is generated at its first use.
	SigningKey *rsa.PrivateKey
	// Users live on the site; the first one is signed in at first. Nil gives
	// demonstration users.
	Users []User
	// Issues are there from the start; their projects are created. Nil gives
	// demonstration issues, some of them untouched for months.
	Issues []Issue
	// Middleware, when not nil, wraps the REST APIs at the site and at the gateway,
	// both authorization servers with their token endpoints and, on a Data Center,
	// all that programs call, so that a test can answer 429 or 503 in the host's
	// place. The key server, the media origin, the cloud id and the site's pages are
	// outside. What it answers is recorded in Calls like any other answer.
	Middleware func(http.Handler) http.Handler
	// DataCenter makes the host a Jira Data Center. Nil means Jira Cloud.
	DataCenter *DataCenter
	// Assets, when not nil, is what the site has of Assets from the start. Nil is
	// a site on a plan without it, until EnableAssets.
	Assets *Assets
	// NoJSM makes a site without Jira Service Management, where even the address
	// at which an Assets workspace is found does not exist.
	NoJSM bool
}

// Host is a product with one site. Its methods are safe for concurrent use. A
// Host keeps all it knows in memory.
type Host struct {
	clock   func() time.Time
	ownTime bool
	log     *slog.Logger
	client  *http.Client
	keys    signingKey
	jira    *jira
	cloud   *cloud
	dc      *dcSite // nil on Cloud
	assets  assets
	record  recorder
	handler http.Handler
	work    workers

	ctx    context.Context
	cancel context.CancelFunc

	events sync.Mutex // held during a lifecycle operation; taken before mu

	mu      sync.Mutex
	url     string
	baseURL string
	apps    map[string]*app
	tokens  fading[accessToken]
	retries []*delivery
	server  *http.Server
	closed  bool
}

// New returns a Host that listens nowhere yet: use it as an http.Handler, or
// call Start. Close must be called at the end.
func New(c Config) (*Host, error) {
	h := &Host{
		clock:  c.Clock,
		log:    c.Logger,
		client: newClient(),
		keys:   signingKey{private: c.SigningKey},
		apps:   make(map[string]*app),
	}
	h.ownTime = c.Clock != nil
	if h.clock == nil {
		h.clock = time.Now
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	dc, err := newDCSite(c.DataCenter)
	if err != nil {
		return nil, err
	}
	h.dc = dc
	if c.URL != "" {
		if err := h.setURL(c.URL); err != nil {
			return nil, err
		}
	}
	if dc != nil && c.Users == nil {
		c.Users = dcPeople()
	}
	j, err := newJira(h.clock, c.Users, c.Issues)
	if err != nil {
		return nil, err
	}
	j.dataCenter = dc != nil
	if err := j.checkUsernames(); err != nil {
		return nil, err
	}
	h.jira, h.cloud = j, newCloud(h.clock)
	if err := h.setUpAssets(c); err != nil {
		return nil, err
	}
	h.handler = h.routes(c.Middleware)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h, nil
}

// newClient calls apps: it follows no redirect and gives up after ten seconds,
// which is how long Atlassian's host waits for a callback.
func newClient() *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 20,
			IdleConnTimeout:     30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Now returns the host's time.
func (h *Host) Now() time.Time { return h.clock() }

// setURL fixes where the host is reached. The site is at its root, or below the
// context path of a Data Center.
func (h *Host) setURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("devhost: URL %q is not an http or https address without a path", raw)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.url = u.Scheme + "://" + u.Host
	h.baseURL = h.url + h.contextPath()
	return nil
}

// URL returns the address of the host, without a trailing slash. It is empty
// before Start when the Config gave none.
func (h *Host) URL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.url
}

// BaseURL returns the base URL of the site, as apps get it when they are
// installed. It equals URL, with the context path of a Data Center, until Rename.
func (h *Host) BaseURL() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.baseURL
}

// HostPattern returns the host of the site, with its port if it has one, as the
// AllowedHosts setting of an app wants it: "127.0.0.1:2990". It is the host of
// BaseURL, which is what an installed event names, so after Rename it is that of
// the new base URL; an app that is to follow a Rename must allow the new host
// beside the former one. It is empty as long as BaseURL is.
func (h *Host) HostPattern() string {
	u, err := url.Parse(h.BaseURL())
	if err != nil { // setURL and Rename have parsed it
		return ""
	}
	return u.Host
}

// KeyServerURL returns the address below which the public keys of install
// tokens are served by their key id. It is empty on a Data Center.
func (h *Host) KeyServerURL() string { return h.cloudURL(keysPath) }

// AuthorizationServerURL returns the base URL of the authorization server; its
// token endpoint is /oauth2/token below it. It is empty on a Data Center.
func (h *Host) AuthorizationServerURL() string { return h.cloudURL(authPath) }

// AllJSURL returns the address of the script that app pages load. It is empty on a
// Data Center.
func (h *Host) AllJSURL() string { return h.cloudURL("/all.js") }

// Start listens on addr, which must be a loopback address such as
// "127.0.0.1:0", and serves until Close. It sets URL unless the Config did.
func (h *Host) Start(addr string) error {
	ln, err := listenLoopback(addr)
	if err != nil {
		return err
	}
	if h.URL() == "" {
		if err := h.setURL("http://" + ln.Addr().String()); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	h.mu.Lock()
	refused := h.closed || h.server != nil
	if !refused {
		h.server = srv
	}
	h.mu.Unlock()
	if refused {
		return errors.Join(errors.New("devhost: Start on a host that is running or closed"), ln.Close())
	}
	h.work.start(func() { h.serve(srv, ln) })
	if !h.ownTime {
		h.work.start(h.repeatDeliveries)
	}
	return nil
}

func (h *Host) serve(srv *http.Server, ln net.Listener) {
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		h.log.Error("devhost stopped serving", "error", err)
	}
}

// listenLoopback refuses to listen where other machines could connect.
func listenLoopback(addr string) (net.Listener, error) {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("devhost: address %q: %w", addr, err)
	}
	if !isLoopback(name) {
		return nil, fmt.Errorf("devhost: address %q is not a loopback address; this host is for one machine only", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("devhost: %w", err)
	}
	return ln, nil
}

func isLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return ip != nil && ip.IsLoopback()
}

// Close stops serving, abandons deliveries that are under way and waits until
// nothing of the host runs any more. It may be called more than once.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	srv := h.server
	h.mu.Unlock()
	h.cancel()
	var err error
	if srv != nil {
		err = srv.Close()
	}
	h.work.stop()
	h.client.CloseIdleConnections()
	return err
}

// ServeHTTP serves all there is. On Cloud that is the site with its pages and the
// REST APIs of Jira, Confluence and Assets, the key server and the authorization
// server of Connect, the script of AllJSURL, and what stands for the other hosts
// of Atlassian's cloud: AuthURL, GatewayURL and MediaURL. On a Data Center it is
// the site below its context path, with the login and consent pages, the REST API,
// the attachments and the providers of OAuth 1.0a and OAuth 2.0. Requests for a
// foreign host name are refused, so that no web page can reach the host by
// rebinding a name to a loopback address.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.knownHost(r.Host) {
		http.Error(w, "this host does not answer to that name", http.StatusMisdirectedRequest)
		return
	}
	h.handler.ServeHTTP(w, r)
}

func (h *Host) knownHost(hostport string) bool {
	u, err := url.Parse("//" + hostport)
	if err != nil {
		return false
	}
	if isLoopback(u.Hostname()) {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return sameHost(h.url, hostport) || sameHost(h.baseURL, hostport)
}

func sameHost(base, hostport string) bool {
	u, err := url.Parse(base)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, hostport)
}

// readLimited reads at most limit bytes and fails when there are more.
func readLimited(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return b, nil
}

// readPart reads at most limit bytes and leaves the rest.
func readPart(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit))
}
