package relay

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// addressGuard decides which resolved addresses may be dialled.
type addressGuard struct {
	allowPrivate bool
	literal      []string // hosts that may be anything
	proxies      []string // hosts that may be private
}

// forbiddenError is the error of an address that may not be dialled.
type forbiddenError struct {
	addr netip.Addr
	why  string
}

func (e *forbiddenError) Error() string {
	return fmt.Sprintf("the name resolves to %s, %s", e.addr, e.why)
}

// dialer returns a dial function that applies the guard to what names resolve
// to, just before a connection is made.
func (g *addressGuard) dialer(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := func(check func(netip.Addr) error) *net.Dialer {
		d := &net.Dialer{Timeout: timeout, KeepAlive: keepAlive}
		if check != nil {
			d.Control = func(_, address string, _ syscall.RawConn) error {
				ap, err := netip.ParseAddrPort(address)
				if err != nil {
					return err
				}
				return check(ap.Addr())
			}
		}
		return d
	}
	open, private, strict := dialer(nil), dialer(checkPrivate), dialer(checkPublic)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		switch host := hostOnly(address); {
		case slices.Contains(g.literal, host):
			return open.DialContext(ctx, network, address)
		case g.allowPrivate, slices.Contains(g.proxies, host):
			return private.DialContext(ctx, network, address)
		}
		return strict.DialContext(ctx, network, address)
	}
}

// literalHosts are those of hosts that are an address or localhost.
func literalHosts(hosts []string) []string {
	var literal []string
	for _, h := range hosts {
		h = hostOnly(h)
		_, err := netip.ParseAddr(h)
		if err == nil || h == "localhost" || strings.HasSuffix(h, ".localhost") {
			literal = append(literal, h)
		}
	}
	return literal
}

// hostOnly is a host without port, brackets and final dot, in lower case.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// checkPublic refuses what is not an address of the open Internet.
func checkPublic(a netip.Addr) error {
	if !public(a) {
		return &forbiddenError{a, "which is not a public address; write the address itself, or set allow_private_addresses"}
	}
	return nil
}

// checkPrivate refuses only the metadata services of clouds, which give
// credentials to whoever asks.
func checkPrivate(a netip.Addr) error {
	if within(metadata, a) {
		return &forbiddenError{a, "which is that of a cloud's metadata service; write the address itself if that is meant"}
	}
	return nil
}

// metadata are the addresses of clouds' metadata services, as their
// documentation has them.
var metadata = prefixes(
	"169.254.0.0/16",         // link-local: AWS, Google, Azure, Oracle, DigitalOcean, and AWS's container credentials
	"fe80::a9fe:a9fe/128",    // the same of OpenStack in IPv6
	"fd00:ec2::254/128",      // AWS
	"fd00:ec2::23/128",       // AWS pod credentials
	"fd20:ce::254/128",       // Google
	"fd00:c1::a9fe:a9fe/128", // Oracle
	"100.100.100.200/32",     // Alibaba
	"168.63.129.16/32",       // Azure's wire server, which is a public address
	"192.0.0.192/32",         // Oracle, classic
	"fd00:42::42/128",        // Scaleway
)

// notPublic are the ranges of the IANA special-purpose registries (RFC 6890
// and successors) that netip has no word for.
var notPublic = prefixes(
	"0.0.0.0/8",
	"100.64.0.0/10", // shared address space
	"192.0.0.0/24",  // protocol assignments
	"192.0.2.0/24",
	"192.88.99.0/24", // relays of 6to4
	"198.18.0.0/15",  // benchmarking
	"198.51.100.0/24",
	"203.0.113.0/24",
	"240.0.0.0/4",
	"64:ff9b:1::/48", // local NAT64
	"100::/64",
	"2001:2::/48", // benchmarking
	"2001:10::/28",
	"2001:20::/28",
	"2001:db8::/32",
	"3fff::/20",
	"5f00::/16", // segment routing
	"fec0::/10", // site-local
)

// carriers are prefixes whose addresses carry an IPv4 address, and where.
var carriers = [...]struct {
	prefix netip.Prefix
	at     int  // of the first of its four bytes
	flip   byte // what each byte is combined with
}{
	{netip.MustParsePrefix("::/96"), 12, 0},           // IPv4-compatible
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12, 0}, // IPv4-translated
	{netip.MustParsePrefix("64:ff9b::/96"), 12, 0},    // NAT64
	{netip.MustParsePrefix("2002::/16"), 2, 0},        // 6to4
	{netip.MustParsePrefix("2001::/32"), 12, 0xff},    // Teredo
}

func prefixes(list ...string) []netip.Prefix {
	p := make([]netip.Prefix, len(list))
	for i, s := range list {
		p[i] = netip.MustParsePrefix(s)
	}
	return p
}

// within reports whether an address, or the IPv4 address it carries, is in one
// of the ranges.
func within(ranges []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range ranges {
		if p.Contains(a) {
			return true
		}
	}
	inner, ok := carried(a)
	return ok && within(ranges, inner)
}

// public reports whether an address, and the IPv4 address it may carry, is one
// of the open Internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || within(notPublic, a) || within(metadata, a) {
		return false
	}
	inner, ok := carried(a)
	return !ok || public(inner)
}

// carried is the IPv4 address inside an IPv6 address of a transition method.
func carried(a netip.Addr) (netip.Addr, bool) {
	if !a.Is6() {
		return netip.Addr{}, false
	}
	b := a.As16()
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			v4 := [4]byte(b[c.at : c.at+4])
			for i := range v4 {
				v4[i] ^= c.flip
			}
			return netip.AddrFrom4(v4), true
		}
	}
	return netip.Addr{}, false
}

// Perilous reports whether a host, with or without a port, is written out as an
// address that no upstream has by itself: that of a cloud's metadata service, a
// link-local or multicast one, or the unspecified one, which is this machine. A
// host that only some systems read as an address, such as 0xa9fea9fe, is one as
// well: what it stands for depends on who reads it, maybe a proxy.
func Perilous(host string) bool {
	host = hostOnly(host)
	a, err := netip.ParseAddr(host)
	if err != nil {
		return numeric(host)
	}
	a = a.Unmap().WithZone("")
	if a.IsLoopback() {
		return false
	}
	inner, ok := carried(a)
	return perilous(a) || ok && perilous(inner)
}

// numeric reports whether the last label of a host is a number, which makes all
// of it an address of IPv4 (WHATWG URL, "ends in a number"; inet_aton), or
// whether it is written in characters that become others when a name is made of
// it (IDNA), such as full-width digits.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	_, err := strconv.ParseUint(last, 0, 64)
	digits := last != "" && strings.Trim(last, "0123456789") == ""
	return err == nil && last[0] >= '0' && last[0] <= '9' || digits || last == "0x" ||
		strings.ContainsFunc(host, func(r rune) bool {
			return r > unicode.MaxASCII && (unicode.IsNumber(r) || r >= 0xff00 && r <= 0xffef || r == '\u3002')
		})
}

func perilous(a netip.Addr) bool {
	return within(metadata, a) || a.IsUnspecified() || a.IsLinkLocalUnicast() || a.IsMulticast() || within(thisNetwork, a)
}

// thisNetwork is what a system may take for itself (RFC 1122, section 3.2.1.3).
var thisNetwork = prefixes("0.0.0.0/8")
