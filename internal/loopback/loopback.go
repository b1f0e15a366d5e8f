// Package loopback says which hosts are the machine itself, to which plain
// http never leaves it.
package loopback

import (
	"net/netip"
	"strings"
)

// Host reports whether host, without a port, is the machine itself by its own
// look: localhost, a name below it, all of which RFC 6761, section 6.3, keeps
// for this machine, or a loopback address, which may stand in brackets. Letters'
// case does not matter. It asks no name server, so a name that merely resolves
// to a loopback address is not one, nor is a name that ends in a dot or an
// address with a zone.
func Host(host string) bool {
	name := strings.ToLower(host)
	if name == "localhost" {
		return true
	}
	if below, ok := strings.CutSuffix(name, ".localhost"); ok {
		return !strings.Contains("."+below+".", "..")
	}
	if inside, ok := strings.CutPrefix(name, "["); ok {
		name = strings.TrimSuffix(inside, "]")
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Zone() == "" && addr.Unmap().IsLoopback()
}
