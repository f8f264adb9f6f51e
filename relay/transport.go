package relay

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Settings of connections to upstreams.
const (
	idlePerHost   = 512 // idle connections kept per host, so that a burst need not dial again
	idleTimeout   = 90 * time.Second
	keepAlive     = 15 * time.Second
	headerLimit   = 256 << 10 // bytes of an answer's headers
	bufferSize    = 4 << 10   // of each connection, in both directions
	tlsSessions   = 256       // remembered for quicker handshakes
	http2PingIdle = 30 * time.Second
	http2PingWait = 15 * time.Second // a dead HTTP/2 connection is found within this and the former
)

// TransportSpec is one way to reach the network.
type TransportSpec struct {
	// Proxy is a forward proxy's URL (http, https, socks5, socks5h), "off" for
	// none, or empty for the environment's.
	Proxy string
	// AllowPrivate permits loopback and private addresses. Those of cloud metadata
	// services, and with them IPv4's link-local ones, are refused all the same.
	AllowPrivate bool
	// LiteralHosts are hosts that the operator wrote as an address or as
	// localhost; to them any address is permitted. They may carry a port. A name
	// has no effect here.
	LiteralHosts []string
	// ConnectTimeout bounds dialling and the TLS handshake, each; 0: no limit.
	ConnectTimeout time.Duration
	// InsecureSkipVerify accepts any certificate.
	InsecureSkipVerify bool
}

// NewTransport makes a connection pool. The addresses that names resolve to
// are checked when they are dialled, so that no name can lead into the
// operator's own network (server-side request forgery). With a forward proxy
// it is only the proxy's address that is dialled here, and it may be private;
// the proxy resolves the upstream's name itself, and it is the proxy's affair
// where that leads.
//
// The transport neither follows redirects nor undoes content encodings, and
// does not limit the connections per host: streams would queue in silence.
func NewTransport(spec TransportSpec) (*http.Transport, error) {
	proxy, proxyHosts, err := proxyOf(spec.Proxy)
	if err != nil {
		return nil, err
	}
	guard := addressGuard{allowPrivate: spec.AllowPrivate, literal: literalHosts(spec.LiteralHosts), proxies: proxyHosts}
	return &http.Transport{
		Proxy:       proxy,
		DialContext: timed(guard.dialer(spec.ConnectTimeout)),
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions),
			InsecureSkipVerify: spec.InsecureSkipVerify, //nolint:gosec // the operator asks for it
		},
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
	}, nil
}

// proxyOf reads a proxy setting, and says which hosts are proxies.
func proxyOf(setting string) (proxy func(*http.Request) (*url.URL, error), hosts []string, err error) {
	switch setting {
	case "":
		return http.ProxyFromEnvironment, environmentProxies(), nil
	case "off":
		return nil, nil, nil
	}
	u, err := url.Parse(setting)
	if err != nil {
		return nil, nil, errors.New("proxy: is no valid address") // url's error would show a password in it
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		if u.Host == "" {
			return nil, nil, fmt.Errorf("proxy: has no host; write %s://host:port", u.Scheme)
		}
		return http.ProxyURL(u), []string{hostOnly(u.Host)}, nil
	}
	return nil, nil, fmt.Errorf("proxy: scheme %q is none of http, https, socks5, socks5h", u.Scheme)
}

// environmentProxies are the hosts that net/http takes for proxies.
func environmentProxies() []string {
	var hosts []string
	for _, name := range [...]string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); err == nil && u.Host != "" {
			hosts = append(hosts, hostOnly(u.Host))
		}
	}
	return hosts
}
