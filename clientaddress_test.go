package ccload

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/ccload/ccload/ai"
)

// TestClientAddress: a call is recorded with the address that Caddy's access log
// has, whatever the client says, and no upstream hears of it.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	const trust = "servers {\ntrusted_proxies static private_ranges\n%s}\n"
	for name, c := range map[string]struct{ options, header, value, want string }{
		"nobody is trusted":   {"", "X-Forwarded-For", "203.0.113.9", "127.0.0.1"},
		"no proxy":            {fmt.Sprintf(trust, ""), "X-Other", "203.0.113.9", "127.0.0.1"},
		"a proxy":             {fmt.Sprintf(trust, ""), "X-Forwarded-For", "203.0.113.9", "203.0.113.9"},
		"a proxy of IPv6":     {fmt.Sprintf(trust, ""), "X-Forwarded-For", "2001:db8::9", "2001:db8::9"},
		"nonsense":            {fmt.Sprintf(trust, ""), "X-Forwarded-For", "nobody", "127.0.0.1"},
		"a chain":             {fmt.Sprintf(trust, "trusted_proxies_strict\n"), "X-Forwarded-For", "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"},
		"another header":      {fmt.Sprintf(trust, "client_ip_headers CF-Connecting-IP\n"), "Cf-Connecting-Ip", "203.0.113.9", "203.0.113.9"},
		"not the header":      {fmt.Sprintf(trust, "client_ip_headers CF-Connecting-IP\n"), "X-Forwarded-For", "203.0.113.9", "127.0.0.1"},
		"another peer's word": {"servers {\ntrusted_proxies static 192.0.2.0/24\n}\n", "X-Forwarded-For", "203.0.113.9", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(http.Header)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent = r.Header.Clone()
				answers(claude(1, 1))(w, nil)
			}))
			t.Cleanup(s.Close)
			g := startGateway(t, fmt.Sprintf("{\nadmin off\nauto_https off\npersist_config off\n%sccload {\nstore sqlite %s\ntoken tests %s\n%s\n}\n}\nhttp://127.0.0.1:9 {\nccload\n}\n",
				c.options, filepath.Join(t.TempDir(), "ccload.db"), testToken, channelURL("one", s.URL)))
			a := g.askModel(ai.Anthropic, "claude-opus-4-6", false, func(r *http.Request) { r.Header.Set(c.header, c.value) }).want(t, http.StatusOK)
			if got := g.record(a).ClientIP; got != c.want {
				t.Errorf("recorded %q, want %q", got, c.want)
			}
			for name, values := range sent {
				for _, v := range values {
					if v == c.value || v == "127.0.0.1" {
						t.Errorf("the upstream hears of it: %s: %s", name, v)
					}
				}
			}
		})
	}
}
