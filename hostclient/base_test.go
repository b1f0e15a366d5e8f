package hostclient_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// nameServer answers for names below .test on a loopback socket, in the wire form
// of RFC 1035, and returns the resolver that asks it.
func nameServer(t *testing.T, names map[string]string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return // the test has ended
			}
			_, _ = conn.WriteTo(nameAnswer(buffer[:n], names), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func nameAnswer(question []byte, names map[string]string) []byte {
	const headerLen = 12
	var labels []string
	at := headerLen
	for question[at] > 0 {
		labels = append(labels, string(question[at+1:at+1+int(question[at])]))
		at += 1 + int(question[at])
	}
	at += 5 // the root, the type and the class
	kind := binary.BigEndian.Uint16(question[at-4:])
	answer := append([]byte(nil), question[:2]...)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = append(answer, question[headerLen:at]...)
	for name, address := range names {
		ip := netip.MustParseAddr(address)
		wanted := map[bool]uint16{true: 1, false: 28}[ip.Is4()] // A or AAAA
		if name != strings.Join(labels, ".") || kind != wanted {
			continue
		}
		answer[7] = 1
		answer = append(answer, 0xc0, headerLen, 0, byte(wanted), 0, 1, 0, 0, 0, 60, 0, byte(ip.BitLen()/8))
		answer = append(answer, ip.AsSlice()...)
	}
	return answer
}

// A name that stands for an address within is refused before a connection is made,
// whatever the form of the address.
func TestPublicBaseAsksForTheAddress(t *testing.T) {
	evil := newListener(t)
	names := map[string]string{
		"loopback.test": "127.0.0.1", "loopback6.test": "::1", "mapped.test": "::ffff:127.0.0.1", "unspecified.test": "0.0.0.0",
		"private.test": "10.0.0.1", "office.test": "192.168.1.1", "unique-local.test": "fd00::1", "metadata.test": "169.254.169.254",
		"link-local.test": "fe80::1", "carrier.test": "100.64.0.1", "nat64.test": "64:ff9b::7f00:1", "6to4.test": "2002:7f00:1::",
		"compatible.test": "::7f00:1", "multicast.test": "224.0.0.1",
	}
	base := hostclient.PublicBaseOver(nameServer(t, names))
	t.Cleanup(base.CloseIdleConnections)
	if base.Proxy != nil {
		t.Error("a proxy would look the names up by itself")
	}
	for name, address := range names {
		cred := carrying{authorization: "Bearer a-token"}
		rt := &hostclient.Transport{Base: base, Credential: carryingAt{cred, "https://" + name + ":" + evil.port}, Limits: once(t)}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+name+":"+evil.port+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := rt.RoundTrip(r); answer != nil || !errors.Is(err, hostclient.ErrPrivate) {
			t.Errorf("%s (%s): got %v, %v, want ErrPrivate", name, address, answer, err)
		}
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the host within had %d connections", n)
	}
}

// carryingAt is carrying for another site.
type carryingAt struct {
	carrying
	base string
}

func (c carryingAt) Binding() hostclient.Binding { return boundTo(c.base) }

// The base guards clients and the authorization server alike, once for a call.
func TestPublicBase(t *testing.T) {
	evil := newListener(t)
	hosts, err := hostclient.NewHosts(hostclient.Config{Base: hostclient.PublicBase(), AuthorizationServer: evil.url})
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{evil.url, "http://localhost:" + evil.port, "http://[::ffff:127.0.0.1]:" + evil.port} {
		client := mustFor(t, hosts, installation(base))
		for _, c := range []*hostclient.Client{client, client.AsUser(accountID)} {
			if _, err := hostclient.Get[struct{}](t.Context(), c, "/x"); !errors.Is(err, hostclient.ErrPrivate) {
				t.Errorf("%s: got %v, want ErrPrivate", c, err)
			}
		}
	}
	if n := evil.connections(); n != 0 {
		t.Errorf("the host within had %d connections", n)
	}
	control, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hostclient.Get[struct{}](t.Context(), mustFor(t, control, installation(evil.url)), "/x"); err != nil {
		t.Errorf("control: without the setting: %v", err)
	}
}

func TestRefusePrivate(t *testing.T) {
	for address, want := range map[string]error{
		"104.192.142.19:443": nil, "8.8.8.8:80": nil, "100.63.255.255:443": nil, "100.128.0.1:443": nil, "172.32.0.1:443": nil,
		"[2401:1d80:3000:4::1]:443": nil, "[2001:4860:4860::8888]:443": nil, "[::ffff:8.8.8.8]:443": nil, "[2a00::1]:443": nil,

		"127.0.0.1:443": hostclient.ErrPrivate, "127.255.0.9:443": hostclient.ErrPrivate, "0.0.0.0:443": hostclient.ErrPrivate, "0.1.2.3:443": hostclient.ErrPrivate,
		"10.0.0.1:443": hostclient.ErrPrivate, "172.16.0.1:443": hostclient.ErrPrivate, "172.31.255.255:443": hostclient.ErrPrivate, "192.168.0.1:443": hostclient.ErrPrivate,
		"169.254.169.254:80": hostclient.ErrPrivate, "100.64.0.1:443": hostclient.ErrPrivate, "100.127.255.255:443": hostclient.ErrPrivate,
		"192.0.0.1:443": hostclient.ErrPrivate, "192.0.2.1:443": hostclient.ErrPrivate, "198.18.0.1:443": hostclient.ErrPrivate, "198.51.100.1:443": hostclient.ErrPrivate,
		"203.0.113.1:443": hostclient.ErrPrivate, "192.88.99.1:443": hostclient.ErrPrivate, "224.0.0.1:443": hostclient.ErrPrivate, "240.0.0.1:443": hostclient.ErrPrivate, "255.255.255.255:443": hostclient.ErrPrivate,
		"[::1]:443": hostclient.ErrPrivate, "[::]:443": hostclient.ErrPrivate, "[fe80::1]:443": hostclient.ErrPrivate, "[fe80::1%eth0]:443": hostclient.ErrPrivate,
		"[fc00::1]:443": hostclient.ErrPrivate, "[fd00:ec2::254]:443": hostclient.ErrPrivate, "[fec0::1]:443": hostclient.ErrPrivate, "[ff02::1]:443": hostclient.ErrPrivate,
		"[::ffff:127.0.0.1]:443": hostclient.ErrPrivate, "[::ffff:10.0.0.1]:443": hostclient.ErrPrivate, "[::10.0.0.1]:443": hostclient.ErrPrivate,
		"[64:ff9b::10.0.0.1]:443": hostclient.ErrPrivate, "[64:ff9b:1::1]:443": hostclient.ErrPrivate, "[2002:a00:1::]:443": hostclient.ErrPrivate, "[2001::1]:443": hostclient.ErrPrivate,
		"[100::1]:443": hostclient.ErrPrivate, "[2001:db8::1]:443": hostclient.ErrPrivate, "[3fff::1]:443": hostclient.ErrPrivate, "[5f00::1]:443": hostclient.ErrPrivate,
		"no address": hostclient.ErrPrivate, "": hostclient.ErrPrivate,
	} {
		if err := hostclient.RefusePrivate(address); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", address, err, want)
		} else if err != nil && !strings.Contains(fmt.Sprint(err), address) {
			t.Errorf("%v does not name %s", err, address)
		}
	}
}
