package relay

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

// Metadata services are refused even where private addresses are not, unless
// somebody wrote the address itself.
func TestMetadataIsRefused(t *testing.T) {
	for _, address := range []string{
		"169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1",
		"fd00:ec2::254", "fe80::a9fe:a9fe%eth0", "100.100.100.200", "168.63.129.16",
	} {
		a := netip.MustParseAddr(address)
		if checkPrivate(a) == nil || checkPublic(a) == nil {
			t.Errorf("%s is permitted", address)
		}
	}
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "192.168.0.1", "100.64.0.1", "fd00::1", "::1", "8.8.8.8"} {
		if err := checkPrivate(netip.MustParseAddr(address)); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"168.63.129.16", "3fff::1", "5f00::1", "::127.0.0.1", "::ffff:0:10.0.0.1", "192.88.99.1"} {
		if checkPublic(netip.MustParseAddr(address)) == nil {
			t.Errorf("%s passes for public", address)
		}
	}
}

func TestLiteralHosts(t *testing.T) {
	got := literalHosts([]string{"127.0.0.1:8080", "[::1]:80", "::1", "LOCALHOST.", "api.localhost", "intranet", "example.com:80", "10.0.0.1"})
	if s := strings.Join(got, " "); s != "127.0.0.1 ::1 ::1 localhost api.localhost 10.0.0.1" {
		t.Errorf("got %s", s)
	}
}

// An address that is refused is a failure to connect, and says what to do.
func TestForbiddenAddressAsEvidence(t *testing.T) {
	upstream := strings.Replace(serve(t, answer(jsonText, aJSON)), "127.0.0.1", "localhost", 1)
	tr, err := NewTransport(TransportSpec{Proxy: "off"})
	if err != nil {
		t.Fatal(err)
	}
	a := Send(t.Context(), newRequest(t, upstream, tr))
	defer a.Close()
	if e := a.Evidence; e.Kind != ai.NetworkError || e.Phase != "connect" || !strings.Contains(e.Err.Error(), "allow_private_addresses") {
		t.Errorf("%v in %q: %v", e.Kind, e.Phase, e.Err)
	}
}

func TestHTTP2(t *testing.T) {
	stall := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			return
		}
		switch r.URL.Path {
		case "/stream":
			say(preamble, hello, stop, done)(w, r)
		case "/reset-after-end":
			say(hello, done, "cut")(w, r)
		case "/cut":
			say(hello, "cut")(w, r)
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/stall":
			say(hello)(w, r)
			<-stall
		}
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	s.StartTLS()
	defer s.Close()
	defer close(stall)
	tr, err := NewTransport(TransportSpec{Proxy: "off", AllowPrivate: true, InsecureSkipVerify: true, ConnectTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.CloseIdleConnections()
	for _, row := range []struct {
		path   string
		kind   ai.Kind
		ending ai.Kind
		body   string
	}{
		{path: "/stream", body: preamble + hello + stop + done},
		{path: "/reset-after-end", body: hello + done},
		{path: "/cut", ending: ai.Truncated, body: hello + truncatd},
		{path: "/stall", ending: ai.Timeout, body: hello + silent},
		{path: "/reset", kind: ai.NetworkError},
	} {
		t.Run(row.path, func(t *testing.T) {
			r := newRequest(t, s.URL+row.path, tr)
			r.Timers.Idle = 100 * time.Millisecond
			a := Send(t.Context(), r)
			defer a.Close()
			if a.Evidence.Kind != row.kind || a.Good() != (row.kind == ai.OK) {
				t.Fatalf("%+v", a.Evidence)
			}
			if !a.Good() {
				return
			}
			var c client
			e := a.CopyTo(t.Context(), &c)
			if e.Evidence.Kind != row.ending || c.body.String() != row.body {
				t.Errorf("%v, %q", e.Evidence.Kind, c.body.String())
			}
		})
	}
}

// tunnel copies between two connections until one of them ends.
func tunnel(a, b net.Conn) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(a, b)
		a.Close()
	}()
	_, _ = io.Copy(b, a)
	b.Close()
	<-ended
}

// Requests go through a forward proxy, which may live on a private address and
// resolves names itself.
func TestForwardProxy(t *testing.T) {
	upstream, err := url.Parse(serve(t, answer(jsonText, aJSON)))
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Host
		r.URL.Host, r.RequestURI = upstream.Host, ""
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		_, _ = io.Copy(w, resp.Body)
	})
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	socks := socksProxy(t, upstream.Host, asked)
	for _, setting := range []string{proxy, strings.Replace(proxy, "127.0.0.1", "localhost", 1), "socks5://" + socks, "socks5h://" + socks} {
		t.Run(setting, func(t *testing.T) {
			tr, err := NewTransport(TransportSpec{Proxy: setting})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.CloseIdleConnections()
			r := newRequest(t, "http://api.example.invalid:81/v1", tr)
			r.Stream = false
			a := Send(t.Context(), r)
			defer a.Close()
			if !a.Good() {
				t.Fatalf("%+v", a.Evidence)
			}
			if host := <-asked; host != "api.example.invalid:81" {
				t.Errorf("the proxy was asked for %s", host)
			}
		})
	}
	t.Run("refuses", func(t *testing.T) {
		refusing := serve(t, status(http.StatusForbidden, nil, "no"))
		tr, err := NewTransport(TransportSpec{Proxy: refusing})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.CloseIdleConnections()
		a := Send(t.Context(), newRequest(t, "https://api.example.invalid/v1", tr))
		defer a.Close()
		if a.Evidence.Kind != ai.NetworkError || a.Evidence.Phase != "connect" {
			t.Errorf("%+v", a.Evidence)
		}
	})
}

// socksProxy is a SOCKS5 proxy that leads everywhere to one address.
func socksProxy(t *testing.T, to string, asked chan<- string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				br := bufio.NewReader(conn)
				head := make([]byte, 2)
				_, _ = io.ReadFull(br, head)
				_, _ = br.Discard(int(head[1]))
				_, _ = conn.Write([]byte{5, 0})
				request := make([]byte, 5)
				_, _ = io.ReadFull(br, request)
				if request[3] != 3 { // a name
					return
				}
				name := make([]byte, request[4])
				_, _ = io.ReadFull(br, name)
				_, _ = br.Discard(2)
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				asked <- string(name) + ":81"
				_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
				tunnel(conn, out)
			}()
		}
	}()
	return l.Addr().String()
}

// A proxy setting may hold a password, which no error may show.
func TestProxyErrorsKeepSecrets(t *testing.T) {
	for _, setting := range []string{"http://user:hunter2@%zz", "ftp://user:hunter2@host", "socks5://"} {
		if _, err := NewTransport(TransportSpec{Proxy: setting}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", setting, err)
		}
	}
}

func TestEnvironmentProxies(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTPS_PROXY", "http://user:pass@Proxy.lan:3128")
	t.Setenv("http_proxy", "10.0.0.5:3128")
	if got := strings.Join(environmentProxies(), " "); got != "10.0.0.5 proxy.lan" && got != "proxy.lan 10.0.0.5" {
		t.Errorf("got %s", got)
	}
}

// Many calls at once do not wait for each other's connections, and find them
// again afterwards.
func TestConnectionsAreKept(t *testing.T) {
	const calls = 60
	var connections atomic.Int32
	all, arrived := make(chan struct{}), make(chan struct{}, calls)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-all
		answer(jsonText, aJSON)(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	tr := newTransport(t)
	for range 2 {
		ended := make(chan bool, calls)
		for range calls {
			go func() {
				a := Send(context.Background(), newRequest(t, s.URL, tr))
				good := a.Good()
				a.Close()
				ended <- good
			}()
		}
		for range calls {
			<-arrived // all of them are there before any is answered
		}
		close(all)
		for range calls {
			if !<-ended {
				t.Error("a call failed")
			}
		}
		all = make(chan struct{})
	}
	if n := connections.Load(); n != calls {
		t.Errorf("%d connections for %d calls at once, twice", n, calls)
	}
}
