package ccload

import (
	"net/http"
	"sync"
	"time"

	"github.com/ccload/ccload/relay"
)

// transports holds one connection pool per network setting, so that channels
// that reach the network in the same way share connections, and a reload keeps
// them open.
type transports struct {
	mu   sync.Mutex
	pool map[transportKey]*http.Transport
	demo *demoProvider // started when a channel uses it
}

// transportKey is what tells two network settings apart.
type transportKey struct {
	proxy        string
	allowPrivate bool
	insecure     bool
	literal      string // the literal host that may be private, empty for none
	connect      time.Duration
}

func newTransports() *transports {
	return &transports{pool: make(map[transportKey]*http.Transport)}
}

// get returns the connection pool for a host with a network setting.
func (t *transports) get(host string, k transportKey) (*http.Transport, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if host == demoHost {
		if t.demo == nil {
			t.demo = startDemo()
		}
		return t.demo.transport, nil
	}
	if tr := t.pool[k]; tr != nil {
		return tr, nil
	}
	spec := relay.TransportSpec{
		Proxy: k.proxy, AllowPrivate: k.allowPrivate, InsecureSkipVerify: k.insecure, ConnectTimeout: k.connect,
	}
	if k.literal != "" {
		spec.LiteralHosts = []string{k.literal}
	}
	tr, err := relay.NewTransport(spec)
	if err != nil {
		return nil, err
	}
	t.pool[k] = tr
	return tr, nil
}

// close drops idle connections; those in use end with their calls.
func (t *transports) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.pool {
		tr.CloseIdleConnections()
	}
	if t.demo != nil {
		t.demo.close()
	}
}
