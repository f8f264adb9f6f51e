// Package demo is a made-up provider inside the process, so that the gateway can
// be seen at work without a key and without a port.
package demo

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/internal/fakeai"
)

// Host is the address of the provider "demo". No name server knows it (RFC 6761,
// section 6.4): it is served over memory.
const Host = "demo.invalid"

// Models are the models it lists. It knows every name.
var Models = []string{"demo-model", "demo-small"}

// Provider is the made-up provider behind Host.
type Provider struct {
	transport *http.Transport
	server    *http.Server
	fake      *fakeai.Server
}

// Start starts the provider.
func Start() *Provider {
	pipe := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	// An agent that is pointed at the demo must not be told to run its tools.
	fake := fakeai.New(fakeai.Options{Name: "the demo provider", NoToolCalls: true, Keep: 1, Listed: Models, Plan: onSchedule(time.Now)})
	p := &Provider{
		fake:      fake,
		server:    &http.Server{Handler: fake, ReadHeaderTimeout: time.Minute},
		transport: &http.Transport{DialContext: pipe.dial, DisableCompression: true, MaxIdleConnsPerHost: 64},
	}
	go p.server.Serve(pipe) //nolint:errcheck // ends with ErrServerClosed
	return p
}

// Transport reaches the provider, whatever the address.
func (p *Provider) Transport() http.RoundTripper { return p.transport }

// Close ends the provider.
func (p *Provider) Close() {
	_ = p.fake.Close() // it has no listener of its own
	_ = p.server.Close()
	p.transport.CloseIdleConnections()
}

// pipeListener is a listener whose connections are made in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is the provider's name.
func (*pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: Host, Net: "pipe"} }
