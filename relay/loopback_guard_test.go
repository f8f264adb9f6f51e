package relay

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.127.255.255": false, "192.0.0.192": false,
		"198.18.0.1": false, "198.19.255.255": false, "192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false, "ff02::1": false, "ff01::1": false,
		"fec0::1": false, "100::1": false, "2001:db8::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:8.8.8.8": true,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::808:808": true, "64:ff9b:1::808:808": false,
		"2002:7f00:1::": false, "2002:a00:1::1": false, "2002:a9fe:a9fe::": false, "2002:808:808::1": true,
		"2001:0:808:808:0:0:80ff:fffe": false, // Teredo of 127.0.0.1, inverted
		"2001:0:808:808:0:0:f5ff:fffe": false, // of 10.0.0.1
		"2001:0:808:808:0:0:f7f7:f7f7": true,  // of 8.8.8.8
		"8.8.8.8":                      true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true,
		"100.128.0.1": true, "192.0.1.1": true, "198.17.255.255": true, "198.20.0.1": true, "223.255.255.255": true,
		"2606:4700::1111": true, "2a00:1450:4001::1": true, "2001:4860:4860::8888": true,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("public(%s) = %v", address, got)
		}
	}
}

// TestDialGuardOnLoopback: a name must not lead to where only an address may. localhost is
// the name that is sure to.
func TestDialGuardOnLoopback(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, tt := range []struct {
		name, host string
		spec       TransportSpec
		refused    bool
	}{
		{"name", "localhost", TransportSpec{}, true},
		{"address that nobody wrote", "127.0.0.1", TransportSpec{}, true},
		{"address in the form of IPv6", "::ffff:127.0.0.1", TransportSpec{}, true},
		{"another address that was written", "127.0.0.1", TransportSpec{LiteralHosts: []string{"127.0.0.2"}}, true},
		{"address that was written", "127.0.0.1", TransportSpec{LiteralHosts: []string{"127.0.0.1"}}, false},
		{"address that was written with a port", "127.0.0.1", TransportSpec{LiteralHosts: []string{"127.0.0.1:" + port}}, false},
		{"name that was written", "localhost", TransportSpec{LiteralHosts: []string{"LocalHost"}}, false},
		{"everything allowed", "localhost", TransportSpec{AllowPrivate: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spec.Proxy = "off"
			tr, err := NewTransport(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.CloseIdleConnections()
			c, err := tr.DialContext(context.Background(), "tcp", net.JoinHostPort(tt.host, port))
			if err == nil {
				c.Close()
			}
			if (err != nil) != tt.refused || tt.refused && !strings.Contains(err.Error(), "not a public address") {
				t.Errorf("%v, want refused %v", err, tt.refused)
			}
		})
	}
}

func TestProxySettings(t *testing.T) {
	for setting, good := range map[string]bool{
		"": true, "off": true, "http://p:1": true, "https://p": true, "socks5://p:1": true, "socks5h://p:1": true,
		"ftp://p": false, "p:1": false, "http://%zz": false,
	} {
		if _, err := NewTransport(TransportSpec{Proxy: setting}); (err == nil) != good {
			t.Errorf("%q: %v", setting, err)
		}
	}
}

func TestHeaderForClient(t *testing.T) {
	got := make(http.Header)
	addClientHeader(got, http.Header{
		"Connection": {"keep-alive, X-Hop", "x-request-id"}, "X-Hop": {"1"}, "X-Request-Id": {"hop"}, "Location": {"/x"}, "Refresh": {"0"},
		"Content-Security-Policy": {"*"}, "X-Accel-Redirect": {"/etc"}, "X-Sendfile": {"/etc"}, "X-Unknown": {"1"}, "Www-Authenticate": {"Basic"},
		"Access-Control-Allow-Origin": {"*"}, "Content-Disposition": {"inline"}, "Link": {"</x>"}, "Clear-Site-Data": {"*"},
		"Keep-Alive": {"5"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"h2c"}, "Trailer": {"A"},
		"Content-Length": {"5"}, "Content-Encoding": {"gzip"}, "Set-Cookie": {"a=b"}, "Retry-After": {"5"},
		"Anthropic-Ratelimit-Requests-Remaining": {"1"}, "X-Ratelimit-Limit-Tokens": {"1"}, "X-Ccload-Route": {"forged"},
		"Content-Type": {"application/json"}, "Content-Language": {"de"}, "Request-Id": {"r1"}, "Cache-Control": {"no-cache"},
		"X-Goog-Request-Id": {"1"}, "Openai-Processing-Ms": {"1"}, "Openai-Version": {"1"}, "Openai-Model": {"1"}, "Anthropic-Version": {"1"}, "X-Codex-Primary-Used-Percent": {"1"},
	})
	for _, name := range []string{
		"Content-Type", "Content-Language", "Request-Id", "X-Goog-Request-Id", "Openai-Processing-Ms", "Openai-Version", "Openai-Model",
		"Anthropic-Version", "X-Codex-Primary-Used-Percent", "Anthropic-Ratelimit-Requests-Remaining", "X-Ratelimit-Limit-Tokens",
	} {
		if got[name] == nil {
			t.Errorf("%s is missing", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("the client would get %v", got)
	}
}

// TestBodyClosedWhileRead: a body may be closed while it is read, and more than
// once; its bytes belong to it until the first close, and no longer.
func TestBodyClosedWhileRead(t *testing.T) {
	for range 200 {
		var held, released atomic.Int32
		bytes := [3][]byte{make([]byte, 4096), make([]byte, 16), make([]byte, 4096)}
		b := Body{Parts: [5][]byte{bytes[0], bytes[1], bytes[2]}, Hold: func() { held.Add(1) }}
		b.Release = func() {
			released.Add(1)
			for _, part := range bytes { // another request's, from now on
				clear(part)
			}
		}
		r := b.reader()
		var all sync.WaitGroup
		all.Go(func() {
			p := make([]byte, 100)
			for {
				if _, err := r.Read(p); err != nil {
					return
				}
			}
		})
		for range 3 {
			all.Go(func() { r.Close() })
		}
		all.Wait()
		if held.Load() != 1 || released.Load() != 1 {
			t.Fatalf("held %d times, released %d times", held.Load(), released.Load())
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Fatalf("read %d bytes of a closed body, %v", n, err)
		}
	}
}

func TestBodyReadsAllParts(t *testing.T) {
	for _, b := range []Body{
		{Parts: [5][]byte{[]byte("abcdef")}},
		{Parts: [5][]byte{[]byte("ab"), []byte("cd"), []byte("ef")}},
		{Parts: [5][]byte{4: []byte("abcdef")}},
		{Parts: [5][]byte{0: []byte("abc"), 2: []byte("def")}},
	} {
		for range 2 { // it can be sent again
			if got, err := io.ReadAll(b.reader()); string(got) != "abcdef" || err != nil || b.Len() != 6 {
				t.Errorf("read %q of %d, %v", got, b.Len(), err)
			}
		}
	}
}
