package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Settings of connections to upstreams.
const (
	idlePerHost   = 512 // idle connections kept per host, so that a burst need not dial again
	idleTimeout   = 90 * time.Second
	keepAlive     = 15 * time.Second
	headerLimit   = 256 << 10 // bytes of an answer's headers
	bufferSize    = 4 << 10
	http2PingIdle = 30 * time.Second // a dead HTTP/2 connection is found within this and the next
	http2PingWait = 15 * time.Second
)

// TransportSpec is one way to reach the network.
type TransportSpec struct {
	// Proxy is a forward proxy's URL (http, https, socks5, socks5h), "off" for
	// none, or empty for the environment's.
	Proxy string
	// AllowPrivate permits loopback, private, link-local and metadata addresses.
	AllowPrivate bool
	// LiteralHosts are hosts that the operator wrote as an address or as
	// localhost; to them any address is permitted. They may carry a port.
	LiteralHosts []string
	// ConnectTimeout bounds dialling and the TLS handshake, each; 0: no limit.
	ConnectTimeout time.Duration
	// InsecureSkipVerify accepts any certificate.
	InsecureSkipVerify bool
}

// NewTransport makes a connection pool. The addresses that names resolve to
// are checked when they are dialled, so that no name can lead into the
// operator's own network (server-side request forgery). With a forward proxy
// it is the proxy's address that is dialled and checked; the proxy resolves
// the upstream's name itself.
func NewTransport(spec TransportSpec) (*http.Transport, error) {
	proxy, proxyHost, err := proxyOf(spec.Proxy)
	if err != nil {
		return nil, err
	}
	guard := addressGuard{allowAll: spec.AllowPrivate}
	for _, h := range append(slices.Clone(spec.LiteralHosts), proxyHost) {
		if h != "" {
			guard.literal = append(guard.literal, hostOnly(h))
		}
	}
	t := &http.Transport{
		Proxy:                  proxy,
		DialContext:            guard.dialer(spec.ConnectTimeout),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: spec.InsecureSkipVerify}, //nolint:gosec // the operator asks for it
		TLSHandshakeTimeout:    spec.ConnectTimeout,
		DisableCompression:     true, // answers are decoded here, whatever they say
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: headerLimit,
		WriteBufferSize:        bufferSize,
		ReadBufferSize:         bufferSize,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: http2PingIdle, PingTimeout: http2PingWait},
	}
	return t, nil
}

// proxyOf reads a proxy setting.
func proxyOf(setting string) (proxy func(*http.Request) (*url.URL, error), host string, err error) {
	switch setting {
	case "":
		return http.ProxyFromEnvironment, "", nil
	case "off":
		return nil, "", nil
	}
	u, err := url.Parse(setting)
	if err != nil {
		return nil, "", fmt.Errorf("proxy: %w", err)
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return http.ProxyURL(u), u.Host, nil
	}
	return nil, "", fmt.Errorf("proxy: scheme %q is none of http, https, socks5, socks5h", u.Scheme)
}

// hostOnly is a host without port and brackets, in lower case.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// addressGuard decides which resolved addresses may be dialled.
type addressGuard struct {
	allowAll bool
	literal  []string
}

// errForbidden is the error of an address that may not be dialled.
type errForbidden struct{ addr netip.Addr }

func (e *errForbidden) Error() string {
	return fmt.Sprintf("the name resolves to %s, which is not a public address; write the address itself, or set allow_private_addresses", e.addr)
}

// dialer returns a dial function that applies the guard.
func (g *addressGuard) dialer(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	open := &net.Dialer{Timeout: timeout, KeepAlive: keepAlive}
	if g.allowAll {
		return open.DialContext
	}
	guarded := &net.Dialer{Timeout: timeout, KeepAlive: keepAlive, Control: checkAddress}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if slices.Contains(g.literal, hostOnly(address)) {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
}

// checkAddress refuses addresses that are not public. It sees what the name
// was resolved to, just before the connection is made.
func checkAddress(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(ap.Addr()) {
		return &errForbidden{ap.Addr()}
	}
	return nil
}

// notPublic are the ranges of the IANA special-purpose registries (RFC 6890
// and successors) that netip has no word for, among them those that cloud
// metadata services live in.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared address space; Alibaba's metadata is 100.100.100.200
	netip.MustParsePrefix("192.0.0.0/24"),  // protocol assignments; Oracle's metadata
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), // benchmarking
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), // local NAT64
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("fec0::/10"), // site-local
}

// Prefixes whose addresses carry an IPv4 address, and where.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4 = netip.MustParsePrefix("2002::/16")
	teredo = netip.MustParsePrefix("2001::/32")
)

// public reports whether an address is one of the open Internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() ||
		a.IsInterfaceLocalMulticast() || a.IsLinkLocalMulticast() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	if !a.Is6() {
		return true
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return public(netip.AddrFrom4([4]byte(b[12:16])))
	case sixTo4.Contains(a):
		return public(netip.AddrFrom4([4]byte(b[2:6])))
	case teredo.Contains(a):
		return public(netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	}
	return true
}
