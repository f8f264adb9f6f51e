package ccload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
)

// authority is a certificate authority of a test's own, which nobody trusts who
// is not told to.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.make("ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// file is where a certificate ("x.crt") or key ("x.key") is.
func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) make(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(a.file(name+file), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

// server is the TLS of a server of this name only, which demands a client's
// certificate if it is told to.
func (a *authority) server(name string, demand bool) *tls.Config {
	a.t.Helper()
	cert, key := a.make(name, &x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	pair := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, ClientCAs: x509.NewCertPool()}
	conf.ClientCAs.AddCert(a.cert)
	if demand {
		conf.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return conf
}

// secured is an upstream that speaks TLS, and notes how it was asked.
type secured struct {
	mu   sync.Mutex
	seen []string // protocol, server name, client's certificate, path
}

func (s *secured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client := "nobody"
	if len(r.TLS.PeerCertificates) > 0 {
		client = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	s.mu.Lock()
	s.seen = append(s.seen, fmt.Sprintf("%s %s %s %s", r.Proto, r.TLS.ServerName, client, r.URL.Path))
	s.mu.Unlock()
	if r.Method == http.MethodGet {
		answers(`{"data":[{"type":"model","id":"claude-opus-4-6"}],"has_more":false}`)(w, nil)
		return
	}
	body, _ := io.ReadAll(r.Body)
	if strings.Contains(string(body), `"stream":true`) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, claudeEvents("claude-opus-4-6", "hi", 1, 1))
		return
	}
	answers(claude(1, 1))(w, nil)
}

func (s *secured) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.seen
	s.seen = nil
	return was
}

// serveTLS serves by TCP, or by QUIC, and returns the address.
func serveTLS(t *testing.T, h http.Handler, conf *tls.Config, quic bool) string {
	t.Helper()
	if !quic {
		server := httptest.NewUnstartedServer(h)
		server.TLS, server.EnableHTTP2 = conf, true
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.URL
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http3.Server{Handler: h, TLSConfig: http3.ConfigureTLSConfig(conf)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(conn)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = conn.Close()
		<-served
	})
	return "https://" + conn.LocalAddr().String()
}

// TestTransportOfAChannel: whatever is sent to a channel that has a transport of
// its own goes by it, and without what it brings nothing gets through.
func TestTransportOfAChannel(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.make("gateway", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	trust := "tls_trust_pool file " + a.file("ca.crt") + "\n"
	name := "tls_server_name relay.example\n"
	client := "tls_client_auth " + a.file("gateway.crt") + " " + a.file("gateway.key") + "\n"
	for _, c := range []struct {
		what      string
		transport string
		demand    bool
		quic      bool
		want      string // of what the server sees, before the path; "" if nothing gets through
	}{
		{"authority and name", trust + name, false, false, "HTTP/2.0 relay.example nobody"},
		{"a name with a placeholder", trust + "tls_server_name {env.CCLOAD_TEST_UNSET}relay.example\n", false, false, "HTTP/2.0 relay.example nobody"},
		{"only HTTP/1.1", trust + name + "versions 1.1\n", false, false, "HTTP/1.1 relay.example nobody"},
		{"a client's certificate", trust + name + client, true, false, "HTTP/2.0 relay.example gateway"},
		{"HTTP/3", trust + name + "versions 3\n", false, true, "HTTP/3.0 relay.example nobody"},
		{"HTTP/3 with a client's certificate", trust + name + client + "versions 3\n", true, true, "HTTP/3.0 relay.example gateway"},
		{"no authority", name, false, false, ""},
		{"another name", trust + "tls_server_name other.example\n", false, false, ""},
		{"no client's certificate", trust + name, true, false, ""},
		{"HTTP/3 without authority", "tls\nversions 3\n", false, true, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := new(secured)
			address := serveTLS(t, s, a.server("relay.example", c.demand), c.quic)
			g := newGateway(t, "channel a {\nurl "+address+"\nprotocol anthropic\nkey k\nmodels claude-opus-4-6\nhealth_check 1h\ntransport http {\n"+c.transport+"}\n}", "max_attempts 1")
			if c.want == "" {
				if got := g.askModel(ai.Anthropic, "claude-opus-4-6", false); got.Status < 500 || len(s.asked()) > 0 {
					t.Errorf("a call is answered %d", got.Status)
				}
				return
			}
			for what, ask := range map[string]func(){
				"a call":            func() { g.askModel(ai.Anthropic, "claude-opus-4-6", false).want(t, http.StatusOK) },
				"a stream":          func() { g.askModel(ai.Anthropic, "claude-opus-4-6", true).want(t, http.StatusOK) },
				"a translated call": func() { g.askModel(ai.OpenAI, "claude-opus-4-6", true).want(t, http.StatusOK) },
				"a check": func() {
					if o := g.app.gateway.Check(t.Context(), "a"); o.Kind != ai.OK {
						t.Errorf("a check says %+v", o)
					}
				},
				"a test": func() {
					if got, err := g.app.gateway.TestChannel(t.Context(), admin.TestQuestion{Channel: "a"}); err != nil || len(got) != 1 {
						t.Errorf("a test says %+v, %v", got, err)
					}
				},
				"a list of models": func() {
					if got, err := g.app.gateway.FetchModels(t.Context(), "a"); err != nil || len(got) != 1 {
						t.Errorf("%v, %v", got, err)
					}
				},
			} {
				s.asked()
				ask()
				seen := s.asked()
				if len(seen) == 0 {
					t.Errorf("%s did not arrive", what)
				}
				for _, one := range seen {
					if !strings.HasPrefix(one, c.want+" /v1/") {
						t.Errorf("%s arrived as %s, want %s", what, one, c.want)
					}
				}
			}
		})
	}
}

// TestStreamsOutliveTheirTransport: a config that ends does not take the
// connections of its streams away, whatever carries them.
func TestStreamsOutliveTheirTransport(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	for _, quic := range []bool{false, true} {
		t.Run(fmt.Sprintf("QUIC %t", quic), func(t *testing.T) {
			t.Parallel()
			head, rest, _ := strings.Cut(claudeEvents("claude-opus-4-6", "to the end", 1, 1), "event: content_block_stop")
			begun, goOn := make(chan struct{}), make(chan struct{})
			s := streaming{head, "event: content_block_stop" + rest, begun, goOn}
			versions := ""
			if quic {
				versions = "versions 3\n"
			}
			address := serveTLS(t, s, a.server("relay.example", false), quic)
			g := newGateway(t, "channel a {\nurl "+address+"\nprotocol anthropic\nkey k\ntransport http {\ntls_trust_pool file "+a.file("ca.crt")+"\ntls_server_name relay.example\n"+versions+"}\n}", "")
			got := make(chan answer)
			go func() { got <- g.askModel(ai.Anthropic, "claude-opus-4-6", true) }()
			<-begun
			if err := g.app.Stop(); err != nil {
				t.Error(err)
			}
			if err := g.app.Cleanup(); err != nil { // as Caddy does it at a reload
				t.Error(err)
			}
			close(goOn)
			if one := <-got; one.Err != nil || !strings.Contains(one.Body, "message_stop") || strings.Contains(one.Body, "event: error") {
				t.Errorf("the stream was cut: %v\n%s", one.Err, one.Body)
			}
			g.server.Close()
			g.server = nil // it is stopped
		})
	}
}

// streaming is an upstream that stops in the middle until it may go on.
type streaming struct {
	head, rest  string
	begun, goOn chan struct{}
}

func (s streaming) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, s.head)
	_ = http.NewResponseController(w).Flush()
	close(s.begun)
	<-s.goOn
	_, _ = io.WriteString(w, s.rest)
}

// TestTransportIsRefused: what a transport cannot go with is told, and where.
func TestTransportIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ channel, want string }{
		"a proxy":           {"url https://a.example\ntransport http\nproxy http://127.0.0.1:1", `proxy: has no effect where the channel has a transport`},
		"no verification":   {"url https://a.example\ntransport http\ntls_insecure_skip_verify", "tls_insecure_skip_verify: has no effect"},
		"no TLS":            {"url http://a.example\ntransport http {\ntls\n}", "write https://"},
		"no such module":    {"url https://a.example\ntransport pigeon", "pigeon"},
		"no name":           {"url https://a.example\ntransport", "takes the name of a module"},
		"no such setting":   {"url https://a.example\ntransport http {\nfly\n}", "fly"},
		"no such file":      {"url https://a.example\ntransport http {\ntls_trust_pool file /no/such/file\n}", "/no/such/file"},
		"given twice":       {"url https://a.example\ntransport http\ntransport http", "given twice"},
		"versions together": {"url https://a.example\ntransport http {\ntls\nversions 2 3\n}", "HTTP/3"},
	} {
		_, err := provisionContext("{\nadmin off\nauto_https off\npersist_config off\nccload {\nstore sqlite " + filepath.Join(t.TempDir(), "ccload.db") + "\nchannel a {\nkey k\n" + c.channel + "\n}\n}\n}\nhttp://127.0.0.1:9 {\nccload\n}\n")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "transport") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestTheAPIGivesNoTransport: a module reads files, which whoever uses the
// dashboard need not be able to, and its settings are not shown.
func TestTheAPIGivesNoTransport(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "channel declared {\nurl https://127.0.0.1:1\nkey k\ntransport http {\nnetwork_proxy url http://user:hidden-password@127.0.0.1:1\n}\n}\n")
	d.logIn(`{"password":"` + testPassword + `"}`)
	if a := d.api(http.MethodGet, "channels/declared", "").want(t, http.StatusOK); !strings.Contains(a.Body, `"transport":{"protocol":"http"}`) || strings.Contains(a.Body, "hidden-password") {
		t.Errorf("%s", a.Body)
	}
	const channel = `"urls":[{"url":"https://127.0.0.1:1"}],"keys":[{"key":"sk-0123456789abcdefgh"}]`
	const refused = `{"name":"x",` + channel + `,"transport":{"protocol":"http"}}`
	d.api(http.MethodPost, "channels", `{"name":"y",`+channel+`}`).want(t, http.StatusCreated)
	for _, c := range [][3]string{
		{http.MethodPost, "channels", refused},
		{http.MethodPut, "channels/y", strings.Replace(refused, `"x"`, `"y"`, 1)},
		{http.MethodPatch, "channels/y", `{"transport":{"protocol":"http"}}`},
		{http.MethodPost, "channels/batch", `{"names":["y"],"change":{"transport":{"protocol":"http"}}}`},
		{http.MethodPost, "models/fetch", refused},
	} {
		a := d.api(c[0], c[1], c[2]).want(t, http.StatusBadRequest)
		if !strings.Contains(a.Body, "only the config may have one") || !strings.Contains(a.Body, "channel.transport") {
			t.Errorf("%s %s: %s", c[0], c[1], a.Body)
		}
	}
}
