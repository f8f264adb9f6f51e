package ccload

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/internal/fakeai"
)

// demoHost is the address of the provider "demo". No name server knows it
// (RFC 6761, section 6.4): it is served inside this process, over memory, so
// that the gateway can be seen at work without a key and without a port.
const demoHost = "demo.invalid"

// demoModels are the models it lists. It knows every name.
var demoModels = []string{"demo-model", "demo-small"}

// demoProvider is the made-up provider behind demoHost.
type demoProvider struct {
	transport *http.Transport
	server    *http.Server
	fake      *fakeai.Server
}

// startDemo starts the provider.
func startDemo() *demoProvider {
	pipe := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	// An agent that is pointed at the demo must not be told to run its tools.
	fake := fakeai.New(fakeai.Options{Name: "the demo provider", NoToolCalls: true, Keep: 1, Listed: demoModels})
	d := &demoProvider{
		fake:      fake,
		server:    &http.Server{Handler: fake, ReadHeaderTimeout: time.Minute},
		transport: &http.Transport{DialContext: pipe.dial, DisableCompression: true, MaxIdleConnsPerHost: 64},
	}
	go d.server.Serve(pipe) //nolint:errcheck // ends with ErrServerClosed
	return d
}

// close ends the provider.
func (d *demoProvider) close() {
	_ = d.fake.Close() // it has no listener of its own
	_ = d.server.Close()
	d.transport.CloseIdleConnections()
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
func (*pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: demoHost, Net: "pipe"} }
