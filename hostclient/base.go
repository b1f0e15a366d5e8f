package hostclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// ErrPrivate says that a name stands for an address that is not on the public
// internet, and that PublicBase refused it.
var ErrPrivate = errors.New("hostclient: not a public address")

// PublicBase returns a base for those whose customers name the host: it refuses
// names that stand for an address which is not on the public internet, with
// ErrPrivate, each time a connection is made, so also a name that changes its
// address and a redirect to one. It uses no proxy. One base should serve as the Base
// of all that calls such hosts: Config, CookieSessionConfig, and the Config of the
// packages oauth1 and oauth2.
func PublicBase() *http.Transport { return baseOver(newDialer(), true) }

// newBase returns the transport of those who bring none.
func newBase() *http.Transport { return baseOver(newDialer(), false) }

func newDialer() *net.Dialer { return &net.Dialer{Timeout: 10 * time.Second} }

func baseOver(dialer *net.Dialer, publicOnly bool) *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
	}
	if publicOnly {
		// A proxy would look the name up by itself.
		t.Proxy = nil
		dialer.ControlContext = refusePrivate
	}
	return t
}

// refusePrivate is asked with each address that a name was found to have, so a
// name that changes its address is refused as well.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr().Unmap()) {
		return fmt.Errorf("%w: %s", ErrPrivate, address)
	}
	return nil
}

// globalIPv6 is all that IANA gives out of IPv6 for the public internet. Outside
// of it are local addresses of every kind, and most of those with an IPv4 address
// inside.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// notPublic are the ranges beside those that netip knows by name, of IANA's
// registries of special-purpose addresses.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // behind a carrier's NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), // Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("3fff::/20"),
}

func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is6() && !globalIPv6.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}
