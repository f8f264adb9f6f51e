package edge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/ccload/ccload/test/binary"
)

// site is the name of the gateway's site, which only its authority and the
// clients of the test know.
const site = "ai.ccload.test"

// authority runs another Caddy as a certificate authority that speaks ACME. It
// looks for the site's proof at the address challenges.
func authority(t *testing.T, challenges string) (directory, root string) {
	t.Helper()
	address := binary.FreeAddress(t)
	// Go asks a proxy for everything but loopback, so the proof is looked for
	// where it is, without a name server and the port 80.
	c := run(t, "{\nadmin ADMIN\ndefault_bind 127.0.0.1\npersist_config off\nskip_install_trust\nauto_https disable_redirects\n}\nhttps://"+address+" {\ntls internal\nacme_server {\nchallenges http-01\n}\n}\n",
		"HTTP_PROXY=http://"+challenges, "http_proxy=", "NO_PROXY=", "no_proxy=")
	root = filepath.Join(c.dir, "caddy", "pki", "authorities", "local", "root.crt")
	eventually(t, "the authority has its root", func() bool { _, err := os.Stat(root); return err == nil })
	return "https://" + address + "/acme/local/directory", root
}

// versions are clients of a gateway that speaks TLS, by the protocol that they
// speak.
func versions(t *testing.T, address, root string) map[string]http.RoundTripper {
	t.Helper()
	pem, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("there is no certificate in the root's file")
	}
	clients := make(map[string]http.RoundTripper)
	for protocol, enable := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2.0": func(p *http.Protocols) { p.SetHTTP2(true) },
	} {
		transport := plainly()
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		transport.Protocols = new(http.Protocols)
		enable(transport.Protocols)
		clients[protocol] = transport
	}
	h3 := &http3.Transport{
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
		Dial: func(ctx context.Context, _ string, tlsConfig *tls.Config, config *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, address, tlsConfig, config)
		},
		// A client that sends nothing by itself to keep its connection.
		QUICConfig: &quic.Config{MaxIdleTimeout: 2 * time.Minute},
	}
	t.Cleanup(func() { _ = h3.Close() })
	clients["HTTP/3.0"] = h3
	return clients
}

// secure starts a gateway with a certificate by ACME, and returns the address
// that it listens on and the root of its certificate.
func secure(t *testing.T, u *upstream, servers, handler string) (address, root string) {
	t.Helper()
	challenges := binary.FreeAddress(t)
	directory, root := authority(t, challenges)
	address = binary.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	_, httpPort, _ := net.SplitHostPort(challenges)
	c := run(t, options(fmt.Sprintf("http_port %s\nhttps_port %s\n%s", httpPort, port, servers), u)+fmt.Sprintf(
		"%s {\ntls me@ccload.test {\nca %s\nca_root %s\n}\nencode gzip zstd\nccload {\n%s\n}\n}\n", site, directory, root, handler))
	eventually(t, "the certificate is there", func() bool {
		return strings.Contains(c.log.String(), "certificate obtained successfully")
	})
	return address, root
}

// TestAutomaticHTTPS: a gateway whose certificate comes from an authority by
// ACME serves calls and streams of all protocols over each version of HTTP, also
// where the server has a write timeout that is shorter than a stream.
func TestAutomaticHTTPS(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	address, root := secure(t, u, "servers {\ntimeouts {\nwrite 1s\n}\n}", "")
	for protocol, transport := range versions(t, address, root) {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := &client{transport, "https://" + site, nil}
			for i := range wires {
				w := &wires[i]
				pace := strings.NewReplacer("/", "", ".", "").Replace(strings.ToLower(protocol))
				pause := func(piece int) {
					if piece == 2 && i == 0 {
						<-time.After(2500 * time.Millisecond)
					}
				}
				for what, resp := range map[string]*http.Response{"call": c.call(t, w), "stream": c.paced(t, u, w, pace, pause)} {
					if resp.Proto != protocol {
						t.Errorf("a %s was %s", what, resp.Proto)
					}
					if protocol == "HTTP/3.0" {
						continue // whose client does not tell
					}
					if name := resp.TLS.PeerCertificates[0].DNSNames; len(name) != 1 || name[0] != site {
						t.Errorf("the certificate is of %s", name)
					}
				}
			}
		})
	}
}

// TestSilenceOverHTTP3: a QUIC connection lives as long as a stream whose
// upstream is silent, also where the client does nothing for it. It takes longer
// than such a connection may be silent, so it is for CCLOAD_EDGE=long.
func TestSilenceOverHTTP3(t *testing.T) {
	t.Parallel()
	if os.Getenv("CCLOAD_EDGE") != "long" {
		t.Skip("CCLOAD_EDGE is not long")
	}
	u := newUpstream(t)
	address, root := secure(t, u, "", "")
	c := &client{versions(t, address, root)["HTTP/3.0"], "https://" + site, nil}
	for i := range wires {
		w := &wires[i]
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
			defer cancel()
			name := fmt.Sprint("silent", i)
			u.silent(name, 45*time.Second)
			resp, err := c.send(ctx, w, strings.NewReader(w.body("pace "+name, true)), true)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := readAll(resp)
			if err != nil || !strings.HasSuffix(text, strings.Join(w.pieces, "")) && !strings.HasSuffix(text, strings.TrimPrefix(strings.Join(w.pieces, ""), "[")) {
				t.Errorf("%v after %.300s", err, text)
			}
		})
	}
}
