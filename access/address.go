package access

import (
	"net"
	"net/netip"
)

// longestAddress bounds what is kept of an address that is none, in bytes.
const longestAddress = 64

// AddressKey is what an address, with or without a port, is counted as where
// guesses are counted: an IPv4 address, the /64 of an IPv6 address, which is
// one customer's, or what is neither, such as that of a Unix socket, as it is.
func AddressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		var withPort netip.AddrPort
		if withPort, err = netip.ParseAddrPort(address); err != nil {
			return address[:min(len(address), longestAddress)]
		}
		ip = withPort.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// HostOf is an address without its port.
func HostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
