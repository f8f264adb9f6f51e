package relay

import (
	"net/http"
	"sync"
	"time"
)

// Pool holds the connections to upstreams: one transport per network setting, so
// that channels that reach the network in the same way share connections, and a
// reload keeps them open. It is safe for concurrent use.
type Pool struct {
	mu         sync.Mutex
	transports map[Network]*http.Transport

	innerHost string
	start     func() Inner
	inner     Inner // started when a channel uses it
}

// Network is how an address is reached: what tells two transports apart. The
// fields are those of TransportSpec.
type Network struct {
	Proxy              string
	AllowPrivate       bool
	InsecureSkipVerify bool
	LiteralHost        string // a host that may be private because it was written as an address; empty for none
	ConnectTimeout     time.Duration
}

// Inner is an upstream that runs in this process.
type Inner interface {
	// Transport reaches it.
	Transport() http.RoundTripper
	// Close ends it.
	Close()
}

// NewPool returns an empty pool. Calls of innerHost go to the upstream that
// start makes; it is called once, when innerHost is asked for.
func NewPool(innerHost string, start func() Inner) *Pool {
	return &Pool{transports: make(map[Network]*http.Transport), innerHost: innerHost, start: start}
}

// Get returns the transport to a host with a network setting.
func (p *Pool) Get(host string, n Network) (http.RoundTripper, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if host == p.innerHost {
		if p.inner == nil {
			p.inner = p.start()
		}
		return p.inner.Transport(), nil
	}
	if tr := p.transports[n]; tr != nil {
		return tr, nil
	}
	spec := TransportSpec{
		Proxy: n.Proxy, AllowPrivate: n.AllowPrivate, InsecureSkipVerify: n.InsecureSkipVerify, ConnectTimeout: n.ConnectTimeout,
	}
	if n.LiteralHost != "" {
		spec.LiteralHosts = []string{n.LiteralHost}
	}
	tr, err := NewTransport(spec)
	if err != nil {
		return nil, err
	}
	p.transports[n] = tr
	return tr, nil
}

// Close drops idle connections; those in use end with their calls.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, tr := range p.transports {
		tr.CloseIdleConnections()
	}
	if p.inner != nil {
		p.inner.Close()
	}
}
